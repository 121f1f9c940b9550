//! What a login can be bound to, so that it is worth nothing on another connection (RFC 5056).

/// A TLS connection as both of its ends can compute it, and nobody between them.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    /// How it was computed: `tls-exporter` (RFC 9266) or `tls-server-end-point` (RFC 5929).
    pub kind: &'static str,
    /// What was computed.
    pub octets: Vec<u8>,
}

impl std::fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelBinding").field("kind", &self.kind).finish_non_exhaustive()
    }
}
