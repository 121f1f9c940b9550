//! Octets to text, block by block, in the charsets of the WHATWG Encoding Standard and in UTF-32.

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::mime::source::Taken;

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
        Decoder { inner, skip, read: 0, out: String::new(), malformed: 0, first_bad: None }
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
        // A short text gets a short buffer: it is filled before it is used.
        let most = decoder.max_utf8_buffer_length_without_replacement(octets.len()).unwrap_or(DECODED);
        if let Some(missing) = most.min(DECODED).checked_sub(self.out.len()) {
            self.out.push_str(&"\0".repeat(missing));
        }
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
    use encoding_rs::GB18030;

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
}
