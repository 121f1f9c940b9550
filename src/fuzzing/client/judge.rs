//! What must hold of every hand-over, told from the octets on the wire alone: a second reader of the client's words that
//! shares no code with it.

use super::server::Record;
use super::{Fated, SECRET, Setting};
use crate::cmd::Exit;
use crate::fuzzing::is_printable;
use crate::mail::{Fate, Outcome, Stage, TlsMode};

/// A transaction as the server hears it.
#[derive(Debug, Default)]
struct Heard {
    /// Each recipient, and which of all replies is that to its RCPT.
    recipients: Vec<(String, usize)>,
    /// DATA or BDAT was heard.
    is_announced: bool,
    /// Where the message begins, if it waited for a reply before.
    begin: usize,
    /// Where the dot, or the last octet behind BDAT, ends.
    end: Option<usize>,
    /// Which of all replies is that to the message, or the first of them.
    reply: usize,
    /// A dot, and no message before it.
    is_lone: bool,
}

impl Heard {
    /// Those who were taken. In LMTP the message has a reply for each of them (RFC 2033 4.2).
    fn taken<'a>(&'a self, replies: &'a [(u16, usize)]) -> impl Iterator<Item = &'a str> {
        let is_taken = |place: &usize| replies.get(*place).is_some_and(|(code, _)| code / 100 == 2);
        self.recipients.iter().filter(move |(_, place)| is_taken(place)).map(|(path, _)| path.as_str())
    }

    fn reply_to(&self, path: &str) -> Option<usize> {
        self.recipients.iter().find(|(recipient, _)| recipient == path).map(|(_, reply)| *reply)
    }
}

/// Judges what became of all mails of a connection.
pub fn judge(setting: &Setting, record: &Record, mails: &[Fated], transcript: &[String]) {
    let replies = replies(record);
    let transactions = read(setting, record, &replies);
    for mail in mails {
        let last = |path: &str| transactions.iter().rfind(|heard| heard.reply_to(path).is_some());
        let recipients = mail.envelope.recipients();
        let Ok(report) = &mail.fate else {
            // The server has said that it closes, or it never had the whole message.
            let has_whole =
                |path: &str| last(path).is_some_and(|heard| heard.end.is_some() && !heard.is_lone);
            let goes = replies.iter().any(|(code, _)| *code == 421);
            assert!(goes || !recipients.iter().any(|path| has_whole(&path.to_string())), "untried");
            continue;
        };
        assert!(report.outcomes().iter().map(|outcome| &outcome.recipient).eq(recipients));
        for outcome in report.outcomes() {
            let path = outcome.recipient.to_string();
            judge_outcome(outcome, last(&path), &replies, setting, record);
        }
        let all_accepted = report.outcomes().iter().all(|outcome| outcome.fate == Fate::Accepted);
        assert_eq!(Exit::of_report(report) == Exit::Ok, all_accepted);
        for warning in &report.warnings {
            assert!(is_printable(warning), "{warning:?}");
        }
    }
    for line in transcript {
        assert!(is_printable(line), "{line:?}");
    }
    let shown = format!("{transcript:?}{mails:?}");
    for secret in [SECRET, "b3Blbi1zZXNhbW", "9wZW4tc2VzYW1l", "vcGVuLXNlc2FtZ"] {
        let is_told = record.uttered.windows(secret.len()).any(|word| word == secret.as_bytes());
        assert!(is_told || !shown.contains(secret), "{secret} in {shown}");
    }
}

fn judge_outcome(
    outcome: &Outcome,
    last: Option<&Heard>,
    replies: &[(u16, usize)],
    setting: &Setting,
    record: &Record,
) {
    let whole = last.filter(|heard| heard.end.is_some() && !heard.is_lone);
    if outcome.fate == Fate::Accepted {
        let heard = whole.unwrap_or_else(|| panic!("accepted without a dot: {outcome:?}"));
        let path = outcome.recipient.to_string();
        let rcpt = heard.reply_to(&path).expect("it is among them");
        let rank = heard.taken(replies).position(|taken| taken == path).filter(|_| setting.is_lmtp);
        let answer = heard.reply + rank.unwrap_or(0);
        for place in [rcpt, answer] {
            let code = replies.get(place).map(|(code, _)| *code);
            assert!(matches!(code, Some(200..=299)), "accepted with {code:?} in {replies:?}: {outcome:?}");
        }
        // Replies are counted. One that comes while the last flight leaves cannot be told from a reply to it.
        let (_, end) = replies[answer];
        let at_read = record.marks.iter().find(|(said, _)| *said >= end).map_or(0, |(_, heard)| *heard);
        assert!(at_read >= heard.begin, "accepted before the message: {outcome:?}");
        assert!(outcome.reply.is_some() && outcome.stage == Stage::Dot, "{outcome:?}");
    } else if whole.is_some() && !may_be_put_off(record) {
        assert!(outcome.in_doubt || outcome.reply.is_some(), "no doubt behind a dot: {outcome:?}");
    }
    if outcome.in_doubt {
        assert_eq!(outcome.fate, Fate::Deferred, "{outcome:?}");
        // A flight that holds the message may be lost before its first octet, and nobody but the server knows that.
        let may_ride = record.said.to_ascii_uppercase().windows(8).any(|word| word == b"CHUNKING");
        let is_announced = last.is_some_and(|heard| heard.is_announced);
        assert!(is_announced || may_ride, "in doubt without a message: {outcome:?}");
    }
    if outcome.stage == Stage::Dot && outcome.reply.is_none() {
        assert!(outcome.in_doubt, "certain without a reply to the dot: {outcome:?}");
    }
    assert!(is_printable(&outcome.sentence), "{outcome:?}");
    assert!(outcome.reply.as_ref().is_none_or(|reply| is_printable(&reply.text)), "{outcome:?}");
}

