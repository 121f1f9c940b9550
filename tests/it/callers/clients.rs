//! PHP, Symfony, git, Rails, nodemailer, Perl: libraries and programs of people.

use super::{Account, Mail, mailed};
use crate::faces::addresses;
use crate::support::{Certificate, Peer, Rules, Step, say};

#[test]
fn c08_php() {
    let fields = "To: r@x.example\nSubject: =?UTF-8?B?w6k=?=\nX-PHP-Originating-Script: 33:form.php\n\
        From: w@x.example\nCc: c@x.example\nBcc: b@x.example\n\n";
    // PHP 8 ends fields in CRLF and leaves the text as it is.
    for head in [fields.to_owned(), fields.replace('\n', "\r\n")] {
        let stdin = head + "Zeile ä\nsecond\n.\nlast";
        let mail = mailed("/usr/sbin/sendmail -t -i -fwww@x.example", stdin);
        mail.goes_to(&["r@x.example", "c@x.example", "b@x.example"])
            .has("X-PHP-Originating-Script", "33:form.php");
        assert_eq!(mail.reverse_path, "www@x.example");
        assert_eq!(mail.body().trim_end(), "Zeile ä\nsecond\n.\nlast");
    }
}

#[test]
fn c09_phpmailer() {
    let stdin = "Date: Thu, 1 Feb 2024 10:00:00 +0000\nTo: R <r@x.example>\nCc: c@x.example\nBcc: b@x.example,\n d@x.example\n\
        From: W <www@x.example>\nSubject: s\nMessage-ID: <abc@localhost.localdomain>\nMIME-Version: 1.0\n\
        X-Mailer: PHPMailer 6.9.1\nContent-Type: text/plain; charset=iso-8859-1\n\nhello\n\n";
    let mail = mailed("/usr/sbin/sendmail -fwww@x.example -i -t", stdin);
    mail.goes_to(&["r@x.example", "c@x.example", "b@x.example", "d@x.example"]);
    mail.has("Message-ID", "<abc@localhost.localdomain>");
    assert!(!mail.text.contains("d@x.example"), "{}", mail.text);
}

/// What its SmtpTransport writes, flight by flight; its answers are looked at below.
const SYMFONY: &str = "HELO [127.0.0.1]\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<r@x.example>\r\nRCPT TO:<q@x.example>\r\n\
    DATA\r\nFrom: a@x.example\r\nTo: r@x.example\r\nSubject: s\r\nMIME-Version: 1.0\r\nDate: Thu, 01 Feb 2024 10:00:00 \
    +0000\r\nMessage-ID: <1@x.example>\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: \
    quoted-printable\r\n\r\na\r\n..\r\n..b=C3=A9\r\n.\r\n";

#[test]
fn c10_symfony_bs() {
    for line in ["/usr/sbin/sendmail -bs", "/usr/sbin/sendmail -bs -i"] {
        let peer = Peer::healthy();
        let account = Account::at(&peer, "");
        let ran = account.call(line, format!("{SYMFONY}NOOP\r\nQUIT\r\n"));
        let said = ran.exits(0).quiet_on_stderr().stdout();
        let codes: Vec<&str> = said.lines().map(|line| &line[..3]).collect();
        assert_eq!(codes, ["220", "250", "250", "250", "250", "354", "250", "250", "221"], "{said}");
        // The form that gives Symfony the id of its message: /250 2.0.0 Ok: queued as (?<id>[A-Z0-9]+)/ and such.
        let mail = Mail::of(&peer.finish());
        mail.goes_to(&["r@x.example", "q@x.example"]).has("Message-ID", "<1@x.example>");
        assert_eq!((mail.reverse_path.as_str(), mail.body().as_str()), ("a@x.example", "a\n.\n.bé\n"));
    }
}

