//! From settings to the route that a mail takes. The program that gives the secret is started here, and waited for when
//! the login is due.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cli::{Request, TlsWords};
use crate::cmd::failure::SECRET_PLACES;
use crate::cmd::{Exit, Failure, World};
use crate::config::{Origin, PendingSecret, Route as Wanted, SecretError, Settings, fetch_proxy_password};
use crate::deliver::{Place, Sendmail, SmartHostRoute, is_same_file};
use crate::mail::{ClientCertificate, TlsMode};
use crate::net::{Proxy, Through, Way};
use crate::smtp::{Credentials, Mechanism, Nonces, SessionPolicy};
use crate::sys::{Secret, reason};
use crate::ui::Complaint;

/// The way out.
#[derive(Debug)]
pub(super) enum Route {
    /// To a submission server.
    SmartHost(Box<SmartHostRoute>),
    /// To the first of several that takes a session.
    Fallback(Vec<SmartHostRoute>),
    /// Through a sendmail program: its argv.
    Sendmail(Vec<OsString>),
    /// Into a file, a Maildir folder, an mbox, or to the standard output.
    File(Place),
    /// Into a server of our own.
    Sandbox,
}

impl Route {
    /// Chooses: the sandbox, `--output`, `--sendmail`, what is set, else the sendmail program that this machine has.
    ///
    /// The program that gives the secret of a login runs from here on.
    pub(super) fn choose(
        request: &Request,
        settings: &Settings,
        world: &World<'_>,
    ) -> Result<(Self, Option<PendingSecret>), Failure> {
        let is_elsewhere = request.sandbox
            || request.output.is_some()
            || request.sendmail
            || !request.sendmail_argv.is_empty();
        if !is_elsewhere && settings.route.value == Wanted::Smtp && settings.host.is_some() {
            return servers(request, settings, world);
        }
        Self::choose_local(request, settings, world).map(|route| (route, None))
    }

    fn choose_local(request: &Request, settings: &Settings, world: &World<'_>) -> Result<Self, Failure> {
        if request.sandbox {
            return Ok(Route::Sandbox);
        }
        if let Some(output) = &request.output {
            return file(output, request);
        }
        if request.sendmail || !request.sendmail_argv.is_empty() {
            return sendmail(&request.sendmail_argv, settings, world);
        }
        match settings.route.value {
            Wanted::Sendmail => sendmail(&[], settings, world),
            Wanted::File => match &settings.output {
                Some(output) => file(&output.value, request),
                None => Err(Failure::plain(Exit::Config, "route = \"file\" needs `output`")),
            },
            Wanted::Smtp => match &*world.sendmail {
                Some(program) if has_passed(program, world) => {
                    Err(unconfigured(world, &format!("{} leads back to whippet", program.display())))
                }
                Some(program) => Ok(Route::Sendmail(vec![program.into()])),
                None => Err(unconfigured(world, "so no server to send to")),
            },
        }
    }
}

fn file(output: &Path, request: &Request) -> Result<Route, Failure> {
    match Place::read(output) {
        Place::Stdout if request.json => {
            Err(Failure::usage("the mail and the report of --json would both be on standard output")
                .hint("write the mail into a file"))
        }
        place => Ok(Route::File(place)),
    }
}

/// The name that EHLO gives: set, typed, or the machine's.
pub(super) fn hello_name(request: &Request, settings: &Settings, world: &World<'_>) -> String {
    let set = settings.hello_name.as_ref().map(|name| name.value.clone());
    set.or_else(|| request.hostname.clone()).unwrap_or_else(|| world.machine.clone())
}

/// The server, or each of them, with one login for all.
fn servers(
    request: &Request,
    settings: &Settings,
    world: &World<'_>,
) -> Result<(Route, Option<PendingSecret>), Failure> {
    let (login, secret) = login(settings, world)?;
    let each = settings.for_each_server();
    let routes = each.iter().map(|settings| smart_host(request, settings, &login, world));
    let mut routes = routes.collect::<Result<Vec<_>, _>>()?;
    if settings.hosts.is_some() {
        return Ok((Route::Fallback(routes), secret));
    }
    Ok((Route::SmartHost(Box::new(routes.remove(0))), secret))
}

