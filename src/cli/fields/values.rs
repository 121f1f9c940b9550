//! The values of such options: message identifiers, keywords, URLs.

use std::ffi::{OsStr, OsString};

use crate::cli::rules::word;
use crate::cli::usage::{UsageError, printable};

/// Longest identifier or URL, octets: it cannot be folded (RFC 5322 2.1.1).
const LONGEST: usize = 900;

/// The message identifiers of a value, each in its angle brackets.
///
/// What others have written is answered too, so more than RFC 5322 3.6.4 allows is taken: any printable ASCII
/// around an `@`, but for what some readers would decode (RFC 2047).
pub(super) fn ids(option: &str, value: &OsStr) -> Result<Vec<String>, UsageError> {
    let text = word(option, value.to_owned())?;
    // Some programs write no blank between two of them.
    let parted = text.replace("><", "> <");
    let ids = parted.split_ascii_whitespace().map(|id| {
        let bare = id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id);
        let is_good = |half: &str| !half.is_empty() && half.bytes().all(|octet| octet.is_ascii_graphic());
        match bare.rsplit_once('@') {
            Some((left, right))
                if is_good(left)
                    && is_good(right)
                    && !bare.contains(['<', '>'])
                    && !bare.contains("=?")
                    && bare.len() <= LONGEST =>
            {
                Ok(format!("<{bare}>"))
            }
            _ => Err(UsageError::data(format!("{option}: `{}` is no Message-ID", printable(id))).with_hint(
                "a Message-ID is written <left@right>, as in the header of the mail that is answered",
            )),
        }
    });
    ids.collect()
}

/// The keywords of all values; one with a comma in it would be two.
pub(super) fn keywords(option: &str, values: Vec<OsString>) -> Result<Vec<String>, UsageError> {
    let mut words = Vec::new();
    for value in values {
        let value = word(option, value)?;
        words.extend(value.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned));
    }
    Ok(words)
}

/// The URLs of all values, each in angle brackets (RFC 2369 2).
pub(super) fn unsubscribe(option: &str, values: Vec<OsString>) -> Result<Vec<String>, UsageError> {
    let mut urls = Vec::new();
    for value in values {
        let value = word(option, value)?;
        let url = value.trim();
        let url = url.strip_prefix('<').and_then(|url| url.strip_suffix('>')).unwrap_or(url);
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        let scheme = scheme.to_ascii_lowercase();
        let is_known = matches!(scheme.as_str(), "https" | "http" | "mailto");
        let fail = |why: &str| {
            UsageError::data(format!("{option}: `{}` {why}", printable(&value)))
                .with_hint("as in https://lists.example.org/u/17 or mailto:leave@lists.example.org")
        };
        if !is_known || rest.trim_start_matches('/').is_empty() {
            return Err(fail("is no https:, http: or mailto: URL"));
        }
        if !rest.bytes().all(|octet| octet.is_ascii_graphic() && !b"<>\"".contains(&octet)) {
            return Err(fail("holds what stands in a URL as % and two hexadecimal digits only"));
        }
        if url.len() > LONGEST {
            return Err(fail("is longer than 900 octets"));
        }
        urls.push(format!("<{scheme}:{rest}>"));
    }
    Ok(urls)
}
