//! From argv to invocation: the rows of the tables of the mutt face.

mod attachments;
mod refusals;

use std::os::unix::ffi::OsStringExt;

use proptest::prelude::*;

use super::*;
use crate::mail::{DeliverBy, EnvelopeId, Hold, Notify, Priority, Return, Wishes};

fn argv(words: &[&str]) -> Vec<OsString> {
    ["whippet"].iter().chain(words).map(OsString::from).collect()
}

pub(super) fn request_of(words: &[&str]) -> Request {
    match parse(&argv(words)) {
        Ok(Invocation::Send(request)) => *request,
        other => panic!("{words:?}: {other:?}"),
    }
}

pub(super) fn error_of(words: &[&str]) -> UsageError {
    parse(&argv(words)).map(|other| panic!("{words:?}: {other:?}")).unwrap_err()
}

#[test]
fn the_table_is_sound() {
    args::command().debug_assert();
    SendArgs::command().debug_assert();
    ConfigArgs::command().debug_assert();
    GenerateArgs::command().debug_assert();
}

#[test]
fn who_gets_it_and_what_it_says() {
    let request = request_of(&[
        "a@x, b@x",
        "Al Ice <c@x>",
        "T: d@x;",
        "mailto:e@x?cc=f@x&subject=no&body=hi&bcc=g@x&In-Reply-To=%3C1@x%3E",
        "-c",
        "h@x,i@x",
        "--cc=j@x",
        "-b",
        "k@x",
        "--to",
        "l@x",
        "-c",
        "",
        "-s",
        "yes",
        "--from",
        "Me <me@x>",
        "--reply-to",
        "r@x, s@x",
        "--reverse-path",
        "<>",
        "--header",
        "X-A: b",
        "--charset",
        "latin1",
    ]);
    assert_eq!(request.recipients, ["a@x, b@x", "Al Ice <c@x>", "T: d@x;", "e@x"]);
    assert_eq!(
        (request.to, request.cc, request.bcc),
        (vec!["l@x".into()], vec!["f@x".into(), "h@x,i@x".into(), "j@x".into()], vec!["k@x".into()])
    );
    assert_eq!(request.subject, Some("yes".into()));
    assert_eq!(request.body, Body::Text("hi".into()));
    assert_eq!(request.headers, [("X-A".into(), "b".into()), ("In-Reply-To".into(), "<1@x>".into())]);
    assert_eq!(request.warnings, ["bcc in the mailto: URL is ignored"]);
    assert_eq!(
        (request.from, request.reply_to, request.reverse_path),
        (Some("Me <me@x>".into()), Some("r@x, s@x".into()), Some("<>".into()))
    );
    assert_eq!(request.charset, Some("latin1".into()));
}

#[test]
fn the_last_one_counts() {
    let request = request_of(&[
        "-s", "a", "-s", "b", "-i", "f", "-i", "g", "--from", "a@x", "--from", "b@x", "-n", "-n", "r",
    ]);
    assert_eq!(request.subject, Some("b".into()));
    assert_eq!(request.include, Some(Include::File("g".into())));
    assert_eq!(request.from, Some("b@x".into()));
    assert!(request.no_system);
}

