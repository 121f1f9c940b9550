//! Names of this machine, such as `root`: aliases, `local_to`, `qualify_domain`, `from_rule`, as the faces of other programs
//! meet them.

use crate::faces::fields;
use crate::support::{Ran, Sandbox};

const CRON: &str = "From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@h> /bin/true\nBcc: hid\n\nout\n";

/// A sandbox whose profile says this too.
pub fn saying(toml: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.profile(&format!("host = \"mail.x\"\nfrom = \"Dan <dan@prov.example>\"\n{toml}"));
    sandbox
}

/// What sendmail would send, with these words behind its own.
pub fn sendmail(sandbox: &Sandbox, text: &str, words: &[&str]) -> Ran {
    sandbox.stdin(text).called_as("sendmail").run(&[&["--dry-run"], words].concat())
}

/// The reverse-path and the recipients.
pub fn envelope(ran: &Ran) -> Vec<String> {
    let said = ran.exits(0).stderr();
    let paths =
        said.lines().filter_map(|line| line.strip_prefix("MAIL FROM:<").or(line.strip_prefix("RCPT TO:<")));
    paths.map(|line| line.split('>').next().unwrap().to_owned()).collect()
}

pub fn field(ran: &Ran, name: &str) -> Vec<String> {
    fields(&ran.exits(0).stdout(), name)
}

#[test]
fn a_name_gets_the_domain_of_the_profile_or_of_qualify_domain() {
    let cron = ["-FCronDaemon", "-i", "-t", "-f", "root"];
    for (toml, domain) in [("", "prov.example"), ("qualify_domain = \"my.example\"\n", "my.example")] {
        let ran = sendmail(&saying(toml), CRON, &cron);
        let root = format!("root@{domain}");
        assert_eq!(envelope(&ran), [root.clone(), root.clone(), format!("hid@{domain}")], "{toml}");
        assert_eq!(field(&ran, "From"), [format!("Cron Daemon <{root}>")]);
        assert_eq!(field(&ran, "To"), [root]);
        assert_eq!(field(&ran, "Bcc"), [""; 0]);
    }
}

#[test]
fn what_nobody_here_can_read_stays_as_it_is() {
    let names = "=?cp850?q?J=94rg?= <root>, =?unknown-8bit?B?SvZyZw==?= <c@x.example>, =?utf-8?q?J=F6?= <d@x.example>";
    let sent = names.replace("root", "root@prov.example");
    let ran = sendmail(&saying(""), &format!("From: root\nTo: {names}\n\nx\n"), &["-t"]);
    assert_eq!(field(&ran, "To"), std::slice::from_ref(&sent));
    let sandbox = saying("");
    let ran = sandbox.stdin(format!("To: {names}\n\nx\n")).run(&["-H", "-", "--dry-run"]);
    assert_eq!(field(&ran, "To"), std::slice::from_ref(&sent));
    // What a person types is text.
    let typed = ["-H", "-", "--dry-run", "-s", "=?x?q?y?="];
    let ran = sandbox.stdin("To: a@x.example\nSubject: b\n\nx\n").run(&typed);
    assert_eq!(field(&ran, "Subject"), ["=?utf-8?b?PT94P3E/eT89?="]);
}

