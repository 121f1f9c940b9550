//! The one table of options. Doc comments are the help text: the first sentence is the line of `-h`, all of it is
//! `--help` and the manual page. Values are kept as typed; [`request`](crate::cli::request) checks them.

mod copies;
mod message;
mod verbs;

use std::ffi::OsString;

use clap::{ArgAction, Args, CommandFactory, Parser, ValueHint};

pub(super) use self::copies::{CopyArgs, copy_place};
pub(super) use self::message::MessageArgs;
pub use self::message::{EmptyBody, MissingSubject};
pub(super) use self::verbs::{ConfigArgs, ConfigVerb, GenerateArgs, GenerateWhat, PageName};
use crate::cli::fields::FieldArgs;
use crate::cli::letter::LetterArgs;
use crate::cli::once::OnceArgs;
use crate::cli::queue::QueueArgs;
use crate::cli::wishes::WishArgs;

/// The usage lines, without the word "Usage".
pub(super) const USAGE: &str = "whippet [OPTION]... [--] RECIPIENT... < text\n       \
                                whippet [OPTION]... -a FILE... -- RECIPIENT... < text\n       \
                                whippet config show | queue list | generate man|completions|config|help";

const TEMPLATE: &str = "{usage-heading} {usage}

Examples:
  echo 'All is well.' | whippet -s 'Nightly report' you@example.org
  whippet -s 'The logs' -a syslog auth.log -- you@example.org < letter.txt

{all-args}{after-help}";

