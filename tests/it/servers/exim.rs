//! Exim: GnuTLS, replies in several lines without enhanced statuses, CHUNKING, SMTPUTF8, DSN, and a login by certificate.

use super::{
    a_large_letter_to_three, arrived_whole, each_mechanism_with_a_good_and_a_wrong_password,
    each_refused_recipient_has_its_own_words, texts_arrive_octet_for_octet,
};
use crate::support::{Account, Peers, judge, outcomes};

fn peers() -> Option<Peers> {
    Peers::find().map(|peers| peers.with_mail_of("EXIM"))
}

fn submission(peers: &Peers) -> Account<'_> {
    Account::new(peers, peers.port("EXIM_PORT"), "starttls", "")
}

#[test]
fn a_large_letter_by_starttls_and_by_implicit_tls() {
    let Some(peers) = peers() else { return };
    for (port, tls) in [("EXIM_PORT", "starttls"), ("EXIM_TLS_PORT", "implicit")] {
        let account = Account::new(&peers, peers.port(port), tls, "");
        let (ran, report) = a_large_letter_to_three(&account, "5.1.1 550");
        // More than what rides along with the envelope: the body waits for the replies, in one chunk.
        ran.says("550-no such user here").says(&format!("C: BDAT {} LAST\n", report["size"]));
        assert_eq!(report["session"]["mechanism"], "SCRAM-SHA-256");
        assert_eq!(report["session"]["tls"]["version"], "TLSv1.3");
    }
}

#[test]
fn its_relay_takes_no_chunks() {
    let Some(peers) = peers() else { return };
    let toml = format!("host = \"127.0.0.1\"\nport = {}\ntls = \"none\"", peers.port("EXIM_RELAY_PORT"));
    let account = Account::plain(&peers, &toml);
    let (ran, _) = a_large_letter_to_three(&account, "5.1.1 550");
    // Pipelined up to DATA: its replies come behind the last of the commands.
    ran.says("C: DATA\nS: 250 OK\n").never_shows("BDAT");
    texts_arrive_octet_for_octet(&account);
}

#[test]
fn texts_arrive() {
    let Some(peers) = peers() else { return };
    texts_arrive_octet_for_octet(&submission(&peers));
}

#[test]
fn refusals_are_told() {
    let Some(peers) = peers() else { return };
    each_refused_recipient_has_its_own_words(&submission(&peers));
}

#[test]
fn addresses_in_utf_8_are_served() {
    let Some(peers) = peers() else { return };
    let account = submission(&peers);
    let (ran, report) = account.send("你好\n", &["-s", "问候", "用户@example.test", "dan@example.test"]);
    ran.exits(0).quiet_on_stderr();
    let arrived = arrived_whole(&account, &report, &["yonghu", "dan"]);
    assert!(arrived[0].trace.contains("with utf8esmtpsa"), "{}", arrived[0].trace);
    let Some(judged) = judge(&[arrived[0].message.clone()]) else { return };
    assert_eq!(judged[0].addresses["to"][0].1, "用户@example.test");
    assert_eq!(judged[0].field("Subject"), Some("问候"));
}

#[test]
fn a_report_of_success_comes_back() {
    let Some(peers) = peers() else { return };
    let account = submission(&peers);
    let id = format!("exim-{}", std::process::id());
    let words = ["--dsn-notify", "success", "--dsn-return", "headers", "--envid", &id];
    let (ran, report) = account.send("the text\n", &[&words[..], &["wang@example.test"]].concat());
    ran.exits(0).quiet_on_stderr();
    arrived_whole(&account, &report, &["wang"]);
    let told = peers.wait_for_mail("dan", &format!("Original-Envelope-ID: {id}")).message;
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("Original-Recipient: rfc822;wang@example.test"), "{told}");
    assert!(told.contains("Action: delivered") && !told.contains("the text"), "{told}");
}

#[test]
fn every_mechanism() {
    let Some(peers) = peers() else { return };
    let account = submission(&peers);
    let mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"];
    each_mechanism_with_a_good_and_a_wrong_password(
        &account,
        &mechanisms,
        "535 Incorrect authentication data",
    );
}

#[test]
fn a_certificate_logs_in() {
    let Some(peers) = peers() else { return };
    let folder = peers.ca_file.parent().unwrap().display().to_string();
    let shown =
        format!("tls_client_cert = \"{folder}/client.pem\"\ntls_client_key = \"{folder}/client.key\"");
    for (port, tls) in [("EXIM_PORT", "starttls"), ("EXIM_TLS_PORT", "implicit")] {
        let more = format!("{shown}\nauth = \"external\"");
        let account = Account::new(&peers, peers.port(port), tls, &more);
        let (ran, report) = account.send("x\n", &["--verbose", "dan@example.test"]);
        ran.exits(0).says("C: AUTH EXTERNAL");
        assert_eq!(report["session"]["mechanism"], "EXTERNAL");
        arrived_whole(&account, &report, &["dan"]);
        // It is dan's, and wang is not served by it.
        let (ran, report) = account.send("x\n", &["--set", "username=wang@example.test", "dan@example.test"]);
        ran.exits(77).says("535 Incorrect authentication data");
        assert_eq!(report["session"]["mechanism"], "EXTERNAL");
    }
    // Without one the mechanism is not offered.
    let account = Account::new(&peers, peers.port("EXIM_TLS_PORT"), "implicit", "auth = \"external\"");
    let (ran, report) = account.send("x\n", &["--verbose", "dan@example.test"]);
    ran.exits(78).never_shows("C: AUTH").never_shows("MAIL FROM");
    assert_eq!(outcomes(&report).len(), 1);
}
