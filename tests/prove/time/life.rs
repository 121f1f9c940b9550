//! G3: the end of an entry's life, a second before and a second behind it, with none, one and two late tries; and the life
//! that a person gives it then.

use std::time::Duration;

use whippet::spool::desk::{Desk, Done, Verb};
use whippet::spool::{Fate, Id, InDoubt, Store};
use whippet::sys::FixedClock;

use super::doubt::find;
use super::hop::{Hop, Manner};
use super::{DAY, HOUR, Mail, check, counts, on_spool, rules, run_at, run_by, state};
use crate::Outcome;
use crate::world::{Ground, NOW_S};

const LIFE_S: u64 = 5 * DAY;
const TO: [&str; 2] = ["a0@example.test", "a1@example.test"];

/// A mail that nobody takes until the end.
struct Case {
    /// Whose tries they are: its own, or those of the hop, which is down.
    manner: Manner,
    /// Hours before the end.
    late: &'static [u64],
    /// The last run, seconds from the end.
    after_s: i64,
}

/// G3.
pub fn everything(outcome: &mut Outcome) {
    let ground = Ground::new();
    for manner in [Manner::Defers, Manner::Down] {
        // The second two follow each other more closely than the first interval.
        for late in [&[][..], &[10], &[10, 5], &[10, 1]] {
            for after_s in [-1, 0, 1] {
                let case = Case { manner, late, after_s };
                outcome.cases += 1;
                let judged = on_spool(&ground.next(), |store| case.judge(store));
                let name = || format!("{manner:?}, tries {late:?} h before the end, {after_s} s");
                outcome.failures.extend(judged.err().map(|words| format!("{}: {words}", name())));
            }
        }
    }
}

impl Case {
    fn judge(&self, store: &Store<'_>) -> Result<(), String> {
        let id = Mail { to: &TO, ..Mail::default() }.submit(store);
        let mut hop = Hop::new(self.manner);
        let by = |hop: &mut Hop, at_s: u64| {
            run_by(store, hop, &FixedClock { seconds: at_s }, true);
        };
        // Many early tries do not count.
        for hour in [0, 1, 2, 40, 80] {
            by(&mut hop, NOW_S + hour * HOUR);
        }
        for hours in self.late {
            by(&mut hop, NOW_S + LIFE_S - hours * HOUR);
        }
        let before = hop.connections("default");
        let end_s = (NOW_S + LIFE_S).checked_add_signed(self.after_s).unwrap();
        by(&mut hop, end_s);
        let is_over = self.after_s >= 0 && self.late.len() >= 2;
        let tried = hop.connections("default") - before;
        check(tried == usize::from(!is_over), || format!("at the end it was tried {tried} times"))?;
        if is_over {
            return self.expired(store, id, &mut hop, end_s);
        }
        check(counts(store) == [1, 0, 0, 0], || format!("{:?} are there", counts(store)))?;
        self.goes_on(store, &mut hop, end_s)
    }

    /// It is told of once, and a person may give it another life.
    fn expired(&self, store: &Store<'_>, id: Id, hop: &mut Hop, end_s: u64) -> Result<(), String> {
        check(counts(store) == [1, 0, 1, 0], || format!("expired, {:?} are there", counts(store)))?;
        let (fates, _) = state(store, id).unwrap();
        check(fates == [Fate::Failed; 2], || format!("the fates are {fates:?}"))?;
        hop.is(Manner::Takes);
        for hour in 0..3 {
            run_by(store, hop, &FixedClock { seconds: end_s + hour * HOUR }, true);
        }
        let told = hop.reports.len();
        let status = if self.manner == Manner::Down { "Status: 4.4.1" } else { "Status: 4.4.7" };
        let is_told = hop.reports.iter().all(|report| {
            report.matches("Action: failed").count() == 2 && report.matches(status).count() == 2
        });
        check(told == 1 && is_told, || format!("{told} reports: {:?}", hop.reports))?;
        check(counts(store) == [0, 0, 1, 0] && hop.dots(TO[0]) == 0, || format!("{:?}", counts(store)))?;
        let at_s = end_s + DAY;
        act(store, id, Verb::Retry, at_s)?;
        let (fates, expires_s) = state(store, id).unwrap();
        let is_new = fates == [Fate::Pending; 2] && expires_s == at_s + LIFE_S;
        check(is_new, || format!("another life: {fates:?} until {expires_s}, now {at_s}"))?;
        // In its new life old tries do not end it.
        hop.is(self.manner);
        run_at(store, hop, at_s + 1);
        check(counts(store) == [1, 0, 0, 0], || format!("in its new life {:?} are there", counts(store)))?;
        hop.is(Manner::Takes);
        run_by(store, hop, &FixedClock { seconds: at_s + HOUR }, true);
        let dots = TO.map(|to| hop.dots(to));
        check(counts(store) == [0; 4] && dots == [1; 2], || format!("{dots:?}, {:?}", counts(store)))
    }

    /// Held, it does not grow older, and when it is released it lives a day at least.
    fn goes_on(&self, store: &Store<'_>, hop: &mut Hop, end_s: u64) -> Result<(), String> {
        let id = store.scan(&mut |_| {}).unwrap()[0].id;
        act(store, id, Verb::Hold, end_s)?;
        let at_s = end_s + 30 * DAY;
        run_by(store, hop, &FixedClock { seconds: at_s }, true);
        check(counts(store) == [0, 1, 0, 0], || format!("held, {:?} are there", counts(store)))?;
        act(store, id, Verb::Release, at_s)?;
        let (fates, expires_s) = state(store, id).unwrap();
        let is_new = fates == [Fate::Pending; 2] && expires_s == at_s + DAY;
        check(is_new, || format!("released: {fates:?} until {expires_s}, now {at_s}"))?;
        hop.is(Manner::Takes);
        run_at(store, hop, at_s);
        let dots = TO.map(|to| hop.dots(to));
        check(counts(store) == [0; 4] && dots == [1; 2], || format!("{dots:?}, {:?}", counts(store)))?;
        check(hop.reports.is_empty(), || "its sender was told that it failed".to_owned())
    }
}

fn act(store: &Store<'_>, id: Id, verb: Verb, at_s: u64) -> Result<(), String> {
    let spot = find(store, id);
    let mut desk = Desk::new(store, rules(InDoubt::Retry), at_s, 0, Duration::ZERO);
    let done = desk.act(verb, &spot);
    desk.finish().unwrap();
    check(matches!(done, Done::Yes), || format!("{verb:?}: {done:?}"))
}
