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

/// The value of METHOD, a property of the calendar itself (RFC 5545 3.7.2).
fn method(text: &str) -> Option<String> {
    let value =
        unfolded(text).lines().find_map(|line| Some(value_of_method(line)?.trim().to_ascii_uppercase()))?;
    let is_token = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
    (!value.is_empty() && value.len() <= 32 && value.bytes().all(is_token)).then_some(value)
}

/// Lines that go on behind a blank or a tab, joined (RFC 5545 3.1).
fn unfolded(text: &str) -> String {
    ["\r\n ", "\r\n\t", "\n ", "\n\t"].iter().fold(text.to_owned(), |text, fold| text.replace(fold, ""))
}

/// What stands behind its name and parameters, whose quoted values may hold a colon (RFC 5545 3.2).
fn value_of_method(line: &str) -> Option<&str> {
    let (name, rest) = line.split_at_checked("METHOD".len())?;
    if !name.eq_ignore_ascii_case("METHOD") || !rest.starts_with([':', ';']) {
        return None;
    }
    let mut is_quoted = false;
    let (_, value) = rest.split_once(|character: char| {
        is_quoted ^= character == '"';
        character == ':' && !is_quoted
    })?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_a_word_on_a_line() {
        for (text, wanted) in [
            ("BEGIN:VCALENDAR\r\nmethod:request\r\n", Some("REQUEST")),
            ("METHOD: REPLY \n", Some("REPLY")),
            ("VERSION:2.0\r\nMETH\r\n OD:REQ\r\n\tUEST\r\n", Some("REQUEST")),
            ("METHOD;X-A=\"b:c\":cancel\n", Some("CANCEL")),
            ("METHODS:REQUEST\n", None),
            ("X-METHOD:REQUEST\n", None),
            ("METHOD:\n", None),
            ("METHOD:a;b\n", None),
        ] {
            assert_eq!(method(text).as_deref(), wanted, "{text}");
        }
    }
}
