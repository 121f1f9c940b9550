//! What an attachment is: its media type and its name (RFC 2046, RFC 2183 2.3).

mod charset;

use std::cell::OnceCell;
use std::path::Path;

use super::draft::Attachment;
use super::error::{ComposeError, MessageError};
use super::header::one_line;
use super::header::parameter::{MediaType, harmless, name_of_path};
use super::source::Source;

/// First octets that are looked at. Only what begins as a text and may be labelled as one is read to its end.
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
        let given = match (&attachment.name, &attachment.source) {
            (Some(name), _) => {
                one_line("a file name", name.as_bytes())?;
                Some(harmless(name))
            }
            (None, Source::File { path, .. }) => Some(name_of_path(path.as_os_str())),
            (None, _) => None,
        };
        let charset = OnceCell::new();
        let charset = || match charset.get() {
            Some(charset) => Ok(*charset),
            None => charset::of(&attachment.source, &beginning).map(|found| *charset.get_or_init(|| found)),
        };
        let mut media = match (&attachment.media_type, by_name(given.as_deref())) {
            (Some(text), _) => MediaType::parse(text)?,
            (None, Some(known)) => MediaType::known(known),
            (None, None) => MediaType::known(by_octets(&beginning, charset()?)),
        };
        if media.essence.starts_with("multipart/") {
            let reason = "an attachment has no parts of its own";
            return Err(ComposeError::MediaType { text: media.essence, reason });
        }
        media.set("name", None);
        if media.essence.starts_with("text/") && media.parameter("charset").is_none() {
            media.set("charset", charset()?);
        }
        let name = match given {
            Some(name) => name,
            None => if charset()?.is_some() { "stdin.txt" } else { "stdin.bin" }.to_owned(),
        };
        Ok(Kind { media, name })
    }
}

/// Whether its first octets are those of an image.
pub(super) fn is_picture(source: &Source) -> Result<bool, MessageError> {
    let beginning = source.beginning(LOOKED_AT)?;
    let is_drawing = || {
        let text = String::from_utf8_lossy(&beginning);
        text.trim_start_matches('\u{feff}').trim_start().starts_with('<') && text.contains("<svg")
    };
    let is_known = infer::get(&beginning).is_some_and(|found| found.mime_type().starts_with("image/"));
    Ok(is_known || is_drawing())
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
        let late = |end: &[u8]| [&b"x".repeat(LOOKED_AT - 1)[..], end].concat();
        let (utf8, latin, binary, ascii) =
            (late("é".as_bytes()), late(b"ab\xe9"), late(b"ab\0"), late(b"ab"));
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
            (None, None, &utf8, "text/plain; charset=utf-8", "stdin.txt"),
            (None, None, &ascii, "text/plain; charset=us-ascii", "stdin.txt"),
            (None, None, &latin, "application/octet-stream", "stdin.bin"),
            (None, None, &binary, "application/octet-stream", "stdin.bin"),
            (Some("a.txt"), None, &latin, "text/plain", "a.txt"),
            (Some("a.txt"), None, &binary, "text/plain", "a.txt"),
            (Some("a.txt"), Some("text/x-own"), &utf8, "text/x-own; charset=utf-8", "a.txt"),
            (Some("a.bin"), Some("application/x-own"), &utf8, "application/x-own", "a.bin"),
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
