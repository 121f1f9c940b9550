//! Running a command of a person's, and hearing what it says.

use std::ffi::OsString;
use std::io::{self, PipeReader, PipeWriter, Read, pipe};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, ioctl_fionbio, ioctl_fionread};
use rustix::process::{Pid, Signal, getpgrp, kill_process};
use rustix::termios::tcgetpgrp;

use super::{Ends, Recorded, RunError};
use crate::sys::interrupt::{
    Interrupt, catch_interrupts, forget_interrupts, interrupted, own_children, rest,
};

/// Octets that are kept of what is said: its beginning and its end. More is nobody's letter.
const KEPT: (usize, usize) = (256 * 1024, 768 * 1024);

/// Takes what is said until nobody says anything more.
const DRAIN: &str = "exec cat >/dev/null";

/// Runs it to its end, however long that takes; standard input is ours. Whoever asks us to end asks the command, and we go
/// on: there is something to tell then.
pub(super) fn record(argv: &[OsString], without: &[String]) -> Recorded {
    let program = || argv[0].to_string_lossy().into_owned();
    let mut output = Ends::new(KEPT.0, KEPT.1);
    let ended = match hear(argv, without, &mut output) {
        Ok(Ok(status)) => Ok(status),
        Ok(Err(source)) => Err(RunError::Wait { program: program(), source }),
        Err(source) => Err(RunError::Start { program: program(), source }),
    };
    Recorded { ended, output }
}

/// Starts the command, waits for its end, and takes what it says until then. Both its outputs are one pipe, which keeps the
/// order: a file would be emptied by each writer that opens /dev/stderr anew.
fn hear(argv: &[OsString], without: &[String], output: &mut Ends) -> io::Result<io::Result<ExitStatus>> {
    // All that may fail is done before the command begins.
    let ((said, says), (stopped, stop)) = (pipe()?, pipe()?);
    ioctl_fionbio(&said, true)?;
    let (ended, heard) = thread::scope(|scope| {
        let listener = thread::Builder::new().spawn_scoped(scope, || listen(&said, &stopped, output))?;
        let ended = start(argv, without, says).map(|mut child| wait(&mut child));
        drop(stop);
        io::Result::Ok((ended, listener.join().expect("a listener does not panic")))
    })?;
    if matches!(heard, Ok(Heard::SoFar)) {
        leave_to(said);
    }
    ended
}

fn start(argv: &[OsString], without: &[String], says: PipeWriter) -> io::Result<Child> {
    let spawn = |command: &mut Command| {
        for variable in without {
            command.env_remove(variable);
        }
        command.stdout(says.try_clone()?).stderr(says.try_clone()?).spawn()
    };
    own_children();
    // Before it begins: a signal that comes between would leave it running without us. Its own signals are as before.
    let _ = catch_interrupts();
    match spawn(Command::new(&argv[0]).args(&argv[1..])) {
        // A script without `#!` is run by the shell, as execvp(3) does it.
        Err(error) if error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error()) => {
            spawn(Command::new("/bin/sh").args(["-c", r#"exec "$0" "$@""#]).args(argv))
        }
        spawned => spawned,
    }
}

/// How much was heard.
enum Heard {
    /// All there will ever be.
    All,
    /// What was said until then: what the command has left behind may say more.
    SoFar,
}

/// Takes what is said, until all have ended who could say something, or `stopped` has no writer any more.
fn listen(mut said: &PipeReader, stopped: &PipeReader, output: &mut Ends) -> io::Result<Heard> {
    let mut block = vec![0; 64 * 1024];
    loop {
        let mut polled = [PollFd::new(said, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match poll(&mut polled, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_stopped = !polled[1].revents().is_empty();
        // Some may write without end: the end of the command is looked for behind each block, and what is there then is what
        // was said in time.
        let mut left = if is_stopped { ioctl_fionread(said)? } else { block.len() as u64 };
        while left > 0 {
            match said.read(&mut block) {
                Ok(0) => return Ok(Heard::All),
                Ok(count) => {
                    output.push(&block[..count]);
                    left = left.saturating_sub(count as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if is_stopped {
            return Ok(Heard::SoFar);
        }
    }
}

/// Leaves the rest of what is said to a program that throws it away: who says it is not to die of a pipe without a reader.
fn leave_to(said: PipeReader) {
    let _ = ioctl_fionbio(&said, false);
    let mut drain = Command::new("/bin/sh");
    let _ = drain.args(["-c", DRAIN]).stdin(said).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
}

/// Waits for the command; gives it the signals that were meant for it.
fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    let (began, mut passed_on) = (Instant::now(), 0);
    loop {
        if let Some(status) = child.try_wait()? {
            // They were for the command. What is to be told of it is told.
            forget_interrupts();
            return Ok(status);
        }
        if let Some(signal) = interrupted(passed_on + 1) {
            passed_on += 1;
            let signal = match signal {
                Interrupt::Int if is_at_terminal() => None,
                Interrupt::Int => Some(Signal::INT),
                Interrupt::Hup => Some(Signal::HUP),
                Interrupt::Term => Some(Signal::TERM),
            };
            if let Some(signal) = signal {
                let _ = kill_process(Pid::from_child(child), signal);
            }
        }
        pause(began.elapsed(), passed_on);
    }
}

/// Whether a terminal sends its SIGINT to us, and so to the command too.
fn is_at_terminal() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    terminal.is_ok_and(|terminal| tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()))
}

/// Waits a twentieth of the time that the command has run, at most 200 ms.
fn pause(ran: Duration, passed_on: usize) {
    let time = (ran / 20).clamp(Duration::from_millis(1), Duration::from_millis(200));
    // Once a signal has come, it would end each rest at once.
    if passed_on == 0 {
        let _ = rest(time);
    } else {
        thread::sleep(time);
    }
}
