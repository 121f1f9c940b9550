//! Q6: the spool is copied while nobody is at it, by what people copy with. The copy is as good as the original.

use std::process::Command;

use crate::Outcome;
use crate::real::each;
use crate::real::home::{Home, try_done};
use crate::real::peer::{Act, Peer, Stage, copies, refusing};
use crate::world::Ground;

/// What becomes of each: it waits, it was tried, it is held, it failed, and one has gone to one of two.
const TO: [&str; 5] =
    ["a0@example.test", "a1@example.test", "held@example.test", "f3@example.test", "d4@example.test"];

/// Copies the first folder to the second, which is not there.
const WAYS: [(&str, &str); 3] = [
    ("cp", "cp -a \"$1\" \"$2\""),
    ("tar", "mkdir -m 700 \"$2\" && tar -C \"$1\" -cf - . | tar -C \"$2\" -xpf -"),
    ("rsync", "rsync -a \"$1/\" \"$2\""),
];

/// Q6.
pub fn everywhere(outcome: &mut Outcome) {
    let ground = Ground::new();
    let original = match original(&ground) {
        Ok(home) => home,
        Err(words) => return outcome.failures.push(words),
    };
    let has = |name: &str| Command::new(name).arg("--version").output().is_ok();
    let (there, missing): (Vec<_>, Vec<_>) = WAYS.iter().partition(|(name, _)| has(name));
    outcome.skips.extend(missing.iter().map(|(name, _)| format!("{name} is not installed")));
    // The copy of a copy is one too.
    let cases: Vec<_> = there.iter().flat_map(|way| [(way, false), (way, true)]).collect();
    each(
        &cases,
        outcome,
        |(way, is_twice)| judge(way.1, *is_twice, &original, &ground),
        |(way, is_twice)| format!("{}{}", way.0, if *is_twice { ", twice" } else { "" }),
    );
}

/// Accepts but for `f…` and `d…`.
fn partly(stage: Stage, argument: &str) -> Act {
    match stage {
        Stage::Rcpt if argument.starts_with('d') => Act::Say("450 4.2.0 later"),
        _ => refusing(stage, argument),
    }
}

fn original(ground: &Ground) -> Result<Home, String> {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let peer = Peer::start(partly);
    let home = Home::new(ground, peer.port);
    // Of this one half has gone, and one that failed left its report.
    home.submit(&["gone@example.test", TO[4]]).ends(&[0])?;
    home.submit(&[TO[3]]).ends(&[0])?;
    home.queue(&["run"]).ends(&[0, 69])?;
    home.leads_to(nobody);
    home.submit(&[TO[0]]).ends(&[0])?;
    home.submit(&[TO[2]]).ends(&[0])?;
    home.queue(&["hold", "--to", TO[2], "--yes"]).ends(&[0])?;
    home.submit(&[TO[1]]).ends(&[0])?;
    let counts = home.counts();
    match counts == [3, 1, 1, 0] {
        true => Ok(home),
        false => Err(format!("the original has {counts:?}")),
    }
}

fn judge(script: &str, is_twice: bool, original: &Home, ground: &Ground) -> Result<(), String> {
    let peer = Peer::start(refusing);
    let copy = Home::new(ground, peer.port);
    let run = |from, to| try_done(Command::new("sh").args(["-c", script, "sh"]).args([from, to]));
    if is_twice {
        let between = ground.next();
        run(&original.spool, &between)?;
        run(&between, &copy.spool)?;
    } else {
        run(&original.spool, &copy.spool)?;
    }
    let check = copy.queue(&["check"]).ends(&[0])?;
    let before = original.queue(&["check"]);
    if check.out != before.out.replace(&original.path.display().to_string(), &copy.path.display().to_string())
    {
        return Err(format!(
            "the check of the copy says: {}, that of the original: {}",
            check.out, before.out
        ));
    }
    if copy.counts() != original.counts() {
        return Err(format!("the copy has {:?}", copy.counts()));
    }
    copy.queue(&["release", "--all", "--yes"]).ends(&[0])?;
    copy.drain()?;
    let book = peer.taken();
    let wanted = [TO[0], TO[1], TO[2], TO[4]];
    let is_good = wanted.iter().all(|to| copies(&book, to) == (1, 0)) && book.len() == wanted.len();
    match is_good && book.iter().all(|got| got.is_whole) && copy.counts() == [0, 0, 1, 0] {
        true => copy.remove(),
        false => Err(format!("the copy has sent {book:?}, left {:?}", copy.counts())),
    }
}
