//! Which charset octets are in, and how they become text: for words from the command line and for bodies of any size.
//!
//! Valid UTF-8 is UTF-8 whatever the locale says. What no charset explains is kept, octet for octet, as `unknown-8bit`
//! (RFC 1428 3). The charsets are those of the WHATWG Encoding Standard, and UTF-32 by its byte order mark.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::source::Taken;

/// Names of ASCII (RFC 1345 and what `locale charmap` prints). The Encoding Standard takes them for windows-1252,
/// which would make two wrong characters of each UTF-8 character.
const ASCII_NAMES: [&str; 9] = [
    "us-ascii",
    "ascii",
    "ansi_x3.4-1968",
    "ansi_x3.4-1986",
    "iso646-us",
    "iso_646.irv:1991",
    "646",
    "c",
    "posix",
];

/// The charsets in play. All may be absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Charsets {
    /// What the person says the input is in.
    pub declared: Option<&'static Encoding>,
    /// What the locale says the input is in; it matters only for what is not UTF-8.
    pub locale: Option<&'static Encoding>,
    /// What a text outside ASCII is sent in; `None` is UTF-8. Fields are always sent in UTF-8.
    pub output: Option<&'static Encoding>,
    /// What is done with octets that no charset explains.
    pub undecodable: Undecodable,
}

/// What is done with octets that no charset explains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Undecodable {
    /// Every octet is sent, as `unknown-8bit`, with a warning.
    #[default]
    Keep,
    /// Each malformed sequence becomes U+FFFD, with a warning that counts them.
    Replace,
    /// There is no message.
    Fail,
}

/// A charset that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no charset that is known here", label.escape_debug())]
pub struct UnknownCharset {
    /// The label as given.
    pub label: String,
}

/// The charset of a label such as `gb18030` or `ISO-8859-15`. `None` stands for ASCII, which says nothing about
/// octets above 127.
pub fn charset(label: &str) -> Result<Option<&'static Encoding>, UnknownCharset> {
    let label = label.trim();
    if ASCII_NAMES.iter().any(|name| label.eq_ignore_ascii_case(name)) {
        return Ok(None);
    }
    // `locale charmap` and muttrcs write EUC-JP as eucJP, ISO-8859-1 as ISO8859-1.
    let spelled = match label.to_ascii_lowercase().as_str() {
        "eucjp" => "euc-jp",
        "euckr" => "euc-kr",
        "euccn" | "eucgb" => "gbk",
        _ => label,
    };
    match Encoding::for_label_no_replacement(spelled.as_bytes()) {
        Some(encoding) => Ok(Some(encoding)),
        None => Err(UnknownCharset { label: label.to_owned() }),
    }
}

/// Text from a person, as octets: a word of the command line need not be UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// The octets as given.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the octets: valid UTF-8 is UTF-8, else the declared charset, else the locale's. What none of them
    /// explains comes back as the offset of the first octet that is not UTF-8.
    pub fn decode(&self, charsets: &Charsets) -> Result<Cow<'_, str>, usize> {
        let bad = match std::str::from_utf8(&self.0) {
            Ok(text) => return Ok(Cow::Borrowed(text)),
            Err(error) => error.valid_up_to(),
        };
        let candidates = charsets.declared.into_iter().chain(charsets.locale);
        candidates
            .filter_map(|encoding| {
                encoding.decode_without_bom_handling_and_without_replacement(&self.0).map(Cow::into_owned)
            })
            .next()
            .map(Cow::Owned)
            .ok_or(bad)
    }

    /// Reads the octets as UTF-8, each malformed sequence as U+FFFD.
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(text.as_bytes().to_vec())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text(text.into_bytes())
    }
}

impl From<OsString> for Text {
    fn from(text: OsString) -> Self {
        Text(text.into_vec())
    }
}

impl From<&OsStr> for Text {
    fn from(text: &OsStr) -> Self {
        Text(text.as_bytes().to_vec())
    }
}

impl From<Vec<u8>> for Text {
    fn from(octets: Vec<u8>) -> Self {
        Text(octets)
    }
}

/// How the octets of a body are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// By an encoding, after a byte order mark of so many octets.
    Encoding(&'static Encoding, usize),
    /// UTF-32, most significant octet first or last, after its byte order mark.
    Utf32 { big: bool },
}

