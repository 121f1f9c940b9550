//! TLS: who gets a login and who does not. The servers have certificates of every bad kind, offer STARTTLS or pretend
//! to, and end TLS in order or not. What decides is what arrived there: no octet of a login, no MAIL.

mod names;
mod old;
mod policy;

use std::time::Duration;

use crate::support::{Book, Certificate, Peer, Ran, Rules, Sandbox, Step, What, raw, say};
use serde_json::Value;

/// `\0ann\0correct horse`, as PLAIN sends it.
const LOGIN: &str = "AGFubgBjb3JyZWN0IGhvcnNl";

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout()).unwrap()
}

fn send(sandbox: &Sandbox) -> Ran {
    sandbox.stdin("x\n").run(&["--json", "--verbose", "-s", "tls", "bob@example.test"])
}

/// Nothing that is secret and nothing of a mail came, in the clear or not.
#[track_caller]
fn no_login_came(book: &Book, ran: &Ran) {
    let allowed = |line: &String| line.starts_with("EHLO ") || line == "STARTTLS";
    assert!(book.lines().iter().all(allowed), "{:?}", book.lines());
    let heard = |what: &What| match what {
        What::Early(octets) | What::After(octets) => String::from_utf8_lossy(octets).into_owned(),
        What::Body { .. } | What::Counted { .. } => panic!("a message came"),
        _ => String::new(),
    };
    let octets: String = book.0.iter().map(|heard_| heard(&heard_.what)).collect();
    assert!(!octets.contains(LOGIN) && !octets.contains("AUTH") && !octets.contains("MAIL"), "{octets}");
    ran.never_shows("correct horse").never_shows(LOGIN);
}

/// A server of this kind behind STARTTLS and under TLS from the first octet, and a sandbox for each.
fn both_ways(certificate: &Certificate, more: &str) -> [(Peer, Sandbox); 2] {
    ["starttls", "implicit"].map(|tls| {
        let serve = Step::Serve(Rules::healthy());
        let script = if tls == "implicit" { vec![Step::Tls, serve] } else { vec![serve] };
        let peer = Peer::start(certificate.clone(), vec![script]);
        let sandbox = Sandbox::securely_facing(&peer, tls, more);
        (peer, sandbox)
    })
}

#[test]
fn a_good_certificate_gets_the_login() {
    for (peer, sandbox) in both_ways(&Certificate::good(), "") {
        let ran = send(&sandbox);
        ran.exits(0).says("AUTH PLAIN ***").never_shows(LOGIN);
        let tls = &report(&ran)["session"]["tls"];
        assert_eq!((&tls["version"], &tls["verified_name"]), (&"TLSv1.3".into(), &"127.0.0.1".into()));
        let book = peer.finish();
        assert_eq!((book.commands("AUTH"), book.dots()), (vec![format!("AUTH PLAIN {LOGIN}")], 1));
        assert!(book.lines_in_clear().iter().all(|line| line.starts_with("EHLO") || line == "STARTTLS"));
    }
}

#[test]
fn a_bad_certificate_gets_nothing() {
    let foreign = Certificate::good().authority_pem().to_owned();
    let bad = [
        (Certificate::expired(), None, "expired on 2020-02-01"),
        (Certificate::not_yet_valid(), None, "4000-01-01"),
        (Certificate::for_names(&["mail.another.test", "127.0.0.2"]), None, "mail.another.test"),
        (Certificate::self_signed(&["127.0.0.1"]), None, "signed by itself"),
        (Certificate::good(), Some(&foreign), "the authority of a test"),
        (Certificate::common_name_only(), None, "certificate"),
        (Certificate::for_clients(), None, "certificate"),
    ];
    for (certificate, trusted, words) in bad {
        for (peer, sandbox) in both_ways(&certificate, "") {
            if let Some(pem) = trusted {
                sandbox.file("../ca.pem", pem);
            }
            let ran = send(&sandbox);
            ran.exits(78).says("no secure connection to 127.0.0.1:").says(words);
            let outcome = report(&ran)["outcomes"][0].clone();
            assert_eq!(
                (&outcome["stage"], &outcome["outcome"]),
                (&"handshake".into(), &"failed".into()),
                "{words}"
            );
            no_login_came(&peer.finish(), &ran);
        }
    }
}

