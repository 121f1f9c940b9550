//! The words of `whippet queue`: what is to be seen of the spool, or done to it.

mod args;

use std::ffi::OsString;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use crate::cli::args::ProfileArgs;
use crate::cli::usage::printable;
use crate::cli::{Invocation, Request, UsageError, assemble, rules};
use crate::mail::read_time;

pub(super) use args::QueueArgs;
use args::{PlaceArgs, QueueVerb, SelectionArgs};

/// What is asked of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRequest {
    /// What chooses settings; the rest is as by default.
    pub settings: Box<Request>,
    /// The answer is in JSON.
    pub json: bool,
    /// What is to be done.
    pub task: Task,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// `list`.
    List(Chosen),
    /// `show`.
    Show {
        /// An ID, or a part of one.
        id: String,
        /// What of it.
        part: Part,
    },
    /// `hold`, `release`, `retry`, `remove`.
    Act {
        /// Which of them.
        act: Act,
        /// To which entries.
        chosen: Chosen,
        /// Nobody is asked.
        yes: bool,
        /// How long to wait for an entry in hand.
        wait: Duration,
    },
    /// `run`.
    Run {
        /// Due times and closed gates are not asked for.
        now: bool,
        /// It goes on.
        watch: bool,
        /// A send has started it, and nobody waits for it.
        after_send: bool,
        /// Which entries.
        chosen: Chosen,
    },
    /// `install`.
    Install(Setup),
    /// `check`.
    Check {
        /// Messages are not read.
        quick: bool,
        /// What can be mended is.
        repair: bool,
    },
    /// `stats`.
    Stats,
}

/// What is to run the queue, and what is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// It is taken away.
    pub remove: bool,
    /// It is only printed.
    pub print: bool,
    /// Which; `None` for the first that is there.
    pub runner: Option<Runner>,
}

/// What can run the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// A timer of the user's systemd.
    Systemd,
    /// A line of the user's crontab.
    Cron,
}

/// What `show` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is known of the entry.
    Entry,
    /// The header of the message.
    Header,
    /// The message.
    Message,
}

/// What is done to entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Act {
    Hold,
    Release,
    Retry,
    Remove,
}

impl Act {
    /// The verb.
    pub fn name(self) -> &'static str {
        match self {
            Act::Hold => "hold",
            Act::Release => "release",
            Act::Retry => "retry",
            Act::Remove => "remove",
        }
    }
}

/// Which entries are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// IDs, or parts of them; none: all that the rest is true of.
    pub ids: Vec<String>,
    /// `--hop`: the name of a profile.
    pub hop: Option<String>,
    /// `--from`.
    pub from: Option<String>,
    /// `--to`.
    pub to: Option<String>,
    /// `--older`, seconds.
    pub older_s: Option<u64>,
    /// `--all`.
    pub all: bool,
    /// `--queued`, `--held`, `--badmail`, `--corrupt`: only those there; all false: where the verb looks.
    pub places: Places,
}

/// Places of the spool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Places {
    pub queued: bool,
    pub held: bool,
    pub badmail: bool,
    pub corrupt: bool,
}

/// Reads the words behind `queue`.
pub(super) fn parse(words: &[OsString]) -> Result<Invocation, UsageError> {
    let argv = std::iter::once(OsString::from("whippet queue")).chain(words.iter().cloned());
    let mut command = QueueArgs::command();
    if words.is_empty() {
        return Ok(Invocation::Lost(command.render_help().to_string()));
    }
    let usage = |error: &clap::Error| {
        UsageError::reword(error).with_hint("usage: whippet queue VERB; whippet queue --help lists the verbs")
    };
    let matches = match command.try_get_matches_from_mut(argv) {
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return Ok(Invocation::Print(error.render().to_string()));
        }
        Err(error) => {
            return Err(match error.kind() {
                ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                    UsageError::usage("a verb is missing").with_hint("whippet queue --help lists the verbs")
                }
                ErrorKind::MissingRequiredArgument => {
                    UsageError::usage("an ID is missing").with_hint("whippet queue list shows the IDs")
                }
                _ => usage(&error),
            });
        }
        Ok(matches) => matches,
    };
    let args = QueueArgs::from_arg_matches(&matches).map_err(|error| usage(&error))?;
    let mut settings = Box::new(Request { json: args.json, ..Request::default() });
    let profile =
        ProfileArgs { profile: None, config: args.config, no_system: args.no_system, set: args.set };
    assemble::profile(profile, &mut settings)?;
    let task = task(args.verb)?;
    Ok(Invocation::Queue(Box::new(QueueRequest { settings, json: args.json, task })))
}

