//! An attempt at one hop: its entries, one after the other, each with what happens to it in its journal before the next
//! thing happens.

mod answer;
mod end;
mod record;

use std::cell::{Cell, RefCell};
use std::io;

use super::{Entry, Run, Tally, Visit, now_s};
use crate::deliver::Mails;
use crate::mail::{EnhancedStatus, Fate as Told, Problem, Report, Verdict};
use crate::smtp::Settled;
use crate::spool::{Cause, Closing, Decision, Event, Name, Place, State, Taken, Trouble};
use crate::sys::reason;

/// Entries of one hop, over one connection at a time.
#[derive(Debug)]
pub struct Attempt<'r, 's, 'd> {
    run: &'r Run<'s, 'd>,
    pub(super) visit: &'r Visit<'r, 's, 'd>,
    /// Who decided about the entry in hand, `host:port`.
    host: Option<String>,
    /// On this connection, or on that which it was opened beside, the hop has accepted a MAIL.
    is_mail_taken: bool,
    /// The profile that leads to the hop, once it is known.
    profile: Option<String>,
    /// The next entry, in hand before the connection is opened.
    first: Option<Entry<'s, 'd>>,
    pub(super) tally: &'r mut Tally,
    /// Connections that ended without a reply about any entry.
    vain: u32,
    has_answer: bool,
}

/// Decisions, each with the places of those whom it concerns.
type Decided = Vec<(Decision, Vec<u16>)>;

/// A message that could not be read so often in a row is given up.
const UNREAD: u32 = 3;

/// After so many connections in a row that the hop dropped without an answer it gets no other.
const VAIN: u32 = 3;

impl<'r, 's, 'd> Attempt<'r, 's, 'd> {
    /// `is_other`: over a connection beside the first.
    pub(super) fn new(visit: &'r Visit<'r, 's, 'd>, tally: &'r mut Tally, is_other: bool) -> Self {
        Attempt {
            run: visit.run,
            visit,
            host: None,
            is_mail_taken: is_other,
            profile: None,
            first: None,
            tally,
            vain: 0,
            has_answer: false,
        }
    }

    /// Takes the next entry in hand; gives the name of its profile.
    pub(super) fn prepare(&mut self) -> Option<String> {
        if self.tally.is_stopped() {
            return None;
        }
        if self.first.is_none() {
            self.first = self.next_entry();
        }
        let entry = self.first.as_ref()?;
        let profile = entry.taken.borrow().header.profile.clone();
        self.profile = Some(profile.clone());
        Some(profile)
    }

    /// Whether another connection is worth it, now that one has ended.
    pub(super) fn takes_more(&mut self) -> bool {
        self.is_mail_taken = false;
        self.vain = if std::mem::take(&mut self.has_answer) { 0 } else { self.vain + 1 };
        !self.visit.is_stopped() && self.vain < VAIN
    }

    /// The same of a connection beside the first: one that ended without an answer about any mail has none after it.
    pub(super) fn takes_another(&self) -> bool {
        self.has_answer && !self.visit.is_stopped()
    }

    /// The hop gave no session: the entry in hand waits, and its attempt was none; the others were not touched.
    pub(super) fn unreached(mut self, why: &Verdict) {
        self.close(why);
        if !self.tally.is_stopped() {
            self.tally.unreached += std::mem::take(&mut self.visit.common().names).len();
        }
        self.leave();
    }

    /// No connection comes any more: an entry that is in hand is let go.
    pub(super) fn leave(mut self) {
        self.let_go();
        if self.tally.is_stopped() {
            self.tally.left += self.visit.common().names.len();
        }
    }

    /// An entry that is in hand waits.
    pub(super) fn let_go(&mut self) {
        if let Some(entry) = self.first.take() {
            self.wait(entry.taken.into_inner());
        }
    }

    /// This connection gave no session, and another has one: the entry in hand goes by that.
    pub(super) fn give_back(mut self) {
        if self.tally.is_stopped() || self.visit.is_stopped() {
            return self.let_go();
        }
        if let Some(entry) = self.first.take() {
            self.goes_next(entry.taken.into_inner());
        }
    }

    /// The entry goes by the next connection; its attempt was none.
    fn goes_next(&mut self, mut taken: Taken<'s, 'd>) {
        let (name, due_s) = (taken.name, now_s(self.run.clock));
        let expires_s = taken.state.expires_s;
        let event = Event::Schedule { due_s: Some(due_s), expires_s, cause: Cause::Host };
        match taken.append(&event, false).and_then(|()| taken.reschedule(due_s)) {
            Ok(()) => {
                let name = taken.name;
                drop(taken);
                self.visit.common().names.push_front(name);
            }
            Err(error) => self.trouble(name, &error),
        }
    }

