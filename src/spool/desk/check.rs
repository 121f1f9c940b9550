//! The check: every file of the spool against what the format promises, and what waits for a person. What a crash has left
//! is finished on wish; damage is moved to `corrupt/`; nothing is deleted but old files of `tmp/`, and entries that a person
//! has removed.

use std::io;
use std::time::Duration;

use super::{Desk, Gates, Spot, spots};
use crate::mime::MessageError;
use crate::spool::store::ABANDONED_S;
use crate::spool::{Damage, Hop, Id, Name, Place, Rules, Seen, Store, Taken, Trouble};
use crate::sys::reason;

/// What was done to damage.
pub const SET_ASIDE: &str = "moved to corrupt/";

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The folder.
    pub folder: &'static str,
    /// The name of the file; empty for the folder itself.
    pub name: String,
    /// What is wrong.
    pub what: String,
    /// What was done about it.
    pub mended: Option<&'static str>,
}

/// A check.
#[derive(Debug)]
pub struct Check<'s, 'd> {
    store: &'s Store<'d>,
    desk: Desk<'s, 'd>,
    now_s: u64,
    /// Messages are not read.
    pub is_quick: bool,
    /// What can be mended is.
    pub is_repair: bool,
    /// Files that were looked at.
    pub files: usize,
}

/// What to do about something.
type Mend<'c> = &'c dyn Fn(Taken<'_, '_>) -> io::Result<&'static str>;

impl<'s, 'd> Check<'s, 'd> {
    /// A check of this spool.
    pub fn new(store: &'s Store<'d>, rules: Rules, now_s: u64) -> Self {
        let desk = Desk::new(store, rules, now_s, 0, Duration::ZERO);
        Check { store, desk, now_s, is_quick: false, is_repair: false, files: 0 }
    }

    /// Looks at everything, and gives what it finds.
    pub fn run(&mut self, found: &mut dyn FnMut(Finding)) -> io::Result<()> {
        for place in Place::ALL {
            let stat = self.store.at(place).stat()?;
            if stat.mode & 0o077 != 0 {
                found(note(place, "", format!("others may look into the folder (mode {:o})", stat.mode)));
            }
            let mut strange = Vec::new();
            match place {
                Place::Queue => drop(self.store.scan(&mut |name| strange.push(name))?),
                Place::Corrupt => {}
                _ => drop(self.store.ids(place, &mut |name| strange.push(name))?),
            }
            self.files += strange.len();
            for name in strange {
                found(note(place, &name, "this is no name of an entry".to_owned()));
            }
        }
        let all = spots(self.store, &[Place::Queue, Place::Held, Place::Badmail])?;
        self.twins(&all, found);
        let written = spots(self.store, &[Place::Tmp])?;
        let corrupt = spots(self.store, &[Place::Corrupt])?;
        for spot in written {
            self.files += 1;
            self.written(&spot, &all).into_iter().for_each(&mut *found);
        }
        for spot in all {
            self.files += 1;
            self.entry(&spot).into_iter().for_each(&mut *found);
        }
        for spot in corrupt {
            self.files += 1;
            let what = match self.store.see(Place::Corrupt, &spot.text(), u32::MAX) {
                Ok(_) => "it is not trusted".to_owned(),
                Err(trouble) => reason(&trouble),
            };
            found(note(Place::Corrupt, &spot.text(), what));
        }
        for (name, record) in Gates::read(self.store)?.permanent() {
            let what = format!("the host refuses us: {}", record.outage.reply);
            found(Finding { folder: "host", name: name.clone(), what, mended: None });
        }
        if self.is_repair {
            for place in Place::ALL {
                self.store.disk.sync_dir(self.store.at(place))?;
            }
        }
        Ok(())
    }

