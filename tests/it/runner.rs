//! What has the queue run without a daemon.

mod behind;
mod ground;
mod install;
mod watch;

use crate::support::Sandbox;

/// The files of the queue.
fn waiting(sandbox: &Sandbox) -> Vec<String> {
    sandbox.files().into_iter().filter(|file| file.contains("/spool/q/")).collect()
}
