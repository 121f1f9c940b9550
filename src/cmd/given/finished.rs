//! A finished message, taken as sendmail takes it: who gets it is in argv, and with `-t` in its header.

use super::check_octets;
use crate::cli::{Request, Source as TypedSource};
use crate::cmd::draft::Locals;
use crate::cmd::inputs::{check_whole, read_stdin};
use crate::cmd::{Failure, World};
use crate::mail::{Listed, parse_list};
use crate::mime::{Draft, Given, Source, Text};

/// Fields that never leave: blind copies, and what only a mailbox may add (RFC 5321 4.4).
const NEVER_SENT: [&str; 4] = ["Bcc", "Resent-Bcc", "Return-Path", "Content-Length"];

/// A finished message, read as far as its header goes.
pub(in crate::cmd) struct Finished {
    pub(super) given: Given,
}

impl Finished {
    /// Opens the message of a request; adds to the request what its header says of who sends it and, if that is asked for,
    /// of who gets it.
    pub(in crate::cmd) fn read(
        request: &mut Request,
        world: &mut World<'_>,
    ) -> Result<Option<Self>, Failure> {
        let Some(raw) = request.raw.clone() else { return Ok(None) };
        let source = match &raw.source {
            TypedSource::File(path) => Source::open(path)?,
            TypedSource::Stdin => {
                let stdin = read_stdin(request, world)?;
                check_whole(&stdin, request)?;
                stdin
            }
        };
        Self::of(source, request, raw.reads_recipients).map(Some)
    }

    /// The same with a message that is at hand.
    pub(in crate::cmd) fn of(
        source: Source,
        request: &mut Request,
        reads_recipients: bool,
    ) -> Result<Self, Failure> {
        let mut given = Given::of_message(source)?;
        let values =
            |name: &str| -> Vec<String> { given.counted(name).filter(|value| !value.is_empty()).collect() };
        if reads_recipients {
            for (name, list) in [("To", &mut request.to), ("Cc", &mut request.cc), ("Bcc", &mut request.bcc)]
            {
                let found = values(name);
                check_octets(&found)?;
                list.extend(found);
            }
            if request.require_somebody().is_err() {
                let prefix = given.prefix();
                let of = if prefix.is_empty() { "message" } else { "newest resending" };
                let words = format!(
                    "no recipient: neither {prefix}To, {prefix}Cc nor {prefix}Bcc of the {of} names one"
                );
                return Err(
                    Failure::usage(words).hint("without -t the recipients are those of the command line")
                );
            }
        }
        // One that cannot be read stays as it is, and is nobody here.
        let from = values("From").into_iter().find(|from| {
            parse_list(from, Some("localhost")).is_ok_and(|list| {
                list.iter().all(|one| matches!(one, Listed::Mailbox(_))) && !list.is_empty()
            })
        });
        request.from = request.from.take().or(from);
        given.remove_where(|name, _| NEVER_SENT.iter().any(|never| name.eq_ignore_ascii_case(never)));
        Ok(Finished { given })
    }

    /// Makes it what is sent. Names of this machine in its header get a domain.
    pub(super) fn put_into(mut self, draft: &mut Draft, locals: &Locals<'_>) {
        for name in ["From", "Sender", "Reply-To", "To", "Cc"] {
            self.qualify(name, locals);
            // Each resending has its own.
            let name = format!("Resent-{name}");
            self.given.set_each(&name, |text| {
                let list = locals.read(text)?;
                let shown = shown(&name, &list, locals);
                (shown != list && !list.is_empty()).then_some(shown)
            });
        }
        draft.subject = self.given.values("Subject").next().as_deref().map(Text::from);
        draft.given = Some(self.given);
    }

    /// Gives the bare names of a field a domain, and makes one of several fields of recipients; all else stays.
    fn qualify(&mut self, name: &str, locals: &Locals<'_>) {
        let texts: Vec<String> = self.given.values(name).filter(|text| !text.is_empty()).collect();
        let lists: Option<Vec<Vec<Listed>>> = texts.iter().map(|text| locals.read(text)).collect();
        let Some(lists) = lists else { return };
        let list = lists.concat();
        let shown = shown(name, &list, locals);
        // RFC 5322 3.6: there is one of each.
        let is_split = texts.len() > 1 && matches!(name, "To" | "Cc" | "Reply-To");
        if !list.is_empty() && (is_split || shown != list) {
            self.given.set_addresses(name, shown);
        }
    }
}

/// The list of a field, its bare names with a domain.
fn shown(name: &str, list: &[Listed], locals: &Locals<'_>) -> Vec<Listed> {
    let is_of_people = matches!(name, "To" | "Cc" | "Resent-To" | "Resent-Cc");
    if is_of_people { locals.shown(list) } else { locals.with_domains(list) }
}
