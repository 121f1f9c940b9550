//! A file that changes while it is being sent: no final dot, no message, exit 74.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{LARGE, large_file, meeting_in_the_body, nothing_was_accepted, only_outcome};
use crate::support::{Gate, Peer, Rules, Sandbox};

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
