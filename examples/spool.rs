//! A spool filled, written and read by the library alone, without a process for each mail: what `benches/spool` measures.
//!
//! ```text
//! spool fill SPOOL COUNT OCTETS SECONDS   queues COUNT mails of OCTETS, tried once, due in so many seconds; nothing is flushed
//! spool names SPOOL COUNT SECONDS         the names of COUNT mails, and nothing in their files: for what opens none
//! spool submit SPOOL COUNT OCTETS         queues COUNT mails, in turn with the same octets written as any program would
//! spool scan SPOOL COUNT                  looks COUNT times which names are due, in turn with the names alone as the kernel has them
//! spool flush SPOOL COUNT                 flushes 64 octets COUNT times, in a file that has room for them
//! ```
//!
//! Each time that submit, scan and flush took goes to standard output, nanoseconds, a line for each round.

#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a program for the command line")]

use std::error::Error;
use std::ffi::CStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use whippet::mail::{Address, EnhancedStatus, Envelope, ReportedReply, Stage};
use whippet::mime::MessageError;
use whippet::spool::{Decision, Event, Flags, Hop, Id, InDoubt, Name, Schedule, Sealed, Store, Submission};
use whippet::sys::{Disk, Folder, Room, Stat, SystemDisk, SystemRandom};

type Done<T> = Result<T, Box<dyn Error>>;

/// The profile that the mails go by: what stands at the head of the file, outside of all named ones.
const PROFILE: &str = "";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["fill", spool, count, octets, seconds] => numbers([count, octets, seconds])
            .and_then(|[count, octets, seconds]| fill(Path::new(spool), count, octets, seconds)),
        ["names", spool, count, seconds] => {
            numbers([count, seconds]).and_then(|[count, seconds]| names(Path::new(spool), count, seconds))
        }
        ["submit", spool, count, octets] => {
            numbers([count, octets]).and_then(|[count, octets]| submit(Path::new(spool), count, octets))
        }
        ["scan", spool, count] => numbers([count]).and_then(|[count]| scan(Path::new(spool), count)),
        ["flush", spool, count] => numbers([count]).and_then(|[count]| flush(Path::new(spool), count)),
        _ => Err("usage: spool fill|names|submit|scan|flush SPOOL COUNT [OCTETS] [SECONDS]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("spool: {error}");
            ExitCode::FAILURE
        }
    }
}

fn numbers<const N: usize>(words: [&str; N]) -> Done<[u64; N]> {
    let mut numbers = [0; N];
    for (number, word) in numbers.iter_mut().zip(words) {
        *number = word.parse()?;
    }
    Ok(numbers)
}

fn now() -> Done<Duration> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?)
}

/// A message of so many octets, as it goes over the wire.
fn message(octets: u64) -> Done<Vec<u8>> {
    let octets = usize::try_from(octets)?;
    let mut message = b"From: dan@example.test\r\nTo: wang@example.test\r\nSubject: hello\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@example.test>\r\n\r\n".to_vec();
    while message.len() + 2 < octets {
        let length = (octets - message.len()).saturating_sub(2).min(70);
        message.extend(std::iter::repeat_n(b'x', length));
        message.extend_from_slice(b"\r\n");
    }
    Ok(message)
}

/// Queues a message, due then; one to which these things have happened.
fn queue(store: &Store<'_>, message: &[u8], due_s: u64, events: Vec<Event>) -> Done<Name> {
    let now = now()?;
    let (from, to) = (Address::parse("dan@example.test")?, Address::parse("wang@example.test")?);
    let sealed = Sealed {
        envelope: Envelope::new(Some(from), vec![to])?,
        uid: 1000,
        message_id: "<1@example.test>".to_owned(),
        key: None,
    };
    let submission = Submission {
        id: Id::new(SystemTime::now(), &SystemRandom)?,
        profile: PROFILE,
        sealed: &sealed,
        flags: Flags::default(),
        in_doubt: (InDoubt::Retry, 3),
        created_ms: u64::try_from(now.as_millis())?,
        expires_s: now.as_secs() + 5 * 24 * 3600,
        due_s,
        size: message.len() as u64,
        events,
    };
    let mut write = |out: &mut dyn Write| out.write_all(message).map_err(MessageError::Sink);
    Ok(store.submit(&submission, &mut write, &mut || Ok(()))?.name)
}

fn fill(spool: &Path, count: u64, octets: u64, seconds: u64) -> Done<()> {
    let store = Store::create(&Unflushed(SystemDisk), spool)?;
    let message = message(octets)?;
    for _ in 0..count {
        let (now_s, due_s) = (now()?.as_secs(), now()?.as_secs() + seconds);
        queue(&store, &message, due_s, greylisted(now_s, due_s))?;
    }
    Ok(())
}

/// One attempt, at which the server asked for another.
fn greylisted(time_s: u64, due_s: u64) -> Vec<Event> {
    let reply = ReportedReply { code: 450, text: "450 4.2.0 greylisted, try again later".to_owned() };
    let status = EnhancedStatus::new(4, 2, 0);
    let decision = Decision { time_s, class: 4, is_relayed: false, stage: Stage::Rcpt, status, reply };
    vec![
        Event::Attempt { time_s, number: 1, hop: Hop::of_profile(PROFILE).number(), due_s },
        Event::Result { transaction: 0, decision, places: vec![0] },
    ]
}

