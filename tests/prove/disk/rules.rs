//! D1 to D10: what is done about each error of the disk, by name.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use whippet::spool::{InDoubt, Place, Store, SubmitError, Tally};
use whippet::sys::SystemDisk;

use super::errors::read_again;
use super::faulty::{Call, EIO, ENOSPC, Faulty, Identity, Luck, What, identity};
use crate::Outcome;
use crate::ledger::{Before, judge};
use crate::world::{Case, Ground, Peer, SENDER, open};

type Judged = Result<(), String>;
/// Which calls about a folder fail.
type Fails = fn(&Call, Identity) -> bool;
type Rule = fn() -> Judged;

const RULES: [(&str, Rule); 15] = [
    ("D1: no room", || submission(|_, call| call.what == What::Write, ENOSPC, 0)),
    ("D1: no file can be made", || submission(|_, call| call.what == What::Create, EIO, 0)),
    ("D2: the mail cannot be flushed", || submission(|_, call| call.what == What::Sync, EIO, 1)),
    ("D3: its name cannot be flushed", unnamed),
    ("D3: and cannot be taken back", unknown),
    ("D4: the message cannot be read", || unread(false)),
    ("D4: the message is short", || unread(true)),
    ("D5: the event of a dot cannot be written", || undotted("af", |call, _| call.is_event(b'C'))),
    ("D5: the event of a dot cannot be flushed", || {
        undotted("af", |call, last| call.what == What::Sync && last == b'C')
    }),
    ("D6: an answer cannot be written", || unanswered(|call, _| call.is_event(b'R'))),
    ("D6: an answer cannot be flushed", || unanswered(|call, last| call.what == What::Sync && last == b'R')),
    ("D7: a report cannot be made", unreported),
    ("D8: the end cannot be made", unended),
    ("D9: what may be lost is lost", advisory),
    ("D10: header or message is damaged", damaged),
];

pub fn all(outcome: &mut Outcome) {
    for (name, rule) in RULES {
        outcome.cases += 1;
        if let Err(words) = rule() {
            outcome.failures.push(format!("{name}: {words}"));
        }
    }
}

/// Whether something holds, in words if not.
fn holds(is_so: bool, words: impl Fn() -> String) -> Judged {
    if is_so { Ok(()) } else { Err(words()) }
}

fn count(store: &Store<'_>, place: Place) -> usize {
    match place {
        Place::Queue => store.scan(&mut |_| {}).unwrap().len(),
        _ => store.ids(place, &mut |_| {}).unwrap().len(),
    }
}

/// A submission that fails once: nothing is there, and the file was flushed so often.
fn submission(fails: fn(Identity, &Call) -> bool, errno: i32, flushes: usize) -> Judged {
    let (ground, is_over) = (Ground::new(), AtomicBool::new(false));
    let path = ground.spool();
    let queue = identity(&path.join("q"));
    let disk = Faulty::new(|call| match fails(queue, call) && !is_over.swap(true, Ordering::Relaxed) {
        true => Luck::Fails(errno),
        false => Luck::Good,
    });
    let store = open(&disk, &path);
    let submitted = Case::new("a", InDoubt::Retry, 100).submit(&store, 1);
    holds(matches!(submitted, Err(SubmitError::Storage(_))), || format!("{submitted:?}"))?;
    let left = [Place::Tmp, Place::Queue].map(|place| count(&store, place));
    holds(left == [0, 0], || format!("left: {left:?}"))?;
    let flushed = disk.log().iter().filter(|(call, _)| call.what == What::Sync).count();
    holds(flushed == flushes, || format!("flushed {flushed} times"))
}

/// Its name goes again, and that is flushed.
fn unnamed() -> Judged {
    submission(|queue, call| call.what == What::SyncDir && call.on == queue, EIO, 1)
}

/// Nobody knows, and that is said.
fn unknown() -> Judged {
    let ground = Ground::new();
    let path = ground.spool();
    let queue = identity(&path.join("q"));
    let disk =
        Faulty::new(|call| match call.on == queue && matches!(call.what, What::SyncDir | What::Unlink) {
            true => Luck::Fails(EIO),
            false => Luck::Good,
        });
    let submitted = Case::new("a", InDoubt::Retry, 100).submit(&open(&disk, &path), 1);
    holds(matches!(submitted, Err(SubmitError::Unknown(id, _)) if id == Case::id(1)), || {
        format!("{submitted:?}")
    })
}

fn unread(is_short: bool) -> Judged {
    (1..=3).try_for_each(|attempts| read_again(&Case::new("ad", InDoubt::Retry, 100), is_short, attempts))
}

/// A queue with this mail, and one for `a0` behind it.
struct Scene {
    _ground: Ground,
    path: PathBuf,
    case: Case,
    next: Case,
}

