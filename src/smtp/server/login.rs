//! STARTTLS and AUTH: asked for where the policy has a login, refused where it has none.

use super::refusal::line;
use super::{Event, Server};

impl Server {
    pub(super) fn start_tls(&mut self) -> Event {
        if self.policy.login.is_none() {
            return Event::Reply(line(502, "5.5.1 STARTTLS is not offered here"));
        }
        if self.is_secured {
            return Event::Reply(line(503, "5.5.1 TLS is on already"));
        }
        // What was pipelined behind STARTTLS must not be taken as if it came under TLS.
        if !self.input.rest().is_empty() {
            return self.close(line(501, "5.5.1 nothing may follow STARTTLS"));
        }
        Event::StartTls(line(220, "2.0.0 begin TLS"))
    }

    pub(super) fn auth(&mut self, rest: &str) -> Event {
        if self.policy.login.is_none() {
            return Event::Reply(line(503, "5.5.1 AUTH is not offered here"));
        }
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

    pub(super) fn log_in(&mut self, response: &str) -> Event {
        self.is_logged_in = self.policy.login.as_deref() == Some(response);
        Event::Reply(if self.is_logged_in {
            line(235, "2.7.0 welcome")
        } else {
            line(535, "5.7.8 wrong password")
        })
    }

    /// Whether mail is taken now.
    pub(super) fn is_open(&self) -> bool {
        self.policy.login.is_none() || self.is_logged_in
    }
}
