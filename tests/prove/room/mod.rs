//! The spool on filesystems of its own: full ones, and such as have lost what was not flushed. Whatever is mounted is mounted
//! in a namespace of the test's own, and is gone when the test is.

mod cut;
mod full;
mod inside;
mod mount;
mod moved;

use crate::Test;

/// The proofs.
pub const TESTS: &[Test] = &[
    Test {
        id: "E6",
        what: "a disk that is really full, and has room again",
        run: |wanted, outcome| inside::run("E6", wanted, outcome, full::everywhere),
    },
    Test {
        id: "E9",
        what: "the spool moved, removed, made read-only, somebody else's",
        run: |wanted, outcome| inside::run("E9", wanted, outcome, moved::everywhere),
    },
    Test {
        id: "C3",
        what: "the power cut on ext4, xfs, btrfs and f2fs",
        run: |wanted, outcome| inside::run("C3", wanted, outcome, cut::everywhere),
    },
];
