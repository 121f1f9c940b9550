//! A run: one pass over the queue. Any number of processes may make one at once; what one has in hand the others pass by.

mod attempt;
mod notice;
mod posted;
mod visit;

pub use attempt::Attempt;
pub use posted::Entry;
pub use visit::Another;
use visit::Visit;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::UNIX_EPOCH;

use super::{Gate, Hop, Id, InDoubt, Name, Place, Schedule, Store, Trouble};
use crate::deliver::Unopened;
use crate::mail::Address;
use crate::sys::{Clock, Disk, Interrupt, Random, interrupted, reason};

/// What holds for all entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// When entries are tried.
    pub schedule: Schedule,
    /// What happens in doubt to what is queued from now on.
    pub in_doubt: InDoubt,
    /// How many dots in doubt hold a recipient.
    pub in_doubt_limit: u32,
    /// How long dead letters are kept; `None`: for ever.
    pub badmail_keep_s: Option<u64>,
    /// How long a mail that was accepted is known again; 0: never.
    pub submit_once_s: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            schedule: Schedule::default(),
            in_doubt: InDoubt::Retry,
            in_doubt_limit: 3,
            badmail_keep_s: None,
            submit_once_s: 3600,
        }
    }
}

/// The ways out, as the profiles say at the time of the run.
pub trait Hops {
    /// What the profile with this name says now, without its secrets: a gate that was closed under other settings is open.
    fn settings(&mut self, profile: &str) -> [u8; 32];

    /// From whom reports about mail of this profile come; `None`: from whom they go to.
    fn sender(&mut self, profile: &str) -> Option<Address>;

    /// Opens one connection to where the profile with this name sends to, and hands over the mails of `attempt`, each
    /// settled before the next. [`Attempt::beside`] opens more of them at once.
    fn deliver(&mut self, profile: &str, attempt: &mut Attempt<'_, '_, '_>) -> Result<(), Box<Unopened>>;
}

/// What came of a run, in recipients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Taken by a hop.
    pub accepted: usize,
    /// To be tried again.
    pub deferred: usize,
    /// Given up.
    pub failed: usize,
    /// In doubt, and waiting for a person.
    pub held: usize,
    /// Entries whose hop did not answer, or gave no session.
    pub unreached: usize,
    /// The signal that ended it.
    pub stopped: Option<Interrupt>,
    /// What a server said could not be recorded: nothing more was handed over.
    pub is_unrecorded: bool,
    /// Entries that were due, and are left as they were when it ended.
    pub left: usize,
    /// Entries that stood in the queue when the run began.
    pub entries: usize,
    /// Entries that cannot be trusted or read, in words.
    pub troubles: Vec<String>,
    /// What could not be noted although mail does not depend on it, each in words and once.
    pub warnings: Vec<String>,
}

impl Tally {
    /// Takes in that a note could not be made.
    fn warn(&mut self, words: String) {
        if !self.warnings.contains(&words) {
            self.warnings.push(words);
        }
    }

    /// Whether the program was asked to end, or has to.
    fn is_stopped(&mut self) -> bool {
        self.stopped = self.stopped.or_else(|| interrupted(1));
        self.stopped.is_some() || self.is_unrecorded
    }

    /// Takes in what came of another part of the run.
    fn add(&mut self, other: Tally) {
        self.accepted += other.accepted;
        self.deferred += other.deferred;
        self.failed += other.failed;
        self.held += other.held;
        self.unreached += other.unreached;
        self.stopped = self.stopped.or(other.stopped);
        self.left += other.left;
        self.entries += other.entries;
        self.is_unrecorded |= other.is_unrecorded;
        self.troubles.extend(other.troubles);
        other.warnings.into_iter().for_each(|words| self.warn(words));
    }
}

/// A run.
pub struct Run<'r, 'd> {
    /// The spool.
    pub store: &'r Store<'d>,
    /// What holds.
    pub rules: &'r Rules,
    /// The time.
    pub clock: &'r dyn Clock,
    /// For the boundaries of reports.
    pub random: &'r dyn Random,
    /// The machine that reports.
    pub machine: &'r str,
    /// Due times are not asked for.
    pub is_now: bool,
}

impl std::fmt::Debug for Run<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl Run<'_, '_> {
    /// Tries what is due and `wanted`.
    pub fn run(&self, hops: &mut dyn Hops, wanted: &dyn Fn(&Name) -> bool) -> io::Result<Tally> {
        let mut tally = Tally::default();
        if let Err(error) = self.store.sweep(now_s(self.clock)) {
            tally.troubles.push(format!("tmp/: {}", reason(&error)));
        }
        if let Err(error) = self.tell_of_silence(&mut |profile| hops.sender(profile)) {
            tally.troubles.push(format!("ids/: {}", reason(&error)));
        }
        self.sweep(&mut tally);
        for (hop, names) in self.due(wanted, &mut tally)? {
            if tally.is_stopped() {
                tally.left += names.len();
            } else {
                self.visit(hop, names, hops, &mut tally);
            }
        }
        if let Some(keep_s) = self.rules.badmail_keep_s {
            self.forget_dead_letters(keep_s, &mut tally);
        }
        Ok(tally)
    }

