//! K1, K2: the real program is killed before every system call of a submission, and of a run. strace strikes; a plain traced
//! run says which calls there are.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::sink::{END, Sink};
use crate::world::Ground;

const RECIPIENTS: [&str; 3] = ["a0@example.test", "a1@example.test", "f2@example.test"];
/// Calls that change nothing outside the process: not struck in the quick part.
pub const INWARD: [&str; 14] = [
    "mmap",
    "munmap",
    "mprotect",
    "brk",
    "close",
    "fcntl",
    "statx",
    "newfstatat",
    "fstat",
    "getrandom",
    "read",
    "pread64",
    "rt_sigaction",
    "sigaltstack",
];
/// Calls after which there is nothing to kill.
const ENDS: [&str; 2] = ["execve", "exit_group"];
/// How often these are called is up to the peer's pace: where there is none left to strike, the program just ends.
pub const WAITS: [&str; 5] = ["poll", "ppoll", "recvfrom", "read", "futex"];
/// Runs until the queue must be empty.
const RUNS: usize = 5;

/// One call of a traced run.
pub struct Call {
    pub name: String,
    /// Which one of this name.
    pub number: usize,
    /// A kill before it comes after the first touch of the spool.
    pub is_late: bool,
}

/// A home with a spool of its own.
struct Home {
    path: PathBuf,
}

impl Home {
    fn new(ground: &Ground, sink: &Sink) -> Self {
        let home = Home { path: ground.next() };
        std::fs::create_dir(&home.path).unwrap();
        std::fs::set_permissions(&home.path, std::fs::Permissions::from_mode(0o700)).unwrap();
        home.configure(sink.port);
        home
    }

    /// No other process comes into the trace: which calls it makes is up to the moment.
    fn configure(&self, port: u16) {
        let text = format!(
            "[profiles.default]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"me@example.test\"\n\
             queue = \"always\"\n[spool]\nrun_after_send = false\n"
        );
        std::fs::write(self.path.join("config.toml"), text).unwrap();
    }

