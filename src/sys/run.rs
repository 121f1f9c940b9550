//! Running another program: argv without a shell, a time limit, its output captured.

mod ends;
mod recorded;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

pub use self::ends::Ends;
use crate::sys::interrupt::{own_children, spare_interrupts};
use crate::sys::{Interrupt, Secret, interrupted};

/// Most that is kept of a child's standard output, octets; a password or a token fits many times.
pub const OUTPUT_LIMIT: u64 = 64 * 1024;

/// Closes what a caller of ours may have left open beside the three streams, and becomes the program that its arguments
/// name. A shell knows the descriptors of one digit, which are those that scripts use.
const CLOSING: &str = r#"exec "$0" "$@" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-"#;

/// What to run.
#[derive(Debug, Clone)]
pub struct Child {
    /// Program and arguments; never empty.
    pub argv: Vec<OsString>,
    /// Variables taken out of the child's environment, because they hold a secret.
    pub without: Vec<String>,
    /// Variables that are set in it.
    pub with: Vec<(&'static str, OsString)>,
    /// How long it may do nothing: take no input, or not end once it has all of it.
    pub patience: Duration,
    /// It gets a process group of its own, so that with it all that it started can be killed. Not for a program that
    /// may ask at the terminal.
    pub is_group: bool,
}

/// How a child ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// Whether it took all of its input.
    pub input_taken: bool,
    /// Its standard output, which may be a secret; at most [`OUTPUT_LIMIT`] and one octet.
    pub stdout: Secret,
    /// Its standard error as text, cut at the same length.
    pub stderr: String,
}

/// What became of a command of a person's.
#[derive(Debug)]
pub struct Recorded {
    /// How it ended.
    pub ended: Result<ExitStatus, RunError>,
    /// What it said on both its outputs, in order.
    pub output: Ends,
}

/// Why a child could not be run to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not be started.
    #[error("{program}: cannot be started")]
    Start {
        /// The program's name as given.
        program: String,
        /// The reason.
        source: io::Error,
    },
    /// It did nothing for longer than its limit and was killed.
    #[error("{program}: gave no answer within {} s", patience.as_secs())]
    Late {
        /// The program's name as given.
        program: String,
        /// The limit that passed.
        patience: Duration,
    },
    /// What it was to be given could not be read. It was killed before it saw the end of its input.
    #[error("{program}: cannot be given its input")]
    Input {
        /// The program's name as given.
        program: String,
        /// The reason.
        source: io::Error,
    },
    /// The program was asked to end while it waited for the child of this name, which was killed.
    #[error("{0}: interrupted by {1}")]
    Interrupted(String, Interrupt),
    /// Waiting for it failed.
    #[error("{program}: cannot be waited for")]
    Wait {
        /// The program's name as given.
        program: String,
        /// The reason.
        source: io::Error,
    },
}

/// Writes the standard input of a child.
pub type Feed<'a> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'a;

