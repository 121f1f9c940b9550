//! Values: what each type of setting may say, from a TOML value or from the text of a flag.
//!
//! A reader gives the value or the rest of a sentence that begins with the key: `must be …`, `is no …`.

mod letter;
mod local;
pub(super) mod measure;

pub(super) use letter::{auto_submitted, letter_charset, warnings};
pub(super) use local::{domain, from_rule, maybe_mailboxes};

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use encoding_rs::Encoding;
use toml::de::DeValue;

use crate::config::server;
use crate::config::timeouts::{self, Limit};
use crate::mail::{
    Address, Mailbox, Notify, Pin, Protocol, Return, TlsMode, TlsVersion, parse_list, read_time,
};
use crate::net::{IpFamily, Proxy};
use crate::smtp::Mechanism;

/// What a `host` that is a socket in the file system begins with.
pub(super) const UNIX: &str = "unix:";

/// How the mail leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// To the submission server of the profile.
    Smtp,
    /// Through a sendmail program.
    Sendmail,
    /// Into a file or a Maildir.
    File,
}

/// A value as it came.
#[derive(Clone, Copy)]
pub(super) enum Given<'a> {
    /// From a file: it has a type.
    Toml(&'a DeValue<'a>),
    /// From a flag or a variable: it takes the type of its key.
    Text(&'a str),
}

/// A reading, or the rest of a sentence that begins with the key.
pub(super) type Reading<T> = Result<T, String>;

impl<'a> Given<'a> {
    /// The error of a value of the wrong type.
    pub fn wrong(self, wanted: &str) -> String {
        let kind = match self {
            Given::Text(_) => return format!("must be {wanted}"),
            Given::Toml(DeValue::String(_)) => "a string",
            Given::Toml(DeValue::Integer(_)) => "a number",
            Given::Toml(DeValue::Float(_)) => "a number with a fraction",
            Given::Toml(DeValue::Boolean(_)) => "true or false",
            Given::Toml(DeValue::Datetime(_)) => "a date",
            Given::Toml(DeValue::Array(_)) => "a list",
            Given::Toml(DeValue::Table(_)) => "a table",
        };
        format!("must be {wanted}, not {kind}")
    }

    /// The text of a string; no control characters, of which CR, LF and NUL would end a command or a field.
    pub fn string(self, wanted: &str) -> Reading<&'a str> {
        let text = match self {
            Given::Text(text) => text,
            Given::Toml(DeValue::String(text)) => text.as_ref(),
            Given::Toml(_) => return Err(self.wrong(wanted)),
        };
        match text.chars().find(|c| c.is_control() && *c != '\t') {
            Some(c) => Err(format!("may not hold the control character {}", c.escape_debug())),
            None => Ok(text),
        }
    }

    /// A whole number of a file. A text has none: its readers take the digits themselves.
    fn integer(self) -> Option<i64> {
        match self {
            Given::Toml(DeValue::Integer(number)) => {
                i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
            }
            _ => None,
        }
    }

    /// The strings of a list; a single string stands for itself.
    pub fn strings(self, wanted: &str) -> Reading<Vec<&'a str>> {
        match self {
            Given::Toml(DeValue::Array(items)) => {
                items.iter().map(|item| Given::Toml(item.get_ref()).string(wanted)).collect()
            }
            _ => self.string(wanted).map(|text| vec![text]),
        }
    }
}

