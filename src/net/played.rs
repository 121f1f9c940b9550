//! A connection that is played: the other end is a value, so that a test sees each octet, in order, and waits for
//! nothing. Not in the program: tests and fuzz targets only.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// The other end. It does not block: where a socket would, it gives [`io::ErrorKind::WouldBlock`].
pub trait Peer: fmt::Debug + Send {
    /// Says what is there to be said, as a read of ours does.
    fn say(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Takes octets of ours.
    fn hear(&mut self, octets: &[u8]) -> io::Result<usize>;
    /// We wait for it: after this a read or a write must get further, if only to an end.
    fn awaited(&mut self);
}

/// A socket that leads to a [`Peer`].
#[derive(Debug, Clone)]
pub struct Played(Arc<Mutex<dyn Peer>>);

impl Played {
    /// Leads to this peer.
    pub fn new(peer: Arc<Mutex<dyn Peer>>) -> Self {
        Played(peer)
    }

    fn peer(&self) -> MutexGuard<'_, dyn Peer + 'static> {
        self.0.lock().expect("a peer does not panic")
    }

    /// We begin to wait.
    pub(super) fn before_waiting(&self) {
        self.peer().awaited();
    }
}

impl Read for Played {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.peer().say(buffer)
    }
}

impl Write for Played {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.peer().hear(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Played {
    /// Something that can always be read and written: poll(2) never waits for it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        static READY: OnceLock<(UnixStream, UnixStream)> = OnceLock::new();
        let (ours, _) = READY.get_or_init(|| {
            let (ours, mut theirs) = UnixStream::pair().expect("two sockets can be had");
            theirs.write_all(b"x").expect("a socket takes an octet");
            (ours, theirs)
        });
        ours.as_fd()
    }
}
