//! An attempt at one hop: its entries, one after the other, each with what happens to it in its journal before the next
//! thing happens.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;

use super::posted::decision;
use super::{Entry, Run, Tally, now_s};
use crate::deliver::Mails;
use crate::mail::{Address, EnhancedStatus, Fate as Told, Report, ReportedReply, Stage, Verdict};
use crate::smtp::Settled;
use crate::spool::{Cause, Closing, Decision, Event, Gate, Id, Losses, Name, Outage, Place, Taken, Trouble};
use crate::sys::reason;

/// The entries of one hop.
#[derive(Debug)]
pub struct Attempt<'r, 's, 'd> {
    run: &'r Run<'s, 'd>,
    names: VecDeque<Name>,
    gate: Gate<'r>,
    /// Nothing is tried: what is opened is only looked at for its end of life.
    is_closed: bool,
    /// From whom reports come.
    sender: Option<Address>,
    /// Mails on which the connection was lost, in a row.
    losses: Losses,
    /// On this connection the hop has accepted a MAIL.
    is_mail_taken: bool,
    /// The next entry, in hand before the connection is opened.
    first: Option<Entry<'s, 'd>>,
    tally: &'r mut Tally,
    /// Connections that ended without a reply about any entry.
    vain: u32,
    has_answer: bool,
    is_stopped: bool,
}

/// Decisions, each with the places of those whom it concerns.
type Decided = Vec<(Decision, Vec<u16>)>;

/// After so many connections in a row that the hop dropped without an answer it gets no other.
const VAIN: u32 = 3;

