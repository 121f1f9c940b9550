//! The places of a profile: every key that holds text, with every payload that TOML can say.

use super::judge::{Messages, refused};
use super::payloads::payloads;
use crate::support::{Peer, Sandbox};

/// Keys whose value goes to the server or into the message, and what is good for each.
const KEYS: [(&str, &str); 7] = [
    ("from", "me@example.org"),
    ("realname", "Me"),
    ("reply_to", "me@example.org"),
    ("envelope_from", "me@example.org"),
    ("hello_name", "me.example"),
    ("charset", "utf-8"),
    ("username", "me"),
];

/// A TOML string of any text.
fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        _ if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        _ => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

#[test]
fn each_key() {
    let mut messages = Messages::default();
    let nul = ("NUL".to_owned(), b"a\0Bcc: evil@evil.example".to_vec());
    let texts: Vec<(String, String)> = payloads()
        .into_iter()
        .chain([nul])
        .filter_map(|(name, payload)| Some((name, String::from_utf8(payload).ok()?)))
        .collect();
    for (key, plain) in KEYS {
        for (name, text) in texts.iter().chain([&("plain".to_owned(), plain.to_owned())]) {
            let case = format!("{key}, {name}");
            let peer = Peer::healthy();
            let sandbox = Sandbox::new();
            let mut profile = format!("host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n", peer.port());
            let mut values: Vec<(&str, &str)> = KEYS[..6].to_vec();
            if key == "username" {
                profile.push_str("password_command = \"echo pw\"\nallow_plaintext_auth = true\n");
                values.push(("username", text));
            }
            for (other, value) in values {
                profile.push_str(&format!("{other} = {}\n", quoted(if other == key { text } else { value })));
            }
            sandbox.profile(&profile);
            let ran = sandbox.stdin("hello\n").run(&["-s", "s", "a@x"]);
            let book = peer.finish();
            match ran.code() {
                // The user name is in base64, so that nothing of it can be a command.
                Some(0) if key == "username" => {
                    assert_eq!(book.commands("RCPT"), ["RCPT TO:<a@x>"], "{case}")
                }
                Some(0) => messages.take(&case, &book, Some(&["a@x"])),
                _ => refused(&ran, &book, &[78, 65], &["config.toml:", "From", "envelope_from"], &case),
            }
            assert!(name != "plain" || ran.code() == Some(0), "{case}: {}", ran.stderr());
        }
    }
    let parsed = messages.parsed(&Sandbox::new());
    let allowed = parsed["from, plain"].clone();
    for (case, fields) in parsed {
        assert_eq!(fields, allowed, "{case}");
    }
}
