//! K8: the real program is killed before every system call of `queue hold`, `release`, `retry`, `remove`
//! and `check --repair`, from its first lock on.
//! The entry is one file at every instant; done again it is done; and undone or done, its mail comes to one end.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::each;
use super::home::{Home, Ran, overwrite};
use super::peer::{Peer, accepting, copies, refusing};
use crate::Outcome;
use crate::kill::{Call, WAITS, calls, can_trace};
use crate::world::Ground;

/// The calls that change something: between two of them a kill is as good as before the second.
const CHANGES: [&str; 7] = ["pwrite64", "fdatasync", "fsync", "renameat2", "unlinkat", "write", "munmap"];

/// Where the mail is at last: copies sent, and files in q, held, badmail and corrupt.
type End = (usize, [usize; 4]);

const SENT: End = (1, [0, 0, 0, 0]);
const HELD: End = (0, [0, 1, 0, 0]);
const DEAD: End = (0, [0, 0, 1, 0]);
const GONE: End = (0, [0, 0, 0, 0]);

/// A verb, on an entry that is somewhere.
struct Act {
    verb: &'static str,
    place: &'static str,
    /// What comes of it when it was done, and when it was not.
    done: End,
    undone: End,
}

const ACTS: [Act; 7] = [
    Act { verb: "hold", place: "q", done: HELD, undone: SENT },
    Act { verb: "release", place: "held", done: SENT, undone: HELD },
    Act { verb: "retry", place: "badmail", done: SENT, undone: DEAD },
    Act { verb: "retry", place: "q", done: SENT, undone: SENT },
    Act { verb: "remove", place: "q", done: GONE, undone: SENT },
    Act { verb: "remove", place: "held", done: GONE, undone: HELD },
    Act { verb: "remove", place: "badmail", done: GONE, undone: DEAD },
];

/// Everything that a case starts from.
struct Field {
    ground: Ground,
    /// Where nobody listens.
    nobody: u16,
}

