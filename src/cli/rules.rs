//! Rules that every value from argv obeys: one line, no secret, a field that may be added, a name, a media type.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::cli::usage::{UsageError, printable, shown};
use crate::mail::{Address, Listed, parse_list};

/// Longest name of a field, octets: with its colon it fits a line that cannot be folded (RFC 5322 2.1.1).
const LONGEST_NAME: usize = 76;

/// Setting names, last part, that hold a secret themselves.
const SECRETS: [&str; 9] = [
    "password",
    "passwd",
    "pass",
    "passphrase",
    "token",
    "access_token",
    "refresh_token",
    "client_secret",
    "smtp_pass",
];

/// Refuses CR, LF and NUL: with them one field becomes two. `what` is "a subject", "a field's value".
pub(super) fn one_line(option: &str, what: &str, value: &OsStr) -> Result<(), UsageError> {
    let culprit = match value.as_bytes().iter().find(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
        None => return Ok(()),
        Some(0) => "a NUL",
        Some(_) => "a line end",
    };
    Err(UsageError::data(format!(
        "{option}: {what} is one line, and this one holds {culprit}: `{}`",
        shown(value)
    )))
}

/// The value as text of one line: the name of a profile, of a charset.
pub(super) fn word(option: &str, value: OsString) -> Result<String, UsageError> {
    one_line(option, "its value", &value)?;
    text(option, value)
}

/// The value as text; an address is UTF-8, and refuses line ends itself.
pub(super) fn text(option: &str, value: OsString) -> Result<String, UsageError> {
    value
        .into_string()
        .map_err(|value| UsageError::data(format!("{option}: `{}` is not UTF-8", shown(&value))))
}

/// The value as a path; an empty one is a mistake of the caller's script.
pub(super) fn path(option: &str, value: OsString) -> Result<OsString, UsageError> {
    match value.is_empty() {
        true => Err(UsageError::usage(format!("{option}: the name of the file is empty"))),
        false => Ok(value),
    }
}

/// Reads an address list only to see whether it can be read: a bare word may be an alias and is left alone.
pub(super) fn addresses(option: &str, list: &str) -> Result<Vec<Listed>, UsageError> {
    parse_list(list, Some("example.org")).map_err(|error| match option {
        "" => UsageError::data(error.to_string()),
        _ => UsageError::data(format!("{option}: {error}")),
    })
}

/// Reads a list that must hold one mailbox.
pub(super) fn one_address(option: &str, list: &str) -> Result<(), UsageError> {
    match addresses(option, list)?.as_slice() {
        [Listed::Mailbox(_)] => Ok(()),
        _ => Err(UsageError::data(format!("{option}: `{}` is not one address", printable(list)))),
    }
}

/// Reads a list of authors: mailboxes, at least one, no group (RFC 5322 3.6.2).
pub(super) fn authors(option: &str, list: &str) -> Result<(), UsageError> {
    let listed = addresses(option, list)?;
    let is_group = |listed: &Listed| matches!(listed, Listed::Group(_));
    match listed.is_empty() || listed.iter().any(is_group) {
        true => Err(UsageError::data(format!("{option}: `{}` is not an address", printable(list)))),
        false => Ok(()),
    }
}

/// Splits `Name: value`; both halves are good for a field.
pub(super) fn header_parts(option: &str, field: &OsStr) -> Result<(String, OsString), UsageError> {
    let octets = field.as_bytes();
    let Some(colon) = octets.iter().position(|octet| *octet == b':') else {
        return Err(UsageError::usage(format!("{option}: `{}` has no colon", shown(field)))
            .with_hint("a field is written 'Name: value'"));
    };
    let (name, value) = (&octets[..colon], &octets[colon + 1..]);
    let shown_name = shown(OsStr::from_bytes(name));
    if name.is_empty() || name.len() > LONGEST_NAME || !name.iter().all(u8::is_ascii_graphic) {
        return Err(UsageError::data(format!(
            "{option}: `{shown_name}` is no field name: it takes 1 to {LONGEST_NAME} printable ASCII characters, no blank"
        )));
    }
    one_line(option, &format!("the value of {shown_name}"), OsStr::from_bytes(value))?;
    Ok((shown_name, OsString::from_vec(value.trim_ascii().to_vec())))
}

/// Splits the field of an option that adds one and refuses those that whippet writes itself.
pub(super) fn header(option: &str, field: &OsStr) -> Result<(String, OsString), UsageError> {
    let (name, value) = header_parts(option, field)?;
    match instead_of_field(&name) {
        Some(instead) => {
            Err(UsageError::usage(format!("{option}: the field {name} cannot be added")).with_hint(instead))
        }
        None => Ok((name, value)),
    }
}

