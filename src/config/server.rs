//! Where a server is: host, port, and the URL that names both, `smtp[s]://[user@]host[:port][?tls=none|starttls|implicit]`
//! (RFC 3986; it never carries a password). Not for reaching it.

use crate::mail::TlsMode;

pub(super) mod hosts;
pub(super) mod no_proxy;
pub(super) mod proxy;

/// The server that a URL names: these four replace the profile's together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SmtpUrl {
    pub user: Option<String>,
    pub host: String,
    pub port: u16,
    pub tls: TlsMode,
}

/// What is wrong with a URL. No text in it comes from before the `@`, where a password may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum UrlError {
    /// There is a password in it.
    Password,
    /// Anything else, in words.
    Form(String),
}

/// Reads a URL.
pub(super) fn read(text: &str) -> Result<SmtpUrl, UrlError> {
    let fail = |reason: String| Err(UrlError::Form(reason));
    let Some((scheme, rest)) = text.split_once("://") else {
        return fail("not a URL such as smtps://user@smtp.example.org".to_owned());
    };
    let secure = match scheme.to_ascii_lowercase().as_str() {
        "smtps" => true,
        "smtp" => false,
        _ => return fail("the URL must begin with smtp:// or smtps://".to_owned()),
    };
    // The last @ of all divides: whatever stands before it may be a password, even with `/` or `?` in it.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => return Err(UrlError::Password),
        Some((user, rest)) => (Some(user), rest),
        None => (None, rest),
    };
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return fail("the URL holds a blank or a control character".to_owned());
    }
    let user = user.map(decode).transpose()?;
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let place = rest.strip_suffix('/').unwrap_or(rest);
    let (name, port) = split_port(place)?;
    let host = host(name).map_err(|reason| UrlError::Form(format!("the host of the URL {reason}")))?;
    let asked = query.map(read_query).transpose()?;
    let tls = match (secure, asked, port) {
        (true, None | Some(TlsMode::Implicit), _) => TlsMode::Implicit,
        (true, Some(_), _) => {
            return fail("smtps:// means tls=implicit; with another tls write smtp://".to_owned());
        }
        (false, Some(mode), _) => mode,
        // Port 465 is TLS from the first octet (RFC 8314 7.3); STARTTLS would wait there for ever.
        (false, None, Some(465)) => TlsMode::Implicit,
        (false, None, _) => TlsMode::StartTls,
    };
    Ok(SmtpUrl { user, host, port: port.unwrap_or(usual_port(tls)), tls })
}

/// Divides `host:port`, where the host may be an IPv6 address in brackets.
fn split_port(place: &str) -> Result<(&str, Option<u16>), UrlError> {
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !place.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    if host.contains(':') && !host.starts_with('[') {
        return Err(UrlError::Form("an IPv6 address stands in brackets: smtp://[::1]:587".to_owned()));
    }
    let Some(port) = port else { return Ok((host, None)) };
    match port_text(port) {
        Some(port) => Ok((host, Some(port))),
        None => Err(UrlError::Form("the port of the URL must be a number from 1 to 65535".to_owned())),
    }
}

/// Reads what stands behind the `?`.
fn read_query(query: &str) -> Result<TlsMode, UrlError> {
    let only = "the URL may be followed by ?tls=none, ?tls=starttls or ?tls=implicit only".to_owned();
    let text = query.strip_prefix("tls=").ok_or_else(|| UrlError::Form(only.clone()))?;
    tls_text(text).ok_or(UrlError::Form(only))
}

/// Undoes percent encoding (RFC 3986 2.1).
fn decode(text: &str) -> Result<String, UrlError> {
    let fail = |reason: &str| UrlError::Form(format!("the user name of the URL {reason}"));
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            octets.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else { return Err(fail("ends within a % sequence")) };
        let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
            return Err(fail("has a % without two hexadecimal digits; write % as %25"));
        };
        octets.push(high << 4 | low);
        rest = after;
    }
    let user = String::from_utf8(octets).map_err(|_| fail("is not UTF-8"))?;
    if user.is_empty() {
        return Err(fail("is empty"));
    }
    if user.chars().any(char::is_control) {
        return Err(fail("holds a control character"));
    }
    Ok(user)
}

/// A host: a name (RFC 1123 2.1; `_` is met in the wild) as A-labels in lower case, or an
/// IP address without brackets.
pub(super) fn host(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("may not be empty".to_owned());
    }
    if text.contains("://") {
        return Err("must be a name without a scheme, such as smtp.example.org; a whole URL goes to --smtp"
            .to_owned());
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if bare.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok(bare.to_owned());
    }
    if let Some((_, digits)) = text.rsplit_once(':') {
        return Err(match port_text(digits) {
            Some(port) => format!("must be a name without a port; write port = {port}"),
            None => "is no host name and no IPv6 address".to_owned(),
        });
    }
    let ascii = if text.is_ascii() {
        text.to_owned()
    } else {
        idna::domain_to_ascii(text).map_err(|_| "is no international host name".to_owned())?
    };
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    // Names are the same in any case (RFC 4343); one form is enough for all who compare.
    if is_name(name, "-_") { Ok(name.to_ascii_lowercase()) } else { Err("is no host name".to_owned()) }
}