fn names(spool: &Path, count: u64, seconds: u64) -> Done<()> {
    Store::create(&SystemDisk, spool)?;
    let due_s = now()?.as_secs() + seconds;
    for _ in 0..count {
        let id = Id::new(SystemTime::now(), &SystemRandom)?;
        let name = Name { due_s, hop: Hop::of_profile(PROFILE), id };
        create(&spool.join("q").join(name.to_string()))?;
    }
    Ok(())
}

fn create(path: &Path) -> Done<File> {
    Ok(File::options().write(true).create_new(true).mode(0o600).open(path)?)
}

/// Lines of two times: of the spool, and of the same message written, flushed, renamed, and its name flushed.
fn submit(spool: &Path, count: u64, octets: u64) -> Done<()> {
    let store = Store::create(&SystemDisk, spool)?;
    let message = message(octets)?;
    let floor = spool.with_extension("floor");
    fs::create_dir_all(&floor)?;
    let folder = File::open(&floor)?;
    for number in 0..count {
        let begin = Instant::now();
        queue(&store, &message, now()?.as_secs() + 3600, Vec::new())?;
        let ours = begin.elapsed();
        let names: [PathBuf; 2] = ["t", "q"].map(|prefix| floor.join(format!("{prefix}{number}")));
        let begin = Instant::now();
        let mut file = create(&names[0])?;
        file.write_all(&message)?;
        file.sync_all()?;
        fs::rename(&names[0], &names[1])?;
        folder.sync_all()?;
        println!("{} {}", ours.as_nanos(), begin.elapsed().as_nanos());
    }
    Ok(())
}

/// Lines of two times: of the spool, and of the folder's names without a look at them.
fn scan(spool: &Path, count: u64) -> Done<()> {
    let (store, schedule) = (Store::open(&SystemDisk, spool)?, Schedule::default());
    let folder = SystemDisk.open_dir(None, &spool.join("q"))?;
    for _ in 0..count {
        let (begin, now_s) = (Instant::now(), now()?.as_secs());
        let names = store.scan(&mut |_| {})?;
        let due = names.iter().filter(|name| schedule.is_due(name.due_s, now_s)).count();
        let ours = begin.elapsed();
        let (begin, mut bare) = (Instant::now(), 0);
        SystemDisk.list(&folder, &mut |_| bare += 1)?;
        println!("{} {} {due} {bare}", ours.as_nanos(), begin.elapsed().as_nanos());
    }
    Ok(())
}

/// What one fdatasync costs on the spool's disk, at its best: nothing grows.
fn flush(spool: &Path, count: u64) -> Done<()> {
    let path = spool.with_extension("flush");
    let mut file = create(&path)?;
    file.write_all(&[0; 4096])?;
    file.sync_all()?;
    for number in 0..count {
        file.write_all_at(&[1; 64], 64 * (number % 64))?;
        let begin = Instant::now();
        file.sync_data()?;
        println!("{}", begin.elapsed().as_nanos());
    }
    Ok(fs::remove_file(path)?)
}

/// The machine's disk, on which nothing is flushed: to fill a spool takes less time.
struct Unflushed(SystemDisk);

impl Disk for Unflushed {
    fn open_dir(&self, parent: Option<&Folder>, path: &Path) -> io::Result<Folder> {
        self.0.open_dir(parent, path)
    }

    fn make_dir(&self, parent: &Folder, name: &str) -> io::Result<()> {
        self.0.make_dir(parent, name)
    }

    fn list(&self, folder: &Folder, each: &mut dyn FnMut(&CStr)) -> io::Result<()> {
        self.0.list(folder, each)
    }

    fn stat(&self, file: &File) -> io::Result<Stat> {
        self.0.stat(file)
    }

    fn stat_at(&self, folder: &Folder, name: &str) -> io::Result<Stat> {
        self.0.stat_at(folder, name)
    }

    fn create_new(&self, folder: &Folder, name: &str) -> io::Result<File> {
        self.0.create_new(folder, name)
    }

    fn open(&self, folder: &Folder, name: &str, is_written: bool) -> io::Result<File> {
        self.0.open(folder, name, is_written)
    }

    fn read_at(&self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(file, buffer, offset)
    }

    fn write_at(&self, file: &File, octets: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(file, octets, offset)
    }

    fn sync(&self, _file: &File) -> io::Result<()> {
        Ok(())
    }

    fn sync_data(&self, _file: &File) -> io::Result<()> {
        Ok(())
    }

    fn sync_dir(&self, _folder: &Folder) -> io::Result<()> {
        Ok(())
    }

    fn rename_new(&self, from: (&Folder, &str), to: (&Folder, &str)) -> io::Result<()> {
        self.0.rename_new(from, to)
    }

    fn unlink(&self, folder: &Folder, name: &str) -> io::Result<()> {
        self.0.unlink(folder, name)
    }

    fn lock(&self, file: &File, is_exclusive: bool) -> io::Result<bool> {
        self.0.lock(file, is_exclusive)
    }

    fn room(&self, folder: &Folder) -> io::Result<Room> {
        self.0.room(folder)
    }
}