    /// Removes what nobody asks for any more, of the memory of submissions and of the log.
    fn sweep(&self, tally: &mut Tally) {
        match self.store.sweep_memory(self.rules.submit_once_s, now_s(self.clock)) {
            Ok(None) => {}
            Ok(Some(_)) => {
                if let Err(error) = self.store.sweep_log(now_s(self.clock)) {
                    tally.warn(format!("log/: {}", reason(&error)));
                }
            }
            Err(error) => tally.warn(format!("ids/: {}", reason(&error))),
        }
    }

    /// Removes dead letters of which nothing was heard for so long.
    fn forget_dead_letters(&self, keep_s: u64, tally: &mut Tally) {
        let (store, now_s) = (self.store, now_s(self.clock));
        let forget = |id: Id| -> Result<(), Trouble> {
            let (_file, stat) = store.lock_file(Place::Badmail, &id.to_string())?;
            if now_s.saturating_sub(u64::try_from(stat.changed_s).unwrap_or(now_s)) >= keep_s {
                store.disk().unlink(store.at(Place::Badmail), &id.to_string())?;
            }
            Ok(())
        };
        for id in store.ids(Place::Badmail, &mut |_| {}).unwrap_or_default() {
            match forget(id) {
                Ok(()) | Err(Trouble::Busy | Trouble::Gone) => {}
                Err(trouble) => tally.troubles.push(format!("{id}: {trouble}")),
            }
        }
    }

    /// What is to be tried, hop by hop, the longest due first. No entry is opened to learn it, and no name kept that is not due.
    fn due(
        &self,
        wanted: &dyn Fn(&Name) -> bool,
        tally: &mut Tally,
    ) -> io::Result<BTreeMap<Hop, VecDeque<Name>>> {
        let now_s = now_s(self.clock);
        let is_due = |name: &Name| self.is_now || self.rules.schedule.is_due(name.due_s, now_s);
        let Tally { entries, troubles, .. } = tally;
        let mut due = Vec::new();
        let mut each = |name: Name| {
            *entries += 1;
            if is_due(&name) && wanted(&name) {
                due.push(name);
            }
        };
        self.store.each_queued(&mut each, &mut |name| {
            troubles.push(format!("q/{}: this is no name of an entry", name.escape_debug()));
        })?;
        due.sort_unstable();
        let mut hops = BTreeMap::new();
        for name in due {
            hops.entry(name.hop).or_insert_with(VecDeque::new).push_back(name);
        }
        Ok(hops)
    }

    /// Hands over what is due for one hop, over as many connections as it takes, one after the other. Behind a closed gate
    /// only what is at the end of its life is opened.
    fn visit(&self, hop: Hop, mut names: VecDeque<Name>, hops: &mut dyn Hops, tally: &mut Tally) {
        let now_s = now_s(self.clock);
        let place = match self.store.gates() {
            Ok(host) => (self.store.disk() as &dyn Disk, host),
            Err(error) => return tally.troubles.push(format!("host/: {}", reason(&error))),
        };
        let Some(profile) = names.iter().find_map(|name| self.profile_of(*name)) else {
            // What cannot be read is told of by whoever takes it in hand.
            let (gate, _) = Gate::read(place, hop, [0; 32], self.rules.schedule, now_s);
            let visit = Visit::new(self, names, (gate, true), None);
            Attempt::new(&visit, tally, false).prepare();
            return;
        };
        let (mut gate, _) = Gate::read(place, hop, hops.settings(&profile), self.rules.schedule, now_s);
        let is_closed = gate.is_closed(now_s) && !self.is_now;
        if is_closed {
            let all = names.len();
            names.retain(|name| age_s(name, now_s) >= self.rules.schedule.expire_s);
            tally.unreached += all - names.len();
        } else if !gate.probe(now_s).unwrap_or(true) {
            tally.unreached += names.len();
            return;
        }
        let sender = hops.sender(&profile);
        let visit = Visit::new(self, names, (gate, is_closed), sender);
        let mut attempt = Attempt::new(&visit, tally, false);
        while let Some(profile) = attempt.prepare() {
            match hops.deliver(&profile, &mut attempt) {
                Ok(()) if attempt.takes_more() => {}
                Ok(()) => break,
                Err(unopened) => return attempt.unreached(&unopened.verdict),
            }
        }
        attempt.leave();
    }

    /// The profile that an entry names, read without taking it in hand.
    fn profile_of(&self, name: Name) -> Option<String> {
        let looked = self.store.look(Place::Queue, name, self.rules.in_doubt_limit);
        looked.ok().map(|(header, ..)| header.profile)
    }
}

/// How old an entry is by its name.
fn age_s(name: &Name, now_s: u64) -> u64 {
    now_s.saturating_sub(name.id.made().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// Seconds since 1970.
pub(super) fn now_s(clock: &dyn Clock) -> u64 {
    clock.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
