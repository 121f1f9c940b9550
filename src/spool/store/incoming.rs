//! How an entry comes into the spool: written in `tmp/`, flushed, given its name in `q/`, and the name flushed. Only then is
//! it said to be queued, and from then on nothing loses it.

use std::io::{self, Write};

use ring::digest::{Context, SHA256};

use super::taken::Taken;
use super::{Place, Store};
use crate::mime::MessageError;
use crate::spool::HEADER;
use crate::spool::{
    Event, Flags, Header, Hit, Hop, Id, InDoubt, Journal, Name, OnceError, Sealed, State, write_envelope,
};
use crate::sys::{Blocks, Disk, reason};

/// What stays free on the disk, octets and files.
const KEPT_FREE: (u64, u64) = (16 << 20, 1000);
/// What is set aside for the journal, octets, and for each recipient in it.
const RESERVE: (usize, usize) = (4096, 128);

/// What is to be queued.
#[derive(Debug)]
pub struct Submission<'a> {
    /// The name it gets.
    pub id: Id,
    /// The profile that says where it goes, at most 64 octets.
    pub profile: &'a str,
    /// Envelope, and what is kept beside it.
    pub sealed: &'a Sealed,
    /// What the message is.
    pub flags: Flags,
    /// What happens in doubt, and how many dots in doubt hold a recipient.
    pub in_doubt: (InDoubt, u32),
    /// Now, milliseconds since 1970.
    pub created_ms: u64,
    /// When it is given up, seconds since 1970.
    pub expires_s: u64,
    /// When it is tried first.
    pub due_s: u64,
    /// Octets of the message, if they are known.
    pub size: u64,
    /// What has happened to it already: an attempt of its sender's own.
    pub events: Vec<Event>,
}

/// Why nothing was queued.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The disk is too full, or not enough is known of it.
    #[error("there is no room in the spool: {0}")]
    NoRoom(String),
    /// It cannot be an entry.
    #[error("it cannot be queued: {0}")]
    Refused(String),
    /// The message could not be read to its end.
    #[error(transparent)]
    Message(MessageError),
    /// The disk said no.
    #[error("cannot write to the spool: {}", reason(.0))]
    Storage(io::Error),
    /// It is an entry already, or was one.
    #[error("it is known already as {}", .0.id())]
    Before(Hit),
    /// The same mail is being taken at this moment.
    #[error("{}", OnceError::Busy)]
    Busy,
    /// It may be queued or not: its name is there, and could not be flushed or taken back.
    #[error("it is not known whether {0} is queued: {why}", why = reason(.1))]
    Unknown(Id, io::Error),
}

impl<'d> Store<'d> {
    /// Queues a message; `write` writes it, every line ended in CRLF. When this returns an entry, it is durable; it is
    /// locked for as long as the value lives. `before_naming` runs when all is flushed, just before the name is given.
    pub fn submit(
        &self,
        submission: &Submission<'_>,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), MessageError>,
        before_naming: &mut dyn FnMut() -> Result<(), SubmitError>,
    ) -> Result<Taken<'_, 'd>, SubmitError> {
        let (taken, written) = self.prepare(submission, write)?;
        if let Err(error) = before_naming() {
            let _ = self.disk.unlink(self.at(Place::Tmp), &written);
            return Err(error);
        }
        self.publish(submission, &written)?;
        Ok(taken)
    }

    /// Writes and flushes the entry in `tmp/`. Gives it with the name it has there.
    pub(in crate::spool) fn prepare(
        &self,
        submission: &Submission<'_>,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), MessageError>,
    ) -> Result<(Taken<'_, 'd>, String), SubmitError> {
        let written = submission.id.to_string();
        let file = self.disk.create_new(self.at(Place::Tmp), &written).map_err(SubmitError::Storage)?;
        let filled = self.fill(submission, &file, write);
        match filled {
            Ok((header, state, journal)) => {
                let name = Name {
                    due_s: submission.due_s,
                    hop: Hop::of_profile(submission.profile),
                    id: submission.id,
                };
                let taken =
                    Taken::fresh(self, file, name, header, submission.sealed.clone(), (state, journal));
                Ok((taken, written))
            }
            Err(error) => {
                let _ = self.disk.unlink(self.at(Place::Tmp), &written);
                Err(error)
            }
        }
    }

