//! Messages as programs write them, each handed in by each line of a caller: all arrive whole, judged by Python's parser.

use super::{Account, Mail};
use crate::faces::addresses;
use crate::support::{Peer, judge};

/// A message, and what is to arrive.
struct Letter {
    name: &'static str,
    octets: Vec<u8>,
    /// Whom its header names.
    to: &'static [&'static str],
    text: String,
    /// Fields that stand in it twice stay so.
    is_regular: bool,
}

fn letters() -> Vec<Letter> {
    let head = "From: w@x.example\nTo: r@x.example\nSubject: s\n";
    let letter = |name, octets: String, text: &str| Letter {
        name,
        octets: octets.into_bytes(),
        to: &["r@x.example"],
        text: text.to_owned(),
        is_regular: true,
    };
    let plain = |name, text: &str| letter(name, format!("{head}\n{text}"), text);
    let long = "x".repeat(5000) + "\nend\n";
    vec![
        plain("bare LF", "one\ntwo\n"),
        letter("CRLF", format!("{head}\none\ntwo\n").replace('\n', "\r\n"), "one\ntwo\n"),
        letter("mixed", format!("{}\r\none\ntwo\r\n", head.replace('\n', "\r\n")), "one\ntwo\n"),
        letter("Date", format!("Date: Thu, 01 Feb 2024 10:00:00 +0000\n{head}\nx\n"), "x\n"),
        Letter {
            to: &["root@example.org"],
            ..letter("root", head.replace("r@x.example", "root") + "\nx\n", "x\n")
        },
        plain("8-bit", "é ü\n"),
        plain("lone dot", "a\n.\n..\nb\n"),
        plain("long line", &long),
        letter(
            "mbox",
            format!("From w Mon Jan  1 00:00:00 2024\n{head}\nFrom x\n>From y\n"),
            "From x\n>From y\n",
        ),
        Letter {
            to: &["r@x.example", "q@x.example"],
            ..letter("tab", head.replace("r@x.example", "r@x.example,\n\tq@x.example") + "\nx\n", "x\n")
        },
        Letter {
            to: &["r@x.example", "q@x.example"],
            is_regular: false,
            ..letter("repeated", format!("{head}Subject: t\nTo: q@x.example\nX-A: 1\nX-A: 2\n\nx\n"), "x\n")
        },
        plain("empty body", ""),
        letter("header alone", head.to_owned(), ""),
        letter("no empty line", format!("{head}no field\nx\n"), "no field\nx\n"),
        Letter { to: &[], ..letter("nothing", String::new(), "") },
    ]
}

/// Who is named by the line.
enum Named {
    InHeader,
    InLine(&'static [&'static str]),
}

/// Hands in every letter by this line; gives what arrived with what was to arrive.
#[track_caller]
fn hand_in(line: &str, named: &Named, judged: &mut Vec<(String, Letter, Vec<u8>)>) {
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    let mut wanted = Vec::new();
    for letter in letters() {
        let ran = account.call(line, &letter.octets);
        match named {
            Named::InHeader if letter.to.is_empty() => _ = ran.exits(64).says("no recipient"),
            _ => {
                ran.exits(0).quiet();
                wanted.push(letter);
            }
        }
    }
    let book = peer.finish();
    let arrived = book.octets();
    assert_eq!(arrived.len(), wanted.len(), "{line}");
    let expected: Vec<String> = wanted
        .iter()
        .flat_map(|letter| match named {
            Named::InHeader => letter.to,
            Named::InLine(list) => *list,
        })
        .map(|to| (*to).to_owned())
        .collect();
    assert_eq!(addresses(&book.commands("RCPT TO:")), expected, "{line}");
    judged.extend(wanted.into_iter().zip(arrived).map(|(letter, octets)| (line.to_owned(), letter, octets)));
}

