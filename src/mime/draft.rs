//! What a person wants to send, before it is a message.

use std::path::Path;

use encoding_rs::Encoding;
use jiff::Zoned;

use super::charset::{Charsets, Text};
use super::error::{ComposeError, MessageError, SourceError};
use super::given::Given;
use super::header::parameter::name_of_path;
use super::kind::is_picture;
use super::source::{Body, Source};
use crate::mail::{Listed, Mailbox};

/// What a person wants to send. Recipients of blind copies are in the envelope, never here.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Who writes.
    pub from: Mailbox,
    /// Who else writes.
    pub co_authors: Vec<Mailbox>,
    /// Who hands it in, if not `from`. With several authors and none here, `from` does (RFC 5322 3.6.2).
    pub sender: Option<Mailbox>,
    /// Where answers go, if not to `from`.
    pub reply_to: Vec<Listed>,
    /// The To field. If it and `cc` are empty, it says `undisclosed-recipients:;`.
    pub to: Vec<Listed>,
    /// The Cc field.
    pub cc: Vec<Listed>,
    /// The subject; an empty one is none.
    pub subject: Option<Text>,
    /// Fields of the person's own, name and text, in order.
    pub fields: Vec<(String, Text)>,
    /// The text. Without a source, and beside an HTML text or an invitation, there is none.
    pub body: Body,
    /// The type of the text, such as `text/plain` or `text/html; format=flowed`. Its charset is found out.
    pub body_type: String,
    /// The charset of the text, where it was made here; else it is found out.
    pub body_charset: Option<&'static Encoding>,
    /// The same text in HTML.
    pub html: Option<Html>,
    /// The pictures in the HTML text.
    pub inlines: Vec<Inline>,
    /// An invitation, or an answer to one.
    pub calendar: Option<Calendar>,
    /// Whether a plain text is wrapped so that readers flow it (RFC 3676). Each of its lines is a paragraph.
    pub is_flowed: bool,
    /// In the order in which they are sent.
    pub attachments: Vec<Attachment>,
    /// The message that was given with its header. It has all the fields then, and those of this draft that stand in
    /// the header are passed over.
    pub given: Option<Given>,
    /// The charsets in play.
    pub charsets: Charsets,
    /// When it is written.
    pub date: Zoned,
    /// Its identifier, `<left@right>`.
    pub message_id: String,
}

impl Draft {
    /// A draft with nothing in it but who, when and which.
    pub fn new(from: Mailbox, date: Zoned, message_id: String) -> Self {
        Draft {
            from,
            co_authors: Vec::new(),
            sender: None,
            reply_to: Vec::new(),
            to: Vec::new(),
            cc: Vec::new(),
            subject: None,
            fields: Vec::new(),
            body: Body::default(),
            body_type: "text/plain".to_owned(),
            is_flowed: false,
            body_charset: None,
            html: None,
            inlines: Vec::new(),
            calendar: None,
            attachments: Vec::new(),
            given: None,
            charsets: Charsets::default(),
            date,
            message_id,
        }
    }

    /// Whether it makes more than one part.
    pub(super) fn has_several_parts(&self) -> bool {
        self.html.is_some()
            || self.calendar.is_some()
            || !self.inlines.is_empty()
            || !self.attachments.is_empty()
    }

    /// All who write.
    pub(super) fn authors(&self) -> Vec<Listed> {
        [&self.from].into_iter().chain(&self.co_authors).cloned().map(Listed::Mailbox).collect()
    }

    /// The Sender field, where there is one: it would say nothing beside an only author of the same address (RFC 5322
    /// 3.6.2).
    pub(super) fn sender_field(&self) -> Option<Listed> {
        let sender = self.sender.as_ref().unwrap_or(&self.from);
        let is_told = self.co_authors.is_empty() && sender.address == self.from.address;
        (!is_told).then(|| Listed::Mailbox(sender.clone()))
    }
}

/// A time as the Date field says it (RFC 5322 3.3).
pub(super) fn date_field(date: &Zoned) -> Result<String, ComposeError> {
    jiff::fmt::rfc2822::to_string(date).map_err(|_| ComposeError::Date { date: date.to_string() })
}

/// A text in HTML.
#[derive(Debug, Clone)]
pub struct Html {
    /// The text.
    pub body: Body,
    /// Its charset, where it was made here; else it is found out.
    pub charset: Option<&'static Encoding>,
}

/// A picture that an HTML text shows.
#[derive(Debug, Clone)]
pub struct Inline {
    /// What it is.
    pub attachment: Attachment,
    /// By what the text refers to it, behind `cid:`: `left@right` (RFC 2392 section 2).
    pub content_id: String,
}

/// An iCalendar object that asks something of its recipients, or answers (RFC 5546, RFC 6047).
#[derive(Debug, Clone)]
pub struct Calendar {
    /// The object.
    pub body: Body,
    /// Its METHOD, which its media type repeats (RFC 6047 2.4).
    pub method: String,
    /// The file's name.
    pub name: Option<String>,
}

/// One thing that goes along, byte for byte.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Its octets.
    pub source: Source,
    /// The name it is given; without one it is the file's, or `stdin.txt` or `stdin.bin`.
    pub name: Option<String>,
    /// Its media type; without one it is found out by name and first octets.
    pub media_type: Option<String>,
}

impl Attachment {
    /// Opens a path and names the attachment after it, also where the path leads to a FIFO or a device.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let name = Some(name_of_path(path.as_os_str()));
        Ok(Attachment { source: Source::open(path)?, name, media_type: None })
    }

    /// Whether it is an image by its first octets, whatever its name says.
    pub fn is_picture(&self) -> Result<bool, MessageError> {
        is_picture(&self.source)
    }
}

impl From<Source> for Attachment {
    fn from(source: Source) -> Self {
        Attachment { source, name: None, media_type: None }
    }
}
