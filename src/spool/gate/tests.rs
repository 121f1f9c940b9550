//! A gate on a real disk, by a clock of its own.

use super::*;
use crate::mail::{EnhancedStatus, ReportedReply, Stage};
use crate::sys::SystemDisk;

const NOW: u64 = 1_700_000_000;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const NAME: &str = "89abcdef";

struct Place {
    path: tempfile::TempDir,
    folder: Folder,
}

impl Place {
    fn new() -> Self {
        let path = tempfile::tempdir().unwrap();
        let folder = SystemDisk.open_dir(None, path.path()).unwrap();
        Place { path, folder }
    }

    fn gate_with(&self, settings: u8, now_s: u64) -> Gate<'_> {
        let schedule = Schedule { jitter_percent: 0, ..Schedule::default() };
        let (gate, error) = Gate::read((&SystemDisk, &self.folder), NAME, [settings; 32], schedule, now_s);
        assert!(error.is_none());
        gate
    }

    fn gate(&self, now_s: u64) -> Gate<'_> {
        self.gate_with(1, now_s)
    }

    fn file(&self) -> std::path::PathBuf {
        self.path.path().join(NAME)
    }
}

fn outage() -> Outage {
    Outage {
        stage: Stage::Connect,
        status: EnhancedStatus::new(4, 4, 1),
        reply: ReportedReply { code: 0, text: "the port is closed".to_owned() },
        class: None,
    }
}

#[test]
fn a_hop_that_is_down_is_tried_once_an_interval() {
    let place = Place::new();
    let mut tried = Vec::new();
    let mut now_s = NOW;
    while now_s < NOW + 5 * DAY {
        let mut gate = place.gate(now_s);
        if !gate.is_closed(now_s) {
            assert!(gate.probe(now_s).unwrap());
            assert_eq!(place.gate(now_s).is_closed(now_s), !tried.is_empty(), "noted before it is tried");
            tried.push((now_s - NOW) / MINUTE);
            gate.failed(outage(), Closing::AtItsPace, now_s).unwrap();
        }
        now_s += 5 * MINUTE;
    }
    assert_eq!(tried[..6], [0, 15, 45, 105, 345, 585]);
    assert_eq!(tried.len(), 33);
    assert_eq!(std::fs::metadata(place.file()).unwrap().len(), 512);
    let gate = place.gate(now_s);
    let record = gate.record().unwrap();
    assert_eq!((record.failures, &record.outage), (33, &outage()));
    assert_eq!(gate.tries_s(), [NOW + tried[31] * MINUTE, NOW + tried[32] * MINUTE]);
}

#[test]
fn one_of_many_who_ask_at_once_may() {
    let place = Place::new();
    place.gate(NOW).failed(outage(), Closing::AtItsPace, NOW).unwrap();
    let later_s = NOW + 15 * MINUTE;
    let mut gates: Vec<Gate<'_>> = (0..5).map(|_| place.gate(later_s)).collect();
    assert!(gates.iter().all(|gate| !gate.is_closed(later_s)));
    let may = gates.iter_mut().map(|gate| gate.probe(later_s).unwrap()).filter(|&may| may).count();
    assert_eq!(may, 1);
    assert!(gates.iter().all(|gate| gate.is_closed(later_s)), "the others know now");
    // One that dies on the way leaves the gate closed until the next interval.
    assert!(place.gate(later_s + 29 * MINUTE).is_closed(later_s + 29 * MINUTE));
    assert!(!place.gate(later_s + 30 * MINUTE).is_closed(later_s + 30 * MINUTE));
    // A person may ask while it is closed.
    assert!(place.gate(later_s).probe(later_s).unwrap());
}

#[test]
fn a_hop_that_takes_mail_is_forgotten() {
    let place = Place::new();
    place.gate(NOW).opened().unwrap();
    let mut gate = place.gate(NOW);
    gate.failed(outage(), Closing::AtItsPace, NOW).unwrap();
    let mut other = place.gate(NOW);
    gate.opened().unwrap();
    assert!(!place.file().exists() && gate.record().is_none());
    assert!(other.probe(NOW).unwrap() && other.record().is_none());
    other.opened().unwrap();
}

