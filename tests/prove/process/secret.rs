//! I9: the password is in no file of the spool, no output, no command line, no environment of a child and no core, whatever
//! comes of the mail and however the program ends: from every source of a password, on every way through the queue.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::process::Signal;

use crate::Outcome;
use crate::real::each;
use crate::support::canary::{KEPT, SOURCES, Source, prepared, shown};
use crate::support::{Certificate, Gate, Peer, Ran, Rules, Sandbox, Step, program, say};

/// Where the spool is in a sandbox, by default.
const SPOOL: &str = "home/.local/state/whippet/spool";
const TO: [&str; 2] = ["a@example.test", "f@example.test"];

/// What comes of the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// One recipient is accepted and one refused; the sender is told.
    Reported,
    /// The login is refused.
    Refused,
    /// The certificate is too old.
    Untrusted,
    /// The program is killed behind the login, in two ways.
    Killed,
    Aborted,
}

const WAYS: [Way; 5] = [Way::Reported, Way::Refused, Way::Untrusted, Way::Killed, Way::Aborted];

/// I9.
pub fn everywhere(is_quick: bool, outcome: &mut Outcome) {
    if !writes_cores() {
        outcome.skips.push("no core file is written here, whoever dies: kernel.core_pattern".to_owned());
    }
    let cases: Vec<(&Source, Way)> =
        SOURCES.iter().flat_map(|source| WAYS.map(|way| (source, way))).collect();
    each(
        &cases,
        outcome,
        |(source, way)| {
            let judged = catch_unwind(AssertUnwindSafe(|| judge(source, *way, is_quick)));
            judged.unwrap_or_else(|_| Err("it panicked, see above".to_owned()))
        },
        |(source, way)| format!("{}, {way:?}", source.name),
    );
}

/// What the program has said, to be looked at.
struct Watch {
    sandbox: Sandbox,
    seen: usize,
}

impl Watch {
    /// Looks at what a run has said.
    fn look(&mut self, ran: &Ran, what: &str) -> Result<(), String> {
        self.seen += ran.stdout_octets().len() + ran.stderr().len();
        clean(ran.stdout_octets(), &format!("{what}, standard output"))?;
        clean(ran.stderr().as_bytes(), &format!("{what}, standard error"))
    }

    fn run(&mut self, words: &[&str]) -> Result<Option<i32>, String> {
        let ran = self.sandbox.stdin("hello\n").run(words);
        self.look(&ran, &words.join(" "))?;
        Ok(ran.code())
    }

    /// Looks at every file but those in which the test has put the password.
    fn files(&self) -> Result<(), String> {
        let root = self.sandbox.home().parent().unwrap().to_owned();
        for file in self.sandbox.files().iter().filter(|file| !KEPT.contains(&file.as_str())) {
            clean(&std::fs::read(root.join(file)).unwrap_or_default(), file)?;
        }
        Ok(())
    }

    /// The identifiers of all entries.
    fn ids(&self) -> Vec<String> {
        let files = self.sandbox.files().into_iter();
        let places = ["q/", "held/", "badmail/", "corrupt/"].map(|place| format!("{SPOOL}/{place}"));
        let entries = files.filter(|file| places.iter().any(|place| file.starts_with(place)));
        entries.filter_map(|file| Some(file.rsplit(['.', '/']).next()?.to_owned())).collect()
    }

    /// Everything that shows something.
    fn show(&mut self, is_quick: bool) -> Result<(), String> {
        let verbs: &[&[&str]] = match is_quick {
            true => &[&["config", "show"], &["queue", "list", "--json"]],
            false => &[
                &["config", "show"],
                &["config", "show", "--json"],
                &["-D"],
                &["queue", "list"],
                &["queue", "list", "--json"],
                &["queue", "list", "--badmail"],
                &["queue", "stats"],
                &["queue", "stats", "--json"],
                &["queue", "check"],
                &["queue", "check", "--json"],
            ],
        };
        for words in verbs {
            self.run(words)?;
        }
        for id in self.ids() {
            let parts: &[&[&str]] =
                if is_quick { &[&["--json"]] } else { &[&[], &["--json"], &["--header"], &["--message"]] };
            for part in parts {
                self.run(&[&["queue", "show", &id], *part].concat())?;
            }
        }
        Ok(())
    }
}

