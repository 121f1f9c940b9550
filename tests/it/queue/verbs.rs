//! Every verb on every state: what the exit code is, what JSON says, and where the file is afterwards. And again.

use std::time::Duration;

use serde_json::Value;

use super::filled::{Entry, Filled, HOUR, STATES, State, answer};
use super::json;

/// What a verb does to an entry in a state: the exit code, the result and state in JSON, and where the file is then.
type Row = (State, i32, &'static str, &'static str, &'static [&'static str]);

#[track_caller]
fn grid(verb: &str, rows: &[Row]) {
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), STATES.map(|(state, _)| state));
    for (state, exit, result, after, places) in rows {
        let spool = Filled::new();
        let (id, lock) = spool.entry_in(*state, 7);
        let text = id.to_string();
        let ran = spool.run(&["queue", verb, "--json", &text]);
        let told = json(&ran);
        let what = format!("{verb} {state:?}: {told}");
        assert_eq!(ran.code(), Some(*exit), "{what}");
        assert_eq!(told["exit"], *exit, "{what}");
        assert_eq!(told["entries"][0]["id"], text.as_str(), "{what}");
        assert_eq!(told["entries"][0]["result"], *result, "{what}");
        assert_eq!(told["entries"][0]["state"], *after, "{what}");
        assert_eq!(spool.places(id), *places, "{what}");
        assert_eq!(ran.stderr().is_empty(), *exit == 0, "{what}");
        // Once more comes to the same, but that what is removed is not there any more.
        let again = spool.run(&["queue", verb, &text]);
        let gone = places.is_empty();
        assert_eq!(again.code(), Some(if gone { 66 } else { *exit }), "{what}");
        assert_eq!(spool.places(id), *places, "{what}");
        drop(lock);
        if *result == "busy" {
            spool.run(&["queue", verb, &text]).exits(0).quiet();
        }
    }
}

#[test]
fn hold() {
    grid(
        "hold",
        &[
            (State::Queued, 0, "done", "held", &["held"]),
            (State::InHand, 75, "busy", "queued", &["q"]),
            (State::Settled, 65, "refused", "queued", &["q"]),
            (State::Held, 0, "already", "held", &["held"]),
            (State::HeldInDoubt, 0, "already", "held", &["held"]),
            (State::Badmail, 65, "refused", "badmail", &["badmail"]),
            (State::Corrupt, 65, "refused", "corrupt", &["corrupt"]),
        ],
    );
}

#[test]
fn release() {
    grid(
        "release",
        &[
            (State::Queued, 0, "already", "queued", &["q"]),
            (State::InHand, 75, "busy", "queued", &["q"]),
            (State::Settled, 0, "already", "queued", &["q"]),
            (State::Held, 0, "done", "queued", &["q"]),
            (State::HeldInDoubt, 0, "done", "queued", &["q"]),
            (State::Badmail, 65, "refused", "badmail", &["badmail"]),
            (State::Corrupt, 65, "refused", "corrupt", &["corrupt"]),
        ],
    );
}

#[test]
fn retry() {
    grid(
        "retry",
        &[
            (State::Queued, 0, "done", "queued", &["q"]),
            (State::InHand, 75, "busy", "queued", &["q"]),
            (State::Settled, 65, "refused", "queued", &["q"]),
            (State::Held, 65, "refused", "held", &["held"]),
            (State::HeldInDoubt, 65, "refused", "held", &["held"]),
            (State::Badmail, 0, "done", "queued", &["q"]),
            (State::Corrupt, 65, "refused", "corrupt", &["corrupt"]),
        ],
    );
}

#[test]
fn remove() {
    grid(
        "remove",
        &[
            (State::Queued, 0, "done", "removed", &[]),
            (State::InHand, 75, "busy", "queued", &["q"]),
            (State::Settled, 0, "done", "removed", &[]),
            (State::Held, 0, "done", "removed", &[]),
            (State::HeldInDoubt, 0, "done", "removed", &[]),
            (State::Badmail, 0, "done", "removed", &[]),
            (State::Corrupt, 0, "done", "removed", &[]),
        ],
    );
}

/// The entry as `show --json` tells it.
fn shown(spool: &Filled, id: &str) -> Value {
    json(spool.run(&["queue", "show", "--json", id]).exits(0))
}

#[test]
fn what_is_held_and_released_is_due_and_lives_a_day() {
    let spool = Filled::new();
    let old = Entry { age_s: 119 * HOUR, ..Entry::default() };
    let id = spool.queue(old).id.to_string();
    spool.run(&["queue", "hold", &id]).exits(0).quiet();
    let held = shown(&spool, &id);
    assert_eq!((&held["entry"]["state"], &held["entry"]["next_try"]), (&"held".into(), &Value::Null));
    spool.run(&["queue", "release", &id[18..]]).exits(0).quiet();
    let free = shown(&spool, &id);
    assert_eq!(free["entry"]["state"], "queued");
    let list = spool.run(&["queue", "list"]);
    list.prints("  now     ann@example.org\n");
    let expires: jiff::Timestamp = free["entry"]["expires"].as_str().unwrap().parse().unwrap();
    assert!(expires.as_second() as u64 >= spool.now_s + 24 * HOUR, "{free}");
    let events: Vec<&str> =
        free["journal"].as_array().unwrap().iter().map(|moment| moment["text"].as_str().unwrap()).collect();
    assert_eq!(events, ["held by a person", "released by a person"]);
}

