//! A server that refuses while the message is still on its way, as servers do that see the size or a virus: the
//! sending stops at once, and what the server said is told.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{BEGINNING, LARGE, in_the_body, large_file, nothing_was_accepted, only_outcome};
use crate::support::{Book, Peer, Rules, Sandbox, Step, What, raw, say};

/// Does not read until the program has ended.
const DEAF: Step = Step::Wait(Duration::from_secs(600));

/// Sends a large file to a server that does this in the middle of it.
fn interrupted(steps: Vec<Step>, code: i32) -> (Value, Book, String) {
    let peer = Peer::serving(Rules::healthy().on("DATA", in_the_body(steps)));
    let sandbox = Sandbox::facing(peer.port(), "");
    large_file(&sandbox, "a.txt");
    let begin = Instant::now();
    let ran = sandbox.run(&["--json", "-s", "early", "-a", "a.txt", "--", "bob@example.test"]);
    ran.exits(code);
    // The deadline of the body is three minutes: whoever waits for the server to read waits that long.
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    (only_outcome(&ran), peer.finish(), ran.stderr())
}

fn octets_sent(book: &Book) -> usize {
    let octets = |what: &What| match what {
        What::Counted { octets, .. } => *octets,
        What::After(octets) => octets.len(),
        _ => 0,
    };
    BEGINNING + book.0.iter().map(|heard| octets(&heard.what)).sum::<usize>()
}

#[test]
fn refused_for_good_or_for_now_while_the_server_reads_on_or_not() {
    for (reply, code, outcome, problem) in [
        ("552 5.3.4 the message is too big for me", 69, "failed", "552 5.3.4 the message is too big for me"),
        ("451 4.3.0 the virus scanner is down", 75, "deferred", "451 4.3.0 the virus scanner is down"),
        (
            "554-5.7.1 the first line\n554 5.7.1 and the second",
            69,
            "failed",
            "554 5.7.1 the first line and the second",
        ),
        ("421 4.3.2 going down", 75, "deferred", "421 4.3.2 going down"),
    ] {
        for after in [vec![Step::Count], vec![DEAF, Step::Count], vec![Step::Close], vec![Step::Cut]] {
            let (judged, book, said) = interrupted([vec![say(reply)], after.clone()].concat(), code);
            assert!(said.contains(problem), "{after:?}: {said}");
            assert_eq!(
                (&judged["outcome"], &judged["stage"]),
                (&outcome.into(), &"body".into()),
                "{after:?}"
            );
            assert_eq!(judged["in_doubt"], false);
            nothing_was_accepted(&book);
            let sent = octets_sent(&book);
            assert!(sent < LARGE as usize, "{after:?}: {sent} octets were still sent");
        }
    }
}

#[test]
fn refused_under_tls() {
    for after in [vec![Step::Count], vec![DEAF, Step::Count], vec![Step::Close]] {
        let steps = [vec![say("552 5.2.2 no room")], after].concat();
        let secured = Peer::secured(Rules::healthy().on("DATA", in_the_body(steps)));
        let sandbox = Sandbox::securely_facing(&secured, "implicit", "");
        large_file(&sandbox, "a.txt");
        let ran = sandbox.run(&["--json", "-a", "a.txt", "--", "bob@example.test"]);
        ran.exits(69).says("552 5.2.2 no room");
        nothing_was_accepted(&secured.finish());
    }
}

#[test]
fn half_a_refusal_is_waited_for() {
    let halves = vec![
        raw("55"),
        Step::Wait(Duration::from_millis(100)),
        raw("2 5.2.2 no room\r\n"),
        DEAF,
        Step::Count,
    ];
    let (judged, book, _) = interrupted(halves, 69);
    assert_eq!(judged["reply"]["text"], "5.2.2 no room");
    nothing_was_accepted(&book);
}

#[test]
fn a_reply_that_cannot_be_right_ends_it_too() {
    for (octets, words) in
        [("250 2.0.0 accepted\r\n", "250"), ("354 go on\r\n", "354"), ("what?\r\n", "what?")]
    {
        let (judged, book, said) = interrupted(vec![raw(octets), Step::Count], 76);
        assert!(said.contains(words), "{said}");
        assert_eq!((&judged["outcome"], &judged["in_doubt"]), (&"deferred".into(), &false.into()));
        nothing_was_accepted(&book);
    }
}
