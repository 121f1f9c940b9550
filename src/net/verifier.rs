//! The one verifier. It asks rustls's own (RFC 5280 paths, RFC 9525 names), or compares with the pins, and keeps what
//! decided. It cannot turn a refusal into consent, and the proof that the server has its key (RFC 8446 4.4.3) is
//! always asked for.

use std::sync::{Arc, Mutex};

use ring::digest::{SHA256, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::mail::{CertificateProblem, Pin, Trust};
use crate::net::certificate;

/// By what a certificate is judged.
#[derive(Debug)]
pub(super) enum Judge {
    /// By trust anchors, names and dates.
    Anchors(Arc<WebPkiServerVerifier>, Trust),
    /// By these pins alone.
    Pins(Vec<Pin>),
}

/// What was found, for reports.
#[derive(Debug, Default)]
pub(super) struct Finding {
    /// Why the certificate was refused.
    pub problem: Option<CertificateProblem>,
    /// By what it was found good.
    pub trust: Option<Trust>,
}

#[derive(Debug)]
pub(super) struct Verifier {
    pub judge: Judge,
    /// The name that the certificate is to be for.
    pub host: String,
    pub algorithms: WebPkiSupportedAlgorithms,
    pub finding: Arc<Mutex<Finding>>,
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
        let verdict = match &self.judge {
            Judge::Anchors(inner, trust) => inner
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map(|_| trust.clone())
                .map_err(|error| (certificate::explain(&error, end_entity, &self.host), error)),
            Judge::Pins(pins) => match matching(pins, end_entity) {
                Some(pin) => Ok(Trust::Pin(pin)),
                None => {
                    let problem = CertificateProblem::NotPinned { found: pin_of(end_entity) };
                    Err((problem, CertificateError::ApplicationVerificationFailure.into()))
                }
            },
        };
        let (trust, problem, result) = match verdict {
            Ok(trust) => (Some(trust), None, Ok(ServerCertVerified::assertion())),
            Err((problem, error)) => (None, Some(problem), Err(error)),
        };
        if let Ok(mut finding) = self.finding.lock() {
            *finding = Finding { problem, trust };
        }
        result
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The pin that this certificate or its key has. The key is found by the parser that also checks signatures: two
/// parsers could see two keys.
fn matching(pins: &[Pin], certificate: &CertificateDer<'_>) -> Option<Pin> {
    let whole = pin_of(certificate);
    let key =
        ParsedCertificate::try_from(certificate).map(|parsed| pin_of(&parsed.subject_public_key_info())).ok();
    pins.iter().copied().find(|pin| *pin == whole || Some(*pin) == key)
}

fn pin_of(der: &[u8]) -> Pin {
    let mut octets = [0; 32];
    octets.copy_from_slice(digest(&SHA256, der).as_ref());
    Pin::new(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_known_by_itself_and_by_its_key() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(vec!["a.test".to_owned()]).unwrap().self_signed(&key).unwrap();
        let whole = pin_of(certificate.der());
        let of_key = pin_of(&rcgen::PublicKeyData::subject_public_key_info(&key));
        let other = pin_of(b"another");
        assert_eq!(matching(&[other, whole], certificate.der()), Some(whole));
        assert_eq!(matching(&[other, of_key], certificate.der()), Some(of_key));
        assert_eq!(matching(&[other], certificate.der()), None);
        assert_eq!(matching(&[], certificate.der()), None);
        let garbage = CertificateDer::from(b"garbage".to_vec());
        assert_eq!(matching(&[whole, of_key], &garbage), None);
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(pin_of(b"").to_string(), empty);
    }
}
