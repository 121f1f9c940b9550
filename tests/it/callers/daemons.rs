//! Cron, at, mdadm, logwatch and the other daemons that write to root.

use super::{mailed, mailed_by};

const CRONIE: &str = "From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@web1> run-parts /etc/cron.daily\n\
    MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\
    Auto-Submitted: auto-generated\nPrecedence: bulk\nX-Cron-Env: <SHELL=/bin/sh>\nX-Cron-Env: <HOME=/root>\n\
    X-Cron-Env: <PATH=/usr/bin:/bin>\nX-Cron-Env: <LOGNAME=root>\n\nübrig\n.\nmore\n";

#[test]
fn c01_cronie() {
    let line = "/usr/sbin/sendmail -FCronDaemon -i -odi -oem -oi -t -f root";
    let mail = mailed(line, CRONIE);
    mail.goes_to(&["root@example.org"]).has("To", "root@example.org").has("Auto-Submitted", "auto-generated");
    mail.has("From", "Cron Daemon <root@example.org>")
        .has("Subject", "Cron <root@web1> run-parts /etc/cron.daily");
    assert_eq!((mail.reverse_path.as_str(), mail.fields("X-Cron-Env").len()), ("root@example.org", 4));
    assert_eq!(mail.body(), "übrig\n.\nmore\n");
    // Where root's mail goes to somebody: in all three places.
    let mail = mailed_by(line, CRONIE, "local_to = \"ops@corp.example\"\n");
    mail.goes_to(&["ops@corp.example"]);
    assert!(mail.field("To").contains("ops@corp.example") || mail.field("To").contains("root@example.org"));
    assert_eq!(mail.reverse_path, "ops@corp.example");
}

/// cronie names the charset of the C locale, whatever the octets are.
#[test]
fn c01_cronie_without_a_locale() {
    let line = "/usr/sbin/sendmail -FCronDaemon -i -odi -oem -oi -t -f root";
    let mail = mailed(line, CRONIE.replace("UTF-8", "ANSI_X3.4-1968"));
    assert_eq!(mail.field("Content-Type").to_ascii_lowercase(), "text/plain; charset=utf-8");
    assert_eq!(mail.body(), "übrig\n.\nmore\n");
    let mail = mailed(line, CRONIE.replace("UTF-8", "ANSI_X3.4-1968").replace('ü', "u"));
    assert_eq!(mail.body(), "ubrig\n.\nmore\n");
}

#[test]
fn c02_debian_cron() {
    let stdin = "From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@web1> /bin/x --a=\"b c\" %d\n\
        MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\
        X-Cron-Env: <SHELL=/bin/sh>\nX-Cron-Env: <LOGNAME=root>\n\n/bin/x: 1: ça ne va pas\n";
    let mail = mailed("/usr/sbin/sendmail -FCronDaemon -i -B8BITMIME -oem root", stdin);
    mail.goes_to(&["root@example.org"]).has("From", "Cron Daemon <root@example.org>");
    mail.has("Subject", "Cron <root@web1> /bin/x --a=\"b c\" %d").has("To", "root@example.org");
    assert_eq!((mail.body().as_str(), mail.fields("X-Cron-Env").len()), ("/bin/x: 1: ça ne va pas\n", 2));
}

#[test]
fn c03_anacron() {
    let stdin = "From: Anacron <root@web1>\nTo: root\nSubject: Anacron job 'cron.daily' on web1\n\
        Content-Type: text/plain; charset=ANSI_X3.4-1968\n\na\n.\nFrom here\n..\nb\n";
    let mail = mailed("/usr/sbin/sendmail -FAnacron -odi root", stdin);
    mail.goes_to(&["root@example.org"]).has("From", "Anacron <root@web1>");
    assert_eq!(mail.body(), "a\n.\nFrom here\n..\nb\n");
}

#[test]
fn c04_systemd_cron() {
    let stdin = "Content-Type: text/plain; charset=\"utf-8\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\
        Date: Thu, 01 Feb 2024 10:00:00 +0100\nFrom: root (systemd-cron)\nTo: root\nSubject: [web1] job failed\n\
        Auto-Submitted: auto-generated\nX-Cron-Env: <LANG=C>\n\nZ2Vow7ZydAo=\n";
    for line in ["sendmail -i -B8BITMIME root", "sendmail -i -B 8BITMIME root"] {
        let mail = mailed(line, stdin);
        mail.goes_to(&["root@example.org"]).has("Date", "Thu, 01 Feb 2024 10:00:00 +0100");
        mail.has("Content-Transfer-Encoding", "base64");
        assert_eq!(mail.body(), "gehört\n");
    }
}

