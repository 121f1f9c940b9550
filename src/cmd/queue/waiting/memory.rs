//! What a mail is known by when it is handed in once more: the word that its sender gave it, its content, and whom it is from
//! and to. The memory of it is locked from the question to the answer.
//!
//! The content is what was given and not what is made of it: the text, however its lines end, its type and charset, the
//! subject, the fields of `--header`, the other forms of the text, and of each attachment its name, its type and its octets. Date, Message-ID and boundaries
//! are new each time and play no part.

use std::time::UNIX_EPOCH;

use crate::cli::Request;
use crate::cmd::queue::spool::{create, rules};
use crate::cmd::route::Route;
use crate::cmd::{Exit, Failure, World};
use crate::config::Settings;
use crate::mail::{Envelope, Fate, Report, SessionFacts, Stage, Verdict};
use crate::mime::{Body, Draft, MessageError};
use crate::spool::{ContentDigest, Hit, Id, Key, Once, OnceError, RecallError, Store, SubmitError, Token};
use crate::sys::reason;

/// By what a mail is known again, if by anything, and the lock on the memory of it.
#[derive(Default)]
pub(in crate::cmd) struct Memory {
    key: Option<Key>,
    window_s: u64,
    once: Option<Once<'static>>,
    is_asked: bool,
    /// The mail was something already.
    pub(in crate::cmd) is_known: bool,
    /// What is worth saying: without its memory the mail goes all the same.
    pub(in crate::cmd) warnings: Vec<String>,
}

impl Memory {
    /// Of a mail that is about to be composed.
    pub(in crate::cmd) fn of(
        request: &Request,
        settings: &Settings,
        envelope: &Envelope,
        draft: &Draft,
    ) -> Result<Self, Failure> {
        let mut memory = Memory { window_s: rules(settings).submit_once_s, ..Memory::default() };
        let Some(word) = request.idempotency_key.as_deref().filter(|_| !request.resend) else {
            return Ok(memory);
        };
        if memory.window_s == 0 {
            memory.warnings.push("--idempotency-key has no effect: spool.submit_once is off".to_owned());
            return Ok(memory);
        }
        let content = content(draft)?;
        let token = Token::Idempotency(word);
        memory.key = Some(Key::new(envelope.reverse_path(), token, content, envelope.recipients()));
        Ok(memory)
    }

    /// What stands in the entry.
    pub(super) fn key(&self) -> Option<[u8; 32]> {
        self.key.map(Key::octets)
    }

    /// Asks before anything is connected what the mail is already. What writes a file each time is not asked for.
    pub(in crate::cmd) fn ask(
        &mut self,
        route: &Route,
        settings: &Settings,
        world: &World<'_>,
    ) -> Result<Option<Hit>, Failure> {
        if !matches!(route, Route::SmartHost(_) | Route::Fallback(_) | Route::Sendmail(_)) {
            self.key = None;
        }
        if self.key.is_none() {
            return Ok(None);
        }
        let store = match create(settings, world) {
            Ok(store) => store,
            Err(failure) => {
                let words = failure.complaints.first().map(|one| one.headline.clone()).unwrap_or_default();
                self.forgo(&words);
                return Ok(None);
            }
        };
        match self.ask_in(&store, now_s(world)) {
            Err(SubmitError::Before(hit)) => Ok(Some(hit)),
            Err(error) => Err(Failure::plain(Exit::TempFail, error.to_string())),
            Ok(()) => Ok(None),
        }
    }

    /// Asks, unless that is done; a mail that is something already is an error.
    fn ask_in(&mut self, store: &Store<'static>, now_s: u64) -> Result<(), SubmitError> {
        let Some(key) = self.key.filter(|_| !self.is_asked) else { return Ok(()) };
        match store.recall(key, self.window_s, now_s) {
            Ok((_, Some(hit))) => {
                self.is_known = true;
                return Err(SubmitError::Before(hit));
            }
            Ok((once, None)) => self.once = Some(once),
            Err(RecallError::Once(OnceError::Busy)) => return Err(SubmitError::Busy),
            Err(RecallError::Once(OnceError::Storage(error))) => self.forgo(&reason(&error)),
            Err(RecallError::Unflushed(error)) => return Err(SubmitError::Storage(error)),
        }
        self.is_asked = true;
        Ok(())
    }