fn smart_host(
    request: &Request,
    settings: &Settings,
    (credentials, mechanisms): &Login,
    world: &World<'_>,
) -> Result<SmartHostRoute, Failure> {
    let host = settings.host.as_ref().map(|host| host.value.clone()).unwrap_or_default();
    let mut tls = settings.tls_policy();
    tls.mode = tls_mode(tls.mode, &request.tls, settings)?;
    if let Some(ca_file) = &request.tls.ca_file {
        tls.ca_file = Some(ca_file.clone());
    }
    tls.store_is_named =
        ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| world.surroundings.variable(name).is_some());
    if let Some(both) = &request.tls.client_cert {
        // mutt's file holds the certificate and its key.
        tls.client = Some(ClientCertificate { certificate: both.clone(), key: both.clone() });
    }
    let session = SessionPolicy {
        protocol: settings.protocol.value,
        tls: tls.mode,
        hello_name: hello_name(request, settings, world),
        credentials: credentials.clone(),
        mechanisms: mechanisms.clone(),
        allow_plaintext_auth: settings.allow_plaintext_auth.value,
        rows: Vec::new(),
    };
    Ok(SmartHostRoute {
        host,
        port: settings.port.value,
        way: way(settings, world)?,
        tls,
        session,
        timeouts: settings.timeouts.plain(),
        reply_charset: settings.reply_charset.as_ref().map(|charset| charset.value),
        max_recipients: settings.max_recipients.as_ref().map(|most| most.value),
        max_messages: settings.max_messages.as_ref().and_then(|most| u32::try_from(most.value).ok()),
    })
}

/// The way to the server.
fn way(settings: &Settings, world: &World<'_>) -> Result<Way, Failure> {
    let through = if let Some(path) = settings.unix_socket() {
        Through::Unix(PathBuf::from(path))
    } else if let Some(tunnel) = &settings.tunnel {
        Through::Tunnel { argv: tunnel.value.clone(), without: settings.secret_variables.clone() }
    } else if let Some(proxy) = settings.proxy.as_ref().and_then(|proxy| proxy.value.clone()) {
        Through::Proxy(with_password(proxy, settings, world)?)
    } else {
        Through::Nothing
    };
    Ok(Way {
        family: settings.ip_family.value,
        source: settings.source_address.as_ref().map(|source| source.value),
        through,
    })
}

/// The proxy with the password that its user needs.
fn with_password(mut proxy: Proxy, settings: &Settings, world: &World<'_>) -> Result<Proxy, Failure> {
    if proxy.user.is_none() || proxy.password.is_some() {
        return Ok(proxy);
    }
    let headline = "there is no password for the proxy";
    let Some(place) = &settings.proxy_secret else {
        return Err(Failure::plain(Exit::Config, headline)
            .hint("name its place: proxy_password_file or proxy_password_env"));
    };
    let secret = fetch_proxy_password(&place.value, world.run, &world.surroundings).map_err(|error| {
        let complaint = Complaint::new(headline).because(format!("proxy_{error}"));
        let failure = Failure::new(Exit::Config, complaint);
        match error {
            SecretError::Exposed { remedy, .. } => failure.hint(remedy),
            _ => failure,
        }
    })?;
    proxy.password = Some(secret);
    Ok(proxy)
}

/// What mutt's words make of the profile's TLS: they speak of servers that begin in the clear, and can never take away
/// the protection of a login.
fn tls_mode(set: TlsMode, typed: &TlsWords, settings: &Settings) -> Result<TlsMode, Failure> {
    let in_the_clear = typed.starttls == Some(false) || typed.force == Some(false);
    match set {
        TlsMode::None if typed.starttls == Some(true) || typed.force == Some(true) => Ok(TlsMode::StartTls),
        TlsMode::StartTls if in_the_clear && settings.username.is_some() => Err(Failure::usage(
            "ssl_starttls=no and ssl_force_tls=no would send the login in the clear",
        )
        .hint(
            "where nobody can listen, write tls = \"none\" and allow_plaintext_auth = true into the profile",
        )),
        TlsMode::StartTls if in_the_clear && typed.force != Some(true) => Ok(TlsMode::None),
        other => Ok(other),
    }
}

/// Who logs in, and by which mechanisms.
type Login = (Option<Credentials>, Vec<Mechanism>);

