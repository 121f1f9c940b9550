//! What can be wrong with settings. Each names its place; none shows a secret or knows an exit code.

use std::fmt;
use std::io;

use crate::config::{Layer, Origin};
use crate::sys;

/// One thing that is wrong with one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it was said.
    pub origin: Origin,
    /// The key, as it was written.
    pub key: String,
    /// What is wrong, a sentence that names the key.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.problem)
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A config file cannot be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why, in words.
        reason: String,
        /// The file may be well: the system has no descriptors or no memory left.
        is_shortage: bool,
    },
    /// A config file is in the hands of somebody else.
    #[error("will not use {path}: {reason}")]
    Untrusted {
        /// The file.
        path: String,
        /// Why, in words.
        reason: String,
    },
    /// A config file holds a password and is not private.
    #[error("{path} holds a password and other users can read it")]
    ExposedPassword {
        /// The file.
        path: String,
        /// The command that mends it.
        remedy: String,
    },
    /// The file is mutt's.
    #[error("{path} looks like a muttrc; whippet reads TOML")]
    MuttRc {
        /// The file.
        path: String,
    },
    /// The file is not TOML.
    #[error("{path}:{line}:{column}: {message}")]
    Syntax {
        /// The file.
        path: String,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// Settings are unknown, of the wrong type, or have no possible value.
    #[error("{}", joined(.0))]
    Faults(Vec<Fault>),
    /// A password came by a flag or in a URL.
    #[error("{origin}: {}", exposure(origin))]
    PasswordOnCommandLine {
        /// The flag or variable.
        origin: Origin,
    },
    /// No profile has that name.
    #[error("{origin}: there is no profile `{}`{}", name.escape_debug(), others(known, suggestion.as_deref()))]
    UnknownProfile {
        /// The name that was asked for.
        name: String,
        /// Who asked.
        origin: Origin,
        /// The profiles there are.
        known: Vec<String>,
        /// The one that was probably meant.
        suggestion: Option<String>,
    },
    /// There are several profiles and nothing chooses.
    #[error("there are {} profiles, and none of them is chosen: {}", known.len(), known.join(", "))]
    SeveralProfiles {
        /// Those that are in question.
        known: Vec<String>,
    },
}

impl ConfigError {
    /// The layer that the culprit came from, the highest of several; `None` if no single layer is at fault.
    pub fn layer(&self) -> Option<Layer> {
        match self {
            ConfigError::Faults(faults) => faults.iter().map(|fault| fault.origin.layer()).max(),
            ConfigError::PasswordOnCommandLine { origin } | ConfigError::UnknownProfile { origin, .. } => {
                Some(origin.layer())
            }
            _ => None,
        }
    }

    /// Makes the error of a file that cannot be read.
    pub(super) fn unreadable(path: String, error: &io::Error) -> Self {
        ConfigError::Unreadable { path, reason: reason(error), is_shortage: sys::is_shortage(error) }
    }
}

/// A key was asked for that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no setting `{}`{}", name.escape_debug(), meant(suggestion.as_deref()))]
pub struct UnknownKey {
    /// The name that was asked for.
    pub name: String,
    /// The one that was probably meant.
    pub suggestion: Option<String>,
}

/// The reason of an I/O error in words, without its number.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::NotADirectory => "a part of its path is not a directory".to_owned(),
        _ => sys::reason(error),
    }
}

/// `; did you mean …?`, or nothing.
pub(super) fn meant(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// The name among `known` that is so near to `name` that it was probably meant.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase().replace('-', "_");
    // One slip in three letters; a word of two may have one.
    let most = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|other| (strsim::damerau_levenshtein(&name, &other.to_lowercase()), other))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

fn joined(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}

fn exposure(origin: &Origin) -> &'static str {
    match origin {
        Origin::Variable(_) => "a password in a URL is shown wherever the URL is shown",
        _ => "a password on the command line is visible to every user",
    }
}

fn others(known: &[String], suggestion: Option<&str>) -> String {
    if known.is_empty() {
        return "; no profiles are defined".to_owned();
    }
    format!("{}; there is: {}", meant(suggestion), known.join(", ")).replacen(
        "?; there is:",
        "? There is:",
        1,
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["host", "port", "password_file", "reply_to"];
        assert_eq!(nearest("hsot", known), Some("host"));
        assert_eq!(nearest("Reply-To", known), Some("reply_to"));
        assert_eq!(nearest("pasword_file", known), Some("password_file"));
        assert_eq!(nearest("zzzz", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn an_unknown_profile_names_the_others() {
        let error = |known: &[&str], suggestion: Option<&str>| {
            ConfigError::UnknownProfile {
                name: "wrok".into(),
                origin: Origin::Flag("--profile".into()),
                known: known.iter().map(|name| (*name).to_owned()).collect(),
                suggestion: suggestion.map(str::to_owned),
            }
            .to_string()
        };
        assert_eq!(
            error(&["home", "work"], Some("work")),
            "--profile: there is no profile `wrok`; did you mean `work`? There is: home, work"
        );
        assert_eq!(error(&["home"], None), "--profile: there is no profile `wrok`; there is: home");
        assert_eq!(error(&[], None), "--profile: there is no profile `wrok`; no profiles are defined");
    }

    #[test]
    fn the_highest_layer_is_at_fault() {
        let fault = |origin| Fault { origin, key: String::new(), problem: String::new() };
        let file = fault(Origin::UserFile { path: "f".into(), line: 1 });
        let flag = fault(Origin::Flag("--set port".into()));
        assert_eq!(ConfigError::Faults(vec![file.clone()]).layer(), Some(Layer::UserFile));
        assert_eq!(ConfigError::Faults(vec![flag, file]).layer(), Some(Layer::Flags));
    }
}
