//! Stretches of a body that are written otherwise than they were given. What lies between them keeps its octets.

use std::ops::Range;

use super::Manner;
use super::lines::{LONGEST_LINE, pass};
use crate::mime::encode::{Base64, QuotedPrintable, quoted_octet};
use crate::mime::error::MessageError;
use crate::mime::source::{Body, Taken};

/// Longest line of what is encoded anew, octets (RFC 2045 6.7 and 6.8).
const LINE: usize = 76;

/// A stretch, and what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// Where it is in the body whose lines all end in CRLF. An empty one puts something between two octets.
    pub(super) at: Range<u64>,
    pub(super) change: Change,
}

/// What stands in place of a stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Text(String),
    Recode(Recode),
}

/// How octets are made fit for transport (RFC 2045 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recode {
    QuotedPrintable,
    Base64,
    /// Quoted-printable already, with lines too long, octets above 127 or a NUL.
    Requoted,
    /// Base64 already, with lines too long or a NUL.
    Rewrapped,
}

impl Recode {
    /// The word of the Content-Transfer-Encoding field.
    pub(super) fn word(self) -> &'static str {
        match self {
            Recode::QuotedPrintable | Recode::Requoted => "quoted-printable",
            Recode::Base64 | Recode::Rewrapped => "base64",
        }
    }
}

/// Hands the body to `sink` with these edits, which are in order and apart.
pub(super) fn write(
    body: &Body,
    manner: Manner,
    edits: &[Edit],
    sink: &mut dyn FnMut(&[u8]) -> Taken,
) -> Taken {
    let mut editor = Editor { edits, at: 0, encoder: None, is_begun: false };
    pass(body, manner, &mut |octets| editor.push(octets, sink))?;
    editor.push(&[], sink)
}

/// How many octets [`write()`] hands on.
pub(super) fn measure(body: &Body, manner: Manner, edits: &[Edit]) -> Result<u64, MessageError> {
    let mut size = 0;
    write(body, manner, edits, &mut |octets| {
        size += octets.len() as u64;
        Ok(())
    })?;
    Ok(size)
}

struct Editor<'a> {
    /// Those that are not done.
    edits: &'a [Edit],
    /// Octets taken.
    at: u64,
    /// That of the first edit, if it has one.
    encoder: Option<Encoder>,
    /// Whether something of the first edit is written.
    is_begun: bool,
}

impl Editor<'_> {
    fn push(&mut self, mut octets: &[u8], sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        while let Some((edit, others)) = self.edits.split_first() {
            if self.at < edit.at.start {
                sink(self.take(&mut octets, edit.at.start))?;
                if self.at < edit.at.start {
                    return Ok(());
                }
            }
            if !self.is_begun {
                self.is_begun = true;
                match &edit.change {
                    Change::Text(text) => sink(text.as_bytes())?,
                    Change::Recode(recode) => self.encoder = Some(Encoder::new(*recode)),
                }
            }
            let part = self.take(&mut octets, edit.at.end);
            if let Some(encoder) = &mut self.encoder {
                encoder.push(part, sink)?;
            }
            if self.at < edit.at.end {
                return Ok(());
            }
            if let Some(mut encoder) = self.encoder.take() {
                encoder.finish(sink)?;
            }
            (self.edits, self.is_begun) = (others, false);
        }
        self.at += octets.len() as u64;
        sink(octets)
    }

    /// Takes octets off, up to a place.
    fn take<'b>(&mut self, octets: &mut &'b [u8], end: u64) -> &'b [u8] {
        let count = usize::try_from(end.saturating_sub(self.at))
            .map_or(octets.len(), |count| count.min(octets.len()));
        let (part, rest) = octets.split_at(count);
        (self.at, *octets) = (self.at + count as u64, rest);
        part
    }
}

enum Encoder {
    QuotedPrintable(QuotedPrintable),
    Base64(Box<Base64>),
    Requoted(Requoted),
    Rewrapped(Rewrapped),
}

impl Encoder {
    fn new(recode: Recode) -> Self {
        match recode {
            Recode::QuotedPrintable => Encoder::QuotedPrintable(QuotedPrintable::default()),
            Recode::Base64 => Encoder::Base64(Box::new(Base64::new())),
            Recode::Requoted => Encoder::Requoted(Requoted::default()),
            Recode::Rewrapped => Encoder::Rewrapped(Rewrapped::default()),
        }
    }

