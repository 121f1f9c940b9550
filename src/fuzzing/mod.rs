//! The bodies of the fuzz targets: each takes any octets and panics where a promise is broken. `fuzz/` feeds them with
//! libFuzzer, `corpus.rs` with what it has found, as an ordinary test. Not in the program.

#![allow(missing_docs)]

mod address;
mod client;
#[cfg(test)]
#[allow(clippy::print_stderr)]
mod corpus;
mod dots;
mod message;
mod raw;
mod reply;
mod sasl;
#[cfg(test)]
mod seeds;
mod server;
mod spool;
mod words;

pub use address::address;
pub use client::run as client;
pub use dots::dots;
pub use message::{draft, message};
pub use raw::raw;
pub use reply::{ehlo, reply};
pub use sasl::sasl;
pub use server::server;
pub use spool::spool;
pub use words::{argv, config, muttrc};

use crate::sys::is_hidden;

/// Whether a text can be shown in a terminal.
fn is_printable(text: &str) -> bool {
    !text.chars().any(is_hidden)
}

/// Rounds of PBKDF2 for which a target has time.
const ROUNDS: u64 = 5_000;

/// Whether a SCRAM challenge in this input demands more rounds than a target has time for.
fn asks_for_much_work(input: &[u8]) -> bool {
    input.split(|octet| !octet.is_ascii_alphanumeric() && !b"+/=,".contains(octet)).any(|word| {
        let decoded = base64_simd::STANDARD.decode_to_vec(word).unwrap_or_default();
        [word, &decoded].iter().any(|text| rounds(text) > ROUNDS)
    })
}

fn rounds(text: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(text);
    let Some((_, behind)) = text.rsplit_once("i=") else { return 0 };
    let digits = behind.split(|character: char| !character.is_ascii_digit()).next().unwrap_or_default();
    if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u64::MAX) }
}
