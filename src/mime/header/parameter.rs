//! Media types, their parameters, and file names (RFC 2045 5, RFC 2183, RFC 2231).
//!
//! A file name is what is shown and stored on the other side, so no path and no control character gets into it.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use email_encoding::headers::rfc2231;

use super::Value;
use crate::mime::error::ComposeError;

/// Longest parameter that stands on a line of its own, octets: behind it comes a semicolon.
pub(in crate::mime) const FITS: usize = 74;

/// A media type as given or found: `text/html; charset=utf-8`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mime) struct MediaType {
    /// Type and subtype, lower case.
    pub(in crate::mime) essence: String,
    /// The parameters in order, each `name=value` or `name="value"`.
    pub(in crate::mime) parameters: Vec<String>,
}

impl MediaType {
    /// Reads a type that a person gave.
    pub(in crate::mime) fn parse(text: &str) -> Result<Self, ComposeError> {
        let fail = |reason| Err(ComposeError::MediaType { text: text.to_owned(), reason });
        let mut pieces = split_parameters(text).into_iter();
        let essence = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.split_once('/') {
            Some((kind, subtype)) if is_token(kind) && is_token(subtype) && essence.len() <= FITS => {}
            _ => return fail("it is not `type/subtype`"),
        }
        let mut parameters = Vec::new();
        for piece in pieces.map(str::trim).filter(|piece| !piece.is_empty()) {
            match piece.split_once('=') {
                Some((name, value)) if is_token(name) && (is_token(value) || is_quoted(value)) => {
                    parameters.push(format!("{name}={value}"));
                }
                _ => return fail("a parameter is not `name=value`"),
            }
            if piece.len() > FITS {
                return fail("a parameter is longer than 74 octets");
            }
        }
        Ok(MediaType { essence, parameters })
    }

    /// A type that is known to be well formed.
    pub(in crate::mime) fn known(essence: &str) -> Self {
        MediaType { essence: essence.to_owned(), parameters: Vec::new() }
    }

    /// Removes the parameter of this name, then adds it with `value` if there is one.
    pub(in crate::mime) fn set(&mut self, name: &str, value: Option<&str>) {
        self.parameters.retain(|parameter| !has_name(parameter, name));
        self.parameters.extend(value.map(|value| format!("{name}={value}")));
    }

    /// The value of a parameter, its quotes removed.
    pub(in crate::mime) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|parameter| has_name(parameter, name))?;
        found.split_once('=').map(|(_, value)| value.trim_matches('"'))
    }

    /// Writes it into a Content-Type field.
    pub(in crate::mime) fn write(&self, value: &mut Value<'_>) -> fmt::Result {
        value.word(&self.essence)?;
        self.parameters.iter().try_for_each(|parameter| {
            value.glue(";")?;
            value.word(parameter)
        })
    }
}

/// Writes `; key="name"` or the forms of RFC 2231 for what is long or outside ASCII.
pub(in crate::mime) fn write_name(key: &str, name: &str, value: &mut Value<'_>) -> fmt::Result {
    value.glue(";")?;
    let plain = name.bytes().all(|octet| matches!(octet, b' '..=b'~')) && !name.contains("=?");
    if let Some(encoding) = value.charset.filter(|_| !plain) {
        return value.name_in(encoding, key, name);
    }
    let whole = if plain {
        format!("{key}=\"{name}\"")
    } else {
        format!("{key}*=utf-8''{}", percent(name.as_bytes()))
    };
    if whole.len() <= FITS {
        value.word(&whole)
    } else if plain || !name.is_ascii() {
        rfc2231::encode(key, name, &mut value.writer)
    } else {
        // The library puts all ASCII into quotes, where lenient readers decode what looks like an encoded-word.
        write_pieces(key, name, value)
    }
}

/// Writes a long name percent-encoded in pieces (RFC 2231 4.1).
fn write_pieces(key: &str, name: &str, value: &mut Value<'_>) -> fmt::Result {
    // Three times 16 octets, with the key and the charset, are within FITS.
    for (index, octets) in name.as_bytes().chunks(16).enumerate() {
        let (charset, glue) = if index == 0 { ("utf-8''", "") } else { ("", ";") };
        value.glue(glue)?;
        value.word(&format!("{key}*{index}*={charset}{}", percent(octets)))?;
    }
    Ok(())
}

/// The name under which a path is sent: its last component, made harmless.
pub(in crate::mime) fn name_of_path(path: &OsStr) -> String {
    harmless(&String::from_utf8_lossy(path.as_bytes()))
}

/// A file name without folders, controls, quotes and backslashes.
pub(in crate::mime) fn harmless(name: &str) -> String {
    let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if matches!(last, "" | "." | "..") {
        return "attachment".to_owned();
    }
    let is_bad = |character: char| character.is_control() || matches!(character, '"' | '\\');
    last.replace(is_bad, "_")
}

/// Percent-encodes what is not an attribute-char of RFC 2231 7.
pub(in crate::mime) fn percent(octets: &[u8]) -> String {
    let mut encoded = String::with_capacity(octets.len() * 3);
    for &octet in octets {
        match octet {
            b'-' | b'.' | b'_' => encoded.push(char::from(octet)),
            _ if octet.is_ascii_alphanumeric() => encoded.push(char::from(octet)),
            _ => encoded.push_str(&format!("%{octet:02X}")),
        }
    }
    encoded
}

/// Divides at the semicolons that are not inside quotes.
pub(in crate::mime) fn split_parameters(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character| {
        let divides = character == ';' && !quoted;
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        divides
    })
    .collect()
}

