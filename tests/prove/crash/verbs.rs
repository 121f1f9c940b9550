//! The hand of a person in a mail's life: hold, release, retry, remove, and a check that mends. Whatever a crash leaves of it,
//! the verb has happened, or it has not and can be done again; a run, the verb done again, and a check that mends come to
//! the same end.

mod court;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use whippet::spool::desk::{Check, Desk, Done, Spot, Verb, spots};
use whippet::spool::{Cause, Event, Id, InDoubt, Place, Store};
use whippet::sys::SystemDisk;

use super::{Depth, Past};
use crate::Outcome;
use crate::disk::faulty::{EIO, Faulty, Luck};
use crate::tape::{Op, Tape};
use crate::world::{Case, Ground, NOW_S, Peer, open};

use court::{Court, Rescue};

/// What happens to it, one after the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A run.
    Run,
    /// A verb, to its end.
    Act(Verb),
    /// A verb of which the event is flushed, and no more.
    Half(Verb),
    /// The message is changed on the disk by nobody.
    Damage,
    /// A check that mends.
    Repair,
}

use Step::{Act, Half, Repair, Run};
use Verb::{Hold, Release, Remove, Retry};

/// A life: the letter of its only recipient or of two, and its steps.
pub struct Life {
    to: &'static str,
    in_doubt: InDoubt,
    steps: &'static [Step],
}

const fn life(to: &'static str, steps: &'static [Step]) -> Life {
    Life { to, in_doubt: InDoubt::Retry, steps }
}

const fn doubtful(steps: &'static [Step]) -> Life {
    Life { to: "u", in_doubt: InDoubt::Hold, steps }
}

pub const LIVES: [Life; 22] = [
    life("a", &[Act(Hold)]),
    life("ad", &[Run, Act(Hold)]),
    life("a", &[Act(Hold), Act(Release), Run]),
    life("ad", &[Run, Act(Hold), Act(Release), Run]),
    life("a", &[Act(Hold), Act(Release), Act(Hold)]),
    life("d", &[Run, Act(Retry), Run]),
    life("ad", &[Run, Act(Retry)]),
    life("f", &[Run, Run, Act(Retry), Run]),
    life("fa", &[Run, Run, Act(Retry), Run]),
    life("f", &[Run, Run, Act(Retry), Act(Hold), Act(Release), Run]),
    life("a", &[Act(Remove)]),
    life("ad", &[Run, Act(Remove)]),
    life("a", &[Act(Hold), Act(Remove)]),
    life("f", &[Run, Run, Act(Remove)]),
    doubtful(&[Run, Act(Release), Run]),
    doubtful(&[Run, Act(Remove)]),
    life("a", &[Half(Hold), Repair]),
    life("a", &[Act(Hold), Half(Release), Repair, Run]),
    life("f", &[Run, Run, Half(Retry), Repair, Run]),
    life("a", &[Act(Hold), Half(Remove), Repair]),
    life("d", &[Run, Half(Remove), Repair]),
    life("a", &[Step::Damage, Repair]),
];

impl Step {
    fn name(self) -> &'static str {
        match self {
            Run => "run",
            Act(Hold) | Half(Hold) => "hold",
            Act(Release) | Half(Release) => "release",
            Act(Retry) | Half(Retry) => "retry",
            Act(Remove) | Half(Remove) => "remove",
            Step::Damage => "damage",
            Repair => "repair",
        }
    }
}

impl Life {
    fn case(&self) -> Case {
        Case::new(self.to, self.in_doubt, 100)
    }

    pub fn name(&self) -> String {
        let steps: Vec<&str> = self.steps.iter().map(|step| step.name()).collect();
        format!("{} {}", self.to, steps.join(" "))
    }
}

/// Seconds between two steps.
const STEP_S: u64 = 10;

