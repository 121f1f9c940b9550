//! What nobody goes on writing: a file in `tmp/` whose writer died. It was never said to be queued.

use std::io;

use super::{Place, Store, Trouble};

/// After so many seconds nobody goes on writing a file that nobody has locked.
pub(in crate::spool) const ABANDONED_S: u64 = 3600;

impl Store<'_> {
    /// Removes what was abandoned in `tmp/`. A report stays until its original is among the dead letters: before that it
    /// may be one that is recorded and waits for its name.
    pub(in crate::spool) fn sweep(&self, now_s: u64) -> io::Result<()> {
        for id in self.ids(Place::Tmp, &mut |_| {})? {
            let (original, report) = id.original();
            let badmail = self.at(Place::Badmail);
            if report.is_some() && self.disk.stat_at(badmail, &original.to_string()).is_err() {
                continue;
            }
            let text = id.to_string();
            // Whoever has just made a file is about to lock it: only what is old is locked here.
            let tmp = self.at(Place::Tmp);
            let written_s = self.disk.stat_at(tmp, &text).map_or(now_s, |stat| stat.changed_s.max(0) as u64);
            if now_s.saturating_sub(written_s) < ABANDONED_S {
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
}
