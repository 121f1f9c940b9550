//! Octets that look like the end of a message to one server and not to another, each followed by a second message:
//! every server that could stand behind ours sees one.

use super::flawless;
use crate::support::{Peer, Sandbox};

/// The ten look-alikes: line ends of other systems around a dot, and the true one.
const LOOK_ALIKES: [&str; 11] = [
    "\n.\n",
    "\n.\r",
    "\r.\n",
    "\r.\r",
    "\n.\r\n",
    "\r.\r\n",
    "\r\n.\r\r\n",
    "\r\r\n.\r\r\n",
    "\r\n\0.\r\n",
    "\r\n.\n",
    "\r\n.\r\n",
];

const SECOND: &str =
    "MAIL FROM:<evil@x.test>\r\nRCPT TO:<victim@x.test>\r\nDATA\r\nSubject: second\r\n\r\nevil\r\n.\r\n";

/// How many messages a server sees that takes CR, LF and CRLF for line ends and overlooks NUL.
fn messages_of_a_lenient_server(wire: &[u8]) -> usize {
    let text: String =
        String::from_utf8_lossy(wire).replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    1 + text.split('\n').filter(|line| *line == ".").count()
}

fn is_clean(wire: &[u8]) -> bool {
    let is_line_end = |at: usize| wire[at] == b'\n' && at > 0 && wire[at - 1] == b'\r';
    (0..wire.len()).all(|at| match wire[at] {
        b'\n' => is_line_end(at),
        b'\r' => wire.get(at + 1) == Some(&b'\n'),
        octet => octet != 0,
    })
}

#[test]
fn the_lenient_server_is_lenient() {
    for look_alike in LOOK_ALIKES {
        let wire = format!("x{look_alike}y");
        assert_eq!(messages_of_a_lenient_server(wire.as_bytes()), 2, "{look_alike:?}");
        assert!(look_alike == "\r\n.\r\n" || !is_clean(wire.as_bytes()), "{look_alike:?}");
    }
}

/// The text of each place, for each look-alike.
fn payloads() -> Vec<String> {
    let mut all = Vec::new();
    for look_alike in LOOK_ALIKES {
        all.push(format!("{look_alike}{SECOND}"));
        all.push(format!("first\r\n{look_alike}{SECOND}"));
        all.push(format!("first{look_alike}{SECOND}last\r\n"));
        all.push(format!("字{}{look_alike}", "long ".repeat(300)));
    }
    all
}

/// What arrived is one message on each connection, for every kind of server, with nothing taken away.
fn check(peer: Peer, count: usize) -> Vec<Vec<u8>> {
    let book = peer.finish();
    assert_eq!((book.connections(), book.dots(), book.commands("MAIL").len()), (count, count, count));
    for wire in book.bodies() {
        assert!(is_clean(&wire), "{}", String::from_utf8_lossy(&wire));
        assert_eq!(messages_of_a_lenient_server(&wire), 1, "{}", String::from_utf8_lossy(&wire));
    }
    flawless(&book)
}

fn evil_lines(message: &[u8]) -> usize {
    let parsed = mail_parser::MessageParser::default().parse(message).unwrap();
    let parts = parsed.parts.iter().map(|part| String::from_utf8_lossy(part.contents()).into_owned());
    parts.map(|text| text.matches("MAIL FROM:<evil@x.test>").count()).sum()
}

#[test]
fn in_the_text() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let payloads = payloads();
    for payload in &payloads {
        sandbox.stdin(payload).run(&["-s", "I1", "bob@example.test"]).exits(0);
    }
    let messages = check(peer, payloads.len());
    for (payload, message) in payloads.iter().zip(&messages) {
        assert_eq!(evil_lines(message), payload.matches("MAIL FROM").count(), "{payload:?}");
    }
}

#[test]
fn in_an_attachment() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let payloads = payloads();
    for payload in &payloads {
        for name in ["a.txt", "a.bin", "a.html"] {
            sandbox.file(name, payload);
        }
        sandbox.file("a.eml", format!("Subject: inner\r\n\r\n{payload}"));
        let attached = ["-s", "I1", "-a", "a.txt", "a.eml", "a.bin", "a.html", "--", "bob@example.test"];
        sandbox.stdin("see attached\n").run(&attached).exits(0);
    }
    for (payload, message) in payloads.iter().zip(check(peer, payloads.len())) {
        let parsed = mail_parser::MessageParser::default().parse(&message).unwrap();
        let bin = parsed
            .attachments()
            .find(|part| mail_parser::MimeHeaders::attachment_name(*part) == Some("a.bin"));
        assert_eq!(bin.unwrap().contents(), payload.as_bytes(), "{payload:?}");
    }
}

#[test]
fn in_names_and_fields() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let mut sent = 0;
    for look_alike in LOOK_ALIKES {
        let hostile = format!("x{look_alike}MAIL FROM:<evil@x.test>");
        if !hostile.contains('\0') {
            sandbox.file(&hostile, "content");
            sandbox.stdin("x\n").run(&["-s", "I1", "--attach", &hostile, "bob@example.test"]).exits(0);
            sent += 1;
            let subject = sandbox.stdin("x\n").run(&["-s", &hostile, "bob@example.test"]);
            subject.exits(65).says("a subject is one line");
            let field = format!("X-Own: {hostile}");
            sandbox.stdin("x\n").run(&["--header", &field, "bob@example.test"]).exits(65);
            let recipient = format!("{hostile}@example.test");
            sandbox.stdin("x\n").run(&["--", &recipient]).exits(65);
            let from = format!("{hostile} <ann@example.test>");
            sandbox.stdin("x\n").run(&["--from", &from, "bob@example.test"]).exits(65);
        }
    }
    for message in check(peer, sent) {
        assert!(!String::from_utf8_lossy(&message).contains("\nMAIL FROM"));
    }
}
