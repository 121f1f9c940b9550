//! Disks that fail: what the program answers, and that nothing is lost by it.

mod damage;
mod errors;
pub mod faulty;
mod rules;

use crate::{Test, Wanted};

pub const TESTS: &[Test] = &[
    Test {
        id: "C6",
        what: "each octet of an entry damaged",
        run: |wanted, outcome| damage::everywhere(wanted.is_quick, outcome),
    },
    Test {
        id: "D",
        what: "what is done about each error of the disk",
        run: |_, outcome| rules::all(outcome),
    },
    Test {
        id: "E1",
        what: "each error at each call of a submission",
        run: |wanted, outcome| errors::at_each_call(true, wanted.errors(), outcome),
    },
    Test {
        id: "E2",
        what: "each error at each call of runs, reports and ends",
        run: |wanted, outcome| errors::at_each_call(false, wanted.errors(), outcome),
    },
    Test {
        id: "E3",
        what: "a stored mail that cannot be read, once or for ever",
        run: |_, outcome| errors::unread(outcome),
    },
    Test {
        id: "E7",
        what: "each flush fails once, and is well after that",
        run: |_, outcome| errors::flushes(outcome),
    },
    Test {
        id: "E10",
        what: "each change is made and said to have failed",
        run: |_, outcome| errors::done_all_the_same(outcome),
    },
];

impl Wanted {
    /// The quick part has those that disks tell of most.
    fn errors(&self) -> &'static [(&'static str, i32)] {
        if self.is_quick { &errors::ERRORS[..4] } else { &errors::ERRORS }
    }
}
