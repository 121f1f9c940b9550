//! Where octets come from: memory, a file that is read again for each writing, an unlinked temporary file.
//!
//! Nothing here knows charsets or encodings. A source yields the same octets each time or fails.

use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest::{Context, SHA256};

mod body;
mod stamp;

pub use body::Body;
pub use stamp::Stamp;

use self::stamp::{broken_off, reopen, unchanged, unreadable};
use super::error::{MessageError, SourceError};

/// Piped input up to this many octets stays in memory: most mail is smaller, and a temporary file costs more than
/// 256 KiB of memory do.
const IN_MEMORY: usize = 256 * 1024;

/// Octets read at a time: a whole number of base64 lines of 57 octets, so that no block leaves a rest to carry.
pub(super) const BLOCK: usize = 57 * 1024;

/// What a sink says of a block; an error ends the reading.
pub type Taken = Result<(), MessageError>;

/// Where octets come from. It can be read any number of times.
#[derive(Debug, Clone)]
pub enum Source {
    /// Octets in memory.
    Octets(Vec<u8>),
    /// A regular file, opened anew for each reading and compared with what it was.
    File {
        /// The path as given.
        path: PathBuf,
        /// What the file was when it was first opened.
        stamp: Stamp,
    },
    /// An unlinked temporary file, which nobody else can reach.
    Temporary {
        /// The open file.
        file: Arc<File>,
        /// Its length, octets.
        length: u64,
    },
    /// What another source yields behind its first octets.
    Tail {
        /// The whole.
        of: Arc<Source>,
        /// How many octets are left out; at most its length.
        skipped: u64,
    },
}

impl Source {
    /// Reads a stream to its end: into memory if it is small, else into an unlinked temporary file.
    pub fn from_reader(reader: &mut dyn Read) -> Result<Self, SourceError> {
        Self::from_stream(reader, "the standard input")
    }

    /// Like [`Source::from_reader`], for a stream that errors call `what`.
    fn from_stream(reader: &mut dyn Read, what: &str) -> Result<Self, SourceError> {
        let broken = |source| SourceError::Read { what: what.to_owned(), source };
        let full = |source| SourceError::Temporary { what: what.to_owned(), source };
        let mut octets = Vec::new();
        reader.take(IN_MEMORY as u64 + 1).read_to_end(&mut octets).map_err(broken)?;
        if octets.len() <= IN_MEMORY {
            return Ok(Source::Octets(octets));
        }
        let mut file = tempfile::tempfile().map_err(full)?;
        let mut length = 0;
        let mut filled = octets.len();
        while filled > 0 {
            file.write_all(&octets[..filled]).map_err(full)?;
            length += filled as u64;
            filled = fill(reader, &mut octets).map_err(broken)?;
        }
        Ok(Source::Temporary { file: Arc::new(file), length })
    }

