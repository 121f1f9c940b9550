//! Against real Postfix with logins checked by Dovecot: what it takes arrives octet for octet, what it refuses is told
//! in its words, and nothing is said to a server that cannot prove who it is.

mod wishes;

mod login;

use serde_json::Value;

use crate::support::{Account, Peers, attachment, judge, noise, outcomes, reply};

/// The letter that mail programs of this class lose: two get it, the third is named with the server's words.
fn a_large_letter_to_three(peers: &Peers, port: u16, tls: &str) {
    let account = Account::new(peers, port, tls, "");
    let octets = noise(25 * 1024 * 1024);
    account.sandbox.file("报告 2026.pdf", &octets);
    let subject = format!("第一季度报告（{tls}）");
    let people = ["dan@example.test", "nobody@example.test", "wang@example.test"];
    let attach = ["-s", &subject, "-a", "报告 2026.pdf", "--"];
    let (ran, report) = account.send("请查收。\n", &[&attach[..], &people].concat());
    ran.exits(67)
        .says("whippet: not accepted for nobody@example.test: the server does not know this recipient\n")
        .says("550 5.1.1 <nobody@example.test>: Recipient address rejected")
        .says("accepted for dan@example.test, wang@example.test");
    assert_eq!(report["exit"], 67);
    assert_eq!(
        outcomes(&report),
        [
            "dan@example.test accepted dot 2.0.0 250",
            "nobody@example.test failed rcpt 5.1.1 550",
            "wang@example.test accepted dot 2.0.0 250"
        ]
    );
    assert!(reply(&report, "nobody@example.test").contains("5.1.1 <nobody@example.test>: Recipient address"));
    let session = &report["session"];
    assert_eq!(
        (&session["mechanism"], &session["username"]),
        (&"SCRAM-SHA-256".into(), &"dan@example.test".into())
    );
    assert_eq!(session["tls"]["version"], "TLSv1.3");
    assert_eq!(session["tls"]["verified_name"], "127.0.0.1");
    assert!(session["tls"]["cipher"].as_str().unwrap().starts_with("TLS13_"), "{session}");

    let delivered = account.arrived(&report, &["dan", "wang"]);
    for delivered in &delivered {
        assert!(attachment(&delivered.message) == octets, "the attachment is not what was sent");
        assert_eq!(delivered.message.len() as u64, report["size"].as_u64().unwrap());
        assert!(delivered.trace.starts_with("Return-Path: <dan@example.test>\n"), "{}", delivered.trace);
        assert!(delivered.trace.contains("with ESMTPSA id"), "{}", delivered.trace);
    }
    let messages: Vec<Vec<u8>> = delivered.into_iter().map(|delivered| delivered.message).collect();
    for judged in judge(&messages).unwrap_or_default() {
        assert_eq!(judged.field("Subject"), Some(subject.as_str()));
        assert_eq!(judged.addresses["from"], [("Dan 丹".to_owned(), "dan@example.test".to_owned())]);
        assert_eq!(judged.names(), ["报告 2026.pdf"]);
        assert_eq!(
            (judged.parts[1].size, judged.parts[1].media_type.as_str()),
            (octets.len(), "application/pdf")
        );
        assert_eq!(judged.parts[0].text.as_deref(), Some("请查收。\r\n"));
    }
}

#[test]
fn a_large_letter_to_three_by_starttls() {
    let Some(peers) = Peers::find() else { return };
    a_large_letter_to_three(&peers, peers.submission_port, "starttls");
}

#[test]
fn a_large_letter_to_three_by_implicit_tls() {
    let Some(peers) = Peers::find() else { return };
    a_large_letter_to_three(&peers, peers.tls_port, "implicit");
}

