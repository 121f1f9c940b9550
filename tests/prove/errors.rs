//! E1, E2, E3, E10: every call to the disk fails in turn, in a mail's whole life, with each error, done or not done. What was not
//! said to be queued is not; what was is not lost, and goes when the disk is well again.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use whippet::spool::{InDoubt, Place, SubmitError};
use whippet::sys::{Disk, Folder, Room, Stat, SystemDisk};

use crate::Outcome;
use crate::ledger::{Before, judge};
use crate::world::{Case, Ground, Peer, SENDER, open};

/// The errors, by what they are called.
pub const ERRORS: [(&str, i32); 12] = [
    ("ENOSPC", 28),
    ("EIO", 5),
    ("EROFS", 30),
    ("EINTR", 4),
    ("EDQUOT", 122),
    ("EMFILE", 24),
    ("ENFILE", 23),
    ("EACCES", 13),
    ("ENOENT", 2),
    ("ENOMEM", 12),
    ("EAGAIN", 11),
    ("ELOOP", 40),
];

/// A disk of which one call fails.
struct Faulty {
    calls: AtomicUsize,
    fails_at: usize,
    errno: i32,
    /// It is done all the same.
    is_done: bool,
    /// Reads of a message that fail.
    unread: Option<Unread>,
}

/// Reads that begin in a message of one file.
#[derive(Clone, Copy)]
struct Unread {
    file: (u64, u64),
    /// Where the message is in it.
    begin: u64,
    end: u64,
    /// They give nothing, and no error.
    is_short: bool,
}

impl Unread {
    fn meets(&self, file: &File, offset: u64) -> bool {
        let is_there = (self.begin..self.end).contains(&offset);
        is_there && SystemDisk.stat(file).is_ok_and(|stat| stat.identity == self.file)
    }
}

