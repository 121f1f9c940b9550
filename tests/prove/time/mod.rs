//! Time: a queue over days, with a clock that the test sets, a hop that is down, and clocks that are wrong.

mod clock;
pub mod counting;
mod doubt;
mod down;
mod hop;
mod life;
mod real;

use std::io::Write;
use std::path::Path;

use whippet::mail::{Address, Envelope};
use whippet::mime::MessageError;
use whippet::spool::{
    Fate, Flags, Id, InDoubt, Place, Rules, Run, Schedule, Sealed, Store, Submission, Tally,
};
use whippet::sys::{Clock, FixedClock, SeededRandom, SystemDisk};

use self::hop::Hop;
use crate::Test;
use crate::world::{BODY, NOW_S, SENDER};

/// The proofs.
pub const TESTS: &[Test] = &[
    Test {
        id: "G2",
        what: "hops that are down for days, and a wrong password",
        run: |wanted, outcome| down::everything(wanted.is_quick, outcome),
    },
    Test {
        id: "G3",
        what: "the end of an entry's life, and another one",
        run: |_, outcome| life::everything(outcome),
    },
    Test {
        id: "G4",
        what: "clocks that jump, at each moment",
        run: |wanted, outcome| clock::everything(wanted.is_quick, outcome),
    },
    Test { id: "G4R", what: "the same with the real program", run: |_, outcome| real::everything(outcome) },
    Test { id: "G5", what: "replies to the dot that are lost", run: |_, outcome| doubt::everything(outcome) },
];

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn check(is_good: bool, words: impl FnOnce() -> String) -> Result<(), String> {
    if is_good { Ok(()) } else { Err(words()) }
}

/// What holds, without jitter.
fn rules(in_doubt: InDoubt) -> Rules {
    let schedule = Schedule { jitter_percent: 0, ..Schedule::default() };
    Rules { schedule, in_doubt, ..Rules::default() }
}

/// A mail.
struct Mail<'a> {
    number: u64,
    profile: &'a str,
    to: &'a [&'a str],
    /// Seconds since 1970.
    at_s: u64,
    in_doubt: InDoubt,
}

impl Default for Mail<'_> {
    fn default() -> Self {
        Mail {
            number: 1,
            profile: "default",
            to: &["a0@example.test"],
            at_s: NOW_S,
            in_doubt: InDoubt::Retry,
        }
    }
}

impl Mail<'_> {
    fn submit(&self, store: &Store<'_>) -> Id {
        let rules = rules(self.in_doubt);
        let recipients = self.to.iter().map(|to| Address::parse(to).unwrap());
        let sealed = Sealed {
            envelope: Envelope::new(Address::parse(SENDER).ok(), recipients).unwrap(),
            uid: 0,
            message_id: "<1@example.test>".to_owned(),
            key: None,
        };
        let id = Id::new(FixedClock { seconds: self.at_s }.now(), &SeededRandom::new(self.number)).unwrap();
        let submission = Submission {
            id,
            profile: self.profile,
            sealed: &sealed,
            flags: Flags::default(),
            in_doubt: (rules.in_doubt, rules.in_doubt_limit),
            created_ms: self.at_s * 1000,
            expires_s: self.at_s + rules.schedule.expire_s,
            due_s: self.at_s,
            size: BODY.len() as u64,
            events: Vec::new(),
        };
        let mut write = |out: &mut dyn Write| out.write_all(BODY.as_bytes()).map_err(MessageError::Sink);
        store.submit(&submission, &mut write, &mut || Ok(())).unwrap();
        id
    }
}

/// One run by this clock.
fn run_by(store: &Store<'_>, hop: &mut Hop, clock: &dyn Clock, is_now: bool) -> Tally {
    let rules = rules(InDoubt::Retry);
    let random = SeededRandom::new(clock.now().elapsed().map_or(1, |since| since.subsec_nanos().into()));
    let run = Run { store, rules: &rules, clock, random: &random, machine: "client.test", is_now };
    run.run(hop, &|_| true).unwrap()
}

/// One run at this moment, seconds since 1970.
fn run_at(store: &Store<'_>, hop: &mut Hop, at_s: u64) -> Tally {
    run_by(store, hop, &FixedClock { seconds: at_s }, false)
}

/// Where entries are: how many in `q/`, `held/`, `badmail/` and elsewhere.
fn counts(store: &Store<'_>) -> [usize; 4] {
    let queued = store.scan(&mut |_| {}).unwrap().len();
    let count = |place| store.ids(place, &mut |_| {}).unwrap().len();
    let elsewhere = count(Place::Corrupt) + count(Place::Tmp);
    [queued, count(Place::Held), count(Place::Badmail), elsewhere]
}

/// The fates of an entry's recipients, wherever it is, and when its life ends.
fn state(store: &Store<'_>, id: Id) -> Option<(Vec<Fate>, u64)> {
    let (place, name) = store.find(id).unwrap()?;
    let text = name.map_or_else(|| id.to_string(), |name| name.to_string());
    let seen = store.see(place, &text, 3).unwrap();
    let count = seen.sealed.envelope.recipients().len();
    Some(((0..count).map(|at| seen.state.fate(at)).collect(), seen.state.expires_s))
}

/// A spool that is removed with the test.
fn on_spool<T>(path: &Path, act: impl FnOnce(&Store<'_>) -> T) -> T {
    let store = Store::create(&SystemDisk, path).unwrap();
    let done = act(&store);
    drop(store);
    std::fs::remove_dir_all(path).unwrap();
    done
}
