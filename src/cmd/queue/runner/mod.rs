//! What has the queue run: a timer of systemd, a line of the crontab, and a send that leaves a run behind.

mod behind;
mod command;
mod crontab;
mod install;
mod systemd;

pub(in crate::cmd) use behind::leave_run;
pub(in crate::cmd::queue) use install::install;

use std::ffi::OsString;
use std::time::Duration;

use crate::cmd::{Exit, Failure, World};
use crate::config::Settings;
use crate::sys::{Child, Ended, Feed};

/// How long a program may take that has the queue run.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is run, minutes.
const EVERY_MIN: u64 = 5;

/// Runs one of the system's programs. An error: what it said, or why it did not run.
fn ask(
    words: &[&str],
    feed: Option<&mut Feed<'_>>,
    settings: &Settings,
    world: &World<'_>,
) -> Result<Ended, String> {
    let child = Child {
        argv: words.iter().map(OsString::from).collect(),
        without: settings.secret_variables.clone(),
        with: Vec::new(),
        patience: PATIENCE,
        is_group: true,
    };
    let ended = world.run.run(&child, feed).map_err(|error| error.to_string())?;
    if ended.status.success() && ended.input_taken {
        return Ok(ended);
    }
    let said = ended.stderr.trim().replace('\n', "; ");
    Err(if said.is_empty() { format!("{}: {}", words.join(" "), ended.status) } else { said })
}

/// It cannot be done here.
fn unavailable(headline: impl Into<String>) -> Failure {
    Failure::plain(Exit::Unavailable, headline)
}
