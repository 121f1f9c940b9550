//! Each option of mail and mailx, as scripts give it.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::cli::UsageKind;

fn read(words: &[&str]) -> Result<Invocation, UsageError> {
    parse(&words.iter().map(OsString::from).collect::<Vec<_>>())
}

fn sent(words: &[&str]) -> Request {
    match read(words) {
        Ok(Invocation::Send(request)) => *request,
        other => panic!("{words:?}: {other:?}"),
    }
}

fn refused(words: &[&str]) -> String {
    read(words).unwrap_err().message
}

#[test]
fn scripts_say_whom_and_what() {
    let request = sent(&["-s", "S", "-c", "c@x,d@x", "-b", "b@x", "-c", "e@x", "r@x", "q@x"]);
    assert_eq!(request.subject, Some("S".into()));
    assert_eq!(request.recipients, ["r@x", "q@x"]);
    assert_eq!(
        (request.cc, request.bcc),
        (vec!["c@x,d@x".to_owned(), "e@x".to_owned()], vec!["b@x".to_owned()])
    );
    assert!(request.is_last_try && request.edit == Some(false));
    assert_eq!(sent(&["root", "-s", "S"]).subject, Some("S".into()));
    assert_eq!(sent(&["-sS", "--", "root"]).recipients, ["root"]);
    assert_eq!(
        sent(&["-s", "[rkhunter] Warnings ** for h", "root"]).subject,
        Some("[rkhunter] Warnings ** for h".into())
    );
    let request = sent(&["-r", "M <m@x>", "-s", "S", "r@x"]);
    assert_eq!(
        (request.from.as_deref(), request.reverse_path.as_deref()),
        (Some("M <m@x>"), Some("M <m@x>"))
    );
}

#[test]
fn a_word_of_a_is_a_field_if_it_looks_like_one() {
    let request = sent(&[
        "-a",
        "MIME-Version: 1.0",
        "-a",
        "Content-type: text/plain; charset=UTF-8",
        "-a",
        "Content-transfer-encoding: 8bit",
        "-a",
        "From: x@y",
        "-a",
        "X-Two: 2",
        "-s",
        "S",
        "r@x",
    ]);
    assert_eq!((request.from.as_deref(), request.reverse_path), (Some("x@y"), None));
    assert_eq!(
        (request.body_type.as_deref(), request.charset.as_deref()),
        (Some("text/plain"), Some("UTF-8"))
    );
    assert_eq!(request.headers, [("X-Two".to_owned(), OsString::from("2"))]);
    assert!(request.attachments.is_empty() && request.doubtful.is_empty());
    let request = sent(&["-a", "/etc/hostname", "-a", "a:b", "-A", "web", "r@x"]);
    assert_eq!(
        request.doubtful,
        [
            Doubtful::FileOrField("/etc/hostname".into()),
            Doubtful::FileOrField("a:b".into()),
            Doubtful::FileOrProfile("web".into()),
        ]
    );
    assert_eq!(sent(&["-a", "Bcc: b@x", "-a", "Reply-To: p@x", "r@x"]).bcc, ["b@x"]);
    assert_eq!(
        refused(&["-a", "Return-Path: <e@x>", "r@x"]),
        "-a Return-Path: the field Return-Path cannot be added"
    );
    assert_eq!(read(&["-a", "X: a\nBcc: e@x", "r@x"]).unwrap_err().kind, UsageKind::Data);
}

#[test]
fn an_empty_mail_is_dropped_only_where_that_is_meant() {
    let request = sent(&["-E", "set escape", "-s", "S", "r@x"]);
    assert_eq!((request.empty_body, request.recipients), (None, vec!["r@x".to_owned()]));
    assert_eq!(sent(&["-E", "unset x", "r@x"]).empty_body, None);
    assert_eq!(sent(&["-E", "r@x"]).empty_body, Some(EmptyBody::Drop));
    assert_eq!(sent(&["-Es", "S", "r@x"]).empty_body, Some(EmptyBody::Drop));
    assert_eq!(sent(&["-Sskipemptybody", "r@x"]).empty_body, Some(EmptyBody::Drop));
}

