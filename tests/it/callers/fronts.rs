//! The lines of scripts for which one program called `mail` does this and the next one that, and octets that others spoil.

use super::{Account, Mail, mailed};
use crate::support::{Peer, Rules, judge};

/// What a server gets of this line, in an account with the file `F` and the folder `DIR`.
#[track_caller]
fn sent(line: &str, stdin: impl AsRef<[u8]>) -> Mail {
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    account.sandbox.file("F", "attached\n");
    account.call(line, stdin).exits(0).quiet();
    Mail::of(&peer.finish())
}

#[test]
fn what_is_a_field_and_what_a_file() {
    let fields = r#"mailx -a "MIME-Version: 1.0" -a "Content-type: text/plain; charset=UTF-8" -a "Content-transfer-encoding: 8bit" -a "From: x@y.example" -s S r@x.example"#;
    let mail = sent(fields, "é\n");
    mail.goes_to(&["r@x.example"]).has("From", "x@y.example").has("MIME-Version", "1.0");
    assert_eq!((mail.fields("Content-Type").len(), mail.body().as_str()), (1, "é\n"));
    assert_eq!(mail.fields("Content-Transfer-Encoding").len(), 1);
    let mail = sent("mailx -S ttycharset=utf-8 -r x@y.example -s S r@x.example", "é\n");
    assert_eq!((mail.field("From").as_str(), mail.reverse_path.as_str()), ("x@y.example", "x@y.example"));
    for line in
        ["mail -a F -s S r@x.example", "mail -A F -s S r@x.example", "mail --attach=F -s S r@x.example"]
    {
        let mail = sent(line, "hi\n");
        let parsed = mail_parser::MessageParser::default().parse(&mail.text).unwrap();
        assert_eq!((parsed.attachment_count(), mail.body().trim()), (1, "hi"), "{line}");
    }
    let mail = sent("mail -a \"From: m@y.example\" -s S r@x.example", "hi\n");
    assert_eq!((mail.field("From").as_str(), mail.reverse_path.as_str()), ("m@y.example", "m@y.example"));
    for line in [
        "mail -s S -a To:r@x.example",
        "mail -s S -a 'To: r@x.example'",
        "mail -a X-A:1 -s S -a bcc:r@x.example",
    ] {
        sent(line, "hi\n").goes_to(&["r@x.example"]);
    }
    let mail = sent("mail -s s r@x.example -- -f me@y.example", "hi\n");
    mail.goes_to(&["r@x.example"]);
    assert_eq!(mail.reverse_path, "me@y.example");
    let mail = sent("LC_ALL=C mail -s 'é' r@x.example", "é\n");
    let parsed = mail_parser::MessageParser::default().parse(&mail.text).unwrap();
    assert_eq!((parsed.subject(), mail.body().as_str()), (Some("é"), "é\n"));
}

#[test]
fn a_server_at_this_machine_needs_no_tls_without_a_login() {
    let peer = Peer::serving(Rules::healthy().offering(&[]));
    // Who logs in at the server of the profile is nobody here.
    let account = Account::facing(Peer::closed_port(), "username = \"u\"\npassword_command = \"false\"");
    let (port, call) = (peer.port(), |line: &str| account.call(line, "hi\n"));
    call(&format!("mail -S mta=smtp://localhost:{port} -s S r@x.example")).exits(0).quiet();
    call(&format!("mail -S mta=smtp://u@localhost:{port} -s S r@x.example")).exits(78);
    call(&format!("mail -S mta=smtp://localhost:{port} -S smtp-auth-user=u -s S r@x.example")).exits(78);
    let set = format!("mail --set username=u -S mta=smtp://localhost:{port} -s S r@x.example");
    call(&set).exits(78);
    Mail::of(&peer.finish()).goes_to(&["r@x.example"]);
}