    /// The program with these arguments, below strace if it has any.
    fn command(&self, strace: &[String], arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_whippet");
        let mut command = Command::new(if strace.is_empty() { program } else { "strace" });
        if !strace.is_empty() {
            command.args(["-f", "-qq", "-xx", "-o"]).arg(self.path.join("trace")).args(strace).arg(program);
        }
        command.args(arguments).arg("-n").arg("-F").arg(self.path.join("config.toml"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", &self.path);
        command.env("XDG_STATE_HOME", self.path.join("state")).env("TZ", "UTC");
        command.stdin(std::fs::File::open(self.text()).unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn text(&self) -> PathBuf {
        let path = self.path.join("text");
        std::fs::write(&path, format!("The text.\n{END}\n")).unwrap();
        path
    }

    fn submit(&self, strace: &[String]) -> Option<i32> {
        let arguments = [&["--queue", "-s", "x"][..], &RECIPIENTS].concat();
        self.command(strace, &arguments).status().unwrap().code()
    }

    fn run(&self, strace: &[String]) -> Option<i32> {
        self.command(strace, &["queue", "run", "--now"]).status().unwrap().code()
    }

    fn trace(&self) -> String {
        std::fs::read_to_string(self.path.join("trace")).unwrap()
    }

    /// All that stands in the log.
    fn log(&self) -> String {
        let files =
            std::fs::read_dir(self.path.join("state/whippet/spool/log")).into_iter().flatten().flatten();
        let files = files.map(|file| file.path()).filter(|path| path.extension().is_some());
        files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }

    fn count(&self, place: &str) -> usize {
        let path = self.path.join("state/whippet/spool").join(place);
        std::fs::read_dir(path).map_or(0, Iterator::count)
    }
}

/// The calls of a trace, and what a kill before each leaves.
pub fn calls(trace: &str) -> Vec<Call> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut found = Vec::new();
    let mut is_late = false;
    for line in trace.lines() {
        let Some((_, rest)) = line.split_once(' ') else { continue };
        let Some((name, _)) = rest.trim_start().split_once('(') else { continue };
        let number = counts.entry(name.to_owned()).or_default();
        *number += 1;
        is_late |= matches!(name, "flock" | "mkdir");
        found.push(Call { name: name.to_owned(), number: *number, is_late });
    }
    found.retain(|call| !ENDS.contains(&call.name.as_str()));
    found
}

/// Whether the journal had a dot and no result when the traced program ended.
pub fn is_in_doubt(trace: &str) -> bool {
    let mut is_in_doubt = false;
    // What was killed before it was done ends in a question mark.
    for line in trace.lines().filter(|line| line.contains("pwrite64(") && !line.ends_with('?')) {
        // An event: its length in four octets, then its letter.
        match line.split('"').nth(1).and_then(|text| text.get(16..20)) {
            Some(r"\x43") => is_in_doubt = true,
            Some(r"\x52") => is_in_doubt = false,
            _ => {}
        }
    }
    is_in_doubt
}

/// Whether strace can do what is asked of it.
pub fn can_trace(path: &Path) -> Result<(), String> {
    let trace = Command::new("strace").args(["-f", "-qq", "-o"]).arg(path).arg("true").status();
    match trace {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("strace cannot trace here ({status})")),
        Err(error) => Err(format!("strace cannot be run: {error}")),
    }
}

/// K1, and K2 if it is a run that is struck.
pub fn everywhere(is_run: bool, is_quick: bool, outcome: &mut Outcome) {
    let ground = Ground::new();
    if let Err(words) = can_trace(&ground.next()) {
        return outcome.skips.push(words);
    }
    let sink = Sink::start();
    // A port where nobody listens, for as long as this is held.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let plain = prepare(is_run, &ground, &sink, nobody);
    let all = ["-e".to_owned(), "trace=all".to_owned()];
    let healthy = if is_run { plain.run(&all) } else { plain.submit(&all) };
    let calls = calls(&plain.trace());
    let is_wanted = |call: &&Call| !is_quick || call.is_late && !INWARD.contains(&call.name.as_str());
    let struck: Vec<&Call> = calls.iter().filter(is_wanted).collect();
    if struck.len() < 40 {
        let count = struck.len();
        return outcome.failures.push(format!("the code is not reached: {count} calls, exit {healthy:?}"));
    }
    sink.taken();
    let mut doubts = 0;
    for call in struck {
        outcome.cases += 1;
        let home = prepare(is_run, &ground, &sink, nobody);
        let strike = ["-e".to_owned(), format!("trace=pwrite64,{}", call.name), "-e".to_owned()];
        let inject = format!("inject={}:signal=KILL:when={}", call.name, call.number);
        let strike = [&strike[..], &[inject]].concat();
        let code = if is_run { home.run(&strike) } else { home.submit(&strike) };
        let trace = home.trace();
        let is_in_doubt = is_in_doubt(&trace);
        doubts += usize::from(is_in_doubt);
        let judged = match trace.contains("killed by SIGKILL") || WAITS.contains(&call.name.as_str()) {
            true => judge(&home, &sink, is_run || code == Some(0), is_in_doubt),
            false => Err("it was not struck".to_owned()),
        };
        if let Err(words) = judged {
            let Call { name, number, .. } = call;
            outcome.failures.push(format!("killed before {name} number {number}: {words}"));
        }
        std::fs::remove_dir_all(&home.path).unwrap();
    }
    if doubts == 0 {
        outcome.failures.push("no kill came between a dot and its result".to_owned());
    }
}

/// A home; for a run with a mail that could not be handed over.
fn prepare(is_run: bool, ground: &Ground, sink: &Sink, nobody: u16) -> Home {
    let home = Home::new(ground, sink);
    if is_run {
        home.configure(nobody);
        assert_eq!((home.submit(&[]), home.count("q")), (Some(0), 1));
        home.configure(sink.port);
    }
    home
}

fn judge(home: &Home, sink: &Sink, mut is_acknowledged: bool, is_in_doubt: bool) -> Result<(), String> {
    // A spool that was not made to its end holds nothing, and the next submission completes it.
    if !home.path.join("state/whippet/spool/FORMAT").exists() {
        match home.submit(&[]) {
            Some(0) => is_acknowledged = true,
            code => return Err(format!("the submission after it ends with {code:?}")),
        }
    }
    for _ in 0..RUNS {
        let code = home.run(&[]);
        if !matches!(code, Some(0 | 69)) {
            return Err(format!("the run after it ends with {code:?}"));
        }
        if home.count("q") == 0 {
            break;
        }
    }
    let book = sink.taken();
    if home.count("q") + home.count("held") + home.count("corrupt") > 0 {
        return Err("something is left in the queue".to_owned());
    }
    if let Some(got) = book.iter().find(|got| !got.is_whole) {
        return Err(format!("not whole: {got:?}"));
    }
    if is_in_doubt && !home.log().contains("\"in_doubt\":true") {
        return Err("the log knows of no doubt".to_owned());
    }
    if book.is_empty() && home.count("badmail") == 0 && !is_acknowledged {
        return Ok(());
    }
    let most = 1 + usize::from(is_in_doubt);
    let count = |to: &str, is_report| book.iter().filter(|g| g.to == to && g.is_report == is_report).count();
    let counts = [count(RECIPIENTS[0], false), count(RECIPIENTS[1], false), count("me@example.test", true)];
    let is_good = counts.iter().all(|count| (1..=most).contains(count)) && home.count("badmail") == 1;
    let strangers = book.len() - counts.iter().sum::<usize>();
    if is_good && strangers == 0 {
        Ok(())
    } else {
        Err(format!("copies and reports {counts:?}, at most {most}"))
    }
}
