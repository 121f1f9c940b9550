//! Certificates for the scripted server, made at test time with an authority of their own.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};

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

    /// The server's certificate, for pins.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The server's key, for servers that are not ours.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
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
