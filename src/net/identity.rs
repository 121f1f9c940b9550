//! Our own certificate and key, for servers that ask who we are (RFC 8446 4.3.2).

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::mail::ClientCertificate;
use crate::net::TlsError;
use crate::sys::reason;

/// Longest file of a key or certificate, octets: chains of a few certificates have some thousand.
const LONGEST: u64 = 1024 * 1024;

/// Modes of which a key file may have none: reading and writing by everybody, writing by the group.
const EXPOSED: u32 = 0o026;

/// A chain, the certificate itself first, and its key.
pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Reads both files.
pub(super) fn read(client: &ClientCertificate) -> Result<Identity, TlsError> {
    let (text, _) = open(&client.certificate, "certificate")?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable("certificate", &client.certificate, &pem_reason(error)))?;
    if chain.is_empty() {
        return Err(unusable("certificate", &client.certificate, "there is no PEM certificate in it"));
    }
    Ok((chain, key(&client.key)?))
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let (text, mode) = open(path, "key")?;
    if mode & EXPOSED != 0 {
        let problem = format!("other users can read or write it: chmod 600 {}", path.display());
        return Err(unusable("key", path, &problem));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        let is_locked = text.windows(9).any(|window| window == b"ENCRYPTED");
        let problem = match error {
            pem::Error::NoItemsFound if is_locked => {
                "it is locked by a passphrase; `openssl pkey` makes one without".to_owned()
            }
            pem::Error::NoItemsFound => "there is no PEM key in it".to_owned(),
            other => pem_reason(other),
        };
        unusable("key", path, &problem)
    })
}

/// The octets of a file, and its mode.
fn open(path: &Path, what: &str) -> Result<(Zeroizing<Vec<u8>>, u32), TlsError> {
    let read = || -> io::Result<_> {
        let file = File::open(path)?;
        let facts = file.metadata()?;
        // Large enough from the beginning: a buffer that grows leaves copies behind.
        let mut octets = Zeroizing::new(Vec::with_capacity(facts.len().min(LONGEST) as usize + 1));
        file.take(LONGEST).read_to_end(&mut octets)?;
        Ok((octets, facts.mode()))
    };
    read().map_err(|error| unusable(what, path, &reason(&error)))
}

fn unusable(what: &str, path: &Path, problem: &str) -> TlsError {
    TlsError::Identity(format!("the client {what} in {} cannot be used: {problem}", path.display()))
}

/// A PEM reader's error in words.
pub(super) fn pem_reason(error: pem::Error) -> String {
    match error {
        pem::Error::Io(error) => reason(&error),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    fn write(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_key_has_to_be_private_and_readable() {
        let folder = tempfile::tempdir().unwrap();
        let key_pair = rcgen::KeyPair::generate().unwrap();
        let pem = key_pair.serialize_pem();
        let certificate =
            rcgen::CertificateParams::new(vec!["ann".to_owned()]).unwrap().self_signed(&key_pair);
        let both = format!("{}{pem}", certificate.unwrap().pem());
        let both = write(folder.path(), "both", &both, 0o600);
        let (chain, key) = read(&ClientCertificate { certificate: both.clone(), key: both.clone() }).unwrap();
        assert_eq!((chain.len(), key.secret_der()), (1, key_pair.serialize_der().as_slice()));

        for (text, mode, words) in [
            (pem.as_str(), 0o644, "chmod 600"),
            (&pem, 0o602, "chmod 600"),
            (&pem, 0o620, "chmod 600"),
            ("", 0o600, "there is no PEM key in it"),
            (
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
                0o600,
                "passphrase",
            ),
        ] {
            let path = write(folder.path(), "key", text, mode);
            let error = read(&ClientCertificate { certificate: both.clone(), key: path }).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
        let none = write(folder.path(), "none", &pem, 0o600);
        let error = read(&ClientCertificate { certificate: none.clone(), key: none }).unwrap_err();
        assert!(error.to_string().contains("no PEM certificate"), "{error}");
    }
}
