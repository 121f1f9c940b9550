//! A failure: the command could not do its work. One mapping from each typed error to its exit code and its words.

use std::error::Error;
use std::io::{self, ErrorKind};

use rustix::io::Errno;

use crate::cli::{UsageError, UsageKind};
use crate::cmd::{Exit, World};
use crate::config::{ConfigError, Layer, SecretError, UnknownKey};
use crate::mail::{AddressError, AliasError, ExpandError};
use crate::mime::{ComposeError, MessageError, SourceError, UnknownCharset};
use crate::spool::OpenError;
use crate::sys::{Account, RunError, is_shortage, reason};
use crate::ui::Complaint;

/// Where a password may be.
pub(super) const SECRET_PLACES: &str =
    "name its place: password_command, password_file, password_env or password_credential";

/// Where temporary files may be instead.
pub(super) const PLACE_HINT: &str = "TMPDIR names another folder for temporary files";

/// Why there was no hand-over, and the code to exit with.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What is said.
    pub complaints: Vec<Complaint>,
}

impl Failure {
    /// One complaint.
    pub fn new(exit: Exit, complaint: Complaint) -> Self {
        Failure { exit, complaints: vec![complaint] }
    }

    /// A failure with one line.
    pub fn plain(exit: Exit, headline: impl Into<String>) -> Self {
        Failure::new(exit, Complaint::new(headline))
    }

    /// A usage error found late.
    pub fn usage(headline: impl Into<String>) -> Self {
        Failure::plain(Exit::Usage, headline)
    }

    /// Several failures of one kind as one; `None` when there is none.
    pub fn gather(failures: Vec<Failure>) -> Option<Self> {
        let exit = failures.first()?.exit;
        Some(Failure {
            exit,
            complaints: failures.into_iter().flat_map(|failure| failure.complaints).collect(),
        })
    }

    /// Its first line, for a place where it is only told of.
    pub(super) fn headline(&self) -> String {
        self.complaints.first().map(|complaint| complaint.headline.clone()).unwrap_or_default()
    }

    /// Says it on standard error.
    pub(super) fn say(&self, world: &mut World<'_>) {
        for complaint in &self.complaints {
            let _ = write!(world.stderr, "{complaint}");
        }
    }

    /// The same with an advice behind its last complaint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(complaint) = self.complaints.last_mut() {
            complaint.hints.push(hint.into());
        }
        self
    }
}

/// The error's own text as headline, what the system said as reason.
fn chain(error: &dyn Error) -> Complaint {
    let mut complaint = Complaint::new(error.to_string());
    let mut source = error.source();
    while let Some(cause) = source {
        complaint = complaint.because(reason(&cause));
        source = cause.source();
    }
    complaint
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        let exit = match error.kind {
            UsageKind::Usage => Exit::Usage,
            UsageKind::Data => Exit::DataErr,
        };
        let mut complaint = Complaint::new(error.message);
        complaint.hints.extend(error.hint);
        Failure::new(exit, complaint)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let exit = match &error {
            // What was typed wrong in a flag is an error of usage, what stands in a file one of configuration.
            ConfigError::Faults(_)
            | ConfigError::UnknownProfile { .. }
            | ConfigError::PasswordOnCommandLine { .. }
                if error.layer() == Some(Layer::Flags) =>
            {
                Exit::Usage
            }
            ConfigError::Unreadable { is_shortage: true, .. } => Exit::OsErr,
            _ => Exit::Config,
        };
        let failure = Failure::new(exit, chain(&error));
        match error {
            ConfigError::SeveralProfiles { .. } => failure.hint(
                "choose one with --profile NAME, or for good with default = \"NAME\" in the config file",
            ),
            ConfigError::MuttRc { .. } => {
                failure.hint("`whippet generate config` prints a file to begin with")
            }
            ConfigError::ExposedPassword { remedy, .. } => failure.hint(remedy),
            ConfigError::PasswordOnCommandLine { .. } => failure.hint(SECRET_PLACES),
            _ => failure,
        }
    }
}

