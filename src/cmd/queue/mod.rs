//! The verb `queue`: the spool is opened where the settings say that it is, and one file here does what is asked.

mod act;
mod check;
mod chosen;
mod facts;
mod heard;
mod list;
mod profiles;
mod run;
mod runner;
mod show;
pub(super) mod spool;
mod waiting;

pub(super) use heard::heard;
pub(super) use run::{Wish, once};
pub(super) use runner::leave_run;
pub(super) use waiting::{Memory, Waiting, answered, may_wait};

use std::io::Write;
use std::time::UNIX_EPOCH;

use crate::cli::{QueueRequest, Task};
use crate::cmd::{Exit, Failure, World, print, settings};
use crate::spool::{Name, OpenError, Place, Rules, Store};
use crate::sys::{SystemDisk, reason};
use crate::ui::Complaint;

/// The places of entries, in the order of their lives.
const PLACES: [Place; 4] = [Place::Queue, Place::Held, Place::Badmail, Place::Corrupt];

/// What all of it needs.
struct Counter<'s> {
    /// `None`: there is no spool, so there is nothing in it.
    store: Option<&'s Store<'static>>,
    rules: Rules,
    now_s: u64,
    /// How many entries the queue may have.
    most: u64,
    /// When the queue was last run, seconds since 1970; `None`: nobody knows of a run.
    run_s: Option<u64>,
    json: bool,
}

/// Does what is asked of the queue.
pub(super) fn queue(request: &QueueRequest, world: &mut World<'_>) -> Result<Exit, Failure> {
    for warning in &request.settings.warnings {
        let _ = writeln!(world.stderr, "whippet: {warning}");
    }
    let settings = settings::resolve(&request.settings, world)?;
    if let Task::Install(setup) = request.task {
        return runner::install(setup, request, &settings, world);
    }
    let folder = spool::folder(&settings, world).ok_or_else(spool::homeless)?;
    let store = match Store::open(&SystemDisk, &folder) {
        Err(OpenError::Absent(_)) if !folder.exists() => None,
        Err(OpenError::Absent(_)) => {
            let headline = format!("{} is no spool, or not all of one", folder.display());
            return Err(Failure::plain(Exit::Config, headline));
        }
        other => Some(other?),
    };
    let now_s = world.clock.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (rules, most) = (spool::rules(&settings), settings.spool.max_entries.value);
    let run_s = store.as_ref().and_then(spool::last_run_s);
    let counter = Counter { store: store.as_ref(), rules, now_s, most, run_s, json: request.json };
    match &request.task {
        Task::List(chosen) => list::list(&counter, chosen, world),
        Task::Show { id, part } => show::show(&counter, id, *part, world),
        Task::Act { act, chosen, yes, wait } => act::act(&counter, *act, (chosen, *yes), *wait, world),
        Task::Check { quick, repair } => check::check(&counter, *quick, *repair, world),
        Task::Stats => check::stats(&counter, &folder, world),
        Task::Install(_) => unreachable!("it was done before the spool was opened"),
        Task::Run { now, watch, after_send: is_left, chosen } => {
            let wanted = chosen::ids(&counter, chosen)?;
            let wanted = |name: &Name| wanted.as_ref().is_none_or(|ids| ids.contains(&name.id));
            let wish = Wish {
                is_now: *now,
                // That mail is sent now and then does not mean that something runs the queue.
                is_noted: !is_left,
                is_watching: *watch,
                is_left: *is_left,
                wanted: &wanted,
            };
            run::run(&wish, &request.settings, world)
        }
    }
}

impl Counter<'_> {
    /// Whether something runs the queue.
    fn is_run(&self) -> bool {
        self.run_s.is_some_and(|run_s| spool::is_recent(run_s, self.now_s))
    }
}

/// The spool could not be read or written.
fn trouble(error: &std::io::Error) -> Failure {
    Failure::new(Exit::IoErr, Complaint::new("cannot use the spool").because(reason(error)))
}

/// Writes data piece by piece. A reader that went away is no failure: what is left is not written.
fn pour(
    world: &mut World<'_>,
    fill: impl FnOnce(&mut dyn FnMut(&str) -> Result<(), Stop>) -> Result<(), Stop>,
) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::with_capacity(64 * 1024, &mut *world.stdout);
    let filled = fill(&mut |text| Ok(out.write_all(text.as_bytes())?)).and_then(|()| Ok(out.flush()?));
    match filled {
        Err(Stop(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            // What is still in the buffer is not wanted any more.
            drop(out.into_parts());
            Ok(())
        }
        Err(Stop(error)) => {
            drop(out.into_parts());
            let complaint = Complaint::new("cannot write to the standard output").because(reason(&error));
            Err(Failure::new(Exit::IoErr, complaint))
        }
        Ok(()) => {
            drop(out);
            print("", world)
        }
    }
}

/// Why writing stopped.
struct Stop(std::io::Error);

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Stop(error)
    }
}