#[test]
fn wishes() {
    let request = request_of(&[
        "--dsn-notify=success,failure",
        "--dsn-return",
        "full",
        "--envid",
        "run 7",
        "--require-tls",
        "--deliver-by",
        "2h,return",
        "--hold-for",
        "90m",
        "--priority",
        "-3",
        "r",
    ]);
    let expected = Wishes {
        notify: Notify::parse("success,failure").ok(),
        returned: Return::parse("full").ok(),
        envelope_id: EnvelopeId::parse("run 7").ok(),
        deliver_by: DeliverBy::parse("7200,return").ok(),
        hold: Some(Hold::For(5400)),
        priority: Priority::parse("-3").ok(),
        require_tls: true,
    };
    assert_eq!(request.wishes, expected);
    // What an option says is stronger than -e.
    let muttrc = "set dsn_notify=never dsn_return=hdrs";
    let wishes = request_of(&["-e", muttrc, "--dsn-return", "full", "r"]).wishes;
    assert_eq!((wishes.notify, wishes.returned), (Some(Notify::Never), Some(Return::Full)));
    assert_eq!(request_of(&["-e", muttrc, "r"]).warnings, [""; 0]);
    for (words, why) in [
        (&["--dsn-notify", "always"][..], "--dsn-notify takes never, or success, failure and delay"),
        (&["--dsn-return", "none"], "--dsn-return takes full or headers, not `none`"),
        (&["--envid", ""], "--envid takes printable ASCII characters"),
        (&["--envid", "a\nb"], "--envid takes printable ASCII characters, not `a\\nb`"),
        (&["--envid", &"x".repeat(101)], "--envid takes at most 100 characters"),
        (&["--deliver-by", "soon"], "--deliver-by takes TIME[,notify|return][,trace]"),
        (&["--hold-for", "0"], "--hold-for takes a time such as 90m"),
        (&["--hold-until", "tomorrow"], "--hold-until takes a time with its zone"),
        (&["--hold-for", "1h", "--hold-until", "2030-01-01T00:00:00Z"], "contradict each other"),
        (&["--priority", "10"], "--priority takes a number from -9 to 9, not `10`"),
    ] {
        let error = error_of(&[words, &["r"]].concat());
        assert_eq!(error.kind, UsageKind::Usage, "{words:?}");
        assert!(error.message.contains(why), "{words:?}: {error}");
    }
}

#[test]
fn levels_and_routes() {
    assert_eq!(request_of(&["-d", "3", "r"]).verbose, 3);
    assert_eq!(request_of(&["-d", "0", "r"]).verbose, 0);
    assert_eq!(request_of(&["--verbose", "--verbose", "r"]).verbose, 2);
    let request = request_of(&[
        "-e",
        "set sendmail='/x -i'; set from=b@x; my_hdr From: c@x; my_hdr Reply-To: d@x",
        "r",
    ]);
    assert_eq!((request.sendmail, request.sendmail_argv), (true, vec!["/x".into(), "-i".into()]));
    assert_eq!((request.from, request.reply_to), (Some("b@x".into()), Some("d@x".into())));
    let request = request_of(&["-e", "set sendmail=/x smtp_url=smtp://h; my_hdr From: c@x", "r"]);
    assert_eq!(
        (request.sendmail, request.smtp, request.from),
        (false, Some("smtp://h".into()), Some("c@x".into()))
    );
    let request = request_of(&[
        "--sendmail",
        "--from",
        "a@x",
        "-e",
        "set smtp_url=smtp://h from=b@x; my_hdr Date: x",
        "r",
    ]);
    assert_eq!((request.sendmail, request.smtp, request.from), (true, None, Some("a@x".into())));
    assert_eq!(request.warnings, ["-e: my_hdr Date is ignored"]);
}

