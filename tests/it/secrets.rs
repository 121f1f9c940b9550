//! The password is where it must be and nowhere else: from every source, in every end that a run can have, it is looked
//! for in all that the program prints, says, hands to children and leaves behind.

mod pending;

use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::canary::{CANARY, KEPT, SOURCES, forms, keep, prepared, shown};
use crate::support::{Certificate, Peer, Rules, Sandbox, Step, hear, program, say};

#[test]
fn the_forms_are_found_where_they_are() {
    // By base64(1): the password alone, behind one octet, behind two; the last is what AUTH PLAIN says (RFC 4616).
    for text in [
        "Q2FuYXJ5LTQ3MTEtc2VjcmV0",
        "AENhbmFyeS00NzExLXNlY3JldA==",
        "AABDYW5hcnktNDcxMS1zZWNyZXQ=",
        "AG1lAENhbmFyeS00NzExLXNlY3JldA==",
    ] {
        assert_eq!(forms().iter().filter(|form| text.contains(*form)).count(), 1, "{text}");
    }
    assert!(forms().iter().all(|form| form.len() >= 16));
}

/// Fails if a form of the password is in the text.
#[track_caller]
fn is_clean(text: &[u8], what: &str) {
    assert!(shown(text).is_none(), "{what} shows the password:\n{}", String::from_utf8_lossy(text));
}

#[track_caller]
fn nothing_is_left(sandbox: &Sandbox, what: &str) {
    let root = sandbox.home().parent().unwrap().to_owned();
    for file in sandbox.files().iter().filter(|file| !KEPT.contains(&file.as_str())) {
        is_clean(&std::fs::read(root.join(file)).unwrap(), &format!("{what}: {file}"));
    }
}

fn secured(certificate: Certificate, rules: Rules) -> Peer {
    Peer::start(certificate, vec![vec![Step::Tls, Step::Serve(rules)]])
}

#[test]
fn from_every_source_at_every_end() {
    type Made = fn() -> Peer;
    let ends: [(&str, Made, &[&str], i32); 8] = [
        ("accepted", || secured(Certificate::good(), Rules::healthy()), &[], 0),
        (
            "refused",
            || secured(Certificate::good(), Rules::healthy().on("AUTH", [say("535 5.7.8 no")])),
            &[],
            77,
        ),
        (
            "refused, with all said",
            || secured(Certificate::good(), Rules::healthy().on("AUTH", [say("535 5.7.8 no")])),
            &["-d", "5"],
            77,
        ),
        ("no TLS", || secured(Certificate::expired(), Rules::healthy()), &[], 78),
        (
            "a transcript",
            || secured(Certificate::good(), Rules::healthy()),
            &["--verbose", "--verbose", "--verbose"],
            0,
        ),
        (
            "LOGIN, a transcript",
            || secured(Certificate::good(), Rules::healthy()),
            &["--set", "auth=login", "--verbose"],
            0,
        ),
        ("JSON", || secured(Certificate::good(), Rules::healthy()), &["--json"], 0),
        ("dry", || secured(Certificate::good(), Rules::healthy()), &["--dry-run"], 0),
    ];
    for source in &SOURCES {
        for (end, peer, words, code) in &ends {
            let what = format!("{}, {end}", source.name);
            let peer = peer();
            let sandbox = prepared(source, &peer, "");
            let ran = sandbox.stdin("hello\n").run(&[words, &["-s", "s", "a@x"][..]].concat());
            ran.exits(*code);
            is_clean(ran.stdout_octets(), &what);
            is_clean(ran.stderr().as_bytes(), &what);
            nothing_is_left(&sandbox, &what);
            let book = peer.finish();
            is_clean(book.lines_in_clear().join("\n").as_bytes(), &what);
            // The test is worth something only if the password was really used.
            let logins =
                book.lines().iter().filter(|line| forms().iter().any(|form| line.contains(form))).count();
            assert_eq!(logins, usize::from(!matches!(*end, "dry" | "no TLS")), "{what}");
        }
    }
}

