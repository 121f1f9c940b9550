//! Streams that make octets fit for transport: quoted-printable and base64 (RFC 2045 6).
//!
//! Each takes blocks of any size and hands on blocks; none holds more than one block. What they hand on ends its lines
//! in CRLF. Dot-stuffing is not done here: that is the transport's work.

use base64_simd::{AsOut, STANDARD};

use super::eight::literal;
use super::source::Taken;

/// Octets of a full base64 line before and after encoding (RFC 2045 6.8: 76 characters at most).
const LINE_IN: usize = 57;
const LINE_OUT: usize = 76;
/// Base64 lines encoded at a time: few enough that they are still in the cache of first level when they are copied.
const LINES: usize = 64;
/// Longest quoted-printable line, octets without CRLF (RFC 2045 6.7 rule 5).
const QUOTED_LINE: usize = 76;

/// Quoted-printable (RFC 2045 6.7) of text whose lines end in CRLF.
///
/// No encoded line begins with a dot or with `From `: transports and mailboxes would change it. None begins with a dash that
/// began no line before: it might be a boundary of what holds the text.
#[derive(Default)]
pub(super) struct QuotedPrintable {
    out: Vec<u8>,
    /// Where the present line begins in `out`.
    start: usize,
    /// Whether a soft line break is before it.
    is_broken: bool,
    /// A CR, blank or tab whose form depends on what follows.
    held: Option<u8>,
}

impl QuotedPrintable {
    pub(super) fn push(&mut self, octets: &[u8], sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        self.out.reserve(octets.len());
        let mut rest = octets;
        while let Some((&octet, behind)) = rest.split_first() {
            match self.run(rest) {
                0 => {
                    self.put(octet);
                    rest = behind;
                }
                run => {
                    self.out.extend_from_slice(&rest[..run]);
                    rest = &rest[run..];
                }
            }
        }
        self.hand_on(sink)
    }

    /// How many octets go as they are, whatever follows: inside a line, behind what its beginning is judged by.
    fn run(&self, octets: &[u8]) -> usize {
        let column = self.column();
        if self.held.is_some() || column <= b"From".len() {
            return 0;
        }
        let room = octets.len().min((QUOTED_LINE - 1).saturating_sub(column));
        octets[..literal(&octets[..room])].trim_ascii_end().len()
    }

    fn put(&mut self, octet: u8) {
        if let Some(held) = self.held.take() {
            match (held, octet) {
                (b'\r', b'\n') => {
                    self.end_line(b"\r\n");
                    self.is_broken = false;
                    return;
                }
                (b'\r', _) | (_, b'\r') => self.quote(held),
                _ => self.blank(held),
            }
        }
        match octet {
            b'\r' | b' ' | b'\t' => self.held = Some(octet),
            b'!'..=b'<' | b'>'..=b'~' => {
                self.reserve(1);
                let is_unsafe = octet == b'.' || (octet == b'-' && self.is_broken);
                if is_unsafe && self.column() == 0 { self.quote(octet) } else { self.out.push(octet) }
            }
            _ => self.quote(octet),
        }
    }

    /// Writes what was held back.
    pub(super) fn finish(&mut self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        if let Some(held) = self.held.take() {
            self.quote(held);
        }
        sink(&self.out)?;
        self.out.clear();
        self.start = 0;
        Ok(())
    }

    fn column(&self) -> usize {
        self.out.len() - self.start
    }

    /// Makes room for `count` octets and the `=` of a soft line break.
    fn reserve(&mut self, count: usize) {
        if self.column() + count >= QUOTED_LINE {
            self.end_line(b"=\r\n");
            self.is_broken = true;
        }
    }

    fn end_line(&mut self, end: &[u8]) {
        self.out.extend_from_slice(end);
        self.start = self.out.len();
    }

    fn blank(&mut self, octet: u8) {
        self.reserve(1);
        if &self.out[self.start..] == b"From" { self.quote(octet) } else { self.out.push(octet) }
    }

