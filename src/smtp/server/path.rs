//! Paths: what stands behind `FROM:` and `TO:` (RFC 5321 4.1.2), and whether it is an address.

use super::Bare;
use crate::mail::{Address, AddressError};

/// The path behind `keyword` without its brackets, and the parameters behind it. Programs also write a blank before the
/// bracket, and no brackets at all; both are understood, as Postfix does.
pub(super) fn split<'a>(text: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let head = text.get(..keyword.len())?;
    if !head.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let rest = text[keyword.len()..].trim_start();
    let Some(inside) = rest.strip_prefix('<') else {
        let end = unquoted(rest, |character| is_blank(character) || matches!(character, '<' | '>'));
        let end = end.unwrap_or(rest.len());
        return (end > 0 && starts_with_blank(&rest[end..])).then(|| rest.split_at(end));
    };
    let end = unquoted(inside, |character| matches!(character, '<' | '>'))?;
    let behind = inside[end..].strip_prefix('>')?;
    starts_with_blank(behind).then(|| (inside[..end].trim(), behind))
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

fn starts_with_blank(text: &str) -> bool {
    text.is_empty() || text.starts_with(is_blank)
}

/// Where the first such character stands outside of quotes.
fn unquoted(text: &str, is_wanted: impl Fn(char) -> bool) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if !is_quoted && is_wanted(character) => return Some(at),
            _ => {}
        }
    }
    None
}

/// The address in a path that is not the null one.
pub(super) fn bare(path: &str) -> Result<Bare, AddressError> {
    let fail = |reason: &str| AddressError::new(path, reason);
    if path.is_empty() {
        return Err(fail("it is empty"));
    }
    // RFC 5321 4.1.2: a source route is taken, and ignored.
    let text = if path.starts_with('@') {
        path.split_once(':').ok_or_else(|| fail("its route has no end"))?.1
    } else {
        path
    };
    if text.contains('@') {
        Address::parse(text)?;
    } else {
        // Any domain would do as well.
        Address::new(text, "localhost").map_err(|error| fail(&error.reason))?;
    }
    Ok(Bare::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found() {
        for (text, path, behind) in [
            ("FROM:<a@x>", "a@x", ""),
            ("from:<>", "", ""),
            ("From: <a@x> SIZE=1", "a@x", " SIZE=1"),
            ("FROM:< a@x >\tSIZE=1", "a@x", "\tSIZE=1"),
            ("FROM:a@x SIZE=1", "a@x", " SIZE=1"),
            ("FROM: root", "root", ""),
            ("FROM:<\"a> b\"@x> RET=FULL", "\"a> b\"@x", " RET=FULL"),
            ("FROM:<\"a\\\">\"@x>", "\"a\\\">\"@x", ""),
            ("FROM:\"a b\"@x BODY=7BIT", "\"a b\"@x", " BODY=7BIT"),
            ("FROM:<@a,@b:c@x>", "@a,@b:c@x", ""),
        ] {
            assert_eq!(split(text, "FROM:"), Some((path, behind)), "{text}");
        }
        for text in [
            "",
            "FROM",
            "FROM:",
            "FROM: ",
            "TO:<a@x>",
            "FROM :<a@x>",
            "FROM:<a@x",
            "FROM:<a@x>SIZE=1",
            "FROM:<<a@x>>",
            "FROM:a@x>",
            "FROM:<\"a@x>",
            "FRÖM:<a@x>",
        ] {
            assert_eq!(split(text, "FROM:"), None, "{text}");
        }
    }

    #[test]
    fn addresses_and_names_are_taken() {
        for (path, text) in [
            ("a@x.org", "a@x.org"),
            ("root", "root"),
            ("Postmaster", "Postmaster"),
            ("\"a b\"@x", "\"a b\"@x"),
            ("a@[127.0.0.1]", "a@[127.0.0.1]"),
            ("@a,@b:c@x", "c@x"),
            ("@a.org:root", "root"),
            ("用户@例子.测试", "用户@例子.测试"),
        ] {
            assert_eq!(bare(path).unwrap().as_str(), text, "{path}");
        }
        for path in
            ["", "@", "@x", "a@", "a b@x", "a b", "a@b@c", "@a,@b", "@a:", "a,b@x", "a@x,b@x", "(a)@x", "a:b"]
        {
            assert!(bare(path).is_err(), "{path}");
        }
    }
}
