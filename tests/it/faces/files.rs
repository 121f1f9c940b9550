//! Mail that is written down: new files, Maildir folders, mailboxes in one file, standard output.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Sandbox, program, skipped_loudly};

fn writer() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.profile("from = \"me@example.org\"\nhost = \"no-such-host.invalid\"\nusername = \"me\"\npassword_command = \"touch ran\"\n");
    sandbox
}

#[test]
fn a_file() {
    let sandbox = Sandbox::new();
    let place = sandbox.work().join("out.eml");
    sandbox.profile(&format!("route = \"file\"\noutput = {place:?}\nfrom = \"me@example.org\"\n"));
    sandbox.stdin("hello\n").run(&["-s", "s", "-b", "b@x", "a@x"]).exits(0).quiet();
    let text = std::fs::read_to_string(&place).unwrap();
    assert!(text.contains("Subject: s\r\n") && text.contains("hello") && !text.contains("b@x"), "{text}");
    let ran = sandbox.stdin("second\n").run(&["a@x"]);
    ran.exits(73).says("cannot write").says("out.eml").never_shows("os error");
    assert_eq!(std::fs::read_to_string(&place).unwrap(), text, "a file that is there is not written over");
}

#[test]
fn a_file_keeps_no_conditions() {
    let sandbox = Sandbox::new();
    sandbox.profile("route = \"file\"\noutput = \"out.eml\"\nfrom = \"me@example.org\"\n");
    sandbox.stdin("x\n").run(&["--require-tls", "a@x"]).exits(69).says("and a file cannot be asked for that");
    let ran = sandbox.stdin("x\n").run(&["--set", "dsn_notify=never", "a@x"]);
    ran.exits(0).says("nobody sends reports about a file");
}

#[test]
fn a_maildir() {
    let sandbox = Sandbox::new();
    sandbox.profile("route = \"file\"\noutput = \"~/Maildir/\"\nfrom = \"me@example.org\"\n");
    for text in ["one\n", "two\n"] {
        sandbox.stdin(text).run(&["-s", "s", "a@x"]).exits(0).quiet();
    }
    let files = sandbox.files();
    let new = files.iter().filter(|file| file.starts_with("home/Maildir/new/")).count();
    assert_eq!((new, files.iter().filter(|file| file.contains("/tmp/")).count()), (2, 0), "{files:?}");
}

