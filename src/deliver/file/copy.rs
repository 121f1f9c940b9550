//! The copy of a mail that was sent (Fcc): into a Maildir, where it counts as seen, or at the end of an mbox.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{maildir, opening, put_into_maildir, refused, unwritable};
use crate::deliver::mbox;
use crate::mail::{Envelope, Problem, Verdict};
use crate::mime::{Message, MessageError};

/// A copy that is to be kept.
#[derive(Debug)]
pub struct SentCopy<'a> {
    /// A Maildir, if it is a folder or ends in `/`, else an mbox. Made where it is missing.
    pub place: &'a Path,
    /// The name of the message in a Maildir, unique in it and without flags.
    pub name: &'a str,
    /// The present time, which an mbox tells.
    pub time: SystemTime,
    /// Fields that stand before those of the message, each line ended in CRLF.
    pub fields: &'a str,
    /// How long another program may hold an mbox.
    pub patience: Duration,
}

/// What stands at the place, or is to stand there.
#[derive(Debug, PartialEq, Eq)]
enum Form {
    Maildir,
    Mbox,
}

impl SentCopy<'_> {
    /// Writes the copy down and flushes it; gives what is worth saying.
    ///
    /// # Errors
    ///
    /// In words that name the place. Nothing of the copy is left there.
    pub fn keep(&self, envelope: &Envelope, message: &Message) -> Result<Vec<String>, String> {
        self.write(envelope, message).map_err(|verdict| match verdict.problem {
            // The words are about an input of the message.
            Some(Problem::Unreadable) => {
                format!("cannot write {}: {}", self.place.display(), verdict.sentence)
            }
            _ => verdict.sentence,
        })
    }

    fn write(&self, envelope: &Envelope, message: &Message) -> Result<Vec<String>, Verdict> {
        let mut write = |out: &mut dyn Write| {
            out.write_all(self.fields.as_bytes()).map_err(MessageError::Sink)?;
            message.write_to(out)
        };
        match form(self.place)? {
            Form::Mbox => {
                let opening = opening(envelope.reverse_path(), self.time);
                let said = mbox::append(self.place, &opening, self.patience, &mut write)?;
                Ok(said.into_iter().collect())
            }
            Form::Maildir => {
                let [temporary, _] = maildir(self.place).map_err(|error| unwritable(self.place, &error))?;
                // Who wrote it has seen it. `2,` begins the flags of the Maildir's convention.
                let target = self.place.join("cur").join(format!("{}:2,S", self.name));
                let written = temporary.join(self.name);
                put_into_maildir((&written, &target), message.size(), write)?;
                Ok(Vec::new())
            }
        }
    }
}

/// The form follows what is there; where nothing is, the name.
fn form(place: &Path) -> Result<Form, Verdict> {
    if place.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Ok(Form::Maildir);
    }
    match fs::metadata(place) {
        Ok(facts) if facts.is_file() => Ok(Form::Mbox),
        Ok(facts) if facts.is_dir() => {
            let is_maildir = ["cur", "new", "tmp"].iter().all(|name| place.join(name).is_dir());
            let words = "it is a folder and no Maildir; with a / at its end one is made there";
            if is_maildir { Ok(Form::Maildir) } else { Err(refused(place, words)) }
        }
        Ok(_) => Err(refused(place, "it is neither a file nor a folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Form::Mbox),
        Err(error) => Err(unwritable(place, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_what_is_there_and_then_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").unwrap();
        maildir(&at("mail")).unwrap();
        fs::create_dir_all(at("half/cur")).unwrap();
        for (name, wanted) in [
            ("file", Form::Mbox),
            ("new", Form::Mbox),
            ("new/", Form::Maildir),
            ("mail", Form::Maildir),
            ("half/", Form::Maildir),
        ] {
            assert_eq!(form(&at(name)).unwrap(), wanted, "{name}");
        }
        for (place, words) in [
            (at("half"), "half: it is a folder and no Maildir; with a / at its end one is made there"),
            ("/dev/null".into(), "/dev/null: it is neither a file nor a folder"),
            (at("file/x"), "x: not a directory"),
        ] {
            let sentence = form(&place).unwrap_err().sentence;
            assert!(sentence.ends_with(words), "{sentence}");
        }
    }
}
