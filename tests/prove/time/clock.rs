//! G4: the clock jumps, by a day or by ten years, into the past and the future, between any two looks at it; the machine
//! sleeps for days. Nothing is given up early, nothing is stuck, nothing goes twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use whippet::spool::Store;
use whippet::sys::Clock;

use super::hop::{Hop, Manner};
use super::{DAY, Mail, check, counts, on_spool, run_by};
use crate::Outcome;
use crate::world::{Ground, NOW_S};

/// Where the clock jumps to.
#[derive(Debug, Clone, Copy)]
enum Jump {
    /// By so many seconds.
    By(i64),
    /// To this moment, seconds since 1970.
    To(u64),
}

const YEAR: i64 = 365 * DAY as i64;
const JUMPS: [(&str, Jump); 9] = [
    ("a day back", Jump::By(-(DAY as i64))),
    ("a day on", Jump::By(DAY as i64)),
    ("ten years on", Jump::By(10 * YEAR)),
    ("ten years back", Jump::By(-10 * YEAR)),
    ("to 1970", Jump::To(60)),
    ("to 2038", Jump::To(1 << 31)),
    ("to 2106", Jump::To(1 << 32)),
    ("three days of sleep", Jump::By(3 * DAY as i64)),
    ("six days of sleep", Jump::By(6 * DAY as i64)),
];

/// A clock that jumps when it was looked at so often.
struct Jumping {
    /// By the monotonic clock, seconds.
    real_s: AtomicUsize,
    looks: AtomicUsize,
    jumps_at: usize,
    jump: Jump,
    /// It is put right when it was looked at so often more.
    healed_after: Option<usize>,
}

impl Jumping {
    /// What it says, without being looked at.
    fn peek(&self) -> u64 {
        self.at(self.looks.load(Ordering::SeqCst))
    }

    /// Whether nothing is wrong with it: time has gone by.
    fn is_sleep(&self) -> bool {
        matches!(self.jump, Jump::By(by_s) if (0..30 * DAY as i64).contains(&by_s))
            && self.healed_after.is_none()
    }

    fn at(&self, looks: usize) -> u64 {
        let real_s = self.real_s.load(Ordering::SeqCst) as u64;
        let is_wrong =
            looks >= self.jumps_at && self.healed_after.is_none_or(|after| looks < self.jumps_at + after);
        match self.jump {
            _ if !is_wrong => NOW_S + real_s,
            Jump::By(by_s) => (NOW_S + real_s).saturating_add_signed(by_s),
            Jump::To(to_s) => to_s + real_s,
        }
    }
}

impl Clock for Jumping {
    fn now(&self) -> SystemTime {
        let looks = self.looks.fetch_add(1, Ordering::SeqCst);
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.at(looks))
    }
}

/// G4.
pub fn everything(is_quick: bool, outcome: &mut Outcome) {
    let ground = Ground::new();
    for (name, jump) in JUMPS {
        for healed_after in [None, Some(1), Some(5)] {
            for is_down in [false, true] {
                let mut jumps_at = 0;
                // Until it is looked at no more.
                loop {
                    let jumping = || Jumping {
                        real_s: AtomicUsize::new(0),
                        looks: AtomicUsize::new(0),
                        jumps_at,
                        jump,
                        healed_after,
                    };
                    outcome.cases += 1;
                    let (looks, judged) = on_spool(&ground.next(), |store| live(store, &jumping(), is_down));
                    let what =
                        || format!("{name} at look {jumps_at}, healed {healed_after:?}, down {is_down}");
                    outcome.failures.extend(judged.err().map(|words| format!("{}: {words}", what())));
                    if jumps_at >= looks {
                        break;
                    }
                    // The first run has them all.
                    jumps_at += if is_quick && jumps_at >= 6 { 11 } else { 1 };
                }
            }
        }
    }
}

/// A mail is deferred, or its hop is down, for three hours; then it is taken. Gives how often the clock was looked at until
/// then.
fn live(store: &Store<'_>, clock: &Jumping, is_down: bool) -> (usize, Result<(), String>) {
    let at_s = seconds(clock);
    Mail { at_s, ..Mail::default() }.submit(store);
    let mut hop = Hop::new(if is_down { Manner::Down } else { Manner::Defers });
    // When it was tried in vain, by that clock.
    let mut in_vain = Vec::new();
    for minute in (0..180 + 6 * 60 + 30).step_by(15) {
        if minute == 180 {
            hop.is(Manner::Takes);
        }
        clock.real_s.store(minute * 60, Ordering::SeqCst);
        let before = hop.in_vain;
        run_by(store, &mut hop, clock, false);
        in_vain.extend((hop.in_vain > before).then(|| clock.peek()));
    }
    let looks = clock.looks.load(Ordering::SeqCst);
    let went = (counts(store), hop.dots("a0@example.test"), hop.reports.len());
    // It slept past the end of its life, and was tried twice since.
    let late = in_vain.iter().filter(|&&tried_s| tried_s >= at_s + 4 * DAY && clock.is_sleep()).count();
    let is_over = matches!(went, ([1, 0, 1, 0], 0, 0) | ([0, 0, 1, 0], 0, 1));
    let is_good = went == ([0; 4], 1, 0) || late >= 2 && is_over;
    (looks, check(is_good && in_vain.len() >= 2, || format!("in the end {went:?}; in vain at {in_vain:?}")))
}

fn seconds(clock: &dyn Clock) -> u64 {
    clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}
