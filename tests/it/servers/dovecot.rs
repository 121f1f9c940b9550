//! Dovecot's submission service in front of Postfix: it takes the login and the chunks, and offers BURL, which nobody
//! here says.

use super::{
    a_large_letter_to_three, arrived_whole, each_mechanism_with_a_good_and_a_wrong_password,
    texts_arrive_octet_for_octet,
};
use crate::support::{Account, Peers, outcomes};

fn submission(peers: &Peers) -> Account<'_> {
    Account::new(peers, peers.port("DOVECOT_PORT"), "starttls", "")
}

#[test]
fn a_large_letter_by_starttls_and_by_implicit_tls() {
    let Some(peers) = Peers::find() else { return };
    for (port, tls) in [("DOVECOT_PORT", "starttls"), ("DOVECOT_TLS_PORT", "implicit")] {
        let account = Account::new(&peers, peers.port(port), tls, "");
        let (ran, report) = a_large_letter_to_three(&account, "5.1.1 550");
        ran.says("S: 250-BURL imap").never_shows("C: BURL");
        ran.says(&format!("C: BDAT {} LAST\n", report["size"]));
        assert_eq!(report["session"]["mechanism"], "SCRAM-SHA-256");
    }
}

#[test]
fn texts_arrive_through_it() {
    let Some(peers) = Peers::find() else { return };
    texts_arrive_octet_for_octet(&submission(&peers));
}

#[test]
fn refusals_of_the_server_behind_it_are_told() {
    let Some(peers) = Peers::find() else { return };
    let account = submission(&peers);
    let people = ["later", "dan", "full", "moved"].map(|name| format!("{name}@example.test"));
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let (ran, report) = account.send("x\n", &people);
    ran.exits(75).says("come back later").says("mailbox full").says("the user moved, try <eve@example.test>");
    assert_eq!(
        outcomes(&report),
        [
            "later@example.test deferred rcpt 4.2.0 450",
            "dan@example.test accepted dot 2.0.0 250",
            "full@example.test deferred rcpt 4.2.2 452",
            "moved@example.test failed rcpt 5.1.6 551",
        ]
    );
    arrived_whole(&account, &report, &["dan"]);
}

#[test]
fn every_mechanism() {
    let Some(peers) = Peers::find() else { return };
    let mechanisms = ["PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256"];
    each_mechanism_with_a_good_and_a_wrong_password(&submission(&peers), &mechanisms, "535 5.7.8");
}

#[test]
fn what_it_does_not_offer_is_said() {
    let Some(peers) = Peers::find() else { return };
    let account = submission(&peers);
    let (ran, report) = account.send("x\n", &["--verbose", "用户@example.test"]);
    ran.exits(69).says("the server does not offer SMTPUTF8").never_shows("MAIL FROM");
    assert_eq!(outcomes(&report), ["用户@example.test failed mail 5.6.7 0"]);
    // A report is a wish: the mail goes without it.
    let (ran, report) = account.send("x\n", &["--dsn-notify", "success", "wang@example.test"]);
    ran.exits(0).says("the server does not offer DSN");
    arrived_whole(&account, &report, &["wang"]);
}
