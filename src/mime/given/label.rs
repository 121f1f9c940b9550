//! What fields say of a content (RFC 2045 5 and 6).

use super::edit::Recode;
use super::field::{Field, Value, unfolded};
use super::lines::{LONGEST_LINE, Seen};
use crate::mime::charset::charset;
use crate::mime::header::OCTETS;
use crate::mime::header::parameter::split_parameters;
use crate::mime::read::parameter;

/// Transfer encodings that change octets (RFC 2045 6.1), and older ones that some readers know.
const ENCODINGS: [&str; 6] = ["base64", "quoted-printable", "uuencode", "uue", "binhex", "mac-binhex40"];

/// Messages that consist of fields.
const REPORTS: [&str; 3] = ["delivery-status", "disposition-notification", "feedback-report"];

/// What the fields say of the content.
#[derive(Debug)]
pub(super) struct Label {
    /// That of the Content-Type field; empty where there is none.
    pub(super) value: String,
    /// The same with a character for each octet above 127, where it was given.
    octets: Option<String>,
    /// Type and subtype, lower case.
    pub(super) essence: String,
    /// The transfer encoding, lower case.
    pub(super) encoding: String,
    pub(super) charset: Option<String>,
}

impl Label {
    pub(super) fn of<'a>(fields: impl IntoIterator<Item = &'a Field> + Clone) -> Self {
        let find = |name: &str| {
            let field = fields.clone().into_iter().find(|field| field.is(name));
            field.and_then(Field::said).unwrap_or_default()
        };
        let value = find("Content-Type");
        let field = fields.clone().into_iter().find(|field| field.is("Content-Type"));
        let octets = field.and_then(|field| match &field.value {
            Value::Written(value) if !value.is_ascii() => {
                Some(OCTETS.decode_without_bom_handling(&unfolded(value)).0.into_owned())
            }
            _ => None,
        });
        let essence = value.split([';', '(']).next().unwrap_or_default().trim().to_ascii_lowercase();
        let encoding = find("Content-Transfer-Encoding");
        let encoding = encoding.split(['(', ';']).next().unwrap_or_default().trim().to_ascii_lowercase();
        Label {
            // RFC 2045 5.2: what cannot be read is a plain text.
            essence: if essence.contains('/') { essence } else { "text/plain".to_owned() },
            encoding: if encoding.is_empty() { "7bit".to_owned() } else { encoding },
            charset: parameter(&value, "charset"),
            value,
            octets,
        }
    }

    /// Whether its type begins so.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.essence.starts_with(kind)
    }

    /// Whether it holds parts or another message, and cannot be encoded as a whole.
    pub(super) fn holds_parts(&self) -> bool {
        self.is("multipart/") || self.is("message/")
    }

    /// Whether it consists of fields, as reports do (RFC 3464 2.1, RFC 8098 3.1, RFC 5965 2, RFC 6533), which may be folded.
    pub(super) fn is_of_fields(&self) -> bool {
        let kind = self.essence.strip_prefix("message/").unwrap_or_default();
        REPORTS.contains(&kind.strip_prefix("global-").unwrap_or(kind)) && self.is_unencoded()
    }

    /// Whether it is a text whose line ends are those of ASCII.
    pub(super) fn has_lines(&self) -> bool {
        let named = self.charset.as_deref().and_then(|label| charset(label).ok().flatten());
        // What is in UTF-16 is composed in UTF-8: its output is another charset.
        self.is("text/") && named.is_none_or(|encoding| encoding.output_encoding() == encoding)
    }

    /// Whether its octets are those of the content. A word that names no encoding, such as `8bits` or `utf-8`, changes nothing
    /// to a reader.
    pub(super) fn is_unencoded(&self) -> bool {
        let is_known = ENCODINGS.contains(&self.encoding.as_str());
        !(is_known || self.encoding.starts_with("x-"))
    }

    /// What stands between the parts, if it holds any.
    pub(super) fn boundary(&self) -> Option<Vec<u8>> {
        let boundary = parameter(&self.value, "boundary").filter(|_| self.is("multipart/"))?;
        // RFC 2046 5.1.1: it ends in no blank.
        let boundary = boundary.trim_ascii_end().as_bytes();
        let is_fit = !boundary.is_empty() && boundary.len() <= LONGEST_LINE - "----".len();
        is_fit.then(|| boundary.to_vec())
    }

    /// How what is encoded already is made fit, where it is what it says.
    pub(super) fn mended(&self, seen: &Seen) -> Option<Recode> {
        match self.encoding.as_str() {
            "quoted-printable" => Some(Recode::Requoted),
            "base64" if seen.eight_bit.is_none() && !seen.is_other_than_base64 => Some(Recode::Rewrapped),
            _ => None,
        }
    }

    /// The value of a Content-Type field with this charset. The octets of other parameters stay.
    pub(super) fn with_charset(&self, charset: &str) -> Value {
        let mut pieces = split_parameters(self.octets.as_ref().unwrap_or(&self.value)).into_iter();
        let essence = pieces.next().filter(|essence| essence.contains('/')).unwrap_or("text/plain");
        let is_other = |piece: &&str| {
            let name = piece.split('=').next().unwrap_or_default().trim();
            let name = name.split('*').next().unwrap_or_default();
            !piece.is_empty() && !name.eq_ignore_ascii_case("charset")
        };
        let mut value = format!(" {}", essence.trim());
        for piece in pieces.map(str::trim).filter(is_other) {
            value.push_str("; ");
            value.push_str(piece);
        }
        value.push_str("; charset=");
        value.push_str(charset);
        Value::Written(if self.octets.is_some() {
            OCTETS.encode(&value).0.into_owned()
        } else {
            value.into_bytes()
        })
    }
}

/// The charset of a text with octets above 127, where its label says ASCII or nothing. What says nothing of its charset in
/// its own words, such as HTML, may say it in its text.
pub(super) fn true_charset(label: &Label, is_utf_8: bool) -> Option<&'static str> {
    let named = label.charset.as_deref();
    match named.map(charset) {
        None | Some(Ok(None)) if is_utf_8 => Some("utf-8"),
        None if label.essence != "text/plain" => None,
        None | Some(Ok(None)) => Some("unknown-8bit"),
        _ => None,
    }
}
