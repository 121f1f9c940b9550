//! Errors in the words typed: options, recipients, the subject.

use super::inside::PROFILE;
use super::{Inside, Page};

#[test]
fn options() {
    let mut page = Page::default();
    let inside = Inside::with_profile(PROFILE);
    let mut case =
        |words: &[&str]| page.run(&words.join(" "), &inside, &[words, &["ann@example.com"]].concat());
    for letter in ["-W", "-f", "-y", "-z", "-p", "-E", "-C", "-S"] {
        case(&[letter]);
    }
    case(&["-H", "draft.txt"]);
    case(&["--sbuject", "x"]);
    case(&["--nonsense"]);
    case(&["--html"]);
    case(&["--json=yes"]);
    case(&["--sandbox", "--sendmail"]);
    case(&["--quiet", "--verbose"]);
    case(&["--empty-body", "drop"]);
    case(&["-d", "9"]);
    case(&["--header", "X-Tag blue"]);
    case(&["--header", "Bcc: eve@example.net"]);
    case(&["-e", "source ~/.muttrc"]);
    case(&["-e", "set colour=blue"]);
    case(&["-e", "set content_type=html"]);
    case(&["--charset", "klingon"]);
    case(&["--attach-as", "a.txt"]);
    case(&["--attach-as", "../a.txt=b.txt"]);
    case(&["-a", "-", "-i", "-"]);
    page.run("-s", &inside, &["-s"]);
    page.run("send, misspelt", &inside, &["serve", "--port", "25"]);
    page.run("config", &inside, &["config"]);
    page.run("config list", &inside, &["config", "list"]);
    page.run("generate", &inside, &["generate"]);
    page.check("words-options");
}

#[test]
fn recipients() {
    let mut page = Page::default();
    let inside = Inside::with_profile(PROFILE);
    page.run("nobody", &inside, &["-s", "Backup"]);
    page.run("nothing at all", &inside, &[]);
    page.run("an empty variable", &inside, &["-s", "Backup", ""]);
    page.run("two bad ones", &inside, &["ann@example.com", "bob@", "-c", "carol example.com"]);
    page.run("a semicolon", &inside, &["ann@example.com; bob@example.com"]);
    page.run("a blank", &inside, &["ann@example.com bob@example.com"]);
    page.run("two @", &inside, &["ann@@example.com"]);
    page.run("a line end", &inside, &["ann@example.com\nbob@example.com"]);
    page.run("a dash", &inside, &["-"]);
    page.run("--from is no address", &inside, &["--from", "Al Ice", "ann@example.com"]);
    page.run("--from is a group", &inside, &["--from", "Team: a@example.org;", "ann@example.com"]);
    page.run("--sender is two", &inside, &["--sender", "a@example.org, b@example.org", "ann@example.com"]);
    page.run("--in-reply-to is none", &inside, &["--in-reply-to", "17", "ann@example.com"]);
    page.run(
        "--list-unsubscribe is none",
        &inside,
        &["--list-unsubscribe", "leave@x.org", "ann@example.com"],
    );
    let twice = ["--references", "a@x", "--header", "References: <b@x>", "ann@example.com"];
    page.run("References is said in two ways", &inside, &twice);
    page.run("--reply-to is no address", &inside, &["--reply-to", "x@", "ann@example.com"]);
    page.check("words-recipients");
}

#[test]
fn subject_and_text() {
    let mut page = Page::default();
    let mut inside = Inside::with_profile(PROFILE);
    let to = "ann@example.com";
    page.run("a subject of two lines", &inside, &["-s", "Backup\nBcc: eve@example.net", to]);
    page.run("a field of two lines", &inside, &["--header", "X-Tag: a\r\nBcc: eve@example.net", to]);
    page.run("no subject, and one is wanted", &inside, &["--missing-subject", "fail", to]);
    inside.stdin = b" \n".to_vec();
    page.run("an empty text, to be refused", &inside, &["--empty-body", "fail", "-s", "x", to]);
    page.run("an empty text, to be skipped", &inside, &["--empty-body", "skip", "-s", "x", to]);
    page.check("words-text");
}
