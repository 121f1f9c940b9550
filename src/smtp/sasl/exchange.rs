//! An exchange: one login under way, whatever its mechanism.

use crate::mail::ChannelBinding;
use crate::smtp::Credentials;
use crate::smtp::sasl::scram::Scram;
use crate::smtp::sasl::token::Token;
use crate::smtp::sasl::{Mechanism, clear, cram};
use crate::sys::Secret;

/// Longest response that goes with AUTH itself, characters: a command line has 512 octets (RFC 5321 4.5.3.1.4), and
/// only the answer to a 334 may be longer (RFC 4954 section 4).
const INITIAL_LIMIT: usize = 512 - "AUTH SCRAM-SHA-256-PLUS \r\n".len();

/// The proof that a login may be sent over this connection. An [`Exchange`] cannot begin without it, so that a login
/// in the clear does not compile unless the profile's own words allow it.
#[derive(Debug)]
pub(in crate::smtp) struct Protected {
    is_by_tls: bool,
    binding: Option<ChannelBinding>,
}

impl Protected {
    /// TLS is on and the certificate verified; what the login can be bound to there.
    pub(in crate::smtp) fn by_tls(binding: Option<ChannelBinding>) -> Self {
        Protected { is_by_tls: true, binding }
    }

    /// The profile says `allow_plaintext_auth = true`.
    pub(in crate::smtp) fn by_permission(allow_plaintext_auth: bool) -> Option<Self> {
        allow_plaintext_auth.then_some(Protected { is_by_tls: false, binding: None })
    }

    pub(in crate::smtp) fn is_by_tls(&self) -> bool {
        self.is_by_tls
    }

    pub(super) fn binding(&self) -> Option<&ChannelBinding> {
        self.binding.as_ref()
    }
}

/// Why an exchange does not go on. The texts are the ends of sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::smtp) enum Trouble {
    /// The mechanism has nothing more to say.
    Misplaced,
    /// What came is no message of the mechanism: "the server …".
    Malformed(String),
    /// The server, or somebody before it, is not who it should be: "the server …".
    Unproven(String),
    /// The mechanism cannot be used with this server: "the server …".
    Unusable(String),
}

/// One login under way: what to say next.
#[derive(Debug)]
pub(in crate::smtp) struct Exchange {
    pub(in crate::smtp) mechanism: Mechanism,
    pub(in crate::smtp) protected: Protected,
    /// The client's first message, until the server has asked for something.
    first: Option<Secret>,
    /// Whether the first message went with AUTH.
    is_first_said: bool,
    family: Family,
}

#[derive(Debug)]
enum Family {
    /// The first message is all there is.
    Single,
    /// How many answers were given.
    Login(usize),
    /// Whether the challenge was answered.
    Cram(bool),
    Scram(Box<Scram>),
    Token(Token),
}

impl Exchange {
    /// Begins; gives the initial response in base64, if it goes with AUTH. `offered` is what the server lists.
    pub(in crate::smtp) fn begin(
        mechanism: Mechanism,
        credentials: &Credentials,
        protected: Protected,
        offered: &[String],
    ) -> (Self, Option<Secret>) {
        let (first, family) = match mechanism {
            Mechanism::Plain => (Some(clear::plain(credentials)), Family::Single),
            Mechanism::External | Mechanism::Anonymous => {
                (Some(clear::name_only(credentials)), Family::Single)
            }
            Mechanism::Login => (None, Family::Login(0)),
            Mechanism::CramMd5 => (None, Family::Cram(false)),
            Mechanism::ScramSha256Plus
            | Mechanism::ScramSha1Plus
            | Mechanism::ScramSha256
            | Mechanism::ScramSha1 => {
                let (scram, first) = Scram::begin(mechanism, credentials, &protected, offered);
                (Some(first), Family::Scram(Box::new(scram)))
            }
            Mechanism::OauthBearer | Mechanism::Xoauth2 => {
                let (token, first) = Token::begin(mechanism, credentials);
                (Some(first), Family::Token(token))
            }
        };
        let initial = first.as_ref().filter(|first| first.expose().len() <= INITIAL_LIMIT);
        // An empty response is said with a sign of its own there (RFC 4954 section 4).
        let initial = initial.map(|first| if first.is_empty() { Secret::new("=") } else { first.clone() });
        (Exchange { mechanism, protected, is_first_said: initial.is_some(), first, family }, initial)
    }

