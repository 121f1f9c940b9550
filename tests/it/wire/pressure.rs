//! Servers that talk without listening, listen without hurry, or take words apart: nobody blocks anybody for ever.

use std::time::Duration;

use super::flawless;
use crate::support::{Peer, Rules, Sandbox, Step, say};

const CROWD: usize = 20_000;

/// Runs the program with 20,000 recipients. They are longer than a command line may be by default.
fn write_to_a_crowd(rules: Rules, code: i32) -> Vec<String> {
    let narrow = [Step::Sip(4096), say("220 peer.test ESMTP")];
    let peer = Peer::serving(rules.on("greeting", narrow));
    let sandbox = Sandbox::facing(peer.port(), "");
    let domain = ["a".repeat(60), "b".repeat(60), "c".repeat(60), "test".to_owned()].join(".");
    let recipients: String = (0..CROWD).map(|number| format!("r{number}@{domain}\n")).collect();
    sandbox.file("recipients", recipients);
    let script = "ulimit -s 65536 && exec \"$0\" --json -s crowd -- $(cat recipients)";
    let program = sandbox.program();
    let ran = sandbox.stdin("hello\n").program("/bin/bash").run(&["-c", script, program.to_str().unwrap()]);
    ran.exits(code);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout()).unwrap();
    let outcomes = report["outcomes"].as_array().unwrap();
    let book = peer.finish();
    assert_eq!(book.commands("RCPT").len(), CROWD);
    // The judge of the other tests needs half a minute for 20,000 addresses in one field.
    assert_eq!(book.dots(), 1);
    outcomes.iter().map(|outcome| outcome["outcome"].as_str().unwrap().to_owned()).collect()
}

/// 4 MB of commands against 10 MB of replies: more than the sockets hold on either side.
#[test]
fn a_crowd_and_a_server_of_many_words() {
    let reply = format!("250 2.1.5 {}", "and so on ".repeat(50));
    let outcomes = write_to_a_crowd(Rules::healthy().on("RCPT", [say(&reply)]), 0);
    assert_eq!(outcomes, vec!["accepted"; CROWD]);
}

#[test]
fn a_crowd_of_which_one_half_is_refused() {
    let reply = format!("550 5.1.1 {}", "and so on ".repeat(50));
    let refusals = (1..10).fold(Rules::healthy(), |rules, digit| match digit % 2 {
        0 => rules.on(&format!("RCPT TO:<r{digit}"), [say(&reply)]),
        _ => rules,
    });
    let outcomes = write_to_a_crowd(refusals, 67);
    for (number, outcome) in outcomes.iter().enumerate() {
        let is_refused = number.to_string().starts_with(['2', '4', '6', '8']);
        assert_eq!(outcome, if is_refused { "failed" } else { "accepted" }, "{number}");
    }
}

#[test]
fn a_server_that_reads_octet_by_octet() {
    let rules = Rules::healthy().on("greeting", [Step::Sip(1), say("220 peer.test ESMTP")]);
    let peer = Peer::serving(rules);
    let sandbox = Sandbox::facing(peer.port(), "");
    let text = ".dots and 字\n".repeat(2000);
    sandbox.stdin(&text).run(&["-s", "sips", "a@x.test", "b@x.test"]).exits(0).quiet();
    let book = peer.finish();
    assert_eq!(book.commands("RCPT").len(), 2);
    assert_eq!(flawless(&book).len(), 1);
}

#[test]
fn replies_octet_by_octet() {
    let drip = |reply: &str| Step::Drip(reply.to_owned(), Duration::ZERO);
    let rules = Rules::healthy()
        .on("greeting", [drip("220-peer.test\n220 ESMTP")])
        .on("EHLO", [drip("250-peer.test\n250-PIPELINING\n250-SIZE 1000000\n250 8BITMIME")])
        .on("MAIL", [drip("250 2.1.0 ok")])
        .on("RCPT TO:<b@", [drip("550-5.1.1 not\n550 5.1.1 here")])
        .on("DATA", [drip("354 go on"), Step::Body])
        .on(".", [drip("250-2.0.0 accepted\n250 2.0.0 at last")])
        .on("QUIT", [drip("221 bye"), Step::Close]);
    let peer = Peer::serving(rules);
    let sandbox = Sandbox::facing(peer.port(), "");
    let ran = sandbox.stdin("x\n").run(&["a@x.test", "b@x.test"]);
    ran.exits(67).says("550 5.1.1 not here");
    assert_eq!(flawless(&peer.finish()).len(), 1);
}

#[test]
fn a_deadline_is_for_the_whole_reply() {
    // Each octet comes in time, the reply does not.
    let slow = Step::Drip("250 2.1.0 slow and slow and slow".to_owned(), Duration::from_millis(200));
    let peer = Peer::serving(Rules::healthy().on("MAIL", [slow]));
    let sandbox = Sandbox::facing(peer.port(), "timeouts.mail = \"1s\"");
    let begin = std::time::Instant::now();
    sandbox.run(&["a@x.test"]).exits(75).says("no answer within 1 s after MAIL FROM");
    assert!(begin.elapsed() < Duration::from_millis(2200), "{:?}", begin.elapsed());
}
