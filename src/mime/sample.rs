//! A letter for tests: written by one to another, at a fixed time.
#![allow(clippy::unwrap_used)]

use jiff::{Timestamp, tz::TimeZone};

use super::{Attachment, ComposeError, Draft, Message, Source};
use crate::mail::{Address, Listed, Mailbox};
use crate::sys::SeededRandom;

/// A mailbox; without a name if that is empty.
pub(super) fn mailbox(name: &str, address: &str) -> Mailbox {
    let name = Some(name.to_owned()).filter(|name| !name.is_empty());
    Mailbox { name, address: Address::parse(address).unwrap() }
}

/// A draft with nothing in it.
pub(super) fn draft() -> Draft {
    let date = Timestamp::from_second(1_700_000_000).unwrap().to_zoned(TimeZone::UTC);
    let mut draft = Draft::new(mailbox("", "a@example.org"), date, "<1@example.org>".into());
    draft.to = vec![Listed::Mailbox(mailbox("", "b@example.org"))];
    draft
}

/// An attachment whose type is found out.
pub(super) fn attachment(name: &str, octets: impl Into<Vec<u8>>) -> Attachment {
    Attachment { source: Source::Octets(octets.into()), name: Some(name.into()), media_type: None }
}

/// The message of a draft; its boundaries are always the same.
pub(super) fn compose(draft: Draft) -> Result<Message, ComposeError> {
    Message::compose(draft, &SeededRandom::new(1))
}

/// The message as it is written, which it is twice with the same octets.
pub(super) fn octets(message: &Message) -> Vec<u8> {
    let (mut once, mut again) = (Vec::new(), Vec::new());
    message.write_to(&mut once).unwrap();
    message.write_to(&mut again).unwrap();
    assert_eq!(once.len() as u64, message.size());
    assert_eq!(once, again);
    once
}

/// The same as text.
pub(super) fn written(message: &Message) -> String {
    String::from_utf8(octets(message)).unwrap()
}
