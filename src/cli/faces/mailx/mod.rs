//! The face `mail`: the options of bsd-mailx, s-nail and mailutils, as scripts use them to send. Nothing in the text is a
//! command: a report may hold lines that begin with `~`.

mod field;
mod set;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::cli::args::EmptyBody;
use crate::cli::faces::getopt::{Token, Words};
use crate::cli::faces::sendmail;
use crate::cli::faces::{help, own_options, unknown_long};
use crate::cli::request::{Attachment, Body, Doubtful, Include, Raw, Request, Source, no_recipient};
use crate::cli::rules::{self, text};
use crate::cli::usage::{UsageError, shown};
use crate::cli::{Invocation, assemble, version};
use crate::mail::{Warning, WarningKind};

const USAGE: &str = "usage: mail [-s SUBJECT] [-c ADDRESS] [-b ADDRESS] [-r ADDRESS] [-a FILE] [-A FILE] RECIPIENT... < text; \
                     man whippet-mail has the options";

/// Reads the words of `mail`.
pub(in crate::cli) fn parse(words: &[OsString]) -> Result<Invocation, UsageError> {
    let mut mail = Mail::default();
    let words = match own_options("mail", words, &mut mail.request)? {
        Ok(words) => words,
        Err(help) => return Ok(Invocation::Print(help)),
    };
    mail.request.edit = Some(false);
    let mut words = Words::new(words);
    while let Some(token) = words.take() {
        match token {
            Token::Letter(b'V') => return Ok(Invocation::Print(version(false))),
            Token::Letter(b'h') => return Ok(Invocation::Print(help::mail())),
            Token::Letter(letter) => mail.letter(letter, &mut words).map_err(with_usage)?,
            Token::Long(name, value) => match name.as_str() {
                "version" => return Ok(Invocation::Print(version(false))),
                "help" => return Ok(Invocation::Print(help::mail())),
                _ => mail.long(&name, value, &mut words).map_err(with_usage)?,
            },
            Token::Word(word) => mail.recipient(word)?,
            Token::End => mail.end(&mut words)?,
        }
    }
    mail.invocation()
}

/// Whether a word of `-a` for which there is no file may be a field: its name is one.
pub fn may_be_field(word: &OsStr) -> bool {
    field::name(word).is_some()
}

/// Adds the field of a word `Name:value` of this option.
pub fn add_field(request: &mut Request, option: &str, word: &OsStr) -> Result<(), UsageError> {
    let (name, value) = rules::header_parts(option, word)?;
    field::add(request, option, name, value)
}

/// What the words have said so far.
#[derive(Debug, Default)]
struct Mail {
    request: Request,
    reads_fields: bool,
    /// The type for the next attachment.
    media_type: Option<String>,
    /// Its name.
    file_name: Option<String>,
    /// What `-S` says of a login.
    login: set::Login,
}

impl Mail {
    /// Takes a letter and its value.
    fn letter(&mut self, letter: u8, words: &mut Words<'_>) -> Result<(), UsageError> {
        let name = format!("-{}", shown(OsStr::from_bytes(&[letter])));
        let no_value = || UsageError::usage(format!("{name} needs a value"));
        match letter {
            b's' | b'c' | b'b' | b'r' | b'a' | b'A' | b'S' | b'C' | b'T' | b'q' | b'm' | b'X' | b'Y'
            | b':' => {
                let value = words.value().ok_or_else(no_value)?;
                self.valued(letter, &name, value)?;
            }
            b'E' => self.drop_empty(words),
            b'M' => {
                let is_type =
                    |word: &OsStr| word.as_bytes().contains(&b'/') && !word.as_bytes().starts_with(b"-");
                let glued = words.glued();
                let value = if glued.is_empty() && words.next().is_some_and(is_type) {
                    words.word()
                } else {
                    Some(glued)
                };
                let value = value.filter(|value| is_type(value));
                self.request.body_type = value.map(|value| rules::media_type("-M", value)).transpose()?;
            }
            b't' => self.reads_fields = true,
            b'd' => self.request.dry_run = true,
            b'v' => self.request.verbose = self.request.verbose.max(1),
            b'i' | b'n' | b'N' | b'I' | b'B' | b'D' | b'.' | b'#' => {}
            b'e' | b'f' | b'H' | b'L' | b'p' | b'R' | b'u' => {
                return Err(UsageError::usage(format!(
                    "{name} concerns mailboxes: whippet does not read mail"
                )));
            }
            b'~' => {
                return Err(UsageError::usage("-~ is refused: a line of the text is never a command"));
            }
            b'F' => {
                return Err(UsageError::usage("-F is refused: no copy is named after a recipient"))
                    .map_err(|error| error.with_hint("fcc in the profile keeps a copy of what is sent"));
            }
            _ => return Err(UsageError::usage(format!("unknown option {name}"))),
        }
        Ok(())
    }

    fn valued(&mut self, letter: u8, name: &str, value: OsString) -> Result<(), UsageError> {
        match letter {
            b's' => {
                rules::one_line(name, "a subject", &value)?;
                self.request.subject = Some(value);
            }
            b'c' => assemble::add_list(&mut self.request.cc, text(name, value)?),
            b'b' => assemble::add_list(&mut self.request.bcc, text(name, value)?),
            b'r' => self.author(name, value)?,
            b'a' => self.attach_or_field(value)?,
            b'A' => self.request.doubtful.push(Doubtful::FileOrProfile(rules::path(name, value)?)),
            b'S' => set::set(self, name, &value)?,
            b'X' | b'Y' => set::command(self, name, &value)?,
            b'C' => {
                let (field, value) = rules::header_parts(name, &value)?;
                field::add(&mut self.request, name, field, value)?;
            }
            b'T' => {
                let (field, value) = rules::header_parts(name, &value)?;
                if !["to", "cc", "bcc"].iter().any(|one| field.eq_ignore_ascii_case(one)) {
                    let words = format!("{name} names recipients, as 'to: you@example.org', not {field}");
                    return Err(UsageError::usage(words));
                }
                field::add(&mut self.request, name, field, value)?;
            }
            b'q' => self.request.include = Some(Include::File(rules::path(name, value)?.into())),
            b'm' => self.request.body = Body::File(rules::path(name, value)?.into()),
            _ => {}
        }
        Ok(())
    }

