//! The floors: which module may import from which. A file imports from lower floors and its own folder.

use std::path::PathBuf;

use crate::Offence;
use crate::paths::{Mention, mentions};
use crate::source::Source;

/// The floor of each module below `src/`.
const FLOORS: [(&str, u8); 15] = [
    ("sys", 0),
    ("mail", 1),
    ("mime", 2),
    ("smtp", 2),
    ("net", 2),
    ("deliver", 3),
    ("config", 3),
    ("cli", 4),
    ("spool", 4),
    ("ui", 4),
    ("merge", 4),
    ("check", 4),
    ("spool", 4),
    ("cmd", 5),
    ("fuzzing", 6),
];

/// Imports that point down and are forbidden all the same: the command line is read from argv alone.
const FORBIDDEN: [(&str, &str); 3] = [("cli", "config"), ("cli", "deliver"), ("cli", "net")];

/// `main.rs` and `lib.rs` stand above all floors.
const TOP: [&str; 2] = ["src/main.rs", "src/lib.rs"];

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The module below `src/` to which a file belongs.
fn module_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
}

/// The module of the crate that a mention reaches, if it leaves its own folder by `crate::` or by enough `super::`.
fn reached<'a>(path: &str, mention: &'a Mention) -> Option<&'a str> {
    let supers = mention.path.iter().take_while(|word| *word == "super").count();
    let first = mention.path[0].as_str();
    if first == "crate" || first == "whippet" {
        return mention.path.get(1).map(String::as_str);
    }
    let depth = path.trim_end_matches("/mod.rs").split('/').count() - 1;
    let name = mention.path.get(supers)?.as_str();
    // Inside an inline module one `super` more is needed: a name that is no module of the crate is no offence then.
    (supers >= depth && floor(name).is_some()).then_some(name)
}

/// Imports that point up or sideways.
pub fn imports(source: &Source) -> Vec<Offence> {
    if TOP.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let mine = module_of(&source.path);
    let Some(my_floor) = floor(mine) else { return Vec::new() };
    let judge = |mention: &Mention| {
        let other = reached(&source.path, mention)?;
        let wrong = match floor(other) {
            _ if other == mine => return None,
            None => "which is no module with a floor",
            Some(_) if FORBIDDEN.contains(&(mine, other)) => "which it must not know",
            Some(floor) if floor > my_floor => "which is above it",
            Some(floor) if floor == my_floor => "which stands beside it",
            Some(_) => return None,
        };
        Some(format!("{}: {mine} imports from {other}, {wrong}", source.place(mention.at)))
    };
    mentions(&source.code).iter().filter_map(judge).collect()
}

/// Modules that are missing in the table above.
pub fn unlisted(files: &[PathBuf]) -> Vec<Offence> {
    let paths = files.iter().filter_map(|file| file.to_str()).filter(|path| !TOP.contains(path));
    paths
        .filter(|path| floor(module_of(path)).is_none())
        .map(|path| format!("{path}: {} has no floor in tests/house/floors.rs", module_of(path)))
        .collect()
}

#[cfg(test)]
fn offences(path: &str, text: &str) -> usize {
    imports(&Source::new(path, text)).len()
}

#[test]
fn imports_up_and_sideways_are_seen() {
    assert_eq!(offences("src/mail/a.rs", "use crate::smtp::Session;"), 1);
    assert_eq!(offences("src/smtp/a.rs", "use crate::net::Dial;\nuse crate::mime::{Draft, Message};"), 3);
    assert_eq!(offences("src/smtp/a.rs", "use crate::{mail::Report,\n mime::Draft};"), 1);
    assert_eq!(offences("src/deliver/a.rs", "fn f() { crate::config::Settings::new(); }"), 1);
    assert_eq!(
        offences("src/cli/a.rs", "use crate::config::X; use crate::deliver::Y; use crate::net::Z;"),
        3
    );
    assert_eq!(offences("src/ui/mod.rs", "pub use super::cli::Request;"), 1);
    assert_eq!(offences("src/mime/sign/gpg.rs", "use super::super::super::smtp::Session;"), 1);
    assert_eq!(offences("src/sys/a.rs", "use crate::{self as whole}; fn f() { whole::mail::g() }"), 1);
    assert_eq!(offences("src/sys/a.rs", "use crate::*;"), 1);
    assert_eq!(offences("src/mail/a.rs", "#[cfg(test)]\nmod tests { use crate::mime::Draft; }"), 1);
}

#[test]
fn imports_down_and_inside_are_not() {
    assert_eq!(
        offences("src/smtp/a.rs", "//! See [`crate::net`].\nuse crate::mail::Report; use crate::sys::Clock;"),
        0
    );
    assert_eq!(offences("src/mail/a.rs", "use super::address::Address; use crate::mail::envelope::X;"), 0);
    assert_eq!(
        offences("src/mail/a.rs", "#[cfg(test)] mod tests { use super::super::status::X; use super::*; }"),
        0
    );
    assert_eq!(offences("src/cli/a.rs", "use crate::mail::Address; use crate::mime::Draft;"), 0);
    assert_eq!(offences("src/cmd/a.rs", "use crate::{cli::Request, ui, deliver::Route};"), 0);
    assert_eq!(offences("src/lib.rs", "use crate::cmd::run;"), 0);
}

#[test]
fn a_module_without_a_floor_is_seen() {
    assert_eq!(
        unlisted(&["src/attic/mod.rs".into(), "src/mail/mod.rs".into(), "src/main.rs".into()]).len(),
        1
    );
    assert_eq!(unlisted(&["src/attic.rs".into()]).len(), 1);
}
