//! What a profile asks of TLS, what a connection got, and what can be wrong with a certificate.

use std::path::PathBuf;

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
    /// The environment says where the system's are (`SSL_CERT_FILE`, `SSL_CERT_DIR`).
    pub store_is_named: bool,
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
    /// The name that the certificate was verified for.
    pub verified_name: String,
    /// Where the trust anchors came from, in words.
    pub anchors: String,
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
    SelfSigned,
    /// Anything else, in the library's words.
    #[error("was refused: {0}")]
    Other(String),
}
