//! The gate: the memory that a hop is down. One for all that waits for the hop, so that a hop which takes nothing costs one
//! connection an interval, whatever is queued. Not for what is wrong with one mail.
//!
//! Advisory: a gate may be lost, torn or deleted at any time, and is then open. It is a file of 512 octets, written in place
//! at once and never flushed. An error of a call is worth one warning and nothing else: the caller goes on as if the gate
//! were open.

mod closing;
mod record;

pub use closing::{Closing, Losses};
pub use record::{Outage, Record};

use std::fs::File;
use std::io;

use ring::digest::{Context, SHA256};

use super::Schedule;

use crate::sys::{Disk, Folder};

/// A hop's gate as it was when it was read.
pub struct Gate<'a> {
    disk: &'a dyn Disk,
    /// `host/`.
    folder: &'a Folder,
    name: String,
    /// What the profile says now.
    settings: [u8; 32],
    schedule: Schedule,
    /// `None`: open.
    record: Option<Record>,
    /// There is one that means nothing any more.
    is_stale: bool,
}

impl std::fmt::Debug for Gate<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("name", &self.name).field("record", &self.record).finish_non_exhaustive()
    }
}

impl<'a> Gate<'a> {
    /// Reads the gate with this name in `host/`, for a profile with these settings ([`settings_digest`]). One that cannot be
    /// read, that is damaged, from another time or for other settings is open; the error is beside it.
    pub fn read(
        place: (&'a dyn Disk, &'a Folder),
        name: impl ToString,
        settings: [u8; 32],
        schedule: Schedule,
        now_s: u64,
    ) -> (Self, Option<io::Error>) {
        let (disk, folder) = place;
        let name = name.to_string();
        let mut gate = Gate { disk, folder, name, settings, schedule, record: None, is_stale: false };
        match Record::read(disk, folder, &gate.name) {
            Ok(found) => {
                let is_there = found.is_some();
                gate.record = found.filter(|record| gate.holds(record, now_s));
                gate.is_stale = is_there && gate.record.is_none();
                (gate, None)
            }
            Err(error) => (gate, Some(error)),
        }
    }

    /// Whether a record still means something.
    fn holds(&self, record: &Record, now_s: u64) -> bool {
        record.settings == self.settings && !self.schedule.is_too_far(record.next_s, now_s)
    }

    /// Whether nothing is tried now.
    pub fn is_closed(&self, now_s: u64) -> bool {
        self.record.as_ref().is_some_and(|record| record.next_s > now_s)
    }

    /// What it remembers; `None` if the hop is not known to be down.
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// The last tries of the hop in vain, for [`Schedule::is_expired`].
    pub fn tries_s(&self) -> &[u64] {
        self.record.as_ref().map_or(&[], |record| &record.tries_s)
    }

    /// Asks to connect, whether it is closed or not. For a hop that is down the next try is noted first, and of all who ask
    /// at once one may; `false`: another has asked since the gate was read. An error: nothing could be noted.
    pub fn probe(&mut self, now_s: u64) -> io::Result<bool> {
        let Some(known) = &self.record else { return Ok(true) };
        let file = match self.disk.open(self.folder, &self.name, true) {
            Ok(file) => file,
            // Somebody got through.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.record = None;
                return Ok(true);
            }
            Err(error) => return Err(error),
        };
        // Held for these two calls, not while the hop is tried.
        if !self.disk.lock(&file, true)? {
            return Ok(false);
        }
        let there = Record::read_open(self.disk, &file)?;
        if there.as_ref().is_some_and(|there| there != known) {
            self.record = there.filter(|record| self.holds(record, now_s));
            return Ok(false);
        }
        let next_s = now_s.saturating_add(self.schedule.interval_s(known.failures.saturating_add(1)));
        let record = Record { next_s, ..known.clone() };
        self.disk.write_at(&file, &record.encode(), 0)?;
        self.record = Some(record);
        Ok(true)
    }

    /// The hop was tried now and is down. To be called by who asked [`Gate::probe`], or found no record; the gate is closed
    /// as the schedule says and as long as `closing` says, as far as the schedule can look ahead.
    pub fn failed(&mut self, outage: Outage, closing: Closing, now_s: u64) -> io::Result<()> {
        let failures = self.record.as_ref().map_or(0, |record| record.failures).saturating_add(1);
        let hold_s = closing.hold_s(failures).min(self.schedule.furthest_s());
        let next_s = now_s.saturating_add(self.schedule.interval_s(failures).max(hold_s));
        let tries_s = self.with_try(now_s);
        let record = Record { next_s, failures, tries_s, outage, settings: self.settings };
        let octets = record.encode();
        (self.record, self.is_stale) = (Some(record), false);
        self.disk.write_at(&self.file()?, &octets, 0)
    }

    /// The last two tries, with this one. Those that follow each other closely count as one, so that a hop that is tried
    /// every minute can still have been tried twice, some time apart.
    fn with_try(&self, now_s: u64) -> Vec<u64> {
        match *self.tries_s() {
            [] => vec![now_s],
            [only] => vec![only, now_s],
            [first, last, ..] if last.saturating_sub(first) < self.schedule.apart_s() => vec![first, now_s],
            [_, last, ..] => vec![last, now_s],
        }
    }

    /// The hop takes mail: it accepted a MAIL.
    pub fn opened(&mut self) -> io::Result<()> {
        let is_stale = std::mem::take(&mut self.is_stale);
        if self.record.take().is_none() && !is_stale {
            return Ok(());
        }
        match self.disk.unlink(self.folder, &self.name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Its file, made if it is not there.
    fn file(&self) -> io::Result<File> {
        let (disk, folder, name) = (self.disk, self.folder, &self.name);
        match disk.open(folder, name, true) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match disk.create_new(folder, name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => disk.open(folder, name, true),
                other => other,
            },
            other => other,
        }
    }
}

/// What stands for the settings of a profile in its gate: keys and values, without secrets.
pub fn settings_digest<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for text in pairs.into_iter().flat_map(|(key, value)| [key, value]) {
        context.update(&(text.len() as u64).to_le_bytes());
        context.update(text.as_bytes());
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

#[cfg(test)]
mod tests;
