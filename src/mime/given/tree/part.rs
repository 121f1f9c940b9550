//! The header of a part (RFC 2046 5.1): its fields, and where they stand in the body.

use std::ops::Range;

use super::Care;
use crate::mail::Warning;
use crate::mime::charset::{Charsets, charset};
use crate::mime::given::Manner;
use crate::mime::given::edit::{Change, Edit};
use crate::mime::given::field::{Field, Value};
use crate::mime::given::head::named;
use crate::mime::given::label::Label;
use crate::mime::header::Header;

/// Most octets of the header of a part: it is held in memory.
pub(super) const LIMIT: usize = 64 * 1024;

/// The header of a part.
#[derive(Debug, Default)]
pub(super) struct PartHead {
    fields: Vec<Placed>,
    /// Fields that were not there.
    added: Vec<Field>,
    size: usize,
    /// Whether it is too large to be read.
    pub(super) is_too_large: bool,
    is_eight_bit: bool,
    /// A line that is too long.
    long: Option<u64>,
    /// Where the empty line behind it stands, or what stands in its place.
    end: u64,
    /// Whether that line is missing.
    is_unended: bool,
    /// Whether it must not be missing.
    must_end: bool,
    /// Whether a line of a mailbox may be next.
    may_be_mailbox: bool,
}

/// A field, and its octets in the body, the last line end too.
#[derive(Debug)]
struct Placed {
    field: Field,
    span: Range<u64>,
    fate: Fate,
    /// Whether a line of it is too long, with the blanks that its value lacks.
    is_long: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Changed,
    Removed,
}

/// What a line means for the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    More,
    /// It is the empty line.
    End,
    /// The content begins with it.
    EndBefore,
}

/// What is changed in a header.
#[derive(Debug, Default)]
pub(super) struct FieldEdits {
    pub(super) edits: Vec<Edit>,
    /// Whether octets above 127 are left.
    pub(super) is_eight_bit: bool,
    pub(super) fault: Option<(u64, String)>,
}

impl PartHead {
    /// One that begins at this octet.
    pub(super) fn at(end: u64) -> Self {
        PartHead { end, is_unended: true, ..PartHead::default() }
    }

    /// That of an attached message, in which lines of a mailbox may be first.
    pub(super) fn of_message(end: u64) -> Self {
        PartHead { may_be_mailbox: true, ..Self::at(end) }
    }

    /// Takes a line of this number, which stands at `span` with its end.
    pub(super) fn take(&mut self, line: &[u8], span: Range<u64>, number: u64) -> Step {
        if line.is_empty() {
            (self.end, self.is_unended) = (span.start, false);
            return Step::End;
        }
        self.may_be_mailbox &= line.starts_with(b"From ") || line.starts_with(b">From ");
        if self.may_be_mailbox && line.is_ascii() && line.len() <= super::LONGEST_LINE {
            self.end = span.end;
            return Step::More;
        }
        let is_blank = line.iter().all(|octet| matches!(octet, b' ' | b'\t'));
        // Readers pass over a line of blanks before the first field as they do between fields.
        if self.fields.is_empty() && is_blank && line.len() <= super::LONGEST_LINE {
            self.end = span.end;
            return Step::More;
        }
        let is_continued = matches!(line[0], b' ' | b'\t');
        let last = self.fields.last_mut().filter(|_| is_continued);
        let name = named(line).filter(|_| last.is_none());
        if last.is_none() && name.is_none() {
            self.end = span.start;
            return Step::EndBefore;
        }
        self.size += line.len();
        self.is_too_large |= self.size > LIMIT;
        self.is_eight_bit |= !line.is_ascii();
        let is_long = line.len() > super::LONGEST_LINE;
        if is_long {
            self.long.get_or_insert(number);
        }
        self.end = span.end;
        match (last, name) {
            (Some(last), _) => {
                last.span.end = span.end;
                last.is_long |= is_long;
                if !self.is_too_large && !line.trim_ascii().is_empty() {
                    last.field.continue_with(line);
                }
            }
            (None, Some((name, value))) if !self.is_too_large => {
                let field = Field::new(name, number, Value::Written(value.to_vec()));
                self.fields.push(Placed { field, span, fate: Fate::Kept, is_long });
            }
            _ => {}
        }
        Step::More
    }

