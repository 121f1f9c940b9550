//! Which entries are meant by the words typed.

use std::collections::HashSet;

use super::{Counter, PLACES, trouble};
use crate::cli::{Chosen, Places};
use crate::cmd::{Exit, Failure};
use crate::spool::desk::{Selection, Spot, Unfound, find, spots};
use crate::spool::{Id, Place};

/// What was found, and what was not.
pub(super) struct Found {
    pub spots: Vec<Spot>,
    pub unfound: Vec<Unfound>,
}

/// What must be true of an entry.
pub(super) fn selection(chosen: &Chosen) -> Selection {
    Selection {
        hop: chosen.hop.clone(),
        from: chosen.from.clone(),
        to: chosen.to.clone(),
        older_s: chosen.older_s,
    }
}

/// The files that may be meant: those that are named, wherever they are, or all in `usual`. Whether the selection is true of
/// them is still to be asked.
pub(super) fn candidates(counter: &Counter<'_>, chosen: &Chosen, usual: &[Place]) -> Result<Found, Failure> {
    let named = named(chosen.places);
    let places = match (&named[..], chosen.ids.is_empty()) {
        ([], true) => usual,
        ([], false) => &PLACES,
        (named, _) => named,
    };
    let all = match counter.store {
        Some(store) => spots(store, places).map_err(|error| trouble(&error))?,
        None => Vec::new(),
    };
    if chosen.ids.is_empty() {
        return Ok(Found { spots: all, unfound: Vec::new() });
    }
    let mut found = Found { spots: Vec::new(), unfound: Vec::new() };
    for id in &chosen.ids {
        match find(&all, id) {
            Ok(spot) if found.spots.contains(spot) => {}
            Ok(spot) => found.spots.push(spot.clone()),
            Err(unfound) => found.unfound.push(unfound),
        }
    }
    Ok(found)
}

/// The queued entries that are meant; `None` for all.
pub(super) fn ids(counter: &Counter<'_>, chosen: &Chosen) -> Result<Option<HashSet<Id>>, Failure> {
    let wanted = selection(chosen);
    if chosen.ids.is_empty() && wanted.is_all() {
        return Ok(None);
    }
    let found = candidates(counter, chosen, &[Place::Queue])?;
    if let Some(first) = found.unfound.first() {
        return Err(unfound(first));
    }
    let Some(store) = counter.store else { return Ok(Some(HashSet::new())) };
    let is_meant = |spot: &&Spot| wanted.meets(store, spot, counter.now_s);
    let ids = found.spots.iter().filter(is_meant).filter_map(|spot| match spot {
        Spot::Entry(Place::Queue, name) => Some(name.id),
        _ => None,
    });
    Ok(Some(ids.collect()))
}

fn named(places: Places) -> Vec<Place> {
    let flags = [places.queued, places.held, places.badmail, places.corrupt];
    PLACES.into_iter().zip(flags).filter(|(_, is_named)| *is_named).map(|(place, _)| place).collect()
}

/// The failure for a name that leads to no entry.
pub(super) fn unfound(unfound: &Unfound) -> Failure {
    let hint = match unfound {
        Unfound::Several(..) => "type more of it; whippet queue list shows the IDs",
        Unfound::Short(_) | Unfound::Unknown(_) => "whippet queue list shows the IDs",
    };
    Failure::plain(exit(unfound), unfound.to_string()).hint(hint)
}

/// The code for it.
pub(super) fn exit(unfound: &Unfound) -> Exit {
    match unfound {
        Unfound::Unknown(_) => Exit::NoInput,
        Unfound::Short(_) | Unfound::Several(..) => Exit::Usage,
    }
}
