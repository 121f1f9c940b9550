//! The message on its way behind DATA: dots doubled, line ends repaired (RFC 5321 4.5.2, 2.3.8).
//!
//! Nothing that passes here can end the message: a line that is a dot becomes two, and CR or LF alone become CRLF.

use std::io::{self, Write};

/// Octets gathered before the sink is written to: a few TLS records.
const BUFFER: usize = 64 * 1024;

/// Writes a message into `sink` as it goes over the wire.
#[derive(Debug)]
pub struct DotStuffer<W> {
    sink: W,
    buffer: Vec<u8>,
    /// The next octet begins a line.
    at_line_start: bool,
    /// The last octet was a CR, already written as CRLF; a LF behind it says nothing new.
    after_cr: bool,
    /// Octets of the message taken in.
    pub taken: u64,
    /// The message goes as it is: BDAT has told its length.
    is_plain: bool,
}

impl<W: Write> DotStuffer<W> {
    /// Begins a message.
    pub fn new(sink: W) -> Self {
        DotStuffer {
            sink,
            buffer: Vec::with_capacity(BUFFER + 4096),
            at_line_start: true,
            after_cr: false,
            taken: 0,
            is_plain: false,
        }
    }

    /// Begins a message that goes as it is, behind these commands in the same write.
    pub fn plain(sink: W, commands: &[u8]) -> Self {
        let mut stuffer = DotStuffer { is_plain: true, ..DotStuffer::new(sink) };
        stuffer.buffer.extend_from_slice(commands);
        stuffer
    }

    /// Ends the message's last line and gives back what was not written yet, so that the final dot can ride with it.
    /// The dot is not in it. The sink comes back too.
    pub fn finish(mut self) -> (Vec<u8>, W) {
        if !self.at_line_start && !self.is_plain {
            self.buffer.extend_from_slice(b"\r\n");
        }
        (self.buffer, self.sink)
    }

    /// Takes a piece that ends in no line end, and holds none that is not as it should be.
    fn text(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        if self.at_line_start && piece[0] == b'.' {
            self.buffer.push(b'.');
        }
        self.buffer.extend_from_slice(piece);
        self.at_line_start = false;
        self.after_cr = false;
    }

    fn line_end(&mut self, octet: u8) {
        if octet == b'\n' && self.after_cr {
            self.after_cr = false;
            return;
        }
        self.buffer.extend_from_slice(b"\r\n");
        self.at_line_start = true;
        self.after_cr = octet == b'\r';
    }

    fn drain(&mut self) -> io::Result<()> {
        // The last octet of a message that goes as it is ends it: it waits, as a final dot would.
        let end = self.buffer.len() - usize::from(self.is_plain);
        self.sink.write_all(&self.buffer[..end])?;
        self.buffer.drain(..end);
        Ok(())
    }
}

impl<W: Write> Write for DotStuffer<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let octets = &octets[..octets.len().min(BUFFER)];
        let mut rest = octets;
        if self.is_plain {
            self.buffer.extend_from_slice(octets);
            rest = b"";
        }
        let mut at = 0;
        while let Some(next) = memchr::memchr2(b'\r', b'\n', &rest[at..]) {
            at += next;
            if rest[at..].starts_with(b"\r\n") && rest.get(at + 2).is_some_and(|&octet| octet != b'.') {
                // A line end as it should be, and a line behind it that begins with no dot: no cause to cut here.
                at += 2;
                continue;
            }
            self.text(&rest[..at]);
            self.line_end(rest[at]);
            rest = &rest[at + 1..];
            at = 0;
        }
        self.text(rest);
        self.taken += octets.len() as u64;
        if self.buffer.len() >= BUFFER {
            self.drain()?;
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stuffed(pieces: &[&[u8]]) -> Vec<u8> {
        let mut sink = Vec::new();
        let mut stuffer = DotStuffer::new(&mut sink);
        for piece in pieces {
            stuffer.write_all(piece).unwrap();
        }
        let (rest, _) = stuffer.finish();
        sink.extend(rest);
        sink
    }

    /// A strict reader: lines end in CRLF, one leading dot is removed.
    fn unstuffed(wire: &[u8]) -> Vec<u8> {
        let text = wire.strip_suffix(b"\r\n").map(|head| head.split(|&octet| octet == b'\n'));
        text.into_iter()
            .flatten()
            .flat_map(|line| {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                assert_ne!(line, b".", "a lone dot would end the message");
                [line.strip_prefix(b".").unwrap_or(line), b"\r\n"].concat()
            })
            .collect()
    }

    #[test]
    fn dots_and_line_ends() {
        for (message, wire) in [
            (&b""[..], &b""[..]),
            (b".", b"..\r\n"),
            (b".\r\n", b"..\r\n"),
            (b"a\n.\nb", b"a\r\n..\r\nb\r\n"),
            (b"a\r.\rb\r", b"a\r\n..\r\nb\r\n"),
            (b"a\r\r\n.\r\n", b"a\r\n\r\n..\r\n"),
            (b"a.b\r\n..\r\n", b"a.b\r\n...\r\n"),
        ] {
            assert_eq!(stuffed(&[message]), wire, "{message:?}");
        }
    }

    #[test]
    fn look_alikes_of_the_end_stay_inside() {
        for look_alike in [
            "\n.\n",
            "\n.\r",
            "\r.\n",
            "\r.\r",
            "\n.\r\n",
            "\r.\r\n",
            "\r\n.\r\r\n",
            "\r\r\n.\r\r\n",
            "\r\n\0.\r\n",
            "\r\n.\n",
        ] {
            let message = format!("text{look_alike}MAIL FROM:<evil@x>\r\n");
            let wire = stuffed(&[message.as_bytes()]);
            assert!(!wire.windows(5).any(|window| window == b"\r\n.\r\n"), "{look_alike:?}");
            let bare = wire.iter().enumerate().any(|(at, &octet)| {
                (octet == b'\n' && (at == 0 || wire[at - 1] != b'\r'))
                    || (octet == b'\r' && wire.get(at + 1) != Some(&b'\n'))
            });
            assert!(!bare, "{look_alike:?}");
        }
    }

    proptest! {
        #[test]
        fn a_strict_reader_gets_the_repaired_message(pieces in proptest::collection::vec("[.\r\na\u{80}]{0,6}", 0..6)) {
            let whole = pieces.concat();
            let mut repaired = whole.replace("\r\n", "\n").replace('\r', "\n");
            if !repaired.is_empty() && !repaired.ends_with('\n') { repaired.push('\n'); }
            let repaired = repaired.replace('\n', "\r\n");
            let pieces: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
            prop_assert_eq!(unstuffed(&stuffed(&pieces)), repaired.as_bytes());
        }
    }
}
