//! A hundred thousand entries: how long a list takes, and how much memory. Of an optimized program, so it runs only when it
//! is asked for: `WHIPPET_BIN=target/release/whippet cargo test --test it scale -- --ignored`.

#![allow(clippy::print_stderr, reason = "it tells its figures")]

use std::time::{Duration, Instant, UNIX_EPOCH};

use whippet::spool::{Id, Name};
use whippet::sys::SeededRandom;

use super::filled::{Entry, Filled, HOUR, answer};

const ENTRIES: u64 = 100_000;

#[test]
#[ignore = "a timed test of an optimized program: times are not asserted in CI"]
fn a_hundred_thousand_entries_are_listed_in_a_second() {
    let spool = Filled::new();
    let events = vec![spool.attempt(60, 1), answer(4, "450 4.2.1 try again later", &[0, 1])];
    let first = spool.queue(Entry { events, size: 1500, ..Entry::default() });
    let queue = spool.path().join("q");
    let octets = std::fs::read(queue.join(first.to_string())).unwrap();
    let random = SeededRandom::new(9);
    for number in 1..ENTRIES {
        let made = UNIX_EPOCH + Duration::from_secs(spool.now_s - HOUR) + Duration::from_millis(number);
        let name = Name { id: Id::new(made, &random).unwrap(), ..first };
        let path = queue.join(name.to_string());
        std::fs::write(&path, &octets).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    for words in [&["queue", "list"][..], &["queue", "list", "--json"], &["queue", "list", "--to", "carol"]] {
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let began = Instant::now();
            let ran = spool.run(words);
            best = best.min(began.elapsed());
            assert!(ran.exits(0).stdout().lines().count() as u64 >= ENTRIES);
        }
        // `time` says how much memory a child has had at most, KiB.
        let program = spool.sandbox.program();
        let script = format!("/usr/bin/time -f %M {} {} 2>&1 >/dev/null", program.display(), words.join(" "));
        let memory = spool.sandbox.call().program("/bin/sh").run(&["-c", &script]).stdout();
        let memory: Option<u64> = memory.trim().parse().ok();
        eprintln!("{words:?}: {best:?}, {memory:?} KiB");
        assert!(best < Duration::from_secs(1), "{words:?}: {best:?}");
        assert!(memory.is_none_or(|memory| memory < 64 << 10), "{words:?}: {memory:?} KiB");
    }
    let began = Instant::now();
    spool.run(&["queue", "stats"]).exits(0).prints("100000");
    eprintln!("stats: {:?}", began.elapsed());
    let began = Instant::now();
    spool.run(&["queue", "check"]).exits(0).prints("100000 files, 0 findings");
    eprintln!("check: {:?}", began.elapsed());
    let began = Instant::now();
    spool.run(&["queue", "show", &first.id.to_string()]).exits(0);
    eprintln!("show: {:?}", began.elapsed());
}
