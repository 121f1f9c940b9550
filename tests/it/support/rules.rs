//! A server that behaves, but for the rules it is given: each names the start of a line and what to do then.

use super::{Step, hear, say};

/// How a server behaves. It accepts everything unless told otherwise.
#[derive(Clone, Debug)]
pub struct Rules {
    offers: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Clone, Debug)]
struct Exception {
    start: String,
    /// Only at this occurrence of the line, from 1.
    nth: Option<usize>,
    steps: Vec<Step>,
}

impl Rules {
    /// A server that offers what most do and accepts everything. It offers AUTH in the clear too: a client must not
    /// take that.
    pub fn healthy() -> Rules {
        let rules = Rules { offers: Vec::new(), exceptions: Vec::new() };
        rules.offering(&[
            "PIPELINING",
            "SIZE 104857600",
            "8BITMIME",
            "SMTPUTF8",
            "ENHANCEDSTATUSCODES",
            "DSN",
            "STARTTLS",
            "AUTH PLAIN LOGIN CRAM-MD5",
        ])
    }

    /// What EHLO or LHLO lists, in place of the usual. STARTTLS is left out once TLS is there.
    pub fn offering(mut self, keywords: &[&str]) -> Rules {
        self.offers = keywords.iter().map(|&keyword| keyword.to_owned()).collect();
        self
    }

    /// Does these steps in place of the usual answer to each line that begins so (upper or lower case). Two starts
    /// are no lines: `greeting`, and `.`, the final dot. The first exception that fits is taken.
    pub fn on(self, start: &str, steps: impl Into<Vec<Step>>) -> Rules {
        self.with(start, None, steps.into())
    }

    /// As [`Rules::on`], for the n-th such line of a connection only.
    pub fn on_nth(self, start: &str, nth: usize, steps: impl Into<Vec<Step>>) -> Rules {
        self.with(start, Some(nth), steps.into())
    }

    fn with(mut self, start: &str, nth: Option<usize>, steps: Vec<Step>) -> Rules {
        self.exceptions.push(Exception { start: start.to_owned(), nth, steps });
        self
    }

    /// A server at its work, for one connection.
    pub(super) fn begin(&self) -> Server<'_> {
        Server { rules: self, seen: vec![0; self.exceptions.len()] }
    }
}

/// The rules, and what has been seen on one connection.
pub struct Server<'a> {
    rules: &'a Rules,
    seen: Vec<usize>,
}

impl Server<'_> {
    /// What to do about this line (or `greeting`, or `.`).
    pub fn answer(&mut self, line: &str, secured: bool) -> Vec<Step> {
        let mut chosen = None;
        for (exception, seen) in self.rules.exceptions.iter().zip(&mut self.seen) {
            let fits = line
                .get(..exception.start.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(&exception.start));
            if fits {
                *seen += 1;
                if exception.nth.is_none_or(|nth| nth == *seen) {
                    chosen.get_or_insert(&exception.steps);
                }
            }
        }
        chosen.cloned().unwrap_or_else(|| self.usual(line, secured))
    }

    fn usual(&self, line: &str, secured: bool) -> Vec<Step> {
        let upper = line.to_ascii_uppercase();
        let mut words = upper.split([' ', ':']);
        match words.next().unwrap_or_default() {
            "GREETING" => vec![say("220 peer.test ESMTP")],
            "EHLO" | "LHLO" => vec![say(&self.capabilities(secured))],
            "HELO" => vec![say("250 peer.test")],
            "STARTTLS" if !secured => vec![say("220 2.0.0 go on"), Step::Tls],
            "AUTH" => authentication(words.next().unwrap_or_default(), words.next().is_some()),
            "MAIL" => vec![say("250 2.1.0 ok")],
            "RCPT" => vec![say("250 2.1.5 ok")],
            "DATA" => vec![say("354 go on"), Step::Body],
            "." => vec![say("250 2.0.0 accepted as 1")],
            "BDAT" => {
                let length = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
                vec![Step::Octets(length), say("250 2.0.0 accepted as 1")]
            }
            "RSET" | "NOOP" => vec![say("250 2.0.0 ok")],
            "QUIT" => vec![say("221 2.0.0 bye"), Step::Close],
            _ => vec![say("500 5.5.2 what?")],
        }
    }

    fn capabilities(&self, secured: bool) -> String {
        let mut lines = vec!["peer.test"];
        lines.extend(
            self.rules.offers.iter().map(String::as_str).filter(|offer| !(secured && *offer == "STARTTLS")),
        );
        let last = lines.len() - 1;
        let line = |(i, line): (usize, &&str)| format!("250{}{line}", if i == last { ' ' } else { '-' });
        lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Any user, any password. The server's part of the exchange only: what was sent stands in the book.
fn authentication(mechanism: &str, initial: bool) -> Vec<Step> {
    let welcome = say("235 2.7.0 welcome");
    match (mechanism, initial) {
        ("PLAIN", true) => vec![welcome],
        ("PLAIN", false) => vec![say("334 "), hear(), welcome],
        // "Username:" and "Password:"; with an initial response the first is not asked for.
        ("LOGIN", true) => vec![say("334 UGFzc3dvcmQ6"), hear(), welcome],
        ("LOGIN", false) => vec![say("334 VXNlcm5hbWU6"), hear(), say("334 UGFzc3dvcmQ6"), hear(), welcome],
        // "<1.2@peer.test>"
        ("CRAM-MD5", _) => vec![say("334 PDEuMkBwZWVyLnRlc3Q+"), hear(), welcome],
        ("XOAUTH2" | "OAUTHBEARER", true) => vec![welcome],
        _ => vec![say("504 5.5.4 no such mechanism")],
    }
}
