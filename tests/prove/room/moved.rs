//! E9: somebody changes the spool under the program's hands: who may use it, whose it is, where it is, whether it can be
//! written to. Nothing is lost, nothing is sent twice, and nothing is made anywhere else.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::process::Command;

use super::mount::{Kind, Mount};
use crate::kill::can_trace;
use crate::real::each;
use crate::real::home::{Home, Ran, done};
use crate::real::peer::{Act, Peer, Stage, accepting, copies};
use crate::world::Ground;
use crate::{Outcome, Wanted};

const TO: &str = "a0@example.test";
const LATE: &str = "late@example.test";

/// What was done to a spool.
struct Change {
    name: &'static str,
    /// How the program may end.
    codes: &'static [i32],
    make: fn(&Place),
    undo: fn(&Place),
}

/// Where it is, and where it may go.
struct Place {
    spool: PathBuf,
    elsewhere: PathBuf,
}

fn mode(place: &Place, mode: u32) {
    fs::set_permissions(&place.spool, Permissions::from_mode(mode)).unwrap();
}

fn owner(place: &Place, uid: u32) {
    chown(&place.spool, Some(uid), None).unwrap();
}

fn away(place: &Place) {
    fs::rename(&place.spool, &place.elsewhere).unwrap();
}

fn back(place: &Place) {
    fs::rename(&place.elsewhere, &place.spool).unwrap();
}

fn remount(place: &Place, how: &str) {
    done(Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(place.spool.parent().unwrap()));
}

/// Changes between two runs: the program says no, in order, and does nothing.
const CHANGES: [Change; 7] = [
    Change {
        name: "others may write to it",
        codes: &[77],
        make: |p| mode(p, 0o777),
        undo: |p| mode(p, 0o700),
    },
    Change {
        name: "the group may write to it",
        codes: &[77],
        make: |p| mode(p, 0o770),
        undo: |p| mode(p, 0o700),
    },
    Change { name: "somebody else's", codes: &[77], make: |p| owner(p, 65534), undo: |p| owner(p, 0) },
    Change {
        name: "behind a link",
        codes: &[78],
        make: |p| {
            away(p);
            symlink(&p.elsewhere, &p.spool).unwrap();
        },
        undo: |p| {
            fs::remove_file(&p.spool).unwrap();
            back(p);
        },
    },
    Change {
        name: "a file",
        codes: &[78],
        make: |p| {
            away(p);
            fs::write(&p.spool, "").unwrap();
        },
        undo: |p| {
            fs::remove_file(&p.spool).unwrap();
            back(p);
        },
    },
    Change {
        name: "of a later format",
        codes: &[78],
        make: |p| fs::write(p.spool.join("FORMAT"), "whippet spool 2\n").unwrap(),
        undo: |p| fs::write(p.spool.join("FORMAT"), "whippet spool 1\n").unwrap(),
    },
    Change { name: "read-only", codes: &[74, 75], make: |p| remount(p, "ro"), undo: |p| remount(p, "rw") },
];

/// Changes while a run has the mail in hand. Its folders are open: it goes on with them, wherever they are.
const AMID: [Change; 3] = [
    Change { name: "moved", codes: &[0], make: away, undo: back },
    Change {
        name: "others may write to it",
        codes: &[0],
        make: |p| mode(p, 0o777),
        undo: |p| mode(p, 0o700),
    },
    Change {
        name: "removed",
        codes: &[0, 74, 75],
        make: |p| fs::remove_dir_all(&p.spool).unwrap(),
        undo: |_| {},
    },
];

/// E9.
pub fn everywhere(_: &Wanted, outcome: &mut Outcome) {
    let ground = Ground::new();
    let is_root = Command::new("chown")
        .arg("65534")
        .arg(make(&ground.next()))
        .output()
        .is_ok_and(|ran| ran.status.success());
    let cases: Vec<&Change> =
        CHANGES.iter().filter(|change| is_root || change.name != "somebody else's").collect();
    if !is_root {
        outcome.skips.push("somebody else's: only root can give a folder away".to_owned());
    }
    each(
        &cases,
        outcome,
        |change| between(change, &ground),
        |change| format!("before a run: {}", change.name),
    );
    let stages = [Stage::Greeting, Stage::Mail, Stage::Dot];
    let cases: Vec<_> = AMID.iter().flat_map(|change| stages.map(|stage| (change, stage))).collect();
    each(
        &cases,
        outcome,
        |(change, stage)| amid(change, *stage, &ground),
        |(change, stage)| format!("{} during a run, at {stage:?}", change.name),
    );
    match can_trace(&ground.next()) {
        Err(words) => outcome.skips.push(words),
        Ok(()) => {
            outcome.cases += 1;
            outcome.failures.extend(on_network(&ground).err());
        }
    }
}

