//! What a server tells a send of its own holds for the queue, too: it takes mail again, or it takes none now.

use std::time::UNIX_EPOCH;

use super::profiles::Profiles;
use super::spool;
use crate::cli::Request;
use crate::cmd::World;
use crate::config::Settings;
use crate::mail::{Report, Stage, Verdict};
use crate::spool::{Closing, Gate, Hop, Hops, Outage};

/// Opens the gate of the profile where the server has accepted a MAIL, and closes it where it takes nothing now. That is a
/// note that may be lost: nothing is told of it.
pub(in crate::cmd) fn heard(report: &Report, settings: &Settings, request: &Request, world: &World<'_>) {
    if settings.is_of_a_profile() {
        let _ = note(report, settings, request, world);
    }
}

/// `None`: there is nothing to note, or it cannot be noted.
fn note(report: &Report, settings: &Settings, request: &Request, world: &World<'_>) -> Option<()> {
    let is_taken = report.outcomes().iter().any(|one| one.stage > Stage::Mail && one.reply.is_some());
    let verdicts = report.outcomes().iter().map(Verdict::of);
    let closing = verdicts
        .filter_map(|verdict| Closing::of(&verdict, false).map(|closing| (Outage::of(&verdict), closing)))
        .next();
    if !is_taken && closing.is_none() {
        return None;
    }
    let store = spool::open(settings, world).ok()??;
    let profile = settings.profile.as_deref().unwrap_or_default();
    let (hop, gates) = (Hop::of_profile(profile), store.gates().ok()?);
    if is_taken {
        let _ = store.disk().unlink(gates, &hop.to_string());
    }
    let (outage, closing) = closing?;
    let now_s = world.clock.now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    // A gate is one for all mail of the profile: what only the command line says of it has no part in that.
    let said = Profiles { world, request, transcript: None }.settings(profile);
    let schedule = spool::rules(settings).schedule;
    let (mut gate, _) = Gate::read((store.disk(), gates), hop, said, schedule, now_s);
    // What is known is not counted again by everybody who sends meanwhile.
    if !gate.is_closed(now_s) && gate.probe(now_s).ok()? {
        gate.failed(outage, closing, now_s).ok()?;
    }
    Some(())
}
