//! Logins that are bound to the TLS connection, as GNU SASL judges them of a connection of GnuTLS: no mail server of
//! Debian offers -PLUS, these two libraries are what such a server is made of.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::{Account, Peers, outcomes};

/// The server of `binding.py`, until it is dropped.
struct Binding {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Binding {
    /// With these priorities of GnuTLS; it looks at its own connection, or at one that is not the client's.
    fn start(peers: &Peers, priorities: &str, own: bool) -> Binding {
        let mut command = Command::new("python3");
        command.args(["-I", "-c", include_str!("binding.py")]);
        command.args(
            ["CERTIFICATE_FILE", "KEY_FILE", "AUTH_USER", "AUTH_PASSWORD_FILE"].map(|name| peers.text(name)),
        );
        command.args([priorities, if own { "true" } else { "false" }]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().expect("libgnutls30 and libgsasl18 of Debian").unwrap().parse().unwrap();
        Binding { child, lines, port }
    }

    /// Its next line: the mechanism, what binds, and whether the login is good.
    fn judgement(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }
}

impl Drop for Binding {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_bound_login_is_taken() {
    let Some(peers) = Peers::find() else { return };
    let mut server = Binding::start(&peers, "NORMAL", true);
    // The strongest of what is offered, unless it is named.
    for (more, name) in [
        ("", "SCRAM-SHA-256-PLUS"),
        ("auth = \"scram-sha-256-plus\"", "SCRAM-SHA-256-PLUS"),
        ("auth = \"scram-sha-1-plus\"", "SCRAM-SHA-1-PLUS"),
    ] {
        let account = Account::new(&peers, server.port, "implicit", more);
        let (ran, report) = account.send("x\n", &["--verbose", "dan@example.test"]);
        ran.exits(0).says(&format!("C: AUTH {name} ***"));
        assert_eq!(report["session"]["mechanism"], name);
        assert_eq!(server.judgement(), format!("{name} p=tls-exporter yes"));
    }
    for name in ["scram-sha-256", "plain"] {
        let account = Account::new(&peers, server.port, "implicit", &format!("auth = \"{name}\""));
        account.send("x\n", &["dan@example.test"]).0.exits(0);
        assert_eq!(server.judgement(), format!("{} unbound yes", name.to_uppercase()));
    }
}

#[test]
fn a_wrong_password_is_said() {
    let Some(peers) = Peers::find() else { return };
    let mut server = Binding::start(&peers, "NORMAL", true);
    let account = Account::new(&peers, server.port, "implicit", "");
    let wrong = account.sandbox.private_file("wrong", "not the password");
    let secret = format!("password_file={}", wrong.display());
    let (ran, _) = account.send("x\n", &["--verbose", "--set", &secret, "dan@example.test"]);
    ran.exits(77).says("535 5.7.8 no").never_shows("MAIL FROM").never_shows("not the password");
    assert_eq!(server.judgement(), "SCRAM-SHA-256-PLUS p=tls-exporter no");
}

#[test]
fn a_login_that_is_bound_to_another_connection_is_worth_nothing() {
    let Some(peers) = Peers::find() else { return };
    let mut server = Binding::start(&peers, "NORMAL", false);
    let account = Account::new(&peers, server.port, "implicit", "");
    let (ran, report) = account.send("x\n", &["--verbose", "dan@example.test"]);
    ran.exits(77).says("535 5.7.8 no").never_shows("MAIL FROM");
    assert_eq!(outcomes(&report), ["dan@example.test failed auth 5.7.8 535"]);
    assert_eq!(server.judgement(), "SCRAM-SHA-256-PLUS p=tls-exporter no");
}
