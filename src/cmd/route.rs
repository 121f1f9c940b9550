//! From settings to the route that a mail takes. The secret is fetched here, before anything is connected.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::Request;
use crate::cmd::failure::SECRET_PLACES;
use crate::cmd::{Exit, Failure, World};
use crate::config::{AuthMechanism, Route as Wanted, Settings};
use crate::deliver::SmartHostRoute;
use crate::mail::TlsMode;
use crate::smtp::{Credentials, Mechanism, SessionPolicy};
use crate::ui::Complaint;

/// The way out.
#[derive(Debug)]
pub(super) enum Route {
    /// To a submission server.
    SmartHost(Box<SmartHostRoute>),
    /// Through a sendmail program: its argv.
    Sendmail(Vec<OsString>),
    /// Into a file or a Maildir folder.
    File(PathBuf),
    /// Into a server of our own.
    Sandbox,
}

impl Route {
    /// Chooses: the sandbox, `--sendmail`, what is set, else the sendmail program that this machine has.
    pub(super) fn choose(request: &Request, settings: &Settings, world: &World<'_>) -> Result<Self, Failure> {
        if request.sandbox {
            return Ok(Route::Sandbox);
        }
        if request.sendmail || !request.sendmail_argv.is_empty() {
            return sendmail(&request.sendmail_argv, settings, world);
        }
        match settings.route.value {
            Wanted::Smtp if settings.host.is_some() => smart_host(request, settings, world),
            Wanted::Sendmail => sendmail(&[], settings, world),
            Wanted::File => match &settings.output {
                Some(output) => Ok(Route::File(output.value.clone())),
                None => Err(Failure::plain(Exit::Config, "route = \"file\" needs `output`")),
            },
            Wanted::Smtp => match &world.sendmail {
                Some(program) => Ok(Route::Sendmail(vec![program.into()])),
                None => Err(unconfigured(world)),
            },
        }
    }
}

/// The name that EHLO gives: set, typed, or the machine's.
pub(super) fn hello_name(request: &Request, settings: &Settings, world: &World<'_>) -> String {
    let set = settings.hello_name.as_ref().map(|name| name.value.clone());
    set.or_else(|| request.hostname.clone()).unwrap_or_else(|| world.machine.clone())
}

fn smart_host(request: &Request, settings: &Settings, world: &World<'_>) -> Result<Route, Failure> {
    let host = settings.host.as_ref().map(|host| host.value.clone()).unwrap_or_default();
    let mut tls = settings.tls_policy();
    match (request.tls.starttls, request.tls.force) {
        (Some(true), _) => tls.mode = TlsMode::StartTls,
        // mutt's words for "in the clear": allowed only where no password goes that way.
        (Some(false), Some(false)) if settings.username.is_some() => {
            return Err(Failure::usage("ssl_force_tls=no would send the login in the clear"));
        }
        (Some(false), Some(false)) => tls.mode = TlsMode::None,
        _ => {}
    }
    if let Some(ca_file) = &request.tls.ca_file {
        tls.ca_file = Some(ca_file.clone());
    }
    if request.tls.client_cert.is_some() {
        return Err(Failure::usage(
            "ssl_client_cert: client certificates are not in this version of whippet",
        ));
    }
    let session = SessionPolicy {
        tls: tls.mode,
        hello_name: hello_name(request, settings, world),
        credentials: credentials(settings, world)?,
        mechanisms: settings
            .auth
            .value
            .iter()
            .map(|mechanism| match mechanism {
                AuthMechanism::Plain => Mechanism::Plain,
                AuthMechanism::Login => Mechanism::Login,
            })
            .collect(),
        allow_plaintext_auth: settings.allow_plaintext_auth.value,
    };
    let route =
        SmartHostRoute { host, port: settings.port.value, tls, session, timeouts: settings.timeouts.plain() };
    Ok(Route::SmartHost(Box::new(route)))
}

fn credentials(settings: &Settings, world: &World<'_>) -> Result<Option<Credentials>, Failure> {
    let Some(username) = &settings.username else { return Ok(None) };
    let Some(source) = &settings.secret else {
        let complaint = Complaint::new("there is no password to log in with")
            .because(format!("`username` is set ({}), and no source of its password is", username.origin))
            .hint(SECRET_PLACES);
        return Err(Failure::new(Exit::Config, complaint));
    };
    let secret = source.value.fetch(world.run, &world.surroundings)?;
    Ok(Some(Credentials { username: username.value.clone(), secret }))
}

fn sendmail(typed: &[OsString], settings: &Settings, world: &World<'_>) -> Result<Route, Failure> {
    if !typed.is_empty() {
        return Ok(Route::Sendmail(typed.to_vec()));
    }
    let set = &settings.sendmail_path;
    if set.origin != crate::config::Origin::BuiltIn {
        return Ok(Route::Sendmail(vec![set.value.clone().into()]));
    }
    match &world.sendmail {
        Some(program) => Ok(Route::Sendmail(vec![program.into()])),
        None => Err(Failure::plain(Exit::Config, "there is no sendmail program on this machine")
            .hint("name it in `sendmail_path`")),
    }
}

/// Where the user's profile is, or would be.
pub(super) fn profile_place(world: &World<'_>) -> String {
    match world.surroundings.user_file() {
        Some(path) => world.surroundings.shown(&path),
        None => "a file named by -F".to_owned(),
    }
}

fn unconfigured(world: &World<'_>) -> Failure {
    let place = profile_place(world);
    let complaint = Complaint::new("there is no profile, and so no server to send to")
        .hint(format!(
            "write {place}:\n  host = \"smtp.example.org\"\n  username = \"you@example.org\"\n  password_command = \"pass show mail\"\n  from = \"Your Name <you@example.org>\""
        ))
        .hint("or name the server: whippet --smtp smtps://you@smtp.example.org ...")
        .hint("or try it without any: whippet --sandbox ...");
    Failure::new(Exit::Config, complaint)
}
