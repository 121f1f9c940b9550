//! What must hold of the spool when processes die, the power goes, disks fail and runners race: each thing is broken on
//! purpose, many times, and a ledger is kept. `cargo test` runs the fast part; `scripts/prove` all of it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail by panic, and prints")]

mod crash;
mod disk;
mod down;
mod golden;
mod grid;
mod kill;
mod ledger;
mod once;
mod process;
mod race;
mod real;
mod reports;
mod room;
mod session;
mod sink;
mod states;
#[path = "../it/support/mod.rs"]
mod support;
mod tape;
mod through;
mod time;
mod world;

use std::process::ExitCode;
use std::time::Instant;

/// What came of one test.
#[derive(Default)]
pub struct Outcome {
    /// How many were made.
    pub cases: usize,
    /// What went wrong, in words.
    pub failures: Vec<String>,
    /// Why it could not run.
    pub skips: Vec<String>,
}

/// What is asked for.
struct Wanted {
    is_quick: bool,
    only: Vec<String>,
    seed: u64,
    allows_skips: bool,
    /// Mails of the soak, where that is said.
    size: Option<usize>,
    /// This process was started by another of its kind, in a namespace of its own.
    is_inside: bool,
}

/// A test: its id, what it does, and how.
struct Test {
    id: &'static str,
    what: &'static str,
    run: fn(&Wanted, &mut Outcome),
}

const TESTS: &[Test] = &[
    Test {
        id: "K1",
        what: "a submission killed at every call",
        run: |wanted, outcome| kill::everywhere(false, wanted.is_quick, outcome),
    },
    Test {
        id: "K2",
        what: "a run killed at every call",
        run: |wanted, outcome| kill::everywhere(true, wanted.is_quick, outcome),
    },
    Test {
        id: "K5",
        what: "signals at each stage of a session",
        run: |wanted, outcome| session::signals(wanted.is_quick, outcome),
    },
    Test {
        id: "K6",
        what: "stopped at each stage until the server has gone",
        run: |wanted, outcome| session::stopped(wanted.is_quick, outcome),
    },
    Test {
        id: "C1",
        what: "every state of the disk after a crash",
        run: |wanted, outcome| crash::states(&wanted.depth(), wanted.seed, outcome),
    },
    Test {
        id: "C2",
        what: "each flush left out, each mistake of order",
        run: |wanted, outcome| crash::mistakes(&wanted.depth(), wanted.seed, outcome),
    },
    Test {
        id: "E5",
        what: "each call that a signal may interrupt, interrupted",
        run: |_, outcome| session::interrupted_calls(outcome),
    },
    Test {
        id: "G7",
        what: "what senders are told, read by others",
        run: |wanted, outcome| reports::everything(wanted.is_quick, outcome),
    },
    Test {
        id: "Q1",
        what: "many runners, one queue",
        run: |wanted, outcome| race::runners(&wanted.field(), wanted.seed, outcome),
    },
];

/// All tests.
fn tests() -> impl Iterator<Item = &'static Test> {
    let folders = [
        disk::TESTS,
        down::TESTS,
        golden::TESTS,
        real::TESTS,
        process::TESTS,
        room::TESTS,
        grid::TESTS,
        time::TESTS,
        once::TESTS,
    ];
    TESTS.iter().chain(folders.into_iter().flatten())
}

impl Wanted {
    fn read() -> Result<Self, String> {
        let mut wanted = Wanted {
            is_quick: true,
            only: Vec::new(),
            seed: 0x9f31c2,
            allows_skips: true,
            size: None,
            is_inside: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--quick" => wanted.is_quick = true,
                "--all" => (wanted.is_quick, wanted.allows_skips) = (false, false),
                "--size" => wanted.size = Some(value()?.parse().map_err(|_| "--size needs a number")?),
                "--inside" => wanted.is_inside = true,
                "--allow-skip" => wanted.allows_skips = true,
                "--only" => {
                    wanted.only = value()?.split(',').map(str::to_owned).collect();
                    let is_known = |id: &&String| tests().any(|test| test.id == **id);
                    if let Some(id) = wanted.only.iter().find(|id| !is_known(id)) {
                        return Err(format!("there is no test {id}"));
                    }
                }
                "--write-golden" => {
                    golden::write(std::path::Path::new(&value()?));
                    wanted.only = vec!["G9".to_owned()];
                }
                "--seed" => {
                    let text = value()?;
                    let number = text.strip_prefix("0x").map(|hex| u64::from_str_radix(hex, 16));
                    let number = number.unwrap_or_else(|| text.parse());
                    wanted.seed = number.map_err(|_| format!("{text} is no number"))?;
                }
                // What cargo test hands on to tests of the usual kind: their names, and how they are run.
                _ if !argument.starts_with('-') => wanted.only.push(argument),
                _ => {}
            }
        }
        Ok(wanted)
    }

    fn depth(&self) -> crash::Depth {
        crash::Depth(if self.is_quick { 48 } else { 4096 })
    }

    fn field(&self) -> race::Field {
        let (runners, entries) = if self.is_quick { (4, 500) } else { (8, 20_000) };
        race::Field { runners, entries }
    }

    fn has(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == id)
    }
}

fn main() -> ExitCode {
    let wanted = match Wanted::read() {
        Ok(wanted) => wanted,
        Err(words) => {
            println!("prove: {words}");
            return ExitCode::from(64);
        }
    };
    let begin = Instant::now();
    let (mut cases, mut failed, mut skipped) = (0, 0, 0);
    println!("id     cases  fail  skip     sec  what");
    for test in tests().filter(|test| wanted.has(test.id)) {
        let (begin, mut outcome) = (Instant::now(), Outcome::default());
        (test.run)(&wanted, &mut outcome);
        let (fails, skips) = (outcome.failures.len(), outcome.skips.len());
        let seconds = begin.elapsed().as_secs_f64();
        println!("{:4} {:7} {fails:5} {skips:5} {seconds:7.1}  {}", test.id, outcome.cases, test.what);
        for words in &outcome.failures {
            println!("  failed: {words}");
        }
        for words in &outcome.skips {
            println!("  skipped: {words}");
        }
        if fails > 0 {
            let part = if wanted.is_quick { "--quick" } else { "--all" };
            println!("  again: scripts/prove {part} --only {} --seed {:#x}", test.id, wanted.seed);
        }
        (cases, failed, skipped) = (cases + outcome.cases, failed + fails, skipped + skips);
    }
    println!(
        "seed {:#x} · {cases} cases · {failed} failures · {skipped} skipped · {:.0} s",
        wanted.seed,
        begin.elapsed().as_secs_f64()
    );
    ExitCode::from(u8::from(failed > 0 || skipped > 0 && !wanted.allows_skips))
}
