//! The verbs, one per file, and what they share: the world, failures, exit codes.

mod advice;
mod draft;
mod exit;
mod failure;
mod generate;
mod inputs;
mod route;
mod send;
mod settings;
mod world;

pub use exit::Exit;
pub use failure::Failure;
pub use world::World;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::{self, Invocation};
use crate::ui;

/// Runs the program in the real world.
pub fn run(argv: &[OsString]) -> ExitCode {
    ExitCode::from(world::with_real(|world| run_in(argv, world)).code())
}

/// Runs the program in this world: understands the words, does what they ask, says what went wrong.
pub fn run_in(argv: &[OsString], world: &mut World<'_>) -> Exit {
    let (done, json) = match cli::parse(argv) {
        Ok(invocation) => (perform(&invocation, world), wants_json(&invocation)),
        Err(error) => (Err(Failure::from(error)), argv.iter().any(|word| word == "--json")),
    };
    let exit = match done {
        Ok(exit) => exit,
        Err(failure) => {
            say(&failure, json, world);
            failure.exit
        }
    };
    // What is not written now was not wanted: a broken pipe changes no outcome.
    let _ = world.stdout.flush();
    exit
}

fn perform(invocation: &Invocation, world: &mut World<'_>) -> Result<Exit, Failure> {
    match invocation {
        Invocation::Send(request) => send::send(request, world),
        Invocation::ShowConfig(request) | Invocation::Dump(request) => settings::show(request, world),
        Invocation::Query(name, request) => settings::query(name, request, world),
        Invocation::Alias(name, _) => Err(Failure::plain(
            Exit::NoUser,
            format!("there is no alias `{name}`: this version of whippet has none"),
        )),
        Invocation::Generate(what) => Ok(generate::generate(*what, world)),
        Invocation::Print(text) => {
            let _ = world.stdout.write_all(text.as_bytes());
            Ok(Exit::Ok)
        }
    }
}

fn wants_json(invocation: &Invocation) -> bool {
    matches!(invocation, Invocation::Send(request) if request.json)
}

fn say(failure: &Failure, json: bool, world: &mut World<'_>) {
    for complaint in &failure.complaints {
        let _ = write!(world.stderr, "{complaint}");
    }
    if json {
        let _ = world.stdout.write_all(ui::failure_json(&failure.complaints, failure.exit.code()).as_bytes());
    }
}