    fn push(&mut self, octets: &[u8], sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        match self {
            Encoder::QuotedPrintable(encoder) => encoder.push(octets, sink),
            Encoder::Base64(encoder) => encoder.push(octets, sink),
            Encoder::Requoted(encoder) => {
                octets.iter().for_each(|&octet| encoder.see(octet));
                encoder.hand_on(sink)
            }
            Encoder::Rewrapped(encoder) => {
                octets.iter().for_each(|&octet| encoder.see(octet));
                encoder.hand_on(sink)
            }
        }
    }

    fn finish(&mut self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        match self {
            Encoder::QuotedPrintable(encoder) => encoder.finish(sink),
            Encoder::Base64(encoder) => encoder.finish(sink),
            Encoder::Requoted(encoder) => {
                encoder.finish();
                encoder.hand_on(sink)
            }
            Encoder::Rewrapped(encoder) => {
                encoder.end_line();
                encoder.hand_on(sink)
            }
        }
    }
}

/// Divides the lines of quoted-printable, and quotes what is not quoted. Its text stays what it is to a reader.
#[derive(Default)]
struct Requoted {
    out: Vec<u8>,
    column: usize,
    /// A `=`, and behind it one digit, or blanks.
    held: Vec<u8>,
}

impl Requoted {
    fn see(&mut self, octet: u8) {
        if self.held.is_empty() {
            return self.see_apart(octet);
        }
        match (self.held.get(1), octet) {
            // Blanks at the end of a line were added on the way (RFC 2045 6.7 rule 3).
            (None | Some(b' ' | b'\t'), b' ' | b'\t') if self.held.len() < LONGEST_LINE => {
                return self.held.push(octet);
            }
            (None | Some(b' ' | b'\t'), b'\r') => {
                self.held.clear();
                self.out.push(b'=');
                return self.see_apart(octet);
            }
            (None, digit) if digit.is_ascii_hexdigit() => return self.held.push(digit),
            (Some(first), digit) if first.is_ascii_hexdigit() && digit.is_ascii_hexdigit() => {
                let code = [b'=', *first, digit];
                self.held.clear();
                return self.put(&code);
            }
            _ => {}
        }
        self.put(b"=3D");
        let behind = std::mem::take(&mut self.held);
        behind[1..].iter().for_each(|&octet| self.see_apart(octet));
        self.see_apart(octet);
    }

    /// Takes an octet that stands behind no `=`.
    fn see_apart(&mut self, octet: u8) {
        match octet {
            b'=' => self.held.push(octet),
            b'\r' | b'\n' => {
                self.out.push(octet);
                self.column = 0;
            }
            b' '..=b'~' | b'\t' => self.put(&[octet]),
            _ => self.put(&quoted_octet(octet)),
        }
    }

    /// Adds what is not divided.
    fn put(&mut self, unit: &[u8]) {
        let is_broken = self.column + unit.len() >= LINE;
        if is_broken {
            self.out.extend_from_slice(b"=\r\n");
            self.column = 0;
        }
        // On a line that is made here, it might be a boundary.
        let unit = if is_broken && unit == b"-" { b"=2D" } else { unit };
        self.out.extend_from_slice(unit);
        self.column += unit.len();
    }

    fn finish(&mut self) {
        match std::mem::take(&mut self.held)[..] {
            [] => {}
            [_, digit] if digit.is_ascii_hexdigit() => {
                self.put(b"=3D");
                self.put(&[digit]);
            }
            // It is the end of a line: its CRLF belongs to the boundary.
            _ => self.out.push(b'='),
        }
    }

    fn hand_on(&mut self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        sink(&self.out)?;
        self.out.clear();
        Ok(())
    }
}

/// Divides the lines of base64 anew.
#[derive(Default)]
struct Rewrapped {
    out: Vec<u8>,
    column: usize,
    /// The last one was a `=`, behind which a decoder may begin anew at the next line only.
    is_padded: bool,
}

