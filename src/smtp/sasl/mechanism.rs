//! The mechanisms that are known, and which of them a login takes.

use crate::smtp::sasl::Protected;

/// A mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// `SCRAM-SHA-256-PLUS`: as [`Mechanism::ScramSha256`], bound to the TLS connection (RFC 5929, RFC 9266).
    ScramSha256Plus,
    /// `SCRAM-SHA-1-PLUS`: as [`Mechanism::ScramSha1`], bound to the TLS connection.
    ScramSha1Plus,
    /// `SCRAM-SHA-256` (RFC 7677): both sides prove that they know the password.
    ScramSha256,
    /// `SCRAM-SHA-1` (RFC 5802).
    ScramSha1,
    /// `PLAIN` (RFC 4616): the password in one message.
    Plain,
    /// `LOGIN`: name and password in two answers; no standard, but what some servers offer alone.
    Login,
    /// `CRAM-MD5` (RFC 2195): the password is not sent; the server must know it.
    CramMd5,
    /// `OAUTHBEARER` (RFC 7628): an access token.
    OauthBearer,
    /// `XOAUTH2`: an access token, as Google and Microsoft have it.
    Xoauth2,
    /// `EXTERNAL` (RFC 4422, appendix A): what TLS has proved, by a client certificate.
    External,
    /// `ANONYMOUS` (RFC 4505).
    Anonymous,
}

impl Mechanism {
    /// All of them, the strongest first.
    pub const ALL: [Mechanism; 11] = [
        Mechanism::ScramSha256Plus,
        Mechanism::ScramSha1Plus,
        Mechanism::ScramSha256,
        Mechanism::ScramSha1,
        Mechanism::Plain,
        Mechanism::Login,
        Mechanism::CramMd5,
        Mechanism::OauthBearer,
        Mechanism::Xoauth2,
        Mechanism::External,
        Mechanism::Anonymous,
    ];

    /// What a password serves for under TLS. There PLAIN stands before CRAM-MD5, which gains nothing and which servers
    /// that keep hashes offer in vain.
    const UNDER_TLS: [Mechanism; 7] = [
        Mechanism::ScramSha256Plus,
        Mechanism::ScramSha1Plus,
        Mechanism::ScramSha256,
        Mechanism::ScramSha1,
        Mechanism::Plain,
        Mechanism::Login,
        Mechanism::CramMd5,
    ];

