//! The commands of `-e`, read by the rules of a muttrc: `set`, `unset`, `my_hdr`, `unmy_hdr`, divided by `;`.
//!
//! Anything else is an error, because a command that is passed over changes what is sent. Nothing is run and
//! nothing is expanded: no backticks, no `$name`.

mod field;
#[cfg(test)]
mod tests;
mod words;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

pub(super) use field::{FieldRole, field_role};
use words::{Assignment, Words};

use crate::cli::args::copy_place;
use crate::cli::rules::{header_parts, host_name, media_type, one_line, server_url, text, visible_secret};
use crate::cli::usage::{UsageError, printable};
use crate::cli::wishes::read;
use crate::mail::{Notify, Return, Warning, WarningKind};

/// Variables of mutt that are accepted and change nothing.
const WITHOUT_EFFECT: [&str; 8] = [
    "user_agent",
    "use_8bitmime",
    "allow_8bit",
    "use_ipv6",
    "move",
    "sendmail_wait",
    "editor",
    "send_charset",
];

/// Variables of mutt that are understood.
const VARIABLES: [&str; 25] = [
    "text_flowed",
    "copy",
    "record",
    "from",
    "realname",
    "hostname",
    "envelope_from_address",
    "content_type",
    "charset",
    "smtp_url",
    "tunnel",
    "dsn_notify",
    "dsn_return",
    "sendmail",
    "signature",
    "sig_dashes",
    "ssl_ca_certificates_file",
    "ssl_client_cert",
    "use_from",
    "use_envelope_from",
    "ssl_starttls",
    "ssl_force_tls",
    "ssl_verify_host",
    "ssl_verify_dates",
    "smtp_pass",
];

/// What the commands of all `-e` amount to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Muttrc {
    pub from: Option<String>,
    pub realname: Option<OsString>,
    pub hostname: Option<String>,
    pub reverse_path: Option<String>,
    pub use_from: Option<bool>,
    pub text_flowed: Option<bool>,
    pub use_envelope_from: Option<bool>,
    pub content_type: Option<String>,
    pub charset: Option<String>,
    pub smtp_url: Option<String>,
    pub tunnel: Option<String>,
    pub ssl_starttls: Option<bool>,
    pub ssl_force_tls: Option<bool>,
    pub ca_file: Option<OsString>,
    pub client_cert: Option<OsString>,
    pub sendmail: Option<OsString>,
    /// Names and values of what concerns the signature, in order.
    pub signature: Vec<(&'static str, String)>,
    pub dsn_notify: Option<Notify>,
    pub dsn_return: Option<Return>,
    /// What `record` says: an inner `None` is no copy. After all commands were read `copy` has had its say.
    pub fcc: Option<Option<PathBuf>>,
    pub copy: Option<bool>,
    /// Fields of `my_hdr`, one of each name; the last counts.
    pub fields: Vec<(String, OsString)>,
    pub warnings: Vec<Warning>,
}

/// What a variable is given.
#[derive(Debug)]
enum Given {
    Value(OsString),
    On,
    Off,
}

impl Muttrc {
    /// Reads one `-e` after another.
    pub fn read(all: &[OsString]) -> Result<Self, UsageError> {
        let mut muttrc = Muttrc::default();
        for commands in all {
            let mut words = Words::new(commands.as_bytes());
            while let Some(command) = words.command()? {
                muttrc.run(&command, &mut words)?;
            }
        }
        Ok(muttrc.settle())
    }