/// The mechanisms that do not send the password as it is, and those of tokens, which do.
#[test]
fn by_every_mechanism() {
    let challenge = "334 PDEuMkBwZWVyLnRlc3Q+";
    let objection = "334 eyJzdGF0dXMiOiI0MDEifQ==";
    let refusal = || say("535 5.7.8 no");
    for (mechanism, steps, code, is_sent) in [
        ("CRAM-MD5", vec![say(challenge), hear(), say("235 welcome")], 0, false),
        ("CRAM-MD5", vec![say(challenge), hear(), refusal()], 77, false),
        ("SCRAM-SHA-1", vec![refusal()], 77, false),
        ("SCRAM-SHA-256", vec![say("235 welcome")], 76, false),
        ("XOAUTH2", vec![say("235 welcome")], 0, true),
        ("XOAUTH2", vec![say(objection), hear(), refusal()], 77, true),
        ("OAUTHBEARER", vec![say("235 welcome")], 0, true),
        ("OAUTHBEARER", vec![say(objection), hear(), refusal()], 77, true),
    ] {
        let offer = format!("AUTH {mechanism}");
        let peer = secured(Certificate::good(), Rules::healthy().offering(&[&offer]).on("AUTH", steps));
        let sandbox = prepared(&SOURCES[1], &peer, &format!("auth = \"{mechanism}\"\n"));
        let ran = sandbox.stdin("hello\n").run(&["-d", "5", "--json", "-s", "s", "a@x"]);
        ran.exits(code);
        is_clean(ran.stdout_octets(), mechanism);
        is_clean(ran.stderr().as_bytes(), mechanism);
        nothing_is_left(&sandbox, mechanism);
        let book = peer.finish();
        let sent = book.lines().iter().any(|line| forms().iter().any(|form| line.contains(form)));
        assert_eq!(sent, is_sent, "{mechanism}");
    }
}

#[test]
fn settings_show_no_password() {
    for source in &SOURCES {
        let peer = Peer::healthy();
        let sandbox = prepared(source, &peer, "");
        for words in [&["config", "show"][..], &["config", "show", "--json"], &["-D"], &["-Q", source.name]] {
            let ran = sandbox.run(words);
            ran.exits(0).prints(source.name);
            is_clean(ran.stdout_octets(), source.name);
            is_clean(ran.stderr().as_bytes(), source.name);
            if source.name == "password" {
                ran.prints("***");
            }
        }
        assert_eq!(peer.finish().connections(), 0);
    }
}

#[test]
fn children_do_not_get_it() {
    // The command that gives one password does not see the variable of another profile's.
    let peer = secured(Certificate::good(), Rules::healthy());
    let mut sandbox =
        prepared(&SOURCES[2], &peer, "[profiles.main]\n[profiles.other]\npassword_env = \"SMTP_SECRET\"\n");
    sandbox.env("SMTP_SECRET", CANARY);
    sandbox.stdin("x\n").run(&["--profile", "main", "a@x"]).exits(0);
    for file in ["command-env", "command-argv"] {
        let text = std::fs::read(sandbox.work().join(file)).unwrap();
        assert!(!text.is_empty());
        is_clean(&text, file);
    }
    assert_eq!(peer.finish().dots(), 1);

    let mut sandbox = Sandbox::new();
    let work = sandbox.work();
    let work = work.display();
    let script = format!(
        "#!/bin/sh\nenv >{work}/child-env\ntr '\\0' ' ' </proc/$$/cmdline >{work}/child-argv\ncat >{work}/child-mail\n"
    );
    let stand_in = sandbox.script("sendmail", &script);
    sandbox.profile(&format!(
        "route = \"sendmail\"\nsendmail_path = {stand_in:?}\nusername = \"me\"\npassword_env = \"SMTP_SECRET\"\n\
         from = \"me@example.org\"\n"
    ));
    sandbox.env("SMTP_SECRET", CANARY).env("OTHER", "visible");
    sandbox.stdin("x\n").run(&["a@x"]).exits(0).quiet();
    let environment = std::fs::read_to_string(sandbox.work().join("child-env")).unwrap();
    assert!(environment.contains("OTHER=visible") && !environment.contains("SMTP_SECRET"), "{environment}");
    nothing_is_left(&sandbox, "sendmail");
}

