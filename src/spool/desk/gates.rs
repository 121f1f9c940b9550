//! Which hops are known to be down. What their gates remember is shown, whatever the settings of the profile are by now.

use std::collections::BTreeMap;
use std::io;

use crate::spool::{Hop, Record, Store};

/// The gates of profiles, by the names of their files. What cannot be read is no gate.
#[derive(Debug, Default)]
pub struct Gates(BTreeMap<String, Record>);

impl Gates {
    /// Reads them.
    pub fn read(store: &Store<'_>) -> io::Result<Self> {
        let (folder, mut names) = (store.folder("host")?, Vec::new());
        store.disk.list(&folder, &mut |name| names.push(name.to_string_lossy().into_owned()))?;
        // An open folder is read once; what is opened in it does not count.
        let read = |name: String| {
            let record = Record::read(store.disk.0, &folder, &name).ok()??;
            Some((name, record))
        };
        Ok(Gates(names.into_iter().filter_map(read).collect()))
    }

    /// What is remembered of the hop of this profile.
    pub fn of(&self, profile: &str) -> Option<&Record> {
        self.at(Hop::of_profile(profile))
    }

    /// What is remembered of this hop.
    pub fn at(&self, hop: Hop) -> Option<&Record> {
        self.0.get(&hop.to_string())
    }

    /// Those that a person must see to: the hop has refused us for good. By the names of their files.
    pub(super) fn permanent(&self) -> impl Iterator<Item = (&String, &Record)> {
        self.0.iter().filter(|(_, record)| match record.outage.class {
            Some(class) => !class.heals(),
            None => record.outage.reply.code >= 500 || record.outage.status.class == 5,
        })
    }
}
