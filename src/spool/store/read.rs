//! Entries as they are on the disk: read with few calls, and without taking them in hand for those who only look.

use std::fs::File;
use std::io;

use super::incoming::digest;
use super::taken::name_at;
use super::{Body, Place, Store, Trouble};
use crate::spool::HEADER;
use crate::spool::{Damage, Event, Header, Journal, Name, Sealed, State, read_envelope};
use crate::sys::Stat;

/// Octets that are read at first: the header, and the envelope of a mail to a few.
const FIRST: usize = 1024;
/// Octets of the journal that are read at first: some attempts. What lies between is not touched.
const FIRST_EVENTS: usize = 1024;
/// Longest journal that is read, octets.
const LONGEST_JOURNAL: u64 = 64 << 20;

/// What an entry's file holds beside the message.
#[derive(Debug)]
pub(super) struct Contents {
    pub header: Header,
    pub sealed: Sealed,
    pub state: State,
    pub journal: Journal,
    pub events: Vec<Event>,
}

/// An entry as it is on the disk. It is not in hand: a moment later it may be another, or gone.
#[derive(Debug)]
pub struct Seen<'s> {
    store: &'s Store<'s>,
    file: File,
    /// What it is.
    pub header: Header,
    /// Who gets it.
    pub sealed: Sealed,
    /// What happened to it.
    pub state: State,
    /// The same, event by event.
    pub events: Vec<Event>,
    /// What is known of its file.
    pub stat: Stat,
}

impl Seen<'_> {
    /// Its message.
    pub fn body(&self) -> Body<'_> {
        Body { store: self.store, file: &self.file, header: &self.header }
    }
}

impl<'d> Store<'d> {
    /// Reads an entry without taking it in hand, for those who only look.
    pub fn look(&self, place: Place, name: Name, limit: u32) -> Result<(Header, Sealed, State), Trouble> {
        let seen = self.see(place, &name_at(place, name), limit)?;
        Ok((seen.header, seen.sealed, seen.state))
    }

    /// [`Store::look`] by the name in the place, with all that there is to see.
    pub fn see(&self, place: Place, text: &str, limit: u32) -> Result<Seen<'_>, Trouble> {
        let (file, stat) = self.open_ours(place, text, false)?;
        let Contents { header, sealed, state, events, .. } = self.read(&file, stat.size, limit)?;
        Ok(Seen { store: self, file, header, sealed, state, events, stat })
    }

    /// Reads header, envelope and journal of a file with this size.
    pub(super) fn read(&self, file: &File, size: u64, limit: u32) -> Result<Contents, Trouble> {
        let broken = |what| Trouble::Damaged(Damage::Broken(what));
        let mut room = [0; FIRST];
        let first = self.read_into(file, 0, up_to(&mut room, size))?;
        let octets = first.first_chunk::<HEADER>().ok_or(broken("it is shorter than its header"))?;
        let header = Header::decode(octets)?;
        let envelope = self.range(file, first, HEADER as u64, u64::from(header.envelope))?;
        if envelope.len() < header.envelope as usize || digest(&envelope) != header.envelope_digest {
            return Err(broken("the sum of its envelope does not agree"));
        }
        let sealed = read_envelope(&envelope, header.flags.require_tls)?;
        if sealed.envelope.recipients().len() != header.recipients as usize {
            return Err(broken("its header and envelope tell of different recipients"));
        }
        if size < header.body_at() + header.body {
            return Err(broken("its message is cut"));
        }
        let (events, journal) = self.journal(file, size, &header, Header::sum_of(octets))?;
        let state = State::replay(&header, limit, &events);
        Ok(Contents { header, sealed, state, journal, events })
    }

    /// What happened. What is set aside for more of it is not read.
    fn journal(
        &self,
        file: &File,
        size: u64,
        header: &Header,
        seed: u32,
    ) -> Result<(Vec<Event>, Journal), Trouble> {
        let (at, mut room) = (header.journal_at(), [0; FIRST_EVENTS]);
        let length = size.saturating_sub(at).min(LONGEST_JOURNAL);
        let first = self.read_into(file, at, up_to(&mut room, length))?;
        let (events, journal) = Journal::read(seed, first)?;
        if journal.is_end_of(first) {
            return Ok((events, journal));
        }
        let octets = self.octets(file, at, length)?;
        Ok(Journal::read(seed, &octets)?)
    }

    /// So many octets from a place on, out of `first`, the beginning of the file, if it holds them.
    fn range<'f>(
        &self,
        file: &File,
        first: &'f [u8],
        at: u64,
        length: u64,
    ) -> io::Result<std::borrow::Cow<'f, [u8]>> {
        let within = usize::try_from(at).ok().zip(usize::try_from(at + length).ok());
        match within.and_then(|(start, end)| first.get(start..end)) {
            Some(octets) => Ok(octets.into()),
            None if length == 0 => Ok(Vec::new().into()),
            None => self.octets(file, at, length).map(Into::into),
        }
    }

    /// So many octets from a place on, or those up to the end.
    fn octets(&self, file: &File, at: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut octets = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        let filled = self.read_into(file, at, &mut octets)?.len();
        octets.truncate(filled);
        Ok(octets)
    }

    /// Reads from a place on until the room is full, or up to the end.
    fn read_into<'r>(&self, file: &File, at: u64, room: &'r mut [u8]) -> io::Result<&'r [u8]> {
        let mut filled = 0;
        while filled < room.len() {
            match self.disk.read_at(file, &mut room[filled..], at + filled as u64)? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(&room[..filled])
    }
}

/// The room for so many octets, or all of it.
fn up_to(room: &mut [u8], length: u64) -> &mut [u8] {
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(room.len());
    &mut room[..length]
}
