//! `-H`: a message that is given with its header. Who sends it and who receives it goes into the request, which is then
//! like any other; what was typed goes into its header.

mod asked;
mod finished;

pub(super) use finished::Finished;

use crate::cmd::draft::{Locals, charsets};

use crate::cli::{Body as TypedBody, Request, Source as TypedSource, thread};
use crate::cmd::inputs::{check_whole, read_stdin};
use crate::cmd::{Exit, Failure, World};
use crate::mail::{Listed, parse_list};
use crate::mime::{Attachment, ComposeError, Draft, Given, Source, Text};

/// Fields that are never sent: blind copies, what mutt notes for itself, and what only a mailbox may add (RFC 5321 4.4).
const NEVER_SENT: [&str; 8] =
    ["Attach", "Bcc", "Resent-Bcc", "Fcc", "Pgp", "Smime", "Return-Path", "Content-Length"];
/// What a draft looks like.
const HINT: &str =
    "a draft begins with fields, such as `To: you@example.org`; then comes an empty line, then the text";

/// A message that was handed in with its header.
pub(super) enum Handed {
    /// A person's draft, to which other options add.
    Draft(Box<DraftFile>),
    /// A program's message.
    Finished(Finished),
}

impl Handed {
    /// Reads the one that a request names, or the draft that a person has `written` for it.
    pub(super) fn read(
        request: &mut Request,
        written: Option<Source>,
        world: &mut World<'_>,
    ) -> Result<Option<Self>, Failure> {
        Ok(match DraftFile::read(request, written, world)? {
            Some(draft) => Some(Handed::Draft(Box::new(draft))),
            None => Finished::read(request, world)?.map(Handed::Finished),
        })
    }

    /// Whether it has a subject.
    pub(super) fn has_subject(&self) -> bool {
        let given = match self {
            Handed::Draft(draft) => &draft.given,
            Handed::Finished(finished) => &finished.given,
        };
        given.values("Subject").any(|subject| !subject.is_empty())
    }

    /// Makes it what is sent.
    pub(super) fn put_into(self, draft: &mut Draft, locals: &Locals<'_>) -> Result<(), Failure> {
        match self {
            Handed::Draft(file) => file.put_into(draft),
            Handed::Finished(finished) => {
                finished.put_into(draft, locals);
                Ok(())
            }
        }
    }
}

/// A draft, read as far as its header goes.
pub(super) struct DraftFile {
    given: Given,
    /// What was typed, without what the header says.
    typed: Request,
    /// What the fields of recipients say that count.
    to: Vec<String>,
    cc: Vec<String>,
    /// The files that it names.
    attached: Vec<Attachment>,
}

impl DraftFile {
    /// Opens the draft of a request, or takes the one that a person has `written` for it; adds to the request what its
    /// header says of who sends and receives.
    pub(super) fn read(
        request: &mut Request,
        written: Option<Source>,
        world: &mut World<'_>,
    ) -> Result<Option<Self>, Failure> {
        let is_written = written.is_some();
        let source = match (written, &request.draft) {
            (Some(written), _) => written,
            (None, None) => return Ok(None),
            (None, Some(TypedSource::File(path))) => Source::open(path)?,
            (None, Some(TypedSource::Stdin)) => {
                let stdin = read_stdin(request, world)?;
                check_whole(&stdin, request)?;
                stdin
            }
        };
        if world.stdin_is_terminal && request.body == TypedBody::Stdin {
            request.body = TypedBody::Empty;
        }
        let mut given = Given::read(source).map_err(|error| {
            let is_no_field =
                matches!(&error, ComposeError::Line { reason, .. } if reason.ends_with("is no field"));
            let failure = Failure::from(error);
            if is_no_field { failure.hint(HINT) } else { failure }
        })?;
        given = given.in_charsets(&charsets(request, world)?);
        let values =
            |name: &str| -> Vec<String> { given.counted(name).filter(|value| !value.is_empty()).collect() };
        let (to, cc, bcc) = (values("To"), values("Cc"), values("Bcc"));
        [&to, &cc, &bcc].into_iter().try_for_each(|lists| check_octets(lists))?;
        let typed = request.clone();
        request.to.splice(0..0, to.iter().cloned());
        request.cc.splice(0..0, cc.iter().cloned());
        request.bcc.splice(0..0, bcc);
        request.from = request.from.take().or_else(|| values("From").pop());
        request.sender = request.sender.take().or_else(|| values("Sender").pop());
        let is_allowed = is_written || request.allow_draft_attach;
        let attached = asked::attachments(&given, is_allowed, &mut request.warnings, world)?;
        request.warnings.extend(asked::not_done(&given, request));
        given.remove_where(|name, value| {
            // What a person has left empty of what was shown is not meant.
            is_never_sent(name) || (is_written && value.is_empty())
        });
        Ok(Some(DraftFile { given, typed, to, cc, attached }))
    }

