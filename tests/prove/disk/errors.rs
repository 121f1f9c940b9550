//! E1, E2, E3, E10: every call to the disk fails in turn, in a mail's whole life, with each error, done or not done. What was not
//! said to be queued is not; what was is not lost, and goes when the disk is well again.

use whippet::spool::{InDoubt, Place, SubmitError};
use whippet::sys::SystemDisk;

use super::faulty::{Faulty, Unread};
use crate::Outcome;
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
    judged: Result<(), String>,
}

/// A mail's life on a disk of which a call fails, then its rest on a good one.
fn live(case: &Case, ground: &Ground, fails_at: usize, errno: i32, is_done: bool) -> Life {
    let path = ground.spool();
    let disk = Faulty::new(usize::MAX, errno, is_done);
    let store = open(&disk, &path);
    let disk_calls = disk.count();
    drop(store);
    // The spool is opened before anything fails.
    let disk = Faulty::new(fails_at.saturating_add(disk_calls), errno, is_done);
    let store = open(&disk, &path);
    let submitted = case.submit(&store, 1);
    let first = disk.count() - disk_calls;
    let mut peer = Peer::new(case.at_once, None);
    for after_s in [0, 1, 5 * 3600, 10 * 3600] {
        // A run that cannot work says so, and the next one works.
        let _ = case.run(&store, &mut peer, after_s);
        peer.is_patient = after_s >= 1;
    }
    let calls = (first, disk.count() - disk_calls);
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
    Life { calls, judged }
}

/// All errors at all calls: of the submission, or of what follows.
pub fn at_each_call(is_submission: bool, errors: &[(&str, i32)], outcome: &mut Outcome) {
    let ground = Ground::new();
    let mails = if is_submission { &["a", "aaa"][..] } else { &["a", "adf", "ff"][..] };
    for case in mails.iter().map(|to| Case::new(to, InDoubt::Retry, 100)) {
        let healthy = live(&case, &ground, usize::MAX, 0, false);
        assert_eq!(healthy.judged, Ok(()));
        let calls = if is_submission { 0..healthy.calls.0 } else { healthy.calls.0..healthy.calls.1 };
        assert!(calls.len() >= 8, "the calls are not reached: {calls:?}");
        for fails_at in calls {
            for &(error, errno) in errors {
                for is_done in [false, true] {
                    outcome.cases += 1;
                    let life = live(&case, &ground, fails_at, errno, is_done);
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

fn read_again(case: &Case, is_short: bool, attempts: u64) -> Result<(), String> {
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
    let disk = Faulty::unreadable(Unread { file, begin, end, is_short });
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
