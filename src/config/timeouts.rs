//! How long each stage of a session may take (RFC 5321 4.5.3.2).

use std::time::Duration;

use crate::config::Setting;
use crate::mail;

/// One limit: its key, the built-in value and the most that may be set, seconds.
pub(super) struct Limit {
    /// The key below `timeouts`.
    pub name: &'static str,
    /// What holds when nothing is set.
    pub default_s: u64,
    /// RFC 5321 4.5.3.2 asks for this much; longer only hides a dead server.
    pub longest_s: u64,
}

const fn limit(name: &'static str, default_s: u64, longest_s: u64) -> Limit {
    Limit { name, default_s, longest_s }
}

/// How many limits there are.
pub(super) const COUNT: usize = 9;

/// The limits in the order of a session. The defaults are shorter where giving up early is safe: nothing was
/// accepted yet. The dot keeps its 10 minutes, because giving up there leaves a message in doubt.
pub(super) const LIMITS: [Limit; COUNT] = [
    limit("connect", 30, 300),
    limit("greeting", 60, 300),
    limit("ehlo", 60, 300),
    // Not in RFC 5321; a login is a command like the others.
    limit("auth", 60, 300),
    limit("mail", 60, 300),
    // Servers ask other servers and lists here.
    limit("rcpt", 120, 300),
    limit("data", 120, 120),
    limit("body", 180, 180),
    limit("dot", 600, 600),
];

/// The limits of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// Name look-up and TCP.
    pub connect: Setting<Duration>,
    /// The server's first words.
    pub greeting: Setting<Duration>,
    /// The reply to EHLO, HELO and STARTTLS; the TLS handshake.
    pub ehlo: Setting<Duration>,
    /// Each reply of a login.
    pub auth: Setting<Duration>,
    /// The reply to MAIL.
    pub mail: Setting<Duration>,
    /// The reply to each RCPT.
    pub rcpt: Setting<Duration>,
    /// The reply to DATA.
    pub data: Setting<Duration>,
    /// Each block of the message being taken.
    pub body: Setting<Duration>,
    /// The reply to the final dot.
    pub dot: Setting<Duration>,
}

impl Timeouts {
    /// Takes what was set and fills the rest from the built-in values.
    pub(super) fn settle(set: [Option<Setting<Duration>>; COUNT]) -> Self {
        let mut index = 0;
        let [connect, greeting, ehlo, auth, mail, rcpt, data, body, dot] = set.map(|given| {
            let built_in = Setting::built_in(Duration::from_secs(LIMITS[index].default_s));
            index += 1;
            given.unwrap_or(built_in)
        });
        Timeouts { connect, greeting, ehlo, auth, mail, rcpt, data, body, dot }
    }

    /// The limits alone, without their origins.
    pub fn plain(&self) -> mail::Timeouts {
        mail::Timeouts {
            connect: self.connect.value,
            greeting: self.greeting.value,
            ehlo: self.ehlo.value,
            auth: self.auth.value,
            mail: self.mail.value,
            rcpt: self.rcpt.value,
            data: self.data.value,
            body: self.body.value,
            dot: self.dot.value,
        }
    }

    /// The limit with this name below `timeouts`.
    pub(super) fn named(&self, name: &str) -> Option<&Setting<Duration>> {
        let all = [
            &self.connect,
            &self.greeting,
            &self.ehlo,
            &self.auth,
            &self.mail,
            &self.rcpt,
            &self.data,
            &self.body,
            &self.dot,
        ];
        all.into_iter().zip(&LIMITS).find(|(_, limit)| limit.name == name).map(|(setting, _)| setting)
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts::settle([const { None }; COUNT])
    }
}

/// The time as it is written in a file: `30s`, `5m`.
pub(super) fn shown(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds > 0 && seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_read() {
        for seconds in [0, 1, 59, 60, 61, 600] {
            let time = Duration::from_secs(seconds);
            assert_eq!(mail::read_time(&shown(time)), Some(time));
        }
    }

    #[test]
    fn the_built_in_limits_are_within_their_bounds() {
        let timeouts = Timeouts::default();
        for limit in &LIMITS {
            assert!(limit.default_s <= limit.longest_s, "{}", limit.name);
            assert_eq!(timeouts.named(limit.name).unwrap().value.as_secs(), limit.default_s);
        }
        assert_eq!(timeouts.dot.value, Duration::from_secs(600));
        assert_eq!(timeouts.connect.value, Duration::from_secs(30));
    }
}
