//! Where a state of the disk is judged that a crash left of a verb.

use std::path::{Path, PathBuf};

use whippet::spool::desk::{Done, Verb};
use whippet::spool::{Id, Place, Store};
use whippet::sys::SystemDisk;

use super::{Life, STEP_S, Step, Way, act, repair, whereabouts};
use crate::crash::Past;
use crate::ledger::age;
use crate::world::{Case, Peer, SENDER, open};

/// What is done after the crash, before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rescue {
    /// Runs are made, as ever.
    Runs,
    /// The verb is done again.
    Again,
    /// A check mends.
    Repair,
}

/// Runs until nothing is left to be done, and the hours between them.
const RUNS: (u64, u64) = (4, 5);

pub struct Court<'l> {
    life: &'l Life,
    past: &'l Past,
    case: Case,
    path: PathBuf,
    peer: Peer<'static>,
    id: Id,
    /// Seconds since the beginning.
    after_s: u64,
    /// What may have become of it.
    ways: Vec<Way>,
}

impl<'l> Court<'l> {
    pub fn new(life: &'l Life, past: &'l Past, path: &Path) -> Self {
        age(&path.join("tmp"));
        let mut peer = Peer::new(100, None);
        peer.is_patient = true;
        peer.is_forgiving = life.steps[..past.begun].iter().any(|step| step.name() == "retry");
        peer.book.clone_from(&past.book);
        let after_s = life.steps.len() as u64 * STEP_S;
        let ways = life.ways(past.begun, past.ended);
        Court { life, past, case: life.case(), path: path.to_owned(), peer, id: Case::id(1), after_s, ways }
    }

    pub fn judge(mut self, rescue: Rescue) -> Result<(), String> {
        let path = self.path.clone();
        let store = open(&SystemDisk, &path);
        if !self.rescue(&store, rescue)? {
            return Ok(());
        }
        let is_due = matches!(self.ways[..], [Way::Goes | Way::Again])
            && !matches!(self.life.steps[..self.past.begun].last(), None | Some(Step::Run));
        self.runs(&store, 1)?;
        if is_due && self.case.to.iter().any(|to| self.copies(to) == 0) {
            return Err("a run at once does not try it".to_owned());
        }
        self.runs(&store, RUNS.0)?;
        let mut place = self.place(&store)?;
        if place == Some(Place::Held) {
            self.held()?;
            self.release(&store)?;
            place = self.place(&store)?;
        }
        if std::fs::read_dir(self.path.join("tmp")).unwrap().count() > 0 {
            return Err("there is something in tmp/".to_owned());
        }
        self.ended(place)
    }

    /// Whether there is such a rescue here. What may have become of it is what it comes to.
    fn rescue(&mut self, store: &Store<'_>, rescue: Rescue) -> Result<bool, String> {
        match (rescue, self.life.steps[..self.past.begun].last()) {
            (Rescue::Runs, _) => return Ok(true),
            (Rescue::Again, Some(Step::Act(verb) | Step::Half(verb))) => {
                let done = act(&self.case, store, self.id, *verb, self.after_s);
                match done {
                    Ok(Done::Yes | Done::Already(_)) => {}
                    Ok(Done::Gone) if *verb == Verb::Remove => {}
                    _ => return Err(format!("it cannot be done again: {done:?}")),
                }
                self.ways = vec![match verb {
                    Verb::Hold => Way::Held,
                    Verb::Remove => Way::Gone,
                    Verb::Release | Verb::Retry => self.onward(),
                }];
            }
            (Rescue::Again, _) => return Ok(false),
            (Rescue::Repair, _) => {
                let mended = || repair(&self.case, store, self.after_s).map_err(|error| error.to_string());
                mended()?;
                match mended()? {
                    0 => {}
                    count => return Err(format!("a second repair mends {count} more")),
                }
            }
        }
        self.place(store).map(|_| true)
    }

    /// How it goes on when it is let go.
    fn onward(&self) -> Way {
        if self.peer.is_forgiving { Way::Again } else { Way::Goes }
    }

