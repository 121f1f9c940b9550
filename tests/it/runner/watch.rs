//! `queue run --watch`: a runner in the foreground.

use rustix::process::Signal;
use whippet::spool::Event;

use super::waiting;
use crate::queue::filled::{Entry, Filled};
use crate::support::{Gate, Peer, Rules, Step, say};

#[test]
fn what_comes_due_is_handed_over_and_a_signal_ends_it() {
    let gate = Gate::default();
    let rules = Rules::healthy().on("QUIT", [Step::Meet(gate.clone()), say("221 2.0.0 bye"), Step::Close]);
    let peer = Peer::serving(rules);
    let spool = Filled::new();
    spool.sandbox.profile(&format!(
        "[profiles.default]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"ann@example.org\"\n",
        peer.port()
    ));
    // One is due; the other one will be soon.
    spool.queue(Entry::default());
    let attempt = Event::Attempt { time_s: spool.now_s, number: 1, hop: 0, due_s: spool.now_s + 3 };
    spool.queue(Entry { number: 2, age_s: 0, events: vec![attempt], ..Entry::default() });
    let running = spool.sandbox.call().start(&["queue", "run", "--watch"]);
    gate.wait_for_server();
    gate.open();
    while !waiting(&spool.sandbox).is_empty() {
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    running.signal(Signal::TERM);
    running.finish().exits(0).quiet();
    let book = peer.finish();
    assert_eq!((book.dots(), book.connections()), (2, 2));
}
