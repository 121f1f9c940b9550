//! The program at work in a home of its own, so that signals can be sent to it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use whippet::mail::{Address, Envelope};
use whippet::mime::MessageError;
use whippet::spool::{Flags, Id, InDoubt, Place, Rules, Sealed, State, Store, Submission};
use whippet::sys::{Clock, SystemClock, SystemDisk, SystemRandom};

use crate::sink::END;
use crate::world::SENDER;

/// Who gets the mail.
pub const TO: [&str; 3] = ["a0@example.test", "a1@example.test", "a2@example.test"];
/// No program of a case takes this long.
const LIMIT: Duration = Duration::from_secs(120);
const TICK: Duration = Duration::from_millis(1);

/// A home with a config file and a spool.
pub struct Home {
    pub path: PathBuf,
}

impl Home {
    pub fn new(path: PathBuf) -> Self {
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::create_dir_all(path.join("state/whippet")).unwrap();
        Home { path }
    }

    /// Writes the profile.
    pub fn configure(&self, host: &str, more: &str) {
        let text = format!(
            "[profiles.default]\nhost = {host:?}\nfrom = \"{SENDER}\"\n{more}\n\
             [spool]\nrun_after_send = false\n"
        );
        std::fs::write(self.path.join("config.toml"), text).unwrap();
    }

    pub fn spool(&self) -> PathBuf {
        self.path.join("state/whippet/spool")
    }

    /// Puts a mail of about this size into the queue, due now and not tried yet.
    pub fn queue(&self, size: usize) {
        let text = message(size);
        let sealed = Sealed {
            envelope: Envelope::new(Address::parse(SENDER).ok(), TO.map(|to| Address::parse(to).unwrap()))
                .unwrap(),
            uid: 0,
            message_id: "<1@example.test>".to_owned(),
            key: None,
        };
        let now_s = now_s();
        let submission = Submission {
            id: Id::new(SystemClock.now(), &SystemRandom).unwrap(),
            profile: "default",
            sealed: &sealed,
            flags: Flags::default(),
            in_doubt: (InDoubt::Retry, 3),
            created_ms: now_s * 1000,
            expires_s: now_s + Rules::default().schedule.expire_s,
            due_s: now_s,
            size: text.len() as u64,
            events: Vec::new(),
        };
        let store = Store::create(&SystemDisk, &self.spool()).unwrap();
        let mut write = |out: &mut dyn Write| out.write_all(text.as_bytes()).map_err(MessageError::Sink);
        store.submit(&submission, &mut write, &mut || Ok(())).unwrap();
    }

    /// Starts the program; its standard input is a text of about this size.
    pub fn start(&self, arguments: &[&str], size: usize) -> Program {
        self.traced(&[], arguments, size)
    }

    /// Starts the program with more variables.
    pub fn under(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Program {
        Program(self.command(&[], arguments, 0).envs(variables.iter().copied()).spawn().unwrap())
    }

    /// The same below strace, if it has arguments.
    pub fn traced(&self, strace: &[String], arguments: &[&str], size: usize) -> Program {
        Program(self.command(strace, arguments, size).spawn().unwrap())
    }

    fn command(&self, strace: &[String], arguments: &[&str], size: usize) -> Command {
        std::fs::write(self.path.join("text"), text(size)).unwrap();
        let program = env!("CARGO_BIN_EXE_whippet");
        let mut command = Command::new(if strace.is_empty() { program } else { "strace" });
        if !strace.is_empty() {
            command.args(["-f", "-qq", "-o"]).arg(self.path.join("trace")).args(strace).arg(program);
        }
        command.args(arguments).arg("-n").arg("-F").arg(self.path.join("config.toml")).env_clear();
        command.env("HOME", &self.path).env("XDG_STATE_HOME", self.path.join("state")).env("TZ", "UTC");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(&self.path);
        command.stdin(std::fs::File::open(self.path.join("text")).unwrap()).stdout(Stdio::null());
        command.stderr(std::fs::File::create(self.path.join("said")).unwrap());
        command
    }

    /// What the program said last.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.path.join("said")).unwrap()
    }

    /// How many files there are in a place of the spool.
    pub fn count(&self, place: &str) -> usize {
        std::fs::read_dir(self.spool().join(place)).map_or(0, Iterator::count)
    }

    /// The only entry of the queue: when it is due by its name, its state, and all its octets as text.
    pub fn entry(&self) -> Option<(u64, State, String)> {
        let store = Store::open(&SystemDisk, &self.spool()).ok()?;
        let names = store.scan(&mut |_| {}).unwrap();
        let [name] = names[..] else { return None };
        let (_, _, state) = store.look(Place::Queue, name, 3).unwrap();
        let octets = std::fs::read(self.spool().join("q").join(name.to_string())).unwrap();
        Some((name.due_s, state, String::from_utf8_lossy(&octets).into_owned()))
    }
}

pub fn now_s() -> u64 {
    SystemClock.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn text(size: usize) -> String {
    let line = "The quick brown fox jumps over the lazy dog, and the dog does not mind.\n";
    format!("{}{END}\n", line.repeat(size / line.len()))
}

/// The mail of about this size, as it is stored.
pub fn message(size: usize) -> String {
    format!("From: {SENDER}\nMessage-ID: <1@example.test>\n\n{}", text(size)).replace('\n', "\r\n")
}

/// The program while it runs. Dropped, it is killed.
pub struct Program(Child);

impl Program {
    pub fn signal(&self, signal: Signal) {
        // Who has ended is not waited for yet, so that the number is still theirs.
        let _ = kill_process(Pid::from_child(&self.0), signal);
    }

    /// Whether it has this open, as proc(5) names it.
    pub fn has(&self, what: &str) -> bool {
        let folder = Path::new("/proc").join(self.0.id().to_string()).join("fd");
        let open = std::fs::read_dir(folder).into_iter().flatten().flatten();
        open.filter_map(|link| std::fs::read_link(link.path()).ok()).any(|link| link == Path::new(what))
    }

    /// Waits until what was sent has arrived, and the program waits for something else.
    pub fn settle(&mut self) {
        let begin = Instant::now();
        while self.is_running() && !is_settled(&status(self.0.id())) {
            assert!(begin.elapsed() < LIMIT, "it does not come to rest");
            std::thread::sleep(TICK);
        }
    }

    /// Waits until the program has been stopped, if it has not ended before.
    pub fn stopped(&mut self) {
        let begin = Instant::now();
        while self.is_running() && !status(self.0.id()).contains("\nState:\tT") {
            assert!(begin.elapsed() < LIMIT, "it does not stop");
            std::thread::sleep(TICK);
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Its exit code; `None` if a signal killed it.
    pub fn end(&mut self) -> Option<i32> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(begin.elapsed() < LIMIT, "it does not end");
            std::thread::sleep(TICK);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn status(pid: u32) -> String {
    std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).unwrap_or_default()
}

/// Nothing is pending, and it sleeps or is gone.
fn is_settled(status: &str) -> bool {
    let is_none = |key: &str| {
        let mask = status.lines().find_map(|line| line.strip_prefix(key));
        mask.is_none_or(|mask| mask.trim().trim_matches('0').is_empty())
    };
    is_none("SigPnd:") && is_none("ShdPnd:") && !status.contains("\nState:\tR")
}
