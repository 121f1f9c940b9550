//! Access tokens: OAUTHBEARER (RFC 7628) and XOAUTH2, as Google and Microsoft describe it. A token is taken as it is;
//! getting and renewing one is another program's work.

use serde_json::Value;

use crate::smtp::Credentials;
use crate::smtp::reply::printable;
use crate::smtp::sasl::{Mechanism, Trouble, base64, decoded};
use crate::sys::Secret;

/// Most that is shown of one value of the server's, characters.
const SHOWN: usize = 200;

/// What follows the token.
#[derive(Debug)]
pub(super) struct Token {
    mechanism: Mechanism,
    /// What the server has said against the token.
    pub(super) objection: Option<String>,
}

impl Token {
    /// Begins; gives the first message.
    pub(super) fn begin(mechanism: Mechanism, credentials: &Credentials) -> (Self, Secret) {
        let name = credentials.username.as_bytes();
        let start = match mechanism {
            Mechanism::Xoauth2 => [b"user=", name, b"\x01"].concat(),
            // A GS2 header, where `=` and `,` in a name are escaped (RFC 7628 section 3.1, RFC 5801 section 4).
            _ => {
                let name = credentials.username.replace('=', "=3D").replace(',', "=2C");
                format!("n,a={name},\x01").into_bytes()
            }
        };
        let message = [&start[..], b"auth=Bearer ", credentials.secret.expose(), b"\x01\x01"].concat();
        (Token { mechanism, objection: None }, base64(Secret::new(message).expose()))
    }

    /// A challenge behind the token tells why it is not taken; the refusal itself comes when it has been answered.
    pub(super) fn answer(&mut self, challenge: &str) -> Result<Secret, Trouble> {
        if self.objection.is_some() {
            return Err(Trouble::Misplaced);
        }
        self.objection = Some(objection(challenge));
        Ok(match self.mechanism {
            // One octet \x01 (RFC 7628 section 3.2.3).
            Mechanism::OauthBearer => Secret::new("AQ=="),
            _ => Secret::new(""),
        })
    }
}

/// `status 401, scope https://mail.google.com/`, from JSON in base64; empty if there is nothing to read.
fn objection(challenge: &str) -> String {
    let octets = decoded(challenge).unwrap_or_default();
    let json: Value = serde_json::from_slice(&octets).unwrap_or_default();
    let said = ["status", "scope"].iter().filter_map(|key| {
        let value = match json.get(key)? {
            Value::String(text) => printable(text.as_bytes()),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let value: String = value.chars().take(SHOWN).collect();
        (!value.is_empty()).then(|| format!("{key} {value}"))
    });
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::sasl::exchange::tests::{begin, credentials};

    fn text(secret: &Secret) -> String {
        String::from_utf8(base64_simd::STANDARD.decode_to_vec(secret.expose()).unwrap()).unwrap()
    }

    #[test]
    fn xoauth2_as_google_has_it() {
        let credentials =
            credentials("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
        let (_, initial) = begin(Mechanism::Xoauth2, &credentials);
        assert_eq!(
            initial.unwrap().expose(),
            b"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52\
              YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
        );
    }

    #[test]
    fn oauthbearer_escapes_the_name() {
        let (_, initial) = begin(Mechanism::OauthBearer, &credentials("a=b,c@x", "t0ken"));
        assert_eq!(text(&initial.unwrap()), "n,a=a=3Db=2Cc@x,\x01auth=Bearer t0ken\x01\x01");
    }

    #[test]
    fn a_refusal_is_read_and_answered() {
        for (mechanism, answer) in [(Mechanism::Xoauth2, &b""[..]), (Mechanism::OauthBearer, b"AQ==")] {
            let credentials = credentials("me", "t0ken");
            let (mut exchange, _) = begin(mechanism, &credentials);
            // Google's; by the example in its description.
            let challenge = "eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyIsInNjb3BlIjoiaHR0cHM6Ly9tYWlsLmdvb2dsZS5jb20vIn0K";
            assert_eq!(exchange.answer(&credentials, challenge).unwrap().expose(), answer);
            assert_eq!(exchange.objection(), Some("status 401, scope https://mail.google.com/"));
            assert_eq!(exchange.answer(&credentials, challenge).unwrap_err(), Trouble::Misplaced);
        }
    }

    #[test]
    fn odd_objections() {
        let of = |json: &str| objection(&base64_simd::STANDARD.encode_to_string(json));
        assert_eq!(of("{\"status\":400,\"scope\":\"a\\u001bb\"}"), "status 400, scope a\\u{1b}b");
        assert_eq!(of("{\"scope\":[1],\"status\":\"\"}"), "");
        assert_eq!(of("[]"), "");
        assert_eq!(objection("no base64"), "");
    }
}