    fn next_entry(&mut self) -> Option<Entry<'s, 'd>> {
        loop {
            let name = self.visit.common().names.pop_front()?;
            match self.open(name) {
                Ok(Some(entry)) => return Some(entry),
                Ok(None) => {}
                Err(Trouble::Busy | Trouble::Gone) => {}
                Err(trouble) => self.set_aside(name, &trouble),
            }
        }
    }

    /// What is not trusted goes to `corrupt/`; what is not ours, or from a later version, stays where it is.
    fn set_aside(&mut self, name: Name, trouble: &Trouble) {
        let mut words = format!("{}: {trouble}", name.id);
        if let Trouble::Damaged(crate::spool::Damage::Broken(_)) = trouble
            && let Err(error) = self.run.store.quarantine(Place::Queue, &name.to_string())
        {
            words = format!("{words}; it cannot be moved: {}", reason(&error));
        }
        self.tally.troubles.push(words);
    }

    /// Takes an entry in hand and looks what is to be done; gives it if it is to be tried.
    fn open(&mut self, name: Name) -> Result<Option<Entry<'s, 'd>>, Trouble> {
        let (run, rules) = (self.run, self.run.rules);
        self.host = None;
        let now_s = now_s(run.clock);
        let mut taken = run.store.take(name, rules.in_doubt_limit)?;
        if taken.state.is_removed {
            self.note_end(&taken);
            taken.unlink()?;
            return Ok(None);
        }
        self.log_silent(&mut taken)?;
        if taken.state.is_held() {
            taken.move_to(Place::Held)?;
            return Ok(None);
        }
        if taken.state.is_settled() {
            self.finish(taken)?;
            return Ok(None);
        }
        let due_s = taken.state.due_s.unwrap_or(now_s);
        if !run.is_now && !rules.schedule.is_due(due_s, now_s) {
            taken.reschedule(due_s)?;
            return Ok(None);
        }
        self.repair(&mut taken, now_s)?;
        let (expires_s, tried_s) = (taken.state.expires_s, &taken.state.tried_s);
        let hop_s = self.visit.common().gate.tries_s().to_vec();
        if rules.schedule.is_expired(expires_s, tried_s, &hop_s, now_s) {
            let words = "it could not be handed over in time";
            self.fail_rest(taken, end::EXPIRED, words)?;
            return Ok(None);
        }
        let places = taken.state.pending();
        let Some(envelope) = taken.sealed.aged(&places, taken.header.created_ms, now_s) else {
            let words = "its time limit has passed";
            self.fail_rest(taken, EnhancedStatus::new(5, 4, 7), words)?;
            return Ok(None);
        };
        if self.visit.is_closed {
            return Ok(None);
        }
        let number = taken.state.attempts + 1;
        let due_s = rules.schedule.next_due(&taken.name.id, number, now_s);
        let hop = taken.name.hop.number();
        taken.append(&Event::Attempt { time_s: now_s, number, hop, due_s }, false)?;
        taken.reschedule(due_s)?;
        Ok(Some(Entry {
            taken: RefCell::new(taken),
            envelope,
            places,
            transaction: Cell::new(0),
            is_corrupt: Cell::new(false),
            is_unread: Cell::new(false),
            doubts: RefCell::default(),
            is_unreached: Cell::new(false),
            is_forbidden: Cell::new(false),
            is_done: Cell::new(false),
        }))
    }

    fn trouble(&mut self, name: Name, error: &io::Error) {
        self.tally.troubles.push(format!("{}: {}", name.id, reason(error)));
    }
}

