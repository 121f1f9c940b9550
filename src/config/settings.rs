//! Settings: the values that hold for one run, each with the place that said it. Made by `resolve.rs` alone.

mod door;
mod letter;
mod local;
mod outgoing;
mod rows;
mod servers;
mod spool;

pub use letter::{AliasPlace, Letter};
pub(in crate::config) use local::LocalScope;
pub use local::{FromRule, Local};
pub use outgoing::Outgoing;
pub(super) use outgoing::OutgoingScope;
pub use rows::Row;
pub(super) use spool::SpoolScope;
pub use spool::{Queue, SpoolSettings, WhenInDoubt};

use std::net::IpAddr;
use std::path::PathBuf;

use encoding_rs::Encoding;

use crate::config::layer::Scope;
use crate::config::value::UNIX;
use crate::config::{Fault, Listing, Origin, Route, SecretPlace, SecretSource, Setting, Timeouts};
use crate::mail::{
    Address, ClientCertificate, Mailbox, Notify, Pin, Protocol, Return, TlsMode, TlsPolicy, TlsVersion,
};
use crate::net::{IpFamily, Proxy};
use crate::smtp::Mechanism;

/// What holds. `None` stands where nothing was said and nothing is built in.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The profile that was chosen; `None` for a flat file or none.
    pub profile: Option<String>,
    /// How the mail leaves.
    pub route: Setting<Route>,
    /// The submission server: a name as A-labels in lower case, or an address without brackets.
    pub host: Option<Setting<String>>,
    /// What is spoken there.
    pub protocol: Setting<Protocol>,
    /// The servers that are tried in turn, never empty; `host`, `port` and `tls` are those of the first.
    pub hosts: Option<Setting<Vec<Listing>>>,
    /// Its port.
    pub port: Setting<u16>,
    /// When TLS begins there.
    pub tls: Setting<TlsMode>,
    /// The oldest TLS that is accepted.
    pub tls_min_version: Setting<TlsVersion>,
    /// A PEM file of trust anchors used instead of the system's.
    pub tls_ca_file: Option<Setting<PathBuf>>,
    /// The only certificates or keys that are accepted.
    pub tls_pin: Option<Setting<Vec<Pin>>>,
    /// The name that the certificate must be for, if it is not the host's.
    pub tls_server_name: Option<Setting<String>>,
    /// A PEM file with our certificate.
    pub tls_client_cert: Option<Setting<PathBuf>>,
    /// A PEM file with its key; without one it stands in the file of the certificate.
    pub tls_client_key: Option<Setting<PathBuf>>,
    /// Which addresses of the server may be used.
    pub ip_family: Setting<IpFamily>,
    /// Where connections come from.
    pub source_address: Option<Setting<IpAddr>>,
    /// The proxy on the way to the server; an inner `None` forbids any.
    pub proxy: Option<Setting<Option<Proxy>>>,
    /// Where the proxy's password is.
    pub proxy_secret: Option<Setting<SecretPlace>>,
    /// A program that leads to the server: its argv, never empty.
    pub tunnel: Option<Setting<Vec<String>>>,
    /// What is said in EHLO.
    pub hello_name: Option<Setting<String>>,
    /// Who logs in; without it nobody does.
    pub username: Option<Setting<String>>,
    /// Where the secret of the login is.
    pub secret: Option<Setting<SecretSource>>,
    /// The ways to log in, the preferred one first; empty where nobody said: by strength.
    pub auth: Setting<Vec<Mechanism>>,
    /// Whether the secret may go over a connection without TLS.
    pub allow_plaintext_auth: Setting<bool>,
    /// Most recipients of one transaction.
    pub max_recipients: Option<Setting<usize>>,
    /// Most messages of one connection.
    pub max_messages: Option<Setting<usize>>,
    /// Most connections of a run of the queue at once, at least 1.
    pub max_connections: Setting<usize>,
    /// The author.
    pub from: Option<Setting<Mailbox>>,
    /// The author's name, for an address that has none.
    pub realname: Option<Setting<String>>,
    /// Where answers go; never empty.
    pub reply_to: Option<Setting<Vec<Mailbox>>>,
    /// The reverse-path; an inner `None` is the null one.
    pub envelope_from: Option<Setting<Option<Address>>>,
    /// The charset that text outside ASCII is sent in; `None` is UTF-8.
    pub charset: Option<Setting<&'static Encoding>>,
    /// The charset of replies that are not in UTF-8.
    pub reply_charset: Option<Setting<&'static Encoding>>,
    /// Which reports are asked for.
    pub dsn_notify: Option<Setting<Notify>>,
    /// How much of the message comes back with a report of failure.
    pub dsn_return: Option<Setting<Return>>,
    /// What every mail gets.
    pub letter: Letter,
    /// Whose the mail of this machine is.
    pub local: Local,
    /// The program of [`Route::Sendmail`].
    pub sendmail_path: Setting<PathBuf>,
    /// The place of [`Route::File`], which always has one.
    pub output: Option<Setting<PathBuf>>,
    /// How large a mail may be, and what is kept of it.
    pub outgoing: Outgoing,
    /// Whether mail that could not be handed over waits.
    pub queue: Setting<Queue>,
    /// The spool, which all profiles share.
    pub spool: SpoolSettings,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// Variables named by `password_env` in any profile. Children must not inherit them.
    pub secret_variables: Vec<String>,
}