#[test]
fn a_name_beside_a_bare_one_is_read_in_the_charset_of_the_message() {
    let sandbox = saying("");
    let sent = |text: &[u8], words: &[&str]| sandbox.stdin(text).called_as("sendmail").run(words);
    let latin = b"From: J\xf6rg <root>\nTo: \"J\xf6\" <a@x.example>\nTo: b@x.example\nContent-Type: text/plain; charset=iso-8859-1\n\nx\n";
    let ran = sent(latin, &["--dry-run", "-t"]);
    assert_eq!(field(&ran, "From"), ["=?utf-8?b?SsO2cmc=?= <root@prov.example>"]);
    assert_eq!(field(&ran, "To"), ["=?utf-8?b?SsO2?= <a@x.example>, b@x.example"]);
    assert_eq!(envelope(&ran)[1..], ["a@x.example", "b@x.example"]);
    let none = latin.split(|octet| *octet == b'\n').filter(|line| !line.starts_with(b"Content-"));
    let none = none.collect::<Vec<_>>().join(&b'\n');
    let ran = sent(&none, &["--dry-run", "-t"]);
    assert_eq!(field(&ran, "From"), ["=?unknown-8bit?B?SvZyZw==?= <root@prov.example>"]);
    assert_eq!(field(&ran, "To"), ["=?unknown-8bit?B?SvY=?= <a@x.example>, b@x.example"]);
    for name in ["From", "To"] {
        ran.says(&format!("the field {name} is in no known charset, octet "));
    }
    // So it is in a draft of a person, where the charset of its words or the locale may be known.
    let drafted =
        |text: &[u8], words: &[&str]| sandbox.stdin(text).run(&[&["-H", "-", "--dry-run"], words].concat());
    for (to, names) in [("", ""), (", root", ", root@prov.example")] {
        let text = [&b"To: \"J\xf6\" <a@x.example>"[..], to.as_bytes(), b"\nReply-To: \xf6 <b@x.example>\n"]
            .concat();
        let none = [&text[..], b"\nx\n"].concat();
        let ran = drafted(&none, &[]);
        assert_eq!(field(&ran, "To"), [format!("=?unknown-8bit?B?SvY=?= <a@x.example>{names}")]);
        assert_eq!(field(&ran, "Reply-To"), ["=?unknown-8bit?B?9g==?= <b@x.example>"]);
        ran.says("the field To is in no known charset, octet ")
            .says("the field Reply-To is in no known charset");
        let declared = [&text[..], b"Content-Type: text/plain; charset=iso-8859-1\n\nx\n"].concat();
        for ran in [drafted(&declared, &[]), drafted(&none, &["--charset", "latin1"])] {
            assert_eq!(field(&ran, "To"), [format!("=?utf-8?b?SsO2?= <a@x.example>{names}")]);
            assert_eq!(field(&ran, "Reply-To"), ["=?utf-8?b?w7Y=?= <b@x.example>"]);
            ran.never_shows("no known charset");
        }
    }
    // An address is not guessed.
    for text in [
        &b"To: \xf6@x.example\n\nx\n"[..],
        b"To: \xf6@x.example\nContent-Type: text/plain; charset=iso-8859-1\n\nx\n",
    ] {
        sent(text, &["--dry-run", "-t"]).exits(65).says("an address in the header is not UTF-8");
        drafted(text, &[]).exits(65).says("an address in the header is not UTF-8");
    }
    let reply = b"To: a@x.example\nReply-To: \xf6@x.example\n\nx\n";
    drafted(reply, &[]).exits(65).says("line 2 of the draft: an address is not UTF-8");
}

#[test]
fn local_to_gets_the_mail_of_the_machine() {
    let sandbox = saying("local_to = \"admin@corp.example\"\nqualify_domain = \"my.example\"\n");
    let ran = sendmail(&sandbox, CRON, &["-t", "-f", "root"]);
    assert_eq!(envelope(&ran), ["admin@corp.example", "admin@corp.example"]);
    assert_eq!(field(&ran, "To"), ["root@my.example"]);
    assert_eq!(field(&ran, "From"), ["Cron Daemon <root@my.example>"]);
    // Whoever has a domain is written to.
    let ran = sendmail(&sandbox, "\n", &["www-data@localhost", "root@my.example", "x@other.example"]);
    assert_eq!(
        envelope(&ran)[1..],
        ["admin@corp.example".to_owned(), "root@my.example".to_owned(), "x@other.example".to_owned()]
    );
    // So it is for mail, whippet itself, and the mail that names it in a group.
    let ran = sandbox.stdin("text\n").called_as("mail").run(&["-d", "-s", "S", "root"]);
    assert_eq!(envelope(&ran)[1..], ["admin@corp.example".to_owned()]);
    assert_eq!(field(&ran, "To"), ["root@my.example"]);
    let ran = sandbox.stdin("text\n").run(&["--dry-run", "-s", "S", "Ops: root, bob@x.example;"]);
    assert_eq!(envelope(&ran)[1..], ["admin@corp.example".to_owned(), "bob@x.example".to_owned()]);
    assert_eq!(field(&ran, "To"), ["Ops: root@my.example, bob@x.example;"]);
}

