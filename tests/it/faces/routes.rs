//! The other ways out: the sandbox server, a sendmail program.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::{Ran, Sandbox, program};

#[test]
fn the_sandbox_needs_nothing() {
    let sandbox = Sandbox::new();
    sandbox.file("report.txt", "numbers\n");
    let ran = sandbox.stdin("It works\n").run(&[
        "--sandbox",
        "-s",
        "First",
        "-b",
        "b@x",
        "-a",
        "report.txt",
        "--",
        "a@x",
    ]);
    ran.exits(0).prints("accepted").prints("to <a@x>").prints("to <b@x>").prints("Subject: First");
    ran.prints("report.txt").prints("kept in     ./whippet-sandbox/new/");
    assert_eq!(ran.stderr(), "");
    let kept = kept(&sandbox, "whippet-sandbox/new");
    assert_eq!(kept.len(), 1);
    let text = std::fs::read_to_string(&kept[0]).unwrap();
    assert!(text.contains("Subject: First") && !text.contains("b@x"), "{text}");
    assert_eq!(std::fs::metadata(&kept[0]).unwrap().permissions().mode() & 0o777, 0o600);
    sandbox.stdin("again\n").run(&["--sandbox", "--quiet", "a@x"]).exits(0).quiet();
    assert_eq!(self::kept(&sandbox, "whippet-sandbox/new").len(), 2, "nothing is written over");
}

#[test]
fn the_sandbox_tries_no_other_server() {
    let sandbox = Sandbox::new();
    sandbox.profile(
        "host = \"no-such-host.invalid\"\nusername = \"me\"\npassword_command = \"touch ran; false\"\n",
    );
    sandbox.stdin("x\n").run(&["--sandbox", "a@x"]).exits(0);
    assert!(!sandbox.work().join("ran").exists(), "no password is needed");
}

#[test]
fn an_unwritable_folder_is_named() {
    let sandbox = Sandbox::new();
    let Some(ran) = as_nobody(&sandbox, &["--sandbox", "a@x"]) else { return };
    ran.exits(73)
        .says("the sandbox cannot keep its mail in")
        .says("permission denied")
        .says("./whippet-sandbox");
    ran.never_shows("os error");
}

