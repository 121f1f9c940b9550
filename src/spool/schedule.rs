//! When an entry is tried, and when it is given up. Pure: it reads no clock. Times are seconds since 1970.
//!
//! The intervals are those of Microsoft's SMTP service: 15, 30 and 60 minutes, then every 4 hours, for 5 days.

use super::Id;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// The last moment that the name of a queued file can say.
const LAST_S: u64 = 0xff_ffff_ffff;
/// A dot that may have reached the hop is not repeated sooner: the mail may show up, and a person may see it.
const AFTER_DOUBT_S: u64 = HOUR;
/// How long before the end of its life the tries must be that allow it to end.
const LATE_S: u64 = DAY;
/// Who ended so long ago did not end by a clock that was right.
const LOST_S: u64 = 30 * DAY;
/// How often such an entry gets another end: a machine that is on once a month must tell its user at last.
const MOST_REPAIRS: u32 = 3;
/// What `release` leaves an entry to live at least.
const RELEASED_S: u64 = DAY;

/// The pace of a spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// Between the first try and the second, seconds.
    pub first_s: u64,
    /// Between the second and the third.
    pub second_s: u64,
    /// Between the third and the fourth.
    pub third_s: u64,
    /// Between all later ones.
    pub subsequent_s: u64,
    /// How long an entry lives.
    pub expire_s: u64,
    /// When the sender is told that it takes longer; `None`: never.
    pub delay_notice_s: Option<u64>,
    /// How long a bounce lives.
    pub bounce_expire_s: u64,
    /// By how much an interval may be longer or shorter, percent, at most 50.
    pub jitter_percent: u64,
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule {
            first_s: 15 * MINUTE,
            second_s: 30 * MINUTE,
            third_s: 60 * MINUTE,
            subsequent_s: 240 * MINUTE,
            expire_s: 5 * DAY,
            delay_notice_s: None,
            bounce_expire_s: 2 * DAY,
            jitter_percent: 10,
        }
    }
}

impl Schedule {
    /// How long to wait after so many tries, without jitter; nothing before the first.
    pub fn interval_s(&self, tries: u32) -> u64 {
        match tries {
            0 => 0,
            1 => self.first_s,
            2 => self.second_s,
            3 => self.third_s,
            _ => self.subsequent_s,
        }
    }

    /// When an entry is due after so many tries, the last of them now. The same for the same entry and number.
    pub fn next_due(&self, id: &Id, tries: u32, now_s: u64) -> u64 {
        let interval_s = self.interval_s(tries);
        let spread_s = interval_s * self.jitter_percent.min(50) / 100;
        let shift_s = hash(id, tries) % (2 * spread_s + 1);
        (now_s.saturating_add(interval_s + shift_s - spread_s)).min(LAST_S)
    }

    /// [`Schedule::next_due`] after a try that is in doubt: not within the hour.
    pub fn next_due_in_doubt(&self, id: &Id, tries: u32, now_s: u64) -> u64 {
        self.next_due(id, tries, now_s).max(now_s.saturating_add(AFTER_DOUBT_S)).min(LAST_S)
    }

    /// Whether it is time. What lies further ahead than any interval was set before the clock stepped back.
    pub fn is_due(&self, due_s: u64, now_s: u64) -> bool {
        due_s <= now_s || self.is_too_far(due_s, now_s)
    }

    /// Whether a moment lies further ahead than this schedule can have set it.
    pub fn is_too_far(&self, due_s: u64, now_s: u64) -> bool {
        due_s > now_s.saturating_add(self.furthest_s())
    }

    /// How far ahead a next try may lie: the longest interval with the most jitter.
    pub fn furthest_s(&self) -> u64 {
        let intervals = [self.first_s, self.second_s, self.third_s, self.subsequent_s, AFTER_DOUBT_S];
        let longest_s = intervals.into_iter().fold(0, u64::max);
        longest_s + longest_s / 2
    }

    /// How far apart two tries must be that allow an entry to be given up.
    pub fn apart_s(&self) -> u64 {
        // Where all later intervals are shorter than the first, no two of them would ever be that far apart.
        self.first_s.min(self.subsequent_s)
    }

    /// How long an entry, or a bounce, lives.
    pub fn life_s(&self, is_bounce: bool) -> u64 {
        if is_bounce { self.bounce_expire_s } else { self.expire_s }
    }

    /// Whether an entry is given up: its time is over, and in the last day of it or later it, or its hop, was tried in vain
    /// twice, some time apart. A machine that slept past the end tries twice before it gives up.
    pub fn is_expired(&self, expires_s: u64, own_s: &[u64], hop_s: &[u64], now_s: u64) -> bool {
        now_s >= expires_s
            && [own_s, hop_s].into_iter().any(|tries_s| self.was_tried_late(expires_s, tries_s, now_s))
    }

