//! More recipients than a server takes at once: they come in further transactions of the same connection.

use crate::support::{Peer, Rules, Sandbox, say};

#[test]
fn whom_the_server_puts_off_comes_next() {
    let rules = Rules::healthy().on_nth("RCPT", 3, [say("452 4.5.3 Too many recipients")]);
    let peer = Peer::serving(rules);
    let sandbox = Sandbox::facing(peer.port(), "");
    sandbox.stdin("x\n").run(&["a@example.test", "b@example.test", "c@example.test"]).exits(0).quiet();
    let book = peer.finish();
    assert_eq!((book.connections(), book.dots()), (1, 2));
    assert_eq!(book.commands("RCPT").last().unwrap(), "RCPT TO:<c@example.test>");
}

#[test]
fn the_profile_may_set_the_size_of_a_transaction() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "max_recipients = 2");
    sandbox.stdin("x\n").run(&["a@example.test,b@example.test,c@example.test"]).exits(0).quiet();
    let book = peer.finish();
    assert_eq!((book.connections(), book.dots(), book.commands("MAIL").len()), (1, 2, 2));
    let bodies = book.bodies();
    assert_eq!(bodies[0], bodies[1], "everybody gets the same message");
}
