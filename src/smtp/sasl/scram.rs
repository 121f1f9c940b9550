//! SCRAM (RFC 5802, RFC 7677): client and server prove to each other that they know the password, or what was made of
//! it; with -PLUS also that both are at the ends of the same TLS connection.
//!
//! BUGS: ring does not wipe the keys that it holds while it computes; what we keep between two messages is wiped.

use std::num::NonZeroU32;

use ring::{digest, hmac, pbkdf2};
use zeroize::Zeroizing;

use crate::smtp::Credentials;
use crate::smtp::reply::printable;
use crate::smtp::sasl::{Mechanism, Protected, Trouble, base64, decoded, prepare};
use crate::sys::Secret;

/// Most rounds of PBKDF2 that a server may ask for: a second or so of work. OWASP asked for as many in 2023, and a
/// server must not be able to keep us busy for ever.
const MOST_ROUNDS: u32 = 600_000;

/// Fewest rounds in the clear (RFC 7677 section 4): who sets fewer guesses the password from our proof faster.
const FEWEST_ROUNDS_IN_THE_CLEAR: u32 = 4096;

/// The hash with which everything is made.
#[derive(Clone, Copy)]
struct Hash {
    hmac: hmac::Algorithm,
    digest: &'static digest::Algorithm,
    pbkdf2: pbkdf2::Algorithm,
}

const SHA_1: Hash = Hash {
    hmac: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
    digest: &digest::SHA1_FOR_LEGACY_USE_ONLY,
    pbkdf2: pbkdf2::PBKDF2_HMAC_SHA1,
};
const SHA_256: Hash =
    Hash { hmac: hmac::HMAC_SHA256, digest: &digest::SHA256, pbkdf2: pbkdf2::PBKDF2_HMAC_SHA256 };

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.digest.fmt(f)
    }
}

/// An exchange under way.
#[derive(Debug)]
pub(super) struct Scram {
    hash: Hash,
    nonce: String,
    /// The first message without its header.
    bare: String,
    /// The header, and behind it what the login is bound to: what `c=` says.
    binding: Vec<u8>,
    fewest_rounds: u32,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The server's salt is due.
    Salt,
    /// The server's proof is due: its key, and what is signed with it.
    Proof { key: Secret, signed: String },
    /// The server has proved that it knows the password.
    Proved,
    /// The server has said that it will refuse.
    Refusing,
}

impl Scram {
    /// Begins; gives the first message.
    pub(super) fn begin(
        mechanism: Mechanism,
        credentials: &Credentials,
        protected: &Protected,
        offered: &[String],
    ) -> (Self, Secret) {
        let (hash, plus) = match mechanism {
            Mechanism::ScramSha1 | Mechanism::ScramSha1Plus => (SHA_1, Mechanism::ScramSha1Plus),
            _ => (SHA_256, Mechanism::ScramSha256Plus),
        };
        let nonce = credentials.nonces.next();
        let bare = format!("n={},r={nonce}", prepare::username(&credentials.username));
        // RFC 5802 section 6: `y` tells a server that does offer -PLUS that somebody has taken it from its list.
        let (header, bound_to) = match protected.binding() {
            Some(binding) if mechanism == plus => {
                (format!("p={},,", binding.kind), binding.octets.as_slice())
            }
            Some(_) if !plus.is_among(offered) => ("y,,".to_owned(), &[][..]),
            _ => ("n,,".to_owned(), &[][..]),
        };
        let first = base64(format!("{header}{bare}").as_bytes());
        let binding = [header.as_bytes(), bound_to].concat();
        let fewest_rounds = if protected.is_by_tls() { 1 } else { FEWEST_ROUNDS_IN_THE_CLEAR };
        (Scram { hash, nonce, bare, binding, fewest_rounds, stage: Stage::Salt }, first)
    }

    /// Answers a challenge: the salt with our proof, the server's proof with an empty line.
    pub(super) fn answer(&mut self, credentials: &Credentials, challenge: &str) -> Result<Secret, Trouble> {
        let text = decoded(challenge).and_then(|octets| String::from_utf8(octets).ok());
        let text = text.ok_or_else(|| malformed("that is no text in base64"))?;
        match &self.stage {
            // A server may refuse at once.
            Stage::Salt if !text.starts_with("e=") => self.prove(credentials, &text),
            Stage::Salt | Stage::Proof { .. } => self.judge(&text),
            Stage::Proved | Stage::Refusing => Err(Trouble::Misplaced),
        }
    }

    /// The server says yes.
    pub(super) fn finish(&self) -> Result<(), Trouble> {
        match self.stage {
            Stage::Proved => Ok(()),
            _ => {
                Err(Trouble::Unproven("took the login without proving that it knows the password".to_owned()))
            }
        }
    }

