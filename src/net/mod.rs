//! Connections: names looked up, sockets opened, TLS verified, octets moved under deadlines. Knows no SMTP.

mod connect;
#[cfg(any(test, fuzzing))]
mod played;
mod proxy;
mod resolve;
mod socket;
mod tls;
mod way;
mod wire;

pub use connect::{ConnectError, place};
#[cfg(any(test, fuzzing))]
pub use played::{Peer, Played};
pub use proxy::{Proxy, ProxyKind};
pub use resolve::{Resolve, ResolveError, SystemResolve};
pub use socket::Socket;
pub use tls::{Tls, TlsError, server_config};
pub use way::{IpFamily, Through, Way};
pub use wire::{Hear, Wire, WireError};
