//! What a given message holds, and how it is sent (RFC 2045 5 and 6, RFC 2046 5).
//!
//! It is sent as it is where every transport passes it. Of a single part what does not pass is encoded, as everywhere
//! else, so that no server has to convert it. What holds parts of its own cannot be encoded (RFC 2045 6.4): its octets
//! above 127 stay, and the server must offer 8BITMIME.

use super::Manner;
use super::field::{Field, Value};
use super::lines::{Seen, has_delimiter, pass};
use crate::mail::Warning;
use crate::mime::charset::{Charsets, charset};
use crate::mime::encode::{Base64, QuotedPrintable};
use crate::mime::error::{ComposeError, MessageError};
use crate::mime::header::parameter::MediaType;
use crate::mime::part::{Content, Outline};
use crate::mime::read::parameter;
use crate::mime::source::{Body, Taken};
use crate::mime::text::{self, Planned, Transfer};

/// How the content is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mime) struct Plan {
    /// What is done to its lines; nothing for `7bit`.
    transfer: Transfer,
    /// Octets as written.
    pub(in crate::mime) size: u64,
    /// Whether there are octets above 127.
    is_eight_bit: bool,
}

/// The content, ready to be written.
#[derive(Debug, Clone)]
pub(in crate::mime) struct Prepared {
    pub(in crate::mime) content: Content,
    pub(in crate::mime) outline: Outline,
    /// Octets as written.
    pub(in crate::mime) size: u64,
    pub(in crate::mime) is_eight_bit: bool,
    /// Whether a line of it begins like a boundary that is made here.
    pub(in crate::mime) may_delimit: bool,
}

/// What the fields say of the content.
struct Label {
    value: String,
    essence: String,
    encoding: String,
    charset: Option<String>,
}

impl Label {
    fn of(fields: &[Field]) -> Self {
        let find = |name: &str| fields.iter().find(|field| field.is(name)).and_then(Field::given);
        let value = find("Content-Type").unwrap_or_default();
        let essence = value.split([';', '(']).next().unwrap_or_default().trim().to_ascii_lowercase();
        let encoding = find("Content-Transfer-Encoding").unwrap_or_default();
        let encoding = encoding.split('(').next().unwrap_or_default().trim().to_ascii_lowercase();
        Label {
            // RFC 2045 5.2: what cannot be read is a plain text.
            essence: if essence.contains('/') { essence } else { "text/plain".to_owned() },
            encoding: if encoding.is_empty() { "7bit".to_owned() } else { encoding },
            charset: parameter(&value, "charset"),
            value,
        }
    }

    fn is(&self, kind: &str) -> bool {
        self.essence.starts_with(kind)
    }

    fn is_unencoded(&self) -> bool {
        matches!(self.encoding.as_str(), "7bit" | "8bit" | "binary")
    }
}

/// Whether a text that is typed elsewhere can go on behind it.
pub(super) fn may_grow(fields: &[Field]) -> bool {
    let label = Label::of(fields);
    label.essence == "text/plain" && label.is_unencoded()
}

/// Finds out how the body is sent; changes the fields of the content where they would not be true any more. The body
/// begins on `line`.
pub(super) fn prepare(
    fields: &mut Vec<Field>,
    body: &Body,
    line: u64,
    charsets: &Charsets,
    warnings: &mut Vec<Warning>,
) -> Result<Prepared, ComposeError> {
    let label = Label::of(fields);
    let seen = Seen::read(body)?;
    let holds_parts = label.is("multipart/") || label.is("message/");
    let fault = |at: u64, reason: &str| Err(Manner::Draft.fault(line + at - 1, reason));
    if holds_parts || !label.is_unencoded() {
        if let Some(at) = seen.foul {
            return fault(at, "a NUL, or a CR without LF, stands in it");
        }
        if let Some(at) = seen.long {
            return fault(at, "it is longer than 998 octets, and a part of a multipart is not encoded anew");
        }
    }
    match (label.is_unencoded(), seen.eight_bit) {
        (false, Some(at)) => {
            return fault(at, &format!("an octet above 127 stands in what is said to be {}", label.encoding));
        }
        (true, Some(_)) if holds_parts => {
            if label.encoding != "8bit" {
                set(fields, "Content-Transfer-Encoding", "8bit");
            }
            return Ok(keep(&label, "8bit", seen, body));
        }
        (true, None) if seen.passes() => {
            if label.encoding == "binary" {
                set(fields, "Content-Transfer-Encoding", "7bit");
            }
            return Ok(keep(&label, "7bit", seen, body));
        }
        (true, _) => {}
        (false, None) => {
            let known = ["base64", "quoted-printable"].into_iter().find(|known| *known == label.encoding);
            return Ok(keep(&label, known.unwrap_or("other"), seen, body));
        }
    }
    if !label.is("text/") {
        set(fields, "Content-Transfer-Encoding", "base64");
        let octets = body.length();
        let outline = outline(&label, "base64", octets);
        let size = Base64::size(octets);
        return Ok(Prepared {
            content: Content::Base64(body.clone()),
            outline,
            size,
            is_eight_bit: false,
            may_delimit: false,
        });
    }
    if is_true(&label, &seen, body)? {
        let plan = encoded(&seen, body)?;
        set(fields, "Content-Transfer-Encoding", plan.transfer.word());
        let outline = outline(&label, plan.transfer.word(), seen.octets);
        return Ok(Prepared {
            content: Content::Given(body.clone(), plan),
            outline,
            size: plan.size,
            is_eight_bit: false,
            may_delimit: false,
        });
    }
    relabel(&label, fields, body, charsets, warnings)
}

