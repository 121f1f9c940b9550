//! The memory by which a submission that comes twice is known again, so that a client which did not hear the answer makes no
//! second copy. A file per submission, `ids/XX/KEY`: the entry's identifier and whether it waits or was accepted.
//!
//! Advisory: a record may be lost, and then the mail is taken anew. A record alone is no proof either: trusting one whose
//! entry is gone would swallow a mail that is wanted.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use ring::digest::{Context, SHA256};

mod recall;
mod sweep;

pub use recall::RecallError;

use super::Id;
use crate::mail::Address;
use crate::sys::{Disk, Folder};

/// Octets of a record: the identifier, padded with zeros, and one letter.
const RECORD: usize = 32;
const QUEUED: u8 = b'q';
const ACCEPTED: u8 = b'a';
/// How long it takes to look again whether a lock is free.
const NAP: Duration = Duration::from_millis(10);

/// What names a submission, beside its content and whom it is from and to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// The Message-ID that it came with.
    MessageId(&'a str),
    /// A word of the submitter's own.
    Idempotency(&'a str),
}

/// The digest of a content as it was submitted, however its lines end, and before fields are added.
pub struct ContentDigest {
    context: Context,
    /// The last octet was a CR that is still to be counted.
    after_cr: bool,
}

impl Default for ContentDigest {
    fn default() -> Self {
        ContentDigest { context: Context::new(&SHA256), after_cr: false }
    }
}

impl ContentDigest {
    /// Takes more of the content: CRLF, LF and CR alone are one line end.
    pub fn update(&mut self, octets: &[u8]) {
        for piece in octets.split_inclusive(|&octet| matches!(octet, b'\r' | b'\n')) {
            let (&last, line) = match piece.split_last() {
                Some(parts) => parts,
                None => continue,
            };
            if self.after_cr && piece != b"\n" {
                self.context.update(b"\n");
            }
            self.after_cr = last == b'\r';
            match last {
                b'\r' => self.context.update(line),
                _ => self.context.update(piece),
            }
        }
    }

    /// The digest of all of it.
    pub fn finish(mut self) -> [u8; 32] {
        if self.after_cr {
            self.context.update(b"\n");
        }
        array(self.context.finish().as_ref())
    }
}

/// The name of a submission: the same for the same mail from the same to the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of a submission; the order of the recipients does not matter.
    pub fn new(
        reverse_path: Option<&Address>,
        token: Token<'_>,
        content: [u8; 32],
        recipients: &[Address],
    ) -> Self {
        let mut sorted: Vec<String> = recipients.iter().map(Address::to_string).collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut all = Context::new(&SHA256);
        for recipient in &sorted {
            put(&mut all, recipient.as_bytes());
        }
        let mut context = Context::new(&SHA256);
        put(&mut context, reverse_path.map(Address::to_string).unwrap_or_default().as_bytes());
        let (kind, text) = match token {
            Token::MessageId(text) => (b"m", text),
            Token::Idempotency(text) => (b"i", text),
        };
        context.update(kind);
        put(&mut context, text.as_bytes());
        context.update(&content);
        context.update(all.finish().as_ref());
        Key(array(context.finish().as_ref()))
    }

    /// The key whose octets stand in an entry's envelope.
    pub fn from_octets(octets: [u8; 32]) -> Self {
        Key(octets)
    }

    /// Its octets.
    pub fn octets(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

/// A text whose end cannot be mistaken.
fn put(context: &mut Context, octets: &[u8]) {
    context.update(&(octets.len() as u64).to_le_bytes());
    context.update(octets);
}

fn array(octets: &[u8]) -> [u8; 32] {
    let mut array = [0; 32];
    array.copy_from_slice(octets);
    array
}

/// What a submission is already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// An entry that is queued or held.
    Waiting(Id),
    /// A mail whose recipients were all accepted, not long ago.
    Accepted(Id),
}

impl Hit {
    /// Its identifier.
    pub fn id(self) -> Id {
        let (Hit::Waiting(id) | Hit::Accepted(id)) = self;
        id
    }
}

/// Why the memory of a submission cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum OnceError {
    /// The same submission is being taken at this moment, and that does not end.
    #[error("the same mail is being handed in by another process")]
    Busy,
    /// The memory is of no use now; the mail can be taken without it.
    #[error("the memory of earlier mail cannot be used: {0}")]
    Storage(#[from] io::Error),
}

/// The memory of one submission, locked for as long as this lives. Nobody else takes the same submission meanwhile; a lock
/// of the same key in the same process waits too.
pub struct Once<'a> {
    disk: &'a dyn Disk,
    /// `ids/XX`.
    folder: Folder,
    name: String,
    file: File,
}

