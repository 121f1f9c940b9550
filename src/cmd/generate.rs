//! The verb `generate`: texts that are made of the program itself, so that they cannot differ from it.

use crate::cli::{self, Generate};
use crate::cmd::{Exit, World};
use crate::config;

/// Prints the text.
pub(super) fn generate(what: Generate, world: &mut World<'_>) -> Exit {
    let text = match what {
        Generate::Man => cli::man_page(),
        Generate::Completions(shell) => cli::completions(shell),
        Generate::Config => config::example(),
        Generate::Help => cli::long_help(),
    };
    let _ = world.stdout.write_all(text.as_bytes());
    Exit::Ok
}
