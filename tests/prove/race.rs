//! Q1: many runners, one queue. Each opens the spool for itself: a lock is one opener's, in one process or in many. The sink
//! counts. Without the lock it must count wrong, else the race is none.

use std::collections::HashMap;
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Barrier;

use whippet::spool::{InDoubt, Place};
use whippet::sys::{Disk, Folder, Room, Stat, SystemDisk};

use crate::Outcome;
use crate::world::{Case, Ground, Peer, open};

/// How many race.
pub struct Field {
    pub runners: usize,
    pub entries: u64,
}

/// How often a runner comes back at most, when all entries are in the hands of others.
const ROUNDS: usize = 10_000;

/// How often a race without locks is run.
const TRIES: u64 = 40;

/// A disk on which everybody has every lock.
struct Lockless;

impl Disk for Lockless {
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
        // Where there is one processor, the others get it here.
        std::thread::yield_now();
        SystemDisk.read_at(file, buffer, offset)
    }
    fn write_at(&self, file: &File, octets: &[u8], offset: u64) -> io::Result<()> {
        std::thread::yield_now();
        SystemDisk.write_at(file, octets, offset)
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        SystemDisk.sync(file)
    }
    fn sync_data(&self, file: &File) -> io::Result<()> {
        for _ in 0..100 {
            std::thread::yield_now();
        }
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
    fn lock(&self, _file: &File, _is_exclusive: bool) -> io::Result<bool> {
        Ok(true)
    }
    fn room(&self, folder: &Folder) -> io::Result<Room> {
        SystemDisk.room(folder)
    }
}

/// What the sink counted, and what runners said that is no trouble of the disk's.
struct Counted {
    lost: usize,
    copies: usize,
    troubles: Vec<String>,
}

fn race(field: &Field, disk: &dyn Disk, seed: u64) -> Counted {
    let ground = Ground::new();
    let path = ground.spool();
    let store = open(&SystemDisk, &path);
    let cases: Vec<Case> = (0..field.entries)
        .map(|number| {
            let mut case = Case::new("a", InDoubt::Retry, 100);
            case.to = vec![format!("a{number}@example.test")];
            case
        })
        .collect();
    for (number, case) in cases.iter().enumerate() {
        case.submit(&store, seed ^ number as u64).unwrap();
    }
    let start = Barrier::new(field.runners);
    let runner = || {
        let store = open(disk, &path);
        let mut peer = Peer::new(100, None);
        let mut troubles = Vec::new();
        start.wait();
        // What another has in hand has the name of a later time: only a run that does not ask for it comes near.
        for _ in 0..ROUNDS {
            troubles.extend(cases[0].run_now(&store, &mut peer).unwrap().troubles);
            if store.scan(&mut |_| {}).unwrap().is_empty() {
                break;
            }
        }
        (peer.book, troubles)
    };
    let ran: Vec<_> = std::thread::scope(|scope| {
        let runners: Vec<_> = (0..field.runners).map(|_| scope.spawn(runner)).collect();
        runners.into_iter().map(|runner| runner.join().unwrap()).collect()
    });
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for copy in ran.iter().flat_map(|(book, _)| book) {
        *counts.entry(&copy.to).or_default() += 1;
    }
    let left =
        [Place::Held, Place::Badmail, Place::Corrupt].map(|place| store.ids(place, &mut |_| {}).unwrap());
    let left = left.iter().map(Vec::len).sum::<usize>() + store.scan(&mut |_| {}).unwrap().len();
    let mut troubles: Vec<String> = ran.iter().flat_map(|(_, troubles)| troubles.clone()).collect();
    if left > 0 {
        troubles.push(format!("{left} entries are left"));
    }
    Counted {
        lost: cases.iter().filter(|case| !counts.contains_key(case.to[0].as_str())).count(),
        copies: counts.values().map(|count| count - 1).sum(),
        troubles,
    }
}

/// The race.
pub fn runners(field: &Field, seed: u64, outcome: &mut Outcome) {
    let counted = race(field, &SystemDisk, seed);
    outcome.cases += field.entries as usize;
    if counted.lost + counted.copies > 0 || !counted.troubles.is_empty() {
        let Counted { lost, copies, troubles } = counted;
        outcome
            .failures
            .push(format!("{lost} lost, {copies} copies, {:?}", troubles.iter().take(3).collect::<Vec<_>>()));
    }
    outcome.cases += 1;
    // Who comes first is up to the machine: one race may go well without any lock, not all.
    let small = Field { entries: field.entries.min(500), ..*field };
    if (0..TRIES).all(|number| race(&small, &Lockless, seed ^ number << 32).copies == 0) {
        outcome.failures.push("nothing notices that there is no lock".to_owned());
    }
}
