//! Pins: a certificate or its public key by its SHA-256 (as in RFC 7858 4.2). Computes none: `net` does.

use std::fmt;

/// Octets of a SHA-256.
const LENGTH: usize = 32;

/// The SHA-256 of a certificate, or of its SubjectPublicKeyInfo (RFC 5280 4.1), each in DER.
/// Displays as `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin([u8; LENGTH]);

impl Pin {
    /// The pin with this digest.
    pub fn new(digest: [u8; LENGTH]) -> Self {
        Pin(digest)
    }

    /// Reads hexadecimal digits, with colons between the octets or not, or base64. `sha256:` before it may be left out;
    /// `sha256//`, as curl writes it, and openssl's `sha256 Fingerprint=` are understood.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = match text.get(..6).filter(|word| word.eq_ignore_ascii_case("sha256")) {
            Some(_) => {
                let rest = &text[6..];
                let rest = rest.strip_prefix(" Fingerprint=").unwrap_or(rest);
                rest.strip_prefix("//").or_else(|| rest.strip_prefix([':', '='])).unwrap_or(rest).trim()
            }
            None => text,
        };
        from_hex(bare).or_else(|| from_base64(bare)).map(Pin)
    }
}

fn from_hex(text: &str) -> Option<[u8; LENGTH]> {
    let digits: Vec<u8> = match text.len() {
        64 => text.bytes().collect(),
        95 if text.bytes().skip(2).step_by(3).all(|octet| octet == b':') => {
            text.bytes().enumerate().filter(|(index, _)| index % 3 != 2).map(|(_, octet)| octet).collect()
        }
        _ => return None,
    };
    let mut digest = [0; LENGTH];
    for (octet, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *octet = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(digest)
}

fn from_base64(text: &str) -> Option<[u8; LENGTH]> {
    let padded = if text.ends_with('=') { text.to_owned() } else { format!("{text}=") };
    base64_simd::STANDARD.decode_to_vec(padded).ok()?.try_into().ok()
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_form_of_a_pin_is_read(digest: [u8; LENGTH]) {
            let pin = Pin::new(digest);
            let base64 = base64_simd::STANDARD.encode_to_string(digest);
            let hex = pin.to_string().replace("sha256:", "");
            let colons = digest.map(|octet| format!("{octet:02X}")).join(":");
            for text in [
                pin.to_string(),
                hex.clone(),
                hex.to_uppercase(),
                colons.clone(),
                format!("sha256 Fingerprint={colons}"),
                format!("SHA256:{colons}"),
                base64.clone(),
                base64.trim_end_matches('=').to_owned(),
                format!("sha256//{base64}"),
                format!("sha256:{base64}"),
            ] {
                prop_assert_eq!(Pin::parse(&text), Some(pin), "{}", text);
            }
        }

        #[test]
        fn no_text_panics(text in "(sha256)?[:/=]{0,2}.{0,100}") {
            let _ = Pin::parse(&text);
        }
    }

    #[test]
    fn what_is_no_pin() {
        let hex = "0".repeat(64);
        for text in [
            "",
            "sha256:",
            "sha1:00",
            &hex[1..],
            &format!("{hex}0"),
            &hex.replacen('0', "g", 1),
            "AAAA",
            "sha256ä",
        ] {
            assert_eq!(Pin::parse(text), None, "{text}");
        }
    }
}
