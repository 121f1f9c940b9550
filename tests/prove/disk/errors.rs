//! E1, E2, E3, E7, E10: every call to the disk fails in turn, in a mail's whole life, with each error, done or not done. What was not
//! said to be queued is not; what was is not lost, and goes when the disk is well again.

use std::sync::atomic::{AtomicUsize, Ordering};

use whippet::spool::{InDoubt, Place, SubmitError};
use whippet::sys::SystemDisk;

use super::faulty::{Call, EIO, Faulty, Luck, What};
use crate::Outcome;
use crate::crash::verbs;
use crate::ledger::{Before, judge};
use crate::world::{Case, Ground, Peer, SENDER, open};

/// The errors, by what they are called.
pub const ERRORS: [(&str, i32); 12] = [
    ("ENOSPC", 28),
    ("EIO", 5),
    ("EROFS", 30),
    ("EINTR", 4),
    ("EDQUOT", 122),
    ("EMFILE", 24),
    ("ENFILE", 23),
    ("EACCES", 13),
    ("ENOENT", 2),
    ("ENOMEM", 12),
    ("EAGAIN", 11),
    ("ELOOP", 40),
];

/// What one life came to.
struct Life {
    /// Calls of the submission, and all of them.
    calls: (usize, usize),
    /// What was done by the submission and by each run, call by call.
    steps: Vec<Vec<(Call, Luck)>>,
    judged: Result<(), String>,
}

/// A mail's life on a disk of which calls fail as a rule says, then its rest on a good one. Calls are counted from the
/// submission on: the spool is opened before anything fails.
fn live(case: &Case, ground: &Ground, rule: impl Fn(&Call) -> Luck + Sync) -> Life {
    let path = ground.spool();
    let disk = Faulty::new(|_| Luck::Good);
    drop(open(&disk, &path));
    let opening = disk.count();
    let disk = Faulty::new(|call| match call.number.checked_sub(opening) {
        Some(number) => rule(&Call { number, ..call.clone() }),
        None => Luck::Good,
    });
    let store = open(&disk, &path);
    disk.log();
    let submitted = case.submit(&store, 1);
    let first = disk.count() - opening;
    let mut steps = vec![disk.log()];
    let mut peer = Peer::new(case.at_once, None);
    for after_s in [0, 1, 5 * 3600, 10 * 3600] {
        // A run that cannot work says so, and the next one works.
        let _ = case.run(&store, &mut peer, after_s);
        steps.push(disk.log());
        peer.is_patient = after_s >= 1;
    }
    let calls = (first, disk.count() - opening);
    drop(store);
    let before = Before {
        is_acknowledged: submitted.is_ok(),
        may_be_queued: matches!(submitted, Err(SubmitError::Unknown(..))),
        book: &peer.book,
        in_doubt: &peer.unrecorded,
        after_s: 20 * 3600,
        is_damaged: false,
    };
    let judged = judge(case, &path, &before);
    std::fs::remove_dir_all(&path).unwrap();
    Life { calls, steps, judged }
}

/// A rule by which the call with this number fails.
fn at(fails_at: usize, errno: i32, is_done: bool) -> impl Fn(&Call) -> Luck + Sync {
    move |call| match is_done {
        _ if call.number != fails_at => Luck::Good,
        true => Luck::DoneAndFails(errno),
        false => Luck::Fails(errno),
    }
}

/// All errors at all calls: of the submission, or of what follows.
pub fn at_each_call(is_submission: bool, errors: &[(&str, i32)], outcome: &mut Outcome) {
    let ground = Ground::new();
    let mails = if is_submission { &["a", "aaa"][..] } else { &["a", "adf", "ff"][..] };
    for case in mails.iter().map(|to| Case::new(to, InDoubt::Retry, 100)) {
        let healthy = live(&case, &ground, |_| Luck::Good);
        assert_eq!(healthy.judged, Ok(()));
        let calls = if is_submission { 0..healthy.calls.0 } else { healthy.calls.0..healthy.calls.1 };
        assert!(calls.len() >= 8, "the calls are not reached: {calls:?}");
        for fails_at in calls {
            for &(error, errno) in errors {
                for is_done in [false, true] {
                    outcome.cases += 1;
                    let life = live(&case, &ground, at(fails_at, errno, is_done));
                    if let Err(words) = life.judged {
                        let done = if is_done { "done and reported as" } else { "" };
                        let name = case.name();
                        outcome.failures.push(format!("{name}: call {fails_at} {done} {error}: {words}"));
                    }
                }
            }
        }
    }
}

/// The mails of whose lives single calls fail.
const MAILS: [(&str, InDoubt, usize); 4] = [
    ("a", InDoubt::Retry, 100),
    ("adf", InDoubt::Retry, 100),
    ("adf", InDoubt::Hold, 1),
    ("ff", InDoubt::Retry, 1),
];

