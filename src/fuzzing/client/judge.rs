//! What must hold of every hand-over, told from the octets on the wire alone: a second reader of the client's words that
//! shares no code with it.

use super::server::Record;
use super::{SECRET, Setting};
use crate::cmd::Exit;
use crate::fuzzing::is_printable;
use crate::mail::{Fate, Outcome, Report, Stage, TlsMode};

/// A transaction as the server hears it.
#[derive(Debug, Default)]
struct Heard {
    recipients: Vec<String>,
    /// DATA or BDAT was heard.
    is_announced: bool,
    /// Where the dot, or the last octet behind BDAT, ends.
    end: Option<usize>,
    /// A dot, and no message before it.
    is_lone: bool,
}

/// Judges a hand-over.
pub fn judge(setting: &Setting, record: &Record, report: &Report, transcript: &[String]) {
    let transactions = read(setting, record);
    let recipients = setting.envelope.recipients();
    assert!(report.outcomes().iter().map(|outcome| &outcome.recipient).eq(recipients));
    for outcome in report.outcomes() {
        let path = outcome.recipient.to_string();
        let last = transactions.iter().rfind(|heard| heard.recipients.contains(&path));
        judge_outcome(outcome, last, record);
    }
    let all_accepted = report.outcomes().iter().all(|outcome| outcome.fate == Fate::Accepted);
    assert_eq!(Exit::of_report(report) == Exit::Ok, all_accepted);

    for line in transcript {
        assert!(is_printable(line), "{line:?}");
    }
    for warning in &report.warnings {
        assert!(is_printable(warning), "{warning:?}");
    }
    let shown = format!("{transcript:?}{report:?}");
    for secret in [SECRET, "b3Blbi1zZXNhbW", "9wZW4tc2VzYW1l", "vcGVuLXNlc2FtZ"] {
        let is_told = record.uttered.windows(secret.len()).any(|word| word == secret.as_bytes());
        assert!(is_told || !shown.contains(secret), "{secret} in {shown}");
    }
}

fn judge_outcome(outcome: &Outcome, last: Option<&Heard>, record: &Record) {
    let end = last.filter(|heard| !heard.is_lone).and_then(|heard| heard.end);
    if outcome.fate == Fate::Accepted {
        let end = end.unwrap_or_else(|| panic!("accepted without a dot: {outcome:?}"));
        assert!(has_yes(record, end), "accepted without a 2yz behind the dot: {outcome:?}");
        assert!(outcome.reply.is_some() && outcome.stage == Stage::Dot, "{outcome:?}");
    } else if end.is_some() && !may_be_put_off(record) {
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

/// Whether the end of a 2yz reply was read when all up to `end` had been said.
fn has_yes(record: &Record, end: usize) -> bool {
    let mut at = 0;
    record.said.split_inclusive(|&octet| octet == b'\n').any(|line| {
        at += line.len();
        let heard = record.marks.iter().find(|(said, _)| *said >= at).map_or(0, |(_, heard)| *heard);
        heard >= end && line[0] == b'2' && line.ends_with(b"\n") && line.get(3) != Some(&b'-')
    })
}

/// Reads what the client said as a strict server would.
fn read(setting: &Setting, record: &Record) -> Vec<Heard> {
    let said = record.heard.as_slice();
    let is_private = |at: usize| record.clear.is_some_and(|clear| at >= clear);
    let (mut at, mut transactions) = (0, Vec::<Heard>::new());
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
        match verb {
            "EHLO" | "HELO" | "RSET" => {}
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
                last.recipients.push(path.expect("a path in brackets").to_owned());
            }
            "DATA" | "BDAT" => {
                let last = transactions.last_mut().expect("MAIL before a message");
                last.is_announced = true;
                at = message(setting, text, said, at, last);
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
    let mut whole = setting.written.clone();
    if let Some(size) = command.strip_prefix("BDAT ") {
        assert_eq!(size, format!("{} LAST", whole.len()));
    } else if rest.starts_with(b".\r\n") {
        (heard.end, heard.is_lone) = (Some(at + 3), true);
        return at + 3;
    } else {
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
