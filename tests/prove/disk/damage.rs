//! C6: octets of an entry that are not as they were written: each flipped, zeroed, cut off, and each sector zeroed. Of a
//! damaged journal what comes before the damage is true, and nothing else is; an entry with a damaged header or envelope is
//! set aside as it is.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use whippet::spool::desk::Check;
use whippet::spool::{Damage, Event, Header, InDoubt, Journal, Name, Place, State, Store, Trouble};
use whippet::sys::SystemDisk;

use crate::Outcome;
use crate::world::{Case, Copy, Ground, NOW_S, Peer, SENDER, open};

/// Octets of a sector.
const SECTOR: usize = 512;

/// An entry to whom everything has happened that happens without a person.
struct Entry {
    case: Case,
    name: Name,
    octets: Vec<u8>,
    header: Header,
    events: Vec<Event>,
    /// Where each event ends, from the beginning of the file.
    ends: Vec<usize>,
    /// What the peer had.
    book: Vec<Copy>,
}

impl Entry {
    fn new(ground: &Ground) -> Self {
        // The one after whom the connection is lost comes last: a transaction each.
        let case = Case::new("afdu", InDoubt::Retry, 1);
        let path = ground.spool();
        let store = open(&SystemDisk, &path);
        case.submit(&store, 1).unwrap();
        let mut peer = Peer::new(1, None);
        for after_s in [0, 2 * 3600] {
            assert_eq!(case.run(&store, &mut peer, after_s).unwrap().troubles, [""; 0]);
        }
        let names = store.scan(&mut |_| {}).unwrap();
        let name = *names.iter().find(|name| name.id == Case::id(1)).unwrap();
        let seen = store.see(Place::Queue, &name.to_string(), 3).unwrap();
        let (header, events) = (seen.header.clone(), seen.events.clone());
        let octets = fs::read(path.join("q").join(name.to_string())).unwrap();
        let mut journal = Journal::new(header.sum());
        let (mut ends, begin) = (Vec::new(), usize::try_from(header.journal_at()).unwrap());
        for event in &events {
            let (written, next) = journal.append(event);
            let at = begin + journal.end as usize;
            assert_eq!(&octets[at..at + written.len()], written);
            journal = next;
            ends.push(begin + journal.end as usize);
        }
        Entry { case, name, octets, header, events, ends, book: peer.book }
    }

    /// Where the envelope ends, the message, and the journal begins.
    fn places(&self) -> [usize; 3] {
        let body = self.header.body_at();
        [body, body + self.header.body, self.header.journal_at()].map(|place| usize::try_from(place).unwrap())
    }
}

/// How the octets of one place are damaged.
#[derive(Debug, Clone, Copy)]
enum Wrong {
    /// These bits of the octet are others.
    Flipped(u8),
    /// The octet is zero.
    Zeroed,
    /// The file ends before it.
    Cut,
    /// The sector that begins here is zero.
    Sector,
}

/// Each bit alone, and all of them.
const FLIPS: [Wrong; 9] = [
    Wrong::Flipped(1),
    Wrong::Flipped(2),
    Wrong::Flipped(4),
    Wrong::Flipped(8),
    Wrong::Flipped(16),
    Wrong::Flipped(32),
    Wrong::Flipped(64),
    Wrong::Flipped(128),
    Wrong::Flipped(255),
];

/// All damages, with their places; those that change nothing are none.
fn damages(entry: &Entry) -> Vec<(usize, Wrong)> {
    let [envelope, _, journal] = entry.places();
    let end = *entry.ends.last().unwrap();
    let mut all = Vec::new();
    for at in (0..envelope).chain(journal..end) {
        all.extend(FLIPS.map(|wrong| (at, wrong)));
        all.push((at, Wrong::Zeroed));
    }
    all.extend((end..entry.octets.len()).flat_map(|at| [(at, Wrong::Flipped(1)), (at, Wrong::Flipped(255))]));
    all.extend((0..entry.octets.len()).map(|at| (at, Wrong::Cut)));
    all.extend((0..entry.octets.len()).step_by(SECTOR).map(|at| (at, Wrong::Sector)));
    all.retain(|&(at, wrong)| made(entry, at, wrong) != entry.octets);
    all
}

/// The damaged octets.
fn made(entry: &Entry, at: usize, wrong: Wrong) -> Vec<u8> {
    let mut octets = entry.octets.clone();
    match wrong {
        Wrong::Flipped(bits) => octets[at] ^= bits,
        Wrong::Zeroed => octets[at] = 0,
        Wrong::Cut => octets.truncate(at),
        Wrong::Sector => octets[at..(at + SECTOR).min(entry.octets.len())].fill(0),
    }
    octets
}

/// The first octet that is not as it was.
fn first_wrong(entry: &Entry, octets: &[u8]) -> usize {
    let both = octets.iter().zip(&entry.octets);
    both.take_while(|(octet, was)| octet == was).count()
}

