//! The store: folders and files of a spool, and the only caller of [`Disk`] for entries. A file of it is opened by its
//! folder and name alone, never through a link; what is not ours is reported and left alone.

mod abandoned;
#[cfg(test)]
pub(super) mod faults;
mod incoming;
mod making;
mod read;
mod second;
mod taken;

pub(super) use abandoned::ABANDONED_S;
pub use incoming::{Submission, SubmitError};
pub use read::Seen;
pub use taken::{Body, Taken, Trouble};

use making::{is_begun, is_made, is_ours, make};

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{Id, Name};
use crate::sys::{Disk, Folder, Room};

/// The first line of `FORMAT`.
const FORMAT: &str = "whippet spool 1\n";

/// Where an entry can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `tmp/`: being written.
    Tmp,
    /// `q/`: queued.
    Queue,
    /// `held/`: waits for a person.
    Held,
    /// `badmail/`: dead letters.
    Badmail,
    /// `corrupt/`: not trusted.
    Corrupt,
}

impl Place {
    /// All of them.
    pub const ALL: [Place; 5] = [Place::Tmp, Place::Queue, Place::Held, Place::Badmail, Place::Corrupt];

    /// The folder's name.
    pub fn name(self) -> &'static str {
        match self {
            Place::Tmp => "tmp",
            Place::Queue => "q",
            Place::Held => "held",
            Place::Badmail => "badmail",
            Place::Corrupt => "corrupt",
        }
    }
}

/// Why a spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is not there.
    #[error("there is no spool at {0}")]
    Absent(PathBuf),
    /// The system says no.
    #[error("cannot use the spool {path}: {}", crate::sys::reason(.error), path = .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Somebody else could change what is in it.
    #[error("cannot use the spool {}: {what}", .path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// The user it belongs to, where that is what is wrong.
        owner: Option<u32>,
    },
    /// A later version of whippet has written it.
    #[error("the spool {0} has a format that this version does not know; nothing was touched")]
    Format(PathBuf),
}

/// An open spool.
#[derive(Debug)]
pub struct Store<'d> {
    pub(super) disk: DiskRef<'d>,
    root: Folder,
    folders: [Folder; 5],
    /// `host/`, from when it is first wanted.
    gates: OnceLock<Folder>,
    uid: u32,
    /// Held with a shared lock: nobody changes the format while we are here.
    _format: File,
}

/// The disk, with a name for Debug.
#[derive(Clone, Copy)]
pub(super) struct DiskRef<'d>(pub &'d dyn Disk);

impl std::fmt::Debug for DiskRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Disk")
    }
}

impl<'d> std::ops::Deref for DiskRef<'d> {
    type Target = dyn Disk + 'd;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl<'d> Store<'d> {
    /// Opens the spool at this absolute path; makes it where there is none, and what is missing of it.
    pub fn create(disk: &'d dyn Disk, path: &Path) -> Result<Self, OpenError> {
        if !is_made(disk, path) {
            make(disk, path)?;
        }
        Store::open_whole(disk, path)
    }

    /// Opens the spool at this absolute path. What a crash has left of its making is made to its end.
    pub fn open(disk: &'d dyn Disk, path: &Path) -> Result<Self, OpenError> {
        match Store::open_whole(disk, path) {
            // It may not have been flushed. Where nothing can be written it is good enough to be read.
            Ok(store) if is_begun(disk, path) => Store::create(disk, path).or(Ok(store)),
            // Another process may just have made the rest.
            Err(OpenError::Absent(_)) if is_begun(disk, path) || is_made(disk, path) => {
                Store::create(disk, path)
            }
            other => other,
        }
    }

