//! The command line: argv becomes an [`Invocation`]. Pure: no file, no environment, no configuration is looked at.
//!
//! ```text
//! argv ── face ──► words (mutt's rules) ──► args (clap, the one table) ──► assemble (rules, mailto, muttrc) ──► Request
//! ```

mod args;
mod assemble;
mod face;
mod letters;
mod mailto;
mod manual;
mod muttrc;
mod request;
mod rules;
mod usage;
mod words;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};

pub use args::{EmptyBody, MissingSubject};
pub use clap_complete::Shell;
pub use mailto::Mailto;
pub use manual::{completions, help, long_help, man_page, version};
pub use request::{Attachment, Body, Include, Misplaced, Request, Source, TlsWords, no_recipient};
pub use usage::{UsageError, UsageKind};

use args::{ConfigArgs, ConfigVerb, GenerateArgs, GenerateWhat, SendArgs};
use face::Face;
use words::{Walked, walk};

/// What the program is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invocation {
    /// Send a mail.
    Send(Box<Request>),
    /// Print all settings (`config show`); of the request only what chooses settings, and `json`, is filled in.
    ShowConfig(Box<Request>),
    /// Print something made of the program itself.
    Generate(Generate),
    /// Print this text on standard output.
    Print(String),
    /// Print the settings that the request would have (`-D`).
    Dump(Box<Request>),
    /// Print one setting that the request would have (`-Q`).
    Query(String, Box<Request>),
    /// Print what an alias stands for (`-A`).
    Alias(String, Box<Request>),
}

/// What `whippet generate` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generate {
    /// [`man_page`].
    Man,
    /// [`completions`].
    Completions(Shell),
    /// A configuration file to begin with.
    Config,
    /// [`long_help`].
    Help,
}

/// Understands argv, its first word being the name the program was called by.
///
/// All errors in the words are found here, before standard input is read; only whether the words behind `-a` are
/// files is left to those who open them ([`Attachment::misplaced`], [`no_recipient`]).
pub fn parse(argv: &[OsString]) -> Result<Invocation, UsageError> {
    let (face, words) = face::choose(argv)?;
    match face {
        Face::Mutt => send(words),
        Face::Config => config(words),
        Face::Generate => generate(words),
    }
}

fn send(words: &[OsString]) -> Result<Invocation, UsageError> {
    let mut command = SendArgs::command();
    let argv = match walk(words, &command)? {
        Walked::Help { long: false } => return Ok(Invocation::Print(help())),
        Walked::Help { long: true } => return Ok(Invocation::Print(long_help())),
        Walked::Argv(argv) => argv,
    };
    let reword = |error| UsageError::reword(&error);
    let matches = command.try_get_matches_from_mut(argv).map_err(reword)?;
    let mut args = SendArgs::from_arg_matches(&matches).map_err(reword)?;
    if args.output.version > 0 {
        return Ok(Invocation::Print(version(args.output.version > 1)));
    }
    let (dump, query, alias) = (args.output.dump, args.output.query.take(), args.recipients.alias.take());
    let request = Box::new(assemble::request(args, &matches)?);
    if dump {
        return Ok(Invocation::Dump(request));
    }
    if let Some(name) = query {
        return Ok(Invocation::Query(rules::text("-Q", name)?, request));
    }
    if let Some(name) = alias {
        return Ok(Invocation::Alias(rules::text("-A", name)?, request));
    }
    assemble::has_recipient(&request)?;
    Ok(Invocation::Send(request))
}

fn config(words: &[OsString]) -> Result<Invocation, UsageError> {
    match parse_verb::<ConfigArgs>("whippet config", words, "whippet config show [--profile NAME] [--json]")?
    {
        Err(help) => Ok(Invocation::Print(help)),
        Ok(ConfigArgs { verb: ConfigVerb::Show { profile, json } }) => {
            let mut request = Request { json, ..Request::default() };
            assemble::profile(profile, &mut request)?;
            Ok(Invocation::ShowConfig(Box::new(request)))
        }
    }
}

fn generate(words: &[OsString]) -> Result<Invocation, UsageError> {
    match parse_verb::<GenerateArgs>(
        "whippet generate",
        words,
        "whippet generate man|completions SHELL|config|help",
    )? {
        Err(help) => Ok(Invocation::Print(help)),
        Ok(GenerateArgs { what }) => Ok(Invocation::Generate(match what {
            GenerateWhat::Man => Generate::Man,
            GenerateWhat::Completions { shell } => Generate::Completions(shell),
            GenerateWhat::Config => Generate::Config,
            GenerateWhat::Help => Generate::Help,
        })),
    }
}

