//! The list: one row for each entry.

use std::io;

use super::{Selection, Spot};
use crate::spool::{Decision, Fate, Place, Seen, Store, Trouble};

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
            _ if seen.state.is_settled() => Condition::Settled,
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
        let (mut pending, mut in_doubt, mut last) = (0, 0, [None; 3]);
        for place in 0..state.count() {
            let fate = state.fate(place);
            pending += usize::from(matches!(fate, Fate::Pending | Fate::InDoubt(_)));
            in_doubt += usize::from(matches!(fate, Fate::Held | Fate::InDoubt(_)));
            let rank = match fate {
                Fate::Pending | Fate::InDoubt(_) => 0,
                Fate::Held => 1,
                Fate::Failed => 2,
                Fate::Accepted => continue,
            };
            last[rank] = last[rank].or(state.last(place));
        }
        let due_s = match spot {
            Spot::Entry(Place::Queue, name) => state.due_s.map(|_| name.due_s),
            _ => None,
        };
        Facts {
            size: seen.header.body,
            from: seen.sealed.envelope.reverse_path().map(ToString::to_string).unwrap_or_default(),
            profile: seen.header.profile.clone(),
            pending,
            recipients: state.count(),
            in_doubt,
            attempts: state.attempts,
            due_s,
            expires_s: state.expires_s,
            last: last.into_iter().flatten().next().cloned(),
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

/// Counts the names; those in `q/` only where that was not done.
pub fn totals(store: &Store<'_>, queued: Option<usize>) -> io::Result<Totals> {
    let count = |place| -> io::Result<usize> {
        let mut count = 0;
        store.names(place, &mut |_| count += 1)?;
        Ok(count)
    };
    Ok(Totals {
        queued: queued.map_or_else(|| Ok(store.scan(&mut |_| {})?.len()), io::Result::Ok)?,
        held: store.ids(Place::Held, &mut |_| {})?.len(),
        badmail: store.ids(Place::Badmail, &mut |_| {})?.len(),
        corrupt: count(Place::Corrupt)?,
    })
}

/// Entries that one thread reads before the rows are given.
const BLOCK: usize = 1024;
/// Most threads that read.
const THREADS: usize = 4;

/// Gives the rows of those that the selection is true of, in their order, as `gather` has gathered them: several threads
/// read, and each gives what it has gathered of its part. `limit` is the number of dots in doubt that hold a recipient. What
/// was gone before it could be read is left out. Only so many rows are in memory as are read at once.
pub fn list<T: Default + Send, E>(
    store: &Store<'_>,
    spots: &[Spot],
    selection: &Selection,
    (limit, now_s): (u32, u64),
    gather: &(impl Fn(&mut T, Row) + Sync),
    each: &mut dyn FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let read = |spots: &[Spot]| -> T {
        let mut gathered = T::default();
        let chosen = spots.iter().filter(|spot| selection.meets(store, spot, now_s));
        for row in chosen.filter_map(|spot| row(store, spot.clone(), limit)) {
            gather(&mut gathered, row);
        }
        gathered
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    for round in spots.chunks(BLOCK * threads) {
        let (first, others) = round.split_at(round.len().min(BLOCK));
        let parts = std::thread::scope(|scope| {
            let others: Vec<_> = others.chunks(BLOCK).map(|spots| scope.spawn(move || read(spots))).collect();
            let mut parts = vec![read(first)];
            parts.extend(others.into_iter().map(|thread| thread.join().expect("reading does not panic")));
            parts
        });
        parts.into_iter().try_for_each(&mut *each)?;
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
