//! What settles, and what is shown of it.

use super::*;
use crate::config::KEYS;
use crate::config::layer::Spot;
use crate::config::value::Given;

fn settled(pairs: &[(&str, &str)]) -> Result<Settings, String> {
    let mut scope = Scope::default();
    for (key, text) in pairs {
        let spot = Spot { origin: Origin::Flag(format!("--set {key}")), home: None, folder: None };
        scope.assign(key, Given::Text(text), &spot).unwrap();
    }
    Settings::settle(scope, None, Vec::new()).map_err(|fault| fault.to_string())
}

#[test]
fn tls_and_port_tell_each_other() {
    use TlsMode::{Implicit, None as Clear, StartTls};
    for (pairs, tls, port) in [
        (&[][..], Implicit, 465),
        (&[("port", "465")], Implicit, 465),
        (&[("port", "25")], StartTls, 25),
        (&[("port", "587")], StartTls, 587),
        (&[("tls", "starttls")], StartTls, 587),
        (&[("tls", "implicit")], Implicit, 465),
        (&[("tls", "none")], Clear, 25),
        (&[("tls", "none"), ("port", "465")], Clear, 465),
    ] {
        let settings = settled(pairs).unwrap();
        assert_eq!((settings.tls.value, settings.port.value), (tls, port), "{pairs:?}");
    }
    assert_eq!(settled(&[("tls", "none")]).unwrap().port.origin.to_string(), "--set tls");
}

#[test]
fn lmtp_has_no_port_of_its_own_and_no_tls_on_this_machine() {
    use TlsMode::{None as Clear, StartTls};
    let lmtp = |pairs: &[(&str, &str)]| settled(&[&[("protocol", "lmtp")], pairs].concat());
    let away = [("host", "h.example"), ("port", "24")];
    for (pairs, tls, port) in [
        (&away[..], StartTls, 24),
        (&[("host", "unix:/run/lmtp")], Clear, 24),
        (&[("host", "unix:/run/lmtp"), ("tls", "starttls")], StartTls, 24),
        (&[("host", "127.0.0.1"), ("port", "2424")], Clear, 2424),
        (&[("host", "::1"), ("port", "24")], Clear, 24),
        (&[("host", "localhost"), ("port", "24"), ("tls", "starttls")], StartTls, 24),
        // The proxy's localhost is another machine's.
        (&[("host", "localhost"), ("port", "24"), ("proxy", "socks5://p:1080")], StartTls, 24),
        (&[("host", "localhost"), ("tunnel", "ssh gate nc localhost 24")], StartTls, 24),
        (&[], StartTls, 24),
        (&[("host", "h.example"), ("route", "sendmail")], StartTls, 24),
    ] {
        let settings = lmtp(pairs).unwrap();
        assert_eq!((settings.tls.value, settings.port.value), (tls, port), "{pairs:?}");
    }
    assert_eq!(
        lmtp(&[("host", "h.example")]).unwrap_err(),
        "--set protocol: LMTP has no port of its own; set `port`, or write lmtp://host:port; 24 is usual"
    );
    assert_eq!(
        lmtp(&[("host", "127.0.0.1"), ("port", "25")]).unwrap_err(),
        "--set port: port 25 is SMTP's, and LMTP may not be spoken there; 24 is usual"
    );
    // SMTP on this machine keeps its TLS.
    assert_eq!(settled(&[("host", "127.0.0.1"), ("port", "2525")]).unwrap().tls.value, StartTls);
}

#[test]
fn a_route_has_its_place() {
    assert_eq!(
        settled(&[("route", "file")]).unwrap_err(),
        "--set route: route = \"file\" needs `output`, the file or Maildir"
    );
    assert!(settled(&[("route", "smtp")]).is_err());
    assert!(settled(&[("route", "smtp"), ("host", "h")]).unwrap().is_configured());
    assert!(settled(&[("route", "sendmail")]).unwrap().is_configured());
    assert!(!settled(&[("from", "a@b")]).unwrap().is_configured());
}

#[test]
fn each_key_has_a_row_with_what_was_said() {
    for key in KEYS.iter().filter(|key| key.name != "password") {
        let text = match key.name {
            "auth" => "login, plain",
            "hosts" => "a.example:465, b.example:587",
            "dsn_notify" => "success,delay",
            "silent_warnings" => "no-subject, too-large",
            "reply_charset" => "GBK",
            "from" | "reply_to" | "local_to" => "a@b",
            "from_rule" => "login",
            "tls" => "starttls",
            "route" => "sendmail",
            "password_command" | "tunnel" => "pass show x",
            "tls_ca_file"
            | "tls_client_cert"
            | "tls_client_key"
            | "password_file"
            | "fcc"
            | "proxy_password_file"
            | "output"
            | "aliases"
            | "signature" => "/a/b",
            "default_headers" => "Organization: Example Ltd",
            "charset" => "UTF-8",
            "allow_plaintext_auth" | "rewrite_local" | "fcc_bcc" | "server_saves_sent" => "true",
            name if name.starts_with("timeouts.") => "7s",
            _ => key.example.trim_matches('"'),
        };
        let row = settled(&[(key.name, text)]).unwrap().row(key.name).unwrap();
        let wanted =
            Row { key: key.name, value: Some(text.to_owned()), origin: format!("--set {}", key.name) };
        assert_eq!(row, wanted);
    }
    assert_eq!(settled(&[]).unwrap().rows().len(), KEYS.len());
}

#[test]
fn built_in_values_are_those_of_the_table() {
    let settings = settled(&[]).unwrap();
    for key in KEYS.iter().filter(|key| !matches!(key.name, "tls" | "port" | "auth")) {
        let row = settings.row_of(key);
        assert_eq!(row.origin, "built-in");
        if let Some(value) = row.value {
            assert_eq!(key.default.trim_matches('"'), value, "{}", key.name);
        }
    }
}

#[test]
fn one_way_leads_to_the_server() {
    let error = settled(&[("host", "h"), ("proxy", "http://p:1"), ("tunnel", "x")]).unwrap_err();
    assert_eq!(
        error,
        "--set proxy: proxy and tunnel (--set tunnel) are two ways to one server; keep one of them"
    );
    assert!(settled(&[("host", "unix:/x"), ("proxy", "http://p:1")]).is_err());
    assert!(settled(&[("host", "h"), ("proxy", "none"), ("tunnel", "x")]).is_ok());
}

#[test]
fn a_socket_in_the_file_system_is_spoken_to_in_the_clear() {
    let settings = settled(&[("host", "unix:/run/x")]).unwrap();
    assert_eq!((settings.tls.value, settings.unix_socket()), (TlsMode::None, Some("/run/x")));
    let settings = settled(&[("host", "unix:/run/x"), ("tls", "implicit")]).unwrap();
    assert_eq!(settings.tls.value, TlsMode::Implicit);
}

#[test]
fn an_unknown_row_is_answered_with_advice() {
    let error = settled(&[]).unwrap().row("hots").unwrap_err();
    assert_eq!(error.to_string(), "there is no setting `hots`; did you mean `host`?");
}

#[test]
fn the_author_has_a_name_from_realname() {
    let author = |pairs: &[(&str, &str)]| settled(pairs).unwrap().author();
    assert_eq!(author(&[("realname", "Me")]), None);
    let named = author(&[("realname", "Me, Myself"), ("from", "a@b")]).unwrap();
    assert_eq!(named.to_string(), "\"Me, Myself\" <a@b>");
    assert_eq!(author(&[("realname", ""), ("from", "a@b")]).unwrap().name, None);
}
