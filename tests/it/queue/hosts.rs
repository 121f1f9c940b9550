//! What is remembered beside the entries: hosts that are down, and submissions that are known again.

use std::time::Duration;

use whippet::mail::{EnhancedStatus, ReportedReply, Stage};
use whippet::spool::{Closing, Gate, Hop, Key, Once, Outage, Schedule};
use whippet::sys::SystemDisk;

use super::filled::{Entry, Filled};
use super::json;

fn down(spool: &Filled, code: u16, stage: Stage) {
    let store = spool.store();
    let host = store.folder("host").unwrap();
    let hop = Hop::of_profile("default");
    let place: (&dyn whippet::sys::Disk, _) = (&SystemDisk, &host);
    let (mut gate, _) = Gate::read(place, hop, [0; 32], Schedule::default(), spool.now_s);
    let outage = Outage {
        stage,
        status: EnhancedStatus::new((code / 100) as u8, 7, 8),
        reply: ReportedReply { code, text: "not you, not now".to_owned() },
        class: None,
    };
    // Half a minute ago, so that no minute ends while this runs.
    gate.failed(outage, Closing::AtItsPace, spool.now_s - 30).unwrap();
}

#[test]
fn a_host_that_is_down_is_shown() {
    let spool = Filled::new();
    let id = spool.queue(Entry::default()).id.to_string();
    down(&spool, 421, Stage::Greeting);
    let words = "the host is down, tried again in 14m: 421 not you, not now\n";
    spool.run(&["queue", "list"]).exits(0).prints(&format!("\n    {words}"));
    spool.run(&["queue", "show", &id]).exits(0).prints(words);
    spool.run(&["queue", "stats"]).exits(0).prints(words);
    let list = json(&spool.run(&["queue", "list", "--json"]));
    let gate = &list["entries"][0]["gate"];
    assert_eq!((&gate["failures"], &gate["last"]["code"]), (&1.into(), &421.into()));
    spool.run(&["queue", "check"]).exits(0);
    // Who wants it tried wants the host tried.
    spool.run(&["queue", "retry", &id]).exits(0).quiet();
    assert_eq!(json(&spool.run(&["queue", "list", "--json"]))["entries"][0]["gate"], serde_json::Value::Null);
}

#[test]
fn a_host_that_refuses_us_for_good_is_a_finding() {
    let spool = Filled::new();
    down(&spool, 535, Stage::Auth);
    spool.run(&["queue", "check"]).exits(65).prints(": the host refuses us: 535 not you, not now\n");
    // What is no gate is none, whatever it is.
    let hop = spool.path().join("host").join(Hop::of_profile("default").to_string());
    std::fs::write(&hop, "junk").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", spool.path().join("host/evil")).unwrap();
    spool.run(&["queue", "check"]).exits(0);
    spool.run(&["queue", "list"]).exits(0);
}

#[test]
fn what_was_removed_can_be_handed_in_again() {
    let spool = Filled::new();
    let key = [7; 32];
    let id = spool.queue(Entry { key: Some(key), ..Entry::default() }).id;
    let is_known = || {
        let ids = spool.store().folder("ids").unwrap();
        let once = Once::lock(&SystemDisk, &ids, Key::from_octets(key), Duration::ZERO).unwrap();
        once.hit(|other| other == id, 3600, spool.now_s).unwrap()
    };
    let ids = spool.store().folder("ids").unwrap();
    Once::lock(&SystemDisk, &ids, Key::from_octets(key), Duration::ZERO).unwrap().queued(id).unwrap();
    assert_eq!(is_known(), Some(whippet::spool::Hit::Waiting(id)));
    spool.run(&["queue", "remove", &id.to_string()]).exits(0);
    assert_eq!(is_known(), None);
}