fn make(path: &PathBuf) -> &PathBuf {
    fs::create_dir(path).unwrap();
    path
}

/// A home with one mail that waits, and its spool on a filesystem of its own.
fn home(ground: &Ground, port: u16) -> Result<(Home, Place, Mount), String> {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mount = Mount::new(Kind::Tmpfs, &ground.next())?;
    let place = Place { spool: mount.path.join("spool"), elsewhere: mount.path.join("elsewhere") };
    let home = Home::with_spool(ground.next(), place.spool.clone(), nobody);
    home.submit(&[TO]).ends(&[0])?;
    home.leads_to(port);
    Ok((home, place, mount))
}

/// All names below a folder.
fn names(path: &PathBuf) -> Vec<String> {
    let output = Command::new("find").arg(path).arg("-printf").arg("%P %y %m %s %l\n").output().unwrap();
    let mut names: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    names.sort();
    names
}

fn between(change: &Change, ground: &Ground) -> Result<(), String> {
    let peer = Peer::start(accepting);
    let (home, place, mount) = home(ground, peer.port)?;
    (change.make)(&place);
    let before = names(&mount.path);
    for words in [&["--queue", "-s", "x", LATE][..], &["queue", "run", "--now"]] {
        let ran = home.program(&[], words).ends(change.codes)?;
        if names(&mount.path) != before {
            return Err(format!(
                "it ended with {:?} and has changed something: {:?}",
                ran.code,
                names(&mount.path)
            ));
        }
    }
    if home.path.join("state").exists() {
        return Err("it has made another spool".to_owned());
    }
    (change.undo)(&place);
    finish(&home, &peer, &[(1, 0)])
}

/// The mail goes, and there are so many copies of it, known to have arrived or not.
fn finish(home: &Home, peer: &Peer, allowed: &[(usize, usize)]) -> Result<(), String> {
    home.drain()?;
    home.queue(&["check"]).ends(&[0])?;
    let book = peer.taken();
    let count = copies(&book, TO);
    match allowed.contains(&count) && book.len() == count.0 + count.1 && home.counts() == [0; 4] {
        true => home.remove(),
        false => Err(format!("copies {count:?} of {allowed:?}, left {:?}", home.counts())),
    }
}

fn amid(change: &Change, stage: Stage, ground: &Ground) -> Result<(), String> {
    let peer = Peer::start(move |at, _| if at == stage { Act::Wait } else { Act::Accept });
    let (home, place, mount) = home(ground, peer.port)?;
    let run = home.command(&[], &["queue", "run", "--now"]).spawn().unwrap();
    peer.until_someone_waits();
    (change.make)(&place);
    peer.go_on();
    let ran = Ran::from(run.wait_with_output().unwrap()).ends(change.codes)?;
    let is_there = change.name == "others may write to it";
    if home.path.join("state").exists() || !is_there && place.spool.exists() {
        return Err("it has made another spool".to_owned());
    }
    if change.name == "removed" {
        let (book, left) = (peer.taken(), names(&mount.path));
        return match book.len() <= 1 && left.len() <= 1 {
            true => home.remove(),
            false => Err(format!("it ended with {:?}; sent {book:?}, left {left:?}", ran.code)),
        };
    }
    (change.undo)(&place);
    finish(&home, &peer, &[(1, 0)])
}

/// The filesystem says that it is one of a network (statfs(2)): nothing is taken, nothing is tried.
fn on_network(ground: &Ground) -> Result<(), String> {
    let peer = Peer::start(accepting);
    let (home, _, mount) = home(ground, peer.port)?;
    let before = names(&mount.path);
    let magic: String = 0x6969u64.to_ne_bytes().iter().map(|octet| format!("{octet:02x}")).collect();
    let inject = format!("inject=statfs:poke_exit=@arg2={magic}");
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=statfs", "-e", &inject];
    for words in [&["--queue", "-s", "x", LATE][..], &["queue", "run", "--now"]] {
        home.program(&strace, words).ends(&[78]).map_err(|words| format!("on a network: {words}"))?;
    }
    match names(&mount.path) == before {
        true => finish(&home, &peer, &[(1, 0)]),
        false => Err("on a network: something has changed".to_owned()),
    }
}