    fn quote(&mut self, octet: u8) {
        self.reserve(3);
        self.out.extend_from_slice(&quoted_octet(octet));
    }

    /// Hands on all whole lines; the present one stays, so that its beginning can be looked at.
    fn hand_on(&mut self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        sink(&self.out[..self.start])?;
        self.out.drain(..self.start);
        self.start = 0;
        Ok(())
    }
}

/// An octet as `=XX`.
pub(super) fn quoted_octet(octet: u8) -> [u8; 3] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    [b'=', DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 15)]]
}

/// All of a text in quoted-printable. Its lines end in CRLF; CR and LF elsewhere are quoted.
pub fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut coded = Vec::with_capacity(text.len() + text.len() / 8);
    let mut encoder = QuotedPrintable::default();
    let mut sink = |octets: &[u8]| {
        coded.extend_from_slice(octets);
        Ok(())
    };
    encoder.push(text, &mut sink).and_then(|()| encoder.finish(&mut sink)).expect("a Vec takes every write");
    coded
}

/// Base64 in lines of 76 characters (RFC 2045 6.8).
pub(super) struct Base64 {
    /// Less than a line of input.
    carry: Vec<u8>,
    run: Vec<u8>,
    /// Lines with their CRLF, which stays in place from block to block.
    lines: Vec<u8>,
}

impl Base64 {
    pub(super) fn new() -> Self {
        let mut lines = vec![b'\n'; (LINE_OUT + 2) * LINES];
        for line in lines.chunks_exact_mut(LINE_OUT + 2) {
            line[LINE_OUT] = b'\r';
        }
        Base64 { carry: Vec::with_capacity(LINE_IN), run: vec![0; LINE_OUT * LINES], lines }
    }

    /// How long the encoding of so many octets is, line ends included.
    pub(super) fn size(octets: u64) -> u64 {
        let (lines, rest) = (octets / LINE_IN as u64, octets % LINE_IN as u64);
        lines * (LINE_OUT as u64 + 2) + if rest > 0 { rest.div_ceil(3) * 4 + 2 } else { 0 }
    }

    pub(super) fn push(&mut self, mut octets: &[u8], sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        if !self.carry.is_empty() {
            let missing = (LINE_IN - self.carry.len()).min(octets.len());
            self.carry.extend_from_slice(&octets[..missing]);
            octets = &octets[missing..];
            if self.carry.len() < LINE_IN {
                return Ok(());
            }
            let carry = std::mem::take(&mut self.carry);
            self.encode_lines(&carry, sink)?;
            self.carry = carry;
            self.carry.clear();
        }
        let (whole, rest) = octets.split_at(octets.len() - octets.len() % LINE_IN);
        self.carry.extend_from_slice(rest);
        whole.chunks(LINE_IN * LINES).try_for_each(|block| self.encode_lines(block, sink))
    }

    /// Writes the last, short line.
    pub(super) fn finish(&mut self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        if self.carry.is_empty() {
            return Ok(());
        }
        sink(STANDARD.encode(&self.carry, self.run.as_mut_slice().as_out()))?;
        self.carry.clear();
        sink(b"\r\n")
    }