/// Runs children.
pub trait Run {
    /// Runs `child` to its end. `feed` writes its standard input; with `None` that is empty.
    ///
    /// A child that ends without reading all of its input is no error here: [`Ended::input_taken`] tells.
    fn run(&self, child: &Child, feed: Option<&mut Feed<'_>>) -> Result<Ended, RunError>;

    /// Starts `child`, whose standard input is empty, and lets it run. Who cannot do that runs it to its end.
    fn start(&self, child: &Child) -> Result<Box<dyn Started>, RunError> {
        Ok(Box::new(Over(self.run(child, None))))
    }

    /// Runs a program that talks with the person at the terminal, whatever our own streams are. Who cannot do that has no
    /// terminal.
    fn converse(&self, _argv: &[OsString], _without: &[String]) -> io::Result<ExitStatus> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Runs a command of a person's to its end, however long that takes, and hears what it says; its standard input is ours.
    /// Who asks us to end meanwhile asks the command. Who cannot do that runs nothing.
    fn record(&self, argv: &[OsString], _without: &[String]) -> Recorded {
        let program = argv[0].to_string_lossy().into_owned();
        let source = io::ErrorKind::Unsupported.into();
        Recorded { ended: Err(RunError::Start { program, source }), output: Ends::new(0, 0) }
    }

    /// Starts `child` and leaves it to itself: nobody waits for it, and it goes on when we have ended. `input` is its
    /// standard input: a lock on that is held until it ends. What it says is thrown away. Who cannot do that starts nothing.
    fn leave(&self, _child: &Child, _input: File) -> io::Result<()> {
        Ok(())
    }
}

/// A child that was started. Dropped before its end, it is killed.
pub trait Started {
    /// Waits for its end; its patience counts from now.
    fn finish(self: Box<Self>) -> Result<Ended, RunError>;
}

/// A child that has run to its end.
struct Over(Result<Ended, RunError>);

impl Started for Over {
    fn finish(self: Box<Self>) -> Result<Ended, RunError> {
        self.0
    }
}

/// Runs real children.
#[derive(Debug, Clone, Copy)]
pub struct SystemRun;

impl Run for SystemRun {
    fn run(&self, child: &Child, feed: Option<&mut Feed<'_>>) -> Result<Ended, RunError> {
        Running::start(child, feed.is_some())?.finish(feed)
    }

    fn start(&self, child: &Child) -> Result<Box<dyn Started>, RunError> {
        Ok(Box::new(Running::start(child, false)?))
    }

    fn converse(&self, argv: &[OsString], without: &[String]) -> io::Result<ExitStatus> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let mut command = Command::new(&argv[0]);
        command.args(&argv[1..]).stdin(terminal.try_clone()?).stdout(terminal.try_clone()?).stderr(terminal);
        for variable in without {
            command.env_remove(variable);
        }
        own_children();
        spare_interrupts(|| command.status())?
    }

    fn record(&self, argv: &[OsString], without: &[String]) -> Recorded {
        recorded::record(argv, without)
    }

    fn leave(&self, child: &Child, input: File) -> io::Result<()> {
        // A lock of our caller's must not live as long as the child.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", CLOSING]).args(&child.argv);
        command.stdin(input).stdout(Stdio::null()).stderr(Stdio::null());
        command.envs(child.with.iter().map(|(name, value)| (name, value)));
        for variable in &child.without {
            command.env_remove(variable);
        }
        command.spawn().map(drop)
    }
}

/// A child that runs.
struct Running {
    program: String,
    process: std::process::Child,
    patience: Duration,
    is_group: bool,
}

impl Started for Running {
    fn finish(self: Box<Self>) -> Result<Ended, RunError> {
        (*self).finish(None)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.target().kill();
            let _ = self.process.wait();
        }
    }
}

