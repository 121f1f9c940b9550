//! C2: mistakes that could be made in a life: each flush left out, and things done too early. The states of the disk must
//! tell of every one.

use super::{Depth, cases, explore_life, record, verbs};
use crate::Outcome;
use crate::tape::Op;
use crate::world::Ground;

/// A mistake, and the life with it.
struct Mutant {
    name: String,
    ops: Vec<Op>,
}

/// What is being flushed by the flush at `at`.
fn purpose(ops: &[Op], at: usize) -> Option<String> {
    let before = &ops[..at];
    let begun = before.iter().rev().find_map(|op| match op {
        Op::Begun { what } => Some(Some(*what)),
        Op::Ended { .. } => Some(None),
        _ => None,
    });
    match (&ops[at], begun.flatten().filter(|what| *what != "run")) {
        (Op::SyncDir { .. }, Some(verb)) => return Some(format!("names after {verb}")),
        (Op::Sync { .. }, Some(verb)) => return Some(format!("the event of {verb}")),
        _ => {}
    }
    match &ops[at] {
        Op::SyncDir { folder } => {
            let last = before.iter().rev().find(|op| matches!(op, Op::Rename { .. } | Op::Create { .. }));
            match last {
                Some(Op::Create { .. }) => Some(format!("{folder}/ with what is prepared")),
                Some(Op::Rename { to, .. }) if to.1.contains("-n") => {
                    Some(format!("{folder}/ with a report published"))
                }
                _ => Some(format!("{folder}/ with a mail queued")),
            }
        }
        Op::Sync { file } => {
            let created = before.iter().find_map(|op| match op {
                Op::Create { file: other, at } if other == file => Some(at),
                _ => None,
            })?;
            let what = if created.1.contains("-n") { "report" } else { "mail" };
            let last = before.iter().rev().find_map(|op| match op {
                Op::Write { file: other, offset, octets } if other == file => Some((*offset, octets[4])),
                _ => None,
            })?;
            match last {
                (0, _) => Some(format!("a {what}")),
                (_, kind) => Some(format!("event {} of a {what}", char::from(kind))),
            }
        }
        _ => None,
    }
}

/// All mistakes that can be made in this life.
fn mutants(ops: &[Op]) -> Vec<Mutant> {
    let purposes: Vec<Option<String>> = (0..ops.len()).map(|at| purpose(ops, at)).collect();
    let mut names: Vec<&String> = purposes.iter().flatten().collect();
    names.sort();
    names.dedup();
    let without = |name: &String| {
        let keep = |(op, purpose): (&Op, &Option<String>)| match purpose {
            Some(purpose) if purpose == name => Op::Nothing,
            _ => op.clone(),
        };
        Mutant { name: format!("not flushed: {name}"), ops: ops.iter().zip(&purposes).map(keep).collect() }
    };
    let mut all: Vec<Mutant> = names.into_iter().map(without).collect();
    let [one, other] = EITHER.map(|name| all.iter().find(|mutant| mutant.name == name));
    if let (Some(one), Some(other)) = (one, other) {
        let neither =
            |(one, other): (&Op, &Op)| if *one == Op::Nothing { one.clone() } else { other.clone() };
        let ops = one.ops.iter().zip(&other.ops).map(neither).collect();
        all.push(Mutant { name: "not flushed: q/ and tmp/ with a report published".to_owned(), ops });
    }
    let mut early = ops.to_vec();
    let asked = |at: &usize| matches!(ops[*at], Op::Asked { .. });
    for at in (0..ops.len()).filter(asked) {
        let taken = ops[at..].iter().position(|op| matches!(op, Op::Taken { .. })).unwrap() + at;
        early.swap(at, taken);
    }
    all.push(Mutant { name: "the dot before its event".to_owned(), ops: early });
    let moved = |folder: &'static str, is_report: bool| move |op: &Op| matches!(op, Op::Rename { to, .. } if to.0 == folder && to.1.contains("-n") == is_report);
    if let (Some(published), Some(buried)) =
        (ops.iter().position(moved("q", true)), ops.iter().position(moved("badmail", false)))
    {
        let mut hasty = ops.to_vec();
        let buried = hasty.remove(buried);
        hasty.insert(published, buried);
        all.push(Mutant { name: "the original moved before its report is published".to_owned(), ops: hasty });
    }
    all
}

/// A published report has left `tmp/` and is in `q/`: where a rename is whole or not at all, a flush of either folder holds
/// both. Without either of them nothing does, and that must be noticed.
const EITHER: [&str; 2] =
    ["not flushed: q/ with a report published", "not flushed: tmp/ with a report published"];

/// A life, and how its states are looked at.
type Told<'l> = (Vec<Op>, Box<dyn Fn(&[Op]) -> Option<String> + 'l>);

/// Mistakes that lose nothing: one of two flushes, each of which would do; the name of what is held, of which its journal
/// says the same; and what is said of a doubt, which its dot says as well.
const HARMLESS: [&str; 4] =
    [EITHER[0], EITHER[1], "not flushed: names after hold", "not flushed: event S of a mail"];

/// C2.
pub fn mistakes(depth: &Depth, seed: u64, outcome: &mut Outcome) {
    let ground = Ground::new();
    let cases = cases(depth);
    let by_itself = cases.iter().map(|case| -> Told<'_> {
        (record(case, &ground), Box::new(move |ops| explore_life(case, ops, depth, seed).1))
    });
    let by_hand = verbs::LIVES.iter().map(|life| -> Told<'_> {
        (verbs::record(life, &ground), Box::new(move |ops| verbs::explore_life(life, ops, depth, seed).1))
    });
    let mut caught: Vec<(String, bool)> = Vec::new();
    for (ops, explore) in by_itself.chain(by_hand) {
        for mutant in mutants(&ops) {
            let is_caught = caught.iter().any(|(name, is_caught)| *name == mutant.name && *is_caught);
            if is_caught || HARMLESS.contains(&mutant.name.as_str()) {
                continue;
            }
            let is_noticed = explore(&mutant.ops).is_some();
            match caught.iter_mut().find(|(name, _)| *name == mutant.name) {
                Some(entry) => entry.1 |= is_noticed,
                None => caught.push((mutant.name, is_noticed)),
            }
        }
    }
    outcome.cases += caught.len();
    let missed = caught.iter().filter(|(_, is_caught)| !is_caught);
    outcome.failures.extend(missed.map(|(name, _)| format!("nothing notices this mistake: {name}")));
}
