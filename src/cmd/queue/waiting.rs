//! How a mail comes into the spool: after an attempt of its sender's own, or before any.

mod memory;

pub(in crate::cmd) use memory::{Memory, answered};

use std::time::{Duration, UNIX_EPOCH};

use super::spool::{counted, create, rules};
use crate::cmd::{Exit, Failure, World};
use crate::config::Settings;
use crate::mail::{Envelope, Fate, Outcome, Problem, Report, ReportedReply, SessionFacts, Stage, Verdict};
use crate::mime::Message;
use crate::spool::{
    Decision, Event, Flags, Hit, Hop, Id, Line, Sealed, Store, Submission, SubmitError, Taken,
};
use crate::sys::reason;

/// What came of a mail that was to be queued.
enum Submitted {
    /// It is queued, and due at this time.
    New(Id, u64),
    /// It was something already.
    Before(Hit),
}

/// A mail whose recipients, or some of them, are to be queued.
pub(in crate::cmd) struct Waiting<'m> {
    pub(in crate::cmd) settings: &'m Settings,
    pub(in crate::cmd) envelope: &'m Envelope,
    pub(in crate::cmd) message: &'m Message,
}

impl Waiting<'_> {
    /// Queues the mail for those whom the report defers; gives the report with what became of them, and the queue id.
    /// Where nothing can be queued, the report stays as it was, and a warning says why.
    pub(in crate::cmd) fn take_over(
        &self,
        report: Report,
        memory: &mut Memory,
        world: &World<'_>,
    ) -> (Report, Option<Id>) {
        let places: Vec<usize> =
            (0..report.outcomes().len()).filter(|&place| may_wait(&report.outcomes()[place])).collect();
        if places.is_empty() {
            return (report, None);
        }
        match self.submit(&places, Some(&report), memory, world) {
            Ok(Submitted::New(id, due_s)) => (self.queued(&places, &report, id, due_s, world), Some(id)),
            Ok(Submitted::Before(hit)) => answered(self.envelope, hit),
            Err(failure) => {
                let mut report = report;
                let words = failure.complaints.first().map(|one| one.headline.clone()).unwrap_or_default();
                report.warnings.push(format!("not queued: {words}"));
                (report, None)
            }
        }
    }

    /// Queues the mail for all its recipients before anything was tried; gives what is to be told, and the queue id.
    pub(in crate::cmd) fn queue_first(
        &self,
        memory: &mut Memory,
        world: &World<'_>,
    ) -> Result<(Report, Option<Id>), Failure> {
        let places: Vec<usize> = (0..self.envelope.recipients().len()).collect();
        let id = match self.submit(&places, None, memory, world)? {
            Submitted::New(id, _) => id,
            Submitted::Before(hit) => return Ok(answered(self.envelope, hit)),
        };
        let queued =
            Verdict { fate: Fate::Queued, ..Verdict::accepted(Stage::Local, format!("queued as {id}")) };
        let report = Report::settle(self.envelope, SessionFacts::default(), |_, recipient| {
            queued.outcome(recipient, "the queue")
        });
        Ok((report, Some(id)))
    }

    /// Queues the mail for those who were refused for good: the run that hears the same tells the sender. For where the
    /// caller hears one answer for all.
    pub(in crate::cmd) fn tell_later(&self, report: &Report, world: &World<'_>) -> Result<(), Failure> {
        let is_refused = |place: &usize| report.outcomes()[*place].fate == Fate::Failed;
        let places: Vec<usize> = (0..report.outcomes().len()).filter(is_refused).collect();
        self.submit(&places, None, &mut Memory::default(), world).map(drop)
    }

    /// `tried` is what an attempt came to.
    fn submit(
        &self,
        places: &[usize],
        tried: Option<&Report>,
        memory: &mut Memory,
        world: &World<'_>,
    ) -> Result<Submitted, Failure> {
        let rules = rules(self.settings);
        let now = world.clock.now();
        let id = Id::new(now, world.random)
            .map_err(|error| Failure::plain(Exit::OsErr, format!("no random octets: {}", reason(&error))))?;
        let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let now_s = since.as_secs();
        let profile = self.settings.profile.as_deref().unwrap_or_default();
        let in_doubt = |report: &Report| places.iter().any(|&place| report.outcomes()[place].in_doubt);
        let due_s = match tried {
            None => now_s,
            Some(report) if in_doubt(report) => rules.schedule.next_due_in_doubt(&id, 1, now_s),
            Some(_) => rules.schedule.next_due(&id, 1, now_s),
        };
        let hop = Hop::of_profile(profile);
        let events = tried.map(|report| events(places, report, (now_s, due_s), hop)).unwrap_or_default();
        let sealed = Sealed {
            envelope: self.envelope.only(places),
            uid: rustix::process::getuid().as_raw(),
            message_id: self.message.message_id().to_owned(),
            key: memory.key(),
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
            events,
        };
        let store = create(self.settings, world)?;
        self.check_limits(profile, &store)?;
        let mut claim = || memory.claim(&store, id, now_s);
        match store.submit(&submission, &mut |out| self.message.write_to(out), &mut claim) {
            Ok(taken) => {
                let doubts = tried.map(|report| doubts(&taken, places, report)).unwrap_or_default();
                if let Err(error) = store.log(doubts, now_s) {
                    memory.warnings.push(format!("log/: {}", reason(&error)));
                }
                Ok(Submitted::New(id, due_s))
            }
            Err(SubmitError::Before(hit)) => Ok(Submitted::Before(hit)),
            Err(error) => Err(not_queued(&error)),
        }
    }

    fn check_limits(&self, profile: &str, store: &Store<'_>) -> Result<(), Failure> {
        let (spool, size) = (&self.settings.spool, self.message.size());
        let words = if size > spool.max_message.value {
            format!("it has {size} octets, and spool.max_message is {}", spool.max_message.value)
        } else if profile.len() > 64 {
            "the profile's name is longer than 64 octets".to_owned()
        } else if counted(store) >= spool.max_entries.value {
            format!("the queue is full: spool.max_entries is {}", spool.max_entries.value)
        } else {
            return Ok(());
        };
        Err(Failure::plain(Exit::TempFail, words))
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
pub(in crate::cmd) fn may_wait(outcome: &Outcome) -> bool {
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
            let ours = || ReportedReply { code: 0, text: outcome.sentence.clone() };
            let reply = outcome.reply.clone().unwrap_or_else(ours);
            let (stage, status) = (outcome.stage, outcome.status);
            let decision = Decision { time_s, class: 4, is_relayed: false, stage, status, reply };
            events.push(Event::Result { transaction: 0, decision, places: vec![index] });
        }
    }
    events
}

/// What the log is to hear of: each recipient of whom nobody knows whether the server has the mail.
fn doubts(taken: &Taken<'_, '_>, places: &[usize], report: &Report) -> Vec<Line> {
    let outcomes = places.iter().map(|&place| &report.outcomes()[place]);
    let in_doubt = outcomes.filter(|outcome| outcome.in_doubt);
    in_doubt.map(|outcome| Line::outcome(taken, outcome, &report.session)).collect()
}

fn not_queued(error: &SubmitError) -> Failure {
    Failure::plain(Exit::TempFail, error.to_string())
}