#[test]
fn variables_of_s_nail() {
    let request = sent(&[
        "-Smta=smtp://_aide@localhost",
        "-Ssmtp-auth=none",
        "-Sv15-compat",
        "-Sfrom=AIDE <root@h>",
        "-s",
        "S",
        "root@h",
    ]);
    assert_eq!(
        (request.smtp.as_deref(), request.from.as_deref()),
        (Some("smtp://localhost?tls=none"), Some("AIDE <root@h>"))
    );
    assert!(request.warnings.is_empty() && request.set.is_empty());
    let request = sent(&["-S", "smtp=mx.x:2525", "-S", "smtp-auth-user=u", "-S", "smtp-use-starttls", "r@x"]);
    assert_eq!(request.smtp.as_deref(), Some("smtp://mx.x:2525"));
    assert_eq!(
        (request.tls.starttls, request.set),
        (Some(true), vec![("username".to_owned(), "u".to_owned())])
    );
    for (word, url) in [
        ("mta=submission://h", "smtp://h:587"),
        ("mta=submission://h:26", "smtp://h:26"),
        ("mta=submissions://u@h", "smtps://u@h"),
        ("mta=smtps://h:4650", "smtps://h:4650"),
        ("mta=smtp://localhost:2525", "smtp://localhost:2525?tls=none"),
        ("smtp=127.0.0.1", "smtp://127.0.0.1?tls=none"),
        ("mta=smtp://u@localhost", "smtp://u@localhost"),
        ("mta=smtp://localhost.x", "smtp://localhost.x"),
    ] {
        assert_eq!(sent(&["-S", word, "r@x"]).smtp.as_deref(), Some(url));
    }
    for more in ["smtp-auth-user=u", "smtp-use-starttls"] {
        let request = sent(&["-S", more, "-S", "mta=smtp://localhost", "r@x"]);
        assert_eq!(request.smtp.as_deref(), Some("smtp://localhost"), "{more}");
    }
    assert_eq!(sent(&["-S", "mta=/usr/lib/sendmail", "r@x"]).sendmail_argv, ["/usr/lib/sendmail"]);
    let request =
        sent(&["-S", "ttycharset=utf-8", "-r", "x@y", "-S", "reply-to=p@x", "-S", "hostname=h.x", "r@x"]);
    assert_eq!((request.charset.as_deref(), request.reply_to.as_deref()), (Some("utf-8"), Some("p@x")));
    for word in
        ["sendcharsets=utf-8", "sendwait", "expandaddr", "mime-force-sendout", "encoding=8bit", "escape=~"]
    {
        assert!(sent(&["-S", word, "r@x"]).warnings.is_empty(), "{word}");
    }
    for word in ["record=~/sent", "folder=x", "noexpand"] {
        assert_eq!(sent(&["-S", word, "r@x"]).warnings.len(), 1, "{word}");
    }
    for word in
        ["smtp-auth-password=canary", "password=canary", "password-u@h=canary", "mta=smtp://u:canary@h"]
    {
        let error = refused(&["-S", word, "r@x"]);
        assert!(error.contains("visible to every user") && !error.contains("canary"), "{error}");
    }
    for word in ["ssl-verify=ignore", "tls-verify=warn"] {
        assert!(refused(&["-S", word, "r@x"]).ends_with("a certificate is always verified"));
    }
    assert_eq!(sent(&["-X", "set from=a@x sendwait", "r@x"]).from.as_deref(), Some("a@x"));
    assert_eq!(refused(&["-Y", "!id", "r@x"]), "-Y takes `set NAME=VALUE`, not `!id`");
}

