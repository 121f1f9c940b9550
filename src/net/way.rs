//! The way to a server: which addresses may be used, and where a connection comes from.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::net::connect::connect;
use crate::net::{ConnectError, Resolve, ResolveError, place};

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
}

impl Way {
    /// Opens a connection to `host` within `limit`; gives it with the address it leads to. The socket does not block.
    pub fn open(
        &self,
        resolve: &dyn Resolve,
        host: &str,
        port: u16,
        limit: Duration,
    ) -> Result<(TcpStream, SocketAddr), ConnectError> {
        let begin = Instant::now();
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
            let way = Way { family, source: source.map(|source| source.parse().unwrap()) };
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
