//! The words of `whippet run`: a command, and to whom its output goes.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory, Parser};

use crate::cli::args::ProfileArgs;
use crate::cli::request::Request;
use crate::cli::usage::UsageError;
use crate::cli::{Invocation, assemble, rules};

const USAGE: &str = "usage: whippet run [-s SUBJECT] [--to ADDRESS] [--always] -- COMMAND [ARGUMENT]...";

/// A command that is run for its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRequest {
    /// The mail, as far as it is known; without a recipient it goes to who gets this account's mail.
    pub mail: Request,
    /// The command and its arguments; at least one word.
    pub command: Vec<OsString>,
    /// Whether a mail is due when the command succeeds, too.
    pub always: bool,
    /// Whether it is due when it succeeds and says something, as under cron.
    pub on_output: bool,
}

/// Run a command and mail what it says when it fails
///
/// The output goes to the mail alone. Standard input is the command's. The exit code is that of the command, also when
/// the mail could be neither sent nor queued: standard error says so then.
#[derive(Debug, Parser)]
#[command(name = "whippet run", disable_version_flag = true, args_override_self = true)]
pub(super) struct RunArgs {
    /// Begin of the subject, instead of the command's name
    ///
    /// Behind it stand what became of the command and the name of the machine.
    #[arg(short = 's', long, value_name = "TEXT", allow_hyphen_values = true)]
    subject: Option<OsString>,
    /// Who gets the mail
    ///
    /// May be repeated. Without it: who gets the mail of this account by aliases or local_to, else the author.
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    to: Vec<OsString>,
    /// Send a mail when the command succeeds, too
    #[arg(long, conflicts_with = "on_output")]
    always: bool,
    /// Send one when it succeeds and says something, as cron does
    #[arg(long)]
    on_output: bool,
    #[command(flatten)]
    profile: ProfileArgs,
    /// Queue the mail if the server does not take it now (the built-in choice)
    #[arg(long, overrides_with = "no_queue")]
    queue: bool,
    /// Do not queue it, whatever the profile says
    #[arg(long, overrides_with = "queue")]
    no_queue: bool,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", trailing_var_arg = true, required = true)]
    command: Vec<OsString>,
}

/// Its options, as a table.
pub(in crate::cli) fn command() -> Command {
    RunArgs::command()
}

/// Reads the words behind `run`.
pub(in crate::cli) fn parse(words: &[OsString]) -> Result<Invocation, UsageError> {
    let argv = std::iter::once(OsString::from("whippet run")).chain(words.iter().cloned());
    let args = match RunArgs::try_parse_from(argv) {
        Ok(args) => args,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return Ok(Invocation::Print(error.render().to_string()));
        }
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            return Err(UsageError::usage("no command is named").with_hint(USAGE));
        }
        Err(error) => return Err(UsageError::reword(&error).with_hint(USAGE)),
    };
    let mut mail = Request { is_last_try: true, edit: Some(false), ..Request::default() };
    if let Some(subject) = &args.subject {
        rules::one_line("--subject", "a subject", subject)?;
    }
    mail.subject = args.subject;
    for word in args.to {
        assemble::add_list(&mut mail.to, rules::text("--to", word)?);
    }
    assemble::profile(args.profile, &mut mail)?;
    mail.queue = match (args.queue, args.no_queue) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    assemble::check_addresses(&mail)?;
    let (command, always, on_output) = (args.command, args.always, args.on_output);
    Ok(Invocation::Run(Box::new(RunRequest { mail, command, always, on_output })))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(words: &[&str]) -> Result<Invocation, UsageError> {
        parse(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn what_follows_the_command_is_its_own() {
        for words in [
            &["-s", "x", "--", "ls", "-s", "--to"][..],
            &["-s", "x", "ls", "-s", "--to"],
            &["-sx", "ls", "-s", "--to"],
        ] {
            let Ok(Invocation::Run(run)) = read(words) else { panic!("{words:?}") };
            assert_eq!(run.command, ["ls", "-s", "--to"], "{words:?}");
            assert_eq!((run.mail.subject, run.always), (Some("x".into()), false));
        }
        let Ok(Invocation::Run(run)) = read(&["--to", "a@x, b", "--always", "--no-queue", "--", "--"]) else {
            panic!()
        };
        assert_eq!((run.mail.to, run.always, run.mail.queue), (vec!["a@x, b".to_owned()], true, Some(false)));
    }

    #[test]
    fn a_command_is_needed() {
        for words in [&[][..], &["-s", "x"], &["--"]] {
            assert_eq!(read(words).unwrap_err().message, "no command is named", "{words:?}");
        }
        assert!(read(&["--alwyas", "--", "ls"]).unwrap_err().message.contains("--always"));
        assert!(read(&["-s", "a\nb", "ls"]).unwrap_err().message.contains("one line"));
    }
}
