//! A connection that reads while it writes: neither side can block the other for ever, and nothing the server says
//! while we send is lost.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::ClientConnection;

use crate::mail::{ChannelBinding, TlsFacts};
use crate::net::tls::{binding, in_words};
use crate::net::{Socket, Tls, TlsError};
use crate::sys::{Interrupt, LOOK, bell, interrupted, reason};

/// Octets read at once.
const CHUNK: usize = 16 * 1024;

/// Why octets could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The peer closed the connection.
    #[error("the connection was closed")]
    Closed,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The deadline passed.
    #[error("no answer within {0} s")]
    TimedOut(u64),
    /// The program was asked to end.
    #[error("interrupted by {0}")]
    Interrupted(Interrupt),
    /// TLS failed.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Who listens wants no more to be written.
    #[error("stopped by what the other side said")]
    Stopped,
}

/// Takes what the peer says; `false` stops the writing.
pub type Hear<'a> = dyn FnMut(&[u8]) -> bool + 'a;

/// A connection, in the clear or under TLS.
#[derive(Debug)]
pub struct Wire {
    socket: Socket,
    tls: Option<Box<ClientConnection>>,
    /// Where octets are read into.
    chunk: Box<[u8]>,
    patience: usize,
}

impl Wire {
    /// Takes the socket over.
    pub fn new(socket: impl Into<Socket>) -> Result<Self, WireError> {
        let socket = socket.into();
        socket.set_nonblocking().map_err(broken)?;
        Ok(Wire { socket, tls: None, chunk: vec![0; CHUNK].into_boxed_slice(), patience: 1 })
    }

    /// From here on so many signals, from the beginning, end a wait.
    pub fn endure(&mut self, patience: usize) {
        self.patience = patience;
    }

    /// Does the TLS handshake within `limit`; the certificate is verified when this returns.
    pub fn secure(&mut self, tls: &Tls, limit: Duration) -> Result<TlsFacts, WireError> {
        let mut connection = tls.connection()?;
        let end = Deadline::after(limit);
        while connection.is_handshaking() {
            if connection.wants_write() {
                match connection.write_tls(&mut self.socket) {
                    Ok(_) => continue,
                    Err(error) if is_block(&error) => {}
                    Err(error) => return Err(self.lost(error)),
                }
            }
            match connection.read_tls(&mut self.socket) {
                Ok(0) => return Err(self.closed()),
                Ok(_) => {
                    if let Err(error) = connection.process_new_packets() {
                        // The alert that tells the server why; it may not be listening any more.
                        let _ = connection.write_tls(&mut self.socket);
                        return Err(tls.explain(&error).into());
                    }
                }
                Err(error) if is_block(&error) => self.wait(connection.wants_write(), end)?,
                Err(error) => return Err(self.lost(error)),
            }
        }
        let facts = tls.facts(&connection);
        self.tls = Some(Box::new(connection));
        Ok(facts)
    }

    /// What a login over this connection can be bound to; `None` in the clear, and where TLS has nothing to give.
    pub fn channel_binding(&self) -> Option<ChannelBinding> {
        self.tls.as_deref().and_then(binding::of)
    }

    /// Writes all of `octets` within `limit`; what the peer says meanwhile goes to `hear`.
    pub fn write(&mut self, octets: &[u8], limit: Duration, hear: &mut Hear<'_>) -> Result<(), WireError> {
        let end = Deadline::after(limit);
        let mut rest = octets;
        loop {
            self.listen(hear)?;
            let progress = match self.write_some(&mut rest) {
                Ok(progress) => progress,
                Err(error) => {
                    // The peer may have said why before it went.
                    self.listen(hear)?;
                    return Err(error);
                }
            };
            if rest.is_empty() && !self.has_unwritten() {
                return Ok(());
            }
            if !progress {
                self.wait(true, end)?;
            }
        }
    }

    /// Waits until the peer says something and hands it to `hear`.
    pub fn read(&mut self, limit: Duration, hear: &mut Hear<'_>) -> Result<(), WireError> {
        let end = Deadline::after(limit);
        self.check()?;
        loop {
            match self.read_some(hear)? {
                Some(_) => return Ok(()),
                None => self.wait(self.has_unwritten(), end)?,
            }
            // Tickets and key updates may have left an answer of ours to be written.
            self.write_some(&mut &b""[..])?;
        }
    }

