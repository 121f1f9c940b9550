//! The places of the command line and the environment.

use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::judge::{Messages, refused};
use super::payloads::payloads;
use crate::support::{Book, Peer, Ran, Sandbox};

/// Where a payload goes.
struct Place {
    name: &'static str,
    /// Words around it.
    words: fn(&[u8]) -> Vec<Vec<u8>>,
    /// A harmless payload; what it makes is what all others may make.
    plain: &'static str,
    /// A refusal says one of these.
    named: &'static [&'static str],
    /// Whether the payload is a list of recipients, of which it may name some.
    is_list: bool,
}

fn glued(before: &str, payload: &[u8], after: &str) -> Vec<u8> {
    [before.as_bytes(), payload, after.as_bytes()].concat()
}

macro_rules! place {
    ($name:literal, $plain:literal, $named:expr, $list:literal, |$payload:ident| [$($word:expr),*]) => {
        Place { name: $name, plain: $plain, named: &$named, is_list: $list,
            words: |$payload: &[u8]| vec![$(Vec::<u8>::from($word)),*] }
    };
}

/// Free text.
const TEXTS: [Place; 12] = [
    place!("subject", "plain", ["subject"], false, |p| ["-s", p, "a@x"]),
    place!("value", "plain", ["X-Tag"], false, |p| ["--header", glued("X-Tag: ", p, ""), "a@x"]),
    place!("References", "<a@b>", ["References"], false, |p| [
        "--header",
        glued("References: ", p, ""),
        "a@x"
    ]),
    place!("field", "X-Plain", ["--header", "field name"], false, |p| [
        "--header",
        glued("", p, ": v"),
        "a@x"
    ]),
    place!("my_hdr", "plain", ["-e"], false, |p| ["-e", glued("my_hdr X-Tag: ", p, ""), "a@x"]),
    place!("realname", "Plain", ["-e", "From"], false, |p| ["-e", glued("set realname='", p, "'"), "a@x"]),
    place!("set realname", "Plain", ["realname", "From", "--set"], false, |p| [
        "--set",
        glued("realname=", p, ""),
        "a@x"
    ]),
    place!("keywords", "plain", ["--keywords"], false, |p| ["--keywords", p, "a@x"]),
    place!("in-reply-to", "<a@b>", ["--in-reply-to"], false, |p| ["--in-reply-to", p, "a@x"]),
    place!("list-unsubscribe", "mailto:a@b", ["--list-unsubscribe"], false, |p| [
        "--list-unsubscribe",
        p,
        "a@x"
    ]),
    place!("charset", "utf-8", ["charset"], false, |p| ["--charset", p, "a@x"]),
    place!("hello_name", "plain", ["hello_name", "--set"], false, |p| [
        "--set",
        glued("hello_name=", p, ""),
        "a@x"
    ]),
];

/// Addresses and lists of them.
const ADDRESSES: [Place; 14] = [
    place!("recipient", "a@x", ["address", "recipient"], true, |p| ["-s", "s", "--", p]),
    place!("recipient's name", "Plain", ["address", "recipient"], true, |p| ["--", glued("", p, " <a@x>")]),
    place!("Cc", "c@x", ["Cc", "--cc"], true, |p| ["-c", p, "a@x"]),
    place!("Bcc", "b@x", ["Bcc", "--bcc"], true, |p| ["-b", p, "a@x"]),
    place!("my_hdr Cc", "c@x", ["Cc", "-e"], true, |p| ["-e", glued("my_hdr Cc: ", p, ""), "a@x"]),
    place!("From", "f@x", ["From", "--from"], false, |p| ["--from", p, "a@x"]),
    place!("From's name", "Plain", ["From", "--from"], false, |p| [
        "--from",
        glued("\"", p, "\" <f@x>"),
        "a@x"
    ]),
    place!("Reply-To", "f@x", ["Reply-To", "--reply-to"], false, |p| ["--reply-to", p, "a@x"]),
    place!("sender", "f@x", ["Sender", "--sender"], false, |p| ["--sender", p, "a@x"]),
    place!("receipt", "f@x", ["--read-receipt"], false, |p| [glued("--read-receipt=", p, ""), "a@x"]),
    place!("reverse-path", "f@x", ["reverse-path"], false, |p| ["--reverse-path", p, "a@x"]),
    place!("hostname", "x.example", ["-e", "address", "hostname"], false, |p| [
        "-e",
        glued("set hostname='", p, "'"),
        "a@x"
    ]),
    place!("mailto", "a@x", ["address", "mailto", "recipient"], true, |p| ["--", glued("mailto:", p, "")]),
    place!("set from", "f@x", ["from", "--set"], false, |p| ["--set", glued("from=", p, ""), "a@x"]),
];

