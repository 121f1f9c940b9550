//! From a host's name to an open TCP connection: each address in turn, within one deadline.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::reason;

/// Why a name has no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name does not exist or has no address.
    #[error("the name {0} does not exist")]
    NoSuchName(String),
    /// It cannot be looked up now.
    #[error("the name {0} cannot be looked up: {1}")]
    Temporary(String, String),
}

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
}

/// Looks up names.
pub trait Resolve {
    /// The addresses of `host` with `port`, at least one, in the order to try them, within `limit`.
    fn resolve(&self, host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, ResolveError>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolve;

impl Resolve for SystemResolve {
    fn resolve(&self, host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, ResolveError> {
        let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = literal.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        // getaddrinfo knows no deadline of ours, so it waits in a thread, which ends with the process if need be.
        let (sender, receiver) = mpsc::channel();
        let name = host.to_owned();
        thread::spawn(move || {
            let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
            let _ = sender.send(found);
        });
        match receiver.recv_timeout(limit) {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(ResolveError::NoSuchName(host.to_owned())),
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => Err(classify(host, &error)),
            Err(_) => {
                let reason = format!("no answer within {} s", limit.as_secs());
                Err(ResolveError::Temporary(host.to_owned(), reason))
            }
        }
    }
}

/// The standard library gives getaddrinfo's reason only as text (glibc, musl, macOS).
fn classify(host: &str, error: &io::Error) -> ResolveError {
    const NO_NAME: [&str; 5] = [
        "Name or service not known",
        "Name does not resolve",
        "No address associated",
        "nodename nor servname provided",
        "Name has no usable address",
    ];
    let text = error.to_string();
    if NO_NAME.iter().any(|mark| text.contains(mark)) {
        return ResolveError::NoSuchName(host.to_owned());
    }
    let reason = text.rsplit(": ").next().unwrap_or(&text).to_owned();
    ResolveError::Temporary(host.to_owned(), reason)
}

/// `host:port`, an IPv6 address in brackets.
pub fn place(host: &str, port: u16) -> String {
    let is_bare = host.contains(':') && !host.starts_with('[');
    if is_bare { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Opens a connection to the first address that answers within `limit` in all.
pub fn connect(
    resolve: &dyn Resolve,
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<(TcpStream, SocketAddr), ConnectError> {
    let end = Instant::now() + limit;
    let addresses = resolve.resolve(host, port, limit)?;
    let place = place(host, port);
    let mut worst = None;
    for (index, address) in addresses.iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        // The addresses that are still to be tried keep their share of the time.
        let share = left / u32::try_from(addresses.len() - index).unwrap_or(1);
        match TcpStream::connect_timeout(address, share) {
            Ok(socket) => {
                // One write per flight: nothing is gained by waiting for more to send.
                let _ = socket.set_nodelay(true);
                return Ok((socket, *address));
            }
            Err(error) => {
                let refused = ConnectError::Refused(place.clone());
                let error = match error.kind() {
                    io::ErrorKind::ConnectionRefused => refused,
                    io::ErrorKind::TimedOut => ConnectError::TimedOut(place.clone(), limit.as_secs()),
                    _ => ConnectError::Unreachable(place.clone(), reason(&error)),
                };
                // A closed port says more than a network that one family of addresses cannot reach.
                let says_more = matches!(error, ConnectError::Refused(_)) || worst.is_none();
                if says_more {
                    worst = Some(error);
                }
            }
        }
    }
    Err(worst.unwrap_or(ConnectError::TimedOut(place, limit.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_need_no_lookup() {
        for host in ["127.0.0.1", "::1", "[::1]"] {
            assert_eq!(SystemResolve.resolve(host, 25, Duration::from_secs(5)).unwrap().len(), 1, "{host}");
        }
    }

    #[test]
    fn reasons_are_told_apart() {
        let reason = |text: &str| {
            classify("x", &io::Error::other(format!("failed to lookup address information: {text}")))
        };
        assert_eq!(reason("Name or service not known"), ResolveError::NoSuchName("x".into()));
        assert_eq!(
            reason("Temporary failure in name resolution"),
            ResolveError::Temporary("x".into(), "Temporary failure in name resolution".into())
        );
    }

    #[test]
    fn a_closed_port_is_refused() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let error = connect(&SystemResolve, "127.0.0.1", port, Duration::from_secs(5)).unwrap_err();
        assert_eq!(error, ConnectError::Refused(format!("127.0.0.1:{port}")));
    }
}