    /// Runs one command; its words come next.
    fn run(&mut self, command: &str, words: &mut Words<'_>) -> Result<(), UsageError> {
        match command {
            "set" => {
                while let Some(Assignment { name, value }) = words.assignment()? {
                    match value {
                        Some(value) => self.assign(&name, Given::Value(OsString::from_vec(value)))?,
                        None => match name.strip_prefix("no").filter(|rest| is_variable(rest)) {
                            Some(rest) => self.assign(rest, Given::Off)?,
                            None => self.assign(&name, Given::On)?,
                        },
                    }
                }
                Ok(())
            }
            "unset" => {
                while let Some(name) = words.word()? {
                    self.assign(&String::from_utf8_lossy(&name), Given::Off)?;
                }
                Ok(())
            }
            "my_hdr" => {
                let field = OsString::from_vec(words.line()?);
                let (name, value) = header_parts("-e my_hdr", &field)?;
                self.fields.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
                self.fields.push((name, value));
                Ok(())
            }
            "unmy_hdr" => {
                while let Some(name) = words.word()? {
                    let name = String::from_utf8_lossy(&name).into_owned();
                    let name = name.trim_end_matches(':');
                    self.fields.retain(|(other, _)| name != "*" && !other.eq_ignore_ascii_case(name));
                }
                Ok(())
            }
            _ => Err(UsageError::usage(format!(
                "-e: `{}` is no command that whippet understands",
                shown_name(command)
            ))
            .with_hint("-e takes set, unset, my_hdr and unmy_hdr")),
        }
    }

    /// Gives a variable its value.
    fn assign(&mut self, name: &str, given: Given) -> Result<(), UsageError> {
        let option = format!("-e set {}", shown_name(name));
        let slot = match name {
            "from" => &mut self.from,
            "hostname" => &mut self.hostname,
            "envelope_from_address" => &mut self.reverse_path,
            "content_type" => &mut self.content_type,
            "charset" => &mut self.charset,
            "smtp_url" => &mut self.smtp_url,
            "tunnel" => &mut self.tunnel,
            _ => return self.assign_other(name, &option, given),
        };
        *slot = match (name, value_of(&option, given)?) {
            (_, None) => None,
            ("content_type", Some(value)) => Some(media_type(&option, value)?),
            ("hostname", Some(value)) => Some(host_name(&option, value)?),
            ("smtp_url", Some(value)) => Some(server_url(&option, value)?),
            (_, Some(value)) => {
                one_line(&option, "a value", &value)?;
                Some(text(&option, value)?)
            }
        };
        Ok(())
    }

    /// Gives a variable that is no text its value.
    fn assign_other(&mut self, name: &str, option: &str, given: Given) -> Result<(), UsageError> {
        match name {
            "realname" => {
                self.realname = value_of(option, given)?;
                self.realname.iter().try_for_each(|name| one_line(option, "a name", name))?;
            }
            "dsn_notify" => self.dsn_notify = read(option, value_of(option, given)?, Notify::parse)?,
            "dsn_return" => self.dsn_return = read(option, value_of(option, given)?, Return::parse)?,
            "sendmail" => self.sendmail = value_of(option, given)?,
            "ssl_ca_certificates_file" => self.ca_file = value_of(option, given)?,
            "ssl_client_cert" => self.client_cert = value_of(option, given)?,
            "record" => self.fcc = Some(record(option, value_of(option, given)?, &mut self.warnings)?),
            "copy" => self.copy = Some(switch(option, &given)?),
            "signature" => self.signature.push(("signature", signature(option, value_of(option, given)?)?)),
            "sig_dashes" => self.signature.push(("sig_dashes", switch(option, &given)?.to_string())),
            "text_flowed" => self.text_flowed = Some(switch(option, &given)?),
            "use_from" => self.use_from = Some(switch(option, &given)?),
            "use_envelope_from" => self.use_envelope_from = Some(switch(option, &given)?),
            "ssl_starttls" => self.ssl_starttls = Some(switch(option, &given)?),
            "ssl_force_tls" => self.ssl_force_tls = Some(switch(option, &given)?),
            "ssl_verify_host" | "ssl_verify_dates" => {
                if !switch(option, &given)? {
                    return Err(unverified(option));
                }
            }
            "smtp_pass" => return Err(visible_secret(option)),
            _ if WITHOUT_EFFECT.contains(&name) => {}
            _ if name.starts_with("crypt_") => {
                if name.starts_with("crypt_auto") && switch(option, &given).unwrap_or(true) {
                    let words = format!("{option} has no effect: whippet does not sign or encrypt");
                    self.warnings.push(Warning::new(WarningKind::NO_CRYPTO, words));
                }
            }
            _ => {
                return Err(UsageError::usage(format!(
                    "-e: `{}` is no variable that whippet understands",
                    shown_name(name)
                )));
            }
        }
        Ok(())
    }