/// Names of attachments, and types.
const NAMES: [Place; 4] = [
    place!("attach-as", "plain", ["--attach-as", "cannot open"], false, |p| [
        "--attach-as",
        glued("", p, "=f1"),
        "a@x"
    ]),
    place!("attach-stdin", "plain", ["--attach-stdin"], false, |p| ["--attach-stdin", p, "a@x"]),
    place!("attach-type", "text/plain", ["--attach-type"], false, |p| [
        "--attach-type",
        p,
        "--attach",
        "f1",
        "a@x"
    ]),
    place!("content_type", "text/plain", ["-e", "content_type"], false, |p| [
        "-e",
        glued("set content_type='", p, "'"),
        "a@x"
    ]),
];

fn run(words: &[Vec<u8>], variable: Option<(&str, &[u8])>) -> (Ran, Book, Sandbox) {
    let peer = Peer::healthy();
    let sandbox = Sandbox::new();
    let port = peer.port();
    sandbox.file("f1", "text\n");
    sandbox.profile(&format!(
        "host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nhello_name = \"me.example\"\n"
    ));
    let mut call = sandbox.stdin("hello\n").env("EMAIL", "me@example.org");
    if let Some((name, value)) = variable {
        call = call.env(name, std::ffi::OsStr::from_bytes(value));
    }
    let ran = call.run_octets(&words.iter().map(Vec::as_slice).collect::<Vec<_>>());
    (ran, peer.finish(), sandbox)
}

/// Runs every payload at every place.
fn judge(places: &[Place]) {
    let mut messages = Messages::default();
    let plain = |place: &Place| format!("{}, plain", place.name);
    for place in places {
        let all = std::iter::once(("plain".to_owned(), place.plain.as_bytes().to_vec())).chain(payloads());
        for (name, payload) in all {
            let case = format!("{}, {name}", place.name);
            let (ran, book, sandbox) = run(&(place.words)(&payload), None);
            assert!(!sandbox.work().join("injected").exists(), "{case}: a shell has run it");
            match ran.code() {
                Some(0) => messages.take(&case, &book, (!place.is_list).then_some(&["a@x"])),
                // A name that holds = is cut there, and what follows it is a path.
                Some(66) if place.name == "attach-as" => refused(&ran, &book, &[66], place.named, &case),
                _ => refused(&ran, &book, &[64, 65], place.named, &case),
            }
            assert!(name != "plain" || ran.code() == Some(0), "{case}: {}", ran.stderr());
        }
    }
    let sandbox = Sandbox::new();
    let parsed = messages.parsed(&sandbox);
    for place in places {
        let allowed = &parsed[&plain(place)];
        for (case, fields) in parsed.iter().filter(|(case, _)| case.starts_with(&format!("{}, ", place.name)))
        {
            match place.name {
                // The name is the payload; what counts is that it is one.
                "field" => assert_eq!(fields[0].len(), allowed[0].len(), "{case}: {fields:?}"),
                // A list may turn out to be empty, and then it makes no field.
                _ if place.is_list => {
                    let mut rest = allowed[0].clone();
                    for name in &fields[0] {
                        let at = rest.iter().position(|other| other == name);
                        rest.remove(at.unwrap_or_else(|| panic!("{case}: {name} in {fields:?}")));
                    }
                }
                _ => assert_eq!(fields, allowed, "{case}"),
            }
        }
    }
}

#[test]
fn texts() {
    judge(&TEXTS);
}

#[test]
fn addresses() {
    judge(&ADDRESSES);
}

#[test]
fn names() {
    judge(&NAMES);
}

#[test]
fn files_with_odd_names() {
    let mut messages = Messages::default();
    for (name, payload) in payloads() {
        if payload.contains(&b'/') || payload.len() > 255 {
            continue;
        }
        let peer = Peer::healthy();
        let sandbox = Sandbox::new();
        let file = std::ffi::OsString::from_vec(payload.clone());
        sandbox.file(&file, "text\n");
        sandbox.profile(&format!(
            "host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"me@example.org\"\n",
            peer.port()
        ));
        let ran = sandbox.stdin("hello\n").run_octets(&[b"-a", &payload, b"--", b"a@x"]);
        ran.exits(0);
        messages.take(&name, &peer.finish(), Some(&["a@x"]));
    }
    let parsed = messages.parsed(&Sandbox::new());
    assert!(parsed.len() > 20);
    let first = parsed.values().next().unwrap().clone();
    for (name, fields) in parsed {
        assert_eq!(fields, first, "{name}");
    }
}

#[test]
fn variables() {
    let mut messages = Messages::default();
    for (variable, key) in [("EMAIL", "EMAIL"), ("REPLYTO", "REPLYTO")] {
        for (name, payload) in payloads() {
            if payload.len() > 2000 {
                continue;
            }
            let case = format!("{variable}, {name}");
            let (ran, book, _sandbox) = run(&[b"a@x".to_vec()], Some((variable, &payload)));
            match ran.code() {
                Some(0) => messages.take(&case, &book, Some(&["a@x"])),
                _ => refused(&ran, &book, &[78], &[key], &case),
            }
        }
    }
    for (case, fields) in messages.parsed(&Sandbox::new()) {
        assert!(!fields[0].contains(&"bcc".to_owned()), "{case}: {fields:?}");
    }
}
