//! The verbs, one per file, and what they share: the world, failures, exit codes.

mod advice;
mod dialogue;
mod draft;
mod exit;
mod faces;
mod failure;
mod given;
mod inputs;
mod letter;
mod queue;
mod route;
mod sandbox;
mod send;
mod settings;
mod world;

pub use dialogue::{Answer, Ended, Host, converse};
pub use exit::Exit;
pub use failure::Failure;
pub use world::{Later, World, later};

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::{self, Generate, Invocation};
use crate::config;
use crate::ui::{self, Complaint};

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
    match done {
        Ok(exit) => exit,
        Err(failure) => {
            failure.say(world);
            if json {
                let _ = print(&ui::failure_json(&failure.complaints, failure.exit.code()), world);
            }
            failure.exit
        }
    }
}

fn perform(invocation: &Invocation, world: &mut World<'_>) -> Result<Exit, Failure> {
    let text = match invocation {
        Invocation::Send(request) => return send::send(request, world),
        Invocation::ShowConfig(request) | Invocation::Dump(request) => return settings::show(request, world),
        Invocation::Query(name, request) => return settings::query(name, request, world),
        Invocation::Alias(name, request) => return draft::print_alias(name, request, world),
        Invocation::Verify(request) => return faces::verify(request, world),
        Invocation::Dialogue(request) => return faces::serve(request, world),
        Invocation::Run(request) => return faces::run(request, world),
        Invocation::Links(folder) => return faces::links(folder, world),
        Invocation::Note(words) => {
            let _ = writeln!(world.stderr, "whippet: {words}");
            return Ok(Exit::Ok);
        }
        Invocation::Generate(Generate::Man(page)) => &cli::man_page(*page),
        Invocation::Generate(Generate::ManOfConfig) => &config::man_page(),
        Invocation::Generate(Generate::Compatibility) => &cli::compatibility(),
        Invocation::Generate(Generate::Completions(shell)) => &cli::completions(*shell),
        Invocation::Generate(Generate::Config) => &config::example(),
        Invocation::Generate(Generate::Help) => &cli::long_help(),
        Invocation::Queue(request) => return queue::queue(request, world),
        Invocation::Print(text) => text,
        Invocation::Lost(help) => {
            let _ = write!(world.stderr, "{help}");
            return Ok(Exit::Usage);
        }
    };
    print(text, world)?;
    Ok(Exit::Ok)
}

fn wants_json(invocation: &Invocation) -> bool {
    match invocation {
        Invocation::Send(request) => request.json,
        Invocation::Queue(request) => request.json,
        _ => false,
    }
}

/// Prints data on standard output. A reader that went away is no failure; an output that takes no more is one.
fn print(text: &str, world: &mut World<'_>) -> Result<(), Failure> {
    match world.stdout.write_all(text.as_bytes()).and_then(|()| world.stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let complaint = Complaint::new("cannot write to the standard output").because(error.to_string());
            Err(Failure::new(Exit::IoErr, complaint))
        }
        _ => Ok(()),
    }
}
