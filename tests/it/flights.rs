//! Round trips, counted and not timed: how many flights each kind of send takes. A flight is what the client says before it
//! has to wait for the server, in however many segments; over a network each costs one round trip.

use crate::support::{Certificate, Peer, Rules, Sandbox, Step};

/// What the server offers, beside what every one of its kind does.
const OFFERS: [&str; 4] = ["SIZE 104857600", "8BITMIME", "STARTTLS", "AUTH PLAIN"];

/// Flights of a mail to one and to three recipients, with PIPELINING (RFC 2920) and without it.
struct Row {
    tls: &'static str,
    login: bool,
    pipelined: [usize; 2],
    lockstep: [usize; 2],
}

/// In the clear: EHLO; MAIL, RCPT and DATA; the message with its dot; QUIT. A login is one more. STARTTLS adds itself, the
/// beginning of the handshake, and a second EHLO, with which the end of the handshake rides. Under TLS from the first octet
/// it is the beginning and the end of the handshake, since there the server speaks first. Without PIPELINING the envelope
/// costs one flight for each command.
const TABLE: [Row; 6] = [
    Row { tls: "none", login: false, pipelined: [4, 4], lockstep: [6, 8] },
    Row { tls: "none", login: true, pipelined: [5, 5], lockstep: [7, 9] },
    Row { tls: "starttls", login: false, pipelined: [7, 7], lockstep: [9, 11] },
    Row { tls: "starttls", login: true, pipelined: [8, 8], lockstep: [10, 12] },
    Row { tls: "implicit", login: false, pipelined: [6, 6], lockstep: [8, 10] },
    Row { tls: "implicit", login: true, pipelined: [7, 7], lockstep: [9, 11] },
];

#[test]
fn every_send_takes_its_flights_and_no_more() {
    let recipients = ["bob@example.test", "eve@example.test", "wang@example.test"];
    let counted = TABLE.iter().flat_map(|row| {
        [(true, row.pipelined), (false, row.lockstep)].map(|(pipelining, wanted)| {
            let flights = [1, 3].map(|count| flights_of(row, pipelining, &recipients[..count]));
            (format!("{} login={} pipelining={pipelining}", row.tls, row.login), flights, wanted)
        })
    });
    let wrong: Vec<_> = counted.filter(|(_, flights, wanted)| flights != wanted).collect();
    assert!(wrong.is_empty(), "(kind of send, flights, wanted) {wrong:#?}");
}

/// Sends a mail of this kind; gives the number of its flights.
#[track_caller]
fn flights_of(row: &Row, pipelining: bool, recipients: &[&str]) -> usize {
    let offers = [&OFFERS[..], if pipelining { &["PIPELINING"] } else { &[] }].concat();
    // A reply to QUIT would make a flight of the close_notify, for which nobody waits.
    let serve = Step::Serve(Rules::healthy().offering(&offers).on("QUIT", [Step::Cut]));
    let script = if row.tls == "implicit" { vec![Step::Tls, serve] } else { vec![serve] };
    let peer = Peer::start(Certificate::good().without_tickets(), vec![script]);
    let sandbox = if row.login {
        Sandbox::securely_facing(&peer, row.tls, "allow_plaintext_auth = true")
    } else {
        let sandbox = Sandbox::new();
        let ca_file = sandbox.file("../ca.pem", peer.certificate().authority_pem());
        sandbox.profile(&format!(
            "host = \"127.0.0.1\"\nport = {}\ntls = \"{}\"\ntls_ca_file = {ca_file:?}\nfrom = \"ann@example.test\"\n",
            peer.port(),
            row.tls
        ));
        sandbox
    };
    sandbox.stdin("hello\n").run(&[&["-s", "flights"], recipients].concat()).exits(0).quiet();
    let (book, flights) = peer.finish_with_flights();
    assert_eq!((book.dots(), book.commands("RCPT").len()), (1, recipients.len()), "{book:?}");
    assert_eq!(book.commands("AUTH").len(), usize::from(row.login), "{book:?}");
    flights
}
