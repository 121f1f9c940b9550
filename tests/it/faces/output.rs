//! What is printed and what is said: data on standard output, speech on standard error.

use super::exits::secured;
use super::schema::Schema;
use super::{facing, got};
use crate::support::{Peer, Rules, Sandbox, program, say};

#[test]
fn help_and_version_are_data() {
    let sandbox = Sandbox::new();
    for (words, text) in [
        (&["-h"][..], "Usage: whippet"),
        (&["--help"], "Usage: whippet"),
        (&["-v"], "whippet "),
        (&["-vv"], "whippet "),
        (&["--version"], "whippet "),
        (&["generate", "config"], "# The settings of whippet"),
        (&["generate", "man"], ".TH "),
    ] {
        let ran = sandbox.run(words);
        ran.exits(0).prints(text);
        assert_eq!(ran.stderr(), "", "{words:?}");
    }
    for words in [&["--nonsense"][..], &[], &["-f"]] {
        let ran = sandbox.run(words);
        ran.exits(64);
        assert_eq!(ran.stdout(), "", "an error is no data");
    }
}

#[test]
fn success_is_silent_and_warnings_can_be() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.stdin("x\n").run(&["r@x"]).exits(0).quiet();
    let words = ["-e", "my_hdr Date: now", "r@x"];
    sandbox.stdin("x\n").run(&words).exits(0).says("whippet: ");
    sandbox.stdin("x\n").run(&[&["--quiet"], &words[..]].concat()).exits(0).quiet();
    sandbox.run(&["--quiet", "--empty-body", "fail", "r@x"]).exits(65).says("the body is empty");
    assert_eq!(peer.finish().dots(), 3);
}

#[test]
fn the_transcript_shows_all_but_the_password() {
    let peer = Peer::secured(Rules::healthy());
    let sandbox = secured(&peer, "implicit");
    for words in [&["--verbose"][..], &["-d", "1"], &["-d", "5"], &["--verbose", "--verbose"]] {
        let ran = sandbox.stdin("x\n").run(&[words, &["r@x"]].concat());
        ran.exits(0).says("connected to 127.0.0.1:").says("220 peer.test").says("AUTH PLAIN ***");
        ran.says("RCPT TO:<r@x>").says("250 2.0.0 accepted as 1").says("TLSv1.3").never_shows("AG1lAHB3");
        assert_eq!(ran.stdout(), "");
    }
    sandbox.stdin("x\n").run(&["-d", "0", "r@x"]).exits(0).quiet();
    assert_eq!(peer.finish().dots(), 5);
}

#[test]
fn json_is_what_the_schema_says() {
    let schema = Schema::read();
    let accepted = Peer::secured(Rules::healthy());
    let sandbox = secured(&accepted, "implicit");
    let ran = sandbox.stdin("x\n").run(&["--json", "r@x", "q@x"]);
    let document = schema.judge(&ran.exits(0).stdout());
    assert_eq!((document["exit"].as_u64(), document["failure"].is_null()), (Some(0), true));
    assert_eq!(document["outcomes"][1]["recipient"], "q@x");
    assert_eq!(document["outcomes"][0]["reply"]["code"], 250);
    assert_eq!(document["session"]["mechanism"], "PLAIN");
    let message_id = document["message_id"].as_str().unwrap().to_owned();
    let book = accepted.finish();
    assert!(got(&book).text.contains(&message_id));
    assert!(book.commands("MAIL")[0].contains(&format!("SIZE={}", document["size"])));

    let partly = Peer::serving(Rules::healthy().on("RCPT TO:<b", [say("450 4.2.0 later")]));
    let ran = facing(&partly).stdin("x\n").run(&["--json", "a@x", "b@x"]);
    let document = schema.judge(&ran.exits(75).stdout());
    let fates: Vec<_> =
        document["outcomes"].as_array().unwrap().iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(fates, ["accepted", "deferred"]);
    assert_eq!((document["exit"].as_u64(), document["session"]["tls"].is_null()), (Some(75), true));

    let doubt = Peer::serving(Rules::healthy().on(".", [crate::support::Step::Close]));
    let document = schema.judge(&facing(&doubt).stdin("x\n").run(&["--json", "a@x"]).exits(75).stdout());
    assert_eq!(document["outcomes"][0]["in_doubt"], true);

    let sandbox = facing(&doubt);
    for (words, code) in [
        (&["--json"][..], 64),
        (&["--json", "--nonsense"], 64),
        (&["--json", "a@"], 65),
        (&["--json", "-a", "none", "--", "a@x"], 66),
        (&["--json", "-F", "/none", "a@x"], 78),
        (&["--json", "--empty-body", "fail", "a@x"], 65),
    ] {
        let document = schema.judge(&sandbox.run(words).exits(code).stdout());
        assert_eq!(document["exit"].as_i64(), Some(code.into()), "{words:?}");
        assert!(!document["failure"].is_null(), "{words:?}");
    }
}

