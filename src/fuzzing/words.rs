//! Words of the person: a config file, commands of `-e`, a whole command line.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::cli;
use crate::config::{ConfigError, KEYS, Settings, Surroundings, Wanted, resolve};

/// The password in every file here that has one.
const SECRET: &str = "open-sesame";

/// Any octets as the user's config file.
pub fn config(data: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a file can be written");
    file.write_all(data).expect("a file can be written");
    let profile = String::from_utf8_lossy(data).contains("[profiles.work]").then(|| "work".to_owned());
    let wanted =
        Wanted { config_file: Some(file.path().to_owned()), no_system: true, profile, ..Wanted::default() };
    let surroundings = Surroundings {
        variables: Box::new(|_| None),
        home: Some(PathBuf::from("/home/dan")),
        system_file: PathBuf::from("/nowhere/config.toml"),
        user: rustix::process::geteuid().as_raw(),
    };
    match resolve(&wanted, &surroundings) {
        Ok(settings) => judge(&settings, data),
        Err(error) => judge_error(&error),
    }
}

fn judge(settings: &Settings, data: &[u8]) {
    let rows = settings.rows();
    assert!(rows.len() >= KEYS.len() / 2);
    for row in &rows {
        // A value with a line end would look like a row of its own.
        let value = row.value.as_deref().unwrap_or_default();
        assert!(!value.contains('\n') && !row.origin.contains('\n'), "{row:?}");
    }
    let is_secret_alone = String::from_utf8_lossy(data).matches(SECRET).count() == 1
        && String::from_utf8_lossy(data).contains(&format!("\npassword = \"{SECRET}\""));
    assert!(!is_secret_alone || !format!("{settings:?}{rows:?}").contains(SECRET));
    let _ = (settings.tls_policy(), settings.author(), settings.unix_socket(), settings.is_configured());
}

fn judge_error(error: &ConfigError) {
    let words = error.to_string();
    assert!(!words.is_empty());
    assert!(!words.chars().any(|character| character.is_control() && character != '\n'), "{words:?}");
}

/// Any octets as the commands of one `-e`.
pub fn muttrc(data: &[u8]) {
    understand(vec!["-e".into(), OsString::from_vec(data.to_vec()), "a@x".into()]);
}

/// Any octets as a command line, its words divided by NUL.
pub fn argv(data: &[u8]) {
    understand(data.split(|&octet| octet == 0).map(|word| OsString::from_vec(word.to_vec())).collect());
}

fn understand(words: Vec<OsString>) {
    let mut argv = vec![OsString::from("whippet")];
    argv.extend(words);
    match cli::parse(&argv) {
        Ok(cli::Invocation::Send(request)) => {
            for (name, value) in &request.headers {
                let value = value.to_string_lossy();
                assert!(!name.is_empty() && !name.contains([':', ' ', '\r', '\n']), "{name:?}");
                assert!(!value.contains(['\r', '\n', '\0']), "{value:?}");
            }
            let subject = request.subject.as_ref().map(|subject| subject.to_string_lossy());
            assert!(subject.is_none_or(|subject| !subject.contains(['\r', '\n'])), "{:?}", request.subject);
            for warning in &request.warnings {
                assert!(!warning.words.chars().any(char::is_control), "{warning:?}");
            }
        }
        Ok(_) => {}
        Err(error) => {
            let words = format!("{}{}", error.message, error.hint.unwrap_or_default());
            assert!(!words.is_empty());
            assert!(!words.chars().any(|character| character.is_control() && character != '\n'), "{words:?}");
        }
    }
}