impl Settings {
    /// Fills what nobody said, and checks what only the whole can tell.
    pub(super) fn settle(
        scope: Scope,
        profile: Option<String>,
        secret_variables: Vec<String>,
    ) -> Result<Settings, Fault> {
        one_way(&scope)?;
        let route = scope.route.clone().unwrap_or(Setting::built_in(Route::Smtp));
        let hosts = servers::listings(&scope, route.value)?;
        let door::Door { protocol, tls, port } = door::settle(&servers::first(&scope), route.value)?;
        let missing = match route.value {
            Route::File if scope.output.is_none() => Some("`output`, the file or Maildir"),
            Route::Smtp if scope.host.is_none() && route.origin != Origin::BuiltIn => {
                Some("`host`, the server")
            }
            _ => None,
        };
        if let Some(what) = missing {
            let problem = format!("route = \"{}\" needs {what}", rows::route_text(route.value));
            return Err(Fault { origin: route.origin, key: "route".to_owned(), problem });
        }
        let for_gmail = scope.host.as_ref().is_some_and(|host| host.value == "smtp.gmail.com");
        let kept_back = secret_variables.clone();
        let secret = scope.secret.map(|Setting { value: place, origin }| Setting {
            value: SecretSource { place, for_gmail, kept_back },
            origin,
        });
        Ok(Settings {
            profile,
            route,
            host: scope.host,
            protocol,
            hosts,
            port,
            tls,
            tls_min_version: scope.tls_min_version.unwrap_or(Setting::built_in(TlsVersion::V1_2)),
            tls_ca_file: scope.tls_ca_file,
            tls_pin: scope.tls_pin,
            tls_server_name: scope.tls_server_name,
            tls_client_cert: scope.tls_client_cert,
            tls_client_key: scope.tls_client_key,
            ip_family: scope.ip_family.unwrap_or(Setting::built_in(IpFamily::Any)),
            source_address: scope.source_address,
            proxy: scope.proxy,
            proxy_secret: scope.proxy_secret,
            tunnel: scope.tunnel,
            hello_name: scope.hello_name,
            username: scope.username,
            secret,
            auth: scope.auth.unwrap_or_else(|| Setting::built_in(Vec::new())),
            max_recipients: scope.max_recipients,
            max_messages: scope.max_messages,
            max_connections: scope.max_connections.unwrap_or(Setting::built_in(1)),
            allow_plaintext_auth: scope.allow_plaintext_auth.unwrap_or(Setting::built_in(false)),
            from: scope.from,
            // An empty name takes back that of a lower layer.
            realname: scope.realname.filter(|name| !name.value.trim().is_empty()),
            reply_to: scope.reply_to,
            envelope_from: scope.envelope_from,
            charset: scope.charset,
            reply_charset: scope.reply_charset,
            dsn_notify: scope.dsn_notify,
            dsn_return: scope.dsn_return,
            letter: scope.letter,
            local: scope.local.settle(),
            sendmail_path: scope
                .sendmail_path
                .unwrap_or_else(|| Setting::built_in(PathBuf::from("/usr/sbin/sendmail"))),
            output: scope.output,
            outgoing: scope.outgoing.settle(),
            queue: scope.queue.unwrap_or(Setting::built_in(Queue::Auto)),
            spool: scope.spool.settle(),
            timeouts: Timeouts::settle(scope.timeouts),
            secret_variables,
        })
    }

