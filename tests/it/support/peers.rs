//! The real servers of `scripts/test-peers`: where they listen, whom they know, and the mail that has arrived.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A delivery takes some milliseconds; a machine under load may take longer.
const LIMIT: Duration = Duration::from_secs(30);

/// The running servers. What each port and each recipient does is told at the top of `scripts/test-peers`.
#[derive(Clone, Debug)]
pub struct Peers {
    pub host: String,
    pub submission_port: u16,
    pub tls_port: u16,
    pub plain_port: u16,
    pub expired_port: u16,
    pub wrong_name_port: u16,
    pub lmtp_port: u16,
    pub lmtp_socket: PathBuf,
    pub ca_file: PathBuf,
    pub user: String,
    pub password_file: PathBuf,
    pub token_file: PathBuf,
    pub expired_token_file: PathBuf,
    pub second_user: String,
    pub second_password_file: PathBuf,
    pub mail_root: PathBuf,
    pub log_file: PathBuf,
    pub smtp_sink: PathBuf,
    pub named: HashMap<String, String>,
}

/// A message as it lies in a Maildir.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The fields that the server put on top: Return-Path, X-Original-To, Delivered-To, Received.
    pub trace: String,
    /// What the client sent, with CRLF again.
    pub message: Vec<u8>,
}

