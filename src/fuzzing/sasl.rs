//! Logins with a server that says anything, and with one that knows the password.

use ring::{digest, hmac, pbkdf2};

use crate::fuzzing::asks_for_much_work;
use crate::mail::{ChannelBinding, Protocol, TlsMode};
use crate::smtp::{Command, Credentials, Mechanism, Nonces, Reply, Session, SessionPolicy, SessionStep};
use crate::sys::Secret;

const SECRET: &str = "open-sesame";

/// A mechanism, how it is protected, and the server's challenges, line by line: `!` answers as an honest SCRAM server
/// would, `=` and text is that text in base64, `+` says yes, `-` no, anything else stands as it is.
pub fn sasl(data: &[u8]) {
    let Some((&how, script)) = data.split_first() else { return };
    if asks_for_much_work(script) {
        return;
    }
    let mechanism = Mechanism::ALL[usize::from(how & 15) % Mechanism::ALL.len()];
    let mut session = opened(mechanism, how & 0x10 != 0);
    let mut scram = Scram::default();
    let (mut is_proved, mut said) = (false, 0);
    for line in script.split(|&octet| octet == b'\n') {
        match session.next_step() {
            SessionStep::Write(command) => scram.hear(&command, &mut said),
            SessionStep::Ready | SessionStep::Failed(_) => break,
            _ => {}
        }
        let text = String::from_utf8_lossy(line);
        let (code, text) = match line.first() {
            Some(b'!') => {
                let (text, proves) = scram.answer(mechanism);
                is_proved |= proves;
                (334, base64_simd::STANDARD.encode_to_string(text))
            }
            Some(b'=') => (334, base64_simd::STANDARD.encode_to_string(&line[1..])),
            Some(b'+') => (235, text.into_owned()),
            Some(b'-') => (535, text.into_owned()),
            _ => (334, text.into_owned()),
        };
        session.reply(&Reply { code, lines: vec![text] }, false);
        assert!(!format!("{session:?}").contains(SECRET));
    }
    assert!(said < 20, "{mechanism:?} never ends");
    match session.next_step() {
        SessionStep::Ready if scram_hash(mechanism).is_some() => assert!(is_proved, "not proved"),
        SessionStep::Failed(verdict) => {
            assert!(!verdict.sentence.chars().any(char::is_control), "{verdict:?}");
            assert!(!verdict.sentence.contains(SECRET), "{verdict:?}");
        }
        _ => {}
    }
}

/// A session that is about to log in by this mechanism.
fn opened(mechanism: Mechanism, is_bound: bool) -> Session {
    let credentials = Credentials {
        username: "dan".to_owned(),
        secret: Secret::new(SECRET),
        nonces: Nonces::new(Secret::new("seed of the fuzz targets")),
    };
    let mut session = Session::new(SessionPolicy {
        protocol: Protocol::Smtp,
        tls: TlsMode::Implicit,
        hello_name: "client.example".to_owned(),
        credentials: Some(credentials),
        mechanisms: vec![mechanism],
        allow_plaintext_auth: false,
        rows: Vec::new(),
    });
    let binding = ChannelBinding { kind: "tls-exporter", octets: b"binding".to_vec() };
    session.secured(is_bound.then_some(binding));
    session.reply(&Reply { code: 220, lines: vec![String::new()] }, false);
    assert!(matches!(session.next_step(), SessionStep::Write(Command::Ehlo(_))));
    let lines = vec![String::new(), format!("AUTH {}", mechanism.name())];
    session.reply(&Reply { code: 250, lines }, false);
    session
}

fn scram_hash(mechanism: Mechanism) -> Option<(hmac::Algorithm, pbkdf2::Algorithm)> {
    match mechanism {
        Mechanism::ScramSha1 | Mechanism::ScramSha1Plus => {
            Some((hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, pbkdf2::PBKDF2_HMAC_SHA1))
        }
        Mechanism::ScramSha256 | Mechanism::ScramSha256Plus => {
            Some((hmac::HMAC_SHA256, pbkdf2::PBKDF2_HMAC_SHA256))
        }
        _ => None,
    }
}

/// A server that knows the password (RFC 5802 section 3).
#[derive(Default)]
struct Scram {
    /// The client's messages, decoded.
    heard: Vec<String>,
    first: String,
}

impl Scram {
    fn hear(&mut self, command: &Command, said: &mut usize) {
        *said += 1;
        let text = match command {
            Command::Auth { initial: Some(text), .. } | Command::AuthAnswer(text) => text.expose(),
            _ => return,
        };
        let decoded = base64_simd::STANDARD.decode_to_vec(text).unwrap_or_default();
        self.heard.push(String::from_utf8_lossy(&decoded).into_owned());
    }

    /// What an honest server says now, and whether it proves that it knows the password.
    fn answer(&mut self, mechanism: Mechanism) -> (String, bool) {
        let Some((hash, derivation)) = scram_hash(mechanism) else { return (String::new(), false) };
        let bare =
            self.heard.first().and_then(|first| first.splitn(3, ',').nth(2)).unwrap_or_default().to_owned();
        let last = self.heard.last().filter(|text| text.starts_with("c=")).cloned();
        let Some(last) = last else {
            let nonce = bare.rsplit_once("r=").map_or("", |(_, nonce)| nonce);
            self.first = format!("r={nonce}more,s=c2FsdA==,i=7");
            return (self.first.clone(), false);
        };
        let mut salted = vec![0; if hash == hmac::HMAC_SHA256 { digest::SHA256_OUTPUT_LEN } else { 20 }];
        let rounds = std::num::NonZeroU32::new(7).expect("it is 7");
        pbkdf2::derive(derivation, rounds, b"salt", SECRET.as_bytes(), &mut salted);
        let key = hmac::sign(&hmac::Key::new(hash, &salted), b"Server Key");
        let without_proof = last.split(",p=").next().unwrap_or_default();
        let signed = format!("{bare},{},{without_proof}", self.first);
        let proof = hmac::sign(&hmac::Key::new(hash, key.as_ref()), signed.as_bytes());
        (format!("v={}", base64_simd::STANDARD.encode_to_string(proof.as_ref())), !self.first.is_empty())
    }
}