#[test]
fn a_release_starts_the_count_of_doubts_anew() {
    let spool = Filled::new();
    let (id, _) = spool.entry_in(State::HeldInDoubt, 3);
    let id = id.to_string();
    let held = shown(&spool, &id);
    assert_eq!((&held["recipients"][0]["state"], &held["entry"]["in_doubt"]), (&"held".into(), &2.into()));
    spool.run(&["queue", "release", &id]).exits(0);
    let free = shown(&spool, &id);
    assert_eq!((&free["recipients"][0]["state"], &free["entry"]["in_doubt"]), (&"pending".into(), &0.into()));
}

#[test]
fn a_dead_letter_that_is_retried_goes_to_those_who_failed() {
    let spool = Filled::new();
    let (id, _) = spool.entry_in(State::Badmail, 3);
    spool.run(&["queue", "retry", &id.to_string()]).exits(0).quiet();
    let entry = shown(&spool, &id.to_string());
    assert_eq!(entry["recipients"][0]["state"], "accepted");
    assert_eq!(entry["recipients"][1]["state"], "pending");
    let expires: jiff::Timestamp = entry["entry"]["expires"].as_str().unwrap().parse().unwrap();
    assert!(expires.as_second() as u64 >= spool.now_s + 5 * 24 * HOUR, "{entry}");
}

#[test]
fn a_retry_in_the_queue_leaves_those_alone_who_failed() {
    let spool = Filled::new();
    let events = vec![spool.attempt(60, 1), answer(5, "550 no", &[0]), answer(4, "450 later", &[1])];
    let id = spool.queue(Entry { events, ..Entry::default() }).id.to_string();
    spool.run(&["queue", "list"]).prints("in 2h");
    spool.run(&["queue", "retry", &id]).exits(0).quiet();
    let entry = shown(&spool, &id);
    assert_eq!(entry["recipients"][0]["state"], "failed");
    assert_eq!(entry["recipients"][1]["state"], "pending");
    spool.run(&["queue", "list"]).prints("  now  ");
}

#[test]
fn many_are_chosen_by_what_is_known_of_them() {
    let spool = Filled::new();
    let make = |number, from, to: &[&str], age_s| {
        spool.queue(Entry { number, from, to, age_s, ..Entry::default() }).id
    };
    let first = make(1, "ann@example.org", &["bob@example.net"], HOUR);
    let second = make(2, "", &["bob@example.com"], 30 * HOUR);
    let third = make(3, "Dan@example.org", &["eve@example.net", "BOB@example.com"], 50 * HOUR);
    let chosen = |words: &[&str]| {
        let ran = spool.run(&[&["queue", "list", "--json"], words].concat());
        let list = json(ran.exits(0));
        let entries = list["entries"].as_array().unwrap().clone();
        entries.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ids = |ids: &[whippet::spool::Id]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(chosen(&[]), ids(&[third, second, first]));
    assert_eq!(chosen(&["--from", "dan@"]), ids(&[third]));
    assert_eq!(chosen(&["--from", "<>"]), ids(&[second]));
    assert_eq!(chosen(&["--to", "bob@example.com"]), ids(&[third, second]));
    assert_eq!(chosen(&["--to", "bob@", "--older", "40h"]), ids(&[third]));
    assert_eq!(chosen(&["--older", "1d"]), ids(&[third, second]));
    assert_eq!(chosen(&["--hop", "default"]).len(), 3);
    assert_eq!(chosen(&["--hop", "work"]), ids(&[]));
    assert_eq!(chosen(&["--held"]), ids(&[]));
    spool.run(&["queue", "hold", "--older", "1d", "--to", "bob"]).exits(0).says("whippet: 2 entries held\n");
    assert_eq!((spool.places(first), spool.places(second)), (vec!["q".into()], vec!["held".into()]));
    spool.run(&["queue", "remove", "--held", "--all"]).exits(64).says("there is nobody to ask");
    spool.run(&["queue", "remove", "--held", "--all", "--yes"]).exits(0).says("2 entries removed");
    assert_eq!(chosen(&["--queued", "--held"]), ids(&[first]));
    spool.run(&["queue", "release", "--all", "--yes"]).exits(0).says("0 entries released");
}

#[test]
fn names_that_lead_nowhere_are_told_and_the_others_done() {
    let spool = Filled::new();
    let id = spool.queue(Entry::default()).id;
    let other = spool.queue(Entry { number: 2, ..Entry::default() }).id;
    let common = &id.to_string()[..8];
    assert_eq!(common, &other.to_string()[..8]);
    let ran = spool.run(&["queue", "hold", "ZZZZZ", &id.to_string()[15..].to_lowercase()]);
    ran.exits(66).says("cannot hold ZZZZZ\n  because there is no entry `ZZZZZ`\n");
    assert_eq!(spool.places(id), ["held"]);
    spool.run(&["queue", "show", common]).exits(64).says("is part of 2 IDs");
    spool.run(&["queue", "show", "01H"]).exits(64).says("is too short");
    spool.run(&["queue", "show", "../q"]).exits(66);
    spool.run(&["queue", "show", "\u{1b}[2J"]).exits(66).never_shows("\u{1b}");
}

#[test]
fn who_waits_gets_the_entry_when_it_is_free() {
    let spool = Filled::new();
    let (id, lock) = spool.entry_in(State::InHand, 5);
    let call = spool.sandbox.call().start(&["queue", "hold", "--wait", "30s", &id.to_string()]);
    // It has been renamed when it is let go, as a run does.
    let path = spool.path().join("q");
    let name = std::fs::read_dir(&path).unwrap().next().unwrap().unwrap().file_name();
    let name = name.into_string().unwrap();
    std::thread::park_timeout(Duration::from_millis(100));
    std::fs::rename(path.join(&name), path.join(format!("00ffffffff{}", &name[10..]))).unwrap();
    drop(lock);
    call.finish().exits(0).quiet();
    assert_eq!(spool.places(id), ["held"]);
}
