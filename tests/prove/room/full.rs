//! E6: a disk with no block free, or no file, or a few. Nothing is half queued; what was queued before goes, and what became
//! of it is written down in the room that was set aside; where the filesystem has none to set aside, it waits.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::mount::{BLOCK, Kind, Mount};
use crate::kill::can_trace;
use crate::real::each;
use crate::real::home::Home;
use crate::real::peer::{Act, Peer, Stage, accepting, copies};
use crate::world::Ground;
use crate::{Outcome, Wanted};

/// Who gets the mail that was queued when there was room: the server defers one of them at first.
const EARLY: [&str; 2] = ["a0@example.test", "d0@example.test"];
/// Who gets what is submitted when there is none.
const LATE: &str = "late@example.test";

/// Blocks and files of a disk on which everybody finds room.
const PLENTY: u64 = 1 << 24;

/// Blocks that a filesystem keeps back or gives free behind the file that fills it.
const SLACK: u64 = 8;

/// What is left.
#[derive(Debug, Clone, Copy)]
enum Left {
    Blocks(u64),
    Files(usize),
}

struct Case {
    kind: Kind,
    left: Left,
}

/// E6.
pub fn everywhere(wanted: &Wanted, outcome: &mut Outcome) {
    let ground = Ground::new();
    if let Err(words) = can_trace(&ground.next()) {
        return outcome.skips.push(words);
    }
    let blocks: &[u64] = if wanted.is_quick { &[0, 1, 2, 5, 64] } else { &ALL };
    let kinds: &[Kind] =
        if wanted.is_quick { &[Kind::Tmpfs] } else { &[Kind::Tmpfs, Kind::Ext4, Kind::Xfs, Kind::Btrfs] };
    let mut cases = Vec::new();
    for &kind in kinds {
        match Mount::new(kind, &ground.next()) {
            Err(words) => outcome.skips.push(format!("{}: {words}", kind.name())),
            Ok(_) => {
                cases.extend(blocks.iter().map(|&count| Case { kind, left: Left::Blocks(count) }));
                // The others make files as they are wanted.
                if let Kind::Tmpfs | Kind::Ext4 = kind {
                    cases.extend((0..3).map(|count| Case { kind, left: Left::Files(count) }));
                }
            }
        }
    }
    let counts = [AtomicUsize::new(0), AtomicUsize::new(0)];
    each(
        &cases,
        outcome,
        |case| judge(case, &ground, &counts),
        |case| format!("{}, {:?}", case.kind.name(), case.left),
    );
    if !cases.is_empty() && counts.iter().any(|count| count.load(Ordering::Relaxed) == 0) {
        outcome.failures.push(format!("refused and queued: {counts:?}; the edge was not reached"));
    }
}

const ALL: [u64; 65] = {
    let mut all = [0; 65];
    let mut count = 0;
    while count < all.len() {
        all[count] = count as u64;
        count += 1;
    }
    all
};

/// Takes all but `d…`.
fn deferring(stage: Stage, argument: &str) -> Act {
    match stage {
        Stage::Rcpt if argument.starts_with('d') => Act::Say("450 4.2.0 later"),
        _ => Act::Accept,
    }
}

/// `counts`: how many cases there were in which the late mail was refused, and queued.
fn judge(case: &Case, ground: &Ground, counts: &[AtomicUsize; 2]) -> Result<(), String> {
    let peer = Peer::start(deferring);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mount = Mount::new(case.kind, &ground.next())?;
    let home = Home::with_spool(ground.next(), mount.path.join("spool"), nobody);
    home.submit(&EARLY).ends(&[0])?;
    let early = home.ids("q");
    let fill = |left| match left {
        Left::Blocks(count) => mount.fill(count),
        Left::Files(count) => mount.fill_files(count),
    };
    let free = fill(case.left);
    let most = match case.left {
        Left::Blocks(count) => count + SLACK,
        Left::Files(count) => count as u64,
    };
    if free > most {
        return Err(format!("{free} are left: it is not full"));
    }
    // Nothing is taken, and that is said before anything is written.
    let refused = home.submit(&[LATE]).ends(&[75])?;
    nothing_else(&home, &early).map_err(|words| format!("{words} after: {}", refused.err.trim()))?;
    let is_late_queued = late(&home, &early)?;
    mount.empty();
    fill(match case.left {
        Left::Blocks(_) => Left::Blocks(0),
        Left::Files(_) => Left::Files(0),
    });
    home.leads_to(peer.port);
    handed_over(case, &home, &peer, is_late_queued)?;
    // There is room again.
    mount.empty();
    peer.behave(accepting);
    home.drain()?;
    home.queue(&["check"]).ends(&[0])?;
    let book = peer.taken();
    for (to, is_wanted) in [(EARLY[0], true), (EARLY[1], true), (LATE, is_late_queued)] {
        let (sure, unsure) = copies(&book, to);
        if (sure, unsure) != (usize::from(is_wanted), 0) {
            return Err(format!("{to} has {sure} and {unsure} copies"));
        }
    }
    counts[usize::from(is_late_queued)].fetch_add(1, Ordering::Relaxed);
    match book.iter().all(|got| got.is_whole) && home.counts() == [0; 4] {
        true => home.remove(),
        false => Err(format!("left: {:?}, sent: {book:?}", home.counts())),
    }
}

/// Submits where nobody is told that the disk is full, until it is: exit 0 if and only if it is queued.
fn late(home: &Home, early: &[String]) -> Result<bool, String> {
    // Type, size of a block, blocks, free ones, those for us, files and free ones (statfs(2)).
    let told = [0, BLOCK, PLENTY, PLENTY, PLENTY, PLENTY, PLENTY].map(u64::to_ne_bytes).concat();
    let told: String = told.iter().map(|octet| format!("{octet:02x}")).collect();
    let inject = format!("inject=fstatfs:poke_exit=@arg2={told}");
    let before = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fstatfs", "-e", &inject];
    let ran = home.program(&before, &["--queue", "-s", "x", LATE]).ends(&[0, 75])?;
    match ran.code {
        Some(0) if home.ids("q").len() == early.len() + 1 => Ok(true),
        Some(0) => Err("it was said to be queued, and is not".to_owned()),
        _ => nothing_else(home, early).map(|()| false),
    }
}

/// There is nothing in the queue but this, and nothing half written.
fn nothing_else(home: &Home, early: &[String]) -> Result<(), String> {
    match home.ids("q") == early && home.names("tmp").is_empty() {
        true => Ok(()),
        false => Err(format!("in q/: {:?}, in tmp/: {:?}", home.names("q"), home.names("tmp"))),
    }
}

/// Two runs with no room at all.
fn handed_over(case: &Case, home: &Home, peer: &Peer, is_late_queued: bool) -> Result<(), String> {
    for _ in 0..2 {
        home.queue(&["run", "--now"]).ends(if case.kind == Kind::Btrfs { &[74, 75] } else { &[75] })?;
    }
    let book = peer.so_far();
    let went = |to| book.iter().filter(|got| got.to == to).count();
    let (went, wanted) = ([EARLY[0], LATE].map(went), [1, usize::from(is_late_queued)]);
    // Every write on btrfs takes a new block: it went and that is on record, or nothing was sent at all.
    let is_good = went == wanted || case.kind == Kind::Btrfs && went[0] <= wanted[0] && went[1] <= wanted[1];
    match is_good {
        true => Ok(()),
        false => Err(format!("with no room {went:?} copies went in two runs, not {wanted:?}")),
    }
}
