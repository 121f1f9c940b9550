//! Who sent a mail is told what failed: once, and before the mail is put away. The report is prepared and flushed, then
//! recorded in the journal of the original, and only then given its name in the queue (section "exactly once" of the manual).

use std::io;

use super::now_s;
use crate::mail::Address;
use crate::mime::MessageError;
use crate::spool::bounce::{Bounce, Original, Report, is_within_rate, wanted};
use crate::spool::run::Run;
use crate::spool::{Event, Id, InDoubt, Kind, Name, Sealed, Submission, SubmitError, Taken};

impl<'d> Run<'_, 'd> {
    /// Tells the sender about those who failed and of whom it does not know, and once that it takes longer. After an error
    /// nothing is lost: the next run goes on where this one stopped.
    pub(super) fn tell<'s>(&self, taken: &mut Taken<'s, 'd>, from: &Address) -> io::Result<()> {
        self.finish_last(taken)?;
        let untold = taken.state.untold();
        if !untold.is_empty() {
            self.report(taken, from, Kind::Failed, &untold)?;
        }
        let pending = taken.state.pending();
        let is_late = self.rules.schedule.is_delayed(taken.header.created_ms / 1000, now_s(self.clock));
        if is_late && !taken.state.is_delay_told && !pending.is_empty() {
            self.report(taken, from, Kind::Delayed, &pending)?;
        }
        Ok(())
    }

    fn report<'s>(
        &self,
        taken: &mut Taken<'s, 'd>,
        from: &Address,
        kind: Kind,
        places: &[usize],
    ) -> io::Result<()> {
        let original = Original::take(taken.header.body, |out| taken.body().write_to(out));
        let original = match original {
            Ok(original) => Some(original),
            // A damaged message is told of without it.
            Err(MessageError::Changed { .. }) => None,
            Err(error) => return Err(io::Error::other(error.to_string())),
        };
        let to = match &original {
            Some(original) => wanted(kind, &taken.header, &taken.sealed, original).ok().cloned(),
            None => taken.sealed.envelope.reverse_path().filter(|_| !taken.header.flags.bounce).cloned(),
        };
        let ids = self.store.folder("ids")?;
        // The count of reports may be lost; a report may not.
        let is_within = |to: &Address| is_within_rate(self.store.disk(), &ids, to, now_s(self.clock));
        let to = to.filter(|to| is_within(to).unwrap_or(true));
        let as_u16 = || places.iter().map(|&place| place as u16).collect();
        let Some(to) = to else {
            let kind = if kind == Kind::Failed { Kind::Silent } else { kind };
            return taken.append(&Event::Notice { kind, bounce: None, places: as_u16() }, true);
        };
        let now = self.clock.local();
        let report = Report {
            kind,
            original: &taken.header,
            sealed: &taken.sealed,
            state: &taken.state,
            places,
            reporting_mta: self.machine,
            remote_mta: None,
            from,
            now: &now,
            advice: None,
        };
        let bounce = report.compose(&to, original.as_ref(), self.random)?;
        let id = taken.name.id.original().0.bounce(taken.state.bounces.1 + 1);
        self.publish(taken, id, &bounce, (kind, as_u16()))
    }

    fn publish<'s>(
        &self,
        taken: &mut Taken<'s, 'd>,
        id: Id,
        bounce: &Bounce,
        (kind, places): (Kind, Vec<u16>),
    ) -> io::Result<()> {
        let now_s = now_s(self.clock);
        let profile = taken.header.profile.clone();
        let sealed = Sealed {
            envelope: bounce.envelope.clone(),
            uid: taken.sealed.uid,
            message_id: bounce.message_id.clone(),
            key: None,
        };
        let submission = Submission {
            id,
            profile: &profile,
            sealed: &sealed,
            flags: bounce.flags,
            in_doubt: (InDoubt::Retry, self.rules.in_doubt_limit),
            created_ms: now_s * 1000,
            expires_s: now_s + self.rules.schedule.bounce_expire_s,
            due_s: now_s,
            size: bounce.octets.len() as u64,
            events: Vec::new(),
        };
        // One that was prepared and not recorded is written anew.
        self.store.forget_prepared(id)?;
        let mut write = |out: &mut dyn io::Write| out.write_all(&bounce.octets).map_err(MessageError::Sink);
        let (prepared, _) = self.store.prepare(&submission, &mut write).map_err(as_io)?;
        self.store.flush_prepared()?;
        taken.append(&Event::Notice { kind, bounce: Some(id), places }, true)?;
        // From here on this report and no other tells of them: after an error it stays, and the next run publishes it.
        self.store.publish_prepared(prepared.name)?;
        self.store.flush_prepared()
    }

    /// A report that is recorded and still has no name in the queue gets it.
    fn finish_last<'s>(&self, taken: &Taken<'s, 'd>) -> io::Result<()> {
        match taken.state.bounces.0 {
            Some(id) => {
                let name = Name { due_s: now_s(self.clock), hop: taken.name.hop, id };
                self.store.publish_prepared(name)
            }
            None => Ok(()),
        }
    }
}

fn as_io(error: SubmitError) -> io::Error {
    match error {
        SubmitError::Storage(error) => error,
        other => io::Error::other(other.to_string()),
    }
}