impl From<UnknownKey> for Failure {
    fn from(error: UnknownKey) -> Self {
        Failure::new(Exit::Usage, chain(&error))
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        let complaint = Complaint::new("there is no password to log in with").because(error.to_string());
        let failure = Failure::new(Exit::Config, complaint);
        match error {
            SecretError::Run { failure: RunError::Start { source, .. } } if is_shortage(&source) => {
                Failure { exit: Exit::OsErr, ..failure }
            }
            SecretError::Exposed { remedy, .. } => failure.hint(remedy),
            SecretError::Run { failure: RunError::Late { .. } } => {
                failure.hint("it must print the password without asking anybody: try it alone")
            }
            SecretError::Run { .. }
            | SecretError::Failed { .. }
            | SecretError::Empty { key: "password_command", .. } => {
                failure.hint("it must print the password and nothing else: try it alone")
            }
            SecretError::NoCredential { name, .. } => {
                failure.hint(format!("the unit of systemd needs LoadCredential={name}:/PATH"))
            }
            _ => failure,
        }
    }
}

impl From<AddressError> for Failure {
    fn from(error: AddressError) -> Self {
        Failure::new(Exit::DataErr, chain(&error))
    }
}

impl From<AliasError> for Failure {
    fn from(error: AliasError) -> Self {
        Failure::new(Exit::DataErr, chain(&error))
    }
}

impl From<ExpandError> for Failure {
    fn from(error: ExpandError) -> Self {
        match error {
            ExpandError::Address(error) => error.into(),
            ExpandError::Alias(error) => error.into(),
        }
    }
}

impl From<UnknownCharset> for Failure {
    fn from(error: UnknownCharset) -> Self {
        Failure::new(Exit::Usage, chain(&error))
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let exit = match &error {
            SourceError::Directory { .. } | SourceError::Open { .. } => Exit::NoInput,
            SourceError::Read { .. } => Exit::IoErr,
            SourceError::Temporary { .. } => Exit::CantCreat,
        };
        let failure = Failure::new(exit, chain(&error));
        match exit {
            Exit::CantCreat => failure.hint(PLACE_HINT),
            _ => failure,
        }
    }
}

impl From<MessageError> for Failure {
    fn from(error: MessageError) -> Self {
        Failure::new(Exit::IoErr, chain(&error))
    }
}

impl From<ComposeError> for Failure {
    fn from(error: ComposeError) -> Self {
        let exit = match &error {
            ComposeError::Random(_) => Exit::OsErr,
            ComposeError::Input(_) => Exit::IoErr,
            _ => Exit::DataErr,
        };
        Failure::new(exit, chain(&error))
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let exit = match &error {
            OpenError::NotOurs { .. } => Exit::NoPerm,
            OpenError::Format(_) => Exit::Config,
            OpenError::Absent(_) => Exit::NoInput,
            OpenError::Io { error, .. } => exit_of_folder(error),
        };
        let failure = Failure::plain(exit, error.to_string());
        match error {
            OpenError::NotOurs { owner: Some(owner), .. } if rustix::process::geteuid().is_root() => {
                let name = Account::of(owner).map_or_else(|| "USER".to_owned(), |account| account.name);
                failure.hint(format!("run it as that user: runuser -u {name} -- whippet ..."))
            }
            _ => failure,
        }
    }
}

/// What an error at a folder of the spool amounts to: another try may find the disk, or the machine, in another state; what
/// somebody has put in its place, or locked, stays.
fn exit_of_folder(error: &io::Error) -> Exit {
    match error.kind() {
        ErrorKind::PermissionDenied => Exit::NoPerm,
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => Exit::Config,
        // A loop of links has no kind that may be named yet.
        _ if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => Exit::Config,
        _ => Exit::TempFail,
    }
}

/// What the system refused, outside of what has a code of its own: a folder or file that cannot be made or read.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::new(Exit::CantCreat, chain(error.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_quoted_without_numbers() {
        let error =
            SourceError::Open { path: "/no/such".into(), source: std::io::Error::from_raw_os_error(2) };
        let failure = Failure::from(error);
        assert_eq!(failure.exit, Exit::NoInput);
        assert_eq!(
            failure.complaints[0].to_string(),
            "whippet: cannot open /no/such\n  because no such file or directory\n"
        );
    }
}
