//! What is shown of an entry in each state, and what a run makes of it, free and in somebody's hand; and verbs for what is in
//! somebody's hand.

use std::fs::File;

use serde_json::Value;

use super::filled::{Filled, State};
use super::json;
use crate::support::Peer;

/// An entry in a state, and what must come of it.
struct Row {
    state: State,
    /// What it is called.
    name: &'static str,
    /// The exit of `show`.
    show: i32,
    /// The exits of `check`, when it is free and when it is in hand.
    check: [i32; 2],
    /// Where it is after a run that found it free.
    after: &'static [&'static str],
    /// How often it was handed over then.
    dots: usize,
    /// The exits of hold, release, retry and remove while it is in hand.
    in_hand: [i32; 4],
}

const ROWS: [Row; 6] = [
    Row {
        state: State::Queued,
        name: "queued",
        show: 0,
        check: [0, 0],
        after: &[],
        dots: 1,
        in_hand: [75, 75, 75, 75],
    },
    Row {
        state: State::Settled,
        name: "settled",
        show: 0,
        check: [65, 0],
        after: &[],
        dots: 0,
        in_hand: [75, 75, 75, 75],
    },
    Row {
        state: State::Held,
        name: "held",
        show: 0,
        check: [0, 0],
        after: &["held"],
        dots: 0,
        in_hand: [75, 75, 75, 75],
    },
    Row {
        state: State::HeldInDoubt,
        name: "held",
        show: 0,
        check: [65, 65],
        after: &["held"],
        dots: 0,
        in_hand: [75, 75, 75, 75],
    },
    Row {
        state: State::Badmail,
        name: "badmail",
        show: 0,
        check: [0, 0],
        after: &["badmail"],
        dots: 0,
        in_hand: [75, 75, 75, 75],
    },
    // It is for nothing but its removal.
    Row {
        state: State::Corrupt,
        name: "corrupt",
        show: 65,
        check: [65, 65],
        after: &["corrupt"],
        dots: 0,
        in_hand: [65, 65, 65, 75],
    },
];

const VERBS: [&str; 4] = ["hold", "release", "retry", "remove"];

/// The spool with the entry, its ID, and what keeps it in hand, if it is.
fn with(row: &Row, is_in_hand: bool) -> (Filled, whippet::spool::Id, Option<File>) {
    let spool = Filled::new();
    let (id, _) = spool.entry_in(row.state, 7);
    let place = spool.places(id).remove(0);
    let entry = std::fs::read_dir(spool.path().join(place)).unwrap().next().unwrap().unwrap();
    let lock = is_in_hand.then(|| {
        let file = File::open(entry.path()).unwrap();
        file.lock().unwrap();
        file
    });
    (spool, id, lock)
}

#[test]
fn what_is_shown() {
    for row in &ROWS {
        for is_in_hand in [false, true] {
            let (spool, id, _lock) = with(row, is_in_hand);
            let (text, what) = (id.to_string(), format!("{:?}, in hand {is_in_hand}", row.state));
            let before = spool.places(id);
            let everywhere = ["queue", "list", "--json", "--queued", "--held", "--badmail", "--corrupt"];
            let list = json(spool.run(&everywhere).exits(0));
            assert_eq!(list["entries"][0]["state"], row.name, "{what}: {list}");
            assert_eq!(list["entries"][0]["id"], text.as_str(), "{what}");
            let shown = spool.run(&["queue", "show", "--json", &text]);
            assert_eq!(shown.code(), Some(row.show), "{what}: {}", shown.stderr());
            let told: Value = json(&shown);
            if row.show == 0 {
                assert_eq!(told["entry"]["state"], row.name, "{what}");
                assert_eq!(told["recipients"].as_array().unwrap().len(), 2, "{what}");
            }
            let stats = json(spool.run(&["queue", "stats", "--json"]).exits(0));
            assert!(stats.is_object(), "{what}");
            let check = spool.run(&["queue", "check", "--json"]);
            assert_eq!(check.code(), Some(row.check[usize::from(is_in_hand)]), "{what}: {}", check.stdout());
            assert_eq!(spool.places(id), before, "{what}: who looks moves nothing");
        }
    }
}

#[test]
fn what_a_run_makes_of_it() {
    for row in &ROWS {
        for is_in_hand in [false, true] {
            let (spool, id, _lock) = with(row, is_in_hand);
            let what = format!("{:?}, in hand {is_in_hand}", row.state);
            let peer = Peer::healthy();
            let port = peer.port();
            spool.sandbox.profile(&format!(
                "[profiles.default]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"ann@example.org\"\n"
            ));
            let before = spool.places(id);
            spool.run(&["queue", "run", "--now"]).exits(0).quiet();
            let (after, dots) = match is_in_hand {
                true => (before, 0),
                false => (row.after.iter().map(|&place| place.to_owned()).collect(), row.dots),
            };
            assert_eq!((spool.places(id), peer.finish().dots()), (after, dots), "{what}");
        }
    }
}

#[test]
fn what_is_in_hand_is_left_alone() {
    for row in &ROWS {
        for (verb, exit) in VERBS.into_iter().zip(row.in_hand) {
            let (spool, id, _lock) = with(row, true);
            let what = format!("{verb} {:?}", row.state);
            let before = spool.places(id);
            let ran = spool.run(&["queue", verb, "--json", &id.to_string()]);
            let told = json(&ran);
            assert_eq!((ran.code(), &told["exit"]), (Some(exit), &exit.into()), "{what}: {told}");
            let result = if exit == 75 { "busy" } else { "refused" };
            assert_eq!(told["entries"][0]["result"], result, "{what}: {told}");
            // It is not read: its place is all that is known.
            let place = if row.name == "settled" { "queued" } else { row.name };
            assert_eq!(told["entries"][0]["state"], place, "{what}: {told}");
            assert_eq!(spool.places(id), before, "{what}");
        }
    }
}
