//! A part: its fields, and what it holds: octets made from something and encoded, or further parts (RFC 2045, RFC 2046 5.1,
//! RFC 2183).
//!
//! An attachment is base64, byte for byte. Only a message/* attachment is sent as it is, because RFC 2046 5.2.1 forbids
//! to encode it: as 7bit, or as 8bit, which the server must then offer. One that transports would change goes as
//! application/octet-stream instead.

use super::charset::Charsets;
use super::draft::Attachment;
use super::encode::Base64;
use super::error::ComposeError;
use super::given;
use super::header::parameter::{MediaType, write_name};
use super::header::{Header, Lacking};
use super::kind::Kind;
use super::source::{Body, Taken};
use super::text::{self, Planned, TextPlan};
use crate::mail::{Warning, WarningKind};

/// The transfer encoding of what goes as it is, and has octets above 127.
const EIGHT_BIT: &str = "8bit";

/// A part with all that is in it. It is written with the same octets each time, alone or inside others: what is signed is
/// what is sent (RFC 1847 2.1).
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Its fields, each line ended in CRLF.
    pub(super) fields: String,
    holds: Holds,
    /// Octets of what follows the empty line behind the fields.
    pub(super) size: u64,
}

#[derive(Debug, Clone)]
enum Holds {
    Content(Content, Outline),
    Parts { media_type: String, boundary: String, parts: Vec<Part> },
}

/// What a part's octets are made from.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Text(Body, TextPlan),
    Base64(Body),
    /// Lines that were given, as they are or encoded.
    Given(Body, given::Plan),
}

/// What is said of a part to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Type and subtype.
    pub media_type: String,
    /// The charset, if the part has one.
    pub charset: Option<String>,
    /// The file name; the text has none.
    pub name: Option<String>,
    /// The transfer encoding.
    pub transfer: &'static str,
    /// Octets before the transfer encoding.
    pub octets: u64,
}

/// How a part is shown, and under which names it is known (RFC 2183, RFC 2392).
#[derive(Debug, Clone, Default)]
struct Label<'a> {
    /// `attachment` or `inline`.
    disposition: Option<&'static str>,
    name: Option<&'a str>,
    /// By what an HTML text refers to it, without angle brackets.
    content_id: Option<&'a str>,
}

/// What the parts of a message have in common while they are made.
pub(super) struct Making<'a> {
    /// The charsets in play.
    pub(super) charsets: Charsets,
    /// How the boundaries begin; empty where there is but one part.
    pub(super) delimiter: String,
    /// What is worth saying.
    pub(super) warnings: &'a mut Vec<Warning>,
    /// File names that are not in the letter's charset.
    pub(super) lacking: &'a mut Vec<Lacking>,
}

impl Content {
    fn write(&self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        match self {
            Content::Text(body, plan) => text::write(body, plan, sink),
            Content::Base64(body) => {
                let mut encoder = Base64::new();
                body.each_block(&mut |octets| encoder.push(octets, sink))?;
                encoder.finish(sink)
            }
            Content::Given(body, plan) => given::write(body, plan, sink),
        }
    }
}

impl Part {
    /// A text that is read: no line of it begins as a delimiter does.
    pub(super) fn of_text(
        body: Body,
        mut media: MediaType,
        name: Option<&str>,
        is_flowed: bool,
        making: &mut Making<'_>,
    ) -> Result<Self, ComposeError> {
        if ["multipart/", "message/"].iter().any(|kind| media.essence.starts_with(kind)) {
            let reason = "the text is one part";
            return Err(ComposeError::MediaType { text: media.essence, reason });
        }
        let label = Label { name, ..Label::default() };
        if !media.essence.starts_with("text/") {
            return Ok(Self::base64(body, media, label, making));
        }
        match text::plan(&body, &making.charsets, &making.delimiter, is_flowed, making.warnings)? {
            Planned::Text(plan) => {
                media.set("charset", Some(plan.charset));
                if let Some(flow) = plan.flow {
                    media.set("format", Some("flowed"));
                    media.set("delsp", flow.is_delsp.then_some("yes"));
                }
                Ok(Self::text(body, plan, media, label, making))
            }
            Planned::Unknown => {
                media.set("charset", Some("unknown-8bit"));
                Ok(Self::base64(body, media, label, making))
            }
        }
    }

