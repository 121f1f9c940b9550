//! LMTP: each recipient that was taken has a reply of its own to the message, from scripted servers and from Dovecot's.

use serde_json::Value;

use crate::support::{Peer, Peers, Ran, Rules, Sandbox, Step, hear, say};

const THREE: [&str; 3] = ["dan@example.test", "eve@example.test", "wang@example.test"];

/// A profile for LMTP to this port; TLS is left to what is built in.
fn facing(port: u16, more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let place = format!("host = \"127.0.0.1\"\nprotocol = \"lmtp\"\nport = {port}\n");
    sandbox.profile(&format!("{place}from = \"ann@example.test\"\n{more}\n"));
    sandbox
}

#[track_caller]
fn send(sandbox: &Sandbox, arguments: &[&str]) -> (Ran, Value) {
    let ran = sandbox.stdin("hello\n").run(&[&["--json", "--verbose"], arguments].concat());
    let report = serde_json::from_str(&ran.stdout());
    let report = report.unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.stdout(), ran.stderr()));
    (ran, report)
}

/// One line per recipient: `accepted dot 250`, and whether it is in doubt.
fn outcomes(report: &Value) -> Vec<String> {
    let row = |outcome: &Value| {
        let text = |key: &str| outcome[key].as_str().unwrap().to_owned();
        let code = outcome["reply"]["code"].as_u64().unwrap_or_default();
        let doubt = if outcome["in_doubt"] == true { " in doubt" } else { "" };
        format!("{} {} {code}{doubt}", text("outcome"), text("stage"))
    };
    report["outcomes"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn each_recipient_has_its_own_reply() {
    let finals = [say("250 2.0.0 dan has it"), say("552 5.2.2 eve is full"), say("250 2.0.0 wang has it")];
    let peer = Peer::serving(Rules::healthy().on(".", finals));
    let (ran, report) = send(&facing(peer.port(), ""), &THREE);
    ran.exits(69)
        .says("the server said: 552 5.2.2 eve is full")
        .says("accepted for dan@example.test, wang@example.test")
        .says("send again only to the others");
    assert_eq!(outcomes(&report), ["accepted dot 250", "failed dot 552", "accepted dot 250"]);
    assert_eq!(report["outcomes"][2]["reply"]["text"], "2.0.0 wang has it");
    assert_eq!((&report["session"]["protocol"], &report["session"]["tls"]), (&"lmtp".into(), &Value::Null));
    let book = peer.finish();
    let lines = book.lines();
    assert!(lines[0].starts_with("LHLO ") && lines[1].starts_with("MAIL FROM"), "{lines:?}");
    assert_eq!((lines.last().unwrap().as_str(), book.dots()), ("QUIT", 1));
}

#[test]
fn all_is_well() {
    let finals = [say("250 2.0.0 one\n250 2.0.0 two\n250 2.0.0 three")];
    let peer = Peer::serving(Rules::healthy().on(".", finals));
    let (ran, report) = send(&facing(peer.port(), ""), &THREE);
    ran.exits(0).never_shows("whippet:");
    assert_eq!(outcomes(&report), ["accepted dot 250"; 3]);
    assert_eq!(peer.finish().lines().last().unwrap(), "QUIT");
}

#[test]
fn who_has_no_reply_is_in_doubt_and_what_was_heard_stands() {
    for (end, rest) in [
        (vec![Step::Close], "deferred dot 0 in doubt"),
        (vec![Step::Reset], "deferred dot 0 in doubt"),
        (vec![say("999 what")], "deferred dot 0 in doubt"),
        (vec![say("354 go on")], "deferred dot 354 in doubt"),
        (vec![say("250-half"), Step::Close], "deferred dot 0 in doubt"),
    ] {
        let finals = [vec![say("550 5.7.1 not for dan"), say("250 2.0.0 eve has it")], end.clone()].concat();
        let peer = Peer::serving(Rules::healthy().on(".", finals));
        let people = [&THREE[..], &["zoe@example.test"]].concat();
        let (ran, report) = send(&facing(peer.port(), ""), &people);
        let wanted = ["failed dot 550", "accepted dot 250", rest, rest];
        assert_eq!(outcomes(&report), wanted, "{end:?}");
        ran.exits(75).says("sending again may duplicate").says("perhaps not accepted for");
        assert_eq!(peer.finish().connections(), 1);
    }
}

#[test]
fn a_server_that_goes_between_its_replies() {
    let finals = [say("250 2.0.0 dan has it"), say("421 4.3.2 good night"), Step::Close];
    let peer = Peer::serving(Rules::healthy().on(".", finals));
    let (ran, report) = send(&facing(peer.port(), ""), &THREE);
    ran.exits(75);
    assert_eq!(outcomes(&report), ["accepted dot 250", "deferred dot 421", "deferred dot 0 in doubt"]);
}

#[test]
fn nobody_is_taken() {
    let refusing = || Rules::healthy().on("RCPT", [say("550 5.1.1 who?")]);
    for (data, quits) in [(say("503 5.5.1 no recipients"), true), (say("354 go on"), false)] {
        let script = if quits { vec![data] } else { vec![data, Step::Body, hear()] };
        let peer = Peer::serving(refusing().on("DATA", script));
        let (ran, report) = send(&facing(peer.port(), ""), &THREE);
        ran.exits(67);
        assert_eq!(outcomes(&report), ["failed rcpt 550"; 3]);
        let book = peer.finish();
        assert_eq!(book.lines().last().unwrap() == "QUIT", quits, "{:?}", book.lines());
        assert!(book.bodies().iter().all(Vec::is_empty));
    }
}

#[test]
fn a_login_never_goes_in_the_clear_of_its_own() {
    let peer = Peer::healthy();
    let sandbox = facing(peer.port(), "username = \"ann\"\npassword_env = \"PASSWORD\"");
    let call = sandbox.stdin("x\n").env("PASSWORD", "canary");
    let ran = call.run(&["--verbose", "dan@example.test"]);
    ran.exits(78).says("the password would cross the network in the clear").never_shows("canary");
    let lines = peer.finish().lines();
    assert!(lines.iter().all(|line| line.starts_with("LHLO")), "{lines:?}");
}

#[test]
fn the_wrong_protocol_and_the_wrong_port_are_told() {
    let unknown = |word: &str| Rules::healthy().on(word, [say("500 5.5.2 what?")]);
    let peer = Peer::serving(unknown("LHLO"));
    let (ran, _) = send(&facing(peer.port(), ""), &["dan@example.test"]);
    ran.exits(69).says("a server that does not know LHLO speaks SMTP, not LMTP: check `protocol`");
    assert!(!peer.finish().lines().iter().any(|line| line.starts_with("HELO")));
    let peer = Peer::serving(unknown("EHLO").on("HELO", [say("500 5.5.2 what?")]));
    let sandbox = Sandbox::facing(peer.port(), "");
    send(&sandbox, &["dan@example.test"]).0.exits(69).says("may speak LMTP: then set protocol = \"lmtp\"");

    let sandbox = Sandbox::new();
    sandbox.profile("host = \"mail.example.test\"\nprotocol = \"lmtp\"\nfrom = \"ann@example.test\"\n");
    let ran = sandbox.stdin("x\n").run(&["dan@example.test"]);
    ran.exits(78).says("config.toml:2: LMTP has no port of its own; set `port`").says("24 is usual");
    let ran = sandbox.stdin("x\n").run(&["--smtp", "lmtp://mail.example.test:25", "dan@example.test"]);
    ran.exits(64).says("port 25 is SMTP's");
}

/// The real servers, with the Maildirs and the log of the one that speaks LMTP.
fn dovecot() -> Option<Peers> {
    Peers::find().map(|peers| peers.with_mail_of("LMTP"))
}

/// To Dovecot: two get the letter octet for octet, a third is not known, a fourth cannot be served now.
fn a_letter_to_dovecot(peers: &Peers, place: &str, length: usize, secured: bool) {
    let sandbox = Sandbox::new();
    let text = ".\n..\nline of the letter\n\n.\n".repeat(length / 26);
    let people = ["dan@example.test", "nobody@example.test", "wang@example.test"];
    let ca_file = format!("tls_ca_file={}", peers.ca_file.display());
    let set =
        ["--set", "from=ann@example.test", "--set", &ca_file, "--smtp", place, "--json", "-s", "LMTP 信"];
    let call = |people: &[&str]| {
        let ran = sandbox.stdin(&text).run(&[&set[..], &["--"], people].concat());
        let report: Value = serde_json::from_str(&ran.stdout()).unwrap();
        (ran, report)
    };
    let (ran, report) = call(&people);
    ran.exits(67).says("550 5.1.1 <nobody@example.test>");
    assert_eq!(outcomes(&report), ["accepted dot 250", "failed rcpt 550", "accepted dot 250"]);
    assert_eq!(report["session"]["protocol"], "lmtp");
    assert_eq!(report["session"]["tls"].is_object(), secured);
    for (index, user) in [(0, "dan"), (2, "wang")] {
        let reply = report["outcomes"][index]["reply"]["text"].as_str().unwrap();
        assert!(reply.contains(&format!("<{user}@example.test>")), "{reply}");
        let delivered = peers.wait_for_mail(user, report["message_id"].as_str().unwrap());
        assert!(delivered.trace.contains("with LMTP"), "{}", delivered.trace);
        assert_eq!(delivered.message.len() as u64, report["size"].as_u64().unwrap());
        let parsed = mail_parser::MessageParser::default().parse(&delivered.message).unwrap();
        assert!(parsed.body_text(0).unwrap().replace("\r\n", "\n") == text, "the text has changed");
        assert_eq!(parsed.subject(), Some("LMTP 信"));
    }
    // The folder of this one cannot be made: Dovecot finds out when it has the message.
    let (ran, report) = call(&["dan@example.test", "stuck@example.test", "wang@example.test"]);
    ran.exits(75).says("accepted for dan@example.test, wang@example.test");
    assert_eq!(outcomes(&report), ["accepted dot 250", "deferred dot 451", "accepted dot 250"]);
    let mark = report["message_id"].as_str().unwrap();
    for user in ["dan", "wang"] {
        peers.wait_for_mail(user, mark);
    }
}

#[test]
fn dovecot_at_a_port() {
    let Some(peers) = dovecot() else { return };
    a_letter_to_dovecot(&peers, &format!("lmtp://127.0.0.1:{}", peers.lmtp_port), 1000, false);
    // More than rides with its envelope.
    a_letter_to_dovecot(&peers, &format!("lmtp://127.0.0.1:{}", peers.lmtp_port), 400_000, false);
}

#[test]
fn dovecot_under_tls() {
    let Some(peers) = dovecot() else { return };
    let place = format!("lmtp://localhost:{}?tls=starttls", peers.lmtp_port);
    a_letter_to_dovecot(&peers, &place, 1000, true);
}

#[test]
fn dovecot_at_a_socket_in_the_file_system() {
    let Some(peers) = dovecot() else { return };
    let socket = peers.lmtp_socket.display();
    a_letter_to_dovecot(&peers, &format!("lmtp+unix://{socket}"), 1000, false);
    let sandbox = Sandbox::new();
    sandbox.profile(&format!(
        "host = \"unix:{socket}\"\nprotocol = \"lmtp\"\nfrom = \"ann@example.test\"\nmax_recipients = 1\n"
    ));
    let (ran, report) = send(&sandbox, &["dan@example.test", "stuck@example.test", "wang@example.test"]);
    ran.exits(75);
    assert_eq!(outcomes(&report), ["accepted dot 250", "deferred dot 451", "accepted dot 250"]);
}
