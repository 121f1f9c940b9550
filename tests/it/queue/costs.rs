//! What the spool asks of the disk, counted and not timed: flushes of a submission and of a hand-over, entries that a run
//! opens, calls of a scan. `strace` counts.

use std::process::Command;

use whippet::spool::Hop;

use super::filled::{Entry, Filled, HOUR};
use crate::support::{Peer, Rules, Sandbox, say, skipped_loudly};

/// The calls of one run of the program.
struct Calls(Vec<String>);

impl Calls {
    /// Runs the program under strace, with a text on its standard input; `None` where no strace works.
    #[track_caller]
    fn of(sandbox: &Sandbox, words: &[&str], exit: i32) -> Option<Calls> {
        let can_trace = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
        if !can_trace.is_ok_and(|output| output.status.success()) {
            skipped_loudly("the calls of the spool: no strace that works");
            return None;
        }
        let (trace, program) = (sandbox.work().join("trace"), sandbox.program());
        let strace = ["-f", "-qq", "-o", trace.to_str().unwrap(), program.to_str().unwrap()];
        let call = sandbox.stdin("text\n").program("strace");
        call.run(&[&strace[..], words].concat()).exits(exit);
        let text = std::fs::read_to_string(&trace).unwrap();
        // The number of the process stands before each.
        Some(Calls(text.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim().to_owned())).collect()))
    }

    fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|call| call.strip_prefix(name).is_some_and(|rest| rest.starts_with('('))).count()
    }

    /// fsync and fdatasync.
    fn flushes(&self) -> (usize, usize) {
        (self.count("fsync"), self.count("fdatasync"))
    }

    /// How many calls of this name name an entry of the queue.
    fn of_entries(&self, name: &str) -> usize {
        let hop = format!(".{}.", Hop::of_profile("default"));
        self.0.iter().filter(|call| call.starts_with(name) && call.contains(&hop)).count()
    }

    /// Calls other than those that read names, and those that ask for memory.
    fn others(&self) -> usize {
        let names = ["getdents64", "mmap", "munmap", "mremap", "brk"];
        self.0.len() - names.map(|name| self.count(name)).iter().sum::<usize>()
    }
}

/// A spool with so many entries, due now or in a quarter of an hour, and a profile that leads to this port.
fn filled(count: u64, is_due: bool, port: u16) -> Filled {
    let spool = Filled::new();
    for number in 0..count {
        let age_s = if is_due { HOUR } else { 0 };
        spool.queue(Entry { number, age_s, ..Entry::default() });
    }
    spool.sandbox.profile(&format!(
        "[profiles.default]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"ann@example.test\"\n"
    ));
    spool
}

#[test]
fn a_submission_is_flushed_twice() {
    let sandbox = Sandbox::facing(Peer::closed_port(), "queue = \"on-failure\"");
    let words = ["-s", "x", "bob@example.test"];
    // The first one also makes the spool, and the second one closes the gate.
    for _ in 0..2 {
        sandbox.stdin("text\n").run(&words).exits(0);
    }
    let Some(calls) = Calls::of(&sandbox, &words, 0) else { return };
    assert_eq!(calls.flushes(), (2, 0), "{:#?}", calls.0);
    assert_eq!(calls.count("mkdir"), 0, "{:#?}", calls.0);
    assert_eq!(calls.count("pwrite64"), 2, "content and header\n{:#?}", calls.0);
}

#[test]
fn a_transaction_is_flushed_twice_and_its_end_not_at_all() {
    let peer = Peer::healthy();
    let spool = filled(3, true, peer.port());
    let Some(calls) = Calls::of(&spool.sandbox, &["queue", "run"], 0) else { return };
    let book = peer.finish();
    assert_eq!((book.dots(), calls.flushes()), (3, (0, 6)), "{:#?}", calls.0);
    assert_eq!(["renameat2", "unlinkat"].map(|name| calls.of_entries(name)), [3, 3], "{:#?}", calls.0);
}

#[test]
fn what_is_put_off_is_not_flushed() {
    let peer = Peer::serving(Rules::healthy().on("RCPT", [say("450 4.2.0 greylisted")]));
    let spool = filled(3, true, peer.port());
    let Some(calls) = Calls::of(&spool.sandbox, &["queue", "run"], 75) else { return };
    assert_eq!((peer.finish().commands("MAIL").len(), calls.flushes()), (3, (0, 0)), "{:#?}", calls.0);
}

#[test]
fn a_hop_that_is_down_costs_one_entry_and_no_flush() {
    let spool = filled(20, true, Peer::closed_port());
    let Some(calls) = Calls::of(&spool.sandbox, &["queue", "run"], 75) else { return };
    assert_eq!((calls.count("connect"), calls.flushes()), (1, (0, 0)), "{:#?}", calls.0);
    // Looked at for its profile, then taken in hand.
    assert_eq!(calls.of_entries("openat"), 2, "{:#?}", calls.0);
}

#[test]
fn a_run_with_nothing_due_opens_no_entry_and_a_name_costs_no_call() {
    let calls = [10, 300].map(|count| {
        let spool = filled(count, false, Peer::closed_port());
        Calls::of(&spool.sandbox, &["queue", "run"], 0)
    });
    let [Some(few), Some(many)] = calls else { return };
    for calls in [&few, &many] {
        assert_eq!(
            (calls.of_entries(""), calls.flushes(), calls.count("connect")),
            (0, (0, 0), 0),
            "{:#?}",
            calls.0
        );
    }
    assert_eq!(few.others(), many.others(), "{:#?}\n{:#?}", few.0, many.0);
}