impl<'r, 's, 'd> Attempt<'r, 's, 'd> {
    pub(super) fn new(
        run: &'r Run<'s, 'd>,
        names: VecDeque<Name>,
        (gate, is_closed): (Gate<'r>, bool),
        sender: Option<Address>,
        tally: &'r mut Tally,
    ) -> Self {
        Attempt {
            run,
            names,
            gate,
            is_closed,
            sender,
            losses: Losses::default(),
            is_mail_taken: false,
            first: None,
            tally,
            vain: 0,
            has_answer: false,
            is_stopped: false,
        }
    }

    /// Takes the next entry in hand; gives the name of its profile.
    pub(super) fn prepare(&mut self) -> Option<String> {
        if self.first.is_none() {
            self.first = self.next_entry();
        }
        let entry = self.first.as_ref()?;
        let profile = entry.taken.borrow().header.profile.clone();
        Some(profile)
    }

    /// Whether another connection is worth it, now that one has ended.
    pub(super) fn takes_more(&mut self) -> bool {
        self.is_mail_taken = false;
        self.vain = if std::mem::take(&mut self.has_answer) { 0 } else { self.vain + 1 };
        !self.is_stopped && self.vain < VAIN
    }

    /// The hop gave no session: the entry in hand waits, and its attempt was none; the others were not touched.
    pub(super) fn unreached(mut self, why: &Verdict) {
        self.close(why);
        self.tally.unreached += self.names.len();
        if let Some(entry) = self.first.take() {
            self.untried(entry, why.clone());
        }
    }

    /// Closes the gate, if this verdict says that the hop takes nothing now.
    fn close(&mut self, why: &Verdict) {
        if let Some(closing) = Closing::of(why, self.is_mail_taken) {
            self.close_for(why, closing.hold_s);
        }
    }

    fn close_for(&mut self, why: &Verdict, hold_s: u64) {
        if let Err(error) = self.gate.failed(Outage::of(why), hold_s, now_s(self.run.clock)) {
            self.tally.troubles.push(format!("host/: {}", reason(&error)));
        }
        self.is_stopped = true;
    }

    fn next_entry(&mut self) -> Option<Entry<'s, 'd>> {
        loop {
            let name = self.names.pop_front()?;
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
            && let Err(error) = self.run.store.quarantine(name)
        {
            words = format!("{words}; it cannot be moved: {}", reason(&error));
        }
        self.tally.troubles.push(words);
    }

    /// Takes an entry in hand and looks what is to be done; gives it if it is to be tried.
    fn open(&mut self, name: Name) -> Result<Option<Entry<'s, 'd>>, Trouble> {
        let (run, rules) = (self.run, self.run.rules);
        let now_s = now_s(run.clock);
        let mut taken = run.store.take(name, rules.in_doubt_limit)?;
        if taken.state.is_removed {
            taken.unlink()?;
            return Ok(None);
        }
        if taken.state.is_held() {
            taken.move_to(Place::Held)?;
            return Ok(None);
        }
        if taken.state.pending().is_empty() {
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
        if rules.schedule.is_expired(expires_s, tried_s, self.gate.tries_s(), now_s) {
            let words = "it could not be handed over in time";
            self.fail_rest(taken, EnhancedStatus::new(4, 4, 7), words)?;
            return Ok(None);
        }
        let places = taken.state.pending();
        let Some(envelope) = taken.sealed.aged(&places, taken.header.created_ms, now_s) else {
            let words = "its time limit has passed";
            self.fail_rest(taken, EnhancedStatus::new(5, 4, 7), words)?;
            return Ok(None);
        };
        if self.is_closed {
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
            is_unreached: Cell::new(false),
        }))
    }

    fn repair(&self, taken: &mut Taken<'_, '_>, now_s: u64) -> io::Result<()> {
        let schedule = &self.run.rules.schedule;
        match schedule.repaired(taken.state.expires_s, taken.header.flags.bounce, now_s) {
            Some(expires_s) => {
                let due_s = taken.state.due_s;
                taken.append(&Event::Schedule { due_s, expires_s, cause: Cause::Repair }, false)
            }
            None => Ok(()),
        }
    }

    /// Nobody who is left will be tried again.
    fn fail_rest(
        &mut self,
        mut taken: Taken<'s, 'd>,
        status: EnhancedStatus,
        words: &str,
    ) -> Result<(), Trouble> {
        let pending = taken.state.pending();
        self.tally.failed += pending.len();
        let last = pending.iter().find_map(|&place| taken.state.last(place)).map(|last| last.reply.clone());
        let reply = last.unwrap_or_else(|| ReportedReply { code: 0, text: words.to_owned() });
        let decision = Decision { class: 5, stage: Stage::Local, status, reply };
        taken.append(&Event::Result { transaction: 0, decision, places: as_places(&pending) }, true)?;
        Ok(self.finish(taken)?)
    }

    /// Puts an entry where its journal says that it belongs. An error leaves it for the next run.
    fn finish(&mut self, mut taken: Taken<'s, 'd>) -> io::Result<()> {
        if !taken.state.failed().is_empty() || self.run.rules.schedule.delay_notice_s.is_some() {
            let from = self.sender.as_ref().or(taken.sealed.envelope.reverse_path());
            let from = from.or(taken.sealed.envelope.recipients().first()).cloned();
            self.run.tell(&mut taken, &from.expect("an envelope has a recipient"))?;
        }
        let state = &taken.state;
        if !state.pending().is_empty() {
            let due_s = state.due_s.unwrap_or_default();
            return taken.reschedule(due_s);
        }
        match () {
            () if !state.held().is_empty() => taken.move_to(Place::Held),
            () if !state.failed().is_empty() => taken.move_to(Place::Badmail),
            () => taken.unlink(),
        }
    }

    /// What is to be recorded of a transaction: the decisions, each with the places of those whom it concerns, and the words
    /// of a doubt.
    fn decide(
        &mut self,
        mail: &Entry<'_, '_>,
        places: &[usize],
        settled: &Settled,
    ) -> (Decided, Option<String>) {
        let (mut decided, mut doubt) = (Decided::new(), None);
        for (index, verdict) in settled.verdicts.iter().enumerate() {
            if settled.postponed.contains(&index) {
                continue;
            }
            if verdict.in_doubt {
                doubt.get_or_insert_with(|| verdict.sentence.clone());
                continue;
            }
            let mut decision = decision(verdict);
            if Closing::of(verdict, self.is_mail_taken).is_some() {
                // It says something about the hop, and nothing about the mail, whatever the first digit.
                mail.is_unreached.set(true);
                self.close(verdict);
                decision.class = 4;
            }
            let place = mail.places[places[index]] as u16;
            match decided.iter_mut().find(|(same, _)| *same == decision) {
                Some((_, places)) => places.push(place),
                None => decided.push((decision, vec![place])),
            }
        }
        (decided, doubt)
    }

    fn record(
        &self,
        taken: &mut Taken<'_, '_>,
        transaction: u32,
        decided: Decided,
        doubt: Option<String>,
    ) -> io::Result<()> {
        let is_final = transaction > 0 || decided.iter().any(|(decision, _)| decision.class != 4);
        for (decision, places) in decided {
            taken.append(&Event::Result { transaction, decision, places }, false)?;
        }
        if let Some(reason) = doubt {
            taken.append(&Event::Doubt { transaction, reason }, false)?;
            self.delay(taken)?;
        }
        if is_final { taken.flush() } else { Ok(()) }
    }

    /// What a transaction says of the hop beside what it says of the mail.
    fn notice(&mut self, id: Id, settled: &Settled) {
        let is_taken = |verdict: &Verdict| verdict.stage > Stage::Mail && verdict.reply.is_some();
        if !self.is_mail_taken && settled.verdicts.iter().any(is_taken) {
            self.is_mail_taken = true;
            // It is a note that may be lost: an open gate is only tried sooner.
            let _ = self.gate.opened();
        }
        if let Some(last) = settled.verdicts.last()
            && self.losses.take(id, last)
        {
            self.close_for(&last.clone(), 0);
        }
    }

    /// The hop took nothing: the entry waits for it, and its attempt was none.
    fn wait(&mut self, mut taken: Taken<'s, 'd>) {
        self.tally.unreached += 1;
        let name = taken.name;
        let now_s = now_s(self.run.clock);
        let first_s = now_s + self.run.rules.schedule.first_s;
        let due_s = self.gate.record().map_or(first_s, |record| record.next_s.max(now_s));
        let expires_s = taken.state.expires_s;
        let waits = taken
            .append(&Event::Schedule { due_s: Some(due_s), expires_s, cause: Cause::Host }, false)
            .and_then(|()| taken.reschedule(due_s));
        if let Err(error) = waits {
            self.trouble(name, &error);
        }
    }

    /// In doubt it is not tried again soon: the mail may show up, and a person may see it.
    fn delay(&self, taken: &mut Taken<'_, '_>) -> io::Result<()> {
        let schedule = &self.run.rules.schedule;
        let (id, attempts) = (taken.name.id, taken.state.attempts);
        let due_s = Some(schedule.next_due_in_doubt(&id, attempts, now_s(self.run.clock)));
        let expires_s = taken.state.expires_s;
        taken.append(&Event::Schedule { due_s, expires_s, cause: Cause::Attempt }, false)
    }

    fn trouble(&mut self, name: Name, error: &io::Error) {
        self.tally.troubles.push(format!("{}: {}", name.id, reason(error)));
    }
}

impl<'s, 'd> Mails for Attempt<'_, 's, 'd> {
    type Mail = Entry<'s, 'd>;

