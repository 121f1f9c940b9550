//! What a server tells a send of its own is known to the queue: that it takes none now, and that it takes mail again.

use super::filled::{Entry, Filled, HOUR};
use crate::support::{Certificate, Peer, Ran, Rules, Step, say};

/// A spool with one entry that is due, and a profile that leads to this port.
fn facing(port: u16) -> Filled {
    let spool = Filled::new();
    spool.queue(Entry { age_s: HOUR, ..Entry::default() });
    spool.sandbox.profile(&format!(
        "[profiles.default]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"ann@example.test\"\n\
         queue = \"on-failure\"\n[spool]\nrun_after_send = false\n"
    ));
    spool
}

fn send(spool: &Filled, words: &[&str]) -> Ran {
    spool.sandbox.stdin("text\n").run(&[&["-s", "x"], words, &["bob@example.test"]].concat())
}

fn gates(spool: &Filled) -> usize {
    std::fs::read_dir(spool.path().join("host")).unwrap().count()
}

#[test]
fn a_quota_that_a_send_meets_closes_the_gate_once() {
    let peer = Peer::serving(Rules::healthy().on("RCPT", [say("450 4.4.5 Daily quota exceeded")]));
    let spool = facing(peer.port());
    send(&spool, &[]).exits(0).says("queued as");
    send(&spool, &[]).exits(0).says("queued as");
    spool.run(&["queue", "stats", "--json"]).exits(0).prints("\"failures\": 1");
    // Three mails wait, and one of them is due: nobody asks the server for it.
    spool.run(&["queue", "run"]).exits(75).says("1 mail waits for a server that takes none now");
    assert_eq!(peer.finish().connections(), 2);
}

#[test]
fn what_is_wrong_with_one_mail_closes_no_gate() {
    let peer = Peer::serving(Rules::healthy().on("RCPT", [say("450 4.2.0 greylisted")]));
    let spool = facing(peer.port());
    send(&spool, &[]).exits(0).says("queued as");
    assert_eq!(gates(&spool), 0);
}

#[test]
fn a_server_that_is_reached_otherwise_than_the_profile_says_closes_no_gate() {
    let spool = facing(Peer::closed_port());
    let url = format!("smtp://127.0.0.1:{}?tls=none", Peer::closed_port());
    send(&spool, &["--smtp", &url]).exits(75);
    assert_eq!(gates(&spool), 0);
}

#[test]
fn a_mail_that_is_taken_opens_the_gate() {
    let down = Rules::healthy().on("greeting", [say("421 4.3.2 shutting down"), Step::Close]);
    let scripts = vec![vec![Step::Serve(down)], vec![Step::Serve(Rules::healthy())]];
    let peer = Peer::start(Certificate::good(), scripts);
    let spool = facing(peer.port());
    spool.run(&["queue", "run"]).exits(75);
    assert_eq!(gates(&spool), 1);
    send(&spool, &[]).exits(0);
    assert_eq!((gates(&spool), peer.finish().dots()), (0, 1));
}