    /// Says goodbye to TLS and closes, waiting for nothing.
    pub fn close(mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.write_tls(&mut self.socket);
        }
        self.socket.finish();
    }

    /// Hands what is there to `hear`, without waiting.
    pub fn listen(&mut self, hear: &mut Hear<'_>) -> Result<(), WireError> {
        self.check()?;
        while let Some(goes_on) = self.read_some(hear)? {
            if !goes_on {
                return Err(WireError::Stopped);
            }
        }
        Ok(())
    }

    /// Reads once; `None` when there is nothing to read.
    fn read_some(&mut self, hear: &mut Hear<'_>) -> Result<Option<bool>, WireError> {
        loop {
            let read = match &mut self.tls {
                None => self.socket.read(&mut self.chunk),
                Some(tls) => match tls.reader().read(&mut self.chunk) {
                    Err(error) if is_block(&error) => match tls.read_tls(&mut self.socket) {
                        Ok(0) => return Err(self.closed()),
                        Ok(_) => {
                            tls.process_new_packets().map_err(|error| WireError::Broken(in_words(&error)))?;
                            continue;
                        }
                        Err(error) => Err(error),
                    },
                    other => other,
                },
            };
            return match read {
                Ok(0) => Err(self.closed()),
                Ok(count) => Ok(Some(hear(&self.chunk[..count]))),
                Err(error) if is_block(&error) => Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // The peer went without a close_notify.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(self.closed()),
                Err(error) => Err(self.lost(error)),
            };
        }
    }

    /// Writes once what the socket takes; says whether it took anything.
    fn write_some(&mut self, rest: &mut &[u8]) -> Result<bool, WireError> {
        let taken = match &mut self.tls {
            None if rest.is_empty() => return Ok(false),
            None => self.socket.write(rest),
            Some(tls) => {
                let queued = tls.writer().write(rest).map_err(broken)?;
                *rest = &rest[queued..];
                if !tls.wants_write() {
                    return Ok(queued > 0);
                }
                let written = tls.write_tls(&mut self.socket);
                return match written {
                    Ok(count) => Ok(count > 0),
                    Err(error) if is_pause(&error) => Ok(false),
                    Err(error) => Err(self.write_failed(error)),
                };
            }
        };
        match taken {
            Ok(count) => {
                *rest = &rest[count..];
                Ok(count > 0)
            }
            Err(error) if is_pause(&error) => Ok(false),
            Err(error) => Err(self.write_failed(error)),
        }
    }

    /// The other end is gone; a tunnel may tell why.
    fn closed(&mut self) -> WireError {
        self.socket.obituary().map_or(WireError::Closed, WireError::Broken)
    }

    /// The connection broke, which for a tunnel is the same.
    fn lost(&mut self, error: io::Error) -> WireError {
        self.socket.obituary().map_or_else(|| broken(error), WireError::Broken)
    }

    fn write_failed(&mut self, error: io::Error) -> WireError {
        match error.kind() {
            ErrorKind::BrokenPipe => self.closed(),
            _ => self.lost(error),
        }
    }

    fn has_unwritten(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Waits until the socket can be read, or written if `to_write`.
    fn wait(&self, to_write: bool, end: Deadline) -> Result<(), WireError> {
        self.socket.before_waiting();
        let mut flags = PollFlags::IN;
        if to_write {
            flags |= PollFlags::OUT;
        }
        let bell = bell();
        loop {
            self.check()?;
            let left = end.left()?;
            let timeout =
                Timespec::try_from(left.min(LOOK)).map_err(|_| WireError::TimedOut(end.limit.as_secs()))?;
            let socket = PollFd::new(&self.socket, flags);
            let mut polled =
                [socket, PollFd::from_borrowed_fd(bell.unwrap_or(self.socket.as_fd()), PollFlags::IN)];
            let count = 1 + usize::from(bell.is_some());
            match poll(&mut polled[..count], Some(&timeout)) {
                Ok(_) if !polled[0].revents().is_empty() => return Ok(()),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(broken(error.into())),
            }
        }
    }

    /// Whether the program was asked to end, often enough.
    fn check(&self) -> Result<(), WireError> {
        interrupted(self.patience).map_or(Ok(()), |by| Err(WireError::Interrupted(by)))
    }
}

/// A moment on the monotonic clock, and the time that was given until then.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    end: Instant,
    limit: Duration,
}

impl Deadline {
    fn after(limit: Duration) -> Self {
        Deadline { end: Instant::now() + limit, limit }
    }

    fn left(self) -> Result<Duration, WireError> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(WireError::TimedOut(self.limit.as_secs())) } else { Ok(left) }
    }
}

fn is_block(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
}

fn is_pause(error: &io::Error) -> bool {
    is_block(error) || error.kind() == ErrorKind::Interrupted
}

fn broken(error: io::Error) -> WireError {
    match error.kind() {
        ErrorKind::UnexpectedEof => WireError::Closed,
        _ => WireError::Broken(reason(&error)),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;

    #[test]
    fn a_peer_that_waits_for_acknowledgements_does_not_make_us_wait() {
        const ROUNDS: u32 = 25;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.set_nodelay(true).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let peer = thread::spawn(move || {
            let mut octet = [0];
            for _ in 0..ROUNDS {
                server.read_exact(&mut octet).unwrap();
                // The second of two writes goes when the first is acknowledged.
                server.write_all(b"a").unwrap();
                server.write_all(b"b").unwrap();
            }
        });
        let mut wire = Wire::new(client).unwrap();
        let limit = Duration::from_secs(20);
        let begin = Instant::now();
        for _ in 0..ROUNDS {
            wire.write(b"x", limit, &mut |_| true).unwrap();
            let mut heard = 0;
            while heard < 2 {
                wire.read(limit, &mut |octets| {
                    heard += octets.len();
                    true
                })
                .unwrap();
            }
        }
        peer.join().unwrap();
        // Delayed acknowledgements take 40 ms each.
        assert!(begin.elapsed() < ROUNDS * Duration::from_millis(20), "{:?}", begin.elapsed());
    }
}