#[test]
fn what_follows_the_recipients_and_two_dashes() {
    let request = sent(&["-s", "S", "r@x", "--", "-f", "me@x", "-F", "Me"]);
    assert_eq!((request.from.as_deref(), request.reverse_path.as_deref()), (Some("me@x"), Some("me@x")));
    assert_eq!(request.recipients, ["r@x"]);
    assert_eq!(sent(&["r@x", "--", "q@x", "-z@x"]).recipients, ["r@x", "q@x", "-z@x"]);
    assert_eq!(sent(&["--", "-z@x"]).recipients, ["-z@x"]);
    assert!(read(&["r@x", "--", "-bs"]).is_err());
    assert_eq!(refused(&["r@x", "--", "-Z"]), "unknown option -Z");
}

#[test]
fn what_is_ignored_honoured_or_refused() {
    let plain = sent(&["r@x"]);
    for words in [
        &["-i"][..],
        &["-n"],
        &["-N"],
        &["-I"],
        &["-B"],
        &["-D"],
        &["-."],
        &["-#"],
        &["-:", "/"],
        &["-:/"],
        &["-M"],
    ] {
        assert_eq!(sent(&[words, &["r@x"]].concat()), plain, "{words:?}");
    }
    assert!(sent(&["-d", "r@x"]).dry_run);
    assert_eq!(sent(&["-v", "r@x"]).verbose, 1);
    assert_eq!(sent(&["-M", "text/html", "r@x"]).body_type.as_deref(), Some("text/html"));
    assert_eq!(sent(&["-q", "f", "r@x"]).include, Some(Include::File("f".into())));
    assert_eq!(sent(&["-m", "f", "r@x"]).body, Body::File("f".into()));
    assert_eq!(sent(&["-C", "X-A: 1", "r@x"]).headers, [("X-A".to_owned(), OsString::from("1"))]);
    assert_eq!(sent(&["-T", "cc: c@x", "r@x"]).cc, ["c@x"]);
    let request = sent(&[
        "--subject=S",
        "--append=X-A: 1",
        "--return-address=m@x",
        "--content-type=text/csv",
        "--attach=f",
        "r@x",
    ]);
    assert_eq!((request.subject, request.from.as_deref()), (Some("S".into()), Some("m@x")));
    assert_eq!(request.attachments[0].media_type.as_deref(), Some("text/csv"));
    let raw = Raw { source: Source::Stdin, reads_recipients: true };
    assert_eq!(sent(&["-t"]).raw, Some(raw));
    for letter in ["-e", "-f", "-H", "-L", "-p", "-R", "-u"] {
        assert_eq!(
            refused(&[letter, "r@x"]),
            format!("{letter} concerns mailboxes: whippet does not read mail")
        );
    }
    for (words, message) in [
        (&[][..], "no recipient: nobody to write to"),
        (&["-s", "S"], "no recipient: nobody to write to"),
        (&["-~", "r@x"], "-~ is refused: a line of the text is never a command"),
        (&["-F", "r@x"], "-F is refused: no copy is named after a recipient"),
        (&["-Q", "r@x"], "unknown option -Q"),
        (&["r@x", "-s"], "-s needs a value"),
        (&["--alternative", "r@x"], "--alternative is refused"),
        (&["--nonsense", "r@x"], "unknown option --nonsense"),
        (&["-T", "x-to: a@x", "r@x"], "-T names recipients, as 'to: you@example.org', not x-to"),
        (&["-t", "-s", "S"], "-t takes the fields from the message: no other option adds any"),
    ] {
        assert_eq!(refused(words), message, "{words:?}");
    }
    assert_eq!(read(&["-s", "a\nBcc: e@x", "r@x"]).unwrap_err().kind, UsageKind::Data);
    assert!(
        matches!(read(&["-V"]), Ok(Invocation::Print(_)))
            && matches!(read(&["--help"]), Ok(Invocation::Print(_)))
    );
}
