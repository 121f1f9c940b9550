//! The list: one row for each entry.

use std::io;

use super::{Selection, Spot};
use crate::spool::{Decision, Place, Seen, Store, Trouble};

/// In which state of its life an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It waits for a run.
    Queued,
    /// Nothing is left to be tried: the next run finishes it.
    Settled,
    /// A person has removed it: the next run unlinks it.
    Removed,
    /// It waits for a person.
    Held,
    /// A dead letter.
    Badmail,
    /// It is not trusted.
    Corrupt,
}

impl Condition {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Queued => "queued",
            Condition::Settled => "settled",
            Condition::Removed => "removed",
            Condition::Held => "held",
            Condition::Badmail => "badmail",
            Condition::Corrupt => "corrupt",
        }
    }

    /// The condition of an entry that was seen in a place.
    pub fn of(place: Place, seen: &Seen<'_>) -> Self {
        match place {
            _ if seen.state.is_removed => Condition::Removed,
            Place::Corrupt => Condition::Corrupt,
            Place::Held => Condition::Held,
            Place::Badmail => Condition::Badmail,
            _ if seen.state.is_held() => Condition::Held,
            _ if seen.state.pending().is_empty() => Condition::Settled,
            _ => Condition::Queued,
        }
    }
}

/// An entry.
#[derive(Debug)]
pub struct Row {
    /// Which.
    pub spot: Spot,
    /// Its state; that of its place where it cannot be read.
    pub condition: Condition,
    /// When it was taken, seconds since 1970.
    pub made_s: Option<u64>,
    /// What could be read of it, or why nothing.
    pub facts: Result<Facts, Trouble>,
}

/// What is read out of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Octets of the message.
    pub size: u64,
    /// The reverse-path; empty for the null one.
    pub from: String,
    /// The profile by which it goes.
    pub profile: String,
    /// Recipients to be tried.
    pub pending: usize,
    /// Recipients.
    pub recipients: usize,
    /// Recipients to whom it may have been handed over.
    pub in_doubt: usize,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is tried next, seconds since 1970; in `q/` what its name says.
    pub due_s: Option<u64>,
    /// When it is given up.
    pub expires_s: u64,
    /// The last answer for a recipient that has not got it.
    pub last: Option<Decision>,
}

impl Facts {
    /// What is to be told of an entry.
    pub fn of(spot: &Spot, seen: &Seen<'_>) -> Self {
        let state = &seen.state;
        let (pending, failed, held) = (state.pending(), state.failed(), state.held());
        let last = pending.iter().chain(&held).chain(&failed).find_map(|&place| state.last(place));
        let in_doubt = held.len()
            + pending.iter().filter(|&&place| state.fate(place) != crate::spool::Fate::Pending).count();
        let due_s = match spot {
            Spot::Entry(Place::Queue, name) => state.due_s.map(|_| name.due_s),
            _ => None,
        };
        Facts {
            size: seen.header.body,
            from: seen.sealed.envelope.reverse_path().map(ToString::to_string).unwrap_or_default(),
            profile: seen.header.profile.clone(),
            pending: pending.len(),
            recipients: state.count(),
            in_doubt,
            attempts: state.attempts,
            due_s,
            expires_s: state.expires_s,
            last: last.cloned(),
        }
    }
}

/// How many entries are where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// In `q/`.
    pub queued: usize,
    /// In `held/`.
    pub held: usize,
    /// In `badmail/`.
    pub badmail: usize,
    /// In `corrupt/`.
    pub corrupt: usize,
}

/// Counts the names.
pub fn totals(store: &Store<'_>) -> io::Result<Totals> {
    let count = |place| -> io::Result<usize> {
        let mut count = 0;
        store.names(place, &mut |_| count += 1)?;
        Ok(count)
    };
    Ok(Totals {
        queued: store.scan(&mut |_| {})?.len(),
        held: store.ids(Place::Held, &mut |_| {})?.len(),
        badmail: store.ids(Place::Badmail, &mut |_| {})?.len(),
        corrupt: count(Place::Corrupt)?,
    })
}

/// Gives one row after the other of those that the selection is true of. `limit` is the number of dots in doubt that hold a
/// recipient. What was gone before it could be read is left out.
pub fn list<E>(
    store: &Store<'_>,
    spots: Vec<Spot>,
    selection: &Selection,
    (limit, now_s): (u32, u64),
    each: &mut dyn FnMut(&Row) -> Result<(), E>,
) -> Result<(), E> {
    for spot in spots {
        if selection.meets(store, &spot, now_s)
            && let Some(row) = row(store, spot, limit)
        {
            each(&row)?;
        }
    }
    Ok(())
}

/// The row of one entry; `None` when it is gone.
pub fn row(store: &Store<'_>, spot: Spot, limit: u32) -> Option<Row> {
    let seen = match store.see(spot.place(), &spot.text(), limit) {
        Err(Trouble::Gone) => return None,
        other => other,
    };
    let by_place = match spot.place() {
        Place::Held => Condition::Held,
        Place::Badmail => Condition::Badmail,
        Place::Corrupt => Condition::Corrupt,
        Place::Queue | Place::Tmp => Condition::Queued,
    };
    let condition = seen.as_ref().map_or(by_place, |seen| Condition::of(spot.place(), seen));
    let made_s = seen.as_ref().map(|seen| seen.header.created_ms / 1000).ok().or_else(|| spot.made_s());
    let facts = seen.map(|seen| Facts::of(&spot, &seen));
    Some(Row { spot, condition, made_s, facts })
}
