//! The run that a send leaves behind: a process of its own, which nobody waits for. It is started only where a name in the
//! queue says that there is something to do, one at a time.
//!
//! It may be killed at any moment: with the unit of systemd that the send belongs to, or when the machine goes down. The
//! journal survives that, as it survives every death of a run.

use std::ffi::OsString;
use std::io;
use std::time::{Duration, UNIX_EPOCH};

use crate::cli::Request;
use crate::cmd::World;
use crate::cmd::queue::spool;
use crate::config::Settings;
use crate::spool::desk::Gates;
use crate::spool::{Name, Store};
use crate::sys::{Child, Disk, SystemDisk, interrupted};

/// A file whose text says when the last such run began, and that is locked until it ends.
const NOTE: &str = "after-send";

/// How long what such a run has left due is left alone, seconds: it cannot be tried, or another process has it in hand.
const PATIENCE_S: u64 = 60;

/// What leads to another server than the profile does, or to another profile.
const LEADING: [&str; 2] = ["WHIPPET_SMTP", "WHIPPET_PROFILE"];

/// Leaves a run behind, if there is something to do and that is wanted. Nothing of it is told: it is not what was asked for.
pub(in crate::cmd) fn leave_run(request: &Request, settings: &Settings, world: &World<'_>) {
    if settings.spool.run_after_send.value && interrupted(1).is_none() {
        let _ = start(request, settings, world);
    }
}

/// `None`: there is nothing to do, or it cannot be done now.
fn start(request: &Request, settings: &Settings, world: &World<'_>) -> Option<()> {
    let store = spool::open(settings, world).ok()??;
    let now_s = world.clock.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let log = store.folder("log").ok()?;
    let note = match SystemDisk.open(&log, NOTE, true) {
        Err(_) => SystemDisk.create_new(&log, NOTE).ok()?,
        Ok(note) => note,
    };
    // The run that holds it takes what is due meanwhile, or the next one does.
    if !SystemDisk.lock(&note, true).ok()? {
        return None;
    }
    let mut text = [0; 20];
    let count = SystemDisk.read_at(&note, &mut text, 0).ok()?;
    let last_s = std::str::from_utf8(&text[..count]).ok().and_then(|text| text.trim().parse().ok());
    if !is_work(&store, settings, now_s, last_s.unwrap_or(0)).ok()? {
        return None;
    }
    let ourselves = (*world.ourselves).clone()?;
    SystemDisk.write_at(&note, format!("{now_s:19}\n").as_bytes(), 0).ok()?;
    let mut argv = vec![ourselves.into_os_string()];
    argv.extend(["queue", "run", "--after-send"].map(OsString::from));
    argv.extend(words(request));
    let mut without = settings.secret_variables.clone();
    without.extend(LEADING.map(str::to_owned));
    let child = Child { argv, without, with: Vec::new(), patience: Duration::ZERO, is_group: false };
    world.run.leave(&child, note).ok()
}

/// Whether a name says that there is something that a run could do now, and that the last one could not. No entry is opened.
fn is_work(store: &Store<'_>, settings: &Settings, now_s: u64, last_s: u64) -> io::Result<bool> {
    let schedule = spool::rules(settings).schedule;
    let gates = Gates::read(store)?;
    let is_rested = now_s < last_s || now_s - last_s >= PATIENCE_S;
    let mut is_found = false;
    let mut each = |name: Name| {
        let is_new = last_s < name.due_s && name.due_s <= now_s;
        if !is_found && schedule.is_due(name.due_s, now_s) && (is_new || is_rested) {
            let next_s = gates.at(name.hop).map_or(0, |record| record.next_s);
            let is_open = next_s <= now_s || schedule.is_too_far(next_s, now_s);
            let made_s = name.id.made().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            // What is at the end of its life is given up behind a closed gate too.
            is_found = is_open || now_s.saturating_sub(made_s) >= schedule.expire_s;
        }
    };
    store.each_queued(&mut each, &mut |_| {})?;
    Ok(is_found)
}

/// What leads to the same files and the same spool as in the send.
fn words(request: &Request) -> Vec<OsString> {
    let mut words = Vec::new();
    if let Some(file) = &request.config_file {
        words.extend(["--config".into(), file.clone().into_os_string()]);
    }
    if request.no_system {
        words.push("--no-system".into());
    }
    for (key, value) in request.set.iter().filter(|(key, _)| key.starts_with("spool.")) {
        words.extend(["--set".into(), format!("{key}={value}").into()]);
    }
    words
}
