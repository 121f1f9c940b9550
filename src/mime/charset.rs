//! Which charset octets are in, and how words from the command line become text; bodies are in `text/`.
//!
//! Valid UTF-8 is UTF-8 whatever the locale says. What no charset explains is kept, octet for octet, as `unknown-8bit`
//! (RFC 1428 3). The charsets are those of the WHATWG Encoding Standard.

mod standard;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use encoding_rs::{Encoding, REPLACEMENT, UTF_8};

pub(super) use standard::{Extensions, extension, in_charset, is_misread};

/// Names of ASCII (RFC 1345 and what `locale charmap` prints). The Encoding Standard takes them for windows-1252,
/// which would make two wrong characters of each UTF-8 character.
const ASCII_NAMES: [&str; 13] = [
    "us-ascii",
    "ascii",
    "ansi_x3.4-1968",
    "ansi_x3.4-1986",
    "iso646-us",
    "iso_646.irv:1991",
    "iso-ir-6",
    "ibm367",
    "cp367",
    "csascii",
    "646",
    "c",
    "posix",
];

/// Stands for ASCII as the charset of a letter: it holds nothing else. The Encoding Standard has no such charset.
pub const ASCII: &Encoding = REPLACEMENT;

/// The charsets in play. All may be absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Charsets {
    /// What the person says the input is in.
    pub declared: Option<&'static Encoding>,
    /// What the locale says the input is in; it matters only for what is not UTF-8.
    pub locale: Option<&'static Encoding>,
    /// What text outside ASCII is sent in, body, fields and file names; `None` is UTF-8.
    pub output: Option<&'static Encoding>,
    /// What is done with octets that no charset explains.
    pub undecodable: Undecodable,
}

impl Charsets {
    /// The charset of the letter, if it is another than UTF-8. UTF-16 is none of mail (RFC 2781 A).
    pub(super) fn output_charset(&self) -> Option<&'static Encoding> {
        let output = self.output?;
        let written = if output == ASCII { ASCII } else { output.output_encoding() };
        (written != UTF_8).then_some(written)
    }
}

/// The name of a letter's charset.
pub fn charset_name(encoding: &'static Encoding) -> &'static str {
    if encoding == ASCII { "us-ascii" } else { encoding.name() }
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
#[error("`{:.100}` is no charset that is known here", label.escape_debug().to_string())]
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use encoding_rs::{GB18030, ISO_2022_JP, WINDOWS_1252};

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
