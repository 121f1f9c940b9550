//! Connections: names looked up, sockets opened, TLS verified, octets moved under deadlines. Knows no SMTP.

mod binding;
mod certificate;
mod connect;
mod identity;
mod resolve;
mod store;
mod tls;
mod verifier;
mod way;
mod wire;

pub use connect::{ConnectError, place};
pub use resolve::{Resolve, ResolveError, SystemResolve};
pub use tls::{Tls, TlsError, server_config};
pub use way::{IpFamily, Way};
pub use wire::{Hear, Wire, WireError};
