//! The system's trust anchors: one file of them is read where the system has one, instead of one file for each.
//! A file that the profile names is read in `tls.rs`.

use std::fs;

use memchr::memmem;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use crate::net::TlsError;

/// Where systems keep all their anchors in one file of PEM. The first that has any is taken.
#[cfg(target_os = "linux")]
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Arch, Gentoo, Alpine, NixOS
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",             // openSUSE
    "/etc/ssl/cert.pem",                  // Alpine without its ca-certificates
];
/// Other systems have a place of another kind, which the library knows.
#[cfg(not(target_os = "linux"))]
const BUNDLES: [&str; 0] = [];

/// The system's trust anchors. `is_named`: the environment says where they are (`SSL_CERT_FILE`, `SSL_CERT_DIR`).
pub(super) fn system_anchors(is_named: bool) -> Result<RootCertStore, TlsError> {
    let bundles: &[&str] = if is_named { &[] } else { &BUNDLES };
    let found = bundles.iter().filter_map(|path| fs::read(path).ok()).map(|pem| anchors(certificates(&pem)));
    if let Some(roots) = found.into_iter().find(|roots| !roots.is_empty()) {
        return Ok(roots);
    }
    let found = rustls_native_certs::load_native_certs();
    let roots = anchors(found.certs.into_iter());
    if roots.is_empty() {
        let reason = found.errors.first().map_or_else(|| "none was found".to_owned(), ToString::to_string);
        return Err(TlsError::Anchors(format!("this system has no trust anchors: {reason}")));
    }
    Ok(roots)
}

/// A store may hold certificates that rustls cannot use; the others serve.
fn anchors(certificates: impl Iterator<Item = CertificateDer<'static>>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    roots
}

/// The certificates in a text of PEM (RFC 7468 5), without those that are no base64. The parser of rustls is
/// careful to take the same time for each octet, since it reads keys too; here nothing is secret.
fn certificates(pem: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    const END: &[u8] = b"-----END CERTIFICATE-----";
    let begins = memmem::find_iter(pem, BEGIN).map(|at| &pem[at + BEGIN.len()..]);
    begins
        .filter_map(|behind| memmem::find(behind, END).map(|length| &behind[..length]))
        .filter_map(|base64| base64_simd::forgiving_decode_to_vec(&without_line_ends(base64)).ok())
        .map(CertificateDer::from)
}

/// The decoder takes white space, octet by octet, once it has seen the first; a line is moved at once.
fn without_line_ends(base64: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(base64.len());
    let mut begin = 0;
    for end in memchr::memchr_iter(b'\n', base64).chain([base64.len()]) {
        text.extend_from_slice(base64[begin..end].trim_ascii_end());
        begin = (end + 1).min(base64.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem() -> (CertificateDer<'static>, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(vec!["a.test".to_owned()]).unwrap().self_signed(&key).unwrap();
        (certificate.der().clone(), certificate.pem())
    }

    #[test]
    fn every_good_certificate_is_found() {
        let ((first, first_pem), (second, second_pem)) = (pem(), pem());
        let begin = "-----BEGIN CERTIFICATE-----\n";
        let end = "-----END CERTIFICATE-----\n";
        let bundle = format!(
            "# a remark\n{first_pem}\n{begin}!!!\n{end}{begin}AAAA\n{end}{}{begin}never ended",
            second_pem.replace('\n', "\r\n")
        );
        let found: Vec<_> = certificates(bundle.as_bytes()).collect();
        assert_eq!(found, [first, CertificateDer::from(vec![0, 0, 0]), second]);
        assert_eq!(anchors(found.into_iter()).len(), 2);
        assert_eq!(certificates(b"").count(), 0);
    }

    #[test]
    fn both_parsers_find_the_same() {
        use rustls::pki_types::pem::PemObject;
        let bundle: String = (0..5).map(|_| pem().1).collect();
        let theirs: Vec<_> =
            CertificateDer::pem_slice_iter(bundle.as_bytes()).collect::<Result<_, _>>().unwrap();
        assert_eq!(certificates(bundle.as_bytes()).collect::<Vec<_>>(), theirs);
    }
}
