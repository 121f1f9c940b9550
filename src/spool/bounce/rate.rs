//! How many reports a sender gets: 60 an hour. Those beyond are counted, and one mail tells how many there were.
//!
//! One small file per reverse-path in `ids/`. It is advisory: it may be lost, torn or deleted at any time, it is never
//! flushed, and its content is checked before it is used.
//!
//! ```text
//! whippet rate 1 BEGINNING SENT SILENCED OWED ADDRESS CRC-32C\n
//! ```

use std::fs::File;
use std::io;
use std::time::Duration;

use ring::digest::{SHA256, digest};

use crate::mail::Address;
use crate::sys::{Disk, Folder};

/// Reports to one reverse-path within an hour.
pub const REPORTS_AN_HOUR: u32 = 60;
const HOUR_S: u64 = 3600;
const MARK: &str = "whippet rate 1";
/// Octets of the longest record.
const LONGEST: usize = 512;
/// How often a lock that is held is asked for again, a millisecond apart.
const TRIES: u32 = 50;
/// Begins the names of the files.
const PREFIX: &str = "rate-";

/// Reports that a sender did not get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overflow {
    /// The sender.
    pub reverse_path: Address,
    /// How many.
    pub silenced: u32,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    /// When its hour began.
    beginning_s: u64,
    sent: u32,
    /// In this hour.
    silenced: u32,
    /// In hours before, and not told of.
    owed: u32,
    reverse_path: Address,
}

/// Counts one more report; `false` when the hour's are used up, and this one is to be silent. After an error, which is
/// worth a warning, the report may go.
pub fn is_within_rate(disk: &dyn Disk, ids: &Folder, reverse_path: &Address, now_s: u64) -> io::Result<bool> {
    let name = name_of(reverse_path);
    let file = match disk.open(ids, &name, true) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => disk.create_new(ids, &name)?,
        other => other?,
    };
    lock(disk, &file)?;
    let mut record = read(disk, &file)?
        .filter(|record| record.reverse_path.same_mailbox(reverse_path))
        .unwrap_or_else(|| Record::new(now_s, 0, reverse_path));
    if record.is_over(now_s) {
        record = Record::new(now_s, record.unsaid(), reverse_path);
    }
    let is_within = record.sent < REPORTS_AN_HOUR;
    match is_within {
        true => record.sent += 1,
        false => record.silenced = record.silenced.saturating_add(1),
    }
    write(disk, &file, &record)?;
    Ok(is_within)
}

/// Takes the counts of the hours that are over: of each sender at most one an hour. They are given once; what is forgotten
/// in a crash stands in `badmail/`. Files that count nothing any more are removed.
pub fn overflows(disk: &dyn Disk, ids: &Folder, now_s: u64) -> io::Result<Vec<Overflow>> {
    let mut names = Vec::new();
    disk.list(ids, &mut |name| {
        names.extend(name.to_str().ok().filter(|name| name.starts_with(PREFIX)).map(str::to_owned));
    })?;
    let mut overflows = Vec::new();
    for name in names {
        let Ok(file) = disk.open(ids, &name, true) else { continue };
        if lock(disk, &file).is_err() {
            continue;
        }
        let record = read(disk, &file)?.filter(|record| name_of(&record.reverse_path) == name);
        let silenced = match &record {
            Some(record) if !record.is_over(now_s) && record.owed == 0 => continue,
            Some(record) if !record.is_over(now_s) => {
                write(disk, &file, &Record { owed: 0, ..record.clone() })?;
                record.owed
            }
            _ => {
                disk.unlink(ids, &name)?;
                record.as_ref().map_or(0, Record::unsaid)
            }
        };
        let counted = record.filter(|_| silenced > 0);
        overflows.extend(counted.map(|record| Overflow { reverse_path: record.reverse_path, silenced }));
    }
    Ok(overflows)
}

impl Record {
    /// An hour that begins.
    fn new(beginning_s: u64, owed: u32, reverse_path: &Address) -> Self {
        Record { beginning_s, sent: 0, silenced: 0, owed, reverse_path: reverse_path.clone() }
    }

    /// All of whom the sender has not been told.
    fn unsaid(&self) -> u32 {
        self.owed.saturating_add(self.silenced)
    }

    /// Whether its hour has passed, or the clock was set back behind it.
    fn is_over(&self, now_s: u64) -> bool {
        now_s < self.beginning_s || now_s - self.beginning_s >= HOUR_S
    }

    fn parse(line: &str) -> Option<Self> {
        let (record, sum) = line.strip_suffix('\n')?.rsplit_once(' ')?;
        if u32::from_str_radix(sum, 16).ok()? != crc32c::crc32c(record.as_bytes()) {
            return None;
        }
        let mut words = record.strip_prefix(MARK)?.strip_prefix(' ')?.splitn(5, ' ');
        Some(Record {
            beginning_s: words.next()?.parse().ok()?,
            sent: words.next()?.parse().ok()?,
            silenced: words.next()?.parse().ok()?,
            owed: words.next()?.parse().ok()?,
            reverse_path: Address::parse(words.next()?).ok()?,
        })
    }

