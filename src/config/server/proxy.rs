//! Where a proxy is: `socks5://[user@]host:port` or `http://[user@]host:port`.

use super::{decode, host, split_port};
use crate::config::server::UrlError;
use crate::net::{Proxy, ProxyKind};
use crate::sys::Secret;

/// Reads the setting `proxy`, which holds no password. `None` is `none`.
pub(in crate::config) fn setting(text: &str) -> Result<Option<Proxy>, String> {
    if text == "none" {
        return Ok(None);
    }
    let proxy = read(text, None)?;
    match proxy.password {
        Some(_) => {
            Err("may not hold a password; name its place: proxy_password_file or proxy_password_env"
                .to_owned())
        }
        None => Ok(Some(proxy)),
    }
}

/// Reads the variable `ALL_PROXY` as other programs do: it may hold a password, and without a scheme it is HTTP.
pub(in crate::config) fn variable(text: &str) -> Result<Proxy, String> {
    read(text, Some(ProxyKind::Http))
}

/// No text of an error comes from before the `@`, where a password may stand.
fn read(text: &str, usual: Option<ProxyKind>) -> Result<Proxy, String> {
    let wanted = "must be socks5://host:port or http://host:port";
    let (kind, rest) = match (text.split_once("://"), usual) {
        (Some((scheme, rest)), _) => match scheme.to_ascii_lowercase().as_str() {
            // The proxy looks names up in either case.
            "socks5" | "socks5h" => (ProxyKind::Socks5, rest),
            "http" => (ProxyKind::Http, rest),
            _ => return Err(format!("{wanted}; other kinds of proxies are not spoken")),
        },
        (None, Some(usual)) => (usual, text),
        (None, None) => return Err(wanted.to_owned()),
    };
    let (login, place) = match rest.rsplit_once('@') {
        Some((login, place)) => (Some(login), place),
        None => (None, rest),
    };
    let form = |error: UrlError| match error {
        UrlError::Form(words) => format!("is wrong: {words}"),
        UrlError::Password => wanted.to_owned(),
    };
    let (name, port) = split_port(place.strip_suffix('/').unwrap_or(place)).map_err(form)?;
    let port = port.ok_or_else(|| format!("{wanted}; the port is missing"))?;
    let bare = host(name).map_err(|reason| format!("is wrong: its host {reason}"))?;
    let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
        Some((user, "")) => (Some(decode(user).map_err(form)?), None),
        Some((user, password)) => {
            let password =
                decode(password).map_err(|_| "holds a password that is no part of a URL".to_owned())?;
            (Some(decode(user).map_err(form)?), Some(Secret::new(password)))
        }
        None => (None, None),
    };
    Ok(Proxy { kind, host: bare, port, user, password })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good_proxies() {
        for (text, shown, user) in [
            ("socks5://h.example:1080", "socks5://h.example:1080", None),
            ("SOCKS5H://ann@127.0.0.1:9050/", "socks5://127.0.0.1:9050", Some("ann")),
            ("http://a%40b@[::1]:3128", "http://[::1]:3128", Some("a@b")),
        ] {
            let proxy = setting(text).unwrap().unwrap();
            assert_eq!((proxy.to_string().as_str(), proxy.user.as_deref()), (shown, user), "{text}");
        }
        assert!(setting("none").unwrap().is_none());
        let proxy = variable("ann:x%40y@h:3128").unwrap();
        assert_eq!((proxy.kind, proxy.user.as_deref()), (ProxyKind::Http, Some("ann")));
        assert_eq!(proxy.password.unwrap().expose(), b"x@y");
    }

    #[test]
    fn bad_proxies() {
        for text in [
            "",
            "h:1",
            "socks4://h:1",
            "https://h:1",
            "socks5://h",
            "socks5://h:0",
            "http://:1",
            "http://::1:1",
            "http://a b:1",
        ] {
            assert!(setting(text).is_err(), "{text}");
        }
        let error = setting("socks5://ann:canary@h:1").unwrap_err();
        assert!(error.contains("proxy_password_file") && !error.contains("canary"), "{error}");
        assert!(!variable("http://ann:canary%zz@h:1").unwrap_err().contains("canary"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(socks5://|http://)?.{0,40}") {
            let _ = (setting(&text), variable(&text));
        }
    }
}
