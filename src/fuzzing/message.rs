//! Messages: those that arrived are read, whatever they are; those that are composed hold what was put in.

use std::io::{BufReader, Cursor};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::mail::{Address, Mailbox, parse_list};
use crate::mime::{Attachment, Charsets, Contents, Draft, Message, Source, Text, Undecodable};
use crate::sys::SeededRandom;

/// Any octets as a message that arrived.
pub fn message(data: &[u8]) {
    let whole = Contents::read(&mut &data[..]).expect("memory can be read");
    let octets: u64 = whole.parts.iter().map(|leaf| leaf.octets).sum();
    assert!(octets <= 2 * data.len() as u64 + 2, "{octets} octets out of {}", data.len());
    // What comes in small reads is the same message.
    let mut slowly = BufReader::with_capacity(1 + data.len() % 7, Cursor::new(data));
    assert_eq!(Contents::read(&mut slowly).expect("memory can be read"), whole);
}

/// A subject, a field, a text, an attachment, its name and its type, divided by NUL.
pub fn draft(data: &[u8]) {
    let Some((&how, rest)) = data.split_first() else { return };
    let pieces: Vec<&[u8]> = rest.splitn(7, |&octet| octet == 0).collect();
    let piece = |at: usize| pieces.get(at).copied().unwrap_or_default();
    let as_text = |at: usize| String::from_utf8_lossy(piece(at)).into_owned();
    let words = |at: usize| {
        use std::os::unix::ffi::OsStringExt;
        Text::from(std::ffi::OsString::from_vec(piece(at).to_vec()))
    };
    let date = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let from = Mailbox::from(Address::parse("me@x").expect("an address"));
    let mut draft = Draft::new(from, date, "<1@x>".to_owned());
    draft.subject = Some(words(0));
    draft.body = Source::Octets(piece(1).to_vec()).into();
    draft.to = parse_list(&as_text(2), None).unwrap_or_default();
    if how & 1 != 0 {
        draft.fields = vec![("X-Own".to_owned(), words(3))];
    }
    if how & 2 != 0 {
        let media_type = (how & 4 != 0).then(|| as_text(5));
        let name = (how & 8 != 0).then(|| as_text(6));
        let source = Source::Octets(piece(4).to_vec());
        draft.attachments = vec![Attachment { source, name, media_type }];
    }
    let some = |bit: u8, encoding| (how & bit != 0).then_some(encoding);
    draft.charsets = Charsets {
        declared: some(0x10, encoding_rs::GBK),
        locale: some(0x20, encoding_rs::WINDOWS_1252),
        output: some(0x40, encoding_rs::ISO_2022_JP),
        undecodable: if how & 0x80 != 0 { Undecodable::Replace } else { Undecodable::Keep },
    };
    compose(draft);
}

fn compose(draft: Draft) {
    let attached = draft.attachments.first().cloned();
    let message = match Message::compose(draft, &SeededRandom::new(1)) {
        Ok(message) => message,
        Err(error) => {
            assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
            return;
        }
    };
    let write = || {
        let mut out = Vec::new();
        message.write_to(&mut out).map(|()| out).expect("what was composed can be written")
    };
    let written = write();
    assert_eq!(written.len() as u64, message.size());
    assert!(written == write(), "it is not the same each time");
    for line in written.split_inclusive(|&octet| octet == b'\n') {
        let text = line.strip_suffix(b"\r\n").unwrap_or_else(|| panic!("no CRLF: {}", line.escape_ascii()));
        assert!(!text.contains(&b'\r') && !text.contains(&0), "{}", line.escape_ascii());
        assert!(text.len() <= 998, "a line of {} octets", text.len());
        assert!(message.is_eight_bit() || line.is_ascii(), "{}", line.escape_ascii());
    }

    let contents = Contents::read(&mut &written[..]).expect("memory can be read");
    let count =
        |name: &str| contents.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).count();
    for name in ["Date", "From", "To", "Message-ID", "MIME-Version", "Content-Type"] {
        assert_eq!(count(name), 1, "{name}: {:?}", contents.fields);
    }
    assert_eq!(count("Bcc"), 0, "{:?}", contents.fields);
    assert_eq!(contents.parts.len(), message.parts().count(), "{contents:?}");
    let (Some(attached), Some(outline), Some(leaf)) =
        (attached, message.parts().nth(1), contents.parts.get(1))
    else {
        return;
    };
    assert_eq!(outline.name, leaf.name, "the name that the reader sees");
    if outline.transfer == "base64" {
        assert_eq!(leaf.octets, attached.source.length());
    }
}