#[test]
fn json_names_every_failure() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    let ran = sandbox.run(&["--json", "-a", "none-1", "none-2", "--", "a@x"]);
    let document = Schema::read().judge(&ran.exits(66).stdout());
    let text = document["failure"].to_string();
    assert!(text.contains("none-1") && text.contains("none-2"), "{text}");
}

#[test]
fn json_knows_a_skipped_mail() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    let ran = sandbox.run(&["--json", "--empty-body", "skip", "a@x"]);
    let document = Schema::read().judge(&ran.exits(0).stdout());
    assert_eq!(document["outcomes"].as_array().map(Vec::len), Some(0));
    assert_eq!(document["warnings"][0], "skipped: empty body");
    sandbox.run(&["--json", "--dry-run", "a@x"]).exits(64).says("contradict each other");
    assert_eq!(peer.finish().connections(), 0);
}

#[test]
fn a_dry_run_connects_to_nothing() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.file("f1", "text\n");
    let before = sandbox.files();
    let words = ["--dry-run", "-s", "s", "-b", "b@x", "-a", "f1", "--", "a@x"];
    let ran = sandbox.stdin("hello\n").run(&words);
    ran.exits(0).says("MAIL FROM:<me@example.org>").says("RCPT TO:<a@x>").says("RCPT TO:<b@x>");
    ran.prints("Subject: s\r\n").prints("hello").prints("filename=\"f1\"");
    assert!(!ran.stdout().contains("b@x"), "Bcc is in no message");
    let wishes = ["--dsn-notify=never", "--envid=7", "--priority=1"];
    let ran = sandbox.stdin("hello\n").run(&[&wishes[..], &words].concat());
    ran.exits(0).says(" ENVID=7 MT-PRIORITY=1\n").says("RCPT TO:<b@x> NOTIFY=NEVER ORCPT=rfc822;b@x\n");
    sandbox.run(&["--dry-run", "-a", "none.txt", "--", "a@x"]).exits(66);
    assert_eq!(sandbox.files(), before);
    assert_eq!(peer.finish().connections(), 0);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let sandbox = facing(&Peer::healthy());
    sandbox.file("big", vec![b'x'; 1 << 20]);
    let script = "{ \"$0\" --dry-run -s big -a big -- a@x 2>said </dev/null; echo $? >code; } | head -c 1 >/dev/null; cat code";
    let program = program();
    let ran = sandbox.call().program("/bin/sh").run(&["-c", script, program.to_str().unwrap()]);
    ran.exits(0).prints("0\n");
    let said = std::fs::read_to_string(sandbox.work().join("said")).unwrap();
    assert!(!said.contains("panicked") && !said.contains("whippet:"), "{said}");
    for words in ["-h", "--help", "generate man", "config show"] {
        let script = format!("{{ \"$0\" {words} 2>/dev/null; echo $? >code; }} | true; cat code");
        sandbox
            .call()
            .program("/bin/sh")
            .run(&["-c", &script, program.to_str().unwrap()])
            .exits(0)
            .prints("0\n");
    }
}
