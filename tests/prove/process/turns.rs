//! Q4, Q5: several come to the same queue at the same time, and one that was stopped has an entry in hand. Whoever finds
//! nothing to do says nothing.

use std::process::Child;
use std::sync::OnceLock;

use rustix::process::{Pid, Signal, kill_process};

use crate::Outcome;
use crate::real::each;
use crate::real::home::{Home, Ran};
use crate::real::peer::{Act, Got, Peer, Stage, accepting, copies};
use crate::world::Ground;

/// Who gets the mails of a case.
const TO: [&str; 5] =
    ["a0@example.test", "a1@example.test", "a2@example.test", "a3@example.test", "a4@example.test"];
/// How a timer, cron and a person run the queue.
const RUNS: [&[&str]; 3] = [&["queue", "run"], &["queue", "run"], &["queue", "run", "--now"]];

/// A home with these mails, each of its own, due now and not tried yet.
fn home(ground: &Ground, peer: &Peer, to: &[&str]) -> Result<Home, String> {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = Home::new(ground, nobody);
    for to in to {
        home.submit(&[to]).ends(&[0])?;
    }
    home.leads_to(peer.port);
    // They were tried once: from now on they are due.
    home.queue(&["retry", "--all", "--yes"]).ends(&[0])?;
    Ok(home)
}

fn once_each(book: &[Got], to: &[&str]) -> Result<(), String> {
    let counts: Vec<_> = to.iter().map(|to| copies(book, to)).collect();
    match counts.iter().all(|count| *count == (1, 0)) && book.len() == to.len() {
        true => Ok(()),
        false => Err(format!("copies: {counts:?}")),
    }
}

fn is_silent(ran: &Ran) -> Result<(), String> {
    match (ran.code, ran.out.as_str(), ran.err.as_str()) {
        (Some(0), "", "") => Ok(()),
        _ => {
            Err(format!("who finds nothing to do ends with {:?} and says: {}{}", ran.code, ran.out, ran.err))
        }
    }
}

/// Q4.
pub fn together(count: usize, outcome: &mut Outcome) {
    let ground = Ground::new();
    let cases: Vec<usize> = (0..count).collect();
    each(
        &cases,
        outcome,
        |number| if *number == 0 { in_hand(&ground) } else { at_once(&ground) },
        |number| {
            if *number == 0 {
                "while one has it in hand".to_owned()
            } else {
                format!("at once, time {number}")
            }
        },
    );
}

/// All three in the same moment.
fn at_once(ground: &Ground) -> Result<(), String> {
    let peer = Peer::start(accepting);
    let home = home(ground, &peer, &TO[..2])?;
    let runs: Vec<Child> = RUNS.iter().map(|words| home.command(&[], words).spawn().unwrap()).collect();
    for run in runs {
        is_silent(&Ran::from(run.wait_with_output().unwrap()))?;
    }
    once_each(&peer.taken(), &TO[..2])?;
    match home.counts() == [0; 4] {
        true => home.remove(),
        false => Err(format!("left: {:?}", home.counts())),
    }
}

/// One has the entry in hand, and the others come.
fn in_hand(ground: &Ground) -> Result<(), String> {
    let peer = Peer::start(|stage, _| if stage == Stage::Dot { Act::Wait } else { Act::Accept });
    let home = home(ground, &peer, &TO[..1])?;
    let first = home.command(&[], RUNS[0]).spawn().unwrap();
    peer.until_someone_waits();
    let connections = peer.connections();
    let others: Vec<Ran> = RUNS.iter().map(|words| home.program(&[], words)).collect();
    let is_quiet = others.iter().try_for_each(is_silent);
    let came = peer.connections() - connections;
    peer.go_on();
    is_silent(&Ran::from(first.wait_with_output().unwrap()))?;
    is_quiet?;
    if came > 0 {
        return Err(format!("who finds nothing to do made {came} connections"));
    }
    once_each(&peer.taken(), &TO[..1])?;
    home.remove()
}

/// Where a runner is stopped, and what becomes of it.
struct Sleeper {
    stage: Stage,
    is_killed: bool,
}

/// Q5.
pub fn asleep(outcome: &mut Outcome) {
    let ground = Ground::new();
    let cases = [(Stage::Dot, false), (Stage::Dot, true), (Stage::Data, false), (Stage::Data, true)]
        .map(|(stage, is_killed)| Sleeper { stage, is_killed });
    each(
        &cases,
        outcome,
        |case| judge(case, &ground),
        |case| {
            let end = if case.is_killed { "killed" } else { "woken" };
            format!("stopped at {:?}, {end}", case.stage)
        },
    );
}

fn judge(case: &Sleeper, ground: &Ground) -> Result<(), String> {
    let stage = case.stage;
    // The first one that comes to it waits there.
    let first = OnceLock::new();
    let peer = Peer::start(move |at, argument| {
        let waits = at == stage && first.get_or_init(|| argument.to_owned()) == argument;
        if waits { Act::Wait } else { Act::Accept }
    });
    let home = home(ground, &peer, &TO)?;
    let mut sleeper = home.command(&[], &["queue", "run"]).spawn().unwrap();
    peer.until_someone_waits();
    kill_process(Pid::from_child(&sleeper), Signal::STOP).unwrap();
    // The entry in its hand stays; all others go.
    let (others, late) = (home.queue(&["run"]), home.names("q"));
    let last = home.queue(&["run", "--now"]);
    if case.is_killed {
        sleeper.kill().unwrap();
    }
    peer.go_on();
    kill_process(Pid::from_child(&sleeper), Signal::CONT).unwrap();
    let ran = Ran::from(sleeper.wait_with_output().unwrap());
    others.ends(&[0])?;
    is_silent(&last)?;
    if late.len() != 1 {
        return Err(format!("in q/, while it slept: {late:?}"));
    }
    home.drain()?;
    let book = peer.taken();
    match (case.is_killed, stage) {
        (false, _) => {
            is_silent(&ran)?;
            once_each(&book, &TO)?;
        }
        (true, Stage::Dot) => {
            let counts: Vec<_> = TO.iter().map(|to| copies(&book, to)).collect();
            let twice = counts.iter().filter(|count| **count == (1, 1)).count();
            if twice != 1 || book.len() != TO.len() + 1 {
                return Err(format!("one is in doubt; copies: {counts:?}"));
            }
        }
        (true, _) => once_each(&book, &TO)?,
    }
    home.queue(&["check"]).ends(&[0])?;
    match home.counts() == [0; 4] {
        true => home.remove(),
        false => Err(format!("left: {:?}", home.counts())),
    }
}
