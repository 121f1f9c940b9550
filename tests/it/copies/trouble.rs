//! A copy that cannot be written: the mail is sent all the same, and that is what the exit code says.

use std::fs;

use super::{send, sent, within};
use crate::support::{Peer, Sandbox, program};

#[test]
fn a_place_that_takes_no_copy_is_named() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    sandbox.file("text", "no mail\n");
    fs::create_dir(sandbox.work().join("folder")).unwrap();
    std::os::unix::fs::symlink("/no/such/folder/m", sandbox.work().join("link")).unwrap();
    for (place, why) in [
        ("none/sent", "cannot write none/sent: no such file or directory"),
        ("text/Sent/", "cannot write text/Sent/: not a directory"),
        ("text", "cannot write text: it is there, and it is no mbox"),
        ("folder", "cannot write folder: it is a folder and no Maildir"),
        ("link", "cannot write link: no such file or directory"),
        ("/dev/full", "cannot write /dev/full: it is neither a file nor a folder"),
        ("/proc/sent", "cannot write /proc/sent: no such file or directory"),
    ] {
        let ran = send(&sandbox, &["--json", "--fcc", place]);
        ran.exits(0).says(&format!("whippet: no copy of the mail is kept: {why}"));
        let report: serde_json::Value = serde_json::from_str(&ran.stdout()).unwrap();
        assert_eq!((&report["exit"], &report["outcomes"][0]["outcome"]), (&0.into(), &"accepted".into()));
        let warnings = report["warnings"].as_array().unwrap();
        assert!(warnings.iter().any(|warning| warning.as_str().unwrap().contains(why)), "{report}");
        send(&sandbox, &["--quiet", "--fcc", place]).exits(0).quiet();
    }
    assert_eq!(fs::read_to_string(sandbox.work().join("text")).unwrap(), "no mail\n");
    assert_eq!(within(&sandbox, "folder").len(), 0);
    drop(peer.finish());
}

#[test]
fn a_full_disk_leaves_the_mailbox_as_it_was() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    send(&sandbox, &["--fcc", "sent"]).exits(0).quiet();
    send(&sandbox, &["--fcc", "Sent/"]).exits(0).quiet();
    let before = fs::read(sandbox.work().join("sent")).unwrap();
    sandbox.file("f1", "x".repeat(300_000));
    for place in ["sent", "Sent/", "new"] {
        // No file grows beyond 100 blocks of 512 octets; the signal that says so is not heard.
        let line = format!(
            "trap '' XFSZ; ulimit -f 100; exec \"$0\" --fcc {place} -s full -a f1 -- bob@example.test"
        );
        let shell = sandbox.stdin("x\n").program("/bin/sh");
        let ran = shell.run(&["-c", &line, program().to_str().unwrap()]);
        ran.exits(0).says("no copy of the mail is kept: cannot write ").says("file too large");
    }
    assert_eq!(fs::read(sandbox.work().join("sent")).unwrap(), before);
    assert_eq!((within(&sandbox, "Sent/cur").len(), within(&sandbox, "Sent/tmp").len()), (1, 0));
    assert!(!sandbox.work().join("new").exists());
    send(&sandbox, &["--fcc", "sent"]).exits(0).quiet();
    assert_eq!((sent(&sandbox), peer.finish().dots()), (2, 6));
}

#[test]
fn a_copy_of_queued_mail_that_cannot_be_written_leaves_it_queued() {
    let sandbox = Sandbox::facing(Peer::closed_port(), "");
    let ran = send(&sandbox, &["--queue", "--fcc", "none/sent"]);
    ran.exits(0).says("queued as").says("no copy of the mail is kept: cannot write none/sent");
    assert_eq!(sandbox.files().iter().filter(|file| file.contains("/spool/q/")).count(), 1);
}
