//! What is read of an entry: its header, its envelope, and its journal with what that says of each recipient. The sums are
//! made right first, else nothing that is wrong would come behind them.

use crate::spool::{
    Cause, Damage, Event, Fate, Flags, HEADER, Header, InDoubt, Journal, Place, State, read_envelope,
    write_envelope,
};

/// Recipients of the entry whose journal is read.
const RECIPIENTS: u32 = 4;

/// The first octet says which part the others are.
pub fn spool(data: &[u8]) {
    match data.split_first() {
        Some((0, rest)) => header(rest),
        Some((1, rest)) => envelope(rest),
        Some((_, rest)) => journal(rest),
        None => {}
    }
}

/// The octets of a header; those that are missing are zero.
fn header(data: &[u8]) {
    let mut octets = [0; HEADER];
    let length = data.len().min(HEADER);
    octets[..length].copy_from_slice(&data[..length]);
    let _ = Header::decode(&octets);
    let sum = crc32c::crc32c(&octets[..508]);
    octets[508..].copy_from_slice(&sum.to_le_bytes());
    let Ok(header) = Header::decode(&octets) else { return };
    assert_eq!(Header::decode(&header.encode()), Ok(header.clone()), "it does not come back");
    assert!((1..=10_000).contains(&header.recipients));
    assert!(header.body_at() + header.body <= header.journal_at());
    assert_eq!(State::new(&header, 3).count(), header.recipients as usize);
}

/// An envelope, behind an octet that says whether the mail needs TLS on the whole way.
fn envelope(data: &[u8]) {
    let Some((&first, octets)) = data.split_first() else { return };
    let require_tls = first & 1 != 0;
    let Ok(sealed) = read_envelope(octets, require_tls) else { return };
    let envelope = &sealed.envelope;
    let texts = envelope.recipients().iter().chain(envelope.reverse_path()).map(ToString::to_string);
    for text in texts.chain([sealed.message_id.clone()]) {
        assert!(!text.chars().any(char::is_control), "{text:?} has control characters");
    }
    let written = write_envelope(&sealed).expect("what was read can be written");
    assert_eq!(read_envelope(&written, require_tls), Ok(sealed), "it does not come back");
}

/// Events without their sums: how many octets of a payload, the type, the payload. The first octet says how many octets are
/// kept of all, the second which one is damaged.
fn journal(data: &[u8]) {
    let _ = Journal::read(7, data);
    let Some((&[cut, wrong], rest)) = data.split_first_chunk() else { return };
    let octets = sealed(rest);
    let Ok((events, end)) = Journal::read(7, &octets) else {
        let later = Journal::read(7, &octets);
        assert!(matches!(later, Err(Damage::Unknown(_))), "its sums are right: {later:?}");
        return;
    };
    let mut written = Vec::new();
    let mut journal = Journal::new(7);
    for event in &events {
        let (more, next) = journal.append(event);
        written.extend(more);
        journal = next;
    }
    assert_eq!(Journal::read(7, &written), Ok((events.clone(), journal)), "the events do not come back");
    assert!(end.end <= octets.len() as u64);

    // Cut or damaged anywhere: what comes before is true, and there is nothing else.
    let at = octets.len() * usize::from(cut) / 256;
    begins(&octets[..at], &events);
    let mut damaged = octets.clone();
    if let Some(octet) = damaged.get_mut(at) {
        *octet ^= wrong.max(1);
        begins(&damaged, &events);
    }
    replayed(&events);
}

/// The octets of a journal with right sums.
fn sealed(mut data: &[u8]) -> Vec<u8> {
    let (mut octets, mut sum) = (Vec::new(), 7u32);
    while let Some((&[length, kind], rest)) = data.split_first_chunk() {
        let (payload, rest) = rest.split_at(usize::from(length).min(rest.len()));
        data = rest;
        let begin = octets.len();
        octets.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        octets.push(kind);
        octets.extend_from_slice(payload);
        sum = crc32c::crc32c_append(crc32c::crc32c(&sum.to_le_bytes()), &octets[begin..]);
        octets.extend_from_slice(&sum.to_le_bytes());
    }
    octets
}

fn begins(octets: &[u8], events: &[Event]) {
    match Journal::read(7, octets) {
        Ok((read, _)) => assert!(events.starts_with(&read), "{read:?} never was"),
        Err(damage) => panic!("{damage}"),
    }
}

/// Event by event: who has it keeps it, and who failed is only tried again when a person says so.
fn replayed(events: &[Event]) {
    for in_doubt in [InDoubt::Retry, InDoubt::Hold] {
        let header = header_of(in_doubt);
        let mut state = State::new(&header, 3);
        for event in events {
            let before = state.clone();
            state.apply(event);
            let is_retry = matches!(event, Event::Schedule { cause: Cause::Retry, .. });
            for place in 0..state.count() {
                match (before.fate(place), state.fate(place)) {
                    (Fate::Accepted, now) => assert_eq!(now, Fate::Accepted),
                    (Fate::Failed, now) => {
                        assert!(now == Fate::Failed || is_retry, "{now:?} after {event:?}")
                    }
                    _ => {}
                }
            }
            assert!(!before.is_removed || state.is_removed);
            let ends = [state.pending(), state.held(), state.failed()].concat();
            assert!(ends.len() <= state.count());
            let is_over = ends.is_empty() && !state.is_held();
            assert!(!is_over || Place::of(&state).is_none() || state.is_damaged(), "{:?}", Place::of(&state));
        }
        assert_eq!(state, State::replay(&header, 3, events));
    }
}

fn header_of(in_doubt: InDoubt) -> Header {
    Header {
        flags: Flags::default(),
        recipients: RECIPIENTS,
        created_ms: 0,
        expires_s: 0,
        body: 2,
        envelope: 1,
        in_doubt,
        envelope_digest: [0; 32],
        body_digest: [0; 32],
        profile: "default".to_owned(),
    }
}