    /// The mail is about to get its name in the queue: asks, and notes it as queued.
    pub(super) fn claim(&mut self, store: &Store<'static>, id: Id, now_s: u64) -> Result<(), SubmitError> {
        self.ask_in(store, now_s)?;
        let noted = self.once.as_ref().map_or(Ok(()), |once| once.queued(id));
        noted.unwrap_or_else(|error| self.forgo(&reason(&error)));
        Ok(())
    }

    /// Notes that all recipients were accepted without the queue.
    pub(in crate::cmd) fn note(&mut self, report: &Report, world: &World<'_>) {
        let is_accepted = report.outcomes().iter().all(|outcome| outcome.fate == Fate::Accepted);
        let Some(once) = self.once.as_ref().filter(|_| is_accepted) else { return };
        let noted = Id::new(world.clock.now(), world.random).and_then(|id| once.sent(id));
        noted.unwrap_or_else(|error| self.forgo(&reason(&error)));
    }

    /// The answer is given.
    pub(in crate::cmd) fn release(&mut self) {
        self.once = None;
    }

    fn forgo(&mut self, why: &str) {
        self.is_asked = true;
        self.warnings.push(format!("whether this mail was sent before is not known: {why}"));
    }
}

/// What is told of a mail that is something already, and the id in the queue if it waits there.
pub(in crate::cmd) fn answered(envelope: &Envelope, hit: Hit) -> (Report, Option<Id>) {
    let (fate, words, id) = match hit {
        Hit::Waiting(id) => (Fate::Queued, format!("already queued as {id}"), Some(id)),
        Hit::Accepted(id) => (Fate::Accepted, format!("already accepted as {id}"), None),
    };
    let verdict = Verdict { fate, ..Verdict::accepted(Stage::Local, words.clone()) };
    let mut report = Report::settle(envelope, SessionFacts::default(), |_, recipient| {
        verdict.outcome(recipient, "the queue")
    });
    if id.is_none() {
        report.warnings.push(format!("{words}, and not sent again; --resend sends it all the same"));
    }
    (report, id)
}