/// What to do instead of adding this field; `None` if it may be added.
fn instead_of_field(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    Some(match name.as_str() {
        "bcc" => "say --bcc",
        "to" => "say --to",
        "cc" => "say --cc",
        "from" => "say --from",
        "subject" => "say --subject",
        "reply-to" => "say --reply-to",
        "return-path" => "say --reverse-path",
        "received" | "delivered-to" => "trace fields are written by the servers on the way",
        "date" | "message-id" => "whippet writes this field itself",
        "mime-version" => "whippet writes the MIME fields itself",
        _ if name.starts_with("content-") => {
            "whippet writes the MIME fields itself; -e 'set content_type=text/html' changes the type of the text"
        }
        _ if name.starts_with("resent-") => "whippet does not resend",
        _ => return None,
    })
}

/// A token of RFC 2045 5.1.
fn is_token(word: &str) -> bool {
    !word.is_empty()
        && word.bytes().all(|octet| octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&octet))
}

/// The media type of an attachment; a text may say its charset.
pub(super) fn attachment_type(option: &str, value: OsString) -> Result<String, UsageError> {
    let text = value.to_string_lossy().into_owned();
    let Some((kind, parameter)) = text.split_once(';') else { return media_type(option, value) };
    let kind = media_type(option, kind.trim().into())?;
    let charset = parameter.trim().split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
    match charset.map(|(_, value)| value.trim_matches('"')).filter(|value| is_token(value)) {
        Some(charset) if kind.starts_with("text/") => Ok(format!("{kind}; charset={charset}")),
        _ => {
            let words = format!("{option}: of `{}` only the charset of a text is taken", printable(&text));
            Err(UsageError::usage(words).with_hint("as in text/csv or 'text/csv; charset=gbk'"))
        }
    }
}

/// A media type `type/subtype` of RFC 2045 tokens; multipart types need a structure that one file does not have.
pub(super) fn media_type(option: &str, value: OsString) -> Result<String, UsageError> {
    let text = value.to_string_lossy();
    let is_good = text.split_once('/').is_some_and(|(kind, sub)| {
        is_token(kind) && is_token(sub) && !kind.eq_ignore_ascii_case("multipart")
    });
    match is_good {
        true => Ok(text.to_ascii_lowercase()),
        false => {
            Err(UsageError::usage(format!("{option}: `{}` is no media type like text/csv", printable(&text))))
        }
    }
}

/// The name of a host, as it may stand behind the @ of an address; one outside ASCII as its A-labels.
pub(super) fn host_name(option: &str, value: OsString) -> Result<String, UsageError> {
    let name = text(option, value)?;
    match Address::new("x", &name) {
        Ok(address) => Ok(address.domain().to_owned()),
        Err(_) => Err(UsageError::data(format!("{option}: `{}` is no name of a host", printable(&name)))),
    }
}

/// The name of an attachment: no path, no control character.
pub(super) fn attachment_name(option: &str, name: &OsStr) -> Result<String, UsageError> {
    let text = name.to_string_lossy().into_owned();
    let fail = |why: &str| Err(UsageError::usage(format!("{option}: {why}: `{}`", printable(&text))));
    match () {
        () if text.contains(['\r', '\n', '\0']) => one_line(option, "a name", name).map(|()| text),
        () if text.is_empty() => Err(UsageError::usage(format!("{option}: the name is empty"))),
        () if text.contains(['/', '\\']) => fail("a name holds no / and no \\"),
        () if text.chars().any(char::is_control) => fail("a name holds no control character"),
        () => Ok(text),
    }
}

