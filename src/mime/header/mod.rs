//! The header: which fields there are and what may stand in them (RFC 5322 3.6, RFC 6532 for addresses).
//!
//! How a field's body is folded and encoded is in `value.rs`, in another charset than UTF-8 in `coded.rs`; types and file
//! names are in `parameter.rs`.

mod coded;
pub(super) mod parameter;
mod value;

use std::borrow::Cow;
use std::fmt;

use email_encoding::headers::writer::EmailWriter;
use encoding_rs::Encoding;

pub(super) use self::coded::{Lacking, in_utf8};
use self::value::LONGEST_WORD;
pub(super) use self::value::{OCTETS, Value, can_fold, unknown_words};
use super::charset::{Charsets, Text, Undecodable};
use super::error::ComposeError;
use crate::mail::{Listed, Warning, WarningKind, parse_list};

/// Longest name of an own field, so that the name and the first word fit on a line.
const LONGEST_NAME: usize = 76;
/// Fields that are made from the draft. A second one is forbidden (RFC 5322 3.6, RFC 2045 3).
const MADE_HERE: [&str; 8] =
    ["From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version"];
/// Own fields whose body has a syntax in which encoded-words mean nothing (RFC 5322 3.6.4, RFC 2369, RFC 3834).
const STRUCTURED: [&str; 14] = [
    "References",
    "In-Reply-To",
    "Auto-Submitted",
    "Precedence",
    "Original-Message-ID",
    "Archived-At",
    "List-ID",
    "List-Archive",
    "List-Help",
    "List-Owner",
    "List-Post",
    "List-Subscribe",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];
/// Own fields that hold an address list.
const ADDRESSES: [&str; 5] =
    ["Errors-To", "Disposition-Notification-To", "Return-Receipt-To", "Mail-Followup-To", "Mail-Reply-To"];

