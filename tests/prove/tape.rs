//! A disk that writes down every change it makes, so that each moment of it can be made again. And what is said and heard
//! meanwhile, in the same order.

use std::collections::HashMap;
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use whippet::sys::{Disk, Folder, Room, Stat, SystemDisk};

use crate::world::Copy;

/// A name: its folder in the spool and itself.
pub type Spot = (String, String);

/// One change, or one thing said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// A file comes to be, under a name.
    Create { file: usize, at: Spot },
    /// Octets go into a file.
    Write { file: usize, offset: u64, octets: Vec<u8> },
    /// Octets in a file are changed by nobody: what was there before is gone at once.
    Damage { file: usize, offset: u64, octets: Vec<u8> },
    /// A file is flushed.
    Sync { file: usize },
    /// The names in a folder are flushed.
    SyncDir { folder: String },
    /// A file gets another name.
    Rename { file: usize, from: Spot, to: Spot },
    /// A name goes.
    Unlink { at: Spot },
    /// The submitter is told that it is queued.
    Acknowledged,
    /// The dot for these recipients is about to be allowed.
    Asked { to: Vec<String> },
    /// The peer has taken these.
    Taken { copies: Vec<Copy> },
    /// What the peer said of these recipients is recorded.
    Recorded { to: Vec<String> },
    /// Of these nothing was heard any more: it is recorded that they are in doubt.
    Unheard { to: Vec<String> },
    /// A person, or a run, begins with this.
    Begun { what: &'static str },
    /// It is done, and was said to be.
    Ended { what: &'static str },
    /// Nothing: something was left out here.
    Nothing,
}

type Identity = (u64, u64);

/// The recording.
#[derive(Default)]
pub struct Tape {
    ops: Mutex<Vec<Op>>,
    known: Mutex<Known>,
}

/// Which number and which name a file and a folder have.
#[derive(Default)]
struct Known {
    files: HashMap<Identity, usize>,
    count: usize,
    folders: HashMap<Identity, String>,
    names: HashMap<Spot, usize>,
}

impl Tape {
    /// Takes something in.
    pub fn note(&self, op: Op) {
        self.ops.lock().unwrap().push(op);
    }

    /// All that was recorded.
    pub fn ops(&self) -> Vec<Op> {
        self.ops.lock().unwrap().clone()
    }

    fn spot(&self, folder: &Folder, name: &str) -> Spot {
        (self.folder(folder), name.to_owned())
    }

    fn folder(&self, folder: &Folder) -> String {
        let identity = folder.stat().unwrap().identity;
        self.known.lock().unwrap().folders.get(&identity).cloned().unwrap_or_default()
    }

    fn file(&self, file: &File) -> usize {
        let identity = SystemDisk.stat(file).unwrap().identity;
        self.known.lock().unwrap().files.get(&identity).copied().unwrap_or(usize::MAX)
    }

    fn synced(&self, file: &File) {
        self.note(Op::Sync { file: self.file(file) });
    }
}

impl Disk for Tape {
    fn open_dir(&self, parent: Option<&Folder>, path: &Path) -> io::Result<Folder> {
        let folder = SystemDisk.open_dir(parent, path)?;
        let name = match parent.map(|parent| self.folder(parent)) {
            None => String::new(),
            Some(parent) if parent.is_empty() => path.display().to_string(),
            Some(parent) => format!("{parent}/{}", path.display()),
        };
        let identity = folder.stat()?.identity;
        self.known.lock().unwrap().folders.insert(identity, name);
        Ok(folder)
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
        let file = SystemDisk.create_new(folder, name)?;
        let (identity, at) = (SystemDisk.stat(&file)?.identity, self.spot(folder, name));
        let mut known = self.known.lock().unwrap();
        let number = known.count;
        known.count += 1;
        known.files.insert(identity, number);
        known.names.insert(at.clone(), number);
        drop(known);
        self.note(Op::Create { file: number, at });
        Ok(file)
    }

    fn open(&self, folder: &Folder, name: &str, is_written: bool) -> io::Result<File> {
        SystemDisk.open(folder, name, is_written)
    }

    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        SystemDisk.read_at(file, buffer, offset)
    }

    fn write_at(&self, file: &File, octets: &[u8], offset: u64) -> io::Result<()> {
        SystemDisk.write_at(file, octets, offset)?;
        self.note(Op::Write { file: self.file(file), offset, octets: octets.to_vec() });
        Ok(())
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.synced(file);
        Ok(())
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        self.synced(file);
        Ok(())
    }

    fn sync_dir(&self, folder: &Folder) -> io::Result<()> {
        self.note(Op::SyncDir { folder: self.folder(folder) });
        Ok(())
    }

    fn rename_new(&self, from: (&Folder, &str), to: (&Folder, &str)) -> io::Result<()> {
        SystemDisk.rename_new(from, to)?;
        let (from, to) = (self.spot(from.0, from.1), self.spot(to.0, to.1));
        let mut known = self.known.lock().unwrap();
        let file = known.names.remove(&from).unwrap();
        known.names.insert(to.clone(), file);
        drop(known);
        self.note(Op::Rename { file, from, to });
        Ok(())
    }

    fn unlink(&self, folder: &Folder, name: &str) -> io::Result<()> {
        SystemDisk.unlink(folder, name)?;
        let at = self.spot(folder, name);
        self.known.lock().unwrap().names.remove(&at);
        self.note(Op::Unlink { at });
        Ok(())
    }

    fn lock(&self, file: &File, is_exclusive: bool) -> io::Result<bool> {
        SystemDisk.lock(file, is_exclusive)
    }

    fn room(&self, folder: &Folder) -> io::Result<Room> {
        SystemDisk.room(folder)
    }
}
