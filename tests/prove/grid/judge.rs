//! One case of the grid: what the program does, and whether that is what the table says.

use std::time::{Duration, Instant};

use ring::digest::{SHA256, digest};
use whippet::spool::{Event, Fate, Place, Record, Store};
use whippet::sys::SystemDisk;

use super::fault::{Fault, Script, Security, stage};
use super::peer::{Book, Peer};
use super::{Case, Class, DEADLINE_S, LONG_S, SMALL, Tools};
use crate::session::home::{Home, Program, TO, message};
use crate::session::stage::{Deaf, LARGE};
use crate::support::Peer as Closed;
use crate::world::SENDER;

/// What stands in the place of the server.
enum Scene {
    Peer(Peer),
    Deaf { _deaf: Deaf },
    Nobody,
}

/// What the spool holds afterwards.
#[derive(Debug)]
pub struct Found {
    /// Of each recipient; nobody's if the mail is gone.
    pub fates: Vec<Fate>,
    /// Where each one's last answer was met.
    pub stages: Vec<Option<&'static str>>,
    /// The words of doubts.
    pub doubts: Vec<String>,
    /// Where the gate was closed, if it is.
    pub gate: Option<&'static str>,
}

pub fn check(is_good: bool, words: impl FnOnce() -> String) -> Result<(), String> {
    if is_good { Ok(()) } else { Err(words()) }
}

impl Case {
    pub fn name(&self) -> String {
        let Case { security, is_pipelined, is_chunked, .. } = self;
        let name = super::FAULTS.iter().find(|(_, fault)| *fault == self.fault).map_or("", |(name, _)| name);
        let ways = [(*is_pipelined, "PIPELINING"), (*is_chunked, "BDAT")];
        let ways: String =
            ways.iter().filter(|(is_on, _)| *is_on).map(|(_, name)| format!(", {name}")).collect();
        format!("{name} at {}, {security:?}{ways}", stage::NAMES[self.stage])
    }

    /// Which of the three recipients is meant, where one is.
    fn one(&self) -> usize {
        self.stage.saturating_sub(stage::RCPT).min(2)
    }

    fn at(&self) -> usize {
        match self.stage {
            stage::BODY => 0,
            stage::BODY_2 => self.size / 2,
            // So that what is left does not fit into a socket.
            _ if self.size == LARGE => self.size / 100 * 99,
            _ => self.size / 10 * 9,
        }
    }

    /// Begins to serve, and lets the profile lead there.
    fn set(&self, home: &Home, tools: &Tools) -> Scene {
        let script = Script {
            wrong: Some((self.stage, self.fault)),
            security: self.security,
            is_pipelined: self.is_pipelined,
            is_chunked: self.is_chunked,
            at: self.at(),
        };
        let is_long = self.size > SMALL;
        let (scene, host, port) = match (self.stage, self.fault.is_slow()) {
            (stage::CONNECT, true) => {
                let deaf = Deaf::new();
                let port = deaf.port;
                (Scene::Deaf { _deaf: deaf }, "127.0.0.1".to_owned(), port)
            }
            (stage::CONNECT, false) => (Scene::Nobody, "127.0.0.1".to_owned(), Closed::closed_port()),
            _ => {
                let path = is_long.then(|| home.path.join("socket"));
                let host =
                    path.as_ref().map_or("127.0.0.1".to_owned(), |path| format!("unix:{}", path.display()));
                let peer = Peer::start(script, tools.certificate.config(), path);
                let port = peer.port;
                (Scene::Peer(peer), host, port)
            }
        };
        home.configure(&host, &self.profile(home, port, tools));
        scene
    }

