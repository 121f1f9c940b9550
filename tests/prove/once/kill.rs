//! K1: a submission that is known by a word is killed before every call, and then made again: there is one entry, one copy goes,
//! and once more it is known.

use std::process::Command;

use whippet::spool::Store;
use whippet::sys::SystemDisk;

use crate::Outcome;
use crate::kill::{Call, INWARD, WAITS, calls, can_trace, is_in_doubt};
use crate::real::home::{Home, Ran};
use crate::sink::Sink;
use crate::world::Ground;

const TO: &str = "a0@example.test";
const WORDS: [&str; 6] = ["--queue", "-s", "x", "--idempotency-key", "job-1", TO];

/// Where its hop is while it is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hop {
    /// Nobody listens there: it is queued and stays so.
    Down,
    /// It takes the mail at once.
    Up,
}

/// K1.
pub fn everywhere(is_quick: bool, outcome: &mut Outcome) {
    let ground = Ground::new();
    if let Err(words) = can_trace(&ground.next()) {
        return outcome.skips.push(words);
    }
    let sink = Sink::start();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for hop in [Hop::Down, Hop::Up] {
        let port = if hop == Hop::Down { nobody } else { sink.port };
        let plain = home(&ground, port);
        let traced = strike(&plain, &["-e", "trace=all"]);
        let all = calls(&std::fs::read_to_string(plain.path.join("trace")).unwrap());
        // What is struck behind the answer, and all that goes with the hop, is K2's matter.
        let is_wanted = |call: &&Call| {
            let is_outward = call.is_late && !INWARD.contains(&call.name.as_str());
            if is_quick { is_outward && hop == Hop::Down } else { call.is_late }
        };
        let struck: Vec<&Call> = all.iter().filter(is_wanted).collect();
        if struck.len() < 20 && !(is_quick && hop == Hop::Up) {
            let count = struck.len();
            outcome.failures.push(format!("the code is not reached: {count} calls, exit {:?}", traced.code));
        }
        sink.taken();
        for call in struck {
            outcome.cases += 1;
            let home = home(&ground, port);
            let watch = format!("trace=pwrite64,{}", call.name);
            let inject = format!("inject={}:signal=KILL:when={}", call.name, call.number);
            let ran = strike(&home, &["-e", &watch, "-e", &inject]);
            let trace = std::fs::read_to_string(home.path.join("trace")).unwrap();
            let judged = match trace.contains("killed by SIGKILL") || WAITS.contains(&call.name.as_str()) {
                true => judge(&home, &sink, &ran, hop, is_in_doubt(&trace)),
                false => Err("it was not struck".to_owned()),
            };
            if let Err(words) = judged {
                outcome.failures.push(format!("killed before {} number {}: {words}", call.name, call.number));
            }
            home.remove().unwrap();
        }
    }
}

fn home(ground: &Ground, port: u16) -> Home {
    let home = Home::new(ground, port);
    drop(Store::create(&SystemDisk, &home.spool).unwrap());
    home
}

fn strike(home: &Home, strace: &[&str]) -> Ran {
    let trace = home.path.join("trace");
    let before = [&["strace", "-f", "-qq", "-xx", "-o", trace.to_str().unwrap()], strace].concat();
    let mut command: Command = home.command(&before, &WORDS);
    Ran::of(&mut command)
}

fn judge(home: &Home, sink: &Sink, struck: &Ran, hop: Hop, is_in_doubt: bool) -> Result<(), String> {
    let left = home.ids("q");
    if struck.code == Some(0) && hop == Hop::Down && left.len() != 1 {
        return Err(format!("it was said to be queued, and {} entries are there", left.len()));
    }
    let again = home.program(&[], &WORDS).ends(&[0])?;
    let now = home.ids("q");
    if hop == Hop::Down {
        if now.len() != 1 || left.first().is_some_and(|id| *id != now[0]) {
            return Err(format!("{left:?} before it was repeated, {now:?} behind it"));
        }
        let is_known = again.err.contains(&format!("already queued as {}", now[0]));
        if is_known == left.is_empty() {
            return Err(format!("with {left:?} it says {}", again.err));
        }
    }
    home.leads_to(sink.port);
    home.drain()?;
    let third = home.program(&[], &WORDS).ends(&[0])?;
    if !third.err.contains("already accepted as") {
        return Err(format!("once more it says {}", third.err));
    }
    let book = sink.taken();
    let most = 1 + usize::from(is_in_doubt);
    let is_good = book.iter().all(|got| got.to == TO && got.is_whole) && (1..=most).contains(&book.len());
    match is_good && home.counts() == [0; 4] {
        true => Ok(()),
        false => Err(format!("{book:?}, at most {most}; left {:?}", home.counts())),
    }
}
