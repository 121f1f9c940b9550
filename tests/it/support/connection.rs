//! One connection of the scripted server: octets in and out, in the clear or under TLS, everything written in the
//! book. What is said and when is decided in `peer.rs`.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Book, Heard, What};

/// How long a connection goes on listening after the test has asked for the end: its client is gone by then.
const GRACE: Duration = Duration::from_secs(2);
/// How often a blocked read looks whether the end has been asked for.
const TICK: Duration = Duration::from_millis(20);

/// The wish of the test that the server ends.
#[derive(Default)]
pub struct Stop {
    since: Mutex<Option<Instant>>,
    news: Condvar,
}

impl Stop {
    pub fn stop(&self) {
        self.since.lock().unwrap().get_or_insert_with(Instant::now);
        self.news.notify_all();
    }

    pub fn is_over(&self) -> bool {
        self.since.lock().unwrap().is_some_and(|since| since.elapsed() > GRACE)
    }

    /// Waits for this time, or until the test wants the end.
    pub fn rest(&self, time: Duration) {
        let guard = self.since.lock().unwrap();
        drop(self.news.wait_timeout_while(guard, time, |since| since.is_none()).unwrap());
    }
}

/// A socket whose reads and writes end when the test does.
struct Wire {
    socket: TcpStream,
    stop: Arc<Stop>,
    /// The server has said something since the client was heard.
    has_spoken: bool,
    /// How often the client was heard for the first time, or again behind words of the server.
    flights: Arc<AtomicUsize>,
}

