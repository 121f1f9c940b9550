//! The end of an entry, or of its turn: it is put where its journal says that it belongs.

use std::collections::BTreeMap;
use std::io;

use super::{Attempt, as_places};
use crate::mail::{EnhancedStatus, Fate as Told, Report, ReportedReply, Stage};
use crate::spool::run::now_s;
use crate::spool::{Cause, Decision, Event, Fate, Place, State, Taken, Trouble};
use crate::sys::reason;

/// The time of a mail is over (RFC 3463 3.5).
pub(super) const EXPIRED: EnhancedStatus = EnhancedStatus::new(4, 4, 7);

impl<'s, 'd> Attempt<'_, 's, 'd> {
    pub(super) fn repair(&self, taken: &mut Taken<'_, '_>, now_s: u64) -> io::Result<()> {
        let schedule = &self.run.rules.schedule;
        let (ends, is_bounce) = ((taken.header.expires_s, taken.state.expires_s), taken.header.flags.bounce);
        match schedule.repaired(ends, is_bounce, taken.state.repairs, now_s) {
            Some(expires_s) => {
                let due_s = taken.state.due_s;
                taken.append(&Event::Schedule { due_s, expires_s, cause: Cause::Repair }, false)
            }
            None => Ok(()),
        }
    }

    /// The message of an entry is damaged, or cannot be read: those who are left fail, their sender hears of it, and the entry
    /// is set aside.
    pub(super) fn give_up(&mut self, mut taken: Taken<'s, 'd>, report: &Report, is_corrupt: bool) {
        let accepted = report.outcomes().iter().filter(|outcome| outcome.fate == Told::Accepted).count();
        self.tally.accepted += accepted;
        let (name, pending) = (taken.name, taken.state.pending());
        self.tally.failed += pending.len();
        let what = if is_corrupt { "its digest does not agree" } else { "it cannot be read" };
        self.tally.troubles.push(format!("{}: {what}", name.id));
        let decision = Decision {
            time_s: now_s(self.run.clock),
            class: 5,
            is_relayed: false,
            stage: Stage::Local,
            status: Decision::DAMAGED,
            reply: ReportedReply { code: 0, text: format!("the stored message is damaged: {what}") },
        };
        self.log_decided(&taken, &decision, &pending);
        let event = Event::Result { transaction: 0, decision, places: as_places(&pending) };
        let recorded = if pending.is_empty() { Ok(()) } else { taken.append(&event, true) };
        // From here on the journal says where it belongs.
        if let Err(error) = recorded.and_then(|()| self.finish(taken)) {
            self.trouble(name, &error);
        }
    }

    /// Nobody who is left will be tried again: each fails with what was last said of it, else of the hop.
    pub(super) fn fail_rest(
        &mut self,
        mut taken: Taken<'s, 'd>,
        status: EnhancedStatus,
        words: &str,
    ) -> Result<(), Trouble> {
        let pending = taken.state.pending();
        self.tally.failed += pending.len();
        let mut decided = BTreeMap::new();
        for place in pending {
            let decision = self.last_words(&taken.state, place, status, words);
            let (status, reply) = (decision.status, &decision.reply);
            let key = (decision.time_s, status.to_string(), reply.code, reply.text.clone());
            decided.entry(key).or_insert_with(|| (decision, Vec::new())).1.push(place);
        }
        for (decision, places) in decided.into_values() {
            self.log_decided(&taken, &decision, &places);
            let places = as_places(&places);
            taken.append(&Event::Result { transaction: 0, decision, places }, false)?;
        }
        taken.flush()?;
        Ok(self.finish(taken)?)
    }

    /// How one fails for whom nothing more is done.
    fn last_words(&self, state: &State, place: usize, status: EnhancedStatus, words: &str) -> Decision {
        let ours = Decision {
            time_s: state.tried_s.last().copied().unwrap_or_default(),
            class: 5,
            is_relayed: false,
            stage: Stage::Local,
            status,
            reply: ReportedReply { code: 0, text: words.to_owned() },
        };
        if let Some(last) = state.last(place) {
            return Decision { time_s: last.time_s, reply: last.reply.clone(), ..ours };
        }
        if let Fate::InDoubt(_) = state.fate(place) {
            let text = format!("{words}; at an earlier attempt it may have been taken");
            return Decision { reply: ReportedReply { code: 0, text }, ..ours };
        }
        match self.visit.common().gate.record() {
            Some(record) => {
                let (outage, tried_s) = (&record.outage, record.tries_s.last().copied());
                let (subject, detail) = (outage.status.subject, outage.status.detail);
                // The way there, or what we may do there; all else says nothing to whom it is told (RFC 3463 3.5, 3.8).
                let is_telling = status == EXPIRED && matches!(subject, 4 | 7) && detail > 0;
                let status = if is_telling { EnhancedStatus::new(4, subject, detail) } else { status };
                let time_s = tried_s.unwrap_or(ours.time_s);
                Decision { time_s, status, reply: outage.reply.clone(), ..ours }
            }
            None => ours,
        }
    }

    /// The hop has all of it, and its journal does not say so: it goes at once, so that it is not sent again. That needs no
    /// room on the disk.
    pub(super) fn remove(&mut self, taken: Taken<'s, 'd>, report: &Report) {
        let name = taken.name;
        self.tally.accepted += report.outcomes().len();
        self.note_end(&taken);
        if let Err(error) = taken.unlink_for_good() {
            self.tally.troubles.push(format!(
                "{}: possible duplicate: it cannot be removed: {}",
                name.id,
                reason(&error)
            ));
        }
    }

    /// Puts an entry where its journal says that it belongs. An error leaves it for the next run.
    pub(super) fn finish(&mut self, mut taken: Taken<'s, 'd>) -> io::Result<()> {
        let state = &taken.state;
        // A report that is recorded may still be without its name in the queue.
        let has_news = !state.failed().is_empty() || !state.relayed().is_empty() || state.bounces.0.is_some();
        if has_news || self.run.rules.schedule.delay_notice_s.is_some() {
            let from = self.visit.sender.as_ref().or(taken.sealed.envelope.reverse_path());
            let from = from.or(taken.sealed.envelope.recipients().first()).cloned();
            let from = from.expect("an envelope has a recipient");
            self.run.tell(&mut taken, (&from, self.host.as_deref()))?;
        }
        let state = &taken.state;
        if !state.is_settled() {
            let due_s = state.due_s.unwrap_or_default();
            return taken.reschedule(due_s);
        }
        if state.held().is_empty() {
            self.note_end(&taken);
        }
        let state = &taken.state;
        match () {
            () if state.is_damaged() => taken.move_to(Place::Corrupt),
            () if !state.held().is_empty() => taken.move_to(Place::Held),
            () if !state.failed().is_empty() => taken.move_to(Place::Badmail),
            () => taken.unlink(),
        }
    }
    /// Tells the memory of its submission how it ended. That is a note that may be lost.
    pub(super) fn note_end(&mut self, taken: &Taken<'_, '_>) {
        if let Err(error) = self.run.store.note_end(taken) {
            self.tally.warn(format!("ids/: {error}"));
        }
    }
}
