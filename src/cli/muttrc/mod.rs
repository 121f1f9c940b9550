//! The commands of `-e`, read by the rules of a muttrc: `set`, `unset`, `my_hdr`, `unmy_hdr`, divided by `;`.
//!
//! Anything else is an error, because a command that is passed over changes what is sent. Nothing is run and
//! nothing is expanded: no backticks, no `$name`.

mod words;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use words::Words;

use crate::cli::rules::{header_parts, media_type, one_line, server_url, text, visible_secret};
use crate::cli::usage::{UsageError, printable};

/// Variables of mutt that are accepted and change nothing.
const WITHOUT_EFFECT: [&str; 12] = [
    "copy",
    "record",
    "user_agent",
    "use_8bitmime",
    "allow_8bit",
    "text_flowed",
    "use_ipv6",
    "move",
    "sendmail_wait",
    "signature",
    "editor",
    "send_charset",
];

/// What the commands of all `-e` amount to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Muttrc {
    pub from: Option<String>,
    pub realname: Option<OsString>,
    pub hostname: Option<String>,
    pub reverse_path: Option<String>,
    pub use_from: Option<bool>,
    pub use_envelope_from: Option<bool>,
    pub content_type: Option<String>,
    pub charset: Option<String>,
    pub smtp_url: Option<String>,
    pub ssl_starttls: Option<bool>,
    pub ssl_force_tls: Option<bool>,
    pub ca_file: Option<OsString>,
    pub client_cert: Option<OsString>,
    pub sendmail: Option<OsString>,
    pub dsn_notify: Option<String>,
    pub dsn_return: Option<String>,
    /// Fields of `my_hdr`, one of each name; the last counts.
    pub fields: Vec<(String, OsString)>,
    pub warnings: Vec<String>,
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
        muttrc.settle()
    }

    /// Runs one command; its words come next.
    fn run(&mut self, command: &str, words: &mut Words<'_>) -> Result<(), UsageError> {
        match command {
            "set" => {
                while let Some((name, value)) = words.assignment()? {
                    match value {
                        Some(value) => self.assign(&name, Given::Value(OsString::from_vec(value)))?,
                        None => match name.strip_prefix("no").filter(|rest| is_variable(rest)) {
                            Some(rest) if !is_variable(&name) => self.assign(rest, Given::Off)?,
                            _ => self.assign(&name, Given::On)?,
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
                printable(command)
            ))
            .with_hint("-e takes set, unset, my_hdr and unmy_hdr")),
        }
    }

    /// Gives a variable its value.
    fn assign(&mut self, name: &str, given: Given) -> Result<(), UsageError> {
        let option = format!("-e set {}", printable(name));
        let slot = match name {
            "from" => &mut self.from,
            "hostname" => &mut self.hostname,
            "envelope_from_address" => &mut self.reverse_path,
            "content_type" => &mut self.content_type,
            "charset" => &mut self.charset,
            "smtp_url" => &mut self.smtp_url,
            "dsn_notify" => &mut self.dsn_notify,
            "dsn_return" => &mut self.dsn_return,
            _ => return self.assign_other(name, &option, given),
        };
        *slot = match (name, value_of(&option, given)?) {
            (_, None) => None,
            ("content_type", Some(value)) => Some(media_type(&option, value)?),
            ("smtp_url", Some(value)) => Some(server_url(&option, value)?),
            ("dsn_notify", Some(value)) => {
                Some(words_of(&option, text(&option, value)?, &["never", "delay", "failure", "success"])?)
            }
            ("dsn_return", Some(value)) => Some(words_of(&option, text(&option, value)?, &["full", "hdrs"])?),
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
            "sendmail" => self.sendmail = value_of(option, given)?,
            "ssl_ca_certificates_file" => self.ca_file = value_of(option, given)?,
            "ssl_client_cert" => self.client_cert = value_of(option, given)?,
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
                    self.warnings.push(format!("{option} has no effect: whippet does not sign or encrypt"));
                }
            }
            _ => {
                return Err(UsageError::usage(format!(
                    "-e: `{}` is no variable that whippet understands",
                    printable(name)
                )));
            }
        }
        Ok(())
    }

    /// What can be judged only when all commands were read.
    fn settle(mut self) -> Result<Self, UsageError> {
        let has_user = self.smtp_url.as_ref().is_some_and(|url| url.contains('@'));
        if has_user && self.ssl_force_tls == Some(false) {
            return Err(unverified("-e set ssl_force_tls=no with a user in smtp_url"));
        }
        if self.use_from == Some(false) {
            (self.from, self.realname) = (None, None);
        }
        if self.use_envelope_from == Some(false) {
            self.reverse_path = None;
        }
        Ok(self)
    }
}

