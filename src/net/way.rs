//! The way to a server: straight, through a proxy or a program, or to a socket in the file system; over which
//! addresses, and from which.

use std::net::{IpAddr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[cfg(any(test, fuzzing))]
use crate::net::Played;
use crate::net::connect::connect;
use crate::net::{ConnectError, Proxy, Resolve, ResolveError, Socket, place};
use crate::sys::{interrupted, reason};

/// Which addresses of a host may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IpFamily {
    /// All of them.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl IpFamily {
    fn has(self, address: IpAddr) -> bool {
        match self {
            IpFamily::Any => true,
            IpFamily::V4 => address.is_ipv4(),
            IpFamily::V6 => address.is_ipv6(),
        }
    }
}

/// How a server is reached.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// Which addresses may be used.
    pub family: IpFamily,
    /// The address of this machine that connections come from; only addresses of its family can be reached.
    pub source: Option<IpAddr>,
    /// What lies between.
    pub through: Through,
}

/// What lies between us and a server.
#[derive(Debug, Clone, Default)]
pub enum Through {
    /// Nothing.
    #[default]
    Nothing,
    /// A proxy. Family and source are those of the connection to it.
    Proxy(Proxy),
    /// A socket in the file system, at which the server listens.
    Unix(PathBuf),
    /// A program whose standard input and output lead to the server.
    Tunnel {
        /// Program and arguments; never empty.
        argv: Vec<String>,
        /// Variables that hold secrets and are kept from it.
        without: Vec<String>,
    },
    /// A value that plays the server.
    #[cfg(any(test, fuzzing))]
    Played(Played),
}

impl Way {
    /// Opens a connection to `host` within `limit`; gives it with the words for where it leads.
    pub fn open(
        &self,
        resolve: &dyn Resolve,
        host: &str,
        port: u16,
        limit: Duration,
    ) -> Result<(Socket, String), ConnectError> {
        self.lead(resolve, host, port, limit)
            // Whatever was not waited for was not there.
            .map_err(|error| interrupted(1).map_or(error, ConnectError::Interrupted))
    }

    fn lead(
        &self,
        resolve: &dyn Resolve,
        host: &str,
        port: u16,
        limit: Duration,
    ) -> Result<(Socket, String), ConnectError> {
        let begin = Instant::now();
        match &self.through {
            Through::Nothing => {
                let (socket, address) = self.reach(resolve, host, port, (begin, limit))?;
                Ok((socket.into(), address.to_string()))
            }
            Through::Proxy(proxy) => {
                let failed = |words: String, is_lasting| ConnectError::Proxy {
                    proxy: proxy.to_string(),
                    words,
                    is_lasting,
                };
                let (mut socket, _) = self.reach(resolve, &proxy.host, proxy.port, (begin, limit)).map_err(
                    |error| match &error {
                        ConnectError::Source(..) => error,
                        ConnectError::Resolve(
                            ResolveError::NoSuchName(_) | ResolveError::NoSuchAddress(..),
                        ) => failed(format!("has no address: {error}"), true),
                        other => failed(format!("is out of reach: {other}"), false),
                    },
                )?;
                proxy
                    .ask(&mut socket, host, port, begin + limit)
                    .map_err(|refusal| failed(refusal.words, refusal.is_lasting))?;
                Ok((socket.into(), format!("through {proxy}")))
            }
            Through::Unix(path) => {
                let place = path.display().to_string();
                let socket = UnixStream::connect(path).map_err(|error| match error.kind() {
                    std::io::ErrorKind::ConnectionRefused => {
                        ConnectError::Unreachable(place.clone(), "nothing listens at that socket".to_owned())
                    }
                    _ => ConnectError::Unreachable(place.clone(), reason(&error)),
                })?;
                Ok((Socket::Unix(socket), place))
            }
            Through::Tunnel { argv, without } => {
                let socket = Socket::tunnel(argv, without)
                    .map_err(|error| ConnectError::Tunnel(argv[0].clone(), reason(&error)))?;
                Ok((socket, format!("through {}", argv[0])))
            }
            #[cfg(any(test, fuzzing))]
            Through::Played(played) => Ok((Socket::Played(played.clone()), "a play".to_owned())),
        }
    }

    fn reach(
        &self,
        resolve: &dyn Resolve,
        host: &str,
        port: u16,
        (begin, limit): (Instant, Duration),
    ) -> Result<(std::net::TcpStream, SocketAddr), ConnectError> {
        let addresses = self.usable(resolve.resolve(host, port, limit)?, host)?;
        connect(addresses, self.source, &place(host, port), begin, limit)
    }

    /// The addresses of the families that are wanted, at least one.
    fn usable(&self, mut addresses: Vec<SocketAddr>, host: &str) -> Result<Vec<SocketAddr>, ResolveError> {
        let families = match self.source {
            Some(source) if source.is_ipv4() => [self.family, IpFamily::V4],
            Some(_) => [self.family, IpFamily::V6],
            None => [self.family; 2],
        };
        addresses.retain(|address| families.iter().all(|family| family.has(address.ip())));
        match (addresses.is_empty(), families.contains(&IpFamily::V4)) {
            (false, _) => Ok(addresses),
            (true, true) => Err(ResolveError::NoSuchAddress(host.to_owned(), "IPv4")),
            (true, false) => Err(ResolveError::NoSuchAddress(host.to_owned(), "IPv6")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_wanted_family_are_used() {
        let four = SocketAddr::from(([127, 0, 0, 1], 25));
        let six = SocketAddr::new("::1".parse().unwrap(), 25);
        let usable = |family, source: Option<&str>, addresses: &[SocketAddr]| {
            let way = Way { family, source: source.map(|source| source.parse().unwrap()), ..Way::default() };
            way.usable(addresses.to_vec(), "h").map_err(|error| error.to_string())
        };
        assert_eq!(usable(IpFamily::Any, None, &[six, four]), Ok(vec![six, four]));
        assert_eq!(usable(IpFamily::V4, None, &[six, four]), Ok(vec![four]));
        assert_eq!(usable(IpFamily::V6, None, &[six, four]), Ok(vec![six]));
        assert_eq!(usable(IpFamily::Any, Some("127.0.0.9"), &[six, four]), Ok(vec![four]));
        assert_eq!(usable(IpFamily::Any, Some("::9"), &[six, four]), Ok(vec![six]));
        assert_eq!(usable(IpFamily::V6, None, &[four]), Err("the name h has no IPv6 address".to_owned()));
        assert_eq!(
            usable(IpFamily::Any, Some("1.1.1.1"), &[six]),
            Err("the name h has no IPv4 address".to_owned())
        );
    }
}