/// The life, with nothing in its way.
pub fn record(life: &Life, ground: &Ground) -> Vec<Op> {
    let (tape, case, path) = (Tape::default(), life.case(), ground.spool());
    let store = open(&tape, &path);
    case.submit(&store, 1).unwrap();
    tape.note(Op::Acknowledged);
    let id = store.scan(&mut |_| {}).unwrap()[0].id;
    let mut peer = Peer::new(100, Some(&tape));
    for (place, &step) in life.steps.iter().enumerate() {
        let after_s = place as u64 * STEP_S;
        tape.note(Op::Begun { what: step.name() });
        match step {
            Run => assert_eq!(case.run(&store, &mut peer, after_s).unwrap().troubles, [""; 0]),
            Act(verb) => {
                assert!(matches!(act(&case, &store, id, verb, after_s), Ok(Done::Yes)), "{}", life.name())
            }
            Half(verb) => half(&case, &store, id, verb, after_s),
            Step::Damage => {
                // In the envelope: what is left of it tells nobody.
                super::damage(&store, &path, |header| header.body_at() - 2, &tape)
            }
            Repair => assert!(repair(&case, &store, after_s).unwrap() > 0, "{}", life.name()),
        }
        tape.note(Op::Ended { what: step.name() });
        peer.is_patient = true;
        peer.is_forgiving |= step.name() == "retry";
    }
    tape.ops()
}

/// E10 for the verbs: each call of the last one fails, done or not. It is said to be done only if it is, and it can be done
/// again.
pub fn done_all_the_same(ground: &Ground, outcome: &mut Outcome) {
    for life in &LIVES {
        let Some(last) = life.steps.iter().rposition(|step| matches!(step, Act(_))) else { continue };
        if life.steps.iter().any(|step| matches!(step, Half(_))) {
            continue;
        }
        let life = Life { steps: &life.steps[..=last], ..*life };
        let calls = fail(&life, ground, usize::MAX, false, Rescue::Runs).unwrap();
        assert!(calls > 8, "the calls are not reached: {calls}");
        for fails_at in 0..calls {
            for is_done in [false, true] {
                for rescue in [Rescue::Runs, Rescue::Again, Rescue::Repair] {
                    outcome.cases += 1;
                    if let Err(words) = fail(&life, ground, fails_at, is_done, rescue) {
                        let name = life.name();
                        outcome
                            .failures
                            .push(format!("{name}: call {fails_at}, done: {is_done}, {rescue:?}: {words}"));
                    }
                }
            }
        }
    }
}

/// A life of whose last verb a call fails; gives how many calls that has.
fn fail(
    life: &Life,
    ground: &Ground,
    fails_at: usize,
    is_done: bool,
    rescue: Rescue,
) -> Result<usize, String> {
    let (case, path, id) = (life.case(), ground.spool(), Case::id(1));
    let store = open(&SystemDisk, &path);
    case.submit(&store, 1).unwrap();
    let mut peer = Peer::new(100, None);
    let (&last, steps) = life.steps.split_last().unwrap();
    for (place, &step) in steps.iter().enumerate() {
        let after_s = place as u64 * STEP_S;
        match step {
            Act(verb) => drop(act(&case, &store, id, verb, after_s).unwrap()),
            _ => drop(case.run(&store, &mut peer, after_s).unwrap()),
        }
        peer.is_patient = true;
        peer.is_forgiving |= step.name() == "retry";
    }
    drop(store);
    let Act(verb) = last else { unreachable!("the last step is a verb") };
    let spot = whereabouts(&open(&SystemDisk, &path), id).remove(0);
    let is_acting = AtomicBool::new(false);
    let count = AtomicUsize::new(0);
    let disk = Faulty::new(|_| match () {
        () if !is_acting.load(Ordering::Relaxed) => Luck::Good,
        () if count.fetch_add(1, Ordering::Relaxed) != fails_at => Luck::Good,
        () if is_done => Luck::DoneAndFails(EIO),
        () => Luck::Fails(EIO),
    });
    let store = open(&disk, &path);
    is_acting.store(true, Ordering::Relaxed);
    let mut desk = Desk::new(&store, case.rules(), NOW_S + steps.len() as u64 * STEP_S, 0, Duration::ZERO);
    let is_yes = matches!(desk.act(verb, &spot), Done::Yes) && desk.finish().is_ok();
    drop(store);
    let past = Past {
        is_acknowledged: true,
        may_be_queued: true,
        is_damaged: false,
        in_doubt: peer.book.iter().filter(|copy| copy.to.starts_with('u')).cloned().collect(),
        book: peer.book,
        begun: life.steps.len(),
        ended: steps.len() + usize::from(is_yes),
    };
    let judged = Court::new(life, &past, &path).judge(rescue);
    std::fs::remove_dir_all(&path).unwrap();
    judged.map(|()| count.load(Ordering::Relaxed))
}

