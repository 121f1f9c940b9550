//! Values for how a letter is written and judged.

use encoding_rs::{Encoding, X_USER_DEFINED};

use super::{Given, Reading};
use crate::mail::WarningKind;
use crate::mime::{ASCII, charset};

/// A charset that a mail can be in; ASCII is [`ASCII`]. UTF-16 is none (RFC 2781 A): its octets look like line ends and NULs.
pub(in crate::config) fn letter_charset(given: Given<'_>) -> Reading<&'static Encoding> {
    if given.string("a string").is_ok_and(|label| matches!(charset(label), Ok(None))) {
        return Ok(ASCII);
    }
    let charset = super::charset(given)?;
    let is_of_mail = charset.output_encoding() == charset && charset != X_USER_DEFINED;
    if is_of_mail { Ok(charset) } else { Err("must be a charset of mail, such as gb18030".to_owned()) }
}

/// What made a mail, by a word of RFC 3834 5; an empty text is none.
pub(in crate::config) fn auto_submitted(given: Given<'_>) -> Reading<String> {
    let wanted = "\"auto-generated\", \"auto-replied\", \"no\" or \"\"";
    match given.string(wanted)? {
        word @ ("auto-generated" | "auto-replied" | "no" | "") => Ok(word.to_owned()),
        _ => Err(format!("must be {wanted}")),
    }
}

/// Warnings by their names.
pub(in crate::config) fn warnings(given: Given<'_>) -> Reading<Vec<WarningKind>> {
    let names = given.strings("a string or a list of strings")?;
    WarningKind::read(&names.join(",")).map_err(|error| format!("is wrong: {error}"))
}
