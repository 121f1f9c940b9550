//! Secrets from files, variables, credentials and programs.

use super::*;
use crate::config::surroundings::tests::sealed;
use crate::sys::{Ended, SystemRun};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

type Feed<'a> = dyn FnMut(&mut dyn io::Write) -> io::Result<()> + 'a;

/// A program that ends with this status, output and speech, and must be started with this argv.
struct FakeRun(i32, &'static str, &'static str, &'static [&'static str]);

impl Run for FakeRun {
    fn run(&self, child: &Child, _: Option<&mut Feed<'_>>) -> Result<Ended, RunError> {
        assert_eq!(child.argv, self.3);
        assert_eq!(child.patience, Duration::from_secs(60));
        assert_eq!(child.without, ["OTHER_PASSWORD"]);
        Ok(Ended {
            input_taken: true,
            status: ExitStatus::from_raw(self.0 << 8),
            stdout: Secret::new(self.1),
            stderr: self.2.to_owned(),
        })
    }
}

fn source(place: SecretPlace, for_gmail: bool) -> SecretSource {
    SecretSource { place, for_gmail, kept_back: vec!["OTHER_PASSWORD".to_owned()] }
}

fn fetch(place: SecretPlace, folder: &Path, variables: &[(&str, &str)]) -> Result<Vec<u8>, String> {
    let secret = source(place, false).fetch(&SystemRun, &sealed(folder, variables));
    secret.map(|secret| secret.expose().to_vec()).map_err(|error| error.to_string())
}

fn write(path: &Path, text: &str, mode: u32) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_loses_one_line_end_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pw");
    for (text, wanted) in [("can ary \n", "can ary "), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a", " a")] {
        write(&path, text, 0o640);
        assert_eq!(fetch(SecretPlace::File(path.clone()), folder.path(), &[]).unwrap(), wanted.as_bytes());
    }
    write(&path, "\n", 0o600);
    let error = fetch(SecretPlace::File(path.clone()), folder.path(), &[]).unwrap_err();
    assert_eq!(error, format!("password_file: {} gave an empty password", path.display()));
    write(&path, "canary\0x", 0o600);
    let error = fetch(SecretPlace::File(path.clone()), folder.path(), &[]).unwrap_err();
    assert!(error.ends_with("holds a NUL octet") && !error.contains("canary"), "{error}");
    write(&path, &"x".repeat(70_000), 0o600);
    let error = fetch(SecretPlace::File(path), folder.path(), &[]).unwrap_err();
    assert!(error.contains("64 KiB"), "{error}");
}

