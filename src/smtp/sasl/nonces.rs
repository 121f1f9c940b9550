//! Nonces: one that was never there before, for each login, without asking the system each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::hmac;

use crate::sys::Secret;

/// Gives nonces made of one random seed. A clone goes on where the other is: no nonce comes twice.
#[derive(Debug, Clone)]
pub struct Nonces {
    seed: Secret,
    given: Arc<AtomicU64>,
}

impl Nonces {
    /// Takes a seed of at least 16 random octets.
    pub fn new(seed: Secret) -> Self {
        Nonces { seed, given: Arc::default() }
    }

    /// The next one: 24 printable characters without a comma (RFC 5802 section 5.1), 144 bits.
    pub(super) fn next(&self) -> String {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.seed.expose());
        let tag = hmac::sign(&key, &number.to_be_bytes());
        base64_simd::STANDARD.encode_to_string(&tag.as_ref()[..18])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_comes_twice_not_even_from_a_clone() {
        let nonces = Nonces::new(Secret::new([7; 32]));
        let clone = nonces.clone();
        let given = [nonces.next(), clone.next(), nonces.next(), Nonces::new(Secret::new([8; 32])).next()];
        for (index, nonce) in given.iter().enumerate() {
            assert_eq!(nonce.len(), 24);
            assert!(!nonce.contains(',') && !given[..index].contains(nonce), "{given:?}");
        }
    }
}
