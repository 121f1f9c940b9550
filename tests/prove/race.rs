//! Q1: many runners, one queue. Each opens the spool for itself: a lock is one opener's, in one process or in many. The sink
//! counts. Without the lock it must count wrong, else the race is none.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::{Barrier, Mutex};

use whippet::deliver::Unopened;
use whippet::mail::Address;
use whippet::spool::{Attempt, Hops, InDoubt, Place};
use whippet::sys::{Disk, SystemDisk};

use crate::Outcome;
use crate::through::real;
use crate::world::{Case, Copy, Ground, Peer, open};

/// How many race.
pub struct Field {
    pub runners: usize,
    pub entries: u64,
}

/// Connections of each runner in the race of those that have several.
const CONNECTIONS: usize = 4;

/// How often a runner comes back at most, when all entries are in the hands of others.
const ROUNDS: usize = 10_000;

/// How often a race without locks is run.
const TRIES: u64 = 40;

/// A disk on which everybody has every lock.
struct Lockless;

impl Disk for Lockless {
    real!(open_dir make_dir list stat stat_at create_new open append sync sync_dir rename_new unlink room);
    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        // Where there is one processor, the others get it here.
        std::thread::yield_now();
        SystemDisk.read_at(file, buffer, offset)
    }
    fn write_at(&self, file: &File, octets: &[u8], offset: u64) -> io::Result<()> {
        std::thread::yield_now();
        SystemDisk.write_at(file, octets, offset)
    }
    fn sync_data(&self, file: &File) -> io::Result<()> {
        for _ in 0..100 {
            std::thread::yield_now();
        }
        SystemDisk.sync_data(file)
    }
    fn lock(&self, _file: &File, _is_exclusive: bool) -> io::Result<bool> {
        Ok(true)
    }
}

/// The hop, over several connections at once.
struct Crowd {
    connections: usize,
    book: Vec<Copy>,
    /// Most of one runner that were at work.
    widest: usize,
}

impl Hops for Crowd {
    fn settings(&mut self, profile: &str) -> [u8; 32] {
        Peer::new(100, None).settings(profile)
    }

    fn sender(&mut self, profile: &str) -> Option<Address> {
        Peer::new(100, None).sender(profile)
    }

    fn deliver(&mut self, profile: &str, attempt: &mut Attempt<'_, '_, '_>) -> Result<(), Box<Unopened>> {
        let books = Mutex::new(Vec::new());
        let connect = |attempt: &mut Attempt<'_, '_, '_>| {
            let mut peer = Peer::new(100, None);
            let ended = peer.deliver(profile, attempt);
            books.lock().unwrap().push(peer.book);
            ended
        };
        let ended = attempt.beside(self.connections, &connect, |attempt| connect(attempt));
        let books = books.into_inner().unwrap();
        self.widest = self.widest.max(books.iter().filter(|book| !book.is_empty()).count());
        self.book.extend(books.into_iter().flatten());
        ended
    }
}

/// What the sink counted, and what runners said that is no trouble of the disk's.
struct Counted {
    lost: usize,
    copies: usize,
    widest: usize,
    troubles: Vec<String>,
}

fn race(field: &Field, connections: usize, disk: &dyn Disk, seed: u64) -> Counted {
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
        let mut crowd = Crowd { connections, book: Vec::new(), widest: 0 };
        let mut troubles = Vec::new();
        start.wait();
        // What another has in hand has the name of a later time: only a run that does not ask for it comes near.
        for _ in 0..ROUNDS {
            troubles.extend(cases[0].run_now(&store, &mut crowd).unwrap().troubles);
            if store.scan(&mut |_| {}).unwrap().is_empty() {
                break;
            }
        }
        (crowd, troubles)
    };
    let ran: Vec<_> = std::thread::scope(|scope| {
        let runners: Vec<_> = (0..field.runners).map(|_| scope.spawn(runner)).collect();
        runners.into_iter().map(|runner| runner.join().unwrap()).collect()
    });
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for copy in ran.iter().flat_map(|(crowd, _)| &crowd.book) {
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
        widest: ran.iter().map(|(crowd, _)| crowd.widest).max().unwrap_or(0),
        troubles,
    }
}

/// The race, by one connection each and by several.
pub fn runners(field: &Field, seed: u64, outcome: &mut Outcome) {
    for connections in [1, CONNECTIONS] {
        let counted = race(field, connections, &SystemDisk, seed);
        outcome.cases += field.entries as usize;
        let Counted { lost, copies, widest, troubles } = counted;
        if lost + copies > 0 || !troubles.is_empty() || (widest > 1) != (connections > 1) {
            let troubles: Vec<_> = troubles.iter().take(3).collect();
            outcome.failures.push(format!(
                "{connections} connections each, {widest} at work: {lost} lost, {copies} copies, {troubles:?}"
            ));
        }
    }
    outcome.cases += 1;
    // Who comes first is up to the machine: one race may go well without any lock, not all.
    let small = Field { entries: field.entries.min(500), ..*field };
    if (0..TRIES).all(|number| race(&small, 1, &Lockless, seed ^ number << 32).copies == 0) {
        outcome.failures.push("nothing notices that there is no lock".to_owned());
    }
}
