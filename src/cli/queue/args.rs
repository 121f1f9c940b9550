//! The table of verbs and options of `whippet queue`. Doc comments are the help text.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand, ValueHint};

const TEMPLATE: &str = "{usage-heading} {usage}

{all-args}";

/// Shows mail that waits, and what becomes of it
#[derive(Debug, Parser)]
#[command(
    name = "whippet queue",
    args_override_self = true,
    disable_help_subcommand = true,
    subcommand_required = true,
    help_template = TEMPLATE,
    subcommand_value_name = "VERB",
    subcommand_help_heading = "Verbs"
)]
pub(in crate::cli) struct QueueArgs {
    #[command(subcommand)]
    pub verb: QueueVerb,
    /// Print it in JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Configuration file, instead of the user's
    #[arg(short = 'F', long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<OsString>,
    /// Leave out the system's configuration file
    #[arg(short = 'n', long, global = true)]
    pub no_system: bool,
    /// Change one setting for this run
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    pub set: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum QueueVerb {
    /// List what waits, the oldest first
    List {
        #[command(flatten)]
        selection: SelectionArgs,
        #[command(flatten)]
        places: PlaceArgs,
    },
    /// Show an entry: its recipients, and what happened
    Show {
        /// ID of an entry, or a part of at least 4 characters
        #[arg(value_name = "ID")]
        id: OsString,
        /// Print the header of the message
        #[arg(long, conflicts_with = "message")]
        header: bool,
        /// Print the message
        #[arg(long)]
        message: bool,
    },
    /// Try what is due
    Run {
        /// Try all, due or not, and hosts that were down
        #[arg(long)]
        now: bool,
        /// Go on, until a signal comes
        #[arg(long)]
        watch: bool,
        /// A send starts it behind its own mail, and nobody waits for it
        #[arg(long, hide = true)]
        after_send: bool,
        #[command(flatten)]
        selection: SelectionArgs,
    },
    /// Have the queue run every 5 minutes, by systemd or the crontab
    Install {
        /// Take away what was installed
        #[arg(long)]
        remove: bool,
        /// Print what would be written, and write nothing
        #[arg(long, conflicts_with = "remove")]
        print: bool,
        /// By a timer of the user's systemd
        #[arg(long)]
        systemd: bool,
        /// By a line of the crontab
        #[arg(long, conflicts_with = "systemd")]
        cron: bool,
    },
    /// Have entries tried now; dead letters get a new life
    Retry(ActArgs),
    /// Have entries wait until they are released
    Hold(ActArgs),
    /// Let held entries go
    Release(ActArgs),
    /// Remove entries; nobody is told
    Remove(ActArgs),
    /// Check every file, and say what waits for a person
    Check {
        /// Leave the messages unread
        #[arg(long)]
        quick: bool,
        /// Finish what a crash has left, set damage aside
        #[arg(long)]
        repair: bool,
    },
    /// Count entries, by place and by profile
    Stats,
}

/// Which entries.
#[derive(Debug, Args)]
pub(in crate::cli) struct SelectionArgs {
    /// IDs of entries, or parts of at least 4 characters
    #[arg(value_name = "ID")]
    pub ids: Vec<OsString>,
    /// Those that go by this profile
    #[arg(long, value_name = "PROFILE")]
    pub hop: Option<OsString>,
    /// Those whose sender holds this text; <> for none
    #[arg(long, value_name = "TEXT")]
    pub from: Option<OsString>,
    /// Those with a recipient that holds this text
    #[arg(long, value_name = "TEXT")]
    pub to: Option<OsString>,
    /// Those that are as old as this: 30m, 12h, 3d
    #[arg(long, value_name = "TIME")]
    pub older: Option<OsString>,
    /// All entries
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
}

/// Where they are.
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct PlaceArgs {
    /// Only those that are to be tried
    #[arg(long)]
    pub queued: bool,
    /// Only those that are held
    #[arg(long)]
    pub held: bool,
    /// Only dead letters
    #[arg(long)]
    pub badmail: bool,
    /// Only those that are not trusted
    #[arg(long)]
    pub corrupt: bool,
}

/// Which entries, and how to deal with them.
#[derive(Debug, Args)]
pub(in crate::cli) struct ActArgs {
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub places: PlaceArgs,
    /// Do not ask before all are dealt with
    #[arg(long)]
    pub yes: bool,
    /// Wait so long for an entry that is in hand
    #[arg(long, value_name = "TIME")]
    pub wait: Option<String>,
}