impl Running {
    fn start(child: &Child, is_fed: bool) -> Result<Running, RunError> {
        let program = child.argv[0].to_string_lossy().into_owned();
        let mut command = Command::new(&child.argv[0]);
        command
            .args(&child.argv[1..])
            .stdin(if is_fed { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if child.is_group {
            command.process_group(0);
        }
        command.envs(child.with.iter().map(|(name, value)| (name, value)));
        for variable in &child.without {
            command.env_remove(variable);
        }
        own_children();
        let process =
            command.spawn().map_err(|source| RunError::Start { program: program.clone(), source })?;
        Ok(Running { program, process, patience: child.patience, is_group: child.is_group })
    }

    fn finish(mut self, feed: Option<&mut Feed<'_>>) -> Result<Ended, RunError> {
        let stdout = collect(self.process.stdout.take());
        let stderr = collect(self.process.stderr.take());
        let input_taken = match (feed, self.process.stdin.take()) {
            (Some(feed), Some(input)) => self.feed(feed, input)?,
            _ => true,
        };
        let status = self.wait()?;
        // A grandchild may hold the pipes open; what came until the child's end is enough then.
        let patience = Duration::from_millis(500);
        let stderr = stderr.recv_timeout(patience).unwrap_or_default();
        Ok(Ended {
            status,
            input_taken,
            stdout: Secret::new(stdout.recv_timeout(patience).unwrap_or_default()),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        })
    }

    /// Writes the input; says whether all of it was taken. A child that takes nothing for too long is killed, which
    /// ends the writing.
    fn feed(&mut self, feed: &mut Feed<'_>, mut input: ChildStdin) -> Result<bool, RunError> {
        let (beat, beats) = mpsc::channel();
        let (target, patience, is_late) = (self.target(), self.patience, Arc::new(AtomicBool::new(false)));
        let watched = is_late.clone();
        // The child is not waited for while this thread lives, so that its number cannot be another's.
        let watch = thread::spawn(move || {
            loop {
                match beats.recv_timeout(patience) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        watched.store(true, Ordering::SeqCst);
                        return target.kill();
                    }
                }
            }
        });
        let fed = feed(&mut Pulse { input: &mut input, beat: &beat });
        drop(beat);
        if matches!(&fed, Err(error) if error.kind() != io::ErrorKind::BrokenPipe) {
            // A stump must not pass for the whole: everybody dies before the end of the input is to be seen.
            self.target().kill();
        }
        drop(input);
        let _ = watch.join();
        let program = self.program.clone();
        match fed {
            _ if is_late.load(Ordering::SeqCst) => {
                let _ = self.process.wait();
                Err(RunError::Late { program, patience })
            }
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(source) => {
                let _ = self.process.wait();
                Err(RunError::Input { program, source })
            }
        }
    }

    fn target(&self) -> Target {
        Target { pid: Pid::from_child(&self.process), is_group: self.is_group }
    }

    /// Waits for the child's end, kills it when its time has passed.
    fn wait(&mut self) -> Result<ExitStatus, RunError> {
        let program = self.program.clone();
        let end = Instant::now() + self.patience;
        let mut pause = Duration::from_millis(1);
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => {}
                Err(source) => return Err(RunError::Wait { program, source }),
            }
            let by = interrupted(1);
            if by.is_some() || Instant::now() >= end {
                self.target().kill();
                let _ = self.process.wait();
                return Err(match by {
                    Some(by) => RunError::Interrupted(program, by),
                    None => RunError::Late { program, patience: self.patience },
                });
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}

/// Whom a signal goes to.
#[derive(Clone, Copy)]
struct Target {
    pid: Pid,
    is_group: bool,
}

impl Target {
    fn kill(self) {
        let _ = if self.is_group {
            kill_process_group(self.pid, Signal::KILL)
        } else {
            kill_process(self.pid, Signal::KILL)
        };
    }
}

/// The pipe to a child; tells the watch of each piece that was taken.
struct Pulse<'a> {
    input: &'a mut ChildStdin,
    beat: &'a mpsc::Sender<()>,
}

impl Write for Pulse<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let taken = self.input.write(octets)?;
        let _ = self.beat.send(());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.flush()
    }
}

/// Reads a pipe to its end in a thread of its own, so that a full pipe never blocks the child.
fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut pipe) = pipe {
        thread::spawn(move || {
            let mut octets = Vec::new();
            let _ = pipe.by_ref().take(OUTPUT_LIMIT + 1).read_to_end(&mut octets);
            let _ = sender.send(octets);
            let _ = io::copy(&mut pipe, &mut io::sink());
        });
    }
    receiver
}

/// Leaves the terminal and the session of whoever started us: neither Ctrl-C nor the end of the terminal is meant for us.
pub fn leave_terminal() {
    // It fails for a leader of a group, who is one because a shell has put it where it is to be.
    let _ = rustix::process::setsid();
}

#[cfg(test)]
mod tests;
