//! Fields that programs read, on the wire: threads, authors and who sends, receipts, where to unsubscribe.

use super::{addresses, facing, fields, got};
use crate::support::{Book, Peer};

/// What a server gets of a mail with these words.
fn sent(words: &[&str]) -> Book {
    let peer = Peer::healthy();
    facing(&peer).stdin("x\n").run(&[words, &["r@x"]].concat()).exits(0).quiet();
    peer.finish()
}

#[test]
fn a_reply_stands_in_its_thread() {
    let id = |index: usize| format!("<{index}.a-rather-long-identifier@mail.example.org>");
    let thread: Vec<String> = (0..40).map(id).collect();
    let book = sent(&["--in-reply-to", &id(40), "--references", &thread.join(" ")]);
    let text = got(&book).text;
    assert_eq!(fields(&text, "In-Reply-To"), [id(40)]);
    assert_eq!(fields(&text, "References"), [format!("{} {}", thread.join(" "), id(40))]);
    let parsed = mail_parser::MessageParser::default().parse(&text).unwrap();
    let read = parsed.references().as_text_list().unwrap();
    assert_eq!(read.len(), 41);
    assert_eq!(format!("<{}>", read[40]), id(40));
    assert!(text.lines().all(|line| line.len() <= 78), "{text}");
}

#[test]
fn several_authors_and_the_one_who_sends() {
    for (words, from, sender, path) in [
        (&["--from", "a@x, Bo <b@y>"][..], "a@x, Bo <b@y>", &["a@x"][..], "a@x"),
        (&["--from", "a@x, b", "--sender", "s"], "a@x, b@example.org", &["s@x"], "s@x"),
        (&["--from", "A <a@x>", "--sender", "Office <a@x>"], "A <a@x>", &[], "a@x"),
        (&["--header", "Sender: office"], "me@example.org", &["office@example.org"], "office@example.org"),
        (&["--sender", "s@x", "--reverse-path", "p@x"], "me@example.org", &["s@x"], "p@x"),
    ] {
        let book = sent(words);
        let text = got(&book).text;
        assert_eq!(fields(&text, "From"), [from], "{words:?}");
        assert_eq!(fields(&text, "Sender"), sender, "{words:?}");
        assert_eq!(addresses(&book.commands("MAIL FROM:")), [path], "{words:?}");
    }
}

#[test]
fn a_receipt_goes_to_the_author_or_where_it_is_said() {
    let receipt = |words: &[&str]| fields(&got(&sent(words)).text, "Disposition-Notification-To");
    assert_eq!(receipt(&["--read-receipt"]), ["me@example.org"]);
    assert_eq!(receipt(&["--read-receipt", "--from", "Zoë <a@x>"]), ["=?utf-8?b?Wm/Dqw==?= <a@x>"]);
    assert_eq!(receipt(&["--read-receipt=r, \"O, p\" <q@y>"]), ["r@example.org, \"O, p\" <q@y>"]);
    let group = facing(&Peer::healthy()).stdin("x\n").run(&["--read-receipt=team: a@x;", "r@x"]);
    group.exits(65).says("not to a group");
}

#[test]
fn words_for_programs_are_fields() {
    let words = ["--importance", "high", "--auto-submitted", "auto-generated", "--keywords", "backup,é"];
    let urls = ["--list-unsubscribe", "https://l.x/u", "--list-unsubscribe", "mailto:u@l.x"];
    let text = got(&sent(&[&words[..], &urls].concat())).text;
    for (name, value) in [
        ("Importance", "high"),
        ("Auto-Submitted", "auto-generated"),
        ("Keywords", "backup, =?utf-8?b?w6k=?="),
        ("List-Unsubscribe", "<https://l.x/u>, <mailto:u@l.x>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ] {
        assert_eq!(fields(&text, name), [value], "{name}");
    }
}
