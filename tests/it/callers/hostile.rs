//! Every face in every poor environment: it ends with the code of the table and a word that says why, and never by a bug, by
//! a signal or not at all; and what it writes lies in the folder of the queue.

use std::time::Duration;

use super::Account;
use crate::support::{Peer, Ran};

/// A face as the shell calls it, and its exit code where all is well.
const FACES: [(&str, i32); 6] = [
    ("whippet -s s r@x.example", 0),
    ("sendmail -i r@x.example", 0),
    ("mail -s s r@x.example", 0),
    ("mailq", 0),
    ("sendmail -bs", 0),
    ("whippet run --to r@x.example -- false", 1),
];

/// Calls this line of the shell with this input; whatever the code is, it is none of a bug.
#[track_caller]
fn called(account: &Account, line: &str, stdin: &[u8]) -> Ran {
    let ran =
        account.sandbox.stdin(stdin).program("/bin/sh").within(Duration::from_secs(30)).run(&["-c", line]);
    ran.ended_by_itself().never_shows("bug in whippet").never_shows("panicked");
    assert_ne!(ran.code(), Some(70), "{line}");
    let stray: Vec<String> = account
        .sandbox
        .files()
        .into_iter()
        .filter(|file| {
            !["work/bin/", "work/given", "home/.config/", "home/.local/state/whippet/"]
                .iter()
                .any(|known| file.starts_with(known))
        })
        .collect();
    assert_eq!(stray, Vec::<String>::new(), "{line}");
    ran
}