impl Peers {
    /// The servers that `WHIPPET_TEST_PEERS` names. None, said loudly: there are none, and the test proves nothing.
    pub fn find() -> Option<Peers> {
        let Some(path) = std::env::var_os("WHIPPET_TEST_PEERS") else {
            assert!(!Peers::are_owed(), "no real peers in CI: run scripts/test");
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            // Past the test harness, which hides what tests print if they pass.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: {test}: no real peers (run scripts/test as root on Debian)"
            );
            return None;
        };
        Some(Peers::read(Path::new(&path)))
    }

    /// Whether `scripts/test` would have started the servers, and the run is one that decides: nothing is left out then.
    pub fn are_owed() -> bool {
        use std::os::unix::fs::MetadataExt;
        let root = std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0);
        std::env::var("CI").as_deref() == Ok("true") && root && Path::new("/etc/debian_version").exists()
    }

    fn read(path: &Path) -> Peers {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let named: HashMap<String, String> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let text = |name: &str| found(&named, name);
        let port = |name: &str| number(&named, name);
        Peers {
            host: text("HOST"),
            submission_port: port("SUBMISSION_PORT"),
            tls_port: port("TLS_PORT"),
            plain_port: port("PLAIN_PORT"),
            expired_port: port("EXPIRED_PORT"),
            wrong_name_port: port("WRONG_NAME_PORT"),
            lmtp_port: port("LMTP_PORT"),
            lmtp_socket: text("LMTP_SOCKET").into(),
            ca_file: text("CA_FILE").into(),
            user: text("AUTH_USER"),
            password_file: text("AUTH_PASSWORD_FILE").into(),
            token_file: text("AUTH_TOKEN_FILE").into(),
            expired_token_file: text("EXPIRED_TOKEN_FILE").into(),
            second_user: text("SECOND_USER"),
            second_password_file: text("SECOND_PASSWORD_FILE").into(),
            mail_root: text("MAIL_ROOT").into(),
            log_file: text("LOG_FILE").into(),
            smtp_sink: text("SMTP_SINK").into(),
            named: named.clone(),
        }
    }

    /// What `peers.env` says under this name.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        found(&self.named, name)
    }

    /// A port that has no field here.
    #[track_caller]
    pub fn port(&self, name: &str) -> u16 {
        number(&self.named, name)
    }

    /// The same users with the Maildirs and the log of another server, by its name in `peers.env`: `EXIM`.
    pub fn with_mail_of(&self, server: &str) -> Peers {
        Peers {
            mail_root: self.text(&format!("{server}_MAIL_ROOT")).into(),
            log_file: self.text(&format!("{server}_LOG_FILE")).into(),
            ..self.clone()
        }
    }

    /// The password of [`Peers::user`].
    pub fn password(&self) -> String {
        std::fs::read_to_string(&self.password_file).unwrap().trim().to_owned()
    }

    /// All messages of a user (`dan`) that hold this mark in their first 64 KiB. Tests run side by side: a mark must be unlike all others.
    pub fn mail(&self, user: &str, mark: &str) -> Vec<Delivered> {
        // No folder: nothing has arrived yet.
        let Ok(entries) = std::fs::read_dir(self.mail_root.join(user).join("new")) else { return Vec::new() };
        let marked = entries.map(|entry| entry.unwrap().path()).filter(|path| begins_with(path, mark));
        marked.filter_map(|path| std::fs::read(path).ok()).map(|message| Delivered::new(&message)).collect()
    }

    /// Waits until a message with this mark has arrived for a user; there must be one only.
    #[track_caller]
    pub fn wait_for_mail(&self, user: &str, mark: &str) -> Delivered {
        let deadline = Instant::now() + LIMIT;
        loop {
            let mut found = self.mail(user, mark);
            if let Some(delivered) = found.pop() {
                assert!(found.is_empty(), "{} messages for {user} with {mark:?}", found.len() + 1);
                return delivered;
            }
            assert!(
                Instant::now() < deadline,
                "no mail for {user} with {mark:?}; see {}",
                self.log_file.display()
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

/// Whether this mark is in the first part of a file: marks are in the head, or in a report, which is short.
fn begins_with(path: &Path, mark: &str) -> bool {
    let mut beginning = Vec::new();
    let Ok(file) = std::fs::File::open(path) else { return false };
    file.take(64 * 1024).read_to_end(&mut beginning).unwrap();
    beginning.windows(mark.len()).any(|window| window == mark.as_bytes())
}

#[track_caller]
fn found(named: &HashMap<String, String>, name: &str) -> String {
    named.get(name).unwrap_or_else(|| panic!("peers.env: no {name}")).clone()
}

#[track_caller]
fn number(named: &HashMap<String, String>, name: &str) -> u16 {
    found(named, name).parse().unwrap_or_else(|_| panic!("peers.env: {name} is no port"))
}

impl Delivered {
    fn new(stored: &[u8]) -> Delivered {
        let starts = |line: &[u8], name: &[u8]| {
            line.len() >= name.len() && line[..name.len()].eq_ignore_ascii_case(name)
        };
        let mut end = 0;
        let mut inside = false;
        for line in stored.split_inclusive(|&octet| octet == b'\n') {
            let folded = line.starts_with(b" ") || line.starts_with(b"\t");
            let on_top = [&b"Return-Path:"[..], b"X-Original-To:", b"Delivered-To:", b"Received:"];
            // Received is the last of the four: what follows is the client's, even a Received of its own.
            let after_received = stored[..end].windows(9).any(|window| window == b"Received:");
            inside =
                if folded { inside } else { !after_received && on_top.iter().any(|name| starts(line, name)) };
            if !inside {
                break;
            }
            end += line.len();
        }
        let trace = String::from_utf8_lossy(&stored[..end]).into_owned();
        let mut message = Vec::with_capacity(stored.len() + 1000);
        let mut rest = &stored[end..];
        while let Some(at) = memchr::memchr(b'\n', rest) {
            message.extend_from_slice(&rest[..at]);
            message.extend_from_slice(b"\r\n");
            rest = &rest[at + 1..];
        }
        message.extend_from_slice(rest);
        Delivered { trace, message }
    }

    /// Counts one more Received field, that of a server before the last one, to the trace.
    #[track_caller]
    pub fn with_one_more_hop(self) -> Delivered {
        assert!(self.message.starts_with(b"Received:"), "{:.200}", String::from_utf8_lossy(&self.message));
        let mut end = 0;
        for line in self.message.split_inclusive(|&octet| octet == b'\n') {
            if end > 0 && !line.starts_with(b" ") && !line.starts_with(b"\t") {
                break;
            }
            end += line.len();
        }
        let trace = self.trace + &String::from_utf8_lossy(&self.message[..end]).replace('\r', "");
        Delivered { trace, message: self.message[end..].to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::{Client, verdict};
    use super::*;

    #[test]
    fn the_trace_is_taken_off() {
        let stored = b"Return-Path: <a@b>\nDelivered-To: c@d\nReceived: from x\n\tby y\nReceived: mine\nA: b\n\nbody\n";
        let delivered = Delivered::new(stored);
        assert_eq!(delivered.trace, "Return-Path: <a@b>\nDelivered-To: c@d\nReceived: from x\n\tby y\n");
        assert_eq!(delivered.message, b"Received: mine\r\nA: b\r\n\r\nbody\r\n");
    }

    #[test]
    fn the_peers_answer_as_promised_and_store_what_came() {
        let Some(peers) = Peers::find() else { return };
        let mut client = Client::connect(peers.plain_port);
        client.reply();
        assert!(!client.say("EHLO me").contains("AUTH"));
        client.say("MAIL FROM:<dan@example.test>");
        let mut answer = |user: &str| client.say(&format!("RCPT TO:<{user}>"))[..9].to_owned();
        assert_eq!(answer("dan@example.test"), "250 2.1.5");
        assert_eq!(answer("wang@example.test"), "250 2.1.5");
        assert_eq!(answer("nobody@example.test"), "550 5.1.1");
        assert_eq!(answer("later@example.test"), "450 4.2.0");
        assert_eq!(answer("full@example.test"), "452 4.2.2");
        assert_eq!(answer("moved@example.test"), "551 5.1.6");
        assert_eq!(answer("someone@elsewhere.test"), "550 5.7.1");
        client.say("DATA");
        let mark = format!("mark of {}", std::process::id());
        let message =
            [b"Bcc: seen@example.test\r\nSubject: x\r\n\r\n", mark.as_bytes(), b"\r\n.\r\n\xff\r\n\r\n"]
                .concat();
        client.send(
            &[b"Bcc: seen@example.test\r\nSubject: x\r\n\r\n", mark.as_bytes(), b"\r\n..\r\n\xff\r\n\r\n."]
                .concat(),
        );
        assert_eq!(client.say("")[..3], *"250");
        for user in ["dan", "wang"] {
            let delivered = peers.wait_for_mail(user, &mark);
            assert_eq!(delivered.message, message, "{:?}", String::from_utf8_lossy(&delivered.message));
            assert!(delivered.trace.starts_with("Return-Path: <dan@example.test>\n"), "{}", delivered.trace);
        }
        assert!(peers.mail("eve", &mark).is_empty());
    }

    #[test]
    fn the_peers_prove_who_they_are_or_do_not() {
        let Some(peers) = Peers::find() else { return };
        assert_eq!(verdict(peers.submission_port, &peers.ca_file), Ok(()));
        assert!(verdict(peers.expired_port, &peers.ca_file).unwrap_err().contains("expired"));
        assert!(verdict(peers.wrong_name_port, &peers.ca_file).unwrap_err().contains("not valid for name"));
        let authority = std::fs::read_to_string(&peers.ca_file).unwrap();
        let mut client = Client::secured(peers.tls_port, &authority);
        client.send(b"EHLO x\r\n");
        assert!(client.reply().starts_with("220"));
        assert!(client.reply().contains("AUTH PLAIN"));
        assert_eq!(peers.password().len(), 32);
    }
}
