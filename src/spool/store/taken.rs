//! An entry in hand: open, locked, and still the one that its name leads to. What happens to it is appended to its journal;
//! where it belongs next is a rename.

use std::fs::File;
use std::io::{self, Write};

use ring::digest::{Context, SHA256};

use super::read::Contents;
use super::{Place, Store};
use crate::mime::MessageError;
use crate::spool::{Damage, Event, Header, Hop, Id, Journal, Name, Sealed, State};

/// Octets of the body that are read at once.
const BLOCK: usize = 64 * 1024;

/// Why an entry cannot be taken in hand.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Another process has it.
    #[error("another process has it in hand")]
    Busy,
    /// Its name leads nowhere, or to another file, by now.
    #[error("it is gone")]
    Gone,
    /// It is no file of ours: nothing is read, written, sent or deleted.
    #[error("{0}")]
    NotOurs(&'static str),
    /// Its sums do not agree.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The disk said no.
    #[error("{}", crate::sys::reason(.0))]
    Io(#[from] io::Error),
}

/// An entry in hand. Dropping it lets it go.
#[derive(Debug)]
pub struct Taken<'s, 'd> {
    store: &'s Store<'d>,
    file: File,
    /// What it is.
    pub header: Header,
    /// Who gets it.
    pub sealed: Sealed,
    /// What happened to it.
    pub state: State,
    journal: Journal,
    /// What a flush of it has failed with.
    failed: Option<i32>,
    /// Where it is, and its name there.
    pub place: Place,
    /// Its identifier, its hop, and when it is due by its name.
    pub name: Name,
}

impl Drop for Taken<'_, '_> {
    fn drop(&mut self) {
        self.store.disk.unlock(&self.file);
    }
}

impl<'s, 'd> Taken<'s, 'd> {
    /// An entry that has just been written.
    pub(super) fn fresh(
        store: &'s Store<'d>,
        file: File,
        name: Name,
        header: Header,
        sealed: Sealed,
        (state, journal): (State, Journal),
    ) -> Self {
        Taken { store, file, header, sealed, state, journal, failed: None, place: Place::Queue, name }
    }

    /// Its name where it is.
    fn text(&self) -> String {
        name_at(self.place, self.name)
    }

    /// Appends an event; with `is_flushed` it is on the disk when this returns. After an error the state is as before,
    /// and whether the event will be found is not known.
    pub fn append(&mut self, event: &Event, is_flushed: bool) -> io::Result<()> {
        let (octets, next) = self.journal.append(event);
        let disk = self.store.disk;
        disk.write_at(&self.file, &octets, self.header.journal_at() + self.journal.end)?;
        if is_flushed {
            self.flush()?;
        }
        self.journal = next;
        self.state.apply(event);
        Ok(())
    }

    /// Flushes what was appended. After an error it fails for as long as it is in hand: a disk that has lost what it was
    /// given may say of the next flush that all is well.
    pub fn flush(&mut self) -> io::Result<()> {
        if let Some(number) = self.failed {
            return Err(io::Error::from_raw_os_error(number));
        }
        let flushed = self.store.disk.sync_data(&self.file);
        if let Err(error) = &flushed {
            self.failed = Some(error.raw_os_error().unwrap_or(rustix::io::Errno::IO.raw_os_error()));
        }
        flushed
    }

    /// Renames it in `q/`: it is due then.
    pub fn reschedule(&mut self, due_s: u64) -> io::Result<()> {
        self.rename(Place::Queue, Name { due_s, ..self.name })
    }

    /// Moves it to another place. Nothing is flushed: its journal says where it belongs, and a run puts it there again.
    pub fn move_to(&mut self, place: Place) -> io::Result<()> {
        self.rename(place, self.name)
    }

    pub(in crate::spool) fn rename(&mut self, place: Place, name: Name) -> io::Result<()> {
        let (from, to) = (self.text(), name_at(place, name));
        if (self.place, &from) != (place, &to) {
            let store = self.store;
            store.disk.rename_new((store.at(self.place), &from), (store.at(place), &to))?;
        }
        (self.place, self.name) = (place, name);
        Ok(())
    }

    /// Removes it. Nothing is flushed: a file that a power cut brings back says itself that it is done.
    pub fn unlink(self) -> io::Result<()> {
        self.store.disk.unlink(self.store.at(self.place), &self.text())
    }

    /// Removes it, and flushes that it is gone: its journal does not tell.
    pub fn unlink_for_good(self) -> io::Result<()> {
        let (store, place) = (self.store, self.place);
        self.unlink()?;
        store.disk.sync_dir(store.at(place))
    }

    /// Its body, to be handed over.
    pub fn body(&self) -> Body<'_> {
        Body { store: self.store, file: &self.file, header: &self.header }
    }
}

/// The body of an entry: written only if it is what was taken in.
#[derive(Debug, Clone, Copy)]
pub struct Body<'t> {
    pub(super) store: &'t Store<'t>,
    pub(super) file: &'t File,
    pub(super) header: &'t Header,
}

