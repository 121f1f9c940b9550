//! W3: every fault of the wire at every stage of a session, with the real program and a mail in its queue. What must come of
//! it stands in `grid.csv`, written from the rules and not from what the program does.

mod dots;
mod fault;
mod hops;
mod judge;
mod peer;
mod socket;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::fault::{FAULTS, Fault, Security, stage};
use crate::session::home::Home;
use crate::session::stage::{LARGE, SMALLER};
use crate::support::Certificate;
use crate::world::Ground;
use crate::{Outcome, Test};

/// The proofs.
pub const TESTS: &[Test] = &[
    Test {
        id: "W3",
        what: "every fault of the wire at every stage of a session",
        run: |wanted, outcome| everywhere(wanted.is_quick, outcome),
    },
    Test { id: "W5", what: "replies to the dot that are late", run: |_, outcome| dots::late(outcome) },
    Test {
        id: "W7",
        what: "a line that is no reply behind the dot",
        run: |_, outcome| dots::garbage(outcome),
    },
    Test { id: "W8", what: "a dot for nobody", run: |_, outcome| dots::alone(outcome) },
    Test {
        id: "W9",
        what: "too many recipients for one transaction",
        run: |_, outcome| dots::too_many(outcome),
    },
    Test { id: "W14", what: "hops that take nothing", run: |_, outcome| hops::everywhere(outcome) },
];

/// What must come of it.
const TABLE: &str = include_str!("../grid.csv");
/// Cases at once: most of the time each waits.
const THREADS: usize = 32;
/// The deadline of a stage at which the program has to wait, seconds; where it need not it has much longer, so that a machine
/// with other work changes nothing.
const DEADLINE_S: u64 = 1;
const LONG_S: u64 = 30;
/// Octets of a mail of which one half is more than a socket in the file system takes in, and of one that always fits.
const HALF: usize = 800_000;
const SMALL: usize = 300;
/// A case that has to wait for a deadline may meet another one before, on a machine that has much to do.
const TRIES: usize = 3;

/// What becomes of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// The hop is down: nothing is said of the mail.
    Gate,
    Deferred,
    DeferredOne,
    Failed,
    FailedOne,
    Doubt,
    Accepted,
}

/// A cell of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    class: Class,
    /// Nothing more may be said on the connection.
    is_dropped: bool,
}

impl Cell {
    fn read(text: &str) -> Option<Self> {
        let (text, is_dropped) = text.strip_suffix('!').map_or((text, false), |text| (text, true));
        let class = match text {
            "gate" => Class::Gate,
            "deferred" => Class::Deferred,
            "deferred one" => Class::DeferredOne,
            "failed" => Class::Failed,
            "failed one" => Class::FailedOne,
            "doubt" => Class::Doubt,
            "accepted" => Class::Accepted,
            "-" => return None,
            other => panic!("{other} is no class"),
        };
        Some(Cell { class, is_dropped })
    }
}

/// The table: for each fault a cell for each stage; what is left of a bar holds with PIPELINING, what is right of it without.
fn table(is_pipelined: bool) -> Vec<(Fault, Vec<Option<Cell>>)> {
    let mut lines = TABLE.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').skip(1).collect();
    assert_eq!(head, stage::NAMES, "the stages of the table are others");
    let cell = |text: &str| {
        let (with, without) = text.split_once('|').unwrap_or((text, text));
        Cell::read(if is_pipelined { with } else { without })
    };
    let row = |line: &str| {
        let (name, cells) = line.split_once(',').unwrap();
        let fault = FAULTS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name}?")).1;
        let cells: Vec<_> = cells.split(',').map(cell).collect();
        assert_eq!(cells.len(), stage::NAMES.len(), "{name}");
        (fault, cells)
    };
    let rows: Vec<_> = lines.map(row).collect();
    assert_eq!(rows.len(), FAULTS.len());
    rows
}

