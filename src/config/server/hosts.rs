//! The list `hosts`: servers that are tried in turn, each with a port of its own or without.

use super::{host, port_text};
use crate::config::value::{Given, Reading, UNIX};
use crate::mail::TlsMode;

/// A server as the list names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Listed {
    /// A name as A-labels in lower case, or an address without brackets.
    pub host: String,
    pub port: Option<u16>,
}

/// A server of the list with all that is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// A name as A-labels in lower case, or an address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// When TLS begins there.
    pub tls: TlsMode,
    /// The proxy of the variable is not for it.
    pub past_proxy: bool,
}

/// Reads the list; at least one server is in it.
pub(in crate::config) fn read(given: Given<'_>) -> Reading<Vec<Listed>> {
    let wanted = "a list of servers, as [\"a.example.org\", \"b.example.org:587\"]";
    let divided = |c: char| matches!(given, Given::Text(_)) && c == ',';
    let words = given.strings(wanted)?;
    let listed: Vec<Listed> = words
        .iter()
        .flat_map(|word| word.split(divided))
        .map(|word| one(word.trim()))
        .collect::<Reading<_>>()?;
    if listed.is_empty() { Err(format!("must be {wanted}")) } else { Ok(listed) }
}

fn one(text: &str) -> Reading<Listed> {
    let wrong = |reason: String| format!("is wrong: `{}` {reason}", text.escape_debug());
    if text.starts_with(UNIX) {
        return Err(wrong("is a socket in the file system, which `host` may name".to_owned()));
    }
    let has_port = !text.ends_with(']') && text.parse::<std::net::Ipv6Addr>().is_err();
    let (name, port) = match text.rsplit_once(':').filter(|_| has_port && !text.contains("://")) {
        Some((name, digits)) => {
            let port = port_text(digits)
                .ok_or_else(|| wrong("has a port that is no number from 1 to 65535".to_owned()))?;
            (name, Some(port))
        }
        None => (text, None),
    };
    host(name).map(|host| Listed { host, port }).map_err(wrong)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn servers_with_and_without_ports() {
        let read = |text| read(Given::Text(text));
        let listed = |host: &str, port| Listed { host: host.to_owned(), port };
        let all = read("A.example, b.example:587,[::1]:25,::1,[::2]").unwrap();
        let wanted = [
            listed("a.example", None),
            listed("b.example", Some(587)),
            listed("::1", Some(25)),
            listed("::1", None),
            listed("::2", None),
        ];
        assert_eq!(all, wanted);
        for (text, words) in [
            ("", "`` may not be empty"),
            ("a,,b", "may not be empty"),
            ("a:0", "has a port that is no number"),
            ("a:", "has a port that is no number"),
            ("unix:/run/x", "which `host` may name"),
            ("smtps://a", "without a scheme"),
            ("a b", "is no host name"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
