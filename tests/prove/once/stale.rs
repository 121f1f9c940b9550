//! C2, no RECHECK: between the moment when a runner opens an entry and the one when it locks it, another does all that it has to
//! do. The second look at the name sees that; a disk on which it sees what stood there before must be noticed.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use whippet::spool::InDoubt;
use whippet::sys::{Disk, Folder, Stat, SystemDisk};

use crate::Outcome;
use crate::through::real;
use crate::world::{Case, Copy, Ground, Peer, open};

/// A disk on which something happens just before an entry of the queue is locked.
struct Slow<'a> {
    meanwhile: &'a (dyn Fn() + Sync),
    has_happened: AtomicBool,
    /// The second look sees what the first one saw.
    lies: bool,
    opened: Mutex<HashMap<String, Stat>>,
}

impl Disk for Slow<'_> {
    real!(open_dir make_dir list stat create_new read_at write_at append sync sync_data sync_dir rename_new unlink room);
    fn stat_at(&self, folder: &Folder, name: &str) -> io::Result<Stat> {
        match self.opened.lock().unwrap().get(name) {
            Some(stat) if self.lies => Ok(*stat),
            _ => SystemDisk.stat_at(folder, name),
        }
    }
    fn open(&self, folder: &Folder, name: &str, is_written: bool) -> io::Result<File> {
        let file = SystemDisk.open(folder, name, is_written)?;
        // The names of entries in the queue have their hop in them.
        if is_written && name.matches('.').count() == 2 {
            self.opened.lock().unwrap().insert(name.to_owned(), SystemDisk.stat(&file)?);
        }
        Ok(file)
    }
    fn lock(&self, file: &File, is_exclusive: bool) -> io::Result<bool> {
        let identity = SystemDisk.stat(file)?.identity;
        let is_entry = self.opened.lock().unwrap().values().any(|stat| stat.identity == identity);
        if is_entry && !self.has_happened.swap(true, Ordering::Relaxed) {
            (self.meanwhile)();
        }
        SystemDisk.lock(file, is_exclusive)
    }
}

/// C2.
pub fn looks(outcome: &mut Outcome) {
    let mut is_noticed = false;
    for letters in ["a", "d", "f", "ad", "af"] {
        outcome.cases += 2;
        match pass(letters, false) {
            Ok(()) => {}
            Err(words) => outcome.failures.push(format!("{letters}, another came first: {words}")),
        }
        is_noticed |= pass(letters, true).is_err();
    }
    if !is_noticed {
        outcome.failures.push("nothing notices this mistake: no second look behind the lock".to_owned());
    }
}

/// One runner is overtaken by another with the same mail.
fn pass(letters: &str, lies: bool) -> Result<(), String> {
    let (ground, case) = (Ground::new(), Case::new(letters, InDoubt::Retry, 100));
    let path = ground.spool();
    case.submit(&open(&SystemDisk, &path), 1).unwrap();
    let book: Mutex<Vec<Copy>> = Mutex::default();
    let meanwhile = || {
        let mut peer = Peer::new(case.at_once, None);
        case.run_now(&open(&SystemDisk, &path), &mut peer).unwrap();
        book.lock().unwrap().extend(peer.book);
    };
    let slow =
        Slow { meanwhile: &meanwhile, has_happened: AtomicBool::new(false), lies, opened: Mutex::default() };
    let mut peer = Peer::new(case.at_once, None);
    let tally = case.run_now(&open(&slow, &path), &mut peer).unwrap();
    assert!(slow.has_happened.into_inner(), "nothing came between");
    if !tally.troubles.is_empty() {
        return Err(format!("the run tells of {:?}", tally.troubles));
    }
    let mut all = book.into_inner().unwrap();
    all.extend(peer.book);
    let mine = |to: &String| all.iter().filter(|copy| copy.to == *to).count();
    match case.to.iter().find(|to| mine(to) > 1) {
        Some(to) => Err(format!("{to} has {} copies", mine(to))),
        None => Ok(()),
    }
}
