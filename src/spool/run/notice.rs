//! Who sent a mail is told what failed: once, and before the mail is put away. The report is prepared and flushed, then
//! recorded in the journal of the original, and only then given its name in the queue (section "exactly once" of the manual).

use std::io;

use super::now_s;
use crate::mail::Address;
use crate::mime::MessageError;
use crate::spool::bounce::{Bounce, Original, Report, is_within_rate, not_sent, overflows, summary, wanted};
use crate::spool::run::Run;
use crate::spool::{Event, Id, InDoubt, Kind, Name, Sealed, Submission, SubmitError, Taken};

impl<'d> Run<'_, 'd> {
    /// Tells the sender about those who failed and of whom it does not know, about those who are where no reports are made,
    /// and once that it takes longer. After an error
    /// nothing is lost: the next run goes on where this one stopped.
    pub(super) fn tell<'s>(&self, taken: &mut Taken<'s, 'd>, from: &Address) -> io::Result<()> {
        self.finish_last(taken)?;
        let untold = taken.state.untold();
        if !untold.is_empty() {
            self.report(taken, from, Kind::Failed, &untold)?;
        }
        let pending = taken.state.pending();
        // Once for the entry, when nobody is left of whom it may still be told.
        let relayed = taken.state.relayed();
        if pending.is_empty() && !relayed.is_empty() {
            self.report(taken, from, Kind::Relayed, &relayed)?;
        }
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
            // A damaged message is told of without it, and so is one that will never be read.
            Err(MessageError::Changed { .. }) => None,
            Err(MessageError::Read { source, .. }) if is_lasting(&source) => None,
            Err(error) => return Err(io::Error::other(error.to_string())),
        };
        let to = wanted(kind, &taken.header, &taken.sealed, original.as_ref()).ok().cloned();
        let ids = self.store.folder("ids")?;
        let (disk, profile) = (self.store.disk(), &taken.header.profile);
        // The count of reports may be lost; a report may not.
        let is_within = |to: &Address| is_within_rate(disk, &ids, (to, profile), now_s(self.clock));
        let to = to.filter(|to| is_within(to).unwrap_or(true));
        let as_u16 = || places.iter().map(|&place| place as u16).collect();
        let Some(to) = to else {
            let kind = if kind == Kind::Delayed { kind } else { Kind::Silent };
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
        let id = taken.name.id.original().0.bounce(taken.state.bounces.1 + 1);
        let sent = report
            .compose(&to, original.as_ref(), self.random)
            .and_then(|bounce| self.publish(taken, id, &bounce, (kind, as_u16())));
        if sent.is_err() && taken.state.bounces.0 != Some(id) {
            let _ = not_sent(disk, &ids, &to);
        }
        sent
    }

    /// Whoever did not get all reports in an hour that is over gets one mail that says how many.
    pub(super) fn tell_of_silence(&self, sender: &mut dyn FnMut(&str) -> Option<Address>) -> io::Result<()> {
        let now_s = now_s(self.clock);
        let ids = self.store.folder("ids")?;
        overflows(self.store.disk(), &ids, now_s, &mut |overflow| {
            let from = sender(&overflow.profile).unwrap_or_else(|| overflow.reverse_path.clone());
            let bounce = summary(overflow, &from, &self.clock.local(), self.random)?;
            let sealed = sealed(&bounce, rustix::process::getuid().as_raw());
            let id = Id::new(self.clock.now(), self.random)?;
            let submission = self.submission(id, &overflow.profile, &sealed, &bounce);
            let mut write =
                |out: &mut dyn io::Write| out.write_all(&bounce.octets).map_err(MessageError::Sink);
            self.store.submit(&submission, &mut write, &mut || Ok(())).map(|_| ()).map_err(as_io)
        })
    }

    fn publish<'s>(
        &self,
        taken: &mut Taken<'s, 'd>,
        id: Id,
        bounce: &Bounce,
        (kind, places): (Kind, Vec<u16>),
    ) -> io::Result<()> {
        let profile = taken.header.profile.clone();
        let sealed = sealed(bounce, taken.sealed.uid);
        let submission = self.submission(id, &profile, &sealed, bounce);
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

    /// A report is submitted like any mail, with a shorter life.
    fn submission<'b>(
        &self,
        id: Id,
        profile: &'b str,
        sealed: &'b Sealed,
        bounce: &Bounce,
    ) -> Submission<'b> {
        let now_s = now_s(self.clock);
        Submission {
            id,
            profile,
            sealed,
            flags: bounce.flags,
            in_doubt: (InDoubt::Retry, self.rules.in_doubt_limit),
            created_ms: now_s * 1000,
            expires_s: now_s + self.rules.schedule.bounce_expire_s,
            due_s: now_s,
            size: bounce.octets.len() as u64,
            events: Vec::new(),
        }
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

/// Whether reading again does not help: the disk has lost it, or a part of the file is gone.
fn is_lasting(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
        || error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

fn sealed(bounce: &Bounce, uid: u32) -> Sealed {
    Sealed { envelope: bounce.envelope.clone(), uid, message_id: bounce.message_id.clone(), key: None }
}

fn as_io(error: SubmitError) -> io::Error {
    match error {
        SubmitError::Storage(error) => error,
        other => io::Error::other(other.to_string()),
    }
}
