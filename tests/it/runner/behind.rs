//! A send that finds other mail due leaves a run behind, which nobody waits for; one that finds none starts nothing.

use std::cell::RefCell;
use std::fs::File;
use std::path::PathBuf;

use super::waiting;
use crate::errors::inside::{Children, Inside, Names};
use crate::support::{Gate, Peer, Rules, Sandbox, Step, say};

/// Two profiles: one without a login, and one whose password is in a variable.
fn profiles(port: u16) -> String {
    let server = format!("host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nqueue = \"on-failure\"\n");
    format!(
        "default = \"plain\"\nfrom = \"ann@example.test\"\n[profiles.plain]\n{server}[profiles.secret]\n{server}\
         username = \"ann\"\npassword_env = \"CANARY\"\nallow_plaintext_auth = true\n"
    )
}

/// What the system knows of the process that was left behind by a program in this sandbox: its number, session, words and
/// environment.
#[cfg(target_os = "linux")]
fn left_behind(sandbox: &Sandbox) -> (String, String, String, String) {
    let home = format!("HOME={}", sandbox.home().display());
    let text = |path: PathBuf| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path();
        let (words, environment) = (text(path.join("cmdline")), text(path.join("environ")));
        if words.contains("--after-send") && environment.split('\0').any(|variable| variable == home) {
            let stat = text(path.join("stat"));
            let mut behind_name = stat.rsplit(')').next().unwrap().split_whitespace();
            let number = path.file_name().unwrap().to_string_lossy().into_owned();
            return (number, behind_name.nth(3).unwrap().to_owned(), words, environment);
        }
    }
    panic!("no process was left behind");
}

/// Waits until what was left behind has ended.
fn wait_for_its_end(sandbox: &Sandbox) {
    let note = File::open(sandbox.home().join(".local/state/whippet/spool/log/after-send")).unwrap();
    note.lock().unwrap();
}

#[test]
fn what_is_due_arrives_and_nobody_waits_for_it() {
    let mut sandbox = Sandbox::new();
    sandbox.env("CANARY", "a secret");
    sandbox.profile(&profiles(Peer::closed_port()));
    for profile in ["plain", "secret"] {
        let words = ["-s", "waits", "--profile", profile, "late@example.test"];
        sandbox.stdin("text\n").run(&words).exits(0).says("queued as");
    }
    sandbox.run(&["queue", "retry", "--all", "--yes"]).exits(0);

    let gate = Gate::default();
    let rules = Rules::healthy().on("RCPT TO:<late@", [Step::Meet(gate.clone()), say("250 2.1.5 ok")]);
    let peer = Peer::serving(rules);
    sandbox.profile(&profiles(peer.port()));
    // The caller has one descriptor more open: whoever reads the other end waits until it is closed.
    let line = format!("{} -s x soon@example.test 9>&1", sandbox.program().display());
    sandbox.stdin("text\n").program("/bin/sh").run(&["-c", &line]).exits(0).quiet();
    // The send has ended, and all of its output; the run goes on.
    gate.wait_for_server();
    #[cfg(target_os = "linux")]
    {
        let (number, session, words, environment) = left_behind(&sandbox);
        assert_eq!(session, number, "it has left the session of its caller");
        assert!(!words.contains("secret") && !environment.contains("CANARY"), "{words}\n{environment}");
    }
    gate.open();
    wait_for_its_end(&sandbox);
    assert_eq!(peer.finish().commands("RCPT").len(), 2);
    // That whose password it does not have is left as it was, and no gate is closed before it.
    sandbox.run(&["queue", "list"]).exits(0).prints("1 queued").never_shows("down");
    assert!(!sandbox.files().iter().any(|file| file.contains("/spool/host/")));
    // Sending now and then is no reason to rely on it.
    assert!(!sandbox.files().iter().any(|file| file.ends_with("/last-run")));
}

/// Queues a mail, and makes it due.
fn queue_one(sandbox: &Sandbox) {
    sandbox.profile(&profiles(Peer::closed_port()));
    let words = ["-s", "waits", "--set", "spool.run_after_send=false", "late@example.test"];
    sandbox.stdin("text\n").run(&words).exits(0).says("queued as");
    sandbox.run(&["queue", "retry", "--all", "--yes"]).exits(0);
}

