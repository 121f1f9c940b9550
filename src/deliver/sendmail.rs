//! The route through another `sendmail` program: recipients in argv, the message on its standard input.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::deliver::{Transport, in_words};
use crate::mail::{Envelope, Problem, Report, SessionFacts, Stage, Verdict};
use crate::mime::{Message, MessageError};
use crate::sys::{Child, Run};

/// The transport that runs a sendmail program, which must not be whippet itself.
pub struct Sendmail<'a> {
    /// Program and its own arguments, without those for this message.
    pub command: Vec<OsString>,
    /// Variables that hold a secret and are kept from the child.
    pub without: Vec<String>,
    /// Who runs it.
    pub run: &'a dyn Run,
}

impl std::fmt::Debug for Sendmail<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sendmail").field("command", &self.command).finish_non_exhaustive()
    }
}

impl Sendmail<'_> {
    /// The first sendmail program that is installed and is not the running program under another name.
    pub fn find(ourselves: Option<PathBuf>) -> Option<PathBuf> {
        const PLACES: [&str; 3] = ["/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/bin/sendmail"];
        let ourselves = ourselves.and_then(|path| path.canonicalize().ok());
        PLACES.iter().map(PathBuf::from).find(|path| match path.canonicalize() {
            Ok(target) => {
                Some(&target) != ourselves.as_ref() && target.file_name() != Some("whippet".as_ref())
            }
            Err(_) => false,
        })
    }

    fn child(&self, envelope: &Envelope) -> Child {
        let mut argv = self.command.clone();
        let reverse_path = envelope.reverse_path().map_or_else(|| "<>".to_owned(), ToString::to_string);
        argv.extend(["-i", "-f"].map(OsString::from));
        argv.push(reverse_path.into());
        argv.push("--".into());
        argv.extend(envelope.recipients().iter().map(|recipient| OsString::from(recipient.to_string())));
        Child { argv, without: self.without.clone(), limit: None }
    }

    fn hand_over(&self, envelope: &Envelope, message: &Message) -> Verdict {
        let child = self.child(envelope);
        let mut unreadable = None;
        let ended = self.run.run(
            &child,
            Some(&mut |input| {
                let mut lines = LineFeeds(input);
                message.write_to(&mut lines).map_err(|error| match error {
                    MessageError::Sink(error) => error,
                    other => {
                        unreadable = Some(in_words(&other));
                        std::io::Error::other("the message cannot be read")
                    }
                })
            }),
        );
        if let Some(words) = unreadable {
            let sentence = format!("the message was not sent to its end: {words}");
            return Verdict::deferred(Stage::Local, Problem::Unreadable, sentence).with_status(4, 3, 0);
        }
        match ended {
            Ok(ended) if ended.status.success() => Verdict::accepted(Stage::Local, "accepted by the program"),
            Ok(ended) => {
                let code = ended.status.code().unwrap_or(70);
                let program = self.command[0].to_string_lossy();
                let mut sentence = match ended.status.code() {
                    Some(code) => format!("{program} ended with exit code {code}"),
                    None => format!("{program} ended with {}", ended.status),
                };
                let words = ended.stderr.trim();
                if !words.is_empty() {
                    sentence.push_str(&format!(" and said: {words}"));
                }
                let problem = Problem::ProgramExit(code);
                // 75 is EX_TEMPFAIL of sysexits.h: the one code that asks for another try.
                if code == 75 {
                    Verdict::deferred(Stage::Local, problem, sentence).with_status(4, 3, 0)
                } else {
                    Verdict::failed(Stage::Local, problem, sentence).with_status(5, 3, 0)
                }
            }
            Err(error) => {
                Verdict::failed(Stage::Local, Problem::Program, in_words(&error)).with_status(5, 3, 0)
            }
        }
    }
}

impl Transport for Sendmail<'_> {
    fn deliver(&mut self, envelope: &Envelope, message: &Message) -> Report {
        let host = self.command[0].to_string_lossy().into_owned();
        let facts = SessionFacts { host: host.clone(), ..SessionFacts::default() };
        let verdict = self.hand_over(envelope, message);
        Report::settle(envelope, facts, |_, recipient| verdict.outcome(recipient, &host))
    }
}

/// Local programs want lines that end in LF: turns each CRLF into LF.
struct LineFeeds<W>(W);

impl<W: std::io::Write> std::io::Write for LineFeeds<W> {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        // A message holds CR only before LF, so that every CR can go.
        for piece in octets.split(|&octet| octet == b'\r') {
            self.0.write_all(piece)?;
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
