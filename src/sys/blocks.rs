//! A writer that gathers what it gets into whole blocks. Not for what somebody waits for: a block leaves when it is full.

mod behind;

pub use behind::write_behind;

use std::io::{self, Write};

/// Octets of a block, and what its place in a file is a multiple of: the page cache takes aligned blocks of this size in
/// large pieces, in two thirds of the time that blocks across its borders take.
const BLOCK: usize = 128 * 1024;

/// Gathers octets and writes them in blocks. What is gathered and not flushed is forgotten when it is dropped: after an
/// error nothing more follows.
#[derive(Debug)]
pub struct Blocks<W> {
    out: W,
    gathered: Vec<u8>,
    /// Where the next octet stands.
    place: u64,
}

impl<W: Write> Blocks<W> {
    /// For an output whose next octet stands at `place` of its file.
    pub fn new(out: W, place: u64) -> Self {
        Self { out, gathered: Vec::new(), place }
    }

    /// The output; what is gathered has not reached it yet.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// Where the next octet stands in the file.
    pub fn place(&self) -> u64 {
        self.place
    }

    fn write_gathered(&mut self) -> io::Result<()> {
        let written = self.out.write_all(&self.gathered);
        self.gathered.clear();
        written
    }
}

impl<W: Write> Write for Blocks<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let room = BLOCK - (self.place % BLOCK as u64) as usize;
        let taken = octets.len().min(room);
        self.gathered.extend_from_slice(&octets[..taken]);
        self.place += taken as u64;
        if taken == room {
            self.write_gathered()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_gathered()?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Remembers how much came at once.
    #[derive(Default)]
    struct Counted(Vec<u8>, Vec<usize>);

    impl Write for Counted {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.extend_from_slice(octets);
            self.1.push(octets.len());
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn blocks_end_at_borders_and_nothing_is_lost() {
        let octets: Vec<u8> = (0..BLOCK * 3 + 77).map(|n| (n % 251) as u8).collect();
        for (place, step) in [(0, 1000), (0, BLOCK), (530, 79_872), (BLOCK as u64 - 1, BLOCK * 3), (512, 1)] {
            let mut counted = Counted::default();
            let mut out = Blocks::new(&mut counted, place);
            for part in octets.chunks(step) {
                out.write_all(part).unwrap();
            }
            out.flush().unwrap();
            assert!(counted.0 == octets, "{place} {step}");
            let mut at = place as usize;
            let (_, full) = counted.1.split_last().unwrap();
            for size in full {
                at += size;
                assert_eq!(at % BLOCK, 0, "{place} {step}");
            }
        }
    }

    #[test]
    fn nothing_follows_a_drop_and_an_error_is_told() {
        let mut counted = Counted::default();
        Blocks::new(&mut counted, 0).write_all(b"half").unwrap();
        assert!(counted.0.is_empty());
        let mut small = [0_u8; 10];
        let mut out = Blocks::new(&mut small[..], 0);
        assert!(out.write_all(&vec![0; BLOCK]).is_err());
    }
}
