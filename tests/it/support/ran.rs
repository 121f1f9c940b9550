//! A program that runs ([`Running`]) and one that has ended ([`Ran`]), with the questions that tests ask.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// What a stream has given so far, and the news that it has ended.
struct Stream {
    octets: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<()>,
}

impl Stream {
    fn of(mut source: impl Read + Send + 'static) -> Stream {
        let octets = Arc::new(Mutex::new(Vec::new()));
        let (tell, ended) = channel();
        let shared = Arc::clone(&octets);
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(length @ 1..) = source.read(&mut buffer) {
                shared.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
            let _ = tell.send(());
        });
        Stream { octets, ended }
    }

    fn so_far(&self) -> Vec<u8> {
        self.octets.lock().unwrap().clone()
    }
}

/// A program that was started and is not waited for yet.
#[must_use = "a program that nobody waits for proves nothing"]
pub struct Running {
    what: String,
    pid: Pid,
    status: Receiver<ExitStatus>,
    stdout: Stream,
    stderr: Stream,
    limit: Duration,
    ended: bool,
}

impl Running {
    #[track_caller]
    pub(super) fn start(mut command: Command, stdin: Vec<u8>, limit: Duration) -> Running {
        let what = format!("{command:?}");
        // A group of its own, so that a time limit also ends the children of the program.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {what}: {error}"));
        let mut input = child.stdin.take().unwrap();
        // A program that does not read its input to the end is no fault of the test: the error is not looked at.
        std::thread::spawn(move || input.write_all(&stdin));
        let stdout = Stream::of(child.stdout.take().unwrap());
        let stderr = Stream::of(child.stderr.take().unwrap());
        let pid = Pid::from_child(&child);
        let (tell, status) = channel();
        std::thread::spawn(move || tell.send(child.wait().unwrap()));
        Running { what, pid, status, stdout, stderr, limit, ended: false }
    }