impl Faulty {
    fn new(fails_at: usize, errno: i32, is_done: bool) -> Self {
        Faulty { calls: AtomicUsize::new(0), fails_at, errno, is_done, unread: None }
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

    fn count(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

impl Disk for Faulty {
    fn open_dir(&self, parent: Option<&Folder>, path: &Path) -> io::Result<Folder> {
        self.call(|| SystemDisk.open_dir(parent, path))
    }
    fn make_dir(&self, parent: &Folder, name: &str) -> io::Result<()> {
        self.call(|| SystemDisk.make_dir(parent, name))
    }
    fn list(&self, folder: &Folder, each: &mut dyn FnMut(&CStr)) -> io::Result<()> {
        self.call(|| SystemDisk.list(folder, each))
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
        match self.unread {
            Some(unread) if unread.meets(file, offset) => match unread.is_short {
                true => Ok(0),
                false => Err(io::Error::from_raw_os_error(5)),
            },
            _ => self.call(|| SystemDisk.read_at(file, buffer, offset)),
        }
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

/// What one life came to.
struct Life {
    /// Calls of the submission, and all of them.
    calls: (usize, usize),
    judged: Result<(), String>,
}

/// A mail's life on a disk of which a call fails, then its rest on a good one.
fn live(case: &Case, ground: &Ground, fails_at: usize, errno: i32, is_done: bool) -> Life {
    let path = ground.spool();
    let disk = Faulty::new(usize::MAX, errno, is_done);
    let store = open(&disk, &path);
    let disk_calls = disk.count();
    drop(store);
    // The spool is opened before anything fails.
    let disk = Faulty::new(fails_at.saturating_add(disk_calls), errno, is_done);
    let store = open(&disk, &path);
    let submitted = case.submit(&store, 1);
    let first = disk.count() - disk_calls;
    let mut peer = Peer::new(case.at_once, None);
    for after_s in [0, 1, 5 * 3600, 10 * 3600] {
        // A run that cannot work says so, and the next one works.
        let _ = case.run(&store, &mut peer, after_s);
        peer.is_patient = after_s >= 1;
    }
    let calls = (first, disk.count() - disk_calls);
    drop(store);
    let before = Before {
        is_acknowledged: submitted.is_ok(),
        may_be_queued: matches!(submitted, Err(SubmitError::Unknown(..))),
        book: &peer.book,
        in_doubt: &peer.unrecorded,
        after_s: 20 * 3600,
        is_damaged: false,
    };
    let judged = judge(case, &path, &before);
    std::fs::remove_dir_all(&path).unwrap();
    Life { calls, judged }
}

/// All errors at all calls: of the submission, or of what follows.
pub fn at_each_call(is_submission: bool, errors: &[(&str, i32)], outcome: &mut Outcome) {
    let ground = Ground::new();
    let mails = if is_submission { &["a", "aaa"][..] } else { &["a", "adf", "ff"][..] };
    for case in mails.iter().map(|to| Case::new(to, InDoubt::Retry, 100)) {
        let healthy = live(&case, &ground, usize::MAX, 0, false);
        assert_eq!(healthy.judged, Ok(()));
        let calls = if is_submission { 0..healthy.calls.0 } else { healthy.calls.0..healthy.calls.1 };
        assert!(calls.len() >= 8, "the calls are not reached: {calls:?}");
        for fails_at in calls {
            for &(error, errno) in errors {
                for is_done in [false, true] {
                    outcome.cases += 1;
                    let life = live(&case, &ground, fails_at, errno, is_done);
                    if let Err(words) = life.judged {
                        let done = if is_done { "done and reported as" } else { "" };
                        let name = case.name();
                        outcome.failures.push(format!("{name}: call {fails_at} {done} {error}: {words}"));
                    }
                }
            }
        }
    }
}

/// E3: so many attempts meet a message that cannot be read. It goes when it can be, and never a part of it; after the third it
/// is set aside, and its sender is told.
pub fn unread(outcome: &mut Outcome) {
    for letters in ["a", "af", "ad"] {
        for is_short in [false, true] {
            for attempts in 1..=4 {
                outcome.cases += 1;
                let case = Case::new(letters, InDoubt::Retry, 100);
                if let Err(words) = read_again(&case, is_short, attempts) {
                    let kind = if is_short { "short" } else { "EIO" };
                    outcome.failures.push(format!("{}: {kind} {attempts} times: {words}", case.name()));
                }
            }
        }
    }
}

fn read_again(case: &Case, is_short: bool, attempts: u64) -> Result<(), String> {
    let ground = Ground::new();
    let path = ground.spool();
    let store = open(&SystemDisk, &path);
    case.submit(&store, 1).unwrap();
    let name = store.scan(&mut |_| {}).unwrap()[0];
    let seen = store.see(Place::Queue, &name.to_string(), 3).unwrap();
    let (header, file) = (seen.header.clone(), seen.stat.identity);
    drop(seen);
    drop(store);
    let (begin, end) = (header.body_at(), header.body_at() + header.body);
    let disk =
        Faulty { unread: Some(Unread { file, begin, end, is_short }), ..Faulty::new(usize::MAX, 0, false) };
    let store = open(&disk, &path);
    let mut peer = Peer::new(100, None);
    for attempt in 0..attempts {
        let tally = case.run(&store, &mut peer, attempt * 5 * 3600).unwrap();
        let is_told = attempt == 2;
        if tally.troubles.is_empty() == is_told {
            return Err(format!("attempt {attempt}: {:?}", tally.troubles));
        }
    }
    if let Some(copy) = peer.book.iter().find(|copy| copy.to != SENDER) {
        return Err(format!("the peer has {copy:?}"));
    }
    drop(store);
    let before = Before {
        is_acknowledged: true,
        may_be_queued: false,
        book: &peer.book,
        in_doubt: &[],
        after_s: 30 * 3600,
        is_damaged: attempts >= 3,
    };
    judge(case, &path, &before)
}
