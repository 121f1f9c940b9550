//! Figures of the whole spool.

use std::collections::BTreeMap;
use std::io;

use super::{Spot, spots};
use crate::spool::{Decision, Event, Place, Seen, Store};
use crate::sys::Room;

const DAY: u64 = 24 * 60 * 60;

/// Figures of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceStats {
    /// Which.
    pub place: Place,
    /// Files with a name of an entry.
    pub entries: usize,
    /// Their octets.
    pub octets: u64,
    /// When the oldest was made, seconds since 1970.
    pub oldest_s: Option<u64>,
}

/// Figures of one way out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HopStats {
    /// Entries in `q/`.
    pub queued: usize,
    /// Those of them that are due.
    pub due: usize,
    /// The last answer of those that were tried, and when.
    pub last: Option<(u64, Decision)>,
}

/// Figures of a spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// `q/`, `held/`, `badmail/`, `corrupt/` and `tmp/`.
    pub places: Vec<PlaceStats>,
    /// What is queued, by the name of its profile.
    pub hops: BTreeMap<String, HopStats>,
    /// Dots that had no answer within the last 24 hours.
    pub in_doubt: usize,
    /// What is free on its filesystem.
    pub room: Room,
}

/// Counts.
pub fn stats(store: &Store<'_>, limit: u32, now_s: u64) -> io::Result<Stats> {
    let mut stats = Stats { places: Vec::new(), hops: BTreeMap::new(), in_doubt: 0, room: store.room()? };
    for place in [Place::Queue, Place::Held, Place::Badmail, Place::Corrupt, Place::Tmp] {
        let mut counted = PlaceStats { place, entries: 0, octets: 0, oldest_s: None };
        for spot in spots(store, &[place])? {
            counted.entries += 1;
            counted.oldest_s = counted.oldest_s.into_iter().chain(spot.made_s()).min();
            match store.see(place, &spot.text(), limit) {
                Ok(seen) => {
                    counted.octets += seen.stat.size;
                    stats.in_doubt += doubts(&seen.events, now_s);
                    if let Spot::Entry(Place::Queue, name) = spot {
                        let hop = stats.hops.entry(seen.header.profile.clone()).or_default();
                        hop.count(&seen, name.due_s <= now_s);
                    }
                }
                Err(_) => {
                    let stat = store.disk.stat_at(store.at(place), &spot.text());
                    counted.octets += stat.map_or(0, |stat| stat.size);
                }
            }
        }
        stats.places.push(counted);
    }
    Ok(stats)
}

impl HopStats {
    fn count(&mut self, seen: &Seen<'_>, is_due: bool) {
        self.queued += 1;
        self.due += usize::from(is_due);
        let Some(&tried_s) = seen.state.tried_s.last() else { return };
        let mut answers = (0..seen.state.count()).filter_map(|place| seen.state.last(place));
        if let Some(answer) = answers.next_back()
            && self.last.as_ref().is_none_or(|(last_s, _)| *last_s <= tried_s)
        {
            self.last = Some((tried_s, answer.clone()));
        }
    }
}

/// Transactions of the last day for whose dot a recipient has no answer.
fn doubts(events: &[Event], now_s: u64) -> usize {
    let mut open: Vec<(u32, u64, Vec<u16>)> = Vec::new();
    for event in events {
        match event {
            Event::Commit { time_s, transaction, places } => {
                open.push((*transaction, *time_s, places.clone()));
            }
            Event::Result { transaction, places: answered, .. } => {
                for (_, _, places) in open.iter_mut().filter(|(number, ..)| number == transaction) {
                    places.retain(|place| !answered.contains(place));
                }
            }
            _ => {}
        }
    }
    let is_recent = |time_s: u64| time_s.saturating_add(DAY) > now_s;
    open.iter().filter(|(_, time_s, places)| !places.is_empty() && is_recent(*time_s)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubts_of_a_day_are_counted() {
        let commit = |time_s, transaction| Event::Commit { time_s, transaction, places: vec![0, 1] };
        let answer = |transaction, places: &[u16]| Event::Result {
            transaction,
            decision: Decision {
                time_s: 1,
                class: 2,
                is_relayed: false,
                stage: crate::mail::Stage::Dot,
                status: crate::mail::EnhancedStatus::new(2, 0, 0),
                reply: crate::mail::ReportedReply { code: 250, text: String::new() },
            },
            places: places.to_vec(),
        };
        let now_s = 10 * DAY;
        assert_eq!(doubts(&[commit(now_s, 1), answer(1, &[0, 1])], now_s), 0);
        assert_eq!(doubts(&[commit(now_s, 1), answer(1, &[0])], now_s), 1);
        assert_eq!(doubts(&[commit(now_s, 1), commit(now_s, 2)], now_s), 2);
        assert_eq!(doubts(&[commit(now_s - DAY, 1), commit(now_s - 5, 2)], now_s), 1);
    }
}
