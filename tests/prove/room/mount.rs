//! Filesystems of the test's own: in memory, or in a file behind a loop device.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::real::home::try_done;

/// What is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Tmpfs,
    Ext4,
    Xfs,
    Btrfs,
    F2fs,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Tmpfs => "tmpfs",
            Kind::Ext4 => "ext4",
            Kind::Xfs => "xfs",
            Kind::Btrfs => "btrfs",
            Kind::F2fs => "f2fs",
        }
    }

    /// Octets of the image: the least that its mkfs takes, and a little more.
    pub fn size(self) -> u64 {
        match self {
            Kind::Tmpfs | Kind::Ext4 => 40 << 20,
            Kind::Xfs => 320 << 20,
            Kind::Btrfs | Kind::F2fs => 160 << 20,
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Kind::Tmpfs => &[],
            Kind::Ext4 => &["-q", "-b", "4096", "-m", "0", "-N", "2048"],
            Kind::Xfs | Kind::Btrfs | Kind::F2fs => &["-q"],
        }
    }
}

/// Blocks of all of them.
pub const BLOCK: u64 = 4096;

/// A mounted filesystem. Dropped, it is not mounted any more.
pub struct Mount {
    pub path: PathBuf,
    balloon: PathBuf,
}

impl Mount {
    /// A new filesystem, at a folder that is made; its image beside it.
    pub fn new(kind: Kind, path: &Path) -> Result<Self, String> {
        if kind == Kind::Tmpfs {
            let options = format!("size={},nr_inodes=2048,mode=700", kind.size());
            fs::create_dir(path).unwrap();
            try_done(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(path))?;
            return Ok(Mount::at(path));
        }
        Mount::sized(kind, path, kind.size())
    }

    /// The same, with an image of so many octets.
    pub fn sized(kind: Kind, path: &Path, size: u64) -> Result<Self, String> {
        let image = path.with_extension("img");
        Mount::make(kind, &image, size)?;
        Mount::of_image(kind, path, &image)
    }

    /// Makes an image.
    pub fn make(kind: Kind, image: &Path, size: u64) -> Result<(), String> {
        File::create(image).and_then(|file| file.set_len(size)).unwrap();
        try_done(Command::new(format!("mkfs.{}", kind.name())).args(kind.options()).arg(image))
    }

    /// Mounts an image that is there.
    pub fn of_image(kind: Kind, path: &Path, image: &Path) -> Result<Self, String> {
        fs::create_dir(path).unwrap();
        try_done(Command::new("mount").args(["-t", kind.name(), "-o", "loop"]).arg(image).arg(path))?;
        try_done(Command::new("chmod").arg("700").arg(path))?;
        Ok(Mount::at(path))
    }

    fn at(path: &Path) -> Self {
        Mount { path: path.to_owned(), balloon: path.join("balloon") }
    }

    /// Leaves so many blocks free, by a file that has all others; gives how many there are.
    pub fn fill(&self, blocks: u64) -> u64 {
        self.empty();
        let file = File::create(&self.balloon).unwrap();
        let mut size = 0;
        // Large pieces first, then block by block: what the filesystem itself needs grows with the file.
        for step in [8 << 20, 1 << 20, 64 << 10, BLOCK] {
            while rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), size, step).is_ok() {
                size += step;
            }
        }
        let block = [1; BLOCK as usize];
        while file.write_all_at(&block, size).and_then(|()| file.sync_all()).is_ok() {
            size += BLOCK;
        }
        if blocks > 0 {
            file.set_len(size - blocks * BLOCK).unwrap();
        }
        file.sync_all().unwrap();
        rustix::fs::statvfs(&self.path).unwrap().f_bavail
    }

    /// Leaves so many files that can be made; gives how many there are.
    pub fn fill_files(&self, files: usize) -> u64 {
        fs::create_dir(&self.balloon).unwrap();
        let mut made = Vec::new();
        while let Ok(mut file) = File::create_new(self.balloon.join(made.len().to_string())) {
            // Of a filesystem that sets files aside in groups, each is really there.
            let _ = file.write_all(b"");
            made.push(self.balloon.join(made.len().to_string()));
        }
        made.iter().rev().take(files).for_each(|path| fs::remove_file(path).unwrap());
        rustix::fs::statvfs(&self.path).unwrap().f_favail
    }

    /// There is room again.
    pub fn empty(&self) {
        let _ = fs::remove_file(&self.balloon);
        let _ = fs::remove_dir_all(&self.balloon);
        rustix::fs::syncfs(File::open(&self.path).unwrap()).unwrap();
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if let Err(words) = try_done(Command::new("umount").arg(&self.path)) {
            println!("{words}");
        }
    }
}