    fn fill(
        &self,
        submission: &Submission<'_>,
        file: &std::fs::File,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), MessageError>,
    ) -> Result<(Header, State, Journal), SubmitError> {
        let storage = SubmitError::Storage;
        if !self.disk.lock(file, true).map_err(storage)? {
            return Err(SubmitError::Storage(io::ErrorKind::WouldBlock.into()));
        }
        self.check_room(submission.size)?;
        let envelope =
            write_envelope(submission.sealed).map_err(|damage| SubmitError::Refused(damage.to_string()))?;
        let at = HEADER as u64;
        let mut pen = Blocks::new(Pen { disk: self.disk.0, file, at, failed: None }, at);
        pen.write_all(&envelope).map_err(storage)?;
        let mut body = Hashed { pen, digest: Context::new(&SHA256), count: 0, end: [0; 2] };
        let written = write(&mut body);
        if let Some(error) = body.pen.out().failed.take() {
            return Err(SubmitError::Storage(error));
        }
        written.map_err(SubmitError::Message)?;
        if &body.end != b"\r\n" {
            return Err(SubmitError::Refused("its last line has no end".to_owned()));
        }
        let header = Header {
            flags: submission.flags,
            recipients: submission.sealed.envelope.recipients().len() as u32,
            created_ms: submission.created_ms,
            expires_s: submission.expires_s,
            body: body.count,
            envelope: envelope.len() as u32,
            in_doubt: submission.in_doubt.0,
            envelope_digest: digest(&envelope),
            body_digest: body.digest.finish().as_ref().try_into().expect("SHA-256 has 32 octets"),
            profile: submission.profile.to_owned(),
        };
        let (state, journal, octets) = begin_journal(submission, &header);
        pad(&mut body.pen, header.journal_at()).map_err(storage)?;
        body.pen.write_all(&octets).map_err(storage)?;
        body.pen.flush().map_err(storage)?;
        self.disk.write_at(file, &header.encode(), 0).map_err(storage)?;
        self.disk.sync(file).map_err(storage)?;
        Ok((header, state, journal))
    }

    fn check_room(&self, size: u64) -> Result<(), SubmitError> {
        let room = self.room().map_err(|error| SubmitError::NoRoom(reason(&error)))?;
        let wanted = size.saturating_add(size / 2).saturating_add(KEPT_FREE.0);
        if room.octets < wanted {
            let mib = |octets: u64| octets >> 20;
            return Err(SubmitError::NoRoom(format!(
                "{} MiB are free, and it needs {}",
                mib(room.octets),
                mib(wanted)
            )));
        }
        if room.files < KEPT_FREE.1 {
            return Err(SubmitError::NoRoom("its filesystem has no files left".to_owned()));
        }
        Ok(())
    }

    /// Gives what is in `tmp/` under this name its place in `q/`.
    pub(in crate::spool) fn publish(
        &self,
        submission: &Submission<'_>,
        written: &str,
    ) -> Result<(), SubmitError> {
        let (tmp, queue) = (self.at(Place::Tmp), self.at(Place::Queue));
        let name =
            Name { due_s: submission.due_s, hop: Hop::of_profile(submission.profile), id: submission.id }
                .to_string();
        if let Err(error) = self.disk.rename_new((tmp, written), (queue, &name)) {
            // It may have been renamed all the same: a disk that fails need not tell the truth.
            if self.disk.stat_at(queue, &name).is_ok() {
                return self.take_back(submission.id, &name, error);
            }
            let _ = self.disk.unlink(tmp, written);
            return Err(SubmitError::Storage(error));
        }
        // From here on the message is queued; it may be there although we say it is not.
        if let Err(error) = self.disk.sync_dir(queue) {
            return self.take_back(submission.id, &name, error);
        }
        // From here on it survives a power cut. No later failure changes the answer.
        Ok(())
    }

    /// Removes what is prepared in `tmp/` under this identifier.
    pub(in crate::spool) fn forget_prepared(&self, id: Id) -> io::Result<()> {
        match self.disk.unlink(self.at(Place::Tmp), &id.to_string()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Flushes the names in `tmp/`.
    pub(in crate::spool) fn flush_prepared(&self) -> io::Result<()> {
        self.disk.sync_dir(self.at(Place::Tmp))
    }

    /// Gives what is prepared in `tmp/` its name in `q/`, if it is still there, and flushes the names of `q/`. An error leaves
    /// it in one of both.
    pub(in crate::spool) fn publish_prepared(&self, name: Name) -> io::Result<()> {
        let (tmp, queue) = (self.at(Place::Tmp), self.at(Place::Queue));
        let written = name.id.to_string();
        match self.disk.rename_new((tmp, &written), (queue, &name.to_string())) {
            Ok(()) => {}
            // If it has its name already, whoever gave it may not have come to flush it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.disk.stat_at(tmp, &written).is_ok() {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
        self.disk.sync_dir(queue)
    }

    /// The name could not be flushed: it goes, so that the answer can be no.
    fn take_back(&self, id: Id, name: &str, error: io::Error) -> Result<(), SubmitError> {
        let queue = self.at(Place::Queue);
        if self.disk.unlink(queue, name).is_err() || self.disk.sync_dir(queue).is_err() {
            return Err(SubmitError::Unknown(id, error));
        }
        Err(SubmitError::Storage(error))
    }
}

/// The beginning of an entry's journal: what has happened to it, and zeros where there will stand what happens. What is
/// written over octets that are there finds room on a full disk, and its flush is one of content alone: neither the size of
/// the file nor the place of its blocks changes.
fn begin_journal(submission: &Submission<'_>, header: &Header) -> (State, Journal, Vec<u8>) {
    let mut state = State::new(header, submission.in_doubt.1);
    let (mut journal, mut octets) = (Journal::new(header.sum()), Vec::new());
    for event in &submission.events {
        let (more, next) = journal.append(event);
        octets.extend_from_slice(&more);
        state.apply(event);
        journal = next;
    }
    let set_aside = RESERVE.0 + RESERVE.1 * header.recipients as usize;
    octets.resize(octets.len().max(set_aside), 0);
    (state, journal, octets)
}

/// SHA-256.
pub(in crate::spool) fn digest(octets: &[u8]) -> [u8; 32] {
    ring::digest::digest(&SHA256, octets).as_ref().try_into().expect("SHA-256 has 32 octets")
}

/// Writes a file from front to back. Remembers the first error of the disk.
struct Pen<'a> {
    disk: &'a dyn Disk,
    file: &'a std::fs::File,
    at: u64,
    failed: Option<io::Error>,
}

impl Write for Pen<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self.disk.write_at(self.file, octets, self.at) {
            Ok(()) => {
                self.at += octets.len() as u64;
                Ok(octets.len())
            }
            // Whoever writes a block writes it again, at the same place.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::new(error.kind(), reason(&error));
                self.failed.get_or_insert(error);
                Err(told)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes zeros up to this place in the file.
fn pad(out: &mut Blocks<Pen<'_>>, place: u64) -> io::Result<()> {
    let gap = place.saturating_sub(out.place());
    out.write_all(&vec![0; usize::try_from(gap).map_err(io::Error::other)?])
}

/// The body on its way into the file.
struct Hashed<'a> {
    pen: Blocks<Pen<'a>>,
    digest: Context,
    count: u64,
    /// Its last two octets.
    end: [u8; 2],
}

impl Write for Hashed<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.digest.update(octets);
        self.count += octets.len() as u64;
        for &octet in &octets[octets.len().saturating_sub(2)..] {
            self.end = [self.end[1], octet];
        }
        // What is counted is written whole: the pen takes no more than its block has room for.
        self.pen.write_all(octets)?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pen.flush()
    }
}
