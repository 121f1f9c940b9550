//! What a profile adds to every mail, by the real program: aliases, copies, fields, a signature.

use mail_parser::MessageParser;

use crate::support::{Ran, Sandbox, judge};

const FROM: &str = "from = \"me@home.example\"\nhost = \"mail.home.example\"\n";

/// A sandbox whose profile says this too.
fn saying(toml: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.profile(&format!("{FROM}{toml}"));
    sandbox
}

/// Composes with a text on standard input, and sends nothing.
fn compose(sandbox: &Sandbox, text: &str, words: &[&str]) -> Ran {
    sandbox.stdin(text).run(&[&["--dry-run", "-s", "s"], words].concat())
}

/// Whom the envelope names.
fn envelope(ran: &Ran) -> Vec<String> {
    let said = ran.stderr();
    let lines = said.lines().filter_map(|line| line.strip_prefix("RCPT TO:<"));
    lines.map(|line| line.split('>').next().unwrap().to_owned()).collect()
}

/// A field of the message as it stands there, unfolded.
fn field(ran: &Ran, name: &str) -> Vec<String> {
    crate::faces::fields(&ran.exits(0).stdout(), name)
}

/// The text of the message, by another parser.
fn text(ran: &Ran) -> String {
    let message = ran.exits(0).stdout();
    let parsed = MessageParser::default().parse(message.as_bytes()).unwrap();
    parsed.body_text(0).unwrap().replace("\r\n", "\n")
}

#[test]
fn an_alias_stands_for_its_addresses_wherever_a_recipient_is_named() {
    let sandbox = saying(
        "aliases = \"people\"\n[profiles.work.aliases]\nboss = \"Bo Ss <boss@work.example>, bob\"\nme = [\"me@work.example\"]\n",
    );
    sandbox.file("../home/.config/whippet/people", "alias -group friends al Al Ice <al@x.example> # a friend\nbob: bob@x.example,\n\tal\nteam: al, bob, carol@x.example\n");
    let ran =
        compose(&sandbox, "hello\n", &["team", "-c", "Boss", "-b", "ME", "--reply-to", "al", "postmaster"]);
    assert_eq!(
        field(&ran, "To"),
        ["Al Ice <al@x.example>, bob@x.example, carol@x.example, postmaster@home.example"]
    );
    assert_eq!(field(&ran, "Cc"), ["Bo Ss <boss@work.example>, bob@x.example, Al Ice <al@x.example>"]);
    assert_eq!(field(&ran, "Reply-To"), ["Al Ice <al@x.example>"]);
    assert_eq!(
        envelope(&ran),
        [
            "al@x.example",
            "bob@x.example",
            "carol@x.example",
            "postmaster@home.example",
            "boss@work.example",
            "me@work.example"
        ]
    );
    let ran = compose(&sandbox, "", &["-e", "my_hdr Cc: bob", "you@x.example"]);
    assert_eq!(field(&ran, "Cc"), ["bob@x.example, Al Ice <al@x.example>"]);
    let ran = compose(&sandbox, "", &["--set", "aliases=", "bob"]);
    assert_eq!(envelope(&ran), ["bob@home.example"]);
    // A word beside a name or in quotes is no alias.
    let ran = compose(&sandbox, "", &["Bob <bob>", "\"al\""]);
    assert_eq!(envelope(&ran), ["bob@home.example", "\"al\"@home.example"]);
}

#[test]
fn an_alias_is_printed_one_address_a_line() {
    let sandbox = saying("[aliases]\nteam = \"Al Ice <al@x.example>, bob\"\nbob = \"bob@x.example\"\n");
    let ran = sandbox.run(&["-A", "Team"]);
    assert_eq!(ran.exits(0).stdout(), "Al Ice <al@x.example>\nbob@x.example\n");
    sandbox.run(&["-A", "nobody"]).exits(67).says("there is no alias `nobody`");
    sandbox.run(&["--set", "aliases=", "-A", "bob"]).exits(67);
}

