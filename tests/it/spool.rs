//! Runs over a spool, in process, against the model server: whatever it does, afterwards and after enough runs against a
//! healthy one every recipient has the mail once, or once more for each time that it was in doubt, or the mail has failed.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::time::Duration;

use whippet::deliver::{Pace, SmartHost, SmartHostRoute, Unopened};
use whippet::mail::{Address, Envelope};
use whippet::mime::MessageError;
use whippet::net::SystemResolve;
use whippet::spool::{
    Attempt, Fate, Flags, Hops, Id, InDoubt, Place, Rules, Run, Schedule, Sealed, Store, Submission, Tally,
};
use whippet::sys::{Clock, FixedClock, SeededRandom, SystemDisk};

use crate::many::model::{ACTS, Act, Deeds, Model, Took};
use crate::many::route;

const NOW_S: u64 = 1_800_000_000;
const SENDER: &str = "me@example.test";

/// One server for each connection, with its deeds; healthy ones when they are used up.
struct Servers {
    offers: &'static str,
    deeds: Vec<Deeds>,
    took: Vec<Took>,
}

impl Hops for Servers {
    fn sender(&mut self, _profile: &str) -> Option<Address> {
        Address::parse("postmaster@example.test").ok()
    }

    fn settings(&mut self, _profile: &str) -> [u8; 32] {
        [0; 32]
    }

    fn deliver(&mut self, profile: &str, attempt: &mut Attempt<'_, '_, '_>) -> Result<(), Box<Unopened>> {
        assert_eq!(profile, "default");
        let deeds = if self.deeds.is_empty() { Deeds::new() } else { self.deeds.remove(0) };
        let (port, server) = Model::start(self.offers, deeds);
        let route = SmartHostRoute { max_recipients: Some(100), ..route(port) };
        let mut host = SmartHost { route: &route, resolve: &SystemResolve, transcript: None, secret: None };
        let opened = host.deliver_all(attempt, Pace::Settled).map(|_| ());
        self.took.push(server.join().unwrap());
        opened
    }
}

/// A spool in a folder of its own.
struct Folder {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        Folder { _folder: folder, path }
    }

    fn store(&self) -> Store<'static> {
        Store::create(&SystemDisk, &self.path).unwrap()
    }
}

/// Queues a mail with this number to so many recipients.
fn queue(store: &Store<'_>, number: usize, recipients: usize, rules: &Rules) {
    let addresses =
        (0..recipients).map(|place| Address::parse(&format!("r{place}-{number}@example.test")).unwrap());
    let sealed = Sealed {
        envelope: Envelope::new(Address::parse(SENDER).ok(), addresses).unwrap(),
        uid: 0,
        message_id: format!("<{number}@example.test>"),
        key: None,
    };
    let body = format!("Message-ID: <{number}@example.test>\r\n\r\nnumber {number}\r\n");
    let clock = FixedClock { seconds: NOW_S };
    let submission = Submission {
        id: Id::new(clock.now(), &SeededRandom::new(number as u64)).unwrap(),
        profile: "default",
        sealed: &sealed,
        flags: Flags::default(),
        in_doubt: (rules.in_doubt, rules.in_doubt_limit),
        created_ms: NOW_S * 1000,
        expires_s: NOW_S + rules.schedule.expire_s,
        due_s: NOW_S,
        size: body.len() as u64,
        events: Vec::new(),
    };
    let mut write = |out: &mut dyn Write| out.write_all(body.as_bytes()).map_err(MessageError::Sink);
    store.submit(&submission, &mut write, &mut || Ok(())).unwrap();
}

fn run(store: &Store<'static>, rules: &Rules, servers: &mut Servers, after_s: u64) -> Tally {
    let clock = FixedClock { seconds: NOW_S + after_s };
    let tally = Run {
        store,
        rules,
        clock: &clock,
        random: &SeededRandom::new(after_s),
        machine: "client.test",
        is_now: false,
    }
    .run(servers, &|_| true)
    .unwrap();
    assert_eq!(tally.troubles, Vec::<String>::new());
    tally
}

