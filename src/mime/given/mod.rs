//! A message that was given with its header, such as a draft (`-H`): a field that needs no change keeps its octets, and so
//! does the content.
//!
//! ```text
//! octets ── head ──► fields, in order ── set, add, remove ──► prepare ──► Part, header
//! ```

mod content;
mod edit;
mod field;
mod head;
mod label;
mod lines;
mod mend;
mod names;
mod resent;
mod tree;

use std::sync::Arc;

pub(super) use self::content::{Plan, eight_bit, write};
use self::content::{Prepared, Preparing, may_grow};
use self::field::{Field, Value, is_content};
use self::head::Head;
use super::charset::{Charsets, Text, charset};
use super::draft::{Draft, date_field};
use super::error::{ComposeError, MessageError};
use super::header::{Header, check_id};
use super::part::{Making, Part};
use super::read::parameter;
use super::source::{Body, Source};
use crate::mail::{Listed, Warning, WarningKind};

/// Fields of which there is one (RFC 5322 3.6, RFC 2045).
const ONCE: [&str; 9] = [
    "Date",
    "From",
    "Sender",
    "Reply-To",
    "Subject",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// How what was given is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// A person has written it, and hears what is wrong with it.
    Draft,
    /// A program has written it and hears nothing: what can be mended is mended.
    Message,
}

impl Manner {
    /// The error of a line.
    fn fault(self, line: u64, reason: &str) -> ComposeError {
        let of = if self == Manner::Draft { "draft" } else { "message" };
        ComposeError::Line { of, line, reason: reason.to_owned() }
    }
}

/// A message that was given with its header.
#[derive(Debug, Clone)]
pub struct Given {
    manner: Manner,
    source: Source,
    fields: Vec<Field>,
    body: Body,
    body_line: u64,
    /// What its fields may be in.
    charsets: Charsets,
    /// What the names of the fields begin with that say who sends and receives.
    prefix: &'static str,
}

impl Given {
    /// Reads the header. A line that is no field is an error, and so is a second field where there may be one.
    pub fn read(source: Source) -> Result<Self, ComposeError> {
        let given = Self::taken(source, Manner::Draft)?;
        for name in ONCE {
            let mut named = given.fields.iter().filter(|field| field.is(name));
            if let (Some(first), Some(second)) = (named.next(), named.next()) {
                let reason =
                    format!("it is a second {}, and the first is on line {}", second.name, first.line);
                return Err(Manner::Draft.fault(second.line, &reason));
            }
        }
        Ok(given)
    }

    /// Takes a finished message of a program, as sendmail does. What does not begin with a field is all body, the header
    /// ends before a line that is no field, and a field may be there any number of times. Only a NUL in the header, and a
    /// header of more than a MiB, are errors.
    pub fn of_message(source: Source) -> Result<Self, ComposeError> {
        Self::taken(source, Manner::Message)
    }

    fn taken(source: Source, manner: Manner) -> Result<Self, ComposeError> {
        let Head { mut fields, length, body_line } = Head::read(&source, manner)?;
        let body = Source::Tail { of: Arc::new(source.clone()), skipped: length };
        let content_type = fields.iter().find(|field| field.is("Content-Type")).and_then(Field::given);
        let label = content_type.and_then(|value| parameter(&value, "charset"));
        let declared = label.and_then(|label| charset(&label).ok().flatten());
        let declared = declared.filter(|encoding| encoding.is_ascii_compatible());
        let charsets = Charsets { declared, ..Charsets::default() };
        let prefix = resent::prefix(&mut fields);
        Ok(Given { manner, source, fields, body: body.into(), body_line, charsets, prefix })
    }

    /// Reads the fields in these charsets, too: what a person has written is in theirs.
    pub fn in_charsets(self, charsets: &Charsets) -> Self {
        let charsets = self.charsets(charsets);
        Given { charsets, ..self }
    }

    /// The charsets that its fields may be in: what a program has written knows nothing of this one's.
    fn charsets(&self, charsets: &Charsets) -> Charsets {
        let own = self.charsets.declared;
        match self.manner {
            Manner::Draft => Charsets { declared: charsets.declared.or(own), ..*charsets },
            Manner::Message => Charsets { declared: own, locale: None, ..*charsets },
        }
    }

    /// The SHA-256 of all that was given.
    pub fn sha256(&self) -> Result<[u8; 32], MessageError> {
        self.source.sha256()
    }