/// C6.
pub fn everywhere(is_quick: bool, outcome: &mut Outcome) {
    let ground = Ground::new();
    let entry = Entry::new(&ground);
    let path = ground.spool();
    let store = open(&SystemDisk, &path);
    let file = path.join("q").join(entry.name.to_string());
    let all = damages(&entry);
    let kinds = |octets: &[Event]| octets.iter().map(std::mem::discriminant).collect::<HashSet<_>>().len();
    assert!(kinds(&entry.events) >= 6 && all.len() > 20_000, "{} kinds, {}", kinds(&entry.events), all.len());
    for (number, &(at, wrong)) in all.iter().enumerate() {
        outcome.cases += 1;
        let octets = made(&entry, at, wrong);
        fs::write(&file, &octets).unwrap();
        set_private(&file);
        let mut judged = seen(&entry, &store, &octets);
        // What becomes of it takes runs.
        if judged.is_ok() && (!is_quick || number % 211 == 0) {
            judged = run(&entry, &ground, &octets);
        }
        if let Err(words) = judged {
            outcome.failures.push(format!("octet {at} {wrong:?}: {words}"));
        }
    }
}

fn set_private(file: &Path) {
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

/// Whether header and envelope are whole, and the message is all there.
fn is_an_entry(entry: &Entry, octets: &[u8]) -> bool {
    let [envelope, body, _] = entry.places();
    first_wrong(entry, octets) >= envelope && octets.len() >= body
}

/// What is read of it.
fn seen(entry: &Entry, store: &Store<'_>, octets: &[u8]) -> Result<(), String> {
    let seen = match store.see(Place::Queue, &entry.name.to_string(), 3) {
        Err(Trouble::Damaged(Damage::Broken(_))) if !is_an_entry(entry, octets) => return Ok(()),
        Err(trouble) => return Err(format!("it cannot be read: {trouble}")),
        Ok(_) if !is_an_entry(entry, octets) => return Err("it is taken for an entry".to_owned()),
        Ok(seen) => seen,
    };
    let first = first_wrong(entry, octets);
    let intact = entry.ends.iter().filter(|end| **end <= first).count();
    if !entry.events.starts_with(&seen.events) {
        return Err(format!("it tells of what never was: {:?}", seen.events));
    }
    if seen.events.len() < intact {
        return Err(format!("{} events of {intact} that are intact", seen.events.len()));
    }
    let state = State::replay(&entry.header, 3, &entry.events[..seen.events.len()]);
    if seen.state == state { Ok(()) } else { Err("its state is none that it was ever in".to_owned()) }
}

/// What becomes of it.
fn run(entry: &Entry, ground: &Ground, octets: &[u8]) -> Result<(), String> {
    let path = ground.spool();
    let judged = run_in(entry, &path, octets);
    fs::remove_dir_all(&path).unwrap();
    judged
}

fn run_in(entry: &Entry, path: &Path, octets: &[u8]) -> Result<(), String> {
    let [envelope, body, _] = entry.places();
    let file = path.join("q").join(entry.name.to_string());
    fs::write(&file, octets).unwrap();
    set_private(&file);
    let store = open(&SystemDisk, path);
    let is_told = found(entry, &store, false)?;
    let (mut peer, case) = (Peer::new(1, None), &entry.case);
    peer.is_patient = true;
    for round in 0..6 {
        case.run(&store, &mut peer, (4 + round * 5) * 3600).map_err(|error| error.to_string())?;
    }
    found(entry, &store, true)?;
    case.run(&store, &mut peer, 40 * 3600).map_err(|error| error.to_string())?;
    let set_aside: Vec<PathBuf> = files(&path.join("corrupt"));
    let first = first_wrong(entry, octets);
    if !is_an_entry(entry, octets) || (envelope..body).contains(&first) {
        let is_kept = matches!(&set_aside[..], [file] if fs::read(file).unwrap().starts_with(&octets[..octets.len().min(body)]));
        return match () {
            () if !is_told => Err("a check does not tell of it".to_owned()),
            () if peer.book.iter().any(|copy| copy.to != SENDER) => {
                Err(format!("it was sent: {:?}", peer.book))
            }
            () if !is_kept => Err(format!("it was not kept: {set_aside:?}")),
            () => Ok(()),
        };
    }
    let has = |to: &str| peer.book.iter().chain(&entry.book).any(|copy| copy.to == to && copy.is_whole);
    let is_told = |to: &str| {
        peer.book.iter().chain(&entry.book).any(|copy| copy.about.iter().any(|about| about.ends_with(to)))
    };
    for to in &case.to {
        if !has(to) && !is_told(to) {
            return Err(format!("{to} is lost"));
        }
    }
    let is_untrue = |copy: &&Copy| copy.to.starts_with('f') || copy.to != SENDER && !copy.is_whole;
    match peer.book.iter().find(is_untrue) {
        Some(copy) => Err(format!("this went: {copy:?}")),
        None if !set_aside.is_empty() => Err("it was set aside".to_owned()),
        None => Ok(()),
    }
}

/// Whether a check tells of the entry; on wish it mends.
fn found(entry: &Entry, store: &Store<'_>, is_repair: bool) -> Result<bool, String> {
    let mut check = Check::new(store, entry.case.rules(), NOW_S);
    check.is_repair = is_repair;
    let mut is_found = false;
    let id = entry.name.id.to_string();
    check.run(&mut |finding| is_found |= finding.name.contains(&id)).map_err(|error| error.to_string())?;
    Ok(is_found)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