#[test]
fn what_is_refused() {
    let peer = Peer::healthy();
    let account = Account::at(&peer, "");
    std::fs::create_dir(account.sandbox.work().join("DIR")).unwrap();
    for (line, code, words) in [
        ("mail -s S -a DIR r@x.example", 66, "directory"),
        ("mail -s S -a X-A:1", 64, "no recipient"),
        ("touch To:r@x.example; mail -s S -a To:r@x.example", 64, "no recipient"),
        ("mail -s S -a nothing r@x.example", 66, "-a takes a file, or a field"),
        ("mail -s S -A nothing r@x.example", 66, "neither a file nor a profile"),
        (r#"mail -s "$(printf 'a\nBcc: e@x')" r@x.example"#, 65, "a subject is one line"),
        ("mail", 64, "recipient"),
        ("mail -f", 64, "does not read mail"),
        ("mail -e", 64, "does not read mail"),
        ("mail -u root", 64, "does not read mail"),
        ("mail -H", 64, "does not read mail"),
        ("mail -F r@x.example", 64, "-F"),
        ("mail -~ r@x.example", 64, "-~"),
        ("mail -S smtp-auth-password=x r@x.example", 64, "password"),
        ("mail -S ssl-verify=ignore r@x.example", 64, "certificate"),
        ("mail -X 'shell id' r@x.example", 64, "set NAME=VALUE"),
        ("mail --alternative r@x.example", 64, "--alternative"),
        ("mail -C 'Bad name: x' r@x.example", 65, "no field name"),
    ] {
        let ran = account.call(line, "never sent\n");
        assert_eq!(ran.code(), Some(code), "{line}: {}", ran.stderr());
        ran.says(words).never_shows("never sent");
    }
    assert_eq!(peer.finish().connections(), 0);
}

#[test]
fn letters_of_others_without_weight() {
    let mail = sent("mail -i -n -N -I -B -D -. -: / -s S -c c@x.example -b b@x.example r@x.example", "hi\n");
    mail.goes_to(&["r@x.example", "c@x.example", "b@x.example"]).has("Cc", "c@x.example");
    let mail = sent("mail -t", "To: r@x.example\nBcc: b@x.example\nSubject: S\n\nhi\n");
    mail.goes_to(&["r@x.example", "b@x.example"]).has("Subject", "S");
    let mail = sent("mail -q F -s S r@x.example", "hi\n");
    assert_eq!(mail.body(), "attached\nhi\n");
    let mail = sent("mail -M text/html -s S r@x.example", "<p>hi</p>\n");
    assert!(mail.field("Content-Type").starts_with("text/html"), "{}", mail.text);
    let peer = Peer::healthy();
    Account::at(&peer, "").call("mail -E -s S r@x.example", "").exits(0);
    assert_eq!(peer.finish().dots(), 0);
}

/// The same octets by each face: their charset is known, and nothing of them is lost.
#[test]
fn octets_that_others_spoil() {
    let gbk = [0xd6, 0xd0, 0xce, 0xc4, b'\n'];
    let cases: [(&str, &str, Vec<u8>, &str); 5] = [
        ("e acute", "LC_ALL=C", "é\n".into(), "é\n"),
        ("NUL", "LC_ALL=C.UTF-8", b"a\0b\n".to_vec(), "a\0b\n"),
        ("long", "LC_ALL=C", ("y".repeat(5000) + "\n").into(), ""),
        ("escape", "LC_ALL=C", b"\x1b[1m\n".to_vec(), "\u{1b}[1m\n"),
        ("GBK", "LC_ALL=zh_CN.GB18030", gbk.to_vec(), "中文\n"),
    ];
    let mut arrived = Vec::new();
    for (name, locale, text, wanted) in &cases {
        let finished = [b"To: r@x.example\nSubject: s\n\n", text.as_slice()].concat();
        for (line, stdin) in
            [("whippet -s s r@x.example", text), ("mail -s s r@x.example", text), ("sendmail -t", &finished)]
        {
            let wanted = if wanted.is_empty() {
                String::from_utf8(text.clone()).unwrap()
            } else {
                (*wanted).to_owned()
            };
            let peer = Peer::healthy();
            Account::at(&peer, "").call(&format!("{locale} {line}"), stdin).exits(0);
            arrived.push((format!("{name}: {line}"), wanted, peer.finish().octets().concat()));
        }
    }
    let octets: Vec<Vec<u8>> = arrived.iter().map(|(_, _, octets)| octets.clone()).collect();
    let Some(judged) = judge(&octets) else { return };
    for (seen, (told, wanted, octets)) in judged.iter().zip(&arrived) {
        let part = &seen.parts[0];
        // A sendmail program knows of no locale what its caller has not said.
        if part.charset.as_deref() == Some("unknown-8bit") {
            assert_eq!(told, "GBK: sendmail -t");
            assert_eq!(part.size, gbk.len() + 1, "{told}");
            continue;
        }
        let text = part.text.as_deref().unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(&text, wanted, "{told}: {}", String::from_utf8_lossy(octets));
        assert_eq!(part.media_type, "text/plain", "{told}");
    }
}

#[test]
fn octets_of_no_charset() {
    for (line, stdin) in [
        ("whippet -s s r@x.example", b"a\xffb\n".to_vec()),
        ("mail -s s r@x.example", b"a\xffb\n".to_vec()),
        ("sendmail -t", b"To: r@x.example\nSubject: s\n\na\xffb\n".to_vec()),
    ] {
        let peer = Peer::healthy();
        Account::at(&peer, "").call(line, stdin).exits(0);
        let octets = peer.finish().octets().concat();
        let text = octets.escape_ascii().to_string();
        // a, the octet, b, in base64.
        assert!(text.contains("charset=unknown-8bit") && text.contains("\\r\\n\\r\\nYf9i"), "{line}: {text}");
    }
}

#[test]
fn headers_that_others_spoil() {
    let mail = mailed("sendmail -t", "From: \"Ärzte\" <a@x.example>\nTo: Müller, Zoë <r@x.example>, Jürgen <q@x.example>\nSubject: Größe\n\nx\n".replace("Müller, ", ""));
    mail.goes_to(&["r@x.example", "q@x.example"]);
    assert!(mail.text.is_ascii(), "{}", mail.text);
    let Some(judged) = judge(&[mail.text.into_bytes()]) else { return };
    assert_eq!(judged[0].addresses["from"], [("Ärzte".to_owned(), "a@x.example".to_owned())]);
    assert_eq!(judged[0].addresses["to"][1], ("Jürgen".to_owned(), "q@x.example".to_owned()));
    assert_eq!(judged[0].field("Subject"), Some("Größe"));
    let mail = mailed("sendmail -t", "bcc: r@x.example,\n\tq@x.example\nBCC: p@x.example\nSubject: s\n\nx\n");
    mail.goes_to(&["r@x.example", "q@x.example", "p@x.example"]).has("To", "undisclosed-recipients:;");
}
