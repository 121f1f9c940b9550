//! `queue list`: one row after the other, none kept.

use super::chosen::{candidates, selection, unfound};
use super::{Counter, Stop, facts, pour, trouble};
use crate::cli::Chosen;
use crate::cmd::{Exit, Failure, World};
use crate::spool::Place;
use crate::spool::desk::{self, Gates, Spot, Totals};
use crate::ui::queue as ui;

/// Lists what is chosen.
pub(super) fn list(counter: &Counter<'_>, chosen: &Chosen, world: &mut World<'_>) -> Result<Exit, Failure> {
    let found = candidates(counter, chosen, &[Place::Queue])?;
    if let Some(failure) = Failure::gather(found.unfound.iter().map(unfound).collect()) {
        return Err(failure);
    }
    let totals = match counter.store {
        Some(store) => desk::totals(store).map_err(|error| trouble(&error))?,
        None => Totals::default(),
    };
    let totals = facts::totals(totals);
    let gates =
        counter.store.map(Gates::read).transpose().map_err(|error| trouble(&error))?.unwrap_or_default();
    let longest = found.spots.iter().map(length).max().unwrap_or(0);
    let (limit, now_s) = (counter.rules.in_doubt_limit, counter.now_s);
    pour(world, |write| {
        let mut count = 0;
        if counter.json {
            write("{\n  \"entries\": [")?;
        }
        if let Some(store) = counter.store {
            desk::list::<Stop>(store, found.spots, &selection(chosen), (limit, now_s), &mut |row| {
                let row = facts::row(row, &gates);
                let text = match (counter.json, count) {
                    (true, 0) => format!("\n    {}", ui::row_json(&row, now_s)),
                    (true, _) => format!(",\n    {}", ui::row_json(&row, now_s)),
                    (false, 0) => ui::head(longest) + &ui::row(&row, longest, now_s),
                    (false, _) => ui::row(&row, longest, now_s),
                };
                count += 1;
                write(&text)
            })?;
        }
        match (counter.json, count) {
            (true, 0) => write(&format!("],\n  \"totals\": {}\n}}\n", ui::totals_json(&totals))),
            (true, _) => write(&format!("\n  ],\n  \"totals\": {}\n}}\n", ui::totals_json(&totals))),
            (false, _) => write(&ui::summary(&totals)),
        }
    })?;
    Ok(Exit::Ok)
}

/// Characters of what it is called, up to what an identifier may have.
fn length(spot: &Spot) -> usize {
    const LONGEST_ID: usize = 31;
    match spot {
        Spot::Corrupt(_) => spot.id().map_or(0, |_| spot.called().len()),
        Spot::Entry(_, name) if name.id.original().1.is_none() => 26,
        Spot::Entry(..) => spot.called().len().min(LONGEST_ID),
    }
}
