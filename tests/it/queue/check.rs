//! What a check finds, what it mends, and what it leaves alone.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use whippet::spool::{Cause, Event, Id, Name, Place};

use super::filled::{Entry, Filled, HOUR, State};
use super::json;
use crate::support::{Certificate, Peer, Rules, Step};

/// What `check` says of a spool: exit code, and `file: finding` for each.
#[track_caller]
fn findings(spool: &Filled, words: &[&str]) -> (i32, Vec<String>) {
    let ran = spool.run(&[&["queue", "check", "--json"], words].concat());
    let told = json(&ran);
    assert_eq!(told["exit"], ran.code().unwrap());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let found = told["findings"].as_array().unwrap().iter();
    let found = found.map(|found| {
        format!("{}: {}|{}", text(&found["file"]), text(&found["finding"]), text(&found["mended"]))
    });
    (ran.code().unwrap(), found.collect())
}

/// The one finding, without the file's name.
#[track_caller]
fn finding(spool: &Filled, words: &[&str]) -> (i32, String) {
    let (exit, found) = findings(spool, words);
    assert_eq!(found.len(), 1, "{found:?}");
    (exit, found[0].split_once(": ").unwrap().1.to_owned())
}

fn clean(spool: &Filled) {
    assert_eq!(findings(spool, &[]), (0, vec![]));
}