/// The plan for an attached message, which may not be encoded (RFC 2046 5.2.1), if octets above 127 are all that a transport may
/// not pass, and no line of it begins with `delimiter`.
pub(in crate::mime) fn eight_bit(body: &Body, delimiter: &str) -> Result<Option<Plan>, MessageError> {
    let seen = Seen::read(body)?;
    let is_fit = seen.passes() && !(seen.may_delimit && has_delimiter(body, delimiter)?);
    let is_eight_bit = seen.eight_bit.is_some();
    let plan = Plan { transfer: Transfer::SevenBit, size: seen.octets, is_eight_bit };
    Ok((is_fit && is_eight_bit).then_some(plan))
}

/// Leaves it as it is.
fn keep(label: &Label, transfer: &'static str, seen: Seen, body: &Body) -> Prepared {
    let is_eight_bit = seen.eight_bit.is_some();
    let plan = Plan { transfer: Transfer::SevenBit, size: seen.octets, is_eight_bit };
    Prepared {
        content: Content::Given(body.clone(), plan),
        outline: outline(label, transfer, seen.octets),
        size: seen.octets,
        is_eight_bit,
        may_delimit: seen.may_delimit,
    }
}

/// Encodes it, in the charset it is in.
fn encoded(seen: &Seen, body: &Body) -> Result<Plan, MessageError> {
    let mut plan = Plan { transfer: Transfer::QuotedPrintable, size: 0, is_eight_bit: false };
    write_through(body, plan, &mut |octets| {
        plan.size += octets.len() as u64;
        Ok(())
    })?;
    let base64 = Base64::size(seen.octets);
    if base64 < plan.size {
        (plan.transfer, plan.size) = (Transfer::Base64, base64);
    }
    Ok(plan)
}

/// Whether the text can be in the charset that its label names.
fn is_true(label: &Label, seen: &Seen, body: &Body) -> Result<bool, MessageError> {
    if seen.eight_bit.is_none() {
        return Ok(true);
    }
    match label.charset.as_deref().map(charset) {
        Some(Ok(Some(encoding))) if encoding == encoding_rs::UTF_8 => text::is_utf_8(body),
        Some(Ok(Some(_))) => Ok(true),
        _ => Ok(false),
    }
}

/// Encodes it as a typed text would be, with a label that is true.
fn relabel(
    label: &Label,
    fields: &mut Vec<Field>,
    body: &Body,
    charsets: &Charsets,
    warnings: &mut Vec<Warning>,
) -> Result<Prepared, ComposeError> {
    let value = if label.value.contains('/') { label.value.as_str() } else { "text/plain" };
    let mut media = MediaType::parse(value)?;
    let (content, transfer, octets, size) = match text::plan(body, charsets, "", false, warnings)? {
        Planned::Text(plan) => {
            media.set("charset", Some(plan.charset));
            (Content::Text(body.clone(), plan), plan.transfer.word(), plan.octets, plan.size)
        }
        Planned::Unknown => {
            media.set("charset", Some("unknown-8bit"));
            (Content::Base64(body.clone()), "base64", body.length(), Base64::size(body.length()))
        }
    };
    let value = [std::slice::from_ref(&media.essence), &media.parameters].concat().join("; ");
    set(fields, "Content-Type", &value);
    set(fields, "Content-Transfer-Encoding", transfer);
    let outline = outline(&Label::of(fields), transfer, octets);
    Ok(Prepared { content, outline, size, is_eight_bit: false, may_delimit: false })
}

fn outline(label: &Label, transfer: &'static str, octets: u64) -> Outline {
    Outline {
        media_type: label.essence.clone(),
        charset: label.charset.clone(),
        name: parameter(&label.value, "name"),
        transfer,
        octets,
    }
}

/// Gives a field another value, in its place; a new one stands behind the others of the content.
fn set(fields: &mut Vec<Field>, name: &str, value: &str) {
    let value = Value::Plain(value.to_owned());
    match fields.iter_mut().find(|field| field.is(name)) {
        Some(field) => field.value = value,
        None => {
            let last = fields.iter().rposition(|field| super::field::is_content(&field.name));
            let place = last.map_or(fields.len(), |place| place + 1);
            fields.insert(place, Field { name: name.to_owned(), line: 0, value });
        }
    }
}

/// Writes it as planned. What is not what it was when it was planned is an error.
pub(in crate::mime) fn write(body: &Body, plan: Plan, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
    let changed = || MessageError::Changed { path: body.path(), change: "its text is not the same" };
    let mut written = Seen::default();
    write_through(body, plan, &mut |octets| {
        written.see(octets);
        let is_foreign = written.eight_bit.is_some() && !plan.is_eight_bit;
        if written.octets > plan.size || is_foreign || !written.passes() {
            return Err(changed());
        }
        sink(octets)
    })?;
    if written.octets == plan.size { Ok(()) } else { Err(changed()) }
}

fn write_through(body: &Body, plan: Plan, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
    match plan.transfer {
        Transfer::SevenBit => pass(body, sink),
        Transfer::QuotedPrintable => {
            let mut encoder = QuotedPrintable::default();
            pass(body, &mut |octets| encoder.push(octets, sink))?;
            encoder.finish(sink)
        }
        Transfer::Base64 => {
            let mut encoder = Base64::new();
            pass(body, &mut |octets| encoder.push(octets, sink))?;
            encoder.finish(sink)
        }
    }
}
