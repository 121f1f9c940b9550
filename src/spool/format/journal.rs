//! The journal at the end of an entry's file: what happened to it, event after event. Each is chained to the one before by
//! its sum, so that the left-overs of a torn end are never taken for events. The first one that does not verify is the
//! end; the next append goes there.
//!
//! ```text
//! u32 length of the payload   u8 type   payload   u32 CRC-32C(previous sum, length, type, payload)
//! ```

mod event;

pub(in crate::spool) use event::STAGES;
pub use event::{Cause, Decision, Event, Kind};

use super::header::{Damage, u32_at};

/// Largest payload, octets: a result with 10,000 places.
const LARGEST: usize = 32 * 1024;
/// Octets around a payload.
const FRAME: usize = 9;
/// How that begins which is set aside for events to come: no length, and no type.
const NO_EVENT: [u8; 5] = [0; 5];

/// Where the journal ends, and the sum that the next event is chained to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Journal {
    /// Where the next event goes, from the beginning of the journal.
    pub end: u64,
    sum: u32,
}

impl Journal {
    /// An empty journal; `seed` is the sum of the header.
    pub fn new(seed: u32) -> Self {
        Journal { end: 0, sum: seed }
    }

    /// The octets that append this event at [`Journal::end`], and the journal behind it.
    pub fn append(self, event: &Event) -> (Vec<u8>, Journal) {
        let (kind, payload) = event.encode();
        let mut octets = Vec::with_capacity(payload.len() + FRAME);
        octets.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        octets.push(kind);
        octets.extend_from_slice(&payload);
        let sum = link(self.sum, &octets);
        octets.extend_from_slice(&sum.to_le_bytes());
        let end = self.end + octets.len() as u64;
        (octets, Journal { end, sum })
    }

    /// Whether it surely ends here, though `octets` may be cut: what is set aside for more begins.
    pub fn is_end_of(&self, octets: &[u8]) -> bool {
        let rest = usize::try_from(self.end).ok().and_then(|end| octets.get(end..));
        rest.is_some_and(|rest| rest.starts_with(&NO_EVENT))
    }

    /// Reads the events at the beginning of `octets`. A type that is not known and not lower case leaves the entry alone.
    pub fn read(seed: u32, octets: &[u8]) -> Result<(Vec<Event>, Journal), Damage> {
        let mut journal = Journal::new(seed);
        let mut events = Vec::new();
        while let Some(frame) = frame_at(octets, journal) {
            let (kind, payload) = (frame[4], &frame[5..frame.len() - 4]);
            match Event::decode(kind, payload) {
                Some(event) => events.push(event),
                None if kind.is_ascii_lowercase() => {}
                None => return Err(Damage::Unknown(format!("journal event {}", kind.escape_ascii()))),
            }
            journal.sum = u32_at(frame, frame.len() - 4);
            journal.end += frame.len() as u64;
        }
        Ok((events, journal))
    }
}

/// The frame at the journal's end, if it verifies.
fn frame_at(octets: &[u8], journal: Journal) -> Option<&[u8]> {
    let rest = octets.get(usize::try_from(journal.end).ok()?..)?;
    let length = usize::try_from(u32::from_le_bytes(*rest.first_chunk()?)).ok()?;
    if length > LARGEST || rest.starts_with(&NO_EVENT) {
        return None;
    }
    let frame = rest.get(..length + FRAME)?;
    (link(journal.sum, &frame[..length + 5]) == u32_at(frame, length + 5)).then_some(frame)
}