fn task(verb: QueueVerb) -> Result<Task, UsageError> {
    let act = |act, args: args::ActArgs| {
        let wait = match &args.wait {
            None => Duration::ZERO,
            Some(text) => read_time(text).ok_or_else(|| time("--wait", text))?,
        };
        Ok(Task::Act { act, chosen: chosen(args.selection, args.places, true)?, yes: args.yes, wait })
    };
    Ok(match verb {
        QueueVerb::List { selection, places } => Task::List(chosen(selection, places, false)?),
        QueueVerb::Show { id, header, message } => {
            let part = match (header, message) {
                (true, _) => Part::Header,
                (_, true) => Part::Message,
                _ => Part::Entry,
            };
            Task::Show { id: word("ID", id)?, part }
        }
        QueueVerb::Run { now, watch, after_send, selection } => {
            Task::Run { now, watch, after_send, chosen: chosen(selection, PlaceArgs::default(), false)? }
        }
        QueueVerb::Install { remove, print, systemd, cron } => {
            let runner = if systemd { Some(Runner::Systemd) } else { cron.then_some(Runner::Cron) };
            Task::Install(Setup { remove, print, runner })
        }
        QueueVerb::Retry(args) => return act(Act::Retry, args),
        QueueVerb::Hold(args) => return act(Act::Hold, args),
        QueueVerb::Release(args) => return act(Act::Release, args),
        QueueVerb::Remove(args) => return act(Act::Remove, args),
        QueueVerb::Check { quick, repair } => Task::Check { quick, repair },
        QueueVerb::Stats => Task::Stats,
    })
}

fn chosen(args: SelectionArgs, places: PlaceArgs, is_needed: bool) -> Result<Chosen, UsageError> {
    let one = |name: &str, value: Option<OsString>| value.map(|value| word(name, value)).transpose();
    let older = one("--older", args.older)?;
    let older_s = older.map(|text| read_time(&text).ok_or_else(|| time("--older", &text))).transpose()?;
    let chosen = Chosen {
        ids: args.ids.into_iter().map(|id| word("ID", id)).collect::<Result<_, _>>()?,
        hop: one("--hop", args.hop)?,
        from: one("--from", args.from)?,
        to: one("--to", args.to)?,
        older_s: older_s.map(|time| time.as_secs()),
        all: args.all,
        places: Places {
            queued: places.queued,
            held: places.held,
            badmail: places.badmail,
            corrupt: places.corrupt,
        },
    };
    let is_narrow = [&chosen.hop, &chosen.from, &chosen.to].iter().any(|part| part.is_some());
    if is_needed && chosen.ids.is_empty() && !is_narrow && older_s.is_none() && !chosen.all {
        return Err(UsageError::usage("no entry is named").with_hint(
            "name IDs, or choose with --hop, --from, --to, --older or --all; whippet queue list shows the IDs",
        ));
    }
    Ok(chosen)
}

fn word(name: &str, value: OsString) -> Result<String, UsageError> {
    rules::text(name, value)
}

fn time(name: &str, text: &str) -> UsageError {
    UsageError::usage(format!("{name} takes a time such as 30s, 12h or 3d, not `{}`", printable(text)))
}
