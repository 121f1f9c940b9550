//! A small SMTP server as a value: octets in, replies and events out (RFC 5321 with PIPELINING 2920, SIZE 1870, 8BITMIME
//! 6152, SMTPUTF8 6531, DSN 3461, enhanced codes 2034, CHUNKING 3030). It serves programs of this machine through
//! pipes, and the sandbox. Not a mail server: it judges no recipient but by its syntax, and asks nobody who he is.

mod arrival;
mod chunk;
mod content;
mod line;
mod login;
mod parameter;
mod path;
mod refusal;
#[cfg(test)]
mod tests;

pub use arrival::{Arrival, Bare, Recipient};
pub use refusal::Refusal;

use self::content::Content;
use self::line::{Input, Line};
use self::refusal::{line, reply};

/// Longest command line, octets: 512 and what the extensions add (RFC 5321 4.5.3.1.4), 526 for MAIL and 528 for RCPT by
/// RFC 3461, the rest together below 100.
const LINE_LIMIT: usize = 2 * 1024;
/// The same where there is a login: AUTH PLAIN with a long password fits (RFC 4954 section 4).
const LOGIN_LINE_LIMIT: usize = 12 * 1024;
/// Most recipients of a message: many more than RFC 5321 4.5.3.1.8 demands, since programs drop the whole mail at the
/// first that is refused, and few enough for memory.
const RECIPIENTS_LIMIT: usize = 20_000;
/// Refused commands behind one another, without a message between them, after which the connection is closed: a program
/// that writes a message where commands are due would go on for ever.
const ERRORS_LIMIT: u32 = 100;

/// What the server asks of its clients.
#[derive(Debug, Clone)]
pub struct ServerPolicy {
    /// Its name in greeting and EHLO.
    pub name: String,
    /// The login it asks for under TLS, `NUL user NUL password` in base64. `None`: whoever speaks may send, and neither
    /// AUTH nor STARTTLS is offered.
    pub login: Option<String>,
    /// The largest message it takes, octets.
    pub size_limit: Option<u64>,
    /// Whether it offers CHUNKING.
    pub chunking: bool,
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
    /// A piece of the message, as it was before its dots were doubled.
    Piece(Vec<u8>),
    /// The message is whole: take it or not, then call [`Server::answer`].
    End,
    /// The message that has begun is given up; write the octets.
    Dropped(Vec<u8>),
    /// Write these octets and close; a message that has begun is given up.
    Close(Vec<u8>),
    /// More octets are needed. If there are none, a message that has begun is given up.
    More,
}

/// One connection.
#[derive(Debug)]
pub struct Server {
    policy: ServerPolicy,
    input: Input,
    is_secured: bool,
    is_logged_in: bool,
    awaits_login: bool,
    /// MAIL was taken.
    arrival: Option<Arrival>,
    /// DATA or BDAT was taken.
    message: Option<Message>,
    phase: Phase,
    errors: u32,
}

/// A message of which octets come.
#[derive(Debug, Default)]
struct Message {
    length: u64,
    /// The owner knows of it.
    is_begun: bool,
    /// What was wrong with it: its octets are thrown away, and this is said at its end.
    refusal: Option<Vec<u8>>,
}

/// What the octets are that come next.
#[derive(Debug)]
enum Phase {
    Command,
    Data(Content),
    /// So many octets of a chunk.
    Chunk {
        left: u64,
        is_last: bool,
    },
    /// None: the message is whole.
    Ended,
    Closed,
}

impl Server {
    /// Begins a connection; write [`Server::greeting`] first.
    pub fn new(policy: ServerPolicy) -> Self {
        Server {
            policy,
            input: Input::default(),
            is_secured: false,
            is_logged_in: false,
            awaits_login: false,
            arrival: None,
            message: None,
            phase: Phase::Command,
            errors: 0,
        }
    }

    /// The first octets.
    pub fn greeting(&self) -> Vec<u8> {
        line(220, &format!("{} ESMTP", self.policy.name))
    }

    /// Takes octets from the client.
    pub fn push(&mut self, octets: &[u8]) {
        self.input.push(octets);
    }

    /// TLS has begun: what came before is forgotten (RFC 3207 4.2).
    pub fn secured(&mut self) {
        *self = Server { is_secured: true, ..Server::new(self.policy.clone()) };
    }

    /// What became of the message that is whole: the words behind `250 2.0.0 Ok: `, or why it was not taken. Gives the reply.
    pub fn answer(&mut self, answer: Result<String, Refusal>) -> Vec<u8> {
        debug_assert!(matches!(self.phase, Phase::Ended), "a message is whole");
        self.phase = Phase::Command;
        self.reset();
        self.errors = 0;
        match answer {
            Ok(words) => line(250, &format!("2.0.0 Ok: {words}")),
            Err(refusal) => refusal.reply(),
        }
    }

