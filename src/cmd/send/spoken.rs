//! Which warnings about a mail are said, and where.

use super::warn;
use crate::cli::Request;
use crate::cmd::World;
use crate::config::Settings;
use crate::mail::Warning;

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

/// Their words, for JSON.
pub(super) fn words(warnings: &[Warning]) -> Vec<String> {
    warnings.iter().map(|warning| warning.words.clone()).collect()
}
