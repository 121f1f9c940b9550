//! What a gate remembers, and its 512 octets. Integers are little-endian.
//!
//! ```text
//!  0 u32 CRC-32C of 4..512   4 u32 version   8 u64 next try, s   16 u32 failures   20 u8 stage   21 u8 class of the status
//! 22 u16 subject   24 u16 detail   26 u16 code of the reply   28 u16 length of its text   30 u16 tries   32 2 × u64 the last tries, s
//! 48 digest of the profile's settings   80 text of the reply, 300 octets   380 u8 class of the reply, from 1 on
//! 384 u32 what it holds, s   388 zeros
//! ```

use std::fs::File;
use std::io;

use crate::mail::{Class, EnhancedStatus, ReportedReply, Stage, Verdict};
use crate::spool::format::STAGES;
use crate::sys::{Disk, Folder};

/// Octets of a gate.
const GATE: usize = 512;
const VERSION: u32 = 1;
/// Longest text of a reply that is kept, octets.
const TEXT: usize = 300;

/// Why a hop is down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// Where it was met.
    pub stage: Stage,
    /// The hop's status, or ours where it gave none.
    pub status: EnhancedStatus,
    /// The hop's words, or ours with the code 0; no more than 300 octets of them are kept.
    pub reply: ReportedReply,
    /// What it amounts to, where that is known.
    pub class: Option<Class>,
}

impl Outage {
    /// The outage of which a verdict tells.
    pub fn of(verdict: &Verdict) -> Self {
        let ours = || ReportedReply { code: 0, text: verdict.sentence.clone() };
        Outage {
            stage: verdict.stage,
            status: verdict.status,
            reply: verdict.reply.clone().unwrap_or_else(ours),
            class: verdict.class,
        }
    }
}

/// What a gate remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When the hop is tried next, seconds since 1970.
    pub next_s: u64,
    /// How often in a row it was tried in vain, from 1 on.
    pub failures: u32,
    /// When it was last tried in vain: one or two, the last one last.
    pub tries_s: Vec<u64>,
    /// Why.
    pub outage: Outage,
    /// What the profile said then.
    pub(super) settings: [u8; 32],
}

