//! Whether a file is still what it was: the same inode, length and time of modification.
//!
//! The contents are not compared: that would mean to read every attachment twice. A file that is written to in place,
//! to the same length, within one tick of the clock of its file system, passes.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::Taken;
use crate::mime::error::MessageError;

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    pub(super) length: u64,
    modified_s: i64,
    modified_ns: i64,
}

impl Stamp {
    pub(super) fn of(facts: &Metadata) -> Self {
        Stamp {
            device: facts.dev(),
            inode: facts.ino(),
            length: facts.len(),
            modified_s: facts.mtime(),
            modified_ns: facts.mtime_nsec(),
        }
    }

    /// What is different in `now`, in words.
    fn change(&self, now: &Stamp) -> Option<&'static str> {
        if (self.device, self.inode) != (now.device, now.inode) {
            Some("another file stands in its place")
        } else if now.length < self.length {
            Some("it is shorter than before")
        } else if now.length > self.length {
            Some("it is longer than before")
        } else if self != now {
            Some("it was written to")
        } else {
            None
        }
    }
}

/// Opens the file again and compares it with what it was.
pub(super) fn reopen(path: &Path, stamp: &Stamp) -> Result<File, MessageError> {
    // A FIFO that took the file's place would block; a regular file does not know the flag.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = file.map_err(|error| unreadable(path, error))?;
    let now = file.metadata().map_err(|error| unreadable(path, error))?;
    unchanged(path, stamp, &now).map(|()| file)
}

pub(super) fn unchanged(path: &Path, stamp: &Stamp, now: &Metadata) -> Taken {
    match stamp.change(&Stamp::of(now)) {
        None => Ok(()),
        Some(change) => Err(MessageError::Changed { path: path.to_owned(), change }),
    }
}

pub(super) fn unreadable(path: &Path, error: io::Error) -> MessageError {
    match error.kind() {
        io::ErrorKind::NotFound => MessageError::Changed { path: path.to_owned(), change: "it is gone" },
        _ => MessageError::Read { what: path.display().to_string(), source: error },
    }
}

pub(super) fn broken_off(path: &Path, error: io::Error) -> MessageError {
    let change = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is shorter than before",
        io::ErrorKind::FileTooLarge => "it is longer than before",
        _ => return unreadable(path, error),
    };
    MessageError::Changed { path: path.to_owned(), change }
}
