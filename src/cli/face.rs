//! Which face: the name the program was called by, then, under its own name alone, the first word.

use std::ffi::{OsStr, OsString};

use crate::cli::usage::UsageError;

/// Names that are faces of their own, not in this version.
const OTHER_FACES: [&str; 9] =
    ["sendmail", "newaliases", "mail", "mailx", "Mail", "nail", "s-nail", "bsd-mailx", "heirloom-mailx"];

/// First words that are reserved and not in this version.
const NOT_YET: [&str; 11] = [
    "check",
    "serve",
    "merge",
    "run",
    "init",
    "providers",
    "secret",
    "sendmail",
    "mail",
    "mailx",
    "newaliases",
];

/// What the words that follow are words of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// One mail, mutt's options.
    Mutt,
    /// `whippet config`.
    Config,
    /// `whippet generate`.
    Generate,
    /// `whippet queue`.
    Queue,
    /// `mailq`: `whippet queue list`.
    Mailq,
}

/// Chooses the face; gives the words that are left for it.
pub(super) fn choose(argv: &[OsString]) -> Result<(Face, &[OsString]), UsageError> {
    let (name, words) = match argv {
        [] => ("", argv),
        [name, words @ ..] => (base_name(name), words),
    };
    match name {
        "mutt" | "neomutt" => return Ok((Face::Mutt, words)),
        "mailq" => return Ok((Face::Mailq, words)),
        _ if OTHER_FACES.contains(&name) => {
            return Err(UsageError::usage(format!("the face `{name}` is not in this version of whippet")));
        }
        _ => {}
    }
    let Some((first, rest)) = words.split_first() else { return Ok((Face::Mutt, words)) };
    match first.to_str().unwrap_or_default() {
        "send" => Ok((Face::Mutt, rest)),
        "config" => Ok((Face::Config, rest)),
        "generate" => Ok((Face::Generate, rest)),
        "queue" => Ok((Face::Queue, rest)),
        "mailq" => Ok((Face::Mailq, rest)),
        word if NOT_YET.contains(&word) => Err(UsageError::usage(format!(
            "`{word}` is not in this version of whippet; to write to a recipient of that name put `--` before it"
        ))),
        _ => Ok((Face::Mutt, words)),
    }
}

/// The name behind the last slash and before the first dot (`sendmail.whippet` of an alternatives system).
fn base_name(path: &OsStr) -> &str {
    let octets = path.as_encoded_bytes();
    let name = octets.rsplit(|octet| *octet == b'/').next().unwrap_or_default();
    let stem = name.split(|octet| *octet == b'.').next().unwrap_or_default();
    std::str::from_utf8(stem).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(words: &[&str]) -> Result<(Face, usize), UsageError> {
        let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
        choose(&argv).map(|(face, rest)| (face, rest.len()))
    }

    #[test]
    fn names() {
        for name in
            ["whippet", "/usr/bin/whippet", "whippet.exe", "other", "", "/", ".", "./", "Sendmail", "MAIL"]
        {
            assert_eq!(chosen(&[name, "send"]), Ok((Face::Mutt, 0)), "{name}");
        }
        assert_eq!(chosen(&[]), Ok((Face::Mutt, 0)));
        for name in ["mutt", "/usr/bin/neomutt", "mutt.whippet"] {
            for word in ["send", "config", "mail", "queue"] {
                assert_eq!(chosen(&[name, word]), Ok((Face::Mutt, 1)), "{name} {word}");
            }
        }
        assert_eq!(chosen(&["/usr/bin/mailq", "queue"]), Ok((Face::Mailq, 1)));
        for name in OTHER_FACES {
            for path in [name.to_owned(), format!("/usr/sbin/{name}"), format!("{name}.whippet.old")] {
                let error = chosen(&[&path, "a@x"]).unwrap_err();
                assert_eq!(error.message, format!("the face `{name}` is not in this version of whippet"));
            }
        }
    }

    #[test]
    fn first_words() {
        for (word, face) in [
            ("send", Face::Mutt),
            ("config", Face::Config),
            ("generate", Face::Generate),
            ("queue", Face::Queue),
            ("mailq", Face::Mailq),
        ] {
            assert_eq!(chosen(&["whippet", word, "x"]), Ok((face, 1)));
        }
        for word in NOT_YET {
            let error = chosen(&["whippet", word]).unwrap_err();
            assert_eq!(
                error.message,
                format!(
                    "`{word}` is not in this version of whippet; to write to a recipient of that name put `--` before it"
                )
            );
        }
        for word in NOT_YET.into_iter().chain(["send", "config", "generate", "queue", "mailq"]) {
            let at = format!("{word}@host");
            let upper = word.to_uppercase();
            for words in [&["--", word][..], &["-s", "x", word], &[&at], &[&upper]] {
                let argv: Vec<&str> = ["whippet"].into_iter().chain(words.iter().copied()).collect();
                assert_eq!(chosen(&argv), Ok((Face::Mutt, words.len())), "{argv:?}");
            }
        }
    }
}
