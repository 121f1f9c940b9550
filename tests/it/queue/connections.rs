//! Several connections for one server, where the profile allows them: each mail once, no more connections than allowed, one
//! for a server that is down, and what one of them hears about the server holds for all.

use std::collections::BTreeSet;

use rustix::process::Signal;

use super::filled::{Entry, Filled, HOUR};
use crate::support::{Certificate, Gate, Peer, Rules, Step, say};

/// A spool with so many entries, all due, the last one for the longest time, and a profile that allows so many connections to this port.
fn filled(count: u64, port: u16, most: usize) -> Filled {
    let spool = Filled::new();
    for number in 0..count {
        let to = format!("r{number:02}@example.test");
        spool.queue(Entry { number, to: &[&to], age_s: HOUR + 60 * number, ..Entry::default() });
    }
    let more = if most > 1 { format!("max_connections = {most}\n") } else { String::new() };
    spool.sandbox.profile(&format!(
        "[profiles.default]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"ann@example.test\"\n{more}"
    ));
    spool
}

/// A server whose n-th connection behaves as the n-th of these rules, and further ones as the last.
fn serving(rules: Vec<Rules>) -> Peer {
    let scripts = rules.into_iter().map(|rules| vec![Step::Serve(rules)]).collect();
    Peer::start(Certificate::good(), scripts)
}

/// A server that waits at the n-th MAIL until the gate is open.
fn waiting_at_mail(nth: usize, gate: &Gate) -> Rules {
    Rules::healthy().on_nth("MAIL", nth, [Step::Meet(gate.clone()), say("250 2.1.0 ok")])
}

/// Whom the server was asked to take mail for: each once.
#[track_caller]
fn each_once(commands: &[String]) -> usize {
    let whom: BTreeSet<&String> = commands.iter().collect();
    assert_eq!(whom.len(), commands.len(), "{commands:?}");
    whom.len()
}

#[test]
fn the_allowed_number_of_connections_is_open_at_once_and_no_mail_goes_twice() {
    let gates = [(); 3].map(|()| Gate::default());
    // The first waits at its second mail: it has accepted one.
    let peer = serving(vec![
        waiting_at_mail(2, &gates[0]),
        waiting_at_mail(1, &gates[1]),
        waiting_at_mail(1, &gates[2]),
        Rules::healthy(),
    ]);
    let spool = filled(12, peer.port(), 3);
    let running = spool.sandbox.call().start(&["queue", "run"]);
    // Each of them is at work while the others are.
    gates.iter().for_each(Gate::wait_for_server);
    assert_eq!(peer.book().connections(), 3);
    gates.iter().for_each(Gate::open);
    running.finish().exits(0).quiet();
    let book = peer.finish();
    assert_eq!((book.connections(), each_once(&book.commands("RCPT")), book.dots()), (3, 12, 12));
    assert_eq!(spool.store().scan(&mut |_| {}).unwrap(), []);
}

#[test]
fn without_leave_there_is_one_connection() {
    let peer = Peer::healthy();
    let spool = filled(6, peer.port(), 1);
    spool.run(&["queue", "run"]).exits(0).quiet();
    let book = peer.finish();
    assert_eq!((book.connections(), book.dots()), (1, 6));
    // The longest due first.
    let mut sorted = book.commands("RCPT");
    sorted.sort();
    sorted.reverse();
    assert_eq!(book.commands("RCPT"), sorted);
}

#[test]
fn one_mail_needs_no_second_connection() {
    let peer = Peer::healthy();
    let spool = filled(1, peer.port(), 8);
    spool.run(&["queue", "run"]).exits(0).quiet();
    assert_eq!(peer.finish().connections(), 1);
}

#[test]
fn a_server_that_takes_nothing_costs_one_connection() {
    for rules in [
        Rules::healthy().on("greeting", [say("421 4.3.2 shutting down"), Step::Close]),
        Rules::healthy().on("EHLO", [say("421 4.3.2 shutting down"), Step::Close]),
        Rules::healthy().on("MAIL", [say("421 4.3.2 shutting down"), Step::Close]),
        Rules::healthy().on("MAIL", [say("550 5.4.5 Daily user sending limit exceeded")]),
    ] {
        let peer = Peer::serving(rules);
        let spool = filled(20, peer.port(), 4);
        spool.run(&["queue", "run"]).exits(75);
        assert_eq!(peer.finish().connections(), 1);
        assert_eq!(spool.store().scan(&mut |_| {}).unwrap().len(), 20);
    }
}

