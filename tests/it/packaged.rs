//! What is handed to others: the crate holds what its build needs, and the Debian package is sendmail where it is installed.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Peers, program, skipped_loudly};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs cargo here, without a network.
fn cargo(words: &[&str]) -> Output {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo).current_dir(ROOT).arg(words[0]).arg("--offline").args(&words[1..]).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// All files below a folder of the repository.
fn below(folder: &str) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![Path::new(ROOT).join(folder)]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(ROOT).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn the_crate_holds_what_its_build_needs() {
    if !Path::new(ROOT).join(".git").exists() {
        skipped_loudly("no repository: the list of the crate was not looked at");
        return;
    }
    let list = text(&cargo(&["package", "--list", "--allow-dirty"]));
    let list: BTreeSet<String> = list.lines().map(str::to_owned).collect();
    let mut wanted = below("src");
    // The program of a build takes nothing in but sources.
    for path in wanted.iter().filter(|path| path.ends_with(".rs")) {
        let source = std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
        assert!(!source.contains("include_str!(") && !source.contains("include_bytes!("), "{path}");
    }
    wanted
        .extend([below("man"), below("contrib/completions"), below("contrib/systemd")].into_iter().flatten());
    wanted.extend(
        ["build.rs", "Cargo.toml", "Cargo.lock", "README.md", "LICENSE-MIT", "LICENSE-APACHE"]
            .map(str::to_owned),
    );
    let missing: Vec<_> = wanted.difference(&list).collect();
    assert!(missing.is_empty(), "not in the crate: {missing:?}");
    let foreign = |path: &&String| {
        ["tests/", "fuzz/", "contrib/debian/", ".ci/"].iter().any(|start| path.starts_with(start))
    };
    assert_eq!(list.iter().find(foreign), None);
}

#[test]
fn the_crate_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_str().unwrap();
    text(&cargo(&["package", "--no-verify", "--allow-dirty", "--target-dir", target]));
    let name = format!("package/whippet-{}.crate", env!("CARGO_PKG_VERSION"));
    let size = std::fs::metadata(folder.path().join(name)).unwrap().len();
    // Registries take 10 MiB.
    assert!((100_000..5_000_000).contains(&size), "{size}");
}

#[test]
fn the_debian_package_is_sendmail_where_it_is_installed() {
    if Peers::find().is_none() || std::env::var_os("WHIPPET_BIN").is_none() {
        skipped_loudly("the Debian package was not tried: scripts/test does it");
        return;
    }
    let script = format!("{ROOT}/scripts/test-package");
    let ran = Command::new(script).arg(program()).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    if ran.status.code() == Some(77) {
        skipped_loudly(&format!("the Debian package was not tried: {}", said.trim()));
        return;
    }
    assert!(ran.status.success(), "{said}");
}
