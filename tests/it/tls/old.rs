//! Servers that speak nothing newer than TLS 1.1, by openssl, since rustls cannot.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{report, send};
use crate::support::{Certificate, Sandbox, skipped_loudly};

/// `openssl s_server` with this certificate and these arguments, until it is dropped.
struct OpenSsl {
    child: Child,
    port: u16,
}

impl OpenSsl {
    fn start(sandbox: &Sandbox, certificate: &Certificate, arguments: &[&str]) -> Option<OpenSsl> {
        let pem =
            sandbox.private_file("server.pem", format!("{}{}", certificate.pem(), certificate.key_pem()));
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-cert"]).arg(&pem).arg("-key").arg(&pem);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut child) = command.spawn() else { return None };
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let place = line.strip_prefix("ACCEPT ")?.to_owned();
            place.rsplit(':').next()?.parse().ok()
        });
        Some(OpenSsl { child, port: port? })
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn old_tls_is_not_spoken() {
    let certificate = Certificate::good();
    let sandbox = Sandbox::new();
    for version in ["-tls1", "-tls1_1"] {
        let weak = [version, "-cipher", "ALL:@SECLEVEL=0"];
        let server = OpenSsl::start(&sandbox, &certificate, &weak);
        let speaks = server.as_ref().is_some_and(|server| {
            let place = format!("127.0.0.1:{}", server.port);
            let mut client = Command::new("openssl");
            client.args(["s_client", "-connect", &place]).args(weak).stdin(Stdio::null());
            client.output().is_ok_and(|output| output.status.success())
        });
        let Some(server) = server.filter(|_| speaks) else {
            skipped_loudly(&format!("{version} is refused: this openssl does not speak it"));
            continue;
        };
        let ca_file = sandbox.file("ca.pem", certificate.authority_pem());
        let password = sandbox.private_file("password", "correct horse");
        sandbox.profile(&format!(
            "host = \"127.0.0.1\"\nport = {}\ntls = \"implicit\"\ntls_ca_file = {ca_file:?}\nusername = \"ann\"\n\
             password_file = {password:?}\nfrom = \"ann@example.test\"\ntimeouts = \"5s\"\n",
            server.port
        ));
        let ran = send(&sandbox);
        ran.exits(78).says("the TLS handshake failed").never_shows("AUTH PLAIN");
        assert_eq!(report(&ran)["session"]["tls"], Value::Null);
    }
}
