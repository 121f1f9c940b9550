//! What fuzzing has found, as an ordinary test: every kept file goes through its target again.

use std::fs;
use std::path::Path;

/// The body of a target.
type Body = fn(&[u8]);

/// Every target, and its body.
const TARGETS: [(&str, Body); 3] =
    [("client", super::client), ("ehlo", super::ehlo), ("reply", super::reply)];

#[test]
fn every_kept_input_passes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    if !folder.exists() {
        // The package as published has no corpus.
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
        assert!(count > 0, "no input for {target}");
    }
}
