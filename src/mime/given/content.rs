//! What a given message holds, and how it is sent (RFC 2045 5 and 6, RFC 2046 5).
//!
//! It is sent as it is where every transport passes it. What does not pass is encoded, as everywhere else, so that no
//! server has to convert it; in what holds parts of its own, a part of it is (`tree/`). A person's draft of parts keeps its
//! octets above 127, and the server must offer 8BITMIME.

use std::sync::Arc;

use super::Manner;
use super::edit::{self, Change, Edit, Recode};
use super::field::{Field, Value, is_content};
use super::label::{Label, true_charset};
use super::lines::{Seen, has_delimiter};
use super::tree;
use crate::mail::{Warning, WarningKind};
use crate::mime::charset::{Charsets, charset};
use crate::mime::encode::Base64;
use crate::mime::error::{ComposeError, MessageError};
use crate::mime::part::{Content, Outline};
use crate::mime::read::parameter;
use crate::mime::source::{Body, Taken};
use crate::mime::text::{self, Planned};

/// How the content is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mime) struct Plan {
    manner: Manner,
    /// What is done to its lines; nothing where it goes as it is.
    edits: Arc<[Edit]>,
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
    /// Whether a line of it begins like a boundary that is made here.
    pub(in crate::mime) may_delimit: bool,
}

/// What is given, and how it is taken.
pub(super) struct Preparing<'a> {
    pub(super) manner: Manner,
    pub(super) body: &'a Body,
    /// The number of the body's first line.
    pub(super) line: u64,
    pub(super) charsets: &'a Charsets,
    pub(super) warnings: &'a mut Vec<Warning>,
}

/// Whether a text that is typed elsewhere can go on behind it, and its label stays true.
pub(super) fn may_grow(fields: &[Field], text: &Body) -> Result<bool, MessageError> {
    let label = Label::of(fields);
    // What is typed is UTF-8; what is said to be ASCII gets another label.
    let is_utf_8 = match label.charset.as_deref().map(charset) {
        None | Some(Ok(None)) => true,
        Some(found) => found == Ok(Some(encoding_rs::UTF_8)),
    };
    let is_plain = label.essence == "text/plain" && label.is_unencoded();
    Ok(is_plain && (is_utf_8 || Seen::read(text, Manner::Draft)?.eight_bit.is_none()))
}

/// The plan for an attached message, which may not be encoded (RFC 2046 5.2.1), if octets above 127 are all that a transport may
/// not pass, and no line of it begins with `delimiter`.
pub(in crate::mime) fn eight_bit(body: &Body, delimiter: &str) -> Result<Option<Plan>, MessageError> {
    let manner = Manner::Draft;
    let seen = Seen::read(body, manner)?;
    let is_fit = seen.passes() && !(seen.may_delimit && has_delimiter(body, manner, delimiter)?);
    let is_eight_bit = seen.eight_bit.is_some();
    let plan = Plan { manner, edits: [].into(), size: seen.octets, is_eight_bit };
    Ok((is_fit && is_eight_bit).then_some(plan))
}

