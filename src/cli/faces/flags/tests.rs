//! The parsers do with each option what its row says.

#![allow(clippy::unwrap_used)]

use std::ffi::OsString;

use super::{Effect, Flag, MAIL, MUTT, SENDMAIL, VARIABLES};
use crate::cli::usage::{UsageError, UsageKind};
use crate::cli::{Invocation, parse};

/// The command lines of a row.
fn trials(flag: &Flag) -> Vec<Vec<OsString>> {
    let words = |trial: &str| trial.split(' ').map(|word| word.replace('\t', " ").into()).collect();
    flag.trials.split(';').map(str::trim).map(words).collect()
}

fn read(name: &str, words: &[OsString]) -> Result<Invocation, UsageError> {
    parse(&[&[OsString::from(name)], words].concat())
}

fn notes(invocation: &Invocation) -> usize {
    match invocation {
        Invocation::Send(request) => request.warnings.len(),
        Invocation::Queue(queue) => queue.settings.warnings.len(),
        Invocation::Note(_) => 1,
        _ => 0,
    }
}

/// Whether the parser of `name` does with this command line what the row says.
fn is_so(name: &str, flag: &Flag, words: &[OsString]) -> bool {
    let plain = read(name, &["r@x".into()]).unwrap();
    match (flag.effect, read(name, words)) {
        (Effect::Honoured | Effect::Changed, Ok(read)) => {
            notes(&read) == 0 && (read != plain || flag.names == "-bm")
        }
        (Effect::Ignored, Ok(read)) => read == plain,
        (Effect::Noted, Ok(read)) => notes(&read) == 1,
        (Effect::Refused, Err(error)) => error.kind == UsageKind::Usage,
        _ => false,
    }
}

#[test]
fn each_row_is_so() {
    for (name, table) in [("sendmail", SENDMAIL), ("mail", MAIL), ("mail", VARIABLES), ("mutt", MUTT)] {
        for flag in table {
            for words in trials(flag) {
                let heard = read(name, &words);
                assert!(is_so(name, flag, &words), "{name} {}: {words:?}: {heard:?}", flag.names);
            }
        }
    }
}

/// The letters that a table names.
fn letters(table: &[Flag]) -> Vec<char> {
    let words = table.iter().flat_map(|flag| flag.names.split(['|', ',', ' ']));
    words.filter_map(|word| word.strip_prefix('-')?.chars().next()).filter(|&letter| letter != '-').collect()
}

#[test]
fn no_letter_is_missing() {
    for (name, table) in [("sendmail", SENDMAIL), ("mail", MAIL), ("mutt", MUTT)] {
        let known = letters(table);
        for letter in ('!'..='~').filter(|&letter| letter != '-' && !known.contains(&letter)) {
            for words in
                [vec![format!("-{letter}"), "r@x".to_owned()], vec![format!("-{letter}1"), "r@x".to_owned()]]
            {
                let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
                assert!(read(name, &words).is_err(), "{name} -{letter} is in no row");
            }
        }
    }
}
