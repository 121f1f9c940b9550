//! A disk of which calls fail.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use whippet::sys::{Disk, Folder, Room, Stat, SystemDisk};

/// A disk of which one call fails.
pub struct Faulty {
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
pub struct Unread {
    pub file: (u64, u64),
    /// Where the message is in it.
    pub begin: u64,
    pub end: u64,
    /// They give nothing, and no error.
    pub is_short: bool,
}

impl Unread {
    fn meets(&self, file: &File, offset: u64) -> bool {
        let is_there = (self.begin..self.end).contains(&offset);
        is_there && SystemDisk.stat(file).is_ok_and(|stat| stat.identity == self.file)
    }
}

impl Faulty {
    pub fn new(fails_at: usize, errno: i32, is_done: bool) -> Self {
        Faulty { calls: AtomicUsize::new(0), fails_at, errno, is_done, unread: None }
    }

    /// One of which nothing fails but these reads.
    pub fn unreadable(unread: Unread) -> Self {
        Faulty { unread: Some(unread), ..Faulty::new(usize::MAX, 0, false) }
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

    pub fn count(&self) -> usize {
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
