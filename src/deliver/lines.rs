//! Line ends of this machine: local programs and stores want LF where the wire has CRLF.

use std::io::{self, Write};

/// Turns each CRLF into LF.
pub(super) struct LineFeeds<W>(pub(super) W);

impl<W: Write> Write for LineFeeds<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        // A message holds CR only before LF, so that every CR can go.
        for piece in octets.split(|&octet| octet == b'\r') {
            self.0.write_all(piece)?;
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
