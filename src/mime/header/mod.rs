//! The header: which fields there are and what may stand in them (RFC 5322 3.6, RFC 6532 for addresses).
//!
//! How a field's body is folded and encoded is in `value.rs`, types and file names are in `parameter.rs`.

pub(super) mod parameter;
mod value;

use std::borrow::Cow;
use std::fmt;

use email_encoding::headers::writer::EmailWriter;

use self::value::LONGEST_WORD;
pub(super) use self::value::Value;
use super::charset::{Charsets, Text, Undecodable};
use super::error::ComposeError;
use crate::mail::{Listed, parse_list};

/// Longest name of an own field, so that the name and the first word fit on a line.
const LONGEST_NAME: usize = 76;
/// Fields that are made from the draft. A second one is forbidden (RFC 5322 3.6, RFC 2045 3).
const MADE_HERE: [&str; 8] =
    ["From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version"];
/// Own fields whose body has a syntax in which encoded-words mean nothing (RFC 5322 3.6.4, RFC 2369, RFC 3834).
const STRUCTURED: [&str; 14] = [
    "References",
    "In-Reply-To",
    "Auto-Submitted",
    "Precedence",
    "Original-Message-ID",
    "Archived-At",
    "List-ID",
    "List-Archive",
    "List-Help",
    "List-Owner",
    "List-Post",
    "List-Subscribe",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];
/// Own fields that hold an address list.
const ADDRESSES: [&str; 6] = [
    "Sender",
    "Errors-To",
    "Disposition-Notification-To",
    "Return-Receipt-To",
    "Mail-Followup-To",
    "Mail-Reply-To",
];

/// The header under construction.
#[derive(Default)]
pub(super) struct Header {
    /// The fields, each line ended in CRLF.
    pub(super) text: String,
    /// Whether an address stands in raw UTF-8.
    pub(super) smtputf8: bool,
}

impl Header {
    /// Adds a field whose body `write` makes.
    pub(super) fn field(&mut self, name: &str, write: impl FnOnce(&mut Value<'_>) -> fmt::Result) {
        self.text.push_str(name);
        self.text.push(':');
        {
            let writer = EmailWriter::new(&mut self.text, name.len() + 1, 0, false);
            write(&mut Value { writer, begun: false }).expect("a String takes every write");
        }
        self.text.push_str("\r\n");
    }

    /// Adds a field of ASCII words that are made here.
    pub(super) fn plain(&mut self, name: &str, value: &str) {
        self.field(name, |body| body.folded(value));
    }

    /// Adds an address field.
    pub(super) fn addresses(&mut self, name: &str, list: &[Listed]) -> Result<(), ComposeError> {
        for listed in list {
            if let Listed::Group(group) = listed {
                one_line("a group's name", group.name.as_bytes())?;
            }
            for mailbox in listed.mailboxes() {
                one_line("a display name", mailbox.name.as_deref().unwrap_or_default().as_bytes())?;
            }
        }
        self.smtputf8 |= list.iter().flat_map(Listed::mailboxes).any(|mailbox| !mailbox.address.is_ascii());
        self.field(name, |body| body.list(list));
        Ok(())
    }

    /// Adds the Subject. An empty one is no field.
    pub(super) fn subject(
        &mut self,
        subject: &Text,
        charsets: &Charsets,
        warnings: &mut Vec<String>,
    ) -> Result<(), ComposeError> {
        if subject.is_empty() {
            return Ok(());
        }
        self.unstructured("Subject", "a subject", subject, charsets, warnings)
    }

    /// Adds a field of the person's own.
    pub(super) fn own(
        &mut self,
        name: &str,
        text: &Text,
        charsets: &Charsets,
        warnings: &mut Vec<String>,
    ) -> Result<(), ComposeError> {
        check_name(name)?;
        let what = format!("the field {name}");
        one_line(&what, text.octets())?;
        let among = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        let decoded = text.decode(charsets).ok();
        let decoded = decoded.as_deref().map(str::trim);
        if among(&ADDRESSES)
            && let Some(list) = decoded.and_then(|text| parse_list(text, None).ok())
        {
            return self.addresses(name, &list);
        }
        if among(&STRUCTURED) || among(&ADDRESSES) {
            return self.structured(name, decoded.unwrap_or("\u{fffd}"));
        }
        self.unstructured(name, &what, text, charsets, warnings)
    }

    /// Adds a field that is folded, never encoded.
    fn structured(&mut self, name: &str, text: &str) -> Result<(), ComposeError> {
        let fail = |reason| Err(ComposeError::Structure { name: name.to_owned(), reason });
        if !text.bytes().all(|octet| matches!(octet, b'\t' | b' '..=b'~')) {
            return fail("may hold printable ASCII only");
        }
        if text.split([' ', '\t']).any(|word| word.len() > LONGEST_WORD) {
            return fail("holds a word of more than 900 octets, which cannot be folded");
        }
        self.field(name, |body| text.split_ascii_whitespace().try_for_each(|word| body.word(word)));
        Ok(())
    }

    fn unstructured(
        &mut self,
        name: &str,
        what: &str,
        text: &Text,
        charsets: &Charsets,
        warnings: &mut Vec<String>,
    ) -> Result<(), ComposeError> {
        one_line(what, text.octets())?;
        let value: Cow<'_, str> = match (text.decode(charsets), charsets.undecodable) {
            (Ok(value), _) => value,
            (Err(offset), Undecodable::Fail) => {
                let offset = offset as u64;
                return Err(ComposeError::Undecodable { what: format!("the field {name}"), offset });
            }
            (Err(_), Undecodable::Replace) => {
                warnings.push(format!("malformed characters of the field {name} became U+FFFD"));
                text.lossy()
            }
            (Err(offset), Undecodable::Keep) => {
                warnings.push(format!(
                    "the field {name} is in no known charset, octet {offset} is the first that is not UTF-8: it is \
                     sent unchanged as unknown-8bit"
                ));
                self.field(name, |body| body.unknown(text.octets()));
                return Ok(());
            }
        };
        one_line(what, value.as_bytes())?;
        self.field(name, |body| if value.is_empty() { Ok(()) } else { body.unstructured(&value) });
        Ok(())
    }
}