#[test]
fn trust_anchors_that_cannot_be_read_connect_to_nobody() {
    for (text, words) in
        [("", "no PEM certificate"), ("-----BEGIN CERTIFICATE-----\nAAAA\n", "cannot be read")]
    {
        for (peer, sandbox) in both_ways(&Certificate::good(), "") {
            sandbox.file("../ca.pem", text);
            send(&sandbox).exits(78).says("ca.pem").says(words);
            assert_eq!(peer.finish().connections(), 0);
        }
    }
}

#[test]
fn starttls_that_is_not_offered_or_refused_is_not_done_without() {
    let refused = |reply: &str| Rules::healthy().on("STARTTLS", [say(reply)]);
    for (rules, code, words) in [
        (Rules::healthy().offering(&["PIPELINING", "AUTH PLAIN LOGIN"]), 78, "does not offer STARTTLS"),
        (Rules::healthy().offering(&["XXXXXXXA", "AUTH PLAIN LOGIN"]), 78, "does not offer STARTTLS"),
        (Rules::healthy().on("EHLO", [say("502 5.5.1 say HELO")]), 69, "502 5.5.1 say HELO"),
        (refused("454 4.7.0 TLS not available"), 75, "454 4.7.0 TLS not available"),
        (refused("502 5.5.1 no such command"), 78, "502 5.5.1 no such command"),
        (refused("250 2.0.0 ok"), 76, "250"),
        (refused("354 go on"), 76, "354"),
    ] {
        let peer = Peer::serving(rules);
        let sandbox = Sandbox::securely_facing(&peer, "starttls", "");
        let ran = send(&sandbox);
        ran.exits(code).says(words);
        no_login_came(&peer.finish(), &ran);
    }
}

#[test]
fn what_is_said_behind_starttls_in_the_clear_is_an_attack() {
    for injected in [
        "220 go on\r\n250-peer.test\r\n250 AUTH PLAIN LOGIN\r\n",
        "220 go on\r\n250 ok\r\n",
        "220 go on\r\n235 2.7.0 welcome\r\n",
        "220 go on\r\n25",
        "220 go on\r\n\r\n",
    ] {
        let peer = Peer::serving(Rules::healthy().on("STARTTLS", [raw(injected), Step::Tls]));
        let sandbox = Sandbox::securely_facing(&peer, "starttls", "");
        let ran = send(&sandbox);
        ran.exits(76).says("sent in the clear behind the server's STARTTLS reply");
        let book = peer.finish();
        no_login_came(&book, &ran);
        assert!(!book.0.iter().any(|heard| heard.what == What::Secured(Ok(()))), "{injected:?}");
    }
    // In a segment of its own it may come before or behind the beginning of the handshake.
    let late = [say("220 go on"), Step::Wait(Duration::from_millis(50)), say("250 AUTH PLAIN"), Step::Tls];
    let peer = Peer::serving(Rules::healthy().on("STARTTLS", late));
    let ran = send(&Sandbox::securely_facing(&peer, "starttls", ""));
    assert!(matches!(ran.code(), Some(76 | 78)), "{}", ran.stderr());
    no_login_came(&peer.finish(), &ran);
}

#[test]
fn what_was_offered_in_the_clear_is_forgotten() {
    let clear = say("250-peer.test\n250-STARTTLS\n250-PIPELINING\n250-SIZE 1\n250 AUTH LOGIN");
    let rules =
        |secured: &str| Rules::healthy().on_nth("EHLO", 1, [clear.clone()]).on_nth("EHLO", 2, [say(secured)]);
    let peer = Peer::serving(rules("250-peer.test\n250-STARTTLS\n250 AUTH PLAIN"));
    let ran = send(&Sandbox::securely_facing(&peer, "starttls", ""));
    ran.exits(0);
    assert_eq!(report(&ran)["session"]["mechanism"], "PLAIN");
    let book = peer.finish();
    assert_eq!(book.commands("STARTTLS").len(), 1);
    assert!(!book.commands("MAIL")[0].contains("SIZE"), "{:?}", book.lines());

    let peer = Peer::serving(rules("250 peer.test"));
    let ran = send(&Sandbox::securely_facing(&peer, "starttls", ""));
    ran.exits(78).says("the server offers none");
    no_login_came(&peer.finish(), &ran);
}

