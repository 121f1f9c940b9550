//! The making of a spool: folder by folder, so that a crash at any moment leaves something that the next opener can tell from
//! a folder of other things, and make to its end. And whose it must be.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use super::{FORMAT, OpenError, Place};
use crate::sys::{Disk, Folder};

/// Folders beside those of the entries.
const BESIDE: [&str; 2] = ["host", "ids"];

/// The folder that is made when all else was flushed: where it is, nothing of the rest needs another flush.
const LAST: &str = "log";

/// Makes what is missing of a spool.
pub(super) fn make(disk: &dyn Disk, path: &Path) -> Result<(), OpenError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |error| OpenError::Io { path, error }
    };
    let uid = rustix::process::geteuid().as_raw();
    may_be_made(path, uid)?;
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(fail(path))?;
    let root = disk.open_dir(None, path).map_err(fail(path))?;
    is_ours(path, &root, uid)?;
    if disk.stat_at(&root, "FORMAT").is_ok() && !is_of_this_format(disk, &root) {
        return Err(OpenError::Format(path.to_owned()));
    }
    let make = |name: &str| builder.create(path.join(name)).map_err(fail(&path.join(name)));
    BESIDE.into_iter().chain(Place::ALL.map(Place::name)).try_for_each(make)?;
    if disk.stat_at(&root, "FORMAT").is_err() {
        write_format(disk, &root, path).map_err(fail(&path.join("FORMAT")))?;
    }
    // All of it must be there after a power cut, before anything is said to be in it.
    disk.sync_dir(&root).map_err(fail(path))?;
    if let Some(parent) = path.parent() {
        let parent_folder = disk.open_dir(None, parent).map_err(fail(parent))?;
        disk.sync_dir(&parent_folder).map_err(fail(parent))?;
    }
    make(LAST)
}

/// Whether a crash, or somebody at this moment, has left the making of a spool half done: nothing is there that a spool has
/// not, and what is made last is missing.
pub(super) fn is_begun(disk: &dyn Disk, path: &Path) -> bool {
    let Ok(root) = disk.open_dir(None, path) else { return false };
    let has = |name: &str| disk.stat_at(&root, name).is_ok();
    if has(LAST) {
        return false;
    }
    let known: Vec<&str> = BESIDE.into_iter().chain(Place::ALL.map(Place::name)).collect();
    let mut is_spool = true;
    let listed = disk.list(&root, &mut |name| {
        let name = name.to_string_lossy();
        is_spool &= known.contains(&name.as_ref()) || name == "FORMAT" || name.starts_with("FORMAT.");
    });
    listed.is_ok() && is_spool && (!has("FORMAT") || is_of_this_format(disk, &root))
}

fn is_of_this_format(disk: &dyn Disk, root: &Folder) -> bool {
    let mut text = [0; 64];
    let read = disk.open(root, "FORMAT", false).and_then(|file| disk.read_at(&file, &mut text, 0));
    read.is_ok_and(|count| &text[..count] == FORMAT.as_bytes())
}

/// What root makes in another user's folder that user could not use.
fn may_be_made(path: &Path, uid: u32) -> Result<(), OpenError> {
    let there = path.ancestors().find_map(|path| Some((path, std::fs::metadata(path).ok()?.uid())));
    match there {
        Some((path, owner)) if uid == 0 && owner != 0 => Err(foreign(path, owner)),
        _ => Ok(()),
    }
}

fn foreign(path: &Path, owner: u32) -> OpenError {
    let what = format!("it belongs to the user with the id {owner}");
    OpenError::NotOurs { path: path.to_owned(), what, owner: Some(owner) }
}

/// Whether a spool is there, all of it, and flushed.
pub(super) fn is_made(disk: &dyn Disk, path: &Path) -> bool {
    let Ok(root) = disk.open_dir(None, path) else { return false };
    let mut names = BESIDE.into_iter().chain(Place::ALL.map(Place::name)).chain(["FORMAT", LAST]);
    names.all(|name| disk.stat_at(&root, name).is_ok())
}

/// Writes `FORMAT` beside itself and gives it its name when it is whole. Two who do so at once write the same.
fn write_format(disk: &dyn Disk, root: &Folder, path: &Path) -> io::Result<()> {
    let written = format!("FORMAT.{}", std::process::id());
    let _ = disk.unlink(root, &written);
    let file = disk.create_new(root, &written)?;
    disk.write_at(&file, FORMAT.as_bytes(), 0)?;
    disk.sync(&file)?;
    match disk.rename_new((root, &written), (root, "FORMAT")) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => disk.unlink(root, &written),
        other => other,
    }
    .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Refuses a folder that others can write to, or exchange.
pub(super) fn is_ours(path: &Path, root: &Folder, uid: u32) -> Result<(), OpenError> {
    let wrong = |path: &Path, what: &str| {
        Err(OpenError::NotOurs { path: path.to_owned(), what: what.to_owned(), owner: None })
    };
    let stat = root.stat().map_err(|error| OpenError::Io { path: path.to_owned(), error })?;
    if stat.owner != uid {
        return Err(foreign(path, stat.owner));
    }
    if stat.mode & 0o022 != 0 {
        return wrong(path, "others may write to it");
    }
    for parent in path.ancestors().skip(1) {
        let Ok(stat) = std::fs::metadata(parent) else { continue };
        let (is_shared, is_sticky) = (stat.mode() & 0o022 != 0, stat.mode() & 0o1000 != 0);
        // The folder of a group that only its owner is in is common, and no stranger's.
        let is_private_group = stat.mode() & 0o002 == 0 && stat.uid() == uid;
        if is_shared && !is_sticky && !is_private_group {
            return wrong(parent, "others may write to it, and so put another spool in its place");
        }
    }
    Ok(())
}