impl Reading {
    /// Whether the octets are read by this encoding.
    pub(super) fn is_by(&self, encoding: &'static Encoding) -> bool {
        matches!(self, Reading::Encoding(by, _) if *by == encoding)
    }

    /// The reading that a byte order mark at the beginning tells.
    pub(super) fn by_mark(beginning: &[u8]) -> Option<Self> {
        // FF FE is UTF-16LE, but FF FE 00 00 is UTF-32LE: a text that begins with NUL is no text.
        match beginning {
            [0xff, 0xfe, 0, 0, ..] => Some(Reading::Utf32 { big: false }),
            [0, 0, 0xfe, 0xff, ..] => Some(Reading::Utf32 { big: true }),
            [0xff, 0xfe, ..] => Some(Reading::Encoding(UTF_16LE, 2)),
            [0xfe, 0xff, ..] => Some(Reading::Encoding(UTF_16BE, 2)),
            [0xef, 0xbb, 0xbf, ..] => Some(Reading::Encoding(UTF_8, 3)),
            _ => None,
        }
    }
}

/// Decodes a stream of octets, block by block. Malformed sequences become U+FFFD and are counted.
pub(super) struct Decoder {
    inner: Inner,
    skip: usize,
    read: u64,
    out: String,
    /// How many malformed sequences there were.
    pub(super) malformed: u64,
    /// Offset of the first octet of the first malformed sequence.
    pub(super) first_bad: Option<u64>,
}

enum Inner {
    Encoding(encoding_rs::Decoder),
    Utf32 { big: bool, carry: Vec<u8> },
}

/// Octets of text that a decoder hands on at a time.
const DECODED: usize = 32 * 1024;

impl Decoder {
    pub(super) fn new(reading: Reading) -> Self {
        let (inner, skip) = match reading {
            Reading::Encoding(encoding, mark) => {
                (Inner::Encoding(encoding.new_decoder_without_bom_handling()), mark)
            }
            Reading::Utf32 { big } => (Inner::Utf32 { big, carry: Vec::with_capacity(4) }, 4),
        };
        let out = match inner {
            Inner::Encoding(_) => "\0".repeat(DECODED),
            Inner::Utf32 { .. } => String::with_capacity(DECODED),
        };
        Decoder { inner, skip, read: 0, out, malformed: 0, first_bad: None }
    }

    /// Decodes the next octets; `last` with the final call, which may hold none.
    pub(super) fn push(&mut self, octets: &[u8], last: bool, sink: &mut dyn FnMut(&str) -> Taken) -> Taken {
        let skipped = self.skip.min(octets.len());
        self.skip -= skipped;
        self.read += skipped as u64;
        let octets = &octets[skipped..];
        match &mut self.inner {
            Inner::Encoding(_) => self.push_encoded(octets, last, sink),
            Inner::Utf32 { .. } => self.push_utf32(octets, last, sink),
        }
    }

