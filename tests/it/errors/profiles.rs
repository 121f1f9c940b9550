//! Errors of profiles: none, not readable, not understood, not safe.

use std::os::unix::fs::PermissionsExt;

use super::inside::PROFILE;
use super::{Inside, Page};

const WORDS: [&str; 3] = ["-s", "Backup", "ann@example.com"];

#[test]
fn no_profile() {
    let mut page = Page::default();
    let mut inside = Inside::new();
    page.run("no profile, no sendmail program", &inside, &WORDS);
    page.run("--sendmail without such a program", &inside, &["--sendmail", "ann@example.com"]);
    page.run(
        "no profile, a server, no password",
        &inside,
        &["--smtp", "smtps://you@smtp.example.org", "ann@example.com"],
    );
    inside.variables.push(("WHIPPET_CONFIG", "/no/such/config.toml".to_owned()));
    page.run("WHIPPET_CONFIG names no file", &inside, &WORDS);
    inside.variables.clear();

    let failing = |script: &str| Some(inside.sandbox.script("sendmail", &format!("#!/bin/sh\n{script}\n")));
    let refusing =
        failing("echo 'sendmail: fatal: open /etc/postfix/main.cf: No such file or directory' >&2; exit 75");
    inside.sendmail = refusing;
    page.run("no profile, a sendmail program that defers", &inside, &WORDS);
    inside.sendmail = Some(inside.sandbox.script("sendmail", "#!/bin/sh\nexit 67\n"));
    page.run("no profile, a sendmail program that refuses", &inside, &WORDS);
    inside.sendmail = Some(inside.sandbox.file("sendmail-without-x", "#!/bin/sh\n"));
    page.run("no profile, a sendmail program that cannot be started", &inside, &WORDS);
    page.check("profiles-none");
}

#[test]
fn which_profile() {
    let two =
        "[profiles.home]\nhost = \"smtp.home.example\"\n[profiles.work]\nhost = \"smtp.work.example\"\n";
    let inside = Inside::with_profile(two);
    let mut page = Page::default();
    page.run("several and no choice", &inside, &WORDS);
    page.run("an unknown one", &inside, &["--profile", "wrok", "ann@example.com"]);
    page.run("nothing like it", &inside, &["--profile", "gmail", "ann@example.com"]);
    inside.sandbox.profile(&format!("default = \"office\"\n{two}"));
    page.run("the default does not exist", &inside, &WORDS);
    inside.sandbox.profile(PROFILE);
    page.run("no profile has a name", &inside, &["--profile", "work", "ann@example.com"]);
    page.check("profiles-choice");
}

#[test]
fn what_is_written_in_it() {
    let mut page = Page::default();
    let inside = Inside::new();
    let mut case = |title: &str, profile: &str| {
        inside.sandbox.profile(profile);
        page.run(title, &inside, &WORDS);
    };
    case("an unknown key", "hsot = \"smtp.example.org\"\n");
    case(
        "the key of another program",
        "host = \"smtp.example.org\"\nuser = \"you\"\npasswordeval = \"pass mail\"\n",
    );
    case("a wrong type", "host = \"smtp.example.org\"\nport = \"587\"\n");
    case("a wrong word", "host = \"smtp.example.org\"\ntls = \"ssl\"\n");
    case("a URL for a host", "host = \"smtps://smtp.example.org\"\n");
    case("a host with its port", "host = \"smtp.example.org:465\"\n");
    case("no address", "host = \"smtp.example.org\"\nfrom = \"You\"\n");
    case("two passwords", "host = \"smtp.example.org\"\npassword = \"canary\"\npassword_file = \"x\"\n");
    case("no quotes", "host = smtp.example.org\n");
    case("a quote is missing", "host = \"smtp.example.org\nport = 465\n");
    case("the same key twice", "port = 465\nport = 587\n");
    case("a table that is not closed", "[profiles.work\nhost = \"x\"\n");
    case("a muttrc", "set from=\"you@example.org\"\nset smtp_url=\"smtps://you@smtp.example.org\"\n");
    case("route = file without a place", "route = \"file\"\n");
    case("longer than anybody may wait", "host = \"h\"\ntimeouts.dot = \"1h\"\n");
    page.check("profiles-content");
}

#[test]
fn the_file() {
    let mut page = Page::default();
    let inside =
        Inside::with_profile(&format!("{}password = \"canary\"\n", PROFILE.replace("password_command", "#")));
    let file = inside.sandbox.home().join(".config/whippet/config.toml");
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    page.run("a password, and others can read it", &inside, &WORDS);
    mode(0o666);
    page.run("others can write it", &inside, &WORDS);
    let muttrc = inside.sandbox.file("muttrc", "# mine\nset from = you@example.org\nmy_hdr X-A: b\n");
    page.run("-F is a muttrc", &inside, &["-F", muttrc.to_str().unwrap(), "ann@example.com"]);
    page.run("-F does not exist", &inside, &["-F", "/no/such/config.toml", "ann@example.com"]);
    page.run("-F is a folder", &inside, &["-F", "/", "ann@example.com"]);
    page.check("profiles-file");
}

#[test]
fn by_flag() {
    let mut page = Page::default();
    let inside = Inside::with_profile(PROFILE);
    let mut case = |title: &str, words: &[&str]| {
        page.run(title, &inside, &[words, &["ann@example.com"]].concat());
    };
    case("a password in --smtp", &["--smtp", "smtps://you:canary@smtp.example.org"]);
    case("a password in --set", &["--set", "password=canary"]);
    case("a password in -e", &["-e", "set smtp_pass=canary"]);
    case("--smtp is no URL", &["--smtp", "smtp.example.org"]);
    case("--smtp of another kind", &["--smtp", "http://smtp.example.org"]);
    case("--set without =", &["--set", "port"]);
    case("--set of an unknown key", &["--set", "prot=25"]);
    case("--set of a wrong value", &["--set", "port=smtp"]);
    page.run("-Q of an unknown name", &inside, &["-Q", "prot"]);
    page.run("-A", &inside, &["-A", "ann"]);
    page.check("profiles-flags");
}
