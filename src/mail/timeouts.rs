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

/// Reads a length of time: `30s`, `5m`, `1h`, `2d` or bare seconds.
pub fn read_time(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    let number: u64 = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("90", 90), ("1h", 3600), ("2d", 172_800), ("0", 0)]
        {
            assert_eq!(read_time(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "s", "-3", "+3", "1.5s", "3 s", "5min", "99999999999999999999", "9999999999999999999h"]
        {
            assert_eq!(read_time(text), None, "{text}");
        }
    }
}
