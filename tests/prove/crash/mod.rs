//! C1: every state of the disk that a crash can leave, at every moment of a mail's life. C2: each flush left out, and other
//! mistakes of order: every one of them must be noticed.

mod mutants;
pub mod verbs;

pub use mutants::mistakes;

use std::cell::RefCell;
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use whippet::spool::{Header, InDoubt, Place, Store};

use crate::Outcome;
use crate::ledger::{Before, judge};
use crate::states::{Dice, Image, MODELS, Model, images};
use crate::tape::{Op, Tape};
use crate::world::{Case, Copy, Ground, Peer, Telling, open};

/// Most combinations of what is lost, at one moment.
pub struct Depth(pub usize);

impl Depth {
    fn is_quick(&self) -> bool {
        self.0 < 1000
    }
}

/// The mails: by the letters of their recipients, and how many go in one transaction.
const MAILS: [(&str, usize); 8] =
    [("a", 100), ("f", 100), ("d", 100), ("adf", 100), ("ff", 1), ("aa", 1), ("faf", 2), ("aad", 2)];
/// And those that are not looked at on each change.
const MORE: [(&str, usize); 5] = [("aaa", 1), ("adf", 1), ("fdfd", 100), ("dfa", 2), ("afdadf", 2)];

/// And those of which more is told than that somebody failed.
const TOLD: [(&str, Telling); 7] = [
    ("a", Telling::Relayed),
    ("af", Telling::Relayed),
    ("adf", Telling::Relayed),
    ("d", Telling::Delayed),
    ("df", Telling::Delayed),
    ("a", Telling::Damage),
    ("ad", Telling::Damage),
];

fn cases(depth: &Depth) -> Vec<Case> {
    let policies = [InDoubt::Retry, InDoubt::Hold];
    let more: &[(&str, usize)] = if depth.is_quick() { &[] } else { &MORE };
    MAILS
        .iter()
        .chain(more)
        .flat_map(|&(to, at_once)| policies.map(|policy| Case::new(to, policy, at_once)))
        .chain(TOLD.iter().flat_map(|&(to, telling)| {
            let told = policies.map(|policy| Case { telling, ..Case::new(to, policy, 100) });
            told.into_iter().take(if depth.is_quick() { 1 } else { 2 })
        }))
        .collect()
}

/// A life from submission to the end, with nothing in its way.
pub fn record(case: &Case, ground: &Ground) -> Vec<Op> {
    let tape = Tape::default();
    let path = ground.spool();
    let store = open(&tape, &path);
    case.submit(&store, 1).unwrap();
    tape.note(Op::Acknowledged);
    let is_damaged = case.telling == Telling::Damage;
    if is_damaged {
        damage(&store, &path, in_the_message, &tape);
    }
    let mut peer = Peer::new(case.at_once, Some(&tape));
    for after_s in [0, 1, 5 * 3600, 10 * 3600] {
        let tally = case.run(&store, &mut peer, after_s).unwrap();
        assert_eq!(tally.troubles.is_empty(), !is_damaged || after_s > 0, "{:?}", tally.troubles);
        peer.is_patient = after_s >= 1;
    }
    assert!(store.scan(&mut |_| {}).unwrap().is_empty(), "{}", case.name());
    tape.ops()
}

/// The last octet but two of the mail: its sender can still be told.
fn in_the_message(header: &Header) -> u64 {
    header.body_at() + header.body - 3
}

/// Changes one octet, behind the program's back.
fn damage(store: &Store<'_>, path: &Path, place: fn(&Header) -> u64, tape: &Tape) {
    let name = store.scan(&mut |_| {}).unwrap()[0];
    let (header, ..) = store.look(Place::Queue, name, 3).unwrap();
    let offset = place(&header);
    let file = std::fs::File::options().write(true).open(path.join("q").join(name.to_string())).unwrap();
    file.write_all_at(b"?", offset).unwrap();
    tape.note(Op::Damage { file: 0, offset, octets: b"?".to_vec() });
}

/// What is known of a life when it is cut.
#[derive(Hash)]
struct Past {
    is_acknowledged: bool,
    may_be_queued: bool,
    is_damaged: bool,
    /// What the peer had taken.
    book: Vec<Copy>,
    /// Who may get another copy.
    in_doubt: Vec<Copy>,
    /// How much of what was done with it had begun, and had ended.
    begun: usize,
    ended: usize,
}

/// What is known after the first `count` of these.
fn past(ops: &[Op], count: usize, model: Model) -> Past {
    let past = &ops[..count];
    let is_named = |op: &Op| matches!(op, Op::Rename { to, .. } if to.0 == "q");
    let taken = |op: &Op| match op {
        Op::Taken { copies } => copies.clone(),
        _ => Vec::new(),
    };
    Past {
        is_acknowledged: past.contains(&Op::Acknowledged),
        may_be_queued: past.iter().any(is_named),
        is_damaged: past.iter().any(|op| matches!(op, Op::Damage { .. })),
        book: past.iter().flat_map(taken).collect(),
        in_doubt: doubts(ops, count, model),
        begun: past.iter().filter(|op| matches!(op, Op::Begun { .. })).count(),
        ended: past.iter().filter(|op| matches!(op, Op::Ended { .. })).count(),
    }
}

