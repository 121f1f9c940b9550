//! The verb `queue install`: from then on something runs the queue.

use super::command::Command;
use super::systemd::Units;
use super::{EVERY_MIN, crontab, systemd, unavailable};
use crate::cli::{QueueRequest, Runner, Setup};
use crate::cmd::queue::spool;
use crate::cmd::{Exit, Failure, World, print};
use crate::config::Settings;
use crate::ui::queue as ui;

/// What will run the queue.
enum Way {
    Timer(Units),
    /// The crontab as it is, and the line.
    Cron(Vec<u8>, String),
}

/// Does it, undoes it, or shows it.
pub(in crate::cmd::queue) fn install(
    setup: Setup,
    request: &QueueRequest,
    settings: &Settings,
    world: &mut World<'_>,
) -> Result<Exit, Failure> {
    if setup.remove {
        return remove(setup, request.json, settings, world);
    }
    let command = Command::find(&request.settings, world)?;
    if setup.print {
        return show(setup.runner, &command, settings, world);
    }
    let way = way(setup.runner, &command, settings, world)?;
    // Only where mail can wait something may run the queue.
    let store = spool::create(settings, world)?;
    let (runner, place, own) = match way {
        Way::Timer(units) => {
            units.put(settings, world)?;
            let places = units.texts().map(|(path, _)| world.surroundings.shown(&path));
            ("systemd", places.collect::<Vec<_>>(), None)
        }
        Way::Cron(old, line) => match crontab::put(&old, &line, settings, world)? {
            crontab::Put::Own(own) => ("crontab", vec![own.clone()], Some(own)),
            crontab::Put::Written | crontab::Put::Already => ("crontab", vec![line], None),
        },
    };
    // Whoever asks at once whether something runs the queue shall know it. The first run writes it anew.
    let entries = store.scan(&mut |_| {}).map_or(0, |names| names.len());
    spool::note_run(&store, entries);
    if request.json {
        print(&ui::installed_json(runner, &place, Exit::Ok.code()), world)?;
    } else {
        let text = match (&own, runner) {
            (Some(own), _) => format!("the crontab runs the queue already:\n  {own}\n"),
            (None, "crontab") => {
                format!(
                    "the queue is run every {EVERY_MIN} minutes, by this line of the crontab:\n  {}\n",
                    place[0]
                )
            }
            (None, _) => format!(
                "the queue is run every {EVERY_MIN} minutes, by a timer of systemd:\n  {}\n",
                place.join("\n  ")
            ),
        };
        print(&text, world)?;
    }
    hint(runner, settings, world);
    Ok(Exit::Ok)
}

/// What else there is to do, in words.
fn hint(runner: &str, settings: &Settings, world: &mut World<'_>) {
    let mut hints = Vec::new();
    if runner == "systemd" && systemd::ends_at_logout(settings, world) == Some(true) {
        hints.push("it stops when you log out; `loginctl enable-linger` has it go on".to_owned());
    }
    if let Some(folder) = spool::folder(settings, world)
        && let Some(words) = spool::fleeting(&folder)
    {
        hints.push(words);
    }
    if let Some(name) = settings.secret_variables.first() {
        hints.push(format!(
            "the variable {name}, which holds a password, is not there when the queue is run: name another place, such \
             as password_command"
        ));
    }
    for hint in hints {
        let _ = writeln!(world.stderr, "hint: {hint}");
    }
}

/// The way that is asked for, or the first that is there.
fn way(
    runner: Option<Runner>,
    command: &Command,
    settings: &Settings,
    world: &World<'_>,
) -> Result<Way, Failure> {
    let mut lacks = Vec::new();
    if runner != Some(Runner::Cron) {
        match systemd::is_there(settings, world) {
            // What it cannot start a crontab can.
            Ok(()) if runner.is_some() || command.for_unit().is_some() => {
                return Units::new(command, world).map(Way::Timer);
            }
            Ok(()) => {}
            Err(said) => lacks.push(format!("no systemd of this user answers ({said})")),
        }
    }
    if runner != Some(Runner::Systemd) {
        match crontab::read(settings, world) {
            Ok(old) => return Ok(Way::Cron(old, crontab::line(command))),
            Err(said) => lacks.push(format!("there is no crontab to be read ({said})")),
        }
    }
    let failure = unavailable(format!("nothing was installed: {}", lacks.join(", and ")));
    Err(failure.hint(format!(
        "have this run every {EVERY_MIN} minutes:\n  {}\nor leave this running: whippet queue run --watch",
        command.for_shell()
    )))
}

/// Shows what would be written.
fn show(
    runner: Option<Runner>,
    command: &Command,
    settings: &Settings,
    world: &mut World<'_>,
) -> Result<Exit, Failure> {
    let is_timer = match runner {
        Some(runner) => runner == Runner::Systemd,
        None => command.for_unit().is_some() && systemd::is_there(settings, world).is_ok(),
    };
    let mut text = String::new();
    if is_timer {
        for (path, unit) in Units::new(command, world)?.texts() {
            text.push_str(&format!("# {}\n{unit}\n", world.surroundings.shown(&path)));
        }
    } else {
        text = format!("{}\n", crontab::line(command));
    }
    print(&text, world)?;
    Ok(Exit::Ok)
}

/// Takes away what was installed.
fn remove(setup: Setup, json: bool, settings: &Settings, world: &mut World<'_>) -> Result<Exit, Failure> {
    let mut removed = Vec::new();
    if setup.runner != Some(Runner::Cron) && systemd::take_out(settings, world)? {
        removed.push("systemd");
    }
    if setup.runner != Some(Runner::Systemd) && crontab::take_out(settings, world)? {
        removed.push("crontab");
    }
    if let Some(store) = spool::open(settings, world)? {
        // Another runner notes its next run.
        spool::forget_run(&store);
    }
    if json {
        print(&ui::removed_json(&removed, Exit::Ok.code()), world)?;
    } else if removed.is_empty() {
        print("nothing was installed\n", world)?;
    } else {
        let what = |&runner: &&str| {
            if runner == "systemd" { "the timer of systemd" } else { "the line of the crontab" }
        };
        let what: Vec<&str> = removed.iter().map(what).collect();
        print(&format!("removed: {}\n", what.join(", ")), world)?;
    }
    Ok(Exit::Ok)
}
