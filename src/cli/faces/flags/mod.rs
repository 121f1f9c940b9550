//! The options of other programs, once, as data: the manual pages and the tables of doc/COMPATIBILITY.md are made from it,
//! and a test asks the parser whether it is so.

mod mail;
mod msmtp;
mod mutt;
mod sendmail;
#[cfg(test)]
mod tests;

pub(in crate::cli) use mail::{MAIL, VARIABLES};
pub(in crate::cli) use msmtp::MSMTP;
pub(in crate::cli) use mutt::MUTT;
pub(in crate::cli) use sendmail::SENDMAIL;

/// What becomes of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Effect {
    /// It does what it does elsewhere.
    Honoured,
    /// It does that in another way, which the words tell.
    Changed,
    /// It is taken and changes nothing.
    Ignored,
    /// The same, and standard error says so.
    Noted,
    /// Wrong usage.
    Refused,
}

impl Effect {
    /// The word for it in a table.
    pub(in crate::cli) fn word(self) -> &'static str {
        match self {
            Effect::Honoured => "yes",
            Effect::Changed => "changed",
            Effect::Ignored => "ignored",
            Effect::Noted => "ignored, and told",
            Effect::Refused => "refused",
        }
    }
}

/// One option, or several that have one meaning.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Flag {
    /// What becomes of it.
    pub effect: Effect,
    /// How it is written, with its value.
    pub names: &'static str,
    /// What it does, in sentences; empty where there is nothing to say.
    pub words: &'static str,
    /// Command lines that have it, between semicolons; a tab is a blank within a word.
    #[cfg(test)]
    pub trials: &'static str,
}

macro_rules! flags {
    ($($effect:ident $names:literal, $trials:literal, $words:literal;)*) => {
        &[$($crate::cli::faces::flags::Flag {
            effect: $crate::cli::faces::flags::Effect::$effect, names: $names, words: $words, #[cfg(test)] trials: $trials,
        }),*]
    };
}
use flags;
