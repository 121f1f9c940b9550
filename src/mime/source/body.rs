//! The text of a message as it was given.

use std::io;
use std::path::PathBuf;

use super::{Source, Taken};
use crate::mime::error::MessageError;

/// The text of a message as it was given: the octets of all its sources, one behind the other.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// In the order in which they are sent.
    pub sources: Vec<Source>,
}

impl Body {
    /// How many octets it has.
    pub fn length(&self) -> u64 {
        self.sources.iter().map(Source::length).sum()
    }

    /// Whether it holds nothing but CR, LF, blanks and tabs. Reads until it finds something else.
    pub fn is_blank(&self) -> Result<bool, MessageError> {
        /// Stops the reading.
        fn enough() -> MessageError {
            MessageError::Sink(io::ErrorKind::Other.into())
        }
        let read = self.each_block(&mut |octets| {
            let blank = octets.iter().all(|octet| matches!(octet, b'\r' | b'\n' | b' ' | b'\t'));
            if blank { Ok(()) } else { Err(enough()) }
        });
        match read {
            Ok(()) => Ok(true),
            Err(MessageError::Sink(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Hands all octets to `sink`, in blocks; an error of it ends the reading.
    pub fn each_block(&self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        self.sources.iter().try_for_each(|source| source.each_block(sink))
    }

    /// Ends the last line, if it has no end: what comes behind is another text. One in UTF-16 or UTF-32 is left as it is.
    pub fn end_line(&mut self) -> Taken {
        let last = self.sources.iter().rev().find_map(|source| source.last().transpose()).transpose()?;
        if last.is_some_and(|octet| octet != b'\n') && !self.has_wide_mark()? {
            self.sources.push(Source::Octets(b"\n".to_vec()));
        }
        Ok(())
    }

    /// Puts a signature under the text: on a line of its own, behind the line `-- ` by which programs know it (RFC 3676
    /// 4.3) if `has_dashes`, unless it begins with that line itself.
    pub fn sign(&mut self, signature: Source, has_dashes: bool) -> Taken {
        const DASHES: &[u8] = b"-- ";
        self.end_line()?;
        let beginning = signature.beginning(DASHES.len() + 1)?;
        let has_own = match beginning.strip_prefix(DASHES) {
            Some(behind) => matches!(behind, [] | [b'\r' | b'\n']),
            None => false,
        };
        if has_dashes && !has_own {
            self.sources.push(Source::Octets([DASHES, b"\n"].concat()));
        }
        self.sources.push(signature);
        Ok(())
    }

    /// Whether it begins with the byte order mark of UTF-16 or UTF-32: its octets are not those of ASCII.
    pub fn has_wide_mark(&self) -> Result<bool, MessageError> {
        let Some(first) = self.sources.iter().find(|source| source.length() > 0) else { return Ok(false) };
        let beginning = first.beginning(4)?;
        Ok(matches!(beginning[..], [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 0, 0xfe, 0xff]))
    }

    /// The path to name when what was read is not what was read before.
    pub(in crate::mime) fn path(&self) -> PathBuf {
        fn path(source: &Source) -> Option<&PathBuf> {
            match source {
                Source::File { path, .. } => Some(path),
                Source::Tail { of, .. } => path(of),
                _ => None,
            }
        }
        let path = self.sources.iter().find_map(path).cloned();
        path.unwrap_or_else(|| PathBuf::from("the input"))
    }
}

impl From<Source> for Body {
    fn from(source: Source) -> Self {
        Body { sources: vec![source] }
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Source::Octets(text.as_bytes().to_vec()).into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_body_is_its_sources_in_order_and_may_be_blank() {
        let mut body = Body::from(" \r\n");
        assert!(body.is_blank().unwrap());
        body.sources.push(Source::Octets(b"\tx".to_vec()));
        assert!(!body.is_blank().unwrap());
        assert_eq!(body.length(), 5);
    }

    #[test]
    fn a_signature_stands_on_a_line_of_its_own() {
        for (body, signature, has_dashes, expected) in [
            ("a\n", "S\n", true, "a\n-- \nS\n"),
            ("a", "S\n", true, "a\n-- \nS\n"),
            ("a", "S", false, "a\nS"),
            ("a\r\n", "S", true, "a\r\n-- \nS"),
            ("a\r", "S", true, "a\r\n-- \nS"),
            ("", "S", true, "-- \nS"),
            ("a\n", "-- \nS", true, "a\n-- \nS"),
            ("a\n", "-- \r\nS", true, "a\n-- \r\nS"),
            ("a\n", "-- ", true, "a\n-- "),
            ("a\n", "--\nS", true, "a\n-- \n--\nS"),
            ("a\n", "-- S", true, "a\n-- \n-- S"),
            ("a\n", "", true, "a\n-- \n"),
        ] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            io::Write::write_all(&mut file, body.as_bytes()).unwrap();
            // An empty source says nothing of the last line.
            for first in [Source::Octets(body.into()), Source::open(file.path()).unwrap()] {
                let mut signed = Body { sources: vec![first, Source::Octets(Vec::new())] };
                signed.sign(Source::Octets(signature.into()), has_dashes).unwrap();
                let mut text = Vec::new();
                let mut sink = |octets: &[u8]| {
                    text.extend_from_slice(octets);
                    Ok(())
                };
                signed.each_block(&mut sink).unwrap();
                assert_eq!(String::from_utf8(text).unwrap(), expected, "{body:?} {signature:?}");
            }
        }
    }
}
