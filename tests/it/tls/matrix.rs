//! Certificates of every kind against both policies. What a bad one gets is nothing; what a person is told about it
//! is kept as a snapshot.

#[path = "matrix/made.rs"]
mod made;

use super::{both_ways, no_login_came, report, send};
use crate::support::{Peer, Ran, Rules, Sandbox, Step};

use made::{Kind, NAME, kinds};

/// What a person is told: the reason, or that it was accepted.
fn told(ran: &Ran) -> String {
    let outcome = report(ran)["outcomes"][0].clone();
    match outcome["outcome"].as_str().unwrap() {
        "accepted" => "accepted".to_owned(),
        fate => format!("{fate} ({}): {}", ran.code().unwrap(), outcome["sentence"].as_str().unwrap()),
    }
}

/// Sends with TLS from the first octet and this key in the profile.
fn with_pin(kind: &Kind, pin: &str) -> (Ran, crate::support::Book) {
    let script = vec![Step::Tls, Step::Serve(Rules::healthy())];
    let peer = Peer::start(kind.certificate.clone(), vec![script]);
    let keys = format!("tls_server_name = \"{NAME}\"\ntls_pin = \"{pin}\"");
    let sandbox = Sandbox::securely_facing(&peer, "implicit", &keys);
    (send(&sandbox), peer.finish())
}

#[track_caller]
fn is_as_it_should(title: &str, is_good: bool, ran: &Ran, book: &crate::support::Book) {
    if is_good {
        ran.exits(0);
        assert_eq!(book.dots(), 1, "{title}");
    } else {
        no_login_came(book, ran);
        assert_eq!(ran.code(), Some(78), "{title}: {}", ran.stderr());
    }
}

#[test]
fn trust_anchors_names_and_dates() {
    let kinds = kinds();
    let bad = kinds.iter().filter(|kind| !kind.is_good).count();
    assert!(bad >= 30, "{bad}");
    let mut page = String::new();
    for kind in kinds {
        let mut words = Vec::new();
        for (peer, sandbox) in both_ways(&kind.certificate, &format!("tls_server_name = \"{NAME}\"")) {
            let ran = send(&sandbox);
            is_as_it_should(kind.title, kind.is_good, &ran, &peer.finish());
            words.push(told(&ran));
        }
        assert_eq!(words[0], words[1], "{}", kind.title);
        page.push_str(&format!("{}\n    {}\n", kind.title, words[0]));
    }
    check("certificates-verified", &page);
}

#[test]
fn pins() {
    let mut page = String::new();
    for kind in kinds() {
        let other = made::another_pin();
        let (ran, book) = with_pin(&kind, &other);
        is_as_it_should(kind.title, false, &ran, &book);
        let wrong = told(&ran);
        let (ran, book) = with_pin(&kind, &kind.certificate.pin());
        is_as_it_should(kind.title, kind.proves_its_key, &ran, &book);
        page.push_str(&format!("{}\n    pinned: {}\n    not pinned: {wrong}\n", kind.title, told(&ran)));
    }
    check("certificates-pinned", &page);
}

#[track_caller]
fn check(name: &str, page: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter("sha256:[0-9a-f]{64}", "sha256:…");
    settings.bind(|| insta::assert_snapshot!(name, page));
}