/// A program whose children are noted, and what it was asked to leave behind so far.
fn noting(peer: &Peer) -> Inside {
    let mut inside = Inside::new();
    inside.names = Names::LeadTo(([127, 0, 0, 1], peer.port()).into());
    inside.children = Children::Noted(RefCell::default());
    inside
}

fn left(inside: &Inside) -> Vec<Vec<String>> {
    let Children::Noted(left) = &inside.children else { panic!("not noted") };
    let words = |word: &std::ffi::OsString| word.to_str().unwrap().to_owned();
    left.borrow().iter().map(|child| child.argv.iter().map(words).collect()).collect()
}

#[track_caller]
fn send(inside: &Inside, more: &[&str]) {
    let (exit, said) = inside.run(&[&["-s", "x", "soon@example.test"], more].concat());
    assert_eq!((exit, said.as_str()), (0, ""));
}

#[test]
fn one_run_is_started_however_much_is_sent() {
    let peer = Peer::healthy();
    let inside = noting(&peer);
    queue_one(&inside.sandbox);
    inside.sandbox.profile(&profiles(peer.port()));
    let note = inside.sandbox.home().join(".local/state/whippet/spool/log/after-send");
    for _ in 0..30 {
        send(&inside, &["--no-system", "--set", "spool.first=20", "--set", "realname=Ann"]);
    }
    let words = "/opt/whippet queue run --after-send --no-system --set spool.first=20";
    assert_eq!(left(&inside).iter().map(|argv| argv.join(" ")).collect::<Vec<_>>(), [words]);
    // What it has not changed within a minute is tried again.
    let begin: u64 = std::fs::read_to_string(&note).unwrap().trim().parse().unwrap();
    std::fs::write(&note, format!("{:19}\n", begin - 61)).unwrap();
    let lock = File::open(&note).unwrap();
    lock.lock().unwrap();
    send(&inside, &[]);
    assert_eq!(left(&inside).len(), 1, "one goes on");
    drop(lock);
    send(&inside, &["--set", "spool.run_after_send=false"]);
    assert_eq!(left(&inside).len(), 1, "not wanted");
    send(&inside, &["--output", &inside.sandbox.work().join("new.eml").display().to_string()]);
    assert_eq!(left(&inside).len(), 1, "nothing was sent");
    send(&inside, &[]);
    assert_eq!(left(&inside).len(), 2);
    peer.finish();
}

#[test]
fn nothing_is_started_where_nothing_is_to_be_done() {
    let peer = Peer::healthy();
    let inside = noting(&peer);
    inside.sandbox.profile(&profiles(peer.port()));
    send(&inside, &[]);
    assert!(!inside.sandbox.home().join(".local").exists(), "no spool is made for it");

    // What waits for its time.
    inside.sandbox.profile(&profiles(Peer::closed_port()));
    inside.sandbox.stdin("text\n").run(&["-s", "waits", "late@example.test"]).exits(0);
    inside.sandbox.profile(&profiles(peer.port()));
    send(&inside, &[]);

    // What waits for a server that is down, and not for that which the send goes to.
    let down =
        format!("[profiles.down]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n", Peer::closed_port());
    inside.sandbox.profile(&(profiles(peer.port()) + &down));
    for _ in 0..2 {
        let words = ["-s", "waits", "--queue", "--profile", "down", "late@example.test"];
        inside.sandbox.stdin("text\n").run(&words).exits(0).says("queued as");
    }
    inside.sandbox.run(&["queue", "retry", "--hop", "down", "--yes"]).exits(0);
    inside.sandbox.run(&["queue", "run"]).exits(75).says("2 mails wait for a server");
    assert!(inside.sandbox.run(&["queue", "stats"]).stdout().contains("1 due"));
    send(&inside, &[]);
    assert_eq!(left(&inside), Vec::<Vec<String>>::new());
    assert_eq!(waiting(&inside.sandbox).len(), 3);
    peer.finish();
}
