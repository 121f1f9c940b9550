//! Resolving: which profile, and which of all that was said holds.
//!
//! Weakest first: `$EMAIL` (for `from` alone), the top of the system's file, the top of the user's file, the profile
//! in the system's file, the profile in the user's file, `WHIPPET_SMTP` and `REPLYTO`, `--smtp`, `-e 'set tunnel'`, `--set`.
//! What stands at the top of a file is the default of all profiles, so a profile of the system's file is stronger
//! than the top of the user's.
//!
//! A login belongs to a host: where a stronger place names another host, the port, TLS mode, user name, secret and
//! leave for plain text that stand beside the weaker host are dropped, not combined with the new one. Where several
//! hosts are named (`hosts`), they are kept only if the weaker place names each of them too.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::config::error::nearest;
use crate::config::file::{self, ConfigFile};
use crate::config::layer::{Scope, Spot};
use crate::config::server::{self, UrlError};
use crate::config::value::{Given, UNIX};
use crate::config::{ConfigError, Fault, Layer, Origin, Route, SecretPlace, Setting, Settings, Surroundings};
use crate::mail::Address;

/// What the command line says about settings.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// `-F`: the file read instead of the user's.
    pub config_file: Option<PathBuf>,
    /// `-n`: the system's file is not read.
    pub no_system: bool,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--from`, which may choose a profile. It does not become the setting `from`.
    pub from: Option<Address>,
    /// `--smtp`.
    pub smtp: Option<String>,
    /// `-e 'set tunnel=…'`.
    pub tunnel: Option<String>,
    /// `--max-size`.
    pub max_size: Option<String>,
    /// `-e` of the signature: mutt's name and the value, in order.
    pub signature: Vec<(&'static str, String)>,
    /// `--set KEY=VALUE`, in order.
    pub set: Vec<(String, String)>,
    /// For mail that was queued: where it goes is not for the variables of another hour, `WHIPPET_PROFILE` and `WHIPPET_SMTP`.
    pub is_queued: bool,
}

impl Wanted {
    /// What a variable says of where mail goes.
    fn leading(&self, name: &str, surroundings: &Surroundings) -> Result<Option<String>, ConfigError> {
        if self.is_queued { Ok(None) } else { variable(surroundings, name) }
    }
}

/// Reads all layers and says what holds.
pub fn resolve(wanted: &Wanted, surroundings: &Surroundings) -> Result<Settings, ConfigError> {
    let files = Files::read(wanted, surroundings)?;
    let profile = files.choose(wanted, surroundings)?;
    let mut scope = files.said(profile.as_deref());

    if let Some(text) = variable(surroundings, "REPLYTO")? {
        assign(&mut scope, "reply_to", &text, Origin::Variable("REPLYTO".into()), surroundings)?;
    }
    if let Some(url) = &wanted.smtp {
        apply_url(&mut scope, url, &Origin::Flag("--smtp".into()))?;
    } else if let Some(url) = wanted.leading("WHIPPET_SMTP", surroundings)? {
        apply_url(&mut scope, &url, &Origin::Variable("WHIPPET_SMTP".into()))?;
    }
    let flags = flags(&wanted.set, surroundings)?;
    let mut secret_variables = files.secret_variables();
    secret_variables.extend(self::secret_variables(&flags));
    if flags.host.is_some() && scope.is_for_another_host(&flags.host_names()) {
        scope.forget_host();
    }
    if let Some(line) = &wanted.tunnel {
        assign(&mut scope, "tunnel", line, Origin::Flag("-e set tunnel".into()), surroundings)?;
    }
    for (name, value) in &wanted.signature {
        let key = if *name == "sig_dashes" { "signature_dashes" } else { name };
        assign(&mut scope, key, value, Origin::Flag(format!("-e set {name}")), surroundings)?;
    }
    scope.overlay(flags);
    if let Some(size) = &wanted.max_size {
        assign(&mut scope, "max_size", size, Origin::Flag("--max-size".into()), surroundings)?;
    }

    if scope.from.is_none()
        && let Some(text) = variable(surroundings, "EMAIL")?
    {
        assign(&mut scope, "from", &text, Origin::Variable("EMAIL".into()), surroundings)?;
    }
    let exempt = Exempt::read(surroundings)?;
    take_proxy_variable(&mut scope, &exempt, surroundings)?;
    let settings = Settings::settle(scope, profile, secret_variables.into_iter().collect());
    let mut settings = settings.map_err(|fault| ConfigError::Faults(vec![fault]))?;
    exempt.mark(&mut settings);
    Ok(settings)
}

/// The two files.
struct Files {
    system: ConfigFile,
    user: ConfigFile,
}

impl Files {
    fn read(wanted: &Wanted, surroundings: &Surroundings) -> Result<Files, ConfigError> {
        let system = if wanted.no_system {
            ConfigFile::default()
        } else {
            let path = surroundings.system_file.clone();
            file::read(&file::Wanted { path, layer: Layer::SystemFile, named: false }, surroundings)?
        };
        let named =
            wanted.config_file.clone().or_else(|| surroundings.variable("WHIPPET_CONFIG").map(PathBuf::from));
        let is_named = named.is_some();
        let user = match named.or_else(|| surroundings.user_file()) {
            Some(path) => {
                file::read(&file::Wanted { path, layer: Layer::UserFile, named: is_named }, surroundings)?
            }
            None => ConfigFile::default(),
        };
        Ok(Files { system, user })
    }

    /// The names of all profiles, sorted.
    fn names(&self) -> BTreeSet<&str> {
        self.system.profiles.keys().chain(self.user.profiles.keys()).map(String::as_str).collect()
    }

    /// Chooses the profile; `None` is what stands at the top of the files.
    fn choose(&self, wanted: &Wanted, surroundings: &Surroundings) -> Result<Option<String>, ConfigError> {
        if let Some(name) = &wanted.profile {
            return self.named(name, &Origin::Flag("--profile".into())).map(Some);
        }
        if let Some(name) = wanted.leading("WHIPPET_PROFILE", surroundings)? {
            return self.named(&name, &Origin::Variable("WHIPPET_PROFILE".into())).map(Some);
        }
        let default = self.user.default.as_ref().or(self.system.default.as_ref());
        if let Some(from) = &wanted.from {
            let writes_as = |scope: Option<&Scope>| {
                scope.and_then(|scope| scope.from.as_ref()).map(|own| own.value.address.same_mailbox(from))
            };
            let matching: Vec<&str> = self
                .names()
                .into_iter()
                .filter(|name| {
                    // The user's word about a profile is the stronger one.
                    let own = writes_as(self.user.profiles.get(*name));
                    own.or_else(|| writes_as(self.system.profiles.get(*name))).unwrap_or(false)
                })
                .collect();
            match matching[..] {
                [] => {}
                [name] => return Ok(Some(name.to_owned())),
                _ if default.is_some_and(|name| matching.contains(&name.value.as_str())) => {}
                _ => return Err(several(&matching)),
            }
        }
        if let Some(Setting { value: name, origin }) = &self.user.default {
            return self.named(name, origin).map(Some);
        }
        // A flat file of the user's is a profile of its own; one that the administrator adds does not replace it.
        let top = &self.user.top;
        if self.user.profiles.is_empty() && (top.host.is_some() || top.route.is_some()) {
            return Ok(None);
        }
        if let Some(Setting { value: name, origin }) = default {
            return self.named(name, origin).map(Some);
        }
        let names: Vec<&str> = self.names().into_iter().collect();
        match names[..] {
            [] => Ok(None),
            [name] => Ok(Some(name.to_owned())),
            _ => Err(several(&names)),
        }
    }

    /// The profile that somebody named, if there is one.
    fn named(&self, name: &str, origin: &Origin) -> Result<String, ConfigError> {
        let names = self.names();
        if names.contains(name) {
            return Ok(name.to_owned());
        }
        Err(ConfigError::UnknownProfile {
            name: name.to_owned(),
            origin: origin.clone(),
            suggestion: nearest(name, names.iter().copied()).map(str::to_owned),
            known: names.into_iter().map(str::to_owned).collect(),
        })
    }

    /// What the files say for a profile.
    fn said(&self, profile: Option<&str>) -> Scope {
        fn in_profile<'a>(file: &'a ConfigFile, profile: Option<&str>) -> Option<&'a Scope> {
            profile.and_then(|name| file.profiles.get(name))
        }
        let places = [
            Some(&self.system.top),
            Some(&self.user.top),
            in_profile(&self.system, profile),
            in_profile(&self.user, profile),
        ];
        let naming = places.iter().flatten().rfind(|scope| scope.host.is_some());
        let hosts = naming.map(|scope| scope.host_names()).unwrap_or_default();
        let mut all = Scope::default();
        for scope in places.into_iter().flatten() {
            let mut scope = scope.clone();
            if scope.is_for_another_host(&hosts) {
                scope.forget_host();
            }
            all.overlay(scope);
        }
        all
    }

    /// The variables that hold secrets, of all profiles.
    fn secret_variables(&self) -> BTreeSet<String> {
        self.system.scopes().chain(self.user.scopes()).flat_map(secret_variables).collect()
    }
}

fn several(names: &[&str]) -> ConfigError {
    ConfigError::SeveralProfiles { known: names.iter().map(|name| (*name).to_owned()).collect() }
}

/// The variables that hold the secrets of this place.
fn secret_variables(scope: &Scope) -> impl Iterator<Item = String> {
    let places = [&scope.secret, &scope.proxy_secret].into_iter().flatten();
    places.filter_map(|place| match &place.value {
        SecretPlace::Variable(name) => Some(name.clone()),
        _ => None,
    })
}

/// Whom the variable of the proxy does not speak of: servers on this machine, and those of `NO_PROXY`. A proxy that the
/// profile names is for all.
struct Exempt(Option<String>);

impl Exempt {
    /// The name in small letters first, as curl does.
    fn read(surroundings: &Surroundings) -> Result<Exempt, ConfigError> {
        let small = variable(surroundings, "no_proxy")?;
        Ok(Exempt(if small.is_some() { small } else { variable(surroundings, "NO_PROXY")? }))
    }

    fn holds(&self, host: &str) -> bool {
        let is_listed = self.0.as_ref().is_some_and(|list| server::no_proxy::names(list, host));
        is_listed || is_on_this_machine(host)
    }

    /// Notes which of several servers are exempt.
    fn mark(&self, settings: &mut Settings) {
        let is_named = |proxy: &Setting<_>| proxy.origin.layer() == Layer::Environment;
        if let Some(hosts) = settings.hosts.as_mut().filter(|_| settings.proxy.as_ref().is_some_and(is_named))
        {
            for listing in &mut hosts.value {
                listing.past_proxy = self.holds(&listing.host);
            }
        }
    }
}

/// Lets `all_proxy` or `ALL_PROXY` name the proxy, if nothing else says how the server is reached and it is not exempt.
fn take_proxy_variable(
    scope: &mut Scope,
    exempt: &Exempt,
    surroundings: &Surroundings,
) -> Result<(), ConfigError> {
    let is_away = scope.host_names().iter().any(|host| !exempt.holds(host));
    if !is_away || scope.proxy.is_some() || scope.tunnel.is_some() {
        return Ok(());
    }
    // The name in small letters first, as curl does.
    for name in ["all_proxy", "ALL_PROXY"] {
        let Some(text) = variable(surroundings, name)? else { continue };
        let origin = Origin::Variable(name.to_owned());
        let proxy = server::proxy::variable(&text).map_err(|reason| {
            let problem = format!("the proxy {reason}");
            ConfigError::Faults(vec![Fault { origin: origin.clone(), key: "proxy".to_owned(), problem }])
        })?;
        scope.proxy = Some(Setting { value: Some(proxy), origin });
        return Ok(());
    }
    Ok(())
}

/// Whether a host is this machine itself.
pub(super) fn is_on_this_machine(host: &str) -> bool {
    host.starts_with(UNIX)
        || host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A variable as text.
fn variable(surroundings: &Surroundings, name: &str) -> Result<Option<String>, ConfigError> {
    let Some(value) = surroundings.variable(name) else { return Ok(None) };
    value.into_string().map(Some).map_err(|_| {
        ConfigError::Faults(vec![Fault {
            origin: Origin::Variable(name.to_owned()),
            key: name.to_owned(),
            problem: "the value is not UTF-8".to_owned(),
        }])
    })
}

fn assign(
    scope: &mut Scope,
    key: &str,
    text: &str,
    origin: Origin,
    surroundings: &Surroundings,
) -> Result<(), ConfigError> {
    let spot = Spot { origin, home: surroundings.home.as_deref(), folder: None };
    scope.assign(key, Given::Text(text), &spot).map_err(|fault| ConfigError::Faults(vec![fault]))
}

/// Lets a URL replace host, protocol, port, TLS and user name together. The secret stays only with its own host.
fn apply_url(scope: &mut Scope, url: &str, origin: &Origin) -> Result<(), ConfigError> {
    let url = server::read(url).map_err(|error| match error {
        UrlError::Password => ConfigError::PasswordOnCommandLine { origin: origin.clone() },
        UrlError::Form(problem) => {
            ConfigError::Faults(vec![Fault { origin: origin.clone(), key: "host".to_owned(), problem }])
        }
    })?;
    if scope.is_for_another_host(&[&url.host]) {
        scope.forget_host();
    }
    scope.hosts = None;
    scope.host = Some(Setting { value: url.host, origin: origin.clone() });
    scope.protocol = Some(Setting { value: url.protocol, origin: origin.clone() });
    scope.port = url.port.map(|value| Setting { value, origin: origin.clone() });
    scope.tls = url.tls.map(|value| Setting { value, origin: origin.clone() });
    scope.username = url.user.map(|value| Setting { value, origin: origin.clone() });
    // The URL is a server; another route of the profile's would pass it over.
    scope.route = Some(Setting { value: Route::Smtp, origin: origin.clone() });
    Ok(())
}

/// What the `--set` flags say; all faults are found.
fn flags(set: &[(String, String)], surroundings: &Surroundings) -> Result<Scope, ConfigError> {
    let mut scope = Scope::default();
    let mut faults = Vec::new();
    for (key, text) in set {
        let origin = Origin::Flag(format!("--set {}", key.escape_debug()));
        if key == "password" {
            return Err(ConfigError::PasswordOnCommandLine { origin });
        }
        let spot = Spot { origin, home: surroundings.home.as_deref(), folder: None };
        if let Err(fault) = scope.assign(key, Given::Text(text), &spot) {
            faults.push(fault);
        }
    }
    if faults.is_empty() { Ok(scope) } else { Err(ConfigError::Faults(faults)) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
