//! Given messages, from octets to octets.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::mail::parse_list;
use crate::mime::sample::{self, attachment, compose, mailbox};
use crate::mime::{Attachment, Contents, Message};
use crate::sys::SeededRandom;
use proptest::prelude::*;

/// What every header here begins with.
const HEAD: &str = "Date: Thu, 1 Jan 2026 10:00:00 +0100\nFrom: Al <al@x.org>\nTo: b@x.org\nMessage-ID: <m@x.org>\nMIME-Version: 1.0\n";

fn draft(octets: &[u8]) -> Draft {
    let mut draft = Draft { from: mailbox("", "me@example.org"), to: Vec::new(), ..sample::draft() };
    let given = Given::read(Source::Octets(octets.to_vec())).unwrap();
    draft.body = given.typed_text().cloned().unwrap_or_default();
    draft.given = Some(given);
    draft
}

fn composed(draft: Draft) -> Result<(Message, Vec<u8>), ComposeError> {
    let message = compose(draft)?;
    let octets = sample::octets(&message);
    assert_eq!(message.is_eight_bit(), !octets.is_ascii());
    Ok((message, octets))
}

fn sent(octets: impl AsRef<[u8]>) -> String {
    String::from_utf8(composed(draft(octets.as_ref())).unwrap().1).unwrap()
}

fn refused(octets: impl AsRef<[u8]>) -> String {
    composed(draft(octets.as_ref())).unwrap_err().to_string()
}

fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

#[test]
fn a_whole_message_is_what_it_was() {
    for content in [
        "Content-Type: text/plain\n\nhello\n.\nFrom me\n",
        "content-TYPE:text/plain;\n  charset=\"us-ascii\"\nContent-Transfer-Encoding: 7BIT\n\nx\n\n\n",
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\nX-A: 1\n\n=C3=A9 =\n x\n",
        "Content-Transfer-Encoding: base64\n\n0JfQtNGA\n",
        "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBERg==\n",
        "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\n--b--\npost\n",
        "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit\n\n--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\né\n--b--\n",
        "Content-Type: message/rfc822\n\nSubject: inner\n\ntext\n",
        "Content-Type: multipart/signed; boundary=\"=_s\"\n\n--=_s\n\n- --\ttrailing \t \n--=_s--\n",
        "Content-Type: nonsense\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n`\nend\n",
    ] {
        let text = format!("{HEAD}X-Odd:\tfolded\n\t so  \nsubJECT: \n{content}");
        assert_eq!(sent(&text), crlf(&text), "{content}");
        assert_eq!(sent(crlf(&text)), crlf(&text), "{content}");
        assert_eq!(sent(format!("From al Thu Jan  1 10:00:00 2026\n{text}")), crlf(&text));
        let unended = text.strip_suffix('\n').unwrap();
        assert!(unended.ends_with('\n') || sent(unended) == crlf(&text));
    }
}

#[test]
fn what_is_missing_is_added_behind_the_rest() {
    assert_eq!(
        sent("X-A: 1\nCc:\n\nhello\n"),
        crlf(
            "X-A: 1\nDate: Tue, 14 Nov 2023 22:13:20 +0000\nFrom: me@example.org\nTo: undisclosed-recipients:;\n\
             Message-ID: <1@example.org>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n\
             Content-Transfer-Encoding: 7bit\n\nhello\n"
        )
    );
    let text = sent(format!("{HEAD}\nh\u{e9}llo\n"));
    let added = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nh=C3=A9llo\n";
    assert_eq!(text, crlf(&format!("{HEAD}{added}")));
    let (message, _) = composed(draft(HEAD.as_bytes())).unwrap();
    assert_eq!(message.message_id(), "<m@x.org>");
}

