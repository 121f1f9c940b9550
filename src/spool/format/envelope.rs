//! The envelope of an entry: items of a tag (one octet), a length (u16, little-endian) and a value.
//!
//! An unknown tag below 128 means something that this version cannot do: the entry is left alone. One from 128 on may be
//! passed over. Values are checked when they are written and when they are read: no control characters, 1 to 10,000
//! recipients.

use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;

use super::header::{Damage, RECIPIENTS};
use crate::mail::{
    Address, DeliverBy, Envelope, EnvelopeId, Hold, Late, Notify, OriginalRecipient, Priority, Return, Wishes,
};

const REVERSE_PATH: u8 = 1;
const RECIPIENT: u8 = 2;
const NOTIFY: u8 = 3;
/// Belongs to the recipient before it.
const ORIGINAL: u8 = 4;
const RET: u8 = 5;
const ENVID: u8 = 6;
const UID: u8 = 7;
const MESSAGE_ID: u8 = 8;
const KEY: u8 = 10;
const DELIVER_BY: u8 = 11;
const HOLD: u8 = 12;
const PRIORITY: u8 = 13;
/// The first tag that may be passed over.
const OPTIONAL: u8 = 128;

/// An envelope with what else is kept beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Who it is from, who gets it, and the wishes.
    pub envelope: Envelope,
    /// Who handed it in.
    pub uid: u32,
    /// The message's identifier, for people and logs.
    pub message_id: String,
    /// The key under which the same submission is known again.
    pub key: Option<[u8; 32]>,
}

/// The octets of an envelope.
pub fn write_envelope(sealed: &Sealed) -> Result<Vec<u8>, Damage> {
    let mut octets = Vec::new();
    let envelope = &sealed.envelope;
    let wishes = envelope.wishes();
    let mut put = |tag: u8, value: &[u8]| -> Result<(), Damage> {
        let length = u16::try_from(value.len()).map_err(|_| Damage::Broken("a value is too long"))?;
        octets.push(tag);
        octets.extend_from_slice(&length.to_le_bytes());
        octets.extend_from_slice(value);
        Ok(())
    };
    let text = |text: &str| match is_plain(text) {
        true => Ok(text.as_bytes().to_vec()),
        false => Err(Damage::Broken("a value holds control characters")),
    };
    let reverse_path = envelope.reverse_path().map(ToString::to_string).unwrap_or_default();
    put(REVERSE_PATH, &text(&reverse_path)?)?;
    if envelope.recipients().len() > RECIPIENTS as usize {
        return Err(Damage::Broken("there are more than 10,000 recipients"));
    }
    for (place, recipient) in envelope.recipients().iter().enumerate() {
        put(RECIPIENT, &text(&recipient.to_string())?)?;
        if let Some(notify) = wishes.notify {
            put(NOTIFY, notify.to_string().as_bytes())?;
        }
        if let Some(original) = envelope.told_original(place) {
            put(ORIGINAL, &text(&original.to_string())?)?;
        }
    }
    if let Some(returned) = wishes.returned {
        put(RET, returned.to_string().as_bytes())?;
    }
    if let Some(id) = &wishes.envelope_id {
        put(ENVID, &text(id.as_str())?)?;
    }
    if let Some(by) = wishes.deliver_by {
        let marks = [u8::from(by.late == Late::Return), u8::from(by.trace)];
        put(DELIVER_BY, &[&by.within_s.to_le_bytes()[..], &marks].concat())?;
    }
    match wishes.hold {
        Some(Hold::For(seconds)) => put(HOLD, &[&[0][..], &i64::from(seconds).to_le_bytes()].concat())?,
        Some(Hold::Until(time)) => put(HOLD, &[&[1][..], &time.as_second().to_le_bytes()].concat())?,
        None => {}
    }
    if let Some(priority) = wishes.priority {
        put(PRIORITY, priority.number().to_string().as_bytes())?;
    }
    put(UID, &sealed.uid.to_le_bytes())?;
    put(MESSAGE_ID, &text(&sealed.message_id)?)?;
    if let Some(key) = &sealed.key {
        put(KEY, key)?;
    }
    Ok(octets)
}

/// What is read item by item.
#[derive(Default)]
struct Parts {
    reverse_path: Option<Option<Address>>,
    recipients: Vec<Address>,
    /// With the places of those to whom they belong.
    originals: Vec<(usize, OriginalRecipient)>,
    wishes: Wishes,
    uid: u32,
    message_id: String,
    key: Option<[u8; 32]>,
}

