//! Settings by the real program: the layers and their order, what is shown, and where it was said.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::{Peer, Sandbox};

const PROFILE: &str = "host = \"smtp.example.org\"\nusername = \"you@example.org\"\n\
                       password_command = \"pass show mail\"\nfrom = \"Your Name <you@example.org>\"\n";

/// Value and place of a key as `config show --json` tells them.
#[track_caller]
fn row(sandbox: &Sandbox, words: &[&str], key: &str) -> (String, String) {
    let ran = sandbox.run(&[&["config", "show", "--json"], words].concat());
    let rows: Value = serde_json::from_str(&ran.exits(0).stdout()).unwrap();
    let rows = rows.as_array().unwrap();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    let found = rows.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("{key} is not shown"));
    (text(found, "value"), text(found, "origin"))
}

fn pair(value: &str, origin: &str) -> (String, String) {
    (value.to_owned(), origin.to_owned())
}

#[test]
fn the_table_fits_a_terminal() {
    let sandbox = Sandbox::new();
    sandbox.profile(PROFILE);
    let ran = sandbox.run(&["config", "show"]);
    let text = ran.exits(0).stdout();
    assert_eq!(ran.stderr(), "");
    for line in text.lines() {
        assert!(line.chars().count() <= 80 && line == line.trim_end(), "{line:?}");
    }
    // The places stand in one column.
    let columns: Vec<usize> =
        text.lines().map(|line| line.find("~/.config").or(line.find("built-in")).unwrap()).collect();
    assert!(columns.iter().all(|column| *column == columns[0]), "{text}");
    ran.prints("host ").prints("smtp.example.org").prints("~/.config/whippet/config.toml:1\n");
    ran.prints("port ").prints("465").prints("allow_plaintext_auth");
    sandbox.run(&["-D"]).exits(0).prints(&text);
}

#[test]
fn a_table_of_no_profile_says_where_one_goes() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["config", "show"]);
    ran.exits(0).prints("timeouts.dot").says("~/.config/whippet/config.toml");
    assert!(!ran.stdout().contains("host "));
}

#[test]
fn each_layer_is_stronger_than_the_one_before() {
    let mut sandbox = Sandbox::new();
    let shown = |sandbox: &Sandbox, words: &[&str]| row(sandbox, words, "timeouts.connect");
    assert_eq!(shown(&sandbox, &[]), pair("30s", "built-in"));
    sandbox.profile(&format!(
        "timeouts.connect = \"10s\"\n{PROFILE}[profiles.work]\ntimeouts.connect = \"20s\"\n"
    ));
    let at = |line: usize| format!("~/.config/whippet/config.toml:{line}");
    assert_eq!(shown(&sandbox, &["--profile", "work"]), pair("20s", &at(7)));
    assert_eq!(
        shown(&sandbox, &["--profile", "work", "--set", "timeouts.connect=5s"]),
        pair("5s", "--set timeouts.connect")
    );
    assert_eq!(row(&sandbox, &["--profile", "work"], "host"), pair("smtp.example.org", &at(2)));
    assert_eq!(row(&sandbox, &["--profile", "work"], "profile"), pair("work", ""));
    sandbox.env("WHIPPET_PROFILE", "work");
    assert_eq!(shown(&sandbox, &[]), pair("20s", &at(7)));
    sandbox.env("WHIPPET_PROFILE", "none");
    sandbox.run(&["config", "show"]).exits(78).says("WHIPPET_PROFILE: there is no profile `none`");
    assert_eq!(shown(&sandbox, &["--profile", "work"]), pair("20s", &at(7)));
}

#[test]
fn all_profiles_share_one_spool() {
    let mut sandbox = Sandbox::new();
    sandbox.profile(&format!(
        "{PROFILE}[spool]\nfirst = 5\ndir = \"~/spool\"\n[profiles.work]\nqueue = \"always\"\n[profiles.home]\n"
    ));
    let at = |line: usize| format!("~/.config/whippet/config.toml:{line}");
    for profile in ["work", "home"] {
        let words = ["--profile", profile];
        assert_eq!(row(&sandbox, &words, "spool.first"), pair("5", &at(6)));
        assert!(row(&sandbox, &words, "spool.dir").0.ends_with("/spool"));
        assert_eq!(row(&sandbox, &words, "spool.expire"), pair("5d", "built-in"));
    }
    assert_eq!(row(&sandbox, &["--profile", "work"], "queue"), pair("always", &at(9)));
    assert_eq!(row(&sandbox, &["--profile", "home"], "queue"), pair("auto", "built-in"));
    let words = ["--profile", "home", "--set", "spool.first=7", "--set", "queue=off"];
    assert_eq!(row(&sandbox, &words, "spool.first"), pair("7", "--set spool.first"));
    assert_eq!(row(&sandbox, &words, "queue"), pair("off", "--set queue"));
    sandbox.profile(&format!("{PROFILE}[profiles.work]\nspool.first = 5\n"));
    sandbox.run(&["config", "show"]).exits(78).says(&format!("{}: spool is for all profiles", at(6)));
    sandbox.env("WHIPPET_CONFIG", "/dev/null");
    let ran = sandbox.run(&["config", "show", "--set", "spool.first=0", "--set", "queue=maybe"]);
    ran.exits(64).says("spool.first must be a number from 1 to 10080").says("queue must be \"auto\"");
}

