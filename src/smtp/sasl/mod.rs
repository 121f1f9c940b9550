//! Logging in: SASL mechanisms as values (RFC 4422, RFC 4954). An [`Exchange`] says what to send next; it does no I/O,
//! and its randomness comes with the [`Credentials`].

mod clear;
mod cram;
mod exchange;
mod mechanism;
mod nonces;
mod prepare;
mod scram;
mod token;

pub(super) use exchange::{Exchange, Protected, Trouble};
pub use mechanism::Mechanism;
pub use nonces::Nonces;

use crate::sys::Secret;

/// Who logs in, and with what.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user's name at the server. Empty where the mechanism needs none.
    pub username: String,
    /// The password or token. Empty where the mechanism needs none.
    pub secret: Secret,
    /// What SCRAM is made unrepeatable with.
    pub nonces: Nonces,
}

fn base64(octets: &[u8]) -> Secret {
    Secret::new(base64_simd::STANDARD.encode_to_string(octets).into_bytes())
}

/// The octets of a challenge; `None` if it is no base64.
fn decoded(challenge: &str) -> Option<Vec<u8>> {
    base64_simd::STANDARD.decode_to_vec(challenge).ok()
}