/// A string with something in it.
pub(super) fn text(given: Given<'_>) -> Reading<String> {
    match given.string("a string")? {
        "" => Err("may not be empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// A string that may be empty.
pub(super) fn any_text(given: Given<'_>) -> Reading<String> {
    given.string("a string").map(str::to_owned)
}

/// A password as the file has it. No error shows any of it.
pub(super) fn password(given: Given<'_>) -> Reading<String> {
    let Given::Toml(DeValue::String(text)) = given else { return Err(given.wrong("a string")) };
    match text.as_ref() {
        "" => Err("may not be empty".to_owned()),
        text if text.contains(['\r', '\n', '\0']) => Err("may not hold a line break or NUL".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// `true` or `false`.
pub(super) fn boolean(given: Given<'_>) -> Reading<bool> {
    match given {
        Given::Toml(DeValue::Boolean(value)) => Ok(*value),
        Given::Text("true" | "yes") => Ok(true),
        Given::Text("false" | "no") => Ok(false),
        _ => Err(given.wrong("true or false")),
    }
}

/// A TCP port.
pub(super) fn port(given: Given<'_>) -> Reading<u16> {
    let number = match given {
        Given::Text(text) => server::port_text(text),
        Given::Toml(_) => given.integer().and_then(|n| u16::try_from(n).ok()).filter(|n| *n != 0),
    };
    let wanted = "a number from 1 to 65535";
    number.ok_or_else(|| match given {
        Given::Toml(DeValue::Integer(_)) => format!("must be {wanted}"),
        _ => given.wrong(wanted),
    })
}

/// A number from 1 on.
pub(super) fn count(given: Given<'_>) -> Reading<usize> {
    let number = match given {
        Given::Text(text) => text.trim().parse().ok(),
        Given::Toml(_) => given.integer().and_then(|number| usize::try_from(number).ok()),
    };
    number.filter(|&number| number > 0).ok_or_else(|| given.wrong("a number from 1 on"))
}

/// What the server speaks.
pub(super) fn protocol(given: Given<'_>) -> Reading<Protocol> {
    let wanted = "\"smtp\" or \"lmtp\"";
    let text = given.string(wanted)?;
    let known = [Protocol::Smtp, Protocol::Lmtp].into_iter().find(|protocol| protocol.name() == text);
    known.ok_or_else(|| format!("must be {wanted}"))
}

/// When TLS begins.
pub(super) fn tls(given: Given<'_>) -> Reading<TlsMode> {
    let wanted = "\"implicit\", \"starttls\" or \"none\"";
    server::tls_text(given.string(wanted)?).ok_or_else(|| format!("must be {wanted}"))
}

/// The oldest TLS.
pub(super) fn tls_version(given: Given<'_>) -> Reading<TlsVersion> {
    let wanted = "\"1.2\" or \"1.3\"";
    match given.string(wanted)? {
        "1.2" => Ok(TlsVersion::V1_2),
        "1.3" => Ok(TlsVersion::V1_3),
        _ => Err(format!("must be {wanted}; older versions are not spoken")),
    }
}

/// The fingerprints of certificates or keys, at least one.
pub(super) fn pins(given: Given<'_>) -> Reading<Vec<Pin>> {
    let wanted = "the SHA-256 of a certificate or key, as sha256:HEX or in base64, or a list of them";
    let words = given.strings(wanted)?;
    let divided = |c: char| matches!(given, Given::Text(_)) && c == ',';
    let mut pins = Vec::new();
    for word in words.iter().flat_map(|word| word.split(divided)) {
        pins.push(
            Pin::parse(word).ok_or_else(|| format!("must be {wanted}; `{}` is none", word.escape_debug()))?,
        );
    }
    if pins.is_empty() { Err(format!("must be {wanted}")) } else { Ok(pins) }
}

/// Which addresses may be used.
pub(super) fn ip_family(given: Given<'_>) -> Reading<IpFamily> {
    let wanted = "\"any\", \"4\" or \"6\"";
    match given.string(wanted)? {
        "any" => Ok(IpFamily::Any),
        "4" => Ok(IpFamily::V4),
        "6" => Ok(IpFamily::V6),
        _ => Err(format!("must be {wanted}")),
    }
}

/// An IP address, an IPv6 address in brackets or not.
pub(super) fn ip_address(given: Given<'_>) -> Reading<IpAddr> {
    let wanted = "an IP address such as 192.0.2.7 or 2001:db8::7";
    let text = given.string(wanted)?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| format!("must be {wanted}"))
}

/// How the mail leaves.
pub(super) fn route(given: Given<'_>) -> Reading<Route> {
    let wanted = "\"smtp\", \"sendmail\" or \"file\"";
    match given.string(wanted)? {
        "smtp" => Ok(Route::Smtp),
        "sendmail" => Ok(Route::Sendmail),
        "file" => Ok(Route::File),
        _ => Err(format!("must be {wanted}")),
    }
}

/// The ways to log in, in the order of preference.
pub(super) fn auth(given: Given<'_>) -> Reading<Vec<Mechanism>> {
    let wanted = "the name of a login mechanism or a list of them";
    let mut chosen = Vec::new();
    let words = given.strings(wanted)?;
    let divided = |c: char| matches!(given, Given::Text(_)) && (c == ',' || c == ' ');
    for word in words.iter().flat_map(|word| word.split(divided)).filter(|word| !word.is_empty()) {
        let Some(mechanism) = Mechanism::parse(word) else {
            let names = Mechanism::ALL.map(|mechanism| mechanism.name().to_ascii_lowercase()).join(", ");
            return Err(format!("must be {wanted}; `{}` is none of {names}", word.escape_debug()));
        };
        if !chosen.contains(&mechanism) {
            chosen.push(mechanism);
        }
    }
    if chosen.is_empty() { Err(format!("must be {wanted}")) } else { Ok(chosen) }
}

/// The setting `host`.
pub(super) fn host_setting(given: Given<'_>) -> Reading<String> {
    let text = given.string("a string")?;
    match text.strip_prefix(UNIX) {
        Some(path) if path.starts_with('/') => Ok(text.to_owned()),
        Some(_) => Err("must name a socket by its whole path, as unix:/run/mail/submission".to_owned()),
        None => server::host(text),
    }
}

/// The name that a certificate is for.
pub(super) fn server_name(given: Given<'_>) -> Reading<String> {
    server::host(given.string("a string")?)
}

/// A proxy; `None` is none at all.
pub(super) fn proxy(given: Given<'_>) -> Reading<Option<Proxy>> {
    server::proxy::setting(given.string("a URL such as socks5://proxy.example.org:1080")?)
}

/// What EHLO says.
pub(super) fn hello_name(given: Given<'_>) -> Reading<String> {
    let text = given.string("a string")?;
    if server::is_hello_name(text) {
        return Ok(text.to_owned());
    }
    let wanted =
        "a host name such as mail.example.org, or an address such as [192.0.2.1] or [IPv6:2001:db8::1]";
    Err(format!("must be {wanted}"))
}

/// One mailbox, `a@b` or `Name <a@b>`.
pub(super) fn mailbox(given: Given<'_>) -> Reading<Mailbox> {
    let wanted = "one address, as me@example.org or Name <me@example.org>";
    let mut all = mailboxes(given)?;
    match all.pop() {
        Some(mailbox) if all.is_empty() => Ok(mailbox),
        _ => Err(format!("must be {wanted}")),
    }
}

/// One mailbox or several, divided by commas.
pub(super) fn mailboxes(given: Given<'_>) -> Reading<Vec<Mailbox>> {
    let text = given.string("an address")?;
    // There is no domain here that could complete a bare word.
    if !text.contains('@') {
        return Err("must be an address such as me@example.org".to_owned());
    }
    let list = parse_list(text, None).map_err(|error| format!("is wrong: {error}"))?;
    let all: Vec<Mailbox> = list.iter().flat_map(|listed| listed.mailboxes().iter().cloned()).collect();
    if all.is_empty() { Err("must be an address".to_owned()) } else { Ok(all) }
}

/// A reverse-path; `<>` or nothing is the null one (RFC 5321 4.5.5).
pub(super) fn reverse_path(given: Given<'_>) -> Reading<Option<Address>> {
    let text = given.string("an address, or \"<>\" for the null reverse-path")?.trim();
    let bare = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(text);
    if bare.is_empty() {
        return Ok(None);
    }
    Address::parse(bare).map(Some).map_err(|error| format!("is wrong: {error}"))
}

/// A charset by one of its labels (WHATWG Encoding 4.2).
pub(super) fn charset(given: Given<'_>) -> Reading<&'static Encoding> {
    let label = given.string("a string")?;
    Encoding::for_label_no_replacement(label.as_bytes())
        .ok_or_else(|| format!("is no charset that is known: `{}`", label.escape_debug()))
}

/// A charset of which ASCII is a part: reply codes and keywords are read before it is asked.
pub(super) fn reply_charset(given: Given<'_>) -> Reading<&'static Encoding> {
    let charset = charset(given)?;
    if charset.is_ascii_compatible() { Ok(charset) } else { Err("must be one that holds ASCII".to_owned()) }
}

/// Which reports are asked for.
pub(super) fn dsn_notify(given: Given<'_>) -> Reading<Notify> {
    let words = given.strings("a string or a list of strings")?;
    Notify::parse(&words.join(",")).map_err(|error| error.to_string())
}

/// How much of the message comes back with them.
pub(super) fn dsn_return(given: Given<'_>) -> Reading<Return> {
    Return::parse(given.string("a string")?).map_err(|error| error.to_string())
}

/// A path: `~/` is the home folder; what else is relative starts at `folder`, the file's or the current one.
pub(super) fn path(given: Given<'_>, home: Option<&Path>, folder: Option<&Path>) -> Reading<PathBuf> {
    let text = text(given)?;
    if let Some(rest) = text.strip_prefix("~/") {
        let home = home.ok_or("begins with ~/, but there is no home folder")?;
        return Ok(home.join(rest));
    }
    if text.starts_with('~') {
        return Err("may begin with ~/, not with another user's home".to_owned());
    }
    Ok(folder.map_or_else(|| PathBuf::from(&text), |folder| folder.join(&text)))
}

/// Where mail is written: a path, `mbox:` and a path, or `-`.
pub(super) fn output(given: Given<'_>, home: Option<&Path>, folder: Option<&Path>) -> Reading<PathBuf> {
    match text(given)?.strip_prefix("mbox:") {
        None if text(given)? == "-" => Ok(PathBuf::from("-")),
        None => path(given, home, folder),
        Some(rest) => {
            let mut place = OsString::from("mbox:");
            place.push(path(Given::Text(rest), home, folder)?);
            Ok(place.into())
        }
    }
}

/// A program: a bare name is looked for in PATH, all else is a path.
pub(super) fn program(given: Given<'_>, home: Option<&Path>, folder: Option<&Path>) -> Reading<PathBuf> {
    let name = text(given)?;
    if name.contains('/') { path(given, home, folder) } else { Ok(PathBuf::from(name)) }
}

/// A time limit, at most as long as `limit` allows.
pub(super) fn time(given: Given<'_>, limit: &Limit) -> Reading<Duration> {
    let time = any_time(given)?;
    let longest = Duration::from_secs(limit.longest_s);
    if time > longest {
        return Err(format!("may be at most {} (RFC 5321 4.5.3.2)", timeouts::shown(longest)));
    }
    Ok(time)
}

/// A time limit, of any length above nothing.
pub(super) fn any_time(given: Given<'_>) -> Reading<Duration> {
    let wanted = "a time such as \"30s\", \"5m\" or 30 (seconds)";
    let time = match given {
        Given::Toml(DeValue::Integer(_)) => {
            given.integer().and_then(|n| u64::try_from(n).ok()).map(Duration::from_secs)
        }
        _ => read_time(given.string(wanted)?),
    };
    match time {
        Some(time) if time.is_zero() => Err("must be at least 1s".to_owned()),
        Some(time) => Ok(time),
        None => Err(format!("must be {wanted}")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
