//! Mechanisms that say what they have: PLAIN (RFC 4616), LOGIN, EXTERNAL (RFC 4422, appendix A), ANONYMOUS (RFC 4505).

use crate::smtp::Credentials;
use crate::smtp::sasl::{Trouble, base64};
use crate::sys::Secret;

/// `NUL user NUL password` (RFC 4616 section 2).
pub(super) fn plain(credentials: &Credentials) -> Secret {
    let clear =
        Secret::new([b"\0", credentials.username.as_bytes(), b"\0", credentials.secret.expose()].concat());
    base64(clear.expose())
}

/// The name alone: whom to act for, or a trace of who comes. Empty if there is none.
pub(super) fn name_only(credentials: &Credentials) -> Secret {
    base64(credentials.username.as_bytes())
}

/// The answers of LOGIN to prompts in any language.
pub(super) fn login(credentials: &Credentials, number: usize) -> Result<Secret, Trouble> {
    match number {
        1 => Ok(base64(credentials.username.as_bytes())),
        2 => Ok(base64(credentials.secret.expose())),
        _ => Err(Trouble::Misplaced),
    }
}

#[cfg(test)]
mod tests {
    use crate::smtp::sasl::exchange::tests::{begin, credentials};
    use crate::smtp::sasl::{Mechanism, Trouble};

    #[test]
    fn plain_as_in_rfc_4616() {
        let (_, initial) = begin(Mechanism::Plain, &credentials("tim", "tanstaaftanstaaf"));
        assert_eq!(initial.unwrap().expose(), b"AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
    }

    #[test]
    fn login_answers_twice() {
        let credentials = credentials("tim", "tanstaaftanstaaf");
        let (mut exchange, initial) = begin(Mechanism::Login, &credentials);
        assert!(initial.is_none());
        assert_eq!(exchange.answer(&credentials, "5ZCN").unwrap().expose(), b"dGlt");
        assert_eq!(exchange.answer(&credentials, "").unwrap().expose(), b"dGFuc3RhYWZ0YW5zdGFhZg==");
        assert_eq!(exchange.answer(&credentials, "").unwrap_err(), Trouble::Misplaced);
    }

    #[test]
    fn anonymous_as_in_rfc_4505_and_external_with_and_without_a_name() {
        let said = |mechanism, name: &str| {
            let (_, initial) = begin(mechanism, &credentials(name, ""));
            String::from_utf8(initial.unwrap().expose().to_vec()).unwrap()
        };
        assert_eq!(said(Mechanism::Anonymous, "sirhc"), "c2lyaGM=");
        assert_eq!(said(Mechanism::External, ""), "=");
        // The example of RFC 4422, A.3.
        assert_eq!(said(Mechanism::External, "fred@example.com"), "ZnJlZEBleGFtcGxlLmNvbQ==");
    }

    #[test]
    fn an_empty_first_message_that_is_asked_for_is_an_empty_line() {
        let credentials = credentials("", "");
        let (mut exchange, _) = begin(Mechanism::External, &credentials);
        assert_eq!(exchange.answer(&credentials, "").unwrap().expose(), b"");
    }
}
