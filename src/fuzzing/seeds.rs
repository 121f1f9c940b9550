//! The dialogues of the tests as inputs of the targets `client` and `server`, and the golden spools as those of `spool`, so
//! that they begin where those end. `scripts/fuzz` asks.

use std::fs;
use std::path::{Path, PathBuf};

use crate::smtp::Mechanism;
use crate::spool::{HEADER, Header};
use crate::sys::{Random, SeededRandom};

#[test]
#[ignore = "no test: scripts/fuzz runs it to write seeds into folders of the one that $SEEDS names"]
fn seeds_are_written() {
    let into = PathBuf::from(std::env::var_os("SEEDS").expect("$SEEDS names a folder"));
    for (target, folder, seed) in [
        ("client", "tests/dialogues", seed as fn(&str) -> Vec<u8>),
        ("server", "tests/dialogues/server", server_seed),
    ] {
        for path in dialogues(folder) {
            let name = into.join(target).join(path.file_stem().unwrap());
            fs::write(name, seed(&fs::read_to_string(&path).unwrap())).unwrap();
        }
    }
    for (number, octets) in entries().iter().enumerate() {
        for (part, seed) in entry_seeds(octets).iter().enumerate() {
            fs::write(into.join("spool").join(format!("golden-{number}-{part}")), seed).unwrap();
        }
    }
}

/// The parts of an entry come through whole: its events are all read again.
#[test]
fn an_entry_is_a_seed() {
    let entries = entries();
    assert!(entries.len() >= 16, "{}", entries.len());
    for octets in entries {
        let seeds = entry_seeds(&octets);
        assert!(seeds[0].len() == HEADER + 1 && seeds[1].len() > 40, "{seeds:?}");
        seeds.iter().for_each(|seed| super::spool(seed));
    }
}

/// What lies close to an entry: octets changed, taken out and repeated.
#[test]
fn what_is_close_to_an_entry_breaks_nothing() {
    let random = SeededRandom::new(7);
    let number = |limit: usize| {
        let mut octets = [0; 4];
        random.fill(&mut octets).unwrap();
        u32::from_le_bytes(octets) as usize % limit.max(1)
    };
    for seed in entries().iter().flat_map(|octets| entry_seeds(octets)) {
        for _ in 0..300 {
            let mut input = seed.clone();
            for _ in 0..=number(4) {
                let at = number(input.len() - 1) + 1;
                match number(4) {
                    0 => input[at] = number(256) as u8,
                    1 => input[at] ^= 1 << number(8),
                    2 => drop(input.remove(at)),
                    _ => input.extend_from_within(at..),
                }
                input.truncate(4096);
                input.resize(input.len().max(2), 0);
            }
            super::spool(&input);
        }
    }
}

/// The octets of every entry of the golden spools.
fn entries() -> Vec<Vec<u8>> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1");
    let places = ["q", "held", "badmail", "corrupt", "tmp"];
    let files = places.iter().flat_map(|place| fs::read_dir(golden.join(place)).unwrap());
    files.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

/// Header, envelope and journal of an entry. The form is told in `spool.rs`.
fn entry_seeds(octets: &[u8]) -> [Vec<u8>; 3] {
    let header = Header::decode(octets.first_chunk().unwrap()).unwrap();
    let [body, journal] = [header.body_at(), header.journal_at()].map(|at| usize::try_from(at).unwrap());
    let mut rest = &octets[journal..];
    let mut events = vec![2, 255, 1];
    while let Some((&[length, 0, 0, 0, kind @ 1..=255], tail)) = rest.split_first_chunk() {
        let (payload, tail) = tail.split_at(usize::from(length));
        events.extend([&[length, kind], payload].concat());
        rest = &tail[4..];
    }
    let tls = u8::from(header.flags.require_tls);
    [[&[0], &octets[..HEADER]].concat(), [&[1, tls], &octets[HEADER..body]].concat(), events]
}

/// A dialogue keeps its server's words on the way.
#[test]
fn a_dialogue_is_a_seed() {
    let text = "! recipients a@x b@x\n! tls starttls\n! login dan\nS: 220 a\nC: x\nS< 250 b\\r\\n\nTLS\n";
    assert_eq!(seed(text), b"\x06\x01\x00\x00\x00220 a\r\n\x00250 b\r\n\x02");
    let dialogues = dialogues("tests/dialogues");
    assert!(dialogues.len() > 200);
    for path in dialogues {
        super::client(&seed(&fs::read_to_string(&path).unwrap()));
    }
}

/// And one with our own server its client's.
#[test]
fn a_dialogue_with_the_server_is_a_seed() {
    let text = "! size_limit 40\nC: EHLO c\nS: 250 a\nC< QUIT\\n\n";
    assert_eq!(server_seed(text), b"\x29\x07EHLO c\r\nQUIT\n");
    for path in dialogues("tests/dialogues/server") {
        super::server(&server_seed(&fs::read_to_string(&path).unwrap()));
    }
}

fn dialogues(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "smtp")).collect()
}

/// The form is told in `tests/dialogues/serving.rs` and `server.rs`.
fn server_seed(dialogue: &str) -> Vec<u8> {
    let mut seed = vec![0, 7];
    for line in dialogue.lines() {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("!", how) => {
                let limit = how.strip_prefix("size_limit ").and_then(|limit| limit.parse::<u8>().ok());
                seed[0] |= limit.map_or(0, |limit| limit & !2 | 1);
            }
            ("C:", words) => seed.extend([words.as_bytes(), b"\r\n"].concat()),
            ("C<", words) => seed.extend(words.replace("\\r", "\r").replace("\\n", "\n").into_bytes()),
            _ => {}
        }
    }
    seed
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
