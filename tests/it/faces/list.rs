//! The list of `-a`: when a word is a file. The rows of the table of the faces, one by one.

use super::{facing, got};
use crate::support::Peer;

/// What a row attaches and whom it writes to, or how it fails.
enum Row {
    Sends(&'static [&'static str], &'static [&'static str]),
    Fails(i32, &'static str),
}

use Row::{Fails, Sends};

const ROWS: [(&[&str], Row); 17] = [
    (&["-s", "s", "-a", "f1", "f2", "--", "r@x"], Sends(&["f1", "f2"], &["r@x"])),
    (&["-s", "subj", "r@x", "-a", "f1"], Sends(&["f1"], &["r@x"])),
    (&["-s", "s", "r@x", "-a", "f1", "f2"], Sends(&["f1", "f2"], &["r@x"])),
    (&["-a", "f1", "-b", "b@x", "--", "r@x"], Sends(&["f1"], &["r@x", "b@x"])),
    (&["-a", "f1", "-s", "s", "r@x"], Sends(&["f1"], &["r@x"])),
    (&["-a", "f1", "-a", "f2", "--", "r@x"], Sends(&["f1", "f2"], &["r@x"])),
    // What a person types first: the last word is no file, it is an address, and nobody else is written to.
    (&["-a", "f1", "r@x"], Sends(&["f1"], &["r@x"])),
    (
        &["q@x", "-a", "f1", "r@x"],
        Fails(64, "`r@x` follows -a, so it names a file, and there is none\nhint: put `--`"),
    ),
    (&["-c", "q@x", "-a", "f1", "r@x"], Fails(64, "`r@x` follows -a")),
    (&["-a", "r@x"], Fails(64, "`r@x` follows -a")),
    (&["-a", "f1", "root"], Fails(66, "hint: if `root` is a recipient, put `--` before it")),
    (&["r@x", "-a", "f1", "--", "q@x"], Sends(&["f1"], &["r@x", "q@x"])),
    (&["-a", "-", "-s", "log.txt", "--", "r@x"], Sends(&["stdin.txt"], &["r@x"])),
    (&["-a", "--", "r@x"], Fails(64, "no file follows -a")),
    (&["-s", "x", "--", "-a@x"], Sends(&[], &["-a@x"])),
    (&["-s", "x", "--", "-"], Sends(&[], &["-@example.org"])),
    (&["-a", "./-", "--", "r@x"], Sends(&["-"], &["r@x"])),
];

#[test]
fn each_row_of_the_table() {
    for (words, row) in &ROWS {
        let peer = Peer::healthy();
        let sandbox = facing(&peer);
        for name in ["f1", "f2", "-"] {
            sandbox.file(name, "some text\n");
        }
        let ran = sandbox.stdin("hello\n").run(words);
        let book = peer.finish();
        match row {
            Sends(attached, recipients) => {
                match words {
                    ["-a", "f1", "r@x"] => ran.exits(0).says("`r@x` is no file, so it is the recipient"),
                    _ => ran.exits(0).quiet(),
                };
                let got = got(&book);
                assert_eq!(
                    (&got.attached[..], &got.recipients[..]),
                    (&owned(attached)[..], &owned(recipients)[..]),
                    "{words:?}"
                );
            }
            Fails(code, said) => {
                ran.exits(*code).says(said);
                assert_eq!(book.connections(), 0, "{words:?}");
            }
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn a_file_that_looks_like_an_address_is_attached_with_a_word() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.file("bob@x.org", "text\n");
    let ran = sandbox.run(&["-a", "bob@x.org", "--", "r@x"]);
    ran.exits(0).says("attaching the file `bob@x.org`: it has the look of an address");
    assert_eq!(got(&peer.finish()).attached, ["bob@x.org"]);
}

#[test]
fn every_bad_attachment_is_named() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    std::fs::create_dir(sandbox.work().join("folder")).unwrap();
    let ran = sandbox.run(&["-a", "none.txt", "folder", "other.txt", "--", "r@x"]);
    ran.exits(66).says("none.txt").says("cannot read folder: it is a directory").says("other.txt");
    assert_eq!(peer.finish().connections(), 0);
}

#[test]
fn names_and_types_are_given() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    sandbox.file("a=b", "1,2\n");
    let ran = sandbox.stdin("x\n").run(&[
        "--attach-as",
        "n.txt=a=b",
        "--attach-type",
        "text/csv",
        "--attach",
        "a=b",
        "--attach-stdin",
        "out.log",
        "r@x",
    ]);
    ran.exits(0).quiet();
    let got = got(&peer.finish());
    assert_eq!(got.attached, ["n.txt", "a=b", "out.log"]);
    assert!(got.text.contains("Content-Type: text/csv"), "{}", got.text);
}

#[test]
fn a_fifo_is_read_to_its_end() {
    let peer = Peer::healthy();
    let sandbox = facing(&peer);
    let script = "mkfifo pipe && { echo from the pipe >pipe & } && \"$0\" -a pipe -- r@x";
    let program = crate::support::program();
    let ran = sandbox.call().program("/bin/sh").run(&["-c", script, program.to_str().unwrap()]);
    ran.exits(0).quiet();
    assert_eq!(got(&peer.finish()).attached, ["pipe"]);
}
