//! OpenSMTPD: a server without PIPELINING, CHUNKING and SMTPUTF8, where every command waits for its reply.

use super::{
    a_large_letter_to_three, arrived_whole, each_refused_recipient_has_its_own_words,
    texts_arrive_octet_for_octet,
};
use crate::support::{Account, Peers, outcomes};

fn peers() -> Option<Peers> {
    Peers::find().map(|peers| peers.with_mail_of("OPENSMTPD"))
}

fn relay(peers: &Peers) -> Account<'_> {
    let toml = format!("host = \"127.0.0.1\"\nport = {}\ntls = \"none\"", peers.port("OPENSMTPD_PORT"));
    Account::plain(peers, &toml)
}

#[test]
fn a_large_letter_in_lockstep() {
    let Some(peers) = peers() else { return };
    let (ran, _) = a_large_letter_to_three(&relay(&peers), "5.1.1 550");
    ran.says("550 Invalid recipient: <nobody@example.test>").never_shows("BDAT");
    // Its reply stands behind each command, before the next.
    let transcript = ran.stderr();
    let turns: Vec<&str> = transcript.lines().filter(|line| line.starts_with(['C', 'S'])).collect();
    let mail = turns.iter().position(|line| line.starts_with("C: MAIL")).unwrap();
    let sides: String = turns[mail..].iter().map(|line| &line[..1]).collect();
    assert_eq!(sides, "CSCSCSCSCSSC", "{transcript}");
}

#[test]
fn texts_arrive() {
    let Some(peers) = peers() else { return };
    texts_arrive_octet_for_octet(&relay(&peers));
}

#[test]
fn refusals_are_told() {
    let Some(peers) = peers() else { return };
    each_refused_recipient_has_its_own_words(&relay(&peers));
}

#[test]
fn an_address_in_utf_8_is_not_for_it() {
    let Some(peers) = peers() else { return };
    let (ran, report) = relay(&peers).send("x\n", &["--verbose", "用户@example.test"]);
    ran.exits(69).says("the server does not offer SMTPUTF8").never_shows("MAIL FROM");
    assert_eq!(outcomes(&report), ["用户@example.test failed mail 5.6.7 0"]);
}

#[test]
fn a_report_of_success_comes_back() {
    let Some(peers) = peers() else { return };
    let account = relay(&peers);
    let subject = format!("success of {}", std::process::id());
    let words =
        ["--verbose", "--dsn-notify", "success", "--envid", "x y", "-s", &subject, "wang@example.test"];
    let (ran, report) = account.send("the text\n", &words);
    ran.exits(0).says("ENVID=x+20y").says("NOTIFY=SUCCESS ORCPT=rfc822;wang@example.test");
    arrived_whole(&account, &report, &["wang"]);
    let told = String::from_utf8(peers.wait_for_mail("dan", &subject).message).unwrap();
    assert!(told.contains("Final-Recipient: rfc822; wang@example.test"), "{told}");
    assert!(told.contains("Action: delivered"), "{told}");
}

#[test]
fn a_login_is_not_offered_and_not_gone_without() {
    let Some(peers) = peers() else { return };
    let account = Account::new(&peers, peers.port("OPENSMTPD_PORT"), "starttls", "");
    let (ran, _) = account.send("x\n", &["--verbose", "dan@example.test"]);
    ran.exits(78).says("the server does not offer STARTTLS").never_shows("MAIL FROM");
}