#[test]
fn each_refused_recipient_has_its_own_words_and_the_others_the_mail() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::submission(&peers);
    let people = ["later", "dan", "full", "moved", "wang"].map(|name| format!("{name}@example.test"));
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let (ran, report) = account.send("x\n", &[&["-s", "five", "--"], &people[..]].concat());
    // Two of them can have it later, so this is not final.
    ran.exits(75)
        .says("450 4.2.0 <later@example.test>: Recipient address rejected: come back later")
        .says("452 4.2.2 <full@example.test>: Recipient address rejected: mailbox full")
        .says("551 5.1.6 <moved@example.test>: Recipient address rejected: the user moved, try <eve@example.test>")
        .says("accepted for dan@example.test, wang@example.test");
    assert_eq!(
        outcomes(&report),
        [
            "later@example.test deferred rcpt 4.2.0 450",
            "dan@example.test accepted dot 2.0.0 250",
            "full@example.test deferred rcpt 4.2.2 452",
            "moved@example.test failed rcpt 5.1.6 551",
            "wang@example.test accepted dot 2.0.0 250",
        ]
    );
    account.arrived(&report, &["dan", "wang"]);
    // Nobody is left to go to: final, and nothing is sent.
    let (ran, report) = account.send("x\n", &["moved@example.test", "nobody@example.test"]);
    ran.exits(67).never_shows("whippet: accepted for");
    assert_eq!(report["outcomes"].as_array().unwrap().len(), 2);
}

#[test]
fn a_message_over_the_servers_limit_is_not_begun() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::submission(&peers);
    let file = std::fs::File::create(account.sandbox.work().join("large")).unwrap();
    file.set_len(80 * 1024 * 1024).unwrap();
    let (ran, report) = account.send("x\n", &["--verbose", "-a", "large", "--", "dan@example.test"]);
    ran.exits(69).says("and the server takes at most 104857600").never_shows("MAIL FROM").never_shows("DATA");
    assert_eq!(outcomes(&report), ["dan@example.test failed mail 5.3.4 0"]);
}

#[test]
fn a_relay_without_login_and_tls() {
    let Some(peers) = Peers::find() else { return };
    let toml = format!("host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n", peers.plain_port);
    let account = Account::plain(&peers, &toml);
    let (ran, report) =
        account.send("in the clear\n", &["-s", "plain", "dan@example.test", "eve@example.test"]);
    ran.exits(0).quiet_on_stderr();
    assert_eq!((&report["session"]["tls"], &report["session"]["mechanism"]), (&Value::Null, &Value::Null));
    account.arrived(&report, &["dan", "eve"]);
    // It offers no login and no TLS: a profile that wants them does not go on without.
    let account = Account::new(&peers, peers.plain_port, "starttls", "");
    let (ran, report) = account.send("x\n", &["dan@example.test"]);
    ran.exits(78).says("the server does not offer STARTTLS");
    assert_eq!(outcomes(&report), ["dan@example.test failed starttls 5.0.0 0"]);
}

#[test]
fn servers_that_cannot_prove_who_they_are_get_no_login() {
    let Some(peers) = Peers::find() else { return };
    let bad = [(peers.expired_port, "expired on 2020-02-01"), (peers.wrong_name_port, "another.test")];
    for (port, words) in bad {
        let account = Account::new(&peers, port, "starttls", "");
        let (ran, report) = account.send("x\n", &["--verbose", "dan@example.test"]);
        ran.exits(78).says(words).never_shows("AUTH PLAIN ***").never_shows("MAIL FROM");
        assert_eq!(outcomes(&report), ["dan@example.test failed handshake 5.7.5 0"]);
    }
}

#[test]
fn texts_arrive_octet_for_octet() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::submission(&peers);
    let texts = [
        "grüße, 你好, 😀\n".repeat(500),
        ".\n..\n...\n.x\n\n.\n".repeat(100),
        format!("{}\n{}\nend\n", "a".repeat(1000), "é".repeat(500)),
        format!("{}\n", "b".repeat(998)),
        format!("{}\n", ".".repeat(1_000_000)),
        "From me\n>From you\n.From\n".to_owned(),
        "tab\t \nblank at the end \n=20\n".to_owned(),
    ];
    let sent: Vec<Value> = texts
        .iter()
        .map(|text| {
            let (ran, report) = account.send(text, &["-s", "text", "dan@example.test"]);
            ran.exits(0).quiet_on_stderr();
            report
        })
        .collect();
    let arrived =
        sent.iter().map(|report| account.arrived(report, &["dan"]).remove(0).message).collect::<Vec<_>>();
    for (text, message) in texts.iter().zip(&arrived) {
        let parsed = mail_parser::MessageParser::default().parse(message).unwrap();
        let read = parsed.body_text(0).unwrap().replace("\r\n", "\n");
        assert!(read == *text, "{:.100}\nis not\n{:.100}", read, text);
    }
    for (text, judged) in texts.iter().zip(judge(&arrived).unwrap_or_default()) {
        assert!(judged.parts[0].text.as_deref().unwrap().replace("\r\n", "\n") == *text, "{text:.100}");
    }
}

