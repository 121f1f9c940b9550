//! The spool on filesystems of its own: full ones, and such as have lost what was not flushed. Whatever is mounted is mounted
//! in a namespace of the test's own, and is gone when the test is.

mod full;
mod inside;
mod mount;

use crate::Test;

/// The proofs.
pub const TESTS: &[Test] = &[Test {
    id: "E6",
    what: "a disk that is really full, and has room again",
    run: |wanted, outcome| inside::run("E6", wanted, outcome, full::everywhere),
}];
