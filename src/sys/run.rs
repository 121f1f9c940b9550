//! Running another program: argv without a shell, a time limit, its output captured.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::Secret;

/// Most that is kept of a child's standard output, octets; a password or a token fits many times.
const OUTPUT_LIMIT: u64 = 64 * 1024;

/// What to run.
#[derive(Debug, Clone)]
pub struct Child {
    /// Program and arguments; never empty.
    pub argv: Vec<OsString>,
    /// Variables taken out of the child's environment, because they hold a secret.
    pub without: Vec<String>,
    /// How long it may take; `None` for no limit.
    pub limit: Option<Duration>,
}

/// How a child ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its standard output, which may be a secret.
    pub stdout: Secret,
    /// Its standard error as text, at most 64 KiB.
    pub stderr: String,
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
    /// It took longer than its limit and was killed.
    #[error("{program}: gave no answer within {} s", limit.as_secs())]
    Late {
        /// The program's name as given.
        program: String,
        /// The limit that passed.
        limit: Duration,
    },
    /// Its standard input could not be written.
    #[error("{program}: cannot be written to")]
    Input {
        /// The program's name as given.
        program: String,
        /// The reason.
        source: io::Error,
    },
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
    /// A child that ends without reading all of its input is no error here: its status tells.
    fn run(&self, child: &Child, feed: Option<&mut Feed<'_>>) -> Result<Ended, RunError>;
}

/// Runs real children.
#[derive(Debug, Clone, Copy)]
pub struct SystemRun;

impl Run for SystemRun {
    fn run(&self, child: &Child, feed: Option<&mut Feed<'_>>) -> Result<Ended, RunError> {
        let program = child.argv[0].to_string_lossy().into_owned();
        let mut command = Command::new(&child.argv[0]);
        command
            .args(&child.argv[1..])
            .stdin(if feed.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for variable in &child.without {
            command.env_remove(variable);
        }
        let mut process =
            command.spawn().map_err(|source| RunError::Start { program: program.clone(), source })?;

        let stdout = collect(process.stdout.take());
        let stderr = collect(process.stderr.take());
        if let (Some(feed), Some(mut input)) = (feed, process.stdin.take()) {
            match feed(&mut input) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                Err(source) => {
                    // A stump must not pass for the whole: the child dies before it sees the end of its input.
                    let _ = process.kill();
                    let _ = process.wait();
                    return Err(RunError::Input { program, source });
                }
                Ok(()) => {}
            }
        }

        let status = wait(&mut process, child.limit, &program)?;
        // A grandchild may hold the pipes open; what came until the child's end is enough then.
        let patience = Duration::from_millis(500);
        Ok(Ended {
            status,
            stdout: Secret::new(stdout.recv_timeout(patience).unwrap_or_default()),
            stderr: String::from_utf8_lossy(&stderr.recv_timeout(patience).unwrap_or_default()).into_owned(),
        })
    }
}

/// Reads a pipe to its end in a thread of its own, so that a full pipe never blocks the child.
fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut pipe) = pipe {
        thread::spawn(move || {
            let mut octets = Vec::new();
            let _ = pipe.by_ref().take(OUTPUT_LIMIT).read_to_end(&mut octets);
            let _ = sender.send(octets);
            let _ = io::copy(&mut pipe, &mut io::sink());
        });
    }
    receiver
}

/// Waits for the child's end, kills it when `limit` has passed.
fn wait(
    process: &mut std::process::Child,
    limit: Option<Duration>,
    program: &str,
) -> Result<ExitStatus, RunError> {
    let failed = |source| RunError::Wait { program: program.to_owned(), source };
    let Some(limit) = limit else {
        return process.wait().map_err(failed);
    };
    let end = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = process.try_wait().map_err(failed)? {
            return Ok(status);
        }
        if Instant::now() >= end {
            let _ = process.kill();
            let _ = process.wait();
            return Err(RunError::Late { program: program.to_owned(), limit });
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(argv: &[&str], limit_ms: u64) -> Child {
        Child {
            argv: argv.iter().map(OsString::from).collect(),
            without: Vec::new(),
            limit: Some(Duration::from_millis(limit_ms)),
        }
    }

    #[test]
    fn input_and_both_outputs_pass() {
        let script = "cat; echo oops >&2; exit 3";
        let ended = SystemRun
            .run(&child(&["sh", "-c", script], 5000), Some(&mut |input| input.write_all(b"hello")))
            .unwrap();
        assert_eq!(ended.stdout.expose(), b"hello");
        assert_eq!(ended.stderr, "oops\n");
        assert_eq!(ended.status.code(), Some(3));
    }

    #[test]
    fn a_slow_child_is_killed() {
        let error = SystemRun.run(&child(&["sleep", "60"], 50), None).unwrap_err();
        assert!(matches!(error, RunError::Late { .. }), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = SystemRun.run(&child(&["/no/such/program"], 50), None).unwrap_err();
        assert_eq!(error.to_string(), "/no/such/program: cannot be started");
    }
}
