//! Where the secret is, and fetching it. The secret is in no error, and no argv of ours.

mod pending;

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::surroundings::{distrust, quoted};
use toml::de::DeValue;

use crate::config::value::{self, Given, Reading};
use crate::config::{Surroundings, error};
use crate::sys::{Child, Ended, OUTPUT_LIMIT, Run, RunError, Secret};

pub use pending::PendingSecret;

/// Longest file, octets; a token fits many times, a disk does not.
const LONGEST: u64 = 64 * 1024;

/// How long a password program may take: a person may have to unlock a keyring.
const PATIENCE: Duration = Duration::from_secs(60);

/// Most that is shown of what a password program said, characters.
const SHOWN: usize = 400;

/// Where a secret is.
#[derive(Debug, Clone)]
pub enum SecretPlace {
    /// In the config file itself.
    Inline(Secret),
    /// In a file of its own.
    File(PathBuf),
    /// In the output of a program; its argv, never empty.
    Command(Vec<String>),
    /// In the environment variable of this name.
    Variable(String),
    /// In the systemd credential of this name.
    Credential(String),
}

impl SecretPlace {
    /// The key that names such a place.
    pub fn key(&self) -> &'static str {
        match self {
            SecretPlace::Inline(_) => "password",
            SecretPlace::File(_) => "password_file",
            SecretPlace::Command(_) => "password_command",
            SecretPlace::Variable(_) => "password_env",
            SecretPlace::Credential(_) => "password_credential",
        }
    }

    /// The place as a person may see it; a password itself is `***`.
    pub fn shown(&self) -> String {
        match self {
            SecretPlace::Inline(_) => "***".to_owned(),
            SecretPlace::File(path) => path.display().to_string(),
            SecretPlace::Command(argv) => argv.join(" "),
            SecretPlace::Variable(name) | SecretPlace::Credential(name) => name.clone(),
        }
    }

    /// Reads the value of one of the five keys.
    pub(super) fn read(
        key: &str,
        given: Given<'_>,
        home: Option<&Path>,
        folder: Option<&Path>,
    ) -> Reading<SecretPlace> {
        match key {
            "password" => value::password(given).map(|text| SecretPlace::Inline(Secret::new(text))),
            "password_file" | "proxy_password_file" => {
                value::path(given, home, folder).map(SecretPlace::File)
            }
            "password_command" => command(given).map(SecretPlace::Command),
            "password_env" | "proxy_password_env" => variable(given).map(SecretPlace::Variable),
            "password_credential" => credential(given).map(SecretPlace::Credential),
            _ => Err("is no source of a secret".to_owned()),
        }
    }
}

/// Why there is no secret. Displays with the source and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("password_file: cannot read {path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, in words.
        reason: String,
    },
    /// The file is open to others.
    #[error("password_file: {path} {problem}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Who can do what.
        problem: &'static str,
        /// The command that mends it.
        remedy: String,
    },
    /// The program could not be run to its end.
    #[error("password_command: {failure}{}", cause(failure))]
    Run {
        /// What went wrong.
        failure: RunError,
    },
    /// The program failed.
    #[error("password_command: {program} ended with {status}{}", spoken(said))]
    Failed {
        /// The program's name.
        program: String,
        /// How it ended.
        status: String,
        /// What it said to standard error.
        said: String,
    },
    /// The variable is not set, or empty.
    #[error("password_env: the variable {0} is not set or empty")]
    NoVariable(String),
    /// There is no such credential.
    #[error("password_credential: cannot read the credential {name}: {reason}")]
    NoCredential {
        /// Its name.
        name: String,
        /// Why, in words.
        reason: String,
    },
    /// There was nothing where the secret should be.
    #[error("{key}: {place} gave an empty password")]
    Empty {
        /// The key of the source.
        key: &'static str,
        /// The source.
        place: String,
    },
    /// The secret holds NUL, which no login can carry (RFC 4616 2).
    #[error("{key}: the password from {place} holds a NUL octet")]
    Nul {
        /// The key of the source.
        key: &'static str,
        /// The source.
        place: String,
    },
    /// The secret is longer than any secret.
    #[error("{key}: {place} holds more than 64 KiB, which is no password")]
    Long {
        /// The key of the source.
        key: &'static str,
        /// The source.
        place: String,
    },
}