impl Preparing<'_> {
    /// Finds out how the body is sent; changes the fields of the content where they would not be true any more.
    pub(super) fn prepare(mut self, fields: &mut Vec<Field>) -> Result<Prepared, ComposeError> {
        let label = Label::of(&*fields);
        let seen = Seen::read(self.body, self.manner)?;
        let is_message = self.manner == Manner::Message;
        // In a multipart readers look for boundaries whatever it says of its encoding; a message they decode.
        let is_open = label.is_unencoded() || (is_message && label.is("multipart/"));
        let is_walked = label.holds_parts() && is_open;
        let is_mended = is_message && label.mended(&seen).is_some();
        let is_kept = is_walked || !(label.is_unencoded() || is_mended);
        if let Some(at) = seen.foul.filter(|_| is_kept) {
            let words =
                if is_message { "a NUL stands in it" } else { "a NUL, or a CR without LF, stands in it" };
            return Err(self.fault(at, words));
        }
        if is_walked {
            return self.of_parts(&label, seen, fields);
        }
        if !label.is_unencoded() {
            return self.of_encoded(&label, seen);
        }
        if is_message && !fields.iter().any(|field| field.is("Content-Type")) {
            let charset = if seen.eight_bit.is_some() { "" } else { "; charset=us-ascii" };
            set(fields, "Content-Type", &format!("text/plain{charset}"));
            if !fields.iter().any(|field| field.is("Content-Transfer-Encoding")) {
                set(fields, "Content-Transfer-Encoding", "7bit");
            }
        }
        if seen.eight_bit.is_none() && seen.passes() {
            if label.encoding == "binary" {
                set(fields, "Content-Transfer-Encoding", "7bit");
            }
            return Ok(self.planned(&label, "7bit", Vec::new(), seen)?);
        }
        let is_binary = is_message && seen.foul.is_some();
        if !label.has_lines() || is_binary {
            return self.raw(&label, &seen, fields);
        }
        if is_message {
            return self.of_text(&label, seen, fields);
        }
        if is_true(&label, &seen, self.body)? {
            return self.encoded(&label, seen, fields);
        }
        self.relabelled(&label, fields)
    }

    fn fault(&self, at: u64, reason: &str) -> ComposeError {
        self.manner.fault(self.line + at - 1, reason)
    }

    /// What holds parts: they are looked at where something in them may not pass.
    fn of_parts(
        &mut self,
        label: &Label,
        mut seen: Seen,
        fields: &mut Vec<Field>,
    ) -> Result<Prepared, ComposeError> {
        let is_eight_bit = seen.eight_bit.is_some();
        let is_due = seen.long.is_some() || (is_eight_bit && self.manner == Manner::Message);
        let found = match is_due {
            true => tree::walk(self.body, label, self.manner, self.charsets, self.warnings)?,
            false => None,
        };
        let mut edits = Vec::new();
        match found {
            Some(found) => {
                if let Some((at, words)) = found.fault {
                    return Err(self.fault(at, &words));
                }
                if !found.is_eight_bit {
                    seen.eight_bit = None;
                }
                edits = found.edits;
            }
            None => {
                if let Some(at) = seen.long {
                    let words = match label.is("multipart/") {
                        true => {
                            "it is longer than 998 octets, and a multipart without a boundary cannot be encoded"
                        }
                        false => "it is longer than 998 octets, and a message of this type cannot be encoded",
                    };
                    return Err(self.fault(at, words));
                }
            }
        }
        let word = if seen.eight_bit.is_some() { "8bit" } else { "7bit" };
        // RFC 2045 6.4: a transfer encoding that changes octets is none of what holds parts.
        let is_untrue = match label.encoding.as_str() {
            "7bit" => word == "8bit",
            "8bit" => is_eight_bit && word == "7bit",
            "binary" => true,
            _ => is_eight_bit || !edits.is_empty(),
        };
        if is_untrue {
            set(fields, "Content-Transfer-Encoding", word);
        }
        Ok(self.planned(label, word, edits, seen)?)
    }

    /// One part that is encoded already.
    fn of_encoded(&mut self, label: &Label, seen: Seen) -> Result<Prepared, ComposeError> {
        if let (Some(at), Manner::Draft) = (seen.eight_bit, self.manner) {
            return Err(self
                .fault(at, &format!("an octet above 127 stands in what is said to be {}", label.encoding)));
        }
        let recode = label.mended(&seen).filter(|_| !seen.passes() || seen.eight_bit.is_some());
        if let (Some(at), None) = (seen.long, recode) {
            return Err(
                self.fault(at, "it is longer than 998 octets, and what is encoded is not encoded anew")
            );
        }
        let known = ["base64", "quoted-printable"].into_iter().find(|known| *known == label.encoding);
        let word = match seen.eight_bit {
            Some(_) if recode.is_none() => "8bit",
            _ => known.unwrap_or("other"),
        };
        Ok(self.recoded(label, word, recode, seen)?)
    }

    /// One part with this transfer encoding, whose octets go as they are.
    fn raw(&self, label: &Label, seen: &Seen, fields: &mut Vec<Field>) -> Result<Prepared, ComposeError> {
        if label.is("text/") && seen.eight_bit.is_some() {
            let is_utf_8 = text::is_utf_8(self.body)?;
            set_charset(label, is_utf_8, fields);
        }
        set(fields, "Content-Transfer-Encoding", "base64");
        let octets = self.body.length();
        let outline = outline(&Label::of(&*fields), "base64", octets);
        let size = Base64::size(octets);
        let content = Content::Base64(self.body.clone());
        Ok(Prepared { content, outline, size, may_delimit: false })
    }

    /// A text of a program: its octets stay, and its label is true afterwards.
    fn of_text(
        &mut self,
        label: &Label,
        seen: Seen,
        fields: &mut Vec<Field>,
    ) -> Result<Prepared, ComposeError> {
        if let Some(at) = seen.eight_bit {
            let is_utf_8 = text::is_utf_8(self.body)?;
            if set_charset(label, is_utf_8, fields) == Some("unknown-8bit") {
                let line = self.line + at - 1;
                let words = format!(
                    "the body is in no known charset, line {line} of the message is the first that is not UTF-8: it is \
                     sent unchanged as unknown-8bit"
                );
                self.warnings.push(Warning::new(WarningKind::UNKNOWN_CHARSET, words));
                set(fields, "Content-Transfer-Encoding", "base64");
                return Ok(self.recoded(&Label::of(&*fields), "base64", Some(Recode::Base64), seen)?);
            }
        }
        let label = Label::of(&*fields);
        self.encoded(&label, seen, fields)
    }

    /// Encodes a text, in the charset it is in.
    fn encoded(&self, label: &Label, seen: Seen, fields: &mut Vec<Field>) -> Result<Prepared, ComposeError> {
        let edit = Edit { at: 0..seen.octets, change: Change::Recode(Recode::QuotedPrintable) };
        let quoted = edit::measure(self.body, self.manner, &[edit])?;
        let is_shorter = Base64::size(seen.octets) < quoted;
        let recode = if is_shorter { Recode::Base64 } else { Recode::QuotedPrintable };
        set(fields, "Content-Transfer-Encoding", recode.word());
        Ok(self.recoded(label, recode.word(), Some(recode), seen)?)
    }

    /// Encodes it as a typed text would be, with a label that is true.
    fn relabelled(&mut self, label: &Label, fields: &mut Vec<Field>) -> Result<Prepared, ComposeError> {
        let body = self.body;
        let (charset, content, transfer, octets, size) =
            match text::plan(body, self.charsets, "", false, self.warnings)? {
                Planned::Text(plan) => {
                    let content = Content::Text(body.clone(), plan);
                    (plan.charset, content, plan.transfer.word(), plan.octets, plan.size)
                }
                Planned::Unknown => {
                    let (content, octets) = (Content::Base64(body.clone()), body.length());
                    ("unknown-8bit", content, "base64", octets, Base64::size(octets))
                }
            };
        put(fields, "Content-Type", label.with_charset(charset));
        set(fields, "Content-Transfer-Encoding", transfer);
        let outline = outline(&Label::of(&*fields), transfer, octets);
        Ok(Prepared { content, outline, size, may_delimit: false })
    }

    /// All of it made fit, if it is to be.
    fn recoded(
        &self,
        label: &Label,
        word: &'static str,
        recode: Option<Recode>,
        mut seen: Seen,
    ) -> Result<Prepared, MessageError> {
        let edit = recode.map(|recode| Edit { at: 0..seen.octets, change: Change::Recode(recode) });
        if edit.is_some() {
            (seen.eight_bit, seen.may_delimit) = (None, false);
        }
        self.planned(label, word, edit.into_iter().collect(), seen)
    }

    /// Its lines with these edits.
    fn planned(
        &self,
        label: &Label,
        transfer: &'static str,
        edits: Vec<Edit>,
        seen: Seen,
    ) -> Result<Prepared, MessageError> {
        let size = match edits.is_empty() {
            true => seen.octets,
            false => edit::measure(self.body, self.manner, &edits)?,
        };
        let is_eight_bit = seen.eight_bit.is_some();
        let plan = Plan { manner: self.manner, edits: edits.into(), size, is_eight_bit };
        Ok(Prepared {
            content: Content::Given(self.body.clone(), plan),
            outline: outline(label, transfer, seen.octets),
            size,
            may_delimit: seen.may_delimit,
        })
    }
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

