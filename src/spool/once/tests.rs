//! Submissions that come twice.

use super::*;
use crate::spool::Store;
use crate::sys::SystemDisk;
use proptest::prelude::*;
use std::time::{SystemTime, UNIX_EPOCH};

const HOUR: u64 = 3600;

struct Place {
    path: tempfile::TempDir,
    ids: Folder,
}

impl Place {
    fn new() -> Self {
        let path = tempfile::tempdir().unwrap();
        let ids = SystemDisk.open_dir(None, path.path()).unwrap();
        Place { path, ids }
    }

    fn once(&self) -> Once<'_> {
        Once::lock(&SystemDisk, &self.ids, key(), Duration::ZERO).unwrap()
    }

    fn file(&self) -> std::path::PathBuf {
        let name = key().to_string();
        self.path.path().join(&name[..2]).join(name)
    }

    /// Lets the record be this old.
    fn now_s(&self, age_s: i64) -> u64 {
        let marked = std::fs::metadata(self.file()).unwrap().modified().unwrap();
        seconds(marked).checked_add_signed(age_s).unwrap()
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn content(text: &[u8]) -> [u8; 32] {
    let mut digest = ContentDigest::default();
    digest.update(text);
    digest.finish()
}

fn key() -> Key {
    let to = [address("a@b.example"), address("c@d.example")];
    Key::new(Some(&address("me@x.example")), Token::MessageId("<1@x>"), content(b"Hello\n"), &to)
}

fn ids() -> [Id; 2] {
    ["01HZXA7Q6N8W4Y2R5T9V3B1C0D", "01HZXA7Q6N8W4Y2R5T9V3B1C0E"].map(|text| Id::parse(text).unwrap())
}

#[test]
fn each_part_counts_and_the_order_of_recipients_does_not() {
    let (a, c) = (address("a@b.example"), address("c@d.example"));
    let me = address("me@x.example");
    let id = Token::MessageId("<1@x>");
    let text = content(b"Hello\n");
    assert_eq!(Key::new(Some(&me), id, text, &[c.clone(), a.clone()]), key());
    for other in [
        Key::new(None, id, text, &[a.clone(), c.clone()]),
        Key::new(Some(&a), id, text, &[a.clone(), c.clone()]),
        Key::new(Some(&me), Token::MessageId("<2@x>"), text, &[a.clone(), c.clone()]),
        Key::new(Some(&me), Token::Idempotency("<1@x>"), text, &[a.clone(), c.clone()]),
        Key::new(Some(&me), id, content(b"Hello!\n"), &[a.clone(), c.clone()]),
        Key::new(Some(&me), id, text, std::slice::from_ref(&a)),
    ] {
        assert_ne!(other, key());
    }
    assert_eq!(key().to_string().len(), 64);
    assert_eq!(Key::from_octets(key().octets()), key());
}

#[test]
fn a_queued_or_held_entry_is_a_hit_whatever_its_age() {
    let place = Place::new();
    let [id, _] = ids();
    assert_eq!(place.once().hit(|_| true, HOUR, 0).unwrap(), None, "nothing is known yet");
    place.once().queued(id).unwrap();
    for age_s in [-10, 0, 3_540, 3_660, 500_000] {
        let now_s = place.now_s(age_s);
        assert_eq!(place.once().hit(|found| found == id, HOUR, now_s).unwrap(), Some(Hit::Waiting(id)));
        assert_eq!(place.once().hit(|_| false, HOUR, now_s).unwrap(), None, "the entry is gone");
    }
}

#[test]
fn an_accepted_one_is_a_hit_for_an_hour() {
    let place = Place::new();
    let [id, _] = ids();
    place.once().queued(id).unwrap();
    place.once().accepted(id).unwrap();
    for (age_s, window_s, is_hit) in [
        (0, HOUR, true),
        (59 * 60, HOUR, true),
        (60 * 60, HOUR, false),
        (61 * 60, HOUR, false),
        (61 * 60, 5 * 24 * HOUR, true),
        (0, 0, false),
        (-5, HOUR, false),
    ] {
        let hit = place.once().hit(|_| false, window_s, place.now_s(age_s)).unwrap();
        assert_eq!(hit.is_some(), is_hit, "{age_s} {window_s}");
    }
    // One that never was an entry takes the place of what is over.
    let [_, other] = ids();
    place.once().sent(other).unwrap();
    assert_eq!(place.once().hit(|_| false, HOUR, place.now_s(0)).unwrap(), Some(Hit::Accepted(other)));
    place.once().sent(id).unwrap();
    // The entry is still there after a crash.
    assert_eq!(place.once().hit(|_| true, 0, place.now_s(0)).unwrap(), Some(Hit::Waiting(id)));
}

#[test]
fn a_failed_or_removed_one_is_forgotten() {
    let place = Place::new();
    let [id, _] = ids();
    place.once().queued(id).unwrap();
    place.once().forget(id).unwrap();
    assert!(!place.file().exists());
    assert_eq!(place.once().hit(|_| true, HOUR, 0).unwrap(), None);
}

#[test]
fn what_was_taken_anew_is_not_touched_for_the_old() {
    let place = Place::new();
    let [old, new] = ids();
    place.once().queued(new).unwrap();
    place.once().accepted(old).unwrap();
    assert_eq!(place.once().hit(|_| false, HOUR, place.now_s(0)).unwrap(), None);
    place.once().forget(old).unwrap();
    assert_eq!(place.once().hit(|_| true, HOUR, place.now_s(0)).unwrap(), Some(Hit::Waiting(new)));
    // One that has no record any more gets one.
    std::fs::remove_file(place.file()).unwrap();
    place.once().accepted(old).unwrap();
    assert_eq!(place.once().hit(|_| false, HOUR, place.now_s(0)).unwrap(), Some(Hit::Accepted(old)));
}

#[test]
fn a_damaged_record_is_none() {
    let place = Place::new();
    let [id, _] = ids();
    place.once().queued(id).unwrap();
    let good = std::fs::read(place.file()).unwrap();
    for wrong in [vec![], good[..31].to_vec(), vec![0; 32], [&good[..31], b"x"].concat(), vec![b'q'; 32]] {
        std::fs::write(place.file(), wrong).unwrap();
        assert_eq!(place.once().hit(|_| true, HOUR, 0).unwrap(), None);
    }
    place.once().queued(id).unwrap();
    assert_eq!(std::fs::read(place.file()).unwrap(), good);
}

#[test]
fn two_at_once_make_one() {
    let place = Place::new();
    let [id, _] = ids();
    let held = place.once();
    let busy = Once::lock(&SystemDisk, &place.ids, key(), Duration::from_millis(30));
    assert!(matches!(busy, Err(OnceError::Busy)));
    let other = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let once = Once::lock(&SystemDisk, &place.ids, key(), Duration::from_secs(10)).unwrap();
            once.hit(|_| true, HOUR, 0).unwrap()
        });
        held.queued(id).unwrap();
        drop(held);
        other.join().unwrap()
    });
    assert_eq!(other, Some(Hit::Waiting(id)));
    // One that waited for a record which is forgotten meanwhile takes a new one.
    let held = place.once();
    let other = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let once = Once::lock(&SystemDisk, &place.ids, key(), Duration::from_secs(10)).unwrap();
            once.queued(id).unwrap();
            place.file().exists()
        });
        held.forget(id).unwrap();
        other.join().unwrap()
    });
    assert!(other, "it wrote to a file that has a name");
}

