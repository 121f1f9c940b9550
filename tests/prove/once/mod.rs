//! A submission that comes again: after a kill at every call, after every crash of the disk, and from a producer that was cut.

mod crash;
mod cut;
mod kill;
mod stale;

use crate::Test;

/// The proofs.
pub const TESTS: &[Test] = &[
    Test {
        id: "K1",
        what: "a submission that is known by a word killed at every call, and repeated",
        run: |wanted, outcome| kill::everywhere(wanted.is_quick, outcome),
    },
    Test {
        id: "C1",
        what: "a submission repeated after every state of the disk",
        run: |wanted, outcome| crash::states(&wanted.depth(), wanted.seed, outcome),
    },
    Test {
        id: "C2",
        what: "its memory trusted alone, its first copy not flushed, no second look behind the lock",
        run: |wanted, outcome| {
            crash::mistakes(&wanted.depth(), wanted.seed, outcome);
            stale::looks(outcome);
        },
    },
    Test {
        id: "E4",
        what: "files that may not grow, and texts that were cut",
        run: |_, outcome| cut::everywhere(outcome),
    },
];
