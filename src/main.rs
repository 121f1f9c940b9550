//! The `whippet` program: hands its arguments to [`whippet::run`] and exits with the code that comes back.

use std::panic;
use std::process::{self, ExitCode};

/// EX_SOFTWARE of sysexits.h: a bug of ours.
const SOFTWARE: i32 = 70;

fn main() -> ExitCode {
    panic::set_hook(Box::new(|panic| {
        #[allow(clippy::print_stderr, reason = "nothing else can be trusted to work now")]
        let () = eprintln!("whippet: this is a bug in whippet, please report it: {panic}");
        process::exit(SOFTWARE);
    }));
    whippet::run(std::env::args_os())
}
