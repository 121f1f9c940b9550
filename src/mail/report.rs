//! The report: what became of each recipient. The exit code is computed from it and from nothing else.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::mail::{Address, CertificateProblem, Class, EnhancedStatus, Envelope, Protocol, TlsFacts};
use crate::sys::Interrupt;

/// Where in a hand-over something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Name look-up and TCP connection.
    Connect,
    /// The server's first reply.
    Greeting,
    /// EHLO, HELO or LHLO.
    Ehlo,
    /// The STARTTLS command.
    StartTls,
    /// The TLS handshake.
    Handshake,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA.
    Data,
    /// The message's octets.
    Body,
    /// The final dot and its reply.
    Dot,
    /// Another program or a file took the place of a session.
    Local,
}

impl Stage {
    /// Whether a trouble here concerns the session, and so everybody.
    pub fn is_before_transaction(self) -> bool {
        self < Stage::Mail
    }

    /// The stage's name in JSON and in the transcript.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Connect => "connect",
            Stage::Greeting => "greeting",
            Stage::Ehlo => "ehlo",
            Stage::StartTls => "starttls",
            Stage::Handshake => "handshake",
            Stage::Auth => "auth",
            Stage::Mail => "mail",
            Stage::Rcpt => "rcpt",
            Stage::Data => "data",
            Stage::Body => "body",
            Stage::Dot => "dot",
            Stage::Local => "local",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Connect => "while connecting",
            Stage::Greeting => "while waiting for the greeting",
            Stage::Ehlo => "after EHLO",
            Stage::StartTls => "after STARTTLS",
            Stage::Handshake => "during the TLS handshake",
            Stage::Auth => "while logging in",
            Stage::Mail => "after MAIL FROM",
            Stage::Rcpt => "after RCPT TO",
            Stage::Data => "after DATA",
            Stage::Body => "while the message was being sent",
            Stage::Dot => "after the final dot",
            Stage::Local => "while handing the message over",
        })
    }
}

/// What became of one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The next hop has taken responsibility.
    Accepted,
    /// The spool has it.
    Queued,
    /// Not taken now; a later try can help.
    Deferred,
    /// Not taken for good.
    Failed,
}

impl Fate {
    /// The fate's name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Accepted => "accepted",
            Fate::Queued => "queued",
            Fate::Deferred => "deferred",
            Fate::Failed => "failed",
        }
    }
}

/// A server's reply as kept in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedReply {
    /// The reply code, 200 to 599.
    pub code: u16,
    /// The text behind the code, all lines joined by a blank, printable only; begins with the enhanced status if there is one.
    pub text: String,
}

impl fmt::Display for ReportedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() {
            write!(f, "{}", self.code)
        } else {
            write!(f, "{} {}", self.code, self.text)
        }
    }
}

/// Why a recipient was not accepted: the kind, from which exit code and advice follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The host's name does not exist or has no address.
    NoHost,
    /// The name could not be looked up now.
    LookupFailed,
    /// The port is closed.
    ConnectionRefused,
    /// No way there, or no answer to the connection attempt within its deadline.
    Unreachable,
    /// The address to come from is not one of this machine.
    Source,
    /// The proxy gives no connection.
    Proxy,
    /// The program that is to lead to the server cannot be started.
    Tunnel,
    /// A deadline passed.
    TimedOut,
    /// The connection was lost.
    ConnectionLost,
    /// The program was asked to end.
    Interrupted(Interrupt),
    /// The server refused the session itself: greeting or EHLO.
    SessionRefused,
    /// TLS could not be set up.
    Handshake,
    /// The server does not speak TLS where it should, or speaks SMTP in the clear there.
    NotTls,
    /// The certificate is not good.
    Certificate(Box<CertificateProblem>),
    /// The trust anchors cannot be read.
    TrustStore,
    /// Our own certificate or its key cannot be used.
    ClientCertificate,
    /// STARTTLS is wanted and not offered, or refused.
    StartTlsUnavailable,
    /// Octets came in the clear behind the STARTTLS reply.
    StartTlsInjection,
    /// The password of the login could not be had.
    NoSecret,
    /// A login is wanted and AUTH is not offered.
    AuthUnavailable,
    /// No mechanism in common.
    NoMechanism,
    /// A login in the clear is not allowed.
    PlaintextAuth,
    /// The login was refused.
    LoginRefused,
    /// The access token was refused.
    TokenRefused,
    /// The server did not prove what the login mechanism wants proved: it is not who it should be, or broken.
    ServerUnproven,
    /// The sender is not permitted.
    SenderRefused,
    /// The recipient does not exist.
    NoSuchRecipient,
    /// The recipient's domain does not exist or takes no mail.
    NoSuchDomain,
    /// The message is larger than the server takes.
    TooBig,
    /// The server lacks an extension that the message needs.
    Unsupported,
    /// The message or the transaction was refused otherwise.
    Refused,
    /// The message as such is wrong in the server's eyes (5.6.x).
    Malformed,
    /// The server broke the protocol.
    Protocol,
    /// The message could not be read to its end, or changed while it was sent.
    Unreadable,
    /// A file or folder could not be written.
    Unwritable,
    /// Another program could not be run.
    Program,
    /// Another program ended with this exit code.
    ProgramExit(i32),
}

