//! What may stand in some places only: I/O not among the words and the protocol, exit codes, the environment and
//! printing in one home each.

use crate::Offence;
use crate::paths::mentions;
use crate::source::Source;

/// A path, and who may mention it.
struct Ban {
    path: &'static [&'static str],
    /// What below that path is harmless: values without I/O.
    but: &'static [&'static str],
    why: &'static str,
}

const fn ban(path: &'static [&'static str], why: &'static str) -> Ban {
    Ban { path, but: &[], why }
}

/// An address is a word like any other; a socket is not.
const NO_SOCKETS: Ban = Ban {
    path: &["std", "net"],
    but: &["IpAddr", "Ipv4Addr", "Ipv6Addr", "AddrParseError"],
    why: "opens no socket",
};
const NO_FILES: Ban = ban(&["std", "fs"], "opens no file");

/// What the folders of words and protocol must not know (shipped code; their tests may read files).
const FOREIGN: [(&str, &[Ban]); 2] = [
    (
        "src/mail/",
        &[
            NO_SOCKETS,
            NO_FILES,
            ban(&["std", "os", "unix", "net"], "opens no socket"),
            ban(&["std", "process"], "starts no child"),
            ban(&["rustix"], "calls no system"),
        ],
    ),
    (
        "src/smtp/",
        &[
            NO_SOCKETS,
            NO_FILES,
            ban(&["std", "os", "unix", "net"], "opens no socket"),
            ban(&["std", "time", "Instant"], "reads no clock"),
            ban(&["std", "time", "SystemTime"], "reads no clock"),
            ban(&["std", "thread"], "starts no thread and does not sleep"),
            ban(&["std", "process"], "starts no child"),
            ban(&["rustix"], "calls no system"),
        ],
    ),
];

/// What may be mentioned in some places only: files, or folders with a slash at the end.
struct Home {
    what: &'static str,
    paths: &'static [&'static [&'static str]],
    places: &'static [&'static str],
}

const HOMES: [Home; 4] = [
    Home {
        what: "exit codes",
        paths: &[&["std", "process", "ExitCode", "from"], &["std", "process", "exit"]],
        places: &["src/cmd/failure.rs", "src/cmd/mod.rs", "src/lib.rs", "src/main.rs"],
    },
    Home {
        what: "environment variables",
        paths: &[
            &["std", "env", "var"],
            &["std", "env", "var_os"],
            &["std", "env", "vars"],
            &["std", "env", "vars_os"],
            &["std", "env", "set_var"],
            &["std", "env", "remove_var"],
        ],
        places: &["src/cmd/world.rs", "src/main.rs"],
    },
    Home {
        what: "arguments",
        paths: &[&["std", "env", "args"], &["std", "env", "args_os"]],
        places: &["src/cmd/world.rs", "src/main.rs"],
    },
    Home {
        what: "standard output and error",
        paths: &[&["std", "io", "stdout"], &["std", "io", "stderr"]],
        places: &["src/ui/", "src/cmd/world.rs", "src/main.rs"],
    },
];

const PRINTING: [&str; 4] = ["println!", "eprintln!", "print!", "eprint!"];
const PRINTERS: [&str; 2] = ["src/ui/", "src/main.rs"];

fn lives_in(path: &str, homes: &[&str]) -> bool {
    homes.iter().any(|home| if home.ends_with('/') { path.starts_with(home) } else { path == *home })
}

/// I/O and clocks among the words and in the protocol.
pub fn foreign_worlds(source: &Source) -> Vec<Offence> {
    let bans =
        FOREIGN.iter().filter(|(folder, _)| source.path.starts_with(folder)).flat_map(|(_, bans)| *bans);
    let mut found = Vec::new();
    for ban in bans {
        for mention in mentions(&source.shipped) {
            let harmless =
                mention.path.get(ban.path.len()).is_some_and(|next| ban.but.contains(&next.as_str()));
            if mention.may_reach(ban.path) && !harmless {
                found.push(format!(
                    "{}: {} (this folder {})",
                    source.place(mention.at),
                    mention.path.join("::"),
                    ban.why
                ));
            }
        }
    }
    found
}