/// The value of a parameter, or what stands before the first, without the comment behind it (RFC 822 3.4.3). Parentheses
/// in the middle of a value are part of it: programs forget the quotes.
pub(in crate::mime) fn without_comment(value: &str) -> &str {
    let mut escaped = false;
    let is_end = |(_, character): &(usize, char)| {
        let is_end = *character == '"' && !escaped;
        escaped = *character == '\\' && !escaped;
        is_end
    };
    let behind = match value.strip_prefix('"') {
        Some(inner) => inner.char_indices().find(is_end).map_or(value.len(), |(at, _)| at + 2),
        None => [" (", "\t("].iter().filter_map(|start| value.find(start)).min().unwrap_or(value.len()),
    };
    let (kept, comment) = value.split_at(behind);
    let comment = comment.trim();
    let is_comment = comment.starts_with('(') && (comment.ends_with(')') || !comment.contains(')'));
    if is_comment { kept.trim_end() } else { value }
}

fn has_name(parameter: &str, name: &str) -> bool {
    parameter.split_once('=').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name))
}

/// RFC 2045 5.1.
pub(in crate::mime) fn is_token(text: &str) -> bool {
    let good = |octet: u8| matches!(octet, b'!'..=b'~') && !b"()<>@,;:\\\"/[]?=".contains(&octet);
    !text.is_empty() && text.bytes().all(good)
}

/// A quoted string of printable ASCII without quote or backslash inside.
fn is_quoted(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.is_some_and(|inner| {
        inner.bytes().all(|octet| matches!(octet, b' '..=b'~') && !b"\"\\".contains(&octet))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    #[test]
    fn a_comment_is_no_value() {
        for (given, value) in [
            ("us-ascii (Plain text)", "us-ascii"),
            ("us-ascii\t (a", "us-ascii"),
            ("\"a (b)\" (c)", "\"a (b)\""),
            ("\"a\\\" (b)\"", "\"a\\\" (b)\""),
            ("a (1).pdf", "a (1).pdf"),
            ("a(1)", "a(1)"),
            ("\"a", "\"a"),
            ("", ""),
        ] {
            assert_eq!(without_comment(given), value);
        }
    }

    use super::*;
    use crate::mime::header::Header;

    fn written(essence: &str, name: &str) -> String {
        let mut header = Header::default();
        header.field("Content-Type", |value| {
            MediaType::known(essence).write(value)?;
            write_name("name", name, value)
        });
        header.text
    }

    #[test]
    fn types_are_read() {
        let media = MediaType::parse("Text/HTML; Charset=\"utf-8\";format=flowed ;").unwrap();
        assert_eq!(media.essence, "text/html");
        assert_eq!(media.parameters, ["Charset=\"utf-8\"", "format=flowed"]);
        assert_eq!(media.parameter("charset"), Some("utf-8"));
        let mut media = MediaType::parse("a/b; x=\"1;2\"; charset=x").unwrap();
        media.set("charset", None);
        media.set("y", Some("3"));
        assert_eq!(media.parameters, ["x=\"1;2\"", "y=3"]);
        for bad in
            ["", "text", "text/", "/x", "te xt/plain", "text/plain\r\nBcc: a@x", "text/plain; x", "a/b/c"]
        {
            assert!(MediaType::parse(bad).is_err(), "{bad:?}");
        }
        assert!(MediaType::parse("text/plain; x=\"a\r\nb\"").is_err());
    }

    #[test]
    fn names_are_harmless() {
        for (given, expected) in [
            ("/a/b c.txt", "b c.txt"),
            ("a\"b\\c", "a_b_c"),
            ("a\r\nb\0c\x1b\u{85}", "a__b_c__"),
            ("/", "attachment"),
            ("x/..", "attachment"),
            ("folder/", "folder"),
        ] {
            assert_eq!(harmless(given), expected);
        }
        assert_eq!(name_of_path(OsStr::from_bytes(b"/tmp/a\xffb")), "a\u{fffd}b");
    }

    #[test]
    fn a_short_name_stands_in_one_piece() {
        assert_eq!(
            written("application/pdf", "a b.pdf"),
            "Content-Type: application/pdf; name=\"a b.pdf\"\r\n"
        );
        assert_eq!(
            written("application/pdf", "файл имя.pdf"),
            "Content-Type: application/pdf;\r\n name*=utf-8''%D1%84%D0%B0%D0%B9%D0%BB%20%D0%B8%D0%BC%D1%8F.pdf\r\n"
        );
        let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(written(word, "r.docx"), format!("Content-Type:\r\n {word};\r\n name=\"r.docx\"\r\n"));
        assert_eq!(
            written("a/b", "=?utf-8?Q?a_name_that_is_longer_than_any_line_may_be?="),
            "Content-Type: a/b; name*0*=utf-8''%3D%3Futf-8%3FQ%3Fa_name;\r\n name*1*=_that_is_longer_; name*2*=than_any_line_ma; name*3*=y_be%3F%3D\r\n"
        );
        assert_eq!(
            written("a/b", "=?utf-8?Q?x?="),
            "Content-Type: a/b; name*=utf-8''%3D%3Futf-8%3FQ%3Fx%3F%3D\r\n"
        );
    }

    #[test]
    fn a_long_name_is_continued() {
        let long = written("application/pdf", &format!("{}.pdf", "长".repeat(40)));
        assert!(long.contains(";\r\n name*0*=utf-8''%E9%95%BF"), "{long}");
        assert!(long.contains(";\r\n name*1*=%E9%95%BF"), "{long}");
        assert!(long.lines().all(|line| line.len() <= 78), "{long}");
        let long = written("application/pdf", &"x".repeat(255));
        assert!(long.contains(";\r\n name*0=\"xxx") && long.lines().all(|line| line.len() <= 78), "{long}");
    }
}