    /// The client's final message (RFC 5802 section 3).
    fn prove(&mut self, credentials: &Credentials, server_first: &str) -> Result<Secret, Trouble> {
        let Salt { nonce, salt, rounds } = self.read_salt(server_first)?;
        let password = prepare::password(credentials.secret.expose());
        let mut salted = Zeroizing::new(vec![0; self.hash.digest.output_len()]);
        pbkdf2::derive(self.hash.pbkdf2, rounds, &salt, &password, &mut salted);

        let binding = base64_simd::STANDARD.encode_to_string(&self.binding);
        let without_proof = format!("c={binding},r={nonce}");
        let signed = format!("{},{server_first},{without_proof}", self.bare);
        let client_key = self.sign(&salted, b"Client Key");
        let stored_key = digest::digest(self.hash.digest, &client_key);
        let mut proof = self.sign(stored_key.as_ref(), signed.as_bytes());
        proof.iter_mut().zip(client_key.iter()).for_each(|(octet, key)| *octet ^= key);

        let key = Secret::new(self.sign(&salted, b"Server Key").to_vec());
        self.stage = Stage::Proof { key, signed };
        let proof = base64(&proof);
        let message = Secret::new([without_proof.as_bytes(), b",p=", proof.expose()].concat());
        Ok(base64(message.expose()))
    }

    /// Reads the server's first message: `r=NONCE,s=SALT,i=ROUNDS`.
    fn read_salt<'a>(&self, text: &'a str) -> Result<Salt<'a>, Trouble> {
        if text.starts_with("m=") {
            return Err(Trouble::Unusable("wants an extension of SCRAM that is not known here".to_owned()));
        }
        let mut values = text.split(',');
        let mut value = |name: &str| {
            let value = values.next().and_then(|part| part.strip_prefix(name));
            value.ok_or_else(|| malformed(&format!("without {name} where it is due")))
        };
        let (nonce, salt, rounds) = (value("r=")?, value("s=")?, value("i=")?);
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(Trouble::Unproven(
                "answers another login than ours: its nonce is not ours".to_owned(),
            ));
        }
        let salt = decoded(salt).filter(|salt| !salt.is_empty());
        let salt = salt.ok_or_else(|| malformed("with a salt that is none"))?;
        let is_number = !rounds.is_empty() && rounds.bytes().all(|octet| octet.is_ascii_digit());
        // What is too long for a number is too much.
        let count: u32 = rounds.parse().unwrap_or(u32::MAX);
        let count = NonZeroU32::new(count).filter(|_| is_number);
        let rounds = count.ok_or_else(|| malformed("with a number of rounds that is none"))?;
        match rounds.get() {
            count if count > MOST_ROUNDS => Err(Trouble::Unusable(format!(
                "asks for more rounds of hashing than the {MOST_ROUNDS} that are done here"
            ))),
            count if count < self.fewest_rounds => Err(Trouble::Unusable(format!(
                "asks for {count} rounds of hashing, too few for a login in the clear (at least {})",
                self.fewest_rounds
            ))),
            _ => Ok(Salt { nonce, salt, rounds }),
        }
    }

    /// Reads the server's final message: `v=PROOF` or `e=REASON`.
    fn judge(&mut self, text: &str) -> Result<Secret, Trouble> {
        let value = text.split(',').next().unwrap_or_default();
        if let Some(reason) = value.strip_prefix("e=") {
            self.stage = Stage::Refusing;
            return refusal(reason).map_or_else(|| Ok(Secret::new("")), Err);
        }
        let proof = value.strip_prefix("v=").ok_or_else(|| malformed("without v= where it is due"))?;
        let (Stage::Proof { key, signed }, Some(proof)) = (&self.stage, decoded(proof)) else {
            return Err(malformed("with a proof that is none"));
        };
        let key = hmac::Key::new(self.hash.hmac, key.expose());
        if hmac::verify(&key, signed.as_bytes(), &proof).is_err() {
            return Err(Trouble::Unproven("does not know the password: its proof is wrong".to_owned()));
        }
        self.stage = Stage::Proved;
        Ok(Secret::new(""))
    }

    fn sign(&self, key: &[u8], text: &[u8]) -> Zeroizing<Vec<u8>> {
        let key = hmac::Key::new(self.hash.hmac, key);
        Zeroizing::new(hmac::sign(&key, text).as_ref().to_vec())
    }
}

/// What the server's first message says.
struct Salt<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    rounds: NonZeroU32,
}

/// What an error of the server's means beyond a refused login (RFC 5802 section 7).
fn refusal(reason: &str) -> Option<Trouble> {
    match reason {
        "channel-bindings-dont-match" => Some(Trouble::Unproven(
            "sees another TLS connection than we do: somebody may stand between".to_owned(),
        )),
        "server-does-support-channel-binding" => Some(Trouble::Unproven(
            "can bind the login to TLS, and somebody has taken that from its list".to_owned(),
        )),
        "unsupported-channel-binding-type" | "channel-binding-not-supported" => Some(Trouble::Unusable(
            format!("cannot bind the login to TLS as we do ({})", printable(reason.as_bytes())),
        )),
        _ => None,
    }
}

fn malformed(what: &str) -> Trouble {
    Trouble::Malformed(format!("sent a message of SCRAM {what}"))
}

#[cfg(test)]
mod tests;
