//! A connection that ends, breaks or falls silent at each stage, and a server that says 421 there: who is told what,
//! how soon, and that a doubt exists only behind the dot.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{in_the_body, large_file, only_outcome};
use crate::support::{Book, Peer, Ran, Rules, Sandbox, Step, say};

/// The deadline of every stage where the server falls silent.
const SHORT: Duration = Duration::from_secs(2);

/// The same where it speaks or goes: nobody waits for it, and a machine under load does not meet it by chance.
const LONG: Duration = Duration::from_secs(30);

/// Where it happens: the stage's name in reports, and how a person is told of it.
const STAGES: [(&str, &str); 12] = [
    ("greeting", "while waiting for the greeting"),
    ("ehlo", "after EHLO"),
    ("starttls", "after STARTTLS"),
    ("handshake", "during the TLS handshake"),
    ("ehlo", "after EHLO"),
    ("auth", "while logging in"),
    ("mail", "after MAIL FROM"),
    ("rcpt", "after RCPT TO"),
    ("data", "after DATA"),
    ("body", "while the message was being sent"),
    ("dot", "after the final dot"),
    // In the middle of the reply to the dot.
    ("dot", "after the final dot"),
];

/// A server that does `steps` at this stage (an index into [`STAGES`]).
fn server(at: usize, steps: Vec<Step>) -> Peer {
    let with = |before: Vec<Step>| [before, steps.clone()].concat();
    let rules = Rules::healthy();
    Peer::serving(match at {
        // A reset that comes at once may still hit the connecting.
        0 => rules.on("greeting", with(vec![Step::Wait(Duration::from_millis(200))])),
        1 => rules.on_nth("EHLO", 1, steps),
        2 => rules.on("STARTTLS", steps),
        3 => rules.on("STARTTLS", with(vec![say("220 go on"), Step::Octets(100)])),
        4 => rules.on_nth("EHLO", 2, steps),
        5 => rules.on("AUTH", steps),
        6 => rules.on("MAIL", steps),
        7 => rules.on("RCPT", steps),
        8 => rules.on("DATA", steps),
        9 => rules.on("DATA", in_the_body(steps)),
        10 => rules.on(".", steps),
        _ => rules.on(".", with(vec![Step::Raw(b"250-2.0.0 acc".to_vec())])),
    })
}

/// Sends a message to it, a large one where it must not fit into the sockets: exit code 75, the stage in report and
/// words, and in doubt behind the dot only.
fn send(at: usize, steps: Vec<Step>, deadline: Duration) -> (Value, String, Book) {
    let (mut ran, mut peer, mut took) = run(at, &steps, deadline);
    for _ in 0..2 {
        // It ends soon after its deadline, though not on a machine that has other work: that gets another chance.
        if took <= deadline.mul_f64(1.2) + Duration::from_secs(1) {
            break;
        }
        (ran, peer, took) = run(at, &steps, deadline);
    }
    assert!(took <= deadline.mul_f64(1.2) + Duration::from_secs(1), "{at} {steps:?}: {took:?}");
    ran.exits(75).never_shows("correct horse");
    let outcome = only_outcome(&ran);
    let book = peer.finish();
    let story = format!("{at} {steps:?}: {outcome}\n{}", ran.stderr());
    assert_eq!(
        (&outcome["outcome"], &outcome["stage"]),
        (&"deferred".into(), &STAGES[at].0.into()),
        "{story}"
    );
    assert!(book.commands("QUIT").is_empty(), "{story}");
    assert_eq!(book.dots(), usize::from(at >= 10), "{story}");
    (outcome, story, book)
}

fn run(at: usize, steps: &[Step], deadline: Duration) -> (Ran, Peer, Duration) {
    let peer = server(at, steps.to_vec());
    let timeouts = format!("timeouts = \"{}s\"", deadline.as_secs());
    let sandbox = Sandbox::securely_facing(&peer, "starttls", &timeouts);
    if STAGES[at].0 == "body" {
        large_file(&sandbox, "a.txt");
    } else {
        sandbox.file("a.txt", "small\n");
    }
    let begin = Instant::now();
    let ran = sandbox.run(&["--json", "-s", "lost", "-a", "a.txt", "--", "bob@example.test"]);
    (ran, peer, begin.elapsed())
}