impl<'s, 'd> Mails for Attempt<'_, 's, 'd> {
    type Mail = Entry<'s, 'd>;

    fn next_mail(&mut self) -> Option<Self::Mail> {
        if self.visit.is_stopped() {
            return None;
        }
        let first = self.first.take();
        if first.is_some() || self.tally.is_stopped() { first } else { self.next_entry() }
    }

    fn before_dot(&mut self, mail: &Self::Mail, places: &[usize]) -> io::Result<()> {
        let mut taken = mail.taken.borrow_mut();
        let transaction = taken.state.transactions + 1;
        let places: Vec<usize> = places.iter().map(|&place| mail.places[place]).collect();
        let time_s = now_s(self.run.clock);
        let event = Event::Commit { time_s, transaction, places: as_places(&places) };
        if let Err(error) = taken.append(&event, true) {
            let words = format!(
                "{}: it was not sent, since that cannot be recorded: {}",
                taken.name.id,
                reason(&error)
            );
            self.tally.troubles.push(words);
            // The next one would fare no better. This one waits, and its attempt was none.
            self.visit.common().is_stopped = true;
            mail.is_forbidden.set(true);
            return Err(error);
        }
        // From here on a retry may duplicate.
        mail.transaction.set(transaction);
        Ok(())
    }

    fn answered(&mut self, mail: &Self::Mail, places: &[usize], settled: &Settled) -> io::Result<()> {
        self.has_answer = true;
        let transaction = mail.transaction.take();
        let name = mail.taken.borrow().name;
        let (decided, doubt) = self.decide(mail, places, settled);
        self.notice(name.id, settled);
        let mut taken = mail.taken.borrow_mut();
        let is_taken = decided.iter().any(|(decision, _)| decision.class == 2);
        let is_done = is_taken && is_all_accepted(&taken.state, transaction, &decided);
        mail.doubts.borrow_mut().extend(doubt.map(|words| (transaction, words)));
        let recorded = self.record(&mut taken, transaction, decided);
        if let Err(error) = &recorded {
            let what = match is_taken {
                true if is_done => "the server has it, and that cannot be recorded",
                true => "possible duplicate: the server has it, and that cannot be recorded",
                false => "what became of it cannot be recorded",
            };
            self.tally.troubles.push(format!("{}: {what}: {}", name.id, reason(error)));
            self.visit.common().is_stopped = true;
            self.tally.is_unrecorded |= is_taken;
            mail.is_done.set(is_done);
        }
        recorded
        // From here on those who have a final answer are never offered again.
    }

    fn settled(&mut self, mail: Self::Mail, report: Report) {
        let mut taken = mail.taken.into_inner();
        self.log_report(&taken, &report, mail.is_unreached.get());
        if let Err(error) = self.note_doubts(&mut taken, mail.doubts.into_inner()) {
            self.trouble(taken.name, &error);
        }
        self.host = report.outcomes().first().map(|outcome| outcome.host.clone());
        if mail.is_done.get() {
            return self.remove(taken, &report);
        }
        if mail.is_corrupt.get() || taken.state.unread >= UNREAD {
            return self.give_up(taken, &report, mail.is_corrupt.get());
        }
        if mail.is_forbidden.get() {
            self.tally.deferred += taken.state.pending().len();
            let due_s = now_s(self.run.clock) + self.run.rules.schedule.first_s;
            return self.postpone(taken, due_s);
        }
        if mail.is_unreached.get() && !taken.state.is_settled() {
            return self.wait(taken);
        }
        for outcome in report.outcomes() {
            match outcome.fate {
                Told::Accepted | Told::Queued => self.tally.accepted += 1,
                Told::Deferred => self.tally.deferred += 1,
                Told::Failed => self.tally.failed += 1,
            }
        }
        let name = taken.name;
        self.tally.held += taken.state.held().len();
        if let Err(error) = self.finish(taken) {
            self.trouble(name, &error);
        }
    }

    fn untried(&mut self, mail: Self::Mail, why: Verdict) {
        let is_ours = matches!(why.problem, Some(Problem::Interrupted(_)));
        // The end of a connection that was good says nothing; one that gives a session and then nothing is a try in vain.
        if is_ours || self.is_mail_taken || Closing::of(&why, false).is_some() {
            self.close(&why);
            let taken = mail.taken.into_inner();
            // A server may take so many mails of a connection and say nothing of it.
            let has_another =
                !is_ours && self.has_answer && !self.tally.is_stopped() && !self.visit.is_stopped();
            return if has_another { self.goes_next(taken) } else { self.wait(taken) };
        }
        let Entry { taken, places, .. } = mail;
        self.fail_to_begin(taken.into_inner(), &places, &why);
    }
}

/// Whether these decisions leave nothing to be done about the entry.
fn is_all_accepted(state: &State, transaction: u32, decided: &Decided) -> bool {
    let mut state = state.clone();
    for (decision, places) in decided {
        let (decision, places) = (decision.clone(), places.clone());
        state.apply(&Event::Result { transaction, decision, places });
    }
    Place::of(&state).is_none() && state.relayed().is_empty()
}

fn as_places(places: &[usize]) -> Vec<u16> {
    places
        .iter()
        .map(|&place| u16::try_from(place).expect("an entry has at most 10,000 recipients"))
        .collect()
}
