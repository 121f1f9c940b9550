//! The program that gives the password runs while the connection is made: when it is waited for, and how it fails.

use std::time::{Duration, Instant};

use super::{CANARY, is_clean, secured};
use crate::support::{Certificate, Peer, Rules, Sandbox, Step, say};

/// A sandbox with a profile that leads to this server, where this script of a shell gives the password.
fn asking(peer: &Peer, script: &str, more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let authority = sandbox.file("ca.pem", peer.certificate().authority_pem());
    let ask = sandbox.script("ask", &format!("#!/bin/sh\necho run >>runs\n{script}\n"));
    let place = if more.contains("hosts =") {
        String::new()
    } else {
        format!("host = \"127.0.0.1\"\nport = {}\n", peer.port())
    };
    sandbox.profile(&format!(
        "{place}tls = \"implicit\"\ntls_ca_file = {authority:?}\nusername = \"me\"\nfrom = \"me@example.org\"\n\
         password_command = [{ask:?}]\n{more}\n"
    ));
    sandbox
}

const WORDS: [&str; 3] = ["-s", "s", "a@x"];

#[test]
fn it_runs_while_the_session_is_opened() {
    let peer = secured(Certificate::good(), Rules::healthy());
    // It ends only when the server has heard EHLO.
    let sandbox = asking(&peer, &format!("until [ -e go ]; do sleep 0.01; done; echo {CANARY}"), "");
    let running = sandbox.stdin("x\n").start(&WORDS);
    let deadline = Instant::now() + Duration::from_secs(30);
    while peer.book().commands("EHLO").is_empty() {
        assert!(Instant::now() < deadline, "nobody connects before the password is there");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    assert!(peer.book().commands("AUTH").is_empty());
    sandbox.file("go", "");
    running.finish().exits(0).quiet();
    assert_eq!(peer.finish().dots(), 1);
}

#[test]
fn without_it_the_session_ends_in_order_and_nothing_is_sent() {
    for (script, words) in [
        ("echo locked >&2; exit 3", "exit code 3 and said: locked"),
        ("true", "gave an empty password"),
        ("kill -9 $$", "signal: 9"),
    ] {
        let peer = secured(Certificate::good(), Rules::healthy());
        let sandbox = asking(&peer, script, "");
        let ran = sandbox.stdin("x\n").run(&WORDS);
        ran.exits(78)
            .says("whippet: there is no password to log in with\n  because password_command: ")
            .says(words);
        let ran = sandbox.stdin("x\n").run(&["--json", "a@x"]);
        ran.exits(78).prints("\"outcomes\": []").prints("there is no password to log in with").prints(words);
        let ran = sandbox.stdin("x\n").run(&["--dry-run", "a@x"]);
        ran.exits(78).says(words);
        assert_eq!(ran.stdout(), "");
        let book = peer.finish();
        assert_eq!((book.connections(), book.commands("QUIT").len()), (2, 2), "{book:?}");
        assert!(book.commands("AUTH").is_empty() && book.commands("MAIL").is_empty(), "{book:?}");
    }
}

#[test]
fn where_both_fail_the_connection_speaks_and_the_program_is_ended() {
    // The name is there only with the whole number in it: the end may come at any moment.
    let slow = "echo $$ >new; mv new pid; exec sleep 1000";
    for (peer, code, words) in [
        (secured(Certificate::expired(), Rules::healthy()), 78, "expired"),
        (secured(Certificate::good(), Rules::healthy().offering(&["PIPELINING"])), 78, "offers none"),
        (Peer::playing([Step::Tls, say("421 4.3.2 not now"), Step::Close]), 75, "421 4.3.2 not now"),
    ] {
        let sandbox = asking(&peer, slow, "");
        sandbox.stdin("x\n").run(&WORDS).exits(code).says(words).never_shows("password to log in");
        if let Ok(pid) = std::fs::read_to_string(sandbox.work().join("pid")) {
            assert!(!std::path::Path::new("/proc").join(pid.trim()).exists(), "the program lives on");
        }
    }
    let peer = secured(Certificate::good(), Rules::healthy());
    let sandbox = asking(&peer, "exit 1", "");
    sandbox.stdin("x\n").run(&["--set", "port=1", "a@x"]).exits(75).says("nothing listens");
}

#[test]
fn it_runs_once_for_all_servers() {
    let busy = Peer::playing([
        Step::Tls,
        Step::Serve(Rules::healthy().on("AUTH", [say("421 4.3.2 going"), Step::Close])),
    ]);
    let peer = Peer::start(Certificate::good(), vec![vec![Step::Tls, Step::Serve(Rules::healthy())]]);
    let hosts = format!("hosts = [\"127.0.0.1:{}\", \"127.0.0.1:{}\"]", busy.port(), peer.port());
    let sandbox = asking(&peer, &format!("echo {CANARY}"), &hosts);
    let both = [busy.certificate().authority_pem(), peer.certificate().authority_pem()].concat();
    sandbox.file("ca.pem", both);
    let ran = sandbox.stdin("x\n").run(&WORDS);
    ran.exits(0).says("was passed over");
    is_clean(ran.stderr().as_bytes(), "two servers");
    assert_eq!(std::fs::read_to_string(sandbox.work().join("runs")).unwrap(), "run\n");
    assert_eq!((busy.finish().commands("AUTH").len(), peer.finish().dots()), (1, 1));
}