/// Whether the text consists of labels of letters, digits and `others` (RFC 1035 2.3.4: 63 and 253 octets).
fn is_name(text: &str, others: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Whether EHLO may say it: a domain or an address literal (RFC 5321 4.1.1.1, 4.1.3).
pub(super) fn is_hello_name(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => match inner.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:")) {
            Some(_) => inner[5..].parse::<std::net::Ipv6Addr>().is_ok(),
            None => inner.parse::<std::net::Ipv4Addr>().is_ok(),
        },
        None => is_name(text, "-"),
    }
}

/// A TCP port in digits.
pub(super) fn port_text(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

/// The port that goes with a TLS mode (RFC 8314 7.3, RFC 6409 3.1, RFC 5321 4.5.4.2).
pub(super) fn usual_port(tls: TlsMode) -> u16 {
    match tls {
        TlsMode::Implicit => 465,
        TlsMode::StartTls => 587,
        TlsMode::None => 25,
    }
}

/// When TLS begins, in a word.
pub(super) fn tls_text(text: &str) -> Option<TlsMode> {
    match text {
        "implicit" => Some(TlsMode::Implicit),
        "starttls" => Some(TlsMode::StartTls),
        "none" => Some(TlsMode::None),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(user: Option<&str>, host: &str, port: u16, tls: TlsMode) -> SmtpUrl {
        SmtpUrl { user: user.map(str::to_owned), host: host.to_owned(), port, tls }
    }

    #[test]
    fn good_urls() {
        use TlsMode::{Implicit, None as Clear, StartTls};
        for (text, wanted) in [
            ("smtp://h.example", url(None, "h.example", 587, StartTls)),
            ("smtps://h.example/", url(None, "h.example", 465, Implicit)),
            ("SMTPS://me@h:1465", url(Some("me"), "h", 1465, Implicit)),
            ("smtp://me%40x%3Ay@h:2525?tls=none", url(Some("me@x:y"), "h", 2525, Clear)),
            (
                "smtp://me@gmail.com@smtp.gmail.com",
                url(Some("me@gmail.com"), "smtp.gmail.com", 587, StartTls),
            ),
            ("smtp://[::1]:2525", url(None, "::1", 2525, StartTls)),
            ("smtp://[::1]", url(None, "::1", 587, StartTls)),
            ("smtp://h?tls=none", url(None, "h", 25, Clear)),
            ("smtp://h?tls=implicit", url(None, "h", 465, Implicit)),
            ("smtp://h:465", url(None, "h", 465, Implicit)),
            ("smtp://h:465?tls=starttls", url(None, "h", 465, StartTls)),
            ("smtps://h?tls=implicit", url(None, "h", 465, Implicit)),
        ] {
            assert_eq!(read(text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn bad_urls() {
        for text in [
            "",
            "h.example",
            "http://h",
            "smtp://",
            "smtp://@h",
            "smtp://h:0",
            "smtp://h:65536",
            "smtp://h:x",
            "smtp://h:",
            "smtp://::1",
            "smtp://[::1",
            "smtp://h/path",
            "smtp://h?tls=yes",
            "smtp://h?verify=no",
            "smtps://h?tls=none",
            "smtps://h?tls=starttls",
            "smtp://a%2@h",
            "smtp://a%zz@h",
            "smtp://a%0d%0ab@h",
            "smtp://a%ff@h",
            "smtp://h\r\nx",
            "smtp://h#x",
        ] {
            assert!(matches!(read(text), Err(UrlError::Form(_))), "{text:?} {:?}", read(text));
        }
    }

    #[test]
    fn a_password_is_refused_wherever_it_hides() {
        for text in [
            "smtp://me:canary@h",
            "smtps://me:can/ary?@h",
            "smtp://me:@h",
            "smtp://me:can ary@h",
            "smtp://me@x:canary@h:25",
        ] {
            assert_eq!(read(text), Err(UrlError::Password), "{text}");
        }
    }

    #[test]
    fn hosts() {
        for (text, wanted) in [
            ("smtp.example.org", "smtp.example.org"),
            ("LocalHost", "localhost"),
            ("h.example.", "h.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "::1"),
            ("::1", "::1"),
            ("my_relay", "my_relay"),
            ("例子.测试", "xn--fsqu00a.xn--0zwm56d"),
        ] {
            assert_eq!(host(text).as_deref(), Ok(wanted), "{text}");
        }
        for text in ["", "a b", "a..b", "-a", ".", "a/b", "a\0", "a@b", "h:x", "[h]", &"a".repeat(64)] {
            assert!(host(text).is_err(), "{text}");
        }
        assert!(host("smtp://x").unwrap_err().contains("without a scheme"));
        assert_eq!(host("h:25").unwrap_err(), "must be a name without a port; write port = 25");
    }

    #[test]
    fn hello_names() {
        for text in ["mail.example.org", "localhost", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
            assert!(is_hello_name(text), "{text}");
        }
        for text in ["", "a_b", "192.0.2.1]", "[::1]", "[]", "a b", "a\r\n", "é.example"] {
            assert!(!is_hello_name(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_user_survives(user in "[^\\p{Cc}]{1,20}") {
            let encoded: String = user.bytes().map(|octet| format!("%{octet:02X}")).collect();
            let read = read(&format!("smtp://{encoded}@h")).unwrap();
            prop_assert_eq!(read.user.as_deref(), Some(user.as_str()));
        }

        #[test]
        fn no_text_panics(text in "(smtp://)?.{0,40}") {
            let _ = read(&text);
        }
    }
}
