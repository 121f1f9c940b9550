//! Names in the spool: the identifier of an entry, the hop that it goes to, and the name of a queued file.

use std::fmt;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::sys::Random;

/// The letters of an identifier (Crockford's base 32, as in a ULID).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The digits of base 16.
const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// What each octet stands for in an identifier; [`NO_LETTER`] if for nothing.
const VALUES: [u8; 256] = values(LETTERS);
/// What each octet stands for in a number of base 16, of which only the small letters are used.
const HEX: [u8; 256] = values(DIGITS);
/// A bit that no value has.
const NO_LETTER: u8 = 0x80;
/// Characters of an identifier without the mark of a bounce.
const LENGTH: usize = 26;
/// Digits of a time in a name.
const DUE: usize = 10;
/// Digits of a hop in a name.
const HOP: usize = 8;

const fn values(letters: &[u8]) -> [u8; 256] {
    let mut values = [NO_LETTER; 256];
    let mut place = 0;
    while place < letters.len() {
        values[letters[place] as usize] = place as u8;
        place += 1;
    }
    values
}

/// The number that these letters of an identifier are, at most 12 of them.
fn base32(letters: &[u8]) -> Option<u64> {
    number::<5>(letters, &VALUES)
}

/// The number that these digits of base 16 are, at most 16 of them.
fn hex(digits: &[u8]) -> Option<u64> {
    number::<4>(digits, &HEX)
}

/// The number that these characters are, each so many bits of it.
fn number<const BITS: u32>(characters: &[u8], values: &[u8; 256]) -> Option<u64> {
    let (mut number, mut seen) = (0, 0);
    for &character in characters {
        let value = values[usize::from(character)];
        seen |= value;
        number = number << BITS | u64::from(value & !NO_LETTER);
    }
    (seen & NO_LETTER == 0).then_some(number)
}

/// Fills the room with the last characters of the number, each of so many bits.
fn put<const BITS: u32>(room: &mut [u8], mut number: u64, characters: &[u8]) {
    for place in room.iter_mut().rev() {
        *place = characters[(number & ((1 << BITS) - 1)) as usize];
        number >>= BITS;
    }
}

fn write_ascii(f: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    f.write_str(std::str::from_utf8(text).expect("letters and digits are ASCII"))
}

fn write_bounce(f: &mut fmt::Formatter<'_>, id: Id) -> fmt::Result {
    if id.bounce > 0 { write!(f, "-n{}", id.bounce) } else { Ok(()) }
}

/// What names an entry: a ULID, 26 characters, the first ten of which are the time of its making; for a bounce that of
/// the original with `-n1` to `-n999` behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// The number of the ULID, the highest octet first: 48 bits of time, 80 of chance.
    ulid: [u8; 16],
    /// 0 for an original.
    bounce: u16,
}

impl Id {
    /// A new identifier for this moment.
    pub fn new(now: SystemTime, random: &dyn Random) -> io::Result<Self> {
        let milliseconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let mut ulid = [0; 16];
        ulid[..6].copy_from_slice(&(milliseconds as u64).to_be_bytes()[2..]);
        random.fill(&mut ulid[6..])?;
        Ok(Id { ulid, bounce: 0 })
    }

    /// Reads an identifier.
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_octets(text.as_bytes())
    }

    /// Reads an identifier out of the octets of a file's name.
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let (letters, rest) = octets.split_first_chunk::<LENGTH>()?;
        let bounce = match rest.strip_prefix(b"-n") {
            Some([b'1'..=b'9', more @ ..]) if more.len() <= 2 => {
                std::str::from_utf8(&rest[2..]).ok()?.parse().ok()?
            }
            None if rest.is_empty() => 0,
            _ => return None,
        };
        // 26 letters have room for two bits more than the number has.
        let (time, chance) = letters.split_first_chunk::<10>()?;
        let (high, low) = chance.split_first_chunk::<8>()?;
        let time = base32(time).filter(|_| letters[0] <= b'7')?;
        let number = u128::from(time) << 80 | u128::from(base32(high)?) << 40 | u128::from(base32(low)?);
        Some(Id { ulid: number.to_be_bytes(), bounce })
    }

    /// The identifier of its bounce with this number, 1 to 999.
    pub fn bounce(self, number: u32) -> Id {
        Id { bounce: number.clamp(1, 999) as u16, ..self }
    }

    /// The original, and the number of the bounce, if it is one.
    pub fn original(self) -> (Id, Option<u32>) {
        (Id { bounce: 0, ..self }, (self.bounce > 0).then_some(u32::from(self.bounce)))
    }

    /// The characters of the original.
    fn letters(self) -> [u8; LENGTH] {
        let number = u128::from_be_bytes(self.ulid);
        let (time, high, low) = ((number >> 80) as u64, (number >> 40) as u64, number as u64);
        let mut letters = [0; LENGTH];
        put::<5>(&mut letters[..10], time, LETTERS);
        put::<5>(&mut letters[10..18], high, LETTERS);
        put::<5>(&mut letters[18..], low, LETTERS);
        letters
    }

    /// When the original was made.
    pub fn made(self) -> SystemTime {
        let milliseconds = u128::from_be_bytes(self.ulid) >> 80;
        UNIX_EPOCH + Duration::from_millis(milliseconds as u64)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ascii(f, &self.letters())?;
        write_bounce(f, *self)
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
        let mut text = [0; HOP];
        put::<4>(&mut text, u64::from(self.0), DIGITS);
        write_ascii(f, &text)
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
        Self::from_octets(text.as_bytes())
    }

    /// Reads the octets of a file's name.
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let (due, rest) = octets.split_first_chunk::<DUE>()?;
        let (hop, rest) = rest.strip_prefix(b".")?.split_first_chunk::<HOP>()?;
        let id = Id::from_octets(rest.strip_prefix(b".")?)?;
        Some(Name { due_s: hex(due)?, hop: Hop(u32::try_from(hex(hop)?).ok()?), id })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In one piece: thousands of names are made for a list.
        let mut text = [b'.'; DUE + HOP + LENGTH + 2];
        put::<4>(&mut text[..DUE], self.due_s, DIGITS);
        put::<4>(&mut text[DUE + 1..][..HOP], u64::from(self.hop.0), DIGITS);
        text[DUE + HOP + 2..].copy_from_slice(&self.id.letters());
        write_ascii(f, &text)?;
        write_bounce(f, self.id)
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
    fn a_name_takes_no_more_memory_than_a_million_of_them_may() {
        assert_eq!(size_of::<Name>(), 32);
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
            "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D-n0",
            "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D-n01",
            "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D-n1x",
            "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D-n1+",
            "0065a1b2c3-89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D",
            "0065a1b2c3.89abcdeg.01HZXA7Q6N8W4Y2R5T9V3B1C0D",
            "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D\n",
            "+065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1C0D",
            "0065a1b2c3.89abcdef.01HZXA7Q6N8W4Y2R5T9V3B1Cé",
        ] {
            assert_eq!(Name::parse(wrong), None, "{wrong}");
        }
    }
}