#[test]
fn a_single_part_that_does_not_pass_is_encoded() {
    let long = "x".repeat(1000);
    for (fields, body, expected_fields, expected) in [
        (
            "Content-Type: text/plain; charset=iso-8859-1; format=flowed\nContent-Transfer-Encoding: 8bit\nX: y\n",
            &b"caf\xe9\n"[..],
            "Content-Type: text/plain; charset=iso-8859-1; format=flowed\nContent-Transfer-Encoding: quoted-printable\nX: y\n",
            "caf=E9\n".to_owned(),
        ),
        (
            "Content-Type: text/html; charset=utf-8\nX: y\n",
            "<p>\u{e9}".as_bytes(),
            "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\nX: y\n",
            "<p>=C3=A9\n".to_owned(),
        ),
        // A label that is not true.
        (
            "Content-Type: text/plain; x=y; charset=us-ascii\n",
            "\u{e9}\n".as_bytes(),
            "Content-Type: text/plain; x=y; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n",
            "=C3=A9\n".to_owned(),
        ),
        (
            "Content-Type: text/plain\n",
            long.as_bytes(),
            "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n",
            format!("{}{}\n", format!("{}=\n", "x".repeat(75)).repeat(13), "x".repeat(25)),
        ),
        (
            "Content-Type: application/x-y\nContent-Transfer-Encoding: binary\n",
            b"\0\n\r\xff",
            "Content-Type: application/x-y\nContent-Transfer-Encoding: base64\n",
            "AAoN/w==\n".to_owned(),
        ),
        (
            "Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: binary\n",
            b"a\0\n\0\xe9\0",
            "Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n",
            "YQAKAOkA\n".to_owned(),
        ),
        (
            "Content-Type: application/json\nContent-Transfer-Encoding: binary\n",
            b"{}\n",
            "Content-Type: application/json\nContent-Transfer-Encoding: 7bit\n",
            "{}\n".to_owned(),
        ),
    ] {
        let text = [HEAD.as_bytes(), fields.as_bytes(), b"\n", body].concat();
        assert_eq!(sent(text), crlf(&format!("{HEAD}{expected_fields}\n{expected}")), "{fields}");
    }
}

#[test]
fn what_cannot_be_sent_is_named_by_its_line() {
    let multipart = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n";
    for (content, words) in [
        (
            format!("Content-Type: multipart/signed; boundary=b\n\n--b\n\n{}\n--b--\n", "x".repeat(999)),
            "line 10 of the draft: it is longer than 998 octets, and what is signed",
        ),
        (format!("{multipart}a\0b\n--b--\n"), "line 10 of the draft: a NUL"),
        (format!("{multipart}a\n\rb\n"), "line 11 of the draft: a NUL, or a CR"),
        ("Content-Transfer-Encoding: base64\n\nw6k=\né\n".into(), "line 9 of the draft: an octet above 127"),
    ] {
        let error = refused(format!("{HEAD}{content}"));
        assert!(error.starts_with(words), "{error}");
    }
    let twice = Given::read(Source::Octets(format!("{HEAD}FROM: e@x\n\n").into())).unwrap_err();
    assert_eq!(twice.to_string(), "line 6 of the draft: it is a second FROM, and the first is on line 2");
}

#[test]
fn a_header_of_many_fields_is_read_in_one_go() {
    let many = "A:\n".repeat(9_900);
    let begun = std::time::Instant::now();
    assert!(Given::read(Source::Octets(format!("{many}{HEAD}\n").into())).is_ok());
    // Each field held against each other one took seconds.
    assert!(begun.elapsed() < std::time::Duration::from_secs(10));
}

#[test]
fn attachments_stand_beside_what_was_given() {
    let inner = "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/html\n\ny\n--b--\n";
    let mut draft = draft(format!("{HEAD}{inner}").as_bytes());
    draft.attachments = vec![attachment("a.bin", "x")];
    let text = String::from_utf8(composed(draft).unwrap().1).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(head.matches("Content-").count(), 1, "{head}");
    let boundary = head.split("boundary=\"").nth(1).unwrap().trim_end_matches('"');
    assert!(body.starts_with(&format!("--{boundary}\r\n{}\r\n--{boundary}\r\n", crlf(inner))), "{text}");
    let parts = Contents::read(&mut text.as_bytes()).unwrap().parts;
    assert_eq!(parts.len(), 3);
}

