//! The beginning and the end of octets that may have no end.

use std::collections::VecDeque;

/// What was said, the middle of it left out where it is long.
#[derive(Debug)]
pub struct Ends {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    /// Most octets of each.
    limits: (usize, usize),
    left_out: u64,
}

impl Ends {
    /// Nothing yet; of what comes at most so many octets of the beginning and so many of the end are kept.
    pub fn new(head: usize, tail: usize) -> Self {
        Ends { head: Vec::new(), tail: VecDeque::new(), limits: (head, tail), left_out: 0 }
    }

    /// Adds what comes next.
    pub fn push(&mut self, octets: &[u8]) {
        let (first, rest) = octets.split_at(octets.len().min(self.limits.0 - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let excess = self.tail.len().saturating_sub(self.limits.1);
        self.tail.drain(..excess);
        self.left_out += excess as u64;
    }

    /// The beginning, how many octets are left out behind it, and the end.
    pub fn into_parts(self) -> (Vec<u8>, u64, Vec<u8>) {
        (self.head, self.left_out, self.tail.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_left_out() {
        let said: Vec<u8> = (0..40).collect();
        for block in [1, 3, 7, 40] {
            for length in 0..=40 {
                let mut ends = Ends::new(5, 10);
                said[..length].chunks(block).for_each(|block| ends.push(block));
                let (head, left_out, tail) = ends.into_parts();
                assert_eq!(head, said[..length.min(5)]);
                assert_eq!(left_out, length.saturating_sub(15) as u64);
                assert_eq!(tail, said[length.min(5).max(length.saturating_sub(10))..length]);
            }
        }
    }
}
