//! A sandbox with a spool, and entries in every state.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use whippet::mail::{Address, EnhancedStatus, Envelope, ReportedReply, Stage};
use whippet::mime::MessageError;
use whippet::spool::{
    Cause, Decision, Event, Flags, Id, InDoubt, Kind, Name, Place, Sealed, Store, Submission,
};
use whippet::sys::{SeededRandom, SystemDisk};

use crate::support::{Ran, Sandbox};

pub const HOUR: u64 = 3600;

/// The states that an entry can be in, with what `list --json` calls them.
pub const STATES: [(State, &str); 7] = [
    (State::Queued, "queued"),
    (State::InHand, "queued"),
    (State::Settled, "settled"),
    (State::Held, "held"),
    (State::HeldInDoubt, "held"),
    (State::Badmail, "badmail"),
    (State::Corrupt, "corrupt"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Queued,
    InHand,
    Settled,
    Held,
    HeldInDoubt,
    Badmail,
    Corrupt,
}

pub struct Filled {
    pub sandbox: Sandbox,
    pub now_s: u64,
}

/// An entry to be made.
pub struct Entry<'a> {
    pub number: u64,
    pub from: &'a str,
    pub to: &'a [&'a str],
    pub age_s: u64,
    pub size: usize,
    pub events: Vec<Event>,
    pub is_bounce: bool,
    pub key: Option<[u8; 32]>,
}

impl Default for Entry<'_> {
    fn default() -> Self {
        Entry {
            number: 1,
            from: "ann@example.org",
            to: &["bob@example.net", "carol@example.net"],
            age_s: 3 * HOUR,
            size: 100,
            events: Vec::new(),
            is_bounce: false,
            key: None,
        }
    }
}

impl Filled {
    /// A sandbox without a spool.
    pub fn without() -> Filled {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Filled { sandbox: Sandbox::new(), now_s: now.as_secs() }
    }

    /// A sandbox with an empty spool.
    pub fn new() -> Filled {
        let filled = Filled::without();
        drop(filled.store());
        // Something runs it.
        std::fs::write(filled.path().join("log/last-run"), "0\n").unwrap();
        filled
    }

    pub fn path(&self) -> PathBuf {
        self.sandbox.home().join(".local/state/whippet/spool")
    }

    pub fn store(&self) -> Store<'static> {
        Store::create(&SystemDisk, &self.path()).unwrap()
    }

    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.sandbox.run(arguments)
    }

    /// Queues an entry, due when a quarter of an hour has passed.
    pub fn queue(&self, entry: Entry<'_>) -> Name {
        let store = self.store();
        let recipients = entry.to.iter().map(|text| Address::parse(text).unwrap());
        let sealed = Sealed {
            envelope: Envelope::new(Address::parse(entry.from).ok(), recipients).unwrap(),
            uid: 1000,
            message_id: format!("<{}@example.org>", entry.number),
            key: entry.key,
        };
        let head = format!("Message-ID: <{}@example.org>\r\nSubject: number\r\n\r\n", entry.number);
        let body = format!("{head}{}\r\n", "x".repeat(entry.size.saturating_sub(head.len() + 2)));
        let created_s = self.now_s - entry.age_s;
        let created = UNIX_EPOCH + Duration::from_secs(created_s);
        let id = Id::new(created, &SeededRandom::new(entry.number)).unwrap();
        let due_s = entry.events.iter().rev().find_map(|event| match event {
            Event::Attempt { due_s, .. } => Some(*due_s),
            Event::Schedule { due_s, .. } => *due_s,
            _ => None,
        });
        let submission = Submission {
            id: if entry.is_bounce { id.bounce(1) } else { id },
            profile: "default",
            sealed: &sealed,
            flags: Flags { bounce: entry.is_bounce, ..Flags::default() },
            in_doubt: (InDoubt::Retry, 3),
            created_ms: created_s * 1000,
            expires_s: created_s + 5 * 24 * HOUR,
            due_s: due_s.unwrap_or(created_s + HOUR / 4),
            size: body.len() as u64,
            events: entry.events,
        };
        let mut write = |out: &mut dyn Write| out.write_all(body.as_bytes()).map_err(MessageError::Sink);
        store.submit(&submission, &mut write, &mut || Ok(())).unwrap().name
    }

    pub fn attempt(&self, ago_s: u64, number: u32) -> Event {
        let due_s = self.now_s + 5 * HOUR / 2;
        Event::Attempt { time_s: self.now_s - ago_s, number, hop: 0, due_s }
    }

    pub fn commit(&self, ago_s: u64, transaction: u32, places: &[u16]) -> Event {
        Event::Commit { time_s: self.now_s - ago_s, transaction, places: places.to_vec() }
    }

    /// An entry in this state, with two recipients; also what keeps it in hand.
    pub fn entry_in(&self, state: State, number: u64) -> (Id, Option<std::fs::File>) {
        let three = |places: &[u16]| (1..=3).map(|number| self.commit(60, number, places)).collect();
        let events = match state {
            State::Queued | State::InHand => vec![self.attempt(60, 1), answer(4, "450 busy", &[0, 1])],
            State::Settled => vec![self.attempt(60, 1), answer(2, "250 taken", &[0, 1])],
            State::Held => {
                vec![Event::Schedule { due_s: None, expires_s: self.now_s + HOUR, cause: Cause::Hold }]
            }
            State::HeldInDoubt => three(&[0, 1]),
            State::Badmail => vec![
                answer(2, "250 taken", &[0]),
                answer(5, "550 no such user", &[1]),
                Event::Notice { kind: Kind::Silent, bounce: None, places: vec![1] },
            ],
            State::Corrupt => Vec::new(),
        };
        let name = self.queue(Entry { number, events, ..Entry::default() });
        let place = match state {
            State::Held | State::HeldInDoubt => Place::Held,
            State::Badmail => Place::Badmail,
            _ => Place::Queue,
        };
        let store = self.store();
        if place != Place::Queue {
            store.take(name, 3).unwrap().move_to(place).unwrap();
        }
        let file = self.path().join("q").join(name.to_string());
        if state == State::Corrupt {
            let mut octets = std::fs::read(&file).unwrap();
            octets[20] ^= 1;
            std::fs::write(&file, octets).unwrap();
            std::fs::rename(&file, self.path().join("corrupt").join(name.to_string())).unwrap();
        }
        let lock = (state == State::InHand).then(|| {
            let file = std::fs::File::open(&file).unwrap();
            file.lock().unwrap();
            file
        });
        (name.id, lock)
    }

    /// Where files with this ID are, as `q`, `held` and so on.
    pub fn places(&self, id: Id) -> Vec<String> {
        let mut places = Vec::new();
        for place in Place::ALL.map(Place::name) {
            for file in std::fs::read_dir(self.path().join(place)).unwrap() {
                let name = file.unwrap().file_name().into_string().unwrap();
                if name.ends_with(&id.to_string()) {
                    places.push(place.to_owned());
                }
            }
        }
        places
    }
}

/// A result without a transaction.
pub fn answer(class: u8, reply: &str, places: &[u16]) -> Event {
    let (code, text) = reply.split_once(' ').unwrap();
    Event::Result {
        transaction: 0,
        decision: Decision {
            time_s: 1_700_000_000,
            class,
            is_relayed: false,
            stage: Stage::Rcpt,
            status: EnhancedStatus::new(class, 2, 1),
            reply: ReportedReply { code: code.parse().unwrap(), text: text.to_owned() },
        },
        places: places.to_vec(),
    }
}
