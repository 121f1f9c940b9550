//! The route into files: a new `.eml` file, a message in a Maildir folder or in an mbox, or the standard output.
//!
//! A file that holds one message, and the standard output, get the octets of the wire, line ends in CRLF (RFC 5322 2.1).
//! Maildir and mbox are stores of this machine, whose lines end in LF. What is there is never written over.

mod copy;

pub use copy::SentCopy;

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use crate::deliver::lines::LineFeeds;
use crate::deliver::{Transport, in_words, mbox, unmet};
use crate::mail::{Address, Envelope, Problem, Report, SessionFacts, Stage, Verdict};
use crate::mime::{Message, MessageError};
use crate::sys::{Blocks, reason, write_behind};

/// Where a message is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `-`.
    Stdout,
    /// `mbox:PATH`.
    Mbox(PathBuf),
    /// Any other: what is there, and its name, tell its form.
    Path(PathBuf),
}

impl Place {
    /// Reads a place as a person writes it.
    pub fn read(text: &Path) -> Place {
        use std::os::unix::ffi::OsStrExt;
        match text.as_os_str().as_bytes() {
            b"-" => Place::Stdout,
            octets => match octets.strip_prefix(b"mbox:") {
                Some(path) => Place::Mbox(Path::new(std::ffi::OsStr::from_bytes(path)).to_owned()),
                None => Place::Path(text.to_owned()),
            },
        }
    }

    fn form(&self) -> Form<'_> {
        let path = match self {
            Place::Stdout => return Form::Stdout,
            Place::Mbox(path) => return Form::Mbox(path),
            Place::Path(path) => path,
        };
        let ends = |end: &str| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(end));
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Form::Folder(path);
        }
        match fs::metadata(path) {
            Ok(facts) if facts.is_dir() => Form::Folder(path),
            Ok(facts) if facts.file_type().is_fifo() || facts.file_type().is_char_device() => {
                Form::Pipe(path)
            }
            // An empty file is a mailbox without mail, as mutt sees it.
            Ok(facts) if facts.len() == 0 && !ends("eml") => Form::Mbox(path),
            Ok(_) if mbox::is_mbox(path) => Form::Mbox(path),
            _ if ends("mbox") => Form::Mbox(path),
            _ => Form::Single(path),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Stdout => f.write_str("the standard output"),
            Place::Mbox(path) | Place::Path(path) => path.display().fmt(f),
        }
    }
}

/// What stands at a place, or is to stand there.
#[derive(Debug, PartialEq, Eq)]
enum Form<'a> {
    Stdout,
    /// A device or a pipe.
    Pipe(&'a Path),
    /// A Maildir.
    Folder(&'a Path),
    Mbox(&'a Path),
    /// A file of one message, which must not exist yet.
    Single(&'a Path),
}

/// The transport that writes a message down.
pub struct File<'a> {
    /// Where to.
    pub place: Place,
    /// The name of the message in a Maildir folder, unique in it.
    pub name: String,
    /// The present time, which an mbox tells.
    pub time: SystemTime,
    /// The standard output.
    pub stdout: &'a mut (dyn Write + Send),
    /// What is worth saying of the place; empty before.
    pub notes: Vec<String>,
}

impl fmt::Debug for File<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("place", &self.place).finish_non_exhaustive()
    }
}

impl File<'_> {
    /// Gives where the message is now, in words.
    fn write(&mut self, envelope: &Envelope, message: &Message) -> Result<String, Verdict> {
        match self.place.form() {
            Form::Stdout => {
                let written = write_behind(self.stdout, message.size(), MessageError::Sink, |out| {
                    message.write_to(out)
                });
                written.map_err(|error| unwritten(Path::new("the standard output"), &error))?;
            }
            Form::Pipe(path) => {
                let file = OpenOptions::new().write(true).open(path);
                let mut out = Blocks::new(file.map_err(|error| unwritable(path, &error))?, 0);
                let written =
                    message.write_to(&mut out).and_then(|()| out.flush().map_err(MessageError::Sink));
                written.map_err(|error| unwritten(path, &error))?;
            }
            Form::Folder(path) => return self.write_into_folder(path, message),
            Form::Mbox(path) => {
                let opening = opening(envelope.reverse_path(), self.time);
                let said = mbox::append(path, &opening, mbox::PATIENCE, &mut |out| message.write_to(out))?;
                self.notes.extend(said);
            }
            Form::Single(path) => self.write_single(path, message)?,
        }
        Ok(self.place.to_string())
    }

    fn write_into_folder(&self, folder: &Path, message: &Message) -> Result<String, Verdict> {
        let [temporary, new] = maildir(folder).map_err(|error| unwritable(folder, &error))?;
        let target = new.join(&self.name);
        let written = temporary.join(&self.name);
        put_into_maildir((&written, &target), message.size(), |out| message.write_to(out))?;
        Ok(target.display().to_string())
    }

    /// Writes beside the place and gives the file its name when it is whole: whoever sees it sees all of it.
    fn write_single(&self, path: &Path, message: &Message) -> Result<(), Verdict> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let written = folder.join(format!(".{}.part", self.name));
        write_new(&written, message.size(), |out| message.write_to(out))?;
        // A link, unlike a rename, does not replace what is there.
        let linked = fs::hard_link(&written, path);
        let _ = fs::remove_file(&written);
        linked.and_then(|()| sync_folder(folder)).map_err(|error| unwritable(path, &error))
    }
}

