//! What a person does to an entry: hold, release, retry, remove. Each takes the entry in hand, writes the event, flushes it,
//! and renames; [`Desk::finish`] flushes the names and has hops tried that were down. Only after that has it happened for good. Done twice, or begun anew
//! after a crash at any point, it comes to the same.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use super::Spot;
use crate::spool::{Cause, Damage, Event, Hop, Line, Place, Rules, Store, Taken, Trouble};
use crate::sys::reason;

/// How long to wait before a lock is asked for again.
const PAUSE: Duration = Duration::from_millis(20);
/// How often an entry is followed to another name.
const FOLLOWED: u32 = 50;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It is not tried before a person says so.
    Hold,
    /// It is tried again, and may be in doubt as often as at first.
    Release,
    /// It is due now; a dead letter gets a new life, and those who failed are tried again.
    Retry,
    /// It is gone, and nobody is told.
    Remove,
}

impl Verb {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Hold => "hold",
            Verb::Release => "release",
            Verb::Retry => "retry",
            Verb::Remove => "remove",
        }
    }

    /// The places where entries are that it is for, when it is asked for many.
    pub fn places(self) -> &'static [Place] {
        match self {
            Verb::Hold => &[Place::Queue],
            Verb::Release => &[Place::Held],
            Verb::Retry => &[Place::Queue, Place::Badmail],
            Verb::Remove => &[Place::Queue, Place::Held, Place::Badmail, Place::Corrupt],
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Done {
    /// It is done, once [`Desk::finish`] has been well.
    Yes,
    /// It was so before.
    Already(&'static str),
    /// It is not for an entry in this state.
    No(&'static str),
    /// Another process has it in hand.
    Busy,
    /// It is gone by now.
    Gone,
    /// It cannot be read, or is not ours.
    Trouble(Trouble),
}

/// Where a person deals with entries.
#[derive(Debug)]
pub struct Desk<'s, 'd> {
    /// The spool.
    pub store: &'s Store<'d>,
    /// What holds.
    pub rules: Rules,
    /// The time, seconds since 1970.
    pub now_s: u64,
    /// Who the person is.
    pub uid: u32,
    /// Until when to wait for an entry that is in hand.
    pub until: Instant,
    touched: BTreeSet<&'static str>,
    /// Hops that are to be tried, also if they were down.
    wanted: BTreeSet<Hop>,
    /// What the log is to hear of.
    lines: Vec<Line>,
    /// What could not be noted although what was asked for is done.
    pub warnings: Vec<String>,
}

impl<'s, 'd> Desk<'s, 'd> {
    /// A desk for this user, who waits so long for entries in hand.
    pub fn new(store: &'s Store<'d>, rules: Rules, now_s: u64, uid: u32, wait: Duration) -> Self {
        let now = Instant::now();
        let until = now.checked_add(wait).unwrap_or(now);
        Desk {
            store,
            rules,
            now_s,
            uid,
            until,
            touched: BTreeSet::new(),
            wanted: BTreeSet::new(),
            lines: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Does it to the entry there, or to where it has gone in the meantime.
    pub fn act(&mut self, verb: Verb, spot: &Spot) -> Done {
        let mut spot = spot.clone();
        for _ in 0..FOLLOWED {
            match self.try_once(verb, &spot) {
                Err(Trouble::Busy) if Instant::now() < self.until => {
                    std::thread::sleep(PAUSE);
                    // Who has it in hand has most likely renamed it.
                    spot = self.follow(spot);
                }
                Err(Trouble::Busy) => return Done::Busy,
                Err(Trouble::Gone) => match self.follow(spot.clone()) {
                    same if same == spot => return Done::Gone,
                    other => spot = other,
                },
                Err(trouble) => return Done::Trouble(trouble),
                Ok(done) => return done,
            }
        }
        Done::Busy
    }

    /// Where the entry is now; the same where it is nowhere.
    fn follow(&self, spot: Spot) -> Spot {
        let Some(id) = spot.id() else { return spot };
        match self.store.find(id) {
            Ok(Some((_, Some(name)))) => Spot::Entry(Place::Queue, name),
            Ok(Some((place, None))) => Spot::aside(place, id),
            _ => spot,
        }
    }

    fn try_once(&mut self, verb: Verb, spot: &Spot) -> Result<Done, Trouble> {
        let taken = match spot {
            Spot::Corrupt(_) if verb != Verb::Remove => return Ok(Done::No("it is not trusted")),
            Spot::Corrupt(_) => None,
            Spot::Entry(..) => match self.take(spot) {
                // What is damaged takes no event; what a later version wrote is left to it.
                Err(Trouble::Damaged(Damage::Broken(_))) if verb == Verb::Remove => None,
                taken => Some(taken?),
            },
        };
        let id = spot.id().map(|id| id.to_string());
        let nameless = || Line { event: verb.name(), id, ..Line::default() };
        let line = taken.as_ref().map_or_else(nameless, |taken| Line::of(verb.name(), taken));
        let done = match (taken, verb) {
            (None, _) => self.remove_file(spot.place(), &spot.text()),
            (Some(taken), Verb::Hold) => self.hold(taken),
            (Some(taken), Verb::Release) => self.release(taken),
            (Some(taken), Verb::Retry) => self.retry(taken),
            (Some(taken), Verb::Remove) => self.remove(taken),
        }?;
        if matches!(done, Done::Yes) {
            self.lines.push(Line { uid: Some(self.uid), ..line });
        }
        Ok(done)
    }

    pub(super) fn take(&self, spot: &Spot) -> Result<Taken<'s, 'd>, Trouble> {
        match spot {
            Spot::Entry(Place::Queue, name) => self.store.take(*name, self.rules.in_doubt_limit),
            Spot::Entry(place, name) => self.store.take_aside(*place, name.id, self.rules.in_doubt_limit),
            Spot::Corrupt(_) => Err(Trouble::NotOurs("it is not trusted")),
        }
    }

    fn hold(&mut self, mut taken: Taken<'_, '_>) -> Result<Done, Trouble> {
        let place = taken.place;
        match place {
            _ if taken.state.is_removed => return Ok(REMOVED),
            Place::Badmail => return Ok(Done::No("it is a dead letter: nothing of it is tried")),
            Place::Held if taken.state.is_held() => return Ok(Done::Already("it is held")),
            Place::Queue if taken.state.is_held() => {}
            _ if taken.state.is_settled() && place == Place::Held => {
                return Ok(Done::Already("it is held, being in doubt"));
            }
            _ if taken.state.is_settled() => return Ok(SETTLED),
            _ => {
                let expires_s = taken.state.expires_s;
                taken.append(&Event::Schedule { due_s: None, expires_s, cause: Cause::Hold }, true)?;
            }
        }
        taken.move_to(Place::Held)?;
        self.touch(&[place, Place::Held]);
        Ok(Done::Yes)
    }

    fn release(&mut self, mut taken: Taken<'_, '_>) -> Result<Done, Trouble> {
        let place = taken.place;
        match place {
            _ if taken.state.is_removed => return Ok(REMOVED),
            Place::Badmail => return Ok(Done::No("it is a dead letter: `retry` takes it up again")),
            Place::Queue if !taken.state.is_held() && taken.state.held().is_empty() => {
                return Ok(Done::Already("it is not held"));
            }
            _ => {}
        }
        let expires_s = self.rules.schedule.released(taken.state.expires_s, self.now_s);
        self.set_due(&mut taken, expires_s, Cause::Release)
    }

    fn retry(&mut self, mut taken: Taken<'_, '_>) -> Result<Done, Trouble> {
        let state = &taken.state;
        match taken.place {
            _ if state.is_removed => Ok(REMOVED),
            _ if is_dead_letter(&taken) => {
                let life_s = self.rules.schedule.life_s(taken.header.flags.bounce);
                self.set_due(&mut taken, self.now_s.saturating_add(life_s), Cause::Retry)
            }
            Place::Queue if !state.is_held() && !state.is_settled() => {
                let expires_s = state.expires_s;
                // Who failed was told of; only a dead letter is taken up as a whole.
                self.set_due(&mut taken, expires_s, Cause::Release)
            }
            _ if state.is_held() || !state.held().is_empty() => {
                Ok(Done::No("it is held: `release` lets it go"))
            }
            _ => Ok(SETTLED),
        }
    }

    fn set_due(&mut self, taken: &mut Taken<'_, '_>, expires_s: u64, cause: Cause) -> Result<Done, Trouble> {
        let (place, due_s) = (taken.place, self.now_s);
        taken.append(&Event::Schedule { due_s: Some(due_s), expires_s, cause }, true)?;
        taken.reschedule(due_s)?;
        self.wanted.insert(taken.name.hop);
        self.touch(&[place, Place::Queue]);
        Ok(Done::Yes)
    }

    fn remove(&mut self, mut taken: Taken<'_, '_>) -> Result<Done, Trouble> {
        let place = taken.place;
        if !taken.state.is_removed {
            taken.append(&Event::Removed { uid: self.uid, time_s: self.now_s }, true)?;
        }
        // The same mail may be handed in again. An error costs no more than that it may not, for a while.
        let _ = self.store.note_end(&taken);
        taken.unlink()?;
        self.touch(&[place]);
        Ok(Done::Yes)
    }

    /// Removes a file that cannot be read as an entry, if it is ours.
    fn remove_file(&mut self, place: Place, text: &str) -> Result<Done, Trouble> {
        let _file = self.store.lock_file(place, text)?;
        self.store.disk.unlink(self.store.at(place), text)?;
        self.touch(&[place]);
        Ok(Done::Yes)
    }

    fn touch(&mut self, places: &[Place]) {
        self.touched.extend(places.iter().map(|place| place.name()));
    }

    /// Flushes the names that have changed. Until this has been well nothing is said to be done.
    pub fn finish(&mut self) -> io::Result<()> {
        if let Ok(hosts) = self.store.folder("host") {
            // Without its gate a hop is tried once, and closes it again if it is still down.
            for hop in std::mem::take(&mut self.wanted) {
                let _ = self.store.disk.unlink(&hosts, &hop.to_string());
            }
        }
        let touched = std::mem::take(&mut self.touched);
        let mut places = Place::ALL.into_iter().filter(|place| touched.contains(place.name()));
        places.try_for_each(|place| self.store.disk.sync_dir(self.store.at(place)))?;
        if let Err(error) = self.store.log(std::mem::take(&mut self.lines), self.now_s) {
            self.warnings.push(format!("log/: {}", reason(&error)));
        }
        Ok(())
    }
}

/// Whether nothing of it is tried any more and its sender knows; the power may have taken its move to `badmail/`.
fn is_dead_letter(taken: &Taken<'_, '_>) -> bool {
    let is_to_move = || Place::of(&taken.state) == Some(Place::Badmail) && taken.state.untold().is_empty();
    taken.place == Place::Badmail || is_to_move()
}

const REMOVED: Done = Done::No("it has been removed: the next run unlinks it");
const SETTLED: Done = Done::No("nothing of it is left to be tried: the next run finishes it");

/// What went wrong, in words.
impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Done::Yes => f.write_str("done"),
            Done::Already(words) | Done::No(words) => f.write_str(words),
            Done::Busy => write!(f, "{}", Trouble::Busy),
            Done::Gone => write!(f, "{}", Trouble::Gone),
            Done::Trouble(trouble) => f.write_str(&reason(trouble)),
        }
    }
}