#[test]
fn an_unreadable_attachment_is_named() {
    let sandbox = Sandbox::new();
    std::fs::set_permissions(sandbox.file("f1", "x"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let Some(ran) = as_nobody(&sandbox, &["--smtp", "smtp://127.0.0.1:9", "-a", "f1", "--", "a@x"]) else {
        return;
    };
    ran.exits(66).says("cannot open f1\n  because permission denied\n");
}

#[test]
fn a_sendmail_program_that_calls_us_ends_no_mail_in_a_circle() {
    let sandbox = Sandbox::new();
    let call = format!("#!/bin/sh\necho run >>runs\nexec {:?} sendmail \"$@\"\n", program());
    // A colon divides paths elsewhere.
    std::fs::create_dir(sandbox.work().join("a:b")).unwrap();
    let script = sandbox.script("a:b/sendmail", &call);
    sandbox
        .profile(&format!("route = \"sendmail\"\nsendmail_path = {script:?}\nfrom = \"me@example.org\"\n"));
    let back = format!("{} leads back to whippet", script.display());
    for words in [&["sendmail", "a@x"][..], &["a@x"], &["mail", "a@x"]] {
        let ran = sandbox.stdin("x\n").run(words);
        ran.exits(78).says(&back).says("name another sendmail program in `sendmail_path`");
        let runs = sandbox.work().join("runs");
        assert_eq!(std::fs::read_to_string(&runs).unwrap(), "run\n");
        std::fs::remove_file(runs).unwrap();
    }
}

#[test]
fn a_sendmail_program_that_is_not_there_is_told_with_its_key() {
    let sandbox = Sandbox::new();
    sandbox.profile("route = \"sendmail\"\nsendmail_path = \"/nope\"\nfrom = \"me@example.org\"\n");
    let ran = sandbox.stdin("x\n").run(&["-s", "s", "a@x"]);
    ran.exits(71)
        .says("/nope: cannot be started")
        .says("check `sendmail_path` (~/.config/whippet/config.toml:2)");
}

/// Runs the program as a user who owns nothing here. `None`, said loudly, if this machine has no way to do so.
fn as_nobody(sandbox: &Sandbox, words: &[&str]) -> Option<Ran> {
    let is_root = rustix::process::geteuid().is_root();
    let root = sandbox.home().parent().unwrap().to_owned();
    let copy = root.join("whippet");
    // By a program: a copy that this process writes may be open in a child of another test, and cannot be run then.
    let status = std::process::Command::new("cp").arg(program()).arg(&copy).status().unwrap();
    assert!(status.success());
    for (path, mode) in [(&root, 0o755), (&copy, 0o755), (&sandbox.work(), 0o555)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let ran = if is_root {
        let setpriv = PathBuf::from("/usr/bin/setpriv");
        if !setpriv.exists() {
            crate::support::skipped_loudly(
                "root may do everything, and there is no setpriv to become somebody else",
            );
            return None;
        }
        let become_nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
        let words = [&become_nobody[..], &[copy.to_str().unwrap()], words].concat();
        sandbox.call().program(setpriv).run(&words)
    } else {
        sandbox.call().program(copy).run(words)
    };
    std::fs::set_permissions(sandbox.work(), std::fs::Permissions::from_mode(0o755)).unwrap();
    Some(ran)
}

fn kept(sandbox: &Sandbox, folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(sandbox.work().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// A stand-in that keeps its arguments and its input.
fn stand_in(sandbox: &Sandbox, exit: u8) {
    let work = sandbox.work();
    let work = work.display();
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" >{work}/args\ncat >{work}/mail\necho told >&2\nexit {exit}\n"
    );
    let path = sandbox.script("sendmail", &script);
    sandbox.profile(&format!("route = \"sendmail\"\nsendmail_path = {path:?}\nfrom = \"me@example.org\"\n"));
}

#[test]
fn a_sendmail_program() {
    let sandbox = Sandbox::new();
    stand_in(&sandbox, 0);
    sandbox.stdin("a\n.\nb\n").run(&["-s", "s", "-b", "b@x", "--", "a@x", "-dash@x"]).exits(0).quiet();
    let read = |name: &str| std::fs::read_to_string(sandbox.work().join(name)).unwrap();
    assert_eq!(read("args"), "-i\n-f\nme@example.org\n--\na@x\n-dash@x\nb@x\n");
    let mail = read("mail");
    assert!(!mail.contains('\r') && mail.contains("\n\na\n.\nb\n") && !mail.contains("b@x"), "{mail}");
    sandbox.stdin("x\n").run(&["--reverse-path", "<>", "a@x"]).exits(0).quiet();
    assert_eq!(read("args"), "-i\n-f\n<>\n--\na@x\n");
    // mutt's way to name it: words at blanks, no shell.
    let program = sandbox.work().join("sendmail");
    let command = format!("set sendmail='{} -oem $HOME'", program.display());
    sandbox.stdin("x\n").run(&["-F", "/dev/null", "-e", &command, "--from", "f@x", "a@x"]).exits(0).quiet();
    assert_eq!(read("args"), "-oem\n$HOME\n-i\n-f\nf@x\n--\na@x\n");
}

#[test]
fn who_asks_for_the_queue_hears_that_a_sendmail_program_has_none_of_ours() {
    let sandbox = Sandbox::new();
    stand_in(&sandbox, 75);
    let words = "not queued: no profile names the server, and the queue goes by profiles";
    sandbox.stdin("x\n").run(&["--queue", "a@x"]).exits(75).says(words);
    let ran = sandbox.stdin("x\n").run(&["a@x"]);
    ran.exits(75).never_shows("not queued");
}

#[test]
fn a_sendmail_program_is_told_of_reports_and_of_nothing_else() {
    let sandbox = Sandbox::new();
    stand_in(&sandbox, 0);
    let words = ["--dsn-notify", "failure,delay", "--dsn-return", "headers", "--envid", "run 7", "a@x"];
    sandbox.stdin("x\n").run(&words).exits(0).quiet();
    let args = std::fs::read_to_string(sandbox.work().join("args")).unwrap();
    assert_eq!(args, "-i\n-f\nme@example.org\n-N\nfailure,delay\n-R\nhdrs\n-V\nrun 7\n--\na@x\n");
    std::fs::remove_file(sandbox.work().join("args")).unwrap();
    let ran = sandbox.stdin("x\n").run(&["--hold-for", "1h", "--priority", "3", "a@x"]);
    ran.exits(69).says("the mail asks for a later release, a priority, and").says("cannot be asked for that");
    assert!(!sandbox.work().join("args").exists(), "it was not run");
}

#[test]
fn its_exit_code_is_passed_on() {
    for (theirs, ours) in [(75, 75), (67, 67), (64, 64), (78, 78), (1, 69), (200, 69)] {
        let sandbox = Sandbox::new();
        stand_in(&sandbox, theirs);
        let ran = sandbox.stdin("x\n").run(&["a@x"]);
        ran.exits(ours).says(&format!("sendmail ended with exit code {theirs} and said: told"));
    }
    let sandbox = Sandbox::new();
    sandbox
        .profile("route = \"sendmail\"\nsendmail_path = \"/no/such/sendmail\"\nfrom = \"me@example.org\"\n");
    sandbox.stdin("x\n").run(&["a@x"]).exits(71).says("/no/such/sendmail: cannot be started");
}