    /// Two files for one entry: a copy that was put back beside the other.
    fn twins(&self, spots: &[Spot], found: &mut dyn FnMut(Finding)) {
        let identity = |spot: &Spot| self.store.disk.stat_at(self.store.at(spot.place()), &spot.text()).ok();
        for pair in spots.windows(2) {
            if pair[0].id() == pair[1].id()
                && let (Some(one), Some(other)) = (identity(&pair[0]), identity(&pair[1]))
                && one.identity != other.identity
            {
                let what = format!("{}/ has another entry with this ID", pair[0].place().name());
                found(note(pair[1].place(), &pair[1].text(), what));
            }
        }
    }

    /// A file in `tmp/`: its writer has it, or it is young, or nobody will ever go on with it.
    fn written(&self, spot: &Spot, all: &[Spot]) -> Option<Finding> {
        let (text, finding) = (spot.text(), |what: String| Some(note(Place::Tmp, &spot.text(), what)));
        let (_file, stat) = match self.store.lock_file(Place::Tmp, &text) {
            Err(Trouble::Busy | Trouble::Gone) => return None,
            Err(trouble) => return finding(reason(&trouble)),
            Ok(locked) => locked,
        };
        let is_there =
            |id: Id| all.iter().any(|spot| spot.place() != Place::Badmail && spot.id() == Some(id));
        let waits = spot.id().map(Id::original).is_some_and(|(id, bounce)| bounce.is_some() && is_there(id));
        let age_s = self.now_s.saturating_sub(u64::try_from(stat.changed_s).unwrap_or(0));
        let is_old = age_s >= ABANDONED_S && !waits;
        if stat.links < 2 && !is_old {
            return None;
        }
        let what = if stat.links > 1 { "a second name of an entry" } else { "nobody goes on writing it" };
        let mut finding = note(Place::Tmp, &text, what.to_owned());
        if self.is_repair {
            match self.store.disk.unlink(self.store.at(Place::Tmp), &text) {
                Ok(()) => finding.mended = Some("deleted"),
                Err(error) => finding.what = format!("{what}; {}", reason(&error)),
            }
        }
        Some(finding)
    }

    /// An entry of `q/`, `held/` or `badmail/`.
    fn entry(&self, spot: &Spot) -> Vec<Finding> {
        let (place, text) = (spot.place(), spot.text());
        let seen = match self.store.see(place, &text, self.desk.rules.in_doubt_limit) {
            Err(Trouble::Gone) => return Vec::new(),
            Err(Trouble::Damaged(Damage::Broken(what))) => return self.damaged(spot, what),
            Err(trouble) => return vec![note(place, &text, reason(&trouble))],
            Ok(seen) => seen,
        };
        if !self.is_quick {
            match seen.body().write_to(&mut io::sink()) {
                // Its envelope is good: a run tells its sender, which a check cannot.
                Err(MessageError::Changed { change, .. }) if place == Place::Queue => {
                    let what = format!("{change}: the next run tells its sender and moves it to corrupt/");
                    return self.mend_not(spot, &what);
                }
                Err(MessageError::Changed { change, .. }) => return self.damaged(spot, change),
                Err(error) => return vec![note(place, &text, error.to_string())],
                Ok(()) => {}
            }
        }
        if seen.stat.links > 1 {
            let mut found = self.mend(spot, "it has a second name", &|_| Ok("the other name is removed"));
            if found.iter().any(|finding| finding.mended.is_some()) {
                // The one that is left may be another than its journal tells.
                found.extend(self.entry(spot));
            }
            return found;
        }
        match self.misplaced(spot, &seen) {
            found if !found.is_empty() => found,
            _ => waiting(spot, &seen).into_iter().collect(),
        }
    }

