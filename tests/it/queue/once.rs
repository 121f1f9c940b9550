//! A mail that is handed in twice with the same word is sent once, and a text that was cut is not sent at all (G6, E4).

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rustix::fs::FlockOperation;
use whippet::spool::{Event, Store};
use whippet::sys::SystemDisk;

use crate::support::{Peer, Ran, Rules, Sandbox, say, skipped_loudly};

const WORDS: [&str; 4] = ["-s", "nightly", "--idempotency-key", "job-1"];

fn again(sandbox: &Sandbox, more: &[&str]) -> Ran {
    sandbox.stdin("text\n").run(&[&WORDS, more, &["bob@example.test"]].concat())
}

fn spool(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join(".local/state/whippet/spool")
}

fn count(sandbox: &Sandbox, place: &str) -> usize {
    std::fs::read_dir(spool(sandbox).join(place)).map_or(0, Iterator::count)
}

/// The record of the only mail that has one.
fn record(sandbox: &Sandbox) -> PathBuf {
    let mut found = sandbox.files().into_iter().filter(|file| {
        file.rsplit('/').next().is_some_and(|name| name.len() == 64) && file.contains("/spool/ids/")
    });
    let record = sandbox.home().parent().unwrap().join(found.next().expect("there is a record"));
    assert_eq!(found.next(), None);
    record
}

/// Lets so many minutes have passed since the record was made.
fn age(sandbox: &Sandbox, minutes: u64) {
    let then = SystemTime::now() - Duration::from_secs(minutes * 60);
    std::fs::File::options().write(true).open(record(sandbox)).unwrap().set_modified(then).unwrap();
}

/// The id that the program has said behind these words.
#[track_caller]
fn id(ran: &Ran, words: &str) -> String {
    let said = ran.stderr();
    let (_, rest) = said.split_once(words).unwrap_or_else(|| panic!("no {words:?} in {said}"));
    rest.trim_start().chars().take(26).collect()
}

#[track_caller]
fn is_known_as(ran: &Ran, wanted: &str) {
    ran.exits(0);
    assert_eq!(id(ran, "already queued as"), wanted);
}

#[track_caller]
fn is_new(ran: &Ran) -> String {
    ran.exits(0).never_shows("already");
    id(ran, "queued as")
}