/// Exit codes, environment, arguments and printing outside of their homes.
pub fn strays(source: &Source) -> Vec<Offence> {
    let mut found = Vec::new();
    for home in HOMES.iter().filter(|home| !lives_in(&source.path, home.places)) {
        for mention in mentions(&source.shipped) {
            if home.paths.iter().any(|path| mention.may_reach(path)) {
                let (place, path) = (source.place(mention.at), mention.path.join("::"));
                found.push(format!("{place}: {path} ({} belong to {})", home.what, home.places.join(", ")));
            }
        }
    }
    if !lives_in(&source.path, &PRINTERS) {
        for word in PRINTING {
            let starts =
                source.shipped.match_indices(word).filter(|(at, _)| !preceded_by_word(&source.shipped, *at));
            found.extend(starts.map(|(at, _)| format!("{}: {word} (only ui prints)", source.place(at))));
        }
    }
    found
}

fn preceded_by_word(code: &str, at: usize) -> bool {
    code[..at].ends_with(|character: char| character.is_alphanumeric() || character == '_')
}

#[cfg(test)]
fn count(rule: fn(&Source) -> Vec<Offence>, path: &str, text: &str) -> usize {
    rule(&Source::new(path, text)).len()
}

#[test]
fn foreign_worlds_are_seen() {
    let of = |path, text| count(foreign_worlds, path, text);
    assert_eq!(of("src/smtp/a.rs", "use std::net::TcpStream;"), 1);
    assert_eq!(of("src/smtp/a.rs", "fn f() { let t = std::time::Instant::now(); }"), 1);
    assert_eq!(of("src/smtp/a.rs", "use std::time::{Duration, SystemTime};"), 1);
    assert_eq!(of("src/smtp/a.rs", "use std::time;\nfn f() { time::Instant::now(); }"), 1);
    assert_eq!(of("src/smtp/a.rs", "use std::{fs, io};"), 1);
    assert_eq!(of("src/smtp/a.rs", "use std::net::*;"), 1);
    assert_eq!(
        of(
            "src/mail/a.rs",
            "use std::os::unix::net::UnixStream; use std::fs::File; use std::net::UdpSocket;"
        ),
        3
    );
    assert_eq!(of("src/mail/a.rs", "fn f() { rustix::process::getpid(); }"), 1);
}

#[test]
fn harmless_worlds_are_not() {
    let of = |path, text| count(foreign_worlds, path, text);
    assert_eq!(of("src/smtp/a.rs", "use std::net::IpAddr; use std::time::Duration; // std::fs\n"), 0);
    assert_eq!(of("src/smtp/a.rs", "#[cfg(test)] mod tests { fn f() { std::fs::read(x); } }"), 0);
    assert_eq!(of("src/net/a.rs", "use std::net::TcpStream;"), 0);
}

#[test]
fn strays_are_seen() {
    let of = |path, text| count(strays, path, text);
    assert_eq!(
        of("src/cmd/send.rs", "use std::process::ExitCode;\nfn f() -> ExitCode { ExitCode::from(75) }"),
        1
    );
    assert_eq!(of("src/net/a.rs", "fn f() { std::process::exit(1) }"), 1);
    assert_eq!(of("src/config/layer.rs", "use std::env;\nfn f() { env::var_os(\"HOME\"); env::args(); }"), 2);
    assert_eq!(of("src/config/layer.rs", "use std::env::*;"), 2);
    assert_eq!(of("src/deliver/a.rs", "fn f() { println!(); eprintln!(\"x\"); print!(); eprint!() }"), 4);
    assert_eq!(of("src/cmd/send.rs", "fn f() { writeln!(std::io::stdout(), \"x\"); }"), 1);
}

#[test]
fn what_is_at_home_is_not() {
    let of = |path, text| count(strays, path, text);
    assert_eq!(of("src/cmd/failure.rs", "fn f() { std::process::ExitCode::from(75); }"), 0);
    assert_eq!(
        of("src/cmd/send.rs", "fn f() -> std::process::ExitCode { std::process::ExitCode::SUCCESS }"),
        0
    );
    assert_eq!(
        of("src/cmd/world.rs", "fn f() { std::env::var_os(\"X\"); std::io::stdout(); std::env::args_os(); }"),
        0
    );
    assert_eq!(of("src/ui/human.rs", "fn f() { eprintln!(); }"), 0);
    assert_eq!(of("src/mail/a.rs", "fn f() { my_println!(); \"println!\"; std::env::temp_dir(); }"), 0);
}