fn link(previous: u32, octets: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&previous.to_le_bytes()), octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{EnhancedStatus, ReportedReply};
    use crate::spool::Id;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        "[ -~ü文]{0,40}"
    }

    fn places() -> impl Strategy<Value = Vec<u16>> {
        proptest::collection::vec(any::<u16>(), 0..5)
    }

    fn event() -> impl Strategy<Value = Event> {
        let id = prop::option::of(0..999u32).prop_map(|number| {
            number.map(|number| Id::parse("01HZXA7Q6N8W4Y2R5T9V3B1C0D").unwrap().bounce(number + 1))
        });
        prop_oneof![
            (any::<u64>(), any::<u32>(), any::<u32>(), any::<u64>())
                .prop_map(|(time_s, number, hop, due_s)| Event::Attempt { time_s, number, hop, due_s }),
            (any::<u64>(), any::<u32>(), places()).prop_map(|(time_s, transaction, places)| Event::Commit {
                time_s,
                transaction,
                places
            }),
            (any::<u32>(), 0..12usize, prop_oneof![Just(2u8), Just(4), Just(5)], text(), places()).prop_map(
                |(transaction, stage, class, text, places)| Event::Result {
                    transaction,
                    decision: Decision {
                        time_s: stage as u64,
                        class,
                        is_relayed: class == 2,
                        stage: STAGES[stage],
                        status: EnhancedStatus::new(class, 1, 12),
                        reply: ReportedReply { code: 250, text },
                    },
                    places,
                }
            ),
            (any::<u32>(), text()).prop_map(|(transaction, reason)| Event::Doubt { transaction, reason }),
            (prop::option::of(0..u64::MAX), any::<u64>()).prop_map(|(due_s, expires_s)| Event::Schedule {
                due_s,
                expires_s,
                cause: Cause::Retry
            }),
            (id, places()).prop_map(|(bounce, places)| Event::Notice { kind: Kind::Delayed, bounce, places }),
            (any::<u32>(), any::<u64>()).prop_map(|(uid, time_s)| Event::Removed { uid, time_s }),
        ]
    }

    fn written(events: &[Event]) -> Vec<u8> {
        let mut journal = Journal::new(77);
        let mut octets = Vec::new();
        for event in events {
            let (more, next) = journal.append(event);
            octets.extend(more);
            journal = next;
        }
        assert_eq!(octets.len() as u64, journal.end);
        octets
    }

    proptest! {
        #[test]
        fn events_come_back(events in proptest::collection::vec(event(), 0..6), rest in any::<Vec<u8>>()) {
            let octets = [written(&events), rest].concat();
            let (read, journal) = Journal::read(77, &octets).unwrap();
            prop_assert_eq!(&read, &events);
            // What is appended over the left-overs is found.
            let (more, _) = journal.append(&Event::Removed { uid: 1, time_s: 2 });
            let mut octets = octets;
            octets.truncate(journal.end as usize);
            octets.extend(more);
            prop_assert_eq!(Journal::read(77, &octets).unwrap().0.len(), events.len() + 1);
        }

        #[test]
        fn damage_ends_the_journal_and_makes_no_event(
            events in proptest::collection::vec(event(), 1..5),
            at in any::<prop::sample::Index>(),
            change in 1..=255u8,
        ) {
            let mut octets = written(&events);
            let at = at.index(octets.len());
            octets[at] ^= change;
            let (read, _) = Journal::read(77, &octets).unwrap();
            prop_assert!(read.len() < events.len());
            prop_assert_eq!(&read[..], &events[..read.len()]);
            // Cut there, the same holds.
            let (read, _) = Journal::read(77, &octets[..at]).unwrap();
            prop_assert_eq!(&read[..], &events[..read.len()]);
        }
    }

    #[test]
    fn zeros_are_no_event_whatever_the_sum_before_them() {
        // The one sum of all behind which zeros verify as an event would.
        let sum = 0x0a61_33df;
        assert_eq!(link(sum, &NO_EVENT), 0);
        let (events, journal) = Journal::read(sum, &[0; 64]).unwrap();
        assert_eq!((events, journal.end), (Vec::new(), 0));
        assert!(journal.is_end_of(&[0; 64]) && !journal.is_end_of(&[0; 4]));
    }

    #[test]
    fn a_later_version_may_mark_what_can_be_passed_over() {
        let frame = |kind: u8| {
            let mut octets = vec![1, 0, 0, 0, kind, b'x'];
            let sum = link(5, &octets);
            octets.extend_from_slice(&sum.to_le_bytes());
            octets
        };
        assert_eq!(Journal::read(5, &frame(b'z')).unwrap().0, []);
        assert!(matches!(Journal::read(5, &frame(b'Z')), Err(Damage::Unknown(_))));
    }
}
