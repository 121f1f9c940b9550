//! Which warnings about a mail are said, and where.

use crate::cli::{EmptyBody, Request};
use crate::cmd::{Exit, Failure, World, print};
use crate::config::Settings;
use crate::mail::Warning;
use crate::ui::{self, Summary};

/// Leaves out what the person does not want to hear.
pub(super) fn silence(warnings: &mut Vec<Warning>, request: &Request, settings: &Settings) {
    warnings.retain(|warning| {
        !request.no_warn.contains(&warning.kind) && !settings.letter.is_silent(warning.kind)
    });
}

/// Says them on standard error. Advice is for who can heed it: a script that sends the same mail each night is not to
/// make its caller report that.
pub(super) fn say(warnings: &[Warning], request: &Request, world: &mut World<'_>) {
    let is_heeded = world.stderr_is_terminal || request.dry_run;
    for warning in warnings.iter().filter(|warning| is_heeded || !warning.kind.is_advice) {
        warn(request, world, &warning.to_string());
    }
}

/// The body is empty, and somebody minds.
pub(super) fn nothing_to_say(
    policy: EmptyBody,
    request: &Request,
    warnings: &[Warning],
    world: &mut World<'_>,
) -> Result<Exit, Failure> {
    if policy == EmptyBody::Fail {
        let failure = Failure::plain(Exit::DataErr, "there is no text: the body is empty");
        return Err(failure.hint("--empty-body send sends it all the same"));
    }
    const SKIPPED: &str = "skipped: empty body";
    if policy != EmptyBody::Drop {
        say(warnings, request, world);
        warn(request, world, SKIPPED);
    }
    if request.json {
        let skipped = [SKIPPED.to_owned()];
        let summary =
            Summary { exit: Exit::Ok.code(), named: warnings, warnings: &skipped, ..Summary::default() };
        print(&ui::nothing_json(&summary), world)?;
    }
    Ok(Exit::Ok)
}

/// Says one thing on standard error, unless nothing but errors is wanted.
pub(super) fn warn(request: &Request, world: &mut World<'_>, text: &str) {
    if !request.quiet {
        let _ = writeln!(world.stderr, "whippet: {}", ui::printable(text));
    }
}
