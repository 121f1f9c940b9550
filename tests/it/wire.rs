//! The wire between the program and a server that is slow, broken, hostile or gone. Each file is one kind of trouble;
//! the evidence is what the scripted server has seen, beside the exit code and the words.

mod changed;
mod early;
mod flights;
mod limits;
mod lost;
mod pressure;
mod smuggling;

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Book, Gate, Ran, Sandbox, Step, What, judge, say};

/// Octets of a file that no socket can take in at once.
const LARGE: u64 = 16 * 1024 * 1024;

/// Octets of the message that the server reads before it does something else.
const BEGINNING: usize = 64 * 1024;

/// A file of [`LARGE`] octets, all lines of text.
fn large_file(sandbox: &Sandbox, name: &str) -> PathBuf {
    let line = "The quick brown fox jumps over the lazy dog, and the dog does not mind.\n";
    sandbox.file(name, line.repeat(LARGE as usize / line.len()))
}

/// The reply to DATA and the beginning of the message, then these steps, then the rest of the message.
fn in_the_body(steps: impl Into<Vec<Step>>) -> Vec<Step> {
    let mut all = vec![say("354 go on"), Step::Octets(BEGINNING)];
    all.extend(steps.into());
    all
}

/// [`in_the_body`] with a meeting of server and test.
fn meeting_in_the_body(gate: &Gate) -> Vec<Step> {
    in_the_body([Step::Meet(gate.clone()), Step::Count])
}

/// The one outcome of a report in JSON.
fn only_outcome(ran: &Ran) -> Value {
    let report: Value = serde_json::from_str(&ran.stdout()).unwrap();
    let outcomes = report["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 1, "{report}");
    outcomes[0].clone()
}

/// The server got no final dot and no other word behind the beginning of the message, and the client is gone.
#[track_caller]
fn nothing_was_accepted(book: &Book) {
    assert_eq!(book.dots(), 0, "a final dot came");
    assert!(book.commands("QUIT").is_empty(), "{:?}", book.lines());
    let unfinished = |what: &What| {
        matches!(
            what,
            What::Counted { finished: false, .. }
                | What::Body { finished: false, .. }
                | What::After(_)
                | What::Said(_)
                | What::Gone
        )
    };
    assert!(unfinished(&book.0.last().unwrap().what), "{:?}", book.0.last());
}

/// The messages of a book, without a defect in another parser's eyes.
#[track_caller]
fn flawless(book: &Book) -> Vec<Vec<u8>> {
    let messages = book.octets();
    judge(&messages);
    messages
}
