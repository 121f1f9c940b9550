//! Lists of addresses that were given: their names may be in any charset, or in none that is known.

use super::field::{Field, Value, unfolded};
use crate::mail::{AddressError, Listed, parse_list};
use crate::mime::charset::{Charsets, Text};
use crate::mime::header::{OCTETS, unknown_words};
use crate::mime::read::rewritable_words;

/// Fields that hold an address list (RFC 5322 3.6.2, 3.6.3, 3.6.6).
const ADDRESSES: [&str; 12] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "Resent-Bcc",
    "Resent-Reply-To",
];
/// The domain of a name that has none, while it is read. Nobody has it (RFC 6761 6.4).
const NOWHERE: &str = "bare.invalid";

/// Whether a field of this name holds an address list.
pub(super) fn is_list(name: &str) -> bool {
    ADDRESSES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The list as text for those who know nothing of charsets. Names that no charset explains are encoded-words in it; in an
/// address, what is not UTF-8 becomes U+FFFD.
pub(super) fn text_of(value: &[u8], charsets: &Charsets) -> String {
    let text = Text::from(unfolded(value).trim_ascii().to_vec());
    if let Ok(text) = str::from_utf8(text.octets()) {
        return text.to_owned();
    }
    let list = match text.decode(charsets) {
        Ok(decoded) => parse_list(&decoded, Some(NOWHERE)),
        Err(_) => of_octets(text.octets(), Some(NOWHERE)),
    };
    match list {
        Ok(list) if has_ascii_addresses(&list) => {
            let items: Vec<String> = list.iter().map(Listed::to_string).collect();
            items.join(", ").replace(&format!("@{NOWHERE}"), "")
        }
        _ => text.lossy().into_owned(),
    }
}

/// Reads a list in octets that no charset explains. Its names become encoded-words that say so, but those that are UTF-8.
pub(super) fn of_octets(octets: &[u8], domain: Option<&str>) -> Result<Vec<Listed>, AddressError> {
    let mut list = parse_list(&OCTETS.decode_without_bom_handling(octets).0, domain)?;
    each_name(&mut list, |name| match String::from_utf8(OCTETS.encode(name).0.into_owned()) {
        Ok(text) => text,
        Err(error) => unknown_words(error.as_bytes()),
    });
    Ok(list)
}

/// Whether all its addresses are in ASCII: where the octets of the names are in doubt, others are none.
pub(super) fn has_ascii_addresses(list: &[Listed]) -> bool {
    list.iter().flat_map(Listed::mailboxes).all(|mailbox| mailbox.address.is_ascii())
}

/// Whether a name of it is in no charset.
pub(super) fn has_unknown_names(list: &[Listed]) -> bool {
    let is_unknown = |name: &str| name.contains("=?unknown-8bit?");
    list.iter().any(|listed| match listed {
        Listed::Group(group) if is_unknown(&group.name) => true,
        _ => listed.mailboxes().iter().any(|one| one.name.as_deref().is_some_and(is_unknown)),
    })
}

/// The list with names as they are read: what is encoded in them is decoded, where that can be, on one line.
pub(super) fn decoded_names(mut list: Vec<Listed>) -> Vec<Listed> {
    each_name(&mut list, |name| rewritable_words(name).replace(['\r', '\n', '\0'], " "));
    list
}

/// Puts another name in the place of each.
fn each_name(list: &mut [Listed], other: impl Fn(&str) -> String) {
    for listed in list {
        match listed {
            Listed::Mailbox(mailbox) => mailbox.name.iter_mut().for_each(|name| *name = other(name)),
            Listed::Group(group) => {
                group.name = other(&group.name);
                group
                    .members
                    .iter_mut()
                    .filter_map(|one| one.name.as_mut())
                    .for_each(|name| *name = other(name));
            }
        }
    }
}

impl Field {
    /// What was given, if none of these charsets explains it.
    fn unknown(&self, charsets: &Charsets) -> Option<Text> {
        match &self.value {
            Value::Written(value) | Value::Extended(value, _) if !value.is_ascii() => {
                let text = Text::from(unfolded(value));
                text.decode(charsets).is_err().then_some(text)
            }
            Value::Addresses(_, given) => given.clone(),
            _ => None,
        }
    }

    /// What these fields hold if this list takes their place: of names that no charset explains, the writing tells.
    pub(super) fn addresses<'a>(
        replaced: impl IntoIterator<Item = &'a Field>,
        list: Vec<Listed>,
        charsets: &Charsets,
    ) -> Value {
        let unknown = replaced.into_iter().find_map(|field| field.unknown(charsets));
        let list = decoded_names(list);
        let is_unknown = has_unknown_names(&list);
        Value::Addresses(list, unknown.filter(|_| is_unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{GBK, WINDOWS_1252};

    #[test]
    fn a_list_in_any_charset_is_text() {
        let latin = Charsets { declared: Some(WINDOWS_1252), ..Charsets::default() };
        let gbk = Charsets { declared: Some(GBK), ..Charsets::default() };
        for (value, charsets, text) in [
            (&b" J\xc3\xb6  <a@x>,"[..], &latin, "J\u{f6}  <a@x>,"),
            (b"J\xf6\r\n M <root>, root (x)", &latin, "J\u{f6} M <root>, x <root>"),
            (b"\xd5\x5c\xd6\xd0 <a@x>", &gbk, "\u{8aa0}\u{4e2d} <a@x>"),
            (
                b"J\xf6 \"M\xf6\" <root>, \"J\xc3\xb6\" <a@x>, T\xf6: root;, b@x",
                &Charsets::default(),
                "=?unknown-8bit?B?SvYgTfY=?= <root>, J\u{f6} <a@x>, =?unknown-8bit?B?VPY=?=: root;, b@x",
            ),
            // An address is not guessed.
            (b"J\xf6 <\xf6@x>", &latin, "J\u{fffd} <\u{fffd}@x>"),
            (b"J\xf6 <\xf6@x>", &Charsets::default(), "J\u{fffd} <\u{fffd}@x>"),
            (b"J\xf6 <a", &latin, "J\u{fffd} <a"),
        ] {
            assert_eq!(text_of(value, charsets), text);
        }
    }
}
