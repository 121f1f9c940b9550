//! K4: processes submit and run one queue, the server is faulty, and somebody kills one of them every few milliseconds. When
//! it is quiet again, every mail that was said to be queued has arrived, and further copies are such as nobody could know of.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use super::letter::{Book, Letter};
use crate::Outcome;
use crate::real::home::Home;
use crate::real::peer::{Act, Peer, Stage, refusing};
use crate::states::Dice;
use crate::world::Ground;

const SUBMITTERS: usize = 4;
const RUNNERS: usize = 8;
/// One mail of so many is for somebody who is refused. More reports than sixty an hour go to nobody.
const REFUSED: usize = 200;
/// Copies of which the third holds the mail, and one when it is released.
const MOST: usize = 4;

/// The processes that live, one place for each who starts them.
struct Crowd(Vec<Mutex<Option<Child>>>);

impl Crowd {
    /// Runs it at this place; its exit code, `None` if it was killed.
    fn run(&self, place: usize, command: &mut Command) -> Option<i32> {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        *self.0[place].lock().unwrap() = Some(child);
        loop {
            std::thread::sleep(Duration::from_millis(2));
            let mut place = self.0[place].lock().unwrap();
            if let Some(status) = place.as_mut().unwrap().try_wait().unwrap() {
                *place = None;
                return status.code();
            }
        }
    }

    /// Kills one of them, if there is one at the place that comes up.
    fn kill(&self, dice: &mut Dice) -> bool {
        let mut place = self.0[dice.below(self.0.len())].lock().unwrap();
        place.as_mut().is_some_and(|child| child.kill().is_ok())
    }
}

/// A server that fails one time of so many, in every way that it can.
fn faulty(seed: u64) -> impl Fn(Stage, &str) -> Act + Send + Sync {
    let count = AtomicU64::new(seed);
    move |stage, argument| {
        let throw = Dice(count.fetch_add(1, Ordering::Relaxed)).below(100);
        match (stage, throw) {
            (Stage::Greeting, 0) => Act::Say("421 4.3.2 not now"),
            (Stage::Mail, 0) => Act::Say("451 4.3.0 not now"),
            (Stage::Rcpt, 0) => Act::Say("450 4.2.0 not now"),
            (Stage::Data, 0) => Act::Say("451 4.3.0 not now"),
            (Stage::Mail | Stage::Rcpt | Stage::Data | Stage::Body, 1) => Act::Drop,
            (Stage::Dot, 0) => Act::Say("451 4.3.0 not now"),
            (Stage::Dot, 1) => Act::Drop,
            (Stage::Dot, 2) => Act::TakeAndDrop,
            _ => refusing(stage, argument),
        }
    }
}

/// K4 with so many mails.
pub fn soak(size: usize, seed: u64, outcome: &mut Outcome) {
    let ground = Ground::new();
    let peer = Peer::start(faulty(seed));
    let home = Home::new(&ground, peer.port);
    let letters: Vec<Letter> = (0..size)
        .map(|number| match number % REFUSED == 11 {
            true => Letter::refused(number, seed),
            false => Letter::new(number, seed),
        })
        .collect();
    let crowd = Crowd((0..SUBMITTERS + RUNNERS).map(|_| Mutex::default()).collect());
    let (next, left, is_over) = (AtomicUsize::new(0), AtomicUsize::new(SUBMITTERS), AtomicBool::new(false));
    let (answered, killed) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let failures = Mutex::new(Vec::new());
    let submit = |place: usize| {
        let file = home.path.join(format!("text{place}"));
        while let Some(letter) = letters.get(next.fetch_add(1, Ordering::Relaxed)) {
            match crowd.run(place, &mut letter.command(&home, "config.toml", &[], &file)) {
                Some(0) => answered.lock().unwrap().push(letter.clone()),
                None => killed.lock().unwrap().push(letter.clone()),
                code => failures.lock().unwrap().push(format!("a submission ends with {code:?}")),
            }
        }
        left.fetch_sub(1, Ordering::Relaxed);
    };
    let run = |place: usize| {
        while !is_over.load(Ordering::Relaxed) {
            let code = crowd.run(place, &mut home.command(&[], &["queue", "run", "--now"]));
            if !matches!(code, None | Some(0 | 69 | 75)) {
                failures.lock().unwrap().push(format!("a run ends with {code:?}"));
            }
        }
    };
    let kills = std::thread::scope(|scope| {
        let (submit, run) = (&submit, &run);
        (0..SUBMITTERS).for_each(|place| drop(scope.spawn(move || submit(place))));
        (0..RUNNERS).for_each(|place| drop(scope.spawn(move || run(SUBMITTERS + place))));
        let (mut dice, mut kills) = (Dice(seed), 0);
        while left.load(Ordering::Relaxed) > 0 {
            std::thread::sleep(Duration::from_millis(5 + dice.below(46) as u64));
            kills += usize::from(crowd.kill(&mut dice));
        }
        is_over.store(true, Ordering::Relaxed);
        kills
    });
    let mut failures = failures.into_inner().unwrap();
    if kills < size / 5 {
        failures.push(format!("{kills} kills, for {size} mails: it was too fast"));
    }
    peer.behave(refusing);
    failures.extend(settle(&home).err());
    let book = Book { most: MOST, copies: &peer.taken() };
    failures.extend(book.wrongs(&answered.into_inner().unwrap(), &killed.into_inner().unwrap()));
    outcome.cases += size;
    outcome.failures.extend(failures.into_iter().take(10));
}

/// Nothing dies any more: what waits goes, what is held is let go, what was half written is cleared away.
fn settle(home: &Home) -> Result<(), String> {
    for _ in 0..10 {
        home.queue(&["run", "--now"]).ends(&[0, 69, 75])?;
        if !home.names("held").is_empty() {
            home.queue(&["release", "--all", "--yes"]).ends(&[0])?;
        } else if home.names("q").is_empty() {
            break;
        }
    }
    let old = SystemTime::now() - Duration::from_secs(7200);
    for name in home.names("tmp") {
        File::options()
            .write(true)
            .open(home.spool.join("tmp").join(name))
            .unwrap()
            .set_modified(old)
            .unwrap();
    }
    home.queue(&["run"]).ends(&[0])?;
    home.queue(&["check"]).ends(&[0])?;
    let [queued, held, _, corrupt] = home.counts();
    match (queued, held, corrupt, home.names("tmp").len()) {
        (0, 0, 0, 0) => Ok(()),
        counts => Err(format!("left in q, held, corrupt and tmp: {counts:?}")),
    }
}
