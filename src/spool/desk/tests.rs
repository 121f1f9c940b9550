//! Every call of the disk fails in turn, done or not done, while a verb is at work: afterwards there is one file for the
//! entry, or none where it was removed, and the same verb once more comes to its end.

use std::time::Duration;

use super::*;
use crate::spool::store::faults::{Faulty, folder, submit};
use crate::spool::{Event, Place, Rules, Store};
use crate::sys::{Disk, SystemDisk};

const NOW_S: u64 = 1_700_000_100;
const ALL: [Place; 4] = [Place::Queue, Place::Held, Place::Badmail, Place::Corrupt];

/// Does it, and flushes; whether it may be said to be done.
fn act(disk: &dyn Disk, path: &std::path::Path, verb: Verb) -> bool {
    let Ok(store) = Store::open(disk, path) else { return false };
    let Ok(all) = spots(&store, &ALL) else { return false };
    let mut desk = Desk::new(&store, Rules::default(), NOW_S, 7, Duration::ZERO);
    let is_done = all.iter().all(|spot| matches!(desk.act(verb, spot), Done::Yes | Done::Already(_)));
    is_done && desk.finish().is_ok()
}

/// A spool with one entry in this place.
fn with_entry(place: Place) -> (tempfile::TempDir, std::path::PathBuf) {
    let (folder, path) = folder();
    let store = Store::open(&SystemDisk, &path).unwrap();
    drop(submit(&store).unwrap());
    match place {
        Place::Held => drop(act(&SystemDisk, &path, Verb::Hold)),
        Place::Badmail => {
            let name = store.scan(&mut |_| {}).unwrap()[0];
            let mut taken = store.take(name, 3).unwrap();
            let decision = crate::spool::Decision {
                time_s: 1,
                class: 5,
                is_relayed: false,
                stage: crate::mail::Stage::Rcpt,
                status: crate::mail::EnhancedStatus::new(5, 1, 1),
                reply: crate::mail::ReportedReply { code: 550, text: "no".to_owned() },
            };
            let event = Event::Result { transaction: 0, decision, places: vec![0, 1] };
            taken.append(&event, true).unwrap();
            taken.move_to(Place::Badmail).unwrap();
        }
        _ => {}
    }
    (folder, path)
}

fn places(path: &std::path::Path) -> Vec<Place> {
    let store = Store::open(&SystemDisk, path).unwrap();
    spots(&store, &ALL).unwrap().iter().map(Spot::place).collect()
}

#[test]
fn whatever_call_fails_a_verb_can_be_repeated() {
    for (verb, from, to) in [
        (Verb::Hold, Place::Queue, Some(Place::Held)),
        (Verb::Release, Place::Held, Some(Place::Queue)),
        (Verb::Retry, Place::Queue, Some(Place::Queue)),
        (Verb::Retry, Place::Badmail, Some(Place::Queue)),
        (Verb::Remove, Place::Queue, None),
        (Verb::Remove, Place::Held, None),
    ] {
        let healthy = Faulty::healthy();
        let (_folder, path) = with_entry(from);
        assert!(act(&healthy, &path, verb), "{verb:?}");
        assert_eq!(places(&path), to.into_iter().collect::<Vec<_>>(), "{verb:?}");
        let calls = healthy.count();
        assert!(calls >= 8, "{verb:?}: {calls}");
        for (fails_at, is_done) in (0..calls).flat_map(|call| [(call, false), (call, true)]) {
            let what = format!("{verb:?} from {from:?}, call {fails_at} fails, done {is_done}");
            let (_folder, path) = with_entry(from);
            let is_said = act(&Faulty::at(fails_at, is_done, 5), &path, verb);
            let after = places(&path);
            assert!(after.len() <= 1, "{what}: {after:?}");
            assert!(!after.is_empty() || verb == Verb::Remove, "{what}: lost");
            if is_said {
                assert_eq!(after, to.into_iter().collect::<Vec<_>>(), "{what}: said to be done");
                continue;
            }
            if !after.is_empty() {
                assert!(act(&SystemDisk, &path, verb), "{what}: cannot be repeated");
            }
            assert_eq!(places(&path), to.into_iter().collect::<Vec<_>>(), "{what}");
        }
    }
}

/// As above, and then a repair instead of the person: it leaves nothing that is neither here nor there.
#[test]
fn whatever_call_fails_a_repair_completes_it() {
    for (verb, from) in [
        (Verb::Hold, Place::Queue),
        (Verb::Release, Place::Held),
        (Verb::Retry, Place::Badmail),
        (Verb::Remove, Place::Queue),
    ] {
        let healthy = Faulty::healthy();
        let (_folder, path) = with_entry(from);
        act(&healthy, &path, verb);
        for (fails_at, is_done) in (0..healthy.count()).flat_map(|call| [(call, false), (call, true)]) {
            let (_folder, path) = with_entry(from);
            act(&Faulty::at(fails_at, is_done, 28), &path, verb);
            let store = Store::open(&SystemDisk, &path).unwrap();
            for is_repair in [true, false] {
                let mut check = Check::new(&store, Rules::default(), NOW_S);
                check.is_repair = is_repair;
                let mut left = Vec::new();
                check.run(&mut |finding| left.push(finding)).unwrap();
                left.retain(|finding| finding.mended.is_none());
                assert_eq!(left, [], "{verb:?} {fails_at} {is_done} {is_repair}");
            }
        }
    }
}
