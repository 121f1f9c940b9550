//! The proofs in which the real program meets the real kernel: what they are, and what they have in common.

pub mod home;
mod hostile;
#[allow(dead_code, reason = "what later proofs ask of it")]
pub mod peer;
mod verbs;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Outcome, Test};

/// The proofs.
pub const TESTS: &[Test] = &[
    Test {
        id: "K8",
        what: "the verbs of the queue killed at every call",
        run: |wanted, outcome| verbs::everywhere(wanted.is_quick, outcome),
    },
    Test {
        id: "I8",
        what: "hostile files in every folder of the spool",
        run: |wanted, outcome| hostile::everywhere(wanted.is_quick, outcome),
    },
];

/// Makes all cases, several at once, and notes what went wrong under their names.
pub fn each<C: Sync>(
    cases: &[C],
    outcome: &mut Outcome,
    judge: impl Fn(&C) -> Result<(), String> + Sync,
    name: impl Fn(&C) -> String + Sync,
) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(words) = judge(case) {
                failures.lock().unwrap().push(format!("{}: {words}", name(case)));
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    outcome.cases += cases.len();
    outcome.failures.extend(failures.into_inner().unwrap());
}
