//! Disks that fail: what the program answers, and that nothing is lost by it.

mod errors;
mod faulty;

use crate::{Test, Wanted};

pub const TESTS: &[Test] = &[
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
];

impl Wanted {
    /// The quick part has those that disks tell of most.
    fn errors(&self) -> &'static [(&'static str, i32)] {
        if self.is_quick { &errors::ERRORS[..4] } else { &errors::ERRORS }
    }
}
