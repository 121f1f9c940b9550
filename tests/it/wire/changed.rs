//! A file that changes while it is being sent: no final dot, no message, exit 74.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::{LARGE, large_file, meeting_in_the_body, nothing_was_accepted, only_outcome};
use crate::support::{Gate, Peer, Rules, Sandbox, skipped_loudly};

/// What is done to the file, and how the program calls it.
type Change = (fn(&Path), &'static str);

const CHANGES: [Change; 5] = [
    (cut, "it is shorter than before"),
    (grow, "it is longer than before"),
    (replace, "another file stands in its place"),
    (remove, "it is gone"),
    (touch, "it was written to"),
];

fn open(path: &Path) -> File {
    File::options().write(true).open(path).unwrap()
}

/// To a length that is not reached yet: what lies in the sockets is less.
fn cut(path: &Path) {
    open(path).set_len(LARGE / 2 + 1).unwrap();
}

fn grow(path: &Path) {
    open(path).set_len(LARGE + 1).unwrap();
}

fn replace(path: &Path) {
    let other = path.with_extension("new");
    fs::copy(path, &other).unwrap();
    fs::rename(other, path).unwrap();
}

fn remove(path: &Path) {
    fs::remove_file(path).unwrap();
}

fn touch(path: &Path) {
    open(path).set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
}

/// Sends with these arguments; `change` strikes when the server has read the beginning of the message.
fn strike(arguments: &[&str], is_secured: bool, (change, words): Change) {
    let gate = Gate::default();
    let peer = Peer::serving(Rules::healthy().on("DATA", meeting_in_the_body(&gate)));
    let sandbox = match is_secured {
        true => Sandbox::securely_facing(&peer, "starttls", ""),
        false => Sandbox::facing(peer.port(), ""),
    };
    let path = large_file(&sandbox, "report.txt");
    let running =
        sandbox.call().start(&[&["--json", "-s", "E3"], arguments, &["--", "bob@example.test"]].concat());
    gate.wait_for_server();
    change(&path);
    gate.open();
    let ran = running.finish();
    ran.exits(74).says("report.txt").says(words).says("the server has accepted nothing");
    let outcome = only_outcome(&ran);
    assert_eq!(outcome["stage"], "body");
    assert_eq!(outcome["in_doubt"], false);
    nothing_was_accepted(&peer.finish());
}

#[test]
fn an_attachment() {
    CHANGES.into_iter().for_each(|change| strike(&["-a", "report.txt"], false, change));
}

#[test]
fn the_text_from_a_file() {
    CHANGES.into_iter().for_each(|change| strike(&["--body-file", "report.txt"], false, change));
}

#[test]
fn the_beginning_of_the_text() {
    CHANGES.into_iter().for_each(|change| strike(&["-i", "report.txt"], false, change));
}

#[test]
fn an_attachment_under_tls() {
    CHANGES.into_iter().for_each(|change| strike(&["-a", "report.txt"], true, change));
}

#[test]
fn an_attachment_before_anything_is_connected() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    sandbox.run(&["-a", "absent", ".", "--", "bob@example.test"]).exits(66).says("absent").says("directory");
    assert_eq!(peer.finish().connections(), 0);
}

/// A disk that fails at the k-th read, for every k. `strace` stands in for the disk.
#[test]
fn a_file_that_cannot_be_read_to_its_end() {
    let mut failures = 0;
    for k in 1..1000 {
        let peer = Peer::healthy();
        let sandbox = Sandbox::facing(peer.port(), "");
        sandbox.file("report.txt", "line\n".repeat(60_000));
        let inject = format!("inject=pread64:error=EIO:when={k}");
        let program = sandbox.program();
        let strace = ["-qq", "-o", "trace", "-P", "report.txt", "-e", &inject, program.to_str().unwrap()];
        let arguments = ["-s", "E3", "-a", "report.txt", "--", "bob@example.test"];
        let can_trace = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
        if !can_trace.is_ok_and(|output| output.status.success()) {
            skipped_loudly("the disk that fails at the k-th read: no strace that works");
            return;
        }
        let ran = sandbox.call().program("strace").run(&[&strace[..], &arguments].concat());
        let trace = fs::read_to_string(sandbox.work().join("trace")).unwrap();
        let book = peer.finish();
        if !trace.contains("INJECTED") {
            // The reads are at an end, and so are the failures.
            ran.exits(0);
            assert_eq!(book.dots(), 1);
            break;
        }
        ran.exits(74).says("report.txt").says("input/output error");
        assert_eq!(book.dots(), 0, "a final dot behind a failed read, {k}");
        failures += 1;
    }
    // 300,000 octets are six blocks, and each is read to learn the size before it is read to be sent.
    assert!(failures >= 6, "only {failures} reads");
}