    /// Whether any layer said where mail goes. Without that, only a first-use hint makes sense.
    pub fn is_configured(&self) -> bool {
        self.host.is_some() || self.route.origin != Origin::BuiltIn
    }

    /// Whether all that leads to the server stands in files, so that another run finds the same by the profile's name.
    pub fn is_of_a_profile(&self) -> bool {
        fn is_file(origin: &Origin) -> bool {
            !matches!(origin, Origin::Variable(_) | Origin::Flag(_))
        }
        fn is_in_files<T>(setting: &Option<Setting<T>>) -> bool {
            setting.as_ref().is_none_or(|setting| is_file(&setting.origin))
        }
        self.host.is_some()
            && is_file(&self.port.origin)
            && is_file(&self.tls.origin)
            && is_in_files(&self.host)
            && is_in_files(&self.username)
            && is_in_files(&self.secret)
            && is_in_files(&self.tunnel)
    }

    /// The author with a name: that of `from`, else `realname`.
    pub fn author(&self) -> Option<Mailbox> {
        let mut author = self.from.as_ref()?.value.clone();
        if author.name.is_none() {
            author.name = self.realname.as_ref().map(|name| name.value.clone());
        }
        Some(author)
    }

    /// What is asked of TLS, in the words of `mail`.
    pub fn tls_policy(&self) -> TlsPolicy {
        TlsPolicy {
            mode: self.tls.value,
            min_version: self.tls_min_version.value,
            ca_file: self.tls_ca_file.as_ref().map(|file| file.value.clone()),
            pins: self.tls_pin.as_ref().map(|pins| pins.value.clone()).unwrap_or_default(),
            server_name: self.tls_server_name.as_ref().map(|name| name.value.clone()),
            client: self.client_certificate(),
            store_is_named: false,
        }
    }

    fn client_certificate(&self) -> Option<ClientCertificate> {
        let certificate = self.tls_client_cert.as_ref()?.value.clone();
        let key = self.tls_client_key.as_ref().map_or_else(|| certificate.clone(), |key| key.value.clone());
        Some(ClientCertificate { certificate, key })
    }

    /// The path of a `host` that is a socket in the file system.
    pub fn unix_socket(&self) -> Option<&str> {
        self.host.as_ref()?.value.strip_prefix(UNIX)
    }
}

/// There is one way to the server: two that are said are an error, since one of them would be passed over.
fn one_way(scope: &Scope) -> Result<(), Fault> {
    let unix = scope.host.as_ref().filter(|host| host.value.starts_with(UNIX)).map(|host| &host.origin);
    let tunnel = scope.tunnel.as_ref().map(|tunnel| &tunnel.origin);
    let proxy = scope.proxy.as_ref().filter(|proxy| proxy.value.is_some()).map(|proxy| &proxy.origin);
    let ways = [("proxy", proxy), ("tunnel", tunnel), ("host", unix)];
    let mut said = ways.iter().filter_map(|(key, origin)| Some((*key, (*origin)?)));
    if let (Some(hosts), Some(origin)) = (&scope.hosts, tunnel) {
        let problem =
            format!("tunnel leads to one server, and hosts ({}) names several; write `host`", hosts.origin);
        return Err(Fault { origin: origin.clone(), key: "tunnel".to_owned(), problem });
    }
    match (said.next(), said.next()) {
        (Some((first, origin)), Some((second, at))) => Err(Fault {
            origin: origin.clone(),
            key: first.to_owned(),
            problem: format!("{first} and {second} ({at}) are two ways to one server; keep one of them"),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
