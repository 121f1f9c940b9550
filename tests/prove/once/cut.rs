//! E4: a file that may not grow beyond a size, at 64 sizes; a producer that gives an octet at a time, and one that is cut after
//! so many: the mail is queued whole or not at all.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::real::each;
use crate::real::home::Home;
use crate::world::Ground;

const TO: &str = "a0@example.test";

enum Case {
    /// No file may be larger.
    Limit(u64),
    /// So many octets of the text come.
    Cut(usize),
    /// All of them, one by one.
    Drops,
}

/// E4.
pub fn everywhere(outcome: &mut Outcome) {
    let ground = Ground::new();
    let can_limit = Command::new("prlimit").args(["--fsize=4096", "true"]).status();
    if !can_limit.is_ok_and(|status| status.success()) {
        return outcome.skips.push("no prlimit that works".to_owned());
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = text();
    // The largest file is the entry: its message, and the room of its journal behind that.
    let limits = (0..64).map(|step| Case::Limit(step * 400));
    let cuts = (0..15).map(|step| Case::Cut(text.len() * step / 15));
    let cases: Vec<Case> = limits.chain(cuts).chain([Case::Drops]).collect();
    let queued = std::sync::atomic::AtomicUsize::new(0);
    let judge = |case: &Case| {
        let home = Home::new(&ground, nobody);
        std::fs::write(home.path.join("text"), &text).unwrap();
        let judged = judge(&home, case, &text);
        queued.fetch_add(home.names("q").len(), std::sync::atomic::Ordering::Relaxed);
        home.remove()?;
        judged
    };
    let name = |case: &Case| match case {
        Case::Limit(limit) => format!("no file beyond {limit} octets"),
        Case::Cut(count) => format!("cut after {count} octets"),
        Case::Drops => "octet by octet".to_owned(),
    };
    each(&cases, outcome, judge, name);
    let queued = queued.into_inner();
    if !(4..60).contains(&queued) {
        outcome.failures.push(format!("{queued} of {} are queued: the limits miss the sizes", cases.len()));
    }
}

fn text() -> String {
    (0..300).map(|line| format!("This is line {line} of the text.\n")).collect()
}

fn judge(home: &Home, case: &Case, text: &str) -> Result<(), String> {
    let expected = text.len().to_string();
    let words = ["--queue", "-s", "x", "--expect-bytes", &expected, TO];
    let code = match case {
        Case::Limit(limit) => home.program(&["prlimit", &format!("--fsize={limit}:{limit}")], &words).code,
        Case::Cut(count) => feed(home, &words, &text.as_bytes()[..*count], usize::MAX),
        Case::Drops => feed(home, &words, text.as_bytes(), 1),
    };
    let is_wanted = match case {
        Case::Limit(_) => !matches!(code, Some(64..=70)),
        Case::Cut(_) => code == Some(65),
        Case::Drops => code == Some(0),
    };
    let queued = home.ids("q");
    if !is_wanted || queued.len() != usize::from(code == Some(0)) {
        return Err(format!("it ends with {code:?}, and {} are queued", queued.len()));
    }
    let Some(id) = queued.first() else { return Ok(()) };
    let shown = home.queue(&["show", "--message", id]).ends(&[0])?;
    let is_whole = shown.out.replace("\r\n", "\n").ends_with(&format!("\n\n{text}"));
    // Nothing is due yet; that something runs the queue is a condition of a check.
    home.queue(&["run"]).ends(&[0])?;
    home.queue(&["check"]).ends(&[0])?;
    if is_whole { Ok(()) } else { Err("the message is not the one that was given".to_owned()) }
}

/// Gives these octets, so many at a time, and ends.
fn feed(home: &Home, words: &[&str], octets: &[u8], at_once: usize) -> Option<i32> {
    let mut child = home.command(&[], words).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for piece in octets.chunks(at_once) {
        stdin.write_all(piece).unwrap();
    }
    drop(stdin);
    child.wait_with_output().unwrap().status.code()
}
