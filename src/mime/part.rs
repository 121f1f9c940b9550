//! One part: its fields, what its octets are made from, how they are encoded (RFC 2045, RFC 2183).
//!
//! An attachment is base64, byte for byte. Only a message/* attachment is sent as it is, because RFC 2046 5.2.1 forbids
//! to encode it; one that transports would change goes as application/octet-stream instead.

use super::draft::{Attachment, Draft};
use super::encode::Base64;
use super::error::ComposeError;
use super::header::Header;
use super::header::parameter::{MediaType, write_name};
use super::kind::Kind;
use super::source::{Body, Taken};
use super::text::{self, Planned, TextPlan};

#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Delimiter, fields, empty line.
    pub(super) header: String,
    pub(super) content: Content,
    pub(super) size: u64,
    pub(super) outline: Outline,
}

/// What a part's octets are made from.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Text(Body, TextPlan),
    Base64(Body),
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

impl Content {
    pub(super) fn write(&self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        match self {
            Content::Text(body, plan) => text::write(body, plan, sink),
            Content::Base64(body) => {
                let mut encoder = Base64::new();
                body.each_block(&mut |octets| encoder.push(octets, sink))?;
                encoder.finish(sink)
            }
        }
    }
}

impl Part {
    pub(super) fn of_body(
        draft: &Draft,
        boundary: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Self, ComposeError> {
        let mut media = MediaType::parse(&draft.body_type)?;
        if ["multipart/", "message/"].iter().any(|kind| media.essence.starts_with(kind)) {
            let reason = "the text is one part";
            return Err(ComposeError::MediaType { text: media.essence, reason });
        }
        let body = draft.body.clone();
        if !media.essence.starts_with("text/") {
            return Ok(Self::base64(body, media, None));
        }
        match text::plan(&body, &draft.charsets, boundary, warnings)? {
            Planned::Text(plan) => {
                media.set("charset", Some(plan.charset));
                Ok(Self::text(body, plan, media, None))
            }
            Planned::Unknown => {
                media.set("charset", Some("unknown-8bit"));
                Ok(Self::base64(body, media, None))
            }
        }
    }

    pub(super) fn of_attachment(
        attachment: &Attachment,
        boundary: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Self, ComposeError> {
        let Kind { mut media, name } = Kind::of(attachment)?;
        let body = Body::from(attachment.source.clone());
        // RFC 6532 3.7: message/global may be encoded.
        if media.essence.starts_with("message/") && !media.essence.starts_with("message/global") {
            if let Some(plan) = text::plan_unencoded(&body, boundary)? {
                return Ok(Self::text(body, plan, media, Some(name)));
            }
            if attachment.media_type.is_some() {
                warnings.push(format!(
                    "{name} cannot be sent as {}, which may not be encoded: it is sent as application/octet-stream",
                    media.essence
                ));
            }
            media = MediaType::known("application/octet-stream");
        }
        Ok(Self::base64(body, media, Some(name)))
    }

    fn text(body: Body, plan: TextPlan, media: MediaType, name: Option<String>) -> Self {
        let (transfer, octets, size) = (plan.transfer.word(), plan.octets, plan.size);
        Self::new(Content::Text(body, plan), media, name, transfer, octets, size)
    }

    fn base64(body: Body, media: MediaType, name: Option<String>) -> Self {
        let octets = body.length();
        Self::new(Content::Base64(body), media, name, "base64", octets, Base64::size(octets))
    }

    fn new(
        content: Content,
        media: MediaType,
        name: Option<String>,
        transfer: &'static str,
        octets: u64,
        size: u64,
    ) -> Self {
        let mut header = Header::default();
        header.field("Content-Type", |value| {
            media.write(value)?;
            name.as_deref().map_or(Ok(()), |name| write_name("name", name, value))
        });
        header.plain("Content-Transfer-Encoding", transfer);
        if let Some(name) = &name {
            header.field("Content-Disposition", |value| {
                value.word("attachment")?;
                write_name("filename", name, value)
            });
        }
        header.text.push_str("\r\n");
        let charset = media.parameter("charset").map(str::to_owned);
        let outline = Outline { media_type: media.essence, charset, name, transfer, octets };
        Part { header: header.text, content, size, outline }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mail::{Address, Listed, Mailbox};
    use crate::mime::{Message, MessageError, Source};
    use crate::sys::SeededRandom;
    use jiff::{Timestamp, tz::TimeZone};
    use std::io;

    fn draft() -> Draft {
        let date = Timestamp::from_second(1_700_000_000).unwrap().to_zoned(TimeZone::UTC);
        let from = Mailbox::from(Address::parse("a@example.org").unwrap());
        let mut draft = Draft::new(from, date, "<1@example.org>".into());
        draft.to = vec![Listed::Mailbox(Address::parse("b@example.org").unwrap().into())];
        draft
    }

    fn compose(draft: Draft) -> Result<Message, ComposeError> {
        Message::compose(draft, &SeededRandom::new(1))
    }

    fn written(message: &Message) -> String {
        let mut out = Vec::new();
        message.write_to(&mut out).unwrap();
        assert_eq!(out.len() as u64, message.size());
        String::from_utf8(out).unwrap()
    }

    fn attachment(name: &str, media_type: Option<&str>, octets: impl Into<Vec<u8>>) -> Attachment {
        let media_type = media_type.map(str::to_owned);
        Attachment { source: Source::Octets(octets.into()), name: Some(name.into()), media_type }
    }

    #[test]
    fn an_attached_message_is_not_encoded() {
        let inner = "Subject: inner\n\nbody\n";
        let of = |attachment| {
            let message = compose(Draft { attachments: vec![attachment], ..draft() }).unwrap();
            (written(&message), message.warnings().len())
        };
        let (text, warnings) = of(attachment("a.eml", None, inner));
        assert!(
            text.contains(
                "Content-Type: message/rfc822; name=\"a.eml\"\r\nContent-Transfer-Encoding: 7bit\r\n"
            )
        );
        assert!(text.contains("\r\n\r\nSubject: inner\r\n\r\nbody\r\n\r\n--=_"), "{text}");
        assert_eq!(warnings, 0);
        for (explicit, expected) in [(None, 0), (Some("message/rfc822"), 1)] {
            let (text, warnings) = of(attachment("a.eml", explicit, "Subject: é\n\n"));
            assert!(text.contains("Content-Type: application/octet-stream; name=\"a.eml\"\r\n"), "{text}");
            assert_eq!(warnings, expected);
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
