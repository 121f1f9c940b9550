//! Certificates for the scripted server, made at test time with an authority of their own.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use ring::digest::{SHA256, digest};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ParsedCertificate, ResolvesServerCert, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

/// A server certificate, its key, and the authority that signed it.
#[derive(Clone)]
pub struct Certificate {
    config: Arc<ServerConfig>,
    authority_pem: String,
    pem: String,
    key_pem: String,
}

impl Certificate {
    /// For localhost, peer.test and 127.0.0.1, valid now.
    pub fn good() -> Certificate {
        Certificate::made(&["localhost", "peer.test", "127.0.0.1"], |_| ())
    }

    /// The same, and the server sends no session tickets. They come when it is nobody's turn, which is in the way of whoever
    /// counts turns.
    pub fn without_tickets(mut self) -> Certificate {
        Arc::make_mut(&mut self.config).send_tls13_tickets = 0;
        self
    }

    /// For these names only.
    pub fn for_names(names: &[&str]) -> Certificate {
        Certificate::made(names, |_| ())
    }

    /// Right in all but its days: it ended in February 2020.
    pub fn expired() -> Certificate {
        Certificate::expired_for(&["localhost", "peer.test", "127.0.0.1"])
    }

    /// The same for these names.
    pub fn expired_for(names: &[&str]) -> Certificate {
        Certificate::made(names, |params| {
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 2, 1));
        })
    }

    /// Right in all but its days: it begins in the year 4000.
    pub fn not_yet_valid() -> Certificate {
        Certificate::made(&["localhost", "peer.test", "127.0.0.1"], |params| {
            (params.not_before, params.not_after) = (date_time_ymd(4000, 1, 1), date_time_ymd(4001, 1, 1));
        })
    }

    /// The name stands in the subject only, where nobody has looked since RFC 6125.
    pub fn common_name_only() -> Certificate {
        Certificate::made(&[], |params| {
            params.distinguished_name.push(rcgen::DnType::CommonName, "127.0.0.1")
        })
    }

    /// For a client, not for a server.
    pub fn for_clients() -> Certificate {
        Certificate::made(&["localhost", "peer.test", "127.0.0.1"], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        })
    }

    /// Signed by itself, for these names.
    pub fn self_signed(names: &[&str]) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        // The authority that is named to others has nothing to do with it.
        let authority_pem = Certificate::good().authority_pem;
        let config = server_config(certificate.der().clone(), &key, rustls::ALL_VERSIONS);
        Certificate { config, authority_pem, pem: certificate.pem(), key_pem: key.serialize_pem() }
    }

    /// Signed by itself and made as that of an authority, as `openssl req -x509` makes them.
    pub fn authority_as_server() -> Certificate {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["smtp.example.org".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Certificate::shown(&certificate.pem(), vec![certificate.der().clone()], &key)
    }

    /// This chain, shown with this key whatever it says; `authority_pem` is what a profile would trust.
    pub fn shown(authority_pem: &str, chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Certificate {
        let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let signer = rustls::crypto::ring::sign::any_supported_type(&private).unwrap();
        let pem = pem_of(&chain[0]);
        let always = Always(Arc::new(rustls::sign::CertifiedKey::new(chain, signer)));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(always));
        let authority_pem = authority_pem.to_owned();
        Certificate { config: Arc::new(config), authority_pem, pem, key_pem: key.serialize_pem() }
    }

    /// As [`Certificate::good`], shown by a server that has another key than the certificate's.
    pub fn stolen() -> Certificate {
        let good = Certificate::good();
        let chain = vec![CertificateDer::from_pem_slice(good.pem.as_bytes()).unwrap()];
        Certificate::shown(&good.authority_pem, chain, &KeyPair::generate().unwrap())
    }

    /// As [`Certificate::good`], by a server that lets in only those whose certificate this authority has signed.
    pub fn good_among_friends(authority_pem: &str) -> Certificate {
        let mut certificate = Certificate::good();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority_pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let friends =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(friends)
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(certificate.pem.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(certificate.key_pem.as_bytes()).unwrap(),
            )
            .unwrap();
        certificate.config = Arc::new(config);
        certificate
    }

    /// As [`Certificate::good`], by a server that speaks nothing newer than TLS 1.2.
    pub fn good_with_tls_1_2() -> Certificate {
        Certificate::signed(&["127.0.0.1"], &KeyPair::generate().unwrap(), &[&rustls::version::TLS12], |_| ())
    }

    fn made(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        Certificate::signed(names, &KeyPair::generate().unwrap(), rustls::ALL_VERSIONS, change)
    }

    fn signed(
        names: &[&str],
        key: &KeyPair,
        versions: &[&'static SupportedProtocolVersion],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Certificate {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(rcgen::DnType::CommonName, "the authority of a test");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        change(&mut params);
        let certificate = params.signed_by(key, &authority).unwrap();
        let config = server_config(certificate.der().clone(), key, versions);
        Certificate {
            config,
            authority_pem: authority.pem(),
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        }
    }

    /// The authority's certificate, to be trusted by a profile.
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// The SHA-256 of the certificate, as a profile pins it.
    pub fn pin(&self) -> String {
        fingerprint(&CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap())
    }

    /// The SHA-256 of its key.
    pub fn key_pin(&self) -> String {
        let der = CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap();
        fingerprint(&ParsedCertificate::try_from(&der).unwrap().subject_public_key_info())
    }

    /// The server's certificate, for pins.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The server's key, for servers that are not ours.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// What a server of it needs.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

/// Shows the same certificate to everybody.
#[derive(Debug)]
struct Always(Arc<rustls::sign::CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<rustls::sign::CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn pem_of(der: &[u8]) -> String {
    let base64 = base64_simd::STANDARD.encode_to_string(der);
    format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
}

fn fingerprint(der: &[u8]) -> String {
    let octets = digest(&SHA256, der);
    let hex: String = octets.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    format!("sha256:{hex}")
}

fn server_config(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    Arc::new(config)
}
