//! The header of an entry: 512 octets at the beginning of its file, never written again after the commit. Integers are
//! little-endian.
//!
//! ```text
//!   0 magic "WHIPPET\x01"   8 u16 version   10 u16 flags   12 u32 recipients   16 u64 created, ms   24 u64 expires, s
//!  32 u64 body length   40 u32 envelope length   44 u8 in doubt   48 SHA-256 of the envelope   80 SHA-256 of the body
//! 112 profile, 64 octets, padded with zeros   176 zeros   508 u32 CRC-32C of all before
//! ```

/// Octets of a header.
pub const HEADER: usize = 512;
/// Octets of a page: the journal begins at one.
const PAGE: u64 = 4096;
const MAGIC: &[u8; 8] = b"WHIPPET\x01";
const VERSION: u16 = 1;
/// Longest name of a profile, octets.
const PROFILE: usize = 64;
/// Most recipients of an entry.
pub(super) const RECIPIENTS: u32 = 10_000;
/// Longest envelope, octets: 10,000 recipients with all that belongs to them.
const ENVELOPE: u32 = 16 << 20;

/// What a message asks of a server, and what it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// SMTPUTF8 is needed for the header.
    pub smtputf8: bool,
    /// REQUIRETLS (RFC 8689).
    pub require_tls: bool,
    /// The body has octets above 127.
    pub eight_bit: bool,
    /// It is a report of ours.
    pub bounce: bool,
}

/// What happens to a recipient of whom it is not known whether the hop took the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InDoubt {
    /// Tried again: at most so many times is it sent in doubt, then held.
    Retry,
    /// Held at once: never a second copy.
    Hold,
}

/// The header of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What the message is.
    pub flags: Flags,
    /// How many recipients the envelope has, 1 to 10,000.
    pub recipients: u32,
    /// When it was taken, milliseconds since 1970.
    pub created_ms: u64,
    /// When it is given up, seconds since 1970.
    pub expires_s: u64,
    /// Octets of the body.
    pub body: u64,
    /// Octets of the envelope.
    pub envelope: u32,
    /// What happens in doubt.
    pub in_doubt: InDoubt,
    /// SHA-256 of the envelope.
    pub envelope_digest: [u8; 32],
    /// SHA-256 of the body.
    pub body_digest: [u8; 32],
    /// The profile that says where it goes.
    pub profile: String,
}

/// Why an entry is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Too short, no magic, or sums that do not agree.
    #[error("{0}")]
    Broken(&'static str),
    /// Written by a later version.
    #[error("it was written by a later version of whippet ({0})")]
    Unknown(String),
}

impl Header {
    /// The header's octets.
    pub fn encode(&self) -> [u8; HEADER] {
        let mut octets = [0; HEADER];
        let mut put = |at: usize, value: &[u8]| octets[at..at + value.len()].copy_from_slice(value);
        let flags = u16::from(self.flags.smtputf8)
            | u16::from(self.flags.require_tls) << 1
            | u16::from(self.flags.eight_bit) << 2
            | u16::from(self.flags.bounce) << 3;
        put(0, MAGIC);
        put(8, &VERSION.to_le_bytes());
        put(10, &flags.to_le_bytes());
        put(12, &self.recipients.to_le_bytes());
        put(16, &self.created_ms.to_le_bytes());
        put(24, &self.expires_s.to_le_bytes());
        put(32, &self.body.to_le_bytes());
        put(40, &self.envelope.to_le_bytes());
        put(44, &[u8::from(self.in_doubt == InDoubt::Hold)]);
        put(48, &self.envelope_digest);
        put(80, &self.body_digest);
        put(112, &self.profile.as_bytes()[..self.profile.len().min(PROFILE)]);
        let sum = crc32c::crc32c(&octets[..508]);
        octets[508..].copy_from_slice(&sum.to_le_bytes());
        octets
    }