    fn next_mail(&mut self) -> Option<Self::Mail> {
        if self.is_stopped {
            return self.first.take();
        }
        self.first.take().or_else(|| self.next_entry())
    }

    fn before_dot(&mut self, mail: &Self::Mail, places: &[usize]) -> io::Result<()> {
        let mut taken = mail.taken.borrow_mut();
        let transaction = taken.state.transactions + 1;
        let places: Vec<usize> = places.iter().map(|&place| mail.places[place]).collect();
        let time_s = now_s(self.run.clock);
        taken.append(&Event::Commit { time_s, transaction, places: as_places(&places) }, true)?;
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
        let recorded = self.record(&mut mail.taken.borrow_mut(), transaction, decided, doubt);
        if let Err(error) = &recorded {
            let words = format!("{}: it is not on record what became of it: {}", name.id, reason(error));
            self.tally.troubles.push(words);
            self.is_stopped = true;
        }
        recorded
        // From here on those who have a final answer are never offered again.
    }

    fn settled(&mut self, mail: Self::Mail, report: Report) {
        let taken = mail.taken.into_inner();
        if mail.is_unreached.get() && !taken.state.pending().is_empty() {
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
        if mail.is_corrupt.get() {
            return self.set_aside(
                name,
                &Trouble::Damaged(crate::spool::Damage::Broken("its digest does not agree")),
            );
        }
        self.tally.held += taken.state.held().len();
        if let Err(error) = self.finish(taken) {
            self.trouble(name, &error);
        }
    }

    fn untried(&mut self, mail: Self::Mail, _why: Verdict) {
        self.wait(mail.taken.into_inner());
    }
}

fn as_places(places: &[usize]) -> Vec<u16> {
    places
        .iter()
        .map(|&place| u16::try_from(place).expect("an entry has at most 10,000 recipients"))
        .collect()
}