fn verify(judged: Vec<(String, Letter, Vec<u8>)>) {
    let (regular, others): (Vec<_>, Vec<_>) =
        judged.into_iter().partition(|(_, letter, _)| letter.is_regular);
    for (line, letter, octets) in others {
        let text = String::from_utf8(octets).unwrap();
        let mail = Mail { text, recipients: Vec::new(), reverse_path: String::new() };
        assert_eq!(mail.body().trim_end(), letter.text.trim_end(), "{line}: {}", letter.name);
        let count = |name| mail.fields(name).len();
        assert_eq!(
            (count("To"), count("X-A"), count("Date"), count("Message-ID")),
            (1, 2, 1, 1),
            "{}",
            mail.text
        );
    }
    let octets: Vec<Vec<u8>> = regular.iter().map(|(_, _, octets)| octets.clone()).collect();
    let Some(seen) = judge(&octets) else { return };
    for (seen, (line, letter, octets)) in seen.iter().zip(&regular) {
        let told = || format!("{line}: {}\n{}", letter.name, String::from_utf8_lossy(octets));
        let text = seen.parts[0].text.as_deref().unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(text.trim_end_matches('\n'), letter.text.trim_end_matches('\n'), "{}", told());
        assert_eq!(seen.parts.len(), 1, "{}", told());
        if letter.name != "nothing" {
            assert_eq!(seen.field("Subject"), Some("s"), "{}", told());
        }
        if letter.name == "Date" {
            assert_eq!(seen.date, 1_706_781_600, "{}", told());
        }
        assert!(seen.fields.iter().all(|(name, _)| !name.eq_ignore_ascii_case("Bcc")), "{}", told());
    }
}

#[test]
fn those_who_name_recipients_in_the_header() {
    let mut judged = Vec::new();
    for line in [
        "/usr/sbin/sendmail -FCronDaemon -i -odi -oem -oi -t -f root",
        "sendmail -ti",
        "/usr/sbin/sendmail -t -i -fwww@x.org",
        "/usr/sbin/sendmail -fwww@x.org -i -t",
        "/usr/sbin/sendmail -t",
        "/usr/sbin/sendmail -oi -t",
        "sendmail -t -oi",
        "LC_ALL=C sendmail -t -f n@x.example -F 'net data'",
        "sendmail -oi -f user@host.example -t",
        "sendmail -i -t -f a@x.example",
        "/usr/lib/sendmail -t -oi -oem",
    ] {
        hand_in(line, &Named::InHeader, &mut judged);
    }
    verify(judged);
}

#[test]
fn those_who_name_recipients_in_the_line() {
    let mut judged = Vec::new();
    let two: &[&str] = &["r@x.example", "q@x.example"];
    let one: &[&str] = &["r@x.example"];
    for (line, named) in [
        ("/usr/sbin/sendmail -FCronDaemon -i -B8BITMIME -oem r@x.example", one),
        ("/usr/sbin/sendmail -FAnacron -odi r@x.example", one),
        ("sendmail -i -B 8BITMIME r@x.example", one),
        ("/usr/sbin/sendmail -i r@x.example", one),
        ("/usr/sbin/sendmail -F 'Atrun Service' -odi -oem r@x.example", one),
        ("/usr/sbin/sendmail -i -f'a@x.example' -- 'r@x.example' 'q@x.example'", two),
        ("sh -c 'sendmail \"$@\"' - -f a@x.example -i r@x.example q@x.example", two),
        ("sendmail -oi -f m@x.example r@x.example", one),
        ("/usr/sbin/sendmail -f \"f@x.example\" \"r@x.example,q@x.example\"", two),
        ("/usr/sbin/sendmail -oem -oi -f a@x.example -B8BITMIME -N success -R hdrs -- r@x.example", one),
        ("/usr/sbin/sendmail -i -f a@x.example -- r@x.example", one),
        ("sendmail -f 'A B <a@x.example>' r@x.example", one),
    ] {
        hand_in(line, &Named::InLine(named), &mut judged);
    }
    verify(judged);
}

/// A client doubles the dots that begin lines; what it sends between CRLF and CRLF is its own.
#[test]
fn those_who_speak_smtp() {
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    let mut dialogue = b"EHLO me\r\n".to_vec();
    for letter in letters() {
        dialogue.extend_from_slice(b"MAIL FROM:<a@x.example>\r\nRCPT TO:<r@x.example>\r\nDATA\r\n");
        let mut octets = String::from_utf8(letter.octets).unwrap();
        if letter.name == "lone dot" {
            octets = octets.replace('\n', "\r\n").replace("\r\n.", "\r\n..");
        }
        let end = if octets.is_empty() || octets.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" };
        dialogue.extend_from_slice((octets + end).as_bytes());
    }
    dialogue.extend_from_slice(b"QUIT\r\n");
    let said = account.call("/usr/sbin/sendmail -bs", dialogue).exits(0).quiet_on_stderr().stdout();
    assert_eq!(said.lines().filter(|line| line.starts_with("354")).count(), letters().len(), "{said}");
    assert!(!said.lines().any(|line| line.starts_with(['4', '5'])), "{said}");
    let arrived = peer.finish().octets();
    assert_eq!(arrived.len(), letters().len());
    let line = "-bs".to_owned();
    verify(
        letters().into_iter().zip(arrived).map(|(letter, octets)| (line.clone(), letter, octets)).collect(),
    );
}
