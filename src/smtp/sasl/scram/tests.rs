//! The exchanges of RFC 5802 and RFC 7677, and servers that are not what they seem.

use super::*;
use crate::mail::ChannelBinding;
use crate::smtp::sasl::exchange::tests::credentials;

const SERVER_FIRST_256: &str =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

/// An exchange of the user `user` with this nonce.
fn with_nonce(hash: Hash, nonce: &str) -> Scram {
    Scram {
        hash,
        nonce: nonce.to_owned(),
        bare: format!("n=user,r={nonce}"),
        binding: b"n,,".to_vec(),
        fewest_rounds: 1,
        stage: Stage::Salt,
    }
}

fn sha_256() -> Scram {
    with_nonce(SHA_256, "rOprNGfwEbeRWgbNEkqO")
}

fn say(scram: &mut Scram, text: &str) -> Result<String, Trouble> {
    let challenge = base64_simd::STANDARD.encode_to_string(text);
    scram.answer(&credentials("user", "pencil"), &challenge).map(|answer| clear(&answer))
}

fn clear(secret: &Secret) -> String {
    String::from_utf8(decoded(std::str::from_utf8(secret.expose()).unwrap()).unwrap()).unwrap()
}

#[test]
fn the_exchange_of_rfc_5802() {
    let mut scram = with_nonce(SHA_1, "fyko+d2lbbFgONRv9qkxdawL");
    let nonce = "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
    let answer = say(&mut scram, &format!("r={nonce},s=QSXCR+Q6sek8bf92,i=4096")).unwrap();
    assert_eq!(answer, format!("c=biws,r={nonce},p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="));
    assert_eq!(say(&mut scram, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), Ok(String::new()));
    assert_eq!(scram.finish(), Ok(()));
}

#[test]
fn the_exchange_of_rfc_7677() {
    let mut scram = sha_256();
    let answer = say(&mut scram, SERVER_FIRST_256).unwrap();
    assert_eq!(
        answer,
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
         p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    );
    assert!(scram.finish().is_err());
    assert_eq!(say(&mut scram, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(String::new()));
    assert_eq!(scram.finish(), Ok(()));
    assert_eq!(say(&mut scram, "v=x"), Err(Trouble::Misplaced));
}

/// The first message, and what `c=` says later, for what the connection gives and the server offers.
#[test]
fn the_header_tells_what_could_be_bound() {
    let bound = || Some(ChannelBinding { kind: "tls-exporter", octets: vec![0xff, 0, 1] });
    for (mechanism, binding, offered, header) in [
        (Mechanism::ScramSha256, None, "SCRAM-SHA-256", "n,,"),
        (Mechanism::ScramSha256, bound(), "SCRAM-SHA-256", "y,,"),
        (Mechanism::ScramSha256, bound(), "SCRAM-SHA-256-PLUS", "n,,"),
        (Mechanism::ScramSha1, bound(), "SCRAM-SHA-256-PLUS", "y,,"),
        (Mechanism::ScramSha1Plus, bound(), "SCRAM-SHA-1-PLUS", "p=tls-exporter,,"),
        (Mechanism::ScramSha256Plus, bound(), "SCRAM-SHA-256-PLUS", "p=tls-exporter,,"),
    ] {
        let credentials = credentials("a=b", "x");
        let protected = Protected::by_tls(binding);
        let (scram, first) = Scram::begin(mechanism, &credentials, &protected, &[offered.to_owned()]);
        assert_eq!(clear(&first), format!("{header}n=a=3Db,r={}", scram.nonce));
        let octets = if mechanism.is_bound() { &[0xff, 0, 1][..] } else { &[] };
        assert_eq!(scram.binding, [header.as_bytes(), octets].concat());
    }
}

#[test]
fn a_server_that_does_not_know_the_password() {
    for proof in [
        "v=",
        "v=AAAA",
        "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        // The client's own proof, thrown back.
        "v=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    ] {
        let mut scram = sha_256();
        say(&mut scram, SERVER_FIRST_256).unwrap();
        assert!(matches!(say(&mut scram, proof), Err(Trouble::Unproven(_))), "{proof}");
        assert!(matches!(scram.finish(), Err(Trouble::Unproven(_))));
    }
    // The proof in the place of the salt proves nothing.
    let mut scram = sha_256();
    assert!(say(&mut scram, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").is_err());
    assert!(scram.finish().is_err());
}

#[test]
fn nonces_that_are_not_ours() {
    for nonce in ["", "rOprNGfwEbeRWgbNEkqO", "rOprNGfwEbeRWgbNEkqo-more", "x"] {
        let said = say(&mut sha_256(), &format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
        assert!(matches!(said, Err(Trouble::Unproven(_))), "{nonce}");
    }
}

#[test]
fn malformed_first_messages() {
    let nonce = "r=rOprNGfwEbeRWgbNEkqO-more";
    for rest in
        ["", ",", ",s=,i=4096", ",s=???,i=4096", ",s=AAAA", ",s=AAAA,i=", ",s=AAAA,i=0", ",s=AAAA,i=-1"]
    {
        let said = say(&mut sha_256(), &format!("{nonce}{rest}"));
        assert!(matches!(said, Err(Trouble::Malformed(_))), "{rest}: {said:?}");
    }
    let unusable = say(&mut sha_256(), "m=x,r=1,s=AAAA,i=1");
    assert!(matches!(unusable, Err(Trouble::Unusable(_))));
    assert!(matches!(sha_256().answer(&credentials("user", "x"), "?"), Err(Trouble::Malformed(_))));
}

#[test]
fn rounds_have_a_limit() {
    let rounds =
        |scram: &mut Scram, count: &str| say(scram, &format!("r=rOprNGfwEbeRWgbNEkqO-more,s=AAAA,i={count}"));
    for count in ["600001", "4294967295", "99999999999999999999"] {
        let Err(Trouble::Unusable(words)) = rounds(&mut sha_256(), count) else { panic!("{count}") };
        assert!(words.contains("600000"), "{words}");
    }
    assert!(rounds(&mut sha_256(), "1").is_ok());
    let mut clear = Scram { fewest_rounds: FEWEST_ROUNDS_IN_THE_CLEAR, ..sha_256() };
    assert!(matches!(rounds(&mut clear, "4095"), Err(Trouble::Unusable(_))));
    assert!(rounds(&mut clear, "4096").is_ok());
}

#[test]
fn errors_of_the_server() {
    for (reason, is_trouble) in [
        ("channel-bindings-dont-match", true),
        ("server-does-support-channel-binding", true),
        ("unsupported-channel-binding-type", true),
        ("invalid-proof", false),
        ("unknown-user", false),
    ] {
        let mut scram = sha_256();
        say(&mut scram, SERVER_FIRST_256).unwrap();
        let said = say(&mut scram, &format!("e={reason}"));
        assert_eq!(said.is_err(), is_trouble, "{reason}");
        assert!(scram.finish().is_err());
    }
}
