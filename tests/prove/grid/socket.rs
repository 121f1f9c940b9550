//! The server's end of connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};

/// Where clients come: at a port, or at a socket in the file system.
pub enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    pub fn bind(path: Option<&Path>) -> Self {
        match path {
            Some(path) => Listener::Unix(UnixListener::bind(path).unwrap()),
            None => Listener::Tcp(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()),
        }
    }

    /// 0: it has none.
    pub fn port(&self) -> u16 {
        match self {
            Listener::Tcp(listener) => listener.local_addr().unwrap().port(),
            Listener::Unix(_) => 0,
        }
    }

    pub fn accept(&self) -> Socket {
        match self {
            Listener::Tcp(listener) => Socket::Tcp(listener.accept().unwrap().0),
            Listener::Unix(listener) => Socket::Unix(listener.accept().unwrap().0),
        }
    }
}

/// A socket of either kind.
pub enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    pub fn shut(&self) {
        let _ = match self {
            Socket::Tcp(socket) => socket.shutdown(Shutdown::Write),
            Socket::Unix(socket) => socket.shutdown(Shutdown::Write),
        };
    }

    /// A close with a linger of zero is an abort (RFC 9293 3.9.1.5); at a socket in the file system one with octets unread is.
    pub fn reset(&self) {
        if let Socket::Tcp(socket) = self {
            rustix::net::sockopt::set_socket_linger(socket, Some(Duration::ZERO)).unwrap();
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Socket::Tcp(socket) => socket.read(buffer),
            Socket::Unix(socket) => socket.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        match self {
            Socket::Tcp(socket) => socket.write(octets),
            Socket::Unix(socket) => socket.write(octets),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes one octet at a time.
pub struct Piecemeal<'s>(pub &'s mut Socket);

impl Read for Piecemeal<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Piecemeal<'_> {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.write(&octets[..octets.len().min(1)])
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// In the clear, or under TLS.
pub enum Stream {
    Clear(Socket),
    Secured(Box<StreamOwned<ServerConnection, Socket>>),
    Gone,
}

impl Stream {
    pub fn of(socket: Socket) -> Self {
        if let Socket::Tcp(socket) = &socket {
            socket.set_nodelay(true).unwrap();
        }
        Stream::Clear(socket)
    }

    pub fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Stream::Clear(socket) => socket.read(buffer),
            Stream::Secured(stream) => stream.read(buffer),
            Stream::Gone => Ok(0),
        }
    }

    pub fn write(&mut self, octets: &[u8]) -> std::io::Result<()> {
        match self {
            Stream::Clear(socket) => socket.write_all(octets),
            Stream::Secured(stream) => stream.write_all(octets).and_then(|()| stream.flush()),
            Stream::Gone => Err(ErrorKind::NotConnected.into()),
        }
    }

    pub fn socket(&self) -> Option<&Socket> {
        match self {
            Stream::Clear(socket) => Some(socket),
            Stream::Secured(stream) => Some(&stream.sock),
            Stream::Gone => None,
        }
    }
}
