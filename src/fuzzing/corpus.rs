//! What fuzzing has found, as an ordinary test: every kept file goes through its target again.

use std::fs;
use std::path::Path;

type Body = fn(&[u8]);

/// Every target, and its body.
const TARGETS: [(&str, Body); 14] = [
    ("address", super::address),
    ("argv", super::argv),
    ("client", super::client),
    ("config", super::config),
    ("dots", super::dots),
    ("draft", super::draft),
    ("ehlo", super::ehlo),
    ("message", super::message),
    ("muttrc", super::muttrc),
    ("raw", super::raw),
    ("reply", super::reply),
    ("sasl", super::sasl),
    ("server", super::server),
    ("spool", super::spool),
];

#[test]
fn every_kept_input_passes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    if !folder.exists() {
        // The package as published has no corpus.
        eprintln!("skipped: {} is not here", folder.display());
        return;
    }
    for (target, body) in TARGETS {
        let mut count = 0;
        for entry in fs::read_dir(folder.join(target)).unwrap() {
            let path = entry.unwrap().path();
            let input = fs::read(&path).unwrap();
            count += 1;
            let result = std::panic::catch_unwind(|| body(&input));
            assert!(result.is_ok(), "{}: see above", path.display());
        }
        assert!(count >= 5, "only {count} inputs for {target}");
    }
}

#[test]
fn every_target_is_built() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { return };
    let built: Vec<&str> =
        manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")).collect();
    assert_eq!(built, TARGETS.map(|(name, _)| format!("{name}.rs\"")));
    assert_eq!(fs::read_dir(folder.join("fuzz_targets")).unwrap().count(), TARGETS.len());
    for (name, _) in TARGETS {
        let text = fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(
            text.ends_with(&format!("fuzz_target!(|data: &[u8]| whippet::fuzzing::{name}(data));\n")),
            "{text}"
        );
    }
}
