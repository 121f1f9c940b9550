//! The lines that other programs read: the command in each is run as that program would run it.

use super::{healthy_machine, recipe};
use crate::faces::got;
use crate::support::skipped_loudly;

const MESSAGE: &str = "To: root\nSubject: A report\n\nAll is well.\n";

/// The value of a line `name = value` or `name=value`, without its quotes.
fn value(text: &str, name: &str) -> String {
    let of_name = |line: &str| {
        let (left, right) = line.split_once('=')?;
        (left.trim() == name).then(|| right.trim().trim_matches('"').to_owned())
    };
    text.lines().find_map(of_name).unwrap_or_else(|| panic!("no {name}"))
}

/// A command line in which /usr/bin/whippet is the program under test.
fn here(line: &str) -> String {
    line.replace("/usr/bin/whippet", "whippet").replace("/usr/sbin/sendmail", "whippet sendmail")
}

#[test]
fn what_a_pipe_gets_arrives() {
    for (name, key) in [("php.ini", "sendmail_path"), ("logwatch.conf", "mailer")] {
        let (peer, sandbox) = healthy_machine(&[]);
        let line = here(&value(&recipe(name), key));
        sandbox.stdin(MESSAGE).program("/bin/sh").run(&["-c", &line]).exits(0).quiet();
        let got = got(&peer.finish());
        assert_eq!(got.recipients, ["admin@example.org"], "{name}");
        assert!(got.text.contains("All is well."), "{name}");
    }
}

#[test]
fn php_sends() {
    let (peer, sandbox) = healthy_machine(&[]);
    if !std::path::Path::new("/usr/bin/php").exists() {
        skipped_loudly("no php: its mail() was not tried");
        return;
    }
    sandbox.file("php.ini", recipe("php.ini"));
    let code = "exit(mail('root', 'Order 7', \"Two socks.\\r\\n\", ['From' => 'shop@example.org']) ? 0 : 1);";
    sandbox.call().program("/usr/bin/php").run(&["-c", "php.ini", "-r", code]).exits(0);
    let got = got(&peer.finish());
    assert_eq!(got.recipients, ["admin@example.org"]);
    assert!(got.text.contains("Subject: Order 7") && got.text.contains("Two socks."), "{}", got.text);
}

#[test]
fn symfony_and_laravel_speak_smtp() {
    let dialogue = "HELO [127.0.0.1]\r\nMAIL FROM:<shop@example.org>\r\nRCPT TO:<al@example.org>\r\nDATA\r\nFrom: shop@example.org\r\n\
                    To: al@example.org\r\nSubject: Order 7\r\n\r\nTwo socks.\r\n.\r\nQUIT\r\n";
    let symfony = recipe("symfony.env");
    assert!(symfony.contains("\nMAILER_DSN=sendmail://default\n"));
    let (_, command) = symfony.split_once("command=").unwrap();
    let command = command.split('"').next().unwrap().replace("%20", " ");
    for line in [command, value(&recipe("laravel.env"), "MAIL_SENDMAIL_PATH")] {
        assert!(line.starts_with("/usr/bin/whippet sendmail -bs"), "{line}");
        let (peer, sandbox) = healthy_machine(&[]);
        let ran = sandbox.stdin(dialogue).program("/bin/sh").run(&["-c", &here(&line)]);
        assert!(ran.exits(0).stdout().contains("250 2.0.0 "), "{}", ran.stdout());
        assert_eq!(got(&peer.finish()).recipients, ["al@example.org"], "{line}");
    }
}

