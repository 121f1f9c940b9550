//! CRAM-MD5 (RFC 2195): an HMAC of the server's challenge. MD5 is broken for signatures, not for this; but the server
//! must keep the password itself, and does not prove that it knows it.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use zeroize::Zeroizing;

use crate::smtp::Credentials;
use crate::smtp::sasl::{Trouble, base64, decoded};
use crate::sys::Secret;

/// `user` and the HMAC of the challenge in hexadecimal digits.
pub(super) fn answer(credentials: &Credentials, challenge: &str) -> Result<Secret, Trouble> {
    let Some(challenge) = decoded(challenge) else {
        return Err(Trouble::Malformed("sent a CRAM-MD5 challenge that is not base64".to_owned()));
    };
    let digest = digest(credentials.secret.expose(), &challenge);
    let clear = Secret::new([credentials.username.as_bytes(), b" ", digest.as_bytes()].concat());
    Ok(base64(clear.expose()))
}

fn digest(secret: &[u8], challenge: &[u8]) -> Zeroizing<String> {
    let mut mac = Hmac::<Md5>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(challenge);
    let digits = mac.finalize().into_bytes();
    Zeroizing::new(digits.iter().map(|octet| format!("{octet:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::sasl::Mechanism;
    use crate::smtp::sasl::exchange::tests::{begin, credentials};

    #[test]
    fn the_exchange_of_rfc_2195() {
        let credentials = credentials("tim", "tanstaaftanstaaf");
        let (mut exchange, initial) = begin(Mechanism::CramMd5, &credentials);
        assert!(initial.is_none());
        let challenge = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
        assert_eq!(
            exchange.answer(&credentials, challenge).unwrap().expose(),
            b"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"
        );
        assert_eq!(exchange.answer(&credentials, challenge).unwrap_err(), Trouble::Misplaced);
    }

    /// RFC 2104, appendix; the third of RFC 2202 with a key that is longer than a block.
    #[test]
    fn hmac_md5_as_in_the_rfcs() {
        assert_eq!(*digest(&[0x0b; 16], b"Hi There"), "9294727a3638bb1c13f48ef8158bfc9d");
        assert_eq!(*digest(b"Jefe", b"what do ya want for nothing?"), "750c783e6ab0b503eaa86e310a5db738");
        assert_eq!(
            *digest(&[0xaa; 80], b"Test Using Larger Than Block-Size Key - Hash Key First"),
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"
        );
    }

    #[test]
    fn a_challenge_that_is_not_base64() {
        assert!(matches!(answer(&credentials("tim", "x"), "<1@x>"), Err(Trouble::Malformed(_))));
    }
}
