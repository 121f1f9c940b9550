//! The copy of what was sent: when there is one, what it holds, and that nothing of it changes what became of the mail.

#[path = "copies/mailboxes.rs"]
mod mailboxes;
#[path = "copies/size.rs"]
mod size;
#[path = "copies/trouble.rs"]
mod trouble;
#[path = "copies/typed.rs"]
mod typed;

use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::support::{Gate, Peer, Ran, Rules, Sandbox, Step, say};

/// Has the profile lead to this port and keep copies in `place` of the working folder.
fn keep(sandbox: &Sandbox, port: u16, place: &str, more: &str) {
    let fcc = sandbox.work().join(place);
    sandbox.profile(&format!(
        "host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"ann@example.test\"\nfcc = {fcc:?}\n{more}\n"
    ));
}

/// A sandbox with such a profile.
fn keeping(port: u16, place: &str, more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    keep(&sandbox, port, place, more);
    sandbox
}

/// Sends a short text with these words.
fn send(sandbox: &Sandbox, words: &[&str]) -> Ran {
    sandbox.stdin("text\n").run(&[&["-s", "a copy"], words, &["--", "bob@example.test"]].concat())
}

/// The files in a folder of the sandbox's working folder; none where there is no such folder.
fn within(sandbox: &Sandbox, folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(sandbox.work().join(folder)) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// How many messages an mbox holds.
fn count(mbox: &Path) -> usize {
    let text = std::fs::read_to_string(mbox).unwrap_or_default();
    text.lines().filter(|line| line.starts_with("From ")).count()
}

/// How many messages the mbox `sent` of the working folder holds.
fn sent(sandbox: &Sandbox) -> usize {
    count(&sandbox.work().join("sent"))
}

#[test]
fn what_was_accepted_is_kept_as_it_was_sent() {
    let peer = Peer::healthy();
    let sandbox = keeping(peer.port(), "Sent/", "");
    sandbox.file("f1", "attached\n");
    send(&sandbox, &["-a", "f1"]).exits(0).quiet();
    let kept = within(&sandbox, "Sent/cur");
    assert_eq!(
        (kept.len(), within(&sandbox, "Sent/new").len(), within(&sandbox, "Sent/tmp").len()),
        (1, 0, 0)
    );
    assert!(kept[0].to_str().unwrap().ends_with(":2,S"), "{kept:?}");
    let message = peer.finish().messages().remove(0);
    assert!(message.contains("Subject: a copy\r\n") && message.contains("filename=\"f1\""));
    assert_eq!(std::fs::read_to_string(&kept[0]).unwrap(), message.replace("\r\n", "\n"));
    let mode = |path: PathBuf| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode(sandbox.work().join("Sent")), mode(kept[0].clone())), (0o700, 0o600));
}

#[test]
fn the_command_line_has_the_last_word() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "fcc = \"~/sent\"");
    let kept = || count(&sandbox.home().join("sent"));
    send(&sandbox, &[]).exits(0).quiet();
    send(&sandbox, &["--no-fcc"]).exits(0).quiet();
    send(&sandbox, &["-e", "set copy=no"]).exits(0).quiet();
    send(&sandbox, &["-e", "set record=''"]).exits(0).quiet();
    send(&sandbox, &["-e", "set record=+Sent"]).exits(0).says("its value is no path, so no copy is kept");
    send(&sandbox, &["--fcc", "sent", "--no-fcc"]).exits(0).quiet();
    assert_eq!((kept(), sent(&sandbox)), (1, 0));
    send(&sandbox, &["--fcc", "sent"]).exits(0).quiet();
    send(&sandbox, &["--no-fcc", "--fcc=sent"]).exits(0).quiet();
    send(&sandbox, &["-e", "set record=sent"]).exits(0).quiet();
    send(&sandbox, &["-e", "set copy=no", "--fcc", "sent"]).exits(0).quiet();
    send(&sandbox, &["--set", "fcc=sent"]).exits(0).quiet();
    assert_eq!((kept(), sent(&sandbox)), (1, 5));
    send(&sandbox, &["-e", "set record=~/sent"]).exits(0).quiet();
    send(&sandbox, &["--fcc=~/sent"]).exits(0).quiet();
    assert_eq!((kept(), sent(&sandbox)), (3, 5));
    send(&sandbox, &["--fcc=~bob/sent"]).exits(64).says("another user's home");
    send(&sandbox, &["--fcc="]).exits(64);
    sandbox.run(&["config", "show"]).exits(0).prints("fcc").prints("/home/sent");
    assert_eq!(peer.finish().dots(), 13);
}

