//! The end of an entry, or of its turn: it is put where its journal says that it belongs.

use std::io;

use super::{Attempt, as_places};
use crate::mail::{EnhancedStatus, ReportedReply, Stage};
use crate::spool::{Cause, Decision, Event, Place, Taken, Trouble};

impl<'s, 'd> Attempt<'_, 's, 'd> {
    pub(super) fn repair(&self, taken: &mut Taken<'_, '_>, now_s: u64) -> io::Result<()> {
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
    pub(super) fn fail_rest(
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
    pub(super) fn finish(&mut self, mut taken: Taken<'s, 'd>) -> io::Result<()> {
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
}
