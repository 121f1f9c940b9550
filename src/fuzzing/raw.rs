//! Finished messages of programs: any octets become a message that every transport passes, or are refused.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::mail::{Address, Mailbox};
use crate::mime::{Attachment, Draft, Given, Message, Source};
use crate::sys::SeededRandom;

/// Any octets as a message that a program hands in.
pub fn raw(data: &[u8]) {
    let Some((&how, octets)) = data.split_first() else { return };
    let Some(message) = compose(octets, how & 1 != 0) else { return };
    let written = write(&message);
    // What was made fit is fit: it goes through once more as it is.
    let again = compose(&written, false).expect("what was made fit is taken");
    assert_eq!(String::from_utf8_lossy(&write(&again)), String::from_utf8_lossy(&written));
}

fn compose(octets: &[u8], is_attached: bool) -> Option<Message> {
    let date = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let from = Mailbox::from(Address::parse("me@x").expect("an address"));
    let mut draft = Draft::new(from, date, "<1@x>".to_owned());
    let given = Given::of_message(Source::Octets(octets.to_vec()));
    let message = given.and_then(|given| {
        draft.given = Some(given);
        draft.attachments.extend(is_attached.then(|| Attachment::from(Source::Octets(b"x".to_vec()))));
        Message::compose(draft, &SeededRandom::new(1))
    });
    if let Err(error) = &message {
        assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
    }
    message.ok()
}

/// Writes it, and holds the octets against what is promised of all messages.
fn write(message: &Message) -> Vec<u8> {
    let write = || {
        let mut out = Vec::new();
        message.write_to(&mut out).map(|()| out).expect("what was composed can be written")
    };
    let written = write();
    assert_eq!(written.len() as u64, message.size());
    assert!(written == write(), "it is not the same each time");
    assert!(message.needs_smtputf8() || message.header().is_ascii(), "{}", message.header());
    for line in written.split_inclusive(|&octet| octet == b'\n') {
        let text = line.strip_suffix(b"\r\n").unwrap_or_else(|| panic!("no CRLF: {}", line.escape_ascii()));
        assert!(!text.contains(&b'\r') && !text.contains(&0), "{}", line.escape_ascii());
        assert!(text.len() <= 998, "a line of {} octets", text.len());
        assert!(message.is_eight_bit() || line.is_ascii(), "{}", line.escape_ascii());
    }
    written
}
