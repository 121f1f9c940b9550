//! What a person is told about a certificate that was refused. Decides nothing: rustls has decided.

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, Error};

use crate::mail::CertificateProblem;

/// Puts rustls's refusal of `certificate` into our words. `wanted` is the name it was to be for.
pub(super) fn explain(error: &Error, certificate: &CertificateDer<'_>, wanted: &str) -> CertificateProblem {
    let Error::InvalidCertificate(reason) = error else {
        return CertificateProblem::Other(error.to_string());
    };
    match reason {
        CertificateError::ExpiredContext { not_after, .. } => CertificateProblem::Expired(day(*not_after)),
        CertificateError::NotValidYetContext { not_before, .. } => {
            CertificateProblem::NotYetValid(day(*not_before))
        }
        CertificateError::NotValidForNameContext { presented, .. } => CertificateProblem::WrongName {
            wanted: wanted.to_owned(),
            found: presented.iter().map(|name| bare_name(name)).collect(),
        },
        // A bad signature is that of another key under a trusted name: an authority that was made anew.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => match names(certificate) {
            Some((issuer, subject)) if issuer == subject => CertificateProblem::SelfSigned,
            Some((issuer, _)) => CertificateProblem::UnknownIssuer { issuer: title(issuer) },
            None => CertificateProblem::UnknownIssuer { issuer: "somebody".to_owned() },
        },
        other => CertificateProblem::Other(Error::InvalidCertificate(other.clone()).to_string()),
    }
}

fn day(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(|| "an unknown day".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}

/// `DnsName("mail.example.org")` → `mail.example.org`, `IpAddress(192.0.2.1)` → `192.0.2.1`.
fn bare_name(presented: &str) -> String {
    let inner = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(presented);
    inner.trim_matches('"').to_owned()
}

/// Issuer and subject of a certificate as encoded names (RFC 5280 4.1).
fn names<'a>(certificate: &'a CertificateDer<'_>) -> Option<(&'a [u8], &'a [u8])> {
    let (_, whole, _) = element(certificate)?;
    let (_, mut rest, _) = element(whole)?;
    let (tag, _, behind) = element(rest)?;
    if tag == 0xa0 {
        // [0] version
        rest = behind;
    }
    let (_, _, rest) = element(rest)?; // serial number
    let (_, _, rest) = element(rest)?; // signature algorithm
    let (_, issuer, rest) = element(rest)?;
    let (_, _, rest) = element(rest)?; // validity
    let (_, subject, _) = element(rest)?;
    Some((issuer, subject))
}

/// The common name in an encoded name, else its organisation.
fn title(name: &[u8]) -> String {
    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];
    let find = |wanted: &[u8]| {
        let mut rest = name;
        while let Some((_, set, behind)) = element(rest) {
            rest = behind;
            let Some((_, pair, _)) = element(set) else { continue };
            let Some((_, kind, value)) = element(pair) else { continue };
            if kind == wanted {
                let (_, text, _) = element(value)?;
                return Some(String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).collect());
            }
        }
        None
    };
    find(COMMON_NAME).or_else(|| find(ORGANISATION)).unwrap_or_else(|| "somebody without a name".to_owned())
}

/// One DER element: tag, content, what follows (X.690 8.1).
pub(super) fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let count = usize::from(first & 0x7f);
        if count > 4 || count > rest.len() {
            return None;
        }
        length = rest[..count].iter().fold(0, |length, &octet| length << 8 | usize::from(octet));
        rest = &rest[count..];
    }
    (length <= rest.len()).then(|| (tag, &rest[..length], &rest[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuer_and_subject_are_found() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["mail.example.org".to_owned()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "Test Authority");
        let certificate = parameters.self_signed(&key).unwrap();
        let (issuer, subject) = names(certificate.der()).unwrap();
        assert_eq!(issuer, subject);
        assert_eq!(title(issuer), "Test Authority");
        let error = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        assert_eq!(explain(&error, certificate.der(), "x"), CertificateProblem::SelfSigned);
    }

    #[test]
    fn names_are_shown_bare() {
        assert_eq!(bare_name("DnsName(\"mail.example.org\")"), "mail.example.org");
        assert_eq!(bare_name("IpAddress(192.0.2.1)"), "192.0.2.1");
        assert_eq!(bare_name("what else"), "what else");
    }

    #[test]
    fn garbage_is_no_certificate() {
        for garbage in [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80\x30\x80", &[0x30; 40]] {
            assert_eq!(names(&CertificateDer::from(garbage.to_vec())), None);
        }
    }
}
