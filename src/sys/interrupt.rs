//! The signals that ask the program to end, noticed where it waits: it then ends in good order. Not those that kill.
//!
//! Until they are caught they kill, as they kill any program. What the system calls when one comes writes an octet, the bell,
//! and a number, and does nothing else (signal-safety(7)). A disposition belongs to the whole process, and so does this.

use std::fmt;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::{flag, low_level::pipe};

/// Where several threads wait, one may take the octet before another looks: none waits longer than this without asking.
pub const LOOK: Duration = Duration::from_secs(1);

/// A signal that asks the program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    /// SIGHUP: the terminal is gone.
    Hup,
    /// SIGINT: a person at the terminal wants it.
    Int,
    /// SIGTERM: another program wants it, or the machine goes down.
    Term,
}

impl Interrupt {
    const ALL: [Interrupt; 3] = [Interrupt::Hup, Interrupt::Int, Interrupt::Term];

    fn number(self) -> i32 {
        match self {
            Interrupt::Hup => SIGHUP,
            Interrupt::Int => SIGINT,
            Interrupt::Term => SIGTERM,
        }
    }
}

impl fmt::Display for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Interrupt::Hup => "SIGHUP",
            Interrupt::Int => "SIGINT",
            Interrupt::Term => "SIGTERM",
        })
    }
}

/// Has a file that may not grow any more (`ulimit -f`) be an error of the write, and not the end of the program. A child gets
/// the signal as before.
pub fn hear_of_full_files() {
    // Where it fails the signal kills, as it kills any program.
    let _ = flag::register(SIGXFSZ, Arc::default());
}

/// Has children be there for who waits for them. Where a caller ignores SIGCHLD, as daemons do, so do we from the beginning,
/// and the system forgets how each child ended.
pub(super) fn own_children() {
    if ignored() & (1 << (SIGCHLD - 1)) != 0 {
        // A handler that does nothing. The children get what every program has.
        let _ = flag::register(SIGCHLD, Arc::default());
    }
}

/// What has come so far.
struct Caught {
    /// An octet for each signal.
    bell: UnixStream,
    /// The number of the last one; 0 for none. Written behind its octet.
    last: Arc<AtomicUsize>,
    count: AtomicUsize,
}

/// Whether a SIGINT that is not caught kills, once [`spare_interrupts`] has seen to it.
static DEADLY: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Does `work`, in which a SIGINT is another program's, which shares the terminal.
pub(super) fn spare_interrupts<T>(work: impl FnOnce() -> T) -> io::Result<T> {
    let deadly = DEADLY.get_or_init(|| Arc::new(AtomicBool::new(false)));
    deadly.store(false, Ordering::SeqCst);
    if CAUGHT.get().is_none() && ignored() & (1 << (SIGINT - 1)) == 0 {
        flag::register_conditional_default(SIGINT, Arc::clone(deadly))?;
    }
    let done = work();
    deadly.store(CAUGHT.get().is_none(), Ordering::SeqCst);
    Ok(done)
}

static CAUGHT: OnceLock<Caught> = OnceLock::new();

/// From here on these signals do not kill: whoever waits asks [`interrupted`]. What was ignored from the beginning stays
/// so (nohup(1), a shell's jobs in the background).
///
/// # Errors
///
/// The system gives no pipe: the signals go on to kill.
pub fn catch_interrupts() -> io::Result<()> {
    if CAUGHT.get().is_some() {
        return Ok(());
    }
    let (bell, rope) = UnixStream::pair()?;
    bell.set_nonblocking(true)?;
    let ropes = [rope.try_clone()?, rope.try_clone()?, rope];
    let last = Arc::new(AtomicUsize::new(0));
    if CAUGHT.set(Caught { bell, last: Arc::clone(&last), count: AtomicUsize::new(0) }).is_err() {
        return Ok(());
    }
    if let Some(deadly) = DEADLY.get() {
        deadly.store(false, Ordering::SeqCst);
    }
    let ignored = ignored();
    for (signal, rope) in Interrupt::ALL.into_iter().zip(ropes) {
        let number = signal.number();
        if ignored & (1 << (number - 1)) == 0 {
            pipe::register(number, rope)?;
            flag::register_usize(number, Arc::clone(&last), number.unsigned_abs() as usize)?;
        }
    }
    Ok(())
}

/// The signals that are ignored, one bit for each, the lowest for 1. Where that cannot be known SIGHUP counts as ignored: left
/// alone it does what it would have done.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(1 << (SIGHUP - 1))
}

/// The last signal, if at least `patience` of them have come.
pub fn interrupted(patience: usize) -> Option<Interrupt> {
    let caught = CAUGHT.get()?;
    let last = caught.last.load(Ordering::Acquire);
    let last = Interrupt::ALL.into_iter().find(|signal| signal.number().unsigned_abs() as usize == last)?;
    let mut octets = [0; 16];
    while let Ok(count @ 1..) = (&caught.bell).read(&mut octets) {
        caught.count.fetch_add(count, Ordering::Relaxed);
    }
    (caught.count.load(Ordering::Relaxed) >= patience).then_some(last)
}

/// Forgets the signals that have come: they were another program's, and whoever waits from here on waits for others.
pub(super) fn forget_interrupts() {
    let _ = interrupted(0);
    if let Some(caught) = CAUGHT.get() {
        caught.last.store(0, Ordering::Release);
        caught.count.store(0, Ordering::Relaxed);
    }
}

/// What can be read when a signal has come that [`interrupted`] was not asked about yet; to be polled beside what is waited
/// for. `None` until they are caught.
pub fn bell() -> Option<BorrowedFd<'static>> {
    CAUGHT.get().map(|caught| caught.bell.as_fd())
}

/// Does nothing for a time, or until a signal comes or has come; gives it.
pub fn rest(time: Duration) -> Option<Interrupt> {
    let end = Instant::now() + time;
    loop {
        if let Some(signal) = interrupted(1) {
            return Some(signal);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        let Some(bell) = bell() else {
            std::thread::sleep(left);
            return None;
        };
        let timeout = Timespec::try_from(left).ok();
        if poll(&mut [PollFd::from_borrowed_fd(bell, PollFlags::IN)], timeout.as_ref()).is_err() {
            // EINTR: the signal has come. Anything else would turn for ever without a pause.
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn until_they_are_caught_nothing_is_known() {
        assert_eq!(interrupted(0), None);
        assert!(bell().is_none());
        let begin = Instant::now();
        assert_eq!(rest(Duration::from_millis(2)), None);
        assert!(begin.elapsed() >= Duration::from_millis(2));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_tells_what_is_ignored() {
        use signal_hook::consts::SIGPIPE;
        // The standard library ignores it from the beginning.
        assert_eq!((ignored() >> (SIGPIPE - 1)) & 1, 1);
        assert_eq!((ignored() >> (SIGTERM - 1)) & 1, 0);
    }
}
