//! Words as getopt reads them (POSIX 12.2, with options behind the operands): letters in clusters, values glued or apart.
//! The faces of other programs are read by it; mutt's has rules of its own in `words.rs`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::faces) enum Token {
    /// `-x`, alone or in a cluster.
    Letter(u8),
    /// `--name`, with the value behind its `=`.
    Long(String, Option<OsString>),
    /// A word that is no option.
    Word(OsString),
    /// `--`: what is left are operands.
    End,
}

/// The words that are left.
#[derive(Debug)]
pub(in crate::cli::faces) struct Words<'w> {
    words: &'w [OsString],
    /// What is left of a cluster.
    cluster: &'w [u8],
}

impl<'w> Words<'w> {
    /// Begins to read.
    pub(in crate::cli::faces) fn new(words: &'w [OsString]) -> Self {
        Words { words, cluster: &[] }
    }

    /// Takes the next one.
    pub(in crate::cli::faces) fn take(&mut self) -> Option<Token> {
        if let [letter, rest @ ..] = self.cluster {
            self.cluster = rest;
            return Some(Token::Letter(*letter));
        }
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        Some(match word.as_bytes() {
            b"--" => Token::End,
            [b'-', b'-', name @ ..] => {
                let (name, value) = match name.iter().position(|&octet| octet == b'=') {
                    Some(at) => (&name[..at], Some(OsString::from_vec(name[at + 1..].to_vec()))),
                    None => (name, None),
                };
                Token::Long(String::from_utf8_lossy(name).into_owned(), value)
            }
            [b'-', letter, rest @ ..] => {
                self.cluster = rest;
                Token::Letter(*letter)
            }
            _ => Token::Word(word.clone()),
        })
    }

    /// Takes what is glued to the last letter; empty if it stands alone.
    pub(in crate::cli::faces) fn glued(&mut self) -> OsString {
        OsStr::from_bytes(std::mem::take(&mut self.cluster)).to_owned()
    }

    /// Takes the value of the last letter: what is glued to it, else the next word, whatever it begins with.
    pub(in crate::cli::faces) fn value(&mut self) -> Option<OsString> {
        if self.cluster.is_empty() { self.word() } else { Some(self.glued()) }
    }

    /// Takes the next word, whatever it begins with.
    pub(in crate::cli::faces) fn word(&mut self) -> Option<OsString> {
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        Some(word.clone())
    }

    /// The next word, which stays.
    pub(in crate::cli::faces) fn next(&self) -> Option<&'w OsStr> {
        self.words.first().map(OsString::as_os_str)
    }

    /// All words that are left.
    pub(in crate::cli::faces) fn rest(&mut self) -> &'w [OsString] {
        std::mem::take(&mut self.words)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn clusters_values_and_operands() {
        let argv: Vec<OsString> = ["-ti", "-fa@x", "-f", "-b", "r@x", "-", "--set=a=b", "--json", "--", "-z"]
            .map(OsString::from)
            .into();
        let mut words = Words::new(&argv);
        assert_eq!(words.take(), Some(Token::Letter(b't')));
        assert_eq!(words.take(), Some(Token::Letter(b'i')));
        assert_eq!((words.take(), words.value().unwrap()), (Some(Token::Letter(b'f')), "a@x".into()));
        assert_eq!((words.take(), words.value().unwrap()), (Some(Token::Letter(b'f')), "-b".into()));
        assert_eq!(words.take(), Some(Token::Word("r@x".into())));
        assert_eq!(words.take(), Some(Token::Word("-".into())));
        assert_eq!(words.take(), Some(Token::Long("set".to_owned(), Some("a=b".into()))));
        assert_eq!(words.take(), Some(Token::Long("json".to_owned(), None)));
        assert_eq!(words.take(), Some(Token::End));
        assert_eq!((words.next(), words.rest().len(), words.take()), (Some(OsStr::new("-z")), 1, None));
    }
}