#[test]
fn what_is_wrong_with_aliases_is_said_when_they_are_needed() {
    let sandbox = saying("aliases = \"gone\"\n");
    compose(&sandbox, "", &["you@x.example", "You <you@x.example>"]).exits(0);
    let ran = compose(&sandbox, "", &["you@x.example", "-c", "al"]);
    ran.exits(78).says("config.toml:3: aliases: cannot read ~/.config/whippet/gone: there is no such file");
    compose(&sandbox, "", &["--set", "aliases=", "al"]).exits(0);
    let people = "a: b\nb: c, x@x\nc: A\nd: a\ne: frank\nf: \"|/usr/bin/vacation f\"\nok: ok@x\n";
    sandbox.file("../home/.config/whippet/gone", people);
    let place = |line: usize| format!("(~/.config/whippet/gone:{line})");
    for (name, words) in [
        (
            "d",
            format!(
                "`d` {}, which names `a` {}, which names `b` {}, which names `c` {} leads back to `a`",
                place(4),
                place(1),
                place(2),
                place(3)
            ),
        ),
        ("e", format!("`e` {} names `frank`, which is neither an address nor an alias", place(5))),
        ("f", format!("`f` {} stands for a command, `|/usr/bin/vacation f`", place(6))),
    ] {
        compose(&sandbox, "", &[name]).exits(65).says(&words);
        sandbox.run(&["-A", name]).exits(65).says(&words);
    }
    compose(&sandbox, "", &["ok"]).exits(0);
    sandbox.file("../home/.config/whippet/gone", "ok: ok@x\nset from=me\n");
    compose(&sandbox, "", &["ok"]).exits(78).says("~/.config/whippet/gone:2: `set from=me` is neither");
    let sandbox = saying("[aliases]\nal = 5\nbo = \"a@x b@x\"\n\"c@d\" = \"c@x\"\n");
    let ran = sandbox.run(&["config", "show"]);
    ran.exits(78)
        .says("config.toml:4: aliases.al must be")
        .says("config.toml:5: aliases.bo stands for")
        .says("config.toml:6: aliases.c@d is no name");
}

#[test]
fn copies_go_with_every_mail_but_make_none_by_themselves() {
    let sandbox = saying(
        "default_cc = [\"team\", \"Ar <archive@x.example>\"]\ndefault_bcc = \"log@x.example\"\n[aliases]\nteam = \"al@x.example, you@x.example\"\n",
    );
    let ran = compose(&sandbox, "hello\n", &["you@x.example"]);
    assert_eq!(field(&ran, "Cc"), ["al@x.example, Ar <archive@x.example>"]);
    assert_eq!(envelope(&ran), ["you@x.example", "al@x.example", "archive@x.example", "log@x.example"]);
    assert!(!ran.stdout().contains("log@x.example"));
    let ran =
        compose(&sandbox, "hello\n", &["--set", "default_cc=", "--set", "default_bcc=", "you@x.example"]);
    assert_eq!((field(&ran, "Cc"), envelope(&ran)), (vec![], vec!["you@x.example".to_owned()]));
    let ran = compose(
        &sandbox,
        "hello\n",
        &["-b", "archive@x.example", "--set", "default_bcc=archive@x.example", "you@x.example"],
    );
    assert_eq!(field(&ran, "Cc"), ["al@x.example"]);
    compose(&sandbox, "hello\n", &[]).exits(64).says("no recipient");
    sandbox.file("f", "x");
    compose(&sandbox, "hello\n", &["-a", "f"]).exits(64).says("no recipient");
    compose(&sandbox, "hello\n", &["--to", "Nobody:;"]).exits(64).says("no recipient");
}

#[test]
fn fields_of_every_mail_give_way_to_those_that_are_typed() {
    let sandbox = saying("default_headers = [\"Organization: Müller & Söhne\", \"X-A: profile\"]\n");
    let ran = compose(&sandbox, "", &["you@x.example"]);
    assert_eq!(field(&ran, "X-A"), ["profile"]);
    if let Some(judged) = judge(&[ran.stdout().into_bytes()]) {
        assert_eq!(judged[0].field("Organization"), Some("Müller & Söhne"));
    }
    let ran = compose(
        &sandbox,
        "",
        &["--set", "default_headers=Importance: low", "--importance", "high", "you@x.example"],
    );
    assert_eq!(field(&ran, "Importance"), ["high"]);
    let ran = compose(&sandbox, "", &["--set", "default_headers=Sender: bot", "you@x.example"]);
    assert_eq!(field(&ran, "Sender"), ["bot@home.example"]);
    for words in [["--header", "x-a: typed"], ["-e", "my_hdr x-a: typed"]] {
        let ran = compose(&sandbox, "", &[&words[..], &["you@x.example"]].concat());
        assert_eq!(field(&ran, "X-A"), ["typed"], "{words:?}");
        assert_eq!(field(&ran, "Organization").len(), 1);
    }
    let ran = compose(&sandbox, "", &["--set", "default_headers=", "you@x.example"]);
    assert_eq!((field(&ran, "X-A"), field(&ran, "Organization")), (vec![], vec![]));
    for bad in ["Bcc: a@x", "X A: b", "Subject: x", "Content-Type: text/html"] {
        let sandbox = saying(&format!("default_headers = [\"{bad}\"]\n"));
        compose(&sandbox, "", &["you@x.example"]).exits(78).says("config.toml:3: default_headers: ");
        compose(&sandbox, "", &["--set", &format!("default_headers={bad}"), "you@x.example"]).exits(64);
    }
    let sandbox = saying("default_headers = [\"no colon\"]\n");
    sandbox.run(&["config", "show"]).exits(78).says("`no colon` has no colon");
}

