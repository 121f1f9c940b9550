//! Files in both forms, and what their aliases stand for.

#![allow(clippy::unwrap_used)]

use super::*;

fn aliases(text: &str) -> Aliases {
    let mut aliases = Aliases::default();
    assert_eq!(aliases.read(text, "f"), [], "{text:?}");
    aliases
}

fn bad(text: &str) -> Vec<(usize, String)> {
    let bad = Aliases::default().read(text, "f");
    bad.into_iter().map(|bad| (bad.line, bad.problem)).collect()
}

fn expanded(aliases: &Aliases, list: &str) -> String {
    match aliases.expansion().read(list, Some("home.org")) {
        Ok(items) => items.iter().map(Listed::to_string).collect::<Vec<_>>().join(", "),
        Err(error) => format!("! {error}"),
    }
}

#[test]
fn the_form_of_mutt() {
    let aliases = aliases(
        "# people\n\
         alias al Al Ice <al@x.org>\n\
         \talias -group friends -group more bob \"Bo, B\" <bob@x.org> # a friend\n\
         alias cy cy@x.org \\\n  , al\r\n\
         alias dee \\\"Dee \\\\\\\"D\\\\\\\"\\\" <dee@x.org>\n\
         alias ed <ed@x.org> (Ed; \\#1)\n\
         alias al Al Two <al2@x.org>\n\
         alias 团队 用户@例子.测试, Team: bob, g@x.org;\n",
    );
    for (list, expected) in [
        ("al", "Al Two <al2@x.org>"),
        ("AL", "Al Two <al2@x.org>"),
        ("Bob", "\"Bo, B\" <bob@x.org>"),
        ("cy", "cy@x.org, Al Two <al2@x.org>"),
        ("dee", "\"Dee \\\"D\\\"\" <dee@x.org>"),
        ("ed", "\"Ed; #1\" <ed@x.org>"),
        ("团队", "用户@xn--fsqu00a.xn--0zwm56d, \"Bo, B\" <bob@x.org>, g@x.org"),
        ("nobody, al", "nobody@home.org, Al Two <al2@x.org>"),
        ("Al <al>, \"al\"", "Al <al@home.org>, \"al\"@home.org"),
        ("Us: al, x@y;", "Us: Al Two <al2@x.org>, x@y;"),
        ("friends", "friends@home.org"),
    ] {
        assert_eq!(expanded(&aliases, list), expected, "{list:?}");
    }
}

#[test]
fn the_form_of_aliases_5() {
    let aliases = aliases(
        "# see aliases(5)\n\
         postmaster: root\n\
         root :\tal@x.org,\n\
         \x20  # in between\n\
         \n\
         \tBo B <bob@x.org>,\n\
         \x20 \"Q, R\" <q@x.org>\n\
         \"odd\":odd@x.org (a, b)\n\
         bin: \"|/usr/bin/vacation root, bin\", al@x.org\n\
         log: /var/log/mail\n\
         all: :include:/etc/all\n\
         me: \\me, me@x.org\n",
    );
    for (list, expected) in [
        ("Postmaster", "al@x.org, Bo B <bob@x.org>, \"Q, R\" <q@x.org>"),
        ("odd", "\"a, b\" <odd@x.org>"),
        (
            "bin",
            "! the alias `bin` (f:9) stands for a command, `|/usr/bin/vacation root, bin`; whippet writes to addresses alone",
        ),
        (
            "log",
            "! the alias `log` (f:10) stands for a file, `/var/log/mail`; whippet writes to addresses alone",
        ),
        (
            "all",
            "! the alias `all` (f:11) stands for a list in another file, `:include:/etc/all`; whippet writes to addresses alone",
        ),
        (
            "me",
            "! the alias `me` (f:12) stands for a mailbox of this machine, `\\\\me`; whippet writes to addresses alone",
        ),
    ] {
        assert_eq!(expanded(&aliases, list), expected, "{list:?}");
    }
}

#[test]
fn both_forms_in_one_file() {
    let aliases = aliases("a: x@x\n alias b y@y\nc: z@z\nalias: w@w\n");
    assert_eq!(expanded(&aliases, "a, b, c, alias"), "x@x, y@y, z@z, w@w");
}

#[test]
fn loops_and_unknown_names_are_told_with_the_way() {
    let aliases = aliases("a: b@x, B\nb: c\nc: d, A\nd: d@x\ne: c\nf: d, frank\ng: f\nself: self\n");
    for (list, expected) in [
        ("a", "! the alias `a` (f:1), which names `b` (f:2), which names `c` (f:3) leads back to `a`"),
        (
            "d, e",
            "! the alias `e` (f:5), which names `c` (f:3), which names `a` (f:1), which names `b` (f:2) leads back to `c`",
        ),
        (
            "g",
            "! the alias `g` (f:7), which names `f` (f:6) names `frank`, which is neither an address nor an alias",
        ),
        ("self", "! the alias `self` (f:8) leads back to `self`"),
        ("d", "d@x"),
    ] {
        assert_eq!(expanded(&aliases, list), expected, "{list:?}");
    }
}

