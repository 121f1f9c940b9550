//! The servers of a profile in turn: `host`, or each of `hosts`.

use super::{Settings, door};
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

/// Fills port and TLS of each: its own port tells its TLS where nobody said any.
pub(super) fn listings(scope: &Scope, route: Route) -> Result<Option<Setting<Vec<Listing>>>, Fault> {
    let Some(hosts) = &scope.hosts else { return Ok(None) };
    let listing = |listed: &Listed| {
        let door = door::settle(&alone(scope, listed, hosts), route)?;
        let (port, tls) = (door.port.value, door.tls.value);
        Ok(Listing { host: listed.host.clone(), port, tls, past_proxy: false })
    };
    let value = hosts.value.iter().map(listing).collect::<Result<_, Fault>>()?;
    Ok(Some(Setting { value, origin: hosts.origin.clone() }))
}

/// What is said, with the first of the servers as the only one.
pub(super) fn first(scope: &Scope) -> Scope {
    match scope.hosts.as_ref().and_then(|hosts| Some((hosts, hosts.value.first()?))) {
        Some((hosts, listed)) => alone(scope, listed, hosts),
        None => scope.clone(),
    }
}

/// What is said, with this server as the only one.
fn alone(scope: &Scope, listed: &Listed, hosts: &Setting<Vec<Listed>>) -> Scope {
    let mut scope = scope.clone();
    let origin = &hosts.origin;
    scope.host = Some(Setting { value: listed.host.clone(), origin: origin.clone() });
    if let Some(value) = listed.port {
        scope.port = Some(Setting { value, origin: origin.clone() });
    }
    scope
}

/// All of them as text.
pub(super) fn text(hosts: &[Listing]) -> String {
    hosts.iter().map(|one| place(&one.host, one.port)).collect::<Vec<_>>().join(", ")
}