impl Record {
    /// Reads the gate with this name in `host/`; `None` where there is none, or none that is whole.
    pub fn read(disk: &dyn Disk, folder: &Folder, name: &str) -> io::Result<Option<Self>> {
        match disk.open(folder, name, false) {
            Ok(file) => Self::read_open(disk, &file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn read_open(disk: &dyn Disk, file: &File) -> io::Result<Option<Self>> {
        let mut octets = [0; GATE];
        let mut length = 0;
        while length < GATE {
            match disk.read_at(file, &mut octets[length..], length as u64)? {
                0 => return Ok(None),
                more => length += more,
            }
        }
        Ok(Self::decode(&octets))
    }

    pub(super) fn encode(&self) -> [u8; GATE] {
        let Outage { stage, status, reply, class } = &self.outage;
        let mut octets = [0; GATE];
        let mut put = |at: usize, value: &[u8]| octets[at..at + value.len()].copy_from_slice(value);
        let stage = STAGES.iter().position(|one| one == stage).unwrap_or(0) as u8;
        let end = (0..=TEXT).rev().find(|&end| reply.text.is_char_boundary(end)).unwrap_or(0);
        let text = &reply.text[..end.min(reply.text.len())];
        put(4, &VERSION.to_le_bytes());
        put(8, &self.next_s.to_le_bytes());
        put(16, &self.failures.to_le_bytes());
        put(20, &[stage, status.class]);
        for (place, number) in
            [status.subject, status.detail, reply.code, text.len() as u16, self.tries_s.len() as u16]
                .into_iter()
                .enumerate()
        {
            put(22 + 2 * place, &number.to_le_bytes());
        }
        for (place, tried_s) in self.tries_s.iter().take(2).enumerate() {
            put(32 + 8 * place, &tried_s.to_le_bytes());
        }
        put(48, &self.settings);
        put(80, text.as_bytes());
        if let Some(class) = class {
            let (number, hold_s) = class_number(*class);
            put(380, &[number]);
            put(384, &hold_s.to_le_bytes());
        }
        let sum = crc32c::crc32c(&octets[4..]);
        octets[..4].copy_from_slice(&sum.to_le_bytes());
        octets
    }

    pub(super) fn decode(octets: &[u8; GATE]) -> Option<Self> {
        let u16_at = |at: usize| u16::from_le_bytes([octets[at], octets[at + 1]]);
        let u32_at = |at: usize| octets[at..].first_chunk().copied().map(u32::from_le_bytes);
        let u64_at = |at: usize| octets[at..].first_chunk().copied().map(u64::from_le_bytes);
        if u32_at(0)? != crc32c::crc32c(&octets[4..]) || u32_at(4)? != VERSION {
            return None;
        }
        let (length, tries) = (usize::from(u16_at(28)), usize::from(u16_at(30)));
        if length > TEXT || !matches!(tries, 1 | 2) || !matches!(octets[21], 4 | 5) {
            return None;
        }
        let text = std::str::from_utf8(&octets[80..80 + length]).ok()?;
        Some(Record {
            next_s: u64_at(8)?,
            failures: u32_at(16)?,
            tries_s: (0..tries).map(|place| u64_at(32 + 8 * place)).collect::<Option<_>>()?,
            outage: Outage {
                stage: *STAGES.get(usize::from(octets[20]))?,
                status: EnhancedStatus::new(octets[21], u16_at(22), u16_at(24)),
                reply: ReportedReply { code: u16_at(26), text: text.to_owned() },
                class: class_of(octets[380], u32_at(384)?),
            },
            settings: *octets[48..].first_chunk()?,
        })
    }
}

/// A class as its number from 1 on, and for how many seconds it holds.
fn class_number(class: Class) -> (u8, u32) {
    let place = Class::ALL.iter().position(|one| one.name() == class.name()).unwrap_or(0);
    let hold_s = match class {
        Class::Throttled(hold_s) | Class::Quota(hold_s) => hold_s,
        _ => 0,
    };
    (place as u8 + 1, hold_s)
}

/// The class with this number; what is not known says nothing.
fn class_of(number: u8, hold_s: u32) -> Option<Class> {
    Class::ALL.get(usize::from(number.checked_sub(1)?)).map(|class| match class {
        Class::Throttled(_) => Class::Throttled(hold_s),
        Class::Quota(_) => Class::Quota(hold_s),
        other => *other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(text: &str) -> Record {
        Record {
            next_s: 1_700_000_900,
            failures: 7,
            tries_s: vec![1_700_000_000, u64::MAX],
            outage: Outage {
                stage: Stage::Auth,
                status: EnhancedStatus::new(5, 7, 8),
                reply: ReportedReply { code: 535, text: text.to_owned() },
                class: Some(Class::Secret),
            },
            settings: [3; 32],
        }
    }

    #[test]
    fn every_changed_octet_is_noticed() {
        let good = record("no").encode();
        for at in 0..GATE {
            for change in [0x01, 0x80, 0xff] {
                let mut octets = good;
                octets[at] ^= change;
                assert_eq!(Record::decode(&octets), None, "octet {at}");
            }
        }
        assert_eq!(Record::decode(&[0; GATE]), None);
    }

    proptest! {
        #[test]
        fn a_record_comes_back(text in "[ -~ü文]{0,400}", is_first: bool, class in 0usize..9, hold_s: u32) {
            let mut record = record(&text);
            record.outage.class = class_of(class as u8, hold_s);
            prop_assert_eq!(record.outage.class.map(Class::name), class.checked_sub(1).map(|place| Class::ALL[place].name()));
            if is_first {
                record.tries_s.pop();
            }
            let read = Record::decode(&record.encode()).unwrap();
            prop_assert!(text.starts_with(&read.outage.reply.text));
            prop_assert!(text.len() <= TEXT + 3 || read.outage.reply.text.len() > TEXT - 4);
            record.outage.reply.text = read.outage.reply.text.clone();
            prop_assert_eq!(read, record);
        }
    }
}
