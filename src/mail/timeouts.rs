//! How long each stage may take.

use std::time::Duration;

use crate::mail::Stage;

/// One deadline per stage. The upper bounds are those of RFC 5321 4.5.3.2: a server may take that long and be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name look-up and TCP connection, all addresses together.
    pub connect: Duration,
    /// The greeting; at most 5 minutes.
    pub greeting: Duration,
    /// The reply to EHLO, HELO and STARTTLS, and the TLS handshake; at most 5 minutes.
    pub ehlo: Duration,
    /// Each reply to AUTH; at most 5 minutes.
    pub auth: Duration,
    /// The reply to MAIL; at most 5 minutes.
    pub mail: Duration,
    /// The reply to each RCPT; at most 5 minutes.
    pub rcpt: Duration,
    /// The reply to DATA; at most 2 minutes.
    pub data: Duration,
    /// The writing of a block of the body; at most 3 minutes.
    pub body: Duration,
    /// The reply to the final dot; at most 10 minutes. A shorter one risks duplicates.
    pub dot: Duration,
}

impl Timeouts {
    /// The deadline that applies at `stage`.
    pub fn at(&self, stage: Stage) -> Duration {
        match stage {
            Stage::Connect | Stage::Local => self.connect,
            Stage::Greeting => self.greeting,
            Stage::Ehlo | Stage::StartTls | Stage::Handshake => self.ehlo,
            Stage::Auth => self.auth,
            Stage::Mail => self.mail,
            Stage::Rcpt => self.rcpt,
            Stage::Data => self.data,
            Stage::Body => self.body,
            Stage::Dot => self.dot,
        }
    }
}