    /// Its process id.
    pub fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// The most memory that the program has held so far, in KiB. The program must be alive.
    pub fn peak_memory_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.pid.as_raw_nonzero());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Waits until the program has said this on standard error.
    #[track_caller]
    pub fn wait_until_it_says(&self, words: &str) {
        let deadline = Instant::now() + self.limit;
        while !String::from_utf8_lossy(&self.stderr.so_far()).contains(words) {
            assert!(Instant::now() < deadline, "never said {words:?}\n{}", self.story());
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Waits for the end of the program and of its output.
    #[track_caller]
    pub fn finish(mut self) -> Ran {
        let deadline = Instant::now() + self.limit;
        let left = || deadline.saturating_duration_since(Instant::now());
        let Ok(status) = self.status.recv_timeout(left()) else {
            panic!("did not end within {:?}\n{}", self.limit, self.story());
        };
        if self.stdout.ended.recv_timeout(left()).is_err() || self.stderr.ended.recv_timeout(left()).is_err()
        {
            panic!("ended, but left a child with its output open\n{}", self.story());
        }
        self.ended = true;
        Ran { what: self.what.clone(), status, stdout: self.stdout.so_far(), stderr: self.stderr.so_far() }
    }

    fn story(&self) -> String {
        story(&self.what, &self.stdout.so_far(), &self.stderr.so_far())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            // Nothing to do about a failure: it means that the group is gone.
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
    }
}

fn story(what: &str, stdout: &[u8], stderr: &[u8]) -> String {
    let (stdout, stderr) = (String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
    format!("command: {what}\n--- stdout\n{stdout}--- stderr\n{stderr}---")
}

/// A run that has ended. Each question fails the test, with the whole story, if the answer is no.
#[must_use = "a run that nobody looks at proves nothing"]
pub struct Ran {
    what: String,
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Ran {
    #[track_caller]
    fn hold(&self, claim: bool, or: impl std::fmt::Display) -> &Ran {
        let end = match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, signal) => format!("ended by signal {signal:?}"),
        };
        assert!(claim, "{or}\n{end}\n{}", story(&self.what, &self.stdout, &self.stderr));
        self
    }

    /// It ended with this exit code.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Ran {
        self.hold(self.status.code() == Some(code), format_args!("should exit with {code}"))
    }

    /// It was not killed by a signal, whatever the exit code.
    #[track_caller]
    pub fn ended_by_itself(&self) -> &Ran {
        self.hold(self.status.code().is_some(), "should end by itself")
    }

    /// Standard error holds these words.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Ran {
        self.hold(self.stderr().contains(words), format_args!("should say {words:?}"))
    }

    /// Neither output holds these words.
    #[track_caller]
    pub fn never_shows(&self, words: &str) -> &Ran {
        let shown = self.stderr().contains(words) || self.stdout().contains(words);
        self.hold(!shown, format_args!("should not show {words:?}"))
    }

    /// Standard output holds these words.
    #[track_caller]
    pub fn prints(&self, words: &str) -> &Ran {
        self.hold(self.stdout().contains(words), format_args!("should print {words:?}"))
    }

    /// Nothing was printed and nothing was said.
    #[track_caller]
    pub fn quiet(&self) -> &Ran {
        self.hold(self.stdout.is_empty() && self.stderr.is_empty(), "should be quiet")
    }

    /// Nothing was said on standard error.
    #[track_caller]
    pub fn quiet_on_stderr(&self) -> &Ran {
        self.hold(self.stderr.is_empty(), "should say nothing")
    }

    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn stdout_octets(&self) -> &[u8] {
        &self.stdout
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn shell(script: &str, limit: Duration) -> Running {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        Running::start(command, Vec::new(), limit)
    }

    fn ran(script: &str) -> Ran {
        shell(script, Duration::from_secs(10)).finish()
    }

    fn fails(check: impl FnOnce()) -> String {
        let error = catch_unwind(AssertUnwindSafe(check)).expect_err("the check should fail");
        error.downcast_ref::<String>().cloned().unwrap_or_default()
    }

    #[test]
    fn a_wrong_claim_fails_with_the_story() {
        let told = fails(|| _ = ran("echo out; echo err >&2; exit 3").exits(4));
        assert!(told.contains("should exit with 4\nexit code 3\n"), "{told}");
        assert!(told.contains("--- stdout\nout\n--- stderr\nerr\n"), "{told}");
        fails(|| _ = ran("echo out").says("out"));
        fails(|| _ = ran("echo err >&2").prints("err"));
        fails(|| _ = ran("echo err >&2").quiet());
        fails(|| _ = ran("echo out").quiet());
        fails(|| _ = ran("echo secret").never_shows("secret"));
        fails(|| _ = ran("kill -9 $$").ended_by_itself());
        assert!(fails(|| _ = ran("kill -9 $$").exits(0)).contains("signal Some(9)"));
        ran("exit 0").exits(0).quiet().never_shows("x").ended_by_itself();
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_its_children() {
        let told = fails(|| _ = shell("echo before; sleep 1000", Duration::from_millis(300)).finish());
        assert!(told.contains("did not end within 300ms") && told.contains("before\n"), "{told}");
        let told = fails(|| _ = shell("sleep 1000 & echo $!", Duration::from_millis(300)).finish());
        assert!(told.contains("left a child"), "{told}");
        let pid: i32 = told.lines().skip_while(|line| *line != "--- stdout").nth(1).unwrap().parse().unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        // Gone, or dead and not yet buried by its new parent.
        let alive =
            || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        while alive() {
            assert!(Instant::now() < deadline, "the child {pid} lives");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    #[test]
    fn signals_arrive() {
        let running = shell(
            "trap 'echo got it; exit 7' TERM; echo ready >&2; while :; do sleep 0.01; done",
            Duration::from_secs(10),
        );
        running.wait_until_it_says("ready");
        running.signal(Signal::TERM);
        running.finish().exits(7).prints("got it");
    }
}
