//! What is refused, in which words.

use super::*;

#[test]
fn nobody_to_write_to() {
    for words in
        [&["-s", "x"][..], &["--attach", "f"], &["", " ", ","], &["mailto:?subject=x"], &["--from", "a@x"]]
    {
        // A person may write in an editor whom it is for.
        assert_eq!(request_of(words).require_recipient(), Err(no_recipient()), "{words:?}");
    }
    for words in [
        &[][..],
        &["send"],
        &["--body", "x"],
        &["--text", "-"],
        &["-i", "f"],
        &["--attach=-"],
        &["--html", "f"],
        &["mailto:?body=x"],
    ] {
        let error = error_of(words);
        assert!(error.message.starts_with("no recipient"), "{words:?}: {error}");
        assert!(error.hint.unwrap().contains("you@example.org"));
    }
    for words in [
        &["-b", "a@x"][..],
        &["-c", "a@x"],
        &["--to", "a@x"],
        &["-e", "my_hdr Bcc: a@x"],
        &["mailto:?cc=a@x"],
    ] {
        request_of(words);
    }
}

#[test]
fn what_there_is_is_not_said_to_be_missing() {
    let command = SendArgs::command();
    let options: Vec<&str> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
    assert!(usage::NOT_YET.iter().all(|name| !options.contains(name)), "{options:?}");
}

#[test]
fn malformed_data() {
    for (words, why) in [
        (&["-s", "a\nBcc: e@x", "r"][..], "a subject is one line"),
        (&["-s", "a\r", "r"], "a subject is one line"),
        (&["-s", "a\0", "r"], "a subject is one line"),
        (&["a@x b", "r", "<c"], "`a@x b` is not an address"),
        (&["a@x b", "r", "<c"], "`<c` is not an address"),
        (&["-c", "a@x\nBcc: e@x", "r"], "Cc: `a@x\\nBcc: e@x` is not an address"),
        (&["--from", "a@x, T: b@x;", "r"], "From: `a@x, T: b@x;` is not an address"),
        (&["--from", "", "r"], "From: `` is not an address"),
        (&["--reverse-path", "a b@x", "r"], "reverse-path: "),
        (&["--reply-to", "<", "r"], "Reply-To: "),
        (&["--header", "X: a\nY: b", "r"], "the value of X is one line"),
        (&["-e", "my_hdr To: <", "r"], "To: "),
        (&["mailto:a@x?subject=%0a"], "its subject holds a line end"),
    ] {
        let error = error_of(words);
        assert_eq!(error.kind, UsageKind::Data, "{words:?}: {error}");
        assert!(error.message.contains(why), "{words:?}: {error}");
        assert!(!error.message.contains(['\n', '\r', '\0']), "{words:?}");
    }
    let octets = OsString::from_vec(b"\xff@x".to_vec());
    for words in [vec![octets.clone()], vec!["-c".into(), octets.clone(), "r".into()]] {
        let argv: Vec<OsString> = [OsString::from("whippet")].into_iter().chain(words).collect();
        assert_eq!(parse(&argv).unwrap_err().kind, UsageKind::Data);
    }
    let argv: Vec<OsString> =
        ["whippet".into(), "-s".into(), octets.clone(), "-a".into(), octets.clone(), "--".into(), "r".into()]
            .into();
    let Ok(Invocation::Send(request)) = parse(&argv) else { panic!() };
    assert_eq!(
        (request.subject, &request.attachments[0].source),
        (Some(octets.clone()), &Source::File(octets.into()))
    );
}

#[test]
fn mistyped_options() {
    let error = error_of(&["--sbuject", "x", "r"]);
    assert_eq!(error.message, "unknown option --sbuject; did you mean --subject?");
    assert!(error.hint.unwrap().starts_with("usage: whippet"));
    for (words, message) in [
        (&["--xyzzy=canary", "r"][..], "unknown option --xyzzy"),
        (&["--subj", "x", "r"], "unknown option --subj; did you mean --subject?"),
        (&["---subject", "r"], "unknown option ---subject; did you mean --subject?"),
        (&["--empty-body", "foo", "r"], "--empty-body takes send, skip, fail, not `foo`"),
        (&["--missing-subject=", "r"], "--missing-subject needs a value"),
        (&["--smtp", "smtp://h", "--sendmail", "r"], "--smtp and --sendmail contradict each other"),
        (&["--body", "x", "--body-file", "f", "r"], "--body and --body-file contradict each other"),
        (&["--quiet", "--verbose", "r"], "--quiet and --verbose contradict each other"),
        (&["-d", "6", "r"], "-d takes 0 to 5, not `6`"),
        (&["-d", "-1", "r"], "-d takes 0 to 5, not `-1`"),
        (&["-d", "", "r"], "-d takes 0 to 5, not ``"),
        (
            &["-smtp", "--smtp", "u:canary@h", "r"],
            "--smtp: a password on the command line is visible to every user; put it in the profile",
        ),
        (
            &["-e", "set ssl_force_tls=no smtp_url=smtp://u@h", "r"],
            "-e set ssl_force_tls=no is refused: anybody could read the login",
        ),
        (
            &["-e", "set ssl_force_tls=no", "--smtp", "smtp://u@h", "r"],
            "-e set ssl_force_tls=no is refused: anybody could read the login",
        ),
        (
            &["--set", "password=canary", "r"],
            "--set password: a password on the command line is visible to every user; put it in the profile",
        ),
        (&["config"], "a word is missing: whippet config show [--profile NAME] [--json]"),
        (&["config", "shwo"], "`shwo` is no word that whippet knows here; did you mean show?"),
        (&["queue", "instal"], "`instal` is no word that whippet knows here; did you mean install?"),
        (&["config", "show", "x"], "unknown option x"),
        (&["config", "show", "--jsno"], "unknown option --jsno; did you mean --json?"),
        (&["generate", "completions", "csh"], "SHELL takes bash, elvish, fish, powershell, zsh, not `csh`"),
        (
            &["generate", "completions"],
            "a word is missing: whippet generate man [PAGE]|completions SHELL|config|help|links FOLDER",
        ),
        (
            &["serve"],
            "`serve` is not in this version of whippet; to write to a recipient of that name put `--` before it",
        ),
    ] {
        let error = error_of(words);
        assert_eq!((error.message.as_str(), error.kind), (message, UsageKind::Usage), "{words:?}");
        assert!(!format!("{error:?}").contains("canary"), "{words:?}");
    }
}