#[test]
fn each_face_in_each_environment() {
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    account.sandbox.file("given", "x\n");
    let config = account.sandbox.home().join(".config");
    // Before, behind, and the codes that differ: of a face by its first word or two.
    type Others<'a> = &'a [(&'a str, i32)];
    let environments: [(&str, &str, Others<'_>); 17] = [
        ("LC_ALL=C", "", &[]),
        ("env -i PATH=$PATH XDG_CONFIG_HOME={config}", "", &[]),
        ("XDG_CONFIG_HOME={config} HOME=/nonexistent", "", &[]),
        ("XDG_CONFIG_HOME={config} HOME=/proc", "", &[]),
        ("XDG_CONFIG_HOME={config} HOME=", "", &[]),
        ("setsid -w env", "", &[]),
        ("", "<&-", &[]),
        ("", ">&-", &[]),
        ("", "2>&-", &[]),
        ("", "<&- >&- 2>&-", &[]),
        ("", ">/dev/full", &[("sendmail -bs", 74), ("mailq", 74)]),
        ("", "2>/dev/full", &[]),
        ("", "<given", &[]),
        ("", "0>given", &[]),
        ("", "</", &[("whippet -s", 66), ("sendmail -i", 66), ("mail -s", 66), ("sendmail -bs", 74)]),
        ("umask 0;", "", &[]),
        ("umask 777;", "", &[]),
    ];
    for (before, behind, others) in environments {
        for (face, usual) in FACES {
            let before = before.replace("{config}", &config.display().to_string());
            let line = format!("{before} {face} {behind}");
            let ran = called(&account, line.trim(), b"");
            let code =
                others.iter().find(|(known, _)| face.starts_with(known)).map_or(usual, |(_, code)| *code);
            ran.exits(code);
            if code >= 64 && !behind.contains('2') {
                assert!(ran.stderr().starts_with("whippet: "), "{line}: {}", ran.stderr());
            }
        }
        account.sandbox.file("given", "x\n");
    }
}

#[test]
fn no_place_for_a_temporary_file() {
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    let body = b"Subject: s\n\nline of the text\n".repeat(20_000);
    for place in ["/nonexistent", "/proc"] {
        for face in ["whippet -s s r@x.example", "sendmail r@x.example", "mail -s s r@x.example"] {
            let ran = called(&account, &format!("TMPDIR={place} {face}"), &body);
            ran.exits(73).says("temporary file").says(place);
        }
        let ran = called(&account, &format!("TMPDIR={place} whippet run --to r@x.example -- false"), b"");
        // What a job says needs none.
        ran.exits(1).quiet();
        // A dialogue goes on, and the mail is put off.
        let dialogue = [
            b"EHLO me\r\nMAIL FROM:<a@x>\r\nRCPT TO:<r@x>\r\nDATA\r\n".as_slice(),
            &body,
            b"\r\n.\r\nQUIT\r\n",
        ]
        .concat();
        let ran = called(&account, &format!("TMPDIR={place} sendmail -bs"), &dialogue);
        let said = ran.exits(0).stdout();
        assert!(said.contains("\n4") && said.lines().last().unwrap().starts_with("221"), "{said}");
    }
    // The mails of the two jobs, which need no such file.
    assert_eq!(peer.finish().dots(), 2);
}

/// Where neither the server nor the queue takes a mail, the caller hears that it may try again.
#[test]
fn no_place_for_the_queue() {
    let account = Account::facing(Peer::closed_port(), "");
    let config = account.sandbox.home().join(".config");
    let config = config.display();
    for limit in ["HOME=/proc".to_owned(), "HOME=/nonexistent/home".to_owned(), "ulimit -f 0;".to_owned()] {
        for face in ["sendmail r@x.example", "mail -s s r@x.example"] {
            let line = format!("export XDG_CONFIG_HOME={config}; {limit} {face}");
            called(&account, &line, b"Subject: s\n\nx\n").exits(75).says("not queued");
        }
    }
    // What the caller's mask leaves of permissions is no matter.
    for mask in ["0", "777"] {
        let line = format!("umask {mask}; sendmail r@x.example");
        called(&account, &line, b"Subject: s\n\nx\n").exits(0).says("queued as");
        called(&account, &format!("umask {mask}; mailq"), b"").exits(0).prints("1/1");
    }
}

#[test]
fn words_without_end() {
    // The most that Linux takes as one word is 128 KiB.
    let long = "x".repeat(131_000);
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    let call = |name: &str, words: &[&str]| {
        let ran = account.sandbox.stdin("x\n").called_as(name).within(Duration::from_secs(50)).run(words);
        ran.ended_by_itself().never_shows("bug in whippet");
        ran
    };
    call("whippet", &["-s", &long, "r@x.example"]).exits(0);
    call("mail", &["-s", &long, "r@x.example"]).exits(0);
    for name in ["whippet", "sendmail", "mail"] {
        let ran = call(
            name,
            &["-s", &long, &format!("{long}@x.example")][if name == "sendmail" { 2 } else { 0 }..],
        );
        ran.exits(65);
        assert!(
            ran.stderr().len() < 20_000,
            "{name}: an error is no place for {} octets",
            ran.stderr().len()
        );
        let ran = call(name, &[&format!("--{long}"), "r@x.example"]);
        ran.exits(64);
        assert!(
            ran.stderr().len() < 20_000,
            "{name}: an error is no place for {} octets",
            ran.stderr().len()
        );
        call(name, &[&format!("-{}", "Z".repeat(131_000)), "r@x.example"]).exits(64);
    }
    call("mailq", &[&long]).ended_by_itself();
    assert_eq!(peer.finish().dots(), 2);
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    let words = vec!["r@x.example"; 20_000];
    for name in ["whippet", "sendmail", "mail"] {
        let ran = account.sandbox.stdin("x\n").called_as(name).within(Duration::from_secs(50)).run(&words);
        ran.exits(0);
    }
    let letters = vec!["-v"; 20_000];
    let ran =
        account.sandbox.stdin("x\n").called_as("sendmail").within(Duration::from_secs(50)).run(&letters);
    ran.exits(64);
    assert_eq!(peer.finish().commands("RCPT").len(), 3);
}

#[test]
fn words_that_are_no_text() {
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    account.sandbox.file("f1", "x\n");
    let name = std::ffi::OsStr::new("f");
    let odd = [std::os::unix::ffi::OsStrExt::as_bytes(name), b"\xff"].concat();
    std::fs::write(
        account.sandbox.work().join(std::ffi::OsString::from(
            <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&odd),
        )),
        "x",
    )
    .unwrap();
    type Words<'a> = &'a [&'a [u8]];
    let cases: [(&str, Words<'_>, i32); 22] = [
        ("whippet", &[b"-s", b"\xff", b"r@x.example"], 0),
        ("whippet", &[b"-a", b"f\xff", b"--", b"r@x.example"], 0),
        ("whippet", &[b"-a", b"g\xff", b"--", b"r@x.example"], 66),
        ("whippet", &[b"r\xff@x.example"], 65),
        ("whippet", &[b"-\xff", b"r@x.example"], 64),
        ("whippet", &[b"--\xff", b"r@x.example"], 64),
        ("whippet", &[b"\xff"], 65),
        ("whippet", &[b"--profile", b"\xff", b"r@x.example"], 65),
        ("sendmail", &[b"r\xff@x.example"], 65),
        ("sendmail", &[b"-f", b"\xff@x.example", b"r@x.example"], 65),
        ("sendmail", &[b"-F\xff", b"r@x.example"], 0),
        ("sendmail", &[b"-\xff", b"r@x.example"], 64),
        ("sendmail", &[b"-C\xff", b"r@x.example"], 0),
        ("sendmail", &[b"-V\xff", b"r@x.example"], 65),
        ("sendmail", &[b"-q\xff"], 65),
        ("mail", &[b"-s\xff", b"r@x.example"], 0),
        ("mail", &[b"-r\xff", b"r@x.example"], 65),
        ("mail", &[b"-Sa=\xff", b"r@x.example"], 0),
        ("mail", &[b"-a\xff: x", b"r@x.example"], 66),
        ("mail", &[b"-\xff", b"r@x.example"], 64),
        ("mailq", &[b"\xff"], 65),
        ("whippet", &[b"run", b"--to", b"r@x.example", b"--", b"sh\xff"], 127),
    ];
    for (name, words, code) in cases {
        let ran = account.sandbox.stdin("x\n").called_as(name).run_octets(words);
        ran.ended_by_itself().never_shows("bug in whippet");
        let told = words.concat().escape_ascii().to_string();
        assert_eq!(ran.code(), Some(code), "{name} {told}: {}", ran.stderr());
        if (64..100).contains(&code) {
            assert!(ran.stderr().starts_with("whippet: "), "{name} {told}: {}", ran.stderr());
        }
    }
}

/// Whoever is called by no name at all is whippet.
#[test]
fn no_name() {
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    account.sandbox.stdin("x\n").called_as("").run(&["-s", "s", "r@x.example"]).exits(0).quiet();
    account.sandbox.stdin("x\n").called_as("").run(&["sendmail", "r@x.example"]).exits(0).quiet();
    account.sandbox.stdin("x\n").called_as("/").run(&[]).exits(64);
    assert_eq!(peer.finish().dots(), 2);
}
