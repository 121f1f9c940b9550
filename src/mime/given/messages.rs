//! Finished messages of programs, from octets to octets.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::mail::{Address, Mailbox};
use crate::mime::{Attachment, Contents, Message};
use crate::sys::SeededRandom;
use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;

/// What is added to a message that says nothing of itself.
const ADDED: &str = "Date: Tue, 14 Nov 2023 22:13:20 +0000\nFrom: me@example.org\nTo: undisclosed-recipients:;\n\
                     Message-ID: <1@example.org>\nMIME-Version: 1.0\n";
/// A header that lacks nothing.
const HEAD: &str = "Date: Thu, 1 Jan 2026 10:00:00 +0100\nFrom: Al <al@x.org>\nTo: b@x.org\nMessage-ID: <m@x.org>\nMIME-Version: 1.0\n";
/// The fields of a text in ASCII.
const ASCII: &str = "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n";

fn composed(octets: &[u8], attachments: Vec<Attachment>) -> Result<Message, ComposeError> {
    let date = Timestamp::from_second(1_700_000_000).unwrap().to_zoned(TimeZone::UTC);
    let from = Mailbox::from(Address::parse("me@example.org").unwrap());
    let mut draft = Draft::new(from, date, "<1@example.org>".into());
    draft.given = Some(Given::of_message(Source::Octets(octets.to_vec()))?);
    draft.attachments = attachments;
    Message::compose(draft, &SeededRandom::new(1))
}

/// Writes it, and holds the octets against what is promised of all messages.
fn written(message: &Message) -> Vec<u8> {
    let mut octets = Vec::new();
    message.write_to(&mut octets).unwrap();
    assert_eq!(octets.len() as u64, message.size());
    let mut again = Vec::new();
    message.write_to(&mut again).unwrap();
    assert_eq!(octets, again);
    assert!(message.needs_smtputf8() || message.header().is_ascii(), "{}", message.header());
    for line in octets.split_inclusive(|&octet| octet == b'\n') {
        let text = line.strip_suffix(b"\r\n").unwrap_or_else(|| panic!("no CRLF: {}", line.escape_ascii()));
        assert!(text.len() <= 998 && !text.contains(&b'\r') && !text.contains(&0), "{}", line.escape_ascii());
        assert!(message.is_eight_bit() || line.is_ascii(), "{}", line.escape_ascii());
    }
    octets
}

fn sent(octets: impl AsRef<[u8]>) -> String {
    let message = composed(octets.as_ref(), Vec::new()).unwrap();
    String::from_utf8(written(&message)).unwrap().replace("\r\n", "\n")
}

fn refused(octets: impl AsRef<[u8]>) -> String {
    composed(octets.as_ref(), Vec::new()).unwrap_err().to_string()
}

#[test]
fn a_message_of_any_form_has_what_it_lacks() {
    for (given, expected) in [
        ("", format!("{ADDED}{ASCII}\n")),
        ("\n", format!("{ADDED}{ASCII}\n")),
        ("disk full\n", format!("{ADDED}{ASCII}\ndisk full\n")),
        ("To:\nCc: \nBcc:\n\n.\n..\n", format!("{ADDED}{ASCII}\n.\n..\n")),
        // PHP: CRLF around LF; progress in one line; no empty line.
        (
            "X-A: 1\r\nX-B:\t2\r\n\r\na\nb\r\nc\rd\r\re\r\r\nf",
            format!("X-A: 1\nX-B:\t2\n{ADDED}{ASCII}\na\nb\nc\nd\n\ne\nf\n"),
        ),
        (
            "X-A: 1\nX-A: 2\nnothing: is wrong, said he\n and went\n",
            format!("X-A: 1\nX-A: 2\nnothing: is wrong, said he\n and went\n{ADDED}{ASCII}\n"),
        ),
        // A byte order mark is text where no field follows it.
        (
            "\u{feff}Hello\n",
            format!(
                "{ADDED}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=EF=BB=BFHello\n"
            ),
        ),
        ("X-A: 1\nWARNING disk\n", format!("X-A: 1\n{ADDED}{ASCII}\nWARNING disk\n")),
    ] {
        assert_eq!(sent(given), expected, "{given:?}");
    }
    let message = composed(b"", Vec::new()).unwrap();
    assert!(message.warnings().iter().all(|warning| warning.kind.name != "no-date"));
    let all = Given::of_message(Source::Octets(b"To: a@x\nTo: b@x\n\tc@x\nBcc: d@x\n".to_vec())).unwrap();
    assert_eq!(all.values("to").collect::<Vec<_>>(), ["a@x", "b@x\tc@x"]);
}

