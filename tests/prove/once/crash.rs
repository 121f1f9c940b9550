//! C1 of a submission that comes again: after every crash, at every moment of a mail's life, the same mail is handed in once
//! more. Who was killed makes no copy; a power cut may make the memory forget, and then there are two. None is swallowed.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use whippet::mail::{Address, Envelope};
use whippet::mime::MessageError;
use whippet::spool::{
    Flags, Hit, Id, InDoubt, Key, Once, OnceError, RecallError, Sealed, Store, Submission, SubmitError,
};
use whippet::sys::{Clock, FixedClock, SeededRandom, SystemDisk};

use crate::Outcome;
use crate::crash::{Depth, doubts};
use crate::states::{Dice, Image, MODELS, Model, images};
use crate::tape::{Op, Tape};
use crate::world::{BODY, Case, Copy, Ground, NOW_S, Peer, SENDER, open};

const TO: &str = "a0@example.test";
const KEY: [u8; 32] = [7; 32];
const HOUR_S: u64 = 3600;
/// When the mail comes again, seconds after the beginning.
const AGAIN_S: u64 = 60;

/// How the memory is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// As the program does.
    Well,
    /// A record is believed without its entry.
    Trusting,
}

/// Hands the mail in; `number` tells one time from the other. Gives what it was already.
fn submit(store: &Store<'_>, number: u64, after_s: u64, asking: Asking) -> Result<Option<Hit>, SubmitError> {
    let now_s = NOW_S + after_s;
    let sealed = Sealed {
        envelope: Envelope::new(Address::parse(SENDER).ok(), [Address::parse(TO).unwrap()]).unwrap(),
        uid: 0,
        message_id: "<1@example.test>".to_owned(),
        key: Some(KEY),
    };
    let id = Id::new(FixedClock { seconds: now_s }.now(), &SeededRandom::new(number)).unwrap();
    let submission = Submission {
        id,
        profile: "default",
        sealed: &sealed,
        flags: Flags::default(),
        in_doubt: (InDoubt::Retry, 3),
        created_ms: now_s * 1000,
        expires_s: now_s + 5 * 24 * HOUR_S,
        due_s: now_s,
        size: BODY.len() as u64,
        events: Vec::new(),
    };
    let mut write = |out: &mut dyn Write| out.write_all(BODY.as_bytes()).map_err(MessageError::Sink);
    let mut held = None;
    let mut claim = || {
        let key = Key::from_octets(KEY);
        let (once, hit) = match asking {
            Asking::Well => store.recall(key, HOUR_S, now_s).map_err(refused)?,
            Asking::Trusting => {
                let ids = store.folder("ids").map_err(SubmitError::Storage)?;
                let once = Once::lock(store.disk(), &ids, key, Duration::from_secs(1));
                let once = once.map_err(|error| refused(error.into()))?;
                let hit = once.hit(|_| true, HOUR_S, now_s).map_err(SubmitError::Storage)?;
                (once, hit)
            }
        };
        if let Some(hit) = hit {
            return Err(SubmitError::Before(hit));
        }
        once.queued(id).map_err(SubmitError::Storage)?;
        held = Some(once);
        Ok(())
    };
    let submitted = store.submit(&submission, &mut write, &mut claim).map(|_| ());
    match submitted {
        Ok(()) => Ok(None),
        Err(SubmitError::Before(hit)) => Ok(Some(hit)),
        Err(error) => Err(error),
    }
}

fn refused(error: RecallError) -> SubmitError {
    match error {
        RecallError::Once(OnceError::Busy) => SubmitError::Busy,
        RecallError::Once(OnceError::Storage(error)) | RecallError::Unflushed(error) => {
            SubmitError::Storage(error)
        }
    }
}

/// A life, and when the mail is said to be queued a second time in it.
struct Life {
    name: &'static str,
    ops: Vec<Op>,
}

/// It is submitted, goes, and is put away.
fn plain(ground: &Ground, case: &Case) -> Life {
    let tape = Tape::default();
    let path = ground.spool();
    let store = open(&tape, &path);
    assert_eq!(submit(&store, 1, 0, Asking::Well).unwrap(), None);
    tape.note(Op::Acknowledged);
    let mut peer = Peer::new(case.at_once, Some(&tape));
    case.run(&store, &mut peer, 1).unwrap();
    Life { name: "submitted and sent", ops: tape.ops() }
}

/// The first one was killed before the name was flushed, and the mail has come again.
fn repeated(ground: &Ground) -> Life {
    let tape = Tape::default();
    let path = ground.spool();
    let store = open(&tape, &path);
    submit(&store, 1, 0, Asking::Well).unwrap();
    let mut ops = tape.ops();
    let last = ops.iter().rposition(|op| matches!(op, Op::SyncDir { .. })).unwrap();
    ops[last] = Op::Nothing;
    let begin = ops.len();
    assert!(matches!(submit(&store, 2, 1, Asking::Well), Ok(Some(Hit::Waiting(_)))));
    ops.extend_from_slice(&tape.ops()[begin..]);
    ops.push(Op::Acknowledged);
    Life { name: "killed before its flush and repeated", ops }
}