#[test]
fn an_alias_that_names_itself_means_what_has_its_name_here() {
    let text = "root: Root, me@x\npi: <ROOT@localhost>, pi\nall: root, pi\nself: self, self\n";
    for (list, nobody, kept) in [
        ("root", "me@x", "me@x, Root@own"),
        ("all", "me@x", "me@x, root@own, pi@own"),
        ("self", "! the alias `self` (f:4) leads back to `self`", "self@own"),
    ] {
        let at = |aliases: Aliases| aliases.at(&["localhost", "bare"]);
        let aliases = aliases(text).in_domain("bare", "own");
        assert_eq!(expanded(&at(aliases), list).to_lowercase(), kept.to_lowercase(), "{list:?}");
        let aliases = Aliases { own: None, ..self::aliases(text).in_domain("bare", "own") };
        assert_eq!(expanded(&at(aliases), list), nobody, "{list:?}");
    }
}

#[test]
fn an_alias_may_lead_on_by_an_address_of_this_machine() {
    let text = "a: Al <B@LocalHost>\nalias b Us: c@localhost, d@x;\nc: c@x, e@localhost\nf: b@localhost, g@localhost\n\
                g: f@localhost\n";
    let here = aliases(text).at(&["localhost"]);
    assert_eq!(expanded(&here, "a"), "c@x, e@localhost, d@x");
    let words = "! the alias `f` (f:4), which names `g` (f:5) leads back to `f`";
    assert_eq!(expanded(&here, "f"), words);
    assert_eq!(expanded(&aliases(text), "a"), "Al <B@LocalHost>");
    let names = ["a", "b", "c"];
    let every =
        names.map(|name| format!("{name}: {}\n", names.map(|to| format!("{to}@localhost")).join(", ")));
    let words = "! the alias `a` (f:1), which names `b` (f:2) leads back to `a`";
    assert_eq!(expanded(&aliases(&every.concat()).at(&["localhost"]), "a"), words);
}

#[test]
fn each_address_comes_in_once() {
    let aliases =
        aliases("all: x, y, x\nx: One <one@X.org>, two@x.org\ny: two@x.org, x, three@x.org, one@x.org\n");
    assert_eq!(expanded(&aliases, "all"), "One <one@X.org>, two@x.org, three@x.org");
    assert_eq!(expanded(&aliases, "x, y"), "One <one@X.org>, two@x.org, three@x.org");
    // What is typed is not touched; a list of the same field that was read before counts.
    assert_eq!(expanded(&aliases, "z@x, z@x"), "z@x, z@x");
    let mut field = aliases.expansion();
    field.read("two@x.org", None).unwrap();
    let second = field.read("x", None).unwrap();
    assert_eq!(second.iter().map(Listed::to_string).collect::<Vec<_>>(), ["One <one@X.org>"]);
    assert_eq!(field.read("x", None).unwrap(), []);
}

#[test]
fn a_tree_of_aliases_costs_no_more_than_its_names() {
    // 2^60 ways lead to the one address.
    let mut text: String = (0..60).map(|n| format!("a{n}: a{}, a{}\n", n + 1, n + 1)).collect();
    text.push_str("a60: a@x\n");
    assert_eq!(expanded(&aliases(&text), "a0"), "a@x");
    let long: String = (0..100_000).map(|n| format!("a{n}: a{}\n", n + 1)).collect();
    assert!(expanded(&aliases(&long), "a0").ends_with("`a0` (f:1) leads through more than 64 aliases"));
}

#[test]
fn bad_lines_are_named() {
    for (text, line, problem) in [
        ("a: b@x\nset from=a@x\n", 2, "`set from=a@x` is neither `alias NAME ADDRESS` nor `NAME: ADDRESS`"),
        ("bob bob@x\n", 1, "is neither"),
        ("\n\nalias\tbob\n", 3, "`bob` stands for nobody"),
        ("alias \n", 1, "no name follows `alias`"),
        ("a:\n", 1, "`a` stands for nobody"),
        ("alias a Al <a@x\n", 1, "an angle bracket is not closed"),
        ("a: b@x c@x\n", 1, "`a` stands for what cannot be read"),
        ("b@x: c@x\n", 1, "`b@x` is no name for an alias"),
        ("alias a `id`@x\n", 1, "runs none"),
        ("alias a $EMAIL\n", 1, "expands none"),
        ("alias a \\101@x\n", 1, "holds \\1"),
        ("  a@x\n", 1, "is neither"),
        ("alias a a@x\n  b@x\n", 2, "is neither"),
        ("# end \\\nb: c@x\n", 1, "a comment ends in a backslash"),
        (": a@x\n", 1, "is no name for an alias"),
    ] {
        let bad = bad(text);
        assert_eq!(bad.len(), 1, "{text:?}: {bad:?}");
        assert!(bad[0].0 == line && bad[0].1.contains(problem), "{text:?}: {bad:?}");
    }
    assert_eq!(bad("x\na: b@x\ny\n").iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3]);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_told(text in "(alias |[ab]: |[ab@x,\"<>()\\\\#|: \t\n]|\\PC){0,60}") {
        let mut aliases = Aliases::default();
        let lines = text.split('\n').count();
        for bad in aliases.read(&text, "f") {
            proptest::prop_assert!((1..=lines).contains(&bad.line) && !bad.problem.chars().any(char::is_control));
        }
        for name in ["a", "b"] {
            let _ = aliases.expansion().read(name, Some("x"));
        }
    }
}
