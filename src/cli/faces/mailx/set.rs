//! Variables of s-nail and heirloom-mailx that scripts set with `-S`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::Mail;
use crate::cli::args::EmptyBody;
use crate::cli::request::Request;
use crate::cli::rules::{server_url, text, visible_secret};
use crate::cli::usage::{UsageError, shown};
use crate::mail::{Warning, WarningKind};

/// Variables that change nothing here.
const WITHOUT_EFFECT: [&str; 9] = [
    "sendcharsets",
    "sendwait",
    "v15-compat",
    "expandaddr",
    "mime-force-sendout",
    "encoding",
    "nss-config-dir",
    "escape",
    "quiet",
];

/// What is said of the server and the login.
#[derive(Debug, Default)]
pub(super) struct Login {
    server: Option<String>,
    user: Option<String>,
    /// `smtp-auth=none`.
    is_refused: bool,
}

impl Login {
    /// Puts it into the request.
    pub(super) fn settle(&mut self, request: &mut Request) -> Result<(), UsageError> {
        if let Some(server) = self.server.take() {
            let server = if self.is_refused { without_user(&server) } else { server };
            // s-nail uses TLS where it is told to. Without a login nothing is given away to this machine itself. A user of the
            // profile is not that of this server.
            let has_user = self.user.is_some() || request.set.iter().any(|(key, _)| key == "username");
            let has_login = has_user && !self.is_refused;
            let is_plain = !has_login && request.tls.starttls.is_none() && is_of_this_machine(&server);
            request.smtp = Some(if is_plain { format!("{server}?tls=none") } else { server });
        }
        match self.user.take() {
            Some(user) if !self.is_refused => request.set.push(("username".to_owned(), user)),
            _ => {}
        }
        Ok(())
    }
}

/// `-S NAME[=VALUE]`.
pub(super) fn set(mail: &mut Mail, option: &str, word: &OsStr) -> Result<(), UsageError> {
    let octets = word.as_bytes();
    let (name, value) = match octets.iter().position(|&octet| octet == b'=') {
        Some(at) => (&octets[..at], Some(OsString::from_vec(octets[at + 1..].to_vec()))),
        None => (octets, None),
    };
    let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
    let option = format!("{option} {}", shown(OsStr::new(&name)));
    let needed =
        || value.clone().ok_or_else(|| UsageError::usage(format!("{option} needs a value: {option}=VALUE")));
    let request = &mut mail.request;
    match name.as_str() {
        "from" => {
            let from = text(&option, needed()?)?;
            request.from.get_or_insert(from);
        }
        "sender" => request.sender = Some(text(&option, needed()?)?),
        "reply-to" | "replyto" => request.reply_to = Some(text(&option, needed()?)?),
        "ttycharset" => request.charset = Some(text(&option, needed()?)?),
        "hostname" => request.hostname = Some(text(&option, needed()?)?),
        "skipemptybody" => request.empty_body = Some(EmptyBody::Drop),
        "smtp" | "mta" => server(mail, &option, needed()?)?,
        "smtp-use-starttls" => request.tls.starttls = Some(true),
        "smtp-auth-user" => mail.login.user = Some(text(&option, needed()?)?),
        "smtp-auth" => mail.login.is_refused = value.is_some_and(|value| value.eq_ignore_ascii_case("none")),
        "smtp-auth-password" | "password" => return Err(visible_secret(&option)),
        "ssl-verify" | "tls-verify" => verify(&option, value.as_deref())?,
        known if WITHOUT_EFFECT.contains(&known) => {}
        _ if name.contains("password") => return Err(visible_secret(&option)),
        _ => {
            let words = format!("{option} is ignored: whippet knows no such variable");
            request.warnings.push(Warning::new(WarningKind::IGNORED_OPTION, words));
        }
    }
    Ok(())
}

/// `-X 'set …'`: words of `set`; any other command is refused.
pub(super) fn command(mail: &mut Mail, option: &str, line: &OsStr) -> Result<(), UsageError> {
    let mut words = line.as_bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    match words.next() {
        Some(b"set") => words.try_for_each(|word| set(mail, option, OsStr::from_bytes(word))),
        Some(b"unset") => Ok(()),
        _ => Err(UsageError::usage(format!("{option} takes `set NAME=VALUE`, not `{}`", shown(line)))),
    }
}

/// `smtp=HOST:PORT`, `mta=smtp://HOST`, `mta=/usr/sbin/sendmail`.
fn server(mail: &mut Mail, option: &str, value: OsString) -> Result<(), UsageError> {
    let url = server_url(option, value)?;
    if let Some(program) = url.strip_prefix("file://").or(url.starts_with('/').then_some(&url)) {
        mail.request.sendmail = true;
        mail.request.sendmail_argv = vec![OsString::from(program)];
        return Ok(());
    }
    let url = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("submission") => {
            format!("smtp://{}", with_port(rest))
        }
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("submissions") => format!("smtps://{rest}"),
        Some(_) => url,
        None => format!("smtp://{url}"),
    };
    mail.login.server = Some(url);
    Ok(())
}

/// RFC 6409 3.1: a submission is on port 587.
fn with_port(host: &str) -> String {
    let last = host.rsplit(']').next().unwrap_or(host);
    if last.contains(':') { host.to_owned() } else { format!("{host}:587") }
}

/// Whether it is `smtp://localhost`, with or without a port.
fn is_of_this_machine(url: &str) -> bool {
    let host = url.strip_prefix("smtp://").unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    !url.contains('?') && ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

fn without_user(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or(rest)),
        None => url.to_owned(),
    }
}

fn verify(option: &str, value: Option<&OsStr>) -> Result<(), UsageError> {
    let is_lax =
        value.is_some_and(|value| ["ignore", "warn"].iter().any(|word| value.eq_ignore_ascii_case(word)));
    match is_lax {
        true => Err(UsageError::usage(format!("{option}: a certificate is always verified"))
            .with_hint("tls_pin in the profile trusts one certificate by its fingerprint")),
        false => Ok(()),
    }
}