/// Whether a field of this name has a syntax in which encoded-words mean nothing, as far as it is known.
pub(super) fn is_structured(name: &str) -> bool {
    STRUCTURED.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether an own field of this name holds an address list.
pub(super) fn is_address_list(name: &str) -> bool {
    ADDRESSES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The header under construction.
#[derive(Default)]
pub(super) struct Header {
    /// The fields, each line ended in CRLF.
    pub(super) text: String,
    /// Whether an address stands in raw UTF-8.
    pub(super) smtputf8: bool,
    /// Whether what looks like an encoded-word is one, which nobody here can read, and stays; else it is text like any
    /// other, and encoded.
    pub(super) keeps_words: bool,
    /// The letter's charset, if it is not UTF-8.
    output: Option<&'static Encoding>,
    /// What could not be in it.
    pub(super) lacking: Vec<Lacking>,
}

/// The field Bcc, for a copy that its sender keeps; it is in no message that is sent.
pub fn bcc_field(list: &[Listed]) -> Result<String, ComposeError> {
    let mut header = Header::default();
    header.addresses("Bcc", list)?;
    Ok(header.text)
}

impl Header {
    /// Adds the fields of another.
    pub(super) fn append(&mut self, mut other: Header) {
        self.text.push_str(&other.text);
        self.smtputf8 |= other.smtputf8;
        self.lacking.append(&mut other.lacking);
    }

    /// Adds a field whose body `write` makes, in UTF-8 or ASCII.
    pub(super) fn field(&mut self, name: &str, write: impl FnOnce(&mut Value<'_>) -> fmt::Result) {
        self.field_in(None, name, write);
    }

    /// Adds a field whose body `write` makes, in a charset that has all its characters.
    pub(super) fn field_in(
        &mut self,
        charset: Option<&'static Encoding>,
        name: &str,
        write: impl FnOnce(&mut Value<'_>) -> fmt::Result,
    ) {
        self.text.push_str(name);
        self.text.push(':');
        {
            let writer = EmailWriter::new(&mut self.text, name.len() + 1, 0, false);
            write(&mut Value { writer, begun: false, mark: 0, charset, keeps_words: self.keeps_words })
                .expect("a String takes every write");
        }
        self.text.push_str("\r\n");
    }

    /// Adds a field of ASCII words that are made here.
    pub(super) fn plain(&mut self, name: &str, value: &str) {
        self.field(name, |body| body.folded(value));
    }

    /// Adds an address field.
    pub(super) fn addresses(&mut self, name: &str, list: &[Listed]) -> Result<(), ComposeError> {
        let mut names = String::new();
        for listed in list {
            if let Listed::Group(group) = listed {
                one_line("a group's name", group.name.as_bytes())?;
                names.push_str(&group.name);
            }
            for mailbox in listed.mailboxes() {
                let name = mailbox.name.as_deref().unwrap_or_default();
                one_line(format_args!("the display name of {}", mailbox.address), name.as_bytes())?;
                names.push_str(name);
            }
        }
        let charset = self.charset_for(name, &names);
        self.smtputf8 |= list.iter().flat_map(Listed::mailboxes).any(|mailbox| !mailbox.address.is_ascii());
        self.field_in(charset, name, |body| body.list(list));
        Ok(())
    }

    /// Adds the Subject. An empty one is no field.
    pub(super) fn subject(
        &mut self,
        subject: &Text,
        charsets: &Charsets,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ComposeError> {
        if subject.is_empty() {
            return Ok(());
        }
        self.unstructured("Subject", "a subject", subject, charsets, warnings)
    }

    /// Adds a field of the person's own.
    pub(super) fn own(
        &mut self,
        name: &str,
        text: &Text,
        charsets: &Charsets,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ComposeError> {
        check_name(name)?;
        let what = format!("the field {name}");
        one_line(&what, text.octets())?;
        let decoded = text.decode(charsets).ok();
        let decoded = decoded.as_deref().map(str::trim);
        if name.eq_ignore_ascii_case("Sender") {
            return self.sender(name, decoded.unwrap_or_default());
        }
        if name.eq_ignore_ascii_case("Keywords")
            && let Some(text) = decoded
        {
            one_line(&what, text.as_bytes())?;
            let charset = self.charset_for(name, text);
            self.field_in(charset, name, |body| body.phrases(&phrases(text)));
            return Ok(());
        }
        if is_address_list(name)
            && let Some(list) = decoded.and_then(|text| parse_list(text, None).ok())
        {
            return self.addresses(name, &list);
        }
        if is_structured(name) || is_address_list(name) {
            return self.structured(name, decoded.unwrap_or("\u{fffd}"));
        }
        self.unstructured(name, &what, text, charsets, warnings)
    }

    /// Adds a Sender, which is one mailbox (RFC 5322 3.6.2).
    fn sender(&mut self, name: &str, text: &str) -> Result<(), ComposeError> {
        match parse_list(text, None).as_deref() {
            Ok([sender @ Listed::Mailbox(_)]) => self.addresses(name, std::slice::from_ref(sender)),
            _ => {
                let reason = "takes one address, such as you@example.org";
                Err(ComposeError::Structure { name: name.to_owned(), reason })
            }
        }
    }

    /// Adds a field that is folded, never encoded.
    pub(super) fn structured(&mut self, name: &str, text: &str) -> Result<(), ComposeError> {
        let fail = |reason| Err(ComposeError::Structure { name: name.to_owned(), reason });
        if !text.bytes().all(|octet| matches!(octet, b'\t' | b' '..=b'~')) {
            return fail("may hold printable ASCII only");
        }
        if text.split([' ', '\t']).any(|word| word.len() > LONGEST_WORD) {
            return fail("holds a word of more than 900 octets, which cannot be folded");
        }
        self.field(name, |body| text.split_ascii_whitespace().try_for_each(|word| body.word(word)));
        Ok(())
    }

    /// Adds a field of words that readers take for text: encoded-words are allowed in it.
    pub(super) fn unstructured(
        &mut self,
        name: &str,
        what: &str,
        text: &Text,
        charsets: &Charsets,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ComposeError> {
        one_line(what, text.octets())?;
        let Some(value) = legible(name, text, charsets, warnings)? else {
            self.field(name, |body| match body.keeps_words {
                true => body.unstructured(&unknown_words(text.octets())),
                false => body.unknown(text.octets()),
            });
            return Ok(());
        };
        one_line(what, value.as_bytes())?;
        let charset = self.charset_for(name, &value);
        self.field_in(
            charset,
            name,
            |body| if value.is_empty() { Ok(()) } else { body.unstructured(&value) },
        );
        Ok(())
    }
}

/// Reads the text of a field. Nothing where no charset explains it: it is then sent as `unknown-8bit`, which is warned of.
pub(super) fn legible<'a>(
    name: &str,
    text: &'a Text,
    charsets: &Charsets,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Cow<'a, str>>, ComposeError> {
    let offset = match text.decode(charsets) {
        Ok(text) => return Ok(Some(text)),
        Err(offset) => offset,
    };
    let (kind, words) = match charsets.undecodable {
        Undecodable::Fail => {
            let offset = offset as u64;
            return Err(ComposeError::Undecodable { what: format!("the field {name}"), offset });
        }
        Undecodable::Replace => {
            (WarningKind::MALFORMED_TEXT, format!("malformed characters of the field {name} became U+FFFD"))
        }
        Undecodable::Keep => (
            WarningKind::EIGHT_BIT_HEADER,
            format!(
                "the field {name} is in no known charset, octet {offset} is the first that is not UTF-8: it is \
                 sent unchanged as unknown-8bit"
            ),
        ),
    };
    let is_replaced = kind == WarningKind::MALFORMED_TEXT;
    warnings.push(Warning::new(kind, words));
    Ok(is_replaced.then(|| text.lossy()))
}

/// Refuses what would end a line.
pub(super) fn one_line(what: impl fmt::Display, octets: &[u8]) -> Result<(), ComposeError> {
    let character = match memchr::memchr3(b'\r', b'\n', b'\0', octets).map(|at| octets[at]) {
        None => return Ok(()),
        Some(b'\r') => "a CR",
        Some(b'\n') => "an LF",
        Some(_) => "a NUL",
    };
    Err(ComposeError::OneLine { what: what.to_string(), character })
}

/// Refuses a Message-ID or Content-ID that is not `<left@right>` (RFC 5322 3.6.4, RFC 2045 7).
pub(super) fn check_id(name: &str, id: &str) -> Result<(), ComposeError> {
    let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).and_then(|id| id.split_once('@'));
    let is_good = |half: &str| {
        !half.is_empty() && half.bytes().all(|octet| matches!(octet, b'!'..=b'~') && !b"<>@".contains(&octet))
    };
    match inner {
        Some((left, right)) if is_good(left) && is_good(right) && id.len() <= LONGEST_WORD => Ok(()),
        _ => Err(ComposeError::Structure { name: name.to_owned(), reason: "is not `<left@right>`" }),
    }
}

/// The phrases of a list with commas; a comma in quotes is part of one (RFC 5322 3.6.5).
fn phrases(text: &str) -> Vec<String> {
    let (mut phrases, mut is_quoted, mut is_escaped) = (vec![String::new()], false, false);
    for character in text.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => {
                is_escaped = true;
                continue;
            }
            '"' => {
                is_quoted = !is_quoted;
                continue;
            }
            ',' if !is_quoted => {
                phrases.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(phrase) = phrases.last_mut() {
            phrase.push(character);
        }
    }
    phrases.iter().map(|phrase| phrase.trim().to_owned()).filter(|phrase| !phrase.is_empty()).collect()
}

fn check_name(name: &str) -> Result<(), ComposeError> {
    let fail = |reason| Err(ComposeError::FieldName { name: name.to_owned(), reason });
    if name.is_empty() {
        return fail("it is empty");
    }
    if !name.bytes().all(|octet| matches!(octet, b'!'..=b'~') && octet != b':') {
        return fail("only printable ASCII without blank and colon may stand in it");
    }
    if name.len() > LONGEST_NAME {
        return fail("it is longer than 76 octets");
    }
    let is_mime = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
    if is_mime || MADE_HERE.iter().any(|made| name.eq_ignore_ascii_case(made)) {
        return Err(ComposeError::Duplicate { name: name.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
