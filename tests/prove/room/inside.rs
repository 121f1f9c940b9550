//! A namespace in which this process may mount: the test program starts itself in one, and reads the table that it prints.

use std::process::Command;

use crate::real::home::Ran;
use crate::{Outcome, Wanted};

/// Runs a test in a mount namespace of its own; who is not root gets one in which they are.
pub fn run(id: &str, wanted: &Wanted, outcome: &mut Outcome, test: impl Fn(&Wanted, &mut Outcome)) {
    if wanted.is_inside {
        return test(wanted, outcome);
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let can_mount = Command::new("unshare")
        .args(command.get_args())
        .args(["mount", "-t", "tmpfs", "none", "/mnt"])
        .output();
    match can_mount {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return outcome.skips.push(format!("nothing can be mounted here: {words}"));
        }
        Err(error) => return outcome.skips.push(format!("unshare cannot be run: {error}")),
    }
    let part = if wanted.is_quick { "--quick" } else { "--all" };
    command.arg(std::env::current_exe().unwrap()).args([
        part,
        "--inside",
        "--only",
        id,
        "--seed",
        &wanted.seed.to_string(),
    ]);
    command.env_remove("RUST_TEST_THREADS");
    read(&Ran::of(&mut command), id, outcome);
}

/// Takes over what the table says.
fn read(ran: &Ran, id: &str, outcome: &mut Outcome) {
    let row = ran.out.lines().find_map(|line| line.strip_prefix(id));
    let cases = row.and_then(|row| row.split_whitespace().next()?.parse::<usize>().ok());
    let Some(cases) = cases else {
        return outcome.failures.push(format!("it ended with {:?}: {}{}", ran.code, ran.out, ran.err));
    };
    outcome.cases += cases;
    let lines = |start: &'static str| {
        ran.out.lines().filter_map(move |line| line.strip_prefix(start)).map(str::to_owned)
    };
    outcome.failures.extend(lines("  failed: "));
    outcome.skips.extend(lines("  skipped: "));
    if ran.code != Some(0) && outcome.failures.is_empty() && outcome.skips.is_empty() {
        outcome.failures.push(format!("it ended with {:?}: {}", ran.code, ran.err));
    }
}