/// Reads an envelope of a message that asks for REQUIRETLS or not.
pub fn read_envelope(octets: &[u8], require_tls: bool) -> Result<Sealed, Damage> {
    let mut parts = Parts::default();
    let mut rest = octets;
    while let Some((&tag, tail)) = rest.split_first() {
        let cut = Damage::Broken("its envelope ends inside an item");
        let (length, tail) = tail.split_first_chunk::<2>().ok_or(cut.clone())?;
        let (value, tail) =
            tail.split_at_checked(usize::from(u16::from_le_bytes(*length))).ok_or(cut.clone())?;
        rest = tail;
        match tag {
            UID => parts.uid = u32::from_le_bytes(value.try_into().map_err(|_| cut)?),
            KEY => parts.key = Some(value.try_into().map_err(|_| cut)?),
            DELIVER_BY => parts.wishes.deliver_by = Some(read_deliver_by(value)?),
            HOLD => parts.wishes.hold = Some(read_hold(value)?),
            tag if tag < OPTIONAL => parts.take(tag, value)?,
            _ => {}
        }
    }
    let reverse_path = parts.reverse_path.ok_or(Damage::Broken("its envelope has no reverse-path"))?;
    let count = parts.recipients.len();
    let wishes = Wishes { require_tls, ..parts.wishes };
    let envelope = Envelope::new(reverse_path, parts.recipients)
        .map_err(|_| Damage::Broken("its envelope has no recipient"))?
        .with_wishes(wishes);
    if count > RECIPIENTS as usize || envelope.recipients().len() != count {
        return Err(Damage::Broken("its envelope has too many recipients, or one twice"));
    }
    let envelope = parts
        .originals
        .into_iter()
        .fold(envelope, |envelope, (place, original)| envelope.with_original(place, original));
    Ok(Sealed { envelope, uid: parts.uid, message_id: parts.message_id, key: parts.key })
}

impl Parts {
    /// Takes an item that is text.
    fn take(&mut self, tag: u8, value: &[u8]) -> Result<(), Damage> {
        let wrong = || Damage::Broken("a value of its envelope cannot be right");
        let text = std::str::from_utf8(value).ok().filter(|text| is_plain(text)).ok_or_else(wrong)?;
        let address = |text: &str| Address::parse(text).map_err(|_| wrong());
        match tag {
            REVERSE_PATH if text.is_empty() => self.reverse_path = Some(None),
            REVERSE_PATH => self.reverse_path = Some(Some(address(text)?)),
            RECIPIENT => self.recipients.push(address(text)?),
            ORIGINAL => {
                let place = self.recipients.len().checked_sub(1).ok_or_else(wrong)?;
                self.originals.push((place, OriginalRecipient::parse(text).map_err(|_| wrong())?));
            }
            NOTIFY => self.wishes.notify = Some(Notify::parse(text).map_err(|_| wrong())?),
            RET => self.wishes.returned = Some(Return::parse(text).map_err(|_| wrong())?),
            ENVID => self.wishes.envelope_id = Some(EnvelopeId::parse(text).map_err(|_| wrong())?),
            PRIORITY => self.wishes.priority = Some(Priority::parse(text).map_err(|_| wrong())?),
            MESSAGE_ID => text.clone_into(&mut self.message_id),
            _ => return Err(Damage::Unknown(format!("envelope item {tag}"))),
        }
        Ok(())
    }
}

fn read_deliver_by(value: &[u8]) -> Result<DeliverBy, Damage> {
    let (within, marks) = value.split_first_chunk::<4>().ok_or(Damage::Broken("its time limit is cut"))?;
    let &[late @ 0..=1, trace @ 0..=1] = marks else {
        return Err(Damage::Unknown("another time limit".to_owned()));
    };
    let late = if late == 1 { Late::Return } else { Late::Notify };
    Ok(DeliverBy { within_s: u32::from_le_bytes(*within), late, trace: trace == 1 })
}

fn read_hold(value: &[u8]) -> Result<Hold, Damage> {
    let wrong = Damage::Broken("its time of release cannot be right");
    let (&kind, time) = value.split_first().ok_or(wrong.clone())?;
    let seconds = i64::from_le_bytes(time.try_into().map_err(|_| wrong.clone())?);
    match kind {
        0 => u32::try_from(seconds).map(Hold::For).map_err(|_| wrong),
        1 => Timestamp::from_second(seconds).map(Hold::Until).map_err(|_| wrong),
        _ => Err(Damage::Unknown("another time of release".to_owned())),
    }
}

