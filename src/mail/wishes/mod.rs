//! What a sender wishes of the servers beyond a hand-over: reports, a time limit, a later release, a priority, TLS on
//! the whole way. Part of the envelope; how it is said to a server is in `smtp`.

mod dsn;
mod original;

use jiff::Timestamp;

pub use dsn::{EnvelopeId, Notify, Return, WishError, from_xtext, xtext};
pub use original::OriginalRecipient;

use crate::mail::read_time;

/// Longest time in a command, seconds: nine digits (RFC 2852 section 4, RFC 4865 section 4).
const LONGEST_S: u64 = 999_999_999;

/// The wishes for one mail, all of its recipients alike. Nothing is wished by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Which reports are sent (RFC 3461); a server that does not know of them gets the mail all the same.
    pub notify: Option<Notify>,
    /// How much of the message comes back with a report of failure (RFC 3461); likewise.
    pub returned: Option<Return>,
    /// What the reports call the mail (RFC 3461); likewise.
    pub envelope_id: Option<EnvelopeId>,
    /// When it must have arrived (RFC 2852). This and what follows is a condition: a server that does not know it gets
    /// nothing.
    pub deliver_by: Option<DeliverBy>,
    /// When it may go on (RFC 4865).
    pub hold: Option<Hold>,
    /// How urgent it is (RFC 6710).
    pub priority: Option<Priority>,
    /// It goes only where TLS protects it and the next server promises the same (RFC 8689).
    pub require_tls: bool,
}

impl Wishes {
    /// Whether something is asked of the reports.
    pub fn concern_reports(&self) -> bool {
        self.notify.is_some() || self.returned.is_some() || self.envelope_id.is_some()
    }

    /// The same without what concerns the reports.
    pub fn without_reports(&self) -> Self {
        Wishes { notify: None, returned: None, envelope_id: None, ..self.clone() }
    }

    /// The conditions in words, each with the extension that a server needs for it.
    pub fn conditions(&self) -> Vec<(&'static str, &'static str)> {
        [
            (self.require_tls, "TLS on the whole way", "REQUIRETLS"),
            (self.deliver_by.is_some(), "a time limit", "DELIVERBY"),
            (self.hold.is_some(), "a later release", "FUTURERELEASE"),
            (self.priority.is_some(), "a priority", "MT-PRIORITY"),
        ]
        .into_iter()
        .filter(|(is_set, ..)| *is_set)
        .map(|(_, words, extension)| (words, extension))
        .collect()
    }
}

/// What happens when the time limit has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// The sender is told, and the delivery goes on.
    Notify,
    /// The mail comes back.
    Return,
}

/// A time limit for the delivery (RFC 2852).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliverBy {
    /// Seconds from the hand-over on, 1 to 999,999,999. Whoever keeps the mail takes off the time that it was kept.
    pub within_s: u32,
    /// What happens then.
    pub late: Late,
    /// Whether each server that passes the mail on says so to the sender.
    pub trace: bool,
}

impl DeliverBy {
    /// Reads `TIME[,notify|return][,trace]`. Without a word the sender is told, which loses nothing.
    pub fn parse(text: &str) -> Result<Self, WishError> {
        let unlike = || WishError::unlike("TIME[,notify|return][,trace] such as 2h,return", text.trim());
        let mut words = text.split(',').map(str::trim);
        let within_s = words.next().and_then(seconds).ok_or_else(unlike)?;
        let (mut late, mut trace) = (None, false);
        for word in words {
            match word.to_ascii_lowercase().as_str() {
                "notify" if late.is_none() => late = Some(Late::Notify),
                "return" if late.is_none() => late = Some(Late::Return),
                "trace" if !trace => trace = true,
                _ => return Err(unlike()),
            }
        }
        Ok(DeliverBy { within_s, late: late.unwrap_or(Late::Notify), trace })
    }
}

