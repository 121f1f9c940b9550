//! Layers: who said a thing, where, and what one place says in all. Which layer wins is decided in `resolve.rs`.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use encoding_rs::Encoding;

use crate::config::server::hosts::{self, Listed};
use crate::config::settings::{Letter, LocalScope, OutgoingScope, SpoolScope};
use crate::config::timeouts::{self, LIMITS};
use crate::config::value::{self, Given, Reading};
use crate::config::{Fault, Queue, Route, SecretPlace, schema, secret};
use crate::mail::{Address, Mailbox, Notify, Pin, Protocol, Return, TlsMode, TlsVersion};
use crate::net::{IpFamily, Proxy};
use crate::smtp::Mechanism;

/// Who may say a setting, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The program itself.
    BuiltIn,
    /// `/etc/whippet/config.toml`.
    SystemFile,
    /// `~/.config/whippet/config.toml`, or what `-F` or `WHIPPET_CONFIG` names.
    UserFile,
    /// Variables.
    Environment,
    /// The command line.
    Flags,
}

/// Where a value was said. Displays as the place: `~/.config/whippet/config.toml:3`, `WHIPPET_SMTP`, `--smtp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The program itself.
    BuiltIn,
    /// A line of the system's file.
    SystemFile {
        /// The file as a person reads it.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// A line of the user's file.
    UserFile {
        /// The file as a person reads it.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// The variable of this name.
    Variable(String),
    /// The flag as typed, with the key for `--set`.
    Flag(String),
}

impl Origin {
    /// The layer that the place belongs to.
    pub fn layer(&self) -> Layer {
        match self {
            Origin::BuiltIn => Layer::BuiltIn,
            Origin::SystemFile { .. } => Layer::SystemFile,
            Origin::UserFile { .. } => Layer::UserFile,
            Origin::Variable(_) => Layer::Environment,
            Origin::Flag(_) => Layer::Flags,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::BuiltIn => f.write_str("built-in"),
            Origin::SystemFile { path, line } | Origin::UserFile { path, line } => write!(f, "{path}:{line}"),
            Origin::Variable(name) | Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// A value with the place that said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// What was said.
    pub value: T,
    /// Where.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// A value of the program's own.
    pub fn built_in(value: T) -> Self {
        Setting { value, origin: Origin::BuiltIn }
    }
}

/// Where a value stands, for its origin and for what is relative to it.
pub(super) struct Spot<'a> {
    pub origin: Origin,
    /// What `~/` means.
    pub home: Option<&'a Path>,
    /// Where relative paths begin; `None` is the current folder.
    pub folder: Option<&'a Path>,
}

/// What one place says: the top of a file, one profile in it, a variable, or the flags. Nothing is filled in.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub route: Option<Setting<Route>>,
    pub host: Option<Setting<String>>,
    pub protocol: Option<Setting<Protocol>>,
    /// Where it is said, `host` is the first of them.
    pub hosts: Option<Setting<Vec<Listed>>>,
    pub port: Option<Setting<u16>>,
    pub tls: Option<Setting<TlsMode>>,
    pub tls_ca_file: Option<Setting<PathBuf>>,
    pub tls_pin: Option<Setting<Vec<Pin>>>,
    pub tls_server_name: Option<Setting<String>>,
    pub tls_client_cert: Option<Setting<PathBuf>>,
    pub tls_client_key: Option<Setting<PathBuf>>,
    pub tls_min_version: Option<Setting<TlsVersion>>,
    pub ip_family: Option<Setting<IpFamily>>,
    pub source_address: Option<Setting<IpAddr>>,
    pub proxy: Option<Setting<Option<Proxy>>>,
    pub proxy_secret: Option<Setting<SecretPlace>>,
    pub tunnel: Option<Setting<Vec<String>>>,
    pub username: Option<Setting<String>>,
    pub secret: Option<Setting<SecretPlace>>,
    pub auth: Option<Setting<Vec<Mechanism>>>,
    pub allow_plaintext_auth: Option<Setting<bool>>,
    pub max_recipients: Option<Setting<usize>>,
    pub max_messages: Option<Setting<usize>>,
    pub max_connections: Option<Setting<usize>>,
    pub from: Option<Setting<Mailbox>>,
    pub realname: Option<Setting<String>>,
    pub reply_to: Option<Setting<Vec<Mailbox>>>,
    pub envelope_from: Option<Setting<Option<Address>>>,
    pub hello_name: Option<Setting<String>>,
    pub charset: Option<Setting<&'static Encoding>>,
    pub reply_charset: Option<Setting<&'static Encoding>>,
    pub dsn_notify: Option<Setting<Notify>>,
    pub dsn_return: Option<Setting<Return>>,
    pub sendmail_path: Option<Setting<PathBuf>>,
    pub output: Option<Setting<PathBuf>>,
    pub outgoing: OutgoingScope,
    pub letter: Letter,
    pub local: LocalScope,
    pub queue: Option<Setting<Queue>>,
    pub spool: SpoolScope,
    pub timeouts: [Option<Setting<Duration>>; timeouts::COUNT],
}

impl Scope {
    /// Takes one assignment. The error names the key.
    pub fn assign(&mut self, key: &str, given: Given<'_>, spot: &Spot<'_>) -> Result<(), Fault> {
        let origin = &spot.origin;
        if !schema::is_known(key) {
            return Err(schema::unknown(key, origin.clone()));
        }
        let (home, folder) = (spot.home, spot.folder);
        let done = match key {
            "route" => put(&mut self.route, value::route(given), origin),
            "host" => self.assign_host(given, origin),
            "hosts" => self.assign_hosts(given, origin),
            "protocol" => put(&mut self.protocol, value::protocol(given), origin),
            "port" => put(&mut self.port, value::port(given), origin),
            "tls" => put(&mut self.tls, value::tls(given), origin),
            "tls_ca_file" => put(&mut self.tls_ca_file, value::path(given, home, folder), origin),
            "tls_pin" => put(&mut self.tls_pin, value::pins(given), origin),
            "tls_server_name" => put(&mut self.tls_server_name, value::server_name(given), origin),
            "tls_client_cert" => put(&mut self.tls_client_cert, value::path(given, home, folder), origin),
            "tls_client_key" => put(&mut self.tls_client_key, value::path(given, home, folder), origin),
            "tls_min_version" => put(&mut self.tls_min_version, value::tls_version(given), origin),
            "ip_family" => put(&mut self.ip_family, value::ip_family(given), origin),
            "source_address" => put(&mut self.source_address, value::ip_address(given), origin),
            "proxy" => put(&mut self.proxy, value::proxy(given), origin),
            "proxy_password_file" | "proxy_password_env" => assign_secret(
                &mut self.proxy_secret,
                key,
                SecretPlace::read(key, given, home, folder),
                origin,
            ),
            "tunnel" => put(&mut self.tunnel, secret::command(given), origin),
            "username" => put(&mut self.username, value::text(given), origin),
            "auth" => put(&mut self.auth, value::auth(given), origin),
            "max_recipients" => put(&mut self.max_recipients, value::count(given), origin),
            "max_messages" => put(&mut self.max_messages, value::count(given), origin),
            "max_connections" => put(&mut self.max_connections, value::count(given), origin),
            "allow_plaintext_auth" => put(&mut self.allow_plaintext_auth, value::boolean(given), origin),
            "from" => put(&mut self.from, value::mailbox(given), origin),
            "realname" => put(&mut self.realname, value::any_text(given), origin),
            "reply_to" => put(&mut self.reply_to, value::mailboxes(given), origin),
            "envelope_from" => put(&mut self.envelope_from, value::reverse_path(given), origin),
            "hello_name" => put(&mut self.hello_name, value::hello_name(given), origin),
            "charset" => put(&mut self.charset, value::letter_charset(given), origin),
            "reply_charset" => put(&mut self.reply_charset, value::reply_charset(given), origin),
            "dsn_notify" => put(&mut self.dsn_notify, value::dsn_notify(given), origin),
            "dsn_return" => put(&mut self.dsn_return, value::dsn_return(given), origin),
            "sendmail_path" => put(&mut self.sendmail_path, value::program(given, home, folder), origin),
            "output" => put(&mut self.output, value::output(given, home, folder), origin),
            _ if OutgoingScope::has(key) => self.outgoing.assign(key, given, spot),
            "queue" => put(&mut self.queue, Queue::read(given), origin),
            key if LocalScope::has(key) => self.local.assign(key, given, spot),
            key if Letter::KEYS.contains(&key) => self.letter.assign(key, given, spot),
            "spool" => Err(given.wrong("a table [spool]")),
            "timeouts" => self.assign_all_times(given, origin),
            _ => match key.split_once('.') {
                Some(("spool", name)) => self.spool.assign(name, given, spot),
                Some((_, name)) => self.assign_time(name, given, origin),
                None => {
                    assign_secret(&mut self.secret, key, SecretPlace::read(key, given, home, folder), origin)
                }
            },
        };
        done.map_err(|reason| Fault {
            origin: origin.clone(),
            key: key.to_owned(),
            problem: format!("{key} {reason}"),
        })
    }

    /// Takes the one server.
    fn assign_host(&mut self, given: Given<'_>, origin: &Origin) -> Reading<()> {
        if let Some(hosts) = &self.hosts {
            return Err(format!("and hosts ({}) both name the server; keep one of them", hosts.origin));
        }
        put(&mut self.host, value::host_setting(given), origin)
    }

    /// Takes the servers that are tried in turn.
    fn assign_hosts(&mut self, given: Given<'_>, origin: &Origin) -> Reading<()> {
        if let (Some(host), None) = (&self.host, &self.hosts) {
            return Err(format!("and host ({}) both name the server; keep one of them", host.origin));
        }
        let hosts = hosts::read(given)?;
        self.host = Some(Setting { value: hosts[0].host.clone(), origin: origin.clone() });
        put(&mut self.hosts, Ok(hosts), origin)
    }

    /// Takes one time limit.
    fn assign_time(&mut self, name: &str, given: Given<'_>, origin: &Origin) -> Reading<()> {
        match LIMITS.iter().position(|limit| limit.name == name) {
            Some(index) => put(&mut self.timeouts[index], value::time(given, &LIMITS[index]), origin),
            None => Err("is no time limit".to_owned()),
        }
    }

    /// Takes one time for all limits; each is cut to the most that it may be.
    fn assign_all_times(&mut self, given: Given<'_>, origin: &Origin) -> Reading<()> {
        let time = value::any_time(given)?;
        for (slot, limit) in self.timeouts.iter_mut().zip(&LIMITS) {
            let value = time.min(Duration::from_secs(limit.longest_s));
            *slot = Some(Setting { value, origin: origin.clone() });
        }
        Ok(())
    }

    /// Lays `above` over this: what it says wins.
    pub fn overlay(&mut self, above: Scope) {
        fn lay<T>(below: &mut Option<T>, above: Option<T>) {
            if above.is_some() {
                *below = above;
            }
        }
        lay(&mut self.route, above.route);
        if above.host.is_some() {
            (self.host, self.hosts) = (above.host, above.hosts);
        }
        lay(&mut self.protocol, above.protocol);
        lay(&mut self.port, above.port);
        lay(&mut self.tls, above.tls);
        lay(&mut self.tls_ca_file, above.tls_ca_file);
        lay(&mut self.tls_pin, above.tls_pin);
        lay(&mut self.tls_server_name, above.tls_server_name);
        lay(&mut self.tls_client_cert, above.tls_client_cert);
        lay(&mut self.tls_client_key, above.tls_client_key);
        lay(&mut self.tls_min_version, above.tls_min_version);
        lay(&mut self.ip_family, above.ip_family);
        lay(&mut self.source_address, above.source_address);
        lay(&mut self.proxy, above.proxy);
        lay(&mut self.proxy_secret, above.proxy_secret);
        lay(&mut self.tunnel, above.tunnel);
        lay(&mut self.username, above.username);
        lay(&mut self.secret, above.secret);
        lay(&mut self.auth, above.auth);
        lay(&mut self.allow_plaintext_auth, above.allow_plaintext_auth);
        lay(&mut self.max_recipients, above.max_recipients);
        lay(&mut self.max_messages, above.max_messages);
        lay(&mut self.max_connections, above.max_connections);
        lay(&mut self.from, above.from);
        lay(&mut self.realname, above.realname);
        lay(&mut self.reply_to, above.reply_to);
        lay(&mut self.envelope_from, above.envelope_from);
        lay(&mut self.hello_name, above.hello_name);
        lay(&mut self.charset, above.charset);
        lay(&mut self.reply_charset, above.reply_charset);
        lay(&mut self.dsn_notify, above.dsn_notify);
        lay(&mut self.dsn_return, above.dsn_return);
        lay(&mut self.sendmail_path, above.sendmail_path);
        lay(&mut self.output, above.output);
        self.outgoing.overlay(above.outgoing);
        lay(&mut self.queue, above.queue);
        self.letter.overlay(above.letter);
        self.local.overlay(above.local);
        self.spool.overlay(above.spool);
        for (below, above) in self.timeouts.iter_mut().zip(above.timeouts) {
            lay(below, above);
        }
    }

    /// The hosts that it names, in the order in which they are tried.
    pub fn host_names(&self) -> Vec<&str> {
        match (&self.hosts, &self.host) {
            (Some(hosts), _) => hosts.value.iter().map(|listed| listed.host.as_str()).collect(),
            (None, host) => host.iter().map(|host| host.value.as_str()).collect(),
        }
    }

    /// Whether it names hosts, and not all of `hosts` are among them.
    pub fn is_for_another_host(&self, hosts: &[&str]) -> bool {
        let own = self.host_names();
        let is_own = |host: &&str| own.iter().any(|one| one.eq_ignore_ascii_case(host));
        !own.is_empty() && !hosts.iter().all(is_own)
    }

    /// Forgets what belongs to one host and must not reach another: the way there and the login.
    pub fn forget_host(&mut self) {
        self.host = None;
        self.protocol = None;
        self.hosts = None;
        self.port = None;
        self.tls = None;
        self.tunnel = None;
        self.tls_pin = None;
        self.tls_server_name = None;
        self.tls_client_cert = None;
        self.tls_client_key = None;
        self.username = None;
        self.secret = None;
        self.auth = None;
        self.allow_plaintext_auth = None;
        self.max_recipients = None;
        self.max_messages = None;
        self.max_connections = None;
        self.outgoing.forget_host();
    }
}

fn put<T>(slot: &mut Option<Setting<T>>, value: Reading<T>, origin: &Origin) -> Reading<()> {
    *slot = Some(Setting { value: value?, origin: origin.clone() });
    Ok(())
}

/// Takes a source of a secret; a second one in the same place is an error.
fn assign_secret(
    slot: &mut Option<Setting<SecretPlace>>,
    key: &str,
    place: Reading<SecretPlace>,
    origin: &Origin,
) -> Reading<()> {
    let place = place?;
    if let Some(first) = slot.as_ref().filter(|first| !key.ends_with(first.value.key())) {
        let (name, at) = (format!("{}{}", proxy_prefix(key), first.value.key()), &first.origin);
        return Err(format!("and {name} ({at}) are two sources of one secret; keep one of them"));
    }
    put(slot, Ok(place), origin)
}

/// What the keys of a proxy's secret have before those of the server's.
fn proxy_prefix(key: &str) -> &str {
    if key.starts_with("proxy_") { "proxy_" } else { "" }
}