    fn push_encoded(&mut self, mut octets: &[u8], last: bool, sink: &mut dyn FnMut(&str) -> Taken) -> Taken {
        let Inner::Encoding(decoder) = &mut self.inner else { return Ok(()) };
        loop {
            let (result, read, written) =
                decoder.decode_to_str_without_replacement(octets, &mut self.out, last);
            octets = &octets[read..];
            self.read += read as u64;
            if written > 0 {
                sink(&self.out[..written])?;
            }
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    let offset = self.read.saturating_sub(u64::from(length) + u64::from(after));
                    self.first_bad.get_or_insert(offset);
                    self.malformed += 1;
                    sink("\u{fffd}")?;
                }
            }
        }
    }

    fn push_utf32(&mut self, octets: &[u8], last: bool, sink: &mut dyn FnMut(&str) -> Taken) -> Taken {
        let Inner::Utf32 { big, carry } = &mut self.inner else { return Ok(()) };
        for octet in octets {
            carry.push(*octet);
            self.read += 1;
            if carry.len() < 4 {
                continue;
            }
            if !*big {
                carry.reverse();
            }
            let code = carry.drain(..).fold(0_u32, |code, octet| code << 8 | u32::from(octet));
            let decoded = char::from_u32(code);
            if decoded.is_none() {
                self.first_bad.get_or_insert(self.read - 4);
                self.malformed += 1;
            }
            self.out.push(decoded.unwrap_or('\u{fffd}'));
            if self.out.len() + 4 > DECODED {
                sink(&self.out)?;
                self.out.clear();
            }
        }
        if last && !carry.is_empty() {
            self.first_bad.get_or_insert(self.read - carry.len() as u64);
            self.malformed += 1;
            self.out.push('\u{fffd}');
        }
        sink(&self.out)?;
        self.out.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use encoding_rs::{GB18030, ISO_2022_JP, WINDOWS_1252};

    fn decode(reading: Reading, octets: &[u8], block: usize) -> (String, Option<u64>, u64) {
        let mut decoder = Decoder::new(reading);
        let mut text = String::new();
        let mut sink = |part: &str| {
            text.push_str(part);
            Ok(())
        };
        for octets in octets.chunks(block) {
            decoder.push(octets, false, &mut sink).unwrap();
        }
        decoder.push(&[], true, &mut sink).unwrap();
        (text, decoder.first_bad, decoder.malformed)
    }

    #[test]
    fn the_same_text_whatever_the_blocks_are() {
        let utf32 = |big: bool, text: &str| {
            let mark = std::iter::once('\u{feff}').chain(text.chars());
            let code = |c: char| if big { u32::from(c).to_be_bytes() } else { u32::from(c).to_le_bytes() };
            mark.flat_map(code).collect::<Vec<u8>>()
        };
        let utf16: Vec<u8> = "\u{feff}例😀".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for block in [1, 2, 3, 5, 1000] {
            assert_eq!(
                decode(Reading::Encoding(UTF_8, 0), "例😀é".as_bytes(), block),
                ("例😀é".into(), None, 0)
            );
            assert_eq!(decode(Reading::Encoding(GB18030, 0), b"\xc0\xfd\x94\x39\xfc\x36", block).0, "例😀");
            assert_eq!(decode(Reading::by_mark(&utf16).unwrap(), &utf16, block), ("例😀".into(), None, 0));
            for big in [true, false] {
                let octets = utf32(big, "例😀");
                assert_eq!(
                    decode(Reading::by_mark(&octets).unwrap(), &octets, block),
                    ("例😀".into(), None, 0)
                );
            }
        }
    }

    #[test]
    fn the_first_bad_octet_is_told() {
        for block in [1, 4, 1000] {
            assert_eq!(
                decode(Reading::Encoding(UTF_8, 0), b"abc\xff\xfed", block),
                ("abc\u{fffd}\u{fffd}d".into(), Some(3), 2)
            );
            assert_eq!(
                decode(Reading::Encoding(UTF_8, 0), b"ab\xe4\xbe", block),
                ("ab\u{fffd}".into(), Some(2), 1)
            );
            assert_eq!(
                decode(Reading::Encoding(UTF_8, 3), b"\xef\xbb\xbfa\xff", block),
                ("a\u{fffd}".into(), Some(4), 1)
            );
            assert_eq!(
                decode(Reading::Utf32 { big: true }, b"\0\0\xfe\xff\0\0\0a\0\x11\0\0\0", block),
                ("a\u{fffd}\u{fffd}".into(), Some(8), 2)
            );
        }
    }

    #[test]
    fn words_of_the_command_line() {
        let gbk = Charsets { locale: Some(GB18030), ..Charsets::default() };
        let latin = Charsets { declared: Some(WINDOWS_1252), ..gbk };
        assert_eq!(Text::from("é").decode(&gbk).unwrap(), "é");
        assert_eq!(Text::from(b"\xc0\xfd".to_vec()).decode(&gbk).unwrap(), "例");
        assert_eq!(Text::from(b"\xc0\xfd".to_vec()).decode(&latin).unwrap(), "Àý");
        assert_eq!(Text::from(b"ab\xff".to_vec()).decode(&Charsets::default()), Err(2));
        assert_eq!(Text::from(b"ab\xff".to_vec()).decode(&gbk), Err(2));
    }

    #[test]
    fn labels() {
        assert_eq!(charset("GB2312").unwrap().map(Encoding::name), Some("GBK"));
        assert_eq!(charset("ISO-2022-JP").unwrap(), Some(ISO_2022_JP));
        assert_eq!(charset("eucJP").unwrap().map(Encoding::name), Some("EUC-JP"));
        assert_eq!(charset("ANSI_X3.4-1968").unwrap(), None);
        assert_eq!(charset("utf8").unwrap(), Some(UTF_8));
        for label in ["klingon", "", "hz-gb-2312", "utf-7"] {
            assert!(charset(label).is_err(), "{label}");
        }
    }
}