#[test]
fn c05_atd() {
    let stdin = "Subject: Output from your job       17\nTo: alice\n\nhello\n";
    let mail = mailed("/usr/sbin/sendmail -i alice", stdin);
    mail.goes_to(&["alice@example.org"]).has("To", "alice@example.org").has("From", "me@example.org");
    assert!(mail.field("Subject").starts_with("Output from your job"), "{}", mail.text);
}

#[test]
fn c06_atrun() {
    let stdin = "Subject: Output from your job c00001\n\nhello\n";
    let mail = mailed("/usr/sbin/sendmail -F 'Atrun Service' -odi -oem alice", stdin);
    mail.goes_to(&["alice@example.org"]).has("From", "Atrun Service <me@example.org>");
}

#[test]
fn c07_busybox_crond() {
    let mail = mailed("sendmail -ti", "To: root\nSubject: cron: run-parts /etc/daily\n\nout\n");
    mail.goes_to(&["root@example.org"])
        .has("Subject", "cron: run-parts /etc/daily")
        .has("From", "me@example.org");
    assert_eq!(mail.body(), "out\n");
}

#[test]
fn c13_mdadm() {
    let stdin = "From: mdadm monitoring <root@web1>\nTo: root\nSubject: DegradedArray event on /dev/md0:web1\n\n\
        This is an automatically generated mail message from mdadm\nrunning on web1\n\n\
        Personalities : [raid1] \nmd0 : active raid1 sda1[0]\n      1000 blocks [2/1] [U_]\n";
    let mail = mailed("/usr/sbin/sendmail -t", stdin);
    mail.goes_to(&["root@example.org"]).has("From", "mdadm monitoring <root@web1>");
    assert_eq!(mail.body(), stdin.split_once("\n\n").unwrap().1);
}

#[test]
fn c14_logwatch() {
    let stdin = "To: root\nTo: ops@corp.example\nFrom: Logwatch <root@web1>\nSubject: Logwatch for web1 (Linux)\n\
        Content-Transfer-Encoding: 8bit\nContent-Type: text/plain; charset=\"UTF-8\"\nAuto-Submitted: auto-generated\n\
        Precedence: bulk\n\n ##### Logwatch 7.7 ##### \n.\n Größe: 3\n";
    let mail = mailed("/usr/sbin/sendmail -t", stdin);
    mail.goes_to(&["root@example.org", "ops@corp.example"]).has("Precedence", "bulk");
    mail.has("To", "root@example.org, ops@corp.example");
    assert_eq!(mail.body(), " ##### Logwatch 7.7 ##### \n.\n Größe: 3\n");
}

#[test]
fn c15_package_managers() {
    let line = "/usr/sbin/sendmail -oi -t";
    let listchanges = "Content-Type: text/plain; charset=\"utf-8\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\
        Auto-Submitted: auto-generated\nSubject: apt-listchanges: news for web1\nTo: root\n\nbmV3cwo=\n";
    let mail = mailed(line, listchanges);
    mail.goes_to(&["root@example.org"]).has("From", "me@example.org");
    assert_eq!(mail.body(), "news\n");
    let upgrades = "MIME-Version: 1.0\nContent-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: 7bit\n\
        Subject: [package on hold] unattended-upgrades result for web1: SUCCESS\nFrom: root\nTo: root\n\
        Auto-Submitted: auto-generated\n\nUnattended upgrade result: All upgrades installed\n";
    let mail = mailed(line, upgrades);
    mail.goes_to(&["root@example.org"]).has("From", "root@example.org");
}

#[test]
fn c16_c17_what_has_no_author() {
    let mail = mailed("/usr/sbin/sendmail -t", "Subject: Debian security status of web1\nTo: root\n\nfine\n");
    mail.goes_to(&["root@example.org"]).has("From", "me@example.org");
    let stdin = "To: root\nSubject: CRON-APT completed on web1 [/etc/cron-apt/config]\nX-Cron-Apt: yes\n\nCRON-APT RUN\n";
    let mail = mailed("sendmail -t -oi", stdin);
    mail.goes_to(&["root@example.org"]).has("From", "me@example.org").has("X-Cron-Apt", "yes");
}

#[test]
fn c18_popularity_contest() {
    let stdin = "To: survey@popcon.example\nSubject: popularity-contest submission\nMIME-Version: 1.0\n\
        Content-Type: text/plain\n\nPOPULARITY-CONTEST-0 TIME:1\n";
    for options in ["", "-oem -odb "] {
        let line = format!("sendmail {options}-oi -f m@corp.example survey@popcon.example");
        let mail = mailed(&line, stdin);
        mail.goes_to(&["survey@popcon.example"]).has("To", "survey@popcon.example");
        assert_eq!(mail.reverse_path, "m@corp.example");
    }
}