#[test]
fn a_port_of_the_other_kind() {
    // A server that speaks first and in the clear, where TLS is expected; one of another trade; and the reverse.
    let http = [raw("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")];
    for script in [vec![Step::Serve(Rules::healthy())], http.to_vec()] {
        let peer = Peer::playing(script);
        let ran = send(&Sandbox::securely_facing(&peer, "implicit", ""));
        ran.exits(78).says("does not speak TLS");
        let book = peer.finish();
        let lines = book.lines().concat();
        assert!(!lines.contains(LOGIN) && !lines.contains("MAIL FROM"), "{lines}");
    }
    let peer = Peer::playing(http);
    let ran = send(&Sandbox::securely_facing(&peer, "starttls", ""));
    ran.exits(76).says("it may be no mail server");
    no_login_came(&peer.finish(), &ran);

    let peer = Peer::secured(Rules::healthy());
    let ran = send(&Sandbox::securely_facing(&peer, "starttls", "timeouts = \"1s\""));
    ran.exits(75).says("while waiting for the greeting");
    assert!(peer.finish().lines().is_empty());
}

#[test]
fn a_login_does_not_cross_the_network_in_the_clear() {
    let peer = Peer::serving(Rules::healthy());
    let sandbox = Sandbox::securely_facing(&peer, "none", "");
    let ran = send(&sandbox);
    ran.exits(78);
    no_login_came(&peer.finish(), &ran);
}

#[test]
fn the_end_of_tls_matters_before_the_last_reply_only() {
    for (end, code) in [
        (vec![say("250 2.0.0 accepted"), Step::Cut], 0),
        (vec![say("250 2.0.0 accepted"), Step::Reset], 0),
        (vec![Step::Cut], 75),
        (vec![Step::Close], 75),
        (vec![raw("250-2.0.0 acc"), Step::Cut], 75),
    ] {
        let peer = Peer::secured(Rules::healthy().on(".", end.clone()));
        let ran = send(&Sandbox::securely_facing(&peer, "implicit", ""));
        ran.exits(code);
        let outcome = &report(&ran)["outcomes"][0];
        assert_eq!(outcome["in_doubt"], code != 0, "{end:?}");
        assert_eq!(outcome["outcome"], if code == 0 { "accepted" } else { "deferred" }, "{end:?}");
        assert_eq!(peer.finish().dots(), 1);
    }
}

#[test]
fn tls_1_2_is_spoken_unless_the_profile_asks_for_more() {
    for (peer, sandbox) in both_ways(&Certificate::good_with_tls_1_2(), "") {
        let ran = send(&sandbox);
        ran.exits(0);
        assert_eq!(report(&ran)["session"]["tls"]["version"], "TLSv1.2");
        assert_eq!(peer.finish().dots(), 1);
    }
    for (peer, sandbox) in both_ways(&Certificate::good_with_tls_1_2(), "tls_min_version = \"1.3\"") {
        let ran = send(&sandbox);
        ran.exits(78).says("the TLS handshake failed");
        no_login_came(&peer.finish(), &ran);
    }
}

#[test]
fn the_environment_can_name_the_trust_store() {
    let peer = Peer::secured(Rules::healthy());
    let sandbox = Sandbox::new();
    let authority = sandbox.file("../ca.pem", peer.certificate().authority_pem());
    let port = peer.port();
    sandbox.profile(&format!(
        "host = \"127.0.0.1\"\nport = {port}\ntls = \"implicit\"\nfrom = \"ann@example.test\""
    ));
    let send =
        |store: &std::path::Path| sandbox.stdin("x\n").env("SSL_CERT_FILE", store).run(&["bob@example.test"]);
    send(&authority).exits(0);
    // A store that is named and is not there is no reason to trust another one.
    send(&sandbox.work().join("missing")).exits(78).says("this system has no trust anchors");
    assert_eq!(peer.finish().dots(), 1);
}