impl Transport for File<'_> {
    fn deliver(&mut self, envelope: &Envelope, message: &Message) -> Report {
        let place = self.place.to_string();
        let facts = SessionFacts { host: place.clone(), ..SessionFacts::default() };
        let written = match unmet(envelope, "a file") {
            None => self.write(envelope, message),
            Some(verdict) => Err(verdict),
        };
        let verdict = match written {
            Ok(place) => Verdict::accepted(Stage::Local, format!("written to {place}")),
            Err(verdict) => verdict,
        };
        let mut report = Report::settle(envelope, facts, |_, recipient| verdict.outcome(recipient, &place));
        report.warnings.append(&mut self.notes);
        if envelope.wishes().concern_reports() {
            report
                .warnings
                .push("nobody sends reports about a file: what was asked of them was not said".to_owned());
        }
        report
    }
}

/// The line that opens a message in an mbox: its sender and the time, in UTC (RFC 4155 appendix A).
fn opening(sender: Option<&Address>, time: SystemTime) -> String {
    let sender = sender.map_or_else(|| "MAILER-DAEMON".to_owned(), ToString::to_string);
    let sender = sender.replace(char::is_whitespace, "-");
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("From {sender} {}", time.strftime("%a %b %e %H:%M:%S %Y"))
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

/// Writes a message into `tmp/` and moves it to `target` when it is whole: whoever reads the Maildir sees all of it.
fn put_into_maildir(
    (written, target): (&Path, &Path),
    size: u64,
    message: impl FnOnce(&mut dyn Write) -> Result<(), MessageError>,
) -> Result<(), Verdict> {
    write_new(written, size, |out| message(&mut LineFeeds(out)))?;
    fs::rename(written, target).map_err(|error| {
        let _ = fs::remove_file(written);
        unwritable(target, &error)
    })?;
    let folder = target.parent().unwrap_or(Path::new("."));
    sync_folder(folder).map_err(|error| unwritable(folder, &error))
}

/// Writes a file of some `size` octets that must not exist yet, or leaves none.
fn write_new(
    path: &Path,
    size: u64,
    message: impl FnOnce(&mut dyn Write) -> Result<(), MessageError>,
) -> Result<(), Verdict> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(|error| unwritable(path, &error))?;
    let written = write_behind(&mut file, size, MessageError::Sink, message)
        .and_then(|()| file.sync_all().map_err(MessageError::Sink));
    written.map_err(|error| {
        let _ = fs::remove_file(path);
        unwritten(path, &error)
    })
}

pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// The message was not written to its end.
pub(super) fn unwritten(path: &Path, error: &MessageError) -> Verdict {
    match error {
        MessageError::Sink(error) => unwritable(path, error),
        other => Verdict::deferred(Stage::Local, Problem::Unreadable, in_words(other)).with_status(4, 3, 0),
    }
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> Verdict {
    refused(path, &reason(error))
}

pub(super) fn refused(path: &Path, words: &str) -> Verdict {
    let sentence = format!("cannot write {}: {words}", path.display());
    Verdict::failed(Stage::Local, Problem::Unwritable, sentence).with_status(5, 3, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_name_and_content() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let file = |name: &str, text: &str| fs::write(at(name), text).unwrap();
        file("mail", "From a@b Thu Jan  1 00:00:00 1970\n");
        file("empty", "");
        file("empty.eml", "");
        file("text", "From: a@b\n");
        file("text.mbox", "From: a@b\n");
        let form = |name: &str| match Place::read(&at(name)).form() {
            Form::Stdout => "stdout",
            Form::Pipe(_) => "pipe",
            Form::Folder(_) => "folder",
            Form::Mbox(_) => "mbox",
            Form::Single(_) => "single",
        };
        for (names, wanted) in [
            (&["mail", "empty", "new.mbox", "new.MBOX", "text.mbox"][..], "mbox"),
            (&["empty.eml", "text", "new", "new.eml"], "single"),
            (&["", "new/"], "folder"),
        ] {
            for name in names {
                assert_eq!(form(name), wanted, "{name}");
            }
        }
        let null = Path::new("/dev/null");
        assert_eq!(Place::read(null).form(), Form::Pipe(null));
        assert_eq!(Place::read(Path::new("-")), Place::Stdout);
        assert_eq!(Place::read(Path::new("mbox:a/b")), Place::Mbox("a/b".into()));
    }

    #[test]
    fn an_opening_line_has_five_words_and_the_year() {
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        let sender = Address::parse("\"a b\"@x").unwrap();
        assert_eq!(opening(Some(&sender), time), "From \"a-b\"@x Tue Nov 14 22:13:20 2023");
        assert_eq!(opening(None, SystemTime::UNIX_EPOCH), "From MAILER-DAEMON Thu Jan  1 00:00:00 1970");
    }
}
