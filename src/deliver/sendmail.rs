//! The route through another `sendmail` program: recipients in argv, the message on its standard input.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::deliver::lines::LineFeeds;
use crate::deliver::{Transport, in_words, unmet};
use crate::mail::{Envelope, Problem, Report, Return, SessionFacts, Stage, Verdict};
use crate::mime::{Message, MessageError};
use crate::sys::{Blocks, Child, Ended, Run, RunError};

/// The variable that names the programs which the mail was handed to on its way here, a line each.
const PASSED: &str = "WHIPPET_PASSED";

/// The transport that runs a sendmail program, which must not be whippet itself.
pub struct Sendmail<'a> {
    /// Program and its own arguments, without those for this message.
    pub command: Vec<OsString>,
    /// Variables that hold a secret and are kept from the child.
    pub without: Vec<String>,
    /// The programs which the mail was handed to on its way here.
    pub passed: Vec<PathBuf>,
    /// How long it may take no input, or not end once it has all of it.
    pub patience: Duration,
    /// Who runs it.
    pub run: &'a dyn Run,
}

impl std::fmt::Debug for Sendmail<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sendmail").field("command", &self.command).finish_non_exhaustive()
    }
}

impl Sendmail<'_> {
    /// The first sendmail program that is installed and is not `ourselves`.
    pub fn find(ourselves: Option<&Path>) -> Option<PathBuf> {
        const PLACES: [&str; 3] = ["/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/bin/sendmail"];
        PLACES.iter().map(PathBuf::from).find(|path| path.exists() && !is_same_file(path, ourselves))
    }

    /// The programs which the mail was handed to on its way here. One that is asked again leads back: it is a script that
    /// calls us.
    pub fn passed(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
        let list = variable(PASSED).unwrap_or_default();
        list.as_bytes().split(|octet| *octet == b'\n').map(|path| OsStr::from_bytes(path).into()).collect()
    }

    fn child(&self, envelope: &Envelope) -> Child {
        let mut argv = self.command.clone();
        let reverse_path = envelope.reverse_path().map_or_else(|| "<>".to_owned(), ToString::to_string);
        argv.extend(["-i", "-f"].map(OsString::from));
        argv.push(reverse_path.into());
        // Sendmail, Postfix and Exim know these; a program that does not says so and takes nothing.
        let wishes = envelope.wishes();
        if let Some(notify) = wishes.notify {
            argv.extend(["-N".into(), notify.to_string().into()]);
        }
        if let Some(returned) = wishes.returned {
            argv.extend(["-R", if returned == Return::Full { "full" } else { "hdrs" }].map(OsString::from));
        }
        if let Some(id) = &wishes.envelope_id {
            argv.extend(["-V".into(), id.as_str().into()]);
        }
        argv.push("--".into());
        argv.extend(envelope.recipients().iter().map(|recipient| OsString::from(recipient.to_string())));
        let passed = self.passed.iter().map(|path| path.as_os_str()).chain([self.command[0].as_os_str()]);
        let with = vec![(PASSED, passed.collect::<Vec<_>>().join(OsStr::new("\n")))];
        Child { argv, without: self.without.clone(), with, patience: self.patience, is_group: true }
    }

    fn hand_over(&self, envelope: &Envelope, message: &Message) -> Verdict {
        let mut unreadable = None;
        let ended = self.run.run(
            &self.child(envelope),
            Some(&mut |input| {
                let mut lines = LineFeeds(Blocks::new(input, 0));
                let written = message.write_to(&mut lines).map_err(|error| match error {
                    MessageError::Sink(error) => error,
                    other => {
                        unreadable = Some(in_words(&other));
                        io::Error::other("the message cannot be read")
                    }
                });
                written.and_then(|()| lines.flush())
            }),
        );
        match (unreadable, ended) {
            (Some(words), _) => {
                let sentence = format!("the message was not sent to its end: {words}");
                Verdict::deferred(Stage::Local, Problem::Unreadable, sentence).with_status(4, 3, 0)
            }
            (None, Ok(ended)) => self.judge(&ended),
            (None, Err(error @ RunError::Late { .. })) => {
                Verdict::deferred(Stage::Local, Problem::TimedOut, in_words(&error)).with_status(4, 3, 0)
            }
            (None, Err(error)) => {
                Verdict::failed(Stage::Local, Problem::Program, in_words(&error)).with_status(5, 3, 0)
            }
        }
    }

    fn judge(&self, ended: &Ended) -> Verdict {
        let program = self.command[0].to_string_lossy();
        if ended.status.success() && ended.input_taken {
            return Verdict::accepted(Stage::Local, format!("accepted by {program}"));
        }
        let mut sentence = match ended.status.code() {
            Some(0) => format!("{program} ended well, but did not take the whole message"),
            Some(code) => format!("{program} ended with exit code {code}"),
            None => format!("{program} ended with {}", ended.status),
        };
        let words = ended.stderr.trim();
        if !words.is_empty() {
            sentence.push_str(&format!(" and said: {words}"));
        }
        match ended.status.code() {
            Some(0) => Verdict {
                in_doubt: true,
                ..Verdict::deferred(Stage::Local, Problem::Program, sentence).with_status(4, 3, 0)
            },
            // 75 is EX_TEMPFAIL of sysexits.h; a program that was killed may live longer the next time.
            Some(75) | None => {
                Verdict::deferred(Stage::Local, Problem::ProgramExit(75), sentence).with_status(4, 3, 0)
            }
            Some(code) => {
                Verdict::failed(Stage::Local, Problem::ProgramExit(code), sentence).with_status(5, 3, 0)
            }
        }
    }
}

/// Whether `path` leads to `ourselves`, by whatever name or link.
pub(crate) fn is_same_file(path: &Path, ourselves: Option<&Path>) -> bool {
    let identity = |path: &Path| path.metadata().map(|facts| (facts.dev(), facts.ino())).ok();
    ourselves.is_some_and(|ourselves| identity(path).is_some() && identity(path) == identity(ourselves))
}

impl Transport for Sendmail<'_> {
    fn deliver(&mut self, envelope: &Envelope, message: &Message) -> Report {
        let host = self.command[0].to_string_lossy().into_owned();
        let facts = SessionFacts { host: host.clone(), ..SessionFacts::default() };
        let verdict = unmet(envelope, &host).unwrap_or_else(|| self.hand_over(envelope, message));
        Report::settle(envelope, facts, |_, recipient| verdict.outcome(recipient, &host))
    }
}