#[test]
fn git_reads_its_lines() {
    let (peer, mut sandbox) = healthy_machine(&[]);
    let file = sandbox.file("gitconfig", recipe("gitconfig"));
    sandbox.env("GIT_CONFIG_GLOBAL", &file).env("GIT_CONFIG_SYSTEM", "/dev/null");
    let ran = sandbox.call().program("/usr/bin/git").run(&["config", "--get", "sendemail.sendmailcmd"]);
    let command = ran.exits(0).stdout().trim().to_owned();
    assert_eq!(command, "whippet sendmail");
    // As git does it.
    let line = format!("{command} \"$@\"");
    let words = ["-c", &line, "-", "-f", "me@example.org", "-i", "list@example.org", "bo@example.org"];
    let patch = "From: me@example.org\nTo: list@example.org\nSubject: [PATCH] x\n\n---\n";
    sandbox.stdin(patch).program("/bin/sh").run(&words).exits(0).quiet();
    assert_eq!(got(&peer.finish()).recipients, ["list@example.org", "bo@example.org"]);
}

#[test]
fn smartd_and_mdadm_find_root() {
    let text = recipe("smartd.conf");
    let line: Vec<&str> =
        text.lines().find(|line| line.starts_with("DEVICESCAN")).unwrap().split(' ').collect();
    let behind = |word: &str| line[line.iter().position(|one| *one == word).unwrap() + 1];
    assert_eq!((behind("-m"), behind("exec")), ("root", "/usr/bin/whippet"));
    let (peer, sandbox) = healthy_machine(&[]);
    // smartd_warning.sh: "$SMARTD_MAILER" -s "$SMARTD_SUBJECT" $SMARTD_ADDRESS
    let subject = "SMART error (FailedHealthCheck) detected on host: web1";
    sandbox.stdin("~!id\nDevice: /dev/sda\n").run(&["-s", subject, behind("-m")]).exits(0).quiet();
    let smart = got(&peer.finish());
    assert_eq!(smart.recipients, ["admin@example.org"]);
    assert!(smart.text.contains("~!id") && smart.text.contains(subject), "{}", smart.text);
    let mdadm = recipe("mdadm.conf");
    let address = mdadm.lines().find_map(|line| line.strip_prefix("MAILADDR ")).unwrap();
    let (peer, sandbox) = healthy_machine(&[]);
    let event = format!(
        "From: mdadm monitoring <root@web1>\nTo: {address}\nSubject: DegradedArray event on /dev/md0:web1\n\nx\n"
    );
    sandbox.stdin(event).run(&["sendmail", "-t"]).exits(0).quiet();
    assert_eq!(got(&peer.finish()).recipients, ["admin@example.org"]);
}

#[test]
fn jobs_of_a_crontab() {
    let text = recipe("crontab");
    let address = value(&text, "MAILTO");
    let jobs: Vec<&str> =
        text.lines().filter(|line| line.starts_with(|c: char| c == '*' || c.is_ascii_digit())).collect();
    let mut told = Vec::new();
    for job in jobs {
        assert!(!job.contains('%'), "cron makes a line end of %: {job}");
        let command = job.splitn(6, ' ').nth(5).unwrap();
        let (peer, sandbox) =
            healthy_machine(&[("backup", "echo \"backup $*\"; case $1 in --all) exit 2;; esac")]);
        let ran = sandbox.call().program("/bin/sh").run(&["-c", command]);
        let output = ran.stdout();
        assert_eq!(ran.code(), Some(if command.contains("--all") { 2 } else { 0 }), "{command}");
        if !output.is_empty() {
            // Cron mails it.
            let mail = format!(
                "From: root (Cron Daemon)\nTo: {address}\nSubject: Cron <root@web1> {command}\n\n{output}"
            );
            sandbox
                .stdin(mail)
                .run(&["sendmail", "-FCronDaemon", "-i", "-B8BITMIME", "-oem", &address])
                .exits(0)
                .quiet();
        }
        told.extend(peer.finish().messages());
    }
    assert_eq!(told.len(), 3);
    let subjects: Vec<&str> =
        told.iter().filter_map(|text| text.lines().find_map(|line| line.strip_prefix("Subject: "))).collect();
    assert_eq!(subjects[0], "Cron <root@web1> backup --quiet");
    assert!(subjects[1].starts_with("Backup failed with exit status 2 on "), "{subjects:?}");
    assert!(subjects[2].starts_with("Certificates succeeded on "), "{subjects:?}");
}
