//! The route into files: a new `.eml` file, or a message in a Maildir folder.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::deliver::{Transport, in_words, unmet};
use crate::mail::{Envelope, Problem, Report, SessionFacts, Stage, Verdict};
use crate::mime::{Message, MessageError};
use crate::sys::reason;

/// The transport that writes a file: `PLACE` itself when it does not exist and does not end in `/`, else a new message
/// in the Maildir folder `PLACE`.
#[derive(Debug)]
pub struct File {
    /// Where to.
    pub place: PathBuf,
    /// The name of the message in a Maildir folder, unique in it.
    pub name: String,
}

impl File {
    fn write(&self, message: &Message) -> Result<PathBuf, Verdict> {
        if self.is_folder() {
            let [temporary, new] = maildir(&self.place).map_err(|error| unwritable(&self.place, &error))?;
            let written = temporary.join(&self.name);
            write_new(&written, message)?;
            let target = new.join(&self.name);
            fs::rename(&written, &target).map_err(|error| unwritable(&target, &error))?;
            sync_folder(&new).map_err(|error| unwritable(&new, &error))?;
            Ok(target)
        } else {
            self.write_single(message)?;
            Ok(self.place.clone())
        }
    }

    /// Writes beside the place and gives the file its name when it is whole: whoever sees it sees all of it.
    fn write_single(&self, message: &Message) -> Result<(), Verdict> {
        let folder = match self.place.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let written = folder.join(format!(".{}.part", self.name));
        write_new(&written, message)?;
        // A link, unlike a rename, does not replace what is there.
        let linked = fs::hard_link(&written, &self.place);
        let _ = fs::remove_file(&written);
        linked.and_then(|()| sync_folder(folder)).map_err(|error| unwritable(&self.place, &error))
    }

    fn is_folder(&self) -> bool {
        self.place.as_os_str().as_encoded_bytes().ends_with(b"/") || self.place.is_dir()
    }
}

impl Transport for File {
    fn deliver(&mut self, envelope: &Envelope, message: &Message) -> Report {
        let place = self.place.display().to_string();
        let facts = SessionFacts { host: place.clone(), ..SessionFacts::default() };
        let written = match unmet(envelope, "a file") {
            None => self.write(message),
            Some(verdict) => Err(verdict),
        };
        let verdict = match written {
            Ok(path) => Verdict::accepted(Stage::Local, format!("written to {}", path.display())),
            Err(verdict) => verdict,
        };
        let mut report = Report::settle(envelope, facts, |_, recipient| verdict.outcome(recipient, &place));
        if envelope.wishes().concern_reports() {
            report
                .warnings
                .push("nobody sends reports about a file: what was asked of them was not said".to_owned());
        }
        report
    }
}

/// The folders `tmp` and `new` of a Maildir, made where they are missing.
pub(crate) fn maildir(place: &Path) -> io::Result<[PathBuf; 2]> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(place.join("cur"))?;
    let folders = [place.join("tmp"), place.join("new")];
    for folder in &folders {
        builder.create(folder)?;
    }
    Ok(folders)
}

/// Writes a file that must not exist yet, or leaves none.
fn write_new(path: &Path, message: &Message) -> Result<(), Verdict> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| unwritable(path, &error))?;
    let mut out = BufWriter::with_capacity(64 * 1024, file);
    let written = message.write_to(&mut out).and_then(|()| {
        out.flush().map_err(MessageError::Sink)?;
        out.get_ref().sync_all().map_err(MessageError::Sink)
    });
    written.map_err(|error| {
        let _ = fs::remove_file(path);
        match error {
            MessageError::Sink(error) => unwritable(path, &error),
            other => {
                Verdict::deferred(Stage::Local, Problem::Unreadable, in_words(&other)).with_status(4, 3, 0)
            }
        }
    })
}

pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

fn unwritable(path: &Path, error: &io::Error) -> Verdict {
    let sentence = format!("cannot write {}: {}", path.display(), reason(error));
    Verdict::failed(Stage::Local, Problem::Unwritable, sentence).with_status(5, 3, 0)
}
