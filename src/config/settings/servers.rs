//! The servers of a profile in turn: `host`, or each of `hosts`.

use super::{Settings, way_in};
use crate::config::layer::Scope;
use crate::config::server::hosts::Listed;
use crate::config::{Listing, Setting};
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
pub(super) fn listings(scope: &Scope) -> Option<Setting<Vec<Listing>>> {
    let hosts = scope.hosts.as_ref()?;
    let listing = |listed: &Listed| {
        let own = listed.port.map(|value| Setting { value, origin: hosts.origin.clone() });
        let (tls, port) = way_in(scope.tls.clone(), own.or_else(|| scope.port.clone()));
        Listing { host: listed.host.clone(), port: port.value, tls: tls.value, past_proxy: false }
    };
    Some(Setting { value: hosts.value.iter().map(listing).collect(), origin: hosts.origin.clone() })
}

/// The port that the first of them has of its own.
pub(super) fn first_port(hosts: &Option<Setting<Vec<Listed>>>) -> Option<Setting<u16>> {
    let hosts = hosts.as_ref()?;
    let port = hosts.value.first()?.port?;
    Some(Setting { value: port, origin: hosts.origin.clone() })
}

/// All of them as text.
pub(super) fn text(hosts: &[Listing]) -> String {
    hosts.iter().map(|one| place(&one.host, one.port)).collect::<Vec<_>>().join(", ")
}
