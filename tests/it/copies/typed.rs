//! A text that a person types and that promises an attachment.

use crate::errors::inside::Inside;
use crate::support::Peer;

const PROFILE: &str =
    "host = \"mail.example.test\"\nport = 2525\ntls = \"none\"\nfrom = \"ann@example.test\"\n";
const PROMPT: &str = "whippet: type the text; end it with Ctrl-D on a line of its own\n";

#[test]
fn who_forgot_the_attachment_is_told() {
    let peer = Peer::healthy();
    let mut inside = Inside { is_typed: true, ..Inside::facing(&peer, PROFILE) };
    inside.sandbox.file("f1", "x\n");
    let file = inside.sandbox.work().join("f1").display().to_string();
    let to = "bob@example.test";
    let warning =
        |word| format!("{PROMPT}whippet: the text says `{word}`, and nothing is attached [no-attachment]\n");
    for (text, said) in [
        ("The report is attached.\n", warning("attached")),
        ("请看附件\n", warning("附件")),
        ("> The report is attached.\nThanks!\n", PROMPT.to_owned()),
        ("All is well.\n", PROMPT.to_owned()),
    ] {
        inside.stdin = text.as_bytes().to_vec();
        assert_eq!(inside.run(&[to]), (0, said), "{text}");
    }
    inside.stdin = b"The report is attached.\n".to_vec();
    assert_eq!(inside.run(&[to, "-a", &file]), (0, PROMPT.to_owned()));
    inside.sandbox.file("i.ics", "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n");
    let invitation = inside.sandbox.work().join("i.ics").display().to_string();
    assert_eq!(inside.run(&[to, "--calendar", &invitation]), (0, PROMPT.to_owned()));
    assert_eq!(inside.run(&[to, "--body", "attached"]), (0, String::new()));
    // A program that writes such a text knows what it does.
    inside.is_typed = false;
    assert_eq!(inside.run(&[to]), (0, String::new()));
    assert_eq!(peer.finish().dots(), 8);
}