/// Lets the label of a text with octets above 127 name its charset, if it names none that has them.
fn set_charset(label: &Label, is_utf_8: bool, fields: &mut Vec<Field>) -> Option<&'static str> {
    let charset = true_charset(label, is_utf_8)?;
    put(fields, "Content-Type", label.with_charset(charset));
    Some(charset)
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

/// Gives a field a value that is made here.
fn set(fields: &mut Vec<Field>, name: &str, value: &str) {
    put(fields, name, Value::Plain(value.to_owned()));
}

/// Gives a field another value, in its place; a new one stands behind the others of the content.
fn put(fields: &mut Vec<Field>, name: &str, value: Value) {
    match fields.iter_mut().find(|field| field.is(name)) {
        Some(field) => field.value = value,
        None => {
            let last = fields.iter().rposition(|field| is_content(&field.name));
            let place = last.map_or(fields.len(), |place| place + 1);
            fields.insert(place, Field::new(name, 0, value));
        }
    }
}

/// Writes it as planned. What is not what it was when it was planned is an error.
pub(in crate::mime) fn write(body: &Body, plan: &Plan, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
    let changed = || MessageError::Changed { path: body.path(), change: "its text is not the same" };
    let mut written = Seen::default();
    edit::write(body, plan.manner, &plan.edits, &mut |octets| {
        written.see(octets);
        let is_foreign = written.eight_bit.is_some() && !plan.is_eight_bit;
        if written.octets > plan.size || is_foreign || !written.passes() {
            return Err(changed());
        }
        sink(octets)
    })?;
    if written.octets == plan.size { Ok(()) } else { Err(changed()) }
}