    /// What to do now.
    pub fn next_event(&mut self) -> Event {
        let event = match self.phase {
            Phase::Command => self.next_command(),
            Phase::Data(_) => self.next_piece(),
            Phase::Chunk { .. } => self.next_of_chunk(),
            Phase::Ended => self.ended(),
            Phase::Closed => Event::Close(Vec::new()),
        };
        self.errors += u32::from(matches!(&event, Event::Reply(reply) if reply.starts_with(b"5")));
        if self.errors > ERRORS_LIMIT && !matches!(self.phase, Phase::Closed) {
            return self.close(line(421, "4.7.0 too many commands that cannot be obeyed"));
        }
        event
    }

    /// Forgets the transaction.
    fn reset(&mut self) {
        self.arrival = None;
        self.message = None;
    }

    fn close(&mut self, reply: Vec<u8>) -> Event {
        self.phase = Phase::Closed;
        self.reset();
        Event::Close(reply)
    }

    fn next_piece(&mut self) -> Event {
        let Phase::Data(content) = &mut self.phase else { unreachable!("DATA has begun") };
        let mut piece = Vec::new();
        let (used, is_end) = content.take(self.input.rest(), &mut piece);
        self.input.skip(used);
        if is_end {
            self.phase = Phase::Ended;
        }
        match self.keep(piece) {
            Some(piece) => Event::Piece(piece),
            None if is_end => self.ended(),
            None => Event::More,
        }
    }

    /// Counts octets of the message; gives back what the owner gets of them.
    fn keep(&mut self, piece: Vec<u8>) -> Option<Vec<u8>> {
        let message = self.message.get_or_insert_default();
        message.length = message.length.saturating_add(piece.len() as u64);
        if self.policy.size_limit.is_some_and(|limit| message.length > limit) {
            message.refusal.get_or_insert_with(parameter::too_large);
        }
        (message.refusal.is_none() && !piece.is_empty()).then_some(piece)
    }

    /// The message is at its end.
    fn ended(&mut self) -> Event {
        let message = self.message.get_or_insert_default();
        let Some(reply) = message.refusal.take() else { return Event::End };
        let is_begun = message.is_begun;
        self.phase = Phase::Command;
        self.reset();
        if is_begun { Event::Dropped(reply) } else { Event::Reply(reply) }
    }

    fn next_command(&mut self) -> Event {
        let limit = if self.policy.login.is_some() { LOGIN_LINE_LIMIT } else { LINE_LIMIT };
        match self.input.next_line(limit) {
            None => Event::More,
            Some(Line::TooLong) => {
                self.awaits_login = false;
                Event::Reply(line(500, "5.5.2 the line is too long"))
            }
            Some(Line::Whole(octets)) => self.obey(octets.trim_ascii()),
        }
    }

    fn obey(&mut self, octets: &[u8]) -> Event {
        let end = octets.iter().position(|octet| matches!(octet, b' ' | b'\t')).unwrap_or(octets.len());
        let verb = octets[..end].to_ascii_uppercase();
        let text = match std::str::from_utf8(octets) {
            // RFC 5321 4.1.1.9: whatever stands behind it.
            _ if verb == b"NOOP" && !self.awaits_login => return Event::Reply(line(250, "2.0.0 Ok")),
            Ok(text) if !text.contains(|character: char| character.is_control() && character != '\t') => text,
            _ => {
                self.awaits_login = false;
                return Event::Reply(line(500, "5.5.2 the line holds octets that no command has"));
            }
        };
        if std::mem::take(&mut self.awaits_login) {
            return self.log_in(text);
        }
        let rest = text[end..].trim_start();
        match verb.as_slice() {
            b"EHLO" | b"HELO" => self.hello(verb[0] == b'E', rest),
            b"MAIL" => Event::Reply(self.mail(rest)),
            b"RCPT" => Event::Reply(self.rcpt(rest)),
            b"DATA" => self.data(rest),
            b"BDAT" if self.policy.chunking => self.chunk(rest),
            b"RSET" if rest.is_empty() => self.start_anew(line(250, "2.0.0 Ok")),
            b"RSET" => Event::Reply(line(501, "5.5.4 Syntax: RSET")),
            b"VRFY" if rest.is_empty() => Event::Reply(line(501, "5.5.4 Syntax: VRFY address")),
            b"VRFY" => Event::Reply(line(252, "2.0.0 nothing is verified here; send the mail")),
            b"HELP" => Event::Reply(self.help()),
            b"QUIT" => self.close(line(221, "2.0.0 Bye")),
            b"STARTTLS" => self.start_tls(),
            b"AUTH" => self.auth(rest),
            b"LHLO" => Event::Reply(line(502, "5.5.1 LMTP is not spoken here, say EHLO")),
            b"BDAT" | b"EXPN" | b"ETRN" | b"ATRN" | b"TURN" | b"SEND" | b"SOML" | b"SAML" | b"BURL"
            | b"XCLIENT" | b"XFORWARD" => Event::Reply(line(502, "5.5.1 not offered here")),
            _ => Event::Reply(line(500, "5.5.2 no such command")),
        }
    }

