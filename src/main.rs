//! The `whippet` program: hands its arguments to [`whippet::run`] and exits with the code that comes back.

use std::process::ExitCode;

fn main() -> ExitCode {
    whippet::run(std::env::args_os())
}
