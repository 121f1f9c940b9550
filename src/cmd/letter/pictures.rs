//! The pictures of an HTML text: each is a part of the message, and the text names it by its Content-ID (RFC 2392), which is
//! the like of nothing else in the world.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::cmd::{Exit, Failure};
use crate::mail::{Warning, WarningKind};
use crate::mime::{Attachment, Inline, Shown, pictures};

/// The pictures, and which of them the text shows.
pub(super) struct Gallery {
    inlines: Vec<Inline>,
    /// Their places, by what the text calls them: `cid:` names, and paths.
    by_name: HashMap<String, usize>,
    by_path: HashMap<PathBuf, usize>,
    /// How the text shows each of them.
    shown: Vec<bool>,
    /// What the Content-IDs have in common: the Message-ID, which is not used twice.
    id: String,
}

impl Gallery {
    /// A gallery of the pictures that were given by name.
    pub(super) fn new(given: Vec<(PathBuf, Attachment)>, message_id: &str) -> Result<Self, Failure> {
        let id = message_id.trim_matches(['<', '>']).to_owned();
        let (by_name, by_path) = (HashMap::new(), HashMap::new());
        let mut gallery = Gallery { inlines: Vec::new(), by_name, by_path, shown: Vec::new(), id };
        for (path, attachment) in given {
            let name = attachment.name.clone().unwrap_or_default();
            let place = gallery.add(attachment);
            if gallery.by_name.insert(name.clone(), place).is_some() {
                let words = format!("--inline {}: another picture is called {name}, too", path.display());
                return Err(
                    Failure::plain(Exit::Usage, words).hint("the text names them by their names: rename one")
                );
            }
        }
        Ok(gallery)
    }

    fn add(&mut self, attachment: Attachment) -> usize {
        let place = self.inlines.len();
        self.inlines.push(Inline { attachment, content_id: format!("{}.{}", place + 1, self.id) });
        self.shown.push(false);
        place
    }

    /// The text with the Content-IDs in the place of names. With a folder, the files that it shows are taken from there.
    pub(super) fn hang(&mut self, html: &str, folder: Option<&Path>) -> Result<String, Failure> {
        let (mut changes, mut failures) = (Vec::new(), Vec::new());
        for picture in pictures(html) {
            let place = match (&picture.shown, folder) {
                (Shown::Part(name), _) => self.named(name),
                (Shown::File(path), Some(folder)) => self.embedded(&folder.join(path)),
                (Shown::File(_), None) | (Shown::Remote(_), _) => continue,
            };
            match place {
                Err(failure) => failures.push(failure),
                Ok(place) => {
                    self.shown[place] = true;
                    changes.push((picture.at, format!("cid:{}", self.inlines[place].content_id)));
                }
            }
        }
        if let Some(failure) = Failure::gather(failures) {
            return Err(failure);
        }
        let (mut hung, mut done) = (String::with_capacity(html.len()), 0);
        for (at, name) in changes {
            hung.push_str(&html[done..at.start]);
            // Where a style names it, the quotes are not part of the name.
            let is_in_style =
                hung.ends_with(['"', '\'', '(', ' ']) && !html[at.clone()].starts_with(['"', '\'']);
            let quote = if is_in_style { "" } else { "\"" };
            hung.extend([quote, &name, quote]);
            done = at.end;
        }
        hung.push_str(&html[done..]);
        Ok(hung)
    }

    fn named(&self, name: &str) -> Result<usize, Failure> {
        self.by_name.get(name).copied().ok_or_else(|| {
            let words = format!("the HTML text shows `cid:{name}`, and no --inline file has that name");
            Failure::plain(Exit::DataErr, words)
        })
    }

    /// The picture in this file.
    fn embedded(&mut self, path: &Path) -> Result<usize, Failure> {
        if let Some(&place) = self.by_path.get(path) {
            return Ok(place);
        }
        // Whoever wrote the text may not be who sends it: it takes no other files along, and no device is read.
        let no_picture = || {
            let words = format!("the HTML text shows {}, which is no picture", path.display());
            Failure::plain(Exit::DataErr, words)
        };
        if std::fs::metadata(path).is_ok_and(|facts| !facts.is_file() && !facts.is_dir()) {
            return Err(no_picture());
        }
        let attachment = Attachment::open(path)?;
        if !attachment.is_picture()? {
            return Err(no_picture());
        }
        let place = self.add(attachment);
        self.by_path.insert(path.to_owned(), place);
        Ok(place)
    }

    /// A word on each picture that the text does not show.
    pub(super) fn warnings(&self) -> impl Iterator<Item = Warning> {
        let unseen = self.inlines.iter().zip(&self.shown).filter(|(_, is_shown)| !**is_shown);
        unseen.map(|(inline, _)| {
            let name = inline.attachment.name.as_deref().unwrap_or_default();
            let words = format!(
                "the HTML text does not show {name}: it names a picture as in <img src=\"cid:{name}\">"
            );
            Warning::new(WarningKind::UNSHOWN_PICTURE, words)
        })
    }

    /// All of them, for the draft.
    pub(super) fn into_inlines(self) -> Vec<Inline> {
        self.inlines
    }
}
