//! G2: a hop that is down, with a thousand mails, and a run every five minutes.

use whippet::spool::Store;

use super::counting::{Counting, Written};
use super::hop::{Hop, Manner};
use super::{DAY, HOUR, MINUTE, Mail, check, counts, run_at};
use crate::Outcome;
use crate::world::{Ground, NOW_S, open};

/// Mails in the queue: so many where the cost is counted, and in the long part.
const MAILS: u64 = 1000;
const FEW: u64 = 100;
/// Between two runs.
const PACE_S: u64 = 5 * MINUTE;
/// The longest interval of a hop that is down.
const INTERVAL_S: u64 = 4 * HOUR;

/// G2.
pub fn everything(is_quick: bool, outcome: &mut Outcome) {
    let ground = Ground::new();
    let few = if is_quick { FEW } else { MAILS };
    let cases: [(&str, u64, Judge); 6] = [
        ("nobody listens for five days", MAILS, |way| way.five_days(Manner::Down)),
        ("the password is wrong for five days", few, |way| way.five_days(Manner::Refuses)),
        ("nobody listens for three days", few, |way| way.corrected(Manner::Down, 3 * DAY)),
        ("the password is wrong for a day", few, |way| way.corrected(Manner::Refuses, DAY)),
        ("two profiles, one is down", few, |way| way.two_profiles()),
        ("the memory of it is lost each day", few, |way| way.forgotten()),
    ];
    for (name, mails, judge) in cases {
        outcome.cases += 1;
        let path = ground.spool();
        let disk = Counting::default();
        let store = open(&disk, &path);
        let judged = judge(&Way { store: &store, disk: &disk, mails });
        drop(store);
        std::fs::remove_dir_all(&path).unwrap();
        outcome.failures.extend(judged.err().map(|words| format!("{name}: {words}")));
    }
}

/// What a case stands on.
struct Way<'s, 'd> {
    store: &'s Store<'d>,
    disk: &'s Counting,
    mails: u64,
}

type Judge = fn(&Way<'_, '_>) -> Result<(), String>;

fn fill(store: &Store<'_>, disk: &Counting, profile: &str, numbers: std::ops::Range<u64>) {
    for number in numbers {
        Mail { number, profile, ..Mail::default() }.submit(store);
    }
    disk.take();
}

/// Runs until this moment, and what that has written.
fn runs(store: &Store<'_>, disk: &Counting, hop: &mut Hop, from_s: u64, to_s: u64) -> Written {
    disk.take();
    for at_s in (from_s..to_s).step_by(PACE_S as usize) {
        let tally = run_at(store, hop, NOW_S + at_s);
        assert!(tally.troubles.is_empty(), "{:?}", tally.troubles);
    }
    disk.take()
}

/// What a hop that is down may cost: a connection and two small writes an interval, and one entry for each of them.
fn costs(hop: &Hop, written: &Written, most: usize) -> Result<(), String> {
    let (connections, gates, entries) = (hop.connections("default"), written.gates, written.entries.len());
    let is_little = connections <= most && gates <= 2 * most && entries <= connections;
    check(is_little && connections > most / 2, || {
        format!("{connections} connections, {gates} writes into the gate, {entries} entries were written")
    })
}

impl Way<'_, '_> {
    fn five_days(&self, manner: Manner) -> Result<(), String> {
        let Way { store, disk, mails } = *self;
        fill(store, disk, "default", 0..mails);
        let mut hop = Hop::new(manner);
        let written = runs(store, disk, &mut hop, 0, 5 * DAY);
        costs(&hop, &written, 40)?;
        check(counts(store) == [mails as usize, 0, 0, 0], || format!("{:?} are there", counts(store)))?;
        check(written.octets <= 1 << 20, || format!("{} octets were written", written.octets))?;
        // Then all of it is given up, and who sent it is told as often as is permitted.
        for hour in 0..4 {
            runs(store, disk, &mut hop, 5 * DAY + hour * HOUR, 5 * DAY + (hour + 1) * HOUR);
        }
        let [queued, held, badmail, elsewhere] = counts(store);
        let reports = queued;
        check((held, badmail, elsewhere) == (0, mails as usize, 0) && (60..=64).contains(&reports), || {
            format!("in the end {:?} are there", counts(store))
        })
    }

    /// Once the hop takes mail all of it goes within an interval, and nobody was told of anything.
    fn corrected(&self, manner: Manner, after_s: u64) -> Result<(), String> {
        let Way { store, disk, mails } = *self;
        fill(store, disk, "default", 0..mails);
        let mut hop = Hop::new(manner);
        let written = runs(store, disk, &mut hop, 0, after_s);
        costs(&hop, &written, (after_s / INTERVAL_S) as usize + 4)?;
        hop.is(Manner::Takes);
        runs(store, disk, &mut hop, after_s, after_s + INTERVAL_S + PACE_S);
        self.all_went(&hop)
    }

    fn all_went(&self, hop: &Hop) -> Result<(), String> {
        let Way { store, mails, .. } = *self;
        let dots: usize = hop.dots.values().sum();
        check(counts(store) == [0; 4] && dots == mails as usize && hop.reports.is_empty(), || {
            format!("{:?} are left, {dots} went, {} reports", counts(store), hop.reports.len())
        })
    }

    /// Mail of the other profile comes once an hour, and goes at once.
    fn two_profiles(&self) -> Result<(), String> {
        let Way { store, disk, mails } = *self;
        fill(store, disk, "default", 0..mails / 2);
        let mut hop = Hop::new(Manner::Down);
        let (mut number, mut gone) = (mails, 0);
        for hour in 0..24 {
            for _ in 0..20 {
                number += 1;
                let at_s = NOW_S + hour * HOUR;
                Mail { number, profile: "other", to: &["b0@example.test"], at_s, ..Mail::default() }
                    .submit(store);
            }
            run_at(store, &mut hop, NOW_S + hour * HOUR);
            gone += 20;
            let (went, left) = (hop.dots("b0@example.test"), counts(store)[0]);
            let is_good = (went, left) == (gone, mails as usize / 2);
            check(is_good, || format!("after {hour} h {went} of {gone} went, {left} are left"))?;
        }
        check(hop.connections("other") == 24 && hop.connections("default") <= 10, || {
            format!("connections: {:?}", hop.connections)
        })
    }

    /// A gate may be lost at any time: the hop is tried once more, and that is all.
    fn forgotten(&self) -> Result<(), String> {
        let Way { store, disk, mails } = *self;
        fill(store, disk, "default", 0..mails);
        let mut hop = Hop::new(Manner::Down);
        for day in 0..3 {
            runs(store, disk, &mut hop, day * DAY, (day + 1) * DAY);
            let host = store.folder("host").unwrap();
            store.disk().unlink(&host, &whippet::spool::Hop::of_profile("default").to_string()).unwrap();
        }
        let connections = hop.connections("default");
        check((18..=3 * 11).contains(&connections), || format!("{connections} connections"))?;
        hop.is(Manner::Takes);
        runs(store, disk, &mut hop, 3 * DAY, 3 * DAY + INTERVAL_S + PACE_S);
        self.all_went(&hop)
    }
}