/// What became of every recipient that was queued, by its address: the fate, and how often it may be in doubt.
fn fates(store: &Store<'static>) -> HashMap<String, Fate> {
    let mut fates = HashMap::new();
    let mut note = |place: Place, name| {
        let (_, sealed, state) = store.look(place, name, 3).unwrap();
        for (index, recipient) in sealed.envelope.recipients().iter().enumerate() {
            fates.insert(recipient.to_string(), state.fate(index));
        }
    };
    for name in store.scan(&mut |_| {}).unwrap() {
        note(Place::Queue, name);
    }
    for place in [Place::Held, Place::Badmail, Place::Corrupt] {
        for id in store.ids(place, &mut |_| {}).unwrap() {
            note(
                place,
                whippet::spool::Name { due_s: 0, hop: whippet::spool::Hop::of_profile("default"), id },
            );
        }
    }
    fates
}

/// One case: entries with so many recipients, a server with these deeds, then healthy ones for as long as it takes.
fn case(name: &str, offers: &'static str, sizes: &[usize], deeds: &Deeds, in_doubt: InDoubt) -> Took {
    let what = format!("{name} {deeds:?} {in_doubt:?}");
    let rules = Rules {
        in_doubt,
        schedule: Schedule { jitter_percent: 0, ..Schedule::default() },
        ..Rules::default()
    };
    let place = Folder::new();
    let store = place.store();
    for (number, &size) in sizes.iter().enumerate() {
        queue(&store, number, size, &rules);
    }
    let mut servers = Servers { offers, deeds: vec![deeds.clone()], took: Vec::new() };
    run(&store, &rules, &mut servers, 0);
    let first = fates(&store);
    // What came of it is on the disk: another look sees the same, and another run at once tries nothing again.
    // Only a report of a failure goes at once.
    let taken =
        |servers: &Servers| servers.took.iter().flat_map(|took| took.taken.clone()).collect::<Vec<_>>();
    let before = taken(&servers);
    run(&store, &rules, &mut servers, 1);
    let more = taken(&servers).split_off(before.len());
    assert!(more.iter().all(|(_, to)| to == SENDER), "{what}: tried again at once: {more:?}");
    for hour in 1..4 {
        run(&store, &rules, &mut servers, hour * 5 * 3600);
    }
    let last = fates(&store);
    assert!(store.scan(&mut |_| {}).unwrap().is_empty(), "{what}: left in the queue: {last:?}");
    // Nobody is told twice, and everybody whose mail failed is told.
    let failed: HashSet<&str> = last
        .iter()
        .filter(|(_, fate)| **fate == Fate::Failed)
        .map(|(recipient, _)| recipient.trim_end_matches("@example.test").rsplit('-').next().unwrap())
        .collect();
    let told = taken(&servers).iter().filter(|(_, to)| to == SENDER).count();
    assert_eq!(told, failed.len(), "{what}: {last:?}");
    let mut received: HashMap<&str, usize> = HashMap::new();
    for (_, recipient) in servers.took.iter().flat_map(|took| &took.taken) {
        *received.entry(recipient).or_default() += 1;
    }
    for (number, &size) in sizes.iter().enumerate() {
        for place in 0..size {
            let recipient = format!("r{place}-{number}@example.test");
            let count = received.get(recipient.as_str()).copied().unwrap_or(0);
            let doubts = match first.get(&recipient) {
                Some(Fate::InDoubt(doubts)) => *doubts as usize,
                Some(Fate::Held) => 1,
                _ => 0,
            };
            match last.get(&recipient) {
                None => assert!((1..=1 + doubts).contains(&count), "{what}: {recipient} has {count} copies"),
                Some(Fate::Failed) => assert_eq!(count, 0, "{what}: {recipient} failed, and has it"),
                Some(Fate::Held) => assert!(count <= 1 && in_doubt == InDoubt::Hold, "{what}: {recipient}"),
                Some(Fate::Accepted) => assert_eq!(count, 1, "{what}: {recipient} {count}"),
                other => panic!("{what}: {recipient}: {other:?}"),
            }
        }
    }
    servers.took.remove(0)
}

