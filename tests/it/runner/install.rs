//! `whippet queue install`, with a systemd and a crontab of the test's own: what is written, what is asked of them, and that
//! nothing else is touched.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::waiting;
use crate::support::{Peer, Ran, Sandbox, skipped_loudly};

/// A home whose server does not answer, with these programs on its path and no others.
fn furnished(programs: &[(&str, &str)]) -> Sandbox {
    let mut sandbox = Sandbox::facing(Peer::closed_port(), "");
    std::fs::create_dir_all(sandbox.work().join("bin")).unwrap();
    for (name, text) in programs {
        let log = sandbox.work().join("calls");
        let text = format!("#!/bin/sh\necho \"{name} $*\" >> '{}'\n{text}\n", log.display());
        sandbox.script(format!("bin/{name}"), &text);
    }
    let path = sandbox.work().join("bin");
    sandbox.env("PATH", path);
    sandbox
}

const SYSTEMCTL: (&str, &str) = ("systemctl", "exit 0");
const NO_SYSTEMCTL: (&str, &str) =
    ("systemctl", "echo 'Failed to connect to bus: No medium found' >&2; exit 1");
/// A crontab in the working folder.
const CRONTAB: (&str, &str) = (
    "crontab",
    "case $1 in -l) [ -e tab ] || { echo 'no crontab for ann' >&2; exit 1; }; exec /bin/cat tab;; -) exec /bin/cat > tab;; esac",
);

/// What was asked of the programs since the last time.
fn calls(sandbox: &Sandbox) -> Vec<String> {
    let log = sandbox.work().join("calls");
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let _ = std::fs::remove_file(log);
    text.lines().map(str::to_owned).collect()
}

fn tab(sandbox: &Sandbox) -> Vec<u8> {
    std::fs::read(sandbox.work().join("tab")).unwrap_or_default()
}

fn units(sandbox: &Sandbox) -> [PathBuf; 2] {
    ["service", "timer"].map(|kind| sandbox.home().join(format!(".config/systemd/user/whippet-queue.{kind}")))
}

fn send(sandbox: &Sandbox) -> Ran {
    sandbox.stdin("text\n").run(&["-s", "x", "bob@example.test"])
}

#[test]
fn a_timer_is_written_and_enabled_and_the_queue_is_used_from_then_on() {
    let sandbox = furnished(&[SYSTEMCTL, CRONTAB]);
    send(&sandbox).exits(75).says("hint: ").says("whippet queue install");
    assert_eq!(waiting(&sandbox), Vec::<String>::new());
    let ran = sandbox.run(&["queue", "install"]);
    ran.exits(0)
        .quiet_on_stderr()
        .prints("every 5 minutes")
        .prints("~/.config/systemd/user/whippet-queue.timer");
    let asked = [
        "systemctl --user show --property=Version",
        "systemctl --user daemon-reload",
        "systemctl --user enable --now whippet-queue.timer",
    ];
    assert_eq!(calls(&sandbox), asked);
    let [service, timer] = units(&sandbox);
    let text = std::fs::read_to_string(&service).unwrap();
    assert!(text.contains(&format!("\nExecStart=\"{}\" queue run\n", sandbox.program().display())), "{text}");
    assert!(std::fs::read_to_string(&timer).unwrap().contains("\nOnCalendar=*:0/5\n"));
    judged_by_systemd(&sandbox);
    assert_eq!(tab(&sandbox), b"");

    send(&sandbox).exits(0).says("queued as").never_shows("nothing runs the queue");
    sandbox.run(&["queue", "stats"]).exits(0).prints("the queue was last run ");
    // Once more, and nothing is there twice.
    let inode = std::fs::metadata(&timer).unwrap().ino();
    sandbox.run(&["queue", "install"]).exits(0);
    assert_ne!(std::fs::metadata(&timer).unwrap().ino(), inode);
    assert_eq!(std::fs::read_to_string(&service).unwrap(), text);
    calls(&sandbox);

    sandbox.run(&["queue", "install", "--remove"]).exits(0).prints("removed: the timer of systemd\n");
    assert_eq!(
        calls(&sandbox)[..2],
        ["systemctl --user disable --now whippet-queue.timer", "systemctl --user daemon-reload"]
    );
    assert!(!service.exists() && !timer.exists());
    send(&sandbox).exits(75).never_shows("queued as");
    sandbox.run(&["queue", "check"]).exits(65).prints("mail waits, and nothing runs the queue");
    sandbox
        .run(&["queue", "stats"])
        .exits(0)
        .prints("nothing has run the queue yet; `whippet queue install`");
    sandbox.run(&["queue", "install", "--remove"]).exits(0).prints("nothing was installed\n");
}