#[test]
fn c19_fail2ban() {
    let stdin = "Subject: [Fail2Ban] sshd: banned 192.0.2.1 from web1\nDate: Thu, 1 Feb 2024 10:00:00 +0000\n\
        From: Fail2Ban <f@corp.example>\nTo: a@corp.example,b@corp.example\n\nHi,\n\n% whois\n.\n..\nend\n";
    let mail = mailed(r#"/usr/sbin/sendmail -f "f@corp.example" "a@corp.example,b@corp.example""#, stdin);
    mail.goes_to(&["a@corp.example", "b@corp.example"]).has("From", "Fail2Ban <f@corp.example>");
    assert_eq!(mail.body(), "Hi,\n\n% whois\n.\n..\nend\n");
}

#[test]
fn c20_netdata() {
    let stdin = "To: root\nSubject: 🔴 web1 needs attention\nMIME-Version: 1.0\n\
        Content-Type: multipart/alternative; boundary=\"multipart-boundary\"\n\n--multipart-boundary\n\
        Content-Type: text/plain; encoding=us-ascii\nContent-Disposition: inline\nContent-Transfer-Encoding: 8bit\n\n\
        disk é\n--multipart-boundary\nContent-Type: text/html; charset=ANSI_X3.4-1968\n\n<p>disk é</p>\n\
        --multipart-boundary--\n";
    let line = "LC_ALL=C sendmail -t -f n@corp.example -F 'net data'";
    let mail = mailed(line, stdin);
    mail.goes_to(&["root@example.org"]).has("From", "net data <n@corp.example>");
    assert_eq!(mail.body(), "disk é");
    let parsed = mail_parser::MessageParser::default().parse(&mail.text).unwrap();
    assert_eq!(parsed.subject(), Some("🔴 web1 needs attention"));
    assert_eq!(parsed.body_html(0).unwrap().trim(), "<p>disk é</p>");
}

/// Five variables, and a home that is no place to write to.
#[test]
fn c24_sudo() {
    let stdin = "To: root\nFrom: alice@web1\nAuto-Submitted: auto-generated\n\
        Subject: *** SECURITY information for web1 ***\n\nweb1 : Feb  1 : alice : user NOT in sudoers ; COMMAND=/bin/ls\n";
    // The settings are the system's there: see `machine.rs`. Here they lie where a variable says.
    let line = "config=$HOME/.config; exec env -i PATH=/usr/bin:/bin HOME=/ LOGNAME=root USER=root SHELL=/bin/sh \
                XDG_CONFIG_HOME=$config /usr/sbin/sendmail -t";
    let mail = mailed(line, stdin);
    mail.goes_to(&["root@example.org"])
        .has("From", "alice@web1")
        .has("Subject", "*** SECURITY information for web1 ***");
}

#[test]
fn c29_voicemail_and_nmudiff() {
    let line = "/usr/sbin/sendmail -t";
    let voicemail = "Date: Thu, 01 Feb 2024 10:00:00 +0000\nFrom: Asterisk PBX <asterisk@web1>\n\
        To: \"Al Ice\" <alice@corp.example>\nSubject: [PBX]: New message 1 in mailbox 100\nMessage-ID: <Asterisk-1@web1>\n\
        MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"----voicemail_1\"\n\n\n\
        This is a multi-part message in MIME format.\n\n------voicemail_1\nContent-Type: text/plain; charset=ISO-8859-1\n\
        Content-Transfer-Encoding: 8bit\n\nDear Al:\n\n\n------voicemail_1\nContent-Type: audio/x-wav; name=\"msg0000.wav\"\n\
        Content-Transfer-Encoding: base64\nContent-Description: Voicemail sound attachment.\n\
        Content-Disposition: attachment; filename=\"msg0000.wav\"\n\nUklGRg==\n\n\n------voicemail_1--\n.\n";
    let mail = mailed(line, voicemail);
    mail.goes_to(&["alice@corp.example"]).has("Message-ID", "<Asterisk-1@web1>");
    use mail_parser::MimeHeaders;
    let parsed = mail_parser::MessageParser::default().parse(&mail.text).unwrap();
    let sound = parsed.attachment(0).unwrap();
    assert_eq!((sound.attachment_name(), sound.contents()), (Some("msg0000.wav"), &b"RIFF"[..]));
    let nmudiff = "From: Al <al@corp.example>\nTo: 1@bugs.example,\n 2@bugs.example\nCc:\nBcc:  \nSubject: x: diff\n\
        X-NMUDIFF-Version: 2.23\n\nDear maintainer,\n";
    let mail = mailed(line, nmudiff);
    mail.goes_to(&["1@bugs.example", "2@bugs.example"]);
}
