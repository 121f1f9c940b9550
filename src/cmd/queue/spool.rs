//! The spool of this user: where it is, and what holds for it.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cmd::{Exit, Failure, World};
use crate::config::{Settings, WhenInDoubt};
use crate::spool::{InDoubt, OpenError, Rules, Schedule, Store};
use crate::sys::{Disk, Ground, SystemDisk, ground};

/// The disk that the spool lies on.
static DISK: SystemDisk = SystemDisk;

/// A file whose time says when the queue was last run, and whose text how many entries stood in it.
const LAST_RUN: &str = "last-run";

/// How long ago a run may be that shows that something runs the queue.
const RECENT_S: u64 = 24 * 60 * 60;

/// Where the spool is: `spool.dir`, `$XDG_STATE_HOME/whippet/spool`, else `~/.local/state/whippet/spool`.
pub(in crate::cmd) fn folder(settings: &Settings, world: &World<'_>) -> Option<PathBuf> {
    if let Some(dir) = &settings.spool.dir.value {
        return Some(dir.clone());
    }
    world.surroundings.spool_folder()
}

/// The spool, made where there is none.
pub(super) fn create(settings: &Settings, world: &World<'_>) -> Result<Store<'static>, Failure> {
    let folder = folder(settings, world).ok_or_else(homeless)?;
    if let Some(home) =
        world.surroundings.home.as_ref().filter(|home| folder.starts_with(home) && !home.exists())
    {
        // The home of a user that has none is not made, by root neither.
        let headline = format!("there is no folder {}, the home of this user", home.display());
        return Err(Failure::plain(Exit::CantCreat, headline).hint("name a place for the queue in spool.dir"));
    }
    let store = Store::create(&DISK, &folder)?;
    check_ground(settings, &folder)?;
    Ok(store)
}

/// A queue that must not lose mail wants a disk of this machine.
fn check_ground(settings: &Settings, folder: &Path) -> Result<(), Failure> {
    if settings.spool.allow_network_spool.value || ground(folder) != Ground::Shared {
        return Ok(());
    }
    let headline =
        format!("the spool {} is on a network, where nothing is sure to be kept", folder.display());
    Err(Failure::plain(Exit::Config, headline)
        .hint("name a place on this machine in spool.dir, or set spool.allow_network_spool = true"))
}

/// The spool, if there is one.
pub(in crate::cmd) fn open(
    settings: &Settings,
    world: &World<'_>,
) -> Result<Option<Store<'static>>, Failure> {
    let folder = folder(settings, world).ok_or_else(homeless)?;
    let opened = match Store::open(&DISK, &folder) {
        Err(OpenError::Absent(_)) => return Ok(None),
        other => other,
    };
    check_ground(settings, &folder)?;
    Ok(Some(opened?))
}

/// Whether there is a spool.
pub(in crate::cmd) fn is_there(settings: &Settings, world: &World<'_>) -> bool {
    folder(settings, world).is_some_and(|folder| folder.exists())
}

/// What is to be said of a spool on a file system that keeps nothing for long.
pub(in crate::cmd) fn fleeting(folder: &Path) -> Option<String> {
    match ground(folder) {
        Ground::Fleeting(kind, what) => {
            Some(format!("not durable: the spool is on {kind}, and what is queued there {what}"))
        }
        Ground::Sound | Ground::Shared => None,
    }
}

/// Notes that the queue was run, and how many entries stood in it. It is a note that may be lost.
pub(in crate::cmd) fn note_run(store: &Store<'_>, entries: usize) {
    let Ok(log) = store.folder("log") else { return };
    let _ = DISK.unlink(&log, LAST_RUN);
    if let Ok(file) = DISK.create_new(&log, LAST_RUN) {
        let _ = DISK.write_at(&file, format!("{entries}\n").as_bytes(), 0);
    }
}

/// How many entries stood in the queue when it was last run; none, if it never was.
pub(super) fn counted(store: &Store<'_>) -> u64 {
    let mut text = [0; 24];
    let read = store.folder("log").and_then(|log| DISK.open(&log, LAST_RUN, false));
    let count = read.and_then(|file| DISK.read_at(&file, &mut text, 0)).unwrap_or(0);
    std::str::from_utf8(&text[..count]).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Whether something runs the queue: it was run within a day.
pub(in crate::cmd) fn is_run(settings: &Settings, world: &World<'_>) -> bool {
    let Some(folder) = folder(settings, world) else { return false };
    let run = std::fs::metadata(folder.join("log").join(LAST_RUN)).and_then(|file| file.modified());
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    run.is_ok_and(|run| is_recent(seconds(run), seconds(world.clock.now())))
}

/// Whether a run of this time shows that something runs the queue.
pub(super) fn is_recent(run_s: u64, now_s: u64) -> bool {
    run_s <= now_s && now_s - run_s < RECENT_S
}

/// When the queue was last run, seconds since 1970.
pub(super) fn last_run_s(store: &Store<'static>) -> Option<u64> {
    let stat = DISK.stat_at(&store.folder("log").ok()?, LAST_RUN).ok()?;
    u64::try_from(stat.changed_s).ok()
}

/// Forgets that the queue was ever run.
pub(super) fn forget_run(store: &Store<'_>) {
    let _ = store.folder("log").and_then(|log| DISK.unlink(&log, LAST_RUN));
}

/// What holds for all entries.
pub(in crate::cmd) fn rules(settings: &Settings) -> Rules {
    let spool = &settings.spool;
    let schedule = Schedule {
        first_s: spool.first.value.as_secs(),
        second_s: spool.second.value.as_secs(),
        third_s: spool.third.value.as_secs(),
        subsequent_s: spool.subsequent.value.as_secs(),
        expire_s: spool.expire.value.as_secs(),
        delay_notice_s: spool.delay_notice.value.map(|time| time.as_secs()),
        bounce_expire_s: spool.bounce_expire.value.as_secs(),
        jitter_percent: spool.jitter_percent.value,
    };
    let in_doubt = match spool.in_doubt.value {
        WhenInDoubt::Retry => InDoubt::Retry,
        WhenInDoubt::Hold => InDoubt::Hold,
    };
    Rules {
        schedule,
        in_doubt,
        in_doubt_limit: u32::try_from(spool.in_doubt_limit.value).unwrap_or(3),
        badmail_keep_s: spool.badmail_keep.value.map(|time| time.as_secs()),
        submit_once_s: spool.submit_once.value.map_or(0, |time| time.as_secs()),
    }
}

pub(super) fn homeless() -> Failure {
    Failure::plain(Exit::Config, "there is no place for a spool: neither $XDG_STATE_HOME nor a home is known")
}