    /// Opens a path. A regular file is remembered, not read; a FIFO, a socket or a device is read to its end now.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let refused = |source| SourceError::Open { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(refused)?;
        let facts = file.metadata().map_err(refused)?;
        if facts.is_dir() {
            return Err(SourceError::Directory { path: path.to_owned() });
        }
        let regular = Source::File { path: path.to_owned(), stamp: Stamp::of(&facts) };
        if !is_stream(&facts) {
            return Ok(regular);
        }
        let read = Self::from_stream(&mut file, &path.display().to_string())?;
        Ok(if facts.is_file() && read.length() == facts.len() { regular } else { read })
    }

    /// How many octets it yields.
    pub fn length(&self) -> u64 {
        match self {
            Source::Octets(octets) => octets.len() as u64,
            Source::File { stamp, .. } => stamp.length,
            Source::Temporary { length, .. } => *length,
            Source::Tail { of, skipped } => of.length() - skipped,
        }
    }

    /// The SHA-256 of its octets.
    pub fn sha256(&self) -> Result<[u8; 32], MessageError> {
        let mut context = Context::new(&SHA256);
        self.each_block(&mut |octets| {
            context.update(octets);
            Ok(())
        })?;
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Ok(digest)
    }

    /// Up to `count` octets from its beginning.
    pub(super) fn beginning(&self, count: usize) -> Result<Vec<u8>, MessageError> {
        let count = usize::try_from(self.length()).map_or(count, |length| length.min(count));
        let mut octets = vec![0; count];
        self.read_at(&mut octets, 0)?;
        Ok(octets)
    }

    /// Its last octet.
    fn last(&self) -> Result<Option<u8>, MessageError> {
        let Some(offset) = self.length().checked_sub(1) else { return Ok(None) };
        let mut octet = [0];
        self.read_at(&mut octet, offset)?;
        Ok(Some(octet[0]))
    }

    /// Fills `octets` with those from `offset` on, which must be there.
    fn read_at(&self, octets: &mut [u8], offset: u64) -> Taken {
        match self {
            Source::Octets(all) => {
                let behind = usize::try_from(offset).ok().and_then(|offset| all.get(offset..));
                octets.copy_from_slice(&behind.unwrap_or_default()[..octets.len()]);
                Ok(())
            }
            Source::File { path, stamp } => {
                let file = reopen(path, stamp)?;
                file.read_exact_at(octets, offset).map_err(|error| broken_off(path, error))
            }
            Source::Temporary { file, .. } => file.read_exact_at(octets, offset).map_err(temporary),
            Source::Tail { of, skipped } => of.read_at(octets, skipped + offset),
        }
    }

    /// Hands all octets to `sink`, in blocks of [`BLOCK`] octets; only the last may be smaller, and the first of a tail.
    pub(super) fn each_block(&self, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
        match self {
            Source::Octets(octets) => octets.chunks(BLOCK).try_for_each(sink),
            Source::File { path, stamp } => {
                let file = reopen(path, stamp)?;
                read_blocks(&file, stamp.length, &|error| broken_off(path, error), sink)?;
                // What was appended behind the last octet would be missing from the message. The path is asked, not the
                // open file: whoever replaced or removed the file meanwhile did not want the old one sent.
                let now = std::fs::metadata(path).map_err(|error| unreadable(path, error))?;
                unchanged(path, stamp, &now)
            }
            Source::Temporary { file, length } => read_blocks(file, *length, &temporary, sink),
            Source::Tail { of, skipped } => {
                let mut left = *skipped;
                of.each_block(&mut |octets| {
                    let cut = usize::try_from(left).map_or(octets.len(), |left| left.min(octets.len()));
                    left -= cut as u64;
                    if cut == octets.len() { Ok(()) } else { sink(&octets[cut..]) }
                })
            }
        }
    }
}

/// Whether the file must be read to its end to know what is in it. Besides FIFOs and devices these are the files of
/// /proc, which claim to be empty, and of /sys, which claim to be one page of which no block is stored.
fn is_stream(facts: &Metadata) -> bool {
    !facts.is_file() || facts.len() == 0 || (facts.len() == 4096 && facts.blocks() == 0)
}

/// Reads until `buffer` is full or the stream ends; gives the count.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads exactly `length` octets from the beginning of `file`, without moving its offset.
fn read_blocks(
    file: &File,
    length: u64,
    broken: &dyn Fn(io::Error) -> MessageError,
    sink: &mut dyn FnMut(&[u8]) -> Taken,
) -> Taken {
    let mut buffer = vec![0; usize::try_from(length).map_or(BLOCK, |length| length.min(BLOCK))];
    let mut offset = 0;
    while offset < length {
        let count = usize::try_from(length - offset).map_or(buffer.len(), |left| left.min(buffer.len()));
        file.read_exact_at(&mut buffer[..count], offset).map_err(broken)?;
        sink(&buffer[..count])?;
        offset += count as u64;
    }
    let mut beyond = [0];
    match file.read_at(&mut beyond, length) {
        Ok(0) => Ok(()),
        Ok(_) => Err(broken(io::Error::new(io::ErrorKind::FileTooLarge, "it is longer than before"))),
        Err(error) => Err(broken(error)),
    }
}

