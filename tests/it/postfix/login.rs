//! Each login mechanism against real Postfix and Dovecot, with a secret that is good and one that is not.

use super::{Account, outcomes};
use crate::support::Peers;

#[test]
fn a_wrong_password_is_said() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::submission(&peers);
    let wrong = account.sandbox.private_file("wrong", "not the password");
    let setting = format!("password_file={}", wrong.display());
    let (ran, report) = account.send("x\n", &["--set", &setting, "-s", "never", "dan@example.test"]);
    ran.exits(77).says("as dan@example.test").says("535 5.7.8").never_shows("not the password");
    assert_eq!(outcomes(&report), ["dan@example.test failed auth 5.7.8 535"]);
    assert!(peers.mail("dan", report["message_id"].as_str().unwrap()).is_empty());
}

#[test]
fn a_wrong_password_is_said_by_every_mechanism() {
    let Some(peers) = Peers::find() else { return };
    for name in ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"] {
        let more = format!("auth = [\"{}\", \"plain\"]", name.to_lowercase());
        let account = Account::new(&peers, peers.tls_port, "implicit", &more);
        let wrong = account.sandbox.private_file("wrong", "not the password");
        let setting = format!("password_file={}", wrong.display());
        let (ran, report) = account.send("x\n", &["--set", &setting, "--verbose", "dan@example.test"]);
        ran.exits(77).says("535 5.7.8").never_shows("not the password").never_shows("MAIL FROM");
        assert_eq!(report["session"]["mechanism"], name);
        assert_eq!(ran.stderr().matches("AUTH ").count() - ran.stderr().matches("250-AUTH ").count(), 1);
    }
}

#[test]
fn a_token_is_taken_while_it_is_good() {
    let Some(peers) = Peers::find() else { return };
    // What Dovecot says of a token that has expired, in the words of each mechanism.
    for (name, objection) in [("XOAUTH2", "status 401, scope mail"), ("OAUTHBEARER", "status invalid_token")]
    {
        let more = format!("auth = \"{}\"", name.to_lowercase());
        let account = Account::new(&peers, peers.submission_port, "starttls", &more);
        let token = format!("password_file={}", peers.token_file.display());
        let (ran, report) = account.send("x\n", &["--set", &token, "-s", name, "dan@example.test"]);
        ran.exits(0).quiet_on_stderr();
        assert_eq!(report["session"]["mechanism"], name);
        account.arrived(&report, &["dan"]);

        let expired = std::fs::read_to_string(&peers.expired_token_file).unwrap();
        let token = format!("password_file={}", peers.expired_token_file.display());
        let (ran, report) = account.send("x\n", &["--set", &token, "--verbose", "dan@example.test"]);
        ran.exits(77).says(&format!("the server does not take the token: {objection}"));
        ran.says("535 5.7.8").says("get a new access token").never_shows(expired.trim());
        assert_eq!(outcomes(&report), ["dan@example.test failed auth 5.7.8 535"]);
    }
}

#[test]
fn the_login_mechanism_can_be_chosen() {
    let Some(peers) = Peers::find() else { return };
    let password = std::fs::read_to_string(&peers.password_file).unwrap();
    for name in ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"] {
        let mechanism = name.to_lowercase();
        let more = format!("auth = \"{mechanism}\"");
        let account = Account::new(&peers, peers.tls_port, "implicit", &more);
        let (ran, report) = account.send("x\n", &["--verbose", "-s", &mechanism, "dan@example.test"]);
        ran.exits(0).says(&format!("AUTH {name}")).never_shows(password.trim());
        assert_eq!(report["session"]["mechanism"], name);
        assert!(account.arrived(&report, &["dan"])[0].trace.contains("ESMTPSA"));
    }
}