#[test]
fn who_waits_or_is_held_is_not_queued_again_and_who_was_removed_is() {
    let sandbox = Sandbox::facing(Peer::closed_port(), "queue = \"always\"");
    let first = is_new(&again(&sandbox, &[]));
    is_known_as(&again(&sandbox, &[]), &first);
    // However old it is.
    age(&sandbox, 600);
    is_known_as(&again(&sandbox, &[]), &first);
    sandbox.run(&["queue", "hold", &first]).exits(0);
    is_known_as(&again(&sandbox, &[]), &first);
    assert_eq!((count(&sandbox, "q"), count(&sandbox, "held"), count(&sandbox, "tmp")), (0, 1, 0));
    sandbox.run(&["queue", "remove", &first]).exits(0);
    let second = is_new(&again(&sandbox, &[]));
    assert_ne!(first, second);
    let ran = again(&sandbox, &["--json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.exits(0).stdout()).unwrap();
    assert_eq!((&told["message_id"], &told["outcomes"][0]["outcome"]), (&().into(), &"queued".into()));
    assert_eq!(told["outcomes"][0]["queue_id"], second.as_str());
    assert_eq!(is_new(&again(&sandbox, &["--resend"])).len(), 26);
    assert_eq!(count(&sandbox, "q"), 2);
}

#[test]
fn what_was_accepted_is_known_for_an_hour() {
    for queue in ["always", "off"] {
        let peer = Peer::healthy();
        let sandbox = Sandbox::facing(peer.port(), &format!("queue = \"{queue}\""));
        again(&sandbox, &[]).exits(0).never_shows("already");
        again(&sandbox, &[]).exits(0).says("already accepted as 0").says("--resend");
        age(&sandbox, 59);
        again(&sandbox, &[]).exits(0).says("already accepted as 0");
        assert_eq!(peer.book().dots(), 1, "{queue}");
        age(&sandbox, 61);
        again(&sandbox, &[]).exits(0).never_shows("already");
        again(&sandbox, &[]).exits(0).says("already accepted");
        assert_eq!(peer.book().dots(), 2, "{queue}");
        again(&sandbox, &["--resend"]).exits(0).never_shows("already");
        let book = peer.finish();
        assert_eq!((book.dots(), book.connections(), count(&sandbox, "q")), (3, 3, 0), "{queue}");
    }
}

#[test]
fn what_failed_is_sent_again() {
    let refusing = || Peer::serving(Rules::healthy().on("RCPT", [say("550 5.1.1 no such user")]));
    let peer = refusing();
    // The report stays where it is.
    let sandbox = Sandbox::facing(peer.port(), "queue = \"always\"\n[spool]\nrun_after_send = false");
    let first = is_new(&again(&sandbox, &[]));
    assert_eq!(count(&sandbox, "badmail"), 1);
    assert_ne!(is_new(&again(&sandbox, &[])), first);
    assert_eq!(count(&sandbox, "badmail"), 2);
    drop(peer.finish());

    let peer = refusing();
    let sandbox = Sandbox::facing(peer.port(), "queue = \"off\"");
    for _ in 0..2 {
        again(&sandbox, &[]).exits(67).never_shows("already");
    }
    assert_eq!(peer.finish().commands("RCPT").len(), 2);
}

#[test]
fn what_was_tried_first_and_waits_is_known_before_anything_is_connected() {
    let peer = Peer::serving(Rules::healthy().on("RCPT TO:<bob", [say("450 4.2.0 later")]));
    let sandbox = Sandbox::facing(peer.port(), "queue = \"on-failure\"");
    let ran = again(&sandbox, &["ann@example.test"]);
    let first = id(ran.exits(0), "queued as");
    is_known_as(&again(&sandbox, &["ann@example.test"]), &first);
    assert_eq!((peer.book().connections(), count(&sandbox, "q")), (1, 1));
    // The order of the recipients does not matter.
    let turned = [&WORDS[..], &["bob@example.test", "ann@example.test"]].concat();
    is_known_as(&sandbox.stdin("text\n").run(&turned), &first);
    assert_eq!(peer.finish().commands("RCPT").len(), 2);
    let peer = Peer::healthy();
    let (port, from) = (peer.port(), "from = \"ann@example.test\"");
    sandbox.profile(&format!("host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n{from}\n"));
    sandbox.run(&["queue", "run", "--now"]).exits(0);
    again(&sandbox, &["ann@example.test"]).exits(0).says(&format!("already accepted as {first}"));
    let book = peer.finish();
    assert_eq!((book.connections(), book.commands("RCPT").len()), (1, 1));

    // Without a queue nobody has the mail of him who was deferred.
    let peer = Peer::serving(Rules::healthy().on("RCPT", [say("450 4.2.0 later")]));
    let sandbox = Sandbox::facing(peer.port(), "queue = \"off\"");
    for _ in 0..2 {
        again(&sandbox, &[]).exits(75).never_shows("already");
    }
    assert_eq!(peer.finish().commands("RCPT").len(), 2);
}

#[test]
fn another_mail_with_the_same_word_is_another() {
    let sandbox = Sandbox::facing(Peer::closed_port(), "queue = \"always\"");
    let file = sandbox.file("a.txt", "a\n").display().to_string();
    is_new(&again(&sandbox, &[]));
    is_new(&sandbox.stdin("text!\n").run(&[&WORDS[..], &["bob@example.test"]].concat()));
    is_new(&again(&sandbox, &["carol@example.test"]));
    is_new(&again(&sandbox, &["-s", "weekly"]));
    is_new(&again(&sandbox, &["--attach", &file]));
    is_new(&again(&sandbox, &["--idempotency-key", "job-2"]));
    is_new(&again(&sandbox, &["--reverse-path", "dave@example.test"]));
    assert_eq!(count(&sandbox, "q"), 7);
    // Without a word nothing is known.
    for _ in 0..2 {
        let ran = sandbox.stdin("text\n").run(&["-s", "nightly", "bob@example.test"]);
        is_new(&ran);
    }
    // Lines may end as they like.
    let ran = sandbox.stdin("text\r\n").run(&[&WORDS[..], &["bob@example.test"]].concat());
    ran.exits(0).says("already queued as");
    assert_eq!(count(&sandbox, "q"), 9);
    sandbox.file("a.txt", "b\n");
    is_new(&again(&sandbox, &["--attach", &file]));
}

#[test]
fn two_at_once_are_one() {
    let sandbox = Sandbox::facing(Peer::closed_port(), "queue = \"always\"");
    // The first one is gone, and its memory is held: the others wait behind what they have written.
    let first = is_new(&again(&sandbox, &[]));
    sandbox.run(&["queue", "hold", &first]).exits(0);
    std::fs::remove_file(spool(&sandbox).join("held").join(&first)).unwrap();
    let file = std::fs::File::open(record(&sandbox)).unwrap();
    rustix::fs::flock(&file, FlockOperation::LockExclusive).unwrap();
    let words = [&WORDS[..], &["bob@example.test"]].concat();
    let others = [0, 1].map(|_| sandbox.stdin("text\n").start(&words));
    while count(&sandbox, "tmp") < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(file);
    let others = others.map(|other| other.finish());
    let ids = others.each_ref().map(|ran| id(ran.exits(0), "queued as"));
    assert!(ids[0] == ids[1] && ids[0] != first, "{ids:?} {first}");
    let known = others.iter().filter(|ran| ran.stderr().contains("already queued as")).count();
    assert_eq!((known, count(&sandbox, "q"), count(&sandbox, "tmp")), (1, 1, 0));
}

#[test]
fn who_comes_while_the_first_is_being_flushed_makes_no_second() {
    let sandbox = Sandbox::facing(Peer::closed_port(), "queue = \"always\"");
    let probe = sandbox.call().program("/usr/bin/env").run(&["strace", "-o", "/dev/null", "true"]);
    if probe.code() != Some(0) {
        return skipped_loudly("a slow flush: no strace that works");
    }
    drop(Store::create(&SystemDisk, &spool(&sandbox)).unwrap());
    let words = [&WORDS[..], &["bob@example.test"]].concat();
    let program = sandbox.program();
    let slow = ["strace", "-f", "-o", "/dev/null", "-e", "inject=fsync:delay_enter=2000000:when=1"];
    let slow = [&slow[..], &[program.to_str().unwrap()], &words].concat();
    let slow = sandbox.stdin("text\n").program("/usr/bin/env").start(&slow);
    while count(&sandbox, "tmp") == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let other = again(&sandbox, &[]);
    let slow = slow.finish();
    assert_eq!(id(slow.exits(0), "queued as"), id(other.exits(0), "queued as"));
    assert_eq!((count(&sandbox, "q"), count(&sandbox, "tmp")), (1, 0));
}

#[test]
fn who_waits_too_long_for_another_is_told_to_come_again() {
    for queue in ["always", "off"] {
        let sandbox = Sandbox::facing(Peer::closed_port(), &format!("queue = \"{queue}\""));
        again(&sandbox, &[]).ended_by_itself();
        let before = count(&sandbox, "q");
        let file = std::fs::File::open(record(&sandbox)).unwrap();
        rustix::fs::flock(&file, FlockOperation::LockExclusive).unwrap();
        again(&sandbox, &[]).exits(75).says("the same mail is being handed in by another process");
        assert_eq!((count(&sandbox, "q"), count(&sandbox, "tmp")), (before, 0));
    }
}

#[test]
fn a_record_alone_proves_nothing() {
    let sandbox = Sandbox::facing(Peer::closed_port(), "queue = \"always\"");
    is_new(&again(&sandbox, &[]));
    let entry = std::fs::read_dir(spool(&sandbox).join("q")).unwrap().next().unwrap().unwrap();
    std::fs::remove_file(entry.path()).unwrap();
    let second = is_new(&again(&sandbox, &[]));
    // Of one that was removed, and whose file is still there, no mail comes.
    let store = Store::create(&SystemDisk, &spool(&sandbox)).unwrap();
    let name = store.scan(&mut |_| {}).unwrap()[0];
    assert_eq!(name.id.to_string(), second);
    store.take(name, 3).unwrap().append(&Event::Removed { uid: 0, time_s: 0 }, true).unwrap();
    let third = is_new(&again(&sandbox, &[]));
    sandbox.run(&["queue", "run", "--now"]).exits(75);
    is_known_as(&again(&sandbox, &[]), &third);
    assert_eq!(count(&sandbox, "q"), 1);
}

#[test]
fn without_its_memory_the_mail_goes_and_that_is_said_once() {
    for queue in ["always", "off"] {
        let peer = Peer::healthy();
        let sandbox = Sandbox::facing(peer.port(), &format!("queue = \"{queue}\""));
        drop(Store::create(&SystemDisk, &spool(&sandbox)).unwrap());
        std::fs::remove_dir(spool(&sandbox).join("ids")).unwrap();
        std::fs::write(spool(&sandbox).join("ids"), "").unwrap();
        let ran = again(&sandbox, &[]);
        let words = "whether this mail was sent before is not known";
        assert_eq!(ran.exits(0).stderr().matches(words).count(), 1, "{queue} {}", ran.stderr());
        assert_eq!((peer.finish().dots(), count(&sandbox, "q")), (1, 0), "{queue}");
    }
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "[spool]\nsubmit_once = \"off\"");
    for _ in 0..2 {
        again(&sandbox, &[]).exits(0).says("--idempotency-key has no effect: spool.submit_once is off");
    }
    assert_eq!(peer.finish().dots(), 2);
}

#[test]
fn a_text_that_is_not_the_promised_one_is_not_sent() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "queue = \"always\"");
    let digest = "d6a5ae50cb5cc96b00f74a9e4d5ef8bb17ad4b9e5e4f1e1a0a0b1a3e0f1c7d2b";
    let send =
        |more: &[&str]| sandbox.stdin("text\n").run(&[&["-s", "x"], more, &["bob@example.test"]].concat());
    send(&["--expect-bytes", "6"])
        .exits(65)
        .says("has 5 octets, and --expect-bytes says 6")
        .says("nothing was sent");
    send(&["--expect-bytes", "4"]).exits(65);
    send(&["--expect-sha256", digest]).exits(65).says("has not the SHA-256");
    send(&["--expect-bytes", "6", "--attach-stdin", "a.txt"]).exits(65);
    let cut =
        "(printf tex; kill -9 $(sh -c 'echo $PPID')) | exec \"$0\" -s x --expect-bytes 5 bob@example.test";
    let program = sandbox.program();
    let ran = sandbox.call().program("/bin/sh").run(&["-c", cut, program.to_str().unwrap()]);
    ran.exits(65).says("has 3 octets, and --expect-bytes says 5");
    assert_eq!((peer.book().connections(), count(&sandbox, "q"), count(&sandbox, "tmp")), (0, 0, 0));

    let sum = sandbox.stdin("text\n").program("/usr/bin/env").run(&["sha256sum"]).stdout();
    send(&["--expect-bytes", "5", "--expect-sha256", &sum[..64]]).exits(0).says("queued as");
    assert_eq!(peer.finish().dots(), 1);
    for (wrong, words) in [
        (&["--expect-bytes", "5k"][..], "is no number of octets"),
        (&["--expect-bytes", "-1"], "is no number of octets"),
        (&["--expect-sha256", "abc"], "is not 64 hexadecimal digits"),
        (&["--expect-bytes", "5", "--body", "text"], "nothing reads it"),
        (&["--idempotency-key", ""], "the word is empty"),
    ] {
        send(wrong).exits(64).says(words);
    }
}
