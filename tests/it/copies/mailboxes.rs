//! What another program finds in the mailbox, also when several write to it at once.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::{send, sent};
use crate::support::{Peer, Sandbox, program};

/// What Python reads in a mailbox: of each message its flags, subject, Bcc and text, in order.
const READER: &str = "\
import mailbox, re, sys
# Python leaves the marks of an mboxrd.
def text(m): return re.sub('(?m)^>(>*From )', r'\\1', m.get_payload()) if isinstance(m, mailbox.mboxMessage) else m.get_payload()
box = mailbox.Maildir(sys.argv[1], create=False) if sys.argv[1].endswith('/') else mailbox.mbox(sys.argv[1], create=False)
for line in sorted(f'{m.get_flags()}|{m[\"Subject\"]}|{m[\"Bcc\"]}|{text(m)!r}|{len(m.defects)}' for m in box):
    print(line)
";

fn read(sandbox: &Sandbox, mailbox: &str) -> Vec<String> {
    let ran = sandbox.call().program("/usr/bin/python3").run(&["-c", READER, mailbox]);
    ran.exits(0).stdout().lines().map(str::to_owned).collect()
}

#[test]
fn python_finds_what_was_sent() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "fcc_bcc = true");
    for (mailbox, flags) in [("Sent/", "S"), ("sent", "")] {
        for (subject, text) in [("1", "one\nFrom here\n>From there\n"), ("2", "From\n\nlast line")] {
            let words = ["--fcc", mailbox, "-s", subject, "-b", "eve@example.test", "bob@example.test"];
            sandbox.stdin(text).run(&words).exits(0).quiet();
        }
        // The text that begins a line with `From ` is sent encoded; none is cut or split.
        let found = read(&sandbox, mailbox);
        assert_eq!(found.len(), 2, "{found:?}");
        let sent = peer.book().messages();
        for (line, message) in found.iter().zip(&sent[sent.len() - 2..]) {
            let body = message.split_once("\r\n\r\n").unwrap().1.replace("\r\n", "\\n");
            assert!(line.starts_with(&format!("{flags}|")), "{line}");
            assert!(line.contains("|eve@example.test|") && line.ends_with("|0"), "{line}");
            assert!(line.contains(body.trim_end_matches("\\n")), "{line} {body}");
        }
    }
    let text = std::fs::read_to_string(sandbox.work().join("sent")).unwrap();
    assert!(text.starts_with("From ann@example.test ") && text.ends_with("\n\n") && !text.contains('\r'));
    drop(peer.finish());
}

#[test]
fn many_programs_write_to_one_mailbox_at_once() {
    const EACH: usize = 12;
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    sandbox.file("f1", "x".repeat(200_000));
    let running: Vec<_> = (0..EACH)
        .map(|number| {
            let subject = format!("number {number:02}");
            let words = ["--fcc", "sent", "-s", &subject, "bob@example.test", "-a", "f1"];
            sandbox.stdin(format!("text {number}\n")).start(&words)
        })
        .collect();
    for one in running {
        one.finish().exits(0).quiet();
    }
    let reader = "\
import mailbox, sys
for m in mailbox.mbox(sys.argv[1], create=False):
    text, file = m.get_payload()
    print(m['Subject'], len(m.defects), text.get_payload().strip(), len(file.get_payload(decode=True)))
";
    let ran = sandbox.call().program("/usr/bin/python3").run(&["-c", reader, "sent"]);
    let mut found: Vec<String> = ran.exits(0).stdout().lines().map(str::to_owned).collect();
    found.sort();
    let wanted: Vec<String> =
        (0..EACH).map(|number| format!("number {number:02} 0 text {number} 200000")).collect();
    assert_eq!(found, wanted);
    assert_eq!(sandbox.files().iter().filter(|file| file.contains("sent")).count(), 1, "no lock is left");
    drop(peer.finish());
}

/// Holds a mailbox as other programs do until its input ends, and then adds a message of its own.
const HOLDER: &str = "\
import mailbox, sys
m = mailbox.mbox(sys.argv[1]); m.lock(); print('held', flush=True)
sys.stdin.read(); m.add(mailbox.mboxMessage(b'Subject: theirs\\n\\nx\\n')); m.flush(); m.unlock()
";

#[test]
fn who_holds_the_mailbox_is_waited_for_unless_a_signal_comes() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    send(&sandbox, &["--fcc", "sent"]).exits(0).quiet();
    let mut holder = Command::new("/usr/bin/python3")
        .args(["-c", HOLDER])
        .arg(sandbox.work().join("sent"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    let start = || sandbox.stdin("text\n").start(&["--fcc", "sent", "-s", "ours", "bob@example.test"]);
    let until = |dots| {
        while peer.book().dots() < dots {
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
        // From its reply to the lock.
        std::thread::park_timeout(std::time::Duration::from_millis(300));
    };
    let stopped = start();
    until(2);
    assert_eq!(sent(&sandbox), 1);
    stopped.signal(Signal::TERM);
    let ran = stopped.finish();
    ran.exits(0).says("no copy of the mail is kept: cannot write sent: another program has locked it\n");
    let waiting = start();
    until(3);
    assert_eq!(sent(&sandbox), 1);
    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().success());
    waiting.finish().exits(0).quiet();
    let subjects: Vec<String> =
        read(&sandbox, "sent").iter().map(|line| line.split('|').nth(1).unwrap().to_owned()).collect();
    assert_eq!(subjects, ["a copy", "ours", "theirs"]);
    drop(peer.finish());
}

#[test]
fn a_lock_of_a_program_that_is_gone_is_taken_away_and_told() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let mut gone = Command::new("/bin/true").spawn().unwrap();
    gone.wait().unwrap();
    sandbox.file("sent.lock", format!("{}\n", gone.id()));
    send(&sandbox, &["--fcc", "sent"]).exits(0).says("sent.lock was left behind: nobody held it any more");
    assert_eq!(sent(&sandbox), 1);
    assert!(!sandbox.work().join("sent.lock").exists());
    drop(peer.finish());
}

#[test]
fn the_copy_of_a_large_mail_takes_little_memory() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    std::fs::File::create(sandbox.work().join("big.txt")).unwrap().set_len(40 << 20).unwrap();
    for place in ["sent", "Sent/"] {
        // Less than the attachment has, in KiB.
        let line =
            format!("ulimit -v 36864; exec \"$0\" --fcc {place} -s big -a big.txt -- bob@example.test");
        let shell = sandbox.stdin("x\n").program("/bin/sh");
        shell.run(&["-c", &line, program().to_str().unwrap()]).exits(0).quiet();
    }
    assert!(std::fs::metadata(sandbox.work().join("sent")).unwrap().len() > 50 << 20);
    drop(peer.finish());
}
