//! What fields look like.
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
fn many_blanks_stand_on_no_line_of_their_own() {
    for blanks in [1, 72, 73, 74, 75, 995, 20_000].map(|count| " ".repeat(count)) {
        for word in ["b", &"b".repeat(60), &"b".repeat(LONGEST_WORD)] {
            let text = subject(format!("a{blanks}{word}"));
            assert!(text.lines().all(|line| line.len() <= 998 && !line.trim().is_empty()), "{text}");
            let is_plain = blanks.len() <= 72;
            assert_eq!(text.replace("\r\n", "") == format!("Subject: a{blanks}{word}"), is_plain, "{text}");
        }
    }
}

#[test]
fn a_subject_in_no_charset_is_kept() {
    let mut header = Header::default();
    let mut warnings = Vec::new();
    let text = Text::from([b"caf".to_vec(), vec![0xe9; 60]].concat());
    header.subject(&text, &Charsets::default(), &mut warnings).unwrap();
    assert!(header.text.starts_with("Subject: =?unknown-8bit?B?Y2Fm6enp"), "{}", header.text);
    assert!(header.text.lines().all(|line| line.len() <= 76));
    assert!(warnings[0].words.starts_with("the field Subject is in no known charset, octet 3 "));
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
fn a_mark_behind_an_address_fits_on_the_line() {
    let group = |name: &str, members| Listed::Group(Group { name: name.into(), members });
    for length in 1..80 {
        let address = format!("b@{}.d", "c".repeat(length.min(60)));
        let name = "x".repeat(length);
        let member = || Mailbox { name: Some("日".repeat(39)), address: Address::parse(&address).unwrap() };
        for many in [
            vec![mailbox("日日", &address), mailbox(&"日".repeat(39), &address), mailbox("", "e@f.g")],
            vec![group("日", vec![member(), member()]), mailbox("", "e@f.g")],
            vec![mailbox("日", "e@f.g"), group(&name, vec![]), group(&name, vec![member()])],
        ] {
            let text = list(&many);
            assert!(text.lines().all(|line| line.len() <= 76), "{text}");
        }
        let mut header = Header::default();
        let phrases = format!("日, {name}, x");
        header.own("Keywords", &phrases.into(), &Charsets::default(), &mut Vec::new()).unwrap();
        let text = header.text;
        assert!(text.lines().all(|line| !line.contains("=?") || line.len() <= 76), "{text}");
    }
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
    for name in ["from", "TO", "Cc", "subject", "date", "Message-Id", "reply-to", "Mime-version", "content-x"]
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
    for bad in ["root", "", "a@x, b@x", "Team: a@x;", "é"] {
        let error = own("Sender", bad).unwrap_err();
        assert_eq!(error.to_string(), "the field Sender takes one address, such as you@example.org", "{bad}");
    }
}

#[test]
fn message_ids() {
    assert!(check_id("Message-ID", "<a.b@c>").is_ok());
    for bad in ["", "a@b", "<a>", "<a@>", "<a b@c>", "<a@b@c>", "<a@b>\r\nBcc: x", "<é@x>"] {
        assert!(check_id("Message-ID", bad).is_err(), "{bad:?}");
    }
}

#[test]
fn keywords_are_phrases() {
    let own = |text: &str| own("Keywords", text, &Charsets::default()).unwrap();
    for (text, expected) in [
        ("", "Keywords:\r\n"),
        ("a, two words ,, b", "Keywords: a, two words, b\r\n"),
        ("\"a, \\\"b\\\"\", c", "Keywords: \"a, \\\"b\\\"\", c\r\n"),
        ("é, b", "Keywords: =?utf-8?b?w6k=?= , b\r\n"),
    ] {
        assert_eq!(own(text), expected, "{text:?}");
    }
    let long = own(&"word, ".repeat(60));
    assert!(long.lines().all(|line| line.len() <= 78) && long.matches("word").count() == 61, "{long}");
}
