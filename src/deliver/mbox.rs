//! A mailbox in one file (mbox, RFC 4155), in the form "mboxrd": each message opens with a line `From sender date`, ends
//! with an empty line, and each of its own lines that looks like such an opening gets a `>` before it.
//!
//! Others may read and write the file meanwhile: it is locked by fcntl and by a dot-lock, as mutt, Dovecot and Postfix
//! do. A message that cannot be written to its end is taken back.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::process::{Pid, test_kill_process};

use crate::deliver::file::{refused, sync_folder, unwritable, unwritten};
use crate::deliver::lines::LineFeeds;
use crate::mail::{Problem, Stage, Verdict};
use crate::mime::MessageError;
use crate::sys::{Blocks, rest};

/// How long another program may hold the file.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);
/// The age at which a dot-lock without a process is nobody's any more (lockfile_create(3)).
const STALE: Duration = Duration::from_secs(300);
/// What an opening line begins with.
const FROM: &[u8] = b"From ";

/// Writes the message somewhere.
pub(super) type Writing<'a> = &'a mut dyn FnMut(&mut dyn Write) -> Result<(), MessageError>;

/// Whether the file holds mail in this form.
pub(super) fn is_mbox(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| opens_well(&file))
}

fn opens_well(file: &File) -> bool {
    let mut start = [0; FROM.len()];
    file.read_exact_at(&mut start, 0).is_ok() && start == FROM
}

/// Appends a message to the mailbox, which is made if it is missing. `opening` is its first line, without a line end.
/// Gives what is worth saying.
pub(super) fn append(
    path: &Path,
    opening: &str,
    patience: Duration,
    message: Writing<'_>,
) -> Result<Option<String>, Verdict> {
    let mut locked = Locked::wait(path, patience)?;
    let removed = locked.removed.take();
    let file = &locked.file;
    let end = file.metadata().map_err(|error| unwritable(path, &error))?.len();
    if end > 0 && !opens_well(file) {
        return Err(refused(path, "it is there, and it is no mbox"));
    }
    let written =
        gap(file, end).map_err(MessageError::Sink).and_then(|gap| write((file, end), gap, opening, message));
    let kept = written.map_err(|error| unwritten(path, &error)).and_then(|()| {
        let is_new = end == 0;
        let folder = path.parent().filter(|folder| is_new && !folder.as_os_str().is_empty());
        folder.map_or(Ok(()), sync_folder).map_err(|error| unwritable(path, &error))
    });
    kept.map(|()| removed).map_err(|mut verdict| {
        let taken_back = match locked.is_new {
            true => fs::remove_file(path),
            false => file.set_len(end).and_then(|()| file.sync_all()),
        };
        if taken_back.is_err() {
            verdict
                .sentence
                .push_str("; a part of the message stands at its end and could not be taken back");
        }
        verdict
    })
}

/// What is missing between the last message and the next: it should end with an empty line.
fn gap(file: &File, end: u64) -> io::Result<&'static str> {
    let mut tail = [b'\n'; 2];
    let length = usize::try_from(end).map_or(2, |end| end.min(2));
    file.read_exact_at(&mut tail[2 - length..], end - length as u64)?;
    Ok(match tail {
        [b'\n', b'\n'] => "",
        [_, b'\n'] => "\n",
        _ => "\n\n",
    })
}

fn write(
    (file, end): (&File, u64),
    gap: &str,
    opening: &str,
    message: Writing<'_>,
) -> Result<(), MessageError> {
    let mut out = Blocks::new(file, end);
    let written = writeln!(out, "{gap}{opening}").map_err(MessageError::Sink).and_then(|()| {
        let mut quoted = Quoted::new(&mut out);
        message(&mut LineFeeds(&mut quoted))?;
        quoted.finish().map_err(MessageError::Sink)
    });
    written.and_then(|()| out.flush().and_then(|()| file.sync_all()).map_err(MessageError::Sink))
}

/// The file, which nobody else writes to until this is dropped.
#[derive(Debug)]
struct Locked {
    file: File,
    /// It was not there before.
    is_new: bool,
    /// What is to be said of a lock that nobody held any more.
    removed: Option<String>,
    _dot_lock: DotLock,
}

impl Locked {
    fn wait(path: &Path, patience: Duration) -> Result<Locked, Verdict> {
        let end = Instant::now() + patience;
        let (mut was_new, mut removed) = (false, None);
        loop {
            let tried = Locked::attempt(path, &mut was_new, &mut removed);
            match tried.map_err(|error| unwritable(path, &error))? {
                Some(locked) => return Ok(Locked { removed, ..locked }),
                // Who asks the program to end does not wait for another.
                None if Instant::now() < end && rest(PAUSE).is_none() => {}
                None => break,
            }
        }
        let holder = holder(&dot_lock(path)).map(|holder| format!(", process {holder}")).unwrap_or_default();
        let sentence = format!("cannot write {}: another program has locked it{holder}", path.display());
        Err(Verdict::deferred(Stage::Local, Problem::TimedOut, sentence).with_status(4, 2, 0))
    }

