//! Many processes of the real program at one spool, and what the system can do to them: there is a book of what was
//! submitted, and one of what arrived.

mod copied;
pub mod letter;
mod many;
mod secret;
mod soak;
mod starved;
mod turns;

use crate::Test;

/// The proofs.
pub const TESTS: &[Test] = &[
    Test {
        id: "Q1",
        what: "many processes submit and run one queue",
        run: |wanted, outcome| many::race(&many::Field::new(wanted.is_quick), wanted.seed, outcome),
    },
    Test {
        id: "I9",
        what: "a password looked for wherever it must not be",
        run: |wanted, outcome| secret::everywhere(wanted.is_quick, outcome),
    },
    Test {
        id: "K4",
        what: "processes killed at random, a faulty server",
        run: |wanted, outcome| {
            let size = wanted.size.or((!wanted.is_quick).then_some(10_000));
            size.into_iter().for_each(|size| soak::soak(size, wanted.seed, outcome));
        },
    },
    Test {
        id: "K7",
        what: "too little memory for a submission and a run",
        run: |wanted, outcome| starved::memory(if wanted.is_quick { 6 } else { 32 }, outcome),
    },
    Test {
        id: "E8",
        what: "too few descriptors, no process, socket or random octets",
        run: |_, outcome| starved::others(outcome),
    },
    Test {
        id: "Q4",
        what: "a timer, cron and a person in the same second",
        run: |wanted, outcome| turns::together(if wanted.is_quick { 10 } else { 100 }, outcome),
    },
    Test {
        id: "Q5",
        what: "a runner stopped with an entry in hand",
        run: |_, outcome| turns::asleep(outcome),
    },
    Test {
        id: "Q6",
        what: "the spool copied while nobody is at it",
        run: |_, outcome| copied::everywhere(outcome),
    },
];
