//! Usage errors: what is wrong with the words typed, and what to type instead.

use std::ffi::OsStr;

use crate::sys::is_hidden;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The usage in one line, for the foot of an error.
const ONE_LINE: &str =
    "usage: whippet [-s SUBJECT] [-a FILE...] [--] RECIPIENT...; whippet -h lists the options";

/// Long options that are documented and not in this version.
pub(super) const NOT_YET: [&str; 4] = ["encrypt", "only-remaining", "sign", "undecodable"];

/// What kind of error it is; the exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageKind {
    /// Unknown or contradicting options, no recipient, a secret in argv.
    Usage,
    /// An address, a subject or a field is malformed.
    Data,
}

/// The words typed cannot be understood. Found before standard input is read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    /// What is wrong; names the culprit, never a secret.
    pub message: String,
    /// What to type instead.
    pub hint: Option<String>,
    /// What kind of error it is.
    pub kind: UsageKind,
}

impl UsageError {
    /// An error in the options.
    pub fn usage(message: impl Into<String>) -> Self {
        UsageError { message: message.into(), hint: None, kind: UsageKind::Usage }
    }

    /// An error in what the options hold.
    pub fn data(message: impl Into<String>) -> Self {
        UsageError { message: message.into(), hint: None, kind: UsageKind::Data }
    }

    /// The same error with this advice.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// An option that does not exist.
    pub(super) fn unknown(option: &str) -> Self {
        UsageError::usage(format!("unknown option {option}")).with_hint(ONE_LINE)
    }

    /// Re-words an error of clap. The walker has found most errors before; what is left are unknown long
    /// options, contradictions, and values that are not in a list.
    pub(super) fn reword(error: &clap::Error) -> Self {
        let said = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => text.clone(),
            Some(ContextValue::Strings(texts)) => texts.join(", "),
            _ => String::new(),
        };
        // The best guess stands last.
        let guess = |kind| match error.get(kind) {
            Some(ContextValue::Strings(texts)) => texts.last().cloned().unwrap_or_default(),
            _ => said(kind),
        };
        let culprit = option_name(&said(ContextKind::InvalidArg));
        match error.kind() {
            ErrorKind::UnknownArgument => {
                let option = culprit.split('=').next().unwrap_or_default();
                match guess(ContextKind::SuggestedArg).as_str() {
                    "" => UsageError::unknown(option),
                    suggestion => UsageError::usage(format!(
                        "unknown option {option}; did you mean {}?",
                        option_name(suggestion)
                    ))
                    .with_hint(ONE_LINE),
                }
            }
            ErrorKind::ArgumentConflict => UsageError::usage(format!(
                "{culprit} and {} contradict each other",
                option_name(&said(ContextKind::PriorArg))
            )),
            ErrorKind::InvalidValue if said(ContextKind::InvalidValue).is_empty() => {
                UsageError::usage(format!("{culprit} needs a value"))
            }
            ErrorKind::InvalidValue => UsageError::usage(format!(
                "{culprit} takes {}, not `{}`",
                said(ContextKind::ValidValue),
                printable(&said(ContextKind::InvalidValue))
            )),
            ErrorKind::InvalidSubcommand => {
                let suggestion = match guess(ContextKind::SuggestedSubcommand).as_str() {
                    "" => String::new(),
                    suggestion => format!("; did you mean {suggestion}?"),
                };
                let word = printable(&said(ContextKind::InvalidSubcommand));
                UsageError::usage(format!("`{word}` is no word that whippet knows here{suggestion}"))
            }
            ErrorKind::TooManyValues => UsageError::usage(format!("{culprit} takes no value")),
            ErrorKind::InvalidUtf8 => UsageError::usage("a word is not UTF-8"),
            _ => UsageError::usage(first_sentence(&error.to_string())),
        }
    }
}

/// What is said of a letter that is no option.
pub(super) fn refuse_letter(letter: &str) -> UsageError {
    let not_here =
        |what: &str| UsageError::usage(format!("-{letter} ({what}) is not in this version of whippet"));
    match letter {
        "C" => not_here("sign or encrypt"),
        "p" => UsageError::usage("-p: whippet keeps no postponed mail"),
        "f" | "y" | "z" | "Z" | "R" | "m" => {
            UsageError::usage(format!("-{letter} concerns mailboxes; whippet only sends"))
        }
        "B" | "G" | "g" | "l" | "O" | "S" | "T" => {
            UsageError::usage(format!("-{letter} is an option of neomutt that whippet does not have"))
        }
        _ => UsageError::unknown(&format!("-{letter}")),
    }
}

/// What is said of a long option that comes with a later version.
pub(super) fn refuse_long(name: &str) -> Option<UsageError> {
    NOT_YET.contains(&name).then(|| UsageError::usage(format!("--{name} is not in this version of whippet")))
}

/// An option as clap shows it, `--subject <TEXT>`, cut down to its name.
fn option_name(shown: &str) -> String {
    printable(shown.split(' ').next().unwrap_or_default().trim_end_matches("...").trim_matches(['<', '>']))
}

/// The first line of a text of clap, without its label.
fn first_sentence(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    printable(line.strip_prefix("error: ").unwrap_or(line))
}

/// A text from argv for an error: control characters escaped, cut to what a line holds.
pub(super) fn printable(text: &str) -> String {
    /// Most that an error repeats of a word, characters.
    const SHOWN: usize = 200;
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        match c {
            _ if count == SHOWN => {
                out.push('…');
                break;
            }
            _ if is_hidden(c) => out.extend(c.escape_debug()),
            _ => out.push(c),
        }
    }
    out
}

/// A word for an error; octets that are not UTF-8 become U+FFFD.
pub fn shown(word: &OsStr) -> String {
    printable(&word.to_string_lossy())
}
