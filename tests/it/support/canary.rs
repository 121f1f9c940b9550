//! A password that must be nowhere: in which forms it could show, and the places where it may be.

use std::path::PathBuf;

use super::{Peer, Sandbox};

/// The password.
pub const CANARY: &str = "Canary-4711-secret";

/// The forms in which the password could show: as it is, and in base64 at each of the three ways that octets before it
/// can shift it (RFC 4648, section 4). Of the base64 forms only those digits are kept that no neighbour changes.
pub fn forms() -> Vec<String> {
    let base64 = |octets: &[u8]| -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digit = |value: u8| char::from(DIGITS[usize::from(value & 63)]);
        let groups = octets.chunks_exact(3).flat_map(|three| {
            let [a, b, c] = [three[0], three[1], three[2]];
            [digit(a >> 2), digit(a << 4 | b >> 4), digit(b << 2 | c >> 6), digit(c)]
        });
        groups.collect()
    };
    let mut forms = vec![CANARY.to_owned()];
    for shift in 0..3 {
        let octets = [&[0; 2][..shift], CANARY.as_bytes()].concat();
        let text = base64(&octets);
        forms.push(text[if shift == 0 { 0 } else { 4 }..].to_owned());
    }
    forms
}

/// The form in which it is in these octets, if it is.
pub fn shown(octets: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(octets);
    forms().into_iter().find(|form| text.contains(form))
}

/// A place where a password may be, as lines of a profile.
pub struct Source {
    pub name: &'static str,
    lines: fn(&Sandbox) -> String,
}

/// All of them.
pub const SOURCES: [Source; 5] = [
    Source { name: "password", lines: |_| format!("password = \"{CANARY}\"\n") },
    Source {
        name: "password_file",
        lines: |sandbox| format!("password_file = {:?}\n", keep(sandbox, "pw", &format!("{CANARY}\n"))),
    },
    Source {
        name: "password_command",
        lines: |sandbox| {
            keep(sandbox, "vault", CANARY);
            let work = sandbox.work();
            let work = work.display();
            // It writes down what it was given, and is loud on standard error.
            let script = format!(
                "#!/bin/sh\nenv >{work}/command-env\ntr '\\0' ' ' </proc/$$/cmdline >{work}/command-argv\n\
                 cat {work}/vault\necho unlocked >&2\n"
            );
            format!("password_command = [{:?}]\n", sandbox.script("ask", &script))
        },
    },
    Source { name: "password_env", lines: |_| "password_env = \"SMTP_SECRET\"\n".to_owned() },
    Source { name: "password_credential", lines: |_| "password_credential = \"smtp\"\n".to_owned() },
];

/// Puts the password into a private file.
pub fn keep(sandbox: &Sandbox, name: &str, text: &str) -> PathBuf {
    sandbox.private_file(name, text)
}

/// A sandbox in which the password is at this source, and a profile that leads to this server.
pub fn prepared(source: &Source, peer: &Peer, more: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.env("SMTP_SECRET", if source.name == "password_env" { CANARY } else { "unused" });
    if source.name == "password_credential" {
        keep(&sandbox, "credentials/smtp", CANARY);
        let folder = sandbox.work().join("credentials");
        sandbox.env("CREDENTIALS_DIRECTORY", folder);
    }
    let authority = sandbox.file("ca.pem", peer.certificate().authority_pem());
    let port = peer.port();
    sandbox.profile(&format!(
        "host = \"127.0.0.1\"\nport = {port}\ntls = \"implicit\"\ntls_ca_file = {authority:?}\nusername = \"me\"\n\
         from = \"me@example.org\"\n{}{more}",
        (source.lines)(&sandbox)
    ));
    sandbox
}

/// Files in which the test itself has put the password.
pub const KEPT: [&str; 4] =
    ["work/pw", "work/vault", "work/credentials/smtp", "home/.config/whippet/config.toml"];