impl Scene {
    fn new(letters: &str) -> Self {
        let ground = Ground::new();
        let path = ground.spool();
        let (case, mut next) = (Case::new(letters, InDoubt::Retry, 100), Case::new("a", InDoubt::Retry, 100));
        next.to = vec!["another@example.test".to_owned()];
        let store = open(&SystemDisk, &path);
        case.submit(&store, 1).unwrap();
        drop(store);
        Scene { _ground: ground, path, case, next }
    }

    /// One run in which calls fail: the rule knows the type of the event that was last written.
    fn run(
        &self,
        peer: &mut Peer<'_>,
        fails: impl Fn(&Call, u8) -> bool + Sync,
        errno: i32,
    ) -> (Tally, Vec<(Call, Luck)>) {
        let last = std::sync::atomic::AtomicU8::new(0);
        let disk = Faulty::new(|call| {
            if call.what == What::Write && call.offset >= 4096 && call.octets.len() > 4 {
                last.store(call.octets[4], Ordering::Relaxed);
            }
            match fails(call, last.load(Ordering::Relaxed)) {
                true => Luck::Fails(errno),
                false => Luck::Good,
            }
        });
        let tally = self.case.run(&open(&disk, &self.path), peer, 0).unwrap();
        (tally, disk.log())
    }

    fn judge(&self, peer: &Peer<'_>, is_damaged: bool) -> Judged {
        let before = Before {
            is_acknowledged: true,
            may_be_queued: true,
            book: &peer.book,
            in_doubt: &peer.unrecorded,
            after_s: 20 * 3600,
            is_damaged,
        };
        judge(&self.case, &self.path, &before)
    }
}

/// No file is flushed again in a run after that failed.
fn flushed_once(log: &[(Call, Luck)]) -> Judged {
    let is_flush = |call: &Call| call.what == What::Sync;
    let Some(at) = log.iter().position(|(call, luck)| is_flush(call) && *luck != Luck::Good) else {
        return Ok(());
    };
    let again = log[at + 1..].iter().any(|(call, _)| is_flush(call) && call.on == log[at].0.on);
    holds(!again, || "it was flushed again".to_owned())
}

/// No dot, deferred, and no attempt is counted; nothing else is tried at this hop.
fn undotted(letters: &str, fails: fn(&Call, u8) -> bool) -> Judged {
    let scene = Scene::new(letters);
    let mut peer = Peer::new(100, None);
    let is_over = AtomicBool::new(false);
    let once = |call: &Call, last| fails(call, last) && !is_over.swap(true, Ordering::Relaxed);
    let (tally, log) = scene.run(&mut peer, once, ENOSPC);
    holds(peer.book.is_empty(), || format!("it was sent: {:?}", peer.book))?;
    holds(tally.deferred > 0 && !tally.troubles.is_empty(), || format!("{tally:?}"))?;
    flushed_once(&log)?;
    let store = open(&SystemDisk, &scene.path);
    let name = store.scan(&mut |_| {}).unwrap()[0];
    let (.., state) = store.look(Place::Queue, name, 3).unwrap();
    holds(state.attempts == 0 && state.transactions == 0, || format!("{state:?}"))?;
    drop(store);
    scene.judge(&peer, false)
}

/// All have it: it goes, for good. Else somebody may get it twice: that is said, and nothing more is sent.
fn unanswered(fails: fn(&Call, u8) -> bool) -> Judged {
    let scene = Scene::new("aa");
    let mut peer = Peer::new(100, None);
    let (tally, log) = scene.run(&mut peer, fails, ENOSPC);
    let store = open(&SystemDisk, &scene.path);
    holds(count(&store, Place::Queue) == 0, || "it is still there".to_owned())?;
    holds(tally.is_unrecorded && tally.accepted == 2, || format!("{tally:?}"))?;
    holds(!tally.troubles.iter().any(|words| words.contains("possible duplicate")), || format!("{tally:?}"))?;
    let is_flushed = log.last().is_some_and(|(call, _)| call.what == What::SyncDir);
    holds(is_flushed, || format!("at last: {:?}", log.last()))?;
    flushed_once(&log)?;

    for (letters, also) in [("ad", None), ("aa", Some(What::Unlink))] {
        let scene = Scene::new(letters);
        // Behind it, by its identifier or not, is another.
        scene.next.submit(&open(&SystemDisk, &scene.path), 2).unwrap();
        let mut peer = Peer::new(100, None);
        let (tally, log) =
            scene.run(&mut peer, |call, last| fails(call, last) || Some(call.what) == also, ENOSPC);
        let words = tally.troubles.iter().filter(|words| words.contains("possible duplicate")).count();
        holds(tally.is_unrecorded && words == 1, || format!("{tally:?}"))?;
        let mails: std::collections::HashSet<bool> =
            peer.book.iter().map(|copy| copy.to == scene.next.to[0]).collect();
        holds(mails.len() == 1, || format!("it went on: {:?}", peer.book))?;
        flushed_once(&log)?;
    }
    Ok(())
}