/// Lets clap read the words of a verb; the inner error is the help that was asked for.
fn parse_verb<T: Parser>(
    name: &str,
    words: &[OsString],
    usage: &str,
) -> Result<Result<T, String>, UsageError> {
    let argv = std::iter::once(OsString::from(name)).chain(words.iter().cloned());
    match T::try_parse_from(argv) {
        Ok(args) => Ok(Ok(args)),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => Ok(Err(error.render().to_string())),
        Err(error) => Err(match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::MissingSubcommand
            | ErrorKind::MissingRequiredArgument => UsageError::usage(format!("a word is missing: {usage}")),
            _ => UsageError::reword(&error).with_hint(format!("usage: {usage}")),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use proptest::prelude::*;

    use super::*;

    fn argv(words: &[&str]) -> Vec<OsString> {
        ["whippet"].iter().chain(words).map(OsString::from).collect()
    }

    fn request(words: &[&str]) -> Request {
        match parse(&argv(words)) {
            Ok(Invocation::Send(request)) => *request,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    fn error(words: &[&str]) -> UsageError {
        parse(&argv(words)).map(|other| panic!("{words:?}: {other:?}")).unwrap_err()
    }

    #[test]
    fn the_table_is_sound() {
        args::command().debug_assert();
        SendArgs::command().debug_assert();
        ConfigArgs::command().debug_assert();
        GenerateArgs::command().debug_assert();
    }

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
            let request = request(words);
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
        assert_eq!(request(&["-a", "f1", "-b", "b@x", "--", "r@x"]).bcc, ["b@x"]);
        assert_eq!(request(&["-a", "-", "--", "r@x"]).body, Body::Empty);
        assert_eq!(error(&["-a", "--", "r@x"]).kind, UsageKind::Usage);
    }

    #[test]
    fn a_missing_file_may_be_a_recipient() {
        let request = request(&["-a", "bob@x.org", "root", "a.txt", "/x", "-n", "--attach", "eve@x"]);
        let misplaced: Vec<_> = request.attachments.iter().map(Attachment::misplaced).collect();
        let Some(Misplaced::Address(error)) = &misplaced[0] else { panic!("{misplaced:?}") };
        assert_eq!(
            error.message,
            "`bob@x.org` follows -a, so it names a file, and there is none; put `--` before the recipients, or name them first"
        );
        assert_eq!(
            misplaced[1],
            Some(Misplaced::Perhaps("if `root` is a recipient, put `--` before it".into()))
        );
        assert_eq!(misplaced[2..], [None, None, None]);
        assert!(request.attachments[0].looks_like_address() && !request.attachments[4].looks_like_address());
    }

    #[test]
    fn own_attachment_options() {
        let request = request(&[
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
            &["--attach-as", "a\nb=x", "r"],
            &["--attach-stdin", "", "r"],
            &["--attach", "", "r"],
            &["--attach-type", "text/csv", "r"],
            &["--attach-type", "a/b", "--attach-type", "a/b", "--attach", "f", "r"],
            &["--attach-type", "nonsense", "--attach", "f", "r"],
        ] {
            assert_eq!(error(words).kind, UsageKind::Usage, "{words:?}");
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
        ] {
            assert_eq!(request(words).body, body, "{words:?}");
        }
        for words in [
            &["-a", "-", "-i", "-", "r"][..],
            &["-a", "-", "-", "--", "r"],
            &["-a", "-", "--body-file", "-", "r"],
            &["-i", "-", "--body-file", "-", "r"],
            &["--attach-as", "n=-", "--attach-stdin", "m", "r"],
        ] {
            assert!(error(words).message.starts_with("standard input feeds one thing"), "{words:?}");
        }
    }

    #[test]
    fn who_gets_it_and_what_it_says() {
        let request = request(&[
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
        let request = request(&[
            "-s", "a", "-s", "b", "-i", "f", "-i", "g", "--from", "a@x", "--from", "b@x", "-n", "-n", "r",
        ]);
        assert_eq!(request.subject, Some("b".into()));
        assert_eq!(request.include, Some(Include::File("g".into())));
        assert_eq!(request.from, Some("b@x".into()));
        assert!(request.no_system);
    }

    #[test]
    fn nobody_to_write_to() {
        for words in [
            &[][..],
            &["-s", "x"],
            &["send"],
            &["--attach", "f"],
            &["", " ", ","],
            &["mailto:?subject=x"],
            &["--from", "a@x"],
        ] {
            let error = error(words);
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
            request(words);
        }
    }

    #[test]
    fn malformed_data() {
        for (words, why) in [
            (&["-s", "a\nBcc: e@x", "r"][..], "a subject is one line"),
            (&["-s", "a\r", "r"], "a subject is one line"),
            (&["-s", "a\0", "r"], "a subject is one line"),
            (&["a@x b", "r", "<c"], "`a@x b` is not an address"),
            (&["a@x b", "r", "<c"], "`<c` is not an address"),
            (&["-c", "a@x\nBcc: e@x", "r"], "--cc: `a@x\\nBcc: e@x` is not an address"),
            (&["--from", "a@x, b@x", "r"], "--from: `a@x, b@x` is not one address"),
            (&["--from", "", "r"], "--from: `` is not one address"),
            (&["--reverse-path", "a b@x", "r"], "--reverse-path: "),
            (&["--reply-to", "<", "r"], "--reply-to: "),
            (&["--header", "X: a\nY: b", "r"], "the value of X is one line"),
            (&["-e", "my_hdr To: <", "r"], "--to: "),
            (&["mailto:a@x?subject=%0a"], "its subject holds a line end"),
        ] {
            let error = error(words);
            assert_eq!(error.kind, UsageKind::Data, "{words:?}: {error}");
            assert!(error.message.contains(why), "{words:?}: {error}");
            assert!(!error.message.contains(['\n', '\r', '\0']), "{words:?}");
        }
        let octets = OsString::from_vec(b"\xff@x".to_vec());
        for words in [vec![octets.clone()], vec!["-c".into(), octets.clone(), "r".into()]] {
            let argv: Vec<OsString> = [OsString::from("whippet")].into_iter().chain(words).collect();
            assert_eq!(parse(&argv).unwrap_err().kind, UsageKind::Data);
        }
        let argv: Vec<OsString> = [
            "whippet".into(),
            "-s".into(),
            octets.clone(),
            "-a".into(),
            octets.clone(),
            "--".into(),
            "r".into(),
        ]
        .into();
        let Ok(Invocation::Send(request)) = parse(&argv) else { panic!() };
        assert_eq!(
            (request.subject, &request.attachments[0].source),
            (Some(octets.clone()), &Source::File(octets.into()))
        );
    }

    #[test]
    fn mistyped_options() {
        let error = error(&["--sbuject", "x", "r"]);
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
            (&["--quiet", "--verbose", "r"], "--verbose and --quiet contradict each other"),
            (&["-d", "6", "r"], "-d takes 0 to 5, not `6`"),
            (&["-d", "-1", "r"], "-d takes 0 to 5, not `-1`"),
            (&["-d", "", "r"], "-d takes 0 to 5, not ``"),
            (
                &["-smtp", "--smtp", "u:canary@h", "r"],
                "--smtp: a password on the command line is visible to every user; put it in the profile",
            ),
            (
                &["--set", "password=canary", "r"],
                "--set password: a password on the command line is visible to every user; put it in the profile",
            ),
            (&["config"], "a word is missing: whippet config show [--profile NAME] [--json]"),
            (&["config", "shwo"], "`shwo` is no word that whippet knows here"),
            (&["config", "show", "x"], "unknown option x"),
            (&["config", "show", "--jsno"], "unknown option --jsno; did you mean --json?"),
            (
                &["generate", "completions", "csh"],
                "SHELL takes bash, elvish, fish, powershell, zsh, not `csh`",
            ),
            (
                &["generate", "completions"],
                "a word is missing: whippet generate man|completions SHELL|config|help",
            ),
            (
                &["queue"],
                "`queue` is not in this version of whippet; to write to a recipient of that name put `--` before it",
            ),
        ] {
            let error = error_of(words);
            assert_eq!((error.message.as_str(), error.kind), (message, UsageKind::Usage), "{words:?}");
            assert!(!format!("{error:?}").contains("canary"), "{words:?}");
        }
    }

    #[test]
    fn levels_and_routes() {
        assert_eq!(request(&["-d", "3", "r"]).verbose, 3);
        assert_eq!(request(&["-d", "0", "r"]).verbose, 0);
        assert_eq!(request(&["--verbose", "--verbose", "r"]).verbose, 2);
        let request = request(&[
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
            (&["generate", "man"][..], Generate::Man),
            (&["generate", "completions", "zsh"], Generate::Completions(Shell::Zsh)),
            (&["generate", "config"], Generate::Config),
            (&["generate", "help"], Generate::Help),
        ] {
            assert_eq!(parse(&argv(words)), Ok(Invocation::Generate(what)));
        }
        for words in [&["-s", "x", "config"][..], &["--", "send"], &["generate@host"]] {
            assert_eq!(request_of(words).recipients, [*words.last().unwrap()]);
        }
    }

    fn request_of(words: &[&str]) -> Request {
        request(words)
    }

    fn error_of(words: &[&str]) -> UsageError {
        error(words)
    }

    #[test]
    fn lines_that_callers_execute() {
        let nmudiff = request(&[
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
        let report = request(&["-e", "set content_type=text/html", "-s", "S", "r@x", "-a", "F"]);
        assert_eq!((report.body_type, report.recipients), (Some("text/html".into()), vec!["r@x".into()]));
        let script = request(&[
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
}
