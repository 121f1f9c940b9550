//! A connection that reads while it writes: neither side can block the other for ever, and nothing the server says
//! while we send is lost.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::ClientConnection;

use crate::mail::{ChannelBinding, TlsFacts};
use crate::net::{Tls, TlsError, binding};
use crate::sys::reason;

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
    socket: TcpStream,
    tls: Option<Box<ClientConnection>>,
}

impl Wire {
    /// Takes the socket over.
    pub fn new(socket: TcpStream) -> Result<Self, WireError> {
        socket.set_nonblocking(true).map_err(broken)?;
        Ok(Wire { socket, tls: None })
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
                    Err(error) => return Err(broken(error)),
                }
            }
            match connection.read_tls(&mut self.socket) {
                Ok(0) => return Err(WireError::Closed),
                Ok(_) => {
                    if let Err(error) = connection.process_new_packets() {
                        // The alert that tells the server why; it may not be listening any more.
                        let _ = connection.write_tls(&mut self.socket);
                        return Err(tls.explain(&error).into());
                    }
                }
                Err(error) if is_block(&error) => self.wait(connection.wants_write(), end)?,
                Err(error) => return Err(broken(error)),
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
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
    }

    /// Hands what is there to `hear`, without waiting.
    pub fn listen(&mut self, hear: &mut Hear<'_>) -> Result<(), WireError> {
        while let Some(goes_on) = self.read_some(hear)? {
            if !goes_on {
                return Err(WireError::Stopped);
            }
        }
        Ok(())
    }

    /// Reads once; `None` when there is nothing to read.
    fn read_some(&mut self, hear: &mut Hear<'_>) -> Result<Option<bool>, WireError> {
        let mut chunk = [0; CHUNK];
        loop {
            let read = match &mut self.tls {
                None => self.socket.read(&mut chunk),
                Some(tls) => match tls.reader().read(&mut chunk) {
                    Err(error) if is_block(&error) => match tls.read_tls(&mut self.socket) {
                        Ok(0) => return Err(WireError::Closed),
                        Ok(_) => {
                            tls.process_new_packets()
                                .map_err(|error| WireError::Broken(error.to_string()))?;
                            continue;
                        }
                        Err(error) => Err(error),
                    },
                    other => other,
                },
            };
            return match read {
                Ok(0) => Err(WireError::Closed),
                Ok(count) => Ok(Some(hear(&chunk[..count]))),
                Err(error) if is_block(&error) => Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // The peer went without a close_notify.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(WireError::Closed),
                Err(error) => Err(broken(error)),
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

    fn write_failed(&self, error: io::Error) -> WireError {
        match error.kind() {
            ErrorKind::BrokenPipe => WireError::Closed,
            _ => broken(error),
        }
    }

    fn has_unwritten(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Waits until the socket can be read, or written if `to_write`.
    fn wait(&self, to_write: bool, end: Deadline) -> Result<(), WireError> {
        let mut flags = PollFlags::IN;
        if to_write {
            flags |= PollFlags::OUT;
        }
        loop {
            let left = end.left()?;
            let timeout = Timespec::try_from(left).map_err(|_| WireError::TimedOut(end.limit.as_secs()))?;
            match poll(&mut [PollFd::new(&self.socket, flags)], Some(&timeout)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(broken(error.into())),
            }
        }
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