#[test]
fn names_of_people_arrive() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::submission(&peers);
    let arguments = [
        "-s",
        "🐕 快",
        "-c",
        "👩‍💻 夏娃 <eve@example.test>",
        "王先生 <wang@example.test>",
        "\"D, an\" <dan@example.test>",
    ];
    let (ran, report) = account.send("x\n", &arguments);
    ran.exits(0).quiet_on_stderr();
    account.arrived(&report, &["dan", "wang", "eve"]);
    let Some(judged) = account.judged(&report, "wang") else { return };
    let pair = |name: &str, address: &str| (name.to_owned(), address.to_owned());
    assert_eq!(
        judged.addresses["to"],
        [pair("王先生", "wang@example.test"), pair("D, an", "dan@example.test")]
    );
    assert_eq!(judged.addresses["cc"], [pair("👩‍💻 夏娃", "eve@example.test")]);
    assert_eq!(judged.field("Subject"), Some("🐕 快"));
}

#[test]
fn an_address_in_utf_8_is_served() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::submission(&peers);
    let (ran, report) = account.send("你好\n", &["-s", "问候", "用户@example.test", "dan@example.test"]);
    ran.exits(0).quiet_on_stderr();
    account.arrived(&report, &["yonghu", "dan"]);
    let Some(judged) = account.judged(&report, "yonghu") else { return };
    let addresses: Vec<&str> = judged.addresses["to"].iter().map(|(_, address)| address.as_str()).collect();
    assert_eq!(addresses, ["用户@example.test", "dan@example.test"]);
}

#[test]
fn a_hidden_recipient_stays_hidden() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::submission(&peers);
    let (ran, report) =
        account.send("x\n", &["-s", "open", "-b", "Eve <eve@example.test>", "dan@example.test"]);
    ran.exits(0);
    for delivered in account.arrived(&report, &["dan", "eve"]) {
        let message = String::from_utf8(delivered.message).unwrap();
        assert!(!message.to_lowercase().contains("bcc") && !message.contains("eve@"), "{message}");
    }
    let (ran, report) = account.send("x\n", &["-b", "eve@example.test"]);
    ran.exits(0);
    let judged = account.judged(&report, "eve");
    assert!(judged.is_none_or(|judged| judged.field("To") == Some("undisclosed-recipients:;")));
}

#[test]
fn three_hundred_recipients_each_have_their_outcome() {
    let Some(peers) = Peers::find() else { return };
    let account = Account::submission(&peers);
    let mut people: Vec<String> = (0..297).map(|number| format!("nobody{number}@example.test")).collect();
    for (at, name) in [(0, "dan"), (150, "wang"), (299, "eve")] {
        people.insert(at, format!("{name}@example.test"));
    }
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let (ran, report) = account.send("x\n", &people);
    ran.exits(67);
    let outcomes = outcomes(&report);
    assert_eq!(outcomes.len(), 300);
    for (recipient, outcome) in people.iter().zip(&outcomes) {
        let end =
            if recipient.starts_with("nobody") { "failed rcpt 5.1.1 550" } else { "accepted dot 2.0.0 250" };
        assert_eq!(*outcome, format!("{recipient} {end}"));
        assert!(!recipient.starts_with("nobody") || reply(&report, recipient).contains(recipient));
    }
    account.arrived(&report, &["dan", "wang", "eve"]);
}