/// E7: each flush fails once, and all after it are well. The first error is final: who has the file in hand flushes it no
/// more, since what the disk has lost it does not tell of twice.
pub fn flushes(outcome: &mut Outcome) {
    let ground = Ground::new();
    for case in MAILS.map(|(to, in_doubt, at_once)| Case::new(to, in_doubt, at_once)) {
        let is_flush = |call: &Call| matches!(call.what, What::Sync | What::SyncDir);
        let healthy = live(&case, &ground, |_| Luck::Good);
        let flushes = healthy.steps.iter().flatten().filter(|(call, _)| is_flush(call)).count();
        assert!(flushes >= 4, "the flushes are not reached: {flushes}");
        for number in 0..flushes {
            outcome.cases += 1;
            let count = AtomicUsize::new(0);
            let life = live(&case, &ground, |call| match is_flush(call) {
                true if count.fetch_add(1, Ordering::Relaxed) == number => Luck::Fails(EIO),
                _ => Luck::Good,
            });
            let flushed_again = life.steps.iter().any(|step| {
                let failed = step.iter().position(|(_, luck)| *luck != Luck::Good);
                failed.is_some_and(|at| {
                    let (first, rest) = (&step[at].0, &step[at + 1..]);
                    first.what == What::Sync
                        && rest.iter().any(|(call, _)| call.what == What::Sync && call.on == first.on)
                })
            });
            let words = match life.judged {
                Err(words) => words,
                Ok(()) if flushed_again => "it was flushed a second time".to_owned(),
                Ok(()) => continue,
            };
            outcome.failures.push(format!("{}: flush {number}: {words}", case.name()));
        }
    }
}

/// E10: each change of names, and each flush, is made and said to have failed.
pub fn done_all_the_same(outcome: &mut Outcome) {
    let ground = Ground::new();
    let is_wanted =
        |what| matches!(what, What::Create | What::Rename | What::Unlink | What::Sync | What::SyncDir);
    for case in MAILS.map(|(to, in_doubt, at_once)| Case::new(to, in_doubt, at_once)) {
        let healthy = live(&case, &ground, |_| Luck::Good);
        let calls = healthy.steps.iter().flatten().filter(|(call, _)| is_wanted(call.what)).count();
        for number in 0..calls {
            outcome.cases += 1;
            let count = AtomicUsize::new(0);
            let life = live(&case, &ground, |call| match is_wanted(call.what) {
                true if count.fetch_add(1, Ordering::Relaxed) == number => Luck::DoneAndFails(EIO),
                _ => Luck::Good,
            });
            if let Err(words) = life.judged {
                outcome.failures.push(format!("{}: change {number}: {words}", case.name()));
            }
        }
    }
    verbs::done_all_the_same(&ground, outcome);
}

/// E3: so many attempts meet a message that cannot be read. It goes when it can be, and never a part of it; after the third it
/// is set aside, and its sender is told.
pub fn unread(outcome: &mut Outcome) {
    for letters in ["a", "af", "ad"] {
        for is_short in [false, true] {
            for attempts in 1..=4 {
                outcome.cases += 1;
                let case = Case::new(letters, InDoubt::Retry, 100);
                if let Err(words) = read_again(&case, is_short, attempts) {
                    let kind = if is_short { "short" } else { "EIO" };
                    outcome.failures.push(format!("{}: {kind} {attempts} times: {words}", case.name()));
                }
            }
        }
    }
}

pub fn read_again(case: &Case, is_short: bool, attempts: u64) -> Result<(), String> {
    let ground = Ground::new();
    let path = ground.spool();
    let store = open(&SystemDisk, &path);
    case.submit(&store, 1).unwrap();
    let name = store.scan(&mut |_| {}).unwrap()[0];
    let seen = store.see(Place::Queue, &name.to_string(), 3).unwrap();
    let (header, file) = (seen.header.clone(), seen.stat.identity);
    drop(seen);
    drop(store);
    let (begin, end) = (header.body_at(), header.body_at() + header.body);
    let disk = Faulty::new(|call| match (call.what, is_short) {
        (What::Read, _) if call.on != file || !(begin..end).contains(&call.offset) => Luck::Good,
        (What::Read, true) => Luck::Empty,
        (What::Read, false) => Luck::Fails(EIO),
        _ => Luck::Good,
    });
    let store = open(&disk, &path);
    let mut peer = Peer::new(100, None);
    for attempt in 0..attempts {
        let tally = case.run(&store, &mut peer, attempt * 5 * 3600).unwrap();
        let is_told = attempt == 2;
        if tally.troubles.is_empty() == is_told {
            return Err(format!("attempt {attempt}: {:?}", tally.troubles));
        }
    }
    if let Some(copy) = peer.book.iter().find(|copy| copy.to != SENDER) {
        return Err(format!("the peer has {copy:?}"));
    }
    drop(store);
    let before = Before {
        is_acknowledged: true,
        may_be_queued: false,
        book: &peer.book,
        in_doubt: &[],
        after_s: 30 * 3600,
        is_damaged: attempts >= 3,
    };
    judge(case, &path, &before)
}
