//! L4: a hop that is down for the whole life of all that waits for it. It costs a connection an interval and a few small writes,
//! whatever is queued; then everything is given up, and the sender is told at the rate that holds.

use whippet::deliver::Unopened;
use whippet::mail::{Address, Problem, SessionFacts, Stage, Verdict};
use whippet::spool::{Attempt, Hops, InDoubt, Place, REPORTS_AN_HOUR, Tally};

use crate::time::counting::Counting;
use crate::world::{Case, Ground, open};
use crate::{Outcome, Test};

/// The proof.
pub const TESTS: &[Test] = &[Test {
    id: "L4",
    what: "a hop that is down for the life of all that waits for it",
    run: |wanted, outcome| {
        let (entries, pace_s) = if wanted.is_quick { (300, HOUR / 4) } else { (100_000, HOUR) };
        if let Err(words) = for_five_days(entries, pace_s, outcome) {
            outcome.failures.push(format!("{entries} entries: {words}"));
        }
    },
}];

const HOUR: u64 = 3600;
/// The life of a mail, hours.
const LIFE: u64 = 5 * 24;

/// Most connections in five days, most writes of the gate, and most octets.
const LIMITS: (u64, u64, u64) = (40, 80, 1 << 20);

/// The hop: nothing listens there.
#[derive(Default)]
struct Nobody {
    connections: u64,
}

impl Hops for Nobody {
    fn settings(&mut self, _profile: &str) -> [u8; 32] {
        [0; 32]
    }

    fn sender(&mut self, _profile: &str) -> Option<Address> {
        Address::parse("postmaster@example.test").ok()
    }

    fn deliver(&mut self, _profile: &str, _attempt: &mut Attempt<'_, '_, '_>) -> Result<(), Box<Unopened>> {
        self.connections += 1;
        let verdict = Verdict::deferred(Stage::Connect, Problem::ConnectionRefused, "nothing listens there");
        Err(Box::new(Unopened { verdict, facts: SessionFacts::default() }))
    }
}

/// A run looks every `pace_s`.
fn for_five_days(entries: u64, pace_s: u64, outcome: &mut Outcome) -> Result<(), String> {
    let ground = Ground::new();
    let path = ground.spool();
    let (disk, mut hop) = (Counting::default(), Nobody::default());
    let store = open(&disk, &path);
    let case = Case::new("a", InDoubt::Retry, 100);
    for number in 0..entries {
        case.submit(&store, number).map_err(|error| error.to_string())?;
    }
    disk.take();
    let mut run = |hop: &mut Nobody, after_s: u64| -> Result<Tally, String> {
        outcome.cases += 1;
        let tally = case.run(&store, hop, after_s).map_err(|error| error.to_string())?;
        if tally.troubles.is_empty() { Ok(tally) } else { Err(format!("{:?}", tally.troubles)) }
    };
    for after_s in (0..LIFE * HOUR).step_by(pace_s as usize) {
        let tally = run(&mut hop, after_s)?;
        let told = (tally.unreached as u64, tally.accepted, tally.deferred, tally.failed);
        // Those whose turn has not come are not counted among those that wait.
        if told.0 > entries || (told.1, told.2, told.3) != (0, 0, 0) {
            return Err(format!("after {after_s} s: {tally:?}"));
        }
    }
    let written = disk.take();
    let cost = (hop.connections, written.gates as u64, written.octets as u64);
    if cost.0 > LIMITS.0 || cost.1 > LIMITS.1 || cost.2 > LIMITS.2 || cost.0 < 20 {
        return Err(format!(
            "{} connections, {} writes of the gate, {} octets written",
            cost.0, cost.1, cost.2
        ));
    }
    let queued = |what: &str, wanted: u64| {
        let found = store.scan(&mut |_| {}).map_err(|error| error.to_string())?.len() as u64;
        if found == wanted {
            Ok(())
        } else {
            Err(format!("{what}: {found} entries in q/, wanted are {wanted}"))
        }
    };
    queued("while it is down", entries)?;
    // The end of all of them, but for the one that was tried last: its turn comes with the hop's.
    let most = u64::from(REPORTS_AN_HOUR).min(entries);
    let end_s = LIFE * HOUR + 1;
    let failed = run(&mut hop, end_s)?.failed as u64;
    if failed + 1 < entries {
        return Err(format!("{failed} of {entries} have come to their end"));
    }
    let late = entries - failed;
    queued("reports of an hour", most + late)?;
    for after_s in (HOUR..=6 * HOUR).step_by(pace_s as usize) {
        run(&mut hop, end_s + after_s)?;
    }
    // That of the hours after, and the summary of the first.
    queued("all reports", most + late + u64::from(failed > most))?;
    let dead = store.ids(Place::Badmail, &mut |_| {}).map_err(|error| error.to_string())?.len() as u64;
    if dead == entries { Ok(()) } else { Err(format!("{dead} of {entries} are dead letters")) }
}