    fn was_tried_late(&self, expires_s: u64, tries_s: &[u64], now_s: u64) -> bool {
        // A try that lies ahead is of a clock that was wrong.
        let is_late = |&&tried_s: &&u64| tried_s >= expires_s.saturating_sub(LATE_S) && tried_s <= now_s;
        let late_s = || tries_s.iter().filter(is_late);
        let (Some(first_s), Some(last_s)) = (late_s().min(), late_s().max()) else { return false };
        late_s().count() >= 2 && last_s - first_s >= self.apart_s()
    }

    /// The end of life of an entry whose end is of a clock that was wrong; `first_s` is the end that it was given when it was
    /// taken, `repairs` how often it got another one.
    ///
    /// One that would outlive any other was taken while the clock was ahead. One that ends before its first end got that end
    /// while the clock was behind. One that ended long ago was taken under a clock that was behind, or is met by one ahead.
    pub fn repaired(
        &self,
        (first_s, expires_s): (u64, u64),
        is_bounce: bool,
        repairs: u32,
        now_s: u64,
    ) -> Option<u64> {
        let life_s = self.life_s(is_bounce);
        // `release` may have set it to a day from then, whatever the life is.
        let longest_s = (life_s + life_s / 2).max(RELEASED_S + RELEASED_S / 2);
        let latest_s = now_s.saturating_add(longest_s);
        let is_lost = now_s > expires_s.saturating_add(LOST_S) && repairs < MOST_REPAIRS;
        if expires_s <= latest_s && expires_s < first_s && first_s <= latest_s {
            return Some(first_s);
        }
        (expires_s > latest_s || is_lost).then(|| now_s.saturating_add(life_s))
    }

    /// The end of life of an entry that a person lets go.
    pub fn released(&self, expires_s: u64, now_s: u64) -> u64 {
        expires_s.max(now_s.saturating_add(RELEASED_S))
    }

    /// Whether the sender is to be told that it takes longer.
    pub fn is_delayed(&self, created_s: u64, now_s: u64) -> bool {
        self.delay_notice_s.is_some_and(|delay_s| now_s >= created_s.saturating_add(delay_s))
    }
}

