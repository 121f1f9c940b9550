//! The units of systemd: `systemd-analyze verify` takes them, and the commands in them do what they say.

use std::process::Command;

use super::{healthy_machine, machine, recipe};
use crate::faces::got;
use crate::support::{Peer, Ran, Sandbox, skipped_loudly};

const UNITS: [&str; 8] = [
    "whippet-boot.service",
    "whippet-notify@.service",
    "whippet-queue.service",
    "whippet-queue.timer",
    "whippet-queue@.service",
    "whippet-queue@.timer",
    "whippet-smtp.socket",
    "whippet-smtp@.service",
];

/// The words of a command line of a unit (systemd.service(5)), for this instance on the host web1.
fn words(line: &str, instance: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_word) = (Vec::new(), String::new(), None, false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('%', _) => match letters.next() {
                Some('H') => word.push_str("web1"),
                Some('i') => word.push_str(instance),
                other => panic!("%{other:?}"),
            },
            ('$', _) => {
                assert_eq!(letters.next(), Some('$'), "systemd puts a variable in its place: {line}");
                word.push('$');
            }
            ('\\', _) => panic!("a backslash: {line}"),
            ('\'' | '"', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (' ', None) => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
                continue;
            }
            _ => word.push(letter),
        }
        is_word = true;
    }
    if is_word {
        words.push(word);
    }
    words
}

/// Runs the command of a unit.
fn start(sandbox: &Sandbox, unit: &str, key: &str, instance: &str, stdin: &str) -> Ran {
    let text = recipe(&format!("systemd/{unit}"));
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let words = words(line.unwrap_or_else(|| panic!("{unit} has no {key}")), instance);
    let arguments: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    let program = sandbox.work().join("bin").join(&words[0]);
    let program = if words[0].starts_with('/') { words[0].clone().into() } else { program };
    sandbox.stdin(stdin).program(program).run(&arguments)
}

/// A systemctl that tells what it was asked.
const SYSTEMCTL: (&str, &str) = ("systemctl", "echo \"systemctl $*\"; case $1 in status) exit 3;; esac");

#[test]
fn systemd_takes_them() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        skipped_loudly("no systemd-analyze: the units were not verified");
        return;
    }
    let sandbox = machine(Peer::closed_port(), &[SYSTEMCTL]);
    let program = sandbox.work().join("bin/whippet");
    for unit in UNITS {
        let text = recipe(&format!("systemd/{unit}"));
        // systemd looks for programs where packages put them.
        let text = text.replace("=whippet ", &format!("={} ", program.display()));
        sandbox.file(format!("units/{}", unit.replace('@', "@one")), &text);
        sandbox.file(format!("units/{unit}"), text);
    }
    let folder = sandbox.work().join("units");
    for unit in UNITS {
        let unit = unit.replace('@', "@one");
        let ran = sandbox
            .call()
            .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.display()))
            .program("/usr/bin/systemd-analyze")
            .inside(&folder)
            .run(&["verify", "--man=no", &format!("./{unit}")]);
        ran.exits(0).quiet_on_stderr();
    }
}

#[test]
fn the_start_and_the_end_of_a_machine_are_mailed() {
    for (key, subject, words) in [
        ("ExecStart", "Subject: web1 has started", "systemctl --failed"),
        ("ExecStop", "Subject: web1 goes down", "systemctl list-jobs --no-pager --no-legend reboot.target"),
    ] {
        let (peer, sandbox) = healthy_machine(&[SYSTEMCTL]);
        start(&sandbox, "whippet-boot.service", key, "", "").exits(0).quiet();
        let got = got(&peer.finish());
        assert_eq!(got.recipients, ["admin@example.org"]);
        for words in [subject, words, "Auto-Submitted: auto-generated"] {
            assert!(got.text.contains(words), "{words}: {}", got.text);
        }
    }
}

#[test]
fn without_a_network_they_wait_in_the_queue() {
    let sandbox = machine(Peer::closed_port(), &[SYSTEMCTL]);
    start(&sandbox, "whippet-boot.service", "ExecStop", "", "").exits(0);
    start(&sandbox, "whippet-queue.service", "ExecStart", "", "").exits(0);
    sandbox.run(&["queue", "list"]).exits(0).prints("1 queued");
    let peer = Peer::healthy();
    let server = format!(
        "host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"ann@example.test\"\n",
        peer.port()
    );
    sandbox.profile(&server);
    sandbox.run(&["queue", "run", "--now"]).exits(0);
    assert!(got(&peer.finish()).text.contains("goes down"));
}

#[test]
fn a_unit_that_failed_is_told_with_its_state() {
    let (peer, sandbox) = healthy_machine(&[SYSTEMCTL]);
    start(&sandbox, "whippet-notify@.service", "ExecStart", "nginx.service", "").exits(0).quiet();
    let got = got(&peer.finish());
    assert_eq!(got.recipients, ["admin@example.org"]);
    assert!(got.text.contains("Subject: nginx.service failed on web1"), "{}", got.text);
    assert!(
        got.text.contains("systemctl status --full --no-pager --lines=50 -- nginx.service"),
        "{}",
        got.text
    );
}

#[test]
fn a_connection_of_monit_is_served() {
    let (peer, sandbox) = healthy_machine(&[]);
    let rcpt = recipe("monitrc");
    let address = |word: &str| {
        let line = rcpt.lines().find(|line| line.starts_with("set ") && line.contains(word)).unwrap();
        line.split([' ', '{', '}']).find(|word| word.contains('@')).unwrap().to_owned()
    };
    let (from, to) = (address("from:"), address("alert"));
    let said = format!(
        "EHLO web1\r\nMAIL FROM: <{from}>\r\nRCPT TO: <{to}>\r\nDATA\r\nFrom: {from}\r\nTo: {to}\r\nSubject: monit alert\r\n\
         Date: Sun, 29 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nNginx does not run.\r\n.\r\nQUIT\r\n"
    );
    let ran = start(&sandbox, "whippet-smtp@.service", "ExecStart", "", &said);
    let replies = ran.exits(0).stdout();
    assert!(replies.starts_with("220 ") && replies.ends_with("\r\n"), "{replies}");
    assert!(replies.contains("\r\n250 2.0.0 ") && replies.contains("\r\n221 "), "{replies}");
    let got = got(&peer.finish());
    assert_eq!(got.recipients, ["admin@example.org"]);
    assert!(got.text.contains("Nginx does not run."));
}
