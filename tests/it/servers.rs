//! Against the real servers beside Postfix: Exim, OpenSMTPD and Dovecot's submission service, each with its own words
//! and its own extensions, and against real proxies, programs and sockets on the way to a server.

mod binding;
mod dovecot;
mod exim;
mod opensmtpd;
mod ways;

use serde_json::Value;

use crate::support::{Account, Delivered, Ran, attachment, judge, noise, outcomes};

/// A letter of 25 MiB to two who are known and one who is not. `refusal` is how the outcome of the unknown one ends.
fn a_large_letter_to_three(account: &Account, refusal: &str) -> (Ran, Value) {
    let octets = noise(25 * 1024 * 1024);
    account.sandbox.file("报告 2026.pdf", &octets);
    let people = ["dan@example.test", "nobody@example.test", "wang@example.test"];
    let words = ["--verbose", "-s", "第一季度报告", "-a", "报告 2026.pdf", "--"];
    let (ran, report) = account.send("请查收。\n", &[&words[..], &people].concat());
    ran.exits(67)
        .says("whippet: not accepted for nobody@example.test: the server does not know this recipient\n")
        .says("accepted for dan@example.test, wang@example.test");
    let seen = outcomes(&report);
    assert_eq!(seen[1], format!("nobody@example.test failed rcpt {refusal}"));
    for (outcome, user) in [(&seen[0], "dan"), (&seen[2], "wang")] {
        assert_eq!(*outcome, format!("{user}@example.test accepted dot 2.0.0 250"));
    }
    let mut arrived = arrived_whole(account, &report, &["dan", "wang"]);
    assert!(arrived[0].message == arrived[1].message, "one of the two has not got what was sent");
    let message = arrived.remove(0).message;
    assert!(attachment(&message) == octets, "the attachment is not what was sent");
    if let Some(judged) = judge(&[message]) {
        assert_eq!(judged[0].field("Subject"), Some("第一季度报告"));
        assert_eq!(judged[0].names(), ["报告 2026.pdf"]);
        assert_eq!(judged[0].parts[0].text.as_deref(), Some("请查收。\r\n"));
        assert_eq!(judged[0].parts[1].size, octets.len());
    }
    (ran, report)
}

/// What has arrived for these users, each of the length that was sent.
#[track_caller]
fn arrived_whole(account: &Account, report: &Value, users: &[&str]) -> Vec<Delivered> {
    let own = |delivered: Delivered| {
        if delivered.message.starts_with(b"Received:") { delivered.with_one_more_hop() } else { delivered }
    };
    let arrived: Vec<Delivered> = account.arrived(report, users).into_iter().map(own).collect();
    for delivered in &arrived {
        assert_eq!(delivered.message.len() as u64, report["size"].as_u64().unwrap(), "{}", delivered.trace);
    }
    arrived
}

/// Texts that a server may spoil, one mail for each: dots, long lines, octets beyond ASCII, blanks at the end.
fn texts_arrive_octet_for_octet(account: &Account) {
    let texts = [
        "grüße, 你好, 😀\n".repeat(500),
        ".\n..\n...\n.x\n\n.\n".repeat(100),
        format!("{}\n{}\nend\n", "a".repeat(1000), "é".repeat(500)),
        "From me\n>From you\n.From\ntab\t \nblank at the end \n=20\n".to_owned(),
    ];
    for text in &texts {
        let (ran, report) = account.send(text, &["-s", "text", "dan@example.test"]);
        ran.exits(0).quiet_on_stderr();
        let arrived = arrived_whole(account, &report, &["dan"]).remove(0).message;
        let Some(judged) = judge(&[arrived]) else { return };
        assert!(judged[0].parts[0].text.as_deref().unwrap().replace("\r\n", "\n") == *text, "{text:.100}");
    }
}

/// Three who are refused, each in the words of this test's peers, and one who gets the mail.
fn each_refused_recipient_has_its_own_words(account: &Account) {
    let people = ["later", "dan", "full", "moved"].map(|name| format!("{name}@example.test"));
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let (ran, report) = account.send("x\n", &people);
    ran.exits(75)
        .says("450 4.2.0 come back later")
        .says("452 4.2.2 mailbox full")
        .says("551 5.1.6 the user moved, try <eve@example.test>")
        .says("accepted for dan@example.test");
    assert_eq!(
        outcomes(&report),
        [
            "later@example.test deferred rcpt 4.2.0 450",
            "dan@example.test accepted dot 2.0.0 250",
            "full@example.test deferred rcpt 4.2.2 452",
            "moved@example.test failed rcpt 5.1.6 551",
        ]
    );
    arrived_whole(account, &report, &["dan"]);
}

/// Each mechanism with the password, and with one that is wrong.
fn each_mechanism_with_a_good_and_a_wrong_password(account: &Account, mechanisms: &[&str], refusal: &str) {
    let password = account.peers.password();
    for name in mechanisms {
        let auth = format!("auth={}", name.to_lowercase());
        let words = ["--set", &auth, "--verbose", "-s", name, "dan@example.test"];
        let (ran, report) = account.send("x\n", &words);
        ran.exits(0).says(&format!("C: AUTH {name}")).never_shows(&password);
        assert_eq!(report["session"]["mechanism"], *name);
        if name.starts_with("SCRAM-") {
            // Passwords could be tried on a challenge.
            assert_eq!(ran.stderr().matches("S: 334 ***\n").count(), 2, "{}", ran.stderr());
        }
        arrived_whole(account, &report, &["dan"]);

        let wrong = account.sandbox.private_file("wrong", "not the password");
        let secret = format!("password_file={}", wrong.display());
        let (ran, report) = account.send("x\n", &[&["--set", &secret], &words[..]].concat());
        ran.exits(77).says(refusal).never_shows("not the password").never_shows("MAIL FROM");
        assert_eq!(report["session"]["mechanism"], *name);
    }
}
