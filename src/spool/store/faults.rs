//! For tests: a disk on which one call fails, and a mail to queue on it.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Store, Submission, SubmitError, Taken};
use crate::mail::{Address, Envelope};
use crate::mime::MessageError;
use crate::spool::{Flags, Id, InDoubt, Sealed};
use crate::sys::{Disk, Folder, Room, Stat, SystemDisk};

/// The message.
pub const BODY: &[u8] = b"Subject: x\r\n\r\ntext\r\n";
pub const ID: &str = "01HZXA7Q6N8W4Y2R5T9V3B1C0D";

/// A disk on which the call with this number fails: done or not done.
pub struct Faulty {
    calls: AtomicUsize,
    fails_at: usize,
    is_done: bool,
    errno: i32,
}

impl Faulty {
    pub fn healthy() -> Self {
        Faulty { calls: AtomicUsize::new(0), fails_at: usize::MAX, is_done: false, errno: 0 }
    }

    /// One on which this call fails with this error.
    pub fn at(fails_at: usize, is_done: bool, errno: i32) -> Self {
        Faulty { calls: AtomicUsize::new(0), fails_at, is_done, errno }
    }

    /// Calls so far.
    pub fn count(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn call<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if self.calls.fetch_add(1, Ordering::Relaxed) != self.fails_at {
            return work();
        }
        if self.is_done {
            let _ = work();
        }
        Err(io::Error::from_raw_os_error(self.errno))
    }
}

impl Disk for Faulty {
    fn open_dir(&self, parent: Option<&Folder>, path: &Path) -> io::Result<Folder> {
        SystemDisk.open_dir(parent, path)
    }
    fn make_dir(&self, parent: &Folder, name: &str) -> io::Result<()> {
        self.call(|| SystemDisk.make_dir(parent, name))
    }
    fn list(&self, folder: &Folder, each: &mut dyn FnMut(&CStr)) -> io::Result<()> {
        SystemDisk.list(folder, each)
    }
    fn stat(&self, file: &File) -> io::Result<Stat> {
        self.call(|| SystemDisk.stat(file))
    }
    fn stat_at(&self, folder: &Folder, name: &str) -> io::Result<Stat> {
        self.call(|| SystemDisk.stat_at(folder, name))
    }
    fn create_new(&self, folder: &Folder, name: &str) -> io::Result<File> {
        self.call(|| SystemDisk.create_new(folder, name))
    }
    fn open(&self, folder: &Folder, name: &str, is_written: bool) -> io::Result<File> {
        self.call(|| SystemDisk.open(folder, name, is_written))
    }
    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.call(|| SystemDisk.read_at(file, buffer, offset))
    }
    fn write_at(&self, file: &File, octets: &[u8], offset: u64) -> io::Result<()> {
        self.call(|| SystemDisk.write_at(file, octets, offset))
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        self.call(|| SystemDisk.sync(file))
    }
    fn sync_data(&self, file: &File) -> io::Result<()> {
        self.call(|| SystemDisk.sync_data(file))
    }
    fn sync_dir(&self, folder: &Folder) -> io::Result<()> {
        self.call(|| SystemDisk.sync_dir(folder))
    }
    fn rename_new(&self, from: (&Folder, &str), to: (&Folder, &str)) -> io::Result<()> {
        self.call(|| SystemDisk.rename_new(from, to))
    }
    fn unlink(&self, folder: &Folder, name: &str) -> io::Result<()> {
        self.call(|| SystemDisk.unlink(folder, name))
    }
    fn lock(&self, file: &File, is_exclusive: bool) -> io::Result<bool> {
        self.call(|| SystemDisk.lock(file, is_exclusive))
    }
    fn room(&self, folder: &Folder) -> io::Result<Room> {
        self.call(|| SystemDisk.room(folder))
    }
}

pub fn sealed() -> Sealed {
    let recipients = ["a@example.test", "b@example.test"].map(|text| Address::parse(text).unwrap());
    Sealed {
        envelope: Envelope::new(Address::parse("me@example.test").ok(), recipients).unwrap(),
        uid: 7,
        message_id: "<1@example.test>".to_owned(),
        key: None,
    }
}

pub fn submit<'s, 'd>(store: &'s Store<'d>) -> Result<Taken<'s, 'd>, SubmitError> {
    let sealed = sealed();
    let submission = Submission {
        id: Id::parse(ID).unwrap(),
        profile: "default",
        sealed: &sealed,
        flags: Flags::default(),
        in_doubt: (InDoubt::Retry, 3),
        created_ms: 1_700_000_000_000,
        expires_s: 1_700_432_000,
        due_s: 1_700_000_900,
        size: BODY.len() as u64,
        events: Vec::new(),
    };
    let mut write = |out: &mut dyn Write| out.write_all(BODY).map_err(MessageError::Sink);
    store.submit(&submission, &mut write, &mut || Ok(()))
}

pub fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("spool");
    drop(Store::create(&SystemDisk, &path).unwrap());
    (place, path)
}
