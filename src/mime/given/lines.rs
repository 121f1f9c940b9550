//! The lines of a body as it was written: ended in CRLF, and looked at for what no transport passes.

use super::Manner;
use crate::mime::error::MessageError;
use crate::mime::source::{Body, Taken};

/// Longest line that every transport passes, octets without CRLF (RFC 5322 2.1.1).
pub(super) const LONGEST_LINE: usize = 998;
/// How the boundaries begin that are made here.
const OUR_DELIMITER: &[u8] = b"--=_";

/// Most CRs in a row of which it is still open whether an LF follows.
const MOST_RETURNS: usize = 1000;

/// Ends each line in CRLF, the last one too, and changes nothing else. In a draft a CR without LF stays where it is; in
/// what a program has written it ends a line, and those before a CRLF belong to it, since programs double them.
struct LineEnds {
    manner: Manner,
    out: Vec<u8>,
    /// CRs at the end of the octets so far that were not handed on, because an LF may follow.
    held: usize,
    /// The last line has no end yet.
    open: bool,
}

impl LineEnds {
    fn push(&mut self, octets: &[u8], sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        self.out.clear();
        match self.manner {
            Manner::Draft => self.end_at_feeds(octets),
            Manner::Message => self.end_at_all(octets),
        }
        sink(&self.out)
    }

    fn finish(&mut self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        match (self.manner, self.open, self.held) {
            (Manner::Message, _, 1..) => (0..self.held).try_for_each(|_| sink(b"\r\n")),
            (_, false, _) => Ok(()),
            (_, true, 0) => sink(b"\r\n"),
            (_, true, _) => sink(b"\r\r\n"),
        }
    }

    fn end_at_feeds(&mut self, mut rest: &[u8]) {
        while let Some(at) = memchr::memchr(b'\n', rest) {
            self.put(&rest[..at]);
            self.out.extend_from_slice(b"\r\n");
            (self.held, self.open) = (0, false);
            rest = &rest[at + 1..];
        }
        self.put(rest);
    }

    /// Takes octets without LF.
    fn put(&mut self, octets: &[u8]) {
        if octets.is_empty() {
            return;
        }
        if self.held > 0 {
            self.out.push(b'\r');
        }
        let kept = octets.strip_suffix(b"\r");
        self.out.extend_from_slice(kept.unwrap_or(octets));
        (self.held, self.open) = (usize::from(kept.is_some()), true);
    }

    fn end_at_all(&mut self, mut rest: &[u8]) {
        while let Some(&first) = rest.first() {
            match first {
                b'\n' => {
                    self.out.extend_from_slice(b"\r\n");
                    (self.held, self.open) = (0, false);
                    rest = &rest[1..];
                }
                b'\r' if self.held < MOST_RETURNS => {
                    self.held += 1;
                    rest = &rest[1..];
                }
                b'\r' => {
                    self.out.extend_from_slice(b"\r\n");
                    rest = &rest[1..];
                }
                _ => {
                    (0..self.held).for_each(|_| self.out.extend_from_slice(b"\r\n"));
                    let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                    self.out.extend_from_slice(&rest[..end]);
                    (self.held, self.open) = (0, true);
                    rest = &rest[end..];
                }
            }
        }
    }
}

/// Hands the whole body to `sink`, its lines ended in CRLF.
pub(super) fn pass(body: &Body, manner: Manner, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
    let mut ends = LineEnds { manner, out: Vec::new(), held: 0, open: false };
    body.each_block(&mut |octets| ends.push(octets, sink))?;
    ends.finish(sink)
}

/// What the lines hold. Lines are counted from 1.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Octets with all line ends as CRLF.
    pub(super) octets: u64,
    /// The first line with an octet above 127.
    pub(super) eight_bit: Option<u64>,
    /// The first line with a NUL or a CR of its own.
    pub(super) foul: Option<u64>,
    /// The first line that is too long.
    pub(super) long: Option<u64>,
    /// Whether a line that is too long is no base64.
    pub(super) is_other_than_base64: bool,
    /// Whether a line begins like a boundary that is made here.
    pub(super) may_delimit: bool,
    lines: u64,
    line: usize,
    beginning: Vec<u8>,
}

impl Seen {
    /// Reads a body once.
    pub(super) fn read(body: &Body, manner: Manner) -> Result<Self, MessageError> {
        let mut seen = Seen::default();
        pass(body, manner, &mut |octets| {
            seen.see(octets);
            Ok(())
        })?;
        Ok(seen)
    }