#[test]
fn a_url_takes_the_place_of_the_server() {
    let mut sandbox = Sandbox::new();
    sandbox.profile(PROFILE);
    sandbox.env("WHIPPET_SMTP", "smtp://me@relay.example:2525");
    for (key, value) in [("host", "relay.example"), ("port", "2525"), ("tls", "starttls"), ("username", "me")]
    {
        assert_eq!(row(&sandbox, &[], key), pair(value, "WHIPPET_SMTP"));
    }
    let shown = sandbox.run(&["config", "show"]).exits(0).stdout();
    assert!(!shown.contains("pass show mail"), "the password of one host is not for another\n{shown}");
    sandbox.without_env("WHIPPET_SMTP");
    let words = ["-e", "set smtp_url=smtps://u@flag.example", "-D"];
    let shown = sandbox.run(&words).exits(0).stdout();
    assert!(shown.contains("flag.example") && shown.contains("--smtp"), "{shown}");
    let shown = sandbox.run(&["--smtp", "smtps://u@flag.example", "-D"]).exits(0).stdout();
    assert!(shown.contains("flag.example"), "{shown}");
}

#[test]
fn variables_of_mutt() {
    let mut sandbox = Sandbox::new();
    sandbox.env("EMAIL", "Me <me@example.net>").env("REPLYTO", "replies@example.net");
    assert_eq!(row(&sandbox, &[], "from"), pair("Me <me@example.net>", "EMAIL"));
    assert_eq!(row(&sandbox, &[], "reply_to"), pair("replies@example.net", "REPLYTO"));
    sandbox.profile(&format!("{PROFILE}reply_to = \"other@example.org\"\n"));
    assert_eq!(row(&sandbox, &[], "from").1, "~/.config/whippet/config.toml:4");
    assert_eq!(row(&sandbox, &[], "reply_to").1, "REPLYTO");
}

#[test]
fn which_file() {
    let mut sandbox = Sandbox::new();
    sandbox.profile(PROFILE);
    let other = sandbox.file("other.toml", "host = \"other.example\"\n");
    let third = sandbox.file("third.toml", "host = \"third.example\"\n");
    let (other, third) = (other.to_str().unwrap().to_owned(), third.to_str().unwrap().to_owned());
    sandbox.env("WHIPPET_CONFIG", &other);
    assert_eq!(row(&sandbox, &[], "host"), pair("other.example", &format!("{other}:1")));
    assert_eq!(row(&sandbox, &["-F", &third], "host"), pair("third.example", &format!("{third}:1")));
    assert_eq!(row(&sandbox, &["-n", "-F", &third], "host").0, "third.example");
    let shown = sandbox.run(&["config", "show", "-F", "/dev/null"]).exits(0).stdout();
    assert!(!shown.contains("host "), "{shown}");
    sandbox.without_env("WHIPPET_CONFIG");
    let xdg = sandbox.work().join("xdg");
    std::fs::create_dir_all(xdg.join("whippet")).unwrap();
    std::fs::write(xdg.join("whippet/config.toml"), "host = \"xdg.example\"\n").unwrap();
    std::fs::set_permissions(xdg.join("whippet/config.toml"), std::fs::Permissions::from_mode(0o600))
        .unwrap();
    sandbox.env("XDG_CONFIG_HOME", &xdg);
    assert_eq!(row(&sandbox, &[], "host").0, "xdg.example");
}

#[test]
fn one_setting_alone() {
    let sandbox = Sandbox::new();
    sandbox.profile(PROFILE);
    let ask = |name: &str| {
        let ran = sandbox.run(&["-Q", name]);
        ran.exits(0);
        (ran.stdout(), ran.stderr())
    };
    assert_eq!(ask("host").0, "host=smtp.example.org\n");
    assert_eq!(ask("host").1, "whippet: host is set by ~/.config/whippet/config.toml:1\n");
    assert_eq!(
        ask("port"),
        ("port=465\n".to_owned(), "whippet: port is not set: this is the built-in value\n".to_owned())
    );
    assert_eq!(ask("output"), ("output=\n".to_owned(), "whippet: output is not set\n".to_owned()));
    sandbox.run(&["-Q", "prot"]).exits(64).says("did you mean `port`?");
    sandbox.run(&["-Q", "port", "--set", "port=26"]).exits(0).prints("port=26\n").says("--set port");
}

#[test]
fn a_profile_is_chosen_by_the_sender() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::new();
    let port = peer.port();
    sandbox.profile(&format!(
        "[profiles.home]\nhost = \"no-such-host.invalid\"\nfrom = \"me@home.example\"\n\
         [profiles.work]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"me@work.example\"\n\
         hello_name = \"work.example\"\n"
    ));
    sandbox.stdin("x\n").run(&["--from", "me@work.example", "a@x"]).exits(0).quiet();
    sandbox.stdin("x\n").run(&["--profile", "work", "a@x"]).exits(0).quiet();
    let book = peer.finish();
    assert_eq!(book.commands("EHLO"), ["EHLO work.example", "EHLO work.example"]);
    assert_eq!(book.dots(), 2);
}

#[test]
fn the_example_sets_nothing() {
    let sandbox = Sandbox::new();
    let before = sandbox.run(&["config", "show"]).exits(0).stdout();
    let example =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.toml")).unwrap();
    sandbox.profile(&example);
    let after = sandbox.run(&["config", "show"]).exits(0).stdout();
    assert_eq!(before, after);
    assert_eq!(sandbox.run(&["generate", "config"]).exits(0).stdout(), example);
}
