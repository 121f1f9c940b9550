//! Many processes of the real program at one spool, and what the system can do to them: there is a book of what was
//! submitted, and one of what arrived.

mod letter;
mod many;
mod secret;

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
];
