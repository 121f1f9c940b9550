//! The options of the verbs `config` and `generate`.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use super::ProfileArgs;
use crate::cli::Generate;
use crate::cli::manual::Page;

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
    /// A manual page, in roff
    Man {
        /// Which one; the first if none is named
        #[arg(value_name = "PAGE")]
        page: Option<PageName>,
    },
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
    /// What becomes of the options of mutt, sendmail, mail and msmtp, in Markdown
    Compatibility,
    /// Links by which whippet is called sendmail, mailq, newaliases, mail and mailx
    Links {
        /// Where they are made
        #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
}

/// The manual pages that are made from the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "kebab-case")]
pub(in crate::cli) enum PageName {
    Whippet,
    WhippetConfig,
    WhippetSendmail,
    WhippetMail,
    WhippetRun,
}

impl PageName {
    /// What is printed for it.
    pub(in crate::cli) fn made(self) -> Generate {
        match self {
            PageName::Whippet => Generate::Man(Page::Whippet),
            PageName::WhippetConfig => Generate::ManOfConfig,
            PageName::WhippetSendmail => Generate::Man(Page::Sendmail),
            PageName::WhippetMail => Generate::Man(Page::Mail),
            PageName::WhippetRun => Generate::Man(Page::Run),
        }
    }
}