/// K8.
pub fn everywhere(is_quick: bool, outcome: &mut Outcome) {
    let ground = Ground::new();
    if let Err(words) = can_trace(&ground.next()) {
        return outcome.skips.push(words);
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let field = Field { ground, nobody };
    let least = if is_quick { 4 } else { 40 };
    let mut strikes = Vec::new();
    for act in &ACTS {
        let (home, id) = field.entry(act.place);
        let count = strikes.len();
        let words = vec!["queue".to_owned(), act.verb.to_owned(), id];
        strikes.extend(
            field
                .strikes(&home, &words, is_quick)
                .into_iter()
                .map(|call| (Some(act), home.clone(), words.clone(), call)),
        );
        if strikes.len() - count < least {
            outcome.failures.push(format!("{} in {}/: the calls are not reached", act.verb, act.place));
        }
    }
    let wreck = field.wreck();
    let words = ["queue", "check", "--repair"].map(str::to_owned).to_vec();
    let repairs = field.strikes(&wreck, &words, is_quick);
    strikes.extend(repairs.into_iter().map(|call| (None, wreck.clone(), words.clone(), call)));
    each(
        &strikes,
        outcome,
        |(act, home, words, call)| match act {
            Some(act) => field.judge(act, home, words, call),
            None => field.repaired(home, words, call),
        },
        |(act, _, words, call)| {
            let place = act.map_or("", |act| act.place);
            format!("{} {place} killed before {} number {}", words[1], call.name, call.number)
        },
    );
}

impl Field {
    /// A home with one mail in this place, and its ID.
    fn entry(&self, place: &str) -> (Home, String) {
        let home = Home::new(&self.ground, self.nobody);
        assert_eq!(home.submit(&["f@example.test"]).code, Some(0));
        let id = home.ids("q").remove(0);
        match place {
            "held" => drop(home.queue(&["hold", &id]).ends(&[0]).unwrap()),
            "badmail" => {
                let peer = Peer::start(refusing);
                home.leads_to(peer.port);
                home.queue(&["run", "--now"]).ends(&[69]).unwrap();
                home.drain().unwrap();
                home.leads_to(self.nobody);
            }
            _ => {}
        }
        assert_eq!(home.ids(place), [id.as_str()]);
        (home, id)
    }

    /// The calls that are to be struck.
    fn strikes(&self, home: &Home, words: &[String], is_quick: bool) -> Vec<Call> {
        let home = home.copy(&self.ground);
        let trace = home.path.join("trace");
        let before = ["strace", "-f", "-qq", "-o", trace.to_str().unwrap()];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        home.program(&before, &words).ends(&[0, 65]).unwrap();
        let calls = calls(&std::fs::read_to_string(trace).unwrap());
        home.remove().unwrap();
        // Before its first lock it has touched nothing of the spool.
        let is_wanted = |call: &Call| call.is_late && (!is_quick || CHANGES.contains(&call.name.as_str()));
        calls.into_iter().filter(is_wanted).collect()
    }

    /// A copy of the home in which the verb was killed before this call, and whether what it wrote was flushed by then.
    fn struck(&self, home: &Home, words: &[String], call: &Call) -> Result<(Home, bool), String> {
        let home = home.copy(&self.ground);
        let trace = home.path.join("trace");
        let names = format!("trace=fdatasync,{}", call.name);
        let inject = format!("inject={}:signal=KILL:when={}", call.name, call.number);
        let before = ["strace", "-f", "-qq", "-o", trace.to_str().unwrap(), "-e", &names, "-e", &inject];
        home.program(&before, &words.iter().map(String::as_str).collect::<Vec<_>>());
        let trace = std::fs::read_to_string(trace).unwrap();
        if !trace.contains("killed by SIGKILL") && !WAITS.contains(&call.name.as_str()) {
            return Err("it was not struck".to_owned());
        }
        let is_flushed = trace.lines().any(|line| line.contains("fdatasync(") && line.ends_with("= 0"));
        Ok((home, is_flushed))
    }

    fn judge(&self, act: &Act, home: &Home, words: &[String], call: &Call) -> Result<(), String> {
        let (home, is_flushed) = self.struck(home, words, call)?;
        let files = home.counts().iter().sum::<usize>();
        let is_unlinked = act.verb == "remove" && is_flushed && files == 0;
        if files != 1 && !is_unlinked {
            return Err(format!("{files} files are left"));
        }
        let other = home.copy(&self.ground);
        // Again: it is done, or was. What is removed is unknown by now.
        let again: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        home.queue(&again).ends(if is_unlinked { &[66] } else { &[0] })?;
        let end = self.end(&home, act.verb == "retry" && act.place == "q")?;
        if end != act.done {
            return Err(format!("after it was done again: {end:?}, not {:?}", act.done));
        }
        // Not again: what was flushed holds, and what is elsewhere than its journal says is put there.
        if act.place != "q" {
            other.queue(&["check", "--repair"]).ends(&[0, 65])?;
        }
        let end = self.end(&other, false)?;
        if end != act.done && (is_flushed || end != act.undone) {
            return Err(format!("left alone, flushed {is_flushed}: {end:?}, not {:?}", act.done));
        }
        home.remove().and(other.remove())
    }

    /// What comes of the mail against a peer that is well.
    fn end(&self, home: &Home, is_due: bool) -> Result<End, String> {
        let peer = Peer::start(accepting);
        home.leads_to(peer.port);
        match is_due {
            true => drop(home.queue(&["run"]).ends(&[0])?),
            false => home.drain()?,
        }
        home.queue(&["check"]).ends(&[0])?;
        let book = peer.taken();
        let (sure, unsure) = copies(&book, "f@example.test");
        if unsure > 0 || sure < book.len() || !book.iter().all(|got| got.is_whole) {
            return Err(format!("the peer has {book:?}"));
        }
        if !home.names("tmp").is_empty() {
            return Err("there is something in tmp/".to_owned());
        }
        Ok((sure, home.counts()))
    }

    /// A home with all that a crash and a disk may leave: an old file in tmp/, entries that are not where they belong,
    /// one that is damaged, and one that is well.
    fn wreck(&self) -> Home {
        let home = Home::new(&self.ground, self.nobody);
        let submit = |to: &str| {
            let before = home.ids("q");
            home.submit(&[to]).ends(&[0]).unwrap();
            home.ids("q").into_iter().find(|id| !before.contains(id)).unwrap()
        };
        submit("well@example.test");
        self.cut(&home, &["hold", &submit("held@example.test")], "renameat2");
        self.cut(&home, &["remove", &submit("removed@example.test")], "unlinkat");
        let id = submit("released@example.test");
        home.queue(&["hold", &id]).ends(&[0]).unwrap();
        self.cut(&home, &["release", &id], "renameat2");
        let damaged = submit("damaged@example.test");
        let name = home.names("q").into_iter().find(|name| name.ends_with(&damaged)).unwrap();
        // In its envelope: a message alone is left to a run.
        overwrite(&home.spool.join("q").join(name), 530, b"\xff");
        let old = home.spool.join("tmp").join(&damaged);
        std::fs::write(&old, "half a mail").unwrap();
        private(&old);
        File::options()
            .write(true)
            .open(&old)
            .unwrap()
            .set_modified(SystemTime::now() - Duration::from_secs(7200))
            .unwrap();
        home
    }

    /// Does it, up to the first of these calls.
    fn cut(&self, home: &Home, words: &[&str], call: &str) {
        let inject = format!("inject={call}:signal=KILL:when=1");
        let trace = home.path.join("trace");
        let before = ["strace", "-f", "-qq", "-o", trace.to_str().unwrap(), "-e", &inject];
        let ran: Ran = home.program(&before, &[&["queue"], words].concat());
        assert_eq!(ran.code, None, "{words:?} was not cut: {}", ran.err);
    }

    fn repaired(&self, home: &Home, words: &[String], call: &Call) -> Result<(), String> {
        let (home, _) = self.struck(home, words, call)?;
        let files = home.counts().iter().sum::<usize>();
        if !(4..=5).contains(&files) {
            return Err(format!("{files} files of 5 are left"));
        }
        // What was set aside stays a finding.
        home.queue(&["check", "--repair"]).ends(&[65])?;
        let counts = home.counts();
        if (counts, home.names("tmp").len()) != ([2, 1, 0, 1], 0) {
            return Err(format!("repaired, there are {counts:?} files, and {:?} in tmp/", home.names("tmp")));
        }
        let peer = Peer::start(accepting);
        home.leads_to(peer.port);
        home.drain()?;
        let mut to: Vec<String> = peer.taken().into_iter().map(|got| got.to).collect();
        to.sort();
        match to == ["released@example.test", "well@example.test"] && home.counts() == [0, 1, 0, 1] {
            true => home.remove(),
            false => Err(format!("the peer has mail for {to:?}; {:?} files", home.counts())),
        }
    }
}

/// Nobody else may read it.
pub fn private(path: &PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
