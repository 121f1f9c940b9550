//! A file with two names: where a filesystem knows no rename that does not replace, a name is made and the old one removed,
//! and a crash in between leaves both. The journal decides which of them stays.

use std::io;

use super::{Place, Store, Trouble};
use crate::spool::{Id, Name, State};

impl Place {
    /// Where an entry in this state belongs; `None`: nowhere, it is done.
    pub fn of(state: &State) -> Option<Place> {
        match () {
            () if state.is_removed => None,
            () if state.is_held() => Some(Place::Held),
            () if !state.pending().is_empty() => Some(Place::Queue),
            () if !state.held().is_empty() => Some(Place::Held),
            () if !state.failed().is_empty() => Some(Place::Badmail),
            () => None,
        }
    }
}

impl Store<'_> {
    /// Removes the other name of an entry in hand, if it is one that a crash has left. Where it is this one that must go,
    /// the entry is gone from here.
    pub(super) fn drop_other_name(
        &self,
        (place, text): (Place, &str),
        identity: (u64, u64),
        state: &State,
    ) -> Result<(), Trouble> {
        let id = id_of(place, text);
        let other = id.map(|id| self.other_name(id, identity, (place, text))).transpose()?.flatten();
        let Some((other, name)) = other else { return Err(Trouble::NotOurs("it has another name")) };
        let home = Place::of(state).unwrap_or(Place::Queue);
        let due = |text: &str| Name::parse(text).map(|name| name.due_s);
        let is_other_right = match (place, other) {
            (_, Place::Tmp) => false,
            (Place::Queue, Place::Queue) => due(&name) == state.due_s && due(text) != state.due_s,
            _ => other == home && place != home,
        };
        if is_other_right {
            self.disk.unlink(self.at(place), text)?;
            return Err(Trouble::Gone);
        }
        Ok(self.disk.unlink(self.at(other), &name)?)
    }

    /// Another name of the same file that names the same entry.
    fn other_name(
        &self,
        id: Id,
        identity: (u64, u64),
        (place, text): (Place, &str),
    ) -> io::Result<Option<(Place, String)>> {
        let queued = self.scan(&mut |_| {})?.into_iter().filter(|name| name.id == id);
        let mut names: Vec<(Place, String)> = queued.map(|name| (Place::Queue, name.to_string())).collect();
        names.extend([Place::Tmp, Place::Held, Place::Badmail].map(|place| (place, id.to_string())));
        let is_other = |(at, name): &(Place, String)| {
            (*at, name.as_str()) != (place, text)
                && self.disk.stat_at(self.at(*at), name).is_ok_and(|stat| stat.identity == identity)
        };
        Ok(names.into_iter().find(is_other))
    }
}

fn id_of(place: Place, text: &str) -> Option<Id> {
    match place {
        Place::Queue => Name::parse(text).map(|name| name.id),
        _ => Id::parse(text),
    }
}
