//! The disk, as a spool needs it: a few operations on kept folders and open files, one seam, so that tests can lose
//! what was not flushed. No file is opened by an absolute name, no link is followed, and every descriptor is closed in
//! children.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags, RenameFlags};

/// Octets of names that are read at once.
#[cfg(target_os = "linux")]
const NAMES: usize = 64 * 1024;

/// A folder that is kept open.
#[derive(Debug)]
pub struct Folder(OwnedFd);

/// What is known of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// A regular file, no link, device or FIFO.
    pub is_regular: bool,
    /// Which file it is: device and inode.
    pub identity: (u64, u64),
    /// The owner's user id.
    pub owner: u32,
    /// The permission bits.
    pub mode: u32,
    /// How many names it has.
    pub links: u64,
    /// Octets.
    pub size: u64,
    /// Last change of its content, seconds since 1970.
    pub changed_s: i64,
}

/// What is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Octets that this user may still write.
    pub octets: u64,
    /// Files that may still be made; `u64::MAX` where the filesystem does not count them.
    pub files: u64,
}

/// The operations. Where a call is interrupted by a signal it is made again.
pub trait Disk: Sync {
    /// Opens a folder in a folder, or an absolute one; never through a link at its end.
    fn open_dir(&self, parent: Option<&Folder>, path: &Path) -> io::Result<Folder>;
    /// Makes a folder in a folder, 0700; nothing if there is one of this name.
    fn make_dir(&self, parent: &Folder, name: &str) -> io::Result<()>;
    /// Calls `each` with every name in the folder but `.` and `..`, in no order.
    fn list(&self, folder: &Folder, each: &mut dyn FnMut(&CStr)) -> io::Result<()>;
    /// What is known of an open file.
    fn stat(&self, file: &File) -> io::Result<Stat>;
    /// What is known of a name, which may be a link.
    fn stat_at(&self, folder: &Folder, name: &str) -> io::Result<Stat>;
    /// Makes a file that must not exist, for reading and writing, 0600.
    fn create_new(&self, folder: &Folder, name: &str) -> io::Result<File>;
    /// Opens a file for reading and writing, or for reading alone; no link, and without waiting for a FIFO.
    fn open(&self, folder: &Folder, name: &str, is_written: bool) -> io::Result<File>;
    /// Reads at a place; 0 is the end.
    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes at a place, all of it or an error.
    fn write_at(&self, file: &File, octets: &[u8], offset: u64) -> io::Result<()>;
    /// Flushes a file with all that is needed to find it by its descriptor.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// Flushes a file's content.
    fn sync_data(&self, file: &File) -> io::Result<()>;
    /// Flushes the names in a folder.
    fn sync_dir(&self, folder: &Folder) -> io::Result<()>;
    /// Adds lines to the end of a file, 0600, in one piece whoever else adds to it; makes it if there is none. A line that was
    /// cut short before is ended first. Nothing is flushed.
    fn append(&self, folder: &Folder, name: &str, lines: &[u8]) -> io::Result<()> {
        append(folder, name, lines)
    }
    /// Renames; fails if the new name exists.
    fn rename_new(&self, from: (&Folder, &str), to: (&Folder, &str)) -> io::Result<()>;
    /// Removes a name.
    fn unlink(&self, folder: &Folder, name: &str) -> io::Result<()>;
    /// Locks a file for as long as it is open; `false` when another process holds it.
    fn lock(&self, file: &File, is_exclusive: bool) -> io::Result<bool>;
    /// Gives a lock back at once: a child that is just being started may have the file open for a moment longer.
    fn unlock(&self, file: &File) {
        let _ = rustix::fs::flock(file, FlockOperation::Unlock);
    }
    /// What is free on the folder's filesystem.
    fn room(&self, folder: &Folder) -> io::Result<Room>;
}

