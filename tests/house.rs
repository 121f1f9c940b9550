//! The house rules that a machine can check: imports point down, one home each, sizes, names. It reads the sources
//! as text; what needs judgement is not here. Each rule is first shown an offending sample, so that none of them
//! passes because it matches nothing.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

#[path = "house/floors.rs"]
mod floors;
#[path = "house/homes.rs"]
mod homes;
#[path = "house/paths.rs"]
mod paths;
#[path = "house/promises.rs"]
mod promises;
#[path = "house/shape.rs"]
mod shape;
#[path = "house/source.rs"]
mod source;

use std::path::{Path, PathBuf};

use source::Source;

/// A place that breaks a rule: file, line, and what is wrong there.
pub type Offence = String;

/// All Rust files below these folders of the repository, in order of their names.
fn rust_files(folders: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    found.sort();
    assert!(found.len() > 10, "the sources were not found: {found:?}");
    found
}

fn read(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &Path| std::fs::read_to_string(root.join(path)).unwrap();
    let mut sources: Vec<Source> =
        rust_files(folders).iter().map(|path| Source::new(path.to_str().unwrap(), &text(path))).collect();
    let test_files: Vec<String> = sources.iter().flat_map(Source::test_files).collect();
    for source in &mut sources {
        let in_test =
            |file: &String| source.path.strip_prefix(file).is_some_and(|rest| rest.starts_with(['.', '/']));
        if test_files.iter().any(in_test) {
            source.shipped.clear();
        }
    }
    sources
}

/// Applies a rule to all files below these folders and fails with the list of offences.
fn check(folders: &[&str], rule: fn(&Source) -> Vec<Offence>) {
    report(read(folders).iter().flat_map(rule).collect());
}

fn report(offences: Vec<Offence>) {
    assert!(offences.is_empty(), "{} offences:\n{}", offences.len(), offences.join("\n"));
}

#[test]
fn imports_point_down() {
    check(&["src"], floors::imports);
}

#[test]
fn every_module_has_a_floor() {
    report(floors::unlisted(&rust_files(&["src"])));
}

#[test]
fn words_and_protocol_do_no_io() {
    check(&["src"], homes::foreign_worlds);
}

#[test]
fn exit_codes_environment_and_printing_have_one_home() {
    check(&["src"], homes::strays);
}

#[test]
fn every_file_says_what_it_is_for() {
    check(&["src", "tests"], shape::opening);
}

#[test]
fn files_are_short() {
    check(&["src", "tests"], shape::length);
}

#[test]
fn files_allowed_to_be_long_exist_and_are_long() {
    report(shape::stale_allowances(&read(&["src", "tests"])));
}

#[test]
fn functions_fit_a_screen() {
    check(&["src"], shape::functions);
}

#[test]
fn folders_are_small() {
    report(shape::folders(&rust_files(&["src"])));
}

#[test]
fn modules_are_named_by_what_they_are() {
    check(&["src", "tests"], shape::names);
}

#[test]
fn promises_name_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &Path| std::fs::read_to_string(root.join(path)).unwrap();
    let made: String = rust_files(&["tests/prove"]).iter().map(|path| text(path)).collect();
    let opening = |path: &PathBuf| text(path).lines().next().unwrap_or_default().to_owned();
    let others: Vec<String> = rust_files(&["tests/it"]).iter().map(opening).collect();
    let measured = text(Path::new("benches/spool")) + &others.join("\n");
    report(promises::offences(&text(Path::new("man/whippet-spool.7")), &made, &measured));
}
