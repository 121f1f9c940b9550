//! TLS with rustls: what is trusted, what was agreed, why it failed.
//!
//! There is one verifier. It asks rustls's own (RFC 5280 paths, RFC 9525 names) and keeps the reason of a refusal;
//! it cannot turn a refusal into consent.

use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, ServerConfig,
    SignatureScheme, SupportedProtocolVersion, version,
};

use crate::mail::{CertificateProblem, TlsFacts, TlsPolicy, TlsVersion};
use crate::net::certificate;
use crate::net::store::system_anchors;
use crate::sys::reason;

/// Why TLS cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The trust anchors cannot be had.
    #[error("{0}")]
    Anchors(String),
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
    anchors: String,
    problem: Arc<Mutex<Option<CertificateProblem>>>,
}

impl Tls {
    /// Reads the trust anchors that `policy` names, or the system's.
    pub fn new(policy: &TlsPolicy, host: &str) -> Result<Self, TlsError> {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))?;
        let (roots, anchors) = match &policy.ca_file {
            Some(path) => (file_anchors(path)?, path.display().to_string()),
            None => (system_anchors(policy.store_is_named)?, "the system's trust store".to_owned()),
        };
        let provider = Arc::new(ring::default_provider());
        let inner =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().map_err(
                |error| TlsError::Anchors(format!("the trust anchors of {anchors} are not usable: {error}")),
            )?;
        let problem = Arc::new(Mutex::new(None));
        let verifier = Verifier { inner, host: bare.to_owned(), problem: problem.clone() };
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions(policy.min_version))
            .map_err(|error| TlsError::Handshake(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Tls { config: Arc::new(config), name, host: bare.to_owned(), anchors, problem })
    }

    pub(super) fn connection(&self) -> Result<ClientConnection, TlsError> {
        ClientConnection::new(self.config.clone(), self.name.clone())
            .map_err(|error| TlsError::Handshake(error.to_string()))
    }

    /// Puts an error of the handshake into our words.
    pub(super) fn explain(&self, error: &Error) -> TlsError {
        if let Some(problem) = self.problem.lock().ok().and_then(|mut problem| problem.take()) {
            return TlsError::Certificate(problem);
        }
        match error {
            Error::InvalidMessage(_) => TlsError::NotTls,
            other => TlsError::Handshake(other.to_string()),
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
        TlsFacts {
            version,
            cipher: cipher.unwrap_or_default(),
            group,
            verified_name: self.host.clone(),
            anchors: self.anchors.clone(),
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

fn pem_reason(error: rustls::pki_types::pem::Error) -> String {
    match error {
        rustls::pki_types::pem::Error::Io(error) => reason(&error),
        other => other.to_string(),
    }
}

#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    host: String,
    problem: Arc<Mutex<Option<CertificateProblem>>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if let (Err(error), Ok(mut problem)) = (&verified, self.problem.lock()) {
            *problem = Some(certificate::explain(error, end_entity, &self.host));
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