#[test]
fn a_boundary_that_stands_in_what_was_given_is_not_taken() {
    let token = SeededRandom::new(1);
    let token = crate::sys::Random::token(&token, 23).unwrap();
    let mut draft = draft(format!("{HEAD}Content-Type: text/plain\n\n--=_{token}a\n").as_bytes());
    draft.attachments = vec![Attachment::from(Source::Octets(b"x".into()))];
    let text = String::from_utf8(composed(draft).unwrap().1).unwrap();
    assert_eq!(text.matches(&token).count(), 1, "{text}");
}

#[test]
fn fields_are_replaced_in_their_place() {
    let mut draft = draft(format!("{HEAD}SUBJECT: old\nX-A: 1\nX-B: 2\nx-a: 3\n\ntext\n").as_bytes());
    let given = draft.given.as_mut().unwrap();
    given.set("Subject", Text::from("n\u{e9}w"));
    given.set("X-A", Text::from("4"));
    given.add_counted("To", parse_list("c@x.org", None).unwrap());
    given.add_counted("Cc", parse_list("d@x.org", None).unwrap());
    given.remove("X-B");
    let text = String::from_utf8(composed(draft).unwrap().1).unwrap();
    let head = HEAD.replace("To: b@x.org\n", "To: b@x.org,\n c@x.org\n");
    let expected = crlf(&format!("{head}SUBJECT: =?utf-8?b?bsOpdw==?=\nX-A: 4\nCc: d@x.org\nContent-Type: "));
    assert!(text.starts_with(&expected), "{text}");
}

#[test]
fn words_that_a_person_types_are_not_taken_for_encoded_ones() {
    let typed = || parse_list("=?utf-8?q?Boss?= <c@x.org>", None).unwrap();
    let seen = "=?utf-8?b?PT91dGYtOD9xP0Jvc3M/PQ==?= <c@x.org>";
    for (to, kept) in
        [("b@x.org", "b@x.org"), ("=?x?q?y?= \u{e9} <b@x.org>", "=?x?q?y?= =?utf-8?b?IMOp?= <b@x.org>")]
    {
        let mut draft = draft(HEAD.replace("b@x.org", to).as_bytes());
        let given = draft.given.as_mut().unwrap();
        given.add_counted("To", typed());
        given.set_typed("Reply-To", typed());
        let text = String::from_utf8(composed(draft).unwrap().1).unwrap().replace("\r\n ", " ");
        assert!(text.contains(&format!("\r\nTo: {kept}, {seen}\r\n")), "{text}");
        assert!(text.contains(&format!("\r\nReply-To: {seen}\r\n")), "{text}");
    }
}

#[test]
fn a_text_goes_on_behind_a_plain_body_only() {
    for (content, text, expected) in [
        ("Content-Type: text/plain; charset=utf-8\n\na\n", "b\n", Some("a\r\nb\r\n")),
        ("Content-Type: text/plain; charset=utf-8\n\na", "b", Some("a\r\nb\r\n")),
        ("Content-Type: text/plain; charset=us-ascii\n\na", "\u{e9}", Some("a\r\n=C3=A9\r\n")),
        ("Content-Type: text/plain; charset=iso-8859-1\n\na", "b", Some("a\r\nb\r\n")),
        ("Content-Type: text/plain; charset=iso-8859-1\n\na", "\u{e9}", None),
        ("Content-Type: text/html\n\na\n", "b\n", None),
        ("Content-Transfer-Encoding: quoted-printable\n\na\n", "b\n", None),
    ] {
        let mut draft = draft(format!("{HEAD}{content}").as_bytes());
        let may_grow = draft.given.as_mut().unwrap().append(Body::from(text)).unwrap();
        assert_eq!(may_grow, expected.is_some(), "{content}");
        let text = String::from_utf8(composed(draft).unwrap().1).unwrap();
        assert!(text.ends_with(&format!("\r\n\r\n{}", expected.unwrap_or("a\r\n"))), "{text}");
    }
}

#[test]
fn a_body_that_changed_is_no_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("draft");
    let write = |text: &str| {
        std::fs::write(&path, format!("{HEAD}Content-Type: text/plain\n\n{text}")).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    };
    write("a\nb\n");
    let mut draft = draft(b"\n");
    draft.given = Some(Given::read(Source::open(&path).unwrap()).unwrap());
    let message = Message::compose(draft, &SeededRandom::new(1)).unwrap();
    message.write_to(&mut std::io::sink()).unwrap();
    for other in ["a\rbc", "a\0bc", "a\n\u{e9}", "\n\n\n\n"] {
        write(other);
        let error = message.write_to(&mut std::io::sink()).unwrap_err();
        assert!(matches!(error, MessageError::Changed { .. }), "{other:?}: {error}");
    }
}

