//! Q1 with processes: some submit, each mail a process of its own, and others run the queue at the same time; those who
//! submit run it too. Half of the submitters know a server that does not answer, so that the others have something to do. In
//! the long part half of the runners are slow at the calls where a race would be.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::letter::{Book, Letter};
use crate::Outcome;
use crate::kill::can_trace;
use crate::real::home::{Home, Ran};
use crate::real::peer::{Peer, accepting};
use crate::states::Dice;
use crate::world::Ground;

/// How many there are.
pub struct Field {
    submitters: usize,
    runners: usize,
    letters: usize,
    is_slowed: bool,
}

/// The calls at which a slow runner is slow.
const SLOW: &str = "openat,renameat2,unlinkat,flock,pwrite64,fdatasync";

/// So many spools are made while they are run.
const BEGINNINGS: usize = 10;

impl Field {
    pub fn new(is_quick: bool) -> Self {
        match is_quick {
            true => Field { submitters: 4, runners: 4, letters: 120, is_slowed: false },
            false => Field { submitters: 8, runners: 8, letters: 5000, is_slowed: true },
        }
    }
}

/// Runs that come while a spool is being made: the first folders are there, and whoever makes it goes on.
fn beginnings(ground: &Ground, outcome: &mut Outcome) {
    let peer = Peer::start(accepting);
    for _ in 0..BEGINNINGS {
        let home = Home::new(ground, peer.port);
        for folder in [home.spool.clone(), home.spool.join("host")] {
            DirBuilder::new().mode(0o700).create(folder).unwrap();
        }
        let run = home.command(&[], &["queue", "run", "--now"]).spawn().unwrap();
        let submitted = home.submit(&["a@example.test"]).ends(&[0]);
        outcome.failures.extend(submitted.err());
        let code = run.wait_with_output().unwrap().status.code();
        if !matches!(code, Some(0 | 75)) {
            outcome.failures.push(format!("a run while the spool is made ends with {code:?}"));
        }
        outcome.failures.extend(home.drain().err());
        outcome.cases += 1;
    }
    let book = peer.taken();
    if book.len() != BEGINNINGS {
        outcome.failures.push(format!("{} copies of {BEGINNINGS} mails", book.len()));
    }
}

/// The race.
pub fn race(field: &Field, seed: u64, outcome: &mut Outcome) {
    let ground = Ground::new();
    if field.is_slowed
        && let Err(words) = can_trace(&ground.next())
    {
        return outcome.skips.push(words);
    }
    beginnings(&ground, outcome);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let peer = Peer::start(accepting);
    let home = Home::new(&ground, peer.port);
    home.configure("deaf.toml", nobody, "");
    let letters: Vec<Letter> = (0..field.letters).map(|number| Letter::new(number, seed)).collect();
    let (next, left) = (AtomicUsize::new(0), AtomicUsize::new(field.submitters));
    let failures = Mutex::new(Vec::new());
    let fail = |words| failures.lock().unwrap().push(words);
    let submit = |submitter: usize| {
        let file = home.path.join(format!("text{submitter}"));
        let config = if submitter.is_multiple_of(2) { "config.toml" } else { "deaf.toml" };
        while let Some(letter) = letters.get(next.fetch_add(1, Ordering::Relaxed)) {
            let ran = Ran::of(&mut letter.command(&home, config, &[], &file));
            if let Err(words) = ran.ends(&[0]) {
                fail(format!("{}: {words}", letter.to[0]));
            }
        }
        left.fetch_sub(1, Ordering::Relaxed);
    };
    let run = |runner: usize| {
        let mut dice = Dice(seed ^ runner as u64);
        loop {
            let is_last = left.load(Ordering::Relaxed) == 0;
            let slowness = format!("inject={SLOW}:delay_enter={}", 1000 + dice.below(19_000));
            let slow = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &slowness];
            let before = if field.is_slowed && runner % 2 == 1 { &slow[..] } else { &[] };
            let ran = home.program(before, &["queue", "run", "--now"]).ends(&[0, 75]);
            if let Err(words) = ran {
                fail(format!("a run: {words}"));
                break;
            }
            if is_last && home.names("q").is_empty() {
                break;
            }
        }
    };
    std::thread::scope(|scope| {
        let (submit, run) = (&submit, &run);
        (0..field.submitters).for_each(|submitter| drop(scope.spawn(move || submit(submitter))));
        (0..field.runners).for_each(|runner| drop(scope.spawn(move || run(runner))));
    });
    let mut failures = failures.into_inner().unwrap();
    let book = peer.taken();
    failures.extend(Book { copies: &book, most: 1 }.wrongs(&letters, &[]));
    // No process died: nothing is in doubt.
    let recipients: usize = letters.iter().map(|letter| letter.to.len()).sum();
    if book.len() != recipients {
        failures.push(format!("{} copies for {recipients} recipients", book.len()));
    }
    if (home.counts(), home.names("tmp").len()) != ([0; 4], 0) {
        failures.push(format!("left: {:?}, and {:?} in tmp/", home.counts(), home.names("tmp")));
    }
    failures.extend(home.queue(&["check"]).ends(&[0]).err());
    outcome.cases += field.letters;
    outcome.failures.extend(failures.into_iter().take(5));
}