    fn runs(&mut self, store: &Store<'_>, count: u64) -> Result<(), String> {
        for _ in 0..count {
            let tally = self.case.run(store, &mut self.peer, self.after_s);
            let tally = tally.map_err(|error| format!("the run cannot work: {error}"))?;
            if !tally.troubles.is_empty() && !self.past.is_damaged {
                return Err(format!("the run tells of trouble: {:?}", tally.troubles));
            }
            self.after_s += RUNS.1 * 3600;
        }
        Ok(())
    }

    /// Where the one file of the entry is.
    fn place(&self, store: &Store<'_>) -> Result<Option<Place>, String> {
        let files = whereabouts(store, self.id);
        match &files[..] {
            [] => Ok(None),
            [file] => Ok(Some(file.place())),
            _ => Err(format!("it has more than one name: {files:?}")),
        }
    }

    fn copies(&self, to: &str) -> usize {
        self.peer.book.iter().filter(|copy| copy.to == to).count()
    }

    fn doubts(&self, to: &str) -> usize {
        self.past.in_doubt.iter().filter(|copy| copy.to == to).count()
    }

    /// Whether anybody got it after the crash.
    fn is_sent(&self) -> bool {
        let is_mail = |copy: &&crate::world::Copy| copy.to != SENDER;
        self.peer.book.iter().filter(is_mail).count() > self.past.book.iter().filter(is_mail).count()
    }

    /// It waits for a person, and is not sent.
    fn held(&self) -> Result<(), String> {
        let may_be = self.ways.iter().any(|way| matches!(way, Way::Held | Way::GoneInName));
        match may_be || self.case.to.iter().any(|to| self.doubts(to) > 0) {
            _ if self.is_sent() => Err("it was sent, though it is held".to_owned()),
            true => Ok(()),
            false => Err(format!("it is held, and should be {:?}", self.ways)),
        }
    }

    /// A person lets it go. What was removed, and is there in name alone, can only be removed.
    fn release(&mut self, store: &Store<'_>) -> Result<(), String> {
        let mut done = act(&self.case, store, self.id, Verb::Release, self.after_s);
        let is_gone = self.ways.iter().any(|way| matches!(way, Way::Gone | Way::GoneInName));
        if is_gone && matches!(done, Ok(Done::No(_))) {
            done = act(&self.case, store, self.id, Verb::Remove, self.after_s);
            self.ways = vec![Way::Gone];
        } else {
            self.ways = vec![self.onward()];
        }
        match done {
            Ok(Done::Yes) => self.runs(store, RUNS.0),
            other => Err(format!("it cannot be let go: {other:?}")),
        }
    }

    fn ended(&self, place: Option<Place>) -> Result<(), String> {
        let is_gone = |way: &Way| matches!(way, Way::Gone | Way::GoneInName);
        let (may_be_gone, is_gone) = (self.ways.iter().any(is_gone), self.ways.iter().all(is_gone));
        let is_right = match place {
            Some(Place::Corrupt) => self.past.is_damaged && !self.is_sent(),
            Some(Place::Badmail) => self.case.to[0].starts_with('f') && self.ways.contains(&Way::Goes),
            Some(_) => false,
            None if may_be_gone && !self.is_sent() => true,
            None => !is_gone && self.ways.iter().any(|way| matches!(way, Way::Goes | Way::Again)),
        };
        if !is_right {
            return Err(format!("it is in {place:?}, and should be {:?}: {:?}", self.ways, self.peer.book));
        }
        for to in self.case.to.iter().filter(|_| place != Some(Place::Corrupt)) {
            let is_refused = to.starts_with('f') && place == Some(Place::Badmail);
            let least = usize::from(!may_be_gone && !is_refused);
            let most = if is_refused { 0 } else { 1 + self.doubts(to) };
            let told =
                self.peer.book.iter().filter(|copy| copy.about.contains(&format!("failed {to}"))).count();
            let most_told = 1 + self.doubts(SENDER);
            // It was refused once, whatever came after.
            let least_told = usize::from(to.starts_with('f'));
            let most_told = if least_told == 0 { 0 } else { most_told };
            if !(least..=most).contains(&self.copies(to)) || !(least_told..=most_told).contains(&told) {
                return Err(format!("{to} has {} copies, and its sender {told} reports", self.copies(to)));
            }
        }
        match self.peer.book.iter().find(|copy| !copy.is_whole) {
            Some(copy) => Err(format!("not whole: {copy:?}")),
            None => Ok(()),
        }
    }
}