#[test]
fn where_the_server_keeps_a_copy_there_is_none_unless_it_is_asked_for() {
    let peer = Peer::healthy();
    let sandbox = keeping(peer.port(), "sent", "server_saves_sent = true");
    send(&sandbox, &[]).exits(0).quiet();
    assert_eq!(sent(&sandbox), 0);
    send(&sandbox, &["--fcc", "sent"]).exits(0).quiet();
    send(&sandbox, &["--set", "server_saves_sent=false"]).exits(0).quiet();
    send(&sandbox, &["--set", "fcc=sent"]).exits(0).quiet();
    assert_eq!(sent(&sandbox), 3);
    drop(peer.finish());
}

#[test]
fn what_nobody_took_is_not_kept() {
    let refusals = [
        Rules::healthy().on("RCPT", [say("550 5.1.1 unknown")]),
        Rules::healthy().on(".", [say("554 5.7.1 no")]),
        Rules::healthy().on(".", [say("451 4.3.0 later")]),
        // Nobody knows.
        Rules::healthy().on(".", [Step::Close]),
    ];
    for rules in refusals {
        let peer = Peer::serving(rules);
        let sandbox = Sandbox::facing(peer.port(), "");
        let ran = send(&sandbox, &["--fcc", "sent", "--no-queue"]);
        assert_ne!(ran.code(), Some(0));
        assert!(!sandbox.work().join("sent").exists());
        drop(peer.finish());
    }
    let peer = Peer::healthy();
    let sandbox = keeping(peer.port(), "sent", "");
    send(&sandbox, &["--dry-run"]).exits(0);
    send(&sandbox, &["--sandbox"]).exits(0);
    send(&sandbox, &["--output", "new.eml"]).exits(0).quiet();
    // Who asks for one is told.
    for words in [&["--dry-run"][..], &["--sandbox"], &["--output", "other.eml"]] {
        let asking = [words, &["--fcc", "sent"]].concat();
        send(&sandbox, &asking).exits(0).says("no copy is kept: the mail is not sent [no-copy]");
    }
    sandbox.run(&["--empty-body", "skip", "bob@example.test"]).exits(0);
    assert_eq!((sent(&sandbox), peer.finish().connections()), (0, 0));
}

#[test]
fn whom_one_server_took_is_enough() {
    let peer = Peer::serving(Rules::healthy().on("RCPT TO:<never", [say("550 5.1.1 unknown")]));
    let sandbox = Sandbox::facing(peer.port(), "");
    send(&sandbox, &["--fcc", "sent", "-c", "never@example.test"]).exits(67);
    assert_eq!(sent(&sandbox), 1);
    drop(peer.finish());
}

#[test]
fn an_interrupted_send_leaves_no_copy() {
    let gate = Gate::default();
    let rules = Rules::healthy().on("DATA", [Step::Meet(gate.clone()), say("354 go on"), Step::Body]);
    let peer = Peer::serving(rules);
    let sandbox = Sandbox::facing(peer.port(), "");
    let words = ["--verbose", "--fcc", "sent", "--no-queue", "bob@example.test"];
    let running = sandbox.stdin("text\n").start(&words);
    running.wait_until_it_says("DATA");
    running.signal(Signal::TERM);
    running.finish().exits(75);
    gate.open();
    assert!(!sandbox.work().join("sent").exists());
    drop(peer.finish());
}