#[test]
fn other_invocations() {
    let print = |words: &[&str]| match parse(&argv(words)) {
        Ok(Invocation::Print(text)) => text,
        other => panic!("{words:?}: {other:?}"),
    };
    assert_eq!(print(&["-h"]), help());
    assert_eq!(print(&["--help"]), long_help());
    assert_eq!(print(&["-v"]), version(false));
    assert_eq!(print(&["--version", "r"]), version(false));
    assert_eq!(print(&["-vv"]), version(true));
    assert!(print(&["config", "show", "--help"]).contains("--profile"));
    let Ok(Invocation::Dump(request)) = parse(&argv(&["-D", "-F", "/dev/null", "-n"])) else { panic!() };
    assert_eq!((request.config_file, request.no_system), (Some("/dev/null".into()), true));
    let Ok(Invocation::Query(name, request)) = parse(&argv(&["-Q", "from", "-e", "set from=a@x"])) else {
        panic!()
    };
    assert_eq!((name.as_str(), request.from), ("from", Some("a@x".into())));
    let Ok(Invocation::Alias(name, _)) = parse(&argv(&["-A", "team"])) else { panic!() };
    assert_eq!(name, "team");
    let words = ["config", "show", "--profile=p", "--set", "a=b", "-n", "--json", "--json"];
    let Ok(Invocation::ShowConfig(request)) = parse(&argv(&words)) else {
        panic!("{:?}", parse(&argv(&words)))
    };
    assert_eq!(
        (request.profile, request.set, request.json),
        (Some("p".into()), vec![("a".into(), "b".into())], true)
    );
    for (words, what) in [
        (&["generate", "man"][..], Generate::Man(Page::Whippet)),
        (&["generate", "man", "whippet-sendmail"], Generate::Man(Page::Sendmail)),
        (&["generate", "man", "whippet-config"], Generate::ManOfConfig),
        (&["generate", "compatibility"], Generate::Compatibility),
        (&["generate", "completions", "zsh"], Generate::Completions(Shell::Zsh)),
        (&["generate", "config"], Generate::Config),
        (&["generate", "help"], Generate::Help),
    ] {
        assert_eq!(parse(&argv(words)), Ok(Invocation::Generate(what)));
    }
    for words in [&["-s", "x", "config"][..], &["--", "send"], &["generate@host"]] {
        assert_eq!(request_of(words).recipients, [*words.last().unwrap()]);
    }
    for words in
        [&["send", "config", "show"][..], &["--", "config", "show"], &["-s", "queue", "list", "show"]]
    {
        assert!(matches!(parse(&argv(words)), Ok(Invocation::Send(_))), "{words:?}");
    }
    for words in [&["-F", "/dev/null", "config", "show"][..], &["-n", "queue", "list", "--dry-run"]] {
        let error = parse(&argv(words)).unwrap_err();
        assert!(error.to_string().contains("stands behind options: say `whippet "), "{error}");
    }
}

#[test]
fn lines_that_callers_execute() {
    let nmudiff = request_of(&[
        "-s",
        "S",
        "-i",
        "F",
        "-e",
        "my_hdr X-NMUDIFF-Version: 2",
        "-a",
        "../p.diff",
        "-b",
        "b@x",
        "--",
        "1@bugs.x",
    ]);
    assert_eq!(nmudiff.headers, [("X-NMUDIFF-Version".into(), "2".into())]);
    assert_eq!((nmudiff.recipients, nmudiff.bcc), (vec!["1@bugs.x".into()], vec!["b@x".into()]));
    let report = request_of(&["-e", "set content_type=text/html", "-s", "S", "r@x", "-a", "F"]);
    assert_eq!((report.body_type, report.recipients), (Some("text/html".into()), vec!["r@x".into()]));
    let script = request_of(&[
        "-e",
        "set send_charset=utf-8; set from='a@x'; set user_agent=no; set copy=no",
        "r@x",
        "-s",
        "S",
    ]);
    assert_eq!(
        (script.from, script.subject, script.recipients),
        (Some("a@x".into()), Some("S".into()), vec!["r@x".into()])
    );
}

proptest! {
    #[test]
    fn any_words_are_read_or_refused(words in proptest::collection::vec(word(), 0..8)) {
        if let Err(error) = parse(&words) {
            prop_assert!(!error.message.is_empty());
            prop_assert!(!error.message.chars().any(char::is_control), "{}", error.message);
        }
    }
}

/// Options, addresses, noise, and octets that are no text.
fn word() -> impl Strategy<Value = OsString> {
    let known: Vec<OsString> = SendArgs::command()
        .get_arguments()
        .flat_map(|arg| {
            [arg.get_short().map(|c| format!("-{c}")), arg.get_long().map(|name| format!("--{name}"))]
        })
        .flatten()
        .map(OsString::from)
        .collect();
    prop_oneof![
        proptest::sample::select(known),
        "[-a-zA-Z@=:./,; <>'\"`$#]{0,12}".prop_map(OsString::from),
        "--[a-z-]{0,12}=?\\PC{0,6}".prop_map(OsString::from),
        "mailto:[a-z@%?=&0-9]{0,20}".prop_map(OsString::from),
        proptest::sample::select(vec![
            "whippet",
            "-",
            "--",
            "r@x",
            "config",
            "show",
            "generate",
            "set from=a",
            "a=b"
        ])
        .prop_map(OsString::from),
        proptest::collection::vec(any::<u8>(), 0..10).prop_map(OsString::from_vec),
    ]
}