#[test]
fn what_is_as_it_should_be_is_clean() {
    let spool = Filled::new();
    for (number, state) in [State::Queued, State::Held, State::Badmail].into_iter().enumerate() {
        spool.entry_in(state, number as u64);
    }
    spool.queue(Entry { number: 9, size: 200_000, ..Entry::default() });
    std::fs::write(spool.path().join("tmp").join("01BX5ZZKBKACTAV9WEVGEMMVRZ"), "begun").unwrap();
    set_mode(&spool.path().join("tmp").join("01BX5ZZKBKACTAV9WEVGEMMVRZ"), 0o600);
    clean(&spool);
    spool.run(&["queue", "check"]).exits(0).prints("5 files, 0 findings\n");
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn what_a_crash_left_is_finished() {
    type Leave = fn(&Filled) -> (Id, &'static str, &'static [&'static str]);
    fn append(spool: &Filled, place: Place, name: Name, event: &Event) {
        let store = spool.store();
        let taken = match place {
            Place::Queue => store.take(name, 3),
            _ => store.take_aside(place, name.id, 3),
        };
        taken.unwrap().append(event, true).unwrap();
    }
    fn named(id: Id) -> Name {
        Name { due_s: 0, hop: whippet::spool::Hop::of_profile("default"), id }
    }
    fn schedule(spool: &Filled, due_s: Option<u64>, cause: Cause) -> Event {
        Event::Schedule { due_s, expires_s: spool.now_s + HOUR, cause }
    }
    let cases: [Leave; 6] = [
        |spool| {
            let name = spool.queue(Entry::default());
            append(spool, Place::Queue, name, &schedule(spool, None, Cause::Hold));
            (name.id, "it is to be held|moved to held/", &["held"])
        },
        |spool| {
            let (id, _) = spool.entry_in(State::Held, 1);
            append(spool, Place::Held, named(id), &schedule(spool, Some(spool.now_s), Cause::Release));
            (id, "it was released|moved to q/", &["q"])
        },
        |spool| {
            let (id, _) = spool.entry_in(State::Badmail, 1);
            append(spool, Place::Badmail, named(id), &schedule(spool, Some(spool.now_s), Cause::Retry));
            (id, "it is to be tried again|moved to q/", &["q"])
        },
        |spool| {
            let name = spool.queue(Entry::default());
            append(spool, Place::Queue, name, &Event::Removed { uid: 0, time_s: spool.now_s });
            (name.id, "it was removed, and is still here|deleted", &[])
        },
        |spool| {
            let name = spool.queue(Entry::default());
            append(spool, Place::Queue, name, &schedule(spool, Some(spool.now_s), Cause::Release));
            (name.id, "its name tells of another time than its journal|renamed", &["q"])
        },
        |spool| {
            let name = spool.queue(Entry::default());
            let file = spool.path().join("q").join(name.to_string());
            std::fs::hard_link(file, spool.path().join("tmp").join(name.id.to_string())).unwrap();
            (name.id, "a second name of an entry|deleted", &["q"])
        },
    ];
    for (number, leave) in cases.into_iter().enumerate() {
        let spool = Filled::new();
        let (id, wanted, places) = leave(&spool);
        let (exit, found) = findings(&spool, &[]);
        assert!(exit == 65 && !found.is_empty(), "{number}: {found:?}");
        assert!(found.iter().all(|found| found.ends_with('|')), "{number}: {found:?}");
        let (exit, found) = findings(&spool, &["--repair"]);
        assert_eq!(exit, 0, "{number}: {found:?}");
        assert!(found.iter().any(|found| found.ends_with(&format!(": {wanted}"))), "{number}: {found:?}");
        assert_eq!(spool.places(id), places, "{number}");
        clean(&spool);
    }
}

#[test]
fn the_journal_decides_which_of_two_names_stays() {
    let spool = Filled::new();
    let name = spool.queue(Entry::default());
    let file = spool.path().join("q").join(name.to_string());
    let hold = Event::Schedule { due_s: None, expires_s: spool.now_s + HOUR, cause: Cause::Hold };
    spool.store().take(name, 3).unwrap().append(&hold, true).unwrap();
    std::fs::hard_link(&file, spool.path().join("held").join(name.id.to_string())).unwrap();
    assert_eq!(findings(&spool, &[]).0, 65);
    findings(&spool, &["--repair"]);
    assert_eq!(spool.places(name.id), ["held"]);
    clean(&spool);
    // A release that was cut, by the verb itself.
    let id = name.id.to_string();
    std::fs::hard_link(spool.path().join("held").join(&id), &file).unwrap();
    spool.run(&["queue", "release", &id]).exits(0);
    assert_eq!(spool.places(name.id), ["q"]);
}

#[test]
fn damage_is_set_aside() {
    for (at, words) in [(20, "the sum of its header"), (530, "the sum of its envelope")] {
        let spool = Filled::new();
        let name = spool.queue(Entry { size: 2000, ..Entry::default() });
        let file = spool.path().join("q").join(name.to_string());
        let mut octets = std::fs::read(&file).unwrap();
        octets[at] ^= 1;
        std::fs::write(&file, &octets).unwrap();
        let (exit, found) = finding(&spool, &[]);
        assert!(exit == 65 && found.starts_with(words), "{found}");
        assert_eq!(spool.places(name.id), ["q"]);
        let (exit, found) = finding(&spool, &["--repair"]);
        assert!(exit == 65 && found.ends_with("|moved to corrupt/"), "{found}");
        assert_eq!(spool.places(name.id), ["corrupt"]);
        assert_eq!(std::fs::read(spool.path().join("corrupt").join(name.to_string())).unwrap(), octets);
        // It stays a finding until a person removes it.
        assert_eq!(finding(&spool, &["--repair"]).0, 65);
        spool.run(&["queue", "remove", &name.id.to_string()]).exits(0);
        clean(&spool);
    }
}

#[test]
fn a_damaged_message_is_left_to_a_run_that_tells_its_sender() {
    let spool = Filled::new();
    let name = spool.queue(Entry { size: 2000, ..Entry::default() });
    let file = spool.path().join("q").join(name.to_string());
    let mut octets = std::fs::read(&file).unwrap();
    octets[900] ^= 1;
    std::fs::write(&file, &octets).unwrap();
    assert_eq!(findings(&spool, &["--quick"]), (0, vec![]));
    let left = "its digest does not agree: the next run tells its sender and moves it to corrupt/|";
    assert_eq!(finding(&spool, &["--repair"]), (65, left.into()));
    assert_eq!(spool.places(name.id), ["q"]);
    let peer = Peer::start(Certificate::good(), vec![vec![Step::Serve(Rules::healthy())]; 2]);
    spool.sandbox.profile(&format!(
        "[profiles.default]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"ann@example.org\"\n",
        peer.port()
    ));
    let _ = spool.run(&["queue", "run", "--now"]);
    assert_eq!(spool.places(name.id), ["corrupt"]);
    // The report of a run goes out with the next one; or with the same, should it find it.
    let _ = spool.run(&["queue", "run", "--now"]);
    let reports = peer.book().messages();
    assert!(reports.len() == 1 && reports[0].contains("5.6.0"), "{reports:?}");
    let (exit, found) = finding(&spool, &["--repair"]);
    assert!(exit == 65 && found.starts_with("it is not trusted"), "{found}");
}

#[test]
fn what_waits_for_a_person_is_a_finding() {
    let spool = Filled::new();
    spool.entry_in(State::HeldInDoubt, 1);
    assert_eq!(
        finding(&spool, &["--repair"]),
        (65, "it may have been handed over: release it, or remove it|".into())
    );
    let spool = Filled::new();
    let events = vec![super::filled::answer(5, "550 no bounces here", &[0, 1])];
    let name = spool.queue(Entry { from: "", is_bounce: true, events, ..Entry::default() });
    spool.store().take(name, 3).unwrap().move_to(Place::Badmail).unwrap();
    assert_eq!(finding(&spool, &[]), (65, "a report of failure that could not be handed over|".into()));
    let spool = Filled::new();
    spool.entry_in(State::Settled, 1);
    assert_eq!(finding(&spool, &["--repair"]).0, 65);
}

#[test]
fn what_is_in_hand_is_nobody_elses_business() {
    let spool = Filled::new();
    let (_, lock) = spool.entry_in(State::InHand, 1);
    let name = spool.store().scan(&mut |_| {}).unwrap()[0];
    let path = spool.path().join("q");
    let text = name.to_string();
    // Between the event and the rename.
    std::fs::rename(path.join(&text), path.join(format!("00ffffffff{}", &text[10..]))).unwrap();
    assert_eq!(findings(&spool, &["--repair"]), (0, vec![]));
    drop(lock);
    assert_eq!(finding(&spool, &[]).0, 65);
}

#[test]
fn old_files_of_writers_are_deleted_and_young_ones_not() {
    let spool = Filled::new();
    let tmp = spool.path().join("tmp");
    let write = |name: &str, age_s: u64| {
        let file = std::fs::File::create(tmp.join(name)).unwrap();
        set_mode(&tmp.join(name), 0o600);
        file.set_modified(SystemTime::now() - Duration::from_secs(age_s)).unwrap();
        file
    };
    let original = spool.queue(Entry::default()).id;
    write("01BX5ZZKBKACTAV9WEVGEMMVR0", 2 * HOUR);
    write("01BX5ZZKBKACTAV9WEVGEMMVR1", 60);
    write("01BX5ZZKBKACTAV9WEVGEMMVR3-n1", 2 * HOUR);
    write(&original.bounce(1).to_string(), 2 * HOUR);
    let locked = write("01BX5ZZKBKACTAV9WEVGEMMVR2", 2 * HOUR);
    locked.lock().unwrap();
    assert_eq!(findings(&spool, &[]).1.len(), 2);
    let (exit, found) = findings(&spool, &["--repair"]);
    assert_eq!((exit, found.len()), (0, 2), "{found:?}");
    assert!(found.iter().all(|found| found.ends_with(": nobody goes on writing it|deleted")), "{found:?}");
    assert_eq!(std::fs::read_dir(&tmp).unwrap().count(), 3);
}

/// Links, FIFOs, folders, files of others and files of the future: reported, and left as they are.
#[test]
fn hostile_files_are_reported_and_left_alone() {
    let spool = Filled::new();
    let good = spool.queue(Entry::default());
    let queue = spool.path().join("q");
    let file = queue.join(good.to_string());
    let other = |last: char| {
        let text = good.to_string();
        queue.join(format!("{}{last}", &text[..text.len() - 1]))
    };
    std::os::unix::fs::symlink(&file, other('1')).unwrap();
    std::fs::create_dir(other('2')).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, other('3'), mode).unwrap();
    std::fs::copy(&file, other('4')).unwrap();
    set_mode(&other('4'), 0o644);
    let mut future = std::fs::read(&file).unwrap();
    future[8] = 9;
    let sum = crc32c::crc32c(&future[..508]);
    future[508..512].copy_from_slice(&sum.to_le_bytes());
    std::fs::write(other('5'), future).unwrap();
    set_mode(&other('5'), 0o600);
    std::fs::write(queue.join("junk\u{1b}[2J\nname"), "x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", spool.path().join("held/01BX5ZZKBKACTAV9WEVGEMMVR0")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", spool.path().join("corrupt/evil\u{1b}")).unwrap();
    let before = spool.sandbox.files();
    let (exit, found) = findings(&spool, &["--repair"]);
    assert_eq!((exit, found.len()), (65, 8), "{found:#?}");
    for words in [
        ": it is a link|",
        ": it is no file|",
        ": others may read or write it|",
        ": it was written by a later version of whippet (version 9, flags 0x0)|",
        ": this is no name of an entry|",
    ] {
        assert!(found.iter().any(|found| found.ends_with(words)), "{words}: {found:#?}");
    }
    spool.run(&["queue", "check"]).exits(65).never_shows("\u{1b}");
    let list = spool.run(&["queue", "list", "--queued", "--held", "--corrupt"]);
    list.exits(0).never_shows("\u{1b}").prints("it is a link").prints("it is no file");
    assert!(list.stdout().lines().all(|line| line.chars().count() <= 80), "{}", list.stdout());
    json(&spool.run(&["queue", "list", "--queued", "--held", "--corrupt", "--json"]));
    json(spool.run(&["queue", "stats", "--json"]).exits(0));
    let id = |path: std::path::PathBuf| path.to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    for verb in ["show", "hold", "release", "retry", "remove"] {
        for (last, exit) in [('1', 77), ('2', 77), ('3', 77), ('4', 77), ('5', 65)] {
            let ran = spool.run(&["queue", verb, &id(other(last))]);
            assert!(
                ran.code() == Some(exit) || (ran.code() == Some(74) && last < '4'),
                "{verb} {last} {:?} {}",
                ran.code(),
                ran.stderr()
            );
        }
    }
    spool.run(&["queue", "remove", "evil"]).exits(77);
    assert_eq!(spool.sandbox.files(), before);
}
