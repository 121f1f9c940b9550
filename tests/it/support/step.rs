//! The steps of a scripted server's script.

use std::time::Duration;

use super::{Gate, Rules};

/// One thing that the scripted server does. After the last step of a script the server closes ([`Step::Close`]).
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends lines; each gets CRLF.
    Say(String),
    /// Sends these octets as they are.
    Raw(Vec<u8>),
    /// Sends lines octet by octet, one each time.
    Drip(String, Duration),
    /// Reads one line.
    Hear,
    /// Reads up to and including the final dot (RFC 5321, section 4.1.1.4).
    Body,
    /// Reads exactly so many octets: the data of a BDAT (RFC 3030).
    Octets(usize),
    /// Reads to the final dot and keeps only the number of octets: for messages that are too big to be kept.
    Count,
    /// From here on reads at most so many octets at a time, through a window that does not grow.
    Sip(usize),
    /// Neither says nor reads anything until the test opens the gate.
    Meet(Gate),
    /// Does nothing for a time, and does not read either.
    Wait(Duration),
    /// The server's side of the TLS handshake.
    Tls,
    /// Behaves as the rules say until QUIT or until the client is gone.
    Serve(Rules),
    /// Ends in order: close_notify under TLS, then FIN. Reads and records what still comes.
    Close,
    /// FIN without close_notify.
    Cut,
    /// RST.
    Reset,
    /// Neither says nor reads anything from here on, and keeps the connection.
    Silence,
}

/// Sends lines; each gets CRLF.
pub fn say(lines: &str) -> Step {
    Step::Say(lines.to_owned())
}

/// Sends these octets as they are.
pub fn raw(octets: impl AsRef<[u8]>) -> Step {
    Step::Raw(octets.as_ref().to_vec())
}

/// Reads one line.
pub fn hear() -> Step {
    Step::Hear
}
