//! The original, as far as a report gives it back: all of a small one, the header of any other (RFC 3461 6.2, RFC 6522,
//! RFC 6532 3.7, RFC 6533).

use std::io::{self, Write};

use crate::mime::{MessageError, quoted_printable};

/// The longest original that comes back whole, and as much of a longer one as its header is looked for in: 50 KB.
pub const LONGEST_WHOLE: u64 = 50 * 1024;
/// Longest line of a message, octets without CRLF (RFC 5322 2.1.1).
pub(super) const LONGEST_LINE: usize = 998;
/// Octets of a line of base64 before it is encoded.
const BASE64_LINE: usize = 57;

/// The beginning of an original.
#[derive(Debug, Clone)]
pub struct Original {
    octets: Vec<u8>,
    /// Where the header ends; the empty line behind it does not belong to it.
    header: usize,
    is_whole: bool,
}

/// Takes as much as it may hold, and then no more.
struct Beginning(Vec<u8>);

impl Write for Beginning {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let room = LONGEST_WHOLE as usize - self.0.len();
        if room == 0 && !octets.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let count = room.min(octets.len());
        self.0.extend_from_slice(&octets[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What of the original may be given back, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// All of it, if it is small enough.
    pub whole: bool,
    /// It needs SMTPUTF8.
    pub smtputf8: bool,
    /// Octets above 127 may stand in the report as they are.
    pub eight_bit: bool,
    /// The report as a whole goes by SMTPUTF8.
    pub wide: bool,
}

/// The third part of a report.
#[derive(Debug)]
pub(super) struct Enclosed {
    /// Its fields, each line ended in CRLF.
    pub fields: String,
    /// Its content, as encoded.
    pub content: Vec<u8>,
    /// Whether that is all of the original.
    pub is_whole: bool,
    /// Whether it holds octets above 127.
    pub is_eight_bit: bool,
}

impl Original {
    /// Takes the beginning of a stored message, which has so many octets and which `write` writes. Of a long one no more is
    /// read than that.
    pub fn take(
        length: u64,
        write: impl FnOnce(&mut dyn Write) -> Result<(), MessageError>,
    ) -> Result<Self, MessageError> {
        let mut beginning = Beginning(Vec::new());
        match write(&mut beginning) {
            Err(MessageError::Sink(_)) if beginning.0.len() as u64 == LONGEST_WHOLE => {}
            written => written?,
        }
        let octets = beginning.0;
        let header = match memchr::memmem::find(&octets, b"\r\n\r\n") {
            _ if octets.starts_with(b"\r\n") => 0,
            Some(at) => at + 2,
            // What is cut is given up to its last whole line.
            None => memchr::memmem::rfind(&octets, b"\r\n").map_or(0, |at| at + 2),
        };
        Ok(Original { is_whole: octets.len() as u64 == length, octets, header })
    }

    /// Whether it is an answer of a program (RFC 3834 5): such a one is never told that it failed.
    pub fn is_auto_replied(&self) -> bool {
        self.values("auto-submitted").any(|value| {
            let word = without_comments(&value);
            let word = word.split([';', ' ', '\t']).find(|word| !word.is_empty());
            word.is_some_and(|word| word.eq_ignore_ascii_case("auto-replied"))
        })
    }

    /// The values of the fields with this name, in lower case, unfolded.
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        let header = String::from_utf8_lossy(&self.octets[..self.header]).replace('\0', " ");
        let unfolded = header.replace("\r\n ", " ").replace("\r\n\t", " ");
        let values = unfolded.split("\r\n").filter_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.trim_end().eq_ignore_ascii_case(name).then(|| value.to_owned())
        });
        values.collect::<Vec<_>>().into_iter()
    }

    /// The third part of a report.
    pub(super) fn enclose(&self, wanted: Wanted) -> Enclosed {
        let whole = wanted.whole && self.is_whole;
        let content = if whole { &self.octets[..] } else { &self.octets[..self.header] };
        let (is_ascii, is_plain) = (content.is_ascii(), is_plain(content));
        let part = |media: &str, encoding: &str, content: Vec<u8>| Enclosed {
            fields: format!("Content-Type: {media}\r\nContent-Transfer-Encoding: {encoding}\r\n"),
            is_eight_bit: encoding == "8bit",
            is_whole: whole,
            content,
        };
        if wanted.smtputf8 && !is_ascii {
            let media = if whole { "message/global" } else { "message/global-headers" };
            return match is_plain && wanted.wide {
                true => part(media, "8bit", content.to_vec()),
                false => part(media, "base64", base64(content)),
            };
        }
        match (whole, is_plain) {
            (true, true) if is_ascii => part("message/rfc822", "7bit", content.to_vec()),
            (true, true) if wanted.eight_bit => part("message/rfc822", "8bit", content.to_vec()),
            // It may not be encoded (RFC 2046 5.2.1), and cannot go as it is.
            (true, _) => self.enclose(Wanted { whole: false, ..wanted }),
            (false, true) if is_ascii => part("text/rfc822-headers", "7bit", content.to_vec()),
            (false, _) => {
                let is_utf8 = !is_ascii && std::str::from_utf8(content).is_ok();
                let charset = if is_utf8 { "; charset=utf-8" } else { "" };
                let media = format!("text/rfc822-headers{charset}");
                part(&media, "quoted-printable", quoted_printable(content))
            }
        }
    }
}

