//! A small SMTP server as a value, for the sandbox: octets in, replies and events out. Not a mail server: it takes
//! every recipient and offers what the client should be tried with.

use crate::smtp::reply::printable;

/// Longest command line, octets: AUTH PLAIN with a long password fits.
const LINE_LIMIT: usize = 12 * 1024;

/// What the server asks of its clients.
#[derive(Debug, Clone)]
pub struct ServerPolicy {
    /// Its name in greeting and EHLO.
    pub name: String,
    /// The login it takes, `NUL user NUL password` in base64.
    pub login: String,
    /// `SIZE` as offered.
    pub size_limit: u64,
}

/// The envelope of a message that begins to arrive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The reverse-path without its angle brackets.
    pub reverse_path: String,
    /// The recipients without their angle brackets.
    pub recipients: Vec<String>,
}

/// What the owner does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Write these octets.
    Reply(Vec<u8>),
    /// Write these octets, then begin TLS and call [`Server::secured`].
    StartTls(Vec<u8>),
    /// A message begins, with this envelope; write the octets.
    Begin(Arrival, Vec<u8>),
    /// A piece of the message, dots undone, CRLF line ends.
    Piece(Vec<u8>),
    /// The message is whole: store it, then call [`Server::stored`].
    End,
    /// Write these octets and close.
    Close(Vec<u8>),
    /// More octets are needed.
    More,
}

/// One connection.
#[derive(Debug)]
pub struct Server {
    policy: ServerPolicy,
    input: Vec<u8>,
    is_secured: bool,
    is_logged_in: bool,
    arrival: Option<Arrival>,
    in_data: bool,
    awaits_login: bool,
}

impl Server {
    /// Begins a connection; write [`Server::greeting`] first.
    pub fn new(policy: ServerPolicy) -> Self {
        Server {
            policy,
            input: Vec::new(),
            is_secured: false,
            is_logged_in: false,
            arrival: None,
            in_data: false,
            awaits_login: false,
        }
    }

    /// The first octets.
    pub fn greeting(&self) -> Vec<u8> {
        line(220, &format!("{} ESMTP sandbox", self.policy.name))
    }

    /// Takes octets from the client.
    pub fn push(&mut self, octets: &[u8]) {
        self.input.extend_from_slice(octets);
    }

    /// TLS has begun: what came before is forgotten (RFC 3207 4.2).
    pub fn secured(&mut self) {
        *self = Server { is_secured: true, ..Server::new(self.policy.clone()) };
    }

    /// The message is stored under this name; gives the reply.
    pub fn stored(&mut self, name: &str) -> Vec<u8> {
        self.arrival = None;
        line(250, &format!("2.0.0 Ok: kept as {name}"))
    }

    /// What to do now.
    pub fn next_event(&mut self) -> Event {
        if self.in_data { self.next_piece() } else { self.next_command() }
    }

    fn next_piece(&mut self) -> Event {
        // Every whole line that is there, in one piece; the dot ends it.
        let mut piece = Vec::new();
        let mut at = 0;
        while let Some(end) = memchr::memchr(b'\n', &self.input[at..]).map(|end| at + end + 1) {
            let text = &self.input[at..end];
            at = end;
            if text == b".\r\n" {
                if piece.is_empty() {
                    self.in_data = false;
                    self.input.drain(..at);
                    return Event::End;
                }
                at -= text.len();
                break;
            }
            piece.extend_from_slice(text.strip_prefix(b".").unwrap_or(text));
        }
        if piece.is_empty() {
            return Event::More;
        }
        self.input.drain(..at);
        Event::Piece(piece)
    }

