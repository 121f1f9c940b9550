//! Text to lines that end in CRLF, and text to the charset it is sent in, block by block.

use encoding_rs::{Encoder, EncoderResult, Encoding};

use crate::mime::charset::{Extensions, extension, is_misread};
use crate::mime::source::Taken;

/// Ends each line in CRLF, the last one too. A CR without LF is part of the text, not the end of a line.
#[derive(Default)]
pub(super) struct LineEnds {
    out: String,
    /// The text so far ends in a CR that was not handed on, because an LF may follow.
    held: bool,
    /// The last line has no end yet.
    open: bool,
}

impl LineEnds {
    pub(super) fn push(&mut self, text: &str, sink: &mut dyn FnMut(&str) -> Taken) -> Taken {
        self.out.clear();
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'\n', rest.as_bytes()) {
            self.put(&rest[..at]);
            self.out.push_str("\r\n");
            (self.held, self.open) = (false, false);
            rest = &rest[at + 1..];
        }
        self.put(rest);
        sink(&self.out)
    }

    /// Ends the last line.
    pub(super) fn finish(&mut self, sink: &mut dyn FnMut(&str) -> Taken) -> Taken {
        match (self.open, self.held) {
            (false, _) => Ok(()),
            (true, false) => sink("\r\n"),
            (true, true) => sink("\r\r\n"),
        }
    }

    /// Takes text without LF.
    fn put(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.held {
            self.out.push('\r');
        }
        let kept = text.strip_suffix('\r');
        self.out.push_str(kept.unwrap_or(text));
        (self.held, self.open) = (kept.is_some(), true);
    }
}

/// Turns text into another charset.
pub(super) struct Transcoder {
    encoding: &'static Encoding,
    encoder: Encoder,
    extensions: Extensions,
    out: Vec<u8>,
    /// A line end that was not handed on: if it is the last one, what ends the text goes before it. ISO-2022-JP ends in
    /// ASCII (RFC 1468), and the escape to that must not be a line of its own.
    held: bool,
    /// The first character that the charset does not have. What was handed on lacks it.
    pub(super) unmappable: Option<char>,
}

impl Transcoder {
    pub(super) fn new(encoding: &'static Encoding) -> Self {
        Transcoder {
            encoding,
            encoder: encoding.new_encoder(),
            extensions: Extensions::of(encoding),
            out: vec![0; 32 * 1024],
            held: false,
            unmappable: None,
        }
    }

    /// Encodes the next text; `last` with the final call, which may hold none.
    pub(super) fn push(&mut self, text: &str, last: bool, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        if self.held && !text.is_empty() {
            self.held = false;
            self.encode("\r\n", false, sink)?;
        }
        let line = text.strip_suffix("\r\n");
        self.held |= line.is_some();
        self.encode(line.unwrap_or(text), last, sink)?;
        if last && self.held { sink(b"\r\n") } else { Ok(()) }
    }

    fn encode(&mut self, mut text: &str, last: bool, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        let encoding = self.encoding;
        if self.unmappable.is_none() && !text.is_ascii() {
            self.unmappable = text.chars().find(|character| is_misread(encoding, *character));
        }
        loop {
            let (result, read, written) =
                self.encoder.encode_from_utf8_without_replacement(text, &mut self.out, last);
            if self.unmappable.is_none() && self.extensions.are_in(&self.out[..written]) {
                self.unmappable = extension(encoding, &text[..read]);
            }
            text = &text[read..];
            sink(&self.out[..written])?;
            match result {
                EncoderResult::InputEmpty => return Ok(()),
                EncoderResult::OutputFull => {}
                EncoderResult::Unmappable(character) => {
                    self.unmappable.get_or_insert(character);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lines(parts: &[&str]) -> String {
        let (mut ends, mut text) = (LineEnds::default(), String::new());
        let mut sink = |part: &str| {
            text.push_str(part);
            Ok(())
        };
        for part in parts {
            ends.push(part, &mut sink).unwrap();
        }
        ends.finish(&mut sink).unwrap();
        text
    }

    #[test]
    fn line_ends_are_repaired_and_a_bare_cr_is_text() {
        for (parts, expected) in [
            (&[][..], ""),
            (&["a"], "a\r\n"),
            (&["a\nb\r\nc\n"], "a\r\nb\r\nc\r\n"),
            (&["a\r", "\nb"], "a\r\nb\r\n"),
            (&["a\r", "b\n"], "a\rb\r\n"),
            (&["a\r\r\nb\r"], "a\r\r\nb\r\r\n"),
            (&["\r", "\r", "\n"], "\r\r\n"),
            (&["\n", "", "\n"], "\r\n\r\n"),
        ] {
            assert_eq!(lines(parts), expected, "{parts:?}");
        }
    }
}
