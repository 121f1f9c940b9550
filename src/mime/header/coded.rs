//! Text of a field in the letter's charset: encoded-words (RFC 2047) and file names (RFC 2231) that are not in UTF-8.
//!
//! Each encoded-word and each piece of a name is encoded for itself: none ends inside a character, and where a charset
//! has states (ISO-2022-JP) each begins and ends in ASCII (RFC 2047 5 and 6.2).

use std::fmt::{self, Write};

use encoding_rs::Encoding;

use super::parameter::{FITS, percent};
use super::value::{FOLD, Value};
use super::{Charsets, Header};
use crate::mime::charset::{charset_name, in_charset};

/// Octets that a header usually stays below.
const USUAL: usize = 512;

/// A field that is in UTF-8 because the letter's charset does not have a character of it.
#[derive(Debug, Clone)]
pub(in crate::mime) struct Lacking {
    /// The field, or `a file name`.
    field: String,
    /// The charset.
    encoding: &'static Encoding,
    /// The first such character.
    character: char,
}

impl Header {
    /// An empty header whose text is in the letter's charset.
    pub(in crate::mime) fn new(charsets: &Charsets) -> Self {
        Header { text: String::with_capacity(USUAL), output: charsets.output_charset(), ..Header::default() }
    }

    /// The charset in which all of `text` can stand in this field; `None` is UTF-8. That a character is not in the
    /// letter's charset is noted.
    pub(in crate::mime) fn charset_for(&mut self, field: &str, text: &str) -> Option<&'static Encoding> {
        let encoding = self.output.filter(|_| !text.is_ascii())?;
        match in_charset(encoding, text) {
            Ok(_) => Some(encoding),
            Err(character) => {
                self.lacking.push(Lacking { field: field.to_owned(), encoding, character });
                None
            }
        }
    }
}

/// The one sentence about all fields that could not be in the letter's charset.
pub(in crate::mime) fn in_utf8(lacking: &[Lacking]) -> Option<String> {
    let first = lacking.first()?;
    let mut fields: Vec<&str> = Vec::new();
    for one in lacking {
        if !fields.contains(&one.field.as_str()) {
            fields.push(&one.field);
        }
    }
    let verb = if fields.len() > 1 { "are" } else { "is" };
    let (last, others) = fields.split_last()?;
    let names =
        if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
    let character = first.character.escape_unicode();
    Some(format!("{} has no `{character}`: {names} {verb} sent in UTF-8", charset_name(first.encoding)))
}

impl Value<'_> {
    /// Adds text as encoded-words in this charset, which has all its characters.
    pub(super) fn encoded_in(&mut self, encoding: &'static Encoding, text: &str) -> fmt::Result {
        // `=?`, `?b?`, `?=`
        let around = encoding.name().len() + 7;
        let whole = around + octets(encoding, text).len().div_ceil(3) * 4;
        self.blank_before(if self.begun && whole < FOLD { whole } else { 0 })?;
        let mut rest = text;
        while !rest.is_empty() {
            let room = FOLD.saturating_sub(self.writer.projected_line_len() + around) / 4 * 3;
            let word = fitting(rest, |part| octets(encoding, part).len() <= room);
            if word.is_empty() {
                self.writer.new_line()?;
                if self.writer.projected_line_len() == self.writer.line_len() {
                    self.writer.space();
                }
                continue;
            }
            let coded = base64_simd::STANDARD.encode_to_string(octets(encoding, word));
            write!(self.writer, "=?{}?b?{coded}?=", encoding.name())?;
            rest = &rest[word.len()..];
        }
        Ok(())
    }

    /// Adds `key*=charset''name`, in pieces where it is too long for a line. The semicolon before it is there.
    pub(super) fn name_in(&mut self, encoding: &'static Encoding, key: &str, name: &str) -> fmt::Result {
        let coded = |part: &str| percent(&octets(encoding, part));
        let whole = format!("{key}*={}''{}", encoding.name(), coded(name));
        if whole.len() <= FITS {
            return self.word(&whole);
        }
        let mut rest = name;
        for index in 0_usize.. {
            let charset = if index == 0 { format!("{}''", encoding.name()) } else { String::new() };
            let start = format!("{key}*{index}*={charset}");
            let piece = fitting(rest, |part| start.len() + coded(part).len() <= FITS);
            self.word(&format!("{start}{}", coded(piece)))?;
            rest = &rest[piece.len()..];
            if rest.is_empty() || piece.is_empty() {
                break;
            }
            self.glue(";")?;
        }
        Ok(())
    }
}

/// The longest beginning, in whole characters, that `fits`. What is longer than one that does not fit is not tried.
fn fitting(text: &str, fits: impl Fn(&str) -> bool) -> &str {
    let ends = text.char_indices().map(|(at, character)| at + character.len_utf8());
    let end = ends.take_while(|&end| fits(&text[..end])).last().unwrap_or(0);
    &text[..end]
}

