//! A disk of which calls fail, as a rule says.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use whippet::sys::{Disk, Folder, Room, Stat, SystemDisk};

/// Device and inode.
pub type Identity = (u64, u64);

pub const ENOSPC: i32 = 28;
pub const EIO: i32 = 5;

/// The kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    OpenDir,
    MakeDir,
    List,
    Stat,
    StatAt,
    Create,
    Open,
    Read,
    Write,
    Append,
    Sync,
    SyncDir,
    Rename,
    Unlink,
    Lock,
    Room,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Calls before it.
    pub number: usize,
    pub what: What,
    /// The file that it is about, or the folder; of a rename the folder that it leads to.
    pub on: Identity,
    /// The name that it is about; of a rename the new one.
    pub name: String,
    /// Where in the file, and the octets that are written there.
    pub offset: u64,
    pub octets: Vec<u8>,
}

impl Call {
    /// Whether this is the event of this type, being written.
    pub fn is_event(&self, kind: u8) -> bool {
        self.what == What::Write && self.offset >= 4096 && self.octets.get(4) == Some(&kind)
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    Good,
    /// It is not done.
    Fails(i32),
    /// It is done, and said to have failed.
    DoneAndFails(i32),
    /// A read that gives nothing, and no error.
    Empty,
}

type Rule<'r> = Box<dyn Fn(&Call) -> Luck + Sync + 'r>;

/// The disk.
pub struct Faulty<'r> {
    calls: AtomicUsize,
    rule: Rule<'r>,
    log: Mutex<Vec<(Call, Luck)>>,
}

/// The number of a file or folder.
pub fn identity(path: &Path) -> Identity {
    let found = std::fs::metadata(path).unwrap();
    (found.dev(), found.ino())
}

fn of(file: &File) -> Identity {
    SystemDisk.stat(file).map_or_else(|_| (0, 0), |stat| stat.identity)
}

fn at(folder: &Folder) -> Identity {
    folder.stat().map_or_else(|_| (0, 0), |stat| stat.identity)
}

impl<'r> Faulty<'r> {
    /// One on which each call goes as this rule says.
    pub fn new(rule: impl Fn(&Call) -> Luck + Sync + 'r) -> Self {
        Faulty { calls: AtomicUsize::new(0), rule: Box::new(rule), log: Mutex::new(Vec::new()) }
    }

    /// Calls so far.
    pub fn count(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// The calls since it was last asked, and what became of them.
    pub fn log(&self) -> Vec<(Call, Luck)> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    fn call<T>(
        &self,
        what: What,
        on: Identity,
        name: &str,
        work: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        self.call_at(what, on, (name, 0, &[]), work)
    }

    fn call_at<T>(
        &self,
        what: What,
        on: Identity,
        about: (&str, u64, &[u8]),
        work: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        match self.luck(what, on, about) {
            Luck::Good => work(),
            Luck::Fails(errno) => Err(io::Error::from_raw_os_error(errno)),
            Luck::DoneAndFails(errno) => {
                let _ = work();
                Err(io::Error::from_raw_os_error(errno))
            }
            Luck::Empty => panic!("only a read can be empty"),
        }
    }

    fn luck(&self, what: What, on: Identity, (name, offset, octets): (&str, u64, &[u8])) -> Luck {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let call = Call { number, what, on, name: name.to_owned(), offset, octets: octets.to_vec() };
        let luck = (self.rule)(&call);
        self.log.lock().unwrap().push((call, luck));
        luck
    }
}

impl Disk for Faulty<'_> {
    fn open_dir(&self, parent: Option<&Folder>, path: &Path) -> io::Result<Folder> {
        let name = path.to_string_lossy();
        self.call(What::OpenDir, (0, 0), &name, || SystemDisk.open_dir(parent, path))
    }
    fn make_dir(&self, parent: &Folder, name: &str) -> io::Result<()> {
        self.call(What::MakeDir, at(parent), name, || SystemDisk.make_dir(parent, name))
    }
    fn list(&self, folder: &Folder, each: &mut dyn FnMut(&CStr)) -> io::Result<()> {
        self.call(What::List, at(folder), "", || SystemDisk.list(folder, each))
    }
    fn stat(&self, file: &File) -> io::Result<Stat> {
        self.call(What::Stat, of(file), "", || SystemDisk.stat(file))
    }
    fn stat_at(&self, folder: &Folder, name: &str) -> io::Result<Stat> {
        self.call(What::StatAt, at(folder), name, || SystemDisk.stat_at(folder, name))
    }
    fn create_new(&self, folder: &Folder, name: &str) -> io::Result<File> {
        self.call(What::Create, at(folder), name, || SystemDisk.create_new(folder, name))
    }
    fn open(&self, folder: &Folder, name: &str, is_written: bool) -> io::Result<File> {
        self.call(What::Open, at(folder), name, || SystemDisk.open(folder, name, is_written))
    }
    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self.luck(What::Read, of(file), ("", offset, &[])) {
            Luck::Empty => Ok(0),
            Luck::Good => SystemDisk.read_at(file, buffer, offset),
            Luck::Fails(errno) | Luck::DoneAndFails(errno) => Err(io::Error::from_raw_os_error(errno)),
        }
    }
    fn write_at(&self, file: &File, octets: &[u8], offset: u64) -> io::Result<()> {
        self.call_at(What::Write, of(file), ("", offset, octets), || {
            SystemDisk.write_at(file, octets, offset)
        })
    }
    fn append(&self, folder: &Folder, name: &str, lines: &[u8]) -> io::Result<()> {
        self.call(What::Append, at(folder), name, || SystemDisk.append(folder, name, lines))
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        self.call(What::Sync, of(file), "", || SystemDisk.sync(file))
    }
    fn sync_data(&self, file: &File) -> io::Result<()> {
        self.call(What::Sync, of(file), "", || SystemDisk.sync_data(file))
    }
    fn sync_dir(&self, folder: &Folder) -> io::Result<()> {
        self.call(What::SyncDir, at(folder), "", || SystemDisk.sync_dir(folder))
    }
    fn rename_new(&self, from: (&Folder, &str), to: (&Folder, &str)) -> io::Result<()> {
        self.call(What::Rename, at(to.0), to.1, || SystemDisk.rename_new(from, to))
    }
    fn unlink(&self, folder: &Folder, name: &str) -> io::Result<()> {
        self.call(What::Unlink, at(folder), name, || SystemDisk.unlink(folder, name))
    }
    fn lock(&self, file: &File, is_exclusive: bool) -> io::Result<bool> {
        self.call(What::Lock, of(file), "", || SystemDisk.lock(file, is_exclusive))
    }
    fn room(&self, folder: &Folder) -> io::Result<Room> {
        self.call(What::Room, at(folder), "", || SystemDisk.room(folder))
    }
}
