//! A mail that is ready to go: composed, checked, and its way known, before anything is connected.

use super::copy::Fcc;
use super::size::Limit;
use super::spoken::{nothing_to_say, silence};
use super::{Mail, promised, spoken};
use crate::cli::{Body as TypedBody, MissingSubject, Request};
use crate::cmd::dialogue::Answer;
use crate::cmd::draft::{
    Identity, Locals, Recipients, add_fields, draft, identity, locals, recipients, replace_author,
};
use crate::cmd::given::Handed;
use crate::cmd::inputs::{Files, Inputs};
use crate::cmd::queue::{Memory, answered, heard};
use crate::cmd::route::{Route, no_secret};
use crate::cmd::{Exit, Failure, World, sandbox};
use crate::config::{PendingSecret, Settings};
use crate::mail::{EnhancedStatus, Envelope, Fate, Outcome, Report, Warning, WarningKind};
use crate::mime::Message;
use crate::smtp::Refusal;
use crate::spool::{Id, Kind, Original, wanted_of};

/// What came of composing.
pub(in crate::cmd) enum Composed {
    /// A mail.
    Ready(Box<Ready>),
    /// Nothing is to be sent, and this is the exit code.
    Settled(Exit),
}

/// A mail and its way.
pub(in crate::cmd) struct Ready {
    pub(in crate::cmd) mail: Mail,
    route: Route,
    secret: Option<PendingSecret>,
    memory: Memory,
}

/// Composes the mail of a request; `handed` is a message that was handed in.
pub(in crate::cmd) fn compose(
    mut request: Request,
    settings: Settings,
    files: Files,
    handed: Option<Handed>,
    world: &mut World<'_>,
) -> Result<Composed, Failure> {
    let People { mut identity, locals, recipients, envelope } = People::of(&mut request, &settings, world)?;
    let fcc = Fcc::wanted(&request, &settings, recipients.blind(), world)?;
    check_subject(&request, handed.as_ref())?;
    let (route, secret) = Route::choose(&request, &settings, world)?;
    if fcc.is_some() && request.fcc.is_some() && !Fcc::is_due(&request, &route) {
        let words = "no copy is kept: the mail is not sent";
        request.warnings.push(Warning::new(WarningKind::NO_COPY, words));
    }

    let mut inputs = Inputs::read(files, &request, world)?;
    let mut warnings = std::mem::take(&mut request.warnings);
    warnings.extend_from_slice(&inputs.warnings);
    warnings.extend(recipients.named_twice());
    silence(&mut warnings, &request, &settings);
    if let Some(policy) = inputs.emptiness(&request)? {
        return nothing_to_say(policy, &request, &warnings, world).map(Composed::Settled);
    }
    let replaced = identity.replaced.take();
    let (forms, signature) = (std::mem::take(&mut inputs.forms), inputs.signature.take());
    let mut draft = draft(&request, &settings, identity, recipients, inputs, world)?;
    if let Some(handed) = handed {
        handed.put_into(&mut draft, &locals)?;
    }
    warnings.extend(replaced.map(|old| replace_author(&mut draft, old, &locals)));
    warnings.extend(forms.add(&mut draft, &request)?);
    if let Some(signature) = signature {
        signature.sign(&mut draft)?;
    }
    let limit = Limit::of(&settings, &draft);
    limit.check_parts()?;
    if world.stdin_is_terminal && request.body == TypedBody::Stdin {
        warnings.extend(promised::of_draft(&draft)?);
    }
    let memory = Memory::of(&request, &settings, &envelope, &draft)?;
    let message = Message::compose(draft, world.random)?;
    limit.check_message(message.size())?;
    warnings.extend_from_slice(message.warnings());
    silence(&mut warnings, &request, &settings);
    drop(locals);
    let mail = Mail { request, settings, envelope, message, fcc, warnings };
    Ok(Composed::Ready(Box::new(Ready { mail, route, secret, memory })))
}

/// Finds what is wrong with a request before anything is read, started or asked for; `handed` is its draft.
pub(super) fn check(
    mut request: Request,
    settings: &Settings,
    handed: Option<&Handed>,
    world: &World<'_>,
) -> Result<(), Failure> {
    People::of(&mut request, settings, world)?;
    check_subject(&request, handed)
}

/// Who sends it, and who receives it.
struct People<'s> {
    identity: Identity,
    locals: Locals<'s>,
    recipients: Recipients,
    envelope: Envelope,
}

impl<'s> People<'s> {
    /// Adds the fields of every mail to the request before.
    fn of(request: &mut Request, settings: &'s Settings, world: &World<'_>) -> Result<Self, Failure> {
        add_fields(request, settings)?;
        let mut identity = identity(request, settings, world)?;
        let locals = locals(request, settings, &identity, world)?;
        identity.redirect(&locals);
        let recipients = recipients(request, settings, &identity, &locals)?;
        let envelope = recipients.envelope(&identity, request, settings)?;
        Ok(People { identity, locals, recipients, envelope })
    }
}

fn check_subject(request: &Request, handed: Option<&Handed>) -> Result<(), Failure> {
    let has_subject = match &request.subject {
        Some(subject) => !subject.is_empty(),
        None => handed.is_some_and(Handed::has_subject),
    };
    if !has_subject && request.missing_subject == Some(MissingSubject::Fail) {
        return Err(Failure::plain(Exit::DataErr, "there is no subject").hint("give one with -s"));
    }
    Ok(())
}