#[test]
fn the_header_names_who_gets_it_where_that_is_asked_for() {
    let sandbox = saying("local_to = \"admin@corp.example, Two <two@corp.example>\"\nrewrite_local = true\n");
    let ran = sendmail(&sandbox, CRON, &["-t"]);
    assert_eq!(envelope(&ran), ["dan@prov.example", "admin@corp.example", "two@corp.example"]);
    let to = "\"root@prov.example\" <admin@corp.example>, \"root@prov.example\" <two@corp.example>";
    assert_eq!(field(&ran, "To"), [to]);
    assert_eq!(field(&ran, "From"), ["Cron Daemon <root@prov.example>"]);
    let ran = sendmail(&sandbox, "To: The Boss <root>\n\n", &["-t"]);
    assert_eq!(field(&ran, "To"), ["The Boss <admin@corp.example>, The Boss <two@corp.example>"]);
}

#[test]
fn aliases_come_first_and_end_in_names_of_the_machine() {
    let sandbox = saying("aliases = \"aliases\"\nlocal_to = \"admin@corp.example\"\n");
    sandbox.file(
        "../home/.config/whippet/aliases",
        "root: pi, boss@corp.example\npostmaster: root\nweb: w@x.example\n",
    );
    let ran = sendmail(&sandbox, "To: root\n\nx\n", &["-t", "-f", "web"]);
    assert_eq!(envelope(&ran), ["w@x.example", "admin@corp.example", "boss@corp.example"]);
    let ran = sendmail(&sandbox, "x\n", &["postmaster"]);
    assert_eq!(envelope(&ran)[1..], ["admin@corp.example".to_owned(), "boss@corp.example".to_owned()]);
    // In brackets and at this machine it is the same name.
    let ran = sendmail(&sandbox, "To: Web Master <web>\nCc: web@localhost\n\nx\n", &["-t"]);
    assert_eq!(envelope(&ran)[1..], ["w@x.example".to_owned()]);
    assert_eq!(field(&ran, "To"), ["Web Master <web@prov.example>"]);
    assert_eq!(field(&ran, "Cc"), ["web@localhost"]);
}

#[test]
fn the_profiles_author_stands_in_for_another_where_the_server_wants_that() {
    let sandbox = saying("from_rule = \"login\"\n");
    let ran = sendmail(&sandbox, CRON, &["-t", "-f", "root"]);
    assert_eq!(envelope(&ran)[0], "dan@prov.example");
    assert_eq!(field(&ran, "From"), ["Cron Daemon <dan@prov.example>"]);
    assert_eq!(field(&ran, "Reply-To"), ["Cron Daemon <root@prov.example>"]);
    ran.says(
        "dan@prov.example is the author in place of root@prov.example, as from_rule says [replaced-author]",
    );
    let php = "From: Shop <shop@web.example>\nSender: w@web.example\nReply-To: help@web.example\nTo: c@x.example\n\nx\n";
    let ran = sendmail(&sandbox, php, &["-t", "-i", "-fwww@web.example"]);
    assert_eq!(envelope(&ran), ["dan@prov.example", "c@x.example"]);
    assert_eq!(field(&ran, "From"), ["Shop <dan@prov.example>"]);
    assert_eq!(
        (field(&ran, "Reply-To"), field(&ran, "Sender")),
        (vec!["help@web.example".to_owned()], vec![])
    );
    // The author of the profile is nobody else, and the null reverse-path stays.
    let ran = sendmail(&sandbox, "From: DAN@PROV.example\nTo: c@x.example\n\nx\n", &["-t", "-f", ""]);
    assert_eq!(envelope(&ran)[0], "");
    ran.never_shows("replaced-author");
    let ran =
        sandbox.stdin("x\n").run(&["--dry-run", "-s", "S", "--from", "Al <al@x.example>", "c@x.example"]);
    assert_eq!(field(&ran, "From"), ["Al <dan@prov.example>"]);
    assert_eq!(field(&ran, "Reply-To"), ["Al <al@x.example>"]);
}