    fn profile(&self, home: &Home, port: u16, tools: &Tools) -> String {
        use std::os::unix::fs::PermissionsExt;
        let (ca_file, password_file) = (home.path.join("ca.pem"), home.path.join("password"));
        std::fs::write(&ca_file, tools.certificate.authority_pem()).unwrap();
        std::fs::write(&password_file, "correct horse").unwrap();
        std::fs::set_permissions(&password_file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let tls = match self.security {
            Security::Plain => "tls = \"none\"\nallow_plaintext_auth = true".to_owned(),
            Security::StartTls => {
                format!("tls = \"starttls\"\ntls_server_name = \"peer.test\"\ntls_ca_file = {ca_file:?}")
            }
            Security::Implicit => {
                format!("tls = \"implicit\"\ntls_server_name = \"peer.test\"\ntls_ca_file = {ca_file:?}")
            }
        };
        let port = if port > 0 { format!("port = {port}\n") } else { String::new() };
        // Where the trouble is, and where it may show.
        let short: &[&str] = match self.stage {
            _ if !self.fault.is_slow() => &[],
            stage::CONNECT => &["connect"],
            stage::GREETING => &["greeting"],
            stage::EHLO..=stage::EHLO_2 => &["ehlo"],
            stage::AUTH_1 | stage::AUTH_2 => &["auth"],
            stage::MAIL..=stage::DATA => &["mail", "rcpt", "data"],
            stage::DOT => &["dot"],
            stage::QUIT => &[],
            _ => &["body"],
        };
        let names = ["connect", "greeting", "ehlo", "auth", "mail", "rcpt", "data", "body", "dot"];
        let limit = |name: &&str| if short.contains(name) { DEADLINE_S } else { LONG_S };
        let limits: String =
            names.iter().map(|name| format!("timeouts.{name} = \"{}s\"\n", limit(name))).collect();
        format!(
            "{port}{tls}\nusername = \"ann\"\npassword_file = {password_file:?}\nauth = \"login\"\n{limits}"
        )
    }

    /// Makes the case.
    pub fn judge(&self, home: &Home, tools: &Tools) -> Result<(), String> {
        home.queue(self.size);
        let scene = self.set(home, tools);
        let begin = Instant::now();
        let code = Program::end(&mut home.start(&["queue", "run"], 0));
        let took = begin.elapsed();
        let book = match scene {
            Scene::Peer(peer) => peer.finish(),
            Scene::Deaf { .. } | Scene::Nobody => Book::default(),
        };
        let said = home.said();
        let found = found(home)?;
        let story = |words: String| format!("{words}; {found:?}; exit {code:?}; {}", said.trim());
        self.first(code, &found, &book).map_err(story)?;
        if tools.is_timed {
            let limit = Duration::from_secs(if self.fault.is_slow() { DEADLINE_S } else { 0 });
            check(took < limit + Duration::from_secs(10), || format!("it took {took:?}"))?;
        }
        self.later(home, tools, &book)
    }

    /// What came of the run.
    fn first(&self, code: Option<i32>, found: &Found, book: &Book) -> Result<(), String> {
        let (one, pending) = (self.one(), Fate::Pending);
        let others = |fate: Fate, own: Fate| {
            let fates = |place: usize| if place == one { own } else { fate };
            (0..3).map(fates).collect::<Vec<_>>()
        };
        let all = |fate: Fate| vec![fate; 3];
        let (fates, exit, dots) = match self.wanted.class {
            Class::Gate | Class::Deferred => (all(pending), 75, usize::from(self.is_judged())),
            Class::DeferredOne => (others(Fate::Accepted, pending), 75, 1),
            Class::Failed => (all(Fate::Failed), 69, usize::from(self.is_judged())),
            Class::FailedOne => (others(Fate::Accepted, Fate::Failed), 69, 1),
            Class::Doubt => (all(Fate::InDoubt(1)), 75, 1),
            Class::Accepted => (vec![], 0, 1),
        };
        check(found.fates == fates, || format!("the fates are {:?}, not {fates:?}", found.fates))?;
        check(code == Some(exit), || format!("it ends with {code:?}, not {exit}"))?;
        let came = book.messages.len();
        check(came == dots, || format!("{came} messages came to their end, not {dots}"))?;
        let connections = usize::from(self.stage != stage::CONNECT);
        check(book.connections == connections, || format!("{} connections", book.connections))?;
        check(found.gate.is_some() == (self.wanted.class == Class::Gate), || {
            "the gate is another".to_owned()
        })?;
        let is_open_still = self.stage > stage::MAIL && !self.wanted.is_dropped && self.stage != stage::QUIT;
        check(!(self.wanted.is_dropped && book.has("QUIT")), || "it said QUIT".to_owned())?;
        check(!is_open_still || book.has("QUIT"), || "it did not say QUIT".to_owned())?;
        self.told(found)
    }

    /// Whether the server reads the message to its end and then judges it.
    fn is_judged(&self) -> bool {
        self.stage == stage::DOT && self.fault != Fault::Early
    }

    /// Where it happened is on record.
    fn told(&self, found: &Found) -> Result<(), String> {
        if self.fault.wanders() {
            return Ok(());
        }
        let wanted = match self.stage {
            stage::CONNECT => "connect",
            stage::GREETING => "greeting",
            stage::EHLO | stage::EHLO_2 => "ehlo",
            stage::STARTTLS => "starttls",
            stage::HANDSHAKE => "handshake",
            stage::AUTH_1 | stage::AUTH_2 => "auth",
            stage::MAIL => "mail",
            stage::RCPT..=stage::RCPT_3 => "rcpt",
            stage::DATA => "data",
            stage::DOT => "dot",
            stage::QUIT => "quit",
            _ => "body",
        };
        let is_told = match self.wanted.class {
            // A reset that comes at once may still hit the connecting.
            Class::Gate if (self.stage, self.fault) == (stage::GREETING, Fault::Reset) => {
                found.gate.is_some()
            }
            Class::Gate => found.gate == Some(wanted),
            Class::Deferred | Class::Failed => found.stages == [Some(wanted); 3],
            Class::DeferredOne | Class::FailedOne => found.stages[self.one()] == Some(wanted),
            Class::Doubt => found.doubts.iter().any(|words| words.contains("after the final dot")),
            Class::Accepted => true,
        };
        check(is_told, || format!("the stage {wanted} is not on record"))
    }

    /// A run against a healthy server, and what everybody has then.
    fn later(&self, home: &Home, tools: &Tools, before: &Book) -> Result<(), String> {
        let healthy =
            Script { wrong: None, security: Security::Plain, is_pipelined: true, is_chunked: false, at: 0 };
        let peer = Peer::start(healthy, tools.certificate.config(), None);
        home.configure("127.0.0.1", &format!("port = {}\ntls = \"none\"", peer.port));
        let code = Program::end(&mut home.start(&["queue", "run", "--now"], 0));
        let book = peer.finish();
        let sha = digest(&SHA256, message(self.size).as_bytes());
        let copies = |book: &Book| TO.map(|to| book.copies(to, sha.as_ref()));
        let one = |own: usize, others: usize| {
            let mut all = [others; 3];
            all[self.one()] = own;
            all
        };
        let (first, then, reports) = match self.wanted.class {
            Class::Gate | Class::Deferred => ([usize::from(self.is_judged()); 3], [1; 3], 0),
            Class::DeferredOne => (one(0, 1), one(1, 0), 0),
            Class::Failed => ([usize::from(self.is_judged()); 3], [0; 3], 1),
            Class::FailedOne => (one(0, 1), [0; 3], 1),
            Class::Doubt => ([1; 3], [1; 3], 0),
            Class::Accepted => ([1; 3], [0; 3], 0),
        };
        let had = (copies(before), copies(&book));
        check(had == (first, then), || {
            format!("copies at first and then are {had:?}, not {:?}", (first, then))
        })?;
        let mails = usize::from(then != [0; 3]);
        let own = book.messages.iter().filter(|(to, _)| to == &[SENDER]).count();
        let is_all = (book.messages.len(), book.reports, own) == (mails + reports, reports, reports);
        check(is_all, || format!("then came {} messages, {} reports", book.messages.len(), book.reports))?;
        check(code == Some(0), || format!("the next run ends with {code:?}: {}", home.said()))?;
        let left = ["q", "held", "badmail", "corrupt", "tmp"].map(|place| home.count(place));
        check(left == [0, 0, reports, 0, 0], || format!("left are {left:?}"))?;
        // Whatever was recorded of the hop is over.
        if !tools.is_timed && !matches!(self.wanted.class, Class::Gate | Class::Failed) {
            return Ok(());
        }
        let code = Program::end(&mut home.start(&["queue", "check"], 0));
        check(code == Some(0), || format!("the check ends with {code:?}: {}", home.said()))
    }
}

/// Looks for the mail, and for the gate.
pub fn found(home: &Home) -> Result<Found, String> {
    let store = Store::open(&SystemDisk, &home.spool()).map_err(|error| error.to_string())?;
    let mut found = Found { fates: vec![], stages: vec![], doubts: vec![], gate: None };
    for (place, folder) in [(Place::Queue, "q"), (Place::Held, "held"), (Place::Badmail, "badmail")] {
        for entry in std::fs::read_dir(home.spool().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            let seen = store.see(place, &name, 3).map_err(|error| format!("{name}: {error}"))?;
            if seen.header.flags.bounce {
                continue;
            }
            let last = |place| seen.state.last(place).map(|last| last.stage.name());
            found.fates = (0..TO.len()).map(|place| seen.state.fate(place)).collect();
            found.stages = (0..TO.len()).map(last).collect();
            found.doubts = seen
                .events
                .iter()
                .filter_map(|event| match event {
                    Event::Doubt { reason, .. } => Some(reason.clone()),
                    _ => None,
                })
                .collect();
        }
    }
    let host = store.folder("host").map_err(|error| error.to_string())?;
    for entry in std::fs::read_dir(home.spool().join("host")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let record = Record::read(&SystemDisk, &host, &name).map_err(|error| error.to_string())?;
        found.gate = record.map(|record| record.outage.stage.name());
    }
    Ok(found)
}
