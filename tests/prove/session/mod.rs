//! The program in a session with a server that does something else than it should, at each stage: signals come, replies are
//! strange, connections are lost. And what the proofs of that have in common.

mod eintr;
pub mod home;
mod signal;
pub mod stage;

pub use eintr::everywhere as interrupted_calls;
pub use signal::{everywhere as signals, stopped};

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::home::{Home, Program, TO};
use crate::Outcome;
use crate::sink::Sink;
use crate::world::Ground;

/// Cases at once: most of the time each waits.
const THREADS: usize = 4;

/// Makes all cases, several at once, each in a home of its own, and notes what went wrong under their names.
fn share<C: Sync>(
    cases: &[C],
    outcome: &mut Outcome,
    judge: impl Fn(&C, &Home, &Sink) -> Result<(), String> + Sync,
    name: impl Fn(&C) -> String + Sync,
) {
    let ground = Ground::new();
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let sink = Sink::start();
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let home = Home::new(ground.next());
                    if let Err(words) = judge(case, &home, &sink) {
                        failures.lock().unwrap().push(format!("{}: {words}", name(case)));
                    }
                    std::fs::remove_dir_all(&home.path).unwrap();
                }
            });
        }
    });
    outcome.cases += cases.len();
    outcome.failures.extend(failures.into_inner().unwrap());
}

fn check(is_good: bool, words: impl FnOnce() -> String) -> Result<(), String> {
    if is_good { Ok(()) } else { Err(words()) }
}

/// A run against a healthy server: each recipient gets so many copies from it, and nothing is left.
fn settled(home: &Home, sink: &Sink, arguments: &[&str], copies: usize) -> Result<(), String> {
    home.configure("127.0.0.1", &format!("port = {}\ntls = \"none\"", sink.port));
    let code = Program::end(&mut home.start(arguments, 0));
    let book = sink.taken();
    let count = |to: &str| book.iter().filter(|got| got.to == to && got.is_whole && !got.is_report).count();
    let counts = TO.map(count);
    let left: usize =
        ["q", "held", "badmail", "corrupt", "tmp"].into_iter().map(|place| home.count(place)).sum();
    let is_good = code == Some(0) && counts == [copies; 3] && book.len() == 3 * copies && left == 0;
    check(is_good, || {
        format!("the next run ends with {code:?}, copies {counts:?}, left {left}: {}", home.said())
    })
}