/// What became of one recipient, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whose outcome it is.
    pub recipient: Address,
    /// What became of it.
    pub fate: Fate,
    /// Where it was decided.
    pub stage: Stage,
    /// The kind of trouble; `None` when accepted or queued.
    pub problem: Option<Problem>,
    /// The server's status, or ours where it gave none.
    pub status: EnhancedStatus,
    /// Who decided: `host:port`, a program's or a file's name.
    pub host: String,
    /// The server's words.
    pub reply: Option<ReportedReply>,
    /// Our sentence; never empty.
    pub sentence: String,
    /// A final dot was sent, or may have been, and no usable reply came: a second try may duplicate.
    pub in_doubt: bool,
    /// What the reply amounts to, where more is known of it than its code says.
    pub class: Option<Class>,
    /// What is known to help with such a reply.
    pub advice: Option<Cow<'static, str>>,
}

/// How long the parts of a hand-over took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Name look-up and TCP connection.
    pub connect: Duration,
    /// Greeting to login, TLS included.
    pub session: Duration,
    /// MAIL to the reply to the dot.
    pub transaction: Duration,
}

/// What is known of the connection that a report speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFacts {
    /// `host:port` of the profile, a program's or a file's name.
    pub host: String,
    /// What was spoken; `None` where a program or a file took the mail.
    pub protocol: Option<Protocol>,
    /// The address that was connected to, `192.0.2.1:465`.
    pub peer: Option<String>,
    /// TLS, if there was any.
    pub tls: Option<TlsFacts>,
    /// Who was to log in.
    pub username: Option<String>,
    /// The SASL mechanism that the login used, or tried last.
    pub mechanism: Option<String>,
    /// How long it took.
    pub timings: Timings,
}

/// What became of a message: exactly one outcome per recipient of its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    outcomes: Vec<Outcome>,
    /// What is known of the connection.
    pub session: SessionFacts,
    /// What is worth saying although it changed no outcome.
    pub warnings: Vec<String>,
}

impl Report {
    /// Settles every recipient of `envelope`: `settle` is asked once for each, in order, by its index.
    pub fn settle(
        envelope: &Envelope,
        session: SessionFacts,
        settle: impl FnMut(usize, &Address) -> Outcome,
    ) -> Self {
        let mut settle = settle;
        let outcomes: Vec<Outcome> = envelope
            .recipients()
            .iter()
            .enumerate()
            .map(|(index, recipient)| {
                let outcome = settle(index, recipient);
                assert_eq!(&outcome.recipient, recipient, "an outcome belongs to its recipient");
                assert!(!outcome.sentence.is_empty(), "an outcome says why");
                assert!(
                    outcome.problem.is_some() == matches!(outcome.fate, Fate::Deferred | Fate::Failed),
                    "trouble has a kind, and only trouble has"
                );
                outcome
            })
            .collect();
        Report { outcomes, session, warnings: Vec::new() }
    }

    /// One outcome per recipient, in the envelope's order.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }
}