#[test]
fn a_profile_says_that_a_program_makes_its_mails() {
    let sandbox = saying(
        "auto_submitted = \"auto-generated\"\ndefault_headers = [\"Auto-Submitted: auto-replied\", \"X-A: 1\"]\n",
    );
    for (words, expected) in [
        (&[][..], &["auto-generated"][..]),
        (&["--auto-submitted", "no"], &["no"]),
        (&["--header", "Auto-Submitted: auto-replied"], &["auto-replied"]),
        (&["--set", "auto_submitted=no"], &["no"]),
        (&["--set", "auto_submitted=", "--set", "default_headers="], &[]),
    ] {
        let ran = compose(&sandbox, "", &[words, &["you@x.example"]].concat());
        assert_eq!(field(&ran, "Auto-Submitted"), expected, "{words:?}");
    }
    sandbox.file("draft", "To: you@x.example\nAuto-Submitted: no\n\nx\n");
    assert_eq!(field(&compose(&sandbox, "", &["-H", "draft"]), "Auto-Submitted"), ["no"]);
    // The words are those of the option.
    for word in ["auto-generated", "auto-replied", "no", "yes"] {
        let code = if word == "yes" { 64 } else { 0 };
        for option in [format!("--auto-submitted={word}"), format!("--set=auto_submitted={word}")] {
            compose(&sandbox, "", &[&option, "you@x.example"]).exits(code);
        }
    }
}

#[test]
fn a_signature_goes_under_a_text_that_is_plain() {
    let sandbox = saying("signature = \"sig\"\n");
    sandbox.file("../home/.config/whippet/sig", "Zoë\nthe boss\n");
    let to = &["you@x.example"][..];
    let ran = compose(&sandbox, "hello", to);
    assert_eq!(text(&ran), "hello\n-- \nZoë\nthe boss\n");
    assert!(ran.stdout().contains("text/plain; charset=utf-8"), "{}", ran.stdout());
    for (words, expected) in [
        (&["--no-signature"][..], "hello\n"),
        (&["--set", "signature="], "hello\n"),
        (&["--set", "signature_dashes=false"], "hello\nZoë\nthe boss\n"),
        (&["-e", "set nosig_dashes"], "hello\nZoë\nthe boss\n"),
        (&["-e", "set signature=~/other"], "hello\n-- \nother\n"),
        (&["-e", "unset signature"], "hello\n"),
        (&["--set", "signature=./mine"], "hello\n-- \nmine"),
        (&["--body", "typed"], "typed\n-- \nZoë\nthe boss\n"),
    ] {
        sandbox.file("../home/other", "-- \nother\n");
        sandbox.file("mine", "mine");
        let ran = compose(&sandbox, "hello\n", &[words, to].concat());
        assert_eq!(text(&ran).trim_end(), expected.trim_end(), "{words:?}");
    }
    let ran = compose(&sandbox, "<p>hi</p>", &[&["-e", "set content_type=text/html"], to].concat());
    assert!(!ran.exits(0).stdout().contains("boss"));
    // The octets of both are read in one charset.
    sandbox.file("../home/.config/whippet/sig", b"\xc4pfel\n");
    let ran =
        sandbox.stdin(b"B\xe4r\n").run(&[&["--dry-run", "-s", "s", "--charset", "iso-8859-1"], to].concat());
    assert_eq!(text(&ran), "Bär\n-- \nÄpfel\n");
    let utf16: Vec<u8> = "\u{feff}hi\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let ran = sandbox.stdin(&utf16).run(&[&["--dry-run", "-s", "s"], to].concat());
    ran.exits(65).says("no signature can go under a text in UTF-16").says("--no-signature");
    assert_eq!(
        text(&sandbox.stdin(&utf16).run(&[&["--dry-run", "-s", "s", "--no-signature"], to].concat())),
        "hi\n"
    );
}

#[test]
fn a_signature_is_no_text_and_must_be_there() {
    let sandbox = saying("signature = \"~/sig\"\n");
    sandbox.file("../home/sig", "me\n");
    let to = "you@x.example";
    compose(&sandbox, " \n", &["--empty-body", "skip", to]).exits(0).says("skipped: empty body");
    compose(&sandbox, " \n", &["--empty-body", "fail", to]).exits(65);
    assert_eq!(text(&compose(&sandbox, "", &[to])), "-- \nme\n");
    let ran = compose(&sandbox, "x", &["--set", "signature=gone", to]);
    ran.exits(66).says("cannot open gone").says("`signature` (--set signature) names it");
    std::fs::remove_file(sandbox.home().join("sig")).unwrap();
    let ran = compose(&sandbox, "x", &[to]);
    ran.exits(78).says("/home/sig").says("no such file").says("config.toml:3) names it; --no-signature");
    compose(&sandbox, "x", &["--no-signature", to]).exits(0);
    compose(&sandbox, "x", &["-e", "set content_type=text/html", to]).exits(0);
    // A finished message has none under it.
    let message = format!("To: {to}\nSubject: s\n\nx\n");
    sandbox.stdin(&message).run(&["--raw", "-", "--output", "-", to]).exits(0);
}