    /// Encodes whole lines, at most [`LINES`].
    fn encode_lines(&mut self, octets: &[u8], sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        let run = STANDARD.encode(octets, self.run.as_mut_slice().as_out());
        for (line, encoded) in self.lines.chunks_exact_mut(LINE_OUT + 2).zip(run.chunks_exact(LINE_OUT)) {
            // Two pieces that need no call of memcpy.
            line[..64].copy_from_slice(&encoded[..64]);
            line[64..LINE_OUT].copy_from_slice(&encoded[64..]);
        }
        sink(&self.lines[..octets.len() / LINE_IN * (LINE_OUT + 2)])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn quoted(octets: &[u8], block: usize) -> String {
        let (mut encoder, mut out) = (QuotedPrintable::default(), Vec::new());
        let mut sink = |part: &[u8]| {
            out.extend_from_slice(part);
            Ok(())
        };
        for block in octets.chunks(block) {
            encoder.push(block, &mut sink).unwrap();
        }
        encoder.finish(&mut sink).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn base64(octets: &[u8], block: usize) -> String {
        let (mut encoder, mut out) = (Base64::new(), Vec::new());
        let mut sink = |part: &[u8]| {
            out.extend_from_slice(part);
            Ok(())
        };
        for block in octets.chunks(block) {
            encoder.push(block, &mut sink).unwrap();
        }
        encoder.finish(&mut sink).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn quoted_printable_is_safe_on_its_way() {
        for (text, expected) in [
            ("a=b\r\n", "a=3Db\r\n"),
            ("é \r\n", "=C3=A9=20\r\n"),
            ("a\t\r\nb \tc\r\n", "a=09\r\nb \tc\r\n"),
            ("\r\r\n", "=0D\r\n"),
            (".\r\n..\r\na.\r\n", "=2E\r\n=2E.\r\na.\r\n"),
            ("From x\r\nFrom\r\n From x\r\n", "From=20x\r\nFrom\r\n From x\r\n"),
            ("a\0\x1b\x7f", "a=00=1B=7F"),
            ("a \r", "a=20=0D"),
        ] {
            for block in [1, 2, 1000] {
                assert_eq!(quoted(text.as_bytes(), block), expected);
            }
        }
        let long = quoted(format!("{}.From x", "a".repeat(75)).as_bytes(), 9);
        assert_eq!(long, format!("{}=\r\n=2EFrom x", "a".repeat(75)));
        let long = quoted(format!("{}From x", "a".repeat(75)).as_bytes(), 9);
        assert_eq!(long, format!("{}=\r\nFrom=20x", "a".repeat(75)));
        let long = quoted(format!("-{}--b-\r\n--c", "a".repeat(74)).as_bytes(), 9);
        assert_eq!(long, format!("-{}=\r\n=2D-b-\r\n--c", "a".repeat(74)));
    }

    proptest! {
        #[test]
        fn quoted_printable_round_trips(octets in any::<Vec<u8>>(), block in 1_usize..80) {
            let encoded = quoted(&octets, block);
            for line in encoded.split("\r\n") {
                prop_assert!(line.len() <= QUOTED_LINE && line.is_ascii());
                prop_assert!(!line.contains(['\r', '\n', '\0']) && !line.ends_with([' ', '\t']));
                prop_assert!(!line.starts_with('.') && !line.starts_with("From "));
            }
            let mut decoded = Vec::new();
            let mut rest = encoded.as_str();
            while let Some(first) = rest.chars().next() {
                if let Some(after) = rest.strip_prefix("=\r\n") {
                    rest = after;
                } else if first == '=' {
                    decoded.push(u8::from_str_radix(&rest[1..3], 16).unwrap());
                    rest = &rest[3..];
                } else {
                    decoded.push(first as u8);
                    rest = &rest[1..];
                }
            }
            prop_assert_eq!(decoded, octets);
        }

        #[test]
        fn base64_round_trips(octets in prop::collection::vec(any::<u8>(), 0..400), block in 1_usize..200) {
            let encoded = base64(&octets, block);
            prop_assert_eq!(encoded.len() as u64, Base64::size(octets.len() as u64));
            prop_assert!(encoded.is_empty() || encoded.ends_with("\r\n"));
            prop_assert!(encoded.split("\r\n").all(|line| line.len() <= LINE_OUT));
            prop_assert_eq!(STANDARD.decode_to_vec(encoded.replace("\r\n", "")).unwrap(), octets);
        }
    }

    #[test]
    fn a_large_block_is_encoded_in_lines() {
        let octets: Vec<u8> = (0..LINE_IN * LINES * 2 + 100).map(|index| (index % 253) as u8).collect();
        let encoded = base64(&octets, octets.len());
        assert_eq!(encoded.len() as u64, Base64::size(octets.len() as u64));
        assert_eq!(STANDARD.decode_to_vec(encoded.replace("\r\n", "")).unwrap(), octets);
    }
}