/// Sends one mail: takes its text from standard input and submits it over SMTP.
#[derive(Debug, Parser)]
#[command(
    name = "whippet",
    about = "send a mail from the command line",
    disable_help_flag = true,
    disable_version_flag = true,
    args_override_self = true,
    override_usage = USAGE,
    help_template = TEMPLATE,
    after_help = "Manual page: man whippet, or whippet generate man | man -l -"
)]
pub(super) struct SendArgs {
    #[command(flatten)]
    pub message: MessageArgs,
    #[command(flatten)]
    pub letter: LetterArgs,
    #[command(flatten)]
    pub recipients: RecipientArgs,
    #[command(flatten)]
    pub fields: FieldArgs,
    #[command(flatten)]
    pub profile: ProfileArgs,
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    #[command(flatten)]
    pub copies: CopyArgs,
    #[command(flatten)]
    pub once: OnceArgs,
    #[command(flatten)]
    pub wishes: WishArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Recipients")]
pub(super) struct RecipientArgs {
    /// Address, list of addresses, or mailto: URL
    ///
    /// A list has commas between its addresses. A word without @ is an alias of the profile, else it gets the
    /// domain of the sender.
    #[arg(value_name = "RECIPIENT")]
    pub words: Vec<OsString>,
    /// One more recipient
    ///
    /// May be repeated. ADDRESS is an address or a list of addresses, here and below.
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    pub to: Vec<OsString>,
    /// Recipient of a copy
    ///
    /// May be repeated.
    #[arg(short = 'c', long, value_name = "ADDRESS", allow_hyphen_values = true)]
    pub cc: Vec<OsString>,
    /// Recipient whom the others do not see
    ///
    /// May be repeated. Such a recipient is named nowhere in the message.
    #[arg(short = 'b', long, value_name = "ADDRESS", allow_hyphen_values = true)]
    pub bcc: Vec<OsString>,
    /// Author, instead of the profile's
    ///
    /// An address, with or without a name, or several authors, divided by commas.
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    pub from: Option<OsString>,
    /// Where answers go
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    pub reply_to: Option<OsString>,
    /// Where reports of failure go
    ///
    /// Without it, to the sender. <> is the null reverse-path: no reports.
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    pub reverse_path: Option<OsString>,
    /// Print what an alias stands for
    ///
    /// One address a line. Nothing is sent.
    #[arg(short = 'A', value_name = "NAME", allow_hyphen_values = true)]
    pub alias: Option<OsString>,
}

/// What chooses and changes the settings.
#[derive(Debug, Args)]
#[command(next_help_heading = "Profile")]
pub(super) struct ProfileArgs {
    /// Profile to use
    ///
    /// A profile is a table of the configuration file: host, login, sender.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub profile: Option<OsString>,
    /// Configuration file, instead of the user's
    ///
    /// /dev/null stands for none.
    #[arg(short = 'F', long, value_name = "FILE", allow_hyphen_values = true, value_hint = ValueHint::FilePath)]
    pub config: Option<OsString>,
    /// Leave out the system's configuration file
    #[arg(short = 'n', long)]
    pub no_system: bool,
    /// Change one setting for this run
    ///
    /// May be repeated. A password is refused here.
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub set: Vec<OsString>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub(super) struct DeliveryArgs {
    /// Server, instead of the profile's
    ///
    /// As in smtps://user@smtp.example.org, lmtp://host:24 or lmtp+unix:///run/dovecot/lmtp. A password is refused here.
    #[arg(long, value_name = "URL", allow_hyphen_values = true, conflicts_with = "sendmail")]
    pub smtp: Option<OsString>,
    /// Hand over to the local sendmail program
    #[arg(long)]
    pub sendmail: bool,
    /// Hand over to a server made for this run
    ///
    /// It runs on this machine, shows what arrives, and keeps it in ./whippet-sandbox, a Maildir.
    #[arg(long, conflicts_with_all = ["smtp", "sendmail"])]
    pub sandbox: bool,
    /// Write the mail down instead of sending it
    ///
    /// A folder is a Maildir. A name that ends in .mbox or begins with mbox: is a mailbox to append to, as
    /// is a file that holds one. Anything else is a new file, and - standard output.
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true, value_hint = ValueHint::AnyPath,
          conflicts_with_all = ["smtp", "sendmail", "sandbox"])]
    pub output: Option<OsString>,
    /// Check everything, print the mail, send nothing
    ///
    /// No connection is made. The recipients are listed.
    #[arg(long, conflicts_with = "json")]
    pub dry_run: bool,
    /// Queue it for whom the server does not take now
    ///
    /// What is queued is kept on disk and tried again by `whippet queue run`. Only a mail whose server
    /// the profile names can be queued.
    #[arg(long, overrides_with = "no_queue")]
    pub queue: bool,
    /// Do not queue, whatever the profile says
    #[arg(long, overrides_with = "queue")]
    pub no_queue: bool,
    /// Commands of a muttrc
    ///
    /// set, unset, my_hdr and unmy_hdr, divided by semicolons. What whippet does not understand is an
    /// error.
    #[arg(short = 'e', value_name = "COMMAND", allow_hyphen_values = true)]
    pub commands: Vec<OsString>,
    /// Accepted and ignored, as mutt's
    #[arg(short = 'x', hide = true)]
    pub mailx: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Report in JSON on standard output
    ///
    /// It holds the outcome of each recipient.
    #[arg(long, conflicts_with = "dry_run")]
    pub json: bool,
    /// Show the session on standard error
    ///
    /// Passwords are masked.
    #[arg(long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Say nothing but errors
    #[arg(long, conflicts_with = "debug")]
    pub quiet: bool,
    /// Leave out a warning
    ///
    /// By the name in brackets behind it; several have commas between them. May be repeated. See WARNINGS.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub no_warn: Vec<OsString>,
    /// As --verbose; LEVEL is 0 (nothing) to 5
    #[arg(short = 'd', value_name = "LEVEL", allow_hyphen_values = true)]
    pub debug: Option<OsString>,
    /// Print all settings and where each comes from
    ///
    /// Nothing is sent. Secrets are shown as ***.
    #[arg(short = 'D')]
    pub dump: bool,
    /// Print one setting and where it comes from
    ///
    /// Nothing is sent.
    #[arg(short = 'Q', value_name = "NAME", allow_hyphen_values = true)]
    pub query: Option<OsString>,
    /// Print a summary (-h) or all of this (--help)
    #[arg(short = 'h', long, action = ArgAction::SetTrue)]
    pub help: bool,
    /// Print the version; -vv the features too
    #[arg(short = 'v', long, action = ArgAction::Count)]
    pub version: u8,
}

/// The table as a command, with its verbs, for completion.
pub(super) fn command() -> clap::Command {
    SendArgs::command().subcommands(verbs())
}

/// The verbs that have verbs of their own.
pub(super) fn verbs() -> [clap::Command; 3] {
    [
        ConfigArgs::command().name("config"),
        GenerateArgs::command().name("generate"),
        QueueArgs::command().name("queue"),
    ]
}
