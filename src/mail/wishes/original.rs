//! Whom a mail was first written to (ORCPT, RFC 3461 4.2): the name under which its sender knows a recipient, whatever
//! became of the address on the way. Reports name it.

use std::fmt;

use super::WishError;
use crate::mail::{Address, from_xtext, xtext};

/// Longest address, octets (RFC 3461 4.2: 500 as it is sent).
const LONGEST: usize = 500;

/// An address with its type. Displays as `rfc822;me@x.org`, not encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalRecipient {
    /// `rfc822`, `utf-8`, `x400`, in lower case.
    kind: String,
    address: String,
}

impl OriginalRecipient {
    /// The recipient itself.
    pub fn of(recipient: &Address) -> Self {
        let address = recipient.to_string();
        let kind = if address.is_ascii() { "rfc822" } else { "utf-8" };
        OriginalRecipient { kind: kind.to_owned(), address }
    }

    /// Reads `TYPE;ADDRESS`, not encoded; letters outside ASCII stand only in an address of the type utf-8.
    pub fn parse(text: &str) -> Result<Self, WishError> {
        let unlike = || WishError::unlike("a type and an address such as rfc822;me@example.org", text);
        let (kind, address) = text.split_once(';').ok_or_else(unlike)?;
        let is_atom = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
        let kind = kind.to_ascii_lowercase();
        let is_known = (1..=40).contains(&kind.len()) && kind.bytes().all(is_atom);
        let is_wide = kind == "utf-8";
        let is_shown = |character: char| match character {
            ' '..='~' => true,
            _ => is_wide && !character.is_ascii() && !crate::sys::is_hidden(character),
        };
        let original = OriginalRecipient { kind, address: address.to_owned() };
        let is_short = original.said(false).len() <= LONGEST;
        match is_known && !address.is_empty() && address.chars().all(is_shown) && is_short {
            true => Ok(original),
            false => Err(unlike()),
        }
    }

    /// Reads what a command says (RFC 3461 4.2, RFC 6533 section 3): the opposite of [`OriginalRecipient::said`].
    pub fn heard(said: &str) -> Result<Self, WishError> {
        let unlike = || WishError::unlike("a type and an address such as rfc822;me@example.org", said);
        let (kind, coded) = said.split_once(';').ok_or_else(unlike)?;
        let address = match kind.eq_ignore_ascii_case("utf-8") {
            true => decoded(coded),
            false => from_xtext(coded),
        };
        Self::parse(&format!("{kind};{}", address.ok_or_else(unlike)?))
    }

    /// The type of its address.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// As a command says it; `is_wide` where letters outside ASCII may stand as they are (RFC 6533 section 3:
    /// utf-8-addr-unitext, and else utf-8-addr-xtext).
    pub fn said(&self, is_wide: bool) -> String {
        if self.kind != "utf-8" {
            return format!("{};{}", self.kind, xtext(&self.address));
        }
        let mut said = String::from("utf-8;");
        for character in self.address.chars() {
            match character {
                '\\' | '+' | '=' | ' ' => said.push_str(&coded(character)),
                _ if character.is_ascii() || is_wide => said.push(character),
                _ => said.push_str(&coded(character)),
            }
        }
        said
    }
}

fn coded(character: char) -> String {
    format!("\\x{{{:02X}}}", u32::from(character))
}

/// The text in which characters stand as `\x{7528}`.
fn decoded(text: &str) -> Option<String> {
    let mut pieces = text.split("\\x{");
    let mut out = pieces.next()?.to_owned();
    for piece in pieces {
        let (digits, behind) = piece.split_once('}')?;
        let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        out.push(u32::from_str_radix(digits, 16).ok().filter(|_| is_number).and_then(char::from_u32)?);
        out.push_str(behind);
    }
    Some(out)
}

impl fmt::Display for OriginalRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{}", self.kind, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_original_comes_back_and_is_said_by_its_type() {
        for (text, said, wide) in [
            ("rfc822;a+b=c@x.org", "rfc822;a+2Bb+3Dc@x.org", "rfc822;a+2Bb+3Dc@x.org"),
            ("RFC822;\"a b\"@x", "rfc822;\"a+20b\"@x", "rfc822;\"a+20b\"@x"),
            ("x400;/c=de/;/o=x/", "x400;/c+3Dde/;/o+3Dx/", "x400;/c+3Dde/;/o+3Dx/"),
            ("utf-8;用+1@x", "utf-8;\\x{7528}\\x{2B}1@x", "utf-8;用\\x{2B}1@x"),
        ] {
            let original = OriginalRecipient::parse(text).unwrap();
            assert_eq!((original.said(false).as_str(), original.said(true).as_str()), (said, wide));
            assert_eq!(OriginalRecipient::parse(&original.to_string()).as_ref(), Ok(&original));
            for said in [said, wide] {
                assert_eq!(OriginalRecipient::heard(said).as_ref(), Ok(&original));
            }
        }
        let long = |count: usize| OriginalRecipient::parse(&format!("rfc822;{}", "x".repeat(count)));
        assert!(long(493).is_ok() && long(494).is_err());
    }

    #[test]
    fn what_is_no_original_is_refused() {
        for text in [
            "",
            "me@x",
            ";me@x",
            "rfc822;",
            "rfc 822;me@x",
            "rfc822;用@x",
            "utf-8;a\u{202e}b@x",
            "rfc822;a\r\nRCPT TO:<evil@x>",
        ] {
            assert!(OriginalRecipient::parse(text).is_err(), "{text:?}");
            assert!(OriginalRecipient::heard(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_nobody_says_is_refused() {
        for said in [
            "rfc822;a+b@x",
            "rfc822;a b@x",
            "rfc822;a+0D+0AQUIT",
            "utf-8;\\x{}@x",
            "utf-8;\\x{7528@x",
            "utf-8;\\x{D800}@x",
            "utf-8;\\x{0A}@x",
            "utf-8;\\x{+41}@x",
            "utf-8;\\x{202E}@x",
        ] {
            assert!(OriginalRecipient::heard(said).is_err(), "{said:?}");
        }
    }
}
