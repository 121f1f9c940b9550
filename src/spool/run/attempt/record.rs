//! What the log hears of an attempt. It hears of a doubt before the journal notes that it has: whoever dies between leaves it to
//! the next run, which finds a dot without an end.

use std::io;

use super::Attempt;
use crate::mail::{Report, Verdict};
use crate::spool::audit::Line;
use crate::spool::run::now_s;
use crate::spool::{Decision, Event, Taken};
use crate::sys::reason;

/// Why nothing is known of a dot.
const DIED: &str = "the program that sent it ended before the reply was on record";

impl<'s, 'd> Attempt<'_, 's, 'd> {
    pub(super) fn log(&mut self, lines: Vec<Line>) {
        if let Err(error) = self.run.store.log(lines, now_s(self.run.clock)) {
            self.tally.warn(format!("log/: {}", reason(&error)));
        }
    }

    /// What became of each recipient. What only concerns the hop is told once, as that.
    pub(super) fn log_report(&mut self, taken: &Taken<'_, '_>, report: &Report, is_unreached: bool) {
        let is_told = |outcome: &&crate::mail::Outcome| {
            !is_unreached || outcome.in_doubt || outcome.fate != crate::mail::Fate::Deferred
        };
        let outcomes = report.outcomes().iter().filter(is_told);
        let lines = outcomes.map(|outcome| Line::outcome(taken, outcome, &report.session)).collect();
        self.log(lines);
    }

    /// What was decided here.
    pub(super) fn log_decided(&mut self, taken: &Taken<'_, '_>, decision: &Decision, places: &[usize]) {
        self.log(places.iter().map(|&place| Line::decided(taken, decision, place)).collect());
    }

    /// The hop takes nothing now.
    pub(super) fn log_host(&mut self, why: &Verdict) {
        let line = Line {
            event: "host-down",
            stage: Some(why.stage.name()),
            status: Some(why.status.to_string()),
            reply: why.reply.as_ref().map(ToString::to_string),
            sentence: Some(why.sentence.clone()),
            profile: self.profile.clone(),
            ..Line::default()
        };
        self.log(vec![line]);
    }

    /// The doubts of an attempt, now that the log has heard of them. Such a mail is not tried again soon.
    pub(super) fn note_doubts(
        &mut self,
        taken: &mut Taken<'_, '_>,
        doubts: Vec<(u32, String)>,
    ) -> io::Result<()> {
        for (transaction, reason) in doubts {
            taken.append(&Event::Doubt { transaction, reason }, false)?;
            self.delay(taken)?;
        }
        Ok(())
    }

    /// Dots that left under a program that died: each is told of once.
    pub(super) fn log_silent(&mut self, taken: &mut Taken<'_, '_>) -> io::Result<()> {
        for (transaction, places) in taken.state.silent().to_vec() {
            let line = |place: &u16| Line::doubt(taken, usize::from(*place), DIED);
            self.log(places.iter().map(line).collect());
            taken.append(&Event::Doubt { transaction, reason: DIED.to_owned() }, false)?;
        }
        Ok(())
    }
}
