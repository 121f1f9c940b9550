//! Which entries are meant: by identifiers or parts of them, and by what is known of an entry.

use std::io;
use std::time::UNIX_EPOCH;

use crate::spool::{Hop, Id, Name, Place, Seen, Store};

/// Fewest characters that stand for an identifier.
const SHORTEST: usize = 4;

/// A file of the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// An entry; outside of `q/` only the identifier in its name counts.
    Entry(Place, Name),
    /// A file in `corrupt/`, whose name may be anything.
    Corrupt(Box<str>),
}

impl Spot {
    /// The entry with this identifier in a place that is not `q/`.
    pub(super) fn aside(place: Place, id: Id) -> Self {
        Spot::Entry(place, Name { due_s: 0, hop: Hop::of_profile(""), id })
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        match self {
            Spot::Entry(place, _) => *place,
            Spot::Corrupt(_) => Place::Corrupt,
        }
    }

    /// The name of its file.
    pub fn text(&self) -> String {
        match self {
            Spot::Entry(Place::Queue, name) => name.to_string(),
            Spot::Entry(_, name) => name.id.to_string(),
            Spot::Corrupt(text) => text.to_string(),
        }
    }

    /// Its identifier.
    pub fn id(&self) -> Option<Id> {
        match self {
            Spot::Entry(_, name) => Some(name.id),
            Spot::Corrupt(text) => Id::parse(text.rsplit('.').next()?),
        }
    }

    /// What a person calls it: its identifier, else its name.
    pub fn called(&self) -> String {
        self.id().map_or_else(|| self.text(), |id| id.to_string())
    }

    /// When it was made, seconds since 1970.
    pub fn made_s(&self) -> Option<u64> {
        let since = self.id()?.made().duration_since(UNIX_EPOCH).ok()?;
        Some(since.as_secs())
    }
}

/// What is in these places, the oldest first. What has no name of an entry is passed over, but for `corrupt/`.
pub fn spots(store: &Store<'_>, places: &[Place]) -> io::Result<Vec<Spot>> {
    let mut spots = Vec::new();
    for &place in places {
        match place {
            Place::Queue => {
                let names = store.scan(&mut |_| {})?;
                spots.extend(names.into_iter().map(|name| Spot::Entry(place, name)));
            }
            Place::Corrupt => store.names(place, &mut |text| spots.push(Spot::Corrupt(text.into())))?,
            _ => {
                let ids = store.ids(place, &mut |_| {})?;
                spots.extend(ids.into_iter().map(|id| Spot::aside(place, id)));
            }
        }
    }
    spots.sort_by_cached_key(Spot::id);
    Ok(spots)
}

/// Why an identifier leads to no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfound {
    /// Too short to be meant.
    #[error("`{0}` is too short: an ID, or at least {SHORTEST} characters of one")]
    Short(String),
    /// Nothing has it.
    #[error("there is no entry `{0}`")]
    Unknown(String),
    /// More than one has it.
    #[error("`{0}` is part of {1} IDs")]
    Several(String, usize),
}

/// The entry with this identifier, or with the only identifier that this is a part of. Upper and lower case are the same.
pub fn find<'s>(spots: &'s [Spot], part: &str) -> Result<&'s Spot, Unfound> {
    let wanted = part.to_ascii_uppercase();
    let mut found = Vec::new();
    for spot in spots {
        let name = spot.called().to_ascii_uppercase();
        if name == wanted {
            return Ok(spot);
        }
        if wanted.len() >= SHORTEST && name.contains(&wanted) {
            found.push(spot);
        }
    }
    match found[..] {
        [spot] => Ok(spot),
        [] if wanted.len() < SHORTEST => Err(Unfound::Short(part.to_owned())),
        [] => Err(Unfound::Unknown(part.to_owned())),
        _ => Err(Unfound::Several(part.to_owned(), found.len())),
    }
}

/// What must be true of an entry. Nothing is said: it is true of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// It goes by the profile with this name.
    pub hop: Option<String>,
    /// Its reverse-path holds these characters; `<>` is the null reverse-path.
    pub from: Option<String>,
    /// The address of one of its recipients holds these characters.
    pub to: Option<String>,
    /// It is so many seconds old, or older.
    pub older_s: Option<u64>,
}

impl Selection {
    /// Whether it is true of all entries.
    pub fn is_all(&self) -> bool {
        *self == Selection::default()
    }

    /// Whether this is true of the entry there. It is opened only where its name does not tell; of one that cannot be read
    /// only its age is known.
    pub fn meets(&self, store: &Store<'_>, spot: &Spot, now_s: u64) -> bool {
        let is_old = |made_s: u64| now_s.saturating_sub(made_s) >= self.older_s.unwrap_or(0);
        if self.older_s.is_some() && !spot.made_s().is_some_and(is_old) {
            return false;
        }
        let hop = self.hop.as_deref().map(Hop::of_profile);
        if let (Some(hop), Spot::Entry(Place::Queue, name)) = (hop, spot)
            && name.hop != hop
        {
            return false;
        }
        if self.hop.is_none() && self.from.is_none() && self.to.is_none() {
            return true;
        }
        store.see(spot.place(), &spot.text(), u32::MAX).is_ok_and(|seen| self.fits(&seen))
    }

    fn fits(&self, seen: &Seen<'_>) -> bool {
        let holds = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
        let envelope = &seen.sealed.envelope;
        let is_hop = self.hop.as_ref().is_none_or(|hop| *hop == seen.header.profile);
        let is_from = self.from.as_ref().is_none_or(|part| match envelope.reverse_path() {
            None => part == "<>",
            Some(address) => holds(&address.to_string(), part),
        });
        let is_to = self.to.as_ref().is_none_or(|part| {
            envelope.recipients().iter().any(|recipient| holds(&recipient.to_string(), part))
        });
        is_hop && is_from && is_to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(id: &str) -> Spot {
        Spot::aside(Place::Held, Id::parse(id).unwrap())
    }

    #[test]
    fn parts_of_identifiers_must_be_unique() {
        let spots = [
            spot("01HZXA7Q6N8W4Y2R5T9V3B1C0D"),
            spot("01HZXA7Q6N8W4Y2R5T9V3B1C0D-n1"),
            spot("01HZXA7Q6N8W4Y2R5T9V3B1C0E"),
            Spot::Corrupt("junk name".into()),
        ];
        let place = |part: &str| find(&spots, part).map(|spot| spot.called());
        assert_eq!(place("01HZXA7Q6N8W4Y2R5T9V3B1C0D").unwrap(), "01HZXA7Q6N8W4Y2R5T9V3B1C0D");
        assert_eq!(place("1c0d-N1").unwrap(), "01HZXA7Q6N8W4Y2R5T9V3B1C0D-n1");
        assert_eq!(place("1c0e").unwrap(), "01HZXA7Q6N8W4Y2R5T9V3B1C0E");
        assert_eq!(place("junk").unwrap(), "junk name");
        assert_eq!(place("1C0D"), Err(Unfound::Several("1C0D".to_owned(), 2)));
        assert_eq!(place("C0E"), Err(Unfound::Short("C0E".to_owned())));
        assert_eq!(place(""), Err(Unfound::Short(String::new())));
        assert_eq!(place("ZZZZ"), Err(Unfound::Unknown("ZZZZ".to_owned())));
    }
}