/// What systemd itself says of the units, where it is there.
fn judged_by_systemd(sandbox: &Sandbox) {
    let judge = "/usr/bin/systemd-analyze";
    if !std::path::Path::new(judge).exists() {
        return skipped_loudly("no systemd-analyze: the units are not judged");
    }
    let paths = units(sandbox).map(|path| path.display().to_string());
    let words = ["--user", "--man=no", "verify", &paths[0], &paths[1]];
    let ran = sandbox.call().env("XDG_RUNTIME_DIR", sandbox.work()).program(judge).run(&words);
    ran.exits(0).quiet();
}

#[test]
fn who_logs_out_is_told_and_a_file_of_the_users_is_left_alone() {
    let sandbox = furnished(&[SYSTEMCTL, ("loginctl", "echo Linger=no")]);
    sandbox
        .run(&["queue", "install"])
        .exits(0)
        .says("hint: it stops when you log out; `loginctl enable-linger`");
    let sandbox = furnished(&[SYSTEMCTL, ("loginctl", "echo Linger=yes")]);
    sandbox.run(&["queue", "install"]).exits(0).quiet_on_stderr();

    let [service, timer] = units(&sandbox);
    std::fs::write(&timer, "mine\n").unwrap();
    sandbox.run(&["queue", "install"]).exits(73).says("whippet has not written it");
    sandbox.run(&["queue", "install", "--remove"]).exits(0);
    assert_eq!(std::fs::read_to_string(&timer).unwrap(), "mine\n");
    assert!(!service.exists());

    let fails = "[ $2 = enable ] && { echo 'Unit is masked.' >&2; exit 1; }; exit 0";
    let sandbox = furnished(&[("systemctl", fails), CRONTAB]);
    sandbox.run(&["queue", "install"]).exits(69).says("systemd does not take the timer: Unit is masked.");
    send(&sandbox).exits(75);
}

#[test]
fn the_crontab_gets_one_line_and_keeps_all_others() {
    let sandbox = furnished(&[NO_SYSTEMCTL, CRONTAB]);
    let others = b"# m h dom mon dow command\nMAILTO=\"\"\n\n7 4 * * * /bin/backup \xff 50\\%\t \n".to_vec();
    std::fs::write(sandbox.work().join("tab"), &others).unwrap();
    let line = format!("*/5 * * * * {} queue run # whippet queue install\n", sandbox.program().display());
    for _ in 0..3 {
        sandbox.run(&["queue", "install"]).exits(0).quiet_on_stderr().prints(&line);
        assert_eq!(tab(&sandbox), [&others, line.as_bytes()].concat());
    }
    let written = calls(&sandbox).iter().filter(|call| *call == "crontab -").count();
    assert_eq!(written, 1);
    send(&sandbox).exits(0).says("queued as");
    sandbox.run(&["queue", "check"]).exits(0);
    sandbox.run(&["queue", "install", "--remove"]).exits(0).prints("removed: the line of the crontab\n");
    assert_eq!(tab(&sandbox), others);

    // Without a crontab one is made.
    let sandbox = furnished(&[CRONTAB]);
    sandbox.run(&["queue", "install"]).exits(0);
    assert_eq!(tab(&sandbox), line.as_bytes());
    // The user's own line will do.
    let sandbox = furnished(&[CRONTAB]);
    std::fs::write(sandbox.work().join("tab"), "7 * * * * whippet queue run\n").unwrap();
    sandbox.run(&["queue", "install"]).exits(0).prints("the crontab runs the queue already:\n  7 * * * *");
    assert_eq!(tab(&sandbox), b"7 * * * * whippet queue run\n");
}

