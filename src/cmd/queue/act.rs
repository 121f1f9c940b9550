//! `queue hold`, `release`, `retry`, `remove`: nothing is said to be done before it would survive a power cut.

use std::time::Duration;

use super::chosen::{self, candidates, selection};
use super::{Counter, facts, trouble};
use crate::cli::{Act, Chosen};
use crate::cmd::{Exit, Failure, World, print};
use crate::spool::desk::{Desk, Done, Spot, Verb};
use crate::spool::{Place, Trouble};
use crate::ui::queue::{self as ui, DoneRow};
use crate::ui::{Complaint, printable};

/// What came of one entry.
struct Outcome {
    id: String,
    result: &'static str,
    state: Option<&'static str>,
    why: Option<String>,
    exit: Exit,
}

/// Does it to all that is chosen; `yes`: without asking.
pub(super) fn act(
    counter: &Counter<'_>,
    act: Act,
    (chosen, yes): (&Chosen, bool),
    wait: Duration,
    world: &mut World<'_>,
) -> Result<Exit, Failure> {
    let verb = match act {
        Act::Hold => Verb::Hold,
        Act::Release => Verb::Release,
        Act::Retry => Verb::Retry,
        Act::Remove => Verb::Remove,
    };
    let mut found = candidates(counter, chosen, verb.places())?;
    let mut outcomes: Vec<Outcome> = found.unfound.iter().map(unknown).collect();
    if let Some(store) = counter.store {
        let selection = selection(chosen);
        found.spots.retain(|spot| selection.meets(store, spot, counter.now_s));
    }
    if chosen.all && !found.spots.is_empty() && !yes && !is_meant(act, found.spots.len(), world)? {
        let _ = writeln!(world.stderr, "whippet: nothing was done");
        return Ok(Exit::Ok);
    }
    if let Some(store) = counter.store {
        let mut desk = Desk::new(store, counter.rules, counter.now_s, world.surroundings.user, wait);
        let done: Vec<Done> = found.spots.iter().map(|spot| desk.act(verb, spot)).collect();
        desk.finish()
            .map_err(|error| trouble(&error).hint("it may be undone by a power cut: do the same again"))?;
        for words in &desk.warnings {
            let _ = writeln!(world.stderr, "whippet: {}", printable(words));
        }
        outcomes.extend(found.spots.iter().zip(&done).map(|(spot, done)| outcome(verb, spot, done)));
    }
    tell(counter, act, chosen, &outcomes, world)
}

fn tell(
    counter: &Counter<'_>,
    act: Act,
    chosen: &Chosen,
    outcomes: &[Outcome],
    world: &mut World<'_>,
) -> Result<Exit, Failure> {
    let exit = Exit::worst(&outcomes.iter().map(|outcome| outcome.exit).collect::<Vec<_>>());
    for outcome in outcomes.iter().filter(|outcome| outcome.exit != Exit::Ok) {
        let headline = format!("cannot {} {}", act.name(), outcome.id);
        let mut complaint = Complaint::new(headline).because(outcome.why.clone().unwrap_or_default());
        if outcome.exit == Exit::TempFail {
            complaint = complaint.hint("--wait 1m waits until it is free");
        }
        let _ = write!(world.stderr, "{complaint}");
    }
    if counter.json {
        let rows: Vec<DoneRow<'_>> = outcomes
            .iter()
            .map(|outcome| DoneRow {
                id: &outcome.id,
                result: outcome.result,
                state: outcome.state,
                why: outcome.why.as_deref(),
            })
            .collect();
        print(&ui::done_json(&rows, exit.code()), world)?;
    } else if chosen.ids.is_empty() {
        let count = outcomes.iter().filter(|outcome| outcome.result == "done").count();
        let done = match act {
            Act::Hold => "held",
            Act::Release => "released",
            Act::Retry => "to be tried now",
            Act::Remove => "removed",
        };
        let entries = if count == 1 { "entry" } else { "entries" };
        let _ = writeln!(world.stderr, "whippet: {count} {entries} {done}");
    }
    Ok(exit)
}

fn unknown(unfound: &crate::spool::desk::Unfound) -> Outcome {
    use crate::spool::desk::Unfound;
    let (Unfound::Short(id) | Unfound::Unknown(id) | Unfound::Several(id, _)) = unfound;
    Outcome {
        id: id.clone(),
        result: "unknown",
        state: None,
        why: Some(unfound.to_string()),
        exit: chosen::exit(unfound),
    }
}

fn outcome(verb: Verb, spot: &Spot, done: &Done) -> Outcome {
    let before = match spot.place() {
        Place::Held => "held",
        Place::Badmail => "badmail",
        Place::Corrupt => "corrupt",
        Place::Queue | Place::Tmp => "queued",
    };
    let after = match verb {
        Verb::Hold => "held",
        Verb::Release | Verb::Retry => "queued",
        Verb::Remove => "removed",
    };
    let (result, state, exit) = match done {
        Done::Yes => ("done", Some(after), Exit::Ok),
        Done::Already(_) => ("already", Some(before), Exit::Ok),
        Done::No(_) => ("refused", Some(before), Exit::DataErr),
        Done::Busy => ("busy", Some(before), Exit::TempFail),
        Done::Gone => ("gone", None, Exit::NoInput),
        Done::Trouble(trouble) => ("trouble", Some(before), self::exit(trouble)),
    };
    let why = match done {
        Done::Yes => None,
        Done::Trouble(trouble) => Some(facts::words(trouble)),
        other => Some(other.to_string()),
    };
    Outcome { id: spot.called(), result, state, why, exit }
}

/// The code for an entry that cannot be dealt with.
pub(super) fn exit(trouble: &Trouble) -> Exit {
    match trouble {
        Trouble::Busy => Exit::TempFail,
        Trouble::Gone => Exit::NoInput,
        Trouble::NotOurs(_) => Exit::NoPerm,
        Trouble::Damaged(_) => Exit::DataErr,
        Trouble::Io(_) => Exit::IoErr,
    }
}

/// Asks whether all of them are meant.
fn is_meant(act: Act, count: usize, world: &mut World<'_>) -> Result<bool, Failure> {
    if !world.stdin_is_terminal {
        return Err(Failure::usage("--all asks before it does anything, and there is nobody to ask")
            .hint("--yes: do not ask"));
    }
    let entries = if count == 1 { "the one entry".to_owned() } else { format!("all {count} entries") };
    let _ = write!(world.stderr, "{} {entries}? [y/N] ", act.name());
    let _ = world.stderr.flush();
    // One line of a terminal; octet by octet, since nothing behind it is ours.
    let (mut line, mut octet) = (Vec::new(), [0]);
    while matches!(world.stdin.read(&mut octet), Ok(1)) && octet[0] != b'\n' {
        line.push(octet[0]);
    }
    Ok(matches!(line.as_slice(), b"y" | b"Y" | b"yes"))
}
