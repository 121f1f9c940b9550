//! Running a command of a person's, whose output goes into a file.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::sys::interrupt::{Interrupt, catch_interrupts, forget_interrupts, interrupted, rest};

/// Runs it to its end, however long that takes; standard input is ours. Whoever asks us to end asks the command, and we go
/// on: there is something to tell then.
pub(super) fn record(argv: &[OsString], without: &[String], output: &File) -> io::Result<ExitStatus> {
    let mut command = Command::new(&argv[0]);
    command.args(&argv[1..]).stdout(output.try_clone()?).stderr(output.try_clone()?);
    for variable in without {
        command.env_remove(variable);
    }
    // Before it begins: a signal that comes between would leave it running without us. Its own signals are as before.
    let _ = catch_interrupts();
    let mut child = command.spawn()?;
    let (began, mut passed_on) = (Instant::now(), 0);
    loop {
        if let Some(status) = child.try_wait()? {
            // They were for the command. What is to be told of it is told.
            forget_interrupts();
            return Ok(status);
        }
        if let Some(signal) = interrupted(passed_on + 1) {
            passed_on += 1;
            // A terminal has sent its SIGINT to both of us.
            let signal = match signal {
                Interrupt::Int => None,
                Interrupt::Hup => Some(Signal::HUP),
                Interrupt::Term => Some(Signal::TERM),
            };
            if let Some(signal) = signal {
                let _ = kill_process(Pid::from_child(&child), signal);
            }
        }
        pause(began.elapsed(), passed_on);
    }
}

/// Waits a twentieth of the time that the command has run, at most 200 ms.
fn pause(ran: Duration, passed_on: usize) {
    let time = (ran / 20).clamp(Duration::from_millis(1), Duration::from_millis(200));
    // Once a signal has come, it would end each rest at once.
    if passed_on == 0 {
        let _ = rest(time);
    } else {
        std::thread::sleep(time);
    }
}
