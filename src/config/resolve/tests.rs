//! Layers, profiles and hosts, each on a sealed machine with real files.

mod servers;

use super::*;
use crate::config::surroundings::tests::sealed;
use crate::config::{Route, schema};
use crate::mail::TlsMode;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A sealed machine with up to two config files.
struct Machine {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Machine {
    fn new(system: &str, user: &str) -> Machine {
        let machine = Machine { folder: tempfile::tempdir().unwrap(), variables: Vec::new() };
        for (name, text) in [("etc/config.toml", system), ("home/.config/whippet/config.toml", user)] {
            if !text.is_empty() {
                machine.write(name, text, 0o600);
            }
        }
        machine
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Machine {
        self.variables.push((name, value.into()));
        self
    }

    fn resolve(&self, wanted: &Wanted) -> Result<Settings, ConfigError> {
        let variables: Vec<(&str, &str)> =
            self.variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        resolve(wanted, &sealed(self.folder.path(), &variables))
    }

    fn settings(&self) -> Settings {
        self.resolve(&Wanted::default()).unwrap()
    }

    /// The error as text, with the sandbox's folder as `/T`.
    fn error(&self, wanted: &Wanted) -> String {
        let error = self.resolve(wanted).unwrap_err().to_string();
        error.replace(self.folder.path().to_str().unwrap(), "/T")
    }

    fn row(&self, wanted: &Wanted, key: &str) -> (String, String) {
        let row = self.resolve(wanted).unwrap().row(key).unwrap();
        let origin = row.origin.replace(self.folder.path().to_str().unwrap(), "/T");
        (row.value.unwrap_or_else(|| "-".to_owned()), origin)
    }
}

fn set(pairs: &[(&str, &str)]) -> Wanted {
    let set = pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
    Wanted { set, ..Wanted::default() }
}

fn profile(name: &str) -> Wanted {
    Wanted { profile: Some(name.to_owned()), ..Wanted::default() }
}

fn smtp(url: &str) -> Wanted {
    Wanted { smtp: Some(url.to_owned()), ..Wanted::default() }
}

fn pair(value: &str, origin: &str) -> (String, String) {
    (value.to_owned(), origin.to_owned())
}

const TWO: &str = "realname = 'Me'\n[profiles.home]\nhost = 'h.home'\nfrom = 'me@Home.example'\n\
                   [profiles.work]\nhost = 'h.work'\nfrom = 'me@work.example'\n";

#[test]
fn nothing_at_all_is_not_configured() {
    let settings = Machine::new("", "").settings();
    assert!(!settings.is_configured());
    assert_eq!(settings.profile, None);
    assert_eq!((settings.port.value, settings.tls.value), (465, TlsMode::Implicit));
}

#[test]
fn each_layer_wins_over_those_below_and_says_so() {
    let system = "hello_name = 'system'\n";
    let user = "\n\nhello_name = 'user'\n[profiles.p]\nhost = 'h'\n";
    let none = Wanted::default();
    assert_eq!(Machine::new("", "").row(&none, "hello_name"), pair("-", "built-in"));
    assert_eq!(Machine::new(system, "").row(&none, "hello_name"), pair("system", "/T/etc/config.toml:1"));
    let machine = Machine::new(system, user);
    assert_eq!(machine.row(&none, "hello_name"), pair("user", "~/.config/whippet/config.toml:3"));
    assert_eq!(machine.row(&set(&[("hello_name", "flag")]), "hello_name"), pair("flag", "--set hello_name"));
    let machine = Machine::new("[profiles.p]\nhost = 'a'\nhello_name = 'a'\n", user);
    assert_eq!(machine.row(&none, "hello_name").0, "a", "a profile is stronger than any top");
    assert_eq!(machine.row(&none, "host"), pair("h", "~/.config/whippet/config.toml:5"));
}

#[test]
fn the_file_is_where_it_was_said_to_be() {
    let machine = Machine::new("hello_name = 'system'\n", "host = 'user'\n");
    let other = machine.write("other.toml", "host = 'other'\n", 0o644);
    let named = |path: &Path| Wanted { config_file: Some(path.to_owned()), ..Wanted::default() };
    assert_eq!(machine.row(&named(&other), "host"), pair("other", "/T/other.toml:1"));
    assert_eq!(machine.row(&named(Path::new("/dev/null")), "host").0, "-");
    assert_eq!(machine.row(&named(Path::new("/dev/null")), "hello_name").0, "system");
    let without = Wanted { no_system: true, ..Wanted::default() };
    assert_eq!(machine.row(&without, "hello_name").0, "-");
    assert_eq!(machine.error(&named(Path::new("/no/such"))), "cannot read /no/such: there is no such file");
    assert_eq!(machine.error(&named(Path::new("/"))), "cannot read /: it is a directory");
    let machine = machine.with("WHIPPET_CONFIG", other.to_str().unwrap());
    assert_eq!(machine.row(&Wanted::default(), "host").0, "other");
    assert_eq!(machine.row(&named(Path::new("/dev/null")), "host").0, "-", "-F is stronger");
    let machine = machine.with("WHIPPET_CONFIG", "/no/such");
    assert!(machine.error(&Wanted::default()).contains("/no/such"));
}

#[test]
fn a_profile_is_chosen() {
    let chosen = |machine: &Machine, wanted: &Wanted| machine.resolve(wanted).unwrap().profile.unwrap();
    let from = |text: &str| Wanted { from: Some(Address::parse(text).unwrap()), ..Wanted::default() };
    let machine = Machine::new("", TWO);
    assert_eq!(chosen(&machine, &profile("home")), "home");
    assert_eq!(machine.row(&profile("home"), "realname").0, "Me");
    assert_eq!(chosen(&machine, &from("me@WORK.example")), "work");
    assert_eq!(
        machine.error(&from("you@work.example")),
        "there are 2 profiles, and none of them is chosen: home, work"
    );
    let machine = machine.with("WHIPPET_PROFILE", "home");
    assert_eq!(chosen(&machine, &from("me@work.example")), "home");
    assert_eq!(chosen(&machine, &profile("work")), "work");
    let queued = Wanted { is_queued: true, ..from("me@work.example") };
    assert_eq!(chosen(&machine, &queued), "work", "mail that waits does not go by another hour's word");
    let machine = Machine::new("default = 'home'\n", &format!("default = 'work'\n{TWO}"));
    assert_eq!(chosen(&machine, &Wanted::default()), "work");
    assert_eq!(chosen(&machine, &from("me@home.example")), "home");
    let machine = Machine::new("[profiles.only]\nhost = 'h'\n", "from = 'a@b'\n");
    assert_eq!(chosen(&machine, &Wanted::default()), "only");
}

#[test]
fn an_unknown_profile_names_those_there_are() {
    let machine = Machine::new("[profiles.relay]\nhost = 'h'\n", TWO);
    assert_eq!(
        machine.error(&profile("wrok")),
        "--profile: there is no profile `wrok`; did you mean `work`? There is: home, relay, work"
    );
    let machine = Machine::new("", &format!("default = 'x'\n{TWO}"));
    assert!(machine.error(&Wanted::default()).starts_with("~/.config/whippet/config.toml:1: there is no"));
    assert!(Machine::new("", "host = 'h'\n").error(&profile("x")).ends_with("no profiles are defined"));
}

#[test]
fn a_profile_of_the_administrator_does_not_replace_a_flat_file() {
    let machine = Machine::new("[profiles.relay]\nhost = 'relay'\n", "host = 'mine'\n");
    assert_eq!(machine.row(&Wanted::default(), "host").0, "mine");
    assert_eq!(machine.row(&profile("relay"), "host").0, "relay");
}

#[test]
fn a_login_stays_with_its_host() {
    let system = "host = 'relay'\nport = 25\ntls = 'none'\nusername = 'box'\npassword_env = 'BOX'\n\
                  allow_plaintext_auth = true\ncharset = 'utf-8'\n";
    let settings = Machine::new(system, "host = 'mine'\n").settings();
    assert_eq!((settings.port.value, settings.tls.value), (465, TlsMode::Implicit));
    assert!(settings.username.is_none() && settings.secret.is_none());
    assert!(!settings.allow_plaintext_auth.value && settings.charset.is_some());
    assert_eq!(settings.secret_variables, ["BOX"], "children never see it, used or not");
    let settings = Machine::new(system, "host = 'RELAY'\nport = 26\n").settings();
    assert_eq!((settings.port.value, settings.tls.value), (26, TlsMode::None));
    assert!(settings.secret.is_some());
    // What stands beside no host is for all.
    let user = "username = 'me'\npassword_env = 'PW'\n[profiles.p]\nhost = 'mine'\n";
    let settings = Machine::new(system, user).settings();
    assert_eq!(settings.username.unwrap().value, "me");
    assert_eq!(settings.secret.unwrap().value.place.shown(), "PW");
    let settings = Machine::new(system, "").resolve(&set(&[("host", "other")])).unwrap();
    assert!(settings.secret.is_none() && settings.username.is_none());
    assert_eq!(settings.tls.value, TlsMode::Implicit);
}

#[test]
fn a_url_replaces_the_server_as_a_whole() {
    let user =
        "host = 'mine'\nport = 25\ntls = 'none'\nusername = 'me'\npassword_env = 'PW'\nroute = 'smtp'\n";
    let machine = Machine::new("", user);
    let settings = machine.resolve(&smtp("smtp://you@other")).unwrap();
    assert_eq!((settings.port.value, settings.tls.value), (587, TlsMode::StartTls));
    assert_eq!(settings.username.unwrap().value, "you");
    assert!(settings.secret.is_none(), "a secret never goes to another host");
    let settings = machine.resolve(&smtp("smtps://you@MINE")).unwrap();
    assert_eq!(settings.port.origin, Origin::Flag("--smtp".into()));
    assert_eq!((settings.port.value, settings.tls.value), (465, TlsMode::Implicit));
    assert!(settings.secret.is_some());
    assert!(machine.resolve(&smtp("smtps://mine")).unwrap().username.is_none());
    let machine = machine.with("WHIPPET_SMTP", "smtp://box:2525?tls=none");
    assert_eq!(machine.row(&Wanted::default(), "port"), pair("2525", "WHIPPET_SMTP"));
    assert_eq!(machine.row(&smtp("smtps://h"), "host"), pair("h", "--smtp"));
    let queued = Wanted { is_queued: true, ..Wanted::default() };
    assert_ne!(machine.row(&queued, "host").1, "WHIPPET_SMTP");
    let wanted = Wanted { set: set(&[("port", "26")]).set, ..smtp("smtps://h") };
    assert_eq!(machine.row(&wanted, "port"), pair("26", "--set port"));
}

#[test]
fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    let machine = Machine::new("", "");
    for wanted in [set(&[("password", "canary")]), smtp("smtps://me:canary@h")] {
        let error = machine.resolve(&wanted).unwrap_err();
        assert!(matches!(error, ConfigError::PasswordOnCommandLine { .. }));
        let text = error.to_string();
        assert!(text.contains("a password on the command line is visible to every user"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
    let machine = machine.with("WHIPPET_SMTP", "smtp://me:canary@h");
    let error = machine.resolve(&Wanted::default()).unwrap_err();
    assert_eq!(error.layer(), Some(Layer::Environment));
    assert!(error.to_string().starts_with("WHIPPET_SMTP: a password in a URL"));
}

#[test]
fn variables_of_other_programs_are_heard() {
    let none = Wanted::default();
    let machine = || Machine::new("", "from = 'p@x'\nreply_to = 'r@x'\n").with("EMAIL", "e@x");
    assert_eq!(machine().row(&none, "from"), pair("p@x", "~/.config/whippet/config.toml:1"));
    let machine = machine().with("REPLYTO", "v@x");
    assert_eq!(machine.row(&none, "reply_to"), pair("v@x", "REPLYTO"));
    assert_eq!(machine.row(&set(&[("reply_to", "f@x")]), "reply_to").0, "f@x");
    let machine = Machine::new("", "").with("EMAIL", "e@x");
    assert_eq!(machine.row(&none, "from"), pair("e@x", "EMAIL"));
    assert_eq!(machine.row(&set(&[("from", "f@x")]), "from").0, "f@x");
    let machine = Machine::new("", "").with("EMAIL", "no address");
    assert!(machine.error(&none).starts_with("EMAIL: from must be an address"));
    assert!(machine.resolve(&set(&[("from", "f@x")])).is_ok(), "a variable that is not used is not judged");
}

#[test]
fn flags_take_the_type_of_their_key_and_all_faults_are_told() {
    let settings = Machine::new("", "")
        .resolve(&set(&[("route", "file"), ("output", "x.eml"), ("timeouts", "10m"), ("timeouts.mail", "9")]))
        .unwrap();
    assert_eq!(settings.route.value, Route::File);
    assert_eq!(settings.output.unwrap().value, Path::new("x.eml"));
    assert_eq!(settings.timeouts.mail.value.as_secs(), 9);
    assert_eq!(settings.timeouts.rcpt.value.as_secs(), 300, "cut to its bound");
    assert_eq!(settings.timeouts.dot.value.as_secs(), 600);
    let error = Machine::new("", "").error(&set(&[("prot", "1"), ("port", "x"), ("profiles", "x")]));
    assert_eq!(
        error,
        "--set prot: unknown key `prot`; did you mean `port`?\n\
         --set port: port must be a number from 1 to 65535\n\
         --set profiles: unknown key `profiles`"
    );
}

/// What does not go together with the rest of the example.
const APART: [&str; 3] = ["hosts", "tunnel", "proxy_password_env"];

/// The example with all that goes together: one way leads to the server, with one source of its password.
fn everything() -> String {
    let is_left_out = |line: &&str| APART.iter().any(|key| line.starts_with(&format!("{key} = ")));
    let example = schema::example::tests::uncommented();
    example.lines().filter(|line| !is_left_out(line)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_example_resolves_when_uncommented() {
    let machine = Machine::new("", &everything());
    let settings = machine.settings();
    assert_eq!(settings.profile.as_deref(), Some("work"));
    assert_eq!(settings.host.unwrap().value, "smtp.work.example");
    assert_eq!(settings.secret.unwrap().value.place.key(), "password_file");
    let flat = everything().split("default = ").next().unwrap().to_owned();
    let settings = Machine::new("", &flat).settings();
    assert_eq!(settings.secret.unwrap().value.place.key(), "password_command");
    for key in
        schema::KEYS.iter().filter(|key| !schema::SECRETS.contains(&key.name) && !APART.contains(&key.name))
    {
        let row = Machine::new("", &flat).settings().row(key.name).unwrap();
        assert!(row.value.is_some() && row.origin.contains("config.toml:"), "{}", key.name);
    }
}