/// Whether the server may have put somebody off, who was then to be told of in another transaction.
fn may_be_put_off(record: &Record) -> bool {
    let said = String::from_utf8_lossy(&record.said).to_ascii_lowercase();
    ["452", "552", "5.3"].iter().any(|words| said.contains(words))
}

/// The whole replies that were read, up to what is none: code, and where it ends.
fn replies(record: &Record) -> Vec<(u16, usize)> {
    let (mut replies, mut at) = (Vec::new(), 0);
    for line in record.said.split_inclusive(|&octet| octet == b'\n') {
        at += line.len();
        let code = line.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let Some(code) = code.filter(|code| (200..600).contains(code) && line.ends_with(b"\n")) else {
            break;
        };
        if line[3] != b'-' {
            replies.push((code, at));
        }
    }
    replies
}

/// Reads what the client said as a strict server would.
fn read(setting: &Setting, record: &Record, replies: &[(u16, usize)]) -> Vec<Heard> {
    let said = record.heard.as_slice();
    let is_private = |at: usize| record.clear.is_some_and(|clear| at >= clear);
    let (mut at, mut transactions) = (0, Vec::<Heard>::new());
    // The first reply is the greeting.
    let mut count = 1;
    let (mut has_auth, mut has_quit, mut may_shake) = (false, false, setting.tls == TlsMode::Implicit);
    while at < said.len() {
        assert!(!has_quit, "something behind QUIT");
        if std::mem::take(&mut may_shake) && !is_private(at) && is_tls(&said[at..]) {
            // A handshake with a server that does none.
            break;
        }
        let Some(length) = said[at..].iter().position(|&octet| octet == b'\n') else { break };
        let (from, line) = (at, &said[at..=at + length]);
        at += line.len();
        let text = line.strip_suffix(b"\r\n").expect("a line ends in CRLF");
        assert!(!text.contains(&b'\r') && !text.contains(&0), "{:?}", text.escape_ascii().to_string());
        let text = std::str::from_utf8(text).expect("a command is text");
        let verb = text.split(' ').next().unwrap_or_default();
        count += 1;
        match verb {
            "EHLO" | "HELO" | "RSET" => assert!(!setting.is_lmtp || verb == "RSET", "{text} in LMTP"),
            "LHLO" => assert!(setting.is_lmtp),
            "STARTTLS" => may_shake = true,
            "QUIT" => has_quit = true,
            "AUTH" => {
                has_auth = true;
                assert!(is_private(from) || setting.may_log_in_clear(), "a login in the clear: {text}");
            }
            "MAIL" => {
                assert!(is_private(from) || setting.tls == TlsMode::None, "mail in the clear");
                transactions.push(Heard::default());
            }
            "RCPT" => {
                let path = text.strip_prefix("RCPT TO:<").and_then(|rest| rest.split('>').next());
                let last = transactions.last_mut().expect("MAIL before RCPT");
                last.recipients.push((path.expect("a path in brackets").to_owned(), count - 1));
            }
            "DATA" | "BDAT" => {
                let last = transactions.last_mut().expect("MAIL before a message");
                last.is_announced = true;
                at = message(setting, text, said, at, last);
                let own = usize::from(text == "DATA" && last.end.is_some());
                last.reply = count - 1 + own;
                // One for all; in LMTP one for each, and none for nobody behind DATA.
                let others = if setting.is_lmtp { last.taken(replies).count() } else { 1 };
                let least = usize::from(text != "DATA");
                count += if last.end.is_some() { others.max(least) + own - 1 } else { 0 };
            }
            _ => {
                assert!(has_auth && transactions.is_empty(), "no command: {text}");
                assert!(is_private(from) || setting.may_log_in_clear(), "a login in the clear: {text}");
                let is_base64 = |octet: u8| octet.is_ascii_alphanumeric() || b"+/=".contains(&octet);
                assert!(text.bytes().all(is_base64), "no base64: {text}");
            }
        }
    }
    transactions
}

/// Whether a record of TLS begins here (RFC 8446 5.1).
fn is_tls(octets: &[u8]) -> bool {
    matches!(octets, [0x15 | 0x16, ..])
}

/// Reads the message that may stand at `at`; gives where it ends.
fn message(setting: &Setting, command: &str, said: &[u8], at: usize, heard: &mut Heard) -> usize {
    let rest = &said[at..];
    let path = heard.recipients.first().map_or("", |(path, _)| path);
    let mut whole = setting.written_for(path).to_vec();
    if let Some(size) = command.strip_prefix("BDAT ") {
        assert_eq!(size, format!("{} LAST", whole.len()));
    } else if rest.starts_with(b".\r\n") {
        (heard.end, heard.is_lone) = (Some(at + 3), true);
        return at + 3;
    } else {
        heard.begin = at;
        whole = stuffed(&whole);
        whole.extend_from_slice(b".\r\n");
    }
    // The message begins with `Date:`, no command does.
    let is_message = rest.first().is_none_or(|first| *first == whole[0]);
    if !is_message {
        assert!(command == "DATA", "no message behind {command}");
        return at;
    }
    let count = rest.len().min(whole.len());
    assert!(rest[..count] == whole[..count], "another message than the one composed");
    if count == whole.len() {
        heard.end = Some(at + count);
    }
    at + count
}

/// RFC 5321 4.5.2, for a message whose lines all end in CRLF.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    assert!(out.ends_with(b"\r\n"), "a message ends in a line end");
    out
}
