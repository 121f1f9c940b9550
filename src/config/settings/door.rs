//! The server's door: protocol, TLS and port, and what each of them tells of the others. Not the way to it.

use crate::config::layer::Scope;
use crate::config::resolve::is_on_this_machine;
use crate::config::value::UNIX;
use crate::config::{Fault, Origin, Route, Setting, server};
use crate::mail::{Protocol, TlsMode};

/// What is spoken at which port, and when TLS begins there.
pub(super) struct Door {
    pub protocol: Setting<Protocol>,
    pub tls: Setting<TlsMode>,
    pub port: Setting<u16>,
}

/// Fills what nobody said: TLS and port tell each other when they stand alone (RFC 8314 7.3). Nothing but
/// `tls = "none"` leads to plain text over a network.
pub(super) fn settle(scope: &Scope, route: Route) -> Result<Door, Fault> {
    let protocol = scope.protocol.clone().unwrap_or(Setting::built_in(Protocol::Smtp));
    let port = match protocol.value {
        Protocol::Smtp => scope.port.clone(),
        Protocol::Lmtp => Some(lmtp_port(scope, &protocol.origin, route)?),
    };
    let tls = scope.tls.clone().or_else(|| on_this_machine(scope, protocol.value));
    let tls = tls.unwrap_or_else(|| match &port {
        Some(port) if port.value != 465 => Setting { value: TlsMode::StartTls, origin: port.origin.clone() },
        Some(port) => Setting { value: TlsMode::Implicit, origin: port.origin.clone() },
        None => Setting::built_in(TlsMode::Implicit),
    });
    let port =
        port.unwrap_or_else(|| Setting { value: server::usual_port(tls.value), origin: tls.origin.clone() });
    Ok(Door { protocol, tls, port })
}

/// No TLS, where what is written does not leave the machine: to a socket in the file system, and to an LMTP server on
/// the loopback, for which nobody makes certificates.
fn on_this_machine(scope: &Scope, protocol: Protocol) -> Option<Setting<TlsMode>> {
    let is_led = scope.tunnel.is_some() || scope.proxy.as_ref().is_some_and(|proxy| proxy.value.is_some());
    let stays = |host: &str| match protocol {
        Protocol::Smtp => host.starts_with(UNIX),
        Protocol::Lmtp => is_on_this_machine(host) && !is_led,
    };
    let host = scope.host.as_ref().filter(|host| stays(&host.value))?;
    Some(Setting { value: TlsMode::None, origin: host.origin.clone() })
}

/// LMTP has no port of its own, and may not have SMTP's (RFC 2033 section 5).
fn lmtp_port(scope: &Scope, origin: &Origin, route: Route) -> Result<Setting<u16>, Fault> {
    let by_tcp = |host: &Setting<String>| !host.value.starts_with(UNIX) && scope.tunnel.is_none();
    let needs_port = route == Route::Smtp && scope.host.as_ref().is_some_and(by_tcp);
    let fault = |origin: &Origin, problem: &str| {
        Err(Fault { origin: origin.clone(), key: "port".to_owned(), problem: problem.to_owned() })
    };
    match &scope.port {
        Some(port) if port.value == 25 && needs_port => {
            fault(&port.origin, "port 25 is SMTP's, and LMTP may not be spoken there; 24 is usual")
        }
        None if needs_port => {
            fault(origin, "LMTP has no port of its own; set `port`, or write lmtp://host:port; 24 is usual")
        }
        Some(port) => Ok(port.clone()),
        None => Ok(Setting { value: server::LMTP_PORT, origin: origin.clone() }),
    }
}