/// Fetches the password of a proxy. Errors speak of `password_file` and `password_env`; the caller puts `proxy_` before.
pub fn fetch_proxy_password(
    place: &SecretPlace,
    run: &dyn Run,
    surroundings: &Surroundings,
) -> Result<Secret, SecretError> {
    let source = SecretSource { place: place.clone(), for_gmail: false, kept_back: Vec::new() };
    source.fetch(run, surroundings)
}

/// The one source of a profile's secret.
#[derive(Debug, Clone)]
pub struct SecretSource {
    /// Where the secret is.
    pub place: SecretPlace,
    /// Whether the server is Gmail's, whose app passwords are shown with blanks that are no part of them.
    pub(super) for_gmail: bool,
    /// Variables that hold secrets and are kept from the program that gives this one.
    pub(super) kept_back: Vec<String>,
}

impl SecretSource {
    /// Fetches the secret, without the one line end that files and programs add.
    pub fn fetch(&self, run: &dyn Run, surroundings: &Surroundings) -> Result<Secret, SecretError> {
        let secret = match &self.place {
            SecretPlace::Inline(secret) => secret.clone(),
            SecretPlace::File(path) => self.read_file(path, surroundings.user)?,
            SecretPlace::Command(argv) => {
                let program = argv.first().map_or("", String::as_str);
                return self.ended(program, run.run(&self.child(argv), None));
            }
            SecretPlace::Variable(name) => match surroundings.variable(name) {
                Some(value) => Secret::new(value.into_encoded_bytes()),
                None => return Err(SecretError::NoVariable(name.clone())),
            },
            SecretPlace::Credential(name) => self.read_credential(name, surroundings)?,
        };
        self.checked(secret)
    }

    /// Takes the line end off; refuses what no login can carry.
    fn checked(&self, secret: Secret) -> Result<Secret, SecretError> {
        let secret = secret.without_line_end();
        let (key, place) = (self.place.key(), || self.place.shown());
        if secret.is_empty() {
            return Err(SecretError::Empty { key, place: place() });
        }
        if secret.expose().contains(&0) {
            return Err(SecretError::Nul { key, place: place() });
        }
        Ok(if self.for_gmail { without_decoration(secret) } else { secret })
    }

    /// Reads the password file after a look at who else can; the target counts, not a link to it.
    fn read_file(&self, path: &Path, us: u32) -> Result<Secret, SecretError> {
        let unreadable = |error: io::Error| SecretError::Unreadable {
            path: path.to_owned(),
            reason: error::reason(&error),
        };
        // The file that is open is the file that is judged.
        let file = File::open(path).map_err(unreadable)?;
        let facts = file.metadata().map_err(unreadable)?;
        let mode = facts.mode();
        if let Some((problem, octal)) = exposure(mode) {
            let remedy = format!("chmod {octal} {}", quoted(path));
            return Err(SecretError::Exposed { path: path.to_owned(), problem, remedy });
        }
        if let Some(reason) = distrust(facts.uid(), 0, us, path) {
            return Err(SecretError::Unreadable { path: path.to_owned(), reason });
        }
        self.take(file).map_err(unreadable)?
    }

    fn read_credential(&self, name: &str, surroundings: &Surroundings) -> Result<Secret, SecretError> {
        let missing = |reason: String| SecretError::NoCredential { name: name.to_owned(), reason };
        let folder = surroundings
            .variable("CREDENTIALS_DIRECTORY")
            .ok_or_else(|| missing("$CREDENTIALS_DIRECTORY is not set".to_owned()))?;
        // Who may read it is systemd's affair; it uses ACLs that a mode does not show.
        let file = File::open(Path::new(&folder).join(name));
        file.and_then(|file| self.take(file)).map_err(|error| missing(error::reason(&error)))?
    }

    /// Reads a secret to its end, within bounds.
    fn take(&self, file: File) -> io::Result<Result<Secret, SecretError>> {
        let mut octets = Vec::with_capacity(256);
        file.take(LONGEST + 1).read_to_end(&mut octets)?;
        let secret = Secret::new(octets);
        if secret.expose().len() as u64 > LONGEST {
            return Ok(Err(SecretError::Long { key: self.place.key(), place: self.place.shown() }));
        }
        Ok(Ok(secret))
    }

    fn child(&self, argv: &[String]) -> Child {
        Child {
            argv: argv.iter().map(Into::into).collect(),
            without: self.kept_back.clone(),
            with: Vec::new(),
            patience: PATIENCE,
            // It may ask at the terminal, as pinentry does.
            is_group: false,
        }
    }

