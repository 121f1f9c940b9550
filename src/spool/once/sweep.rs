//! What the memory of submissions need not keep: records that can answer nothing any more. A sixteenth of it is looked
//! through at most once an hour, so that a run with nothing to do costs one look at one file.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;

use super::{ACCEPTED, lock_at, read};
use crate::spool::{Id, Place, Store};
use crate::sys::{Disk, Folder};

/// A file of `ids/` whose time says when a part was last looked through, and whose text which one is next.
const MARK: &str = "swept";
/// At most so often, seconds.
const INTERVAL_S: u64 = 3600;

impl Store<'_> {
    /// Forgets the records of the next part that are older than `window_s` and whose entry is neither queued nor held. Gives
    /// how many went; `None` when it was not time to look.
    pub(in crate::spool) fn sweep_memory(&self, window_s: u64, now_s: u64) -> io::Result<Option<usize>> {
        let (disk, ids) = (self.disk(), self.folder("ids")?);
        let swept_s = disk.stat_at(&ids, MARK).map_or(0, |stat| u64::try_from(stat.changed_s).unwrap_or(0));
        // A clock that was set back does not stop it.
        if now_s.abs_diff(swept_s) < INTERVAL_S {
            return Ok(None);
        }
        let mark = match disk.open(&ids, MARK, true) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => disk.create_new(&ids, MARK)?,
            other => other?,
        };
        if !disk.lock(&mark, true)? {
            return Ok(None);
        }
        let mut digit = [b'0'];
        disk.read_at(&mark, &mut digit, 0)?;
        let part = char::from(digit[0]).to_digit(16).unwrap_or(0);
        let next = char::from_digit((part + 1) % 16, 16).unwrap_or('0');
        disk.write_at(&mark, &[next as u8], 0)?;
        self.sweep_part(&ids, char::from_digit(part, 16).unwrap_or('0'), window_s, now_s).map(Some)
    }

    fn sweep_part(&self, ids: &Folder, digit: char, window_s: u64, now_s: u64) -> io::Result<usize> {
        let disk = self.disk();
        let mut count = 0;
        for part in names(disk, ids, 2)?.into_iter().filter(|part| part.starts_with(digit)) {
            let folder = disk.open_dir(Some(ids), Path::new(&part))?;
            let is_old = |file: &File| -> io::Result<bool> {
                let marked_s = u64::try_from(disk.stat(file)?.changed_s).unwrap_or(0);
                Ok(now_s.abs_diff(marked_s) >= window_s)
            };
            let mut waiting = Vec::new();
            for name in names(disk, &folder, 64)? {
                let Some(file) = open(disk, &folder, &name)? else { continue };
                // What is newer is not even locked: a submission would wait for it.
                if !is_old(&file)? || !lock_at(disk, &folder, &name, &file)? {
                    continue;
                }
                match read(disk, &file)? {
                    Some((id, mark)) if mark != ACCEPTED => waiting.push((name, id)),
                    _ => {
                        disk.unlink(&folder, &name)?;
                        count += 1;
                    }
                }
            }
            let here = self.here(waiting.iter().map(|(_, id)| *id).collect())?;
            for (name, id) in waiting.into_iter().filter(|(_, id)| !here.contains(id)) {
                let Some(file) = open(disk, &folder, &name)? else { continue };
                let is_free = lock_at(disk, &folder, &name, &file)?;
                // The same mail may have been taken anew since.
                if is_free && is_old(&file)? && read(disk, &file)?.is_some_and(|(now, _)| now == id) {
                    disk.unlink(&folder, &name)?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    /// Those of these entries that are queued or held.
    fn here(&self, wanted: BTreeSet<Id>) -> io::Result<BTreeSet<Id>> {
        let mut here = BTreeSet::new();
        if wanted.is_empty() {
            return Ok(here);
        }
        // A name that is changed while the folder is read may be missed once.
        for _ in 0..2 {
            self.each_queued(&mut |name| here.extend(wanted.get(&name.id)), &mut |_| {})?;
        }
        here.extend(self.ids(Place::Held, &mut |_| {})?.iter().filter_map(|id| wanted.get(id)));
        Ok(here)
    }
}

/// A record, if it is a file of ours to begin with.
fn open(disk: &dyn Disk, folder: &Folder, name: &str) -> io::Result<Option<File>> {
    let Ok(file) = disk.open(folder, name, true) else { return Ok(None) };
    Ok(disk.stat(&file)?.is_regular.then_some(file))
}

/// The names in a folder that are so many hexadecimal digits.
fn names(disk: &dyn Disk, folder: &Folder, length: usize) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    disk.list(folder, &mut |name| {
        let is_hex = |octet: &u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
        if let Ok(name) = name.to_str()
            && name.len() == length
            && name.as_bytes().iter().all(is_hex)
        {
            names.push(name.to_owned());
        }
    })?;
    Ok(names)
}
