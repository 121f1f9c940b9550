//! The store on a disk that fails at one call after the other.

use std::cell::Cell;

use super::*;
use crate::spool::store::faults::{BODY, Faulty, ID, folder, sealed, submit};
use crate::spool::{OpenError, SubmitError};
use crate::sys::SystemDisk;

fn written(taken: &Taken<'_, '_>) -> Vec<u8> {
    let mut octets = Vec::new();
    taken.body().write_to(&mut octets).unwrap();
    octets
}

#[test]
fn what_is_queued_can_be_taken_as_it_was() {
    let (_place, path) = folder();
    let store = Store::open(&SystemDisk, &path).unwrap();
    let first = submit(&store).unwrap();
    let name = first.name;
    assert!(matches!(store.take(name, 3), Err(Trouble::Busy)));
    drop(first);
    let mut taken = store.take(name, 3).unwrap();
    assert_eq!((written(&taken), &taken.sealed), (BODY.to_vec(), &sealed()));
    assert_eq!(taken.body().head(1000).unwrap(), b"Subject: x\r\n");
    taken.append(&Event::Removed { uid: 1, time_s: 2 }, true).unwrap();
    taken.reschedule(1_700_009_999).unwrap();
    drop(taken);
    assert!(matches!(store.take(name, 3), Err(Trouble::Gone)));
    let names = store.scan(&mut |name| panic!("{name}")).unwrap();
    assert_eq!((names.len(), names[0].due_s), (1, 1_700_009_999));
    let taken = store.take(names[0], 3).unwrap();
    assert!(taken.state.is_removed);
    taken.unlink().unwrap();
    assert!(store.scan(&mut |_| {}).unwrap().is_empty());
}

/// Every call of a submit fails in turn, in each way: what is not said to be queued is not there, and what is, is whole.
#[test]
fn all_or_nothing_whatever_call_fails() {
    let healthy = Faulty::healthy();
    let (_place, path) = folder();
    let calls = {
        let store = Store::open(&healthy, &path).unwrap();
        let before = healthy.count();
        submit(&store).unwrap();
        before..healthy.count()
    };
    // Made, locked, room, content, header, flushed, named, flushed.
    assert_eq!(calls.len(), 8, "{calls:?}");
    let said = Cell::new(0);
    for fails_at in calls {
        for is_done in [false, true] {
            for errno in [28, 5, 13] {
                let (_place, path) = folder();
                let disk = Faulty::at(fails_at, is_done, errno);
                let store = Store::open(&disk, &path).unwrap();
                let result = submit(&store).map(|taken| taken.name);
                let names = store.scan(&mut |name| panic!("{name}")).unwrap();
                let what = format!("call {fails_at}, errno {errno}, done {is_done}: {result:?}");
                match result {
                    Ok(name) => {
                        assert_eq!(names, [name], "{what}");
                        assert_eq!(written(&store.take(name, 3).unwrap()), BODY, "{what}");
                        said.set(said.get() + 1);
                    }
                    Err(SubmitError::Unknown(..)) => panic!("{what}"),
                    Err(_) => assert!(names.is_empty(), "{what}"),
                }
            }
        }
    }
    assert_eq!(said.get(), 0, "no call of a submit may fail without a word");
}

#[test]
fn a_body_that_changed_is_never_written_to_its_end() {
    let (_place, path) = folder();
    let store = Store::open(&SystemDisk, &path).unwrap();
    let name = submit(&store).unwrap().name;
    let file = path.join("q").join(name.to_string());
    let whole = std::fs::read(&file).unwrap();
    let at = whole.windows(4).position(|window| window == b"text").unwrap();
    for (change, is_seen_at_once) in [(at, false), (100, true), (530, true)] {
        let mut octets = whole.clone();
        octets[change] ^= 1;
        std::fs::write(&file, &octets).unwrap();
        match store.take(name, 3) {
            Ok(taken) => {
                assert!(!is_seen_at_once, "octet {change}");
                let mut out = Vec::new();
                assert!(taken.body().write_to(&mut out).is_err());
                assert!(out.len() < BODY.len());
            }
            Err(trouble) => assert!(matches!(trouble, Trouble::Damaged(_)), "octet {change}: {trouble}"),
        }
    }
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let (_place, path) = folder();
    let store = Store::open(&SystemDisk, &path).unwrap();
    let name = submit(&store).unwrap().name;
    let queue = path.join("q");
    let file = queue.join(name.to_string());
    let other = |last: char| {
        let text = name.to_string();
        Name::parse(&format!("{}{last}", &text[..text.len() - 1])).unwrap()
    };
    std::os::unix::fs::symlink(&file, queue.join(other('1').to_string())).unwrap();
    std::fs::create_dir(queue.join(other('2').to_string())).unwrap();
    let fifo = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, queue.join(other('3').to_string()), fifo).unwrap();
    std::fs::copy(&file, queue.join(other('4').to_string())).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(queue.join(other('4').to_string()), open).unwrap();
    std::fs::write(queue.join("junk\nname"), "x").unwrap();
    let mut strange = Vec::new();
    let names = store.scan(&mut |name| strange.push(name)).unwrap();
    assert_eq!((names.len(), strange.len()), (5, 1));
    for last in ['1', '2', '3', '4'] {
        assert!(matches!(store.take(other(last), 3), Err(Trouble::NotOurs(_) | Trouble::Io(_))), "{last}");
        assert!(queue.join(other(last).to_string()).symlink_metadata().is_ok());
    }
    std::fs::hard_link(&file, path.join("elsewhere")).unwrap();
    assert!(matches!(store.take(name, 3), Err(Trouble::NotOurs(_))));
}

#[test]
fn names_that_a_cut_rename_left_behind_go() {
    let (_place, path) = folder();
    let store = Store::open(&SystemDisk, &path).unwrap();
    let name = submit(&store).unwrap().name;
    let file = path.join("q").join(name.to_string());
    let later = Name { due_s: name.due_s + 900, ..name };
    let left = ["tmp", "held", "badmail"].map(|place| path.join(place).join(ID));
    let left = [&left[..], &[path.join("q").join(later.to_string())]].concat();
    for place in &left {
        std::fs::hard_link(&file, place).unwrap();
    }
    let taken = store.take(name, 3).unwrap();
    assert_eq!(written(&taken), BODY);
    assert!(left.iter().all(|place| !place.exists()));
    drop(taken);
    std::fs::hard_link(&file, &left[0]).unwrap();
    std::fs::hard_link(&file, path.join("elsewhere")).unwrap();
    assert!(matches!(store.take(name, 3), Err(Trouble::NotOurs(_))));
    assert!(left[0].exists(), "nothing is touched");
}

#[test]
fn a_spool_that_others_can_write_to_is_refused() {
    let (_place, path) = folder();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(&path, open).unwrap();
    assert!(matches!(Store::open(&SystemDisk, &path), Err(OpenError::NotOurs { .. })));
    let (_place, path) = folder();
    std::fs::write(path.join("FORMAT"), "whippet spool 2\n").unwrap();
    assert!(matches!(Store::open(&SystemDisk, &path), Err(OpenError::Format(_))));
}
