//! The scripted server itself: it says what it is told to say, and its book is true.

use std::time::Instant;

use super::*;
use crate::support::client::Client;
use crate::support::{What, hear, raw, say};

fn greeted(peer: &Peer) -> Client {
    let mut client = Client::connect(peer.port());
    assert_eq!(client.reply(), "220 peer.test ESMTP\r\n");
    client
}

#[test]
fn a_healthy_server_takes_a_message() {
    let peer = Peer::healthy();
    let mut client = greeted(&peer);
    assert!(client.say("EHLO me").contains("250-STARTTLS\r\n"));
    assert_eq!(client.say("AUTH PLAIN AGEAYg=="), "235 2.7.0 welcome\r\n");
    client.send(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
    assert_eq!(
        [client.reply(), client.reply(), client.reply()].map(|reply| reply[..3].to_owned()),
        ["250", "250", "354"]
    );
    client.send(b"Subject: x\r\n\r\n..dot\r\nno end:\n.\nno end:\r.\r\r\n.");
    assert_eq!(client.say(""), "250 2.0.0 accepted as 1\r\n");
    assert_eq!(client.say("QUIT"), "221 2.0.0 bye\r\n");
    assert_eq!(client.rest().unwrap(), b"");
    drop(client);
    let book = peer.finish();
    assert_eq!(
        book.lines(),
        ["EHLO me", "AUTH PLAIN AGEAYg==", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "QUIT"]
    );
    assert_eq!(book.lines_in_clear().len(), 6);
    assert_eq!(book.bodies(), [b"Subject: x\r\n\r\n..dot\r\nno end:\n.\nno end:\r.\r\r\n".to_vec()]);
    assert_eq!(book.messages(), ["Subject: x\r\n\r\n.dot\r\nno end:\n.\nno end:\r.\r\r\n"]);
    assert_eq!((book.connections(), book.dots(), book.commands("rcpt").len()), (1, 1, 1));
}

#[test]
fn rules_make_exceptions() {
    let rules = Rules::healthy()
        .offering(&["SIZE 1"])
        .on("RCPT TO:<bad@", [say("550 5.1.1 no")])
        .on_nth("RCPT", 3, [say("452 4.5.3 enough")])
        .on_nth(".", 1, [say("451 4.3.0 later")])
        .on("NOOP", [say("250-one\n250 two"), Step::Close]);
    let peer = Peer::serving(rules);
    let mut client = greeted(&peer);
    assert_eq!(client.say("EHLO me"), "250-peer.test\r\n250 SIZE 1\r\n");
    assert!(client.say("rcpt to:<bad@x>").starts_with("550"));
    assert!(client.say("RCPT TO:<good@x>").starts_with("250"));
    assert!(client.say("RCPT TO:<good@x>").starts_with("452"));
    for code in ["451", "250"] {
        assert!(client.say("DATA").starts_with("354"));
        assert!(client.say(".").starts_with(code));
    }
    assert_eq!(client.say("BDAT 3 LAST\r\nabc").get(..3), Some("250"));
    client.reply();
    assert_eq!(client.say("NOOP"), "250-one\r\n250 two\r\n");
    assert_eq!(client.reply(), "");
    drop(client);
    let octets = What::Octets { octets: b"abc".to_vec(), finished: true };
    assert!(peer.finish().0.iter().any(|heard| heard.what == octets));
}

#[test]
fn tls_comes_by_starttls_or_at_once() {
    let peer = Peer::healthy();
    let mut client = Client::upgraded(peer.port(), peer.certificate().authority_pem());
    assert!(!client.say("EHLO again").contains("STARTTLS"));
    client.say("AUTH PLAIN c2VjcmV0");
    client.say("QUIT");
    assert_eq!(client.rest().unwrap(), b"");
    let book = peer.finish();
    assert_eq!(book.lines_in_clear(), ["EHLO x", "STARTTLS"]);
    assert_eq!(book.lines(), ["EHLO x", "STARTTLS", "EHLO again", "AUTH PLAIN c2VjcmV0", "QUIT"]);

    let peer = Peer::secured(Rules::healthy());
    let mut client = Client::secured(peer.port(), peer.certificate().authority_pem());
    client.send(b"EHLO me\r\n");
    assert_eq!(client.reply(), "220 peer.test ESMTP\r\n");
    assert!(client.reply().starts_with("250-peer.test"));
    assert!(peer.finish().lines_in_clear().is_empty());
}

#[test]
fn octets_before_the_handshake_are_noted() {
    let script = [say("220 hi"), hear(), say("220 go"), Step::Tls];
    let peer = Peer::playing(script);
    let mut client = Client::connect(peer.port());
    client.send(b"STARTTLS\r\nEHLO hidden\r\n");
    assert_eq!((client.reply(), client.reply()), ("220 hi\r\n".to_owned(), "220 go\r\n".to_owned()));
    drop(client);
    let book = peer.finish();
    assert!(book.0.iter().any(|heard| heard.what == What::Early(b"EHLO hidden\r\n".to_vec())), "{book:?}");
    assert!(book.0.iter().any(|heard| matches!(&heard.what, What::Secured(Err(_)))), "{book:?}");
}

#[test]
fn bad_certificates_are_bad() {
    for certificate in [Certificate::expired(), Certificate::for_names(&["other.test"])] {
        let authority = certificate.authority_pem().to_owned();
        let peer = Peer::start(certificate, vec![vec![Step::Tls, say("220 hi")]]);
        let mut client = Client::secured(peer.port(), &authority);
        assert!(client.rest().unwrap_err().to_string().contains("certificate"));
        drop(client);
        let refused = |book: &Book| book.0.iter().any(|heard| matches!(&heard.what, What::Secured(Err(_))));
        assert!(refused(&peer.finish()));
    }
}

#[test]
fn ends_are_of_three_kinds() {
    let end = |step: Step| {
        let peer = Peer::playing([say("220 hi"), hear(), step]);
        let mut client = Client::connect(peer.port());
        client.send(b"EHLO x\r\n");
        assert_eq!(client.reply(), "220 hi\r\n");
        client.rest().map_err(|error| error.kind())
    };
    assert_eq!(end(Step::Close), Ok(vec![]));
    assert_eq!(end(Step::Cut), Ok(vec![]));
    assert_eq!(end(Step::Reset), Err(std::io::ErrorKind::ConnectionReset));

    let secured_end = |step: Step| {
        let peer = Peer::playing([Step::Tls, step]);
        let mut client = Client::secured(peer.port(), peer.certificate().authority_pem());
        client.rest().map_err(|error| error.kind())
    };
    assert_eq!(secured_end(Step::Close), Ok(vec![]));
    assert_eq!(secured_end(Step::Cut), Err(std::io::ErrorKind::UnexpectedEof));
}

#[test]
fn what_comes_after_the_end_is_noted() {
    let peer = Peer::playing([say("220 hi"), Step::Close]);
    let mut client = Client::connect(peer.port());
    assert_eq!((client.reply().as_str(), client.reply().as_str()), ("220 hi\r\n", ""));
    client.send(b"DATA\r\n");
    drop(client);
    assert_eq!(peer.finish().0.last().unwrap().what, What::After(b"DATA\r\n".to_vec()));
}

#[test]
fn a_body_cut_short_has_no_dot() {
    let peer = Peer::playing([say("354 go"), Step::Body, say("250 ok")]);
    let mut client = Client::connect(peer.port());
    client.reply();
    client.send(b"Subject: x\r\n\r\nhalf");
    drop(client);
    let book = peer.finish();
    assert_eq!(book.dots(), 0);
    let cut = What::Body { octets: b"Subject: x\r\n\r\nhalf".to_vec(), finished: false };
    assert!(book.0.iter().any(|heard| heard.what == cut), "{book:?}");
}

#[test]
fn silence_and_waiting_end_with_the_test() {
    let begin = Instant::now();
    for step in [
        Step::Silence,
        Step::Wait(Duration::from_secs(100)),
        Step::Drip("220 hi".into(), Duration::from_secs(100)),
    ] {
        let peer = Peer::playing([step]);
        let client = Client::connect(peer.port());
        drop(peer);
        drop(client);
    }
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

#[test]
fn connections_play_their_own_scripts_and_none_is_missed() {
    let peer =
        Peer::start(Certificate::good(), vec![vec![say("421 no")], vec![raw("2"), raw("20 hi\r\n"), hear()]]);
    let mut replies = Vec::new();
    for _ in 0..3 {
        let mut client = Client::connect(peer.port());
        replies.push(client.reply());
        client.send(b"x\r\n");
    }
    assert_eq!(replies, ["421 no\r\n", "220 hi\r\n", "220 hi\r\n"]);
    let book = peer.finish();
    assert_eq!((book.connections(), book.lines()), (3, vec!["x".to_owned(); 2]));
    assert!(TcpStream::connect(("127.0.0.1", Peer::closed_port())).is_err());
}