/// A number that is spread evenly over entries and tries (FNV-1a, mixed as splitmix64 does).
fn hash(id: &Id, tries: u32) -> u64 {
    let octets = id.to_string().into_bytes().into_iter().chain(tries.to_le_bytes());
    let hash = octets.fold(0xcbf2_9ce4_8422_2325, |hash: u64, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ hash >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::SeededRandom;
    use proptest::prelude::*;
    use std::time::{Duration, UNIX_EPOCH};

    const NOW: u64 = 1_700_000_000;

    fn even() -> Schedule {
        Schedule { jitter_percent: 0, ..Schedule::default() }
    }

    fn ids(count: u64) -> Vec<Id> {
        let random = SeededRandom::new(1);
        let made = |number: u64| UNIX_EPOCH + Duration::from_millis(NOW * 1000 + number);
        (0..count).map(|number| Id::new(made(number), &random).unwrap()).collect()
    }

    /// The tries of an entry that a run meets whenever it is due, minutes after it was taken.
    fn tries(schedule: &Schedule, id: &Id) -> Vec<u64> {
        let mut tried = Vec::new();
        let mut due_s = NOW;
        while due_s < NOW + schedule.expire_s {
            tried.push((due_s - NOW) / MINUTE);
            due_s = schedule.next_due(id, tried.len() as u32, due_s);
        }
        tried
    }

    #[test]
    fn an_entry_is_tried_33_times_in_5_days() {
        let id = &ids(1)[0];
        let mut wanted = vec![0, 15, 45, 105];
        wanted.extend((1..30).map(|number| 105 + number * 240));
        assert_eq!((wanted.len(), *wanted.last().unwrap()), (33, 117 * 60 + 45));
        assert_eq!(tries(&even(), id), wanted);
    }

    #[test]
    fn each_interval_is_its_key() {
        let id = &ids(1)[0];
        for (schedule, wanted) in [
            (Schedule { first_s: 60, ..even() }, [0, 1, 31, 91, 331, 571]),
            (Schedule { second_s: 60, ..even() }, [0, 15, 16, 76, 316, 556]),
            (Schedule { third_s: 60, ..even() }, [0, 15, 45, 46, 286, 526]),
            (Schedule { subsequent_s: 60, ..even() }, [0, 15, 45, 105, 106, 107]),
        ] {
            assert_eq!(tries(&schedule, id)[..6], wanted);
        }
        let short = Schedule { expire_s: 2 * HOUR, ..even() };
        assert_eq!(tries(&short, id), [0, 15, 45, 105]);
    }

    #[test]
    fn jitter_stays_within_its_bounds_and_is_the_same_again() {
        for (percent, bound) in [(0, 0), (10, 10), (50, 50), (99, 50)] {
            let schedule = Schedule { jitter_percent: percent, ..Schedule::default() };
            let (mut shortest, mut longest, mut sum) = (u64::MAX, 0, 0);
            for id in ids(10_000) {
                for number in 1..=5 {
                    let due_s = schedule.next_due(&id, number, NOW);
                    let interval_s = schedule.interval_s(number);
                    let spread_s = interval_s * bound / 100;
                    assert!((interval_s - spread_s..=interval_s + spread_s).contains(&(due_s - NOW)));
                    assert_eq!(schedule.next_due(&id, number, NOW), due_s);
                }
                let waited = schedule.next_due(&id, 4, NOW) - NOW;
                (shortest, longest, sum) = (shortest.min(waited), longest.max(waited), sum + waited);
            }
            // It is spread over all of it, and evenly.
            let interval_s = schedule.subsequent_s;
            let part = interval_s * bound / 100;
            assert!(shortest <= interval_s - part * 99 / 100 && longest >= interval_s + part * 99 / 100);
            assert!((sum / 10_000).abs_diff(interval_s) <= part / 20, "{sum}");
        }
        let [one, other] = &ids(2)[..] else { unreachable!() };
        let due =
            |id| (1..20).map(|number| Schedule::default().next_due(id, number, NOW)).collect::<Vec<_>>();
        assert_ne!(due(one), due(other));
        assert_ne!(due(one), due(&one.bounce(1)));
    }

    #[test]
    fn a_try_in_doubt_is_not_repeated_within_the_hour() {
        let id = &ids(1)[0];
        for (number, minutes) in [(1, 60), (2, 60), (3, 60), (4, 240)] {
            assert_eq!(even().next_due_in_doubt(id, number, NOW), NOW + minutes * MINUTE);
        }
        // Nor because the intervals are shorter.
        let quick = Schedule { first_s: 60, second_s: 60, third_s: 60, subsequent_s: 60, ..even() };
        let due_s = quick.next_due_in_doubt(id, 9, NOW);
        assert!(!quick.is_due(due_s, NOW + 59 * MINUTE) && quick.is_due(due_s, NOW + 60 * MINUTE));
    }

    /// What is not due is due within one and a half intervals, whatever the clock does.
    #[test]
    fn a_clock_that_stepped_leaves_nothing_behind() {
        let id = &ids(1)[0];
        let schedule = Schedule::default();
        let due_s = schedule.next_due(id, 4, NOW);
        let (year, ahead) = (365 * DAY, schedule.subsequent_s * 3 / 2);
        for (now_s, is_due) in [
            (NOW, false),
            (due_s - 1, false),
            (due_s, true),
            (NOW + DAY, true),
            (NOW + 10 * year, true),
            (4_294_967_296, true),
            (due_s - ahead, false),
            (due_s - ahead - 1, true),
            (NOW - DAY, true),
            (NOW - 10 * year, true),
            (0, true),
        ] {
            assert_eq!(schedule.is_due(due_s, now_s), is_due, "{now_s}");
        }
        // Of a schedule that begins slowly, nothing is taken for a step of the clock either.
        let slow = Schedule { first_s: 7 * DAY, subsequent_s: 60, jitter_percent: 50, ..even() };
        for id in ids(100) {
            assert!(!slow.is_due(slow.next_due(&id, 1, NOW), NOW));
        }
    }

    #[test]
    fn an_entry_is_given_up_after_two_late_tries() {
        let schedule = even();
        let end = NOW + schedule.expire_s;
        let (late, quarter) = (end - DAY, 15 * MINUTE);
        for (now_s, own_s, hop_s, is_expired) in [
            (end - 1, &[end - HOUR, end - quarter - 1][..], &[][..], false),
            (end, &[end - HOUR, end - quarter], &[], true),
            (end + 1, &[], &[], false),
            (end + 1, &[end - HOUR], &[], false),
            (end + 1, &[end - HOUR, end], &[], true),
            (end + 1, &[], &[end - HOUR, end], true),
            // Each has to have its two.
            (end + 1, &[end - HOUR], &[end], false),
            // Not late enough, or not far enough apart.
            (end + 1, &[late - 1, end], &[], false),
            (end + 1, &[late, end], &[], true),
            (end + 1, &[end - quarter + 1, end], &[], false),
            (end + 1, &[end - quarter, end - 2, end], &[], true),
            // Asleep from the third day to the ninth.
            (end + 4 * DAY, &[NOW, NOW + 2 * DAY], &[], false),
            (end + 4 * DAY, &[NOW, NOW + 2 * DAY, end + 4 * DAY], &[], false),
            (end + 4 * DAY + quarter, &[NOW, end + 4 * DAY, end + 4 * DAY + quarter], &[], true),
            // Tried while the clock was ten years ahead.
            (end + 1, &[end + 3650 * DAY, end + 3651 * DAY], &[], false),
        ] {
            assert_eq!(
                schedule.is_expired(end, own_s, hop_s, now_s),
                is_expired,
                "{} {:?} {:?}",
                now_s - NOW,
                own_s,
                hop_s
            );
        }
    }

    #[test]
    fn a_long_first_interval_keeps_nothing_alive() {
        let schedule = Schedule { first_s: 7 * DAY, subsequent_s: 5 * MINUTE, ..even() };
        let end = NOW + schedule.expire_s;
        let tries_s: Vec<u64> = (0..8).map(|number| end + number * 5 * MINUTE).collect();
        assert!(schedule.is_expired(end, &tries_s, &[], end + HOUR));
    }

    #[test]
    fn an_end_of_a_wrong_clock_is_repaired() {
        let schedule = Schedule::default();
        let repaired = |expires_s, is_bounce| schedule.repaired((expires_s, expires_s), is_bounce, 0, NOW);
        assert_eq!(repaired(NOW + 5 * DAY, false), None);
        assert_eq!(repaired(NOW + 15 * DAY / 2, false), None);
        assert_eq!(repaired(NOW + 15 * DAY / 2 + 1, false), Some(NOW + 5 * DAY));
        assert_eq!(repaired(NOW + 3650 * DAY, false), Some(NOW + 5 * DAY));
        assert_eq!(repaired(NOW + 3650 * DAY, true), Some(NOW + 2 * DAY));
        // It was given that end while the clock was behind: its first one is good.
        assert_eq!(schedule.repaired((NOW - DAY, 5 * DAY), false, 9, NOW), Some(NOW - DAY));
        assert_eq!(schedule.repaired((NOW + 3650 * DAY, NOW + DAY), false, 9, NOW), None);
        // It ended long ago.
        assert_eq!(repaired(NOW - 30 * DAY, false), None);
        assert_eq!(repaired(NOW - 30 * DAY - 1, false), Some(NOW + 5 * DAY));
        assert_eq!(repaired(0, true), Some(NOW + 2 * DAY));
        assert_eq!(schedule.repaired((0, 0), false, 2, NOW), Some(NOW + 5 * DAY));
        assert_eq!(schedule.repaired((0, 0), false, 3, NOW), None);
        // What `release` gave is kept, however short a life is.
        let short = Schedule { expire_s: HOUR, ..schedule };
        assert_eq!(short.repaired((NOW, short.released(NOW, NOW)), false, 0, NOW), None);
        assert_eq!(short.released(NOW + 2 * DAY, NOW), NOW + 2 * DAY);
        assert_eq!(short.released(NOW, NOW), NOW + DAY);
    }

    #[test]
    fn a_delay_is_told_if_that_is_wished() {
        assert!(!Schedule::default().is_delayed(NOW, NOW + 4 * DAY));
        let schedule = Schedule { delay_notice_s: Some(12 * HOUR), ..Schedule::default() };
        assert!(!schedule.is_delayed(NOW, NOW + 12 * HOUR - 1));
        assert!(schedule.is_delayed(NOW, NOW + 12 * HOUR));
    }

    proptest! {
        #[test]
        fn no_number_breaks_it(
            intervals in prop::array::uniform4(60..=604_800u64),
            jitter_percent in 0..=50u64,
            number in any::<u32>(),
            now_s in prop_oneof![any::<u64>(), 0..LAST_S - 20 * DAY],
            expires_s in any::<u64>(),
            tries_s in proptest::collection::vec(any::<u64>(), 0..8),
        ) {
            let [first_s, second_s, third_s, subsequent_s] = intervals;
            let schedule =
                Schedule { first_s, second_s, third_s, subsequent_s, jitter_percent, ..Schedule::default() };
            let id = &ids(1)[0];
            for due_s in [schedule.next_due(id, number, now_s), schedule.next_due_in_doubt(id, number, now_s)] {
                prop_assert!(due_s <= LAST_S);
                // What was just set is neither due at once nor taken for a step of the clock.
                prop_assert!(number == 0 || now_s > LAST_S - 20 * DAY || !schedule.is_due(due_s, now_s));
            }
            let is_expired = schedule.is_expired(expires_s, &tries_s, &tries_s, now_s);
            prop_assert!(!is_expired || now_s >= expires_s);
            schedule.repaired((expires_s, expires_s), false, number, now_s);
            schedule.released(expires_s, now_s);
            schedule.is_delayed(expires_s, now_s);
        }
    }
}