    /// What the fields of this name say, each on one line, in order; those that were set say nothing.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        self.fields.iter().filter(move |field| field.is(name)).filter_map(|field| field.read(&self.charsets))
    }

    /// Whether a field of this name is there.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.is(name))
    }

    /// The fields as they were given, each on one line, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, String)> {
        self.fields.iter().filter_map(|field| Some((field.name.as_str(), field.read(&self.charsets)?)))
    }

    /// Takes all fields of this name out.
    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|field| !field.is(name));
    }

    /// Takes out the fields that this chooses by their name and what they say.
    pub fn remove_where(&mut self, is_unwanted: impl Fn(&str, &str) -> bool) {
        self.fields.retain(|field| !field.given().is_some_and(|value| is_unwanted(&field.name, &value)));
    }

    /// Sets a field of the person's own in place of those of its name, or behind all others.
    pub fn set(&mut self, name: &str, text: Text) {
        self.put(name, Value::Text(text));
    }

    /// The same with addresses.
    pub fn set_addresses(&mut self, name: &str, list: Vec<Listed>) {
        let replaced = self.fields.iter().filter(|field| field.is(name));
        let value = Field::addresses(replaced, list, &self.charsets);
        self.put(name, value);
    }

    /// The same with addresses that a person has typed.
    pub fn set_typed(&mut self, name: &str, list: Vec<Listed>) {
        self.put(name, Value::Typed(list));
    }

    /// The same with ASCII words that need no encoding.
    pub fn set_plain(&mut self, name: &str, words: &str) {
        self.put(name, Value::Plain(words.to_owned()));
    }

    /// Adds a field behind all others.
    pub fn add(&mut self, name: &str, text: Text) {
        self.fields.push(Field::new(name, 0, Value::Text(text)));
    }

    fn put(&mut self, name: &str, value: Value) {
        let first = self.fields.iter().position(|field| field.is(name));
        let place = first.unwrap_or(self.fields.len());
        let spelled = first.map_or_else(|| name.to_owned(), |place| self.fields[place].name.clone());
        self.remove(name);
        self.fields.insert(place, Field::new(&spelled, 0, value));
    }

    /// The body of a draft, where no field says what it is: a text as it is typed. The first such text of a mail is in it.
    pub fn typed_text(&self) -> Option<&Body> {
        let is_typed =
            self.manner == Manner::Draft && !self.fields.iter().any(|field| is_content(&field.name));
        is_typed.then_some(&self.body)
    }

    /// Lets `text` go on behind the body, on a line of its own. False where the body is no plain text, an encoded one, or one
    /// in a charset that is not that of the text.
    pub fn append(&mut self, text: Body) -> Result<bool, MessageError> {
        let may_grow = may_grow(&self.fields, &text)?;
        if may_grow {
            self.body.end_line()?;
            self.body.sources.extend(text.sources);
        }
        Ok(may_grow)
    }

    /// Makes it ready to be written: what a header must have and this one lacks is that of the draft.
    pub(super) fn ready(&self, draft: &Draft, warnings: &mut Vec<Warning>) -> Result<Ready, ComposeError> {
        let mut whole = self.clone();
        for name in ["Date", "Message-ID", "From", "Sender", "Reply-To", "To", "Cc", "Bcc"] {
            whole.remove_where(|field, value| field.eq_ignore_ascii_case(name) && value.is_empty());
        }
        if !whole.has("Date") {
            if self.manner == Manner::Draft {
                let words = "the draft has no Date: it gets that of now";
                warnings.push(Warning::new(WarningKind::NO_DATE, words));
            }
            whole.set_plain("Date", &date_field(&draft.date)?);
        }
        if !whole.has("From") {
            whole.set_typed("From", draft.authors());
        }
        if !whole.has("To") && !whole.has("Cc") {
            whole.set_plain("To", "undisclosed-recipients:;");
        }
        if !whole.has("Message-ID") {
            check_id("Message-ID", &draft.message_id)?;
            whole.set_plain("Message-ID", &draft.message_id);
        }
        if !whole.has("MIME-Version") {
            whole.set_plain("MIME-Version", "1.0");
        }
        if self.manner == Manner::Message {
            // Readers differ in which of two they heed.
            for name in ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"] {
                let mut is_first = true;
                whole.fields.retain(|field| !field.is(name) || std::mem::take(&mut is_first));
            }
        }
        let message_id = whole.values("Message-ID").next().unwrap_or_else(|| draft.message_id.clone());
        let mut fields = whole.fields;
        let content = match self.typed_text() {
            Some(_) => None,
            None => {
                let (manner, body, line, charsets) =
                    (self.manner, &self.body, self.body_line, &draft.charsets);
                Some(Preparing { manner, body, line, charsets, warnings }.prepare(&mut fields)?)
            }
        };
        let (manner, body) = (self.manner, self.body.clone());
        let charsets = self.charsets(&draft.charsets);
        Ok(Ready { manner, charsets, fields, content, body, message_id })
    }
}

/// A given message that can be written.
#[derive(Debug)]
pub(in crate::mime) struct Ready {
    manner: Manner,
    /// What its fields may be in.
    charsets: Charsets,
    fields: Vec<Field>,
    content: Option<Prepared>,
    body: Body,
    message_id: String,
}

impl Ready {
    /// The message's identifier.
    pub(super) fn message_id(&self) -> &str {
        &self.message_id
    }

    /// Whether it says itself what it holds; else it holds a text as it is typed.
    pub(super) fn has_content(&self) -> bool {
        self.content.is_some()
    }

    /// Whether a line of the content begins with this boundary.
    pub(super) fn has_delimiter(&self, delimiter: &str) -> Result<bool, MessageError> {
        let may_delimit = self.content.as_ref().is_some_and(|content| content.may_delimit);
        Ok(may_delimit && lines::has_delimiter(&self.body, self.manner, delimiter)?)
    }

    /// All its fields in their order, or all but those of the content.
    pub(super) fn header(
        &self,
        is_whole: bool,
        charsets: &Charsets,
        warnings: &mut Vec<Warning>,
    ) -> Result<Header, ComposeError> {
        let mut header = Header::new(charsets);
        for field in self.fields.iter().filter(|field| is_whole || !is_content(&field.name)) {
            field.write(self.manner, &mut header, &self.charsets, warnings)?;
        }
        Ok(header)
    }

    /// The content as a part.
    pub(super) fn part(&self, making: &mut Making<'_>) -> Result<Option<Part>, ComposeError> {
        let Some(prepared) = &self.content else { return Ok(None) };
        let mut header = Header::new(&making.charsets);
        for field in self.fields.iter().filter(|field| is_content(&field.name)) {
            field.write(self.manner, &mut header, &self.charsets, making.warnings)?;
        }
        let Prepared { content, outline, size, .. } = prepared.clone();
        Ok(Some(Part::of_given(header.text, content, outline, size)))
    }
}

#[cfg(test)]
mod messages;
#[cfg(test)]
mod tests;
