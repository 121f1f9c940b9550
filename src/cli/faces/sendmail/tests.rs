//! Each flag of sendmail, as cron, PHP, git and others give it.

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
    let error = read(words).unwrap_err();
    assert_eq!(error.kind, UsageKind::Usage, "{words:?}");
    error.message
}

fn notes(request: &Request) -> Vec<&str> {
    request.warnings.iter().map(|warning| warning.words.as_str()).collect()
}

#[test]
fn options_and_recipients_stand_in_any_order() {
    for (words, recipients, reads) in [
        (&["r@x"][..], &["r@x"][..], false),
        (&["-i", "r@x", "q@x"], &["r@x", "q@x"], false),
        (&["r@x", "-i", "q@x"], &["r@x", "q@x"], false),
        (&["-f", "a@x", "-i", "r@x"], &["r@x"], false),
        (&["-t"], &[], true),
        (&["-ti"], &[], true),
        (&["-i", "-t", "r@x"], &["r@x"], true),
        (&["r@x", "-t"], &["r@x"], true),
        (&["-i", "--", "r@x", "-y@x", "--"], &["r@x", "-y@x", "--"], false),
        (&["a@x,b@x"], &["a@x,b@x"], false),
        (&["", "r@x"], &["r@x"], false),
        (&["mail"], &["mail"], false),
        (&["-"], &["-"], false),
    ] {
        let request = sent(words);
        assert_eq!(request.recipients, recipients, "{words:?}");
        let raw = Raw { source: Source::Stdin, reads_recipients: reads };
        assert_eq!((request.raw, request.body), (Some(raw), Body::Empty), "{words:?}");
        assert!(request.is_last_try && request.warnings.is_empty(), "{words:?}");
    }
}

#[test]
fn the_reverse_path_is_the_last_one_said() {
    for (words, path) in [
        (&["-f", "a@x", "r@x"][..], "a@x"),
        (&["-fa@x", "r@x"], "a@x"),
        (&["-r", "a@x", "r@x"], "a@x"),
        (&["-ra@x", "-f", "b@x", "r@x"], "b@x"),
        (&["-tifa@x"], "a@x"),
        (&["-f", "A B <a@x>", "r@x"], "A B <a@x>"),
        (&["-f", "", "r@x"], "<>"),
        (&["-f", "<>", "r@x"], "<>"),
        (&["-fMAILER-DAEMON", "r@x"], "<>"),
        (&["-f", "mailer-daemon", "r@x"], "<>"),
        (&["-f", "root", "r@x"], "root"),
    ] {
        assert_eq!(sent(words).reverse_path.as_deref(), Some(path), "{words:?}");
    }
    assert_eq!(read(&["-f", "a@", "r@x"]).unwrap_err().kind, UsageKind::Data);
    assert_eq!(read(&["-f", "a@x b@x", "r@x"]).unwrap_err().kind, UsageKind::Data);
}

#[test]
fn what_is_honoured() {
    assert_eq!(sent(&["-FCronDaemon", "r@x"]).realname, Some("CronDaemon".into()));
    assert_eq!(sent(&["-F", "Atrun Service", "r@x"]).realname, Some("Atrun Service".into()));
    assert_eq!(sent(&["-v", "r@x"]).verbose, 1);
    assert_eq!(sent(&["-N", "never", "r@x"]).wishes.notify, Notify::parse("never").ok());
    let reports = Notify::parse("success,failure,delay").ok();
    assert_eq!(sent(&["-Nsuccess,delay,failure", "r@x"]).wishes.notify, reports);
    for (word, returned) in
        [("full", "full"), ("hdrs", "headers"), ("return", "full"), ("Headers", "headers")]
    {
        assert_eq!(sent(&["-R", word, "r@x"]).wishes.returned, Return::parse(returned).ok(), "{word}");
    }
    assert_eq!(sent(&["-V", "id+7", "r@x"]).wishes.envelope_id, EnvelopeId::parse("id+7").ok());
    assert!(sent(&["-O", "REQUIRETLS=yes", "r@x"]).wishes.require_tls);
    assert!(!sent(&["-OSMTPUTF8=yes", "r@x"]).wishes.require_tls);
}

#[test]
fn what_has_no_effect() {
    let plain = sent(&["r@x"]);
    for words in [
        &["-i"][..],
        &["-oi"],
        &["-bm"],
        &["-b", "m"],
        &["-oem"],
        &["-odi"],
        &["-odb"],
        &["-oee"],
        &["-o7"],
        &["-o8"],
        &["-om"],
        &["-oMr", "-oMsx"],
        &["-oQ/tmp/x"],
        &["-oA/tmp/x"],
        &["-o", "swallowed@x"],
        &["-O", "QueueDirectory=/tmp"],
        &["-OX=Y"],
        &["-em"],
        &["-e", "q"],
        &["-B8BITMIME"],
        &["-B", "7BIT"],
        &["-B", "8bitmime"],
        &["-h", "9"],
        &["-h9"],
        &["-L", "tag"],
        &["-p", "SMTP"],
        &["-Ac"],
        &["-A", "m"],
        &["-U"],
        &["-G"],
        &["-m"],
        &["-n"],
        &["-x"],
        &["-c"],
        &["-d"],
        &["-d0.1"],
        &["-iUGmnxc"],
    ] {
        for argv in [[words, &["r@x"]].concat(), [&["r@x"], words].concat()] {
            assert_eq!(sent(&argv), plain, "{argv:?}");
        }
    }
    // -oA takes no word: the next is a recipient.
    assert_eq!(sent(&["-oA", "f", "r@x"]).recipients, ["f", "r@x"]);
}

