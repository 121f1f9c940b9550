//! What a person is told about a certificate that was refused. Decides nothing: rustls has decided.

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, Error};

use crate::mail::CertificateProblem;
use crate::net::tls::verifier::pin_of;

/// Puts rustls's refusal of `certificate` into our words. `wanted` is the name it was to be for.
pub(super) fn explain(error: &Error, certificate: &CertificateDer<'_>, wanted: &str) -> CertificateProblem {
    let Error::InvalidCertificate(reason) = error else {
        return CertificateProblem::Other(error.to_string());
    };
    let parts = Parts::of(certificate);
    let issuer = || parts.as_ref().map_or_else(|| "somebody".to_owned(), |parts| title(parts.issuer));
    match reason {
        CertificateError::ExpiredContext { not_after, .. } if !has(&parts, *not_after) => {
            let day = day(*not_after);
            CertificateProblem::Unfit(format!(
                "was signed by an authority whose own certificate expired on {day}"
            ))
        }
        CertificateError::NotValidYetContext { not_before, .. } if !has(&parts, *not_before) => {
            let day = day(*not_before);
            CertificateProblem::Unfit(format!("was signed by an authority that is not valid before {day}"))
        }
        CertificateError::ExpiredContext { not_after, .. } => CertificateProblem::Expired(day(*not_after)),
        CertificateError::NotValidYetContext { not_before, .. } => {
            CertificateProblem::NotYetValid(day(*not_before))
        }
        CertificateError::NotValidForNameContext { presented, .. } => CertificateProblem::WrongName {
            wanted: wanted.to_owned(),
            found: presented.iter().filter_map(|name| bare_name(name)).collect(),
        },
        CertificateError::Other(other) if other.0.to_string() == "CaUsedAsEndEntity" => {
            CertificateProblem::Authority { found: pin_of(certificate) }
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature
            if parts.as_ref().is_some_and(|parts| parts.issuer == parts.subject) =>
        {
            CertificateProblem::SelfSigned { found: pin_of(certificate) }
        }
        CertificateError::UnknownIssuer => CertificateProblem::UnknownIssuer { issuer: issuer() },
        // It was changed, or the authority was made anew under its old name.
        CertificateError::BadSignature => CertificateProblem::WrongSignature { issuer: issuer() },
        other => unfit(other),
    }
}

/// What is wrong with a certificate wherever it stands, in our words where there are any.
pub(super) fn unfit(reason: &CertificateError) -> CertificateProblem {
    let words = match reason {
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "is for another use than that of a server, or its authority is"
        }
        CertificateError::BadEncoding => "is damaged and cannot be read",
        CertificateError::Revoked => "was revoked by its authority",
        // The names are those of webpki's errors, which rustls only passes on.
        CertificateError::Other(other) => match other.0.to_string().as_str() {
            "EndEntityUsedAsCa" => "was signed by a certificate that is no authority's",
            "NameConstraintViolation" => "is for a name that its authority may not vouch for",
            "PathLenConstraintViolated" => "stands below more authorities than one of them allows",
            "UnsupportedCriticalExtension" => {
                "demands something that is not understood here (a critical extension)"
            }
            "UnsupportedCertVersion" => "is of a version that is not understood here",
            _ => return CertificateProblem::Other(Error::InvalidCertificate(reason.clone()).to_string()),
        },
        other => return CertificateProblem::Other(Error::InvalidCertificate(other.clone()).to_string()),
    };
    CertificateProblem::Unfit(words.to_owned())
}

/// Whether the certificate itself names this moment in its validity. The other certificates of a chain are not ours to
/// see, but the moment that rustls names is that of the one it refused.
fn has(parts: &Option<Parts<'_>>, time: UnixTime) -> bool {
    let Some(parts) = parts else { return true };
    let text = moment(time).map(|time| time.strftime("%Y%m%d%H%M%SZ").to_string());
    // UTCTime leaves out the century (RFC 5280 4.1.2.5).
    text.is_none_or(|text| parts.validity.iter().any(|own| own.len() >= 13 && text.as_bytes().ends_with(own)))
}

fn moment(time: UnixTime) -> Option<Timestamp> {
    i64::try_from(time.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok())
}

fn day(time: UnixTime) -> String {
    moment(time).map_or_else(|| "an unknown day".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}

/// `DnsName("mail.example.org")` → `mail.example.org`, `IpAddress(192.0.2.1)` → `192.0.2.1`; no names of other kinds.
fn bare_name(presented: &str) -> Option<String> {
    let inner = presented.strip_prefix("DnsName(").or_else(|| presented.strip_prefix("IpAddress("))?;
    let bare = inner.strip_suffix(')')?.trim_matches('"');
    Some(bare.chars().map(|c| if c.is_control() { '?' } else { c }).collect())
}

/// What we say of a certificate (RFC 5280 4.1).
struct Parts<'a> {
    /// The encoded name of its issuer.
    issuer: &'a [u8],
    /// The texts of the two moments between which it is valid.
    validity: [&'a [u8]; 2],
    /// Its own encoded name.
    subject: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(certificate: &'a CertificateDer<'_>) -> Option<Self> {
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
        let (_, validity, rest) = element(rest)?;
        let (_, subject, _) = element(rest)?;
        let (_, not_before, behind) = element(validity)?;
        let (_, not_after, _) = element(behind)?;
        Some(Parts { issuer, validity: [not_before, not_after], subject })
    }
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
    use std::time::Duration;

    use super::*;

    #[test]
    fn issuer_and_subject_are_found() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["mail.example.org".to_owned()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "Test Authority");
        let certificate = parameters.self_signed(&key).unwrap();
        let parts = Parts::of(certificate.der()).unwrap();
        assert_eq!(parts.issuer, parts.subject);
        assert_eq!(title(parts.issuer), "Test Authority");
        assert_eq!(parts.validity, [&b"750101000000Z"[..], b"40960101000000Z"]);
        let at = |seconds| {
            has(&Parts::of(certificate.der()), UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
        };
        assert!(at(157_766_400) && !at(157_766_401));
        let error = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        assert_eq!(
            explain(&error, certificate.der(), "x"),
            CertificateProblem::SelfSigned { found: pin_of(certificate.der()) }
        );
    }

    #[test]
    fn names_are_shown_bare() {
        let bare = |presented| bare_name(presented).unwrap_or_default();
        assert_eq!(bare("DnsName(\"mail.example.org\")"), "mail.example.org");
        assert_eq!(bare("DnsName(\"a\x1b.test\")"), "a?.test");
        assert_eq!(bare("IpAddress(192.0.2.1)"), "192.0.2.1");
        assert_eq!(bare("0x01"), "");
    }

    #[test]
    fn garbage_is_no_certificate() {
        for garbage in [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80\x30\x80", &[0x30; 40]] {
            assert!(Parts::of(&CertificateDer::from(garbage.to_vec())).is_none());
        }
    }
}
