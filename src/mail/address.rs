//! Addresses and mailboxes: what may stand in an envelope and in an address field (RFC 5321 4.1.2, RFC 5322 3.4).
//!
//! Text from a person becomes an [`Address`] here or not at all: an `Address` never holds CR, LF, NUL, blanks
//! outside quotes, or an angle bracket, so it can be written into a command as it is.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Longest address, octets (RFC 5321 4.5.3.1.3).
const LONGEST: usize = 254;

/// Most of a culprit that an error repeats, characters.
pub(super) const SHOWN: usize = 200;

/// One e-mail address, `local@domain`. A domain outside ASCII is kept as its A-labels (RFC 5890).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    local: String,
    domain: String,
}

/// Why a text is not an address or not an address list. Displays as a sentence that names the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct AddressError {
    /// The culprit as typed.
    pub text: String,
    /// What is wrong with it, in words.
    pub reason: String,
    lacks_domain: bool,
}

impl AddressError {
    /// Makes the error from the culprit and the reason.
    pub fn new(text: impl Into<String>, reason: impl Into<String>) -> Self {
        AddressError { text: text.into(), reason: reason.into(), lacks_domain: false }
    }

    /// Makes the error for a bare word where nothing gives it a domain.
    pub fn without_domain(text: impl Into<String>) -> Self {
        let text = text.into();
        let reason = format!("write {text}@example.org, or set `from` in the profile");
        AddressError { text, reason, lacks_domain: true }
    }

    /// Whether a domain is all that the text lacks: it may be an alias.
    pub fn lacks_domain(&self) -> bool {
        self.lacks_domain
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`")?;
        for (count, c) in self.text.chars().enumerate() {
            // Line ends and escape sequences of a culprit never reach the terminal, and neither do 100 kB of it.
            if count == SHOWN {
                f.write_str("…")?;
                break;
            }
            write_escaped(f, c)?;
        }
        let verdict = if self.lacks_domain { "has no domain" } else { "is not an address" };
        write!(f, "` {verdict}: ")?;
        // The reason may repeat a part of it.
        self.reason.chars().try_for_each(|c| write_escaped(f, c))
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    if c.is_control() { write!(f, "{}", c.escape_debug()) } else { write!(f, "{c}") }
}

impl Address {
    /// Reads `local@domain`, where `local` may be a quoted string and `domain` may be a literal in brackets.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let fail = |reason: &str| AddressError::new(text, reason);
        if text.is_empty() {
            return Err(fail("it is empty"));
        }
        if text.chars().any(char::is_control) {
            return Err(fail("it holds a control character"));
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| fail("it has no @"))?;
        Self::new(local, domain).map_err(|error| fail(&error.reason))
    }

    /// Makes an address of its two halves.
    pub fn new(local: &str, domain: &str) -> Result<Self, AddressError> {
        let fail = |reason: &str| AddressError::new(format!("{local}@{domain}"), reason);
        if local.is_empty() {
            return Err(fail("nothing stands before the @"));
        }
        if domain.is_empty() {
            return Err(fail("nothing stands behind the @"));
        }
        if [local, domain].iter().any(|half| half.chars().any(char::is_control)) {
            return Err(fail("it holds a control character"));
        }
        let domain = if domain.is_ascii() {
            domain.to_owned()
        } else {
            idna::domain_to_ascii(domain).map_err(|_| fail("its domain is no international domain name"))?
        };
        match lettre::Address::new(local, domain.as_str()) {
            Ok(_) => {}
            Err(lettre::address::AddressError::InvalidUser) => {
                return Err(fail("the part before the @ holds what it may not hold"));
            }
            Err(_) => return Err(fail("the part behind the @ is no domain")),
        }
        if domain.contains(':') && !domain.starts_with('[') {
            return Err(fail("an IPv6 address behind the @ needs brackets, [IPv6:::1]"));
        }
        if domain.starts_with('[') && !is_literal(&domain) {
            return Err(fail("what stands in the brackets is no IP address"));
        }
        if local.len() + 1 + domain.len() > LONGEST {
            return Err(fail("it is longer than 254 octets"));
        }
        Ok(Address { local: local.to_owned(), domain })
    }

    /// The part before the `@`, with its quotes if it needs them.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part behind the `@`, always ASCII.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether it goes into an envelope without SMTPUTF8 (RFC 6531).
    pub fn is_ascii(&self) -> bool {
        self.local.is_ascii()
    }

    /// Whether both lead to one mailbox: equal, the domain's case ignored.
    pub fn same_mailbox(&self, other: &Address) -> bool {
        self.local == other.local && self.domain.eq_ignore_ascii_case(&other.domain)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// Whether a domain is an IP address in brackets (RFC 5321 4.1.3). No other kind of literal was ever registered.
fn is_literal(domain: &str) -> bool {
    let Some(inner) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else { return false };
    match inner.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:")) {
        Some(_) => inner[5..].parse::<Ipv6Addr>().is_ok(),
        None => inner.parse::<IpAddr>().is_ok(),
    }
}

/// An address with the name that is shown beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name as a person reads it, not encoded; never empty.
    pub name: Option<String>,
    /// Where the mail goes.
    pub address: Address,
}

impl From<Address> for Mailbox {
    fn from(address: Address) -> Self {
        Mailbox { name: None, address }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_addresses() {
        for text in [
            "a@example.org",
            "\"a b\"@example.org",
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
            "a+b=c@x",
            "-a@x",
            "用户@example.org",
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Address::parse("a@例子.测试").unwrap().to_string(), "a@xn--fsqu00a.xn--0zwm56d");
    }

    #[test]
    fn bad_addresses() {
        for text in [
            "",
            "a",
            "@x",
            "a@",
            "a b@x",
            "a@x y",
            "a@x\r\nBcc: b@x",
            "a@x>",
            "<a@x",
            "a@@x",
            "a\0@x",
            "a@::1",
            "a@[>]",
            "a@[<b@x>]",
            "a@[x y]",
            "a@[IPv6:x)]",
            "a@[1.2.3.4;b]",
            "a@[IPv6:2001:db8:::1]",
            "a@[IPv6:2001:db8::1>]",
        ] {
            assert!(Address::parse(text).is_err(), "{text:?}");
        }
    }
}
