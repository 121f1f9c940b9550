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
            () if state.is_damaged() && state.is_settled() => Some(Place::Corrupt),
            () if state.is_held() => Some(Place::Held),
            () if !state.is_settled() => Some(Place::Queue),
            () if !state.held().is_empty() => Some(Place::Held),
            () if !state.failed().is_empty() => Some(Place::Badmail),
            () => None,
        }
    }
}

impl Store<'_> {
    /// Removes the other names of an entry in hand, `links` with its own, if they are such as crashes have left: several cut
    /// in a row leave more than one. Where another is the right one, the entry is gone from here. If there is a name that
    /// is not ours, nothing is touched.
    pub(super) fn drop_other_names(
        &self,
        (place, text): (Place, &str),
        (identity, links): ((u64, u64), u64),
        state: &State,
    ) -> Result<(), Trouble> {
        let others = match id_of(place, text) {
            Some(id) => self.other_names(id, identity, (place, text))?,
            None => Vec::new(),
        };
        if others.len() as u64 + 1 != links {
            return Err(Trouble::NotOurs("it has another name"));
        }
        let home = Place::of(state).unwrap_or(Place::Queue);
        let due = |text: &str| Name::parse(text).map(|name| name.due_s);
        let is_right = |(other, name): &(Place, String)| match (place, *other) {
            (_, Place::Tmp) => false,
            (Place::Queue, Place::Queue) => due(name) == state.due_s && due(text) != state.due_s,
            _ => *other == home && place != home,
        };
        if others.iter().any(is_right) {
            self.disk.unlink(self.at(place), text)?;
            return Err(Trouble::Gone);
        }
        for (other, name) in others {
            self.disk.unlink(self.at(other), &name)?;
        }
        Ok(())
    }

    /// The other names of the same file that name the same entry.
    fn other_names(
        &self,
        id: Id,
        identity: (u64, u64),
        (place, text): (Place, &str),
    ) -> io::Result<Vec<(Place, String)>> {
        let queued = self.scan(&mut |_| {})?.into_iter().filter(|name| name.id == id);
        let mut names: Vec<(Place, String)> = queued.map(|name| (Place::Queue, name.to_string())).collect();
        names.extend(
            [Place::Tmp, Place::Held, Place::Badmail, Place::Corrupt].map(|place| (place, id.to_string())),
        );
        // What was set aside kept the name that it had.
        self.names(Place::Corrupt, &mut |name| {
            if Name::parse(name).is_some_and(|name| name.id == id) {
                names.push((Place::Corrupt, name.to_owned()));
            }
        })?;
        names.retain(|(at, name)| {
            (*at, name.as_str()) != (place, text)
                && self.disk.stat_at(self.at(*at), name).is_ok_and(|stat| stat.identity == identity)
        });
        Ok(names)
    }
}

fn id_of(place: Place, text: &str) -> Option<Id> {
    match place {
        Place::Queue => Name::parse(text).map(|name| name.id),
        _ => Id::parse(text),
    }
}
