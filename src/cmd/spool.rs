//! The spool of this user: where it is, how a mail comes into it, and how profiles lead out of it.

use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use crate::cli::Request;
use crate::cmd::route::{Route, no_secret};
use crate::cmd::{Exit, Failure, World};
use crate::config::{self, PendingSecret, Settings, Wanted, WhenInDoubt};
use crate::deliver::{Fallback, Pace, SmartHost, Unopened};
use crate::mail::{Address, Envelope, Fate, Outcome, Problem, Report, SessionFacts, Stage, Verdict};
use crate::mime::Message;
use crate::spool::{
    Attempt, Decision, Event, Flags, Hop, Hops, Id, InDoubt, Rules, Schedule, Sealed, Store, Submission,
    SubmitError, settings_digest,
};
use crate::sys::{Disk, Secret, SystemDisk, reason};
use crate::ui::Complaint;

/// The disk that the spool lies on.
static DISK: SystemDisk = SystemDisk;

/// Recipients of one transaction that is on record before its dot.
const MOST: usize = 100;

/// A file whose time says when the queue was last run.
const LAST_RUN: &str = "last-run";

/// How long ago a run may be that shows that something runs the queue.
const RECENT: Duration = Duration::from_secs(24 * 60 * 60);

/// Where the spool is: `spool.dir`, `$XDG_STATE_HOME/whippet/spool`, else `~/.local/state/whippet/spool`.
pub(super) fn folder(settings: &Settings, world: &World<'_>) -> Option<PathBuf> {
    if let Some(dir) = &settings.spool.dir.value {
        return Some(dir.clone());
    }
    let state = world.surroundings.variable("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(world.surroundings.home.as_ref()?.join(".local/state")));
    Some(state?.join("whippet/spool"))
}

/// The spool, made where there is none.
fn create(settings: &Settings, world: &World<'_>) -> Result<Store<'static>, Failure> {
    let folder = folder(settings, world).ok_or_else(homeless)?;
    Store::create(&DISK, &folder).map_err(unusable)
}

/// The spool, if there is one.
pub(super) fn open(settings: &Settings, world: &World<'_>) -> Result<Option<Store<'static>>, Failure> {
    let folder = folder(settings, world).ok_or_else(homeless)?;
    match Store::open(&DISK, &folder) {
        Err(crate::spool::OpenError::Absent(_)) => Ok(None),
        other => other.map(Some).map_err(unusable),
    }
}

/// Notes that the queue is run now. It is a note that may be lost.
pub(super) fn note_run(store: &Store<'_>) {
    if let Ok(log) = store.folder("log") {
        let _ = DISK.unlink(&log, LAST_RUN);
        let _ = DISK.create_new(&log, LAST_RUN);
    }
}

/// Whether something runs the queue: it was run within a day.
pub(super) fn is_run(settings: &Settings, world: &World<'_>) -> bool {
    let Some(folder) = folder(settings, world) else { return false };
    let run = std::fs::metadata(folder.join("log").join(LAST_RUN)).and_then(|file| file.modified());
    run.is_ok_and(|run| world.clock.now().duration_since(run).is_ok_and(|since| since < RECENT))
}

/// What holds for all entries.
pub(super) fn rules(settings: &Settings) -> Rules {
    let spool = &settings.spool;
    let schedule = Schedule {
        first_s: spool.first.value.as_secs(),
        second_s: spool.second.value.as_secs(),
        third_s: spool.third.value.as_secs(),
        subsequent_s: spool.subsequent.value.as_secs(),
        expire_s: spool.expire.value.as_secs(),
        delay_notice_s: spool.delay_notice.value.map(|time| time.as_secs()),
        bounce_expire_s: spool.bounce_expire.value.as_secs(),
        jitter_percent: spool.jitter_percent.value,
    };
    let in_doubt = match spool.in_doubt.value {
        WhenInDoubt::Retry => InDoubt::Retry,
        WhenInDoubt::Hold => InDoubt::Hold,
    };
    Rules { schedule, in_doubt, in_doubt_limit: u32::try_from(spool.in_doubt_limit.value).unwrap_or(3) }
}

fn homeless() -> Failure {
    Failure::plain(Exit::Config, "there is no place for a spool: neither $XDG_STATE_HOME nor a home is known")
}

fn unusable(error: crate::spool::OpenError) -> Failure {
    use crate::spool::OpenError;
    let exit = match &error {
        OpenError::NotOurs { .. } => Exit::NoPerm,
        OpenError::Format(_) => Exit::Config,
        OpenError::Absent(_) => Exit::NoInput,
        OpenError::Io { .. } => Exit::CantCreat,
    };
    Failure::plain(exit, error.to_string())
}

/// A mail whose recipients, or some of them, are to be queued.
pub(super) struct Waiting<'m> {
    pub(super) settings: &'m Settings,
    pub(super) envelope: &'m Envelope,
    pub(super) message: &'m Message,
}

impl Waiting<'_> {
    /// Queues the mail for those whom the report defers; gives the report with what became of them, and the queue id.
    /// Where nothing can be queued, the report stays as it was, and a warning says why.
    pub(super) fn take_over(&self, report: Report, world: &World<'_>) -> (Report, Option<Id>) {
        let places: Vec<usize> =
            (0..report.outcomes().len()).filter(|&place| may_wait(&report.outcomes()[place])).collect();
        if places.is_empty() {
            return (report, None);
        }
        match self.submit(&places, &report, world) {
            Ok((id, due_s)) => (self.queued(&places, &report, id, due_s, world), Some(id)),
            Err(failure) => {
                let mut report = report;
                let words = failure.complaints.first().map(|one| one.headline.clone()).unwrap_or_default();
                report.warnings.push(format!("not queued: {words}"));
                (report, None)
            }
        }
    }

    fn submit(&self, places: &[usize], report: &Report, world: &World<'_>) -> Result<(Id, u64), Failure> {
        let rules = rules(self.settings);
        let now = world.clock.now();
        let id = Id::new(now, world.random)
            .map_err(|error| Failure::plain(Exit::OsErr, format!("no random octets: {}", reason(&error))))?;
        let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let now_s = since.as_secs();
        let profile = self.settings.profile.as_deref().unwrap_or_default();
        let in_doubt = places.iter().any(|&place| report.outcomes()[place].in_doubt);
        let due_s = match in_doubt {
            true => rules.schedule.next_due_in_doubt(&id, 1, now_s),
            false => rules.schedule.next_due(&id, 1, now_s),
        };
        let sealed = Sealed {
            envelope: self.envelope.only(places),
            uid: rustix::process::getuid().as_raw(),
            message_id: self.message.message_id().to_owned(),
            key: None,
        };
        let submission = Submission {
            id,
            profile,
            sealed: &sealed,
            flags: Flags {
                smtputf8: self.message.needs_smtputf8(),
                require_tls: self.envelope.wishes().require_tls,
                eight_bit: self.message.is_eight_bit(),
                bounce: false,
            },
            in_doubt: (rules.in_doubt, rules.in_doubt_limit),
            created_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            expires_s: now_s + rules.schedule.expire_s,
            due_s,
            size: self.message.size(),
            events: events(places, report, (now_s, due_s), Hop::of_profile(profile)),
        };
        let most = self.settings.spool.max_message.value;
        if self.message.size() > most {
            let words = format!("it has {} octets, and spool.max_message is {most}", self.message.size());
            return Err(Failure::plain(Exit::TempFail, words));
        }
        let store = create(self.settings, world)?;
        store
            .submit(&submission, &mut |out| self.message.write_to(out), &mut || Ok(()))
            .map_err(|error| not_queued(&error))?;
        Ok((id, due_s))
    }

    fn queued(&self, places: &[usize], report: &Report, id: Id, due_s: u64, world: &World<'_>) -> Report {
        let now_s = world.clock.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let minutes = due_s.saturating_sub(now_s).div_ceil(60);
        let mut settled = Report::settle(self.envelope, report.session.clone(), |place, _| {
            let outcome = report.outcomes()[place].clone();
            if !places.contains(&place) {
                return outcome;
            }
            let sentence = format!("queued as {id}, next attempt in {minutes} min: {}", outcome.sentence);
            Outcome { fate: Fate::Queued, problem: None, sentence, ..outcome }
        });
        settled.warnings.clone_from(&report.warnings);
        settled
    }
}

/// Whether a later try can help: what could not be read here will not be read later either.
fn may_wait(outcome: &Outcome) -> bool {
    outcome.fate == Fate::Deferred
        && !matches!(outcome.problem, Some(Problem::Unreadable | Problem::Unwritable | Problem::NoSecret))
}

/// What has happened to the mail so far: one attempt, and what it came to.
fn events(places: &[usize], report: &Report, (time_s, due_s): (u64, u64), hop: Hop) -> Vec<Event> {
    let mut events = vec![Event::Attempt { time_s, number: 1, hop: hop.number(), due_s }];
    for (index, &place) in (0u16..).zip(places) {
        let outcome = &report.outcomes()[place];
        if outcome.in_doubt {
            let transaction = u32::from(index) + 1;
            events.push(Event::Commit { time_s, transaction, places: vec![index] });
            events.push(Event::Doubt { transaction, reason: outcome.sentence.clone() });
        } else {
            let ours = || crate::mail::ReportedReply { code: 0, text: outcome.sentence.clone() };
            let reply = outcome.reply.clone().unwrap_or_else(ours);
            let decision = Decision { class: 4, stage: outcome.stage, status: outcome.status, reply };
            events.push(Event::Result { transaction: 0, decision, places: vec![index] });
        }
    }
    events
}

fn not_queued(error: &SubmitError) -> Failure {
    Failure::plain(Exit::TempFail, error.to_string())
}

/// The ways out of the spool: each profile as its files say at the moment of the attempt.
pub(super) struct Profiles<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) request: &'w Request,
    /// Receives each line of the transcript.
    pub(super) transcript: Option<&'w mut dyn FnMut(&str)>,
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
    let verdict = Verdict::deferred(Stage::Connect, Problem::NoSecret, words);
    Box::new(Unopened {
        verdict,
        facts: SessionFacts { host: profile.to_owned(), ..SessionFacts::default() },
    })
}