/// Whether its lines can stand in a message as they are.
fn is_plain(content: &[u8]) -> bool {
    let mut rest = content;
    while let Some(at) = memchr::memchr3(b'\r', b'\n', 0, rest) {
        if at > LONGEST_LINE || !rest[at..].starts_with(b"\r\n") {
            return false;
        }
        rest = &rest[at + 2..];
    }
    rest.len() <= LONGEST_LINE
}

fn base64(content: &[u8]) -> Vec<u8> {
    let lines = content.chunks(BASE64_LINE);
    lines
        .flat_map(|line| {
            [base64_simd::STANDARD.encode_to_string(line).into_bytes(), b"\r\n".to_vec()].concat()
        })
        .collect()
}

/// A field's value without what stands in parentheses (RFC 5322 3.2.2).
fn without_comments(value: &str) -> String {
    let (mut depth, mut is_escaped) = (0_usize, false);
    let mut rest = String::new();
    for character in value.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if depth > 0 => is_escaped = true,
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ if depth == 0 => rest.push(character),
            _ => {}
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: impl AsRef<[u8]>) -> Original {
        let text = text.as_ref();
        Original::take(text.len() as u64, |out| out.write_all(text).map_err(MessageError::Sink)).unwrap()
    }

    #[test]
    fn answers_of_programs_are_known() {
        for field in [
            "Auto-Submitted: auto-replied",
            "auto-submitted:AUTO-REPLIED",
            "Auto-Submitted:\r\n\tauto-replied; owner=\"x\"",
            "Auto-Submitted : (a vacation (really\\)) ) auto-replied (x)",
            "Auto-Submitted: no\r\nAuto-Submitted: auto-replied",
        ] {
            assert!(read(format!("From: a@x\r\n{field}\r\n\r\ntext\r\n")).is_auto_replied(), "{field}");
        }
        for text in [
            "Auto-Submitted: auto-generated\r\n\r\n",
            "Auto-Submitted: no (auto-replied)\r\n\r\n",
            "Auto-Submitted: auto-replied-not\r\n\r\n",
            "X: y\r\n Auto-Submitted: auto-replied\r\n\r\n",
            "Subject: x\r\n\r\nAuto-Submitted: auto-replied\r\n",
            "\r\nAuto-Submitted: auto-replied\r\n",
            "",
        ] {
            assert!(!read(text).is_auto_replied(), "{text}");
        }
    }

    #[test]
    fn a_long_header_is_cut_between_lines() {
        let text = "X-Long: 0123456789\r\n".repeat(5_000);
        let original = read(&text);
        assert!(
            !original.is_whole
                && original.header.is_multiple_of(20)
                && original.header as u64 > LONGEST_WHOLE - 20
        );
    }

    #[test]
    fn an_original_that_cannot_be_read_is_none() {
        let read = Original::take(1 << 20, |out| {
            out.write_all(b"Subject: x\r\n").map_err(MessageError::Sink)?;
            Err(MessageError::Read { what: "it".to_owned(), source: io::ErrorKind::Other.into() })
        });
        assert!(matches!(read, Err(MessageError::Read { .. })));
    }

    #[test]
    fn what_cannot_stand_as_it_is_comes_back_as_a_header() {
        let wanted = Wanted { whole: true, smtputf8: false, eight_bit: true, wide: false };
        let media =
            |text: &[u8], wanted| read(text).enclose(wanted).fields.lines().collect::<Vec<_>>().join(" ");
        let eight = "Subject: x\r\n\r\n\u{e9}\r\n".as_bytes();
        assert!(media(eight, wanted).contains("message/rfc822 Content-Transfer-Encoding: 8bit"));
        assert!(
            media(eight, Wanted { eight_bit: false, ..wanted })
                .contains("headers Content-Transfer-Encoding: 7bit")
        );
        let long = format!("Subject: x\r\n\r\n{}\r\n", "x".repeat(999));
        assert!(media(long.as_bytes(), wanted).contains("rfc822-headers"));
        assert!(media(b"Subject: x\n\r\n\r\nx\r\n", wanted).contains("quoted-printable"));
        assert!(
            media(b"Subject: \xff\r\n\r\nx\r\n", Wanted { whole: false, ..wanted })
                .contains("quoted-printable")
        );
    }
}
