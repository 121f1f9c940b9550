//! Whose the spool is, what it lies on, and how a crash leaves its making.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use super::waiting;
use crate::support::{Peer, Ran, Sandbox, skipped_loudly};

/// What a spool consists of, in the order in which it is made.
const PARTS: [&str; 9] = ["host", "ids", "tmp", "q", "held", "badmail", "corrupt", "FORMAT", "log"];

fn facing_nobody() -> Sandbox {
    Sandbox::facing(Peer::closed_port(), "queue = \"on-failure\"")
}

fn send(sandbox: &Sandbox, more: &[&str]) -> Ran {
    sandbox.stdin("text\n").run(&[&["-s", "x", "bob@example.test"], more].concat())
}

/// The first parts of a spool.
fn begin(spool: &Path, parts: &[&str]) {
    let private =
        |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    std::fs::create_dir_all(spool).unwrap();
    private(spool, 0o700);
    for part in parts {
        let path = spool.join(part);
        if *part == "FORMAT" {
            std::fs::write(&path, "whippet spool 1\n").unwrap();
            private(&path, 0o600);
        } else {
            std::fs::create_dir(&path).unwrap();
            private(&path, 0o700);
        }
    }
}

#[test]
fn what_a_crash_has_left_of_its_making_is_made_to_its_end_by_whoever_comes() {
    let callers =
        [&["queue", "list"][..], &["queue", "run"], &["queue", "check"], &["-s", "x", "a@example.test"]];
    for words in callers {
        for count in 0..=PARTS.len() {
            let sandbox = facing_nobody();
            let spool = sandbox.home().join(".local/state/whippet/spool");
            begin(&spool, &PARTS[..count]);
            // Its writer was killed before it had its name.
            std::fs::write(spool.join("FORMAT.77"), "whip").unwrap();
            sandbox.stdin("text\n").run(words).exits(0);
            for part in PARTS {
                assert!(spool.join(part).exists(), "{part} behind {words:?} at {count}");
            }
            send(&sandbox, &[]).exits(0).says("queued as");
        }
    }
}

#[test]
fn a_folder_of_other_things_is_made_no_spool() {
    let sandbox = facing_nobody();
    let spool = sandbox.home().join(".local/state/whippet/spool");
    begin(&spool, &["q"]);
    std::fs::write(spool.join("letters"), "mine").unwrap();
    sandbox.run(&["queue", "list"]).exits(78).says("is no spool, or not all of one");
    std::fs::remove_file(spool.join("letters")).unwrap();
    // Of a later version some of it is unknown, and it may have no need of the rest.
    std::fs::write(spool.join("FORMAT"), "whippet spool 2\n").unwrap();
    sandbox.run(&["queue", "list"]).exits(78);
    send(&sandbox, &[]).exits(75).says("not queued: ").says("has a format that this version does not know");
    assert_eq!(std::fs::read_dir(&spool).unwrap().count(), 2);
}

#[test]
fn root_does_nothing_with_the_spool_of_a_user() {
    if !rustix::process::geteuid().is_root() {
        return skipped_loudly("not root: nobody else's spool to be found");
    }
    // It is there.
    let sandbox = facing_nobody();
    send(&sandbox, &[]).exits(0).says("queued as");
    let spool = sandbox.home().join(".local/state/whippet/spool");
    chown(&spool, Some(1), Some(1)).unwrap();
    let name = std::fs::read_to_string("/etc/passwd").unwrap();
    let name =
        name.lines().find(|line| line.split(':').nth(2) == Some("1")).unwrap().split(':').next().unwrap();
    for words in [&["queue", "list"][..], &["queue", "run"], &["queue", "remove", "--all", "--yes"]] {
        let ran = sandbox.run(words);
        ran.exits(77).says("it belongs to the user with the id 1\n");
        ran.says(&format!("hint: run it as that user: runuser -u {name} -- whippet ...\n"));
    }
    send(&sandbox, &[]).exits(75).says("not queued: ").says("it belongs to the user with the id 1");
    assert_eq!(waiting(&sandbox).len(), 1);

    // It would be made: in a home that root has from a user.
    let sandbox = facing_nobody();
    chown(sandbox.home(), Some(1), Some(1)).unwrap();
    send(&sandbox, &[]).exits(75).says("not queued: ").says("it belongs to the user with the id 1");
    assert!(!sandbox.home().join(".local").exists());
}

#[test]
fn a_spool_in_memory_is_warned_of_once() {
    let shm = Path::new("/dev/shm");
    if whippet::sys::ground(shm) == whippet::sys::Ground::Sound {
        return skipped_loudly("no tmpfs at /dev/shm");
    }
    let place = tempfile::tempdir_in(shm).unwrap();
    let words =
        "not durable: the spool is on tmpfs, and what is queued there is gone when the machine goes down";
    for queue in ["on-failure", "always"] {
        let more = format!("queue = {queue:?}\n[spool]\ndir = {:?}", place.path().join(queue));
        let sandbox = Sandbox::facing(Peer::closed_port(), &more);
        send(&sandbox, &[]).exits(0).says("queued as").says(words);
        send(&sandbox, &[]).exits(0).says("queued as").never_shows("not durable");
        sandbox.run(&["queue", "stats"]).exits(0).prints(words);
        let json = sandbox.run(&["queue", "stats", "--json"]).exits(0).stdout();
        assert!(json.contains("\"fleeting\": \"not durable: "), "{json}");
    }
    let sandbox = facing_nobody();
    send(&sandbox, &[]).exits(0).says("queued as");
    let json = sandbox.run(&["queue", "stats", "--json"]).exits(0).stdout();
    let is_sound = whippet::sys::ground(&sandbox.home()) == whippet::sys::Ground::Sound;
    assert_eq!(json.contains("\"fleeting\": null"), is_sound, "{json}");
}
