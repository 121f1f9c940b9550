//! The face `sendmail`: the words that cron, PHP, git and monit give such a program. Which flag does what is a table; no
//! flag opens a file that argv names (CVE-2016-10033 had one written).

#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::cli::faces::getopt::{Token, Words};
use crate::cli::faces::{own_options, unknown_long};
use crate::cli::queue::{Chosen, QueueRequest, Task};
use crate::cli::request::{Body, Raw, Request, Source, no_recipient};
use crate::cli::rules::text;
use crate::cli::usage::{UsageError, shown};
use crate::cli::{Invocation, assemble};
use crate::mail::{EnvelopeId, Notify, Return, Warning, WarningKind};

const USAGE: &str = "usage: sendmail [-t] [-i] [-f ADDRESS] [-F NAME] [--] [RECIPIENT...] < message; \
                     man whippet-sendmail has the options";

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Send standard input.
    #[default]
    Deliver,
    /// Speak SMTP.
    Dialogue,
    /// Show the queue.
    List,
    /// Show whom the recipients are.
    Verify,
    /// Make the tables of aliases.
    Aliases,
    /// Run the queue.
    Run(Chosen),
}

/// What the words have said so far.
#[derive(Debug, Default)]
struct Said {
    mode: Mode,
    request: Request,
    reads_recipients: bool,
}

/// Reads the words of `sendmail`.
pub(in crate::cli) fn parse(words: &[OsString]) -> Result<Invocation, UsageError> {
    let mut said = Said::default();
    let words = match own_options("sendmail", words, &mut said.request)? {
        Ok(words) => words,
        Err(help) => return Ok(Invocation::Print(help)),
    };
    let mut words = Words::new(words);
    while let Some(token) = words.take() {
        match token {
            Token::Letter(letter) => said.letter(letter, &mut words).map_err(with_usage)?,
            Token::Long(name, _) => return Err(with_usage(unknown_long("sendmail -t", &name))),
            Token::Word(word) => said.recipient(word)?,
            Token::End => words.rest().iter().try_for_each(|word| said.recipient(word.clone()))?,
        }
    }
    said.invocation()
}

/// Whether a word is one of sendmail's options, as in `mailq -v`.
pub(in crate::cli) fn has_letters(words: &[OsString]) -> bool {
    words.iter().any(|word| matches!(word.as_bytes(), [b'-', letter, ..] if *letter != b'-'))
}

/// Reads the words of `mailq`, among which are such options.
pub(in crate::cli) fn list(words: &[OsString]) -> Result<Invocation, UsageError> {
    parse(&[words, &["-bp".into()]].concat())
}

/// Reads the words that `mail` hands on to a sendmail program, into the request of a mail.
pub(in crate::cli) fn handed_on(words: &[OsString], request: &mut Request) -> Result<(), UsageError> {
    let mut said = Said { request: std::mem::take(request), ..Said::default() };
    let mut words = Words::new(words);
    while let Some(token) = words.take() {
        match token {
            Token::Letter(letter) => said.letter(letter, &mut words)?,
            Token::Word(word) => said.recipient(word)?,
            Token::Long(name, _) => return Err(UsageError::unknown(&format!("--{name}"))),
            Token::End => words.rest().iter().try_for_each(|word| said.recipient(word.clone()))?,
        }
    }
    if said.mode != Mode::Deliver || said.reads_recipients {
        return Err(UsageError::usage(
            "behind the recipients of mail only -f, -F and such flags of sendmail count",
        ));
    }
    *request = said.request;
    Ok(())
}

impl Said {
    /// Takes a letter and its value.
    fn letter(&mut self, letter: u8, words: &mut Words<'_>) -> Result<(), UsageError> {
        let name = format!("-{}", shown(OsStr::from_bytes(&[letter])));
        let no_value = || UsageError::usage(format!("{name} needs a value"));
        match letter {
            b't' => self.reads_recipients = true,
            b'v' => self.request.verbose = self.request.verbose.max(1),
            b'I' => self.mode = Mode::Aliases,
            // A lone dot ends nothing here, and the rest is of no weight for a submission.
            b'i' | b'U' | b'G' | b'm' | b'n' | b'x' | b'c' => {}
            b'd' => drop(words.glued()),
            b'o' => self.option(words),
            b'q' => self.queue(words)?,
            b'h' | b'L' | b'p' | b'A' => drop(words.value().ok_or_else(no_value)?),
            b'f' | b'r' | b'F' | b'b' | b'B' | b'N' | b'R' | b'V' | b'X' | b'C' | b'O' | b'e' => {
                let value = words.value().ok_or_else(no_value)?;
                self.valued(letter, &name, value)?;
            }
            _ => return Err(UsageError::usage(format!("unknown option {name}"))),
        }
        Ok(())
    }

