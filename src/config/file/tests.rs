//! Config files with faults, and who may hold them.

use super::*;
use crate::config::surroundings::tests::sealed;
use proptest::prelude::*;
use std::os::unix::fs::PermissionsExt;

/// Reads a text as the user's file `/T/c.toml`.
fn read_text(text: &str) -> Result<ConfigFile, String> {
    read_mode(text, 0o600)
}

fn read_mode(text: &str, mode: u32) -> Result<ConfigFile, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    let wanted = Wanted { path, layer: Layer::UserFile, named: true };
    read(&wanted, &sealed(folder.path(), &[]))
        .map_err(|error| error.to_string().replace(folder.path().to_str().unwrap(), "/T"))
}

fn fault(text: &str) -> String {
    read_text(text).unwrap_err()
}

#[test]
fn unknown_keys_are_told_with_their_line() {
    assert_eq!(fault("\n\nhsot = 'x'\n"), "/T/c.toml:3: unknown key `hsot`; did you mean `host`?");
    assert_eq!(
        fault("[profiles.a]\nuser = 'x'\n"),
        "/T/c.toml:2: unknown key `user`; did you mean `username`?"
    );
    assert_eq!(fault("xyzzy = 1\n"), "/T/c.toml:1: unknown key `xyzzy`");
    assert_eq!(
        fault("\n[work]\nhost = 'x'\n"),
        "/T/c.toml:2: unknown key `work`; did you mean `[profiles.work]`?"
    );
    assert_eq!(
        fault("[timeouts]\ndto = 3\n"),
        "/T/c.toml:2: unknown key `timeouts.dto`; did you mean `timeouts.dot`?"
    );
    assert_eq!(
        fault("[spool]\nfrist = 3\n"),
        "/T/c.toml:2: unknown key `spool.frist`; did you mean `spool.first`?"
    );
    assert_eq!(fault("[spol]\nfirst = 3\n"), "/T/c.toml:1: unknown key `spol`; did you mean `spool`?");
    assert_eq!(fault("'timeouts.dot' = 3\n"), "/T/c.toml:1: unknown key `timeouts.dot`, written in quotes");
}

#[test]
fn all_faults_are_told_from_the_top() {
    let text = "port = 'x'\nhost = 'smtp://h'\n[profiles.z]\nauth = 3\n[profiles.a]\nfrom = 'x'\n";
    assert_eq!(
        fault(text),
        "/T/c.toml:1: port must be a number from 1 to 65535, not a string\n\
         /T/c.toml:2: host must be a name without a scheme, such as smtp.example.org; a whole URL goes to --smtp\n\
         /T/c.toml:4: auth must be the name of a login mechanism or a list of them, not a number\n\
         /T/c.toml:6: from must be an address such as me@example.org"
    );
    assert_eq!(fault("profiles = 3\n"), "/T/c.toml:1: profiles must be tables [profiles.NAME], not a number");
    assert_eq!(fault("spool = 3\n"), "/T/c.toml:1: spool must be a table [spool], not a number");
    assert_eq!(
        fault("[spool]\nfirst = 'x'\nsubsequent = 20_000\nexpire = 5\n[profiles.a.spool]\nfirst = 1\n"),
        "/T/c.toml:2: spool.first must be a number from 1 to 10080, not a string\n\
         /T/c.toml:3: spool.subsequent must be a number from 1 to 10080\n\
         /T/c.toml:4: spool.expire must be from \"1m\" to \"366d\"\n\
         /T/c.toml:5: spool is for all profiles; write [spool], outside of them"
    );
    assert_eq!(fault("profiles.a = 3\n"), "/T/c.toml:1: profiles.a must be a table, not a number");
    assert_eq!(fault("default = 3\n"), "/T/c.toml:1: default must be the name of a profile, not a number");
    assert_eq!(fault("host = {a = 1}\n"), "/T/c.toml:1: host must be a string, not a table");
}

#[test]
fn what_is_no_toml_is_told_with_line_and_column() {
    let error = fault("host = 'h'\npassword = 'canary\n");
    assert!(error.starts_with("/T/c.toml:2:19: "), "{error}");
    assert!(!error.contains("canary"), "{error}");
    assert!(fault("host = 'h'\nhost = 'i'\n").starts_with("/T/c.toml:2:1: duplicate key"));
    for text in ["set from=me@x\n", "# x\nmy_hdr X-A: b\n", "source ~/.x\nset a = 'b'\n", "macro index a b\n"]
    {
        assert_eq!(fault(text), "/T/c.toml looks like a muttrc; whippet reads TOML");
    }
    assert!(fault("set = \n").starts_with("/T/c.toml:1:"));
}

