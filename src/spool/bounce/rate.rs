//! How many reports a sender gets: 60 an hour. Those beyond are counted, and at most once an hour one mail tells how many
//! there were.
//!
//! One small file per reverse-path in `ids/`. It is advisory: it may be lost, torn or deleted at any time, it is never
//! flushed, and its content is checked before it is used.
//!
//! ```text
//! whippet rate 1 BEGINNING SENT SILENCED OWED TOLD PROFILE ADDRESS CRC-32C\n
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
const LONGEST: usize = 1024;
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
    /// The profile of the last mail that it was.
    pub profile: String,
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
    /// When the sender was last told of them; 0 for never.
    told_s: u64,
    /// Of the last mail that was counted.
    profile: String,
    reverse_path: Address,
}

/// Counts one more report about a mail of this profile; `false` when the hour's are used up, and this one is to be silent.
/// After an error, which is worth a warning, the report may go.
pub fn is_within_rate(
    disk: &dyn Disk,
    ids: &Folder,
    (reverse_path, profile): (&Address, &str),
    now_s: u64,
) -> io::Result<bool> {
    let name = name_of(reverse_path);
    let file = match disk.open(ids, &name, true) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => disk.create_new(ids, &name)?,
        other => other?,
    };
    lock(disk, &file)?;
    let mut record = read(disk, &file)?
        .filter(|record| record.reverse_path.same_mailbox(reverse_path))
        .unwrap_or_else(|| Record::new(now_s, reverse_path));
    if record.is_over(now_s) {
        let (owed, told_s) = (record.unsaid(), record.told_s);
        record = Record { owed, told_s, ..Record::new(now_s, reverse_path) };
    }
    profile.clone_into(&mut record.profile);
    let is_within = record.sent < REPORTS_AN_HOUR;
    match is_within {
        true => record.sent += 1,
        false => record.silenced = record.silenced.saturating_add(1),
    }
    write(disk, &file, &record)?;
    Ok(is_within)
}

/// Takes back that a report was counted: it could not be made, and will be counted again.
pub fn not_sent(disk: &dyn Disk, ids: &Folder, reverse_path: &Address) -> io::Result<()> {
    let file = disk.open(ids, &name_of(reverse_path), true)?;
    lock(disk, &file)?;
    match read(disk, &file)?.filter(|record| record.reverse_path.same_mailbox(reverse_path)) {
        Some(record) => write(disk, &file, &Record { sent: record.sent.saturating_sub(1), ..record }),
        None => Ok(()),
    }
}

/// Hands the counts of the hours that are over to `tell`: of each sender at most once in an hour, and never the same again;
/// what is forgotten in a crash stands in `badmail/`. After an error of `tell` they are kept for the next time. Files that
/// count nothing any more are removed.
pub fn overflows(
    disk: &dyn Disk,
    ids: &Folder,
    now_s: u64,
    tell: &mut dyn FnMut(&Overflow) -> io::Result<()>,
) -> io::Result<()> {
    let mut names = Vec::new();
    disk.list(ids, &mut |name| {
        names.extend(name.to_str().ok().filter(|name| name.starts_with(PREFIX)).map(str::to_owned));
    })?;
    for name in names {
        let Ok(file) = disk.open(ids, &name, true) else { continue };
        if lock(disk, &file).is_err() {
            continue;
        }
        let Some(record) = read(disk, &file)?.filter(|record| name_of(&record.reverse_path) == name) else {
            disk.unlink(ids, &name)?;
            continue;
        };
        let is_over = record.is_over(now_s);
        let silenced = if is_over { record.unsaid() } else { record.owed };
        if is_within_hour(record.told_s, now_s) {
            continue;
        }
        if silenced == 0 {
            if is_over {
                disk.unlink(ids, &name)?;
            }
            continue;
        }
        let left = if is_over { 0 } else { record.silenced };
        write(disk, &file, &Record { owed: 0, silenced: left, told_s: now_s, ..record.clone() })?;
        let Record { reverse_path, profile, .. } = record.clone();
        if let Err(error) = tell(&Overflow { reverse_path, silenced, profile }) {
            write(disk, &file, &record)?;
            return Err(error);
        }
    }
    Ok(())
}

/// Whether less than an hour has passed; a clock that was set back behind it counts as more.
fn is_within_hour(since_s: u64, now_s: u64) -> bool {
    now_s.checked_sub(since_s).is_some_and(|passed_s| passed_s < HOUR_S)
}

impl Record {
    /// An hour that begins.
    fn new(beginning_s: u64, reverse_path: &Address) -> Self {
        let (profile, reverse_path) = (String::new(), reverse_path.clone());
        Record { beginning_s, sent: 0, silenced: 0, owed: 0, told_s: 0, profile, reverse_path }
    }

