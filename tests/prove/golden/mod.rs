//! G9: spools that were written by each version of the format are emptied by this program, to the last mail; what a later
//! version wrote is left alone, every octet of it.

mod write;

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use whippet::spool::desk::{Check, Desk, Done, Verb};
use whippet::spool::{HEADER, Header, InDoubt, OpenError, Place, Store};
use whippet::sys::SystemDisk;

use crate::real::home::Home;
use crate::world::{Case, Ground, NOW_S, Peer, open};
use crate::{Outcome, Test};

pub use write::write;

pub const TESTS: &[Test] = &[Test {
    id: "G9",
    what: "spools of each version, and of later ones",
    run: |_, outcome| everything(outcome),
}];

/// The versions of which there is a golden spool, below `tests/golden`.
const VERSIONS: [&str; 1] = ["v1"];

type Judged = Result<(), String>;

fn everything(outcome: &mut Outcome) {
    let ground = Ground::new();
    let mut judge = |name: &str, judged: Judged| {
        outcome.cases += 1;
        outcome.failures.extend(judged.err().map(|words| format!("{name}: {words}")));
    };
    for version in VERSIONS {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(version);
        judge(version, emptied(&copied(&golden, &ground.next())));
        for format in ["whippet spool 0\n", "whippet spool 2\n", "", "\u{fffd}garbage"] {
            judge(&format!("FORMAT {format:?}"), refused(&copied(&golden, &ground.next()), format, &ground));
        }
        for later in &LATER {
            judge(later.name, left_alone(later, &copied(&golden, &ground.next())));
        }
    }
    judge("written anew", written_anew(&ground));
}

/// A copy of a golden spool: what is kept with the sources has no empty folders, and the modes of sources.
fn copied(golden: &Path, path: &Path) -> PathBuf {
    drop(Store::create(&SystemDisk, path).unwrap());
    fs::remove_file(path.join("FORMAT")).unwrap();
    for (from, octets) in tree(golden) {
        let to = path.join(&from);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::set_permissions(to.parent().unwrap(), Permissions::from_mode(0o700)).unwrap();
        fs::write(&to, octets).unwrap();
        fs::set_permissions(&to, Permissions::from_mode(0o600)).unwrap();
    }
    path.to_owned()
}

/// Every file below a folder, by its path in it.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => drop(
                    files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap()),
                ),
            }
        }
    }
    files
}

/// What the peer has: to whom, and about whom if it is a report.
fn book(peer: &Peer<'_>) -> Vec<String> {
    let words = |copy: &crate::world::Copy| match copy.is_whole {
        true if copy.about.is_empty() => copy.to.clone(),
        true => format!("{} {}", copy.to, copy.about.join(" ")),
        false => format!("{} broken", copy.to),
    };
    let mut book: Vec<String> = peer.book.iter().map(words).collect();
    book.sort();
    book
}

fn runs(store: &Store<'_>, peer: &mut Peer<'_>, hours: std::ops::Range<u64>) -> Vec<String> {
    let case = Case::new("a", InDoubt::Retry, 100);
    hours.step_by(5).flat_map(|hour| case.run(store, peer, hour * 3600).unwrap().troubles).collect()
}

/// How many there are in `q/`, `held/`, `badmail/` and `tmp/`.
fn counts(store: &Store<'_>) -> [usize; 4] {
    let count = |place| store.ids(place, &mut |_| {}).unwrap().len();
    [store.scan(&mut |_| {}).unwrap().len(), count(Place::Held), count(Place::Badmail), count(Place::Tmp)]
}

fn same<T: PartialEq + std::fmt::Debug>(is: T, should: T) -> Judged {
    if is == should { Ok(()) } else { Err(format!("{is:?}, and should be {should:?}")) }
}

