//! The rows of the attachment table, and standard input.

use super::*;

/// Files and recipients of the rows of the attachment table.
#[test]
fn attachments_and_recipients() {
    for (words, files, recipients) in [
        (&["-s", "s", "-a", "f1", "f2", "--", "r@x"][..], &["f1", "f2"][..], &["r@x"][..]),
        (&["-s", "subj", "r@x", "-a", "f1"], &["f1"], &["r@x"]),
        (&["-s", "s", "r@x", "-a", "f1", "f2"], &["f1", "f2"], &["r@x"]),
        (&["-a", "f1", "-b", "b@x", "--", "r@x"], &["f1"], &["r@x"]),
        (&["-a", "f1", "-s", "s", "r@x"], &["f1"], &["r@x"]),
        (&["-a", "f1", "-a", "f2", "--", "r@x"], &["f1", "f2"], &["r@x"]),
        // Whether these are files is found later; until then the recipient may be among them.
        (&["-a", "f1", "r@x"], &["f1", "r@x"], &[]),
        (&["-a", "f1", "root"], &["f1", "root"], &[]),
        (&["r@x", "-a", "f1", "--", "q@x"], &["f1"], &["r@x", "q@x"]),
        (&["-a", "-", "-s", "log.txt", "--", "r@x"], &["-"], &["r@x"]),
        (&["-s", "x", "--", "-a@x"], &[], &["-a@x"]),
        (&["-s", "x", "--", "-"], &[], &["-"]),
        (
            &["-a", "=x", "~y", "a:b", "*", "http://h/f", "./-", "--", "r"],
            &["=x", "~y", "a:b", "*", "http://h/f", "./-"],
            &["r"],
        ),
    ] {
        let request = request_of(words);
        let found: Vec<String> = request
            .attachments
            .iter()
            .map(|attachment| match &attachment.source {
                Source::File(path) => path.to_str().unwrap().to_owned(),
                Source::Stdin => "-".to_owned(),
            })
            .collect();
        assert_eq!(
            (found, request.recipients),
            (
                files.iter().map(|f| f.to_string()).collect(),
                recipients.iter().map(|r| r.to_string()).collect()
            ),
            "{words:?}"
        );
        assert!(request.attachments.iter().all(|attachment| attachment.from_list));
    }
    assert_eq!(request_of(&["-a", "f1", "-b", "b@x", "--", "r@x"]).bcc, ["b@x"]);
    assert_eq!(request_of(&["-a", "-", "--", "r@x"]).body, Body::Empty);
    assert_eq!(error_of(&["-a", "--", "r@x"]).kind, UsageKind::Usage);
}

#[test]
fn a_missing_file_may_be_a_recipient() {
    let request = request_of(&["-a", "bob@x.org", "root", "a.txt", "/x", "-n", "--attach", "eve@x"]);
    let misplaced: Vec<_> = request.attachments.iter().map(Attachment::misplaced).collect();
    let Some(Misplaced::Address(error)) = &misplaced[0] else { panic!("{misplaced:?}") };
    assert_eq!(error.message, "`bob@x.org` follows -a, so it names a file, and there is none");
    assert_eq!(error.hint.as_deref(), Some("put `--` before the recipients, or name them first"));
    assert_eq!(misplaced[1], Some(Misplaced::Perhaps("if `root` is a recipient, put `--` before it".into())));
    assert_eq!(misplaced[2..], [None, None, None]);
    assert!(request.attachments[0].looks_like_address() && !request.attachments[4].looks_like_address());
}

#[test]
fn own_attachment_options() {
    let request = request_of(&[
        "--attach-as=n.txt=a=b",
        "--attach-type",
        "text/CSV",
        "-a",
        "f",
        "--attach",
        "g",
        "--attach-stdin",
        "s.txt",
        "r",
    ]);
    let file = |name: Option<&str>, path: &str, media_type: Option<&str>, from_list| Attachment {
        source: if path == "-" { Source::Stdin } else { Source::File(path.into()) },
        name: name.map(str::to_owned),
        media_type: media_type.map(str::to_owned),
        from_list,
    };
    assert_eq!(
        request.attachments,
        [
            file(Some("n.txt"), "a=b", None, false),
            file(None, "f", Some("text/csv"), true),
            file(None, "g", None, false),
            file(Some("s.txt"), "-", None, false),
        ]
    );
    for words in [
        &["--attach-as", "x", "r"][..],
        &["--attach-as", "=x", "r"],
        &["--attach-as", "x=", "r"],
        &["--attach-as", "a/b=x", "r"],
        &["--attach-as", "\u{1b}[2Jb=x", "r"],
        &["--attach-stdin", "", "r"],
        &["--attach", "", "r"],
        &["--attach-type", "text/csv", "r"],
        &["--attach-type", "a/b", "--attach-type", "a/b", "--attach", "f", "r"],
        &["--attach-type", "nonsense", "--attach", "f", "r"],
    ] {
        assert_eq!(error_of(words).kind, UsageKind::Usage, "{words:?}");
    }
}

#[test]
fn standard_input_feeds_one_thing() {
    for (words, body) in [
        (&["r"][..], Body::Stdin),
        (&["-i", "f", "r"], Body::Stdin),
        (&["-i", "-", "r"], Body::Empty),
        (&["-i", "-", "--body", "t", "r"], Body::Text("t".into())),
        (&["--body-file", "-", "r"], Body::Stdin),
        (&["--body-file", "f", "-a", "-", "--", "r"], Body::File("f".into())),
        (&["--attach-stdin", "n", "r"], Body::Empty),
        (&["--body", "", "r"], Body::Text("".into())),
        (&["mailto:r?body=t"], Body::Text("t".into())),
        (&["mailto:r?body=t", "--body-file", "-"], Body::Stdin),
        (&["mailto:r?body=t", "--body", "u"], Body::Text("u".into())),
    ] {
        assert_eq!(request_of(words).body, body, "{words:?}");
    }
    for words in [
        &["-a", "-", "-i", "-", "r"][..],
        &["-a", "-", "-", "--", "r"],
        &["-a", "-", "--body-file", "-", "r"],
        &["-i", "-", "--body-file", "-", "r"],
        &["--attach-as", "n=-", "--attach-stdin", "m", "r"],
    ] {
        assert!(error_of(words).message.starts_with("standard input feeds one thing"), "{words:?}");
    }
}