/// One fault at one stage.
#[derive(Clone)]
struct Case {
    stage: usize,
    fault: Fault,
    security: Security,
    is_pipelined: bool,
    is_chunked: bool,
    /// Octets of the mail.
    size: usize,
    wanted: Cell,
}

/// The cases with a server of this kind, and how many pairs are impossible.
fn cases(security: Security, is_pipelined: bool, is_chunked: bool, is_quick: bool) -> (Vec<Case>, usize) {
    let (mut cases, mut impossible) = (Vec::new(), 0);
    for (fault, cells) in table(is_pipelined) {
        for (stage, cell) in cells.into_iter().enumerate() {
            let is_there = match stage {
                stage::STARTTLS | stage::EHLO_2 => security == Security::StartTls,
                stage::HANDSHAKE => security != Security::Plain,
                _ => true,
            };
            // Chunks are another way for the message alone.
            if is_chunked && !(stage::BODIES.contains(&stage) || stage == stage::DOT) {
                continue;
            }
            let is_of_data = is_chunked && (stage, fault) == (stage::BODY, Fault::Early);
            let Some(wanted) = cell.filter(|_| is_there && !is_of_data) else {
                impossible += 1;
                continue;
            };
            // What is left of it must not fit into a socket, 1 part of 100, of 10 or one half.
            let size = match (stage, fault) {
                // Once with a message of which that is a small part.
                (stage::BODY_3, _) if !is_quick && security == Security::Plain && is_pipelined => LARGE,
                (stage::BODY_3, _) | (stage::DOT, Fault::Early) => SMALLER,
                (stage::BODY | stage::BODY_2, _) => HALF,
                _ => SMALL,
            };
            cases.push(Case { stage, fault, security, is_pipelined, is_chunked, size, wanted });
        }
    }
    (cases, impossible)
}

/// W3.
fn everywhere(is_quick: bool, outcome: &mut Outcome) {
    let kinds: &[Security] = match is_quick {
        true => &[Security::Plain],
        false => &[Security::Plain, Security::StartTls, Security::Implicit],
    };
    let (mut all, mut impossible) = (Vec::new(), 0);
    for &security in kinds {
        for is_pipelined in [true, false] {
            for is_chunked in [false, true] {
                if is_quick && (is_chunked || !is_pipelined) {
                    continue;
                }
                let (cases, left_out) = cases(security, is_pipelined, is_chunked, is_quick);
                all.extend(cases);
                impossible += left_out;
            }
        }
    }
    if !is_quick {
        println!("  W3: {impossible} pairs are impossible");
    }
    let (certificate, is_timed) = (Certificate::good(), !is_quick);
    let tools = Tools { certificate, is_timed };
    each(&all, outcome, |case, home| case.judge(home, &tools), Case::name);
}

/// Makes all cases, each in a home of its own, and notes what went wrong under their names.
fn each<C: Tried>(
    cases: &[C],
    outcome: &mut Outcome,
    judge: impl Fn(&C, &Home) -> Result<(), String> + Sync,
    name: impl Fn(&C) -> String + Sync,
) {
    let ground = Ground::new();
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let once = |case: &C| {
        let home = Home::new(ground.next());
        let judged = judge(case, &home);
        std::fs::remove_dir_all(&home.path).unwrap();
        judged
    };
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let tries = if case.is_slow() { TRIES } else { 1 };
            let judged = (1..tries).fold(once(case), |judged, _| judged.or_else(|_| once(case)));
            if let Err(words) = judged {
                failures.lock().unwrap().push(format!("{}: {words}", name(case)));
            }
        }
    };
    std::thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(work))));
    outcome.cases += cases.len();
    outcome.failures.extend(failures.into_inner().unwrap());
}

/// A case.
trait Tried: Sync {
    /// Whether it has to wait for a deadline.
    fn is_slow(&self) -> bool;
}

impl Tried for Case {
    fn is_slow(&self) -> bool {
        self.fault.is_slow()
    }
}

/// What all cases have in common.
struct Tools {
    certificate: Certificate,
    is_timed: bool,
}
