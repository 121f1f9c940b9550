//! Entries in the words of what is printed.

use crate::spool::desk::{Condition, Gates, Row, Spot, Totals};
use crate::spool::{Damage, Decision, Outage, Record, Trouble};
use crate::sys::reason;
use crate::ui::queue as ui;

/// The row of an entry.
pub(super) fn row(row: Row, gates: &Gates) -> ui::Row {
    let mut shown = ui::Row {
        id: row.spot.called(),
        file: file(&row.spot),
        state: row.condition.name(),
        made_s: row.made_s,
        ..ui::Row::default()
    };
    match row.facts {
        Err(trouble) => shown.trouble = Some(words(&trouble)),
        Ok(facts) => {
            if row.condition == Condition::Queued {
                shown.gate = gates.of(&facts.profile).map(gate);
            }
            shown.size = Some(facts.size);
            shown.from = Some(facts.from);
            shown.profile = Some(facts.profile);
            shown.recipients = Some((facts.pending, facts.recipients));
            shown.in_doubt = facts.in_doubt;
            shown.attempts = facts.attempts;
            shown.due_s = facts.due_s;
            shown.expires_s = Some(facts.expires_s);
            shown.last = facts.last.map(answer);
        }
    }
    shown
}

/// The name of the file, from the spool's folder on.
pub(super) fn file(spot: &Spot) -> String {
    format!("{}/{}", spot.place().name(), spot.text())
}

/// Why an entry cannot be read, or dealt with.
pub(super) fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Damaged(Damage::Broken(what)) => (*what).to_owned(),
        other => reason(other),
    }
}

/// A decision.
pub(super) fn answer(decision: Decision) -> ui::Answer {
    let outcome = match decision.class {
        2 => "accepted",
        5 => "failed",
        _ => "deferred",
    };
    ui::Answer {
        outcome,
        stage: decision.stage.name(),
        status: decision.status,
        code: decision.reply.code,
        text: decision.reply.text,
    }
}

/// What is remembered of a hop that is down.
pub(super) fn gate(record: &Record) -> ui::Gate {
    let Outage { stage, status, reply, class } = record.outage.clone();
    let time_s = record.tries_s.last().copied().unwrap_or_default();
    let answer = answer(Decision { time_s, class: 4, is_relayed: false, stage, status, reply });
    ui::Gate { next_s: record.next_s, failures: record.failures, class, answer }
}

/// The totals.
pub(super) fn totals(totals: Totals) -> ui::Totals {
    let Totals { queued, held, badmail, corrupt } = totals;
    ui::Totals { queued, held, badmail, corrupt }
}
