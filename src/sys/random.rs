//! Random octets for Message-IDs, boundaries and throw-away passwords.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// Fills buffers with random octets.
pub trait Random: Sync {
    /// Fills `buffer`; an error means that the system has no entropy to give.
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()>;

    /// `count` characters of `a-z2-7`, five bits each: safe in a Message-ID, a boundary and a file name.
    fn token(&self, count: usize) -> io::Result<String> {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut octets = vec![0; count];
        self.fill(&mut octets)?;
        Ok(octets.iter().map(|octet| char::from(ALPHABET[usize::from(octet & 31)])).collect())
    }
}

/// The system's generator.
#[derive(Debug, Clone, Copy)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()> {
        getrandom::fill(buffer).map_err(io::Error::other)
    }
}

/// A predictable sequence (splitmix64) for tests; never for secrets.
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

/// By how much its state grows each time.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl SeededRandom {
    /// Starts the sequence at `seed`.
    pub fn new(seed: u64) -> Self {
        SeededRandom(AtomicU64::new(seed))
    }
}

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()> {
        for octet in buffer {
            let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *octet = (mixed >> 56) as u8;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_their_length_and_differ() {
        let random = SystemRandom;
        let (one, two) = (random.token(20).unwrap(), random.token(20).unwrap());
        assert_eq!(one.len(), 20);
        assert_ne!(one, two);
    }
}