    /// Takes the next octets, whose lines end in CRLF.
    pub(super) fn see(&mut self, octets: &[u8]) {
        self.octets += octets.len() as u64;
        let mut rest = octets;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            self.see_piece(rest[..at].strip_suffix(b"\r").unwrap_or(&rest[..at]));
            (self.line, self.lines) = (0, self.lines + 1);
            self.beginning.clear();
            rest = &rest[at + 1..];
        }
        self.see_piece(rest);
    }

    /// Whether every transport passes it, 8-bit or not.
    pub(super) fn passes(&self) -> bool {
        self.foul.is_none() && self.long.is_none()
    }

    fn see_piece(&mut self, octets: &[u8]) {
        let number = self.lines + 1;
        self.line += octets.len();
        if self.line > LONGEST_LINE {
            self.long.get_or_insert(number);
            let is_base64 = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/=\r \t\0".contains(octet);
            self.is_other_than_base64 |= !octets.iter().all(is_base64);
        }
        if !octets.is_ascii() {
            self.eight_bit.get_or_insert(number);
        }
        if memchr::memchr2(b'\r', 0, octets).is_some() {
            self.foul.get_or_insert(number);
        }
        let missing = OUR_DELIMITER.len().saturating_sub(self.beginning.len()).min(octets.len());
        self.beginning.extend_from_slice(&octets[..missing]);
        self.may_delimit |= self.beginning == OUR_DELIMITER;
    }
}

/// Whether a line of the body begins with `delimiter` behind two dashes.
pub(super) fn has_delimiter(body: &Body, manner: Manner, delimiter: &str) -> Result<bool, MessageError> {
    let wanted = format!("\n--{delimiter}").into_bytes();
    // As if a line end stood before the first line. What may be the beginning of one is kept for the next block.
    let (mut kept, mut is_found) = (b"\n".to_vec(), false);
    pass(body, manner, &mut |octets| {
        kept.extend_from_slice(octets);
        is_found |= memchr::memmem::find(&kept, &wanted).is_some();
        kept.drain(..kept.len().saturating_sub(wanted.len() - 1));
        Ok(())
    })?;
    Ok(is_found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mime::Source;

    fn body(parts: &[&[u8]]) -> Body {
        Body { sources: parts.iter().map(|part| Source::Octets(part.to_vec())).collect() }
    }

    fn lines(parts: &[&[u8]], manner: Manner) -> Vec<u8> {
        let mut all = Vec::new();
        pass(&body(parts), manner, &mut |octets| {
            all.extend_from_slice(octets);
            Ok(())
        })
        .unwrap();
        all
    }

    #[test]
    fn line_ends_are_repaired_and_nothing_else() {
        for (parts, expected) in [
            (&[][..], ""),
            (&["a"], "a\r\n"),
            (&["a\nb\r\n\u{e9}\n"], "a\r\nb\r\n\u{e9}\r\n"),
            (&["a\r", "\nb"], "a\r\nb\r\n"),
            (&["a\r", "b\n"], "a\rb\r\n"),
            (&["\r", "\r", "\n"], "\r\r\n"),
            (&["\n\0", "\r"], "\r\n\0\r\r\n"),
        ] {
            let octets: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
            assert_eq!(lines(&octets, Manner::Draft), expected.as_bytes(), "{parts:?}");
        }
    }

    #[test]
    fn a_program_ends_lines_as_it_likes() {
        let many = "\r".repeat(MOST_RETURNS + 1) + "x";
        let ends = "\r\n".repeat(MOST_RETURNS + 1) + "x\r\n";
        for (text, expected) in [
            ("", ""),
            ("a", "a\r\n"),
            ("a\r", "a\r\n"),
            ("a\r\r", "a\r\n\r\n"),
            ("\ra\nb\r\nc\r\r\nd\re\n\n", "\r\na\r\nb\r\nc\r\nd\r\ne\r\n\r\n"),
            (&many, &ends),
        ] {
            for size in [1, 2, 5, 5000] {
                let parts: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
                assert_eq!(lines(&parts, Manner::Message), expected.as_bytes(), "{text:?} {size}");
            }
        }
    }

    #[test]
    fn what_lines_hold_is_seen_wherever_a_block_ends() {
        let long = [&[b'x'; 998][..], b"\n", &[b'x'; 999], b"\n"].concat();
        for (text, expected) in [
            (&b"a\nb\xe9\n\xe9"[..], (Some(2), None, None, false)),
            (b"a\n\na\rb\n", (None, Some(3), None, false)),
            (b"a\0\n", (None, Some(1), None, false)),
            (&long, (None, None, Some(2), false)),
            (b"x--=_\n--=_a", (None, None, None, true)),
            (b"--=", (None, None, None, false)),
        ] {
            for size in [1, 3, 5000] {
                let parts: Vec<&[u8]> = text.chunks(size).collect();
                let seen = Seen::read(&body(&parts), Manner::Draft).unwrap();
                assert_eq!((seen.eight_bit, seen.foul, seen.long, seen.may_delimit), expected, "{size}");
                assert_eq!(seen.octets, lines(&parts, Manner::Draft).len() as u64);
            }
        }
    }

    #[test]
    fn a_delimiter_is_found_at_the_beginning_of_a_line() {
        for (text, is_there) in
            [("--=_xa\n", true), ("a\r\n--=_x", true), ("a--=_x\n", false), ("--=_\nx", false)]
        {
            for size in [1, 4, 100] {
                let parts: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
                assert_eq!(
                    has_delimiter(&body(&parts), Manner::Draft, "=_x").unwrap(),
                    is_there,
                    "{text:?} {size}"
                );
            }
        }
    }
}