    /// Answers a 334 with this text.
    pub(in crate::smtp) fn answer(
        &mut self,
        credentials: &Credentials,
        challenge: &str,
    ) -> Result<Secret, Trouble> {
        let challenge = challenge.trim();
        if let Some(first) = self.first.take() {
            // A server that passed over the initial response asks for it again.
            if !self.is_first_said || challenge.is_empty() || matches!(self.family, Family::Single) {
                return Ok(first);
            }
        }
        match &mut self.family {
            Family::Single => Err(Trouble::Misplaced),
            Family::Login(answered) => {
                *answered += 1;
                clear::login(credentials, *answered)
            }
            Family::Cram(is_answered) if *is_answered => Err(Trouble::Misplaced),
            Family::Cram(is_answered) => {
                *is_answered = true;
                cram::answer(credentials, challenge)
            }
            Family::Scram(scram) => scram.answer(credentials, challenge),
            Family::Token(token) => token.answer(challenge),
        }
    }

    /// The server says yes: whether it may, having proved what the mechanism wants proved.
    pub(in crate::smtp) fn finish(&self) -> Result<(), Trouble> {
        match &self.family {
            Family::Scram(scram) => scram.finish(),
            _ => Ok(()),
        }
    }

    /// What the server has said against the token, in words.
    pub(in crate::smtp) fn objection(&self) -> Option<&str> {
        match &self.family {
            Family::Token(token) => token.objection.as_deref(),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::smtp::Nonces;

    pub(in crate::smtp::sasl) fn credentials(username: &str, secret: &str) -> Credentials {
        Credentials {
            username: username.to_owned(),
            secret: Secret::new(secret),
            nonces: Nonces::new(Secret::new([0; 32])),
        }
    }

    pub(in crate::smtp::sasl) fn begin(
        mechanism: Mechanism,
        credentials: &Credentials,
    ) -> (Exchange, Option<Secret>) {
        Exchange::begin(mechanism, credentials, Protected::by_tls(None), &[])
    }

    #[test]
    fn a_first_message_is_given_again_once() {
        for mechanism in [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::Xoauth2, Mechanism::Anonymous]
        {
            let credentials = credentials("me", "x");
            let (mut exchange, initial) = begin(mechanism, &credentials);
            let again = exchange.answer(&credentials, "").unwrap();
            assert_eq!(initial.unwrap().expose(), again.expose());
            assert!(exchange.answer(&credentials, "").is_err() || mechanism == Mechanism::Xoauth2);
        }
    }

    #[test]
    fn a_long_first_message_waits_to_be_asked_for() {
        for mechanism in [Mechanism::Plain, Mechanism::Xoauth2, Mechanism::OauthBearer] {
            let credentials = credentials("me", &"x".repeat(1000));
            let (mut exchange, initial) = begin(mechanism, &credentials);
            assert!(initial.is_none());
            assert!(exchange.answer(&credentials, "").unwrap().expose().len() > 1000);
        }
    }

    #[test]
    fn nothing_of_the_secret_is_shown() {
        for mechanism in Mechanism::ALL {
            let credentials = credentials("me", "canary");
            let (mut exchange, initial) = begin(mechanism, &credentials);
            let _ = exchange.answer(&credentials, "");
            let shown = format!("{exchange:?}{initial:?}");
            assert!(!shown.contains("canary") && !shown.contains("Y2FuYXJ5"), "{shown}");
        }
    }
}