/// The original is untouched, and the next run makes the report.
fn unreported() -> Judged {
    let is_report = |call: &Call| call.name.contains("-n1");
    let fails: [fn(&Call, u8) -> bool; 3] = [
        |call, _| call.what == What::Create,
        |call, _| call.what == What::Rename,
        |call, last| call.what == What::Sync && last == b'N',
    ];
    for (number, fails) in fails.into_iter().enumerate() {
        let scene = Scene::new("f");
        let mut peer = Peer::new(100, None);
        let (tally, log) =
            scene.run(&mut peer, |call, last| fails(call, last) && (number == 2 || is_report(call)), EIO);
        holds(!tally.troubles.is_empty(), || format!("{number}: nothing is told"))?;
        let store = open(&SystemDisk, &scene.path);
        let is_there = store.scan(&mut |_| {}).unwrap().iter().any(|name| name.id == Case::id(1));
        holds(is_there && count(&store, Place::Badmail) == 0, || {
            format!("{number}: the original was moved")
        })?;
        flushed_once(&log)?;
        scene.judge(&peer, false).map_err(|words| format!("{number}: {words}"))?;
    }
    Ok(())
}

/// It is harmless: the journal says that it is settled.
fn unended() -> Judged {
    let fails: [(&str, Fails); 2] = [
        ("a", |call, queue| call.what == What::Unlink && call.on == queue),
        ("f", |call, badmail| call.what == What::Rename && call.on == badmail),
    ];
    for ((letters, fails), folder) in fails.into_iter().zip(["q", "badmail"]) {
        let scene = Scene::new(letters);
        let folder = identity(&scene.path.join(folder));
        let mut peer = Peer::new(100, None);
        let (tally, _) = scene.run(&mut peer, |call, _| fails(call, folder), EIO);
        holds(!tally.troubles.is_empty(), || format!("{letters}: nothing is told"))?;
        let sent = peer.book.len();
        holds(count(&open(&SystemDisk, &scene.path), Place::Queue) > 0, || "it is gone".to_owned())?;
        scene.judge(&peer, false).map_err(|words| format!("{letters}: {words}"))?;
        holds(letters != "a" || sent == 1, || "it was sent again".to_owned())?;
    }
    Ok(())
}

/// A folder of what may be lost is gone, or nothing in it can be opened or made: the mail goes, and the report.
fn advisory() -> Judged {
    for folder in ["host", "ids"] {
        for is_gone in [true, false] {
            let scene = Scene::new("af");
            let on = identity(&scene.path.join(folder));
            if is_gone {
                std::fs::remove_dir_all(scene.path.join(folder)).unwrap();
            }
            let mut peer = Peer::new(100, None);
            let fails = |call: &Call, _| {
                !is_gone && call.on == on && matches!(call.what, What::Open | What::Create | What::Rename)
            };
            let (tally, _) = scene.run(&mut peer, fails, EIO);
            holds(peer.book.iter().any(|copy| copy.to != SENDER), || {
                format!("{folder}, gone: {is_gone}: {tally:?}")
            })?;
            holds(tally.troubles.len() <= 1, || format!("{folder}, gone: {is_gone}: {tally:?}"))?;
            scene.judge(&peer, false).map_err(|words| format!("{folder}, gone: {is_gone}: {words}"))?;
        }
    }
    Ok(())
}

/// It is set aside; who waited fails, where the envelope tells who that is.
fn damaged() -> Judged {
    for is_header in [true, false] {
        let scene = Scene::new("a");
        let store = open(&SystemDisk, &scene.path);
        let name = store.scan(&mut |_| {}).unwrap()[0];
        let (header, ..) = store.look(Place::Queue, name, 3).unwrap();
        drop(store);
        let at = if is_header { 16 } else { header.body_at() + header.body - 3 };
        let file =
            std::fs::File::options().write(true).open(scene.path.join("q").join(name.to_string())).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"?", at).unwrap();
        let mut peer = Peer::new(100, None);
        let (tally, _) = scene.run(&mut peer, |_, _| false, EIO);
        holds(tally.troubles.len() == 1, || format!("{tally:?}"))?;
        match is_header {
            true => {
                let kept = std::fs::read_dir(scene.path.join("corrupt")).unwrap().count();
                holds(kept == 1 && peer.book.is_empty(), || format!("{kept} kept, {:?}", peer.book))?;
            }
            false => scene.judge(&peer, true)?,
        }
    }
    Ok(())
}
