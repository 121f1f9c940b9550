//! The octets behind DATA: doubled dots undone, the end found (RFC 5321 4.1.1.4, 4.5.2).
//!
//! Only CRLF `.` CRLF ends a message. A line of it ends in CRLF and in nothing else: what is between two bare LF or CR is
//! text of the line around it, so that nobody can hide a message in another. All other octets come out as they went in.

/// Undoes what [`DotStuffer`](crate::smtp::DotStuffer) did.
#[derive(Debug, Default)]
pub(super) struct Content {
    at: At,
}

/// What came last.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    /// CRLF, or nothing yet: DATA's own line end is as good.
    #[default]
    LineStart,
    /// A dot behind that, held back.
    Dot,
    /// A dot and a CR behind that, held back.
    DotCr,
    /// A CR in a line.
    Cr,
    /// Anything else.
    Text,
}

impl Content {
    /// Takes octets and appends those of the message to `out`; gives how many were used, which is all unless the message
    /// has ended with the last of them, and whether it has.
    pub(super) fn take(&mut self, octets: &[u8], out: &mut Vec<u8>) -> (usize, bool) {
        let mut used = 0;
        while let Some(&octet) = octets.get(used) {
            if self.at == At::Text {
                let length = memchr::memchr(b'\r', &octets[used..]).unwrap_or(octets.len() - used);
                out.extend_from_slice(&octets[used..used + length]);
                used += length;
                if used < octets.len() {
                    self.plain(b'\r', out);
                    used += 1;
                }
                continue;
            }
            used += 1;
            match (self.at, octet) {
                (At::LineStart, b'.') => self.at = At::Dot,
                (At::Dot, b'\r') => self.at = At::DotCr,
                (At::DotCr, b'\n') => {
                    self.at = At::LineStart;
                    return (used, true);
                }
                (At::DotCr, _) => {
                    self.plain(b'\r', out);
                    self.plain(octet, out);
                }
                // The first dot of a line with more in it is no part of the line.
                _ => self.plain(octet, out),
            }
        }
        (used, false)
    }

    fn plain(&mut self, octet: u8, out: &mut Vec<u8>) {
        out.push(octet);
        self.at = match (self.at, octet) {
            (_, b'\r') => At::Cr,
            (At::Cr, b'\n') => At::LineStart,
            _ => At::Text,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What came out, and how many octets stand behind the end, if there is one.
    fn read(octets: &[u8], size: usize) -> (Vec<u8>, Option<usize>) {
        let mut content = Content::default();
        let mut out = Vec::new();
        let mut at = 0;
        for piece in octets.chunks(size.max(1)) {
            let (used, is_end) = content.take(piece, &mut out);
            at += used;
            if is_end {
                return (out, Some(octets.len() - at));
            }
            assert_eq!(used, piece.len());
        }
        (out, None)
    }

    #[test]
    fn only_a_dot_between_two_crlf_ends() {
        for (wire, text) in [
            (".\r\n", ""),
            ("a\r\n.\r\n", "a\r\n"),
            ("..\r\n.\r\n", ".\r\n"),
            ("a\r\n..b\r\n.c\r\n.\r\n", "a\r\n.b\r\nc\r\n"),
            ("\r\r\n.\r\n", "\r\r\n"),
            ("\r\n\r\n.\r\n", "\r\n\r\n"),
        ] {
            for size in 1..=wire.len() {
                assert_eq!(read(wire.as_bytes(), size), (text.into(), Some(0)), "{wire:?} {size}");
            }
            assert_eq!(read([wire, "RSET\r\n"].concat().as_bytes(), 99), (text.into(), Some(6)));
        }
    }

    #[test]
    fn nothing_else_does() {
        for look_alike in [
            "\n.\n",
            "\n.\r",
            "\r.\n",
            "\r.\r",
            "\n.\r\n",
            "\r.\r\n",
            "\r\n.\n",
            "\r\n.\r",
            "\r\n.\r\r\n",
            "\r\n.\0\r\n",
            "\r\n. \r\n",
            "\r\n\0.\r\n",
            "\n\r.\r\n",
            "\r\n.\n.\r\n",
        ] {
            let wire = format!("text{look_alike}MAIL FROM:<evil@x>\r\n");
            for size in 1..=wire.len() {
                let (text, end) = read(wire.as_bytes(), size);
                assert_eq!(end, None, "{look_alike:?}");
                // One dot, the first of a line, is taken away.
                assert_eq!(text, wire.replacen("\r\n.", "\r\n", 1).into_bytes(), "{look_alike:?}");
            }
        }
    }

    /// The rule as it stands in RFC 5321 4.5.2, line by line.
    fn by_the_book(wire: &[u8]) -> (Vec<u8>, Option<usize>) {
        let mut text = Vec::new();
        let mut rest = wire;
        while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
            let (line, behind) = rest.split_at(end + 2);
            if line == b".\r\n" {
                return (text, Some(behind.len()));
            }
            text.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            rest = behind;
        }
        (text, None)
    }

    proptest! {
        #[test]
        fn any_octets_are_read_by_the_book(wire in "[.\r\na]{0,40}", size in 1_usize..9) {
            let (text, end) = by_the_book(wire.as_bytes());
            let read = read(wire.as_bytes(), size);
            prop_assert_eq!(read.1, end);
            if end.is_some() {
                prop_assert_eq!(read.0, text);
            } else {
                prop_assert!(read.0.starts_with(&text));
            }
        }
    }
}