fn now_s(world: &World<'_>) -> u64 {
    world.clock.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The digest of what was given.
fn content(draft: &Draft) -> Result<[u8; 32], MessageError> {
    let mut all = ContentDigest::default();
    // Each piece has its kind and its length before it, so that none can be taken for two.
    let mut piece = |kind: &str, octets: &[u8]| {
        all.update(format!("{kind} {}\n", octets.len()).as_bytes());
        all.update(octets);
    };
    piece("text", &hex(&text_digest(&draft.body)?));
    if let Some(html) = &draft.html {
        let digest = match html.charset {
            None => text_digest(&html.body)?,
            Some(_) => made_digest(&html.body, &draft.message_id)?,
        };
        piece("html", &hex(&digest));
    }
    if let Some(calendar) = &draft.calendar {
        piece("calendar", &hex(&text_digest(&calendar.body)?));
    }
    for inline in &draft.inlines {
        piece("inline", inline.attachment.name.as_deref().unwrap_or_default().as_bytes());
        piece("octets", &hex(&inline.attachment.source.sha256()?));
    }
    piece("type", draft.body_type.as_bytes());
    piece("charset", draft.charsets.declared.map_or("", |charset| charset.name()).as_bytes());
    piece("subject", draft.subject.as_ref().map(|subject| subject.octets()).unwrap_or_default());
    for (name, value) in &draft.fields {
        piece("field", name.as_bytes());
        piece("value", value.octets());
    }
    if let Some(given) = &draft.given {
        piece("given", &hex(&given.sha256()?));
    }
    for attachment in &draft.attachments {
        piece("name", attachment.name.as_deref().unwrap_or_default().as_bytes());
        piece("type", attachment.media_type.as_deref().unwrap_or_default().as_bytes());
        piece("octets", &hex(&attachment.source.sha256()?));
    }
    Ok(all.finish())
}

/// The digest of a text, however its lines end.
fn text_digest(body: &Body) -> Result<[u8; 32], MessageError> {
    let mut digest = ContentDigest::default();
    body.each_block(&mut |octets| {
        digest.update(octets);
        Ok(())
    })?;
    Ok(digest.finish())
}

/// The same of an HTML text that was made here, and names its pictures by the Message-ID, which is new each time.
fn made_digest(body: &Body, message_id: &str) -> Result<[u8; 32], MessageError> {
    let mut octets = Vec::new();
    body.each_block(&mut |block| {
        octets.extend_from_slice(block);
        Ok(())
    })?;
    let text = String::from_utf8_lossy(&octets).replace(message_id.trim_matches(['<', '>']), "");
    text_digest(&text.as_str().into())
}

/// In digits: what is digested as lines has no octet that could be a line end.
fn hex(octets: &[u8]) -> Vec<u8> {
    octets.iter().flat_map(|octet| format!("{octet:02x}").into_bytes()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mail::{Address, Mailbox};
    use crate::mime::{Attachment, Given, Html, Source, Text};

    fn draft(text: &str) -> Draft {
        let date = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
        let from = Mailbox::from(Address::parse("a@example.org").unwrap());
        Draft { body: text.into(), ..Draft::new(from, date, "<1@example.org>".into()) }
    }

    #[test]
    fn what_was_given_counts_and_what_is_made_anew_does_not() {
        let of = |draft: Draft| content(&draft).unwrap();
        let plain = of(draft("one\ntwo\n"));
        let split = Body { sources: ["one\r", "\ntwo\r\n"].map(|text| Source::Octets(text.into())).into() };
        let same = [
            Draft { message_id: "<2@example.org>".into(), ..draft("one\r\ntwo\r\n") },
            Draft { body: split, ..draft("") },
        ];
        for draft in same {
            assert_eq!(of(draft), plain);
        }
        let field = |name: &str, value: &str| vec![(name.to_owned(), Text::from(value))];
        let attached = |name: &str, octets: &str| {
            let source = Source::Octets(octets.into());
            vec![Attachment { source, name: Some(name.to_owned()), media_type: None }]
        };
        let html = |text: &str, charset| Some(Html { body: text.into(), charset });
        let given = |text: &str| Some(Given::read(Source::Octets(text.into())).unwrap());
        let other = [
            draft("one\ntwo"),
            Draft { subject: Some("s".into()), ..draft("one\ntwo\n") },
            Draft { body_type: "text/html".into(), ..draft("one\ntwo\n") },
            Draft { fields: field("X-A", "b"), ..draft("one\ntwo\n") },
            Draft { fields: field("X-Ab", ""), ..draft("one\ntwo\n") },
            Draft { attachments: attached("a", "x\n"), ..draft("one\ntwo\n") },
            Draft { attachments: attached("a", "x\r\n"), ..draft("one\ntwo\n") },
            Draft { attachments: attached("b", "x\n"), ..draft("one\ntwo\n") },
            Draft { html: html("<img src=cid:1.1@example.org>", None), ..draft("one\ntwo\n") },
            Draft { given: given("X-A: b\n\none\ntwo\n"), ..draft("one\ntwo\n") },
            Draft { given: given("X-A: c\n\none\ntwo\n"), ..draft("one\ntwo\n") },
        ];
        let made = |id: &str| {
            let html = html(&format!("<img src=cid:1.{id}>"), Some(encoding_rs::UTF_8));
            of(Draft { html, message_id: format!("<{id}>"), ..draft("one\ntwo\n") })
        };
        assert_eq!(made("1@example.org"), made("2@example.org"));
        let mut all: Vec<[u8; 32]> = other.into_iter().map(of).chain([plain]).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 12);
    }
}
