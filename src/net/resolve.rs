//! From a host's name to its addresses, within a deadline. Opens no connection.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::interrupted;

/// How often it is looked whether the program was asked to end: a thread cannot be polled.
const TICK: Duration = Duration::from_millis(20);

/// Why a name has no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name does not exist or has no address.
    #[error("the name {0} does not exist")]
    NoSuchName(String),
    /// It has no address of the family that is wanted.
    #[error("the name {0} has no {1} address")]
    NoSuchAddress(String, &'static str),
    /// It cannot be looked up now.
    #[error("the name {0} cannot be looked up: {1}")]
    Temporary(String, String),
}

/// Looks up names.
pub trait Resolve: Sync {
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
        match wait(&receiver, limit) {
            Some(Ok(addresses)) if addresses.is_empty() => Err(ResolveError::NoSuchName(host.to_owned())),
            Some(Ok(addresses)) => Ok(addresses),
            Some(Err(error)) => Err(classify(host, &error)),
            None => {
                let reason = format!("no answer within {} s", limit.as_secs());
                Err(ResolveError::Temporary(host.to_owned(), reason))
            }
        }
    }
}

/// Waits for what the thread finds. `None` if that takes too long, or the program was asked to end.
fn wait<T>(receiver: &Receiver<T>, limit: Duration) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(left.min(TICK)) {
            Ok(found) => return Some(found),
            Err(RecvTimeoutError::Timeout) if left > TICK && interrupted(1).is_none() => {}
            Err(_) => return None,
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
}