/// Octets that are apt to be wrong somewhere.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        "\n",
        "\r\n",
        "\r",
        "\0",
        " ",
        "\t",
        ":",
        "From ",
        "\u{e9}",
        "=?utf-8?q?=0A?=",
        "Subject:",
        "To: a@x",
        "Cc:",
        "b@x,",
        "Content-Type: ",
        "text/plain; charset=",
        "utf-8",
        "iso-8859-1",
        "us-ascii",
        "multipart/mixed; boundary=b",
        "--b",
        "--=_",
        "Content-Transfer-Encoding: ",
        "8bit",
        "base64",
        "binary",
        "x",
        "Date: ",
        "From: \u{e9} <c@x>",
        "Message-ID: <a@b>",
    ];
    let known = proptest::sample::select(known.to_vec()).prop_map(|text| text.as_bytes().to_vec());
    let long = (900_usize..1100).prop_map(|length| vec![b'w'; length]);
    let piece = prop_oneof![20 => known, 1 => long, 2 => any::<u8>().prop_map(|octet| vec![octet])];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Such octets behind fields that say what they are.
fn labelled() -> impl Strategy<Value = Vec<u8>> {
    let types = [
        "text/plain",
        "text/html; charset=iso-8859-1",
        "text/plain; charset=utf-8",
        "multipart/mixed; boundary=b",
        "a/b",
    ];
    let encodings = ["7bit", "8bit", "binary", "base64", "quoted-printable"];
    let fields = (proptest::sample::select(types.to_vec()), proptest::sample::select(encodings.to_vec()));
    (fields, pieces()).prop_map(|((kind, encoding), body)| {
        let fields = format!("Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n");
        [fields.as_bytes(), &body].concat()
    })
}

proptest! {
    #[test]
    fn any_octets_are_a_message_or_refused(octets in prop_oneof![pieces(), labelled()], is_attached in any::<bool>()) {
        let Ok(given) = Given::read(Source::Octets(octets)) else { return Ok(()) };
        let mut draft = draft(b"\n");
        draft.body = given.typed_text().cloned().unwrap_or_default();
        draft.given = Some(given);
        if is_attached {
            draft.attachments = vec![Attachment::from(Source::Octets(b"x".into()))];
        }
        let Ok((_, octets)) = composed(draft) else { return Ok(()) };
        for line in octets.split_inclusive(|&octet| octet == b'\n') {
            let text = line.strip_suffix(b"\r\n");
            prop_assert!(text.is_some(), "no CRLF: {}", line.escape_ascii());
            let text = text.unwrap_or_default();
            prop_assert!(text.len() <= 998 && !text.contains(&b'\r') && !text.contains(&0), "{}", line.escape_ascii());
        }
        let contents = Contents::read(&mut &octets[..]).unwrap();
        for name in ["Date", "From", "Message-ID", "MIME-Version", "Content-Type"] {
            let count = contents.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).count();
            prop_assert!(count == 1 || (name == "Content-Type" && count == 0), "{name}: {:?}", contents.fields);
        }
    }
}

#[test]
fn a_type_of_any_form_gets_a_true_charset() {
    let name = format!("name=\"{}\"", "n".repeat(80));
    for (given, expected) in [
        ("text/plain; charset = us-ascii", "text/plain; charset=utf-8"),
        (&format!("text/html; {name}"), &format!("text/html; {name}; charset=utf-8")),
        ("text/plain; charset=us-ascii (ASCII); x", "text/plain; x; charset=utf-8"),
    ] {
        let text = sent(format!("{HEAD}Content-Type: {given}\n\n\u{e9}\n"));
        let fields = format!("Content-Type: {expected}\nContent-Transfer-Encoding: quoted-printable\n");
        assert_eq!(text, crlf(&format!("{HEAD}{fields}\n=C3=A9\n")));
    }
}