impl Wire {
    fn patiently<T>(
        &mut self,
        mut act: impl FnMut(&mut TcpStream) -> std::io::Result<T>,
    ) -> std::io::Result<T> {
        loop {
            match act(&mut self.socket) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if self.stop.is_over() {
                        return Err(ErrorKind::ConnectionAborted.into());
                    }
                }
                result => return result,
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.patiently(|socket| socket.read(buffer))?;
        if length > 0 && std::mem::take(&mut self.has_spoken) {
            self.flights.fetch_add(1, Ordering::Relaxed);
        }
        Ok(length)
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.has_spoken = true;
        self.patiently(|socket| socket.write(octets))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

enum Stream {
    Clear(Wire),
    Secured(Box<StreamOwned<ServerConnection, Wire>>),
    Closed,
}

/// The client is gone, or the server has closed: the script ends here.
#[derive(Debug)]
pub struct Over;

pub struct Connection {
    number: usize,
    stream: Stream,
    /// Read and not yet consumed.
    ahead: Vec<u8>,
    /// Most octets read at a time.
    gulp: usize,
    book: Arc<Mutex<Book>>,
}

impl Connection {
    /// `flights` counts for all connections how often a client had to be heard before there was more to say.
    pub fn new(
        number: usize,
        socket: TcpStream,
        stop: Arc<Stop>,
        book: Arc<Mutex<Book>>,
        flights: Arc<AtomicUsize>,
    ) -> Connection {
        socket.set_read_timeout(Some(TICK)).unwrap();
        socket.set_write_timeout(Some(TICK)).unwrap();
        socket.set_nodelay(true).unwrap();
        let connection = Connection {
            number,
            stream: Stream::Clear(Wire { socket, stop, has_spoken: true, flights }),
            ahead: Vec::new(),
            gulp: 65_536,
            book,
        };
        connection.note(What::Connected);
        connection
    }

    pub fn is_secured(&self) -> bool {
        matches!(self.stream, Stream::Secured(_))
    }

    fn note(&self, what: What) {
        let heard = Heard { connection: self.number, secured: self.is_secured(), what };
        self.book.lock().unwrap().0.push(heard);
    }

    /// Reads some more octets. False: the client sends no more.
    fn fill(&mut self) -> bool {
        let mut buffer = vec![0; self.gulp];
        let length = match &mut self.stream {
            Stream::Clear(wire) => wire.read(&mut buffer),
            Stream::Secured(stream) => stream.read(&mut buffer),
            Stream::Closed => Ok(0),
        };
        let length = length.unwrap_or(0);
        self.ahead.extend_from_slice(&buffer[..length]);
        length > 0
    }

    pub fn line(&mut self) -> Result<String, Over> {
        loop {
            if let Some(end) = self.ahead.iter().position(|&octet| octet == b'\n') {
                let line: Vec<u8> = self.ahead.drain(..=end).collect();
                let line = line.strip_suffix(b"\r\n").unwrap_or(&line);
                let line = String::from_utf8_lossy(line).into_owned();
                self.note(What::Line(line.clone()));
                return Ok(line);
            }
            if !self.fill() {
                if !self.ahead.is_empty() {
                    let rest = String::from_utf8_lossy(&std::mem::take(&mut self.ahead)).into_owned();
                    self.note(What::Line(rest));
                }
                self.note(What::Gone);
                return Err(Over);
            }
        }
    }

    /// Reads to the final dot. Only CRLF counts as a line end.
    pub fn body(&mut self) -> Result<(), Over> {
        const DOT: &[u8] = b"\r\n.\r\n";
        let mut searched = 0;
        loop {
            let at = if self.ahead.starts_with(&DOT[2..]) {
                Some(0)
            } else {
                let found = memchr::memmem::find(&self.ahead[searched..], DOT);
                found.map(|at| searched + at + 2)
            };
            if let Some(length) = at {
                let octets = self.ahead.drain(..length).collect();
                self.ahead.drain(..3);
                self.note(What::Body { octets, finished: true });
                return Ok(());
            }
            searched = self.ahead.len().saturating_sub(DOT.len() - 1);
            if !self.fill() {
                let octets = std::mem::take(&mut self.ahead);
                self.note(What::Body { octets, finished: false });
                self.note(What::Gone);
                return Err(Over);
            }
        }
    }

    /// Reads to the final dot as [`Connection::body`] does, and keeps the count only.
    pub fn count(&mut self) -> Result<(), Over> {
        let mut octets = 0;
        loop {
            // Nothing may follow the dot before it is answered, so it can only be the last of what was read.
            if self.ahead.ends_with(b"\r\n.\r\n") || (octets == 0 && self.ahead == b".\r\n") {
                self.note(What::Counted { octets: octets + self.ahead.len() - 3, finished: true });
                self.ahead.clear();
                return Ok(());
            }
            let counted = self.ahead.len().saturating_sub(4);
            octets += counted;
            self.ahead.drain(..counted);
            if !self.fill() {
                self.note(What::Counted { octets: octets + self.ahead.len(), finished: false });
                self.note(What::Gone);
                return Err(Over);
            }
        }
    }

    /// From here on reads at most so many octets at a time, through a window that does not grow.
    pub fn sip(&mut self, octets: usize) {
        self.gulp = octets;
        if let Some(socket) = self.socket() {
            // Less than a segment of loopback would make the kernel wait for timers at each of them.
            rustix::net::sockopt::set_socket_recv_buffer_size(socket, 128 * 1024).unwrap();
        }
    }

    fn socket(&self) -> Option<&TcpStream> {
        match &self.stream {
            Stream::Clear(wire) => Some(&wire.socket),
            Stream::Secured(stream) => Some(&stream.sock.socket),
            Stream::Closed => None,
        }
    }

    /// Reads so many octets.
    pub fn octets(&mut self, length: usize) -> Result<(), Over> {
        while self.ahead.len() < length {
            if !self.fill() {
                let octets = std::mem::take(&mut self.ahead);
                self.note(What::Octets { octets, finished: false });
                self.note(What::Gone);
                return Err(Over);
            }
        }
        let octets = self.ahead.drain(..length).collect();
        self.note(What::Octets { octets, finished: true });
        Ok(())
    }

    pub fn send(&mut self, octets: &[u8]) -> Result<(), Over> {
        self.note(What::Said(String::from_utf8_lossy(octets).into_owned()));
        let sent = match &mut self.stream {
            Stream::Clear(wire) => wire.write_all(octets),
            Stream::Secured(stream) => stream.write_all(octets).and_then(|()| stream.flush()),
            Stream::Closed => return Err(Over),
        };
        sent.map_err(|_| Over)
    }

    /// The TLS handshake.
    pub fn secure(&mut self, config: Arc<ServerConfig>) -> Result<(), Over> {
        if !self.ahead.is_empty() {
            let early = std::mem::take(&mut self.ahead);
            self.note(What::Early(early));
        }
        let Stream::Clear(mut wire) = std::mem::replace(&mut self.stream, Stream::Closed) else {
            return Err(Over);
        };
        let mut session = ServerConnection::new(config).unwrap();
        while session.is_handshaking() {
            if let Err(error) = session.complete_io(&mut wire) {
                self.note(What::Secured(Err(error.to_string())));
                return Err(Over);
            }
        }
        self.stream = Stream::Secured(Box::new(StreamOwned::new(session, wire)));
        self.note(What::Secured(Ok(())));
        Ok(())
    }

    /// FIN, under TLS with close_notify before it if `politely`. Waits for the end of the client: a socket closed
    /// with octets unread would send RST instead.
    pub fn close(&mut self, politely: bool) {
        let wire = match &mut self.stream {
            Stream::Clear(wire) => wire,
            Stream::Secured(stream) => {
                if politely {
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
                &mut stream.sock
            }
            Stream::Closed => return,
        };
        let _ = wire.socket.shutdown(Shutdown::Write);
        while self.fill() {}
        if !self.ahead.is_empty() {
            let after = std::mem::take(&mut self.ahead);
            self.note(What::After(after));
        }
        self.stream = Stream::Closed;
    }

    /// RST.
    pub fn reset(&mut self) {
        let Some(socket) = self.socket() else { return };
        // A close with a linger of zero is an abort (RFC 9293, section 3.9.1.5).
        rustix::net::sockopt::set_socket_linger(socket, Some(Duration::ZERO)).unwrap();
        self.stream = Stream::Closed;
    }
}