#[test]
fn a_server_that_wants_no_second_connection_is_not_down() {
    let gate = Gate::default();
    let refused = Gate::default();
    let full = Rules::healthy().on(
        "greeting",
        [say("421 4.7.0 too many connections from your address"), Step::Meet(refused.clone()), Step::Close],
    );
    let peer = serving(vec![waiting_at_mail(2, &gate), full]);
    let spool = filled(8, peer.port(), 2);
    let running = spool.sandbox.call().start(&["queue", "run"]);
    gate.wait_for_server();
    refused.wait_for_server();
    refused.open();
    gate.open();
    running.finish().exits(0).quiet();
    let book = peer.finish();
    assert_eq!((each_once(&book.commands("RCPT")), book.dots()), (8, 8));
    assert_eq!(std::fs::read_dir(spool.path().join("host")).unwrap().count(), 0, "no gate is closed");
}

#[test]
fn a_gate_that_one_connection_closes_stops_all() {
    let gates = [(); 2].map(|()| Gate::default());
    // Without PIPELINING: behind a refused MAIL there is no lone dot.
    let quota = Rules::healthy()
        .offering(&["8BITMIME"])
        .on("MAIL", [Step::Meet(gates[1].clone()), say("550 5.4.5 Daily user sending limit exceeded")]);
    let peer = serving(vec![waiting_at_mail(2, &gates[0]), quota]);
    let spool = filled(20, peer.port(), 2);
    let running = spool.sandbox.call().start(&["queue", "run"]);
    gates.iter().for_each(Gate::wait_for_server);
    gates[1].open();
    // The gate is written before the connection ends, and the other goes on when it is.
    let host = spool.path().join("host");
    while std::fs::read_dir(&host).unwrap().count() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    gates[0].open();
    running.finish().exits(75).says("for a server that takes none now");
    let book = peer.finish();
    // The one that was accepted first, and the one that waited in the middle.
    assert_eq!((book.connections(), book.dots()), (2, 2));
    assert_eq!(spool.store().scan(&mut |_| {}).unwrap().len(), 18);
    let stats = spool.run(&["queue", "stats", "--json"]);
    stats.exits(0).prints("\"failures\": 1");
}

#[test]
fn a_signal_ends_all_of_them_in_good_order() {
    let gates = [(); 3].map(|()| Gate::default());
    let peer = serving(vec![
        waiting_at_mail(2, &gates[0]),
        waiting_at_mail(1, &gates[1]),
        waiting_at_mail(1, &gates[2]),
    ]);
    let spool = filled(12, peer.port(), 3);
    let running = spool.sandbox.call().start(&["queue", "run"]);
    gates.iter().for_each(Gate::wait_for_server);
    running.signal(Signal::TERM);
    running.finish().exits(75).says("interrupted by SIGTERM, before 11 mails were handed over");
    gates.iter().for_each(Gate::open);
    assert_eq!(peer.finish().dots(), 1);
    let names = spool.store().scan(&mut |_| {}).unwrap();
    let now_s = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!(names.len() == 11 && names.iter().all(|name| name.due_s <= now_s), "all are due: {names:?}");
}

#[test]
fn a_connection_that_takes_few_mails_is_followed_by_another() {
    let peer = Peer::healthy();
    let spool = filled(12, peer.port(), 3);
    spool.sandbox.profile(&format!(
        "[profiles.default]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"ann@example.test\"\nmax_connections = 3\nmax_messages = 2\n",
        peer.port()
    ));
    spool.run(&["queue", "run"]).exits(0).quiet();
    let book = peer.finish();
    assert_eq!((each_once(&book.commands("RCPT")), book.dots()), (12, 12));
    assert!((6..=8).contains(&book.connections()), "{}", book.connections());
}

#[test]
fn a_server_that_hangs_up_after_some_mails_is_asked_again_at_once() {
    let peer = serving(vec![Rules::healthy().on_nth("MAIL", 3, [Step::Close])]);
    let spool = filled(7, peer.port(), 1);
    spool.run(&["queue", "run"]).exits(0).quiet();
    let book = peer.finish();
    assert_eq!((book.connections(), book.dots()), (4, 7));
    assert_eq!(spool.store().scan(&mut |_| {}).unwrap(), []);
}
