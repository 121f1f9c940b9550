//! G5: the reply to the dot is lost. A retry may duplicate, and there are no more than three copies; who wants none has none.

use std::collections::BTreeMap;
use std::time::Duration;

use whippet::spool::desk::{Desk, Done, Spot, Verb, spots};
use whippet::spool::{Event, Fate, Id, InDoubt, Place, Store};

use super::hop::{Hop, Manner};
use super::{HOUR, Mail, check, counts, on_spool, rules, run_at, state};
use crate::Outcome;
use crate::world::{Ground, NOW_S};

const TO: [&str; 3] = ["a0@example.test", "a1@example.test", "a2@example.test"];

/// Which replies are lost, and what must come of it.
struct Case {
    name: &'static str,
    in_doubt: InDoubt,
    /// How many replies to the dot for each are lost.
    losses: [usize; 3],
    /// Dots for each, when nothing more is done by itself.
    dots: [usize; 3],
    /// Who is held then.
    is_held: [bool; 3],
    /// Dots for each, when it was released and the hop loses nothing more.
    released: [usize; 3],
}

const CASES: [Case; 10] = [
    case("none", InDoubt::Retry, [0, 0, 0], [1, 1, 1], [false; 3], [1, 1, 1]),
    case("one", InDoubt::Retry, [0, 1, 0], [1, 2, 1], [false; 3], [1, 2, 1]),
    case("two", InDoubt::Retry, [0, 2, 0], [1, 3, 1], [false; 3], [1, 3, 1]),
    case("three", InDoubt::Retry, [0, 3, 0], [1, 3, 1], [false, true, false], [1, 4, 1]),
    case("all", InDoubt::Retry, [0, 9, 0], [1, 3, 1], [false, true, false], [1, 4, 1]),
    case("all of the first", InDoubt::Retry, [9, 0, 0], [3, 1, 1], [true, false, false], [4, 1, 1]),
    case("all of all", InDoubt::Retry, [9, 9, 9], [3, 3, 3], [true; 3], [4, 4, 4]),
    case(
        "one, and none may be doubled",
        InDoubt::Hold,
        [0, 1, 0],
        [1, 1, 1],
        [false, true, false],
        [1, 2, 1],
    ),
    case("all, and none may be doubled", InDoubt::Hold, [9, 9, 9], [1, 1, 1], [true; 3], [2, 2, 2]),
    case("none, and none may be doubled", InDoubt::Hold, [0, 0, 0], [1, 1, 1], [false; 3], [1, 1, 1]),
];

const fn case(
    name: &'static str,
    in_doubt: InDoubt,
    losses: [usize; 3],
    dots: [usize; 3],
    is_held: [bool; 3],
    released: [usize; 3],
) -> Case {
    Case { name, in_doubt, losses, dots, is_held, released }
}

/// G5.
pub fn everything(outcome: &mut Outcome) {
    let ground = Ground::new();
    for case in &CASES {
        outcome.cases += 1;
        let judged = on_spool(&ground.next(), |store| case.judge(store));
        outcome.failures.extend(judged.err().map(|words| format!("{}: {words}", case.name)));
    }
}

impl Case {
    fn judge(&self, store: &Store<'_>) -> Result<(), String> {
        let id = Mail { to: &TO, in_doubt: self.in_doubt, ..Mail::default() }.submit(store);
        let mut hop = Hop::new(Manner::Takes);
        hop.losses = TO.map(str::to_owned).into_iter().zip(self.losses).collect::<BTreeMap<_, _>>();
        let mut last = 0;
        for hour in 0..48 {
            run_at(store, &mut hop, NOW_S + hour * HOUR);
            let doubts = self.losses_so_far(&hop);
            // A doubt is not repeated within the hour.
            run_at(store, &mut hop, NOW_S + hour * HOUR + HOUR - 1);
            let now = self.losses_so_far(&hop);
            check(now == doubts, || format!("tried again within the hour, at hour {hour}"))?;
            last = now;
        }
        let dots = TO.map(|to| hop.dots(to));
        check(dots == self.dots, || format!("{dots:?} dots, not {:?}", self.dots))?;
        let is_held = self.is_held.contains(&true);
        let wanted = [0, usize::from(is_held), 0, 0];
        check(counts(store) == wanted, || format!("{:?} are there, not {wanted:?}", counts(store)))?;
        if !is_held {
            return Ok(());
        }
        self.on_record(store, id, last)?;
        self.release(store, id, &mut hop)
    }

    fn losses_so_far(&self, hop: &Hop) -> usize {
        let left: usize = TO.iter().map(|to| hop.losses[*to]).sum();
        self.losses.iter().sum::<usize>() - left
    }

    /// Who is held is known to be, and each doubt is in the journal.
    fn on_record(&self, store: &Store<'_>, id: Id, doubts: usize) -> Result<(), String> {
        let fate = |is_held: bool| if is_held { Fate::Held } else { Fate::Accepted };
        let (fates, _) = state(store, id).unwrap();
        check(fates == self.is_held.map(fate), || format!("the fates are {fates:?}"))?;
        let seen = store.see(Place::Held, &id.to_string(), 3).unwrap();
        let known = seen.events.iter().filter(|event| matches!(event, Event::Doubt { .. })).count();
        check(known == doubts, || format!("{known} doubts are on record, {doubts} replies were lost"))
    }

    fn release(&self, store: &Store<'_>, id: Id, hop: &mut Hop) -> Result<(), String> {
        hop.losses.clear();
        let at_s = NOW_S + 49 * HOUR;
        let spot = find(store, id);
        let mut desk = Desk::new(store, rules(self.in_doubt), at_s, 0, Duration::ZERO);
        let done = desk.act(Verb::Release, &spot);
        desk.finish().unwrap();
        check(matches!(done, Done::Yes), || format!("it is not released: {done:?}"))?;
        run_at(store, hop, at_s);
        run_at(store, hop, at_s + HOUR);
        let dots = TO.map(|to| hop.dots(to));
        check(dots == self.released && counts(store) == [0; 4], || {
            format!("released: {dots:?} dots, not {:?}; {:?} are there", self.released, counts(store))
        })
    }
}

/// Where the entry is now.
pub fn find(store: &Store<'_>, id: Id) -> Spot {
    let all = spots(store, &[Place::Queue, Place::Held, Place::Badmail]).unwrap();
    all.into_iter().find(|spot| spot.id() == Some(id)).unwrap()
}
