//! The verb `queue run`: one pass over the queue, or one each minute.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use super::profiles::Profiles;
use super::spool;
use crate::cli::Request;
use crate::cmd::{Exit, Failure, World, settings};
use crate::spool::{Name, Place, Run, Tally};
use crate::sys::{catch_interrupts, interrupted, leave_terminal, rest};
use crate::ui;

/// How long `--watch` waits at most between two runs, seconds: mail that is queued meanwhile is seen then.
const LONGEST_PAUSE_S: u64 = 60;

/// What is asked of a run.
pub(in crate::cmd) struct Wish<'a> {
    /// Due times are not asked for, and a closed gate is tried once.
    pub is_now: bool,
    /// It shows that something runs the queue.
    pub is_noted: bool,
    /// Again and again.
    pub is_watching: bool,
    /// A send has left it behind.
    pub is_left: bool,
    /// Which entries.
    pub wanted: &'a dyn Fn(&Name) -> bool,
}

/// Tries what is due.
pub(super) fn run(wish: &Wish<'_>, request: &Request, world: &mut World<'_>) -> Result<Exit, Failure> {
    if wish.is_left {
        leave_terminal();
    }
    loop {
        let exit = once(wish, request, world)?;
        if !wish.is_watching || interrupted(1).is_some() {
            return Ok(exit);
        }
        if rest(pause(request, world)?).is_some() {
            return Ok(Exit::Ok);
        }
    }
}

/// How long it is until something is due that was not due in the run before.
fn pause(request: &Request, world: &World<'_>) -> Result<Duration, Failure> {
    let settings = settings::resolve(request, world)?;
    let now_s = world.clock.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut next_s = None;
    if let Some(store) = spool::open(&settings, world)? {
        // What cannot be read now is told of by the next run.
        let _ = store.each_queued(&mut |name| next_s = sooner(next_s, name.due_s, now_s), &mut |_| {});
    }
    let pause_s = next_s.map_or(LONGEST_PAUSE_S, |next_s| (next_s - now_s).min(LONGEST_PAUSE_S));
    Ok(Duration::from_secs(pause_s))
}

/// The sooner of two moments that are still to come.
fn sooner(next_s: Option<u64>, due_s: u64, now_s: u64) -> Option<u64> {
    next_s.into_iter().chain((due_s > now_s).then_some(due_s)).min()
}

/// Makes one run.
pub(in crate::cmd) fn once(
    wish: &Wish<'_>,
    request: &Request,
    world: &mut World<'_>,
) -> Result<Exit, Failure> {
    let settings = settings::resolve(request, world)?;
    // Without it they kill, and what is in hand is left as after any death.
    let _ = catch_interrupts();
    let Some(store) = spool::open(&settings, world)? else { return Ok(Exit::Ok) };
    let rules = spool::rules(&settings);
    let mut lines = Vec::new();
    let tally = {
        let mut note = |line: &str| lines.push(line.to_owned());
        let transcript: Option<&mut dyn FnMut(&str)> =
            if request.verbose > 0 { Some(&mut note) } else { None };
        let run = Run {
            store: &store,
            rules: &rules,
            clock: world.clock,
            random: world.random,
            machine: &world.machine,
            is_now: wish.is_now,
        };
        let (passed, limit) = (Profiles { world, request, transcript: None }, rules.in_doubt_limit);
        let hops = RefCell::new(BTreeMap::new());
        // What a send leaves behind has none of the variables that hold passwords: who has them runs that mail.
        let is_tried = |name: &Name| {
            let is_run = || {
                let looked = store.look(Place::Queue, *name, limit);
                looked.map_or(true, |(header, ..)| !passed.wants_variable(&header.profile))
            };
            !wish.is_left || *hops.borrow_mut().entry(name.hop).or_insert_with(is_run)
        };
        let mut profiles = Profiles { world, request, transcript };
        run.run(&mut profiles, &|name| (wish.wanted)(name) && is_tried(name))
    };
    let tally = tally.map_err(|error| {
        Failure::plain(Exit::IoErr, format!("cannot read the queue: {}", crate::sys::reason(&error)))
    })?;
    if wish.is_noted {
        spool::note_run(&store, tally.entries);
    }
    for line in lines {
        let _ = writeln!(world.stderr, "{}", ui::printable(&line));
    }
    tell(&tally, request, world);
    Ok(exit(&tally))
}

/// The exit code of a run: what failed or is held wants a person, what is deferred wants time.
fn exit(tally: &Tally) -> Exit {
    match tally {
        // Somebody may get it twice: that is told before all else.
        tally if tally.is_unrecorded => Exit::IoErr,
        tally if tally.failed + tally.held > 0 => Exit::Unavailable,
        tally if !tally.troubles.is_empty() => Exit::IoErr,
        tally if tally.deferred + tally.unreached + tally.left > 0 => Exit::TempFail,
        _ => Exit::Ok,
    }
}

fn tell(tally: &Tally, request: &Request, world: &mut World<'_>) {
    for trouble in tally.warnings.iter().chain(&tally.troubles) {
        let _ = writeln!(world.stderr, "whippet: {}", ui::printable(trouble));
    }
    let counts = [
        (tally.accepted, "accepted"),
        (tally.deferred, "deferred"),
        (tally.failed, "failed"),
        (tally.held, "held in doubt"),
    ];
    let mut words: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !words.is_empty() {
        words = vec![format!("recipients: {}", words.join(", "))];
    }
    if tally.unreached > 0 {
        let mails = if tally.unreached == 1 { "mail waits" } else { "mails wait" };
        words.push(format!("{} {mails} for a server that takes none now", tally.unreached));
    }
    if let Some(by) = tally.stopped {
        let mails = match tally.left {
            0 => String::new(),
            1 => ", before 1 mail was handed over".to_owned(),
            left => format!(", before {left} mails were handed over"),
        };
        words.push(format!("interrupted by {by}{mails}"));
    }
    // Who runs it from a timer wants to hear of trouble only.
    let is_all_well = tally.deferred + tally.failed + tally.held + tally.unreached + tally.left == 0;
    let is_wanted = if is_all_well { request.verbose > 0 } else { !request.quiet };
    if !words.is_empty() && is_wanted {
        let _ = writeln!(world.stderr, "whippet: {}", words.join("; "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_already_does_not_shorten_the_pause() {
        let next_s = |dues: &[u64]| dues.iter().fold(None, |next_s, &due_s| sooner(next_s, due_s, 100));
        assert_eq!(next_s(&[]), None);
        assert_eq!(next_s(&[100, 1]), None);
        assert_eq!(next_s(&[300, 100, 130, 150]), Some(130));
    }
}