fn temporary(source: io::Error) -> MessageError {
    MessageError::Read { what: "the temporary copy of the input".to_owned(), source }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;

    fn collect(source: &Source) -> Result<Vec<u8>, MessageError> {
        let mut all = Vec::new();
        source.each_block(&mut |octets| {
            all.extend_from_slice(octets);
            Ok(())
        })?;
        Ok(all)
    }

    fn change(source: &Source) -> &'static str {
        match collect(source) {
            Err(MessageError::Changed { change, .. }) => change,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_small_stream_stays_in_memory_and_a_large_one_does_not() {
        for (length, in_memory) in [(0, true), (IN_MEMORY, true), (IN_MEMORY + 1, false), (3_000_000, false)]
        {
            let octets: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            let source = Source::from_reader(&mut octets.as_slice()).unwrap();
            assert_eq!(matches!(source, Source::Octets(_)), in_memory, "{length}");
            assert_eq!(source.length(), length as u64);
            assert_eq!(collect(&source).unwrap(), octets);
            assert_eq!(collect(&source).unwrap(), octets);
        }
    }

    #[test]
    fn a_stream_that_breaks_off_is_no_source() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        let mut reader = (&[7_u8; 400_000][..]).chain(Broken);
        assert!(matches!(Source::from_reader(&mut reader), Err(SourceError::Read { .. })));
    }

    #[test]
    fn every_change_of_a_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        let age = |seconds| {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        let write = |octets: &[u8]| {
            fs::write(&path, octets).unwrap();
            age(1_000);
        };
        write(b"12345");
        let source = Source::open(&path).unwrap();
        assert_eq!(collect(&source).unwrap(), b"12345");
        write(b"1234");
        assert_eq!(change(&source), "it is shorter than before");
        write(b"123456");
        assert_eq!(change(&source), "it is longer than before");
        write(b"12345");
        assert_eq!(collect(&source).unwrap(), b"12345");
        age(2_000);
        assert_eq!(change(&source), "it was written to");
        fs::rename(&path, folder.path().join("kept")).unwrap();
        assert_eq!(change(&source), "it is gone");
        write(b"12345");
        assert_eq!(change(&source), "another file stands in its place");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(change(&source), "another file stands in its place");
    }

    #[test]
    fn a_file_that_changes_under_the_reading_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        for (after, expected) in [(0, "it is shorter than before"), (BLOCK * 4, "it is longer than before")] {
            fs::write(&path, vec![b'x'; BLOCK * 3]).unwrap();
            let source = Source::open(&path).unwrap();
            let error = source
                .each_block(&mut |_| {
                    File::options().write(true).open(&path).unwrap().set_len(after as u64).unwrap();
                    Ok(())
                })
                .unwrap_err();
            assert!(matches!(error, MessageError::Changed { change, .. } if change == expected), "{error:?}");
        }
        for (replaced, expected) in [(true, "another file stands in its place"), (false, "it is gone")] {
            fs::write(&path, vec![b'x'; BLOCK * 3]).unwrap();
            let source = Source::open(&path).unwrap();
            let error = source
                .each_block(&mut |_| {
                    let _ = fs::rename(&path, folder.path().join("old"));
                    if replaced {
                        fs::write(&path, vec![b'x'; BLOCK * 3]).unwrap();
                    }
                    Ok(())
                })
                .unwrap_err();
            assert!(matches!(error, MessageError::Changed { change, .. } if change == expected), "{error:?}");
        }
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let error = Source::open(Path::new("/")).unwrap_err();
        assert_eq!(error.to_string(), "cannot read /: it is a directory");
        let error = Source::open(Path::new("/nowhere/to/be/found")).unwrap_err();
        assert_eq!(error.to_string(), "cannot open /nowhere/to/be/found");
    }

    #[test]
    fn a_file_that_only_claims_to_be_empty_is_read() {
        let source = Source::open(Path::new("/proc/self/status")).unwrap();
        assert!(source.length() > 0);
        let source = Source::open(Path::new("/dev/null")).unwrap();
        assert_eq!(source.length(), 0);
    }

    #[test]
    fn a_fifo_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let writer = std::thread::spawn({
            let path = path.clone();
            move || fs::write(path, vec![b'y'; IN_MEMORY * 2]).unwrap()
        });
        let source = Source::open(&path).unwrap();
        writer.join().unwrap();
        assert!(matches!(source, Source::Temporary { .. }));
        assert_eq!(source.length(), IN_MEMORY as u64 * 2);
    }
}