/// Whether `set noNAME` means that NAME is switched off.
fn is_variable(name: &str) -> bool {
    let known = [
        "from",
        "realname",
        "hostname",
        "envelope_from_address",
        "content_type",
        "charset",
        "smtp_url",
        "dsn_notify",
        "dsn_return",
        "sendmail",
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
    known.contains(&name) || WITHOUT_EFFECT.contains(&name) || name.starts_with("crypt_")
}

/// The value of a variable that is a text; `None` if it is unset or set to nothing.
fn value_of(option: &str, given: Given) -> Result<Option<OsString>, UsageError> {
    match given {
        Given::Value(value) => Ok((!value.is_empty()).then_some(value)),
        Given::Off => Ok(None),
        Given::On => Err(UsageError::usage(format!("{option} needs a value"))),
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

/// A list of known words with commas between them.
fn words_of(option: &str, value: String, known: &[&str]) -> Result<String, UsageError> {
    let value = value.to_ascii_lowercase();
    match value.split(',').all(|word| known.contains(&word.trim())) {
        true => Ok(value.split_ascii_whitespace().collect()),
        false => Err(UsageError::usage(format!(
            "{option} takes {}, not `{}`",
            known.join(", "),
            printable(&value)
        ))),
    }
}

/// The error for a connection that would take any certificate, or send a login in the clear.
fn unverified(option: &str) -> UsageError {
    UsageError::usage(format!("{option} is refused: anybody could read the login"))
        .with_hint("if the server's certificate is signed by nobody, use a pin: tls.pin in the profile")
}

/// What a field of `my_hdr` is to whippet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FieldRole {
    To,
    Cc,
    Bcc,
    From,
    ReplyTo,
    /// Left out; mutt leaves it out too, or whippet writes it itself.
    Ignored,
    /// Added as it is.
    Added,
}

/// Decides what a field of `my_hdr` is.
pub(super) fn field_role(name: &str) -> Result<FieldRole, UsageError> {
    let name = name.to_ascii_lowercase();
    Ok(match name.as_str() {
        "to" => FieldRole::To,
        "cc" => FieldRole::Cc,
        "bcc" => FieldRole::Bcc,
        "from" => FieldRole::From,
        "reply-to" => FieldRole::ReplyTo,
        "subject" | "return-path" | "received" | "date" => FieldRole::Ignored,
        "mime-version" => return Err(mime_field(&name)),
        _ if name.starts_with("content-") => return Err(mime_field(&name)),
        _ if name.starts_with("resent-") => {
            return Err(UsageError::usage(format!(
                "-e my_hdr: the field {name} cannot be added: whippet does not resend"
            )));
        }
        _ => FieldRole::Added,
    })
}

fn mime_field(name: &str) -> UsageError {
    UsageError::usage(format!("-e my_hdr: the field {name} cannot be added; use content_type"))
        .with_hint("-e 'set content_type=text/html'")
}

/// The variable `sendmail` as argv: divided at blanks, no shell.
pub(super) fn sendmail_argv(value: &OsStr) -> Vec<OsString> {
    let words = value.as_bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.map(|word| OsString::from_vec(word.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::usage::UsageKind::{Data, Usage};

    fn read(commands: &[&str]) -> Result<Muttrc, UsageError> {
        Muttrc::read(&commands.iter().map(OsString::from).collect::<Vec<_>>())
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn variables() {
        let muttrc = read(&[
            "set from='Al <a@x>' realname=\"Al Ice\"; set hostname = h.org",
            "set envelope_from_address=b@x use_envelope_from content_type=text/html charset=iso-8859-1",
            "set smtp_url=smtps://u@h:465 ssl_starttls=no nossl_force_tls ssl_force_tls",
            "set ssl_ca_certificates_file=/ca ssl_client_cert=/cert sendmail='/bin/x -i  -f a' dsn_notify=failure,delay",
            "set dsn_return=hdrs ssl_verify_host=yes ssl_verify_dates",
        ])
        .unwrap();
        let expected = Muttrc {
            from: some("Al <a@x>"),
            realname: Some("Al Ice".into()),
            hostname: some("h.org"),
            reverse_path: some("b@x"),
            use_envelope_from: Some(true),
            content_type: some("text/html"),
            charset: some("iso-8859-1"),
            smtp_url: some("smtps://u@h:465"),
            ssl_starttls: Some(false),
            ssl_force_tls: Some(true),
            ca_file: Some("/ca".into()),
            client_cert: Some("/cert".into()),
            sendmail: Some("/bin/x -i  -f a".into()),
            dsn_notify: some("failure,delay"),
            dsn_return: some("hdrs"),
            ..Muttrc::default()
        };
        assert_eq!(muttrc, expected);
        assert_eq!(sendmail_argv(OsStr::new("/bin/x -i  -f a")), ["/bin/x", "-i", "-f", "a"]);
        let unset = [
            "unset from realname content_type",
            "set nosmtp_url nossl_starttls",
            "set sendmail=",
            "unset dsn_notify",
        ];
        let muttrc = read(
            &[
                &["set from=a@x realname=b content_type=a/b smtp_url=smtp://h sendmail=x dsn_notify=never"],
                &unset[..],
            ]
            .concat(),
        );
        assert_eq!(muttrc.unwrap(), Muttrc { ssl_starttls: Some(false), ..Muttrc::default() });
        assert_eq!(read(&["set from=a@x realname=b use_from=no"]).unwrap().from, None);
        assert_eq!(read(&["set envelope_from_address=a@x nouse_envelope_from"]).unwrap().reverse_path, None);
        assert_eq!(read(&["set ssl_starttls=ask-yes"]).unwrap().ssl_starttls, Some(true));
    }

    #[test]
    fn variables_without_effect() {
        for name in WITHOUT_EFFECT.into_iter().chain(["crypt_use_gpgme", "crypt_replysign"]) {
            for commands in [
                format!("set {name}=yes"),
                format!("set {name}"),
                format!("set no{name}"),
                format!("unset {name}"),
            ] {
                assert_eq!(read(&[&commands]), Ok(Muttrc::default()), "{commands}");
            }
        }
        assert_eq!(read(&["set crypt_autosign=yes"]).unwrap().warnings.len(), 1);
        assert_eq!(read(&["set crypt_autosign=no; unset crypt_autoencrypt"]).unwrap().warnings.len(), 0);
    }

    #[test]
    fn fields() {
        let muttrc = read(&["my_hdr X-NMUDIFF-Version: 2", "my_hdr X-A: \"b\" 'c ; my_hdr x-a: d"]).unwrap();
        assert_eq!(muttrc.fields, [("X-NMUDIFF-Version".into(), "2".into()), ("x-a".into(), "d".into())]);
        assert_eq!(read(&["my_hdr X: 1;my_hdr Y: 2; unmy_hdr x:"]).unwrap().fields.len(), 1);
        assert_eq!(read(&["my_hdr X: 1;my_hdr Y: 2; unmy_hdr *"]).unwrap().fields.len(), 0);
        for (name, role) in [
            ("To", FieldRole::To),
            ("cc", FieldRole::Cc),
            ("BCC", FieldRole::Bcc),
            ("From", FieldRole::From),
            ("Reply-To", FieldRole::ReplyTo),
            ("Subject", FieldRole::Ignored),
            ("Return-Path", FieldRole::Ignored),
            ("Received", FieldRole::Ignored),
            ("Date", FieldRole::Ignored),
            ("X-Y", FieldRole::Added),
        ] {
            assert_eq!(field_role(name), Ok(role), "{name}");
        }
        for name in ["Content-Type", "content-transfer-encoding", "MIME-Version"] {
            assert!(field_role(name).unwrap_err().message.contains("use content_type"), "{name}");
        }
        assert!(field_role("Resent-To").is_err());
    }

    #[test]
    fn refusals() {
        for (commands, kind, why) in [
            ("source /etc/x", Usage, "`source` is no command"),
            ("set from=`id`", Usage, "backticks"),
            ("exec x", Usage, "`exec` is no command"),
            ("send-hook . 'set x'", Usage, "`send-hook` is no command"),
            ("set sort=date", Usage, "`sort` is no variable"),
            ("set nosort", Usage, "`nosort` is no variable"),
            ("unset sort", Usage, "`sort` is no variable"),
            ("set from", Usage, "needs a value"),
            ("set from?", Usage, "`from?` is no variable"),
            ("set from+=x", Usage, "`from+` is no variable"),
            ("set from=$EMAIL", Usage, "expands no $"),
            ("set from='a@x", Usage, "a quote is not closed"),
            ("set from=a@x # me", Usage, "# begins a comment"),
            ("set use_from=maybe", Usage, "takes yes or no"),
            ("set content_type=text", Usage, "no media type"),
            ("set dsn_notify=always", Usage, "takes never, delay"),
            ("set dsn_return=all", Usage, "takes full, hdrs"),
            ("set ssl_verify_host=no", Usage, "refused"),
            ("unset ssl_verify_dates", Usage, "refused"),
            ("set ssl_force_tls=no smtp_url=smtp://u@h", Usage, "refused"),
            ("set smtp_pass=canary", Usage, "visible to every user"),
            ("set smtp_url=smtp://u:canary@h", Usage, "visible to every user"),
            ("set imap_pass=canary", Usage, "no variable"),
            ("my_hdr X-A", Usage, "no colon"),
            ("my_hdr X-A: a\\nBcc: e@x", Data, "one line"),
            ("my_hdr X-A: a\nBcc: e@x", Data, "one line"),
            ("my_hdr X A: a", Data, "no field name"),
            ("set from=\"a\\nb\"", Data, "one line"),
            ("set realname=\"a\\rb\"", Data, "one line"),
        ] {
            let error = read(&[commands]).unwrap_err();
            assert_eq!(error.kind, kind, "{commands}: {error}");
            assert!(error.message.contains(why), "{commands}: {error}");
            assert!(!format!("{error:?}").contains("canary"), "{commands}");
        }
        let error = read(&["set ssl_verify_host=no"]).unwrap_err();
        assert!(error.hint.unwrap().contains("use a pin: tls.pin"));
        assert!(read(&["set ssl_force_tls=no smtp_url=smtp://h"]).is_ok());
    }
}