/// Where the entry is.
fn whereabouts(store: &Store<'_>, id: Id) -> Vec<Spot> {
    let mut spots = spots(store, &Place::ALL).unwrap();
    spots.retain(|spot| spot.id() == Some(id));
    spots
}

/// Does it to the entry, wherever it is, and flushes it.
fn act(case: &Case, store: &Store<'_>, id: Id, verb: Verb, after_s: u64) -> std::io::Result<Done> {
    let mut desk = Desk::new(store, case.rules(), NOW_S + after_s, 0, Duration::ZERO);
    let Some(spot) = whereabouts(store, id).into_iter().find(|spot| spot.place() != Place::Tmp) else {
        return Ok(Done::Gone);
    };
    let done = desk.act(verb, &spot);
    desk.finish().map(|()| done)
}

/// Writes the event, and dies.
fn half(case: &Case, store: &Store<'_>, id: Id, verb: Verb, after_s: u64) {
    let now_s = NOW_S + after_s;
    let expires_s = now_s + case.rules().schedule.expire_s;
    let set = |due_s, cause| Event::Schedule { due_s, expires_s, cause };
    let event = match verb {
        Hold => set(None, Cause::Hold),
        Release => set(Some(now_s), Cause::Release),
        Retry => set(Some(now_s), Cause::Retry),
        Remove => Event::Removed { uid: 0, time_s: now_s },
    };
    let taken = match &whereabouts(store, id)[0] {
        Spot::Entry(Place::Queue, name) => store.take(*name, 3),
        spot => store.take_aside(spot.place(), id, 3),
    };
    taken.unwrap().append(&event, true).unwrap();
}

/// A check that mends; gives how much it mended.
fn repair(case: &Case, store: &Store<'_>, after_s: u64) -> std::io::Result<usize> {
    let mut check = Check::new(store, case.rules(), NOW_S + after_s);
    check.is_repair = true;
    let mut mended = 0;
    check.run(&mut |finding| mended += usize::from(finding.mended.is_some()))?;
    Ok(mended)
}

/// What may have become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It goes its way.
    Goes,
    /// It goes its way again, with those who had failed.
    Again,
    /// A person holds it.
    Held,
    /// It is gone, and nobody gets it.
    Gone,
    /// It is gone, but its name may still be there.
    GoneInName,
    /// It is set aside.
    Corrupt,
}

impl Life {
    /// The ways that are right once so many steps have begun and ended.
    fn ways(&self, begun: usize, ended: usize) -> Vec<Way> {
        let mut ways = vec![Way::Goes];
        for (place, step) in self.steps[..begun].iter().enumerate() {
            let next = match step {
                Run => continue,
                Act(Hold) | Half(Hold) => Way::Held,
                Act(Release) => Way::Goes,
                Act(Retry) => Way::Again,
                Act(Remove) => Way::Gone,
                Half(Remove) => Way::GoneInName,
                // Whoever looks where it lies does not see it: a person, or a check, has to.
                Half(Release) => {
                    ways.push(Way::Goes);
                    continue;
                }
                Half(Retry) => {
                    ways.push(Way::Again);
                    continue;
                }
                Step::Damage => Way::Corrupt,
                Repair => match self.steps[place - 1] {
                    Half(Release) => Way::Goes,
                    Half(Retry) => Way::Again,
                    Half(Remove) => Way::Gone,
                    _ => continue,
                },
            };
            // Whoever was taken up again stays so.
            let next = if next == Way::Goes && ways.contains(&Way::Again) { Way::Again } else { next };
            if place < ended {
                ways.clear();
            }
            ways.push(next);
        }
        ways
    }
}

/// All states of this life from its acknowledgement on, each with every way out of it.
pub fn explore_life(life: &Life, ops: &[Op], depth: &Depth, seed: u64) -> (usize, Option<String>) {
    let first = ops.iter().position(|op| *op == Op::Acknowledged).unwrap() + 1;
    let (count, wrong) = super::explore(ops, first, depth, seed, &|past, mount| {
        [Rescue::Runs, Rescue::Again, Rescue::Repair].into_iter().try_for_each(|rescue| {
            let judged = Court::new(life, past, &mount()).judge(rescue);
            judged.map_err(|words| format!("{rescue:?}: {words}"))
        })
    });
    (count, wrong.map(|words| format!("{} {words}", life.name())))
}