/// When a mail may go on (RFC 4865).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// After so many seconds from the hand-over on, 1 to 999,999,999.
    For(u32),
    /// At this time, in whole seconds of the years 1970 to 9999.
    Until(Timestamp),
}

impl Hold {
    /// Reads a length of time, `90m`.
    pub fn parse_for(text: &str) -> Result<Self, WishError> {
        let unlike = || WishError::unlike("a time such as 90m, 12h or 3d", text.trim());
        seconds(text.trim()).map(Hold::For).ok_or_else(unlike)
    }

    /// Reads a time with its zone, `2030-01-31T08:00:00+01:00` (RFC 3339).
    pub fn parse_until(text: &str) -> Result<Self, WishError> {
        let unlike =
            || WishError::unlike("a time with its zone such as 2030-01-31T08:00:00+01:00", text.trim());
        let until: Timestamp = text.trim().parse().map_err(|_| unlike())?;
        let until = Timestamp::from_second(until.as_second()).map_err(|_| unlike())?;
        if until < Timestamp::UNIX_EPOCH { Err(unlike()) } else { Ok(Hold::Until(until)) }
    }
}

/// How urgent a mail is, -9 to 9; what says nothing has 0 (RFC 6710).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priority(i8);

impl Priority {
    /// Reads `-9` to `9`.
    pub fn parse(text: &str) -> Result<Self, WishError> {
        let number = text.trim().parse().ok().filter(|number| (-9..=9).contains(number));
        number.map(Priority).ok_or_else(|| WishError::unlike("a number from -9 to 9", text.trim()))
    }

    /// The number.
    pub fn number(self) -> i8 {
        self.0
    }
}

/// Whole seconds, at least one.
fn seconds(text: &str) -> Option<u32> {
    let seconds = read_time(text)?.as_secs();
    (1..=LONGEST_S).contains(&seconds).then(|| u32::try_from(seconds).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits() {
        let by = |within_s, late, trace| Ok(DeliverBy { within_s, late, trace });
        for (text, wish) in [
            ("3600", by(3600, Late::Notify, false)),
            ("2h,return", by(7200, Late::Return, false)),
            ("1d, Trace , NOTIFY", by(86_400, Late::Notify, true)),
            ("999999999,return,trace", by(999_999_999, Late::Return, true)),
        ] {
            assert_eq!(DeliverBy::parse(text), wish, "{text}");
        }
        for text in
            ["", "0", "-5", "1000000000", "1h,", "1h,later", "1h,return,notify", "1h,trace,trace", "return"]
        {
            assert!(DeliverBy::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn releases() {
        assert_eq!(Hold::parse_for("90m"), Ok(Hold::For(5400)));
        assert_eq!(
            Hold::parse_until("2030-01-31T08:00:00.9+01:00"),
            Ok(Hold::Until("2030-01-31T07:00:00Z".parse().unwrap()))
        );
        for text in ["", "2030-01-31", "2030-01-31T08:00:00", "1969-12-31T23:59:59Z", "tomorrow", "12:00"] {
            let error = Hold::parse_until(text).unwrap_err().to_string();
            assert!(error.ends_with(&format!("not `{text}`")), "{error}");
        }
        assert!(Hold::parse_for("0s").is_err() && Hold::parse_for("2030-01-31T08:00:00Z").is_err());
    }

    #[test]
    fn priorities() {
        assert_eq!(Priority::parse("-9").unwrap().number(), -9);
        assert_eq!(Priority::parse("+3").unwrap().number(), 3);
        for text in ["", "10", "-10", "high", "1.5"] {
            assert!(Priority::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn conditions_name_their_extension() {
        assert!(Wishes::default().conditions().is_empty());
        let wishes = Wishes { require_tls: true, priority: Priority::parse("1").ok(), ..Wishes::default() };
        let extensions: Vec<&str> = wishes.conditions().iter().map(|(_, extension)| *extension).collect();
        assert_eq!(extensions, ["REQUIRETLS", "MT-PRIORITY"]);
    }
}
