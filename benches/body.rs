//! How fast a message with an attachment, and how fast many small ones, become octets for the wire, beside lettre's composer in
//! the same run.
//!
//! `cargo bench --bench body [MIB]` (default 64). Prints the median of five interleaved runs each, and the ratio. lettre
//! holds the message in memory and does not stuff dots; whippet streams the file from disk and does.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark prints and may panic"
)]

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use lettre::message::header::ContentType;
use lettre::message::{MultiPart, SinglePart};
use whippet::mail::{Address, Listed, Mailbox};
use whippet::mime::{Attachment, Draft, Message};
use whippet::smtp::DotStuffer;
use whippet::sys::{Clock, FixedClock, SeededRandom};

const RUNS: usize = 5;
/// How many small messages are made.
const SMALL: usize = 10_000;

fn main() {
    let mib: usize = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(64);
    let file = tempfile::NamedTempFile::new().unwrap();
    let octets: Vec<u8> =
        (0..mib << 20).map(|index: usize| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    file.as_file().write_all(&octets).unwrap();
    drop(octets);

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(timed(|| whippet(file.path())));
        theirs.push(timed(|| lettre(file.path())));
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    println!("attachment of {mib} MiB, median of {RUNS}");
    println!("whippet  {:8.1} ms  {:6.0} MiB/s", ours.as_secs_f64() * 1e3, mib as f64 / ours.as_secs_f64());
    println!(
        "lettre   {:8.1} ms  {:6.0} MiB/s",
        theirs.as_secs_f64() * 1e3,
        mib as f64 / theirs.as_secs_f64()
    );
    println!("ratio    {:8.2}", ours.as_secs_f64() / theirs.as_secs_f64());
    small();
}

/// Small messages, each with a subject and a text outside ASCII.
fn small() {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(timed(|| (0..SMALL).map(small_by_whippet).sum()));
        theirs.push(timed(|| (0..SMALL).map(small_by_lettre).sum()));
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let each = |time: Duration| time.as_secs_f64() * 1e6 / SMALL as f64;
    println!("{SMALL} small messages, median of {RUNS}");
    println!("whippet  {:8.2} µs each", each(ours));
    println!("lettre   {:8.2} µs each", each(theirs));
    println!("ratio    {:8.2}", ours.as_secs_f64() / theirs.as_secs_f64());
}

fn small_by_whippet(number: usize) -> u64 {
    let from = Mailbox::from(Address::parse("me@example.org").unwrap());
    let id = format!("<{number}@example.org>");
    let mut draft = Draft::new(from, FixedClock { seconds: 0 }.local(), id);
    draft.to = vec![Listed::Mailbox(Address::parse("you@example.org").unwrap().into())];
    draft.subject = Some("Grüße aus der Nacht".into());
    draft.body = SHORT.into();
    let message = Message::compose(draft, &SeededRandom::new(1)).unwrap();
    let mut stuffer = DotStuffer::new(io::sink());
    message.write_to(&mut stuffer).unwrap();
    stuffer.taken
}

fn small_by_lettre(number: usize) -> u64 {
    let message = lettre::Message::builder()
        .from("me@example.org".parse().unwrap())
        .to("you@example.org".parse().unwrap())
        .message_id(Some(format!("<{number}@example.org>")))
        .subject("Grüße aus der Nacht")
        .singlepart(SinglePart::plain(SHORT.to_owned()))
        .unwrap();
    message.formatted().len() as u64
}

/// A short text.
const SHORT: &str = "Hello, this is a short letter.\nGrüße\n";

fn timed(work: impl FnOnce() -> u64) -> Duration {
    let begin = Instant::now();
    assert!(work() > 0);
    begin.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn whippet(path: &Path) -> u64 {
    let from = Mailbox::from(Address::parse("me@example.org").unwrap());
    let mut draft = Draft::new(from, FixedClock { seconds: 0 }.local(), "<1@example.org>".to_owned());
    draft.body = "text\n".into();
    draft.attachments.push(Attachment::open(path).unwrap());
    let message = Message::compose(draft, &SeededRandom::new(1)).unwrap();
    let mut stuffer = DotStuffer::new(io::sink());
    message.write_to(&mut stuffer).unwrap();
    stuffer.taken
}

fn lettre(path: &Path) -> u64 {
    let body = std::fs::read(path).unwrap();
    let attachment = lettre::message::Attachment::new("file".to_owned())
        .body(body, ContentType::parse("application/octet-stream").unwrap());
    let message = lettre::Message::builder()
        .from("me@example.org".parse().unwrap())
        .to("you@example.org".parse().unwrap())
        .multipart(
            MultiPart::mixed().singlepart(SinglePart::plain("text\n".to_owned())).singlepart(attachment),
        )
        .unwrap();
    message.formatted().len() as u64
}