#[test]
fn what_is_passed_over_with_a_note() {
    for (words, note) in [
        (&["-X", "/tmp/log", "r@x"][..], "-X is ignored: no log is written to a file that argv names"),
        (&["-X/tmp/log", "r@x"], "-X is ignored: no log is written to a file that argv names"),
        (&["-C/tmp/c", "r@x"], "-C is ignored: argv does not choose the configuration of sendmail"),
    ] {
        assert_eq!(notes(&sent(words)), [note], "{words:?}");
    }
}

#[test]
fn what_is_refused() {
    for letter in ["-s", "-S", "-H", "-w", "-a", "-E", "-T", "-W", "-y", "-j", "-Z", "-1", "-tZ"] {
        let name = &letter[letter.len() - 1..];
        assert_eq!(refused(&[letter, "r@x"]), format!("unknown option -{name}"), "{letter}");
    }
    for letter in ["-bd", "-bl", "-bD", "-ba", "-bt", "-bh", "-bH", "-bq", "-be", "-bP", "-bx", "-bss"] {
        let mode = &letter[2..];
        assert_eq!(refused(&[letter]), format!("-b{mode} is not among what whippet does"));
    }
    for (words, message) in [
        (&[][..], "no recipient: nobody to write to"),
        (&["-i", "-f", "a@x"], "no recipient: nobody to write to"),
        (&["-bv"], "no recipient: nobody to write to"),
        (&["-f"], "-f needs a value"),
        (&["r@x", "-F"], "-F needs a value"),
        (&["-B", "9BIT", "r@x"], "-B does not take `9BIT`"),
        (&["-e", "x", "r@x"], "-e does not take `x`"),
        (&["-R", "some", "r@x"], "-R does not take `some`"),
        (&["-XV", "r@x"], "-XV: whippet does not write envelope senders for each recipient (VERP)"),
        (&["-XV+=", "r@x"], "-XV: whippet does not write envelope senders for each recipient (VERP)"),
        (&["-bs", "r@x"], "-bs takes no recipients: the dialogue on standard input names them"),
        (&["-qX"], "-q does not take `X`"),
        (&["-qI"], "-q does not take `I`"),
        (&["-t", "--json"], "unknown option --json"),
        (&["--jsn", "-t"], "unknown option --jsn"),
    ] {
        assert_eq!(refused(words), message, "{words:?}");
    }
    assert!(refused(&["-N", "sometimes", "r@x"]).starts_with("-N: "));
    assert!(refused(&["-V", &"x".repeat(101), "r@x"]).starts_with("-V: "));
}

#[test]
fn the_other_modes() {
    assert!(matches!(read(&["-bs"]), Ok(Invocation::Dialogue(_))));
    assert!(matches!(read(&["-bs", "-i", "-f", "a@x"]), Ok(Invocation::Dialogue(_))));
    assert!(matches!(read(&["-bi"]), Ok(Invocation::Note(_))));
    assert!(matches!(read(&["-I"]), Ok(Invocation::Note(_))));
    let Ok(Invocation::Verify(request)) = read(&["-bv", "root", "a@x"]) else { panic!() };
    assert_eq!(request.recipients, ["root", "a@x"]);
    let task = |words: &[&str]| match read(words) {
        Ok(Invocation::Queue(queue)) => (queue.task, queue.settings.warnings.len()),
        other => panic!("{words:?}: {other:?}"),
    };
    assert_eq!(task(&["-bp"]), (Task::List(Chosen::default()), 0));
    for words in [&["mailq", "-v"][..], &["mailq", "-Ac"], &["mailq", "-q"]] {
        let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
        let Ok(Invocation::Queue(queue)) = crate::cli::parse(&argv) else { panic!("{words:?}") };
        assert_eq!(queue.task, Task::List(Chosen::default()), "{words:?}");
    }
    let run = |chosen| Task::Run { now: false, watch: false, after_send: false, chosen };
    let chosen = Chosen::default;
    for (words, wanted, notes) in [
        (&["-q"][..], chosen(), 0),
        (&["-qI4F"], Chosen { ids: vec!["4F".to_owned()], ..chosen() }, 0),
        (&["-qRbob"], Chosen { to: Some("bob".to_owned()), ..chosen() }, 0),
        (&["-qSann"], Chosen { from: Some("ann".to_owned()), ..chosen() }, 0),
        (&["-q30m"], chosen(), 1),
        (&["-q", "30m"], chosen(), 1),
        (&["-q1h30m"], chosen(), 1),
    ] {
        assert_eq!(task(words), (run(wanted), notes), "{words:?}");
    }
}

#[test]
fn own_options_stand_first() {
    let request = sent(&["--profile", "web", "--set=port=25", "--no-system", "--dry-run", "-t", "-i"]);
    assert_eq!(request.profile.as_deref(), Some("web"));
    assert_eq!(request.set, [("port".to_owned(), "25".to_owned())]);
    assert!(request.no_system && request.dry_run);
    assert!(matches!(read(&["--help"]), Ok(Invocation::Print(_))));
    assert!(matches!(read(&["--version"]), Ok(Invocation::Print(_))));
    let error = read(&["-t", "--profile", "web"]).unwrap_err();
    assert_eq!(error.message, "unknown option --profile");
    assert_eq!(
        error.hint.unwrap(),
        "whippet's own options stand before all others: sendmail --profile NAME -t"
    );
}

#[test]
fn words_that_are_no_text_are_refused() {
    use std::os::unix::ffi::OsStringExt;
    let foul = OsString::from_vec(b"\xff@x".to_vec());
    let error = parse(std::slice::from_ref(&foul)).unwrap_err();
    assert_eq!(error.kind, UsageKind::Data, "{error}");
    assert!(parse(&["-f".into(), foul, "r@x".into()]).is_err());
    assert_eq!(read(&["a@x, b@"]).unwrap_err().kind, UsageKind::Data);
}