#[test]
fn a_text_says_what_it_is() {
    let quoted = |charset: &str, text: &str| {
        format!(
            "{HEAD}Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: quoted-printable\n\n{text}\n"
        )
    };
    for (fields, body, expected) in [
        ("", "\u{e9}\n".as_bytes(), quoted("utf-8", "=C3=A9")),
        (
            "Content-Type: text/plain; charset=ANSI_X3.4-1968\n",
            "\u{e9}".as_bytes(),
            quoted("utf-8", "=C3=A9"),
        ),
        (
            "Content-Type: text/plain; charset=\"cp367\"\nContent-Transfer-Encoding: 8bit\n",
            "\u{e9}".as_bytes(),
            quoted("utf-8", "=C3=A9"),
        ),
        // What is said twice is said.
        (
            "Content-Type: text/plain; charset=us-ascii; charset=us-ascii\n",
            "\u{e9}".as_bytes(),
            quoted("utf-8", "=C3=A9"),
        ),
        (
            "Content-Type: multipart/mixed; boundary=b; boundary=c\n",
            "--b\n\n\u{e9}\n--b--\n".as_bytes(),
            format!(
                "{HEAD}Content-Type: multipart/mixed; boundary=b; boundary=c\n\n--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n--b--\n"
            ),
        ),
        ("Content-Type: text/plain; charset=koi8-r\n", "\u{e9}".as_bytes(), quoted("koi8-r", "=C3=A9")),
        ("Content-Type: text/plain; charset=utf-8\n", b"caf\xe9 au lait", quoted("utf-8", "caf=E9 au lait")),
        (
            "Content-Type: text/plain; charset=klingon\n",
            b"caf\xe9 au lait",
            quoted("klingon", "caf=E9 au lait"),
        ),
        (
            "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: quoted-printable\n",
            "\u{e9} =\n".as_bytes(),
            quoted("us-ascii", "=C3=A9 ="),
        ),
        (
            "",
            b"caf\xe9\rau\n",
            format!(
                "{HEAD}Content-Type: text/plain; charset=unknown-8bit\nContent-Transfer-Encoding: base64\n\nY2Fm6Q0KYXUNCg==\n"
            ),
        ),
        (
            "",
            b"a\0\r\n",
            format!(
                "{HEAD}Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: base64\n\nYQANCg==\n"
            ),
        ),
        (
            "Content-Type: application/x-y\n",
            b"a\0\r",
            format!("{HEAD}Content-Type: application/x-y\nContent-Transfer-Encoding: base64\n\nYQAN\n"),
        ),
        // Twice the same: what is read first counts.
        (
            "Content-Type: text/plain\nMIME-Version: 1.0\nContent-Type: text/html\n",
            b"x",
            format!("{HEAD}Content-Type: text/plain\n\nx\n"),
        ),
    ] {
        assert_eq!(sent([HEAD.as_bytes(), fields.as_bytes(), b"\n", body].concat()), expected, "{fields}");
    }
    let long = "QUJD".repeat(400);
    let text = sent(format!("{HEAD}Content-Transfer-Encoding: base64\n\n{long}\n"));
    assert_eq!(text.split_once("\n\n").unwrap().1.replace('\n', ""), long);
}

#[test]
fn what_cannot_be_sent_is_named_by_its_line() {
    for (content, words) in [
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\0b\n--b--\n".to_owned(),
            "line 10 of the message: a NUL",
        ),
        ("X-A: \0\n".to_owned(), "line 6 of the message: a NUL stands in the header"),
        (
            format!("Content-Type: multipart/signed; boundary=b\n\n--b\n\n{}\n--b--\n", "x".repeat(999)),
            "line 10 of the message: it is longer than 998 octets, and what is signed",
        ),
        (
            format!("Content-Type: message/rfc822; x\n\n{}\n", "x".repeat(70_000)),
            "line 8 of the message: it is longer",
        ),
    ] {
        let error = refused(format!("{HEAD}{content}"));
        assert!(error.starts_with(words), "{error}");
    }
}

