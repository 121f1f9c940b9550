//! A profile for the real servers, and what a mail that was sent by it has become.

use serde_json::Value;

use super::{Delivered, Judged, Peers, Ran, Sandbox, judge};

/// A profile for the real servers.
pub struct Account<'a> {
    pub peers: &'a Peers,
    pub sandbox: Sandbox,
}

impl<'a> Account<'a> {
    /// With a login, on this port.
    pub fn new(peers: &'a Peers, port: u16, tls: &str, more: &str) -> Account<'a> {
        let (host, ca, user) = (&peers.host, peers.ca_file.display(), &peers.user);
        let password = peers.password_file.display();
        Account::plain(
            peers,
            &format!(
                "host = \"{host}\"\nport = {port}\ntls = \"{tls}\"\ntls_ca_file = \"{ca}\"\nusername = \"{user}\"\n\
                 password_file = \"{password}\"\n{more}\n"
            ),
        )
    }

    /// With a login, by STARTTLS.
    pub fn submission(peers: &'a Peers) -> Account<'a> {
        Account::new(peers, peers.submission_port, "starttls", "")
    }

    /// With these lines and a sender.
    pub fn plain(peers: &'a Peers, toml: &str) -> Account<'a> {
        let sandbox = Sandbox::new();
        sandbox.profile(&format!("from = \"Dan 丹 <dan@example.test>\"\n{toml}"));
        Account { peers, sandbox }
    }

    /// Sends with `--json` and gives the report too.
    #[track_caller]
    pub fn send(&self, text: &str, arguments: &[&str]) -> (Ran, Value) {
        let ran = self.sandbox.stdin(text).run(&[&["--json"], arguments].concat());
        let report = serde_json::from_str(&ran.stdout());
        let report = report.unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.stdout(), ran.stderr()));
        (ran, report)
    }

    /// What has arrived for these users, by the Message-ID of the report.
    #[track_caller]
    pub fn arrived(&self, report: &Value, users: &[&str]) -> Vec<Delivered> {
        let mark = report["message_id"].as_str().unwrap();
        users.iter().map(|user| self.peers.wait_for_mail(user, mark)).collect()
    }

    /// The same, judged; nothing without python3.
    #[track_caller]
    pub fn judged(&self, report: &Value, user: &str) -> Option<Judged> {
        let delivered = self.arrived(report, &[user]).remove(0);
        judge(&[delivered.message]).map(|mut judged| judged.remove(0))
    }
}

/// One line per recipient: `dan@example.test accepted dot 2.0.0 250`.
pub fn outcomes(report: &Value) -> Vec<String> {
    let row = |outcome: &Value| {
        let text = |key: &str| outcome[key].as_str().unwrap().to_owned();
        let code = outcome["reply"]["code"].as_u64().unwrap_or_default();
        format!("{} {} {} {} {code}", text("recipient"), text("outcome"), text("stage"), text("status"))
    };
    report["outcomes"].as_array().unwrap().iter().map(row).collect()
}

/// What the server said of this recipient.
pub fn reply<'a>(report: &'a Value, recipient: &str) -> &'a str {
    let outcomes = report["outcomes"].as_array().unwrap();
    let found = outcomes.iter().find(|outcome| outcome["recipient"] == recipient).unwrap();
    found["reply"]["text"].as_str().unwrap()
}

/// Octets without a pattern that an encoding could hide a fault behind.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut octets = Vec::with_capacity(length + 8);
    while octets.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        octets.extend_from_slice(&state.to_le_bytes());
    }
    octets.truncate(length);
    octets
}

/// The octets of the first attachment, read by a parser that is not ours.
pub fn attachment(message: &[u8]) -> Vec<u8> {
    let parsed = mail_parser::MessageParser::default().parse(message).unwrap();
    parsed.attachment(0).unwrap().contents().to_vec()
}
