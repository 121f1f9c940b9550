//! E5: calls that a signal may interrupt are interrupted, each once, in a submission with its attempt and in a run. Nothing
//! comes out otherwise than without. Then the program is stopped and continued as often as there is time for.

use std::collections::HashMap;

use rustix::process::Signal;

use super::home::{Home, TO};
use super::{check, share};
use crate::Outcome;
use crate::kill::can_trace;
use crate::sink::Sink;
use crate::world::Ground;

/// Calls for which their manual pages list EINTR. Not connect(2), which strace would keep from happening: one that does not
/// wait is not interrupted.
const CALLS: [&str; 15] = [
    "openat",
    "read",
    "write",
    "pread64",
    "pwrite64",
    "fsync",
    "fdatasync",
    "flock",
    "fallocate",
    "fstatfs",
    "poll",
    "ppoll",
    "recvfrom",
    "sendto",
    "futex",
];
/// How often these are called is up to the server's pace: where there is none left to strike, the program just ends.
const WAITS: [&str; 4] = ["poll", "ppoll", "recvfrom", "futex"];

/// What is interrupted: a run, or a submission with its attempt.
struct Case {
    is_run: bool,
    /// The call and which one of its name; `None`: all the time by stopping.
    call: Option<(String, usize)>,
}

/// E5.
pub fn everywhere(outcome: &mut Outcome) {
    let ground = Ground::new();
    if let Err(words) = can_trace(&ground.next()) {
        return outcome.skips.push(words);
    }
    let sink = Sink::start();
    let mut cases = Vec::new();
    for is_run in [false, true] {
        let home = Home::new(ground.next());
        let code = begin(is_run, &home, &sink, &["-e".to_owned(), "trace=all".to_owned()]).end();
        let found = calls(&std::fs::read_to_string(home.path.join("trace")).unwrap());
        if found.len() < 30 || code != Some(0) {
            return outcome.failures.push(format!("{} calls, exit {code:?}: {}", found.len(), home.said()));
        }
        cases.extend(found.into_iter().map(|call| Case { is_run, call: Some(call) }));
        cases.push(Case { is_run, call: None });
    }
    share(&cases, outcome, judge, |case| {
        let what = if case.is_run { "a run" } else { "a submission" };
        match &case.call {
            Some((name, number)) => format!("{what}, {name} number {number}"),
            None => format!("{what}, stopped all the time"),
        }
    });
}

fn begin(is_run: bool, home: &Home, sink: &Sink, strace: &[String]) -> super::home::Program {
    home.configure("127.0.0.1", &format!("port = {}\ntls = \"none\"\nqueue = \"always\"", sink.port));
    if is_run {
        home.queue(100);
        return home.traced(strace, &["queue", "run"], 0);
    }
    home.traced(strace, &[&["-s", "x"][..], &TO].concat(), 100)
}

fn judge(case: &Case, home: &Home, sink: &Sink) -> Result<(), String> {
    let code = match &case.call {
        Some((name, number)) => {
            let inject = format!("inject={name}:error=EINTR:when={number}");
            begin(case.is_run, home, sink, &["-e".to_owned(), inject]).end()
        }
        None => {
            let mut program = begin(case.is_run, home, sink, &[]);
            while program.is_running() {
                program.signal(Signal::STOP);
                program.signal(Signal::CONT);
            }
            program.end()
        }
    };
    if let Some((name, _)) = &case.call {
        let trace = std::fs::read_to_string(home.path.join("trace")).unwrap();
        let is_struck = trace.contains("(INJECTED)") || WAITS.contains(&name.as_str());
        check(is_struck, || "it was not struck".to_owned())?;
    }
    let book = sink.taken();
    let copies = TO.map(|to| book.iter().filter(|got| got.to == to && got.is_whole).count());
    let left = home.count("q") + home.count("tmp") + home.count("held") + home.count("host");
    check(code == Some(0) && copies == [1; 3] && left == 0, || {
        format!("it ends with {code:?}, copies {copies:?}, left {left}: {}", home.said())
    })
}

/// The calls of a trace that are struck, from the first that is not the loader's.
fn calls(trace: &str) -> Vec<(String, usize)> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let (mut found, mut is_ours) = (Vec::new(), false);
    for line in trace.lines() {
        let Some((name, _)) = line.split_once(' ').and_then(|(_, rest)| rest.trim_start().split_once('('))
        else {
            continue;
        };
        let number = counts.entry(name).or_default();
        *number += 1;
        is_ours |= line.contains("config.toml\"");
        if is_ours && CALLS.contains(&name) {
            found.push((name.to_owned(), *number));
        }
    }
    found
}