#[test]
fn c10_symfony_after_an_error() {
    // A recipient that is none: it gives up and says RSET; the next mail of the same connection goes.
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    let first = "HELO [127.0.0.1]\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<r@x.example>\r\nRCPT TO:<no address>\r\nRSET\r\n";
    let second = SYMFONY.split_once("\r\n").unwrap().1;
    let said = account.call("/usr/sbin/sendmail -bs", format!("{first}{second}QUIT\r\n")).exits(0).stdout();
    let codes: Vec<&str> = said.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes[..6], ["220", "250", "250", "250", "501", "250"], "{said}");
    assert_eq!(codes[6..], ["250", "250", "250", "354", "250", "221"], "{said}");
    Mail::of(&peer.finish()).goes_to(&["r@x.example", "q@x.example"]);
    // A mail that is not taken: the reply to its dot says so, and the next one is heard.
    let refusing = vec![Step::Serve(Rules::healthy().on(".", [say("554 5.7.1 spam")]))];
    let peer = Peer::start(Certificate::good(), vec![refusing, vec![Step::Serve(Rules::healthy())]]);
    let account = Account::at(&peer, "");
    let said = account
        .call("/usr/sbin/sendmail -bs", format!("{SYMFONY}RSET\r\n{second}QUIT\r\n"))
        .exits(0)
        .stdout();
    let codes: Vec<&str> = said.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes[5..9], ["354", "550", "550", "250"], "{said}");
    assert_eq!(codes[9..], ["250", "250", "250", "354", "250", "221"], "{said}");
    assert_eq!(peer.finish().dots(), 2);
}

#[test]
fn c11_symfony_t() {
    let stdin = "From: a@x.example\r\nTo: other@x.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n\r\nhi\r\n";
    let mail = mailed("/usr/sbin/sendmail -i -f'a@x.example' -- 'r@x.example' 'q@x.example'", stdin);
    mail.goes_to(&["r@x.example", "q@x.example"]).has("To", "other@x.example");
}

#[test]
fn c12_git_send_email() {
    let stdin = "From: A <a@x.example>\nTo: r@x.example\nCc: q@x.example\nSubject: [PATCH 1/3] Fix it\n\
        Date: Thu,  1 Feb 2024 10:00:00 +0000\nMessage-ID: <20240201.1-1-a@x.example>\nX-Mailer: git-send-email 2.39.5\n\
        MIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n\nText é.\n---\n f | 2 +-\n\ndiff --git a/f b/f\n-.\n+..\n-- \n2.39.5\n\n";
    let line = r#"sh -c 'sendmail "$@"' - -f a@x.example -i r@x.example q@x.example hidden@x.example"#;
    let mail = mailed(line, stdin);
    mail.goes_to(&["r@x.example", "q@x.example", "hidden@x.example"]);
    mail.has("Message-ID", "<20240201.1-1-a@x.example>").has("Date", "Thu,  1 Feb 2024 10:00:00 +0000");
    assert_eq!(mail.body(), stdin.split_once("\n\n").unwrap().1);
    assert!(!mail.text.contains("hidden"));
}

#[test]
fn c22_mail_programs_as_callers() {
    let stdin = "Date: Thu, 01 Feb 2024 10:00:00 +0000\nFrom: a@x.example\nTo: r@x.example\nSubject: s\n\
        Message-ID: <20240201100000.x%a@x.example>\nUser-Agent: s-nail v14.9.24\n\nhi\n";
    let mail = mailed("/usr/sbin/sendmail -i -- r@x.example", stdin);
    mail.goes_to(&["r@x.example"]).has("User-Agent", "s-nail v14.9.24");
    let peer = Peer::healthy();
    let line = "/usr/sbin/sendmail -oem -oi -f a@x.example -B8BITMIME -N success -R hdrs -- r@x.example";
    Account::at(&peer, "").call(line, stdin).exits(0).quiet();
    let book = peer.finish();
    Mail::of(&book).goes_to(&["r@x.example"]);
    assert!(book.commands("MAIL FROM:")[0].contains("RET=HDRS"), "{book:?}");
    assert!(book.commands("RCPT TO:")[0].contains("NOTIFY=SUCCESS"), "{book:?}");
    // A server without DSN: a warning, and sent (RFC 3461 would have it refused by none).
    let peer = Peer::serving(Rules::healthy().offering(&["8BITMIME"]));
    Account::at(&peer, "").call(line, stdin).exits(0).says("r");
    assert_eq!(peer.finish().dots(), 1);
}

#[test]
fn c21_c23_mailutils_and_bsd_mailx() {
    let mailutils = "To: <r@x.example>\nSubject: s\nUser-Agent: mail (GNU Mailutils 3.15)\n\
        Date: Thu,  1 Feb 2024 10:00:00 +0000\nMessage-Id: <1@web1>\nFrom: root <root@web1>\n\nhi\n";
    let mail = mailed("sendmail -oi -f root@web1 -t", mailutils);
    mail.goes_to(&["r@x.example"]).has("From", "root <root@web1>");
    let bsd = "To: r@x.example\nSubject: s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=\"UTF-8\"\n\
        Content-Transfer-Encoding: 8bit\n\nhé\n";
    for line in ["sendmail -i -t", "sendmail -i -t -f a@x.example"] {
        let mail = mailed(line, bsd);
        mail.goes_to(&["r@x.example"]);
        assert_eq!(mail.body(), "hé\n");
    }
}

