//! Names in the spool: the identifier of an entry, the hop that it goes to, and the name of a queued file.

use std::fmt;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::sys::Random;

/// The letters of an identifier (Crockford's base 32, as in a ULID).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of an identifier without the mark of a bounce.
const LENGTH: usize = 26;

/// What names an entry: a ULID, 26 characters, the first ten of which are the time of its making; for a bounce that of
/// the original with `-n1` to `-n999` behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    ulid: [u8; LENGTH],
    /// 0 for an original.
    bounce: u16,
}

impl Id {
    /// A new identifier for this moment.
    pub fn new(now: SystemTime, random: &dyn Random) -> io::Result<Self> {
        let milliseconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let mut octets = [0; 16];
        random.fill(&mut octets[6..])?;
        let number = u128::from_be_bytes(octets) | (milliseconds & 0xffff_ffff_ffff) << 80;
        let letter = |place: usize| LETTERS[(number >> (5 * (LENGTH - 1 - place)) & 31) as usize];
        Ok(Id { ulid: std::array::from_fn(letter), bounce: 0 })
    }

    /// Reads an identifier.
    pub fn parse(text: &str) -> Option<Self> {
        let (ulid, rest) = text.as_bytes().split_first_chunk::<LENGTH>()?;
        let is_ulid = ulid.iter().all(|octet| LETTERS.contains(octet)) && ulid[0] <= b'7';
        let bounce = match std::str::from_utf8(rest).ok()?.strip_prefix("-n") {
            Some(number) if matches!(number.len(), 1..=3) && !number.starts_with(['0', '+']) => {
                number.parse().ok()?
            }
            None if rest.is_empty() => 0,
            _ => return None,
        };
        is_ulid.then_some(Id { ulid: *ulid, bounce })
    }

    /// The identifier of its bounce with this number, 1 to 999.
    pub fn bounce(self, number: u32) -> Id {
        Id { bounce: number.clamp(1, 999) as u16, ..self }
    }

    /// The original, and the number of the bounce, if it is one.
    pub fn original(self) -> (Id, Option<u32>) {
        (Id { bounce: 0, ..self }, (self.bounce > 0).then_some(u32::from(self.bounce)))
    }

    /// When the original was made.
    pub fn made(self) -> SystemTime {
        let value = |octet: &u8| LETTERS.iter().position(|letter| letter == octet).unwrap_or(0) as u64;
        let milliseconds = self.ulid[..10].iter().fold(0, |sum, octet| sum << 5 | value(octet));
        UNIX_EPOCH + Duration::from_millis(milliseconds & 0xffff_ffff_ffff)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.ulid).expect("its letters are ASCII"))?;
        if self.bounce > 0 {
            write!(f, "-n{}", self.bounce)?;
        }
        Ok(())
    }
}

/// Where a profile sends to, as names say it: the CRC-32C of the profile's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop(u32);

impl Hop {
    /// The hop of the profile with this name.
    pub fn of_profile(name: &str) -> Self {
        Hop(crc32c::crc32c(name.as_bytes()))
    }

    /// Its number.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// The name of a queued file, `DUE.HOP.ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// When it is tried next, seconds since 1970, below 2^40.
    pub due_s: u64,
    /// Where it goes.
    pub hop: Hop,
    /// Which entry it is.
    pub id: Id,
}

impl Name {
    /// Reads a name; anything that is not exactly one is none.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |text: &str, length: usize| {
            let is_hex = text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
            (text.len() == length && is_hex).then(|| u64::from_str_radix(text, 16).ok())?
        };
        let (due, rest) = text.split_once('.')?;
        let (hop, id) = rest.split_once('.')?;
        let hop = Hop(u32::try_from(hex(hop, 8)?).ok()?);
        Some(Name { due_s: hex(due, 10)?, hop, id: Id::parse(id)? })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010x}.{}.{}", self.due_s & 0xff_ffff_ffff, self.hop, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::SeededRandom;

    #[test]
    fn identifiers_sort_by_time_and_come_back() {
        let random = SeededRandom::new(7);
        let at = |s: u64| Id::new(UNIX_EPOCH + Duration::from_millis(s), &random).unwrap();
        let ids = [at(0), at(1), at(1_700_000_000_000), at(0xffff_ffff_ffff)];
        assert!(ids.is_sorted());
        for (id, made) in ids.iter().zip([0, 1, 1_700_000_000_000, 0xffff_ffff_ffff]) {
            assert_eq!(Id::parse(&id.to_string()).as_ref(), Some(id));
            assert_eq!(id.made(), UNIX_EPOCH + Duration::from_millis(made));
        }
        let bounce = ids[2].bounce(12);
        assert_eq!(bounce.to_string().len(), 30);
        assert_eq!(Id::parse(&bounce.to_string()).unwrap().original(), (ids[2], Some(12)));
        assert_eq!(bounce.made(), ids[2].made());
    }

    #[test]
    fn names_are_exact() {
        let name = "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D";
        assert_eq!(Name::parse(name).unwrap().to_string(), name);
        assert_eq!(Name::parse(&format!("{name}-n1")).unwrap().to_string(), format!("{name}-n1"));
        for wrong in [
            "",
            ".",
            "..",
            "0065a1b2c3.89abcdef",
            "065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D",
            "0065A1B2C3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D",
            "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0I",
            "0065a1b2c3.89abcdef.81HZXA7Q6N8W4Y2R5T9V3B1C0D",
            "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D-n",
            "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D-n1000",
            "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D\n",
            "+065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D",
            "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1Cé",
        ] {
            assert_eq!(Name::parse(wrong), None, "{wrong}");
        }
    }
}