impl Sealed {
    /// The envelope for these recipients as it is to be said to a hop now: the time that the mail was kept is taken off
    /// (RFC 2852 section 4, RFC 4865 section 4). `None` when its time limit has passed and it is to come back.
    pub fn aged(&self, places: &[usize], created_ms: u64, now_s: u64) -> Option<Envelope> {
        let kept_s = u32::try_from(now_s.saturating_sub(created_ms / 1000)).unwrap_or(u32::MAX);
        let mut wishes = self.envelope.wishes().clone();
        if let Some(by) = &mut wishes.deliver_by {
            by.within_s = by.within_s.saturating_sub(kept_s);
            match (by.within_s, by.late) {
                (0, Late::Return) => return None,
                // The limit has passed, and the sender will be told by whoever comes next.
                (0, Late::Notify) => by.within_s = 1,
                _ => {}
            }
        }
        wishes.hold = match wishes.hold {
            Some(Hold::For(seconds)) if seconds <= kept_s => None,
            Some(Hold::For(seconds)) => Some(Hold::For(seconds - kept_s)),
            Some(Hold::Until(time)) if is_past(time, now_s) => None,
            other => other,
        };
        Some(self.envelope.only(places).with_wishes(wishes))
    }
}

fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

fn is_past(time: Timestamp, now_s: u64) -> bool {
    Timestamp::try_from(UNIX_EPOCH + Duration::from_secs(now_s)).is_ok_and(|now| time <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Sealed {
        let address = |text: &str| Address::parse(text).unwrap();
        let wishes = Wishes {
            notify: Some(Notify::parse("success,delay").unwrap()),
            returned: Some(Return::Headers),
            envelope_id: Some(EnvelopeId::parse("a b").unwrap()),
            deliver_by: Some(DeliverBy::parse("2h,return,trace").unwrap()),
            hold: Some(Hold::For(600)),
            priority: Some(Priority::parse("-3").unwrap()),
            require_tls: true,
        };
        let recipients = [address("用户@example.org"), address("\"a b\"@x.org")];
        Sealed {
            envelope: Envelope::new(Some(address("me@x.org")), recipients)
                .unwrap()
                .with_wishes(wishes)
                .with_original(1, OriginalRecipient::parse("utf-8;列表@x.org").unwrap()),
            uid: 1000,
            message_id: "<1@x.org>".to_owned(),
            key: Some([3; 32]),
        }
    }

    #[test]
    fn an_envelope_comes_back() {
        let octets = write_envelope(&sealed()).unwrap();
        assert_eq!(read_envelope(&octets, true), Ok(sealed()));
        for end in 0..octets.len() {
            assert_ne!(read_envelope(&octets[..end], true), Ok(sealed()), "cut at {end}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_alone_or_passed_over() {
        let octets = write_envelope(&sealed()).unwrap();
        // The first item that tells whom a mail was first written to has no recipient before it.
        let orphan = [&[ORIGINAL, 10, 0][..], b"rfc822;a@x", &octets].concat();
        assert!(matches!(read_envelope(&orphan, true), Err(Damage::Broken(_))));
        let more = |tag: u8| [&octets[..], &[tag, 1, 0, b'x']].concat();
        assert!(matches!(read_envelope(&more(99), true), Err(Damage::Unknown(_))));
        assert_eq!(read_envelope(&more(200), true), Ok(sealed()));
    }

    #[test]
    fn no_control_character_comes_in_or_out() {
        let mut evil = sealed();
        evil.message_id = "<1@x>\r\nRCPT TO:<evil@x>".to_owned();
        assert!(write_envelope(&evil).is_err());
        let mut octets = write_envelope(&sealed()).unwrap();
        let at = octets.windows(3).position(|window| window == b"<1@").unwrap();
        octets[at] = b'\n';
        assert!(read_envelope(&octets, true).is_err());
    }

    #[test]
    fn time_that_passed_is_taken_off() {
        let at = |seconds: u64| sealed().aged(&[1], 1_000_000, 1000 + seconds);
        let envelope = at(100).unwrap();
        assert_eq!(envelope.recipients().len(), 1);
        assert_eq!(envelope.told_original(0), sealed().envelope.told_original(1));
        assert_eq!(envelope.wishes().deliver_by.unwrap().within_s, 7100);
        assert_eq!(envelope.wishes().hold, Some(Hold::For(500)));
        assert_eq!(at(700).unwrap().wishes().hold, None);
        assert_eq!(at(7200), None);
    }
}
