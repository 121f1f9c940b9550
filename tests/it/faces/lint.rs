//! Warnings: which are said where, how they are silenced, and that a script hears no advice.

use super::facing;
use crate::errors::inside::Inside;
use crate::support::{Peer, Sandbox};

/// A mail with which all is wrong that advice knows: its words, and what is advised.
const UNWISE: [&str; 5] = ["-e", "set content_type=text/html", "--to", "R@x", "r@x"];
const HTML: &str = "<img src=\"http://x/a.png\">\n";

/// The names in brackets at the ends of lines.
fn names(stderr: &str) -> Vec<String> {
    let lines = stderr.lines().filter(|line| line.starts_with("whippet: ") && line.ends_with(']'));
    lines.map(|line| line.rsplit('[').next().unwrap().trim_end_matches(']').to_owned()).collect()
}

#[test]
fn a_script_hears_no_advice() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.stdin(HTML).run(&[&UNWISE[..], &["r@x"]].concat()).exits(0).quiet();
    sandbox.stdin("").run(&["-s", "SERVER DOWN", "r@x"]).exits(0).quiet();
    assert_eq!(peer.finish().dots(), 2);
}

#[test]
fn who_sits_at_a_terminal_hears_it() {
    let peer = Peer::healthy();
    let profile = "host = \"mail.example.test\"\nport = 2525\ntls = \"none\"\nfrom = \"ann@example.test\"\n";
    let inside = Inside { is_heard: true, ..Inside::facing(&peer, profile) };
    let said = inside.run(&["bob@example.test"]);
    assert_eq!((said.0, names(&said.1)), (0, vec!["no-subject".to_owned()]));
    let quiet = inside.run(&["--quiet", "bob@example.test"]);
    assert_eq!(quiet, (0, String::new()));
    assert_eq!(peer.finish().dots(), 2);
}

#[test]
fn who_checks_a_mail_hears_all_of_it() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    let said = |stdin: &str, words: &[&str]| {
        let ran = sandbox.stdin(stdin).run(&[&["--dry-run"], words, &["r@x"]].concat());
        names(&ran.exits(0).stderr())
    };
    assert_eq!(said(HTML, &UNWISE), ["duplicate-recipient", "no-subject", "no-text-part", "remote-images"]);
    let local = ["--html", "page.html", "--text", "page.txt", "-s", "Hi"];
    sandbox.file("page.txt", "x\n");
    sandbox.file("page.html", "<p>x<img src=page.png>");
    sandbox.file("page.png", b"\x89PNG\r\n");
    assert_eq!(said("", &local), ["local-images"]);
    assert_eq!(said("", &[&local[..], &["--embed"]].concat()), [""; 0]);
    assert_eq!(said("", &["-s", "SERVER DOWN"]), ["caps-subject", "empty-body"]);
    assert_eq!(said("x\n", &["-s", "Hi"]), [""; 0]);
    assert_eq!(said(&"x".repeat(1000), &["-s", "Hi"]), ["long-lines"]);
    assert_eq!(said(&"x\n".repeat(5_200_000), &["-s", "Hi"]), ["too-large"]);
    // By name, by list, by the profile, and all.
    let some = ["--no-warn", "no-subject,remote-images", "--no-warn", "no-text-part"];
    assert_eq!(said(HTML, &[&some[..], &UNWISE].concat()), ["duplicate-recipient"]);
    let some = ["--set", "silent_warnings=no-subject,no-text-part,remote-images"];
    assert_eq!(said(HTML, &[&some[..], &UNWISE].concat()), ["duplicate-recipient"]);
    assert_eq!(said(HTML, &[&["--quiet"], &UNWISE[..]].concat()), [""; 0]);
    assert_eq!(peer.finish().dots(), 0);
}

#[test]
fn json_holds_what_is_not_silenced() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    let warnings = |words: &[&str]| {
        let ran = sandbox.stdin("").run(&[&["--json"], words, &["r@x"]].concat());
        let document: serde_json::Value = serde_json::from_str(&ran.exits(0).stdout()).unwrap();
        [document["warnings"].clone(), document["named_warnings"].clone()]
    };
    let subject = serde_json::json!({"name": "no-subject", "text": "there is no Subject"});
    let body = serde_json::json!({"name": "empty-body", "text": "there is no text"});
    assert_eq!(
        warnings(&[]),
        [serde_json::json!(["there is no Subject", "there is no text"]), serde_json::json!([subject, body])]
    );
    assert_eq!(
        warnings(&["--no-warn=empty-body"]),
        [serde_json::json!(["there is no Subject"]), serde_json::json!([subject])]
    );
    peer.finish();
}

#[test]
fn what_was_changed_is_said_everywhere() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.file("😀.txt", "x");
    let words = ["--set", "charset=gbk", "--no-warn", "no-attachment-type"];
    sandbox
        .stdin("例\n")
        .run(&[&words[..], &["r@x"]].concat())
        .exits(64)
        .says("whippet: --no-warn: `no-attachment-type` is no warning; there are no-subject, caps-subject,");
    let words = ["--set", "charset=gbk", "-s", "例😀", "-a", "😀.txt", "--", "Zoe 😀 <r@x>"];
    let ran = sandbox.stdin("例\n").run(&words);
    ran.exits(0).says(
        "whippet: GBK has no `\\u{1f600}`: To, Subject and a file name are sent in UTF-8 [unencodable]\n",
    );
    assert_eq!(names(&ran.stderr()), ["unencodable"], "said once");
    sandbox.stdin("例\n").run(&[&["--no-warn", "unencodable"], &words[..]].concat()).exits(0).quiet();
    let words = ["--set", "charset=us-ascii", "-s", "plain", "r@x"];
    sandbox
        .stdin("é\n")
        .run(&words)
        .exits(0)
        .says("whippet: us-ascii has no `\\u{e9}`: the body is sent in UTF-8 [unencodable]\n");
    sandbox.stdin("plain\n").run(&words).exits(0).quiet();
    let messages = peer.finish().messages();
    assert!(messages[0].contains("Subject: =?utf-8?b?5L6L8J+YgA==?="), "{}", messages[0]);
    assert!(messages[0].contains("charset=GBK"), "{}", messages[0]);
    assert!(messages[2].contains("charset=utf-8"), "{}", messages[2]);
    assert!(messages[3].contains("charset=us-ascii"), "{}", messages[3]);
}

#[test]
fn the_letter_is_in_its_charset_throughout() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.file("报告.txt", "x");
    let words = ["--set", "charset=gb18030", "-s", "例😀", "-a", "报告.txt", "--", "张伟 <r@x>"];
    sandbox.stdin("例\n").run(&words).exits(0).quiet();
    let text = peer.finish().messages().remove(0);
    for part in [
        "To: =?gb18030?b?1cXOsA==?= <r@x>\r\n",
        "Subject: =?gb18030?b?wP2UOfw2?=\r\n",
        "Content-Type: text/plain; charset=gb18030\r\n",
        "filename*=gb18030''%B1%A8%B8%E6.txt\r\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.to_lowercase().contains("utf-8"), "{text}");
    for label in ["utf-16", "hz-gb-2312"] {
        let set = format!("charset={label}");
        Sandbox::new().run(&["--set", &set, "r@x"]).exits(64).says("charset");
    }
}