impl Rewrapped {
    /// What is no base64 a decoder passes over; a NUL, and a dash, which might be one of a boundary, are left out.
    fn see(&mut self, octet: u8) {
        if matches!(octet, b'\r' | b'\n' | b' ' | b'\t' | b'-' | 0) {
            return;
        }
        if self.column == LINE || (self.is_padded && octet != b'=') {
            self.end_line();
        }
        self.out.push(octet);
        (self.column, self.is_padded) = (self.column + 1, octet == b'=');
    }

    fn end_line(&mut self) {
        if self.column > 0 {
            self.out.extend_from_slice(b"\r\n");
        }
        self.column = 0;
    }

    fn hand_on(&mut self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        sink(&self.out)?;
        self.out.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mime::Source;

    fn edited(text: &str, edits: &[Edit]) -> Vec<String> {
        let written = |size: usize| {
            let sources = text.as_bytes().chunks(size).map(|part| Source::Octets(part.to_vec())).collect();
            let mut out = Vec::new();
            write(&Body { sources }, Manner::Message, edits, &mut |octets| {
                out.extend_from_slice(octets);
                Ok(())
            })
            .unwrap();
            String::from_utf8(out).unwrap()
        };
        [1, 2, 3, 7, 5000].map(written).to_vec()
    }

    fn recoded(recode: Recode, text: &str) -> String {
        let at = 0..text.len() as u64;
        let all = edited(text, &[Edit { at, change: Change::Recode(recode) }]);
        assert!(all.windows(2).all(|two| two[0] == two[1]), "{all:?}");
        all[0].clone()
    }

    #[test]
    fn what_is_between_edits_stays() {
        let text = |text: &str| Change::Text(text.to_owned());
        let edits = [
            Edit { at: 0..0, change: text("<") },
            Edit { at: 1..3, change: text("23") },
            Edit { at: 3..3, change: text("+") },
            Edit { at: 3..5, change: Change::Recode(Recode::Base64) },
            Edit { at: 9..9, change: text("!") },
            Edit { at: 11..11, change: text(">") },
        ];
        for written in edited("01..45678", &edits) {
            assert_eq!(written, "<023+LjQ=\r\n5678!\r\n>", "{written}");
        }
    }

    #[test]
    fn what_is_quoted_stays_what_it_says() {
        let long = "x".repeat(70);
        for (text, expected) in [
            ("a=C3=a9=\r\nb =3D\r\n".to_owned(), "a=C3=a9=\r\nb =3D\r\n".to_owned()),
            ("\u{e9} = =3 =G =\r\n".to_owned(), "=C3=A9 =3D =3D3 =3DG =\r\n".to_owned()),
            (format!("{long}1234=4167\r\n"), format!("{long}1234=\r\n=4167\r\n")),
            // Blanks behind a soft line break were added on the way (RFC 2045 6.7).
            ("a= \t\r\nb = c=\t\r\n".to_owned(), "a=\r\nb =3D c=\r\n".to_owned()),
            ("==\r\n".to_owned(), "=3D=\r\n".to_owned()),
            (format!("--{long}xxx--b-\r\n-\r\n"), format!("--{long}xxx=\r\n=2D-b-\r\n-\r\n")),
        ] {
            assert_eq!(recoded(Recode::Requoted, &text), expected);
        }
        // The last line end is not in the stretch.
        let edit = |end| [Edit { at: 0..end, change: Change::Recode(Recode::Requoted) }];
        assert_eq!(edited("a=\r\n", &edit(2))[0], "a=\r\n");
        assert_eq!(edited("a= \r\n", &edit(3))[0], "a=\r\n");
        assert_eq!(edited("a=4\r\n", &edit(3))[0], "a=3D4\r\n");
    }

    #[test]
    fn base64_is_divided_anew() {
        let line = "QUJD".repeat(19);
        assert_eq!(
            recoded(Recode::Rewrapped, &line.repeat(2)),
            format!("{line}\r\n{line}\r\n\r\n").replace("\r\n\r\n", "\r\n") + "\r\n"
        );
        assert_eq!(
            recoded(Recode::Rewrapped, "QUI=\r\nQUI=\r\n--\r\nQ\r\nUJD\r\n"),
            "QUI=\r\nQUI=\r\nQUJD\r\n"
        );
    }
}