#[test]
fn a_multipart_needs_no_8bitmime() {
    let given = "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n\u{e9}\n--b--\n";
    let text = sent(format!("{HEAD}{given}"));
    let expected = "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 7bit\n\n--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n--b--\n";
    assert_eq!(text, format!("{HEAD}{expected}"));
    // With an attachment it is the first of the parts.
    let attachments = vec![Attachment::from(Source::Octets(b"x".into()))];
    let message = composed(format!("{HEAD}{given}").as_bytes(), attachments).unwrap();
    let text = String::from_utf8(written(&message)).unwrap().replace("\r\n", "\n");
    assert!(!message.is_eight_bit() && text.contains(expected), "{text}");
    let signed = "Content-Type: multipart/signed; boundary=s\n\n--s\nContent-Type: text/plain; charset=utf-8\n\n\u{e9}\n--s--\n";
    let message = composed(format!("{HEAD}{signed}").as_bytes(), Vec::new()).unwrap();
    let text = String::from_utf8(written(&message)).unwrap().replace("\r\n", "\n");
    assert!(message.is_eight_bit() && text.ends_with(&signed[signed.find("\n\n").unwrap()..]), "{text}");
    assert!(text.contains("boundary=s\nContent-Transfer-Encoding: 8bit\n\n"), "{text}");
}

#[test]
fn a_header_is_encoded_by_what_the_message_says() {
    let fields = b"Subject: caf\xe9\nContent-Type: text/plain; charset=iso-8859-1; name=caf\xe9\n\nx\n";
    let text = sent([HEAD.as_bytes(), fields].concat());
    assert!(
        text.contains("\nSubject: =?utf-8?b?Y2Fmw6k=?=\n") && text.contains("name*=utf-8''caf%C3%A9\n"),
        "{text}"
    );
    let text = sent([HEAD.as_bytes(), b"Subject: caf\xe9\n\nx\n"].concat());
    assert!(text.contains("\nSubject: =?unknown-8bit?B?Y2Fm6Q==?=\n"), "{text}");
    let text = sent(format!("{HEAD}X-A: 1\rBcc: e@x\n\nx\n"));
    assert!(text.contains("\nX-A: 1 Bcc: e@x\n"), "{text}");
}

/// Octets that are apt to be wrong somewhere.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        "\n",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "\0",
        " ",
        "\t",
        ":",
        "From ",
        "\u{e9}",
        "\u{e9}",
        "=?utf-8?q?=0A?=",
        "=",
        "=41",
        "Subject:",
        "To: a@x",
        "References: ",
        "List-Post: <",
        "X-Y: ",
        "Received: ",
        "b@x,",
        "\"",
        "(",
        ";",
        "\nContent-Type: ",
        "text/plain; charset=",
        "utf-8",
        "us-ascii",
        "iso-8859-1",
        "name=",
        "image/png\n\n",
        "multipart/mixed; boundary=b\n\n",
        "multipart/signed; boundary=s\n\n",
        "multipart/digest; boundary=d\n\n",
        "message/rfc822\n\n",
        "message/rfc822\nContent-Transfer-Encoding: base64\n\n",
        "message/delivery-status\n\n",
        "\n--b\n",
        "\n--b\n",
        "\n--b--\n",
        "\n--s\n",
        "\n--d\n",
        "\n--b\n \n",
        "--",
        "= \t\n",
        "=4",
        "--=_",
        "QUJD",
        "\nContent-Transfer-Encoding: ",
        "8bit\n",
        "base64\n",
        "quoted-printable\n",
        "binary\n",
        "8bits\n",
        "BASE64; x\n",
        "x-own\n",
        "x",
    ];
    let known = proptest::sample::select(known.to_vec()).prop_map(|text| text.as_bytes().to_vec());
    let units: [&[u8]; 6] = [b"w", b"-", b" ", b"w  ", b"QUJD ", "\u{e9}".as_bytes()];
    let long = (proptest::sample::select(units.to_vec()), 900_usize..1100);
    let long = long.prop_map(|(unit, length)| unit.iter().copied().cycle().take(length).collect());
    let piece = prop_oneof![25 => known, 1 => long, 2 => any::<u8>().prop_map(|octet| vec![octet])];
    proptest::collection::vec(piece, 0..50).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_octets_are_a_message_or_refused(
        start in proptest::sample::select(vec!["", "Content-Type: multipart/mixed; boundary=b\n\n--b\n", "A: b\n"]),
        octets in pieces(),
        is_attached in any::<bool>(),
    ) {
        let octets = [start.as_bytes(), &octets].concat();
        let attachments = Vec::from_iter(is_attached.then(|| Attachment::from(Source::Octets(b"x".into()))));
        let Ok(message) = composed(&octets, attachments) else { return Ok(()) };
        let octets = written(&message);
        let contents = Contents::read(&mut &octets[..]).unwrap();
        for name in ["Date", "From", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"] {
            let count = contents.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).count();
            prop_assert!(count > 0 || name.starts_with("Content-"), "{name}: {:?}", contents.fields);
            prop_assert!(count < 2 || ["Date", "From", "Message-ID"].contains(&name), "{name}: {:?}", contents.fields);
        }
        // What was made fit is fit.
        let again = composed(&octets, Vec::new()).unwrap();
        let again = written(&again);
        prop_assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&octets));
    }
}