#[test]
fn a_gate_that_means_nothing_now_is_open() {
    let place = Place::new();
    place.gate(NOW).failed(outage(), Closing::AtItsPace, NOW).unwrap();
    assert!(place.gate(NOW).is_closed(NOW));
    assert!(place.gate_with(2, NOW).record().is_none(), "other settings");
    assert!(place.gate(NOW - DAY).record().is_none(), "from the future");
    assert!(place.gate(0).record().is_none());
    let good = std::fs::read(place.file()).unwrap();
    for wrong in [&b""[..], &good[..511], &[0; 512], b"whippet"] {
        std::fs::write(place.file(), wrong).unwrap();
        let mut gate = place.gate(NOW);
        assert!(!gate.is_closed(NOW) && gate.probe(NOW).unwrap());
        gate.failed(outage(), Closing::AtItsPace, NOW).unwrap();
        assert_eq!(std::fs::read(place.file()).unwrap(), good);
    }
}

#[test]
fn one_that_means_nothing_any_more_goes_when_the_hop_takes_mail() {
    let place = Place::new();
    for (settings, now_s) in [(2, NOW), (1, NOW - DAY)] {
        place.gate(NOW).failed(outage(), Closing::AtItsPace, NOW).unwrap();
        let mut gate = place.gate_with(settings, now_s);
        assert!(gate.record().is_none() && place.file().exists());
        gate.opened().unwrap();
        assert!(!place.file().exists());
        gate.opened().unwrap();
    }
}

#[test]
fn a_gate_that_cannot_be_read_is_open_and_says_so() {
    let place = Place::new();
    std::os::unix::fs::symlink("/etc/passwd", place.file()).unwrap();
    let schedule = Schedule::default();
    let (mut gate, error) = Gate::read((&SystemDisk, &place.folder), NAME, [0; 32], schedule, NOW);
    assert!(error.is_some() && !gate.is_closed(NOW) && gate.probe(NOW).unwrap());
    assert!(gate.failed(outage(), Closing::AtItsPace, NOW).is_err());
    assert!(gate.is_closed(NOW), "this run knows all the same");
}

#[test]
fn a_quota_is_waited_for() {
    for (hold_s, waited_s) in [(HOUR, HOUR), (5 * MINUTE, 15 * MINUTE), (30 * DAY, 6 * HOUR)] {
        let place = Place::new();
        place.gate(NOW).failed(outage(), Closing::For(hold_s), NOW).unwrap();
        assert_eq!(place.gate(NOW).record().unwrap().next_s, NOW + waited_s);
        assert!(place.gate(NOW).is_closed(NOW));
    }
}

#[test]
fn a_hop_that_is_tried_every_minute_was_tried_some_time_apart() {
    let place = Place::new();
    let schedule = Schedule::default();
    let end = NOW + 10 * MINUTE;
    let is_expired = |minutes: u64| {
        let now_s = NOW + minutes * MINUTE;
        let mut gate = place.gate(now_s);
        gate.probe(now_s).unwrap();
        gate.failed(outage(), Closing::AtItsPace, now_s).unwrap();
        schedule.is_expired(end, &[], place.gate(now_s).tries_s(), now_s)
    };
    let expired: Vec<u64> = (0..40).filter(|&minutes| is_expired(minutes)).collect();
    assert_eq!(expired.first(), Some(&15));
}

#[test]
fn other_settings_have_another_digest() {
    let digest = settings_digest([("host", "a"), ("port", "25")]);
    assert_eq!(digest, settings_digest([("host", "a"), ("port", "25")]));
    assert_ne!(digest, settings_digest([("host", "a"), ("port", "26")]));
    assert_ne!(digest, settings_digest([("host", "ap"), ("ort", "25")]));
}
