//! What octets go through: a TCP or unix socket, or a program that is a tunnel. None of them blocks.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(any(test, fuzzing))]
use crate::net::Played;

/// How long a tunnel may take to end when its connection has.
const FAREWELL: Duration = Duration::from_secs(1);
/// How often it is looked at meanwhile.
const TICK: Duration = Duration::from_millis(2);

/// An open connection.
#[derive(Debug)]
pub enum Socket {
    /// To a port; and whether octets came that nothing has acknowledged. What is written acknowledges what came before.
    Tcp(TcpStream, bool),
    /// To a socket in the file system.
    Unix(UnixStream),
    /// To the standard input and output of a program.
    Tunnel(UnixStream, Tunnel),
    /// To a value that plays the other end.
    #[cfg(any(test, fuzzing))]
    Played(Played),
}

impl Socket {
    /// Starts a program whose standard input and output are the connection. Its standard error is ours: there ssh says
    /// what is wrong. `without` are variables that hold secrets.
    pub(super) fn tunnel(argv: &[String], without: &[String]) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let output = OwnedFd::from(theirs.try_clone()?);
        let mut command = Command::new(&argv[0]);
        command.args(&argv[1..]).stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::from(output));
        for variable in without {
            command.env_remove(variable);
        }
        let child = command.spawn()?;
        // Dropped with the command: our copies of the program's end, so that its end is seen.
        drop(command);
        Ok(Socket::Tunnel(ours, Tunnel { name: argv[0].clone(), child }))
    }

    /// Sends nothing more.
    pub(super) fn finish(&self) {
        let _ = match self {
            Socket::Tcp(socket, _) => socket.shutdown(Shutdown::Write),
            Socket::Unix(socket) | Socket::Tunnel(socket, _) => socket.shutdown(Shutdown::Write),
            #[cfg(any(test, fuzzing))]
            Socket::Played(_) => Ok(()),
        };
    }

    /// Why the other end is gone, where that can be known.
    pub(super) fn obituary(&mut self) -> Option<String> {
        let Socket::Tunnel(_, tunnel) = self else { return None };
        let status = tunnel.wait(FAREWELL)?;
        let end = status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"));
        Some(format!("the tunnel {} ended with {end}", tunnel.name))
    }

    /// Does as [`acknowledge_at_once`] says where there is something to acknowledge.
    pub(super) fn before_waiting(&self) {
        match self {
            Socket::Tcp(socket, true) => acknowledge_at_once(socket),
            Socket::Tcp(_, false) | Socket::Unix(_) | Socket::Tunnel(..) => {}
            #[cfg(any(test, fuzzing))]
            Socket::Played(played) => played.before_waiting(),
        }
    }

    /// Makes all reads and writes return at once.
    pub(super) fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Socket::Tcp(socket, _) => socket.set_nonblocking(true),
            Socket::Unix(socket) | Socket::Tunnel(socket, _) => socket.set_nonblocking(true),
            #[cfg(any(test, fuzzing))]
            Socket::Played(_) => Ok(()),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(socket, is_owing) => {
                let count = socket.read(buffer)?;
                *is_owing = true;
                Ok(count)
            }
            Socket::Unix(socket) | Socket::Tunnel(socket, _) => socket.read(buffer),
            #[cfg(any(test, fuzzing))]
            Socket::Played(played) => played.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(socket, is_owing) => {
                let count = socket.write(octets)?;
                *is_owing = false;
                Ok(count)
            }
            Socket::Unix(socket) | Socket::Tunnel(socket, _) => socket.write(octets),
            #[cfg(any(test, fuzzing))]
            Socket::Played(played) => played.write(octets),
        }
    }

    fn write_vectored(&mut self, octets: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Socket::Tcp(socket, is_owing) => {
                let count = socket.write_vectored(octets)?;
                *is_owing = false;
                Ok(count)
            }
            Socket::Unix(socket) | Socket::Tunnel(socket, _) => socket.write_vectored(octets),
            #[cfg(any(test, fuzzing))]
            Socket::Played(played) => played.write_vectored(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Socket::Tcp(socket, _) => socket.as_fd(),
            Socket::Unix(socket) | Socket::Tunnel(socket, _) => socket.as_fd(),
            #[cfg(any(test, fuzzing))]
            Socket::Played(played) => played.as_fd(),
        }
    }
}

impl From<TcpStream> for Socket {
    fn from(socket: TcpStream) -> Self {
        Socket::Tcp(socket, false)
    }
}

/// The program that is a tunnel. Dropping it ends it.
#[derive(Debug)]
pub struct Tunnel {
    name: String,
    child: Child,
}

impl Tunnel {
    fn wait(&mut self, patience: Duration) -> Option<std::process::ExitStatus> {
        let end = Instant::now() + patience;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < end => thread::sleep(TICK),
                _ => return None,
            }
        }
    }
}

impl Drop for Tunnel {
    /// The connection is dropped before it, so a program that listens ends by itself.
    fn drop(&mut self) {
        if self.wait(FAREWELL).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Has what came acknowledged now instead of 40 ms later. A server whose next write waits for that (Nagle's algorithm,
/// RFC 9293 3.7.4) would else hold back what we wait for: Postfix its greeting behind the tickets of TLS 1.3, others
/// the end of a reply in two writes. Linux forgets the wish by itself, so it is told before each wait (tcp(7)).
fn acknowledge_at_once(socket: &TcpStream) {
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_quickack(socket, true);
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tunnel(script: &str, without: &[&str]) -> Socket {
        let argv = ["sh", "-c", script].map(str::to_owned);
        Socket::tunnel(&argv, &without.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    fn all(socket: &mut Socket) -> String {
        let mut text = String::new();
        socket.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_program_is_a_connection() {
        let mut socket = tunnel("read line; echo \"heard $line\"; exit 3", &[]);
        socket.write_all(b"hello\n").unwrap();
        assert_eq!(all(&mut socket), "heard hello\n");
        assert_eq!(socket.obituary().unwrap(), "the tunnel sh ended with exit code 3");
        assert!(Socket::tunnel(&["/no/such/program".to_owned()], &[]).is_err());
    }

    #[test]
    fn secrets_are_kept_from_it() {
        // PATH is a variable that every process has.
        assert_eq!(all(&mut tunnel("echo \"[${HOME-none}]\"", &["HOME"])), "[none]\n");
    }

    #[test]
    fn a_program_that_stays_is_ended() {
        let begin = Instant::now();
        drop(tunnel("cat >/dev/null", &[]));
        assert!(begin.elapsed() < FAREWELL, "it ends with its input");
        let mut socket = tunnel("trap '' HUP; exec sleep 1000", &[]);
        let Socket::Tunnel(_, tunnel) = &mut socket else { panic!("a tunnel") };
        let pid = tunnel.child.id();
        drop(socket);
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    }
}
