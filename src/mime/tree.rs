//! The message: a header and one part, or several in a multipart/mixed (RFC 2046 5.1.3), written as often as needed.
//!
//! An attachment is base64, byte for byte. Only a message/* attachment is sent as it is, because RFC 2046 5.2.1 forbids
//! to encode it; one that transports would change goes as application/octet-stream instead.

use std::io::Write;

use super::draft::{Attachment, Draft};
use super::encode::Base64;
use super::error::{ComposeError, MessageError};
use super::header::{Header, check_message_id};
use super::kind::Kind;
use super::parameter::{MediaType, write_name};
use super::source::{Body, Taken};
use super::text::{self, Planned, TextPlan};
use crate::mail::Listed;
use crate::sys::Random;

/// A message that can be written, the same each time. It holds no file's content.
#[derive(Debug, Clone)]
pub struct Message {
    message_id: String,
    header: String,
    parts: Vec<Part>,
    end: String,
    size: u64,
    smtputf8: bool,
    warnings: Vec<String>,
}

#[derive(Debug, Clone)]
struct Part {
    /// Delimiter, fields, empty line.
    header: String,
    content: Content,
    size: u64,
    outline: Outline,
}

/// What a part's octets are made from.
#[derive(Debug, Clone)]
enum Content {
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

impl Message {
    /// Composes the message: decides charsets, encodings and types, reads each text and the beginning of each
    /// attachment, and computes the size.
    pub fn compose(draft: Draft, random: &dyn Random) -> Result<Self, ComposeError> {
        let mut warnings = Vec::new();
        let mut header = fields(&draft, &mut warnings)?;
        let boundary = if draft.attachments.is_empty() {
            None
        } else {
            // RFC 2045 6.7: `=_` cannot occur in quoted-printable or base64.
            Some(format!("=_{}", random.token(24).map_err(ComposeError::Random)?))
        };
        let delimiter = boundary.as_deref().unwrap_or_default();
        let body = Part::of_body(&draft, delimiter, &mut warnings)?;
        let smtputf8 = header.smtputf8;
        let Some(boundary) = &boundary else {
            header.text.push_str(&body.header);
            let body = Part { header: String::new(), ..body };
            return Ok(Self::assemble(draft, header.text, vec![body], String::new(), smtputf8, warnings));
        };
        let mut parts = vec![body];
        for attachment in &draft.attachments {
            parts.push(Part::of_attachment(attachment, boundary, &mut warnings)?);
        }
        for (index, part) in parts.iter_mut().enumerate() {
            // The line end before a delimiter belongs to the delimiter.
            let before = if index > 0 { "\r\n" } else { "" };
            part.header.insert_str(0, &format!("{before}--{boundary}\r\n"));
        }
        let mut media = MediaType::known("multipart/mixed");
        media.set("boundary", Some(&format!("\"{boundary}\"")));
        header.field("Content-Type", |value| media.write(value));
        header.text.push_str("\r\n");
        let end = format!("\r\n--{boundary}--\r\n");
        Ok(Self::assemble(draft, header.text, parts, end, smtputf8, warnings))
    }

    fn assemble(
        draft: Draft,
        header: String,
        parts: Vec<Part>,
        end: String,
        smtputf8: bool,
        warnings: Vec<String>,
    ) -> Self {
        let contents: u64 = parts.iter().map(|part| part.header.len() as u64 + part.size).sum();
        let size = (header.len() + end.len()) as u64 + contents;
        Message { message_id: draft.message_id, header, parts, end, size, smtputf8, warnings }
    }

    /// Exactly how many octets [`Message::write_to`] writes; not dot-stuffed.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Writes the message, every line ended in CRLF, not dot-stuffed. After an error what was written is no message.
    pub fn write_to(&self, out: &mut dyn Write) -> Result<(), MessageError> {
        let mut sink = |octets: &[u8]| out.write_all(octets).map_err(MessageError::Sink);
        sink(self.header.as_bytes())?;
        for part in &self.parts {
            sink(part.header.as_bytes())?;
            part.content.write(&mut sink)?;
        }
        sink(self.end.as_bytes())
    }

    /// The header's lines, each ended in CRLF, with the empty line behind them.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The identifier, `<left@right>`.
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// Whether an address in the header is in UTF-8, so that the server must offer SMTPUTF8 (RFC 6531 3.1).
    pub fn needs_smtputf8(&self) -> bool {
        self.smtputf8
    }

    /// Whether any octet is above 127. Bodies never have one.
    pub fn is_eight_bit(&self) -> bool {
        self.smtputf8
    }

    /// What was decided for the person and may surprise, one sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What is in it, in order; the text comes first.
    pub fn parts(&self) -> impl Iterator<Item = &Outline> {
        self.parts.iter().map(|part| &part.outline)
    }
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
        }
    }
}

impl Part {
    fn of_body(draft: &Draft, boundary: &str, warnings: &mut Vec<String>) -> Result<Self, ComposeError> {
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

    fn of_attachment(
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

/// All fields but those of the body.
fn fields(draft: &Draft, warnings: &mut Vec<String>) -> Result<Header, ComposeError> {
    let mut header = Header::default();
    let date = jiff::fmt::rfc2822::to_string(&draft.date)
        .map_err(|_| ComposeError::Date { date: draft.date.to_string() })?;
    header.plain("Date", &date);
    header.addresses("From", &[Listed::Mailbox(draft.from.clone())])?;
    if !draft.reply_to.is_empty() {
        header.addresses("Reply-To", &draft.reply_to)?;
    }
    if !draft.to.is_empty() {
        header.addresses("To", &draft.to)?;
    } else if draft.cc.is_empty() {
        header.plain("To", "undisclosed-recipients:;");
    }
    if !draft.cc.is_empty() {
        header.addresses("Cc", &draft.cc)?;
    }
    if let Some(subject) = &draft.subject {
        header.subject(subject, &draft.charsets, warnings)?;
    }
    check_message_id(&draft.message_id)?;
    header.plain("Message-ID", &draft.message_id);
    for (name, text) in &draft.fields {
        header.own(name, text, &draft.charsets, warnings)?;
    }
    header.plain("MIME-Version", "1.0");
    Ok(header)
}
