//! The ways out of the spool: what the profiles say at the moment of an attempt.

use std::sync::{Mutex, PoisonError};

use crate::cli::Request;
use crate::cmd::route::{Route, no_secret};
use crate::cmd::{Exit, Failure, World};
use crate::config::{self, PendingSecret, SecretPlace, Settings, Wanted};
use crate::deliver::{Fallback, Pace, SmartHost, SmartHostRoute, Unopened};
use crate::mail::{Address, Problem, SessionFacts, Stage, Verdict};
use crate::net::Resolve;
use crate::spool::{Attempt, Hops, settings_digest};
use crate::sys::{Secret, interrupted};
use crate::ui::Complaint;

/// Recipients of one transaction that is on record before its dot.
const MOST: usize = 100;

/// The ways out of the spool: each profile as its files say at the moment of the attempt.
pub(in crate::cmd) struct Profiles<'w, 'a> {
    pub(in crate::cmd) world: &'w World<'a>,
    pub(in crate::cmd) request: &'w Request,
    /// Receives each line of the transcript.
    pub(in crate::cmd) transcript: Option<&'w mut dyn FnMut(&str)>,
}

impl Hops for Profiles<'_, '_> {
    fn sender(&mut self, profile: &str) -> Option<Address> {
        let settings = self.profile(profile).ok()?;
        Some(settings.author()?.address)
    }

    fn settings(&mut self, profile: &str) -> [u8; 32] {
        let rows = self.profile(profile).map(|settings| settings.rows()).unwrap_or_default();
        settings_digest(rows.iter().map(|row| (row.key, row.value.as_deref().unwrap_or_default())))
    }

    fn deliver(&mut self, profile: &str, attempt: &mut Attempt<'_, '_, '_>) -> Result<(), Box<Unopened>> {
        let (route, connections, mut secret) =
            self.route(profile).map_err(|failure| unopened(profile, &failure))?;
        let (resolve, has_secret, has_transcript) =
            (self.world.resolve, secret.is_some(), self.transcript.is_some());
        // What the first connection has waited for serves the others, too.
        let known: Mutex<Option<Secret>> = Mutex::new(None);
        let know = || known.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Mutex<Vec<String>> = Mutex::new(Vec::new());
        let another = |attempt: &mut Attempt<'_, '_, '_>| {
            let mut own = Vec::new();
            let mut note = |line: &str| own.push(line.to_owned());
            let mut wait = || know().clone();
            let link = Link {
                resolve,
                transcript: if has_transcript { Some(&mut note) } else { None },
                secret: if has_secret { Some(&mut wait) } else { None },
            };
            let opened = link.hand_over(&route, attempt);
            // What was said on one connection stays together.
            lines.lock().unwrap_or_else(PoisonError::into_inner).extend(own);
            opened
        };
        let transcript = &mut self.transcript;
        let opened = attempt.beside(connections, &another, |attempt| {
            let mut wait = secret.as_mut().map(|secret| {
                || {
                    let found = secret.wait();
                    know().clone_from(&found);
                    found
                }
            });
            let link = Link {
                resolve,
                transcript: transcript.as_mut().map(|sink| &mut **sink as &mut dyn FnMut(&str)),
                secret: wait.as_mut().map(|wait| wait as &mut dyn FnMut() -> Option<Secret>),
            };
            link.hand_over(&route, attempt)
        });
        if let Some(sink) = transcript {
            lines.into_inner().unwrap_or_else(PoisonError::into_inner).iter().for_each(|line| sink(line));
        }
        match (opened, secret) {
            (Err(error), Some(secret)) if error.verdict.problem == Some(Problem::NoSecret) => {
                Err(unopened(profile, &no_secret(secret)))
            }
            (opened, _) => opened,
        }
    }
}

/// What one connection is opened with.
struct Link<'l> {
    resolve: &'l dyn Resolve,
    transcript: Option<&'l mut dyn FnMut(&str)>,
    secret: Option<&'l mut dyn FnMut() -> Option<Secret>>,
}

impl<'l> Link<'l> {
    fn hand_over(self, route: &'l Route, attempt: &mut Attempt<'_, '_, '_>) -> Result<(), Box<Unopened>> {
        let Link { resolve, transcript, secret } = self;
        match route {
            Route::SmartHost(route) => {
                let mut host = SmartHost { route, resolve, transcript, secret };
                host.deliver_all(attempt, Pace::Settled).map(|_| ())
            }
            Route::Fallback(routes) => {
                let mut hosts = Fallback { routes, resolve, transcript, secret };
                hosts.deliver_all(attempt, Pace::Settled).map(|_| ())
            }
            _ => Err(unopened("", &Failure::plain(Exit::Config, "the profile names no server"))),
        }
    }
}

impl Profiles<'_, '_> {
    /// Whether a password of the profile is in a variable.
    pub(super) fn wants_variable(&self, profile: &str) -> bool {
        let Ok(settings) = self.profile(profile) else { return false };
        let login = settings.secret.as_ref().map(|secret| &secret.value.place);
        let proxy = settings.proxy_secret.as_ref().map(|place| &place.value);
        [login, proxy].into_iter().flatten().any(|place| matches!(place, SecretPlace::Variable(_)))
    }

    fn profile(&self, profile: &str) -> Result<Settings, Failure> {
        let wanted = Wanted {
            config_file: self.request.config_file.clone(),
            no_system: self.request.no_system,
            profile: (!profile.is_empty()).then(|| profile.to_owned()),
            is_queued: true,
            ..Wanted::default()
        };
        Ok(config::resolve(&wanted, &self.world.surroundings)?)
    }

    /// The way, how many connections may be open at once, and the secret of the login.
    fn route(&self, profile: &str) -> Result<(Route, usize, Option<PendingSecret>), Failure> {
        let settings = self.profile(profile)?;
        let (mut route, secret) = Route::choose(&Request::default(), &settings, self.world)?;
        let limit = |route: &mut SmartHostRoute| {
            route.max_recipients = Some(route.max_recipients.unwrap_or(MOST).min(MOST));
        };
        match &mut route {
            Route::SmartHost(route) => limit(route),
            Route::Fallback(routes) => routes.iter_mut().for_each(limit),
            _ => {}
        }
        Ok((route, settings.max_connections.value, secret))
    }
}

/// The profile leads nowhere now: its mail waits.
fn unopened(profile: &str, failure: &Failure) -> Box<Unopened> {
    let words = failure.complaints.first().map(Complaint::to_string).unwrap_or_default();
    let words = words.trim().strip_prefix("whippet: ").unwrap_or(words.trim()).to_owned();
    // Whatever was not waited for was not there.
    let verdict = match interrupted(1) {
        Some(by) => Verdict::interrupted(Stage::Connect, by),
        None => Verdict::deferred(Stage::Connect, Problem::NoSecret, words),
    };
    Box::new(Unopened {
        verdict,
        facts: SessionFacts { host: profile.to_owned(), ..SessionFacts::default() },
    })
}
