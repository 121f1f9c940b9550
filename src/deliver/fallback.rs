//! The route to the first of several servers that takes a session (the order is as written). The next one is asked only
//! where nothing of the mail was said yet and another server can be expected to do better: never after a refused login,
//! a bad certificate or a broken protocol, which another server would hide.

use crate::deliver::{Mails, Pace, SmartHost, SmartHostRoute, Transport, Unopened};
use crate::mail::{Envelope, Fate, Problem, Report, SessionFacts, Verdict};
use crate::mime::Message;
use crate::net::Resolve;
use crate::sys::Secret;

/// The transport to several servers in turn.
pub struct Fallback<'a> {
    /// Where to; at least one.
    pub routes: &'a [SmartHostRoute],
    /// Who looks up their names.
    pub resolve: &'a dyn Resolve,
    /// Receives each line of the transcript.
    pub transcript: Option<&'a mut dyn FnMut(&str)>,
    /// Waits for the secret of the login, as that of [`SmartHost`]; each server may ask.
    pub secret: Option<&'a mut dyn FnMut() -> Option<Secret>>,
}

impl std::fmt::Debug for Fallback<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fallback").field("routes", &self.routes).finish_non_exhaustive()
    }
}

impl Transport for Fallback<'_> {
    fn deliver(&mut self, envelope: &Envelope, message: &Message) -> Report {
        let resolve = self.resolve;
        let mut transcript = self.transcript.as_deref_mut();
        let mut secret = self.secret.as_deref_mut();
        in_turn(self.routes.iter().map(|route| {
            let transcript = transcript.as_mut().map(|sink| &mut **sink as &mut dyn FnMut(&str));
            let secret = secret.as_mut().map(|wait| &mut **wait as &mut dyn FnMut() -> Option<Secret>);
            SmartHost { route, resolve, transcript, secret }.deliver(envelope, message)
        }))
    }
}

impl Fallback<'_> {
    /// [`SmartHost::deliver_all`] to the first of the servers that takes a session.
    pub fn deliver_all<M: Mails>(
        &mut self,
        mails: &mut M,
        pace: Pace,
    ) -> Result<SessionFacts, Box<Unopened>> {
        let (resolve, mut last) = (self.resolve, None);
        for route in self.routes {
            let transcript = self.transcript.as_mut().map(|sink| &mut **sink as &mut dyn FnMut(&str));
            let secret = self.secret.as_mut().map(|wait| &mut **wait as &mut dyn FnMut() -> Option<Secret>);
            let opened = SmartHost { route, resolve, transcript, secret }.deliver_all(mails, pace);
            match opened {
                Err(unopened) if may_do_elsewhere(&unopened.verdict) => last = Some(unopened),
                other => return other,
            }
        }
        Err(last.expect("there is at least one server"))
    }
}

/// The report of the first server that is not passed over; where all are, the last one that may do later. Its warnings
/// name the others.
fn in_turn(reports: impl Iterator<Item = Report>) -> Report {
    let mut passed: Vec<Report> = Vec::new();
    let mut taken = None;
    for report in reports {
        if !is_passed_over(&report) {
            taken = Some(report);
            break;
        }
        passed.push(report);
    }
    let mut report = taken.unwrap_or_else(|| {
        let is_deferred = |report: &Report| report.outcomes().iter().any(|one| one.fate == Fate::Deferred);
        let last = passed.iter().rposition(is_deferred).unwrap_or(passed.len() - 1);
        passed.remove(last)
    });
    let warnings = passed.iter().map(words).chain(std::mem::take(&mut report.warnings)).collect();
    report.warnings = warnings;
    report
}

/// Whether the next server is asked: nobody's outcome was decided by a server, and no command of a mail was said.
fn is_passed_over(report: &Report) -> bool {
    report.outcomes().iter().all(|outcome| may_do_elsewhere(&Verdict::of(outcome)))
}

fn may_do_elsewhere(verdict: &Verdict) -> bool {
    if verdict.in_doubt || !verdict.stage.is_before_transaction() {
        return false;
    }
    match &verdict.problem {
        Some(
            Problem::NoHost
            | Problem::LookupFailed
            | Problem::ConnectionRefused
            | Problem::Unreachable
            | Problem::TimedOut
            | Problem::ConnectionLost,
        ) => true,
        Some(Problem::SessionRefused | Problem::StartTlsUnavailable | Problem::Proxy) => {
            verdict.fate == Fate::Deferred
        }
        // A server that goes says so at any time (RFC 5321 3.8).
        Some(_) => verdict.reply.as_ref().is_some_and(|reply| reply.code == 421),
        None => false,
    }
}

/// Who was passed over, and why.
fn words(report: &Report) -> String {
    let first = &report.outcomes()[0];
    let why = match &first.reply {
        Some(reply) => format!("{}; it said: {reply}", first.sentence),
        None => first.sentence.clone(),
    };
    format!("{} was passed over: {why}", first.host)
}
