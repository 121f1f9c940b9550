//! The daemons of a machine, the real programs, on a machine where whippet is /usr/sbin/sendmail and /usr/bin/mail.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::machine::Machine;
use super::{Account, Mail};
use crate::support::{Peer, Peers, program, skipped_loudly};

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

/// It tests its mail without an array, and without the kernel's driver of arrays.
#[test]
fn mdadm() {
    let script = "exec mdadm --monitor --test --oneshot --mail=root /dev/md0";
    let Some(mail) = mail_of(&["mdadm"], &[], script, false) else { return };
    mail.goes_to(&["dan@example.test"]).has("To", "root@example.test");
    assert!(mail.field("Subject").starts_with("TestMessage event on /dev/md0:"), "{}", mail.text);
    assert!(mail.field("From").starts_with("mdadm monitoring <root@"), "{}", mail.text);
    assert!(
        mail.body().starts_with("This is an automatically generated mail message from mdadm"),
        "{}",
        mail.text
    );
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

/// sudo gives it five variables, HOME=/ among them, and starts it as the last of its own.
#[test]
fn sudo() {
    let Some((machine, peer)) = machine(&["sudo"]) else { return };
    machine.file("/etc/sudoers", "Defaults mail_always\nroot ALL=(ALL) ALL\n", 0o440);
    // What it writes itself is not looked at.
    let script = "chmod 4755 /usr/bin/sudo; sudo -n -u nobody true; while pgrep -x sendmail; do sleep 0.1; done >&2; ls -A /";
    let ran = machine.run(script, "");
    ran.exits(0).never_shows(".config").never_shows(".local");
    let book = peer.finish();
    assert!(book.dots() > 0, "{book:?}");
    let messages = book.messages();
    assert!(book.commands("RCPT TO:").iter().all(|line| line.contains("dan@example.test")), "{book:?}");
    assert!(messages[0].contains("Subject: *** SECURITY information for"), "{}", messages[0]);
    assert!(messages[0].contains("COMMAND="), "{}", messages[0]);
}

#[test]
fn quilt() {
    let Some((machine, peer)) = machine(&["quilt"]) else { return };
    let script = "set -e; mkdir /q; cd /q; echo a >f; quilt new p1; quilt add f; echo é >f; quilt refresh; \
        printf 'Subject: change f\nFrom: A B <a@x.example>\n\nIt is better.\n' | quilt header -r p1; \
        quilt mail --send --to r@x.example --from 'A B <a@x.example>' --sender 'A B <a@x.example>' -m intro --subject cover";
    machine.run(&format!("({script}) >&2"), "").exits(0).says("sendmail -f");
    let book = peer.finish();
    let messages = book.messages();
    assert_eq!(messages.len(), 2, "{book:?}");
    assert!(book.commands("MAIL FROM:").iter().all(|line| line.contains("<a@x.example>")), "{book:?}");
    assert!(book.commands("RCPT TO:").iter().all(|line| line.contains("<r@x.example>")), "{book:?}");
    assert!(
        messages[0].contains("Subject: [patch 0/1] cover") && messages[1].contains("[patch 1/1] change f")
    );
}

#[test]
fn apt_listchanges() {
    let Some((machine, peer)) = machine(&["apt-listchanges", "python3-debconf"]) else { return };
    let news = "tiny (2.0) unstable; urgency=high\n\n  * Größer.\n  .\n\n -- M <m@x>  Thu, 01 Feb 2024 10:00:00 +0000\n";
    machine.file("/d/usr/share/doc/tiny/NEWS.Debian", news, 0o644);
    let control = "Package: tiny\nVersion: 2.0\nArchitecture: all\nMaintainer: M <m@x>\nDescription: d\n";
    machine.file("/d/DEBIAN/control", control, 0o644);
    let script = "/usr/bin/python3 -c 'import apt' || exit 99; set -e; cd /; gzip -9n d/usr/share/doc/tiny/NEWS.Debian; \
        dpkg-deb -b d tiny.deb >&2; \
        /usr/bin/python3 /usr/bin/apt-listchanges --profile=none -f mail --email-address=root --which=news -a tiny.deb >&2";
    let ran = machine.run(script, "");
    if ran.code() == Some(99) {
        return skipped_loudly("apt-listchanges: there is no python3-apt");
    }
    ran.exits(0);
    let mail = Mail::of(&peer.finish());
    mail.goes_to(&["dan@example.test"]).has("From", "me@example.test");
    assert!(mail.field("Subject").starts_with("apt-listchanges: news for"), "{}", mail.text);
    assert!(mail.body().contains("  * Größer.\n  .\n"), "{}", mail.text);
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
