//! An invitation: what its file must hold so that a program on the other side answers it (RFC 5545, RFC 6047 2.4).

use std::path::Path;

use crate::cmd::{Exit, Failure};
use crate::mime::{Attachment, Body, Calendar, Charsets, Source, characters};

/// Reads the method of an invitation.
pub(super) fn calendar(path: &Path, source: Source, charsets: &Charsets) -> Result<Calendar, Failure> {
    let body = Body::from(source);
    let text = characters(&body, "the calendar", charsets)?;
    let fail = |what: &str| Failure::plain(Exit::DataErr, format!("{} {what}", path.display()));
    if !text.trim_start().get(..15).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
        return Err(fail("is no iCalendar file: it does not begin with BEGIN:VCALENDAR"));
    }
    let Some(method) = method(&text) else {
        let failure = fail("has no METHOD: it is a calendar, and no invitation");
        return Err(failure.hint("attach it with -a, or have the calendar program export an invitation"));
    };
    let name = Attachment::open(path)?.name;
    Ok(Calendar { body, method, name })
}

/// The value of METHOD, which belongs to the calendar itself and stands before what is in it (RFC 5545 3.7.2).
fn method(text: &str) -> Option<String> {
    let is_method = |line: &&str| line.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("METHOD:"));
    let value = text.lines().find(is_method)?[7..].trim().to_ascii_uppercase();
    let is_token = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
    (!value.is_empty() && value.len() <= 32 && value.bytes().all(is_token)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_a_word_on_a_line() {
        for (text, wanted) in [
            ("BEGIN:VCALENDAR\r\nmethod:request\r\n", Some("REQUEST")),
            ("METHOD: REPLY \n", Some("REPLY")),
            ("X-METHOD:REQUEST\n", None),
            ("METHOD:\n", None),
            ("METHOD:a;b\n", None),
        ] {
            assert_eq!(method(text).as_deref(), wanted, "{text}");
        }
    }
}