    fn hello(&mut self, is_extended: bool, client: &str) -> Event {
        if client.is_empty() {
            let syntax = if is_extended { "Syntax: EHLO hostname" } else { "Syntax: HELO hostname" };
            return Event::Reply(line(501, &format!("5.5.4 {syntax}")));
        }
        // RFC 5321 4.1.4: as a RSET.
        let said = if is_extended { reply(250, &self.offers()) } else { line(250, &self.policy.name) };
        self.start_anew(said)
    }

    fn offers(&self) -> Vec<String> {
        let size = self.policy.size_limit.map_or("SIZE".to_owned(), |limit| format!("SIZE {limit}"));
        let mut lines = vec![self.policy.name.clone(), "PIPELINING".to_owned(), size];
        lines.extend(["8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"].map(str::to_owned));
        let others = [
            (self.policy.chunking, "CHUNKING"),
            (self.policy.login.is_some() && self.is_secured, "AUTH PLAIN"),
            (self.policy.login.is_some() && !self.is_secured, "STARTTLS"),
        ];
        lines.extend(
            others.into_iter().filter(|(is_offered, _)| *is_offered).map(|(_, word)| word.to_owned()),
        );
        lines
    }

    fn help(&self) -> Vec<u8> {
        let chunks = if self.policy.chunking { "BDAT " } else { "" };
        line(214, &format!("2.0.0 EHLO HELO MAIL RCPT DATA {chunks}RSET NOOP VRFY HELP QUIT"))
    }

    /// Gives up the transaction, and says so.
    fn start_anew(&mut self, reply: Vec<u8>) -> Event {
        let is_begun = self.message.take().is_some_and(|message| message.is_begun);
        self.reset();
        if is_begun { Event::Dropped(reply) } else { Event::Reply(reply) }
    }

    fn mail(&mut self, rest: &str) -> Vec<u8> {
        if !self.is_open() {
            return line(530, "5.7.0 log in first");
        }
        if self.message.is_some() {
            return line(503, "5.5.1 MAIL between chunks of a message");
        }
        // No EHLO is asked for: a script that leaves it out has mail all the same.
        if self.arrival.is_some() {
            return line(503, "5.5.1 a second MAIL; RSET gives up the first");
        }
        match parameter::mail(rest, self.policy.size_limit) {
            Ok(arrival) => {
                self.arrival = Some(arrival);
                line(250, "2.1.0 Ok")
            }
            Err(reply) => reply,
        }
    }

    fn rcpt(&mut self, rest: &str) -> Vec<u8> {
        let Some(arrival) = &mut self.arrival else { return line(503, "5.5.1 MAIL first") };
        if self.message.is_some() {
            return line(503, "5.5.1 RCPT between chunks of a message");
        }
        match parameter::rcpt(rest) {
            Ok(_) if arrival.recipients.len() >= RECIPIENTS_LIMIT => line(452, "4.5.3 too many recipients"),
            Ok(recipient) => {
                arrival.recipients.push(recipient);
                line(250, "2.1.5 Ok")
            }
            Err(reply) => reply,
        }
    }

    fn data(&mut self, rest: &str) -> Event {
        let reply = match &self.arrival {
            _ if !rest.is_empty() => line(501, "5.5.4 Syntax: DATA"),
            _ if self.message.is_some() => line(503, "5.5.1 DATA between chunks of a message"),
            None => line(503, "5.5.1 MAIL first"),
            Some(arrival) if arrival.recipients.is_empty() => line(503, "5.5.1 RCPT first"),
            Some(arrival) => {
                let arrival = arrival.clone();
                self.message = Some(Message { is_begun: true, ..Message::default() });
                self.phase = Phase::Data(Content::default());
                return Event::Begin(arrival, line(354, "End data with <CR><LF>.<CR><LF>"));
            }
        };
        Event::Reply(reply)
    }
}
