//! Writes a golden spool: `cargo test --test prove -- --write-golden tests/golden/vN`, once for each version of the format,
//! by the last program that writes it. Everything that can be in a spool is in it; it comes out the same each time.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use whippet::mail::{
    Address, DeliverBy, Envelope, EnvelopeId, Hold, Notify, OriginalRecipient, Priority, Problem, Return,
    Stage, Verdict, Wishes,
};
use whippet::mime::MessageError;
use whippet::spool::desk::{Desk, Spot, Verb};
use whippet::spool::{
    Closing, Event, Flags, Gate, Hop, Id, InDoubt, Key, Name, Once, Outage, Place, Run, Sealed, Store,
    Submission,
};
use whippet::sys::{Disk, FixedClock, SeededRandom, SystemDisk};

use crate::disk::faulty::{EIO, Faulty, Luck, What};
use crate::world::{BODY, Case, NOW_S, Peer, SENDER, open};

/// The key under which the first mail is known again.
const KEY: [u8; 32] = [3; 32];

/// Writes it into this folder, which must not be there.
pub fn write(path: &Path) {
    drop(Store::create(&SystemDisk, path).unwrap());
    let store = open(&SystemDisk, path);
    everything_told(&store);
    half_accepted(&store);
    by_hand(&store);
    prepared(path);
    damaged(&store, path);
    behind_a_gate(&store);
}

fn case(to: &[&str], in_doubt: InDoubt) -> Case {
    Case { to: to.iter().map(|to| format!("{to}@example.test")).collect(), ..Case::new("", in_doubt, 1) }
}

/// One run for one entry.
fn run(case: &Case, store: &Store<'_>, peer: &mut Peer<'_>, id: Id, after_s: u64) {
    let (clock, random, rules) =
        (FixedClock { seconds: NOW_S + after_s }, SeededRandom::new(after_s), case.rules());
    let run =
        Run { store, rules: &rules, clock: &clock, random: &random, machine: "client.test", is_now: true };
    run.run(peer, &|name: &Name| name.id == id).unwrap();
}

/// Every item that an envelope can have, and every flag.
fn everything_told(store: &Store<'_>) {
    let wishes = Wishes {
        notify: Some(Notify::parse("failure,delay").unwrap()),
        returned: Some(Return::Headers),
        envelope_id: Some(EnvelopeId::parse("a b").unwrap()),
        deliver_by: Some(DeliverBy::parse("100d,notify,trace").unwrap()),
        hold: Some(Hold::For(600)),
        priority: Some(Priority::parse("-3").unwrap()),
        require_tls: true,
    };
    let recipients = ["a-queued@example.test", "用户@example.test"].map(|to| Address::parse(to).unwrap());
    let envelope = Envelope::new(Address::parse(SENDER).ok(), recipients)
        .unwrap()
        .with_wishes(wishes)
        .with_original(1, OriginalRecipient::parse("utf-8;列表@example.test").unwrap());
    let sealed = Sealed { envelope, uid: 1000, message_id: "<1@example.test>".to_owned(), key: Some(KEY) };
    let flags = Flags { smtputf8: true, require_tls: true, eight_bit: true, bounce: false };
    put(store, Case::id(1), "büro", &sealed, flags, InDoubt::Hold);
    let ids = store.folder("ids").unwrap();
    let once = Once::lock(&SystemDisk, &ids, Key::from_octets(KEY), Duration::ZERO).unwrap();
    once.queued(Case::id(1)).unwrap();
}

fn put(store: &Store<'_>, id: Id, profile: &str, sealed: &Sealed, flags: Flags, in_doubt: InDoubt) {
    let submission = Submission {
        id,
        profile,
        sealed,
        flags,
        in_doubt: (in_doubt, 3),
        created_ms: NOW_S * 1000,
        expires_s: NOW_S + 5 * 24 * 3600,
        due_s: NOW_S,
        size: BODY.len() as u64,
        events: Vec::new(),
    };
    let mut body = |out: &mut dyn Write| out.write_all(BODY.as_bytes()).map_err(MessageError::Sink);
    store.submit(&submission, &mut body, &mut || Ok(())).unwrap();
}

/// One has it, one is refused, one waits, one is in doubt; and the same with one whom a person held and let go.
fn half_accepted(store: &Store<'_>) {
    let half = case(&["a-half", "f-half", "d-half", "u-half"], InDoubt::Retry);
    let again = case(&["f-again", "d-again", "u-again"], InDoubt::Retry);
    for (number, case) in [(2, &half), (3, &again)] {
        case.submit(store, number).unwrap();
        let mut peer = Peer::new(1, None);
        for after_s in [0, 7200] {
            run(case, store, &mut peer, Case::id(number), after_s);
        }
    }
    act(&again, store, 3, &[Verb::Hold, Verb::Release]);
}