    fn line(&self) -> String {
        let Record { beginning_s, sent, silenced, owed, reverse_path } = self;
        let record = format!("{MARK} {beginning_s} {sent} {silenced} {owed} {reverse_path}");
        let sum = crc32c::crc32c(record.as_bytes());
        format!("{record} {sum:08x}\n")
    }
}

/// The name of the file of a reverse-path.
fn name_of(reverse_path: &Address) -> String {
    let path = format!("{}@{}", reverse_path.local(), reverse_path.domain().to_ascii_lowercase());
    let digest = digest(&SHA256, path.as_bytes());
    let hex: String = digest.as_ref()[..8].iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{PREFIX}{hex}")
}

/// Waits a little for others that count.
fn lock(disk: &dyn Disk, file: &File) -> io::Result<()> {
    for _ in 0..TRIES {
        if disk.lock(file, true)? {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(io::ErrorKind::WouldBlock.into())
}

fn read(disk: &dyn Disk, file: &File) -> io::Result<Option<Record>> {
    let mut buffer = [0; LONGEST];
    let length = disk.read_at(file, &mut buffer, 0)?;
    let line = buffer[..length].split_inclusive(|&octet| octet == b'\n').next().unwrap_or_default();
    Ok(std::str::from_utf8(line).ok().and_then(Record::parse))
}

/// A shorter record leaves the end of a longer one behind itself, which is not read.
fn write(disk: &dyn Disk, file: &File, record: &Record) -> io::Result<()> {
    disk.write_at(file, record.line().as_bytes(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::SystemDisk;

    struct Ids {
        place: tempfile::TempDir,
        folder: Folder,
    }

    impl Ids {
        fn new() -> Self {
            let place = tempfile::tempdir().unwrap();
            let folder = SystemDisk.open_dir(None, place.path()).unwrap();
            Ids { place, folder }
        }

        /// How many of so many reports may go.
        fn go(&self, count: u32, address: &str, now_s: u64) -> u32 {
            let address = Address::parse(address).unwrap();
            let may_go = |_: &u32| is_within_rate(&SystemDisk, &self.folder, &address, now_s).unwrap();
            (0..count).filter(may_go).count() as u32
        }

        fn overflows(&self, now_s: u64) -> Vec<(String, u32)> {
            let overflows = overflows(&SystemDisk, &self.folder, now_s).unwrap();
            overflows
                .into_iter()
                .map(|overflow| (overflow.reverse_path.to_string(), overflow.silenced))
                .collect()
        }

        fn files(&self) -> usize {
            std::fs::read_dir(self.place.path()).unwrap().count()
        }
    }

    #[test]
    fn sixty_an_hour_for_each_sender() {
        let ids = Ids::new();
        assert_eq!(ids.go(61, "a@x.org", 5_000), 60);
        assert_eq!(ids.go(1, "a@X.org", 5_001), 0, "the same mailbox");
        assert_eq!(ids.go(3, "b@x.org", 5_000), 3);
        assert_eq!(ids.go(1, "a@x.org", 5_000 + 3599), 0);
        assert_eq!(ids.overflows(5_000 + 3599), []);
        assert_eq!(ids.go(1, "a@x.org", 5_000 + 3600), 1);
    }

    #[test]
    fn what_was_silenced_is_told_once() {
        let ids = Ids::new();
        ids.go(70, "\"a b\"@x.org", 5_000);
        assert_eq!(ids.overflows(9_000), [("\"a b\"@x.org".to_owned(), 10)]);
        assert_eq!((ids.overflows(9_000), ids.files()), (vec![], 0));
    }

    #[test]
    fn a_flood_that_goes_on_is_told_of_each_hour() {
        let ids = Ids::new();
        for hour in 0..3 {
            assert_eq!(ids.go(70, "a@x.org", 5_000 + hour * 3600), 60);
            let before = if hour == 0 { vec![] } else { vec![("a@x.org".to_owned(), 10)] };
            assert_eq!(ids.overflows(5_000 + hour * 3600), before);
            assert_eq!(ids.overflows(5_000 + hour * 3600), []);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_starts_anew() {
        let ids = Ids::new();
        ids.go(60, "a@x.org", 1 << 40);
        assert_eq!(ids.go(1, "a@x.org", 5_000), 1);
    }

    #[test]
    fn a_file_that_is_torn_counts_nothing() {
        let address = Address::parse("a@x.org").unwrap();
        let whole = Record { sent: 60, silenced: 7, ..Record::new(5_000, 0, &address) }.line();
        for content in
            [&whole[..whole.len() - 1], &whole[1..], &whole.replace(" 60 ", " 59 "), "", "\0\0\0\0"]
        {
            let ids = Ids::new();
            std::fs::write(ids.place.path().join(name_of(&address)), content).unwrap();
            assert_eq!(ids.go(1, "a@x.org", 5_000), 1, "{content:?}");
            std::fs::write(ids.place.path().join(name_of(&address)), content).unwrap();
            assert_eq!((ids.overflows(5_000), ids.files()), (vec![], 0), "{content:?}");
        }
        let ids = Ids::new();
        std::fs::write(ids.place.path().join(name_of(&address)), format!("{whole}left over")).unwrap();
        assert_eq!(ids.go(1, "a@x.org", 5_000), 0);
    }
}
