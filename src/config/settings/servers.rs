//! The servers of a profile in turn: `host`, or each of `hosts`.

use super::Settings;
use super::door::{self, Door};
use crate::config::layer::Scope;
use crate::config::server::hosts::Listed;
use crate::config::{Fault, Listing, Route, Setting};
use crate::net::place;

impl Settings {
    /// The settings as they hold for each server, in the order in which they are tried: `host`, `port`, `tls` and
    /// `proxy` are that server's. At least one.
    pub fn for_each_server(&self) -> Vec<Settings> {
        let Some(hosts) = &self.hosts else { return vec![self.clone()] };
        hosts.value.iter().map(|listing| self.for_server(listing)).collect()
    }

    fn for_server(&self, listing: &Listing) -> Settings {
        let mut settings = self.clone();
        if let Some(host) = &mut settings.host {
            host.value.clone_from(&listing.host);
        }
        settings.port.value = listing.port;
        settings.tls.value = listing.tls;
        if listing.past_proxy {
            settings.proxy = None;
        }
        settings
    }

    /// The key that names the server: `host` or `hosts`.
    pub fn host_key(&self) -> &'static str {
        if self.hosts.is_some() { "hosts" } else { "host" }
    }
}

/// The servers of `hosts`, never empty.
type Listings = Setting<Vec<Listing>>;

/// Fills protocol, port and TLS, for each server as if it were the only one; the first is the one of `host`.
pub(super) fn doors(scope: &Scope, route: Route) -> Result<(Door, Option<Listings>), Fault> {
    let Some(hosts) = &scope.hosts else { return door::settle(scope, route).map(|door| (door, None)) };
    let origin = &hosts.origin;
    let alone = |listed: &Listed| {
        let host = Some(Setting { value: listed.host.clone(), origin: origin.clone() });
        let own = listed.port.map(|value| Setting { value, origin: origin.clone() });
        let port = own.or_else(|| scope.port.clone());
        door::settle(&Scope { host, hosts: None, port, ..scope.clone() }, route)
    };
    let first = alone(&hosts.value[0])?;
    let listing = |listed: &Listed| {
        let door = alone(listed)?;
        let (port, tls) = (door.port.value, door.tls.value);
        Ok(Listing { host: listed.host.clone(), port, tls, past_proxy: false })
    };
    let value = hosts.value.iter().map(listing).collect::<Result<_, Fault>>()?;
    Ok((first, Some(Setting { value, origin: origin.clone() })))
}

/// All of them as text.
pub(super) fn text(hosts: &[Listing]) -> String {
    hosts.iter().map(|one| place(&one.host, one.port)).collect::<Vec<_>>().join(", ")
}