/// Refuses what would end a line.
pub(super) fn one_line(what: &str, octets: &[u8]) -> Result<(), ComposeError> {
    let character = match memchr::memchr3(b'\r', b'\n', b'\0', octets).map(|at| octets[at]) {
        None => return Ok(()),
        Some(b'\r') => "a CR",
        Some(b'\n') => "an LF",
        Some(_) => "a NUL",
    };
    Err(ComposeError::OneLine { what: what.to_owned(), character })
}

/// Refuses a Message-ID that is not `<left@right>` (RFC 5322 3.6.4).
pub(super) fn check_message_id(id: &str) -> Result<(), ComposeError> {
    let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).and_then(|id| id.split_once('@'));
    let is_good = |half: &str| {
        !half.is_empty() && half.bytes().all(|octet| matches!(octet, b'!'..=b'~') && !b"<>@".contains(&octet))
    };
    match inner {
        Some((left, right)) if is_good(left) && is_good(right) && id.len() <= LONGEST_WORD => Ok(()),
        _ => Err(ComposeError::Structure { name: "Message-ID".to_owned(), reason: "is not `<left@right>`" }),
    }
}

fn check_name(name: &str) -> Result<(), ComposeError> {
    let fail = |reason| Err(ComposeError::FieldName { name: name.to_owned(), reason });
    if name.is_empty() {
        return fail("it is empty");
    }
    if !name.bytes().all(|octet| matches!(octet, b'!'..=b'~') && octet != b':') {
        return fail("only printable ASCII without blank and colon may stand in it");
    }
    if name.len() > LONGEST_NAME {
        return fail("it is longer than 76 octets");
    }
    let is_mime = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
    if is_mime || MADE_HERE.iter().any(|made| name.eq_ignore_ascii_case(made)) {
        return Err(ComposeError::Duplicate { name: name.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mail::{Address, Group, Mailbox};
    use encoding_rs::GB18030;

    fn own(name: &str, text: impl Into<Text>, charsets: &Charsets) -> Result<String, ComposeError> {
        let (mut header, mut warnings) = (Header::default(), Vec::new());
        header.own(name, &text.into(), charsets, &mut warnings)?;
        assert_eq!(warnings, [""; 0]);
        Ok(header.text)
    }

    fn subject(text: impl Into<Text>) -> String {
        let mut header = Header::default();
        header.subject(&text.into(), &Charsets::default(), &mut Vec::new()).unwrap();
        header.text
    }

    fn mailbox(name: &str, address: &str) -> Listed {
        let name = Some(name.to_owned()).filter(|name| !name.is_empty());
        Listed::Mailbox(Mailbox { name, address: Address::parse(address).unwrap() })
    }

    fn list(list: &[Listed]) -> String {
        let mut header = Header::default();
        header.addresses("To", list).unwrap();
        header.text
    }

    #[test]
    fn subjects() {
        for (text, expected) in [
            ("", ""),
            ("two words", "Subject: two words\r\n"),
            ("**bold** [list]", "Subject: **bold** [list]\r\n"),
            ("é", "Subject: =?utf-8?b?w6k=?=\r\n"),
            ("=?utf-8?Q?x?=", "Subject: =?utf-8?b?PT91dGYtOD9RP3g/PQ==?=\r\n"),
            (" x", "Subject: =?utf-8?b?IHg=?=\r\n"),
            ("a\tb", "Subject: =?utf-8?b?YQli?=\r\n"),
        ] {
            assert_eq!(subject(text), expected, "{text:?}");
        }
        let folded = subject("word ".repeat(40).trim_end());
        assert!(folded.lines().count() == 3 && folded.lines().all(|line| line.len() <= 78), "{folded}");
        let long = subject("x".repeat(20_000));
        assert!(long.lines().all(|line| line.len() <= 76), "{long}");
        let url = "x".repeat(LONGEST_WORD);
        assert_eq!(subject(url.as_str()), format!("Subject: {url}\r\n"));
    }

    #[test]
    fn a_subject_in_no_charset_is_kept() {
        let mut header = Header::default();
        let mut warnings = Vec::new();
        let text = Text::from([b"caf".to_vec(), vec![0xe9; 60]].concat());
        header.subject(&text, &Charsets::default(), &mut warnings).unwrap();
        assert!(header.text.starts_with("Subject: =?unknown-8bit?B?Y2Fm6enp"), "{}", header.text);
        assert!(header.text.lines().all(|line| line.len() <= 76));
        assert!(warnings[0].starts_with("the field Subject is in no known charset, octet 3 "));
        let fail = Charsets { undecodable: Undecodable::Fail, ..Charsets::default() };
        assert!(header.subject(&text, &fail, &mut warnings).is_err());
        let gbk = Charsets { locale: Some(GB18030), ..Charsets::default() };
        assert_eq!(own("X-A", b"\xc0\xfd".to_vec(), &gbk).unwrap(), "X-A: =?utf-8?b?5L6L?=\r\n");
    }

    #[test]
    fn names_are_quoted_or_encoded() {
        for (name, expected) in [
            ("", "To: a@x\r\n"),
            ("Al Ice", "To: Al Ice <a@x>\r\n"),
            ("Al B. Ice", "To: \"Al B. Ice\" <a@x>\r\n"),
            ("Q, R", "To: \"Q, R\" <a@x>\r\n"),
            ("a\"b\\c", "To: \"a\\\"b\\\\c\" <a@x>\r\n"),
            ("a  b", "To: \"a  b\" <a@x>\r\n"),
            ("Ärzte", "To: =?utf-8?b?w4RyenRl?= <a@x>\r\n"),
            ("=?utf-8?Q?x?=", "To: =?utf-8?b?PT91dGYtOD9RP3g/PQ==?= <a@x>\r\n"),
        ] {
            assert_eq!(list(&[mailbox(name, "a@x")]), expected, "{name:?}");
        }
        let long = list(&[mailbox(&"x,".repeat(400), "a@x"), mailbox(&"y".repeat(400), "b@x")]);
        assert!(long.lines().all(|line| line.len() <= 78), "{long}");
    }

    #[test]
    fn lists_are_folded_between_addresses() {
        let many: Vec<Listed> =
            (0..30).map(|index| mailbox("Al Ice", &format!("a{index}@example.org"))).collect();
        let text = list(&many);
        assert!(text.lines().all(|line| line.len() <= 78));
        assert_eq!(text.matches("@example.org>").count(), 30);
        let group = |name: &str, members| Listed::Group(Group { name: name.into(), members });
        let member = |address| Mailbox::from(Address::parse(address).unwrap());
        assert_eq!(
            list(&[group("Team", vec![member("a@x"), member("b@x")]), mailbox("", "c@x")]),
            "To: Team: a@x, b@x;, c@x\r\n"
        );
        assert_eq!(list(&[group("é", vec![])]), "To: =?utf-8?b?w6k=?= :;\r\n");
        let quoted = format!("\"{} b\"@example.org", "a".repeat(50));
        let text = list(&[mailbox("Some One With A Name", &quoted)]);
        assert!(text.contains(&format!(" <{quoted}>\r\n")), "{text}");
    }

    #[test]
    fn an_address_outside_ascii_is_raw() {
        let mut header = Header::default();
        header.addresses("To", &[mailbox("é", "用户@例子.测试")]).unwrap();
        assert_eq!(header.text, "To: =?utf-8?b?w6k=?= <用户@xn--fsqu00a.xn--0zwm56d>\r\n");
        assert!(header.smtputf8);
    }

    #[test]
    fn what_would_end_a_line_is_refused() {
        for bad in ["a\nX-Inj: 1", "a\rb", "a\0b", "\r\n"] {
            let charsets = Charsets::default();
            assert!(matches!(own("X-A", bad, &charsets), Err(ComposeError::OneLine { .. })), "{bad:?}");
            assert!(Header::default().addresses("To", &[mailbox(bad, "a@x")]).is_err(), "{bad:?}");
            let group = Listed::Group(Group { name: bad.into(), members: Vec::new() });
            assert!(Header::default().addresses("To", &[group]).is_err(), "{bad:?}");
        }
        let error = Header::default()
            .subject(&"a\r\nX-Inj: 1".into(), &Charsets::default(), &mut Vec::new())
            .unwrap_err();
        assert_eq!(error.to_string(), "a subject is one line: it holds a CR");
    }

    #[test]
    fn own_fields() {
        let charsets = Charsets::default();
        let own = |name: &str, text: &str| own(name, text, &charsets);
        assert_eq!(own("X-Tag", "a b").unwrap(), "X-Tag: a b\r\n");
        assert_eq!(own("X-Tag", "").unwrap(), "X-Tag:\r\n");
        for name in ["", "X Y", "X:Y", "Xé", "X\r\n", &"x".repeat(77)] {
            assert!(matches!(own(name, "a"), Err(ComposeError::FieldName { .. })), "{name:?}");
        }
        for name in
            ["from", "TO", "Cc", "subject", "date", "Message-Id", "reply-to", "Mime-version", "content-x"]
        {
            assert!(matches!(own(name, "a"), Err(ComposeError::Duplicate { .. })), "{name}");
        }
    }

    #[test]
    fn structured_fields_are_folded_not_encoded() {
        let own = |name: &str, text: &str| own(name, text, &Charsets::default());
        let ids = (0..9).map(|index| format!("<{index}-long-identifier@example.org>")).collect::<Vec<_>>();
        let folded = own("References", &ids.join("\t ")).unwrap();
        assert!(folded.lines().all(|line| line.len() <= 78), "{folded}");
        assert_eq!(folded.replace("\r\n", ""), format!("References: {}", ids.join(" ")));
        assert_eq!(own("In-Reply-To", "<=?x?=@y>").unwrap(), "In-Reply-To: <=?x?=@y>\r\n");
        assert!(matches!(own("References", "<é@x>"), Err(ComposeError::Structure { .. })));
        assert!(matches!(own("References", &"x".repeat(901)), Err(ComposeError::Structure { .. })));
        assert_eq!(own("Sender", "a@例子.测试").unwrap(), "Sender: a@xn--fsqu00a.xn--0zwm56d\r\n");
        assert_eq!(own("Errors-To", "root").unwrap(), "Errors-To: root\r\n");
    }

    #[test]
    fn message_ids() {
        assert!(check_message_id("<a.b@c>").is_ok());
        for bad in ["", "a@b", "<a>", "<a@>", "<a b@c>", "<a@b@c>", "<a@b>\r\nBcc: x", "<é@x>"] {
            assert!(check_message_id(bad).is_err(), "{bad:?}");
        }
    }
}