    /// What its fields say of the content. Without a type it is a text, in a digest a message (RFC 2046 5.1.5).
    pub(super) fn label(&self, is_digest: bool) -> Label {
        let mut label = Label::of(self.fields.iter().map(|placed| &placed.field));
        if is_digest && label.value.is_empty() {
            label.essence = "message/rfc822".to_owned();
        }
        label
    }

    /// Where its Content-Transfer-Encoding stands, and what that says, if it goes as it is.
    pub(super) fn transfer(&self, label: &Label) -> Option<(Range<u64>, String)> {
        let mut fields = self.fields.iter();
        let placed = fields.find(|placed| placed.field.is("Content-Transfer-Encoding"))?;
        placed.field.is_clean().then(|| (placed.span.clone(), label.encoding.clone()))
    }

    /// Gives a field another value, and leaves one of that name; a new one stands behind the others.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        // The content begins behind an empty line from now on: encoded, it might look like a field.
        self.must_end = true;
        let mut value = Some(value);
        for placed in self.fields.iter_mut().filter(|placed| placed.field.is(name)) {
            match value.take() {
                Some(value) => (placed.field.value, placed.fate) = (value, Fate::Changed),
                None => placed.fate = Fate::Removed,
            }
        }
        let added = value.map(|value| Field::new(name, 0, value));
        self.added.extend(added);
    }

    /// What is changed in it: what was set, and if it `is_possible` what no transport or not every one passes.
    pub(super) fn edits(
        &self,
        care: Care,
        is_possible: bool,
        charsets: &Charsets,
        warnings: &mut Vec<Warning>,
    ) -> FieldEdits {
        let mut made = FieldEdits::default();
        if self.is_too_large {
            made.is_eight_bit = self.is_eight_bit;
            made.fault = self.long.map(|line| (line, "it is longer than 998 octets".to_owned()));
            return made;
        }
        let declared = self.label(false).charset.and_then(|label| charset(&label).ok().flatten());
        let charsets = Charsets { declared, locale: None, ..*charsets };
        for Placed { field, span, fate, is_long } in &self.fields {
            let is_long = *is_long || !field.is_short();
            let is_wanted = match care {
                Care::Encode | Care::Fields => is_possible && (is_long || !field.is_ascii()),
                Care::OnlyLong => is_possible && is_long,
                Care::Never => false,
            };
            let text = match fate {
                Fate::Removed => Ok(String::new()),
                Fate::Kept if !is_wanted => {
                    made.is_eight_bit |= !field.is_ascii();
                    if is_long {
                        let why = match care {
                            Care::Never => "what is signed or encrypted is not changed",
                            _ => "too many before it had to be changed",
                        };
                        let name = &field.name;
                        let words =
                            format!("the field {name} holds a line of more than 998 octets, and {why}");
                        made.fault.get_or_insert((field.line, words));
                    }
                    continue;
                }
                Fate::Kept | Fate::Changed => written(field, &charsets, warnings),
            };
            match text {
                Ok(text) => {
                    made.is_eight_bit |= !text.is_ascii();
                    made.edits.push(Edit { at: span.clone(), change: Change::Text(text) });
                }
                Err(words) => drop(made.fault.get_or_insert((field.line, words))),
            }
        }
        let mut text = String::new();
        for field in &self.added {
            text.push_str(&written(field, &charsets, warnings).unwrap_or_default());
        }
        if self.must_end && self.is_unended {
            text.push_str("\r\n");
        }
        if !text.is_empty() {
            made.edits.push(Edit { at: self.end..self.end, change: Change::Text(text) });
        }
        made
    }
}

/// The octets of a field as every transport passes them, or what is wrong with it.
fn written(field: &Field, charsets: &Charsets, warnings: &mut Vec<Warning>) -> Result<String, String> {
    let mut header = Header::new(charsets);
    field.write(Manner::Message, &mut header, charsets, warnings).map_err(|error| error.to_string())?;
    Ok(header.text)
}
