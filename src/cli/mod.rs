//! The command line: argv becomes an [`Invocation`]. Pure: no file, no environment, no configuration is looked at.
//!
//! ```text
//! argv ── face ──► words (mutt's rules) ──► args (clap, the one table) ──► assemble (rules, mailto, muttrc) ──► Request
//! ```

mod args;
mod assemble;
mod faces;
mod fields;
mod letter;
mod mailto;
mod manual;
mod muttrc;
mod once;
mod queue;
mod request;
mod rules;
#[cfg(test)]
mod tests;
mod usage;
mod wishes;
mod words;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};

pub use args::{EmptyBody, MissingSubject};
pub use clap_complete::Shell;
pub use faces::mailx::{add_field, may_be_field};
pub use faces::run::RunRequest;
pub use fields::thread;
pub use letter::Letter;
pub use mailto::Mailto;
pub use manual::{Page, compatibility, completions, help, long_help, man_page, version};
pub use queue::{Act, Chosen, Part, Places, QueueRequest, Runner, Setup, Task};
pub use request::{
    Attachment, Body, Doubtful, Include, Misplaced, Raw, Request, Source, TlsWords, no_recipient,
};
pub use usage::{UsageError, UsageKind, shown};

use args::{ConfigArgs, ConfigVerb, GenerateArgs, GenerateWhat, PageName, SendArgs};
use faces::{Face, mailx, run, sendmail};
use words::{Walked, walk};

/// What the program is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invocation {
    /// Send a mail.
    Send(Box<Request>),
    /// Print all settings (`config show`); of the request only what chooses settings, and `json`, is filled in.
    ShowConfig(Box<Request>),
    /// Show whom the recipients of this request stand for (`sendmail -bv`).
    Verify(Box<Request>),
    /// Speak SMTP on standard input and output (`sendmail -bs`).
    Dialogue(Box<Request>),
    /// Run a command and mail what it says (`run`).
    Run(Box<RunRequest>),
    /// Print something made of the program itself.
    Generate(Generate),
    /// Make the links by which the program is called by other names, in this folder.
    Links(PathBuf),
    /// See or change what waits (`queue`).
    Queue(Box<QueueRequest>),
    /// Print this text on standard output.
    Print(String),
    /// Say this on standard error.
    Note(String),
    /// Print this help on standard error: it is not clear what is wanted.
    Lost(String),
    /// Print the settings that the request would have (`-D`).
    Dump(Box<Request>),
    /// Print one setting that the request would have (`-Q`).
    Query(String, Box<Request>),
    /// Print what an alias stands for (`-A`).
    Alias(String, Box<Request>),
}

/// What `whippet generate` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generate {
    /// [`man_page`].
    Man(Page),
    /// The manual page of the settings.
    ManOfConfig,
    /// [`compatibility`].
    Compatibility,
    /// [`completions`].
    Completions(Shell),
    /// A configuration file to begin with.
    Config,
    /// [`long_help`].
    Help,
}

/// Understands argv, its first word being the name the program was called by.
///
/// All errors in the words are found here, before standard input is read, but for two that only who looks around can find:
/// whether the words behind `-a` are files ([`Attachment::misplaced`]), and whether a person is there who may yet write
/// whom the mail is for ([`Request::may_be_written`], [`Request::require_recipient`]).
pub fn parse(argv: &[OsString]) -> Result<Invocation, UsageError> {
    let (face, words) = faces::choose(argv)?;
    match face {
        Face::Mutt => {
            let invocation = send(words)?;
            if let Invocation::Send(request) = &invocation {
                faces::refuse_late_verb(argv, &request.recipients)?;
            }
            Ok(invocation)
        }
        Face::Sendmail => sendmail::parse(words),
        Face::Mail => mailx::parse(words),
        Face::Newaliases => sendmail::parse(&[words, &["-bi".into()]].concat()),
        Face::Run => run::parse(words),
        Face::Config => config(words),
        Face::Generate => generate(words),
        Face::Queue => queue::parse(words),
        Face::Mailq if sendmail::has_letters(words) => sendmail::list(words),
        Face::Mailq => queue::parse(&[&["list".into()], words].concat()),
    }
}

fn send(words: &[OsString]) -> Result<Invocation, UsageError> {
    let mut command = SendArgs::command();
    let argv = match walk(words, &command)? {
        Walked::Help { long: false } => return Ok(Invocation::Print(help())),
        Walked::Help { long: true } => return Ok(Invocation::Print(long_help())),
        Walked::Argv(argv) => argv,
    };
    let reword = |error| UsageError::reword(&error);
    let matches = command.try_get_matches_from_mut(argv).map_err(reword)?;
    let mut args = SendArgs::from_arg_matches(&matches).map_err(reword)?;
    if args.output.version > 0 {
        return Ok(Invocation::Print(version(args.output.version > 1)));
    }
    let (dump, query, alias) = (args.output.dump, args.output.query.take(), args.recipients.alias.take());
    let request = Box::new(assemble::request(args, &matches)?);
    if dump {
        return Ok(Invocation::Dump(request));
    }
    if let Some(name) = query {
        return Ok(Invocation::Query(rules::text("-Q", name)?, request));
    }
    if let Some(name) = alias {
        return Ok(Invocation::Alias(rules::text("-A", name)?, request));
    }
    // Who types nothing but the name asks what the program is.
    if words.is_empty() || !request.may_be_written() {
        request.require_recipient()?;
    }
    Ok(Invocation::Send(request))
}

fn config(words: &[OsString]) -> Result<Invocation, UsageError> {
    match parse_verb::<ConfigArgs>("whippet config", words, "whippet config show [--profile NAME] [--json]")?
    {
        Err(help) => Ok(Invocation::Print(help)),
        Ok(ConfigArgs { verb: ConfigVerb::Show { profile, json } }) => {
            let mut request = Request { json, ..Request::default() };
            assemble::profile(profile, &mut request)?;
            Ok(Invocation::ShowConfig(Box::new(request)))
        }
    }
}

fn generate(words: &[OsString]) -> Result<Invocation, UsageError> {
    match parse_verb::<GenerateArgs>(
        "whippet generate",
        words,
        "whippet generate man [PAGE]|completions SHELL|config|help|links FOLDER",
    )? {
        Err(help) => Ok(Invocation::Print(help)),
        Ok(GenerateArgs { what }) => Ok(match what {
            GenerateWhat::Man { page } => {
                Invocation::Generate(page.map_or(Generate::Man(Page::Whippet), PageName::made))
            }
            GenerateWhat::Compatibility => Invocation::Generate(Generate::Compatibility),
            GenerateWhat::Completions { shell } => Invocation::Generate(Generate::Completions(shell)),
            GenerateWhat::Config => Invocation::Generate(Generate::Config),
            GenerateWhat::Help => Invocation::Generate(Generate::Help),
            GenerateWhat::Links { folder } => Invocation::Links(folder),
        }),
    }
}

/// Lets clap read the words of a verb; the inner error is the help that was asked for.
fn parse_verb<T: Parser>(
    name: &str,
    words: &[OsString],
    usage: &str,
) -> Result<Result<T, String>, UsageError> {
    let argv = std::iter::once(OsString::from(name)).chain(words.iter().cloned());
    match T::try_parse_from(argv) {
        Ok(args) => Ok(Ok(args)),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => Ok(Err(error.render().to_string())),
        Err(error) => Err(match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::MissingSubcommand
            | ErrorKind::MissingRequiredArgument => UsageError::usage(format!("a word is missing: {usage}")),
            _ => UsageError::reword(&error).with_hint(format!("usage: {usage}")),
        }),
    }
}