    fn next_command(&mut self) -> Event {
        let Some(end) = memchr::memchr(b'\n', &self.input) else {
            if self.input.len() > LINE_LIMIT {
                return Event::Close(line(500, "5.5.2 line too long"));
            }
            return Event::More;
        };
        let text = printable(self.input[..end].trim_ascii_end());
        self.input.drain(..=end);
        if std::mem::take(&mut self.awaits_login) {
            return self.log_in(&text);
        }
        let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => Event::Reply(self.ehlo()),
            "HELO" => Event::Reply(line(250, &self.policy.name)),
            "STARTTLS" if self.is_secured => Event::Reply(line(503, "5.5.1 TLS is on already")),
            // What was pipelined behind STARTTLS must not be taken as if it came under TLS.
            "STARTTLS" if !self.input.is_empty() => {
                Event::Close(line(501, "5.5.1 nothing may follow STARTTLS"))
            }
            "STARTTLS" => Event::StartTls(line(220, "2.0.0 begin TLS")),
            "AUTH" => self.auth(rest),
            "MAIL" => Event::Reply(self.mail(rest)),
            "RCPT" => Event::Reply(self.rcpt(rest)),
            "DATA" => self.data(),
            "RSET" => {
                self.arrival = None;
                Event::Reply(line(250, "2.0.0 Ok"))
            }
            "NOOP" => Event::Reply(line(250, "2.0.0 Ok")),
            "QUIT" => Event::Close(line(221, "2.0.0 bye")),
            _ => Event::Reply(line(502, "5.5.1 not known here")),
        }
    }

    fn ehlo(&self) -> Vec<u8> {
        let mut keywords = vec![format!("SIZE {}", self.policy.size_limit)];
        keywords
            .extend(["PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"].map(str::to_owned));
        keywords.push(if self.is_secured { "AUTH PLAIN" } else { "STARTTLS" }.to_owned());
        let mut reply = format!("250-{}\r\n", self.policy.name);
        let last = keywords.len() - 1;
        for (index, keyword) in keywords.iter().enumerate() {
            reply.push_str(&format!("250{}{keyword}\r\n", if index < last { '-' } else { ' ' }));
        }
        reply.into_bytes()
    }

    fn auth(&mut self, rest: &str) -> Event {
        if !self.is_secured {
            return Event::Reply(line(538, "5.7.11 TLS first"));
        }
        match rest.split_once(' ') {
            Some((mechanism, initial)) if mechanism.eq_ignore_ascii_case("PLAIN") => self.log_in(initial),
            None if rest.eq_ignore_ascii_case("PLAIN") => {
                self.awaits_login = true;
                Event::Reply(line(334, ""))
            }
            _ => Event::Reply(line(504, "5.5.4 only PLAIN is known here")),
        }
    }

    fn log_in(&mut self, response: &str) -> Event {
        self.is_logged_in = response == self.policy.login;
        Event::Reply(if self.is_logged_in {
            line(235, "2.7.0 welcome")
        } else {
            line(535, "5.7.8 wrong password")
        })
    }

    fn mail(&mut self, rest: &str) -> Vec<u8> {
        if !self.is_logged_in {
            return line(530, "5.7.0 log in first");
        }
        match path(rest, "FROM:") {
            Some(reverse_path) => {
                self.arrival = Some(Arrival { reverse_path, recipients: Vec::new() });
                line(250, "2.1.0 Ok")
            }
            None => line(501, "5.1.7 MAIL FROM:<address>"),
        }
    }

    fn rcpt(&mut self, rest: &str) -> Vec<u8> {
        match (&mut self.arrival, path(rest, "TO:")) {
            (Some(arrival), Some(recipient)) if !recipient.is_empty() => {
                arrival.recipients.push(recipient);
                line(250, "2.1.5 Ok")
            }
            (None, _) => line(503, "5.5.1 MAIL first"),
            _ => line(501, "5.1.3 RCPT TO:<address>"),
        }
    }

    fn data(&mut self) -> Event {
        match &self.arrival {
            Some(arrival) if !arrival.recipients.is_empty() => {
                self.in_data = true;
                Event::Begin(arrival.clone(), line(354, "end with a dot"))
            }
            _ => Event::Reply(line(503, "5.5.1 RCPT first")),
        }
    }
}

fn line(code: u16, text: &str) -> Vec<u8> {
    format!("{code} {text}\r\n").into_bytes()
}

/// The path behind `FROM:` or `TO:`, without brackets; the parameters behind it are not looked at.
fn path(text: &str, keyword: &str) -> Option<String> {
    let head = text.get(..keyword.len())?;
    let rest = text[keyword.len()..].trim_start().strip_prefix('<')?;
    // A quoted local part may hold '>': the path ends at the last one before the parameters.
    let end = rest.find("> ").or_else(|| rest.rfind('>'))?;
    head.eq_ignore_ascii_case(keyword).then(|| rest[..end].to_owned())
}
