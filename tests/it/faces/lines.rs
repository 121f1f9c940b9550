//! Command lines that scripts in the world execute, and the rules of recipients.

use super::{addresses, facing, fields, got};
use crate::support::Peer;

/// What holds for every mail: Date and Message-ID once, no Bcc.
#[track_caller]
fn is_sound(text: &str) {
    assert_eq!((fields(text, "Date").len(), fields(text, "Message-ID").len()), (1, 1), "{text}");
    assert_eq!(fields(text, "Bcc"), Vec::<String>::new());
}

#[test]
fn nmudiff() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.file("text", "Dear maintainer\n");
    sandbox.file("p.diff", "--- a\n+++ b\n");
    std::fs::create_dir(sandbox.work().join("tree")).unwrap();
    let words = [
        "-s",
        "S",
        "-i",
        "../text",
        "-e",
        "my_hdr X-NMUDIFF-Version: 2",
        "-a",
        "../p.diff",
        "-b",
        "b@x",
        "--",
    ];
    let ran = sandbox
        .call()
        .called_as("mutt")
        .inside(sandbox.work().join("tree"))
        .run(&[&words[..], &["1@bugs.x"]].concat());
    ran.exits(0).quiet();
    let got = got(&peer.finish());
    assert_eq!(got.recipients, ["1@bugs.x", "b@x"]);
    assert_eq!(got.attached, ["p.diff"]);
    assert_eq!(fields(&got.text, "X-NMUDIFF-Version"), ["2"]);
    assert!(got.text.contains("Dear maintainer"));
    assert!(!got.text.contains("b@x"), "Bcc is never on the wire");
    is_sound(&got.text);
}

#[test]
fn a_report_in_html() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.file("F", "\x00\x01");
    let words = ["-e", "set content_type=text/html", "-s", "S", "r@x", "-a", "F"];
    sandbox.stdin("<p>hé</p>\n").called_as("mutt").run(&words).exits(0).quiet();
    let got = got(&peer.finish());
    assert_eq!((&got.recipients[..], &got.attached[..]), (&["r@x".to_owned()][..], &["F".to_owned()][..]));
    assert!(got.text.contains("Content-Type: text/html; charset=utf-8"), "{}", got.text);
    is_sound(&got.text);
}

#[test]
fn commands_divided_by_semicolons() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    let commands = "set send_charset=utf-8; set from='a@x'; set user_agent=no; set copy=no";
    sandbox.stdin("text\n").called_as("mutt").run(&["-e", commands, "r@x", "-s", "S"]).exits(0).quiet();
    let book = peer.finish();
    let got = got(&book);
    assert_eq!(got.recipients, ["r@x"]);
    assert_eq!(fields(&got.text, "From"), ["a@x"]);
    assert_eq!(addresses(&book.commands("MAIL FROM:")), ["a@x"]);
    assert_eq!(fields(&got.text, "User-Agent"), Vec::<String>::new());
    is_sound(&got.text);
}

#[test]
fn cron_without_home() {
    let peer = Peer::healthy();
    let mut sandbox = facing(&peer);
    sandbox.without_env("HOME").env("LC_ALL", "C").env("PATH", "/bin");
    let url = format!("smtp://127.0.0.1:{}?tls=none", peer.port());
    let before = sandbox.files();
    sandbox.stdin("é\n").run(&["-n", "-F", "/dev/null", "--smtp", &url, "-s", "é", "r@x"]).exits(0).quiet();
    assert_eq!(sandbox.files(), before, "nothing is left behind");
    let got = got(&peer.finish());
    let parsed = mail_parser::MessageParser::default().parse(&got.text).unwrap();
    assert_eq!(parsed.subject(), Some("é"));
    assert_eq!(parsed.body_text(0).as_deref(), Some("é\r\n").or(Some("é\n")));
    assert!(
        got.text.to_lowercase().contains("charset=utf-8") && !got.text.contains("unknown-8bit"),
        "{}",
        got.text
    );
    is_sound(&got.text);
}

#[test]
fn one_address_in_many_places_is_one_recipient() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    let words = ["--to", "r@x", "-c", "R <r@x>, c@x", "-b", "r@x", "-b", "r@X", "r@x", "c@x"];
    sandbox.stdin("x\n").run(&words).exits(0).quiet();
    assert_eq!(got(&peer.finish()).recipients, ["r@x", "c@x"]);
}

#[test]
fn a_mail_with_bcc_alone() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.stdin("x\n").run(&["-s", "s", "-b", "a@x, b@x"]).exits(0).quiet();
    let got = got(&peer.finish());
    assert_eq!(got.recipients, ["a@x", "b@x"]);
    assert_eq!(fields(&got.text, "To"), ["undisclosed-recipients:;"]);
    assert!(!got.text.contains("@x\r") && !got.text.contains("@x>"), "{}", got.text);
    is_sound(&got.text);
}

#[test]
fn lists_groups_urls_and_bare_names() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    let words = ["a@x, Al Ice <b@x>", "Team: c@x, d@x;", "mailto:e@x?subject=S&bcc=no@x", "root"];
    let ran = sandbox.stdin("x\n").run(&words);
    ran.exits(0).says("bcc in the mailto: URL is ignored");
    let got = got(&peer.finish());
    let mut recipients = got.recipients.clone();
    recipients.sort();
    assert_eq!(recipients, ["a@x", "b@x", "c@x", "d@x", "e@x", "root@example.org"]);
    assert_eq!(fields(&got.text, "Subject"), ["S"]);
}

#[test]
fn reserved_words_are_recipients_where_they_cannot_be_verbs() {
    for words in [&["--", "mail"][..], &["-s", "x", "queue"], &["send", "--", "send"]] {
        let peer = Peer::healthy();
        let sandbox = facing(&peer);
        sandbox.stdin("x\n").run(words).exits(0).quiet();
        let last = words.last().unwrap();
        assert_eq!(got(&peer.finish()).recipients, [format!("{last}@example.org")]);
    }
}
