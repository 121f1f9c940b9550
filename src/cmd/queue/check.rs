//! `queue check` and `queue stats`.

use std::path::Path;

use super::{Counter, Stop, facts, pour, spool, trouble};
use crate::cmd::{Exit, Failure, World, print};
use crate::spool::Place;
use crate::spool::desk::{self, Check, Gates};
use crate::ui::queue as ui;

/// Checks every file.
pub(super) fn check(
    counter: &Counter<'_>,
    is_quick: bool,
    is_repair: bool,
    world: &mut World<'_>,
) -> Result<Exit, Failure> {
    let (mut findings, mut files) = (Vec::new(), 0);
    if let Some(store) = counter.store {
        let mut check = Check::new(store, counter.rules, counter.now_s);
        (check.is_quick, check.is_repair) = (is_quick, is_repair);
        let looked = check.run(&mut |found| {
            findings.push(ui::Finding {
                file: format!("{}/{}", found.folder, found.name),
                finding: found.what,
                mended: found.mended,
            });
        });
        looked.map_err(|error| trouble(&error))?;
        files = check.files;
        let mut waits = false;
        store.each_queued(&mut |_| waits = true, &mut |_| {}).map_err(|error| trouble(&error))?;
        if waits && !counter.is_run() {
            let finding = "mail waits, and nothing runs the queue: `whippet queue install` has it run";
            findings.push(ui::Finding { file: "q/".to_owned(), finding: finding.to_owned(), mended: None });
        }
    }
    // What was set aside is not lost, and still waits for a person.
    let is_open = |finding: &ui::Finding| finding.mended.is_none_or(|mended| mended == desk::SET_ASIDE);
    let exit = if findings.iter().any(is_open) { Exit::DataErr } else { Exit::Ok };
    if counter.json {
        print(&ui::findings_json(&findings, files, exit.code()), world)?;
        return Ok(exit);
    }
    pour(world, |write| -> Result<(), Stop> {
        for finding in &findings {
            write(&ui::finding(finding))?;
        }
        let noun = |count, one, many| if count == 1 { one } else { many };
        let (entries, found) = (noun(files, "file", "files"), findings.len());
        write(&format!("{files} {entries}, {found} {}\n", noun(found, "finding", "findings")))
    })?;
    Ok(exit)
}

/// Counts.
pub(super) fn stats(counter: &Counter<'_>, folder: &Path, world: &mut World<'_>) -> Result<Exit, Failure> {
    let mut shown = ui::Stats {
        folder: world.surroundings.shown(folder),
        places: Vec::new(),
        hops: Vec::new(),
        in_doubt: 0,
        most: counter.most,
        run_s: counter.run_s,
        is_run: counter.is_run(),
        fleeting: counter.store.and_then(|_| spool::fleeting(folder)),
        free: None,
    };
    if let Some(store) = counter.store {
        let gates = Gates::read(store).map_err(|error| trouble(&error))?;
        let stats = desk::stats(store, counter.rules.in_doubt_limit, counter.now_s);
        let stats = stats.map_err(|error| trouble(&error))?;
        let files = Some(stats.room.files).filter(|files| *files != u64::MAX);
        shown.free = Some((stats.room.octets, files));
        shown.in_doubt = stats.in_doubt;
        shown.hops = stats
            .hops
            .into_iter()
            .map(|(profile, hop)| ui::Hop {
                gate: gates.of(&profile).map(facts::gate),
                profile,
                queued: hop.queued,
                due: hop.due,
                last: hop.last.map(|(tried_s, decision)| (tried_s, facts::answer(decision))),
            })
            .collect();
        shown.places = stats
            .places
            .into_iter()
            .map(|place| ui::Place {
                name: name(place.place),
                entries: place.entries,
                octets: place.octets,
                oldest_s: place.oldest_s,
            })
            .collect();
    }
    let now_s = counter.now_s;
    let text = if counter.json { ui::stats_json(&shown, now_s) } else { ui::stats(&shown, now_s) };
    print(&text, world)?;
    Ok(Exit::Ok)
}

fn name(place: Place) -> &'static str {
    match place {
        Place::Queue => "queued",
        Place::Held => "held",
        Place::Badmail => "badmail",
        Place::Corrupt => "corrupt",
        Place::Tmp => "tmp",
    }
}