#[test]
fn the_command_line_of_the_process_is_as_typed() {
    // While the server is silent behind AUTH, the password has been read and sent.
    let peer = secured(Certificate::good(), Rules::healthy().on("AUTH", [Step::Silence]));
    let sandbox = prepared(&SOURCES[2], &peer, "");
    let mut command = Command::new(program());
    command.env_clear().env("HOME", sandbox.home()).env("PATH", "/usr/bin:/bin").process_group(0);
    command
        .args(["--verbose", "-s", "s", "a@x"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while peer.book().commands("AUTH").is_empty() {
        assert!(std::time::Instant::now() < deadline, "no login came");
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    let facts = Path::new("/proc").join(child.id().to_string());
    if facts.exists() {
        for name in ["cmdline", "environ"] {
            match std::fs::read(facts.join(name)) {
                Ok(text) => {
                    assert!(!text.is_empty());
                    is_clean(&text, name);
                }
                // Whoever holds a password shows its environment to root alone.
                Err(error) => assert_eq!((error.kind(), name), (ErrorKind::PermissionDenied, "environ")),
            }
        }
    } else {
        crate::support::skipped_loudly("this system has no /proc");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_password_in_a_wrong_place_is_not_repeated() {
    let sandbox = Sandbox::new();
    let url = format!("smtps://me:{CANARY}@127.0.0.1");
    let set = format!("password={CANARY}");
    let wrong_name = format!("pasword={CANARY}");
    let command = format!("set smtp_pass={CANARY}");
    let in_url = format!("set smtp_url={url}");
    for (words, code) in [
        (&["--smtp", &url][..], 64),
        (&["--set", &set], 64),
        (&["--set", &wrong_name], 64),
        (&["-e", &command], 64),
        (&["-e", &in_url], 64),
    ] {
        for more in [&[][..], &["--json"], &["--verbose"]] {
            let ran = sandbox.run(&[words, more, &["a@x"]].concat());
            ran.exits(code);
            is_clean(ran.stdout_octets(), words[1]);
            is_clean(ran.stderr().as_bytes(), words[0]);
        }
    }
    let ran = sandbox.call().env("WHIPPET_SMTP", &url).run(&["a@x"]);
    ran.exits(78);
    is_clean(ran.stderr().as_bytes(), "WHIPPET_SMTP");
    for broken in [
        format!("password = {CANARY}\n"),
        format!("password = \"{CANARY}\n"),
        format!("pasword = \"{CANARY}\"\n"),
        format!("password = [\"{CANARY}\"]\n"),
        format!("password = \"{CANARY}\\n\"\n"),
        format!("set smtp_pass={CANARY}\n"),
        format!("password_file = \"x\"\npassword = \"{CANARY}\"\n"),
    ] {
        sandbox.profile(&broken);
        let ran = sandbox.run(&["--json", "a@x"]);
        ran.exits(78);
        is_clean(ran.stdout_octets(), &broken);
        is_clean(ran.stderr().as_bytes(), &broken);
    }
}

#[test]
fn a_command_that_fails_does_not_show_what_it_printed() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::new();
    sandbox.profile(&format!(
        "host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nallow_plaintext_auth = true\nusername = \"me\"\nfrom = \"me@x.org\"\n\
         password_command = \"cat {}; echo locked >&2; exit 3\"\n",
        peer.port(),
        keep(&sandbox, "vault", CANARY).display()
    ));
    let ran = sandbox.run(&["--json", "--verbose", "a@x"]);
    ran.exits(78).says("exit code 3 and said: locked");
    is_clean(ran.stdout_octets(), "the report");
    is_clean(ran.stderr().as_bytes(), "the complaint");
}