#[test]
fn two_who_look_alike_in_the_header_are_two() {
    let sandbox = saying("local_to = \"admin@corp.example\"\nqualify_domain = \"my.example\"\n");
    let ran = sendmail(&sandbox, "x\n", &["ann", "ann@my.example"]);
    assert_eq!(envelope(&ran)[1..], ["admin@corp.example".to_owned(), "ann@my.example".to_owned()]);
    let copy = ["--set", "default_bcc=ann@my.example", "--dry-run"];
    let ran = sandbox.stdin("x\n").called_as("sendmail").run(&[&copy[..], &["ann"]].concat());
    assert_eq!(envelope(&ran)[1..], ["admin@corp.example".to_owned(), "ann@my.example".to_owned()]);
}

#[test]
fn an_alias_may_lead_to_this_machine_or_to_nobody() {
    let sandbox = saying(
        "local_to = \"admin@corp.example\"\n[aliases]\nroot = \"boss@corp.example\"\npostmaster = \"root@localhost\"\n\
         loop = \"loop@localhost\"\nhole = \"nobody: ;\"\n",
    );
    let verify = |word: &str| sandbox.call().called_as("sendmail").run(&["-bv", word]);
    for word in ["postmaster", "postmaster@localhost", "root@localhost"] {
        assert_eq!(verify(word).exits(0).stdout(), "boss@corp.example\n", "{word}");
    }
    verify("loop@localhost").exits(0).prints("admin@corp.example");
    verify("hole@localhost").exits(64).says("no recipient");
}

#[test]
fn aliases_that_lead_to_each_other_end() {
    let table = "\n[aliases]\nloop = \"loop2@localhost\"\nloop2 = \"Two <loop@localhost>\"\na = \"a@localhost, b@localhost\"\n\
                 b = \"b@localhost, a@localhost\"\nroot = \"root@localhost, me@x.example\"\nweb = \"web, me@x.example\"\n\
                 self = \"self@localhost\"\n";
    let sandbox = saying(table);
    for (name, words) in [
        ("loop", "), which names `loop2` ("),
        ("a@localhost", "the alias `a` ("),
        ("self", "the alias `self` ("),
    ] {
        sendmail(&sandbox, "x\n", &[name]).exits(65).says(words).says(") leads back to `");
    }
    for name in ["root", "web"] {
        for at in ["", "@localhost"] {
            let to = format!("{name}{at}");
            let ran = sendmail(&sandbox, "x\n", &[&to]);
            assert_eq!(envelope(&ran)[1..], ["me@x.example"], "{to}");
            ran.never_shows("twice");
            let at_home = saying(&format!("qualify_domain = \"my.example\"{table}"));
            let ran = sendmail(&at_home, "x\n", &[&to]);
            assert_eq!(
                envelope(&ran)[1..],
                ["me@x.example".to_owned(), format!("{name}@my.example")],
                "{to}"
            );
            ran.never_shows("twice");
            let with_admin = saying(&format!("local_to = \"admin@corp.example\"{table}"));
            let ran = sendmail(&with_admin, "x\n", &[&to]);
            assert_eq!(envelope(&ran)[1..], ["me@x.example", "admin@corp.example"], "{to}");
        }
    }
}

#[test]
fn bv_tells_whom_a_name_stands_for() {
    let sandbox = saying("local_to = \"admin@corp.example\"\n");
    let verify = |words: &[&str]| sandbox.call().called_as("sendmail").run(&[&["-bv"], words].concat());
    let ran = verify(&["root", "a@x.example,b@x.example", "root@localhost"]);
    assert_eq!(ran.exits(0).stdout(), "admin@corp.example\na@x.example\nb@x.example\n");
    verify(&["root", "a@"]).exits(65).says("`a@` is not an address");
    verify(&[]).exits(64).says("no recipient");
}
