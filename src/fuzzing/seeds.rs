//! The dialogues of the tests as inputs of the target `client`, so that it begins where they end. `scripts/fuzz` asks.

use std::fs;
use std::path::{Path, PathBuf};

use crate::smtp::Mechanism;

#[test]
#[ignore = "no test: scripts/fuzz runs it to write seeds into the folder that $SEEDS names"]
fn dialogues_become_seeds() {
    let into = PathBuf::from(std::env::var_os("SEEDS").expect("$SEEDS names a folder"));
    for path in dialogues() {
        fs::write(into.join(path.file_stem().unwrap()), seed(&fs::read_to_string(&path).unwrap())).unwrap();
    }
}

/// A dialogue keeps its server's words on the way.
#[test]
fn a_dialogue_is_a_seed() {
    let text = "! recipients a@x b@x\n! tls starttls\n! login dan\nS: 220 a\nC: x\nS< 250 b\\r\\n\nTLS\n";
    assert_eq!(seed(text), b"\x06\x01\x00\x00\x00220 a\r\n\x00250 b\r\n\x02");
    let dialogues = dialogues();
    assert!(dialogues.len() > 200);
    for path in dialogues {
        super::client(&seed(&fs::read_to_string(&path).unwrap()));
    }
}

fn dialogues() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The form is told in `tests/dialogues.rs` and `client/server.rs`.
fn seed(dialogue: &str) -> Vec<u8> {
    let [mut how, mut whom, mut when] = [0; 3];
    let mut script = Vec::new();
    for line in dialogue.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
        match (word, name) {
            ("!", "recipients") => whom |= (value.split(' ').count().min(8) - 1) as u8,
            ("!", "lmtp") => how |= 1,
            ("!", "tls") => how = how & !3 | if value == "starttls" { 2 } else { 3 },
            ("!", "login") => how |= 4,
            ("!", "allow_plaintext_auth") => how |= 8,
            ("!", "needs") if value.len() > "size=10000".len() => how |= 0x20,
            ("!", "wishes") => how |= 0x40,
            ("!", "max_recipients") => whom |= value.parse::<u8>().unwrap_or(0).min(7) << 3,
            ("!", "from") if value == "<>" => whom |= 0x80,
            ("!", "mechanisms") => {
                let first = Mechanism::parse(value.split(' ').next().unwrap_or_default());
                let place = Mechanism::ALL.iter().position(|one| Some(*one) == first);
                when |= place.map_or(0, |place| place as u8 + 1);
            }
            ("S:", _) => script.extend([rest.as_bytes(), b"\r\n"].concat()),
            ("S<", _) => script.extend(rest.replace("\\r", "\r").replace("\\n", "\n").into_bytes()),
            ("C:" | "BODY" | "TIMEOUT", _) if script.last().is_some_and(|last| *last != 0) => script.push(0),
            ("TLS", _) => script.push(2),
            ("TLS!", _) => script.extend(b"\x02\x05no TLS\r\n"),
            ("RESET", _) => script.push(3),
            _ => {}
        }
    }
    [vec![how, whom, when, 0, 0], script].concat()
}
