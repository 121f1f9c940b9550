//! A disk that counts what is written: into gates, and into entries.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Mutex;

use crate::through::real;
use whippet::sys::{Disk, Folder, SystemDisk};

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
    real!(open_dir make_dir list stat stat_at create_new open read_at sync sync_data sync_dir rename_new unlink lock room);
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
}