/// Why nobody has it: the most hopeful of the outcomes gives the status, and each recipient has its sentence.
fn refusal(report: &Report) -> Refusal {
    let mut outcomes: Vec<&Outcome> = report.outcomes().iter().collect();
    outcomes.sort_by_key(|one| one.fate == Fate::Failed);
    let line = |one: &&Outcome| match &one.advice {
        Some(advice) => format!("{}: {} ({advice})\n", one.recipient, one.sentence),
        None => format!("{}: {}\n", one.recipient, one.sentence),
    };
    Refusal::new(outcomes[0].status, outcomes.iter().map(line).collect::<String>())
}

impl Ready {
    /// Sends it, and says what became of it.
    pub(in crate::cmd) fn send(mut self, world: &mut World<'_>) -> Result<Exit, Failure> {
        spoken::say(&self.mail.warnings, &self.mail.request, world);
        match &self.route {
            _ if self.mail.request.dry_run => match self.secret.take_if(|secret| secret.wait().is_none()) {
                Some(secret) => Err(no_secret(secret)),
                None => self.mail.show(world),
            },
            Route::Sandbox => sandbox::send(&self.mail, world),
            route if self.mail.goes_first_into_the_queue(route) => {
                self.mail.queue_first(&mut self.memory, world).map(|(exit, _)| exit)
            }
            _ => {
                let (report, id, is_known) = self.deliver(world)?;
                if is_known {
                    return Ok(self.mail.tell_as(None, &report, id, world));
                }
                let exit = self.mail.tell(&report, id, world);
                self.memory.release();
                self.mail.try_what_is_due(&self.route, world);
                Ok(exit)
            }
        }
    }

    /// Sends it for a program that hears one answer for all recipients: the words of a yes, or why not. Once somebody has
    /// it the answer is yes, and whom it failed is told to the sender by mail, or in the answer.
    pub(in crate::cmd) fn submit(mut self, world: &mut World<'_>) -> Result<Answer, Failure> {
        spoken::say(&self.mail.warnings, &self.mail.request, world);
        if self.mail.goes_first_into_the_queue(&self.route) {
            let (_, id) = self.mail.queue_first(&mut self.memory, world)?;
            return Ok(Ok(self.mail.accepted(id)));
        }
        if self.mail.request.dry_run || matches!(self.route, Route::Sandbox) {
            let words = self.mail.accepted(None);
            return self.send(world).map(|exit| match exit {
                Exit::Ok => Ok(words),
                _ => Err(Refusal::new(EnhancedStatus::new(4, 3, 0), "not taken")),
            });
        }
        let (report, id, _) = self.deliver(world)?;
        self.mail.tell(&report, id, world);
        self.memory.release();
        let has = |fate| report.outcomes().iter().any(|one| one.fate == fate);
        if !has(Fate::Accepted) && !has(Fate::Queued) {
            return Ok(Err(refusal(&report)));
        }
        let is_told = has(Fate::Failed)
            && self.mail.may_be_queued(&self.route)
            && self.has_who_is_told()
            && self.tell_later(&report, world);
        self.mail.try_what_is_due(&self.route, world);
        let is_open = |one: &&Outcome| one.fate == Fate::Deferred || (one.fate == Fate::Failed && !is_told);
        let open = report.outcomes().iter().filter(is_open);
        let words = |one: &Outcome| if one.in_doubt { "perhaps not taken" } else { "not taken" };
        let open: String = open.map(|one| format!("; {} for {}", words(one), one.recipient)).collect();
        Ok(Ok(self.mail.accepted(id) + &open))
    }

    /// Whether there is a sender who hears by mail of a failure.
    fn has_who_is_told(&self) -> bool {
        let Mail { message, envelope, .. } = &self.mail;
        let original = Original::take(message.size(), |out| message.write_to(out)).ok();
        wanted_of(Kind::Failed, envelope, original.as_ref()).is_ok()
    }

    /// Whether the queue tells the sender whom it failed.
    fn tell_later(&self, report: &Report, world: &mut World<'_>) -> bool {
        match self.mail.waiting().tell_later(report, world) {
            Ok(()) => true,
            Err(failure) => {
                failure.say(world);
                false
            }
        }
    }

    /// Hands it over, and queues it for whom it is to wait; gives what became of it, its queue id, and whether that was
    /// so before.
    fn deliver(&mut self, world: &mut World<'_>) -> Result<(Report, Option<Id>, bool), Failure> {
        let Ready { mail, route, memory, .. } = self;
        if let Some(hit) = memory.ask(route, &mail.settings, world)? {
            let (report, id) = answered(&mail.envelope, hit);
            return Ok((report, id, true));
        }
        let report = mail.deliver(route, self.secret.take(), world)?;
        if matches!(route, Route::SmartHost(_) | Route::Fallback(_)) {
            heard(&report, &mail.settings, &mail.request, world);
        }
        memory.note(&report, world);
        let (mut report, id) = mail.keep(route, report, memory, world);
        if Fcc::is_due(&mail.request, route) {
            mail.copy(&mut report, memory, world);
        }
        report.warnings.append(&mut memory.warnings);
        Ok((report, id, false))
    }
}