/// Looks at all states of a life; gives how many there were, and the first that is wrong.
fn explore(
    (life, case): (&Life, &Case),
    asking: Asking,
    depth: &Depth,
    seed: u64,
) -> (usize, Option<String>) {
    let ground = Ground::new();
    let (mut count, mut seen) = (0, HashSet::new());
    for model in MODELS {
        for moment in 0..=life.ops.len() {
            let past = &life.ops[..moment];
            let book: Vec<Copy> = past.iter().filter_map(taken).flatten().collect();
            let in_doubt = doubts(&life.ops, moment, model).len();
            let mut wrong = None;
            let mut dice = Dice(seed ^ moment as u64);
            images(model, past, depth.0, &mut dice, &mut |image| {
                // A power cut may take what was never flushed.
                for forgets in [false, true] {
                    let most = 1 + in_doubt + usize::from(model != Model::Kill);
                    let comes_again = !past.contains(&Op::Acknowledged) || life.name.starts_with("submitted");
                    let mut hasher = DefaultHasher::new();
                    (&image, forgets, comes_again, most, &book).hash(&mut hasher);
                    let is_out = forgets && model == Model::Kill;
                    if wrong.is_some() || is_out || !seen.insert(hasher.finish()) {
                        continue;
                    }
                    count += 1;
                    let looked =
                        look(case, &image, &ground.next(), (forgets, comes_again), (asking, &book, most));
                    wrong = looked.err().map(|words| {
                        let name = life.name;
                        format!("{name}, {model:?} after {moment}, {forgets}: {words}\n    {}", image.words())
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

fn taken(op: &Op) -> Option<Vec<Copy>> {
    match op {
        Op::Taken { copies } => Some(copies.clone()),
        _ => None,
    }
}

/// Hands the mail in again and lets it go: it must go, and at most so often.
fn look(
    case: &Case,
    image: &Image,
    path: &Path,
    (forgets, comes_again): (bool, bool),
    (asking, book, most): (Asking, &[Copy], usize),
) -> Result<(), String> {
    image.mount(path);
    if forgets {
        std::fs::remove_dir_all(path.join("ids")).unwrap();
        std::fs::create_dir(path.join("ids")).unwrap();
    }
    age(&path.join("ids"));
    let store = open(&SystemDisk, path);
    if comes_again {
        submit(&store, 2, AGAIN_S, asking).map_err(|error| format!("it is not taken again: {error}"))?;
    }
    let mut peer = Peer::new(case.at_once, None);
    peer.book = book.to_vec();
    for hours in 1..8 {
        let tally = case.run(&store, &mut peer, hours * 5 * HOUR_S).unwrap();
        if !(tally.troubles.is_empty() && tally.warnings.is_empty()) {
            return Err(format!("the run tells of {:?} {:?}", tally.troubles, tally.warnings));
        }
        if store.scan(&mut |_| {}).unwrap().is_empty() {
            break;
        }
    }
    let copies = peer.book.iter().filter(|copy| copy.to == TO && copy.is_whole).count();
    std::fs::remove_dir_all(path).unwrap();
    match copies == peer.book.len() && (1..=most).contains(&copies) {
        true => Ok(()),
        false => Err(format!("{copies} copies, at most {most}: {:?}", peer.book)),
    }
}

/// What is in there is as old as the case is.
fn age(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            age(&entry.path());
        } else {
            let file = std::fs::File::options().write(true).open(entry.path()).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW_S)).unwrap();
        }
    }
}

/// C1.
pub fn states(depth: &Depth, seed: u64, outcome: &mut Outcome) {
    let (ground, case) = (Ground::new(), Case::new("a", InDoubt::Retry, 100));
    for life in [plain(&ground, &case), repeated(&ground)] {
        let (count, wrong) = explore((&life, &case), Asking::Well, depth, seed);
        outcome.cases += count;
        outcome.failures.extend(wrong);
    }
}

/// C2: what must be noticed.
pub fn mistakes(depth: &Depth, seed: u64, outcome: &mut Outcome) {
    let (ground, case) = (Ground::new(), Case::new("a", InDoubt::Retry, 100));
    let trusted = (plain(&ground, &case), Asking::Trusting, "a record that is trusted alone");
    let mut unflushed = repeated(&ground);
    for op in &mut unflushed.ops {
        if matches!(op, Op::SyncDir { folder } if folder == "q") {
            *op = Op::Nothing;
        }
    }
    let unmarked = {
        // The end of the entry is not noted, or after it is gone.
        let mut life = plain(&ground, &case);
        let gone = life.ops.iter().position(|op| matches!(op, Op::Unlink { at } if at.0 == "q")).unwrap();
        let noted = life.ops[..gone].iter().rposition(|op| matches!(op, Op::Write { .. })).unwrap();
        let noted = life.ops.remove(noted);
        life.ops.insert(gone, noted);
        life
    };
    for (life, asking, name) in [
        trusted,
        (unflushed, Asking::Well, "a first copy that is not flushed"),
        (unmarked, Asking::Well, "an end that is noted behind it"),
    ] {
        outcome.cases += 1;
        if explore((&life, &case), asking, depth, seed).1.is_none() {
            outcome.failures.push(format!("nothing notices this mistake: {name}"));
        }
    }
}