fn grid(name: &str, offers: &'static str) {
    let sizes = [1, 2, 1];
    let healthy = case(name, offers, &sizes, &Deeds::new(), InDoubt::Retry);
    assert_eq!(healthy.taken.len(), 4);
    for at in 0..healthy.decisions {
        for act in ACTS {
            // A surplus reply may be taken for the answer to what comes next: nobody can tell.
            if act == Act::Surplus {
                continue;
            }
            for in_doubt in [InDoubt::Retry, InDoubt::Hold] {
                case(name, offers, &sizes, &vec![(at, act)], in_doubt);
            }
        }
    }
}

#[test]
fn every_recipient_comes_to_one_end_in_lock_step() {
    grid("lock-step", "250 SIZE");
}

#[test]
fn every_recipient_comes_to_one_end_with_data() {
    grid("data", "250 PIPELINING");
}

#[test]
fn every_recipient_comes_to_one_end_with_chunks() {
    grid("bdat", "250-CHUNKING\r\n250 PIPELINING");
}

#[test]
fn what_nobody_goes_on_writing_is_removed_after_an_hour() {
    let folder = Folder::new();
    let store = folder.store();
    let left = folder.path.join("tmp/01HZXA7Q6N8W4Y2R5T9V3B1C0D");
    std::fs::write(&left, "half").unwrap();
    std::fs::set_permissions(&left, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let now = std::time::UNIX_EPOCH + Duration::from_secs(NOW_S);
    std::fs::File::options().write(true).open(&left).unwrap().set_modified(now).unwrap();
    let mut servers = Servers { offers: "250 SIZE", deeds: Vec::new(), took: Vec::new() };
    for (age_s, is_there) in [(0, true), (3500, true), (3700, false)] {
        run(&store, &Rules::default(), &mut servers, age_s);
        assert_eq!(left.exists(), is_there, "{age_s}");
    }
}

#[test]
fn who_waits_long_is_told_so_once() {
    let schedule = Schedule { jitter_percent: 0, delay_notice_s: Some(3600), ..Schedule::default() };
    let rules = Rules { schedule, ..Rules::default() };
    let folder = Folder::new();
    let store = folder.store();
    queue(&store, 0, 1, &rules);
    // At RCPT, each time anew.
    let deeds = vec![vec![(1, Act::Later)]; 4];
    let mut servers = Servers { offers: "250 SIZE", deeds, took: Vec::new() };
    let told = |servers: &Servers| {
        servers.took.iter().flat_map(|took| &took.taken).filter(|(_, to)| to == SENDER).count()
    };
    for (minutes, count) in [(0, 0), (16, 0), (50, 0), (120, 0), (125, 1), (400, 1), (700, 1)] {
        run(&store, &rules, &mut servers, minutes * 60);
        assert_eq!(told(&servers), count, "after {minutes} minutes");
    }
    assert!(store.scan(&mut |_| {}).unwrap().is_empty());
}

#[test]
fn dead_letters_go_when_their_time_is_over() {
    let rules = Rules { badmail_keep_s: Some(86_400), ..Rules::default() };
    let folder = Folder::new();
    let store = folder.store();
    queue(&store, 0, 1, &rules);
    let mut servers = Servers { offers: "250 SIZE", deeds: vec![vec![(1, Act::Never)]], took: Vec::new() };
    run(&store, &Rules::default(), &mut servers, 0);
    let id = store.ids(Place::Badmail, &mut |_| {}).unwrap()[0];
    let file = std::fs::File::options().write(true).open(folder.path.join("badmail").join(id.to_string()));
    file.unwrap().set_modified(std::time::UNIX_EPOCH + Duration::from_secs(NOW_S)).unwrap();
    for (hours, count) in [(1, 1), (23, 1), (25, 0)] {
        run(&store, &rules, &mut servers, hours * 3600);
        assert_eq!(store.ids(Place::Badmail, &mut |_| {}).unwrap().len(), count, "after {hours} hours");
    }
}
