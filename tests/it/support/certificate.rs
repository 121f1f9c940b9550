//! Certificates for the scripted server, made at test time with an authority of their own.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

/// A server certificate, its key, and the authority that signed it.
#[derive(Clone)]
pub struct Certificate {
    config: Arc<ServerConfig>,
    authority_pem: String,
    pem: String,
}

impl Certificate {
    /// For localhost, peer.test and 127.0.0.1, valid now.
    pub fn good() -> Certificate {
        Certificate::made(&["localhost", "peer.test", "127.0.0.1"], |_| ())
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

    /// Signed by itself, for these names; it trusts nobody and nobody trusts it.
    pub fn self_signed(names: &[&str]) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        Certificate::of(&certificate, &key, Certificate::good().authority_pem)
    }

    fn made(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(rcgen::DnType::CommonName, "the authority of a test");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        change(&mut params);
        Certificate::of(&params.signed_by(&key, &authority).unwrap(), &key, authority.pem())
    }

    fn of(certificate: &rcgen::Certificate, key: &KeyPair, authority_pem: String) -> Certificate {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .unwrap();
        Certificate { config: Arc::new(config), authority_pem, pem: certificate.pem() }
    }

    /// The authority's certificate, to be trusted by a profile.
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// The server's certificate, for pins.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}