    /// A thing that goes along; with a `content_id` it is shown where the HTML text refers to it.
    pub(super) fn of_attachment(
        attachment: &Attachment,
        content_id: Option<&str>,
        making: &mut Making<'_>,
    ) -> Result<Self, ComposeError> {
        let Kind { mut media, name } = Kind::of(attachment)?;
        let body = Body::from(attachment.source.clone());
        let disposition = Some(if content_id.is_some() { "inline" } else { "attachment" });
        let label = Label { disposition, name: Some(&name), content_id };
        // RFC 6532 3.7: message/global may be encoded.
        if media.essence.starts_with("message/") && !media.essence.starts_with("message/global") {
            if let Some(plan) = text::plan_unencoded(&body, &making.delimiter)? {
                return Ok(Self::text(body, plan, media, label, making));
            }
            if let Some(plan) = given::eight_bit(&body, &making.delimiter)? {
                let encoded = (EIGHT_BIT, plan.size, plan.size);
                return Ok(Self::of_content(Content::Given(body, plan), media, label, encoded, making));
            }
            let words = format!(
                "{name} cannot be sent as {}, which may not be encoded: it is sent as application/octet-stream",
                media.essence
            );
            making.warnings.push(Warning::new(WarningKind::ATTACHMENT_TYPE, words));
            media = MediaType::known("application/octet-stream");
        }
        Ok(Self::base64(body, media, label, making))
    }

    /// A part that was given with its fields, of so many octets.
    pub(super) fn of_given(fields: String, content: Content, outline: Outline, size: u64) -> Self {
        Part { fields, holds: Holds::Content(content, outline), size }
    }

    /// Several parts in one (RFC 2046 5.1). No part has a line that begins with `boundary` behind two dashes.
    pub(super) fn of_parts(mut media: MediaType, boundary: String, parts: Vec<Part>) -> Self {
        media.set("boundary", Some(&format!("\"{boundary}\"")));
        let mut header = Header::default();
        header.field("Content-Type", |value| media.write(value));
        // RFC 2045 6.4: who holds 8-bit octets says so.
        if parts.iter().any(Part::is_eight_bit) {
            header.plain("Content-Transfer-Encoding", EIGHT_BIT);
        }
        // Before each part a delimiter, and behind the last; the line end before it belongs to it.
        let delimiters = (parts.len() + 1) * (boundary.len() + 6);
        let inner: u64 = parts.iter().map(Part::whole).sum();
        let size = inner + delimiters as u64;
        Part { fields: header.text, holds: Holds::Parts { media_type: media.essence, boundary, parts }, size }
    }

    fn text(body: Body, plan: TextPlan, media: MediaType, label: Label<'_>, making: &mut Making<'_>) -> Self {
        let (transfer, octets, size) = (plan.transfer.word(), plan.octets, plan.size);
        Self::of_content(Content::Text(body, plan), media, label, (transfer, octets, size), making)
    }

    fn base64(body: Body, media: MediaType, label: Label<'_>, making: &mut Making<'_>) -> Self {
        let octets = body.length();
        let sent = ("base64", octets, Base64::size(octets));
        Self::of_content(Content::Base64(body), media, label, sent, making)
    }