    /// All of whom the sender has not been told.
    fn unsaid(&self) -> u32 {
        self.owed.saturating_add(self.silenced)
    }

    /// Whether its hour has passed, or the clock was set back behind it.
    fn is_over(&self, now_s: u64) -> bool {
        !is_within_hour(self.beginning_s, now_s)
    }

    fn parse(line: &str) -> Option<Self> {
        let (record, sum) = line.strip_suffix('\n')?.rsplit_once(' ')?;
        if u32::from_str_radix(sum, 16).ok()? != crc32c::crc32c(record.as_bytes()) {
            return None;
        }
        let mut words = record.strip_prefix(MARK)?.strip_prefix(' ')?.splitn(7, ' ');
        Some(Record {
            beginning_s: words.next()?.parse().ok()?,
            sent: words.next()?.parse().ok()?,
            silenced: words.next()?.parse().ok()?,
            owed: words.next()?.parse().ok()?,
            told_s: words.next()?.parse().ok()?,
            profile: words.next().and_then(|hex| hex.strip_prefix('x')).and_then(from_hex)?,
            reverse_path: Address::parse(words.next()?).ok()?,
        })
    }

    fn line(&self) -> String {
        let Record { beginning_s, sent, silenced, owed, told_s, profile, reverse_path } = self;
        let profile = hex(profile.as_bytes());
        let record =
            format!("{MARK} {beginning_s} {sent} {silenced} {owed} {told_s} x{profile} {reverse_path}");
        let sum = crc32c::crc32c(record.as_bytes());
        format!("{record} {sum:08x}\n")
    }
}

/// The name of the file of a reverse-path.
fn name_of(reverse_path: &Address) -> String {
    let path = format!("{}@{}", reverse_path.local(), reverse_path.domain().to_ascii_lowercase());
    format!("{PREFIX}{}", hex(&digest(&SHA256, path.as_bytes()).as_ref()[..8]))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A text of which [`hex`] was made.
fn from_hex(text: &str) -> Option<String> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    let octets = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(octets).ok()
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
            let may_go =
                |_: &u32| is_within_rate(&SystemDisk, &self.folder, (&address, "a b"), now_s).unwrap();
            (0..count).filter(may_go).count() as u32
        }

        fn overflows(&self, now_s: u64) -> Vec<(String, u32)> {
            let mut told = Vec::new();
            overflows(&SystemDisk, &self.folder, now_s, &mut |overflow| {
                assert_eq!(overflow.profile, "a b");
                told.push((overflow.reverse_path.to_string(), overflow.silenced));
                Ok(())
            })
            .unwrap();
            told
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
        assert_eq!((ids.overflows(9_000), ids.files()), (vec![], 1));
        assert_eq!((ids.overflows(9_000 + 3600), ids.files()), (vec![], 0));
    }

    #[test]
    fn what_could_not_be_told_is_told_later() {
        let ids = Ids::new();
        ids.go(70, "a@x.org", 5_000);
        let no = |_: &Overflow| Err(io::ErrorKind::StorageFull.into());
        assert!(overflows(&SystemDisk, &ids.folder, 9_000, &mut { no }).is_err());
        assert_eq!(ids.overflows(9_001), [("a@x.org".to_owned(), 10)]);
    }

    #[test]
    fn what_could_not_be_made_is_not_counted() {
        let ids = Ids::new();
        assert_eq!(ids.go(60, "a@x.org", 5_000), 60);
        not_sent(&SystemDisk, &ids.folder, &Address::parse("a@x.org").unwrap()).unwrap();
        assert_eq!(ids.go(2, "a@x.org", 5_000), 1);
    }

    /// The first hour ends with 10 owed, which nobody asks for until the second is nearly over: then those of the second
    /// wait for an hour.
    #[test]
    fn between_two_summaries_there_is_an_hour() {
        let ids = Ids::new();
        ids.go(70, "a@x.org", 5_000);
        ids.go(65, "a@x.org", 5_000 + 3600);
        assert_eq!(ids.overflows(5_000 + 7100), [("a@x.org".to_owned(), 10)]);
        assert_eq!(ids.overflows(5_000 + 7200), []);
        assert_eq!(ids.go(61, "a@x.org", 5_000 + 7200), 60);
        assert_eq!(ids.overflows(5_000 + 7100 + 3599), []);
        assert_eq!(ids.overflows(5_000 + 7100 + 3600), [("a@x.org".to_owned(), 5)]);
        assert_eq!(ids.overflows(5_000 + 7100 + 7200), [("a@x.org".to_owned(), 1)]);
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
        let whole = Record { sent: 60, silenced: 7, ..Record::new(5_000, &address) }.line();
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
