//! Settings as rows: what `config show` prints of each key.

use std::net::IpAddr;
use std::path::Path;

use super::{Letter, LocalScope, OutgoingScope, Settings, servers};
use crate::config::schema::{self, KEYS};
use crate::config::{Key, Origin, Route, SecretPlace, Setting, UnknownKey, timeouts};
use crate::mail::{Address, Mailbox, Notify, Pin, Return, TlsMode, TlsVersion};
use crate::mime::charset_name;
use crate::net::{IpFamily, Proxy};
use crate::smtp::Mechanism;

/// One line of `config show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: &'static str,
    /// The value as text, a password as `***`; `None` if there is none.
    pub value: Option<String>,
    /// Where it was said.
    pub origin: String,
}

impl Settings {
    /// All keys with their values, in the order of the example file.
    pub fn rows(&self) -> Vec<Row> {
        KEYS.iter().map(|key| self.row_of(key)).collect()
    }

    /// One key with its value.
    pub fn row(&self, key: &str) -> Result<Row, UnknownKey> {
        schema::find(key).map(|key| self.row_of(key))
    }

    pub(super) fn row_of(&self, key: &Key) -> Row {
        let said = match key.name {
            "host" if self.hosts.is_some() => None,
            "host" => self.host.as_ref().map(|s| show(s, String::clone)),
            "protocol" => Some(show(&self.protocol, |protocol| protocol.name().to_owned())),
            "hosts" => self.hosts.as_ref().map(|s| show(s, |all| servers::text(all))),
            "port" => Some(show(&self.port, u16::to_string)),
            "tls" => Some(show(&self.tls, |mode| tls_text(*mode).to_owned())),
            "tls_min_version" => Some(show(&self.tls_min_version, |version| match version {
                TlsVersion::V1_2 => "1.2".to_owned(),
                TlsVersion::V1_3 => "1.3".to_owned(),
            })),
            "tls_ca_file" => self.tls_ca_file.as_ref().map(|s| show(s, |path| path_text(path))),
            "tls_pin" => self
                .tls_pin
                .as_ref()
                .map(|s| show(s, |all| all.iter().map(Pin::to_string).collect::<Vec<_>>().join(", "))),
            "tls_server_name" => self.tls_server_name.as_ref().map(|s| show(s, String::clone)),
            "tls_client_cert" => self.tls_client_cert.as_ref().map(|s| show(s, |path| path_text(path))),
            "tls_client_key" => self.tls_client_key.as_ref().map(|s| show(s, |path| path_text(path))),
            "ip_family" => Some(show(&self.ip_family, |family| match family {
                IpFamily::Any => "any".to_owned(),
                IpFamily::V4 => "4".to_owned(),
                IpFamily::V6 => "6".to_owned(),
            })),
            "source_address" => self.source_address.as_ref().map(|s| show(s, IpAddr::to_string)),
            "proxy" => self
                .proxy
                .as_ref()
                .map(|s| show(s, |proxy| proxy.as_ref().map_or_else(|| "none".to_owned(), Proxy::to_string))),
            "proxy_password_file" | "proxy_password_env" => self
                .proxy_secret
                .as_ref()
                .filter(|secret| key.name.ends_with(secret.value.key()))
                .map(|s| show(s, SecretPlace::shown)),
            "tunnel" => self.tunnel.as_ref().map(|s| show(s, |argv| argv.join(" "))),
            "hello_name" => self.hello_name.as_ref().map(|s| show(s, String::clone)),
            "username" => self.username.as_ref().map(|s| show(s, String::clone)),
            "auth" => Some(show(&self.auth, |all| auth_text(all))),
            "max_recipients" => self.max_recipients.as_ref().map(|s| show(s, usize::to_string)),
            "max_messages" => self.max_messages.as_ref().map(|s| show(s, usize::to_string)),
            "max_connections" => Some(show(&self.max_connections, usize::to_string)),
            "allow_plaintext_auth" => Some(show(&self.allow_plaintext_auth, bool::to_string)),
            "from" => self.from.as_ref().map(|s| show(s, Mailbox::to_string)),
            "realname" => self.realname.as_ref().map(|s| show(s, String::clone)),
            "reply_to" => self.reply_to.as_ref().map(|s| show(s, |all| list_text(all))),
            "envelope_from" => self
                .envelope_from
                .as_ref()
                .map(|s| show(s, |path| path.as_ref().map_or_else(|| "<>".to_owned(), Address::to_string))),
            "charset" => self.charset.as_ref().map(|s| show(s, |charset| charset_name(charset).to_owned())),
            "reply_charset" => {
                self.reply_charset.as_ref().map(|s| show(s, |charset| charset.name().to_owned()))
            }
            "dsn_notify" => self.dsn_notify.as_ref().map(|s| show(s, Notify::to_string)),
            "dsn_return" => self.dsn_return.as_ref().map(|s| show(s, Return::to_string)),
            key if LocalScope::has(key) => self.local.row(key),
            key if Letter::KEYS.contains(&key) => self.letter.row(key),
            "queue" => Some(show(&self.queue, |queue| queue.name().to_owned())),
            "route" => Some(show(&self.route, |route| route_text(*route).to_owned())),
            "sendmail_path" => Some(show(&self.sendmail_path, |path| path_text(path))),
            "output" => self.output.as_ref().map(|s| show(s, |path| path_text(path))),
            name if OutgoingScope::has(name) => self.outgoing.row(name),
            name => match name.split_once('.') {
                Some(("spool", name)) => self.spool.row(name),
                Some((_, name)) => self.timeouts.named(name).map(|s| show(s, |time| timeouts::shown(*time))),
                // The five sources: at most one of them is in use.
                None => {
                    let source = self.secret.as_ref().filter(|secret| secret.value.place.key() == name);
                    source.map(|s| show(s, |source| source.place.shown()))
                }
            },
        };
        match said {
            Some((value, origin)) => Row { key: key.name, value: Some(value), origin },
            None => Row { key: key.name, value: None, origin: Origin::BuiltIn.to_string() },
        }
    }
}

pub(super) fn show<T>(setting: &Setting<T>, text: impl Fn(&T) -> String) -> (String, String) {
    (text(&setting.value), setting.origin.to_string())
}

pub(super) fn list_text(mailboxes: &[Mailbox]) -> String {
    mailboxes.iter().map(Mailbox::to_string).collect::<Vec<_>>().join(", ")
}

fn tls_text(mode: TlsMode) -> &'static str {
    match mode {
        TlsMode::Implicit => "implicit",
        TlsMode::StartTls => "starttls",
        TlsMode::None => "none",
    }
}

fn auth_text(mechanisms: &[Mechanism]) -> String {
    if mechanisms.is_empty() {
        return "by strength".to_owned();
    }
    mechanisms.iter().map(|one| one.name().to_ascii_lowercase()).collect::<Vec<_>>().join(", ")
}

pub(super) fn route_text(route: Route) -> &'static str {
    match route {
        Route::Smtp => "smtp",
        Route::Sendmail => "sendmail",
        Route::File => "file",
    }
}

fn path_text(path: &Path) -> String {
    path.display().to_string()
}
