//! What is made of a hop's answer: what is recorded of the mail, and what it says of the hop.

use std::io;

use super::{Attempt, Decided, as_places};
use crate::mail::{Notify, Problem, Stage, Verdict};
use crate::smtp::Settled;
use crate::spool::run::posted::decision;
use crate::spool::run::{Entry, now_s};
use crate::spool::{Cause, Closing, Decision, Event, Id, Outage, Taken};
use crate::sys::reason;

impl<'s, 'd> Attempt<'_, 's, 'd> {
    /// Closes the gate, if this verdict says that the hop takes nothing now.
    pub(super) fn close(&mut self, why: &Verdict) {
        if let Some(closing) = Closing::of(why, self.is_mail_taken) {
            self.close_for(why, closing);
        }
    }

    pub(super) fn close_for(&mut self, why: &Verdict, closing: Closing) {
        let mut common = self.visit.common();
        if std::mem::replace(&mut common.is_stopped, true) {
            // Another connection has heard it a moment ago: that is one failure.
            return;
        }
        if let Err(error) = common.gate.failed(Outage::of(why), closing, now_s(self.run.clock)) {
            self.tally.troubles.push(format!("host/: {}", reason(&error)));
        }
        drop(common);
        self.log_host(why);
    }

    /// What is to be recorded of a transaction: the decisions, each with the places of those whom it concerns, and the words
    /// of a doubt.
    pub(super) fn decide(
        &mut self,
        mail: &Entry<'_, '_>,
        places: &[usize],
        settled: &Settled,
    ) -> (Decided, Option<String>) {
        let (mut decided, mut doubt) = (Decided::new(), None);
        let now_s = now_s(self.run.clock);
        let wants_to_hear = matches!(mail.envelope.wishes().notify, Some(Notify::On { success: true, .. }));
        for (index, verdict) in settled.verdicts.iter().enumerate() {
            if settled.postponed.contains(&index) {
                continue;
            }
            if let (Some(Problem::Interrupted(_)), false) = (&verdict.problem, verdict.in_doubt) {
                // Nobody has said anything.
                mail.is_unreached.set(true);
                continue;
            }
            if mail.is_forbidden.get() && verdict.stage == Stage::Body {
                // That was our doing.
                continue;
            }
            if verdict.in_doubt {
                doubt.get_or_insert_with(|| verdict.sentence.clone());
                continue;
            }
            let mut decision = decision(verdict, now_s);
            decision.is_relayed = decision.class == 2 && wants_to_hear && !settled.makes_reports;
            if mail.is_unread.get() && verdict.problem == Some(Problem::Unreadable) {
                // That is ours, whatever the hop has said so far: it is counted.
                (decision.stage, decision.status) = (Stage::Local, Decision::UNREAD);
            }
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

    pub(super) fn record(
        &self,
        taken: &mut Taken<'_, '_>,
        transaction: u32,
        decided: Decided,
    ) -> io::Result<()> {
        let is_final = transaction > 0 || decided.iter().any(|(decision, _)| decision.class != 4);
        for (decision, places) in decided {
            taken.append(&Event::Result { transaction, decision, places }, false)?;
        }
        if is_final { taken.flush() } else { Ok(()) }
    }

    /// What a transaction says of the hop beside what it says of the mail.
    pub(super) fn notice(&mut self, id: Id, settled: &Settled) {
        let is_taken = |verdict: &Verdict| verdict.stage > Stage::Mail && verdict.reply.is_some();
        if !self.is_mail_taken && settled.verdicts.iter().any(is_taken) {
            self.is_mail_taken = true;
            self.visit.is_taking();
        }
        if let Some(last) = settled.verdicts.last() {
            self.count_loss(id, last);
        }
    }

    /// What became of a connection's mail: after so many lost ones in a row the hop is down.
    fn count_loss(&mut self, id: Id, verdict: &Verdict) {
        let is_down = self.visit.common().losses.take(id, verdict);
        if is_down {
            self.close_for(verdict, Closing::AtItsPace);
        }
    }

    /// The hop gave a session, and the connection was lost before the reply to MAIL: the mail was tried in vain.
    pub(super) fn fail_to_begin(&mut self, mut taken: Taken<'s, 'd>, places: &[usize], why: &Verdict) {
        let name = taken.name;
        self.count_loss(name.id, why);
        let decision = decision(why, now_s(self.run.clock));
        let event = Event::Result { transaction: 0, decision, places: as_places(places) };
        self.tally.deferred += places.len();
        let recorded = taken.append(&event, false).and_then(|()| self.finish(taken));
        if let Err(error) = recorded {
            self.trouble(name, &error);
        }
    }

    /// The hop took nothing: the entry waits for it, and its attempt was none. It is due at once if that was our doing.
    pub(super) fn wait(&mut self, taken: Taken<'s, 'd>) {
        let now_s = now_s(self.run.clock);
        let first_s = now_s + self.run.rules.schedule.first_s;
        let due_s = if self.tally.is_stopped() {
            self.tally.left += 1;
            now_s
        } else {
            self.tally.unreached += 1;
            let common = self.visit.common();
            common.gate.record().map_or(first_s, |record| record.next_s.max(now_s))
        };
        self.postpone(taken, due_s);
    }

    /// The entry is due then, and its attempt was none.
    pub(super) fn postpone(&mut self, mut taken: Taken<'s, 'd>, due_s: u64) {
        let (name, expires_s) = (taken.name, taken.state.expires_s);
        let waits = taken
            .append(&Event::Schedule { due_s: Some(due_s), expires_s, cause: Cause::Host }, false)
            .and_then(|()| taken.reschedule(due_s));
        if let Err(error) = waits {
            self.trouble(name, &error);
        }
    }

    /// In doubt it is not tried again soon: the mail may show up, and a person may see it.
    pub(super) fn delay(&self, taken: &mut Taken<'_, '_>) -> io::Result<()> {
        let schedule = &self.run.rules.schedule;
        let (id, attempts) = (taken.name.id, taken.state.attempts);
        let due_s = Some(schedule.next_due_in_doubt(&id, attempts, now_s(self.run.clock)));
        let expires_s = taken.state.expires_s;
        taken.append(&Event::Schedule { due_s, expires_s, cause: Cause::Attempt }, false)
    }
}
