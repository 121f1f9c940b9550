//! The exit code of each verdict, by the real program.

use super::facing;
use crate::support::{Certificate, Peer, Rules, Sandbox, Step, raw, say};

/// The exit code of a mail to `a@x` and `b@x`, and how many messages came; a lone dot after everybody was refused is
/// none (RFC 2920, section 3.1).
fn exit(rules: Rules) -> (Option<i32>, usize) {
    let peer = Peer::serving(rules);
    let ran = facing(&peer).stdin("hello\n").run(&["-s", "s", "a@x", "b@x"]);
    (ran.code(), peer.finish().bodies().iter().filter(|body| !body.is_empty()).count())
}

#[test]
fn what_the_server_says_decides() {
    let healthy = Rules::healthy;
    let cases: [(&str, &str, i32); 24] = [
        ("greeting", "421 4.3.2 busy", 75),
        ("greeting", "554 no", 69),
        ("EHLO", "421 4.3.2 busy", 75),
        ("MAIL", "451 4.7.1 later", 75),
        ("MAIL", "550 5.7.1 no", 69),
        ("MAIL", "550 5.1.8 bad sender", 77),
        ("MAIL", "530 5.7.0 log in", 77),
        ("MAIL", "552 5.3.4 too big", 69),
        ("RCPT", "550 5.1.1 unknown", 67),
        ("RCPT", "550 unknown", 67),
        ("RCPT", "550 5.1.2 no such domain", 68),
        ("RCPT", "550 5.7.1 no", 69),
        ("RCPT", "450 4.2.0 later", 75),
        ("RCPT", "what?", 76),
        ("RCPT TO:<b", "550 5.1.1 unknown", 67),
        ("RCPT TO:<b", "450 4.2.0 later", 75),
        ("DATA", "451 4.3.0 later", 75),
        ("DATA", "554 5.7.1 no", 69),
        ("DATA", "250 strange", 76),
        (".", "451 4.3.0 later", 75),
        (".", "554 5.7.1 spam", 69),
        (".", "554 5.6.0 malformed", 65),
        (".", "552 5.3.4 too big", 69),
        (".", "250 2.0.0 ok", 0),
    ];
    for (start, reply, code) in cases {
        let steps = match (start, code) {
            // Behind a reply that ends the session nothing more is said.
            ("greeting" | "DATA", _) | (_, 76) => vec![raw(format!("{reply}\r\n")), Step::Close],
            _ => vec![say(reply)],
        };
        assert_eq!(exit(healthy().on(start, steps)).0, Some(code), "{start}: {reply}");
    }
    let both = |a, b| exit(healthy().on("RCPT TO:<a", [say(a)]).on("RCPT TO:<b", [say(b)]));
    assert_eq!(both("450 4.2.0 later", "550 5.1.1 unknown"), (Some(75), 0), "a later run can help somebody");
    assert_eq!(both("250 ok", "550 5.1.1 unknown"), (Some(67), 1), "the good ones get it in every case");
    assert_eq!(both("250 ok", "450 4.2.0 later"), (Some(75), 1));
}

#[test]
fn losses() {
    let healthy = Rules::healthy;
    for (start, dots) in [("greeting", 0), ("EHLO", 0), ("MAIL", 0), ("RCPT", 0), ("DATA", 0), (".", 1)] {
        let peer = Peer::serving(healthy().on(start, [Step::Close]));
        let ran = facing(&peer).stdin("hello\n").run(&["-s", "s", "a@x"]);
        ran.exits(75);
        if dots == 1 {
            ran.says("it may have been accepted; sending again may duplicate");
        }
        assert_eq!(peer.finish().dots(), dots, "{start}");
    }
    let sandbox = Sandbox::new();
    let port = Peer::closed_port();
    sandbox.profile(&format!(
        "host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"me@example.org\"\n"
    ));
    sandbox.stdin("x\n").run(&["a@x"]).exits(75).says(&format!("cannot connect to 127.0.0.1:{port}"));
}

#[test]
fn tls_and_login() {
    let auth = |reply| Rules::healthy().on("AUTH", [say(reply)]);
    let good = Certificate::good;
    for (certificate, rules, code) in [
        (good(), Rules::healthy(), 0),
        (good(), auth("535 5.7.8 wrong"), 77),
        (good(), auth("454 4.7.0 later"), 75),
        // A server that says yes without the proof that SCRAM wants.
        (good(), auth("235 2.7.0 welcome").offering(&["AUTH SCRAM-SHA-256"]), 76),
        (good(), Rules::healthy().offering(&["SIZE"]), 78),
        (good(), Rules::healthy().offering(&["AUTH NTLM"]), 78),
        (Certificate::expired(), Rules::healthy(), 78),
        (Certificate::for_names(&["other.example"]), Rules::healthy(), 78),
        (Certificate::self_signed(&["127.0.0.1"]), Rules::healthy(), 78),
    ] {
        let peer = Peer::start(certificate, vec![vec![Step::Tls, Step::Serve(rules)]]);
        let sandbox = secured(&peer, "implicit");
        sandbox.stdin("x\n").run(&["a@x"]).exits(code);
        assert_eq!(peer.finish().dots(), usize::from(code == 0));
    }
    let peer = Peer::serving(Rules::healthy().offering(&["AUTH PLAIN"]));
    secured(&peer, "starttls").stdin("x\n").run(&["a@x"]).exits(78).says("does not offer STARTTLS");
    assert_eq!(peer.finish().commands("AUTH"), Vec::<String>::new());
}

/// A sandbox that logs in at this server and trusts its authority.
pub fn secured(peer: &Peer, tls: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let authority = sandbox.file("ca.pem", peer.certificate().authority_pem());
    sandbox.profile(&format!(
        "host = \"127.0.0.1\"\nport = {}\ntls = \"{tls}\"\ntls_ca_file = {authority:?}\nfrom = \"me@example.org\"\n\
         username = \"me\"\npassword_command = \"echo pw\"\n",
        peer.port()
    ));
    sandbox
}
