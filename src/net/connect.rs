//! From addresses to an open TCP connection: several attempts at once, the first that succeeds wins (RFC 8305). One
//! thread and poll(2) do.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType};

use crate::net::ResolveError;
use crate::sys::{Interrupt, LOOK, bell, interrupted, reason};

/// How long one attempt goes alone before the next begins beside it (RFC 8305 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The name has no address.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Something is there and does not listen.
    #[error("nothing listens at {0}")]
    Refused(String),
    /// No way there.
    #[error("{0} cannot be reached: {1}")]
    Unreachable(String, String),
    /// No answer within the deadline.
    #[error("{0} gave no answer within {1} s")]
    TimedOut(String, u64),
    /// The proxy gives no connection.
    #[error("the proxy {proxy} {words}")]
    Proxy {
        /// The proxy as a URL, without a login.
        proxy: String,
        /// What it did, or what it is.
        words: String,
        /// Another try will not help.
        is_lasting: bool,
    },
    /// The program that is to be a tunnel cannot be started.
    #[error("the tunnel {0} cannot be started: {1}")]
    Tunnel(String, String),
    /// The program was asked to end.
    #[error("interrupted by {0}")]
    Interrupted(Interrupt),
    /// The address to come from is not one of this machine.
    #[error("a connection cannot come from {0}: {1}")]
    Source(IpAddr, String),
}

/// `host:port`, an IPv6 address in brackets.
pub fn place(host: &str, port: u16) -> String {
    let is_bare = host.contains(':') && !host.starts_with('[');
    if is_bare { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// The addresses in the order of their attempts: the families take turns, the first one's begins (RFC 8305 4).
pub(super) fn interleave(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let is_six = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == is_six);
    let mut order = VecDeque::with_capacity(first.len() + second.len());
    while !first.is_empty() || !second.is_empty() {
        order.extend(first.pop_front());
        order.extend(second.pop_front());
    }
    order
}

/// Connects to the first of `addresses` that answers, from `source` if one is given, within `limit` from
/// `begin`. `place` is what errors name. The socket does not block.
pub(super) fn connect(
    addresses: Vec<SocketAddr>,
    source: Option<IpAddr>,
    place: &str,
    begin: Instant,
    limit: Duration,
) -> Result<(TcpStream, SocketAddr), ConnectError> {
    Race {
        waiting: interleave(addresses),
        running: Vec::new(),
        source,
        place,
        limit,
        end: begin + limit,
        worst: None,
    }
    .run()
}

/// Attempts that are under way, and those to come.
struct Race<'a> {
    waiting: VecDeque<SocketAddr>,
    running: Vec<(OwnedFd, SocketAddr)>,
    source: Option<IpAddr>,
    place: &'a str,
    limit: Duration,
    end: Instant,
    worst: Option<ConnectError>,
}

impl Race<'_> {
    fn run(mut self) -> Result<(TcpStream, SocketAddr), ConnectError> {
        let timed_out = ConnectError::TimedOut(self.place.to_owned(), self.limit.as_secs());
        let mut next = Instant::now();
        loop {
            let now = Instant::now();
            if now >= self.end {
                return Err(self.worst.unwrap_or(timed_out));
            }
            if now >= next || self.running.is_empty() {
                match self.waiting.pop_front() {
                    Some(address) => {
                        if let Some(winner) = self.start(address)? {
                            return Ok(winner);
                        }
                        // One that failed at once holds up nobody.
                        next = if self.running.is_empty() { now } else { now + STAGGER };
                        continue;
                    }
                    None if self.running.is_empty() => return Err(self.worst.unwrap_or(timed_out)),
                    None => next = self.end,
                }
            }
            let pause = next.min(self.end).saturating_duration_since(now);
            let before = self.running.len();
            if let Some(winner) = self.wait(pause)? {
                return Ok(winner);
            }
            if self.running.len() < before {
                next = Instant::now();
            }
        }
    }

    /// Begins an attempt; gives the connection if that is all it takes.
    fn start(&mut self, address: SocketAddr) -> Result<Option<(TcpStream, SocketAddr)>, ConnectError> {
        let socket = match open(address) {
            Ok(socket) => socket,
            Err(error) => {
                self.note(error);
                return Ok(None);
            }
        };
        if let Some(source) = self.source {
            rustix::net::bind(&socket, &SocketAddr::new(source, 0))
                .map_err(|error| ConnectError::Source(source, reason(&io::Error::from(error))))?;
        }
        match rustix::net::connect(&socket, &address) {
            Ok(()) => return Ok(Some(won(socket, address))),
            Err(Errno::INPROGRESS | Errno::INTR) => self.running.push((socket, address)),
            Err(error) => self.note(error),
        }
        Ok(None)
    }

    /// Waits for news of the attempts that run; gives the first connection.
    fn wait(&mut self, pause: Duration) -> Result<Option<(TcpStream, SocketAddr)>, ConnectError> {
        let broken = |place: &str, error: Errno| {
            ConnectError::Unreachable(place.to_owned(), reason(&io::Error::from(error)))
        };
        // Rounded up, or the last part of a millisecond would be spent in a loop.
        let timeout = Timespec::try_from(pause.min(LOOK) + Duration::from_micros(1))
            .map_err(|_| ConnectError::TimedOut(self.place.to_owned(), self.limit.as_secs()))?;
        let mut polled: Vec<_> =
            self.running.iter().map(|(socket, _)| PollFd::new(socket, PollFlags::OUT)).collect();
        polled.extend(bell().map(|bell| PollFd::from_borrowed_fd(bell, PollFlags::IN)));
        match poll(&mut polled, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(broken(self.place, error)),
        }
        if let Some(by) = interrupted(1) {
            return Err(ConnectError::Interrupted(by));
        }
        let has_news: Vec<bool> = polled.iter().map(|one| !one.revents().is_empty()).collect();
        drop(polled);
        let running = std::mem::take(&mut self.running);
        for ((socket, address), has_news) in running.into_iter().zip(has_news) {
            if !has_news {
                self.running.push((socket, address));
                continue;
            }
            match rustix::net::sockopt::socket_error(&socket) {
                Ok(Ok(())) => return Ok(Some(won(socket, address))),
                Ok(Err(error)) | Err(error) => self.note(error),
            }
        }
        Ok(None)
    }

    /// Keeps the error that says most: a closed port more than a network that one family of addresses cannot reach.
    fn note(&mut self, error: Errno) {
        let place = self.place.to_owned();
        let error = match error {
            Errno::CONNREFUSED => ConnectError::Refused(place),
            Errno::TIMEDOUT => ConnectError::TimedOut(place, self.limit.as_secs()),
            other => ConnectError::Unreachable(place, reason(&io::Error::from(other))),
        };
        if matches!(error, ConnectError::Refused(_)) || self.worst.is_none() {
            self.worst = Some(error);
        }
    }
}