#[test]
fn a_file_open_to_others_is_refused_through_a_link_too() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("pw"), folder.path().join("link"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for (mode, problem) in [
        (0o644, "can be read by every user"),
        (0o666, "can be written by every user"),
        (0o660, "can be written by its group"),
    ] {
        write(&path, "canary", mode);
        let error = fetch(SecretPlace::File(link.clone()), folder.path(), &[]).unwrap_err();
        let link = link.display();
        assert_eq!(error, format!("password_file: {link} {problem}"));
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = fetch(SecretPlace::File("/no/such".into()), folder.path(), &[]).unwrap_err();
    assert_eq!(error, "password_file: cannot read /no/such: there is no such file");
    let error = fetch(SecretPlace::Variable("PW".into()), folder.path(), &[]).unwrap_err();
    assert_eq!(error, "password_env: the variable PW is not set or empty");
    let error = fetch(SecretPlace::Credential("pw".into()), folder.path(), &[]).unwrap_err();
    assert!(error.contains("$CREDENTIALS_DIRECTORY is not set"), "{error}");
    let here = folder.path().to_str().unwrap();
    let error =
        fetch(SecretPlace::Credential("pw".into()), folder.path(), &[("CREDENTIALS_DIRECTORY", here)])
            .unwrap_err();
    assert!(error.contains("the credential pw: there is no such file"), "{error}");
}

#[test]
fn variables_credentials_and_the_file_itself() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("pw"), "from systemd\n", 0o440);
    let variables = [("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap()), ("PW", "from env")];
    let fetch = |place| fetch(place, folder.path(), &variables).unwrap();
    assert_eq!(fetch(SecretPlace::Credential("pw".into())), b"from systemd");
    assert_eq!(fetch(SecretPlace::Variable("PW".into())), b"from env");
    assert_eq!(fetch(SecretPlace::Inline(Secret::new("inline"))), b"inline");
}

#[test]
fn a_program_gives_the_secret_or_its_excuse() {
    let surroundings = sealed(Path::new("/nowhere"), &[]);
    let argv = || SecretPlace::Command(vec!["pass".into(), "x".into()]);
    let fetch = |run: &dyn Run| source(argv(), false).fetch(run, &surroundings);
    let secret = fetch(&FakeRun(0, "canary\n", "noise", &["pass", "x"])).unwrap();
    assert_eq!(secret.expose(), b"canary");
    let error = fetch(&FakeRun(2, "canary", "\nno key\r\nsorry\n", &["pass", "x"])).unwrap_err();
    assert_eq!(error.to_string(), "password_command: pass ended with exit code 2 and said: no key; sorry");
    let error = fetch(&FakeRun(2, "", "", &["pass", "x"])).unwrap_err();
    assert_eq!(error.to_string(), "password_command: pass ended with exit code 2 and said nothing");
    let error = fetch(&FakeRun(0, "", "", &["pass", "x"])).unwrap_err();
    assert_eq!(error.to_string(), "password_command: pass x gave an empty password");
}

#[test]
fn a_missing_program_is_named() {
    let place = SecretPlace::Command(vec!["/no/such/pass".into()]);
    let error = fetch(place, Path::new("/nowhere"), &[]).unwrap_err();
    assert_eq!(error, "password_command: /no/such/pass: cannot be started: there is no such file");
}

#[test]
fn the_blanks_of_a_gmail_app_password_are_decoration() {
    let surroundings = sealed(Path::new("/nowhere"), &[]);
    let fetch = |text: &str, for_gmail| {
        let place = SecretPlace::Inline(Secret::new(text));
        source(place, for_gmail).fetch(&SystemRun, &surroundings).unwrap().expose().to_vec()
    };
    assert_eq!(fetch("abcd efgh ijkl mnop", true), b"abcdefghijklmnop");
    assert_eq!(fetch("abcd\u{a0}efgh\u{a0}ijkl\u{a0}mnop", true), b"abcdefghijklmnop");
    assert_eq!(fetch("abcd efgh ijkl mnop", false), b"abcd efgh ijkl mnop");
    assert_eq!(fetch("my old pass word", true), b"my old pass word");
}

#[test]
fn debug_shows_no_secret() {
    let source = source(SecretPlace::Inline(Secret::new("canary")), false);
    assert!(!format!("{source:?}").contains("canary"));
    assert_eq!(source.place.shown(), "***");
}

fn read_toml<T>(text: &str, read: impl Fn(Given<'_>) -> Reading<T>) -> Reading<T> {
    read(Given::Toml(DeValue::parse(text).unwrap().get_ref()))
}

#[test]
fn a_shell_only_where_one_is_needed() {
    let read = |text| command(Given::Text(text)).unwrap();
    assert_eq!(read("pass show  mail/x --a=b"), ["pass", "show", "mail/x", "--a=b"]);
    assert_eq!(read("pass x | head -1"), ["sh", "-c", "pass x | head -1"]);
    assert_eq!(read("A=b pass x"), ["sh", "-c", "A=b pass x"]);
    assert_eq!(read("~/bin/pw"), ["sh", "-c", "~/bin/pw"]);
    assert_eq!(read_toml("['a b', '', '$c']", command).unwrap(), ["a b", "", "$c"]);
    for empty in ["[]", "['']", "''", "'  '"] {
        assert_eq!(read_toml(empty, command).unwrap_err(), "names no program");
    }
}

#[test]
fn names_of_variables_and_credentials() {
    assert!(variable(Given::Text("$PW")).is_err());
    assert!(variable(Given::Text("PW=x")).is_err());
    assert_eq!(variable(Given::Text("PW")), Ok("PW".to_owned()));
    for bad in ["a/b", "..", ".", ""] {
        assert!(credential(Given::Text(bad)).is_err());
    }
    assert_eq!(credential(Given::Text("whippet.pw")), Ok("whippet.pw".to_owned()));
}