    /// Completes the draft that was made of the request: what was typed replaces the fields of its name, or is added to
    /// those of recipients.
    fn put_into(mut self, draft: &mut Draft) -> Result<(), Failure> {
        if self.typed.flowed == Some(true) && self.given.typed_text().is_none() {
            let words = "the draft says itself what its text is, so that it cannot be flowed";
            return Err(Failure::plain(Exit::DataErr, words).hint("leave --flowed out"));
        }
        self.take_text(draft)?;
        draft.attachments.splice(0..0, std::mem::take(&mut self.attached));
        let lists = [("To", &self.to, &draft.to), ("Cc", &self.cc, &draft.cc)];
        for (name, texts, all) in lists {
            let lengths: Option<Vec<usize>> =
                texts.iter().map(|text| Some(parse_list(text, None).ok()?.len())).collect();
            match lengths.map(|lengths| lengths.iter().sum::<usize>()) {
                // A bare name has got its domain.
                None => self.given.set_counted(name, all.clone()),
                Some(length) => match all.get(length..).unwrap_or_default() {
                    [] => {}
                    more => self.given.add_counted(name, more.to_vec()),
                },
            }
        }
        let is_whole = self.given.counted("From").all(|from| parse_list(&from, None).is_ok());
        if self.typed.from.is_some() || !is_whole {
            let authors = [&draft.from].into_iter().chain(&draft.co_authors).cloned().map(Listed::Mailbox);
            match self.typed.from {
                Some(_) => self.given.set_counted_typed("From", authors.collect()),
                None => self.given.set_counted("From", authors.collect()),
            }
        }
        let is_due = !draft.co_authors.is_empty() || draft.sender.is_some();
        if self.typed.sender.is_some() || (is_due && !self.given.has_counted("Sender")) {
            let sender_box = draft.sender.as_ref().unwrap_or(&draft.from).clone();
            self.given.set_counted_typed("Sender", vec![Listed::Mailbox(sender_box)]);
        }
        if self.typed.reply_to.is_some() {
            self.given.set_typed("Reply-To", draft.reply_to.clone());
        }
        match draft.subject.clone() {
            Some(subject) if subject.is_empty() => self.given.remove("Subject"),
            Some(subject) => self.given.set("Subject", subject),
            None => draft.subject = self.given.values("Subject").next().as_deref().map(Text::from),
        }
        self.put_fields(draft);
        draft.given = Some(self.given);
        Ok(())
    }

    /// Puts the text of the draft before what standard input added.
    fn take_text(&mut self, draft: &mut Draft) -> Result<(), Failure> {
        if let Some(text) = self.given.typed_text() {
            let mut text = text.clone();
            text.end_line()?;
            draft.body.sources.splice(0..0, text.sources);
            return Ok(());
        }
        let added = std::mem::take(&mut draft.body);
        if added.length() == 0 || self.given.append(added)? {
            return Ok(());
        }
        let words = "standard input cannot be added to the draft, which is no plain text, is encoded, or is in another \
                     charset";
        Err(Failure::usage(words).hint("if there is nothing to add: whippet -H FILE < /dev/null"))
    }

    /// The thread that the draft tells, ended with the mail that is answered.
    fn thread(&self) -> Option<Text> {
        let parent = self.typed.answered.as_deref()?;
        let told = self.given.values("References").next()?;
        Some(Text::from(thread(&told, parent)))
    }

    /// Fields that were typed replace those of their name; others are added where there is none.
    fn put_fields(&mut self, draft: &Draft) {
        let is_typed = |name: &str| {
            self.typed.headers.iter().any(|(typed, _)| typed.eq_ignore_ascii_case(name))
                || (self.typed.read_receipt.is_some() && name == "Disposition-Notification-To")
        };
        // What it says is of the URLs that were replaced (RFC 8058 3.1).
        if is_typed("List-Unsubscribe") {
            self.given.remove("List-Unsubscribe-Post");
        }
        let mut done: Vec<&str> = Vec::new();
        for (name, text) in &draft.fields {
            if done.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                self.given.add(name, text.clone());
            } else if is_typed(name) || !self.given.has(name) {
                let thread = self.thread().filter(|_| name.eq_ignore_ascii_case("References"));
                self.given.set(name, thread.unwrap_or_else(|| text.clone()));
                done.push(name);
            }
        }
    }
}

/// Refuses an address whose octets were no text.
fn check_octets(lists: &[String]) -> Result<(), Failure> {
    let is_bad =
        |listed: &Listed| listed.mailboxes().iter().any(|one| one.address.to_string().contains('\u{fffd}'));
    let is_bad_list =
        |list: &&String| parse_list(list, Some("localhost")).unwrap_or_default().iter().any(is_bad);
    match lists.iter().find(is_bad_list) {
        Some(list) => {
            Err(Failure::plain(Exit::DataErr, format!("an address in the header is not UTF-8: `{list}`")))
        }
        None => Ok(()),
    }
}

fn is_never_sent(name: &str) -> bool {
    NEVER_SENT.iter().any(|never| name.eq_ignore_ascii_case(never))
        || name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("X-Mutt-"))
}
