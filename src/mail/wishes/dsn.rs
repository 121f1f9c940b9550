//! What a sender asks of the servers' reports (RFC 3461): which, with how much of the message, and under which
//! identifier. The reports themselves are not made here.

use std::fmt;

use crate::mail::address::SHOWN;

/// Longest envelope identifier, characters as sent (RFC 3461 4.4).
const LONGEST_ID: usize = 100;

/// A wish that cannot be understood. Displays as what follows the name of the option or key: `takes …, not `x``.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WishError(String);

impl WishError {
    /// The error of a text that is none of what is `wanted`.
    pub(super) fn unlike(wanted: &str, text: &str) -> Self {
        // Whoever shows the error cuts and escapes it as the place demands; an ID of 100 kB is not repeated.
        let shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
        WishError(format!("takes {wanted}, not `{shown}`"))
    }
}

/// Which reports are asked for (NOTIFY, RFC 3461 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notify {
    /// None.
    Never,
    /// Those that are set; at least one is.
    On {
        /// When the mail has been delivered.
        success: bool,
        /// When it cannot be.
        failure: bool,
        /// When it takes longer.
        delay: bool,
    },
}

impl Notify {
    /// Reads `never`, or `success`, `failure` and `delay` with commas between them, in any case.
    pub fn parse(text: &str) -> Result<Self, WishError> {
        let unlike =
            || WishError::unlike("never, or success, failure and delay divided by commas", text.trim());
        let (mut never, mut success, mut failure, mut delay) = (false, false, false, false);
        for word in text.split(',') {
            match word.trim().to_ascii_lowercase().as_str() {
                "never" => never = true,
                "success" => success = true,
                "failure" => failure = true,
                "delay" => delay = true,
                _ => return Err(unlike()),
            }
        }
        match (never, success || failure || delay) {
            (true, false) => Ok(Notify::Never),
            (false, true) => Ok(Notify::On { success, failure, delay }),
            // RFC 3461 4.1: NEVER stands alone.
            _ => Err(unlike()),
        }
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Notify::On { success, failure, delay } = *self else { return f.write_str("never") };
        let words = [(success, "success"), (failure, "failure"), (delay, "delay")];
        let words: Vec<&str> =
            words.into_iter().filter(|(is_set, _)| *is_set).map(|(_, word)| word).collect();
        f.write_str(&words.join(","))
    }
}

/// How much of the message a report of failure brings back (RET, RFC 3461 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// All of it.
    Full,
    /// Its header.
    Headers,
}

impl Return {
    /// Reads `full`, `headers`, or `hdrs` as mutt and sendmail say, in any case.
    pub fn parse(text: &str) -> Result<Self, WishError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "full" => Ok(Return::Full),
            "headers" | "hdrs" => Ok(Return::Headers),
            _ => Err(WishError::unlike("full or headers", text.trim())),
        }
    }
}

impl fmt::Display for Return {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Return::Full => "full",
            Return::Headers => "headers",
        })
    }
}

/// The identifier that reports of this mail carry (ENVID, RFC 3461 4.4): printable ASCII and blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeId(String);

impl EnvelopeId {
    /// Takes an identifier of 1 to 100 characters, those counted three times that are written as `+XX`.
    pub fn parse(text: &str) -> Result<Self, WishError> {
        let is_printable = text.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic());
        if text.is_empty() || !is_printable {
            return Err(WishError::unlike("printable ASCII characters", text));
        }
        let length = xtext(text).len();
        if length > LONGEST_ID {
            return Err(WishError(format!(
                "takes at most {LONGEST_ID} characters, a blank, + and = counted as three, and these are {length}"
            )));
        }
        Ok(EnvelopeId(text.to_owned()))
    }

    /// The identifier as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text as xtext: what is no printable ASCII, `+` and `=` become `+XX` (RFC 3461 section 4).
pub fn xtext(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'+' | b'=' => out.push_str(&format!("+{octet:02X}")),
            b'!'..=b'~' => out.push(char::from(octet)),
            _ => out.push_str(&format!("+{octet:02X}")),
        }
    }
    out
}

/// The text of an xtext; `None` if it is none, or of no UTF-8.
pub fn from_xtext(coded: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(coded.len());
    let mut rest = coded.as_bytes();
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        match octet {
            b'+' => {
                let (&[high, low], behind) = rest.split_first_chunk()?;
                octets.push(hex_digit(high)? << 4 | hex_digit(low)?);
                rest = behind;
            }
            b'!'..=b'~' if octet != b'=' => octets.push(octet),
            _ => return None,
        }
    }
    String::from_utf8(octets).ok()
}

/// RFC 3461 section 4 has capital letters only; small ones are no other octet.
fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reports_are_chosen() {
        for (text, shown) in [
            ("never", "never"),
            ("NEVER", "never"),
            ("failure", "failure"),
            (" delay, Success,success ", "success,delay"),
            ("success,failure,delay", "success,failure,delay"),
        ] {
            assert_eq!(Notify::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for text in ["", ",", "never,failure", "always", "failure,", "failure delay", "success\r\nDATA"] {
            let error = Notify::parse(text).unwrap_err().to_string();
            assert!(error.starts_with("takes never, or success") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn what_comes_back_is_chosen() {
        assert_eq!(Return::parse("hdrs"), Ok(Return::Headers));
        assert_eq!(Return::parse("Headers").unwrap().to_string(), "headers");
        assert_eq!(Return::parse("FULL").unwrap().to_string(), "full");
        assert_eq!(Return::parse("all").unwrap_err().to_string(), "takes full or headers, not `all`");
    }

    #[test]
    fn identifiers_have_a_limit() {
        assert_eq!(EnvelopeId::parse("a=b c+d").map(|id| xtext(id.as_str())).unwrap(), "a+3Db+20c+2Bd");
        assert!(EnvelopeId::parse(&"x".repeat(100)).is_ok());
        assert!(EnvelopeId::parse(&"+".repeat(33)).is_ok());
        for text in [&"x".repeat(101), &"+".repeat(34), "", "é", "a\r\nRCPT TO:<e@x>", "a\0", "\t", "\x7f"] {
            assert!(EnvelopeId::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn xtext_is_one_word_and_can_be_undone(text in any::<String>()) {
            let coded = xtext(&text);
            prop_assert!(coded.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'='));
            prop_assert_eq!(from_xtext(&coded), Some(text));
        }
    }

    #[test]
    fn what_is_no_xtext_is_seen() {
        for text in ["+", "+4", "a+4", "+4G", "++1", "a=b", "a b", "é", "+FF", "+é0"] {
            assert_eq!(from_xtext(text), None, "{text}");
        }
        assert_eq!(from_xtext("a+3d+3Db+C3+A9").as_deref(), Some("a==bé"));
    }
}