    fn open_whole(disk: &'d dyn Disk, path: &Path) -> Result<Self, OpenError> {
        let fail = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => OpenError::Absent(path.to_owned()),
            _ => OpenError::Io { path: path.to_owned(), error },
        };
        let root = disk.open_dir(None, path).map_err(fail)?;
        let uid = rustix::process::geteuid().as_raw();
        is_ours(path, &root, uid)?;
        let format = disk.open(&root, "FORMAT", false).map_err(fail)?;
        let mut text = [0; 64];
        let count = disk.read_at(&format, &mut text, 0).map_err(fail)?;
        // Whoever changes the format waits for us, and we for them.
        if &text[..count] != FORMAT.as_bytes() || !disk.lock(&format, false).map_err(fail)? {
            return Err(OpenError::Format(path.to_owned()));
        }
        let mut folders = Vec::new();
        for place in Place::ALL {
            folders.push(disk.open_dir(Some(&root), Path::new(place.name())).map_err(fail)?);
        }
        let folders = folders.try_into().expect("each place has a folder");
        Ok(Store { disk: DiskRef(disk), root, folders, gates: OnceLock::new(), uid, _format: format })
    }

    /// A folder beside those of the entries: `host`, `ids` or `log`. What it holds may be lost, and so may the folder.
    pub fn folder(&self, name: &str) -> io::Result<Folder> {
        let open = || self.disk.open_dir(Some(&self.root), Path::new(name));
        match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.disk.make_dir(&self.root, name)?;
                open()
            }
            other => other,
        }
    }

    /// The folder of the gates.
    pub fn gates(&self) -> io::Result<&Folder> {
        if self.gates.get().is_none() {
            // Whoever comes second has opened another, and drops it.
            let _ = self.gates.set(self.folder("host")?);
        }
        self.gates.get().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    /// The seam that the spool lies on.
    pub fn disk(&self) -> &'d dyn Disk {
        self.disk.0
    }

    pub(super) fn at(&self, place: Place) -> &Folder {
        &self.folders[place as usize]
    }

    /// What is free on its filesystem.
    pub fn room(&self) -> io::Result<Room> {
        self.disk.room(&self.root)
    }

    /// Every well-formed name in `q/`; the others are given to `strange`.
    pub fn scan(&self, strange: &mut dyn FnMut(String)) -> io::Result<Vec<Name>> {
        let mut names = Vec::new();
        self.each_queued(&mut |name| names.push(name), strange)?;
        Ok(names)
    }

    /// Calls `each` with every well-formed name in `q/`, and `strange` with the others. None is kept: a run keeps those that
    /// are due.
    pub fn each_queued(&self, each: &mut dyn FnMut(Name), strange: &mut dyn FnMut(String)) -> io::Result<()> {
        self.files(Place::Queue, &mut |file| match Name::from_octets(file.to_bytes()) {
            Some(name) => each(name),
            None => strange(file.to_string_lossy().into_owned()),
        })
    }

    /// Every well-formed name in another place; the others are given to `strange`.
    pub fn ids(&self, place: Place, strange: &mut dyn FnMut(String)) -> io::Result<Vec<Id>> {
        let mut ids = Vec::new();
        self.files(place, &mut |file| match Id::from_octets(file.to_bytes()) {
            Some(id) => ids.push(id),
            None => strange(file.to_string_lossy().into_owned()),
        })?;
        Ok(ids)
    }

    /// Calls `each` with every name in a place.
    pub(super) fn names(&self, place: Place, each: &mut dyn FnMut(&str)) -> io::Result<()> {
        self.files(place, &mut |file| each(&file.to_string_lossy()))
    }

    fn files(&self, place: Place, each: &mut dyn FnMut(&CStr)) -> io::Result<()> {
        // A folder that is open twice can be read by two at once.
        let folder = self.disk.open_dir(Some(&self.root), Path::new(place.name()))?;
        self.disk.list(&folder, each)
    }

    /// Where the entry is, if it is somewhere: in `q/` with its name.
    pub fn find(&self, id: Id) -> io::Result<Option<(Place, Option<Name>)>> {
        let queued = self.scan(&mut |_| {})?.into_iter().find(|name| name.id == id);
        if let Some(name) = queued {
            return Ok(Some((Place::Queue, Some(name))));
        }
        for place in [Place::Held, Place::Badmail, Place::Corrupt] {
            if self.disk.stat_at(self.at(place), &id.to_string()).is_ok() {
                return Ok(Some((place, None)));
            }
        }
        Ok(None)
    }
}
