//! What a login can be bound to on a TLS connection.

use ring::digest;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConnection, ProtocolVersion};

use crate::mail::ChannelBinding;
use crate::net::certificate::element;

/// `tls-exporter` (RFC 9266) under TLS 1.3. Under TLS 1.2 that would need an extended master secret, of which rustls
/// does not tell, so it is `tls-server-end-point` (RFC 5929 section 4) there.
pub(in crate::net) fn of(connection: &ClientConnection) -> Option<ChannelBinding> {
    match connection.protocol_version()? {
        ProtocolVersion::TLSv1_3 => {
            let octets = vec![0; 32];
            let octets =
                connection.export_keying_material(octets, b"EXPORTER-Channel-Binding", Some(b"")).ok()?;
            Some(ChannelBinding { kind: "tls-exporter", octets })
        }
        _ => {
            let octets = end_point(connection.peer_certificates()?.first()?)?;
            Some(ChannelBinding { kind: "tls-server-end-point", octets })
        }
    }
}

/// The certificate's digest by the hash of its signature, SHA-256 where that is MD5 or SHA-1 (RFC 5929 section 4.1).
/// `None` for a signature with no hash of its own, such as Ed25519, and for SHA-224.
fn end_point(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, whole, _) = element(certificate)?;
    let (_, _, rest) = element(whole)?; // what is signed
    let (_, algorithm, _) = element(rest)?;
    let (_, name, parameters) = element(algorithm)?;
    Some(digest::digest(hash(name, parameters)?, certificate).as_ref().to_vec())
}

/// The hash of a signature algorithm, by its object identifier (RFC 8017 appendix C, RFC 5758 section 3.2).
fn hash(name: &[u8], parameters: &[u8]) -> Option<&'static digest::Algorithm> {
    const PKCS_1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    const ECDSA_SHA_1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
    const ECDSA_SHA_2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
    const SHA_2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
    let (&last, stem) = name.split_last()?;
    match (stem, last) {
        (PKCS_1, 4 | 5) => Some(&digest::SHA256),
        (PKCS_1, 11) | (ECDSA_SHA_2, 2) | (SHA_2, 1) => Some(&digest::SHA256),
        (PKCS_1, 12) | (ECDSA_SHA_2, 3) | (SHA_2, 2) => Some(&digest::SHA384),
        (PKCS_1, 13) | (ECDSA_SHA_2, 4) | (SHA_2, 3) => Some(&digest::SHA512),
        // RSASSA-PSS: the hash stands in the parameters, and is SHA-1 where it does not.
        (PKCS_1, 10) => {
            let (_, fields, _) = element(parameters)?;
            match element(fields) {
                Some((0xa0, hash_algorithm, _)) => {
                    let (_, algorithm, _) = element(hash_algorithm)?;
                    let (_, name, _) = element(algorithm)?;
                    hash(name, &[])
                }
                _ => Some(&digest::SHA256),
            }
        }
        _ if name == ECDSA_SHA_1 => Some(&digest::SHA256),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{ClientConfig, RootCertStore, ServerConnection, SupportedProtocolVersion, version};

    use super::*;

    fn certificate(algorithm: &'static rcgen::SignatureAlgorithm) -> CertificateDer<'static> {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let parameters = rcgen::CertificateParams::new(vec!["mail.example.org".to_owned()]).unwrap();
        parameters.self_signed(&key).unwrap().der().clone()
    }

    /// Both ends of a handshake in memory, at this version.
    fn connected(version: &'static SupportedProtocolVersion) -> (ClientConnection, ServerConnection) {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["mail.example.org".to_owned()]).unwrap();
        let certificate = certificate.self_signed(&key).unwrap().der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let provider = || Arc::new(rustls::crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[version]);
        let client = client.unwrap().with_root_certificates(roots).with_no_client_auth();
        let server = crate::net::server_config(certificate.to_vec(), key.serialize_der()).unwrap();
        let name = "mail.example.org".try_into().unwrap();
        let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
        let mut server = ServerConnection::new(server).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            let mut octets = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut octets).unwrap();
            }
            server.read_tls(&mut octets.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            octets.clear();
            while server.wants_write() {
                server.write_tls(&mut octets).unwrap();
            }
            let mut rest = octets.as_slice();
            while !rest.is_empty() {
                client.read_tls(&mut rest).unwrap();
                client.process_new_packets().unwrap();
            }
        }
        (client, server)
    }

    #[test]
    fn both_ends_compute_the_same_and_each_connection_another() {
        let (client, server) = connected(&version::TLS13);
        let binding = of(&client).unwrap();
        // RFC 9266 section 2.
        let ours = server.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b"")).unwrap();
        assert_eq!((binding.kind, binding.octets.as_slice()), ("tls-exporter", &ours[..]));
        assert_ne!(of(&connected(&version::TLS13).0), Some(binding));

        let (client, _) = connected(&version::TLS12);
        let certificate = client.peer_certificates().unwrap()[0].clone();
        let octets = digest::digest(&digest::SHA256, &certificate).as_ref().to_vec();
        assert_eq!(of(&client), Some(ChannelBinding { kind: "tls-server-end-point", octets }));
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        for (algorithm, hash) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, Some(&digest::SHA256)),
            (&rcgen::PKCS_ECDSA_P384_SHA384, Some(&digest::SHA384)),
            (&rcgen::PKCS_ED25519, None),
        ] {
            let certificate = certificate(algorithm);
            let wanted = hash.map(|hash| digest::digest(hash, &certificate).as_ref().to_vec());
            assert_eq!(end_point(&certificate), wanted);
        }
    }

    #[test]
    fn old_and_odd_signatures() {
        let rsa = |last| [&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01][..], &[last]].concat();
        assert_eq!(hash(&rsa(5), &[]), Some(&digest::SHA256));
        assert_eq!(hash(&rsa(13), &[]), Some(&digest::SHA512));
        assert_eq!(hash(&rsa(14), &[]), None);
        // By openssl: RSASSA-PSS with SHA-384.
        let parameters = [
            0x30, 0x0f, 0xa0, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x02,
        ];
        assert_eq!(hash(&rsa(10), &parameters), Some(&digest::SHA384));
        assert_eq!(hash(&rsa(10), &[0x30, 0]), Some(&digest::SHA256));
        assert_eq!(hash(&[], &[]), None);
        for garbage in [&b""[..], b"\x30\x80", &[0x30; 40]] {
            assert_eq!(end_point(&CertificateDer::from(garbage.to_vec())), None);
        }
    }
}
