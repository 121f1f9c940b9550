//! Which names a certificate is good for. The program's resolver knows few names here, so the library is asked, with a
//! resolver that knows all.

use std::net::SocketAddr;
use std::time::Duration;

use whippet::deliver::{SmartHost, SmartHostRoute, Transport};
use whippet::mail::{
    Address, Envelope, Fate, Mailbox, Problem, Protocol, Report, Timeouts, TlsMode, TlsPolicy,
};
use whippet::mime::{Draft, Message};
use whippet::net::{Resolve, ResolveError, Way};
use whippet::smtp::SessionPolicy;
use whippet::sys::SeededRandom;

use crate::support::{Book, Certificate, Peer, Rules, Step};

/// All names lead to 127.0.0.1.
struct Loopback;

impl Resolve for Loopback {
    fn resolve(&self, _: &str, port: u16, _: Duration) -> Result<Vec<SocketAddr>, ResolveError> {
        Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
    }
}

/// Sends to a server with a certificate for this name, under the name `host`.
fn send_to_host(host: &str, name: &str) -> (Report, Book) {
    let peer = Peer::start(Certificate::for_names(&[name]), vec![vec![Step::Serve(Rules::healthy())]]);
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, peer.certificate().authority_pem()).unwrap();
    let limit = Duration::from_secs(20);
    let route = SmartHostRoute {
        host: host.to_owned(),
        port: peer.port(),
        way: Way::default(),
        tls: TlsPolicy { ca_file: Some(ca_file), ..TlsPolicy::new(TlsMode::StartTls) },
        session: SessionPolicy {
            protocol: Protocol::Smtp,
            tls: TlsMode::StartTls,
            hello_name: "client.test".to_owned(),
            credentials: None,
            mechanisms: Vec::new(),
            allow_plaintext_auth: false,
            rows: Vec::new(),
        },
        timeouts: Timeouts {
            connect: limit,
            greeting: limit,
            ehlo: limit,
            auth: limit,
            mail: limit,
            rcpt: limit,
            data: limit,
            body: limit,
            dot: limit,
        },
        reply_charset: None,
        max_messages: None,
        max_recipients: None,
    };
    let ann = Address::parse("ann@example.test").unwrap();
    let from = Mailbox { name: None, address: ann.clone() };
    let draft = Draft::new(from, jiff::Zoned::now(), "<1@example.test>".to_owned());
    let message = Message::compose(draft, &SeededRandom::new(1)).unwrap();
    let envelope = Envelope::new(Some(ann.clone()), [ann]).unwrap();
    let report = SmartHost { route: &route, resolve: &Loopback, transcript: None, secret: None }
        .deliver(&envelope, &message);
    (report, peer.finish())
}

#[test]
fn the_name_must_be_the_one_that_was_asked_for() {
    for (host, name, is_good) in [
        ("mail.x.test", "mail.x.test", true),
        ("MAIL.X.TEST", "mail.x.test", true),
        ("mail.x.test", "*.x.test", true),
        ("x.test", "*.x.test", false),
        ("a.mail.x.test", "*.x.test", false),
        ("foo.x.test", "f*.x.test", false),
        ("mail.x.test", "x.test", false),
        ("mail.x.test", "mail.x.test.evil.test", false),
        ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "127.0.0.2", false),
        ("127.0.0.1", "*.0.0.1", false),
    ] {
        let (report, book) = send_to_host(host, name);
        let outcome = &report.outcomes()[0];
        if is_good {
            assert_eq!(outcome.fate, Fate::Accepted, "{host} {name}: {}", outcome.sentence);
            assert_eq!(book.dots(), 1);
            continue;
        }
        assert_eq!(outcome.fate, Fate::Failed, "{host} {name}");
        assert!(
            matches!(outcome.problem, Some(Problem::Certificate(_))),
            "{host} {name}: {}",
            outcome.sentence
        );
        assert!(book.commands("MAIL").is_empty(), "{host} {name}");
    }
}