#[test]
fn no_error_shows_a_password() {
    for text in [
        "password = canary\n",
        "password = 'canary\n",
        "password = \"can\\qary\"\n",
        "password = \"canary\" canary\n",
        "password canary\n",
        "password: canary\n",
        "password = ['canary']\n",
        "password = {a = 'canary'}\n",
        "pasword = 'canary'\n",
        "password = \"\"\"canary\n\"\"\"\n",
        "password = 'canary'\npassword = 'canary'\n",
        "password = 'canary'\npassword_env = 'X'\n",
        "profiles = 'canary'\n",
        "default = 'p'\npassword = 'canary\u{7}\n",
    ] {
        let error = fault(text);
        assert!(!error.contains("canary"), "{text:?} gave {error}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "([a-z.\\[\\]]{0,9} ?= ?[\"']?[^\n]{0,9}[\"']?\n){0,4}") {
        let surroundings = sealed(Path::new("/T"), &[]);
        let source =
            Source { layer: Layer::UserFile, shown: "c", path: Path::new("c"), surroundings: &surroundings };
        if let Err(error) = parse(&text, &source) {
            prop_assert!(error.to_string().starts_with("c"));
        }
    }
}

#[test]
fn octets_that_are_no_text_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c");
    std::fs::write(&path, b"a\n# \xe9\xff").unwrap();
    let wanted = Wanted { path, layer: Layer::UserFile, named: true };
    let error = read(&wanted, &sealed(folder.path(), &[])).unwrap_err().to_string();
    assert!(error.ends_with("/c:2:3: this is not UTF-8"), "{error}");
}

#[test]
fn two_sources_of_a_secret_are_refused_with_both_places() {
    assert_eq!(
        fault("password_env = 'A'\npassword_command = 'x'\n"),
        "/T/c.toml:1: password_env and password_command (/T/c.toml:2) are two sources of one secret; keep one of them"
    );
    let both = "password_env = 'A'\n[profiles.a]\npassword_command = 'x'\n";
    assert!(read_text(both).is_ok(), "a profile replaces what is at the top");
}

#[test]
fn a_password_is_only_in_a_private_file() {
    let text = "host = 'h'\n[profiles.a]\npassword = 'canary'\n";
    assert!(read_mode(text, 0o600).is_ok());
    for mode in [0o640, 0o604, 0o644, 0o620] {
        assert_eq!(
            read_mode(text, mode).unwrap_err(),
            "/T/c.toml holds a password and other users can read it"
        );
    }
    assert!(read_mode("host = 'h'\n", 0o664).is_ok());
    assert_eq!(
        read_mode("host = 'h'\n", 0o666).unwrap_err(),
        "will not use /T/c.toml: every user can write to it: chmod o-w /T/c.toml"
    );
    assert_eq!(fault("password = \"can\\nary\"\n"), "/T/c.toml:1: password may not hold a line break or NUL");
    assert_eq!(fault("password = 3\n"), "/T/c.toml:1: password must be a string, not a number");
}

#[test]
fn times_are_one_or_a_table() {
    let time = |text: &str, index: usize| {
        read_text(text).unwrap().top.timeouts[index].as_ref().unwrap().value.as_secs()
    };
    assert_eq!(time("timeouts = 7\n", 0), 7);
    assert_eq!(time("timeouts = '7m'\n", 8), 420);
    assert_eq!(time("[timeouts]\ndot = '5m'\n", 8), 300);
    assert_eq!(time("timeouts.dot = 9\n", 8), 9);
    assert_eq!(
        fault("timeouts.mail = '6m'\n"),
        "/T/c.toml:1: timeouts.mail may be at most 5m (RFC 5321 4.5.3.2)"
    );
}

#[test]
fn relative_paths_begin_at_the_file() {
    let file = read_text("output = 'mail'\npassword_file = '~/pw'\n").unwrap();
    let output = file.top.output.unwrap().value;
    assert!(output.is_absolute() && output.ends_with("mail"), "{output:?}");
    assert!(file.top.secret.unwrap().value.shown().ends_with("/home/pw"));
}
