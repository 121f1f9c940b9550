//! Logging in: SASL mechanisms as values (RFC 4422, RFC 4954). PLAIN (RFC 4616) and LOGIN.

use crate::sys::Secret;

/// Who logs in, and with what.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user's name at the server.
    pub username: String,
    /// The password.
    pub secret: Secret,
}

/// A mechanism, in the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mechanism {
    /// `PLAIN`: one message.
    Plain,
    /// `LOGIN`: two answers; no standard, but what some servers offer alone.
    Login,
}

impl Mechanism {
    /// All of them, the preferred first.
    pub const ALL: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Login => "LOGIN",
        }
    }

    /// Reads a name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// The first of `allowed` (all, if it is empty) that the server offers and `refused` does not hold.
    pub fn choose(offered: &[String], allowed: &[Mechanism], refused: &[Mechanism]) -> Option<Self> {
        let allowed = if allowed.is_empty() { &Self::ALL[..] } else { allowed };
        allowed.iter().copied().find(|mechanism| {
            offered.iter().any(|name| name == mechanism.name()) && !refused.contains(mechanism)
        })
    }
}

/// The proof that a login may be sent over this connection. An [`Exchange`] cannot begin without it, so that a login
/// in the clear does not compile unless the profile's own words allow it.
#[derive(Debug)]
pub(super) struct Protected(());

impl Protected {
    /// TLS is on and the certificate verified.
    pub(super) fn by_tls() -> Self {
        Protected(())
    }

    /// The profile says `allow_plaintext_auth = true`.
    pub(super) fn by_permission(allow_plaintext_auth: bool) -> Option<Self> {
        allow_plaintext_auth.then_some(Protected(()))
    }
}

/// One login under way: what to say next.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) mechanism: Mechanism,
    pub(super) protected: Protected,
    answered: usize,
}

impl Exchange {
    /// Begins; gives the initial response in base64.
    pub(super) fn begin(
        mechanism: Mechanism,
        credentials: &Credentials,
        protected: Protected,
    ) -> (Self, Option<Secret>) {
        let initial = match mechanism {
            Mechanism::Plain => Some(plain(credentials)),
            Mechanism::Login => None,
        };
        (Exchange { mechanism, protected, answered: 0 }, initial)
    }

    /// Answers a 334 whose text may be in any language; `None` when the mechanism has nothing more to say.
    pub(super) fn answer(&mut self, credentials: &Credentials) -> Option<Secret> {
        self.answered += 1;
        match (self.mechanism, self.answered) {
            // A server that passed over the initial response asks for it again.
            (Mechanism::Plain, 1) => Some(plain(credentials)),
            (Mechanism::Login, 1) => Some(base64(credentials.username.as_bytes())),
            (Mechanism::Login, 2) => Some(base64(credentials.secret.expose())),
            _ => None,
        }
    }
}

/// `NUL user NUL password` in base64 (RFC 4616 section 2).
fn plain(credentials: &Credentials) -> Secret {
    let clear =
        Secret::new([b"\0", credentials.username.as_bytes(), b"\0", credentials.secret.expose()].concat());
    base64(clear.expose())
}

fn base64(octets: &[u8]) -> Secret {
    Secret::new(base64_simd::STANDARD.encode_to_string(octets).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials { username: "tim".to_owned(), secret: Secret::new("tanstaaftanstaaf") }
    }

    #[test]
    fn plain_as_in_rfc_4616() {
        let (_, initial) = Exchange::begin(Mechanism::Plain, &credentials(), Protected::by_tls());
        assert_eq!(initial.unwrap().expose(), b"AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
    }

    #[test]
    fn login_answers_twice() {
        let credentials = credentials();
        let (mut exchange, initial) = Exchange::begin(Mechanism::Login, &credentials, Protected::by_tls());
        assert!(initial.is_none());
        assert_eq!(exchange.answer(&credentials).unwrap().expose(), b"dGlt");
        assert_eq!(exchange.answer(&credentials).unwrap().expose(), b"dGFuc3RhYWZ0YW5zdGFhZg==");
        assert!(exchange.answer(&credentials).is_none());
    }

    #[test]
    fn the_choice() {
        let offered = ["LOGIN".to_owned(), "XOAUTH2".to_owned(), "PLAIN".to_owned()];
        assert_eq!(Mechanism::choose(&offered, &[], &[]), Some(Mechanism::Plain));
        assert_eq!(Mechanism::choose(&offered, &[Mechanism::Login], &[]), Some(Mechanism::Login));
        assert_eq!(Mechanism::choose(&offered, &[], &[Mechanism::Plain]), Some(Mechanism::Login));
        assert_eq!(Mechanism::choose(&offered[1..2], &[], &[]), None);
    }
}