    /// Applies the switches that other variables depend on, when all commands were read.
    fn settle(mut self) -> Self {
        if self.use_from == Some(false) {
            (self.from, self.realname) = (None, None);
        }
        if self.use_envelope_from == Some(false) {
            self.reverse_path = None;
        }
        if self.copy == Some(false) {
            self.fcc = Some(None);
        }
        self
    }
}

/// Whether `set noNAME` means that NAME is switched off.
fn is_variable(name: &str) -> bool {
    VARIABLES.contains(&name) || WITHOUT_EFFECT.contains(&name) || name.starts_with("crypt_")
}

/// A name from `-e` for an error: what follows it may be a secret, even where quotes made it one word.
fn shown_name(name: &str) -> String {
    let is_name = |c: &char| c.is_ascii_alphanumeric() || "_-+?&".contains(*c);
    name.chars().take_while(is_name).take(40).collect()
}

/// The value of a variable that is a text; `None` if it is unset or set to nothing.
fn value_of(option: &str, given: Given) -> Result<Option<OsString>, UsageError> {
    match given {
        Given::Value(value) => Ok((!value.is_empty()).then_some(value)),
        Given::Off => Ok(None),
        Given::On => Err(UsageError::usage(format!("{option} needs a value"))),
    }
}

/// The file of a signature; an empty name is none.
fn signature(option: &str, value: Option<OsString>) -> Result<String, UsageError> {
    let file = text(option, value.unwrap_or_default())?;
    one_line(option, "a name", OsStr::new(&file))?;
    // To mutt this is a command whose output is the signature.
    match file.ends_with('|') {
        true => Err(UsageError::usage(format!("{option}: whippet runs no command for a signature"))),
        false => Ok(file),
    }
}

/// The value of a variable that is on or off. There is nobody to ask, so `ask-yes` is `yes`.
fn switch(option: &str, given: &Given) -> Result<bool, UsageError> {
    match given {
        Given::On => Ok(true),
        Given::Off => Ok(false),
        Given::Value(value) => match value.to_str() {
            Some("yes" | "ask-yes") => Ok(true),
            Some("no" | "ask-no") => Ok(false),
            _ => Err(UsageError::usage(format!(
                "{option} takes yes or no, not `{}`",
                printable(&value.to_string_lossy())
            ))),
        },
    }
}

/// The error for a connection that would take any certificate, or send a login in the clear.
pub(super) fn unverified(option: &str) -> UsageError {
    UsageError::usage(format!("{option} is refused: anybody could read the login")).with_hint(
        "if the server's certificate is signed by nobody, put its fingerprint into the profile: tls_pin",
    )
}

/// The variable `record` as a place; mutt's short names of mailboxes and those on a server are not known here.
fn record(
    option: &str,
    value: Option<OsString>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<PathBuf>, UsageError> {
    let Some(value) = value.filter(|value| value != "/dev/null") else { return Ok(None) };
    let is_short = matches!(value.as_bytes(), [b'=' | b'+' | b'@' | b'<' | b'>' | b'!' | b'^' | b'|', ..]);
    if is_short || value.to_string_lossy().contains("://") {
        // What a URL holds may be a secret.
        let words = format!("{option}: its value is no path, so no copy is kept");
        warnings.push(Warning::new(WarningKind::NO_COPY, words));
        return Ok(None);
    }
    copy_place(option, value).map(Some)
}

/// The variable `sendmail` as argv: divided at blanks, no shell.
pub(super) fn sendmail_argv(value: &OsStr) -> Vec<OsString> {
    let words = value.as_bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.map(|word| OsString::from_vec(word.to_vec())).collect()
}