#[test]
fn a_crontab_that_cannot_be_read_is_not_written() {
    for (what, script) in [
        ("not allowed", "echo 'You (ann) are not allowed to use this program (crontab)' >&2; exit 1"),
        ("larger than", "i=0; while [ $i -lt 7000 ]; do echo '1 2 3 4 5 /bin/true'; i=$((i+1)); done"),
    ] {
        let sandbox = furnished(&[NO_SYSTEMCTL, ("crontab", script)]);
        let ran = sandbox.run(&["queue", "install"]);
        ran.exits(69).says(what).says("No medium found").says("have this run every 5 minutes:\n");
        ran.says(&format!("{} queue run\n", sandbox.program().display()));
        assert!(!calls(&sandbox).contains(&"crontab -".to_owned()));
        assert_eq!(waiting(&sandbox), Vec::<String>::new());
        send(&sandbox).exits(75);
    }
    let sandbox = furnished(&[]);
    sandbox.run(&["queue", "install"]).exits(69).says("cannot be started").says("--watch");
    sandbox.run(&["queue", "install", "--systemd"]).exits(69).says("no systemd of this user answers");
}

#[test]
fn what_is_printed_is_not_written() {
    let sandbox = furnished(&[SYSTEMCTL, CRONTAB]);
    let before = sandbox.files();
    let ran = sandbox.run(&["queue", "install", "--print"]);
    ran.exits(0).prints("# ~/.config/systemd/user/whippet-queue.timer\n").prints("ExecStart=");
    sandbox.run(&["queue", "install", "--print", "--cron"]).exits(0).prints("*/5 * * * * ");
    sandbox.run(&["queue", "install", "--print", "--remove"]).exits(64);
    sandbox.run(&["queue", "install", "--systemd", "--cron"]).exits(64);
    calls(&sandbox);
    assert_eq!(sandbox.files(), before);
}

#[test]
fn the_line_does_its_work_in_the_environment_of_cron() {
    let mut sandbox = furnished(&[CRONTAB]);
    let state = sandbox.work().join("a state's 100% home");
    sandbox.env("XDG_STATE_HOME", &state);
    sandbox.run(&["queue", "install", "--set", "spool.first=7"]).exits(0);
    send(&sandbox).exits(0).says("queued as");
    sandbox.run(&["queue", "retry", "--all", "--yes"]).exits(0);
    let peer = Peer::healthy();
    sandbox.profile(&format!(
        "host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"ann@example.test\"\n",
        peer.port()
    ));
    // As cron does: the time is not the command's, and a percent sign is one where a backslash says so.
    let line = String::from_utf8(tab(&sandbox)).unwrap();
    let command = line.strip_prefix("*/5 * * * * ").unwrap().replace(r"\%", "%");
    sandbox.without_env("XDG_STATE_HOME");
    sandbox.env("PATH", "/usr/bin:/bin");
    sandbox.call().program("/bin/sh").inside(sandbox.home()).run(&["-c", &command]).exits(0).quiet();
    assert_eq!(peer.finish().dots(), 1);
    assert!(state.join("whippet/spool/log/last-run").exists());
}

#[test]
fn programs_are_told_in_json_and_a_password_that_will_be_missing_is_said() {
    let sandbox = furnished(&[CRONTAB]);
    let json = |ran: &Ran| -> serde_json::Value { serde_json::from_str(&ran.stdout()).unwrap() };
    let installed = json(sandbox.run(&["queue", "install", "--json"]).exits(0));
    assert_eq!((&installed["runner"], &installed["exit"]), (&"crontab".into(), &0.into()));
    let removed = json(sandbox.run(&["queue", "install", "--remove", "--json"]).exits(0));
    assert_eq!(removed["removed"], serde_json::json!(["crontab"]));
    let secret = "username = \"ann\"\npassword_env = \"MAIL_PASSWORD\"\nallow_plaintext_auth = true";
    let sandbox = furnished(&[CRONTAB]);
    sandbox.profile(&format!("host = \"127.0.0.1\"\ntls = \"none\"\n{secret}\n"));
    sandbox
        .run(&["queue", "install"])
        .exits(0)
        .says("hint: the variable MAIL_PASSWORD, which holds a password, is not");
}
