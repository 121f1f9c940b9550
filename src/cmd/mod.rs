//! The verbs, one per file, and what they share: the world, failures, exit codes.

mod exit;

pub use exit::Exit;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program.
pub fn run(argv: Vec<OsString>) -> ExitCode {
    let _ = argv;
    ExitCode::SUCCESS
}
