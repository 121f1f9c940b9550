//! `sendmail -bv`: whom the recipients stand for. Nothing is sent.

use crate::cli::Request;
use crate::cmd::draft::{identity, locals, recipients};
use crate::cmd::{Exit, Failure, World, print, settings};

/// Prints the address of each recipient, a line each, as the envelope would name them.
pub(in crate::cmd) fn verify(request: &Request, world: &mut World<'_>) -> Result<Exit, Failure> {
    let settings = settings::resolve(request, world)?;
    let mut identity = identity(request, &settings, world)?;
    let locals = locals(request, &settings, &identity, world)?;
    identity.redirect(&locals);
    let recipients = recipients(request, &settings, &identity, &locals)?;
    let envelope = recipients.envelope(&identity, request, &settings)?;
    let lines: String = envelope.recipients().iter().map(|address| format!("{address}\n")).collect();
    print(&lines, world)?;
    Ok(Exit::Ok)
}
