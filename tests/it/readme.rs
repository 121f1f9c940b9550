//! The commands of the README do what it says: every `sh` block is run as it stands, against a scripted server.

use std::os::unix::fs::symlink;

use crate::support::{Peer, Sandbox, program, skipped_loudly};

/// Lines that build, install or test; they are run when the README's reader does it.
const EXEMPT: [&str; 3] = ["cargo install", "scripts/test", "scripts/prove"];

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// The blocks of this language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let open = format!("```{language}\n");
    text.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A sandbox with everything that the examples name.
fn furnished(peer: &Peer) -> Sandbox {
    let mut sandbox = Sandbox::new();
    for name in ["syslog", "auth.log", "letter.txt", "minutes.txt", "minutes.md", "page.html", "README.md"] {
        sandbox.file(name, format!("the text of {name}\n"));
    }
    sandbox.script("bin/journalctl", "#!/bin/sh\necho 'an error in the journal'\n");
    symlink(program(), sandbox.work().join("bin/whippet")).unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", sandbox.work().join("bin").display());
    sandbox.env("PATH", path);
    sandbox.profile(&format!(
        "host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"Your Name <you@example.org>\"\n",
        peer.port()
    ));
    sandbox
}

#[test]
fn every_command() {
    let has_jq = std::path::Path::new("/usr/bin/jq").exists();
    let (mut mails, mut commands, mut skipped) = (0, 0, 0);
    let peer = Peer::healthy();
    let sandbox = furnished(&peer);
    let shell = blocks("sh").concat();
    for line in shell.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if EXEMPT.iter().any(|word| line.starts_with(word)) {
            continue;
        }
        if line.contains("| jq") && !has_jq {
            skipped_loudly(&format!("no jq for: {line}"));
            skipped += 1;
            continue;
        }
        let line = line.replace("cargo run --release --", "whippet");
        assert!(line.contains("whippet "), "a command of another program: {line}");
        // The exit code of a pipe is that of its last word, which is whippet but for jq: its silence is asked too.
        let ran = sandbox.call().program("/bin/sh").run(&["-c", &line]);
        ran.exits(0);
        let goes_out =
            ["--sandbox", "--dry-run", "--output ", "-- true"].iter().all(|option| !line.contains(option));
        mails += usize::from(goes_out);
        commands += 1;
        if goes_out {
            assert_eq!(ran.stderr(), "", "{line}");
        }
        if line.contains("| jq") {
            assert_eq!(ran.stdout(), "you@example.org accepted\n", "{line}");
        }
        if line.contains("--sandbox") {
            ran.prints("Subject: First mail").prints("README.md");
        }
    }
    assert!(commands + skipped >= 8, "the examples were not found");
    let book = peer.finish();
    assert_eq!(book.dots(), mails);
    let text = book.messages().concat();
    for words in ["the text of letter.txt", "the text of minutes.txt", "The backup is done.", "errors.txt"] {
        assert!(text.contains(words), "no {words:?} arrived");
    }
    assert!(!text.contains("boss@example.org"), "a Bcc arrived");
    assert_eq!(book.commands("RCPT TO:<boss@example.org>").len(), 1);
}

#[test]
fn every_profile() {
    let profiles = blocks("toml");
    assert!(!profiles.is_empty());
    for profile in profiles {
        let sandbox = Sandbox::new();
        sandbox.profile(&profile);
        let ran = sandbox.run(&["config", "show"]);
        ran.exits(0).prints("smtp.example.org").prints("465");
        assert_eq!(ran.stderr(), "");
        for line in profile.lines().filter(|line| !line.is_empty()) {
            ran.prints(line.split(" = ").next().unwrap());
        }
    }
}

#[test]
fn every_exit_code_is_told() {
    let text = readme();
    for code in [0, 64, 65, 66, 67, 68, 69, 73, 74, 75, 76, 77, 78] {
        assert!(text.contains(&format!("| {code} |")), "{code} is not in the table");
    }
}

#[test]
fn every_option_it_names_exists() {
    let sandbox = Sandbox::new();
    let mut help = sandbox.run(&["--help"]).exits(0).stdout();
    for verb in ["remove", "check", "run", "install"] {
        help.push_str(&sandbox.run(&["queue", verb, "--help"]).exits(0).stdout());
    }
    help.push_str(&sandbox.run(&["run", "--help"]).exits(0).stdout());
    let text = readme();
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let options = words.filter(|word| word.len() > 3 && word.starts_with("--") && !word.starts_with("---"));
    let foreign = ["--release", "--path"];
    let mut count = 0;
    for option in options.filter(|option| !foreign.contains(option)) {
        assert!(help.contains(option), "{option} is not in the help");
        count += 1;
    }
    assert!(count > 3);
}
