//! A field that a word gives to `mail`: some fields have a place of their own, the MIME fields say what the text is.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::cli::request::Request;
use crate::cli::usage::UsageError;
use crate::cli::{assemble, fields, rules};

/// What a word of `-a` looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `Name: value` or `Name:`.
    Field,
    /// Any other, which a file can be called; `name:value` is a field if there is none.
    Doubtful,
}

/// The name of the field that a word may be.
pub(super) fn name(word: &OsStr) -> Option<&[u8]> {
    let octets = word.as_bytes();
    let name = &octets[..octets.iter().position(|&octet| octet == b':')?];
    let is_good = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_".contains(octet);
    (!name.is_empty() && name.iter().all(is_good)).then_some(name)
}

/// Looks at a word of `-a`.
pub(super) fn form(word: &OsStr) -> Form {
    let Some(name) = name(word) else { return Form::Doubtful };
    match word.as_bytes().get(name.len() + 1) {
        None | Some(b' ' | b'\t') => Form::Field,
        Some(_) => Form::Doubtful,
    }
}

/// Whether a word that is a field names recipients.
pub(super) fn names_recipients(word: &OsStr) -> bool {
    let is_of_people =
        |name: &[u8]| [&b"to"[..], b"cc", b"bcc"].iter().any(|one| name.eq_ignore_ascii_case(one));
    name(word).is_some_and(is_of_people)
}

/// Gives a field its place in the request.
pub(in crate::cli) fn add(
    request: &mut Request,
    option: &str,
    name: String,
    value: OsString,
) -> Result<(), UsageError> {
    let option = format!("{option} {name}");
    match name.to_ascii_lowercase().as_str() {
        "to" => assemble::add_list(&mut request.to, rules::text(&option, value)?),
        "cc" => assemble::add_list(&mut request.cc, rules::text(&option, value)?),
        "bcc" => assemble::add_list(&mut request.bcc, rules::text(&option, value)?),
        "from" => {
            let from = rules::text(&option, value)?;
            request.from.get_or_insert(from);
        }
        "reply-to" => {
            let list = rules::text(&option, value)?;
            request.reply_to.get_or_insert(list);
        }
        "subject" => {
            request.subject.get_or_insert(value);
        }
        // whippet writes these itself, and encodes the text where it must be.
        "mime-version" | "content-transfer-encoding" => {}
        "content-type" => content_type(request, &option, value)?,
        _ => {
            let field = OsString::from(format!("{name}: ")).into_encoded_bytes();
            let field = [field.as_slice(), value.as_bytes()].concat();
            // Refuses what whippet writes itself.
            rules::header(&option, OsStr::from_bytes(&field))?;
            fields::add_own(request, name, value)?;
        }
    }
    Ok(())
}

/// The type of the text, and the charset that it is in.
fn content_type(request: &mut Request, option: &str, value: OsString) -> Result<(), UsageError> {
    let value = rules::text(option, value)?;
    let mut parts = value.split(';');
    let media = parts.next().unwrap_or_default().trim();
    let parameter = |part: &str| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
    };
    let charset = parts.find_map(parameter);
    request.body_type = Some(rules::media_type(option, media.into())?);
    request.charset = request.charset.take().or(charset);
    Ok(())
}
