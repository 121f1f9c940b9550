//! The ledger: whatever happened, after enough runs against a healthy peer each recipient of a mail that was said to be
//! queued has come to one end, and nobody has anything else. The peer's book is the evidence, not the program's word.

use std::path::Path;
use std::time::{Duration, SystemTime};

use whippet::spool::{Fate, InDoubt, Place, Store};
use whippet::sys::SystemDisk;

use crate::world::{Case, Copy, NOW_S, Peer, SENDER, Telling, open};

/// What was known when the world ended.
pub struct Before<'a> {
    /// The submitter was told that the mail is queued.
    pub is_acknowledged: bool,
    /// The mail may be queued although nobody was told.
    pub may_be_queued: bool,
    /// What the peer had taken.
    pub book: &'a [Copy],
    /// Who may get another copy: the peer may have taken theirs, and nobody could write that down.
    pub in_doubt: &'a [Copy],
    /// When the runs begin, seconds after the beginning.
    pub after_s: u64,
    /// The stored mail has been changed.
    pub is_damaged: bool,
}

/// Hours between two runs, and how many there are at most.
const RUNS: (u64, u64) = (5, 8);

/// Makes the runs and says what is wrong with what came of it.
pub fn judge(case: &Case, path: &Path, before: &Before<'_>) -> Result<(), String> {
    let store = open(&SystemDisk, path);
    known(&store, before)?;
    age(&path.join("tmp"));
    let mut peer = Peer::new(case.at_once, None);
    peer.is_patient = true;
    peer.book = before.book.to_vec();
    let mut is_empty = false;
    for run in 0..RUNS.1 {
        let tally = case.run(&store, &mut peer, before.after_s + run * RUNS.0 * 3600);
        let tally = tally.map_err(|error| format!("the run cannot work: {error}"))?;
        // Of damage a run has to tell.
        if !tally.troubles.is_empty() && !before.is_damaged {
            return Err(format!("the run tells of trouble: {:?}", tally.troubles));
        }
        // One run more sees the end of what the last one did.
        if is_empty {
            break;
        }
        is_empty = store.scan(&mut |_| {}).unwrap().is_empty();
    }
    let left = store.scan(&mut |_| {}).unwrap();
    if !left.is_empty() {
        return Err(format!("left in the queue: {left:?}"));
    }
    let count = |place| store.ids(place, &mut |_| {}).unwrap().len();
    let counts = [Place::Held, Place::Badmail, Place::Corrupt].map(count);
    let ended = Ended { case, before, book: &peer.book, held: counts[0], badmail: counts[1] };
    if count(Place::Tmp) > 0 {
        return Err("there is something in tmp/".to_owned());
    }
    if counts[2] != usize::from(before.is_damaged) {
        return Err(format!("there are {} in corrupt/", counts[2]));
    }
    if let Some(copy) = peer.book.iter().find(|copy| !copy.is_whole) {
        return Err(format!("not whole: {copy:?}"));
    }
    let is_untouched = peer.book.is_empty() && ended.held == 0 && ended.badmail == 0;
    match before.is_acknowledged {
        false if is_untouched => Ok(()),
        false if !before.may_be_queued => Err(format!("it was not queued, and this went: {:?}", peer.book)),
        _ => ended.check(),
    }
}

/// Files are as old as the case is, whatever the machine's clock says.
pub fn age(folder: &Path) {
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW_S);
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
        file.set_modified(then).unwrap();
    }
}

/// Before a dot goes its journal says so: whoever the peer has taken is not as if nothing had happened.
fn known(store: &Store<'_>, before: &Before<'_>) -> Result<(), String> {
    for name in store.scan(&mut |_| {}).unwrap() {
        let Ok(seen) = store.see(Place::Queue, &name.to_string(), 3) else { continue };
        let mut octets = Vec::new();
        if seen.body().write_to(&mut octets).is_err() {
            continue;
        }
        for (place, recipient) in seen.sealed.envelope.recipients().iter().enumerate() {
            // Of several reports to the same sender each has its own copy.
            let wanted = Copy::of(&recipient.to_string(), &octets);
            if before.book.contains(&wanted) && seen.state.fate(place) == Fate::Pending {
                return Err(format!("the peer has the mail for {recipient}, and the journal knows nothing"));
            }
        }
    }
    Ok(())
}

/// How it ended.
struct Ended<'a> {
    case: &'a Case,
    before: &'a Before<'a>,
    book: &'a [Copy],
    held: usize,
    badmail: usize,
}

impl Ended<'_> {
    fn check(&self) -> Result<(), String> {
        let has_failed = self.case.to.iter().any(|to| to.starts_with('f')) && !self.before.is_damaged;
        for to in &self.case.to {
            self.recipient(to)?;
        }
        let strangers = |copy: &&Copy| copy.to != SENDER && !self.case.to.contains(&copy.to);
        if let Some(copy) = self.book.iter().find(strangers) {
            return Err(format!("{} is no recipient", copy.to));
        }
        // An entry with somebody in doubt waits for a person, whoever else failed.
        let wanted = usize::from(has_failed);
        if self.badmail + self.held < wanted || self.badmail > wanted || self.held > 1 {
            return Err(format!("{} in badmail/, {} in held/", self.badmail, self.held));
        }
        Ok(())
    }

    fn recipient(&self, to: &str) -> Result<(), String> {
        let has = self.book.iter().filter(|copy| copy.to == to).count();
        let told = |action: &str| {
            let about = format!("{action} {to}");
            self.book.iter().filter(|copy| copy.to == SENDER && copy.about.contains(&about)).count()
        };
        let [failed, delayed, relayed] = ["failed", "delayed", "relayed"].map(told);
        let doubts =
            |wanted: &dyn Fn(&Copy) -> bool| self.before.in_doubt.iter().filter(|c| wanted(c)).count();
        let own = doubts(&|copy| copy.to == to);
        let report = doubts(&|copy| copy.to == SENDER);
        let holds = self.case.in_doubt == InDoubt::Hold;
        let once = 1..=1 + report;
        // Who waited when the mail was damaged fails; who has it has it.
        let was_left = self.before.is_damaged && !self.before.book.iter().any(|copy| copy.to == to);
        let is_good = match to.as_bytes()[0] {
            b'f' => has == 0 && once.contains(&failed),
            _ if was_left => has == 0 && once.contains(&failed),
            _ if holds && own > 0 => failed == 0 && (has == 1 || has == 0 && self.held == 1),
            _ => failed == 0 && (1..=1 + own).contains(&has),
        };
        // Who has it where no reports are made is told of, and nobody else.
        let is_passed_on =
            self.case.telling == Telling::Relayed && to.as_bytes()[0] != b'f' && self.held == 0;
        let is_well_told = match is_passed_on {
            true => once.contains(&relayed),
            false if self.held > 0 => relayed <= 1 + report,
            false => relayed == 0,
        };
        let may_be_late = self.case.telling == Telling::Delayed && to.as_bytes()[0] != b'f';
        let is_late_told = if may_be_late { delayed <= 1 + report } else { delayed == 0 };
        if is_good && is_well_told && is_late_told {
            return Ok(());
        }
        Err(format!(
            "{to} has {has} copies and its sender {failed} reports that it failed, {delayed} that it waits, {relayed} that \
             it went on; {own} and {report} in doubt"
        ))
    }
}
