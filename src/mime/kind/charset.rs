//! The charset that an attachment can be labelled with: one that all of its octets prove.

use std::io;

use encoding_rs::Encoding;

use crate::mime::error::MessageError;
use crate::mime::source::Source;

/// The charset of a text, found by reading it to its end: `us-ascii`, `utf-8`, or `None` where it is neither or holds a
/// NUL. What already `beginning`, its first octets, tells is not read.
pub(super) fn of(source: &Source, beginning: &[u8]) -> Result<Option<&'static str>, MessageError> {
    let mut proof = Proof::default();
    if !proof.see(beginning) {
        return Ok(None);
    }
    if source.length() > beginning.len() as u64 {
        proof = Proof::default();
        let read = source.each_block(&mut |octets| match proof.see(octets) {
            true => Ok(()),
            // Nothing that follows changes the answer.
            false => Err(MessageError::Sink(io::ErrorKind::Other.into())),
        });
        match read {
            Ok(()) => {}
            Err(MessageError::Sink(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(proof.charset())
}

/// What the octets so far prove.
#[derive(Default)]
struct Proof {
    is_beyond_ascii: bool,
    /// The first octets of a character that goes on in the next block.
    cut: Vec<u8>,
}

impl Proof {
    /// Whether it can still be UTF-8 without NUL.
    fn see(&mut self, mut octets: &[u8]) -> bool {
        if memchr::memchr(0, octets).is_some() {
            return false;
        }
        // A character has at most 4 octets (RFC 3629 3).
        while !self.cut.is_empty() {
            let Some((&next, rest)) = octets.split_first() else { return true };
            self.cut.push(next);
            octets = rest;
            match std::str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return false,
            }
        }
        if octets.is_ascii() {
            return true;
        }
        self.is_beyond_ascii = true;
        // Several times as fast as the standard library where most characters are beyond ASCII.
        let rest = &octets[Encoding::utf8_valid_up_to(octets)..];
        self.cut.extend_from_slice(&rest[..rest.len().min(4)]);
        std::str::from_utf8(&self.cut).map_or_else(|error| error.error_len().is_none(), |_| true)
    }

    /// The answer when all octets were seen.
    fn charset(&self) -> Option<&'static str> {
        let is_whole = self.cut.is_empty();
        is_whole.then_some(if self.is_beyond_ascii { "utf-8" } else { "us-ascii" })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn in_blocks(octets: &[u8], block: usize) -> Option<&'static str> {
        let mut proof = Proof::default();
        let is_text = octets.chunks(block).all(|octets| proof.see(octets));
        if is_text { proof.charset() } else { None }
    }

    fn wanted(octets: &[u8]) -> Option<&'static str> {
        let is_text = !octets.contains(&0) && std::str::from_utf8(octets).is_ok();
        is_text.then_some(if octets.is_ascii() { "us-ascii" } else { "utf-8" })
    }

    proptest! {
        #[test]
        fn the_answer_is_that_of_all_octets_at_once(
            text in "[aé例😀]{0,12}",
            bad in prop::collection::vec(any::<u8>(), 0..3),
            at in 0_usize..40,
            block in 1_usize..9,
        ) {
            let mut octets = text.into_bytes();
            octets.splice(at.min(octets.len())..at.min(octets.len()), bad);
            prop_assert_eq!(in_blocks(&octets, block), wanted(&octets));
        }
    }

    #[test]
    fn a_long_source_is_read_to_its_end() {
        let long = "x".repeat(700_000);
        for (end, charset) in [
            (&b""[..], Some("us-ascii")),
            ("例".as_bytes(), Some("utf-8")),
            (b"\xe4\xbe", None),
            (b"\xe9 fin", None),
            (b"\0", None),
        ] {
            let source = Source::from_reader(&mut [long.as_bytes(), end].concat().as_slice()).unwrap();
            let beginning = source.beginning(8192).unwrap();
            assert_eq!(of(&source, &beginning).unwrap(), charset, "{end:?}");
        }
    }
}