impl<'a> Once<'a> {
    /// Locks the memory of this submission in `ids/`, making it if there is none.
    pub fn lock(disk: &'a dyn Disk, ids: &Folder, key: Key, patience: Duration) -> Result<Self, OnceError> {
        let name = key.to_string();
        let part = &name[..2];
        let folder = match disk.open_dir(Some(ids), Path::new(part)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                disk.make_dir(ids, part)?;
                disk.open_dir(Some(ids), Path::new(part))?
            }
            other => other?,
        };
        let end = Instant::now() + patience;
        loop {
            if let Some(file) = Self::try_lock(disk, &folder, &name)? {
                return Ok(Once { disk, folder, name, file });
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(OnceError::Busy);
            }
            std::thread::sleep(NAP.min(left));
        }
    }

    /// The file if it is free and the name still leads to it.
    fn try_lock(disk: &dyn Disk, folder: &Folder, name: &str) -> io::Result<Option<File>> {
        let file = match disk.open(folder, name, true) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => match disk.create_new(folder, name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
                other => other?,
            },
            Err(error) => return Err(error),
        };
        Ok(lock_at(disk, folder, name, &file)?.then_some(file))
    }

    /// What this submission is already, if it is something: `is_here` tells of an entry that mail still comes of it; one
    /// whose recipients were all accepted counts for `window_s`.
    pub fn hit(
        &self,
        is_here: impl FnOnce(Id) -> bool,
        window_s: u64,
        now_s: u64,
    ) -> io::Result<Option<Hit>> {
        let Some((id, mark)) = self.read()? else { return Ok(None) };
        if is_here(id) {
            return Ok(Some(Hit::Waiting(id)));
        }
        let marked_s = u64::try_from(self.disk.stat(&self.file)?.changed_s).unwrap_or(0);
        // A mark that lies ahead is of a clock that was wrong.
        let is_young = now_s.checked_sub(marked_s).is_some_and(|age_s| age_s < window_s);
        Ok((mark == ACCEPTED && is_young).then_some(Hit::Accepted(id)))
    }

    /// Notes the entry as queued.
    pub fn queued(&self, id: Id) -> io::Result<()> {
        self.write(id, QUEUED)
    }

    /// Notes a mail whose recipients were all accepted and that never was an entry.
    pub fn sent(&self, id: Id) -> io::Result<()> {
        self.write(id, ACCEPTED)
    }

    /// Notes that all its recipients were accepted, unless the mail has been taken anew since. Before the entry goes.
    pub fn accepted(&self, id: Id) -> io::Result<()> {
        match self.read()? {
            Some((other, _)) if other != id => Ok(()),
            _ => self.write(id, ACCEPTED),
        }
    }

    /// Forgets the entry, which failed or was removed, unless the mail has been taken anew since.
    pub fn forget(self, id: Id) -> io::Result<()> {
        match self.read()? {
            Some((other, _)) if other != id => Ok(()),
            _ => self.disk.unlink(&self.folder, &self.name),
        }
    }

    fn read(&self) -> io::Result<Option<(Id, u8)>> {
        read(self.disk, &self.file)
    }

    fn write(&self, id: Id, mark: u8) -> io::Result<()> {
        let mut octets = [0; RECORD];
        let text = id.to_string();
        octets[..text.len()].copy_from_slice(text.as_bytes());
        octets[RECORD - 1] = mark;
        self.disk.write_at(&self.file, &octets, 0)
    }
}

/// Locks a file, if it is free and the name still leads to it.
fn lock_at(disk: &dyn Disk, folder: &Folder, name: &str, file: &File) -> io::Result<bool> {
    if !disk.lock(file, true)? {
        return Ok(false);
    }
    match disk.stat_at(folder, name) {
        Ok(there) => Ok(there.identity == disk.stat(file)?.identity),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn read(disk: &dyn Disk, file: &File) -> io::Result<Option<(Id, u8)>> {
    let mut octets = [0; RECORD];
    if disk.read_at(file, &mut octets, 0)? < RECORD {
        return Ok(None);
    }
    let (text, mark) = (&octets[..RECORD - 1], octets[RECORD - 1]);
    let end = text.iter().position(|&octet| octet == 0).unwrap_or(text.len());
    let id = std::str::from_utf8(&text[..end]).ok().and_then(Id::parse);
    Ok(id.filter(|_| matches!(mark, QUEUED | ACCEPTED)).map(|id| (id, mark)))
}

#[cfg(test)]
mod tests;