/// The octets of text that is known to be in the charset.
fn octets(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    in_charset(encoding, text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mime::charset::Text;
    use encoding_rs::{BIG5, EUC_JP, GB18030, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16LE, WINDOWS_1252};

    fn subject(encoding: &'static Encoding, text: &str) -> (String, Option<String>) {
        let charsets = Charsets { output: Some(encoding), ..Charsets::default() };
        let mut header = Header::new(&charsets);
        header.subject(&Text::from(text), &charsets, &mut Vec::new()).unwrap();
        let said = in_utf8(&header.lacking);
        (header.text, said)
    }

    #[test]
    fn a_subject_in_a_charset() {
        for (encoding, text, expected) in [
            (GB18030, "例😀", "=?gb18030?b?wP2UOfw2?="),
            (GBK, "例", "=?GBK?b?wP0=?="),
            (BIG5, "例", "=?Big5?b?qNI=?="),
            (SHIFT_JIS, "例", "=?Shift_JIS?b?l+E=?="),
            (ISO_2022_JP, "a例b", "=?ISO-2022-JP?b?YRskQk5jGyhCYg==?="),
            (WINDOWS_1252, "é€", "=?windows-1252?b?6YA=?="),
            // UTF-16 is no charset of a mail (RFC 2781 A): as without one.
            (UTF_16LE, "é", "=?utf-8?b?w6k=?="),
            (UTF_8, "é", "=?utf-8?b?w6k=?="),
            (GB18030, "plain", "plain"),
            (GB18030, "=?x?=", "=?utf-8?b?PT94Pz0=?="),
        ] {
            assert_eq!(subject(encoding, text), (format!("Subject: {expected}\r\n"), None), "{text}");
        }
    }

    #[test]
    fn what_a_charset_lacks_is_in_utf_8() {
        for (encoding, text, character) in [
            (GBK, "例😀", "1f600"),
            (WINDOWS_1252, "例", "4f8b"),
            // What the Encoding Standard takes for another character, or few decoders know.
            (SHIFT_JIS, "¥", "a5"),
            (ISO_2022_JP, "ｱ", "ff71"),
            (EUC_JP, "\u{2212}", "2212"),
            (GBK, "€", "20ac"),
            (WINDOWS_1252, "\u{81}", "81"),
            (GB18030, "\u{e5e5}", "e5e5"),
            (ISO_2022_JP, "例①", "2460"),
        ] {
            let (text, said) = subject(encoding, text);
            assert!(text.starts_with("Subject: =?utf-8?b?"), "{text}");
            let expected =
                format!("{} has no `\\u{{{character}}}`: Subject is sent in UTF-8", encoding.name());
            assert_eq!(said.as_deref(), Some(expected.as_str()));
        }
    }

    #[test]
    fn each_word_stands_for_itself() {
        for (encoding, text) in [
            (ISO_2022_JP, "日本語の件名 and ASCII "),
            (GB18030, "例😀é"),
            (EUC_JP, "日本語"),
            (BIG5, "測試郵件"),
        ] {
            let (field, said) = subject(encoding, text.repeat(30).trim_end());
            assert_eq!(said, None);
            let mut read = String::new();
            for line in field.lines() {
                assert!(line.len() <= 76, "{line}");
                let word = line.trim_start_matches("Subject:").trim();
                assert!(word.len() <= 75, "{word}");
                let coded = word.split('?').nth(3).unwrap();
                let octets = base64_simd::STANDARD.decode_to_vec(coded).unwrap();
                let decoded = encoding.decode_without_bom_handling_and_without_replacement(&octets);
                read.push_str(&decoded.unwrap());
                if encoding == ISO_2022_JP && octets.contains(&0x1b) {
                    let escapes: Vec<_> = octets.windows(3).filter(|three| three[0] == 0x1b).collect();
                    assert_eq!(*escapes.last().unwrap(), b"\x1b(B", "{octets:?}");
                }
            }
            assert_eq!(read, text.repeat(30).trim_end());
        }
    }

    #[test]
    fn names_of_files() {
        let written = |encoding, name: &str| {
            let mut header = Header::default();
            header.field("Content-Disposition", |value| {
                value.word("attachment;")?;
                value.name_in(encoding, "filename", name)
            });
            header.text
        };
        assert_eq!(
            written(GB18030, "例.pdf"),
            "Content-Disposition: attachment; filename*=gb18030''%C0%FD.pdf\r\n"
        );
        let long = written(ISO_2022_JP, &"例".repeat(40));
        assert!(long.contains("\r\n filename*0*=ISO-2022-JP''%1B%24BNcNc"), "{long}");
        assert!(long.lines().skip(1).all(|line| line.len() <= 76 && line.contains("%1B%28B")), "{long}");
        assert_eq!(long.matches("Nc").count(), 40);
    }

    #[test]
    fn one_sentence_for_all_fields() {
        let lacking = |field: &str| Lacking { field: field.into(), encoding: GBK, character: '😀' };
        let all = ["Subject", "To", "a file name", "To"].map(lacking);
        assert_eq!(
            in_utf8(&all).unwrap(),
            "GBK has no `\\u{1f600}`: Subject, To and a file name are sent in UTF-8"
        );
        assert_eq!(in_utf8(&[]), None);
    }
}