/// Every way to say it leads to the same octets: the message of the wire, without Bcc.
#[test]
fn the_option_is_stronger_than_the_profile() {
    let sandbox = writer();
    let words =
        |place| vec!["-e", "set smtp_url=smtp://h", "--output", place, "-s", "s", "-b", "b@x", "--", "a@x"];
    let ran = sandbox.stdin("hello\n").run(&words("-"));
    ran.exits(0).quiet_on_stderr();
    let printed = ran.stdout();
    assert!(printed.contains("Subject: s\r\n") && printed.ends_with("hello\r\n"), "{printed}");
    assert!(!printed.contains("b@x") && !printed.replace("\r\n", "").contains('\n'), "{printed}");
    sandbox.stdin("hello\n").run(&words("new.eml")).exits(0).quiet();
    let written = std::fs::read_to_string(sandbox.work().join("new.eml")).unwrap();
    assert_eq!(written.len(), printed.len());
    let mode = std::fs::metadata(sandbox.work().join("new.eml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    sandbox.stdin("hello\n").run(&words("/dev/stdout")).exits(0).prints("Subject: s\r\n");
    assert!(!sandbox.work().join("ran").exists(), "no password is needed");
    let ran = sandbox.stdin("x\n").run(&["--dry-run", "--output", "dry.eml", "a@x"]);
    ran.exits(0).prints("From: me@example.org\r\n");
    assert!(!sandbox.work().join("dry.eml").exists());
}

#[test]
fn reports_say_where_it_is() {
    let sandbox = writer();
    for (place, wanted) in
        [("new.eml", "new.eml"), ("folder/", "folder/new/"), ("mbox:box", "box"), ("box", "box")]
    {
        let ran = sandbox.stdin("x\n").run(&["--json", "--output", place, "a@x", "b@x"]);
        let report: Value = serde_json::from_str(&ran.exits(0).stdout()).unwrap();
        for outcome in report["outcomes"].as_array().unwrap() {
            let sentence = outcome["sentence"].as_str().unwrap();
            assert!(sentence.starts_with(&format!("written to {wanted}")), "{place}: {sentence}");
            assert_eq!((&outcome["outcome"], &outcome["stage"]), (&"accepted".into(), &"local".into()));
        }
    }
    let ran = sandbox.stdin("x\n").run(&["--json", "--output", "-", "a@x"]);
    ran.exits(64).says("would both be on standard output");
    sandbox.profile("from = \"me@example.org\"\nroute = \"file\"\noutput = \"-\"\n");
    sandbox.stdin("x\n").run(&["--json", "a@x"]).exits(64);
    sandbox.stdin("x\n").run(&["a@x"]).exits(0).prints("\r\n\r\nx\r\n");
    for (place, words) in [("/no/such/x.eml", "no such file"), ("/no/such/x.mbox", "no such file")] {
        let ran = sandbox.stdin("x\n").run(&["--output", place, "a@x"]);
        ran.exits(73).says(&format!("cannot write {place}").replace("x.eml", "")).says(words);
    }
    sandbox.stdin("x\n").run(&["--output", "", "a@x"]).exits(64);
    sandbox.stdin("x\n").run(&["--output", "x", "--sendmail", "a@x"]).exits(64).says("contradict each other");
    sandbox.stdin("x\n").run(&["--output", "/dev/full", "a@x"]).exits(73).says("no space left on device");
}

/// What Python reads in a mailbox: of each message the sender of its first line, its subject and its text.
const READER: &str = "\
import mailbox, sys
for m in mailbox.mbox(sys.argv[1], create=False):
    print(m.get_from().split()[0], m['Subject'], repr(m.get_payload()))
";

#[test]
fn a_mailbox_in_one_file() {
    let sandbox = writer();
    let place = sandbox.work().join("box.mbox");
    let send = |text: &str, words: &[&str]| {
        let words = [&["--output", "box.mbox", "a@x"][..], words].concat();
        sandbox.stdin(text).run(&words)
    };
    send("one\n>From here to there\n", &["-s", "1"]).exits(0).quiet();
    send(">From\n\n", &["-s", "2", "--reverse-path", "<>"]).exits(0).quiet();
    let text = std::fs::read_to_string(&place).unwrap();
    assert!(text.starts_with("From me@example.org ") && text.contains("\n\nFrom MAILER-DAEMON "), "{text}");
    assert!(
        text.contains("\n>>From here to there\n") && text.ends_with("\n\n") && !text.contains('\r'),
        "{text}"
    );
    let ran = sandbox.call().program("/usr/bin/python3").run(&["-c", READER, "box.mbox"]);
    assert_eq!(ran.exits(0).stdout().lines().count(), 2, "{text}");
    ran.prints("me@example.org 1 'one\\n>>From here to there\\n'").prints("MAILER-DAEMON 2 ");
    // A file that cannot be read to its end: the mailbox is as it was.
    sandbox.file("text.txt", "no mail\n");
    let ran = sandbox.stdin("x\n").run(&["--output", "mbox:text.txt", "a@x"]);
    ran.exits(73).says("it is there, and it is no mbox");
    sandbox.stdin("x\n").run(&["--output", "text.txt", "a@x"]).exits(73).says("file exists");
    assert_eq!(std::fs::read_to_string(sandbox.work().join("text.txt")).unwrap(), "no mail\n");
    assert_eq!(std::fs::read_to_string(&place).unwrap(), text);
}

/// Holds a mailbox as other programs do until its input ends.
const HOLDER: &str = "\
import mailbox, sys
m = mailbox.mbox(sys.argv[1]); m.lock(); print('held', flush=True)
sys.stdin.read(); m.add(mailbox.mboxMessage(b'Subject: theirs\\n\\nx\\n')); m.flush(); m.unlock()
";

#[test]
fn who_holds_the_mailbox_is_waited_for() {
    use std::io::{BufRead, BufReader};
    let sandbox = writer();
    sandbox.stdin("x\n").run(&["--output", "box.mbox", "-s", "first", "a@x"]).exits(0);
    let place = sandbox.work().join("box.mbox");
    let holder = Command::new("python3")
        .args(["-c", HOLDER])
        .arg(&place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut holder) = holder else { return skipped_loudly("no python3") };
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    let running = sandbox.stdin("x\n").start(&["--output", "box.mbox", "-s", "ours", "a@x"]);
    std::thread::park_timeout(std::time::Duration::from_millis(300));
    let before = std::fs::read_to_string(&place).unwrap();
    assert!(!before.contains("Subject: ours"), "{before}");
    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().success());
    running.finish().exits(0).quiet();
    let text = std::fs::read_to_string(&place).unwrap();
    let places = ["Subject: first", "Subject: theirs", "Subject: ours"].map(|subject| text.find(subject));
    assert!(places.is_sorted() && places[0].is_some(), "{text}");
    let left: Vec<PathBuf> =
        std::fs::read_dir(sandbox.work()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [place]);
}

#[test]
fn large_mail_takes_little_memory() {
    let sandbox = writer();
    std::fs::File::create(sandbox.work().join("big")).unwrap().set_len(32 << 20).unwrap();
    for place in ["box.mbox", "folder/", "new.eml"] {
        // Less than the attachment has, in KiB.
        let line = format!("ulimit -v 32768; exec \"$0\" --output {place} -a big -- a@x");
        let shell = sandbox.stdin("x\n").program("/bin/sh");
        shell.run(&["-c", &line, program().to_str().unwrap()]).exits(0).quiet();
    }
    let sizes =
        ["box.mbox", "new.eml"].map(|name| std::fs::metadata(sandbox.work().join(name)).unwrap().len());
    assert!(sizes.iter().all(|size| *size > 40 << 20), "{sizes:?}");
}