    /// `None` where another holds it. Both locks or none, so that two programs never wait for each other.
    fn attempt(path: &Path, was_new: &mut bool, removed: &mut Option<String>) -> io::Result<Option<Locked>> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).mode(0o600);
        let file = match options.clone().create_new(true).open(path) {
            Ok(file) => {
                *was_new = true;
                file
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match options.open(path) {
                // It has gone in this moment, unless it is a link that leads nowhere.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
                    return Ok(None);
                }
                opened => opened?,
            },
            Err(error) => return Err(error),
        };
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).map_err(io::Error::from) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
            Err(error) => return Err(error),
        }
        let Some(dot_lock) = DotLock::take(path, removed)? else { return Ok(None) };
        // Whoever held it may have put another file in its place.
        let identity = |facts: fs::Metadata| (facts.dev(), facts.ino());
        let is_same = fs::metadata(path).map(identity).ok() == file.metadata().map(identity).ok();
        let is_new = *was_new && file.metadata()?.len() == 0;
        Ok(is_same.then_some(Locked { file, is_new, removed: None, _dot_lock: dot_lock }))
    }
}

/// The name of the dot-lock of a mailbox.
fn dot_lock(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".lock");
    PathBuf::from(name)
}

/// The process that a dot-lock names.
fn holder(lock: &Path) -> Option<i32> {
    fs::read_to_string(lock).ok().and_then(|text| text.trim().parse().ok())
}

/// The file `NAME.lock` beside the mailbox; it holds our process id.
#[derive(Debug)]
struct DotLock(Option<PathBuf>);

impl DotLock {
    fn take(path: &Path, removed: &mut Option<String>) -> io::Result<Option<DotLock>> {
        let name = dot_lock(path);
        match OpenOptions::new().write(true).create_new(true).mode(0o644).open(&name) {
            Ok(mut lock) => {
                let lock_of_ours = DotLock(Some(name));
                writeln!(lock, "{}", std::process::id())?;
                Ok(Some(lock_of_ours))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // The next try makes it anew.
                if is_abandoned(&name) && fs::remove_file(&name).is_ok() {
                    *removed = Some(format!("{} was left behind: nobody held it any more", name.display()));
                }
                Ok(None)
            }
            // A spool folder where only a privileged program may make files: there the other lock must do.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                Ok(Some(DotLock(None)))
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for DotLock {
    fn drop(&mut self) {
        if let Some(name) = &self.0 {
            let _ = fs::remove_file(name);
        }
    }
}

/// Whether the process that a dot-lock names is gone, or it names none and is old.
fn is_abandoned(lock: &Path) -> bool {
    match holder(lock).and_then(Pid::from_raw) {
        Some(process) => test_kill_process(process) == Err(rustix::io::Errno::SRCH),
        None => {
            let changed = fs::metadata(lock).and_then(|facts| facts.modified()).ok();
            changed.and_then(|changed| changed.elapsed().ok()).is_some_and(|age| age > STALE)
        }
    }
}

/// Puts a `>` before each line of the form `>*From `, and an empty line behind the last.
struct Quoted<W> {
    out: W,
    /// How much of `From ` was seen and not yet written; `None` within a line that is none.
    held: Option<usize>,
}

impl<W: Write> Quoted<W> {
    fn new(out: W) -> Self {
        Quoted { out, held: Some(0) }
    }

    fn finish(mut self) -> io::Result<()> {
        match self.held {
            Some(0) => self.out.write_all(b"\n"),
            held => {
                self.out.write_all(&FROM[..held.unwrap_or(0)])?;
                self.out.write_all(b"\n\n")
            }
        }
    }
}

impl<W: Write> Write for Quoted<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let mut rest = octets;
        while let Some((&octet, behind)) = rest.split_first() {
            match self.held {
                None => {
                    let end = memchr::memchr(b'\n', rest).map(|end| end + 1);
                    self.held = end.map(|_| 0);
                    let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
                    self.out.write_all(line)?;
                    rest = behind;
                }
                // One more of them is the same wherever it stands among them.
                Some(0) if octet == b'>' => {
                    self.out.write_all(b">")?;
                    rest = behind;
                }
                Some(held) if octet == FROM[held] => {
                    rest = behind;
                    self.held = Some(held + 1).filter(|&held| held < FROM.len());
                    if self.held.is_none() {
                        self.out.write_all(b">From ")?;
                    }
                }
                Some(held) => {
                    self.out.write_all(&FROM[..held])?;
                    self.held = None;
                }
            }
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