/// Splits `NAME=VALUE` of `--set` and refuses a secret in it.
pub(super) fn setting(word: OsString) -> Result<(String, String), UsageError> {
    // An error never repeats the value: it may be a secret under a mistyped name.
    let no_text = |_| UsageError::usage("--set: a setting is not UTF-8");
    let word = word.into_string().map_err(no_text)?;
    let Some((name, value)) = word.split_once('=') else {
        return Err(UsageError::usage("--set takes NAME=VALUE, and there is no = in its value"));
    };
    let name = name.trim();
    if name.is_empty() {
        return Err(UsageError::usage("--set takes NAME=VALUE, and the name is empty"));
    }
    let last = name.rsplit('.').next().unwrap_or_default().trim_matches('"').to_ascii_lowercase();
    if SECRETS.contains(&last.replace('-', "_").as_str()) || (value.contains("://") && holds_password(value))
    {
        return Err(visible_secret(&format!("--set {}", printable(name))));
    }
    for part in [name, value] {
        one_line("--set", "a setting", OsStr::new(part))?;
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// A server's URL, refused if it holds a password.
pub(super) fn server_url(option: &str, value: OsString) -> Result<String, UsageError> {
    let url =
        value.into_string().map_err(|_| UsageError::usage(format!("{option}: the URL is not UTF-8")))?;
    match holds_password(&url) {
        true => Err(visible_secret(option)),
        false => one_line(option, "a URL", OsStr::new(&url)).map(|()| url),
    }
}

/// Whether something stands between the first colon and the last @. A password with a raw `/` or `@` counts.
fn holds_password(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let login = authority.rsplit_once('@').map(|(login, _)| login);
    login.and_then(|login| login.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
}

/// The error for a password in argv.
pub(super) fn visible_secret(option: &str) -> UsageError {
    UsageError::usage(format!(
        "{option}: a password on the command line is visible to every user; put it in the profile"
    ))
    .with_hint(
        "it takes password_command, password_file, password_env, or password if only you can read the file",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::usage::UsageKind::{Data, Usage};

    #[test]
    fn headers() {
        for (field, name, value) in [
            ("X-A: b", "X-A", "b"),
            ("X-A:b:c", "X-A", "b:c"),
            ("X-A:", "X-A", ""),
            ("References: <a@b>", "References", "<a@b>"),
        ] {
            assert_eq!(header("--header", OsStr::new(field)), Ok((name.to_owned(), value.into())));
        }
        for (field, kind) in [
            ("no colon", Usage),
            (": v", Data),
            ("X A: v", Data),
            ("X-é: v", Data),
            ("X\n: v", Data),
            ("X: a\nBcc: e@x", Data),
            ("X: a\r", Data),
            ("X: a\0b", Data),
            ("Bcc: a@x", Usage),
            ("To: a@x", Usage),
            ("SUBJECT: x", Usage),
            ("Resent-To: a@x", Usage),
            ("Received: x", Usage),
            ("Return-Path: <a@x>", Usage),
            ("content-type: text/html", Usage),
            ("MIME-Version: 1.0", Usage),
        ] {
            assert_eq!(header("--header", OsStr::new(field)).unwrap_err().kind, kind, "{field:?}");
        }
    }

    #[test]
    fn secrets_are_refused_and_not_repeated() {
        for word in
            ["password=canary", "profile.gmail.password=canary", "PASSWORD=canary", "a.\"password\"=canary"]
        {
            let error = setting(word.into()).unwrap_err();
            assert!(error.message.contains("visible to every user"), "{word}");
            assert!(!format!("{error:?}").contains("canary"), "{word}");
        }
        for url in ["smtp://u:canary@h", "smtps://u:can/ary@h", "u:canary@h", "smtp://u@x.org:can@ary@h:25/"]
        {
            let error = server_url("--smtp", url.into()).unwrap_err();
            assert!(error.message.contains("visible to every user"), "{url}");
            assert!(!format!("{error:?}").contains("ary"), "{url}");
            assert!(setting(format!("smtp=smtp://{url}").into()).is_err());
        }
        for url in ["smtp://h", "smtp://h:25", "smtps://u@h:465", "smtp://u:@h", "smtp://u@x.org@h"] {
            assert_eq!(server_url("--smtp", url.into()).as_deref(), Ok(url));
        }
        for (word, name, value) in
            [("password_file=/x", "password_file", "/x"), ("a.b = c=d", "a.b", " c=d"), ("a=", "a", "")]
        {
            assert_eq!(setting(word.into()), Ok((name.to_owned(), value.to_owned())));
        }
        for word in ["canary", "=canary"] {
            let error = setting(word.into()).unwrap_err();
            assert!(!format!("{error:?}").contains("canary"), "{word}");
        }
    }

    #[test]
    fn media_types() {
        assert_eq!(media_type("--attach-type", "Text/HTML".into()).as_deref(), Ok("text/html"));
        for text in [
            "",
            "text",
            "text/",
            "/html",
            "text/html; charset=x",
            "multipart/mixed",
            "a/b/c",
            "a b/c",
            "a/b\n",
        ] {
            assert!(media_type("--attach-type", text.into()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn attachment_types() {
        let read = |text: &str| attachment_type("--attach-type", text.into());
        for text in ["Text/CSV; charset=gbk", "text/csv;CHARSET=\"gbk\"", "text/csv ; charset=gbk"] {
            assert_eq!(read(text).as_deref(), Ok("text/csv; charset=gbk"), "{text:?}");
        }
        assert_eq!(read("image/PNG").as_deref(), Ok("image/png"));
        for text in [
            "text/csv; name=x",
            "image/png; charset=x",
            "text/csv; charset=",
            "text/csv; charset=a; b=c",
            "x; charset=y",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn attachment_names() {
        assert_eq!(attachment_name("--attach-as", OsStr::new("файл имя.pdf")).as_deref(), Ok("файл имя.pdf"));
        for (name, kind) in [
            ("", Usage),
            ("a/b", Usage),
            ("a\\b", Usage),
            ("a\nb", Data),
            ("a\0", Data),
            ("\u{1b}[2J", Usage),
        ] {
            assert_eq!(attachment_name("--attach-as", OsStr::new(name)).unwrap_err().kind, kind, "{name:?}");
        }
    }
}
