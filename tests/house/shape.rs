//! Sizes and names: files and functions that fit the eye, folders that fit a glance, names that say what a thing is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::Offence;
use crate::source::{Source, end_of_item};

const MOST_LINES: usize = 400;
const MOST_LINES_OF_A_FUNCTION: usize = 80;
const MOST_FILES_IN_A_FOLDER: usize = 12;

/// Files that may be longer than [`MOST_LINES`], each with the reason.
const LONG_FILES: [(&str, &str); 0] = [];

/// Names that say nothing.
const EMPTY_NAMES: [&str; 5] = ["util", "helper", "common", "manager", "handler"];

/// Files that do not open with their purpose.
pub fn opening(source: &Source) -> Vec<Offence> {
    let opens = source.text.lines().next().and_then(|line| line.strip_prefix("//! "));
    if opens.is_some_and(|words| !words.trim().is_empty()) {
        return Vec::new();
    }
    vec![format!("{}: does not open with `//!`: what it is for", source.path)]
}

/// Files that are too long.
pub fn length(source: &Source) -> Vec<Offence> {
    let lines = source.text.lines().count();
    if lines <= MOST_LINES || LONG_FILES.iter().any(|(path, _)| *path == source.path) {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines (at most {MOST_LINES})", source.path)]
}

/// Entries of [`LONG_FILES`] that are no longer needed.
pub fn stale_allowances(sources: &[Source]) -> Vec<Offence> {
    let is_long = |path: &str| {
        sources.iter().any(|source| source.path == path && source.text.lines().count() > MOST_LINES)
    };
    LONG_FILES
        .iter()
        .filter(|(path, reason)| !is_long(path) || reason.is_empty())
        .map(|(path, _)| format!("{path}: needs no place in LONG_FILES"))
        .collect()
}

/// Functions of shipped code that do not fit a screen.
pub fn functions(source: &Source) -> Vec<Offence> {
    let code = &source.shipped;
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let starts_word =
            !code[..at].ends_with(|character: char| character.is_alphanumeric() || character == '_');
        let end = end_of_item(code, at);
        let lines = code[at..end].lines().count();
        if starts_word && lines > MOST_LINES_OF_A_FUNCTION {
            let name = code[at + 3..end].split(['(', '<']).next().unwrap_or_default();
            found.push(format!(
                "{}: fn {name} has {lines} lines (at most {MOST_LINES_OF_A_FUNCTION})",
                source.place(at)
            ));
        }
    }
    found
}

/// Folders with too many files.
pub fn folders(files: &[PathBuf]) -> Vec<Offence> {
    let mut counts = BTreeMap::new();
    for folder in files.iter().filter_map(|file| file.parent()) {
        *counts.entry(folder).or_insert(0) += 1;
    }
    counts
        .iter()
        .filter(|(_, count)| **count > MOST_FILES_IN_A_FOLDER)
        .map(|(folder, count)| {
            format!("{}: {count} files (at most {MOST_FILES_IN_A_FOLDER})", folder.display())
        })
        .collect()
}

fn is_empty_name(name: &str) -> bool {
    name.trim_end_matches(".rs").split('_').any(|word| {
        EMPTY_NAMES.contains(&word) || word.strip_suffix('s').is_some_and(|word| EMPTY_NAMES.contains(&word))
    })
}

/// Modules, files and folders with a name that says nothing.
pub fn names(source: &Source) -> Vec<Offence> {
    let mut found = Vec::new();
    for name in source.path.split('/').filter(|name| is_empty_name(name)) {
        found.push(format!("{}: `{name}` does not say what is in it", source.path));
    }
    for (at, _) in source.code.match_indices("mod ") {
        let name =
            source.code[at + 4..].split(|character: char| !character.is_alphanumeric() && character != '_');
        if name.clone().next().is_some_and(is_empty_name) {
            let name = name.into_iter().next().unwrap_or_default();
            found.push(format!("{}: `mod {name}` does not say what is in it", source.place(at)));
        }
    }
    found
}

#[cfg(test)]
fn count(rule: fn(&Source) -> Vec<Offence>, path: &str, text: &str) -> usize {
    rule(&Source::new(path, text)).len()
}

#[test]
fn files_without_purpose_are_seen() {
    assert_eq!(count(opening, "src/a.rs", "use std::fmt;\n//! Late.\n"), 1);
    assert_eq!(count(opening, "src/a.rs", "//!\n"), 1);
    assert_eq!(count(opening, "src/a.rs", "//! The address.\n"), 0);
}

#[test]
fn long_files_are_seen() {
    assert_eq!(count(length, "src/a.rs", &"//\n".repeat(MOST_LINES + 1)), 1);
    assert_eq!(count(length, "src/a.rs", &"//\n".repeat(MOST_LINES)), 0);
}

#[test]
fn long_functions_are_seen() {
    let function = |lines: usize| {
        format!("impl A {{\n    pub fn long<T>(&self) {{\n{}    }}\n}}\n", "\n".repeat(lines - 2))
    };
    assert_eq!(count(functions, "src/a.rs", &function(MOST_LINES_OF_A_FUNCTION + 1)), 1);
    assert_eq!(count(functions, "src/a.rs", &function(MOST_LINES_OF_A_FUNCTION)), 0);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(MOST_LINES_OF_A_FUNCTION + 1));
    assert_eq!(count(functions, "src/a.rs", &tests), 0);
    let declared =
        format!("trait A {{ fn a(&self); fn b(x: [u8; 2]); }}\n{}", "\n".repeat(MOST_LINES_OF_A_FUNCTION));
    assert_eq!(count(functions, "src/a.rs", &declared), 0);
}

#[test]
fn full_folders_are_seen() {
    let files = |count| (0..count).map(|n| PathBuf::from(format!("src/a/{n}.rs"))).collect::<Vec<_>>();
    assert_eq!(folders(&files(MOST_FILES_IN_A_FOLDER + 1)).len(), 1);
    assert_eq!(folders(&files(MOST_FILES_IN_A_FOLDER)).len(), 0);
}

#[test]
fn empty_names_are_seen() {
    assert_eq!(count(names, "src/mail/util.rs", ""), 1);
    assert_eq!(count(names, "src/helpers/mod.rs", ""), 1);
    assert_eq!(count(names, "src/mail/queue_manager.rs", "mod a;"), 1);
    assert_eq!(
        count(names, "src/mail/mod.rs", "pub(crate) mod common;\nmod error_handlers {}\nmod address;"),
        2
    );
    assert_eq!(count(names, "src/mail/address.rs", "mod commonwealth;"), 0);
}
