//! The store on a disk that fails at one call after the other.

use std::cell::Cell;
use std::ffi::CStr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::mail::{Address, Envelope};
use crate::spool::{Flags, InDoubt, OpenError, Submission, SubmitError};
use crate::sys::{Disk, Folder, Room, Stat, SystemDisk};

const BODY: &[u8] = b"Subject: x\r\n\r\ntext\r\n";
const ID: &str = "01HZXA7Q6N8W4Y2R5T9V3B1C0D";

/// A disk on which the call with this number fails: done or not done.
struct Faulty {
    calls: AtomicUsize,
    fails_at: usize,
    is_done: bool,
    errno: i32,
}

impl Faulty {
    fn healthy() -> Self {
        Faulty { calls: AtomicUsize::new(0), fails_at: usize::MAX, is_done: false, errno: 0 }
    }

    fn call<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if self.calls.fetch_add(1, Ordering::Relaxed) != self.fails_at {
            return work();
        }
        if self.is_done {
            let _ = work();
        }
        Err(io::Error::from_raw_os_error(self.errno))
    }
}

impl Disk for Faulty {
    fn open_dir(&self, parent: Option<&Folder>, path: &Path) -> io::Result<Folder> {
        SystemDisk.open_dir(parent, path)
    }
    fn make_dir(&self, parent: &Folder, name: &str) -> io::Result<()> {
        self.call(|| SystemDisk.make_dir(parent, name))
    }
    fn list(&self, folder: &Folder, each: &mut dyn FnMut(&CStr)) -> io::Result<()> {
        SystemDisk.list(folder, each)
    }
    fn stat(&self, file: &File) -> io::Result<Stat> {
        self.call(|| SystemDisk.stat(file))
    }
    fn stat_at(&self, folder: &Folder, name: &str) -> io::Result<Stat> {
        self.call(|| SystemDisk.stat_at(folder, name))
    }
    fn create_new(&self, folder: &Folder, name: &str) -> io::Result<File> {
        self.call(|| SystemDisk.create_new(folder, name))
    }
    fn open(&self, folder: &Folder, name: &str, is_written: bool) -> io::Result<File> {
        self.call(|| SystemDisk.open(folder, name, is_written))
    }
    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.call(|| SystemDisk.read_at(file, buffer, offset))
    }
    fn write_at(&self, file: &File, octets: &[u8], offset: u64) -> io::Result<()> {
        self.call(|| SystemDisk.write_at(file, octets, offset))
    }
    fn reserve(&self, file: &File, offset: u64, length: u64) -> io::Result<()> {
        self.call(|| SystemDisk.reserve(file, offset, length))
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        self.call(|| SystemDisk.sync(file))
    }
    fn sync_data(&self, file: &File) -> io::Result<()> {
        self.call(|| SystemDisk.sync_data(file))
    }
    fn sync_dir(&self, folder: &Folder) -> io::Result<()> {
        self.call(|| SystemDisk.sync_dir(folder))
    }
    fn rename_new(&self, from: (&Folder, &str), to: (&Folder, &str)) -> io::Result<()> {
        self.call(|| SystemDisk.rename_new(from, to))
    }
    fn unlink(&self, folder: &Folder, name: &str) -> io::Result<()> {
        self.call(|| SystemDisk.unlink(folder, name))
    }
    fn lock(&self, file: &File, is_exclusive: bool) -> io::Result<bool> {
        self.call(|| SystemDisk.lock(file, is_exclusive))
    }
    fn room(&self, folder: &Folder) -> io::Result<Room> {
        self.call(|| SystemDisk.room(folder))
    }
}

fn sealed() -> Sealed {
    let recipients = ["a@example.test", "b@example.test"].map(|text| Address::parse(text).unwrap());
    Sealed {
        envelope: Envelope::new(Address::parse("me@example.test").ok(), recipients).unwrap(),
        uid: 7,
        message_id: "<1@example.test>".to_owned(),
        key: None,
    }
}

fn submit<'s, 'd>(store: &'s Store<'d>) -> Result<Taken<'s, 'd>, SubmitError> {
    let sealed = sealed();
    let submission = Submission {
        id: Id::parse(ID).unwrap(),
        profile: "default",
        sealed: &sealed,
        flags: Flags::default(),
        in_doubt: (InDoubt::Retry, 3),
        created_ms: 1_700_000_000_000,
        expires_s: 1_700_432_000,
        due_s: 1_700_000_900,
        size: BODY.len() as u64,
        events: Vec::new(),
    };
    let mut write = |out: &mut dyn Write| out.write_all(BODY).map_err(MessageError::Sink);
    store.submit(&submission, &mut write, &mut || Ok(()))
}

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("spool");
    drop(Store::create(&SystemDisk, &path).unwrap());
    (place, path)
}

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
        let before = healthy.calls.load(Ordering::Relaxed);
        submit(&store).unwrap();
        before..healthy.calls.load(Ordering::Relaxed)
    };
    assert!(calls.len() >= 9, "{calls:?}");
    let said = Cell::new(0);
    for fails_at in calls {
        for is_done in [false, true] {
            for errno in [28, 5, 13] {
                let (_place, path) = folder();
                let disk = Faulty { calls: AtomicUsize::new(0), fails_at, is_done, errno };
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
