//! What the memory of a submission says, and what the spool says of it: a record counts only with the entry that it names.

use std::io;
use std::time::Duration;

use super::{Hit, Key, Once, OnceError};
use crate::spool::{Damage, Id, Place, State, Store, Taken, Trouble};

/// How long to wait for another who takes the same submission at this moment.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the end of an entry waits for the memory of its submission.
const PATIENCE_AT_END: Duration = Duration::from_secs(1);
/// How often an entry that is being renamed is looked for.
const TRIES: u32 = 4;
/// The limit of doubts plays no part in what is asked here.
const LIMIT: u32 = u32::MAX;

/// Why a submission cannot be looked for.
#[derive(Debug, thiserror::Error)]
pub enum RecallError {
    /// Its memory cannot be asked.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The entry is there, and nobody can say that it will be there after a power cut.
    #[error("its first copy cannot be flushed: {}", crate::sys::reason(.0))]
    Unflushed(io::Error),
}

impl<'d> Store<'d> {
    /// Locks the memory of a submission and says what it is already. The name of an entry that waits is flushed: who took it
    /// first may not have come to that.
    pub fn recall(
        &self,
        key: Key,
        window_s: u64,
        now_s: u64,
    ) -> Result<(Once<'d>, Option<Hit>), RecallError> {
        let ids = self.folder("ids").map_err(OnceError::Storage)?;
        let once = Once::lock(self.disk(), &ids, key, PATIENCE)?;
        let mut place = None;
        let hit = once.hit(|id| self.proof(id, &mut place), window_s, now_s).map_err(OnceError::Storage)?;
        if let Some(place) = place {
            self.disk().sync_dir(self.at(place)).map_err(RecallError::Unflushed)?;
        }
        Ok((once, hit))
    }

    /// Whether mail still comes of an entry, and where it is. What cannot be read is none: a mail that is wanted would be
    /// swallowed.
    fn proof(&self, id: Id, place: &mut Option<Place>) -> bool {
        *place = (0..TRIES).find_map(|_| self.look_for(id)).flatten();
        place.is_some()
    }

    /// Where an entry is of which mail still comes; the outer `None`: it is to be looked for again, since a name that is
    /// changed while a folder is read may be missed.
    fn look_for(&self, id: Id) -> Option<Option<Place>> {
        let (place, text) = match self.find(id) {
            Ok(Some((place @ Place::Queue, Some(name)))) => (place, name.to_string()),
            Ok(Some((place @ Place::Held, _))) => (place, id.to_string()),
            Ok(Some(_)) | Err(_) => return Some(None),
            Ok(None) => return None,
        };
        match self.see(place, &text, LIMIT) {
            Ok(seen) => Some(is_to_come(&seen.state).then_some(place)),
            Err(Trouble::Gone) => None,
            // A later version knows what to do with it.
            Err(Trouble::Damaged(damage)) if !matches!(damage, Damage::Broken(_)) => Some(Some(place)),
            Err(_) => Some(None),
        }
    }

    /// Notes at the end of an entry what the memory of its submission is to say: that all were accepted, or nothing. Before
    /// the entry goes.
    pub(in crate::spool) fn note_end(&self, taken: &Taken<'_, '_>) -> Result<(), OnceError> {
        let Some(key) = taken.sealed.key else { return Ok(()) };
        let (id, is_accepted) = (taken.name.id, taken.state.failed().is_empty() && !taken.state.is_removed);
        let ids = self.folder("ids")?;
        let once = Once::lock(self.disk(), &ids, Key::from_octets(key), PATIENCE_AT_END)?;
        if is_accepted {
            once.accepted(id)?
        } else {
            once.forget(id)?
        }
        Ok(())
    }
}

/// Whether something is still done for somebody, or all were accepted and only the file is left.
fn is_to_come(state: &State) -> bool {
    let is_left = !state.is_settled() || !state.held().is_empty();
    !state.is_removed && (is_left || state.failed().is_empty())
}