/// The caller merges both outputs: nothing may be said.
#[test]
fn c25_rails() {
    let stdin = "Date: Thu, 01 Feb 2024 10:00:00 +0000\nFrom: a@x.example\nTo: r@x.example\n\
        Message-ID: <1.mail@x.example>\nSubject: s\nMime-Version: 1.0\nContent-Type: text/plain;\n charset=UTF-8\n\
        Content-Transfer-Encoding: 7bit\n\nhi";
    let mail = mailed("/usr/sbin/sendmail -i -f a@x.example -- r@x.example 2>&1", stdin);
    mail.goes_to(&["r@x.example"]).has("Mime-Version", "1.0");
    assert_eq!(mail.body().trim_end(), "hi");
}

#[test]
fn c26_nodemailer() {
    let stdin = "From: a@x.example\r\nTo: r@x.example\r\nbcc: q@x.example\r\nSubject: s\r\nMessage-ID: <1@x.example>\r\n\
        Date: Thu, 01 Feb 2024 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhi\r\n";
    let mail = mailed("sendmail -i -f a@x.example r@x.example q@x.example", stdin);
    mail.goes_to(&["r@x.example", "q@x.example"]);
    assert!(!mail.text.contains("q@x.example"));
}

#[test]
fn c27_mime_lite() {
    let stdin = "Content-Transfer-Encoding: binary\nContent-Type: multipart/mixed; boundary=\"_----------=_1\"\n\
        MIME-Version: 1.0\nX-Mailer: MIME::Lite 3.033 (F2.85; T2.20)\nDate: Thu, 1 Feb 2024 10:00:00 +0000\n\
        From: a@x.example\nTo: r@x.example\nSubject: s\n\nThis is a multi-part message in MIME format.\n\n\
        --_----------=_1\nContent-Disposition: inline\nContent-Length: 3\nContent-Transfer-Encoding: binary\n\
        Content-Type: text/plain\n\nhi\n\n--_----------=_1\nContent-Disposition: inline; filename=\"a.gif\"\n\
        Content-Transfer-Encoding: base64\nContent-Type: image/gif; name=\"a.gif\"\n\nR0lGODlh\n\n--_----------=_1--\n\n";
    let mail = mailed("/usr/lib/sendmail -t -oi -oem", stdin);
    mail.goes_to(&["r@x.example"]);
    let parsed = mail_parser::MessageParser::default().parse(&mail.text).unwrap();
    assert_eq!(parsed.body_text(0).unwrap().trim(), "hi");
    assert_eq!(parsed.attachment(0).unwrap().contents(), b"GIF89a");
}

#[test]
fn c28_quilt() {
    let stdin = "From: A B <a@x.example>\nTo: r@x.example\nSubject: [patch 1/2] p\nMessage-Id: <1@x.example>\n\
        Date: Thu, 01 Feb 2024 10:00:00 +0000\nUser-Agent: quilt/0.66\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n\
        Content-Disposition: inline; filename=p.diff\n\n--- a\n+++ b\n";
    let mail = mailed("sendmail -f 'A B <a@x.example>' r@x.example", stdin);
    mail.goes_to(&["r@x.example"]);
    assert_eq!(mail.reverse_path, "a@x.example");
}

/// monit speaks SMTP and never runs a program: its dialogue through `-bs`.
#[test]
fn c39_monit() {
    for hello in ["EHLO web1", "HELO web1"] {
        let peer = Peer::healthy();
        let dialogue = format!(
            "{hello}\r\nMAIL FROM: <monit@x.example>\r\nRCPT TO: <r@x.example>\r\nDATA\r\nFrom: monit@x.example\r\n\
             To: r@x.example\r\nSubject: monit alert --  Exists nginx\r\nDate: Thu, 01 Feb 2024 10:00:00 +0000\r\n\
             X-Mailer: Monit 5.33.0\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\nMessage-Id: <1.2@web1>\r\n\r\nExists Service nginx\r\n\r\n.\r\nQUIT\r\n"
        );
        let ran = Account::at(&peer, "").call("sendmail -bs", dialogue);
        let said = ran.exits(0).quiet_on_stderr().stdout();
        assert!(said.contains("\n354 ") && said.lines().last().unwrap().starts_with("221"), "{said}");
        let book = peer.finish();
        assert_eq!(addresses(&book.commands("MAIL FROM:")), ["monit@x.example"]);
        Mail::of(&book).goes_to(&["r@x.example"]);
    }
}
