//! What an attachment is: its media type and its name (RFC 2046, RFC 2183 2.3).

use std::path::Path;

use super::draft::Attachment;
use super::error::ComposeError;
use super::header::one_line;
use super::header::parameter::{MediaType, harmless, name_of_path};
use super::source::Source;

/// First octets that are looked at. A text that becomes something else later is still sent byte for byte.
const LOOKED_AT: usize = 8 * 1024;

/// Formats that are no text/* but may be all text.
const TEXT_FORMATS: [&str; 3] = ["application/pdf", "application/postscript", "application/rtf"];

/// What an attachment is sent as.
pub(super) struct Kind {
    pub(super) media: MediaType,
    pub(super) name: String,
}

impl Kind {
    /// Finds out what an attachment is: the type as given, else by its name, else by its first octets.
    pub(super) fn of(attachment: &Attachment) -> Result<Self, ComposeError> {
        let beginning = attachment.source.beginning(LOOKED_AT)?;
        let whole = attachment.source.length() <= beginning.len() as u64;
        let charset = text_charset(&beginning, whole);
        let given = match (&attachment.name, &attachment.source) {
            (Some(name), _) => {
                one_line("a file name", name.as_bytes())?;
                Some(harmless(name))
            }
            (None, Source::File { path, .. }) => Some(name_of_path(path.as_os_str())),
            (None, _) => None,
        };
        let mut media = match &attachment.media_type {
            Some(text) => MediaType::parse(text)?,
            None => {
                MediaType::known(by_name(given.as_deref()).unwrap_or_else(|| by_octets(&beginning, charset)))
            }
        };
        if media.essence.starts_with("multipart/") {
            let reason = "an attachment has no parts of its own";
            return Err(ComposeError::MediaType { text: media.essence, reason });
        }
        media.set("name", None);
        if media.essence.starts_with("text/") && media.parameter("charset").is_none() {
            media.set("charset", charset);
        }
        let unnamed = if charset.is_some() { "stdin.txt" } else { "stdin.bin" };
        Ok(Kind { media, name: given.unwrap_or_else(|| unnamed.to_owned()) })
    }
}

fn by_name(name: Option<&str>) -> Option<&'static str> {
    mime_guess::from_path(Path::new(name?)).first_raw()
}

fn by_octets(beginning: &[u8], charset: Option<&str>) -> &'static str {
    let found = infer::get(beginning).map(|found| found.mime_type());
    match (found, charset) {
        // Two letters pass for the mark of an image: a text that begins with `BM` or `MZ` is still a text.
        (Some(found), Some(_)) if found.starts_with("text/") || TEXT_FORMATS.contains(&found) => found,
        (_, Some(_)) => "text/plain",
        (Some(found), None) => found,
        (None, None) => "application/octet-stream",
    }
}

/// The charset of what begins so, if it is text: UTF-8 without NUL. `whole` says that nothing follows.
fn text_charset(beginning: &[u8], whole: bool) -> Option<&'static str> {
    if beginning.contains(&0) {
        return None;
    }
    if beginning.is_ascii() {
        // What follows may still be UTF-8.
        return Some(if whole { "us-ascii" } else { "utf-8" });
    }
    match std::str::from_utf8(beginning) {
        Ok(_) => Some("utf-8"),
        // The last character may be cut off.
        Err(error) if error.error_len().is_none() && !whole => Some("utf-8"),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn kind(name: Option<&str>, media_type: Option<&str>, octets: &[u8]) -> (String, String) {
        let attachment = Attachment {
            source: Source::Octets(octets.to_vec()),
            name: name.map(str::to_owned),
            media_type: media_type.map(str::to_owned),
        };
        let Kind { media, name } = Kind::of(&attachment).unwrap();
        (std::iter::once(media.essence).chain(media.parameters).collect::<Vec<_>>().join("; "), name)
    }

    #[test]
    fn types_and_names() {
        let long = [b"x".repeat(LOOKED_AT - 1), "é".as_bytes().to_vec()].concat();
        for (name, explicit, octets, media, sent) in [
            (Some("a.pdf"), None, &b"%PDF-1.4"[..], "application/pdf", "a.pdf"),
            (Some("a.pdf"), Some("image/x-own; v=1"), b"x", "image/x-own; v=1", "a.pdf"),
            (Some("noext"), None, b"\x89PNG\r\n\x1a\n", "image/png", "noext"),
            (Some("noext"), None, b"plain", "text/plain; charset=us-ascii", "noext"),
            (Some("a.csv"), None, "é".as_bytes(), "text/csv; charset=utf-8", "a.csv"),
            (Some("a.csv"), None, b"\xe9", "text/csv", "a.csv"),
            (Some("a.csv"), Some("text/csv; charset=gbk"), b"\xe9", "text/csv; charset=gbk", "a.csv"),
            (Some("noext"), None, b"BMW: sales", "text/plain; charset=us-ascii", "noext"),
            (Some("noext"), None, b"a\0b", "application/octet-stream", "noext"),
            (None, None, b"text", "text/plain; charset=us-ascii", "stdin.txt"),
            (None, None, b"\xff\xfe\0", "application/octet-stream", "stdin.bin"),
            (None, None, b"%PDF-1.4\n\xff", "application/pdf", "stdin.bin"),
            (None, None, b"", "text/plain; charset=us-ascii", "stdin.txt"),
            (None, None, &long, "text/plain; charset=utf-8", "stdin.txt"),
            (Some("../a\"b"), None, b"x", "text/plain; charset=us-ascii", "a_b"),
        ] {
            assert_eq!(kind(name, explicit, octets), (media.to_owned(), sent.to_owned()), "{name:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_type_or_a_name() {
        let attachment = |name: &str, media_type: &str| Attachment {
            source: Source::Octets(Vec::new()),
            name: Some(name.to_owned()),
            media_type: Some(media_type.to_owned()),
        };
        assert!(Kind::of(&attachment("a", "multipart/mixed")).is_err());
        assert!(Kind::of(&attachment("a", "nonsense")).is_err());
        assert!(matches!(
            Kind::of(&attachment("a\r\nBcc: b", "a/b")).map(|kind| kind.name),
            Err(ComposeError::OneLine { .. })
        ));
    }
}