fn act(case: &Case, store: &Store<'_>, number: u64, verbs: &[Verb]) {
    for &verb in verbs {
        let mut desk = Desk::new(store, case.rules(), NOW_S + 7200, 0, Duration::ZERO);
        let spots = whippet::spool::desk::spots(store, &[Place::Queue, Place::Held]).unwrap();
        let spot = spots.iter().find(|spot| spot.id() == Some(Case::id(number))).unwrap();
        assert!(matches!(desk.act(verb, spot), whippet::spool::desk::Done::Yes));
        desk.finish().unwrap();
    }
}

/// Removed, and its name still there; held; held in doubt; a dead letter with its report; a report of what was passed on.
fn by_hand(store: &Store<'_>) {
    let removed = case(&["a-removed"], InDoubt::Retry);
    removed.submit(store, 4).unwrap();
    let names = store.scan(&mut |_| {}).unwrap();
    let name = names.iter().find(|name| name.id == Case::id(4)).unwrap();
    let event = Event::Removed { uid: 1000, time_s: NOW_S };
    store.take(*name, 3).unwrap().append(&event, true).unwrap();

    let held = case(&["a-held"], InDoubt::Retry);
    held.submit(store, 5).unwrap();
    act(&held, store, 5, &[Verb::Hold]);

    let relayed = crate::world::Telling::Relayed;
    let cases = [
        (6, case(&["u-doubt"], InDoubt::Hold)),
        (7, case(&["f-dead"], InDoubt::Retry)),
        (11, Case { telling: relayed, ..case(&["a-relayed"], InDoubt::Retry) }),
    ];
    for (number, case) in cases {
        case.submit(store, number).unwrap();
        run(&case, store, &mut Peer::new(1, None), Case::id(number), 0);
    }
}

/// A report that is recorded and has no name in the queue yet.
fn prepared(path: &Path) {
    let disk = Faulty::new(|call| match call.what == What::Rename && call.name.contains("-n1") {
        true => Luck::Fails(EIO),
        false => Luck::Good,
    });
    let (store, case) = (open(&disk, path), case(&["f-prepared"], InDoubt::Retry));
    case.submit(&store, 8).unwrap();
    run(&case, &store, &mut Peer::new(1, None), Case::id(8), 0);
}

/// A message that was changed, set aside, with its report.
fn damaged(store: &Store<'_>, path: &Path) {
    let case = case(&["a-damaged"], InDoubt::Retry);
    case.submit(store, 9).unwrap();
    let names = store.scan(&mut |_| {}).unwrap();
    let name = names.iter().find(|name| name.id == Case::id(9)).unwrap();
    let (header, ..) = store.look(Place::Queue, *name, 3).unwrap();
    let file = std::fs::File::options().write(true).open(path.join("q").join(name.to_string())).unwrap();
    let last = header.body_at() + header.body - 3;
    std::os::unix::fs::FileExt::write_all_at(&file, b"?", last).unwrap();
    run(&case, store, &mut Peer::new(1, None), Case::id(9), 0);
}

/// A mail for a hop that is down.
fn behind_a_gate(store: &Store<'_>) {
    let case = case(&["a-gated"], InDoubt::Retry);
    let to = case.to.iter().map(|to| Address::parse(to).unwrap());
    let envelope = Envelope::new(Address::parse(SENDER).ok(), to).unwrap();
    let sealed = Sealed { envelope, uid: 1000, message_id: "<1@example.test>".to_owned(), key: None };
    put(store, Case::id(10), "elsewhere", &sealed, Flags::default(), InDoubt::Retry);
    let host = store.folder("host").unwrap();
    let disk: &dyn Disk = &SystemDisk;
    let hop = Hop::of_profile("elsewhere");
    let (mut gate, _) = Gate::read((disk, &host), hop, [0; 32], case.rules().schedule, NOW_S);
    let verdict = Verdict::deferred(Stage::Connect, Problem::ConnectionLost, "nobody answers");
    gate.failed(Outage::of(&verdict), Closing::AtItsPace, NOW_S).unwrap();
}

/// Where an entry is that has this number.
pub fn spot(store: &Store<'_>, number: u64) -> Option<Spot> {
    let spots = whippet::spool::desk::spots(store, &Place::ALL).unwrap();
    spots.into_iter().find(|spot| spot.id() == Some(Case::id(number)))
}
