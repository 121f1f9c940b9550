//! The recipes of contrib/ do what they say: their commands are run as they stand, against a scripted server, and systemd judges
//! its units.

#[path = "recipes/callers.rs"]
mod callers;
#[path = "recipes/units.rs"]
mod units;

use std::os::unix::fs::symlink;

use crate::support::{Peer, Sandbox, program};

/// A recipe.
pub fn recipe(name: &str) -> String {
    let path = format!("{}/contrib/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A machine whose mail for root goes to admin, with whippet and these programs on its path, and a server at this port.
pub fn machine(port: u16, programs: &[(&str, &str)]) -> Sandbox {
    let mut sandbox = Sandbox::facing(port, "local_to = \"admin@example.org\"\n");
    for (name, text) in programs {
        sandbox.script(format!("bin/{name}"), &format!("#!/bin/sh\n{text}\n"));
    }
    let bin = sandbox.work().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    symlink(program(), bin.join("whippet")).unwrap();
    sandbox.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    sandbox
}

/// The same, with a server that takes what comes.
pub fn healthy_machine(programs: &[(&str, &str)]) -> (Peer, Sandbox) {
    let peer = Peer::healthy();
    let sandbox = machine(peer.port(), programs);
    (peer, sandbox)
}

#[test]
fn every_recipe_has_its_line() {
    let list = recipe("README.md");
    let mut open = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/contrib"))];
    let mut count = 0;
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            match name.as_str() {
                "completions" | "debian" => assert!(list.contains(&format!("({name})")), "{name}"),
                "README.md" => {}
                _ if path.is_dir() => open.push(path),
                _ => {
                    assert!(list.contains(&format!("{name})")), "{name} has no line in contrib/README.md");
                    count += 1;
                }
            }
        }
    }
    assert!(count >= 15, "{count}");
}
