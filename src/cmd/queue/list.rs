//! `queue list`: some rows after the others, none kept.

use super::chosen::{candidates, selection, unfound};
use super::{Counter, Stop, facts, pour, trouble};
use crate::cli::{Chosen, Places};
use crate::cmd::{Exit, Failure, World};
use crate::spool::Place;
use crate::spool::desk::{self, Gates, Spot, Totals};
use crate::ui::queue as ui;

/// What stands between two rows of JSON.
const BETWEEN: &str = ",\n    ";

/// Lists what is chosen.
pub(super) fn list(counter: &Counter<'_>, chosen: &Chosen, world: &mut World<'_>) -> Result<Exit, Failure> {
    let found = candidates(counter, chosen, &[Place::Queue])?;
    if let Some(failure) = Failure::gather(found.unfound.iter().map(unfound).collect()) {
        return Err(failure);
    }
    let totals = match counter.store {
        Some(store) => {
            desk::totals(store, whole_queue(chosen, &found.spots)).map_err(|error| trouble(&error))?
        }
        None => Totals::default(),
    };
    let totals = facts::totals(totals);
    let gates =
        counter.store.map(Gates::read).transpose().map_err(|error| trouble(&error))?.unwrap_or_default();
    let longest = found.spots.iter().map(length).max().unwrap_or(0);
    let (limit, now_s) = (counter.rules.in_doubt_limit, counter.now_s);
    pour(world, |write| {
        let mut is_empty = true;
        if counter.json {
            write("{\n  \"entries\": [")?;
        }
        if let Some(store) = counter.store {
            let gather = |rows: &mut String, row: desk::Row| {
                let row = facts::row(row, &gates);
                match (counter.json, rows.is_empty()) {
                    (true, true) => rows.push_str(&ui::row_json(&row, now_s)),
                    (true, false) => rows.extend([BETWEEN, &ui::row_json(&row, now_s)]),
                    (false, _) => ui::row(rows, &row, longest, now_s),
                }
            };
            let selection = selection(chosen);
            desk::list::<String, Stop>(
                store,
                &found.spots,
                &selection,
                (limit, now_s),
                &gather,
                &mut |rows| {
                    match (counter.json, is_empty) {
                        _ if rows.is_empty() => return Ok(()),
                        (true, true) => write("\n    ")?,
                        (true, false) => write(BETWEEN)?,
                        (false, true) => write(&ui::head(longest))?,
                        (false, false) => {}
                    }
                    is_empty = false;
                    write(&rows)
                },
            )?;
        }
        match (counter.json, is_empty) {
            (true, true) => write(&format!("],\n  \"totals\": {}\n}}\n", ui::totals_json(&totals))),
            (true, false) => write(&format!("\n  ],\n  \"totals\": {}\n}}\n", ui::totals_json(&totals))),
            (false, _) => write(&ui::summary(&totals)),
        }
    })?;
    Ok(Exit::Ok)
}

/// How many are in `q/`, if all of them are here.
fn whole_queue(chosen: &Chosen, spots: &[Spot]) -> Option<usize> {
    let is_whole = chosen.ids.is_empty() && chosen.places == Places::default();
    is_whole.then_some(spots.len())
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
