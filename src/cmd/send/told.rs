//! What became of a mail, in words and in JSON.

use super::Mail;
use super::spoken::warn;
use crate::cmd::queue::{may_wait, spool};
use crate::cmd::route::profile_place;
use crate::cmd::{Exit, World, advice, print};
use crate::config::Queue;
use crate::mail::Report;
use crate::spool::Id;
use crate::ui::{self, Summary};

/// What makes whippet keep what is not taken now.
const QUEUE_HINT: &str = "or have whippet keep such mail and try again: `whippet queue install`, once";

impl Mail {
    /// Says what there is to say of the report, and gives the exit code.
    pub(in crate::cmd) fn tell(&self, report: &Report, id: Option<Id>, world: &mut World<'_>) -> Exit {
        self.tell_as(Some(self.message.message_id()), report, id, world)
    }

    /// The same of a mail with this Message-ID; without one it is known by another that was handed in before.
    pub(super) fn tell_as(
        &self,
        message_id: Option<&str>,
        report: &Report,
        id: Option<Id>,
        world: &mut World<'_>,
    ) -> Exit {
        let exit = Exit::of_report(report);
        let mut hints = advice::hints(report, &self.settings, &profile_place(world));
        if self.could_wait(report, world) {
            hints.push(QUEUE_HINT.to_owned());
        }
        if id.is_some() && !spool::is_run(&self.settings, world) {
            hints.push("nothing runs the queue: `whippet queue install` has it run".to_owned());
        }
        if self.request.json {
            let summary = Summary {
                exit: exit.code(),
                message_id,
                size: Some(self.message.size()),
                queue_id: id.map(|id| id.to_string()),
                named: &self.warnings,
                warnings: &report.warnings,
                hints: &hints,
            };
            // What became of the mail is decided: an output that takes no more is worth a word, not another code.
            if let Err(failure) = print(&ui::report_json(report, &summary), world) {
                failure.say(world);
            }
        }
        for warning in &report.warnings {
            warn(&self.request, world, warning);
        }
        for line in ui::queued(report) {
            warn(&self.request, world, &line);
        }
        for complaint in ui::complaints(report) {
            let _ = write!(world.stderr, "{complaint}");
        }
        for hint in hints {
            let _ = writeln!(world.stderr, "hint: {}", ui::printable(&hint));
        }
        exit
    }

    /// Whether the queue would have kept it, if something ran the queue.
    fn could_wait(&self, report: &Report, world: &World<'_>) -> bool {
        self.request.queue.is_none()
            && self.settings.queue.value == Queue::Auto
            && self.settings.is_of_a_profile()
            && report.outcomes().iter().any(|one| may_wait(one) && !one.in_doubt)
            && !spool::is_run(&self.settings, world)
    }
}