/// Who logs in, and how. Without a name or a secret there are still the ways that need none, if `auth` names them.
fn login(settings: &Settings, world: &World<'_>) -> Result<(Login, Option<PendingSecret>), Failure> {
    let named = settings.auth.value.clone();
    let without_secret: Vec<Mechanism> =
        named.iter().copied().filter(|mechanism| mechanism.needs_no_secret()).collect();
    let needs_secret = named.is_empty() || without_secret.len() < named.len();
    let (username, secret, mechanisms) = match (&settings.username, &settings.secret) {
        (Some(username), Some(source)) if needs_secret => {
            let mut secret = source.value.begin(world.run, &world.surroundings)?;
            // Where a person types the text, a program that asks for a password must be done before.
            if world.stdin_is_terminal && secret.wait().is_none() {
                return Err(no_secret(secret));
            }
            (Some(username), Some(secret), named)
        }
        (username, _) if !without_secret.is_empty() => (username.as_ref(), None, without_secret),
        (None, _) => return Ok(((None, named), None)),
        (Some(username), _) => {
            let complaint = Complaint::new("there is no password to log in with")
                .because(format!("`username` is set ({}), and no source of its password is", username.origin))
                .hint(SECRET_PLACES);
            return Err(Failure::new(Exit::Config, complaint));
        }
    };
    let mut seed = [0; 32];
    world.random.fill(&mut seed).map_err(|error| {
        Failure::new(Exit::OsErr, Complaint::new("no random octets for the login").because(reason(&error)))
    })?;
    let username = username.map(|username| username.value.clone()).unwrap_or_default();
    // The secret comes later, if there is one.
    let credentials =
        Credentials { username, secret: Secret::new(""), nonces: Nonces::new(Secret::new(seed)) };
    Ok(((Some(credentials), mechanisms), secret))
}

/// The failure of a secret that was waited for in vain.
pub(super) fn no_secret(secret: PendingSecret) -> Failure {
    match secret.error() {
        Some(error) => error.into(),
        None => Failure::plain(Exit::Config, "there is no password to log in with"),
    }
}

fn sendmail(typed: &[OsString], settings: &Settings, world: &World<'_>) -> Result<Route, Failure> {
    let set = &settings.sendmail_path;
    let argv = match (typed, &*world.sendmail) {
        ([], _) if set.origin != Origin::BuiltIn => vec![set.value.clone().into()],
        ([], Some(program)) => vec![program.into()],
        ([], None) => vec![],
        (typed, _) => typed.to_vec(),
    };
    match argv.first() {
        Some(program) if is_same_file(Path::new(program), world.ourselves.as_deref()) => {
            let headline = format!("{} is whippet itself", Path::new(program).display());
            Err(Failure::plain(Exit::Config, headline)
                .hint("name another sendmail program in `sendmail_path`"))
        }
        Some(program) if has_passed(Path::new(program), world) => {
            let headline = format!("{} leads back to whippet", Path::new(program).display());
            Err(Failure::plain(Exit::Config, headline)
                .hint("name another sendmail program in `sendmail_path`"))
        }
        Some(_) => Ok(Route::Sendmail(argv)),
        None => Err(Failure::plain(Exit::Config, "there is no sendmail program on this machine")
            .hint("name it in `sendmail_path`")),
    }
}

/// Whether the mail was handed to this program before, which then called us.
fn has_passed(program: &Path, world: &World<'_>) -> bool {
    Sendmail::passed(|name| world.surroundings.variable(name)).iter().any(|passed| passed == program)
}

/// Where the user's profile is, or would be.
pub(super) fn profile_place(world: &World<'_>) -> String {
    match world.surroundings.user_file() {
        Some(path) => world.surroundings.shown(&path),
        None => "a file named by -F".to_owned(),
    }
}

fn unconfigured(world: &World<'_>, end: &str) -> Failure {
    let place = profile_place(world);
    let complaint = Complaint::new(format!("there is no profile, and {end}"))
        .hint(format!(
            "write {place}:\n  host = \"smtp.example.org\"\n  username = \"you@example.org\"\n  password_command = \"pass show mail\"\n  from = \"Your Name <you@example.org>\""
        ))
        .hint("or name the server: whippet --smtp smtps://you@smtp.example.org ...")
        .hint("or try it without any: whippet --sandbox ...");
    Failure::new(Exit::Config, complaint)
}
