//! The copy of what was sent: where it goes, and when it is written. Whatever comes of it, the mail is sent.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::file_name;
use crate::cli::Request;
use crate::cmd::inputs::expanded;
use crate::cmd::route::Route;
use crate::cmd::{Failure, World};
use crate::config::{Layer, Settings};
use crate::deliver::SentCopy;
use crate::mail::{Envelope, Fate, Listed, Report};
use crate::mime::{Message, bcc_field};

/// How long another program may hold the mbox: the mail is sent, and its sender waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a copy goes, and what it holds beside the message.
pub(super) struct Fcc {
    place: PathBuf,
    fields: String,
}

impl Fcc {
    /// What the command line and the profile want; `None` where no copy is kept. `bcc` are those who get a blind copy.
    pub(super) fn wanted(
        request: &Request,
        settings: &Settings,
        bcc: &[Listed],
        world: &World<'_>,
    ) -> Result<Option<Self>, Failure> {
        let outgoing = &settings.outgoing;
        let place = match &request.fcc {
            Some(None) => None,
            Some(Some(place)) => Some(expanded(place, world)?),
            None => {
                // The server's copy makes one of the profile's needless, not one that is asked for here.
                let needless = |origin: Layer| outgoing.server_saves_sent.value && origin != Layer::Flags;
                let set = outgoing.fcc.as_ref().filter(|fcc| !needless(fcc.origin.layer()));
                set.map(|fcc| fcc.value.clone()).filter(|place| place != Path::new("/dev/null"))
            }
        };
        let is_blind_told = outgoing.fcc_bcc.value && !bcc.is_empty();
        let fields = if is_blind_told { bcc_field(bcc)? } else { String::new() };
        Ok(place.map(|place| Fcc { place, fields }))
    }

    /// Whether the mail is sent at all: what is only tried out, or written down, leaves no copy.
    pub(super) fn is_due(request: &Request, route: &Route) -> bool {
        !request.dry_run && !matches!(route, Route::Sandbox | Route::File(_))
    }

    /// Writes the copy, if a server has accepted the mail for somebody or it is queued. What prevents it becomes a
    /// warning of the report.
    pub(super) fn keep(
        &self,
        envelope: &Envelope,
        message: &Message,
        report: &mut Report,
        world: &World<'_>,
    ) {
        let is_on_its_way = |fate: Fate| matches!(fate, Fate::Accepted | Fate::Queued);
        if !report.outcomes().iter().any(|outcome| is_on_its_way(outcome.fate)) {
            return;
        }
        let kept = file_name(world).map_err(|failure| failure.headline()).and_then(|name| {
            let copy = SentCopy {
                place: &self.place,
                name: &name,
                time: world.clock.now(),
                fields: &self.fields,
                patience: PATIENCE,
            };
            copy.keep(envelope, message)
        });
        match kept {
            Ok(said) => report.warnings.extend(said),
            Err(why) => report.warnings.push(format!("no copy of the mail is kept: {why}")),
        }
    }
}