/// One thread for each stage: most of the time nothing happens.
fn at_each_stage(check: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        let check = &check;
        let threads: Vec<_> = (0..STAGES.len()).map(|at| scope.spawn(move || check(at))).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

fn lost(at: usize, steps: Vec<Step>, words: &[&str]) {
    let deadline = if matches!(steps[..], [Step::Silence]) { SHORT } else { LONG };
    let (outcome, story, _) = send(at, steps, deadline);
    let sentence = outcome["sentence"].as_str().unwrap();
    assert!(sentence.contains(STAGES[at].1), "{story}");
    assert!(words.iter().any(|words| sentence.contains(words)), "{story}");
    assert_eq!(outcome["in_doubt"], STAGES[at].0 == "dot", "{story}");
    assert_eq!(sentence.contains("may have been accepted"), STAGES[at].0 == "dot", "{story}");
}

#[test]
fn closed() {
    at_each_stage(|at| {
        lost(at, vec![Step::Close], &["the server closed the connection", "the connection was closed"])
    });
}

#[test]
fn closed_without_a_goodbye() {
    at_each_stage(|at| {
        lost(at, vec![Step::Cut], &["the server closed the connection", "the connection was closed"])
    });
}

#[test]
fn reset() {
    at_each_stage(|at| {
        lost(at, vec![Step::Reset], &["the connection broke", "the server closed the connection"])
    });
}

#[test]
fn silent() {
    at_each_stage(|at| lost(at, vec![Step::Silence], &["the server gave no answer within 2 s"]));
}

#[test]
fn closed_for_service() {
    // Below the handshake there is no SMTP.
    at_each_stage(|at| {
        if at != 3 && at != 11 {
            let (outcome, story, _) =
                send(at, vec![say("421 4.3.2 closing for the night"), Step::Close], LONG);
            assert!(story.contains("the server said: 421 4.3.2 closing for the night"), "{story}");
            assert_eq!(outcome["reply"]["code"], 421, "{story}");
            assert_eq!(outcome["in_doubt"], false, "{story}");
        }
    });
}

#[test]
fn after_the_acceptance_nothing_is_waited_for() {
    for at_quit in
        [vec![Step::Reset], vec![Step::Cut], vec![Step::Close], vec![Step::Silence], vec![say("421 x")]]
    {
        for is_secured in [false, true] {
            let peer = Peer::serving(Rules::healthy().on("QUIT", at_quit.clone()));
            let sandbox = match is_secured {
                true => Sandbox::securely_facing(&peer, "starttls", ""),
                false => Sandbox::facing(peer.port(), ""),
            };
            let begin = Instant::now();
            sandbox.stdin("x\n").run(&["-s", "x", "bob@example.test"]).exits(0).quiet();
            assert!(begin.elapsed() < Duration::from_secs(2), "{at_quit:?}: {:?}", begin.elapsed());
            let book = peer.finish();
            assert_eq!((book.dots(), book.commands("QUIT").len()), (1, 1), "{at_quit:?}");
        }
    }
}

#[test]
fn a_server_that_is_gone_at_once_after_the_acceptance() {
    for end in [Step::Reset, Step::Cut, Step::Close, Step::Silence] {
        let peer = Peer::serving(Rules::healthy().on(".", [say("250 2.0.0 accepted"), end.clone()]));
        let sandbox = Sandbox::facing(peer.port(), "");
        let begin = Instant::now();
        sandbox.stdin("x\n").run(&["-s", "x", "bob@example.test"]).exits(0).quiet();
        assert!(begin.elapsed() < Duration::from_secs(2), "{end:?}: {:?}", begin.elapsed());
        assert_eq!(peer.finish().dots(), 1);
    }
}

#[test]
fn nobody_listens() {
    let sandbox = Sandbox::facing(Peer::closed_port(), "");
    let ran = sandbox.stdin("x\n").run(&["--json", "bob@example.test"]);
    ran.exits(75).says("nothing listens at that port");
    assert_eq!(only_outcome(&ran)["stage"], "connect");
}
