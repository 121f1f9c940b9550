//! What nobody goes on writing: a file in `tmp/` whose writer died. It was never said to be queued.

use std::io;

use super::{Place, Store, Trouble};
use crate::spool::Id;

/// After so many seconds nobody goes on writing a file that nobody has locked.
pub(in crate::spool) const ABANDONED_S: u64 = 3600;

impl Store<'_> {
    /// Removes what was abandoned in `tmp/`. A report stays for as long as its original is queued or held: it may be one that
    /// is recorded and waits for its name.
    pub(in crate::spool) fn sweep(&self, now_s: u64) -> io::Result<()> {
        for id in self.ids(Place::Tmp, &mut |_| {})? {
            let text = id.to_string();
            // Whoever has just made a file is about to lock it: only what is old is locked here.
            let tmp = self.at(Place::Tmp);
            let written_s = self.disk.stat_at(tmp, &text).map_or(now_s, |stat| stat.changed_s.max(0) as u64);
            if now_s.saturating_sub(written_s) < ABANDONED_S {
                continue;
            }
            let (original, report) = id.original();
            if report.is_some() && self.is_waiting(original)? {
                continue;
            }
            match self.lock_file(Place::Tmp, &text) {
                Ok(_locked) => self.disk.unlink(tmp, &text)?,
                Err(Trouble::Io(error)) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Whether an entry is queued or held. A name that is changed while the folder is read may be missed once.
    fn is_waiting(&self, id: Id) -> io::Result<bool> {
        let mut found = self.find(id)?;
        if found.is_none() {
            found = self.find(id)?;
        }
        Ok(matches!(found, Some((Place::Queue | Place::Held, _))))
    }
}
