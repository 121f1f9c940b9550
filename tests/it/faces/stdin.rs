//! Where the text comes from, and that standard input feeds one thing.

use super::{facing, got};
use crate::support::{Peer, program};

/// What the text of the mail is, by another parser.
#[track_caller]
fn sent(stdin: &str, words: &[&str]) -> (String, Vec<String>) {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.file("letter", "from the file\n");
    sandbox.stdin(stdin).run(&[words, &["r@x"]].concat()).exits(0).quiet();
    let got = got(&peer.finish());
    let parsed = mail_parser::MessageParser::default().parse(&got.text).unwrap();
    let text = parsed.body_text(0).unwrap_or_default().replace("\r\n", "\n");
    (text, got.attached)
}

#[test]
fn sources_of_the_text() {
    let piped = "from the pipe\n";
    assert_eq!(sent(piped, &[]).0, piped);
    assert_eq!(sent(piped, &["-i", "letter"]).0, "from the file\nfrom the pipe\n");
    assert_eq!(sent(piped, &["-i", "-"]).0, piped);
    assert_eq!(sent(piped, &["--body", "typed"]).0.trim_end(), "typed");
    assert_eq!(sent(piped, &["--body-file", "letter"]).0, "from the file\n");
    assert_eq!(sent(piped, &["--body-file", "-"]).0, piped);
    assert_eq!(sent("", &[]).0, "");
}

#[test]
fn standard_input_as_an_attachment() {
    for (words, name) in [
        (&["-a", "-", "--"][..], "stdin.txt"),
        (&["--attach", "-"], "stdin.txt"),
        (&["--attach-stdin", "out.log"], "out.log"),
        (&["--attach-as", "b.txt=-"], "b.txt"),
    ] {
        let (text, attached) = sent("from the pipe\n", words);
        assert_eq!((text.trim(), &attached[..]), ("", &[name.to_owned()][..]), "{words:?}");
    }
    let (text, attached) = sent("from the pipe\n", &["-i", "letter", "-a", "-", "--"]);
    assert_eq!((text.as_str(), &attached[..]), ("from the file\n", &["stdin.txt".to_owned()][..]));
    let (_, attached) = sent("\u{0}\u{1}", &["-a", "-", "--"]);
    assert_eq!(attached, ["stdin.bin"]);
}

#[test]
fn it_feeds_one_thing() {
    for words in [
        &["-a", "-", "-i", "-"][..],
        &["-a", "-", "-", "--"],
        &["--attach-stdin", "a", "--attach-stdin", "b"],
        &["--body-file", "-", "--attach", "-"],
    ] {
        let peer = Peer::healthy();
        facing(&peer)
            .stdin("x\n")
            .run(&[words, &["r@x"]].concat())
            .exits(64)
            .says("standard input feeds one thing");
        assert_eq!(peer.finish().connections(), 0);
    }
}

#[test]
fn closed_by_the_caller_it_is_empty() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.file("f1", "never the text\n");
    let script = "exec \"$0\" -s s -a f1 -- r@x <&-";
    let program = program();
    sandbox.call().program("/bin/sh").run(&["-c", script, program.to_str().unwrap()]).exits(0).quiet();
    let got = got(&peer.finish());
    let parsed = mail_parser::MessageParser::default().parse(&got.text).unwrap();
    assert_eq!(parsed.body_text(0).unwrap_or_default().trim(), "");
    assert_eq!(got.attached, ["f1"]);
}

#[test]
fn a_directory_as_standard_input() {
    let peer = Peer::healthy();
    let program = program();
    let script = "exec \"$0\" -s s r@x </";
    let sandbox = facing(&peer);
    let ran = sandbox.call().program("/bin/sh").run(&["-c", script, program.to_str().unwrap()]);
    ran.exits(66).says("cannot read the standard input: it is a directory");
    assert_eq!(peer.finish().connections(), 0);
}

#[test]
fn an_empty_text_is_sent_skipped_or_refused() {
    for (policy, code, dots) in [("send", 0, 1), ("skip", 0, 0), ("fail", 65, 0)] {
        let peer = Peer::healthy();
        let ran = facing(&peer).stdin(" \n\t\r\n").run(&["--empty-body", policy, "-s", "s", "r@x"]);
        ran.exits(code);
        let book = peer.finish();
        assert_eq!((book.dots(), book.connections()), (dots, dots), "{policy}");
    }
    let (_, attached) = sent("", &["--empty-body", "fail", "--attach", "letter"]);
    assert_eq!(attached, ["letter"]);
}