    /// The long options of mailutils.
    fn long(&mut self, name: &str, value: Option<OsString>, words: &mut Words<'_>) -> Result<(), UsageError> {
        let option = format!("--{name}");
        let mut valued = || {
            let no_value = || UsageError::usage(format!("{option} needs a value"));
            value.clone().or_else(|| words.word()).ok_or_else(no_value)
        };
        match name {
            "subject" => self.valued(b's', "--subject", valued()?),
            "return-address" => self.author("--return-address", valued()?),
            "to" => {
                self.reads_fields = true;
                Ok(())
            }
            "append" => {
                let (field, value) = rules::header_parts(&option, &valued()?)?;
                field::add(&mut self.request, &option, field, value)
            }
            "attach" => {
                let file = rules::path(&option, valued()?)?;
                self.attach(file);
                Ok(())
            }
            "content-type" => {
                self.media_type = Some(rules::attachment_type(&option, valued()?)?);
                Ok(())
            }
            "content-filename" => {
                self.file_name = Some(rules::attachment_name(&option, &valued()?)?);
                Ok(())
            }
            "alternative" => Err(UsageError::usage("--alternative is refused")
                .with_hint("whippet --html FILE makes a mail whose text has two forms")),
            _ => Err(unknown_long("mail -s SUBJECT RECIPIENT", name)),
        }
    }

    /// `-E` drops an empty mail; mailutils gives it a command, which scripts use for `set escape`.
    fn drop_empty(&mut self, words: &mut Words<'_>) {
        let is_command =
            |word: &OsStr| [&b"set "[..], b"unset "].iter().any(|start| word.as_bytes().starts_with(start));
        if words.next().is_some_and(is_command) {
            words.word();
        } else {
            self.request.empty_body = Some(EmptyBody::Drop);
        }
    }

    /// `-r`: author and reverse-path.
    fn author(&mut self, name: &str, value: OsString) -> Result<(), UsageError> {
        let author = text(name, value)?;
        self.request.reverse_path = Some(author.clone());
        self.request.from = Some(author);
        Ok(())
    }

    /// `-a`: a field for bsd-mailx and mailutils, a file for s-nail.
    fn attach_or_field(&mut self, word: OsString) -> Result<(), UsageError> {
        match field::form(&word) {
            field::Form::Field => {
                let (name, value) = rules::header_parts("-a", &word)?;
                field::add(&mut self.request, "-a", name, value)
            }
            field::Form::Doubtful => {
                self.request.doubtful.push(Doubtful::FileOrField(rules::path("-a", word)?));
                Ok(())
            }
        }
    }

    fn attach(&mut self, file: OsString) {
        let (name, media_type) = (self.file_name.take(), self.media_type.take());
        let source = Source::File(file.into());
        self.request.attachments.push(Attachment { source, name, media_type, from_list: false });
    }

    fn recipient(&mut self, word: OsString) -> Result<(), UsageError> {
        let word = text("a recipient", word)?;
        if !word.trim().is_empty() {
            self.request.recipients.push(word);
        }
        Ok(())
    }

    /// Behind the recipients, `--` and an option hand the rest to sendmail (s-nail); else `--` only ends the options.
    fn end(&mut self, words: &mut Words<'_>) -> Result<(), UsageError> {
        let is_option = words.next().is_some_and(|word| word.as_bytes().starts_with(b"-"));
        let rest = words.rest();
        if is_option && !self.request.recipients.is_empty() {
            sendmail::handed_on(rest, &mut self.request)?;
            if let Some(path) = self.request.reverse_path.clone().filter(|path| path != "<>") {
                self.request.from.get_or_insert(path);
            }
            return Ok(());
        }
        rest.iter().try_for_each(|word| self.recipient(word.clone()))
    }

    fn invocation(mut self) -> Result<Invocation, UsageError> {
        self.login.settle(&mut self.request)?;
        let request = &mut self.request;
        // Where it is no file, a word may name the only recipient.
        let may_name_somebody = request
            .doubtful
            .iter()
            .any(|word| matches!(word, Doubtful::FileOrField(word) if field::names_recipients(word)));
        if !self.reads_fields && !may_name_somebody && request.require_somebody().is_err() {
            return Err(with_usage(UsageError { hint: None, ..no_recipient() }));
        }
        if self.reads_fields {
            let is_more =
                request.subject.is_some() || !request.attachments.is_empty() || !request.headers.is_empty();
            if is_more || !request.doubtful.is_empty() {
                return Err(UsageError::usage(
                    "-t takes the fields from the message: no other option adds any",
                ));
            }
            request.raw = Some(Raw { source: Source::Stdin, reads_recipients: true });
            request.body = Body::Empty;
        }
        request.is_last_try = true;
        if request.from.is_some() && request.realname.is_some() {
            let words = "a name of the author is not used beside -r";
            request.warnings.push(Warning::new(WarningKind::IGNORED_OPTION, words));
        }
        assemble::check_addresses(request)?;
        Ok(Invocation::Send(Box::new(self.request)))
    }
}

fn with_usage(error: UsageError) -> UsageError {
    let hint = error.hint.clone().unwrap_or_else(|| USAGE.to_owned());
    error.with_hint(hint)
}
