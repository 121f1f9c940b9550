//! The input: octets as they come, taken out as command lines or as they are.

/// Octets that were read and not taken yet.
#[derive(Debug, Default)]
pub(super) struct Input {
    octets: Vec<u8>,
    /// Those before it are taken.
    at: usize,
    /// A command line was too long: what comes up to its end belongs to it.
    in_long_line: bool,
}

/// A command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Its octets without its end.
    Whole(Vec<u8>),
    /// It was longer than the limit, and is gone.
    TooLong,
}

impl Input {
    pub(super) fn push(&mut self, octets: &[u8]) {
        self.octets.drain(..self.at);
        self.at = 0;
        self.octets.extend_from_slice(octets);
    }

    /// What is there.
    pub(super) fn rest(&self) -> &[u8] {
        &self.octets[self.at..]
    }

    pub(super) fn skip(&mut self, count: usize) {
        self.at += count;
    }

    /// The next command line, if its end is there. It ends in CRLF, and in LF too: whoever types into a pipe writes that.
    pub(super) fn next_line(&mut self, limit: usize) -> Option<Line> {
        let end = memchr::memchr(b'\n', self.rest());
        let length = end.unwrap_or(self.rest().len());
        self.in_long_line |= length > limit;
        if self.in_long_line {
            // RFC 5321 4.5.3.1.9: no octet of it is a command of its own.
            self.skip(length);
        }
        end?;
        let line = if std::mem::take(&mut self.in_long_line) {
            Line::TooLong
        } else {
            let line = Line::Whole(self.rest()[..length].to_vec());
            self.skip(length);
            line
        };
        self.skip(1);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_in_any_pieces() {
        let octets = b"NOOP\r\n\n0123456789A\nQUIT\n012345678901234567890123456789\r\nRSET\r\nrest";
        let whole = |text: &[u8]| Line::Whole(text.to_vec());
        let lines =
            [whole(b"NOOP\r"), whole(b""), Line::TooLong, whole(b"QUIT"), Line::TooLong, whole(b"RSET\r")];
        for size in 1..octets.len() {
            let mut input = Input::default();
            let mut got = Vec::new();
            for piece in octets.chunks(size) {
                input.push(piece);
                got.extend(std::iter::from_fn(|| input.next_line(10)));
                assert!(input.rest().len() <= 11.max(size));
            }
            assert_eq!(got, lines, "{size}");
            assert_eq!(input.rest(), b"rest");
        }
    }
}