/// What goes by itself.
const BOOK: [&str; 13] = [
    "a-gated@example.test",
    "a-queued@example.test",
    "d-again@example.test",
    "d-half@example.test",
    "me@example.test failed a-damaged@example.test",
    "me@example.test failed f-again@example.test",
    "me@example.test failed f-dead@example.test",
    "me@example.test failed f-half@example.test",
    "me@example.test failed f-prepared@example.test",
    "me@example.test relayed a-relayed@example.test",
    "u-again@example.test",
    "u-half@example.test",
    "用户@example.test",
];
/// What goes when a person lets go what is held, and has tried again what failed.
const BOOK_BY_HAND: [&str; 6] = [
    "a-held@example.test",
    "f-again@example.test",
    "f-dead@example.test",
    "f-half@example.test",
    "f-prepared@example.test",
    "u-doubt@example.test",
];

fn emptied(path: &Path) -> Judged {
    let store = open(&SystemDisk, path);
    let mut peer = Peer::new(100, None);
    peer.is_patient = true;
    same(runs(&store, &mut peer, 20..60), Vec::new())?;
    same(book(&peer), BOOK.map(str::to_owned).to_vec())?;
    same(counts(&store), [0, 2, 4, 0])?;
    peer.book.clear();
    peer.is_forgiving = true;
    let mut desk =
        Desk::new(&store, Case::new("a", InDoubt::Retry, 1).rules(), NOW_S + 60 * 3600, 0, Duration::ZERO);
    for (verb, number) in [(Verb::Release, 5), (Verb::Release, 6)]
        .into_iter()
        .chain([2, 3, 7, 8].map(|number| (Verb::Retry, number)))
    {
        let done = desk.act(verb, &write::spot(&store, number).unwrap());
        let is_done = matches!(done, Done::Yes);
        same((number, is_done), (number, true))?;
    }
    desk.finish().unwrap();
    same(runs(&store, &mut peer, 60..90), Vec::new())?;
    same(book(&peer), BOOK_BY_HAND.map(str::to_owned).to_vec())?;
    same(counts(&store), [0; 4])
}

/// An unknown format: the program exits with 78, and nothing is touched.
fn refused(path: &Path, format: &str, ground: &Ground) -> Judged {
    fs::write(path.join("FORMAT"), format).unwrap();
    let before = tree(path);
    let opened = Store::open(&SystemDisk, path);
    same(matches!(opened, Err(OpenError::Format(_))), true)?;
    let home = Home::with_spool(ground.next(), path.to_owned(), 9);
    for words in [&["run"][..], &["list"], &["check", "--repair"], &["stats"]] {
        home.queue(words).ends(&[78])?;
    }
    home.submit(&["a@example.test"]).ends(&[78])?;
    match tree(path) == before {
        true => Ok(()),
        false => Err("something was touched".to_owned()),
    }
}

/// What a later version may have written into the first entry.
struct Later {
    name: &'static str,
    /// It can be passed over.
    goes: bool,
    change: fn(&mut Entry),
}

/// An entry in its parts.
struct Entry {
    header: [u8; HEADER],
    envelope: Vec<u8>,
    body: Vec<u8>,
    journal: Vec<u8>,
}

const LATER: [Later; 8] = [
    Later { name: "envelope item 99", goes: false, change: |entry| entry.envelope.extend([99, 1, 0, b'x']) },
    Later { name: "envelope item 127", goes: false, change: |entry| entry.envelope.extend([127, 0, 0]) },
    Later { name: "envelope item 128", goes: true, change: |entry| entry.envelope.extend([128, 1, 0, 7]) },
    Later { name: "event Z", goes: false, change: |entry| entry.event(b'Z') },
    Later { name: "event z", goes: true, change: |entry| entry.event(b'z') },
    Later { name: "version 2", goes: false, change: |entry| entry.header[8] = 2 },
    Later { name: "flag 4096", goes: false, change: |entry| entry.header[11] |= 0x10 },
    Later { name: "in doubt 2", goes: false, change: |entry| entry.header[44] = 2 },
];

