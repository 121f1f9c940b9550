//! A disk that counts what is written: into gates, and into entries.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Mutex;

use whippet::sys::{Disk, Folder, Room, Stat, SystemDisk};

/// What was written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Written {
    /// Writes into gates.
    pub gates: usize,
    /// Entries of the queue, each by its inode.
    pub entries: BTreeSet<u64>,
    /// Octets in all.
    pub octets: usize,
}

/// The disk.
#[derive(Default)]
pub struct Counting(Mutex<Written>);

impl Counting {
    /// What was written since this was last asked.
    pub fn take(&self) -> Written {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Disk for Counting {
    fn open_dir(&self, parent: Option<&Folder>, path: &Path) -> io::Result<Folder> {
        SystemDisk.open_dir(parent, path)
    }
    fn make_dir(&self, parent: &Folder, name: &str) -> io::Result<()> {
        SystemDisk.make_dir(parent, name)
    }
    fn list(&self, folder: &Folder, each: &mut dyn FnMut(&CStr)) -> io::Result<()> {
        SystemDisk.list(folder, each)
    }
    fn stat(&self, file: &File) -> io::Result<Stat> {
        SystemDisk.stat(file)
    }
    fn stat_at(&self, folder: &Folder, name: &str) -> io::Result<Stat> {
        SystemDisk.stat_at(folder, name)
    }
    fn create_new(&self, folder: &Folder, name: &str) -> io::Result<File> {
        SystemDisk.create_new(folder, name)
    }
    fn open(&self, folder: &Folder, name: &str, is_written: bool) -> io::Result<File> {
        SystemDisk.open(folder, name, is_written)
    }
    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        SystemDisk.read_at(file, buffer, offset)
    }
    fn write_at(&self, file: &File, octets: &[u8], offset: u64) -> io::Result<()> {
        // Where it is, by proc(5).
        let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_owned();
        let mut written = self.0.lock().unwrap();
        written.octets += octets.len();
        if folder == "host" {
            written.gates += 1;
        } else if folder != "ids" {
            written.entries.insert(file.metadata()?.ino());
        }
        SystemDisk.write_at(file, octets, offset)
    }
    fn append(&self, folder: &Folder, name: &str, lines: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().octets += lines.len();
        SystemDisk.append(folder, name, lines)
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        SystemDisk.sync(file)
    }
    fn sync_data(&self, file: &File) -> io::Result<()> {
        SystemDisk.sync_data(file)
    }
    fn sync_dir(&self, folder: &Folder) -> io::Result<()> {
        SystemDisk.sync_dir(folder)
    }
    fn rename_new(&self, from: (&Folder, &str), to: (&Folder, &str)) -> io::Result<()> {
        SystemDisk.rename_new(from, to)
    }
    fn unlink(&self, folder: &Folder, name: &str) -> io::Result<()> {
        SystemDisk.unlink(folder, name)
    }
    fn lock(&self, file: &File, is_exclusive: bool) -> io::Result<bool> {
        SystemDisk.lock(file, is_exclusive)
    }
    fn room(&self, folder: &Folder) -> io::Result<Room> {
        SystemDisk.room(folder)
    }
}