#[test]
fn blanks_mean_nothing_in_base64() {
    let fields = "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n";
    let text = sent(format!("{HEAD}{fields}\n{}\n", "QUJD \t".repeat(250)));
    assert!(text.starts_with(&format!("{HEAD}{fields}\n")), "{text}");
    assert_eq!(text.split_once("\n\n").unwrap().1.replace('\n', ""), "QUJD".repeat(250));
}

#[test]
fn an_encoded_message_stays_what_its_label_says() {
    for (word, body, expected) in [
        ("base64", "QUJD".repeat(400), format!("{}QUJD", format!("{}\n", "QUJD".repeat(19)).repeat(21))),
        (
            "quoted-printable",
            format!("A: b\n\n{}\u{e9}", "x".repeat(74)),
            format!("A: b\n\n{}=\n=C3=A9", "x".repeat(74)),
        ),
        // What stands among base64 says nothing.
        ("base64", "QUJD\n\u{e9}".to_owned(), "QUJD\n\u{e9}".to_owned()),
    ] {
        let fields = format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: {word}\n\n");
        assert_eq!(sent(format!("{HEAD}{fields}{body}\n")), format!("{HEAD}{fields}{expected}\n"));
        let parts = "Content-Type: multipart/mixed; boundary=b\n";
        let text = sent(format!("{HEAD}{parts}\n--b\n{fields}{body}\n--b--\n"));
        // The line end before a boundary belongs to it, and base64 ends its own.
        let text = text.replace("QUJD\n\n--b--", "QUJD\n--b--");
        assert!(text.ends_with(&format!("\n--b\n{fields}{expected}\n--b--\n")), "{text}");
    }
}

#[test]
fn a_nul_in_one_encoded_part_is_encoded_or_passed_over() {
    let part = |word: &str, text: &str| format!("{HEAD}Content-Transfer-Encoding: {word}\n\n{text}\n");
    assert_eq!(sent(part("quoted-printable", "a\0=\nb")), part("quoted-printable", "a=00=\nb"));
    assert_eq!(sent(part("base64", "QU\0JD")), part("base64", "QUJD"));
    let long = part("base64", &"QUJD\0".repeat(400));
    assert_eq!(sent(long).split_once("\n\n").unwrap().1.replace('\n', ""), "QUJD".repeat(400));
    let error = refused(part("x-uuencode", "begin 644 x\0"));
    assert!(error.starts_with("line 8 of the message: a NUL"), "{error}");
}

#[test]
fn an_unknown_transfer_encoding_is_none() {
    let long = "x".repeat(999);
    for word in ["8bits", "utf-8", "binary8", "8bit;", "8bit; x"] {
        let fields = format!("Content-Type: text/plain\nContent-Transfer-Encoding: {word}\n");
        let parts = "Content-Type: multipart/mixed; boundary=b\n";
        for text in ["\u{e9}", &long] {
            for given in [format!("{fields}\n{text}\n"), format!("{parts}\n--b\n{fields}\n{text}\n--b--\n")] {
                let text = sent(format!("{HEAD}{given}"));
                assert!(text.contains("Content-Transfer-Encoding: quoted-printable\n"), "{text}");
                assert!(
                    text.contains("\n=C3=A9\n") && text.contains("utf-8") || text.contains("xxx=\nxxx"),
                    "{text}"
                );
            }
        }
        // Nothing is due.
        let given = format!("{HEAD}{fields}\nx\n");
        assert_eq!(sent(&given), given);
        let message = format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: {word}\n");
        let text = sent(format!("{HEAD}{message}\nA: b\n\n{long}\n"));
        assert!(text.contains("A: b\nContent-Transfer-Encoding: quoted-printable\n\nxxx"), "{text}");
    }
    let base64 = sent(format!("{HEAD}Content-Transfer-Encoding: BASE64;\n\n{}\n", "QUJD".repeat(400)));
    assert_eq!(base64.split_once("\n\n").unwrap().1.replace('\n', ""), "QUJD".repeat(400));
}
