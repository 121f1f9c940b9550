//! Connections: names looked up, sockets opened, TLS verified, octets moved under deadlines. Knows no SMTP.

mod certificate;
mod connect;
mod identity;
mod proxy;
mod resolve;
mod socket;
mod store;
mod tls;
mod verifier;
mod way;
mod wire;

pub use connect::{ConnectError, place};
pub use proxy::{Proxy, ProxyKind};
pub use resolve::{Resolve, ResolveError, SystemResolve};
pub use socket::Socket;
pub use tls::{Tls, TlsError, server_config};
pub use way::{IpFamily, Through, Way};
pub use wire::{Hear, Wire, WireError};
