//! An entry in hand: open, locked, and still the one that its name leads to. What happens to it is appended to its journal;
//! where it belongs next is a rename.

use std::fs::File;
use std::io::{self, Write};

use ring::digest::{Context, SHA256};

use super::incoming::digest;
use super::{Place, Store};
use crate::mime::MessageError;
use crate::spool::entry::HEADER;
use crate::spool::{Damage, Event, Header, Hop, Id, Journal, Name, Sealed, State, read_envelope};
use crate::sys::Stat;

/// Octets of the body that are read at once.
const BLOCK: usize = 64 * 1024;
/// Longest journal that is read, octets.
const LONGEST_JOURNAL: u64 = 64 << 20;

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
    /// Where it is, and its name there.
    pub place: Place,
    /// Its identifier, its hop, and when it is due by its name.
    pub name: Name,
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
        Taken { store, file, header, sealed, state, journal, place: Place::Queue, name }
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
            disk.sync_data(&self.file)?;
        }
        self.journal = next;
        self.state.apply(event);
        Ok(())
    }

    /// Flushes what was appended.
    pub fn flush(&self) -> io::Result<()> {
        self.store.disk.sync_data(&self.file)
    }

    /// Renames it in `q/`: it is due then.
    pub fn reschedule(&mut self, due_s: u64) -> io::Result<()> {
        self.rename(Place::Queue, Name { due_s, ..self.name })
    }

    /// Moves it to another place. Nothing is flushed: its journal says where it belongs, and a run puts it there again.
    pub fn move_to(&mut self, place: Place) -> io::Result<()> {
        self.rename(place, self.name)
    }

    fn rename(&mut self, place: Place, name: Name) -> io::Result<()> {
        let (from, to) = (self.text(), name_at(place, name));
        if (self.place, &from) != (place, &to) {
            let store = self.store;
            store.disk.rename_new((store.at(self.place), &from), (store.at(place), &to))?;
        }
        (self.place, self.name) = (place, name);
        Ok(())
    }

    /// Flushes the names of the places it was in and is in: for what a person asked for.
    pub fn flush_names(&self, before: Place) -> io::Result<()> {
        self.store.disk.sync_dir(self.store.at(self.place))?;
        if before != self.place {
            self.store.disk.sync_dir(self.store.at(before))?;
        }
        Ok(())
    }

    /// Removes it. Nothing is flushed: a file that a power cut brings back says itself that it is done.
    pub fn unlink(self) -> io::Result<()> {
        self.store.disk.unlink(self.store.at(self.place), &self.text())
    }

    /// Flushes the names of `q/`.
    pub fn flush_queue(&self) -> io::Result<()> {
        self.store.disk.sync_dir(self.store.at(Place::Queue))
    }

    /// Its body, to be handed over.
    pub fn body(&self) -> Body<'_> {
        Body { store: self.store, file: &self.file, header: &self.header }
    }
}

/// The body of an entry: written only if it is what was taken in.
#[derive(Debug, Clone, Copy)]
pub struct Body<'t> {
    store: &'t Store<'t>,
    file: &'t File,
    header: &'t Header,
}

