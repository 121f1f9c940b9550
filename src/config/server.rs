//! Where a server is: host, port, and the URL that names both, `smtp[s]://[user@]host[:port][?tls=none|starttls|implicit]`,
//! `lmtp://[user@]host:port[?tls=…]` or `lmtp+unix:///path` (RFC 3986; it never carries a password). Not for reaching it.

use crate::config::value::UNIX;
use crate::mail::{Protocol, TlsMode};

pub(super) mod hosts;
pub(super) mod no_proxy;
pub(super) mod proxy;

/// The port that LMTP servers on a network mostly take; none is assigned (RFC 2033 section 5).
pub(super) const LMTP_PORT: u16 = 24;

/// The server that a URL names: these five replace the profile's together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SmtpUrl {
    pub protocol: Protocol,
    pub user: Option<String>,
    pub host: String,
    /// Never `None` for SMTP.
    pub port: Option<u16>,
    /// Likewise.
    pub tls: Option<TlsMode>,
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
    let (protocol, secure) = match scheme.to_ascii_lowercase().as_str() {
        "smtps" => (Protocol::Smtp, true),
        "smtp" => (Protocol::Smtp, false),
        "lmtp" => (Protocol::Lmtp, false),
        "lmtp+unix" => return read_socket(rest),
        _ => {
            return fail("the URL must begin with smtp://, smtps://, lmtp:// or lmtp+unix://".to_owned());
        }
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
    if protocol == Protocol::Lmtp {
        return Ok(SmtpUrl { protocol, user, host, port, tls: asked });
    }
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
    Ok(SmtpUrl { protocol, user, host, port: port.or(Some(usual_port(tls))), tls: Some(tls) })
}

/// Reads what follows `lmtp+unix://`: the path of a socket. There is no room for a user, who comes from the profile.
fn read_socket(rest: &str) -> Result<SmtpUrl, UrlError> {
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (rest, None),
    };
    if !path.starts_with('/') {
        let hides = rest.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
        let wanted = "a socket is named by its whole path: lmtp+unix:///run/dovecot/lmtp";
        return Err(if hides { UrlError::Password } else { UrlError::Form(wanted.to_owned()) });
    }
    if rest.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UrlError::Form("the URL holds a blank or a control character".to_owned()));
    }
    let path = decode_part(path, "path")?;
    let tls = query.map(read_query).transpose()?;
    Ok(SmtpUrl { protocol: Protocol::Lmtp, user: None, host: format!("{UNIX}{path}"), port: None, tls })
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

/// Undoes percent encoding (RFC 3986 2.1) of a user name.
fn decode(text: &str) -> Result<String, UrlError> {
    decode_part(text, "user name")
}

/// Undoes percent encoding of a part, called so in errors.
fn decode_part(text: &str, part: &str) -> Result<String, UrlError> {
    let fail = |reason: &str| UrlError::Form(format!("the {part} of the URL {reason}"));
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
    let decoded = String::from_utf8(octets).map_err(|_| fail("is not UTF-8"))?;
    if decoded.is_empty() {
        return Err(fail("is empty"));
    }
    if decoded.chars().any(char::is_control) {
        return Err(fail("holds a control character"));
    }
    Ok(decoded)
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
        let (user, host) = (user.map(str::to_owned), host.to_owned());
        SmtpUrl { protocol: Protocol::Smtp, user, host, port: Some(port), tls: Some(tls) }
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
    fn good_urls_of_lmtp_leave_open_what_they_do_not_say() {
        for (text, user, host, port, tls) in [
            ("lmtp://h:24", None, "h", Some(24), None),
            ("LMTP://me@[::1]:2424/", Some("me"), "::1", Some(2424), None),
            ("lmtp://h:24?tls=starttls", None, "h", Some(24), Some(TlsMode::StartTls)),
            ("lmtp://h", None, "h", None, None),
            ("lmtp+unix:///run/dovecot/lmtp", None, "unix:/run/dovecot/lmtp", None, None),
            ("lmtp+unix:///a%20b@c?tls=starttls", None, "unix:/a b@c", None, Some(TlsMode::StartTls)),
        ] {
            let (user, host) = (user.map(str::to_owned), host.to_owned());
            let wanted = SmtpUrl { protocol: Protocol::Lmtp, user, host, port, tls };
            assert_eq!(read(text), Ok(wanted), "{text}");
        }
        for text in
            ["lmtps://h:24", "lmtp://", "lmtp://h:0", "lmtp+unix://h", "lmtp+unix://", "lmtp+unix:///%00"]
        {
            assert!(matches!(read(text), Err(UrlError::Form(_))), "{text} {:?}", read(text));
        }
        for text in ["lmtp://me:canary@h:24", "lmtp+unix://me:canary@/x"] {
            assert_eq!(read(text), Err(UrlError::Password), "{text}");
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
        fn no_text_panics(text in "(smtp://|lmtp://|lmtp\\+unix:///)?.{0,40}") {
            let _ = read(&text);
        }
    }
}