impl Body<'_> {
    /// Writes the body. Its last block is written only after the digest of all of it was found to agree.
    pub fn write_to(&self, out: &mut dyn Write) -> Result<(), MessageError> {
        let mut digest = Context::new(&SHA256);
        let (mut at, end) = (self.header.body_at(), self.header.body_at() + self.header.body);
        let mut block = vec![0; usize::try_from(self.header.body).unwrap_or(BLOCK).min(BLOCK)];
        // Of the block, what was read and is not written yet.
        let mut held = 0;
        while at < end {
            out.write_all(&block[..held]).map_err(MessageError::Sink)?;
            let wanted = usize::try_from(end - at).unwrap_or(BLOCK).min(block.len());
            let count = self.store.disk.read_at(self.file, &mut block[..wanted], at);
            held = count
                .map_err(|source| MessageError::Read { what: "the queued message".to_owned(), source })?;
            if held == 0 {
                let source = io::ErrorKind::UnexpectedEof.into();
                return Err(MessageError::Read { what: "the queued message".to_owned(), source });
            }
            digest.update(&block[..held]);
            at += held as u64;
        }
        if digest.finish().as_ref() != self.header.body_digest {
            return Err(changed("its digest does not agree"));
        }
        out.write_all(&block[..held]).map_err(MessageError::Sink)
    }

    /// The header of the message: its octets up to the empty line, at most `limit` of them.
    pub fn head(&self, limit: usize) -> io::Result<Vec<u8>> {
        let size = usize::try_from(self.header.body).unwrap_or(limit).min(limit);
        let mut octets = vec![0; size];
        let mut filled = 0;
        while filled < size {
            let at = self.header.body_at() + filled as u64;
            match self.store.disk.read_at(self.file, &mut octets[filled..], at)? {
                0 => break,
                count => filled += count,
            }
        }
        octets.truncate(filled);
        let end = memchr::memmem::find(&octets, b"\r\n\r\n").map_or(filled, |end| end + 2);
        octets.truncate(end);
        Ok(octets)
    }
}

fn changed(change: &'static str) -> MessageError {
    MessageError::Changed { path: "the queued message".into(), change }
}

pub(super) fn name_at(place: Place, name: Name) -> String {
    if place == Place::Queue { name.to_string() } else { name.id.to_string() }
}

impl<'d> Store<'d> {
    /// Takes a queued entry in hand. `limit` is the number of dots in doubt that hold a recipient.
    pub fn take(&self, name: Name, limit: u32) -> Result<Taken<'_, 'd>, Trouble> {
        self.take_from(Place::Queue, name, limit)
    }

    /// Takes an entry in hand that is not in `q/`.
    pub fn take_aside(&self, place: Place, id: Id, limit: u32) -> Result<Taken<'_, 'd>, Trouble> {
        self.take_from(place, Name { due_s: 0, hop: Hop::of_profile(""), id }, limit)
    }

    fn take_from(&self, place: Place, name: Name, limit: u32) -> Result<Taken<'_, 'd>, Trouble> {
        let text = name_at(place, name);
        let (file, found) = self.lock_file(place, &text)?;
        let Contents { header, sealed, state, journal, .. } = self.read(&file, found.size, limit)?;
        if found.links > 1 {
            self.drop_other_names((place, &text), (found.identity, found.links), &state)?;
        }
        let hop = if place == Place::Queue { name.hop } else { Hop::of_profile(&header.profile) };
        let name = Name { hop, ..name };
        Ok(Taken { store: self, file, header, sealed, state, journal, failed: None, place, name })
    }

    /// Opens and locks a file if its name still leads to it.
    pub(in crate::spool) fn lock_file(
        &self,
        place: Place,
        text: &str,
    ) -> Result<(File, crate::sys::Stat), Trouble> {
        let (file, opened) = self.open_ours(place, text, true)?;
        if !self.disk.lock(&file, true)? {
            return Err(Trouble::Busy);
        }
        // While we waited for the lock, or before, another may have renamed, finished or replaced it.
        let found = match self.disk.stat_at(self.at(place), text) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Trouble::Gone),
            other => other?,
        };
        if found.identity == opened.identity { Ok((file, found)) } else { Err(Trouble::Gone) }
    }

    /// Sets an entry aside that is not trusted, with its name. It may have that name in both places already: a crash has cut
    /// the rename.
    pub fn quarantine(&self, place: Place, text: &str) -> io::Result<()> {
        let (from, to) = (self.at(place), self.at(Place::Corrupt));
        match self.disk.rename_new((from, text), (to, text)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let identity = |folder| self.disk.stat_at(folder, text).map(|stat| stat.identity);
                if identity(from)? == identity(to)? { self.disk.unlink(from, text) } else { Err(error) }
            }
            other => other,
        }
    }

    /// Opens a file if it is a regular one of ours that nobody else can read or write.
    pub(in crate::spool) fn open_ours(
        &self,
        place: Place,
        text: &str,
        is_written: bool,
    ) -> Result<(File, crate::sys::Stat), Trouble> {
        let file = match self.disk.open(self.at(place), text, is_written) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Trouble::Gone),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(Trouble::NotOurs("it is a link"));
            }
            other => other?,
        };
        let stat = self.disk.stat(&file)?;
        match () {
            () if !stat.is_regular => Err(Trouble::NotOurs("it is no file")),
            () if stat.owner != self.uid => Err(Trouble::NotOurs("it belongs to somebody else")),
            () if stat.mode & 0o077 != 0 => Err(Trouble::NotOurs("others may read or write it")),
            () => Ok((file, stat)),
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
