//! What Postfix makes of the wishes that it knows (DSN), and what becomes of those that it does not.

use super::{Account, outcomes};
use crate::support::Peers;

/// The text of the report that has come to dan and holds this mark, unfolded enough to be searched.
fn report_with(peers: &Peers, mark: &str) -> String {
    String::from_utf8_lossy(&peers.wait_for_mail("dan", mark).message).into_owned()
}

#[test]
fn a_report_of_success_comes_back_with_its_identifier() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::submission(&peers);
    let id = format!("run {} a+b=c", std::process::id());
    let words = ["--dsn-notify", "success", "--dsn-return", "headers", "--envid", &id, "-s", "dsn"];
    let (ran, report) = account.send("the text\n", &[&words[..], &["wang@example.test"]].concat());
    ran.exits(0).quiet_on_stderr();
    account.arrived(&report, &["wang"]);
    let text = report_with(&peers, &format!("Original-Envelope-Id: {id}"));
    assert!(text.contains("Original-Recipient: rfc822;wang@example.test"), "{text}");
    assert!(text.contains("Action: delivered") && text.contains("Status: 2.0.0"), "{text}");
    assert!(text.contains("text/rfc822-headers") && !text.contains("the text"), "{text}");
}

#[test]
fn a_recipient_in_utf_8_is_named_in_his_report() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::submission(&peers);
    let id = format!("utf8-{}", std::process::id());
    let words = ["--dsn-notify", "success", "--envid", &id, "-s", "问候", "用户@example.test"];
    let (ran, report) = account.send("你好\n", &words);
    ran.exits(0).quiet_on_stderr();
    account.arrived(&report, &["yonghu"]);
    let text = report_with(&peers, &format!("Original-Envelope-Id: {id}"));
    assert!(text.contains("Original-Recipient: utf-8;用户@example.test"), "{text}");
}

#[test]
fn no_report_is_asked_for_and_none_comes() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::new(&peers, peers.tls_port, "implicit", "dsn_notify = \"never\"");
    let (ran, _) = account.send("x\n", &["--verbose", "wang@example.test"]);
    ran.exits(0).says("RCPT TO:<wang@example.test> NOTIFY=NEVER ORCPT=rfc822;wang@example.test");
    // What is typed is stronger than what is set, and -e is typed.
    let words = ["--verbose", "-e", "set dsn_notify=delay dsn_return=hdrs", "wang@example.test"];
    let (ran, _) = account.send("x\n", &words);
    ran.exits(0).says(" RET=HDRS").says("NOTIFY=DELAY ORCPT");
}

#[test]
fn a_condition_that_postfix_does_not_know_stops_the_mail() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::submission(&peers);
    for (words, status, extension) in [
        (&["--require-tls"][..], "5.7.30", "REQUIRETLS"),
        (&["--deliver-by", "2h"], "5.3.3", "DELIVERBY"),
        (&["--hold-for", "1d"], "5.3.3", "FUTURERELEASE"),
        (&["--hold-until", "2030-01-31T08:00:00Z"], "5.3.3", "FUTURERELEASE"),
        (&["--priority", "3"], "5.3.3", "MT-PRIORITY"),
    ] {
        let (ran, report) = account.send("x\n", &[words, &["--verbose", "dan@example.test"]].concat());
        let words = format!("the server does not offer {extension}");
        ran.exits(69).says(&words).never_shows("MAIL FROM");
        assert_eq!(outcomes(&report), [format!("dan@example.test failed mail {status} 0")]);
    }
}