    fn valued(&mut self, letter: u8, name: &str, value: OsString) -> Result<(), UsageError> {
        let refused = || UsageError::usage(format!("{name} does not take `{}`", shown(&value)));
        let request = &mut self.request;
        match letter {
            b'f' | b'r' => request.reverse_path = Some(reverse_path(name, value)?),
            b'F' => request.realname = Some(value),
            b'b' => self.mode = mode(&value)?,
            b'B' if !["7BIT", "8BITMIME"].iter().any(|word| value.eq_ignore_ascii_case(word)) => {
                return Err(refused());
            }
            b'e' if !matches!(value.as_bytes(), [b'm' | b'p' | b'q' | b'e' | b'w']) => return Err(refused()),
            b'N' => {
                let notify = Notify::parse(&text(name, value)?);
                request.wishes.notify =
                    Some(notify.map_err(|error| UsageError::usage(format!("{name}: {error}")))?);
            }
            b'R' => {
                // Sendmail 8 says hdrs, Postfix and exim others.
                let word = match value.to_ascii_lowercase().as_bytes() {
                    b"full" | b"return" => "full",
                    b"hdrs" | b"headers" => "headers",
                    _ => return Err(refused()),
                };
                request.wishes.returned = Return::parse(word).ok();
            }
            b'V' => {
                let id = EnvelopeId::parse(&text(name, value)?);
                let id = id.map_err(|error| UsageError::usage(format!("{name}: {error}")))?;
                request.wishes.envelope_id = Some(id);
            }
            b'X' if value.as_bytes().first() == Some(&b'V') && value.len() <= 3 => {
                return Err(UsageError::usage(
                    "-XV: whippet does not write envelope senders for each recipient (VERP)",
                ));
            }
            b'X' => self.note("-X is ignored: no log is written to a file that argv names"),
            b'C' => self.note("-C is ignored: argv does not choose the configuration of sendmail"),
            b'O' if value.eq_ignore_ascii_case("REQUIRETLS=yes") => request.wishes.require_tls = true,
            _ => {}
        }
        Ok(())
    }

    /// `-oX…` is of no weight; a lone `-o` swallows one word, as getopt does.
    fn option(&mut self, words: &mut Words<'_>) {
        if words.glued().is_empty() {
            words.word();
        }
    }

    /// `-q`, `-qIID`, `-qRTEXT`, `-qSTEXT`, `-q30m`.
    fn queue(&mut self, words: &mut Words<'_>) -> Result<(), UsageError> {
        let glued = text("-q", words.glued())?;
        let mut chosen = Chosen::default();
        let mut interval = glued.starts_with(|c: char| c.is_ascii_digit());
        match glued.split_at_checked(1) {
            None => {
                let is_interval = |word: &OsStr| word.as_bytes().first().is_some_and(u8::is_ascii_digit);
                interval = words.next().is_some_and(is_interval);
                if interval {
                    words.word();
                }
            }
            Some(("I", id)) if !id.is_empty() => chosen.ids.push(id.to_owned()),
            Some(("R", part)) if !part.is_empty() => chosen.to = Some(part.to_owned()),
            Some(("S", part)) if !part.is_empty() => chosen.from = Some(part.to_owned()),
            Some(_) if interval => {}
            Some(_) => {
                return Err(UsageError::usage(format!("-q does not take `{}`", shown(OsStr::new(&glued)))));
            }
        }
        if interval {
            self.note("-q: the queue is run once: whippet queue install has it run again and again");
        }
        self.mode = Mode::Run(chosen);
        Ok(())
    }

    fn recipient(&mut self, word: OsString) -> Result<(), UsageError> {
        let word = text("a recipient", word)?;
        if !word.trim().is_empty() {
            self.request.recipients.push(word);
        }
        Ok(())
    }

    fn note(&mut self, words: &str) {
        self.request.warnings.push(Warning::new(WarningKind::IGNORED_OPTION, words));
    }

    fn invocation(self) -> Result<Invocation, UsageError> {
        let Said { mode, mut request, reads_recipients } = self;
        let has_nobody = request.recipients.is_empty();
        let queue = |task, request: Request| {
            let json = request.json;
            Ok(Invocation::Queue(Box::new(QueueRequest { settings: Box::new(request), json, task })))
        };
        request.is_last_try = true;
        request.body = Body::Empty;
        match mode {
            Mode::Deliver => {
                if has_nobody && !reads_recipients {
                    return Err(with_usage(UsageError { hint: None, ..no_recipient() }));
                }
                request.raw = Some(Raw { source: Source::Stdin, reads_recipients });
                assemble::check_addresses(&request)?;
                Ok(Invocation::Send(Box::new(request)))
            }
            Mode::Verify if has_nobody => Err(with_usage(UsageError { hint: None, ..no_recipient() })),
            Mode::Verify => Ok(Invocation::Verify(Box::new(request))),
            Mode::Dialogue if !has_nobody => {
                Err(UsageError::usage("-bs takes no recipients: the dialogue on standard input names them"))
            }
            Mode::Dialogue => Ok(Invocation::Dialogue(Box::new(request))),
            Mode::List => queue(Task::List(Chosen::default()), request),
            Mode::Aliases => {
                let words = "there is no table of aliases to make: alias files are read when a mail is sent";
                Ok(Invocation::Note(words.to_owned()))
            }
            Mode::Run(chosen) => {
                let run = Task::Run { now: false, watch: false, after_send: false, chosen };
                queue(run, request)
            }
        }
    }
}

/// The reverse-path of `-f`; an address may have a name beside it.
pub(in crate::cli) fn reverse_path(name: &str, value: OsString) -> Result<String, UsageError> {
    let path = text(name, value)?;
    let is_null = matches!(path.trim(), "" | "<>") || path.trim().eq_ignore_ascii_case("MAILER-DAEMON");
    Ok(if is_null { "<>".to_owned() } else { path })
}

fn mode(value: &OsStr) -> Result<Mode, UsageError> {
    Ok(match value.as_bytes() {
        b"m" => Mode::Deliver,
        b"s" => Mode::Dialogue,
        b"p" => Mode::List,
        b"v" => Mode::Verify,
        b"i" => Mode::Aliases,
        other => {
            let error = UsageError::usage(format!("-b{} is not among what whippet does", shown(value)));
            return Err(match other {
                b"d" | b"l" | b"D" | b"a" => {
                    error.with_hint("no daemon is needed: whippet queue install has the queue run")
                }
                _ => error,
            });
        }
    })
}

fn with_usage(error: UsageError) -> UsageError {
    let hint = error.hint.clone().unwrap_or_else(|| USAGE.to_owned());
    error.with_hint(hint)
}
