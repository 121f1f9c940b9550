//! Connections: names looked up, sockets opened, TLS verified, octets moved under deadlines. Knows no SMTP.

mod binding;
mod certificate;
mod connect;
mod identity;
mod store;
mod tls;
mod verifier;
mod wire;

pub use connect::{ConnectError, Resolve, ResolveError, SystemResolve, connect, place};
pub use tls::{Tls, TlsError, server_config};
pub use wire::{Hear, Wire, WireError};
