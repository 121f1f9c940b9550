//! The daemons of a machine, the real programs, on a machine where whippet is /usr/sbin/sendmail and /usr/bin/mail.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::machine::Machine;
use super::{Account, Mail};
use crate::support::{Peer, Peers, program};

/// Waits until the server has got a mail.
#[track_caller]
fn wait_for_mail(peer: &Peer) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while peer.book().dots() == 0 {
        assert!(Instant::now() < deadline, "no mail came: {:?}", peer.book());
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// A machine with this package, and the server of its mail.
fn machine(packages: &[&str]) -> Option<(Machine, Peer)> {
    let peers = Peers::find()?;
    let peer = Peer::healthy();
    let machine = Machine::facing(peer.port())?;
    Some((packages.iter().fold(machine, |machine, name| machine.with_package(&peers, name)), peer))
}

/// What the server gets while this script runs to its end, or until a mail has come.
#[track_caller]
fn mail_of(packages: &[&str], files: &[(&str, &str)], script: &str, is_daemon: bool) -> Option<Mail> {
    let (machine, peer) = machine(packages)?;
    for (path, text) in files {
        machine.file(path, text, 0o644);
    }
    if is_daemon {
        let running = machine.start(script);
        wait_for_mail(&peer);
        drop(running);
    } else {
        machine.run(script, "").exits(0);
    }
    Some(Mail::of(&peer.finish()))
}

#[test]
fn cron() {
    let crontab = [("/etc/crontab", "LANG=C.UTF-8\n@reboot root echo übrig; echo .; echo more\n")];
    let script = "echo crontab:x:999: >>/etc/group; rm -f /run/crond.* /etc/cron.d/*; exec cron -f";
    let Some(mail) = mail_of(&["cron"], &crontab, script, true) else { return };
    mail.goes_to(&["dan@example.test"]).has("To", "root@example.test");
    assert_eq!(mail.body(), "übrig\n.\nmore\n");
    let parsed = mail_parser::MessageParser::default().parse(&mail.text).unwrap();
    let subject = parsed.subject().unwrap();
    assert!(
        subject.starts_with("Cron <root@") && subject.ends_with("> echo übrig; echo .; echo more"),
        "{subject}"
    );
    assert!(mail.field("From").starts_with("Cron Daemon <root@"), "{}", mail.text);
}

#[test]
fn at() {
    let script = "mkdir -p /var/spool/cron/atjobs /var/spool/cron/atspool; chown daemon:daemon /var/spool/cron/at*; \
                  chmod 1770 /var/spool/cron/at*; : >/var/spool/cron/atjobs/.SEQ; chown daemon:daemon /var/spool/cron/atjobs/.SEQ; \
                  echo 'echo übrig; echo .' | at now; exec atd -f";
    let Some(mail) = mail_of(&["at"], &[], script, true) else { return };
    mail.goes_to(&["dan@example.test"]);
    assert!(mail.field("Subject").starts_with("Output from your job"), "{}", mail.text);
    assert_eq!(mail.body().trim_end(), "übrig\n.");
}

#[test]
fn smartd() {
    let script = "export SMARTD_MAILER=/usr/share/smartmontools/smartd-runner SMARTD_ADDRESS=root SMARTD_FAILTYPE=EmailTest \
        SMARTD_MESSAGE='TEST EMAIL from smartd for device: /dev/sda' SMARTD_DEVICE=/dev/sda SMARTD_DEVICETYPE=sat \
        SMARTD_DEVICESTRING=/dev/sda SMARTD_DEVICEINFO='X, S/N:1' SMARTD_TFIRST='Thu Feb 1 10:00:00 2024' \
        SMARTD_TFIRSTEPOCH=1706781600 SMARTD_PREVCNT=0 SMARTD_NEXTDAYS=; sh /usr/share/smartmontools/smartd_warning.sh";
    let Some(mail) = mail_of(&["smartmontools"], &[], script, false) else { return };
    mail.goes_to(&["dan@example.test"]);
    assert!(mail.field("Subject").starts_with("SMART error (EmailTest) detected on host"), "{}", mail.text);
    assert!(mail.body().contains("TEST EMAIL from smartd for device: /dev/sda"), "{}", mail.text);
}

#[test]
fn logwatch() {
    let line = "Feb  1 10:00:00 web1 sshd[1]: Accepted password for jörg from 192.0.2.1 port 22 ssh2\n";
    let log = [("/var/log/tiny/auth.log", line)];
    let script = "mkdir -p /var/cache/logwatch; exec perl /usr/share/logwatch/scripts/logwatch.pl --output mail --mailto root \
                  --logdir /var/log/tiny --range all --service sshd --hostname web1";
    let Some(mail) = mail_of(&["logwatch", "libdate-manip-perl"], &log, script, false) else { return };
    mail.goes_to(&["dan@example.test"]);
    assert!(mail.field("Subject").starts_with("Logwatch for web1"), "{}", mail.text);
    assert!(mail.body().contains("    jörg:\n") && mail.body().contains("Logwatch End"), "{}", mail.text);
}

#[test]
fn s_nail_and_bsd_mailx_as_fronts() {
    for (package, program) in [("s-nail", "s-nail"), ("bsd-mailx", "bsd-mailx")] {
        let script = format!(
            "printf 'übrig\\n.\\nmore\\n' | LC_ALL=C.UTF-8 {program} -s 'Größe é' -c c@x.example -b b@x.example root"
        );
        let Some(mail) = mail_of(&[package], &[], &script, false) else { return };
        let mut recipients = mail.recipients.clone();
        recipients.sort();
        assert_eq!(
            recipients,
            ["b@x.example", "c@x.example", "dan@example.test"],
            "{program}: {}",
            mail.text
        );
        let parsed = mail_parser::MessageParser::default().parse(&mail.text).unwrap();
        assert_eq!(
            (parsed.subject(), mail.body().trim_end()),
            (Some("Größe é"), "übrig\n.\nmore"),
            "{program}"
        );
    }
}

/// monit speaks SMTP: each connection becomes the input and output of `sendmail -bs`, as inetd does it.
#[test]
fn monit() {
    let Some(peers) = Peers::find() else { return };
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let home = account.sandbox.home();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = OwnedFd::from(stream.unwrap());
            let input = Stdio::from(stream.try_clone().unwrap());
            let mut command = Command::new(program());
            command.arg0("sendmail").arg("-bs").env_clear().env("HOME", &home);
            let _ = command.stdin(input).stdout(Stdio::from(stream)).spawn().unwrap().wait();
        }
    });
    let work = account.sandbox.work();
    let work = work.display();
    let config = format!(
        "set daemon 1\nset pidfile {work}/pid\nset statefile {work}/state\nset idfile {work}/id\n\
         set mailserver 127.0.0.1 port {port}\nset mail-format {{ from: monit@example.test }}\n\
         set alert r@x.example but not on {{ instance }}\ncheck file gone with path /no/such/file\n"
    );
    let config = account.sandbox.private_file("monitrc", config).display().to_string();
    let monit = format!("{}/monit/usr/bin/monit", peers.text("PACKAGES"));
    let running = account.sandbox.call().program(monit).start(&["-I", "-c", &config]);
    wait_for_mail(&peer);
    drop(running);
    let book = peer.finish();
    let messages = book.messages();
    assert!(
        messages[0].contains("gone") && messages[0].contains("From: ") && !messages[0].contains("Bcc"),
        "{}",
        messages[0]
    );
    assert!(
        book.commands("RCPT TO:")[0].contains("r@x.example")
            && book.commands("MAIL FROM:")[0].contains("monit@example.test")
    );
}
