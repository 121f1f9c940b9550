//! The composed messages of `tests/messages/`: each case is a command line and what must come of it. Two parsers that are
//! not ours read the message, Python's `email` and mail-parser; they must agree with each other and with the case.
//!
//! `tests/messages/NAME.eml` is the message as it was composed when that was last looked at, with a made-up date,
//! Message-ID, boundaries and Content-IDs. After a change that is meant, `WHIPPET_WRITE_MESSAGES=1 cargo test --test it
//! corpus` writes them anew, and the diff shows what the change does.

mod case;
mod view;
mod written;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use self::case::Case;
use self::view::View;
use crate::support::{Sandbox, judge};

/// As many threads start programs at the same time.
const THREADS: usize = 4;

/// A case and its message, composed twice.
struct Composed {
    case: Case,
    first: Vec<u8>,
    second: Vec<u8>,
    /// What is wrong with how the program ended, and what it said.
    complaints: Vec<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages")
}

/// All cases with their messages, which are composed once for all tests.
fn corpus() -> &'static [Composed] {
    static CORPUS: OnceLock<Vec<Composed>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let cases = case::read(&folder().join("cases"));
        let length = cases.len().div_ceil(THREADS);
        std::thread::scope(|scope| {
            let threads: Vec<_> = cases
                .chunks(length)
                .map(|cases| scope.spawn(|| cases.iter().cloned().map(compose).collect::<Vec<_>>()))
                .collect();
            let composed: Vec<Composed> =
                threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
            report(composed.iter().map(|each| (each.case.name.clone(), each.complaints.clone())));
            composed
        })
    })
}

fn compose(case: Case) -> Composed {
    let sandbox = Sandbox::new();
    let from = if case.profile.contains("from =") { "" } else { "from = \"ann@example.test\"\n" };
    sandbox.profile(&format!("host = \"127.0.0.1\"\n{from}{}", case.profile));
    for (name, octets) in case.files() {
        sandbox.file(name, octets);
    }
    let words = case.words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut complaints = Vec::new();
    let mut write = || {
        let ran = sandbox.stdin(case.stdin()).run(&words);
        let told = ran.stderr();
        let is_as_said = if case.says.is_empty() { told.is_empty() } else { told.contains(&case.says) };
        if ran.code() != Some(0) || !is_as_said {
            complaints.push(format!("ends with {:?} and says {told:?}", ran.code()));
        }
        ran.stdout_octets().to_vec()
    };
    let (first, second) = (write(), write());
    Composed { case, first, second, complaints }
}

/// Fails with all complaints, each behind the name of its case.
#[track_caller]
fn report(complaints: impl Iterator<Item = (String, Vec<String>)>) {
    let lines: Vec<String> = complaints
        .flat_map(|(name, complaints)| complaints.into_iter().map(move |each| format!("{name}: {each}")))
        .collect();
    assert!(lines.is_empty(), "{} complaints:\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn each_message_has_the_form_that_the_standard_asks_for() {
    report(corpus().iter().map(|composed| {
        let is_utf8 = composed.case.utf8_header;
        (composed.case.name.clone(), written::complaints(&composed.first, is_utf8))
    }));
}

#[test]
fn each_message_is_composed_as_before() {
    let is_writing = std::env::var_os("WHIPPET_WRITE_MESSAGES").is_some();
    report(corpus().iter().map(|composed| {
        let name = composed.case.name.clone();
        let path = folder().join(format!("{name}.eml"));
        let message = written::named_anew(&composed.first);
        let mut complaints = Vec::new();
        if composed.first.len() != composed.second.len() {
            complaints.push("another size at the second writing".to_owned());
        }
        if message != written::named_anew(&composed.second) {
            complaints.push("another message at the second writing".to_owned());
        }
        if is_writing {
            std::fs::write(&path, &message).unwrap();
        }
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        if before.is_empty() {
            complaints.push("it is new: WHIPPET_WRITE_MESSAGES=1 writes it down".to_owned());
        } else if let Some(place) =
            (0..).zip(message.lines().zip(before.lines())).find(|(_, (new, old))| new != old)
        {
            complaints.push(format!("line {}: {:?}, before {:?}", place.0 + 1, place.1.0, place.1.1));
        } else if message != before {
            complaints.push("its end differs from what it was".to_owned());
        }
        (name, complaints)
    }));
}

#[test]
fn the_messages_are_those_of_the_cases() {
    let mut names: Vec<&str> = corpus().iter().map(|composed| composed.case.name.as_str()).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "two cases have one name: {names:?}");
    assert!(names.len() >= 120, "{} cases", names.len());
    let file = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let files = std::fs::read_dir(folder()).unwrap().map(file);
    let left: Vec<String> = files
        .filter(|file| file.strip_suffix(".eml").is_some_and(|name| names.binary_search(&name).is_err()))
        .collect();
    assert!(left.is_empty(), "messages without a case: {left:?}");
}

#[test]
fn two_parsers_read_what_was_given() {
    let messages: Vec<Vec<u8>> = corpus().iter().map(|composed| composed.first.clone()).collect();
    let ours: Vec<View> = messages.iter().map(|message| View::of_mail_parser(message)).collect();
    let Some(judged) = judge(&messages) else { return };
    report(corpus().iter().zip(ours).zip(&judged).map(|((composed, other), judged)| {
        let case = &composed.case;
        let python = View::of_python(judged);
        let mut complaints = view::differences(&python, &other, case.mail_parser.as_ref());
        complaints.extend(case.complaints(&composed.first, &python, &judged.digests()));
        (case.name.clone(), complaints)
    }));
}