    /// In the clear, what does not show the password comes first.
    const IN_THE_CLEAR: [Mechanism; 5] = [
        Mechanism::ScramSha256,
        Mechanism::ScramSha1,
        Mechanism::CramMd5,
        Mechanism::Plain,
        Mechanism::Login,
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::ScramSha256Plus => "SCRAM-SHA-256-PLUS",
            Mechanism::ScramSha1Plus => "SCRAM-SHA-1-PLUS",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
            Mechanism::ScramSha1 => "SCRAM-SHA-1",
            Mechanism::Plain => "PLAIN",
            Mechanism::Login => "LOGIN",
            Mechanism::CramMd5 => "CRAM-MD5",
            Mechanism::OauthBearer => "OAUTHBEARER",
            Mechanism::Xoauth2 => "XOAUTH2",
            Mechanism::External => "EXTERNAL",
            Mechanism::Anonymous => "ANONYMOUS",
        }
    }

    /// Reads a name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// Whether it is of use without a password or token.
    pub fn needs_no_secret(self) -> bool {
        matches!(self, Mechanism::External | Mechanism::Anonymous)
    }

    /// Whether its secret is an access token.
    pub fn takes_token(self) -> bool {
        matches!(self, Mechanism::OauthBearer | Mechanism::Xoauth2)
    }

    /// Whether it sends something that is made of the password, in place of the password.
    pub fn keeps_password(self) -> bool {
        self.is_bound() || matches!(self, Mechanism::ScramSha256 | Mechanism::ScramSha1 | Mechanism::CramMd5)
    }

    /// Whether it binds the login to the TLS connection.
    pub(super) fn is_bound(self) -> bool {
        matches!(self, Mechanism::ScramSha256Plus | Mechanism::ScramSha1Plus)
    }

    /// Whether nothing permits it in the clear: who hears a token has the account (RFC 7628 section 4), and what TLS
    /// proves needs TLS.
    pub(in crate::smtp) fn needs_tls(self) -> bool {
        self.takes_token() || self.is_bound() || self == Mechanism::External
    }

    /// The first of `allowed` that the server offers, the connection can carry, and `refused` does not hold. Nothing
    /// allowed by name means: what a password serves for, by strength; bound to the connection only by tls-exporter (RFC
    /// 9266), since many servers do not know the binding that serves for TLS 1.2, and say so as to a wrong password.
    pub(in crate::smtp) fn choose(
        offered: &[String],
        allowed: &[Mechanism],
        refused: &[Mechanism],
        protected: &Protected,
    ) -> Option<Self> {
        let by_strength = if protected.is_by_tls() { &Self::UNDER_TLS[..] } else { &Self::IN_THE_CLEAR[..] };
        let (allowed, is_named) = if allowed.is_empty() { (by_strength, false) } else { (allowed, true) };
        let may_bind = protected.binding().is_some_and(|binding| is_named || binding.kind == "tls-exporter");
        allowed.iter().copied().find(|mechanism| {
            mechanism.is_among(offered)
                && !refused.contains(mechanism)
                && (protected.is_by_tls() || !mechanism.needs_tls())
                && (may_bind || !mechanism.is_bound())
        })
    }

    /// Whether the server offers it.
    pub(in crate::smtp) fn is_among(self, offered: &[String]) -> bool {
        offered.iter().any(|name| name == self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::ChannelBinding;

    fn choose(offered: &str, allowed: &[Mechanism], protected: &Protected) -> Option<Mechanism> {
        let offered: Vec<String> = offered.split(' ').map(str::to_owned).collect();
        Mechanism::choose(&offered, allowed, &[], protected)
    }

    fn bound() -> Protected {
        Protected::by_tls(Some(ChannelBinding { kind: "tls-exporter", octets: vec![1] }))
    }

    #[test]
    fn names_are_read_again() {
        for mechanism in Mechanism::ALL {
            assert_eq!(Mechanism::parse(&mechanism.name().to_ascii_lowercase()), Some(mechanism));
        }
        assert_eq!(Mechanism::parse("NTLM"), None);
    }

    #[test]
    fn the_strongest_is_chosen() {
        let all =
            "LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS XOAUTH2 EXTERNAL ANONYMOUS";
        let tls = Protected::by_tls(None);
        assert_eq!(choose(all, &[], &bound()), Some(Mechanism::ScramSha256Plus));
        assert_eq!(choose(all, &[], &tls), Some(Mechanism::ScramSha256));
        assert_eq!(choose("LOGIN CRAM-MD5 PLAIN", &[], &tls), Some(Mechanism::Plain));
        assert_eq!(choose("CRAM-MD5 LOGIN", &[], &tls), Some(Mechanism::Login));
        assert_eq!(choose("XOAUTH2 CRAM-MD5", &[], &tls), Some(Mechanism::CramMd5));
        let older = Protected::by_tls(Some(ChannelBinding { kind: "tls-server-end-point", octets: vec![1] }));
        assert_eq!(choose(all, &[], &older), Some(Mechanism::ScramSha256));
        let plus = Mechanism::ScramSha256Plus;
        assert_eq!(choose(all, &[plus], &older), Some(plus));
        // Only by name.
        assert_eq!(choose("XOAUTH2 OAUTHBEARER EXTERNAL ANONYMOUS", &[], &bound()), None);
    }

    #[test]
    fn in_the_clear_the_password_is_kept_back_and_a_token_always() {
        let clear = Protected::by_permission(true).unwrap();
        assert!(Protected::by_permission(false).is_none());
        assert_eq!(choose("PLAIN CRAM-MD5", &[], &clear), Some(Mechanism::CramMd5));
        assert_eq!(choose("PLAIN SCRAM-SHA-1-PLUS", &[], &clear), Some(Mechanism::Plain));
        for mechanism in [Mechanism::Xoauth2, Mechanism::OauthBearer, Mechanism::External] {
            assert_eq!(choose(mechanism.name(), &[mechanism], &clear), None);
            assert_eq!(choose(mechanism.name(), &[mechanism], &bound()), Some(mechanism));
        }
    }

    #[test]
    fn the_profiles_list_is_the_order() {
        let offered = ["LOGIN", "XOAUTH2", "PLAIN"].map(str::to_owned);
        let tls = Protected::by_tls(None);
        let list = [Mechanism::Login, Mechanism::Plain];
        assert_eq!(Mechanism::choose(&offered, &list, &[], &tls), Some(Mechanism::Login));
        assert_eq!(Mechanism::choose(&offered, &list, &list[..1], &tls), Some(Mechanism::Plain));
        assert_eq!(Mechanism::choose(&offered, &list, &list, &tls), None);
    }
}
