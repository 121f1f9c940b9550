//! The ways out of the spool: what the profiles say at the moment of an attempt.

use crate::cli::Request;
use crate::cmd::route::{Route, no_secret};
use crate::cmd::{Exit, Failure, World};
use crate::config::{self, PendingSecret, SecretPlace, Settings, Wanted};
use crate::deliver::{Fallback, Pace, SmartHost, Unopened};
use crate::mail::{Address, Problem, SessionFacts, Stage, Verdict};
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
        let (route, mut secret) = self.route(profile).map_err(|failure| unopened(profile, &failure))?;
        let opened = self.hand_over(&route, secret.as_mut(), attempt);
        match (opened, secret) {
            (Err(error), Some(secret)) if error.verdict.problem == Some(Problem::NoSecret) => {
                Err(unopened(profile, &no_secret(secret)))
            }
            (opened, _) => opened,
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
            ..Wanted::default()
        };
        Ok(config::resolve(&wanted, &self.world.surroundings)?)
    }

    fn route(&self, profile: &str) -> Result<(Route, Option<PendingSecret>), Failure> {
        let settings = self.profile(profile)?;
        Route::choose(&Request::default(), &settings, self.world)
    }

    fn hand_over(
        &mut self,
        route: &Route,
        secret: Option<&mut PendingSecret>,
        attempt: &mut Attempt<'_, '_, '_>,
    ) -> Result<(), Box<Unopened>> {
        let resolve = self.world.resolve;
        let mut wait = secret.map(|secret| || secret.wait());
        let secret = wait.as_mut().map(|wait| wait as &mut dyn FnMut() -> Option<Secret>);
        let transcript = self.transcript.as_mut().map(|sink| &mut **sink as &mut dyn FnMut(&str));
        match route {
            Route::SmartHost(route) => {
                let mut route = (**route).clone();
                route.max_recipients = Some(route.max_recipients.unwrap_or(MOST).min(MOST));
                let mut host = SmartHost { route: &route, resolve, transcript, secret };
                host.deliver_all(attempt, Pace::Settled).map(|_| ())
            }
            Route::Fallback(routes) => {
                let mut routes = routes.clone();
                for route in &mut routes {
                    route.max_recipients = Some(route.max_recipients.unwrap_or(MOST).min(MOST));
                }
                let mut hosts = Fallback { routes: &routes, resolve, transcript, secret };
                hosts.deliver_all(attempt, Pace::Settled).map(|_| ())
            }
            _ => Err(unopened("", &Failure::plain(Exit::Config, "the profile names no server"))),
        }
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
