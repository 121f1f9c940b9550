//! TLS with rustls: what is trusted, what was agreed, why it failed.
//! Who is believed is decided in `verifier.rs`.

pub(super) mod binding;
mod certificate;
mod identity;
mod store;
mod verifier;

use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error, RootCertStore, ServerConfig,
    SupportedProtocolVersion, version,
};

use crate::mail::{CertificateProblem, TlsFacts, TlsPolicy, TlsVersion, Trust};
use crate::net::tls::identity::pem_reason;
use crate::net::tls::store::system_anchors;
use crate::net::tls::verifier::{Finding, Judge, Verifier};

/// Why TLS cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The trust anchors cannot be had.
    #[error("{0}")]
    Anchors(String),
    /// Our own certificate or key cannot be used.
    #[error("{0}")]
    Identity(String),
    /// The host's name can be in no certificate.
    #[error("{0} is no name that a certificate can be for")]
    Name(String),
    /// The certificate is not good.
    #[error("the certificate {0}")]
    Certificate(CertificateProblem),
    /// What came is no TLS.
    #[error("the server does not speak TLS there")]
    NotTls,
    /// The two sides have nothing in common, or one broke the protocol.
    #[error("the TLS handshake failed: {0}")]
    Handshake(String),
}

/// TLS made ready for one host.
#[derive(Debug)]
pub struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    host: String,
    finding: Arc<Mutex<Finding>>,
}

impl Tls {
    /// Reads what `policy` names: trust anchors, or the system's, and the client's certificate.
    pub fn new(policy: &TlsPolicy, host: &str) -> Result<Self, TlsError> {
        let host = policy.server_name.as_deref().unwrap_or(host);
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))?;
        let provider = Arc::new(ring::default_provider());
        let finding = Arc::new(Mutex::new(Finding::default()));
        let verifier = Verifier {
            judge: judge(policy, &provider)?,
            host: bare.to_owned(),
            algorithms: provider.signature_verification_algorithms,
            finding: finding.clone(),
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions(policy.min_version))
            .map_err(|error| TlsError::Handshake(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        // No ALPN: SMTP has no registered name (RFC 8314 7.4 leaves it out), and some servers end the handshake at one.
        let config = match &policy.client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let (chain, key) = identity::read(client)?;
                builder.with_client_auth_cert(chain, key).map_err(|error| {
                    let place = client.certificate.display();
                    TlsError::Identity(format!("the client certificate in {place} cannot be used: {error}"))
                })?
            }
        };
        Ok(Tls { config: Arc::new(config), name, host: bare.to_owned(), finding })
    }

    pub(super) fn connection(&self) -> Result<ClientConnection, TlsError> {
        ClientConnection::new(self.config.clone(), self.name.clone())
            .map_err(|error| TlsError::Handshake(error.to_string()))
    }

    /// Puts an error of the handshake into our words.
    pub(super) fn explain(&self, error: &Error) -> TlsError {
        if let Some(problem) = self.finding.lock().ok().and_then(|mut finding| finding.problem.take()) {
            return TlsError::Certificate(problem);
        }
        match error {
            Error::InvalidMessage(_) => TlsError::NotTls,
            // Behind the judgement of the certificate comes the proof that the server has its key.
            Error::InvalidCertificate(CertificateError::BadSignature) => {
                TlsError::Handshake("the server does not have the key of its certificate".to_owned())
            }
            Error::InvalidCertificate(reason) => TlsError::Certificate(certificate::unfit(reason)),
            other => TlsError::Handshake(in_words(other)),
        }
    }

    pub(super) fn facts(&self, connection: &ClientConnection) -> TlsFacts {
        let version = match connection.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
            other => format!("{other:?}"),
        };
        let cipher = connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
        let group = connection.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name()));
        // Every session of ours is a full handshake, so the certificate was judged in this one.
        let trust = self.finding.lock().ok().and_then(|finding| finding.trust.clone());
        TlsFacts {
            version,
            cipher: cipher.unwrap_or_default(),
            group,
            verified_name: self.host.clone(),
            trust: trust.unwrap_or(Trust::System),
        }
    }
}

/// A server's configuration with this certificate (DER) and key (PKCS#8 DER), for the sandbox.
pub fn server_config(certificate: Vec<u8>, key: Vec<u8>) -> Result<Arc<ServerConfig>, TlsError> {
    let failed = |error: Error| TlsError::Handshake(error.to_string());
    let key = PrivateKeyDer::Pkcs8(key.into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate)], key)
        .map_err(failed)?;
    Ok(Arc::new(config))
}

/// What broke TLS, in words. What the server says of our certificate comes behind the handshake in TLS 1.3.
pub(super) fn in_words(error: &Error) -> String {
    use AlertDescription as Alert;
    match error {
        Error::AlertReceived(Alert::CertificateRequired) => {
            "the server wants a client certificate".to_owned()
        }
        Error::AlertReceived(
            alert @ (Alert::BadCertificate
            | Alert::CertificateExpired
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::UnsupportedCertificate),
        ) => format!("the server refused our client certificate: {alert:?}"),
        other => other.to_string(),
    }
}

/// By what the certificate will be judged. Pins need no trust anchors, so none are read for them.
fn judge(policy: &TlsPolicy, provider: &Arc<CryptoProvider>) -> Result<Judge, TlsError> {
    if !policy.pins.is_empty() {
        return Ok(Judge::Pins(policy.pins.clone()));
    }
    let (roots, trust) = match &policy.ca_file {
        Some(path) => (file_anchors(path)?, Trust::CaFile(path.clone())),
        None => (system_anchors(policy.store_is_named)?, Trust::System),
    };
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map(|inner| Judge::Anchors(inner, trust.clone()))
        .map_err(|error| TlsError::Anchors(format!("the trust anchors of {trust} are not usable: {error}")))
}

fn versions(oldest: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    static BOTH: [&SupportedProtocolVersion; 2] = [&version::TLS13, &version::TLS12];
    match oldest {
        TlsVersion::V1_2 => &BOTH,
        TlsVersion::V1_3 => &BOTH[..1],
    }
}

fn file_anchors(path: &Path) -> Result<RootCertStore, TlsError> {
    let place = path.display();
    let unreadable =
        |reason: String| TlsError::Anchors(format!("the trust anchors in {place} cannot be read: {reason}"));
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(pem_reason(error)))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(pem_reason(error)))?;
        roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("there is no PEM certificate in it".to_owned()));
    }
    Ok(roots)
}