    /// A part that holds no others; its octets are counted before and after the transfer encoding.
    fn of_content(
        content: Content,
        media: MediaType,
        label: Label<'_>,
        (transfer, octets, size): (&'static str, u64, u64),
        making: &mut Making<'_>,
    ) -> Self {
        let mut header = Header::new(&making.charsets);
        let name_charset = header.charset_for("a file name", label.name.unwrap_or_default());
        header.field_in(name_charset, "Content-Type", |value| {
            media.write(value)?;
            label.name.map_or(Ok(()), |name| write_name("name", name, value))
        });
        header.plain("Content-Transfer-Encoding", transfer);
        if let Some(disposition) = label.disposition {
            header.field_in(name_charset, "Content-Disposition", |value| {
                value.word(disposition)?;
                label.name.map_or(Ok(()), |name| write_name("filename", name, value))
            });
        }
        if let Some(id) = label.content_id {
            header.plain("Content-ID", &format!("<{id}>"));
        }
        making.lacking.append(&mut header.lacking);
        let charset = media.parameter("charset").map(str::to_owned);
        let name = label.name.map(str::to_owned);
        let outline = Outline { media_type: media.essence, charset, name, transfer, octets };
        Part { fields: header.text, holds: Holds::Content(content, outline), size }
    }

    /// Its type and subtype.
    pub(super) fn media_type(&self) -> &str {
        match &self.holds {
            Holds::Content(_, outline) => &outline.media_type,
            Holds::Parts { media_type, .. } => media_type,
        }
    }

    /// Whether octets above 127 are in it.
    pub(super) fn is_eight_bit(&self) -> bool {
        self.outlines().iter().any(|outline| outline.transfer == EIGHT_BIT)
    }

    /// Octets of all of it.
    fn whole(&self) -> u64 {
        self.fields.len() as u64 + 2 + self.size
    }

    /// Writes all of it.
    pub(super) fn write(&self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        sink(self.fields.as_bytes())?;
        sink(b"\r\n")?;
        self.write_body(sink)
    }

    /// Writes what follows the empty line.
    pub(super) fn write_body(&self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        match &self.holds {
            Holds::Content(content, _) => content.write(sink),
            Holds::Parts { boundary, parts, .. } => {
                for (index, part) in parts.iter().enumerate() {
                    let before = if index > 0 { "\r\n" } else { "" };
                    sink(format!("{before}--{boundary}\r\n").as_bytes())?;
                    part.write(sink)?;
                }
                sink(format!("\r\n--{boundary}--\r\n").as_bytes())
            }
        }
    }

    /// What is in it, in order: the parts that hold no others.
    pub(super) fn outlines(&self) -> Vec<&Outline> {
        match &self.holds {
            Holds::Content(_, outline) => vec![outline],
            Holds::Parts { parts, .. } => parts.iter().flat_map(Part::outlines).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mime::sample::{attachment, compose, draft, written};
    use crate::mime::{Draft, MessageError, Source};
    use std::io;

    #[test]
    fn an_attached_message_is_not_encoded() {
        let inner = "Subject: inner\n\nbody\n";
        let of = |attachment| {
            let message = compose(Draft { attachments: vec![attachment], ..draft() }).unwrap();
            (written(&message), message.warnings().iter().filter(|warning| !warning.kind.is_advice).count())
        };
        let (text, warnings) = of(attachment("a.eml", inner));
        assert!(
            text.contains(
                "Content-Type: message/rfc822; name=\"a.eml\"\r\nContent-Transfer-Encoding: 7bit\r\n"
            )
        );
        assert!(text.contains("\r\n\r\nSubject: inner\r\n\r\nbody\r\n\r\n--=_"), "{text}");
        assert_eq!(warnings, 0);
        let message =
            compose(Draft { attachments: vec![attachment("a.eml", "Subject: é\n\n")], ..draft() }).unwrap();
        let text = written(&message);
        assert!(message.is_eight_bit() && text.contains("\r\n\r\nSubject: é\r\n"), "{text}");
        // It, and what holds it.
        assert_eq!(text.matches("Content-Transfer-Encoding: 8bit\r\n").count(), 2, "{text}");
        for explicit in [None, Some("message/rfc822")] {
            let long = attachment("a.eml", format!("Subject: é\n\n{}", "x".repeat(999)));
            let media_type = explicit.map(str::to_owned);
            let (text, warnings) = of(Attachment { media_type, ..long });
            assert!(text.contains("Content-Type: application/octet-stream; name=\"a.eml\"\r\n"), "{text}");
            assert_eq!(warnings, 1);
        }
    }

    #[test]
    fn a_file_that_changed_is_no_message() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        std::fs::write(&path, "12345 é").unwrap();
        for as_body in [true, false] {
            std::fs::write(&path, "12345 é").unwrap();
            let source = Source::open(&path).unwrap();
            let mut draft = draft();
            if as_body {
                draft.body = source.into();
            } else {
                draft.attachments = vec![Attachment::from(source)];
            }
            let message = compose(draft).unwrap();
            written(&message);
            std::fs::write(&path, "1234567890 é").unwrap();
            let error = message.write_to(&mut io::sink()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{} changed while it was being sent: it is longer than before", path.display())
            );
        }
    }

    #[test]
    fn a_body_that_changed_unseen_by_the_stamp_is_no_message() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let write = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(std::time::UNIX_EPOCH).unwrap();
        };
        for (before, after) in [("a\nb\n", "a\rb\n"), ("abc", "a\0c"), ("abc", "a\u{e9}"), ("a\nbc", "abcd")]
        {
            write(before);
            let message = compose(Draft { body: Source::open(&path).unwrap().into(), ..draft() }).unwrap();
            write(after);
            let error = message.write_to(&mut io::sink()).unwrap_err();
            assert!(matches!(error, MessageError::Changed { .. }), "{after:?}: {error}");
        }
    }
}