    /// Reads a header.
    pub fn decode(octets: &[u8; HEADER]) -> Result<Self, Damage> {
        if &octets[..8] != MAGIC {
            return Err(Damage::Broken("it is no entry of a spool"));
        }
        if crc32c::crc32c(&octets[..508]) != u32_at(octets, 508) {
            return Err(Damage::Broken("the sum of its header does not agree"));
        }
        let version = u16_at(octets, 8);
        let flags = u16_at(octets, 10);
        if version != VERSION || flags > 0b1111 || octets[44] > 1 {
            return Err(Damage::Unknown(format!("version {version}, flags {flags:#x}")));
        }
        let profile = &octets[112..112 + PROFILE];
        let end = profile.iter().position(|&octet| octet == 0).unwrap_or(PROFILE);
        let profile = std::str::from_utf8(&profile[..end])
            .map_err(|_| Damage::Broken("the name of its profile is no text"))?;
        let header = Header {
            flags: Flags {
                smtputf8: flags & 1 != 0,
                require_tls: flags & 2 != 0,
                eight_bit: flags & 4 != 0,
                bounce: flags & 8 != 0,
            },
            recipients: u32_at(octets, 12),
            created_ms: u64_at(octets, 16),
            expires_s: u64_at(octets, 24),
            body: u64_at(octets, 32),
            envelope: u32_at(octets, 40),
            in_doubt: if octets[44] == 1 { InDoubt::Hold } else { InDoubt::Retry },
            envelope_digest: array_at(octets, 48),
            body_digest: array_at(octets, 80),
            profile: profile.to_owned(),
        };
        if !(1..=RECIPIENTS).contains(&header.recipients)
            || header.envelope > ENVELOPE
            || header.body > 1 << 48
        {
            return Err(Damage::Broken("its header tells of sizes that cannot be"));
        }
        Ok(header)
    }

    /// The sum at the end of its octets: the journal's first link.
    pub fn sum(&self) -> u32 {
        Self::sum_of(&self.encode())
    }

    /// The sum at the end of these octets.
    pub fn sum_of(octets: &[u8; HEADER]) -> u32 {
        u32_at(octets, 508)
    }

    /// Where the body begins.
    pub fn body_at(&self) -> u64 {
        HEADER as u64 + u64::from(self.envelope)
    }

    /// Where the journal begins: at the first page behind the body.
    pub fn journal_at(&self) -> u64 {
        (self.body_at() + self.body).next_multiple_of(PAGE)
    }
}

fn array_at<const N: usize>(octets: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&octets[at..at + N]);
    array
}

fn u16_at(octets: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(octets, at))
}

pub(super) fn u32_at(octets: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(octets, at))
}

fn u64_at(octets: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(octets, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            flags: Flags { smtputf8: true, bounce: true, ..Flags::default() },
            recipients: 3,
            created_ms: 1_700_000_000_123,
            expires_s: 1_700_432_000,
            body: 5000,
            envelope: 120,
            in_doubt: InDoubt::Hold,
            envelope_digest: [7; 32],
            body_digest: [9; 32],
            profile: "büro".to_owned(),
        }
    }

    #[test]
    fn a_header_comes_back() {
        let header = header();
        assert_eq!(Header::decode(&header.encode()), Ok(header.clone()));
        assert_eq!((header.body_at(), header.journal_at()), (632, 8192));
    }

    #[test]
    fn every_changed_octet_is_noticed() {
        let good = header().encode();
        for at in 0..HEADER {
            for change in [0x01, 0x80, 0xff] {
                let mut octets = good;
                octets[at] ^= change;
                assert!(Header::decode(&octets).is_err(), "octet {at}");
            }
        }
    }

    #[test]
    fn a_later_version_is_left_alone() {
        let mut octets = header().encode();
        octets[8] = 2;
        let sum = crc32c::crc32c(&octets[..508]);
        octets[508..].copy_from_slice(&sum.to_le_bytes());
        assert!(matches!(Header::decode(&octets), Err(Damage::Unknown(_))));
    }
}
