//! What a profile asks of TLS, what a connection got, and what can be wrong with a certificate.

use std::fmt;
use std::path::PathBuf;

use crate::mail::Pin;

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// With the first octet (RFC 8314 3.3).
    Implicit,
    /// After STARTTLS, which must be offered (RFC 3207).
    StartTls,
    /// Never: the session is in the clear.
    None,
}

/// The oldest protocol that is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    V1_2,
    /// TLS 1.3 (RFC 8446).
    V1_3,
}

/// What a profile asks of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsPolicy {
    /// When TLS begins.
    pub mode: TlsMode,
    /// The oldest protocol that is accepted.
    pub min_version: TlsVersion,
    /// A PEM file of trust anchors used instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The only certificates or keys that are accepted; any of them will do. They stand in for trust anchors, names and
    /// dates, never for the proof that the server has the key.
    pub pins: Vec<Pin>,
    /// The name that is asked for (SNI, RFC 6066 3) and that the certificate must be for, instead of the host's.
    pub server_name: Option<String>,
    /// What we show if the server asks who we are.
    pub client: Option<ClientCertificate>,
    /// The environment says where the system's anchors are (`SSL_CERT_FILE`, `SSL_CERT_DIR`).
    pub store_is_named: bool,
}

impl TlsPolicy {
    /// TLS that begins there, with the system's trust anchors and nothing special.
    pub fn new(mode: TlsMode) -> Self {
        TlsPolicy {
            mode,
            min_version: TlsVersion::V1_2,
            ca_file: None,
            pins: Vec::new(),
            server_name: None,
            client: None,
            store_is_named: false,
        }
    }
}

/// A certificate of ours and its key, each in a PEM file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate and those that lead to its authority.
    pub certificate: PathBuf,
    /// The key: PKCS#8, SEC1 or PKCS#1. It may stand in the file of the certificate.
    pub key: PathBuf,
}

/// By what a certificate was found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The system's trust anchors.
    System,
    /// The trust anchors of this file.
    CaFile(PathBuf),
    /// This pin, which is that of the certificate or of its key.
    Pin(Pin),
}

impl Trust {
    /// The name in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Trust::System => "system",
            Trust::CaFile(_) => "ca_file",
            Trust::Pin(_) => "pin",
        }
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trust::System => f.write_str("the system's trust store"),
            Trust::CaFile(path) => write!(f, "{}", path.display()),
            Trust::Pin(pin) => write!(f, "the pin {pin}"),
        }
    }
}

/// What a connection got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// `TLSv1.3`.
    pub version: String,
    /// `TLS13_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// The key exchange group, `X25519`.
    pub group: Option<String>,
    /// The name that was asked for. The certificate was verified for it, unless a pin decided.
    pub verified_name: String,
    /// By what the certificate was found good.
    pub trust: Trust,
}

/// One line of the transcript: `TLSv1.3 TLS13_AES_256_GCM_SHA384, certificate good for smtp.example.org`.
impl fmt::Display for TlsFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}, certificate ", self.version, self.cipher)?;
        match &self.trust {
            Trust::Pin(pin) => write!(f, "known by its pin {pin}"),
            Trust::System | Trust::CaFile(_) => write!(f, "good for {}", self.verified_name),
        }
    }
}

/// What a login can be bound to, so that it is worth nothing on another connection (RFC 5056): a TLS connection as both of its ends can compute it, and nobody between them.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    /// How it was computed: `tls-exporter` (RFC 9266) or `tls-server-end-point` (RFC 5929).
    pub kind: &'static str,
    /// What was computed.
    pub octets: Vec<u8>,
}

impl fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelBinding").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What is wrong with a certificate. Displays as the end of a sentence: "the certificate …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateProblem {
    /// Its time is over.
    #[error("expired on {0}")]
    Expired(String),
    /// Its time has not begun.
    #[error("is not valid before {0}")]
    NotYetValid(String),
    /// It is for other names.
    #[error("is not for {wanted}, but for {}", if found.is_empty() { "no name at all".to_owned() } else { found.join(", ") })]
    WrongName {
        /// The name of the profile.
        wanted: String,
        /// The names in the certificate.
        found: Vec<String>,
    },
    /// Nobody trusted has signed it.
    #[error("was signed by {issuer}, which is not trusted here")]
    UnknownIssuer {
        /// The issuer as the certificate names it.
        issuer: String,
    },
    /// It has signed itself and is not trusted.
    #[error("is signed by itself and is not trusted here")]
    SelfSigned {
        /// The fingerprint of what came.
        found: Pin,
    },
    /// It is an authority's own, as `openssl req -x509` makes them, and no server may show that.
    #[error("is that of an authority, not of a server")]
    Authority {
        /// The fingerprint of what came.
        found: Pin,
    },
    /// It names an authority that is trusted, and another key has signed it.
    #[error("bears the name of {issuer}, but not its signature")]
    WrongSignature {
        /// The issuer as the certificate names it.
        issuer: String,
    },
    /// It is made for something else, or badly made.
    #[error("{0}")]
    Unfit(String),
    /// It is none of those that are pinned.
    #[error("is not the pinned one: its fingerprint is {found}")]
    NotPinned {
        /// The fingerprint of what came.
        found: Pin,
    },
    /// Anything else, in the library's words.
    #[error("was refused: {0}")]
    Other(String),
}
