//! What a profile may ask of TLS beside trust anchors: pins, another name, a certificate of our own.

use serde_json::Value;

use super::{both_ways, no_login_came, report, send};
use crate::support::{Certificate, Peer, Ran, Rules, Sandbox, Step};

/// A server under TLS and a sandbox with these keys and no trust anchors of its own.
fn pinned(certificate: &Certificate, keys: &str) -> (Peer, Sandbox) {
    let script = vec![Step::Tls, Step::Serve(Rules::healthy())];
    let peer = Peer::start(certificate.clone(), vec![script]);
    let sandbox = Sandbox::securely_facing(&peer, "implicit", keys);
    (peer, sandbox)
}

fn tls(ran: &Ran) -> Value {
    report(ran)["session"]["tls"].clone()
}

#[test]
fn a_pin_is_the_only_judge() {
    for certificate in [
        Certificate::good(),
        Certificate::self_signed(&["another.test"]),
        Certificate::expired(),
        Certificate::for_names(&[]),
    ] {
        for pin in [certificate.pin(), certificate.key_pin()] {
            let other = Certificate::good().pin();
            let (peer, sandbox) = pinned(&certificate, &format!("tls_pin = [\"{other}\", \"{pin}\"]"));
            let ran = send(&sandbox);
            ran.exits(0).says(&format!("certificate known by its pin {pin}"));
            assert_eq!(tls(&ran)["verified_by"], "pin");
            assert_eq!(tls(&ran)["anchors"], format!("the pin {pin}"));
            assert_eq!(peer.finish().dots(), 1);
        }
    }
}

#[test]
fn a_certificate_without_a_pin_gets_nothing_however_good_it_is() {
    let other = Certificate::good().pin();
    let certificate = Certificate::good();
    for (peer, sandbox) in both_ways(&certificate, &format!("tls_pin = \"{other}\"")) {
        let ran = send(&sandbox);
        ran.exits(78).says(&format!("is not the pinned one: its fingerprint is {}", certificate.pin()));
        ran.says("ask the server's owner");
        no_login_came(&peer.finish(), &ran);
    }
}

#[test]
fn a_pinned_certificate_proves_nothing_without_its_key() {
    let certificate = Certificate::stolen();
    for keys in [String::new(), format!("tls_pin = \"{}\"", certificate.pin())] {
        for (peer, sandbox) in both_ways(&certificate, &keys) {
            let ran = send(&sandbox);
            ran.exits(78).says("no secure connection");
            no_login_came(&peer.finish(), &ran);
        }
    }
}

#[test]
fn the_certificate_may_be_for_a_name_that_the_profile_tells() {
    let certificate = Certificate::for_names(&["mail.x.test"]);
    let (peer, sandbox) = pinned(&certificate, "tls_server_name = \"mail.x.test\"");
    let ran = send(&sandbox);
    ran.exits(0).says("certificate good for mail.x.test");
    assert_eq!(
        (&tls(&ran)["verified_name"], &tls(&ran)["verified_by"]),
        (&"mail.x.test".into(), &"ca_file".into())
    );
    assert_eq!(peer.finish().dots(), 1);

    let (peer, sandbox) = pinned(&Certificate::good(), "tls_server_name = \"mail.x.test\"");
    let ran = send(&sandbox);
    ran.exits(78).says("is not for mail.x.test, but for localhost, peer.test, 127.0.0.1");
    no_login_came(&peer.finish(), &ran);
}

#[test]
fn a_server_that_asks_who_we_are_is_told() {
    let mine = Certificate::for_clients();
    for separate in [true, false] {
        let (peer, sandbox) = pinned(
            &Certificate::good_among_friends(mine.authority_pem()),
            if separate { "tls_client_cert = \"me.pem\"\ntls_client_key = \"me.key\"" } else { "" },
        );
        let folder = sandbox.home().join(".config/whippet");
        sandbox.file(folder.join("me.pem"), mine.pem());
        sandbox.private_file(folder.join("me.key"), mine.key_pem());
        let both = sandbox.private_file("both.pem", format!("{}{}", mine.pem(), mine.key_pem()));
        let muttrc = format!("set ssl_client_cert={}", both.display());
        let words = ["--json", "--verbose", "-s", "tls", "bob@example.test"];
        let more = if separate { vec![] } else { vec!["-e", &muttrc] };
        sandbox.stdin("x\n").run(&[more, words.to_vec()].concat()).exits(0);
        assert_eq!(peer.finish().dots(), 1);
    }
}

#[test]
fn a_server_that_asks_who_we_are_and_is_not_told_says_so() {
    let friend = Certificate::for_clients();
    let (peer, sandbox) = pinned(&Certificate::good_among_friends(friend.authority_pem()), "");
    let ran = send(&sandbox);
    ran.says("the server wants a client certificate");
    assert_ne!(ran.code(), Some(0));
    no_login_came(&peer.finish(), &ran);
}

#[test]
fn a_key_that_others_can_read_connects_to_nobody() {
    let mine = Certificate::for_clients();
    let (peer, sandbox) = pinned(&Certificate::good(), "tls_client_cert = \"both.pem\"");
    let place = sandbox.home().join(".config/whippet/both.pem");
    sandbox.file(place, format!("{}{}", mine.pem(), mine.key_pem()));
    send(&sandbox)
        .exits(78)
        .says("other users can read or write it: chmod 600")
        .says("check `tls_client_cert`");
    assert_eq!(peer.finish().connections(), 0);
}