fn clean(octets: &[u8], what: &str) -> Result<(), String> {
    match shown(octets) {
        None => Ok(()),
        Some(form) => Err(format!("{what} shows the password as {form}")),
    }
}

fn judge(source: &Source, way: Way, is_quick: bool) -> Result<(), String> {
    let gate = Gate::default();
    let rules = match way {
        Way::Reported => Rules::healthy().on("RCPT TO:<f", [say("550 5.1.1 nobody")]),
        Way::Refused => Rules::healthy().on("AUTH", [say("535 5.7.8 no")]),
        Way::Untrusted => Rules::healthy(),
        Way::Killed | Way::Aborted => Rules::healthy().on("MAIL", [Step::Meet(gate.clone())]),
    };
    let certificate = if way == Way::Untrusted { Certificate::expired() } else { Certificate::good() };
    let peer = Peer::start(certificate, vec![vec![Step::Tls, Step::Serve(rules)]]);
    let mut watch = Watch { sandbox: prepared(source, &peer, "queue = \"always\"\n"), seen: 0 };
    let submit = ["--queue", "--verbose", "--json", "-s", "x", TO[0], TO[1]];
    let run = ["queue", "run", "--now", "--json"];
    match way {
        Way::Killed => dies(&mut watch, &gate, Signal::KILL, &submit)?,
        Way::Aborted => dies(&mut watch, &gate, Signal::ABORT, &submit)?,
        _ => {
            let code = watch.run(&submit)?;
            if code != Some(0) {
                return Err(format!("the submission ends with {code:?}"));
            }
            watch.files()?;
            let code = watch.run(&run)?;
            let wanted = if way == Way::Reported { Some(0) } else { Some(75) };
            if code != wanted {
                return Err(format!("the run ends with {code:?}, not {wanted:?}"));
            }
        }
    }
    watch.files()?;
    watch.show(is_quick)?;
    watch.files()?;
    let book = peer.finish();
    for body in book.bodies() {
        clean(&body, "a message")?;
    }
    // It is worth something only if the password was used, and there was something to be seen.
    let logins = book.lines().iter().filter(|line| shown(line.as_bytes()).is_some()).count();
    let reports = book.messages().iter().filter(|message| message.contains("multipart/report")).count();
    let is_told = (reports, watch.ids().len()) == (1, 1);
    let is_reached = (logins > 0) == (way != Way::Untrusted) && watch.seen > 500;
    match is_reached && (way != Way::Reported || is_told) {
        true => Ok(()),
        false => Err(format!("{logins} logins, {reports} reports, {:?}", watch.ids())),
    }
}

/// The program dies behind the login. Cores have no limit before it sets one.
fn dies(watch: &mut Watch, gate: &Gate, signal: Signal, words: &[&str]) -> Result<(), String> {
    let script = format!("ulimit -c unlimited; exec {:?} \"$@\"", program());
    let arguments = [&["-c", &script, "sh"], words].concat();
    let running = watch.sandbox.stdin("hello\n").program("/bin/sh").start(&arguments);
    gate.wait_for_server();
    let typed = std::fs::read(format!("/proc/{}/cmdline", running.id())).unwrap_or_default();
    clean(&typed, "the command line")?;
    running.signal(signal);
    let ran = running.finish();
    gate.open();
    watch.look(&ran, "the dead")?;
    match (ran.code(), cores(&watch.sandbox)) {
        (None, 0) => Ok(()),
        (code, cores) => Err(format!("it ended with {code:?}, and {cores} cores are left")),
    }
}

fn cores(sandbox: &Sandbox) -> usize {
    sandbox.files().iter().filter(|file| file.starts_with("work/core")).count()
}

/// Whether who dies leaves a core in the folder where they are.
fn writes_cores() -> bool {
    let sandbox = Sandbox::new();
    let script = "ulimit -c unlimited; kill -ABRT $$";
    let _ = sandbox.call().program("/bin/sh").run(&["-c", script]).code();
    cores(&sandbox) > 0
}