#[test]
fn what_is_queued_is_kept_once() {
    let sandbox = Sandbox::facing(Peer::closed_port(), "");
    send(&sandbox, &["--fcc", "sent", "--queue"]).exits(0).says("queued as");
    assert_eq!(sent(&sandbox), 1);
    let peer = Peer::healthy();
    keep(&sandbox, peer.port(), "sent", "");
    sandbox.run(&["queue", "run", "--now"]).exits(0);
    assert_eq!(sent(&sandbox), 1, "what the queue hands over was kept before");
    keep(&sandbox, peer.port(), "sent", "queue = \"always\"");
    send(&sandbox, &[]).exits(0).says("queued as");
    assert_eq!((sent(&sandbox), peer.finish().dots()), (2, 2));
}

#[test]
fn what_is_known_already_is_kept_already() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    for _ in 0..2 {
        send(&sandbox, &["--fcc", "sent", "--idempotency-key", "job-1"]).exits(0);
    }
    assert_eq!((sent(&sandbox), peer.finish().dots()), (1, 1));
    for queue in ["queue = \"always\"", "queue = \"on-failure\""] {
        let sandbox = Sandbox::facing(Peer::closed_port(), queue);
        for _ in 0..2 {
            send(&sandbox, &["--fcc", "sent", "--idempotency-key", "job-1"]).exits(0);
        }
        assert_eq!(sent(&sandbox), 1, "{queue}");
    }
}

#[test]
fn what_a_program_took_is_kept() {
    let sandbox = Sandbox::new();
    for (code, kept) in [(0, 1), (75, 1)] {
        let program = sandbox.script("mta", &format!("#!/bin/sh\ncat > got; exit {code}\n"));
        let set = format!("set sendmail='{}' from=ann@example.test", program.display());
        send(&sandbox, &["-e", &set, "--fcc", "sent"]).exits(code);
        assert_eq!(sent(&sandbox), kept, "{code}");
    }
}

#[test]
fn the_copy_alone_names_who_got_a_blind_one() {
    let peer = Peer::healthy();
    let sandbox = keeping(peer.port(), "sent", "");
    let names: Vec<String> =
        (0..30).map(|number| format!("Jörg {number} <b{number}@example.test>")).collect();
    let blind = ["-b", &names.join(", ")];
    send(&sandbox, &blind).exits(0).quiet();
    assert!(!std::fs::read_to_string(sandbox.work().join("sent")).unwrap().contains("Bcc"));
    send(&sandbox, &[&blind[..], &["--set", "fcc_bcc=true"]].concat()).exits(0).quiet();
    send(&sandbox, &["--set", "fcc_bcc=true"]).exits(0).quiet();
    let text = std::fs::read_to_string(sandbox.work().join("sent")).unwrap();
    assert_eq!(text.matches("\nBcc: ").count(), 1, "{text}");
    assert!(
        text.contains("=?utf-8?Q?J=C3=B6rg?= 29 <b29@example.test>") || text.contains("<b29@example.test>")
    );
    assert!(text.lines().all(|line| line.len() <= 998));
    // Who gets one of every mail is named, too.
    let set = ["--fcc", "other", "--set", "fcc_bcc=true", "--set", "default_bcc=log@example.test"];
    send(&sandbox, &set).exits(0).quiet();
    send(&sandbox, &[&set[..], &["-b", "one@example.test"]].concat()).exits(0).quiet();
    let text = std::fs::read_to_string(sandbox.work().join("other")).unwrap();
    let told: Vec<&str> = text.lines().filter(|line| line.starts_with("Bcc: ")).collect();
    assert_eq!(told, ["Bcc: log@example.test", "Bcc: one@example.test, log@example.test"]);
    let book = peer.finish();
    assert!(book.messages().iter().all(|message| !message.contains("Bcc") && !message.contains("b29@")));
    assert!(book.messages().iter().all(|message| !message.contains("log@")));
    assert_eq!(book.commands("RCPT").len(), 68);
}