/// A TCP socket for that family; it does not block, and no child inherits it.
fn open(address: SocketAddr) -> Result<OwnedFd, Errno> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    #[cfg(not(target_vendor = "apple"))]
    {
        use rustix::net::SocketFlags;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        rustix::net::socket_with(family, SocketType::STREAM, flags, None)
    }
    #[cfg(target_vendor = "apple")]
    {
        let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
        rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        Ok(socket)
    }
}

fn won(socket: OwnedFd, address: SocketAddr) -> (TcpStream, SocketAddr) {
    let socket = TcpStream::from(socket);
    // One write per flight: nothing is gained by waiting for more to send.
    let _ = socket.set_nodelay(true);
    (socket, address)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    fn race(
        addresses: &[SocketAddr],
        source: Option<IpAddr>,
        limit: Duration,
    ) -> Result<SocketAddr, ConnectError> {
        connect(addresses.to_vec(), source, "h:25", Instant::now(), limit).map(|(_, address)| address)
    }

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    fn closed() -> SocketAddr {
        listener().1
    }

    /// An address that swallows what is sent to it: the queue of its port is full. Lives as long as what comes with it.
    fn deaf() -> (SocketAddr, impl Sized) {
        let (listener, address) = listener();
        rustix::net::listen(&listener, 0).unwrap();
        let mut waiting = Vec::new();
        while let Ok(socket) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            waiting.push(socket);
            assert!(waiting.len() < 100, "the queue does not fill");
        }
        (address, (listener, waiting))
    }

    #[test]
    fn families_take_turns() {
        let order = |text: &str| {
            let addresses = text.split(' ').map(|address| SocketAddr::new(address.parse().unwrap(), 25));
            let order: Vec<String> =
                interleave(addresses.collect()).iter().map(|address| address.ip().to_string()).collect();
            order.join(" ")
        };
        assert_eq!(order("::1 ::2 ::3 1.0.0.1 1.0.0.2"), "::1 1.0.0.1 ::2 1.0.0.2 ::3");
        assert_eq!(order("1.0.0.1 1.0.0.2 ::1"), "1.0.0.1 ::1 1.0.0.2");
        assert_eq!(order("1.0.0.1"), "1.0.0.1");
        assert!(interleave(Vec::new()).is_empty());
    }

    #[test]
    fn a_closed_port_is_refused_and_passed_by_at_once() {
        assert_eq!(race(&[closed()], None, LIMIT), Err(ConnectError::Refused("h:25".into())));
        let (_listener, open) = listener();
        let begin = Instant::now();
        assert_eq!(race(&[closed(), closed(), open], None, LIMIT), Ok(open));
        assert!(begin.elapsed() < STAGGER, "{:?}", begin.elapsed());
    }

    #[test]
    fn a_deaf_address_holds_up_nobody_for_long() {
        let (deaf, _kept) = deaf();
        let (_listener, open) = listener();
        let begin = Instant::now();
        assert_eq!(race(&[deaf, open], None, LIMIT), Ok(open));
        let took = begin.elapsed();
        assert!(took >= STAGGER && took < LIMIT / 4, "{took:?}");
        let limit = Duration::from_millis(1001);
        assert_eq!(race(&[deaf], None, limit), Err(ConnectError::TimedOut("h:25".into(), 1)));
        // A refusal is told before silence.
        assert_eq!(race(&[deaf, closed()], None, limit), Err(ConnectError::Refused("h:25".into())));
    }

    #[test]
    fn the_address_to_come_from_is_kept() {
        let (listener, open) = listener();
        race(&[open], Some([127, 0, 0, 9].into()), LIMIT).unwrap();
        assert_eq!(listener.accept().unwrap().1.ip(), IpAddr::from([127, 0, 0, 9]));
        let foreign = IpAddr::from([192, 0, 2, 1]);
        assert!(
            matches!(race(&[open], Some(foreign), LIMIT), Err(ConnectError::Source(source, _)) if source == foreign)
        );
    }

    #[test]
    fn nothing_to_try_ends() {
        assert!(race(&[], None, LIMIT).is_err());
    }
}