impl Body<'_> {
    /// Writes the body. Its last block is written only after the digest of all of it was found to agree.
    pub fn write_to(&self, out: &mut dyn Write) -> Result<(), MessageError> {
        let mut digest = Context::new(&SHA256);
        let (mut at, end) = (self.header.body_at(), self.header.body_at() + self.header.body);
        let (mut block, mut held) = (vec![0; BLOCK], Vec::new());
        while at < end {
            let wanted = usize::try_from(end - at).unwrap_or(BLOCK).min(BLOCK);
            let count = self.store.disk.read_at(self.file, &mut block[..wanted], at);
            let count = count
                .map_err(|source| MessageError::Read { what: "the queued message".to_owned(), source })?;
            if count == 0 {
                return Err(changed("it is shorter than it was"));
            }
            out.write_all(&held).map_err(MessageError::Sink)?;
            digest.update(&block[..count]);
            held.clear();
            held.extend_from_slice(&block[..count]);
            at += count as u64;
        }
        if digest.finish().as_ref() != self.header.body_digest {
            return Err(changed("its digest does not agree"));
        }
        out.write_all(&held).map_err(MessageError::Sink)
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

fn name_at(place: Place, name: Name) -> String {
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
        let (file, _) = self.open_ours(place, &text, true)?;
        if !self.disk.lock(&file, true)? {
            return Err(Trouble::Busy);
        }
        // While we waited for the lock, or before, another may have renamed, finished or replaced it.
        let found = match self.disk.stat_at(self.at(place), &text) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Trouble::Gone),
            other => other?,
        };
        if found.identity != self.disk.stat(&file)?.identity {
            return Err(Trouble::Gone);
        }
        if found.links > 1 {
            self.drop_other_names(name.id, (place, &text), &found)?;
        }
        let (header, sealed, state, journal) = self.read(&file, limit)?;
        let hop = if place == Place::Queue { name.hop } else { Hop::of_profile(&header.profile) };
        Ok(Taken { store: self, file, header, sealed, state, journal, place, name: Name { hop, ..name } })
    }

    /// Reads an entry without taking it in hand, for those who only look.
    pub fn look(&self, place: Place, name: Name, limit: u32) -> Result<(Header, Sealed, State), Trouble> {
        let (file, _) = self.open_ours(place, &name_at(place, name), false)?;
        let (header, sealed, state, _) = self.read(&file, limit)?;
        Ok((header, sealed, state))
    }

    /// Sets an entry of `q/` aside that is not trusted, with its name.
    pub fn quarantine(&self, name: Name) -> io::Result<()> {
        let text = name.to_string();
        self.disk.rename_new((self.at(Place::Queue), &text), (self.at(Place::Corrupt), &text))
    }

    /// Opens a file if it is a regular one of ours that nobody else can read or write.
    fn open_ours(&self, place: Place, text: &str, is_written: bool) -> Result<(File, Stat), Trouble> {
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

    /// A rename that a crash has cut leaves two names, and some in a row leave more: all but the one in hand go, and the
    /// journal says where that belongs. If there is a name that is not ours, nothing is touched.
    fn drop_other_names(&self, id: Id, kept: (Place, &str), found: &Stat) -> Result<(), Trouble> {
        let queued = self.scan(&mut |_| {})?.into_iter().filter(|name| name.id == id);
        let mut names: Vec<(Place, String)> = queued.map(|name| (Place::Queue, name.to_string())).collect();
        names.extend([Place::Tmp, Place::Held, Place::Badmail].map(|place| (place, id.to_string())));
        names.push((Place::Corrupt, kept.1.to_owned()));
        names.retain(|(place, text)| {
            let stat = self.disk.stat_at(self.at(*place), text);
            stat.is_ok_and(|stat| stat.identity == found.identity)
        });
        if names.len() as u64 != found.links {
            return Err(Trouble::NotOurs("it has another name"));
        }
        for (place, text) in names.iter().filter(|(place, text)| (*place, text.as_str()) != kept) {
            self.disk.unlink(self.at(*place), text)?;
        }
        Ok(())
    }

    fn read(&self, file: &File, limit: u32) -> Result<(Header, Sealed, State, Journal), Trouble> {
        let broken = |what| Trouble::Damaged(Damage::Broken(what));
        let mut octets = [0; HEADER];
        if self.read_full(file, &mut octets, 0)? < HEADER {
            return Err(broken("it is shorter than its header"));
        }
        let header = Header::decode(&octets)?;
        let mut envelope = vec![0; header.envelope as usize];
        if self.read_full(file, &mut envelope, HEADER as u64)? < envelope.len()
            || digest(&envelope) != header.envelope_digest
        {
            return Err(broken("the sum of its envelope does not agree"));
        }
        let sealed = read_envelope(&envelope, header.flags.require_tls)?;
        if sealed.envelope.recipients().len() != header.recipients as usize {
            return Err(broken("its header and envelope tell of different recipients"));
        }
        let size = self.disk.stat(file)?.size;
        if size < header.body_at() + header.body {
            return Err(broken("its message is cut"));
        }
        let length = size.saturating_sub(header.journal_at()).min(LONGEST_JOURNAL);
        let mut octets = vec![0; usize::try_from(length).unwrap_or(0)];
        let count = self.read_full(file, &mut octets, header.journal_at())?;
        let (events, journal) = Journal::read(header.sum(), &octets[..count])?;
        let state = State::replay(&header, limit, &events);
        Ok((header, sealed, state, journal))
    }

    fn read_full(&self, file: &File, octets: &mut [u8], at: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < octets.len() {
            match self.disk.read_at(file, &mut octets[filled..], at + filled as u64)? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
