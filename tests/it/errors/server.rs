//! Errors before the login: the name, the port, the first words, TLS.

use std::net::{SocketAddr, TcpListener, TcpStream};

use super::inside::{Names, PROFILE};
use super::{Inside, Page};
use crate::support::{Certificate, Peer, Rules, Step, hear, raw, say};

const WORDS: [&str; 3] = ["-s", "Backup", "ann@example.com"];
const NAME: &str = "smtp.example.org";

fn profile(more: &str) -> String {
    format!("{PROFILE}{more}\n")
}

/// A port of this machine that takes no connection: its queue is full, and nobody answers.
struct Deaf {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Deaf {
    fn new() -> Deaf {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // A second listen(2) changes the length of the queue: one connection fits, maybe two.
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(socket) = TcpStream::connect_timeout(&address, std::time::Duration::from_millis(100)) {
            waiting.push(socket);
            assert!(waiting.len() < 100, "the queue does not fill");
        }
        Deaf { address, _listener: listener, _waiting: waiting }
    }
}

#[test]
fn the_way_there() {
    let mut page = Page::default();
    let mut inside = Inside::with_profile(&profile("timeouts.connect = \"1s\""));
    page.run("the name of the server is wrong", &inside, &WORDS);
    inside.names = Names::CannotBeLookedUp;
    page.run("the network is down", &inside, &WORDS);
    inside.names = Names::LeadTo(([127, 0, 0, 1], Peer::closed_port()).into());
    page.run("nothing listens at the port", &inside, &WORDS);
    let deaf = Deaf::new();
    inside.names = Names::LeadTo(deaf.address);
    page.run("a firewall swallows everything", &inside, &WORDS);
    inside.sandbox.profile(&profile("port = 2525\ntls = \"none\"\nallow_plaintext_auth = true"));
    inside.names = Names::LeadTo(([127, 0, 0, 1], Peer::closed_port()).into());
    page.run("nothing listens at the port of the profile", &inside, &WORDS);
    inside.sandbox.profile(&profile("ip_family = \"6\""));
    page.run("no address of the family", &inside, &WORDS);
    inside.sandbox.profile(&profile("source_address = \"192.0.2.7\""));
    page.run("source_address is not one of this machine", &inside, &WORDS);
    page.check("server-way-there");
}

#[test]
fn the_first_words() {
    let mut page = Page::default();
    let mut case = |title: &str, more: &str, script: Vec<Step>| {
        let peer = Peer::start(Certificate::for_names(&[NAME]), vec![script]);
        let inside = Inside::facing(&peer, &profile(&format!("{more}\ntimeouts = \"1s\"")));
        page.run(title, &inside, &WORDS);
    };
    let silent = vec![Step::Silence];
    case("the server says nothing, STARTTLS", "port = 587", silent.clone());
    case(
        "the server says nothing, no TLS",
        "port = 25\ntls = \"none\"\nallow_plaintext_auth = true",
        silent.clone(),
    );
    case("the server says nothing, implicit TLS", "", silent);
    let serve = Step::Serve(Rules::healthy());
    case(
        "STARTTLS at a port with implicit TLS",
        "port = 465\ntls = \"starttls\"",
        vec![Step::Tls, serve.clone()],
    );
    case("implicit TLS at a port with STARTTLS", "port = 587\ntls = \"implicit\"", vec![serve]);
    let web = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    case("a web server, STARTTLS", "port = 80", vec![raw(web)]);
    case("a web server, implicit TLS", "port = 80\ntls = \"implicit\"", vec![raw(web)]);
    case("not welcome", "port = 587", vec![say("554 5.7.1 No access from 192.0.2.7")]);
    case("too busy", "port = 587", vec![say("421 4.3.2 Too many connections")]);
    case("closed at once", "port = 587", vec![Step::Close]);
    case("closed at once, implicit TLS", "", vec![Step::Close]);
    case("closed after EHLO", "port = 587", vec![say("220 hello"), hear(), Step::Close]);
    page.check("server-first-words");
}

#[test]
fn lmtp() {
    let mut page = Page::default();
    let mut case = |title: &str, more: &str, people: &[&str], rules: Rules| {
        let start = format!("host = \"{NAME}\"\nprotocol = \"lmtp\"\nfrom = \"you@example.org\"\n");
        let peer = Peer::serving(rules.offering(&["PIPELINING"]));
        page.run(title, &Inside::facing(&peer, &format!("{start}{more}\n")), people);
    };
    let one = ["ann@example.com"];
    case("no port", "", &one, Rules::healthy());
    case("the port of SMTP", "port = 25", &one, Rules::healthy());
    case("no TLS where TLS is the rule", "port = 24", &one, Rules::healthy());
    let clear = "port = 24\ntls = \"none\"";
    case("SMTP", clear, &one, Rules::healthy().on("LHLO", [say("502 5.5.2 what?")]));
    let login = format!("{clear}\nusername = \"you\"\npassword_command = \"echo canary\"");
    case("a login in the clear", &login, &one, Rules::healthy());
    let permitted = format!("{login}\nallow_plaintext_auth = true");
    case("a login that is not offered", &permitted, &one, Rules::healthy());
    let three = ["ann@example.com", "bob@example.com", "eve@example.com"];
    let finals = |steps: &[Step]| Rules::healthy().on(".", steps);
    let replies = [say("250 2.0.0 saved"), say("552 5.2.2 mailbox full"), say("451 4.3.0 try later")];
    case("three replies", clear, &three, finals(&replies));
    case("one reply for three", clear, &three, finals(&[say("250 2.0.0 saved"), Step::Close]));
    page.check("server-lmtp");
}

#[test]
fn certificates() {
    let mut page = Page::default();
    let mut case = |title: &str, certificate: Certificate| {
        let peer = Peer::start(certificate, vec![vec![Step::Tls, Step::Serve(Rules::healthy())]]);
        page.run(title, &Inside::facing(&peer, PROFILE), &WORDS);
        assert_eq!(peer.finish().lines(), Vec::<String>::new(), "nothing is said to a stranger");
    };
    case("signed by itself", Certificate::self_signed(&[NAME]));
    case("signed by itself, as an authority", Certificate::authority_as_server());
    case("expired", Certificate::expired_for(&[NAME]));
    case("for other names", Certificate::for_names(&["mail.example.net", "www.example.net"]));
    case("for no name", Certificate::for_names(&[]));

    let peer = Peer::start(Certificate::for_names(&[NAME]), vec![vec![Step::Tls]]);
    let inside = Inside::facing(&peer, &profile(&format!("tls_pin = \"{}\"", Certificate::good().pin())));
    page.run("another than the pinned one", &inside, &WORDS);
    let inside = Inside::facing(&peer, &profile("tls_client_cert = \"me.pem\""));
    page.run("no client certificate where it should be", &inside, &WORDS);
    let inside = Inside::facing(&peer, PROFILE);
    let trust =
        |pem: &str| std::fs::write(inside.sandbox.home().join(".config/whippet/ca.pem"), pem).unwrap();
    trust(Certificate::self_signed(&["another.example"]).pem());
    page.run("signed by somebody unknown", &inside, &WORDS);
    trust(Certificate::good().authority_pem());
    page.run("signed by another key of a known name", &inside, &WORDS);
    trust("no PEM\n");
    page.run("tls_ca_file without a certificate", &inside, &WORDS);
    std::fs::remove_file(inside.sandbox.home().join(".config/whippet/ca.pem")).unwrap();
    page.run("tls_ca_file missing", &inside, &WORDS);
    page.check("server-certificates");
}

#[test]
fn starttls() {
    let mut page = Page::default();
    let mut case = |title: &str, rules: Rules| {
        let peer = Peer::start(Certificate::for_names(&[NAME]), vec![vec![Step::Serve(rules)]]);
        page.run(title, &Inside::facing(&peer, &profile("port = 587")), &WORDS);
    };
    let healthy = Rules::healthy;
    case("not offered", healthy().offering(&["AUTH PLAIN"]));
    case("refused", healthy().on("STARTTLS", [say("502 5.5.1 not here")]));
    case("not now", healthy().on("STARTTLS", [say("454 4.7.0 TLS not available")]));
    case("something injected", healthy().on("STARTTLS", [raw("220 go\r\n250 OK\r\n")]));
    page.check("server-starttls");
}
