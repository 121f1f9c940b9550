//! The options of the verbs `config` and `generate`.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use super::ProfileArgs;

/// Shows the settings.
#[derive(Debug, Parser)]
#[command(name = "whippet config", args_override_self = true, disable_help_subcommand = true)]
pub(in crate::cli) struct ConfigArgs {
    #[command(subcommand)]
    pub verb: ConfigVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ConfigVerb {
    /// Print all settings and where each comes from
    Show {
        #[command(flatten)]
        profile: ProfileArgs,
        /// Print them in JSON
        #[arg(long)]
        json: bool,
    },
}

/// Prints what is made from the table of options.
#[derive(Debug, Parser)]
#[command(name = "whippet generate", disable_help_subcommand = true)]
pub(in crate::cli) struct GenerateArgs {
    #[command(subcommand)]
    pub what: GenerateWhat,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum GenerateWhat {
    /// The manual page, in roff
    Man,
    /// A file that completes the options in a shell
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// A configuration file to begin with
    Config,
    /// The description of all options
    Help,
    /// Links by which whippet is called sendmail, mailq, newaliases, mail and mailx
    Links {
        /// Where they are made
        #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
}