    /// What a program printed, if it ended well.
    fn judged(&self, program: &str, ended: Ended) -> Result<Secret, SecretError> {
        if !ended.status.success() {
            return Err(SecretError::Failed {
                program: program.to_owned(),
                status: match ended.status.code() {
                    Some(code) => format!("exit code {code}"),
                    None => ended.status.to_string(),
                },
                said: ended.stderr,
            });
        }
        if ended.stdout.expose().len() as u64 > OUTPUT_LIMIT {
            return Err(SecretError::Long { key: self.place.key(), place: self.place.shown() });
        }
        Ok(ended.stdout)
    }
}

/// A command: a list is its argv; a string is divided at blanks, or given to `sh -c` if it needs a shell.
pub(super) fn command(given: Given<'_>) -> Reading<Vec<String>> {
    let wanted = "a command, as a string or as a list of strings";
    let parts = given.strings(wanted)?;
    let argv: Vec<String> = match (given, parts.as_slice()) {
        (Given::Toml(DeValue::Array(_)), parts) => parts.iter().map(|part| (*part).to_owned()).collect(),
        (_, [line]) if needs_shell(line) => vec!["sh".to_owned(), "-c".to_owned(), (*line).to_owned()],
        (_, parts) => parts.iter().flat_map(|line| line.split_whitespace()).map(str::to_owned).collect(),
    };
    if argv.first().is_none_or(String::is_empty) { Err("names no program".to_owned()) } else { Ok(argv) }
}

/// Whether only a shell understands the line (POSIX XCU 2.2; a `=` in the first word is an assignment).
fn needs_shell(line: &str) -> bool {
    line.contains([
        '|', '&', ';', '<', '>', '(', ')', '$', '`', '\\', '"', '\'', '*', '?', '[', ']', '#', '~', '{', '}',
        '!',
    ]) || line.split_whitespace().next().is_some_and(|word| word.contains('='))
}

/// The name of an environment variable.
fn variable(given: Given<'_>) -> Reading<String> {
    let name = value::text(given)?;
    if name.contains('=') || name.starts_with('$') {
        return Err("must be the name of a variable, without $ and =".to_owned());
    }
    Ok(name)
}

/// The name of a credential of systemd (systemd.exec(5)): one path component.
fn credential(given: Given<'_>) -> Reading<String> {
    let name = value::text(given)?;
    if name.contains('/') || name == "." || name == ".." {
        return Err("must be the name of a credential, without /".to_owned());
    }
    Ok(name)
}

/// What is wrong with the mode of a password file, and the mode it should have.
fn exposure(mode: u32) -> Option<(&'static str, &'static str)> {
    match mode {
        mode if mode & 0o002 != 0 => Some(("can be written by every user", "600")),
        mode if mode & 0o004 != 0 => Some(("can be read by every user", "600")),
        mode if mode & 0o020 != 0 => Some(("can be written by its group", "g-w")),
        _ => None,
    }
}

/// Takes the blanks out of a Gmail app password, four times four letters; any other secret stays as it is.
fn without_decoration(secret: Secret) -> Secret {
    let Ok(text) = std::str::from_utf8(secret.expose()) else { return secret };
    // A password copied from Google's page has no-break spaces.
    let mut letters = Vec::with_capacity(text.len());
    letters.extend(text.bytes().filter(u8::is_ascii_alphabetic));
    let only_blanks = text.chars().all(|c| c.is_ascii_alphabetic() || c.is_whitespace());
    let letters = Secret::new(letters);
    if only_blanks && letters.expose().len() == 16 { letters } else { secret }
}

/// The reason behind a child's failure.
fn cause(failure: &RunError) -> String {
    match failure {
        RunError::Start { source, .. } | RunError::Input { source, .. } | RunError::Wait { source, .. } => {
            format!(": {}", error::reason(source))
        }
        RunError::Late { .. } | RunError::Interrupted(..) => String::new(),
    }
}

/// What a program said, on one line and not too long.
fn spoken(said: &str) -> String {
    let line = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    let line: String = line.chars().map(|c| if c.is_control() { '?' } else { c }).take(SHOWN).collect();
    if line.is_empty() { " and said nothing".to_owned() } else { format!(" and said: {line}") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