fn append(folder: &Folder, name: &str, lines: &[u8]) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::RDWR | OFlags::APPEND;
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file =
        again(|| rustix::fs::openat(&folder.0, name, flags, Mode::RUSR | Mode::WUSR)).map(File::from)?;
    let stat = SystemDisk.stat(&file)?;
    if !stat.is_regular {
        return Err(io::Error::other("it is no file"));
    }
    let mut last = [b'\n'];
    if stat.size > 0 {
        SystemDisk.read_at(&file, &mut last, stat.size - 1)?;
    }
    let ended = if last == *b"\n" { &[][..] } else { b"\n" };
    // One write: two who add at once do not mix their lines.
    let count = file.write(&[ended, lines].concat())?;
    if count < ended.len() + lines.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
}

/// The machine's disks.
#[derive(Debug, Clone, Copy)]
pub struct SystemDisk;

/// Makes a call again for as long as signals interrupt it.
fn again<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return other.map_err(io::Error::from),
        }
    }
}

/// Calls `each` with every name in a folder, as the kernel hands them out: nothing is copied.
#[cfg(target_os = "linux")]
fn each_name(folder: OwnedFd, each: &mut dyn FnMut(&CStr)) -> io::Result<()> {
    let mut room: Vec<u8> = Vec::with_capacity(NAMES);
    let mut names = rustix::fs::RawDir::new(&folder, room.spare_capacity_mut());
    while let Some(entry) = names.next() {
        match entry {
            Ok(entry) => each(entry.file_name()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Calls `each` with every name in a folder.
#[cfg(not(target_os = "linux"))]
fn each_name(folder: OwnedFd, each: &mut dyn FnMut(&CStr)) -> io::Result<()> {
    let mut names = rustix::fs::Dir::new(folder)?;
    while let Some(entry) = names.read() {
        each(entry?.file_name());
    }
    Ok(())
}

impl Disk for SystemDisk {
    fn open_dir(&self, parent: Option<&Folder>, path: &Path) -> io::Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = again(|| match parent {
            Some(parent) => rustix::fs::openat(&parent.0, path, flags, Mode::empty()),
            None => rustix::fs::open(path, flags, Mode::empty()),
        });
        opened.map(Folder)
    }

    fn make_dir(&self, parent: &Folder, name: &str) -> io::Result<()> {
        match again(|| rustix::fs::mkdirat(&parent.0, name, Mode::RWXU)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    }

    fn list(&self, folder: &Folder, each: &mut dyn FnMut(&CStr)) -> io::Result<()> {
        // An open folder has one place where it is read: a second reader needs a folder of its own.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let own = again(|| rustix::fs::openat(&folder.0, c".", flags, Mode::empty()))?;
        each_name(own, &mut |name| {
            if !matches!(name.to_bytes(), b"." | b"..") {
                each(name);
            }
        })
    }

    fn stat(&self, file: &File) -> io::Result<Stat> {
        again(|| rustix::fs::fstat(file)).map(|stat| Stat::from(&stat))
    }

    fn stat_at(&self, folder: &Folder, name: &str) -> io::Result<Stat> {
        again(|| rustix::fs::statat(&folder.0, name, AtFlags::SYMLINK_NOFOLLOW)).map(|stat| Stat::from(&stat))
    }

    fn create_new(&self, folder: &Folder, name: &str) -> io::Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        again(|| rustix::fs::openat(&folder.0, name, flags, Mode::RUSR | Mode::WUSR)).map(File::from)
    }

    fn open(&self, folder: &Folder, name: &str, is_written: bool) -> io::Result<File> {
        let access = if is_written { OFlags::RDWR } else { OFlags::RDONLY };
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        again(|| rustix::fs::openat(&folder.0, name, flags, Mode::empty())).map(File::from)
    }

    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match file.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn write_at(&self, file: &File, octets: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(octets, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        again(|| rustix::fs::fsync(file))
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        again(|| rustix::fs::fdatasync(file))
    }

    fn sync_dir(&self, folder: &Folder) -> io::Result<()> {
        again(|| rustix::fs::fsync(&folder.0))
    }

    fn rename_new(&self, from: (&Folder, &str), to: (&Folder, &str)) -> io::Result<()> {
        let renamed =
            again(|| rustix::fs::renameat_with(&from.0.0, from.1, &to.0.0, to.1, RenameFlags::NOREPLACE));
        match renamed {
            // Not every filesystem knows NOREPLACE; a link does not replace either.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::INVAL.raw_os_error()) => {
                again(|| rustix::fs::linkat(&from.0.0, from.1, &to.0.0, to.1, AtFlags::empty()))?;
                self.unlink(from.0, from.1)
            }
            other => other,
        }
    }

    fn unlink(&self, folder: &Folder, name: &str) -> io::Result<()> {
        again(|| rustix::fs::unlinkat(&folder.0, name, AtFlags::empty()))
    }

    fn lock(&self, file: &File, is_exclusive: bool) -> io::Result<bool> {
        let operation = if is_exclusive {
            FlockOperation::NonBlockingLockExclusive
        } else {
            FlockOperation::NonBlockingLockShared
        };
        match again(|| rustix::fs::flock(file, operation)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn room(&self, folder: &Folder) -> io::Result<Room> {
        let stat = again(|| rustix::fs::fstatvfs(&folder.0))?;
        // btrfs and others make files as they are wanted, and count none.
        let files = if stat.f_files == 0 { u64::MAX } else { stat.f_favail };
        Ok(Room { octets: stat.f_bavail.saturating_mul(stat.f_frsize), files })
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Folder {
    /// What is known of the folder itself.
    pub fn stat(&self) -> io::Result<Stat> {
        again(|| rustix::fs::fstat(&self.0)).map(|stat| Stat::from(&stat))
    }
}

impl From<&rustix::fs::Stat> for Stat {
    #[allow(clippy::unnecessary_cast, reason = "the widths differ between systems")]
    fn from(stat: &rustix::fs::Stat) -> Self {
        Stat {
            is_regular: FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile,
            identity: (stat.st_dev as u64, stat.st_ino as u64),
            owner: stat.st_uid,
            mode: stat.st_mode as u32 & 0o7777,
            links: stat.st_nlink as u64,
            size: stat.st_size as u64,
            changed_s: stat.st_mtime as i64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_replaced_and_no_link_is_followed() {
        let place = tempfile::tempdir().unwrap();
        let disk = SystemDisk;
        let folder = disk.open_dir(None, place.path()).unwrap();
        let file = disk.create_new(&folder, "a").unwrap();
        disk.write_at(&file, b"text", 0).unwrap();
        assert!(disk.create_new(&folder, "a").is_err());
        drop(disk.create_new(&folder, "b").unwrap());
        assert!(disk.rename_new((&folder, "a"), (&folder, "b")).is_err());
        disk.rename_new((&folder, "a"), (&folder, "c")).unwrap();
        std::os::unix::fs::symlink("c", place.path().join("link")).unwrap();
        assert!(disk.open(&folder, "link", false).is_err());
        assert!(!disk.stat_at(&folder, "link").unwrap().is_regular);
        let stat = disk.stat_at(&folder, "c").unwrap();
        assert!(stat.is_regular && stat.links == 1 && stat.size == 4 && stat.mode == 0o600);
        disk.make_dir(&folder, "d").unwrap();
        disk.make_dir(&folder, "d").unwrap();
        assert_eq!(disk.open_dir(Some(&folder), Path::new("d")).unwrap().stat().unwrap().mode, 0o700);
        let mut names = Vec::new();
        disk.list(&folder, &mut |name| names.push(name.to_str().unwrap().to_owned())).unwrap();
        names.sort();
        assert_eq!(names, ["b", "c", "d", "link"]);
    }

    #[test]
    fn a_lock_is_one_file_of_one_opener() {
        let place = tempfile::tempdir().unwrap();
        let disk = SystemDisk;
        let folder = disk.open_dir(None, place.path()).unwrap();
        let first = disk.create_new(&folder, "a").unwrap();
        let second = disk.open(&folder, "a", true).unwrap();
        assert!(disk.lock(&first, true).unwrap());
        assert!(!disk.lock(&second, true).unwrap());
        drop(first);
        assert!(disk.lock(&second, true).unwrap());
    }
}