/// Who is in doubt after the first `count` of these: their dot was about to go, and their result is not on the disk.
pub fn doubts(ops: &[Op], count: usize, model: Model) -> Vec<Copy> {
    let mut found = Vec::new();
    for (begin, op) in ops.iter().enumerate() {
        let Op::Asked { to } = op else { continue };
        let is_over = |op: &Op| matches!(op, Op::Recorded { .. } | Op::Unheard { .. });
        let recorded = ops[begin..].iter().position(is_over).unwrap() + begin;
        // Who was killed has written all that was done; only a flush saves it from a power cut.
        let saves = |op: &Op| match model {
            Model::Kill => matches!(op, Op::Write { .. }),
            _ => matches!(op, Op::Sync { .. } | Op::Nothing),
        };
        let end = ops[..recorded].iter().rposition(saves).unwrap();
        let is_unheard = matches!(ops[recorded], Op::Unheard { .. });
        if begin < count && (count <= end || is_unheard) {
            let copy = |to: &String| Copy { to: to.clone(), about: Vec::new(), is_whole: true };
            found.extend(to.iter().map(copy));
        }
    }
    found
}

/// Looks at a state of the disk, which is mounted anew each time it asks for it.
type Look<'l> = &'l dyn Fn(&Past, &dyn Fn() -> PathBuf) -> Result<(), String>;

/// Looks at all states after each of these, from the one at `first` on; gives how many there were, and the first that is
/// wrong.
fn explore(ops: &[Op], first: usize, depth: &Depth, seed: u64, look: Look<'_>) -> (usize, Option<String>) {
    let ground = Ground::new();
    let mut seen = HashSet::new();
    let mut count = 0;
    for model in MODELS {
        for moment in first..=ops.len() {
            let past = past(ops, moment, model);
            let mut wrong = None;
            let mut dice = Dice(seed ^ moment as u64);
            images(model, &ops[..moment], depth.0, &mut dice, &mut |image| {
                if wrong.is_none() && seen.insert(fingerprint(&image, &past)) {
                    count += 1;
                    let mounted = RefCell::new(Vec::new());
                    let found = look(&past, &|| {
                        let path = ground.next();
                        image.mount(&path);
                        mounted.borrow_mut().push(path.clone());
                        path
                    });
                    mounted.into_inner().iter().for_each(|path| std::fs::remove_dir_all(path).unwrap());
                    wrong = found.err().map(|words| {
                        let last = ops[..moment].iter().rev().take(3).map(short).collect::<Vec<_>>();
                        let last = last.join(" < ");
                        format!("{model:?} after {moment} ({last}): {words}\n    {}", image.words())
                    });
                }
            });
            if wrong.is_some() {
                return (count, wrong);
            }
        }
    }
    (count, None)
}

fn fingerprint(image: &Image, past: &Past) -> u64 {
    let mut hasher = DefaultHasher::new();
    (image, past).hash(&mut hasher);
    hasher.finish()
}

/// All states of a mail's life by itself.
fn explore_life(case: &Case, ops: &[Op], depth: &Depth, seed: u64) -> (usize, Option<String>) {
    let (count, wrong) = explore(ops, 0, depth, seed, &|past, mount| {
        let before = Before {
            is_acknowledged: past.is_acknowledged,
            may_be_queued: past.may_be_queued,
            book: &past.book,
            in_doubt: &past.in_doubt,
            after_s: 20 * 3600,
            is_damaged: past.is_damaged,
        };
        judge(case, &mount(), &before)
    });
    (count, wrong.map(|words| format!("{} {words}", case.name())))
}

/// A change without its octets.
fn short(op: &Op) -> String {
    match op {
        Op::Write { file, offset, octets } => {
            let kind = octets.get(4).filter(|_| *offset >= 4096).map(|octet| char::from(*octet));
            format!(
                "Write {file} at {offset}, {} octets{}",
                octets.len(),
                kind.map(|k| format!(", {k}")).unwrap_or_default()
            )
        }
        other => format!("{other:?}"),
    }
}

/// C1.
pub fn states(depth: &Depth, seed: u64, outcome: &mut Outcome) {
    let cases = cases(depth);
    let by_itself = cases.iter().map(|case| -> Job<'_> {
        Box::new(|| explore_life(case, &record(case, &Ground::new()), depth, seed))
    });
    let by_hand = verbs::LIVES.iter().map(|life| -> Job<'_> {
        Box::new(|| verbs::explore_life(life, &verbs::record(life, &Ground::new()), depth, seed))
    });
    let jobs: Vec<Job<'_>> = by_itself.chain(by_hand).collect();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let explored = job();
            found.lock().unwrap().push(explored);
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    for (count, wrong) in found.into_inner().unwrap() {
        outcome.cases += count;
        outcome.failures.extend(wrong);
    }
}

/// All states of one life.
type Job<'l> = Box<dyn Fn() -> (usize, Option<String>) + Sync + 'l>;