impl Entry {
    fn of(octets: &[u8]) -> Self {
        let header: [u8; HEADER] = octets[..HEADER].try_into().unwrap();
        let read = Header::decode(&header).unwrap();
        let [body, end, journal] = [read.body_at(), read.body_at() + read.body, read.journal_at()]
            .map(|at| usize::try_from(at).unwrap());
        Entry {
            header,
            envelope: octets[HEADER..body].to_vec(),
            body: octets[body..end].to_vec(),
            journal: octets[journal..].to_vec(),
        }
    }

    /// An event of a type that nobody knows; its sum is that of the octets before it, as ever.
    fn event(&mut self, kind: u8) {
        self.seal();
        let seed = u32::from_le_bytes(self.header[508..].try_into().unwrap());
        let mut frame = vec![1, 0, 0, 0, kind, b'x'];
        let sum = crc32c::crc32c_append(crc32c::crc32c(&seed.to_le_bytes()), &frame);
        frame.extend_from_slice(&sum.to_le_bytes());
        self.journal[..frame.len()].copy_from_slice(&frame);
    }

    /// Makes the sums of the header right.
    fn seal(&mut self) {
        let length = u32::try_from(self.envelope.len()).unwrap();
        self.header[40..44].copy_from_slice(&length.to_le_bytes());
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.envelope);
        self.header[48..80].copy_from_slice(digest.as_ref());
        let sum = crc32c::crc32c(&self.header[..508]);
        self.header[508..].copy_from_slice(&sum.to_le_bytes());
    }

    fn octets(mut self) -> Vec<u8> {
        self.seal();
        let mut octets = [&self.header[..], &self.envelope, &self.body].concat();
        octets.resize(octets.len().next_multiple_of(4096), 0);
        octets.extend(&self.journal);
        octets
    }
}

fn left_alone(later: &Later, path: &Path) -> Judged {
    let store = open(&SystemDisk, path);
    let spot = write::spot(&store, 1).unwrap();
    let file = path.join("q").join(spot.text());
    let mut entry = Entry::of(&fs::read(&file).unwrap());
    (later.change)(&mut entry);
    let octets = entry.octets();
    fs::File::options().write(true).open(&file).unwrap().write_all_at(&octets, 0).unwrap();
    let found = |is_repair| {
        let mut check = Check::new(&store, Case::new("a", InDoubt::Retry, 1).rules(), NOW_S);
        check.is_repair = is_repair;
        let mut found = Vec::new();
        check
            .run(&mut |finding| found.extend((finding.name == spot.text()).then_some(finding.what)))
            .unwrap();
        found.iter().any(|what| what.contains("later version"))
    };
    same(found(false), !later.goes)?;
    let mut peer = Peer::new(100, None);
    peer.is_patient = true;
    let troubles = runs(&store, &mut peer, 20..60);
    same(troubles.iter().any(|words| words.contains("later version")), !later.goes)?;
    let is_own = |to: &&&str| to.starts_with("a-queued") || to.starts_with('用');
    let others: Vec<&str> = BOOK.iter().filter(|to| later.goes || !is_own(to)).copied().collect();
    same(book(&peer), others.iter().map(|to| (*to).to_owned()).collect())?;
    same(found(true), !later.goes)?;
    match later.goes {
        true => same(file.exists(), false),
        false => same(fs::read(&file).is_ok_and(|there| there == octets), true),
    }
}

/// What writes golden spools still writes the last one: as many entries in each place. What
/// is kept beside them may be more by now.
fn written_anew(ground: &Ground) -> Judged {
    let path = ground.next();
    write(&path);
    let golden =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(VERSIONS[VERSIONS.len() - 1]);
    let count = |folder: &Path| {
        ["q", "held", "badmail", "corrupt", "tmp"]
            .map(|place| tree(folder).into_keys().filter(|path| path.starts_with(place)).count())
    };
    same(count(&path), count(&golden))
}