    /// What a crash has left: the journal says otherwise than the name.
    fn misplaced(&self, spot: &Spot, seen: &Seen<'_>) -> Vec<Finding> {
        let state = &seen.state;
        let due_s = state.due_s.unwrap_or_default();
        let queue: Mend<'_> = &|mut taken| taken.reschedule(due_s).map(|()| "moved to q/");
        match (spot, Place::of(state)) {
            _ if state.is_removed => self
                .mend(spot, "it was removed, and is still here", &|taken| taken.unlink().map(|()| "deleted")),
            (Spot::Entry(Place::Queue, _), Some(Place::Held)) if state.is_held() => {
                self.mend(spot, "it is to be held", &|mut taken| {
                    taken.move_to(Place::Held).map(|()| "moved to held/")
                })
            }
            (Spot::Entry(Place::Queue, name), Some(Place::Queue)) => self.misnamed(spot, *name, seen),
            (Spot::Entry(Place::Queue, _), _) => {
                self.mend_not(spot, "nothing of it is left to be tried: the next run finishes it")
            }
            (Spot::Entry(Place::Held, _), Some(Place::Queue)) => self.mend(spot, "it was released", queue),
            (Spot::Entry(Place::Badmail, _), Some(Place::Queue)) => {
                self.mend(spot, "it is to be tried again", queue)
            }
            (Spot::Entry(place, _), home) if home != Some(*place) => {
                self.mend_not(spot, "its journal says that it does not belong here")
            }
            _ => Vec::new(),
        }
    }

    /// A name in `q/` that tells of another time or hop than what it names.
    fn misnamed(&self, spot: &Spot, name: Name, seen: &Seen<'_>) -> Vec<Finding> {
        let hop = Hop::of_profile(&seen.header.profile);
        // Before the first event only the name says when it is due.
        let due_s = match seen.events.is_empty() {
            true => name.due_s,
            false => seen.state.due_s.unwrap_or(name.due_s),
        };
        let right = Name { due_s, hop, ..name };
        let what = match () {
            () if name.hop != hop => "its name tells of another profile",
            () if name.due_s != due_s => "its name tells of another time than its journal",
            () => return Vec::new(),
        };
        self.mend(spot, what, &|mut taken| taken.rename(Place::Queue, right).map(|()| "renamed"))
    }

    /// Takes the entry in hand and mends it. Whoever has it in hand at this moment knows better.
    fn mend(&self, spot: &Spot, what: &str, mend: Mend<'_>) -> Vec<Finding> {
        if !self.is_repair {
            return self.mend_not(spot, what);
        }
        let mut finding = note(spot.place(), &spot.text(), what.to_owned());
        match self.desk.take(spot).and_then(|taken| mend(taken).map_err(Trouble::Io)) {
            Ok(done) => finding.mended = Some(done),
            Err(Trouble::Busy | Trouble::Gone) => return Vec::new(),
            Err(trouble) => finding.what = format!("{what}; {}", reason(&trouble)),
        }
        vec![finding]
    }

    fn mend_not(&self, spot: &Spot, what: &str) -> Vec<Finding> {
        match self.store.lock_file(spot.place(), &spot.text()) {
            Err(Trouble::Busy | Trouble::Gone) => Vec::new(),
            _ => vec![note(spot.place(), &spot.text(), what.to_owned())],
        }
    }

    fn damaged(&self, spot: &Spot, what: &'static str) -> Vec<Finding> {
        let mut finding = note(spot.place(), &spot.text(), what.to_owned());
        if !self.is_repair {
            return vec![finding];
        }
        let (place, text) = (spot.place(), spot.text());
        let moved = self
            .store
            .lock_file(place, &text)
            .and_then(|_locked| self.store.quarantine(place, &text).map_err(Trouble::Io));
        match moved {
            Ok(()) => finding.mended = Some(SET_ASIDE),
            Err(Trouble::Busy | Trouble::Gone) => return Vec::new(),
            Err(trouble) => finding.what = format!("{what}; {}", reason(&trouble)),
        }
        vec![finding]
    }
}

/// What is as it should be, and waits for a person.
fn waiting(spot: &Spot, seen: &Seen<'_>) -> Option<Finding> {
    let what = match spot.place() {
        Place::Badmail if seen.header.flags.bounce => "a report of failure that could not be handed over",
        Place::Held if !seen.state.is_held() => "it may have been handed over: release it, or remove it",
        _ => return None,
    };
    Some(note(spot.place(), &spot.text(), what.to_owned()))
}

fn note(place: Place, name: &str, what: String) -> Finding {
    Finding { folder: place.name(), name: name.to_owned(), what, mended: None }
}