#[test]
fn what_answers_nothing_is_swept() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("spool");
    let store = Store::create(&SystemDisk, &path).unwrap();
    let folder = store.folder("ids").unwrap();
    let at = |key: Key| path.join("ids").join(&key.to_string()[..2]).join(key.to_string());
    let key = |first: u8| Key::from_octets([first; 32]);
    let once = |first| Once::lock(&SystemDisk, &folder, key(first), Duration::ZERO).unwrap();
    let [gone, here] = ids();
    let name = crate::spool::Name { due_s: 1, hop: crate::spool::Hop::of_profile(""), id: here };
    std::fs::write(path.join("q").join(name.to_string()), "").unwrap();
    // Of the first sixteenth: the entry is gone, is queued, was accepted; and what a crash left without content.
    once(0x01).queued(gone).unwrap();
    once(0x02).queued(here).unwrap();
    once(0x03).queued(gone).unwrap();
    once(0x03).accepted(gone).unwrap();
    drop(once(0x04));
    once(0x05).queued(gone).unwrap();
    std::os::unix::fs::symlink("/dev/null", at(key(0x01)).with_file_name("0".repeat(64))).unwrap();
    // Of the next one.
    once(0x10).queued(gone).unwrap();
    let marked = seconds(std::fs::metadata(at(key(0x01))).unwrap().modified().unwrap());
    assert_eq!(store.sweep_memory(2 * HOUR, marked + HOUR).unwrap(), Some(0), "all are young");
    let far = |age_s| marked + age_s;
    for (age_s, swept) in [(0, None), (3_500, None), (2 * HOUR, Some(1))] {
        assert_eq!(store.sweep_memory(HOUR, far(age_s)).unwrap(), swept, "only 0x10 goes: {age_s}");
    }
    assert!(!at(key(0x10)).exists() && at(key(0x01)).exists());
    // Its turn comes again.
    let held = once(0x05);
    std::fs::write(path.join("ids/swept"), "0").unwrap();
    assert_eq!(store.sweep_memory(HOUR, far(2 * HOUR)).unwrap(), Some(3));
    let left = [1, 2, 3, 4, 5].map(|first| at(key(first)).exists());
    assert_eq!(left, [false, true, false, false, true], "queued, or in use");
    drop(held);
    std::fs::write(path.join("ids/swept"), "f").unwrap();
    assert_eq!(store.sweep_memory(HOUR, far(2 * HOUR)).unwrap(), Some(0));
    assert_eq!(std::fs::read(path.join("ids/swept")).unwrap(), b"0");
    assert_eq!(store.sweep_memory(HOUR, far(4 * HOUR)).unwrap(), Some(1));
}

#[test]
fn a_memory_that_cannot_be_used_says_so() {
    let place = Place::new();
    let name = key().to_string();
    std::fs::write(place.path.path().join(&name[..2]), "").unwrap();
    let error = Once::lock(&SystemDisk, &place.ids, key(), Duration::ZERO).err().unwrap();
    assert!(matches!(error, OnceError::Storage(_)), "{error}");
}

proptest! {
    #[test]
    fn a_content_is_the_same_however_its_lines_end(
        lines in proptest::collection::vec("[a-z\0]{0,4}", 0..6),
        is_ended: bool,
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let end = |ending: &str| if is_ended { ending.to_owned() } else { String::new() };
        let wanted = content((lines.join("\n") + &end("\n")).as_bytes());
        for ending in ["\r\n", "\r"] {
            let text = lines.join(ending) + &end(ending);
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            places.sort_unstable();
            let mut digest = ContentDigest::default();
            let mut from = 0;
            for to in places.into_iter().chain([text.len()]) {
                digest.update(&text.as_bytes()[from..to]);
                from = to;
            }
            prop_assert_eq!(digest.finish(), wanted);
        }
    }
}
