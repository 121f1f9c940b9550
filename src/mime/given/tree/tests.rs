//! Bodies of parts, from octets to octets.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::mime::given::edit;
use crate::mime::given::field::{Field, Value};
use crate::mime::source::Source;

/// What becomes of a body of this type, in blocks of each size, and what is found in it.
fn walked(kind: &str, text: &[u8], manner: Manner) -> (String, Found) {
    let value = Value::Written(format!(" {kind}").into_bytes());
    let label = Label::of(&[Field::new("Content-Type", 1, value)]);
    let mut results = [1, 2, 3, 100, 100_000].map(|size| {
        let body = Body { sources: text.chunks(size).map(|part| Source::Octets(part.to_vec())).collect() };
        let found = walk(&body, &label, manner, &Charsets::default(), &mut Vec::new()).unwrap().unwrap();
        let mut out = Vec::new();
        edit::write(&body, manner, &found.edits, &mut |octets| {
            out.extend_from_slice(octets);
            Ok(())
        })
        .unwrap();
        (String::from_utf8_lossy(&out).into_owned(), found)
    });
    assert!(results.windows(2).all(|two| two[0].0 == two[1].0), "{:?}", results.map(|result| result.0));
    std::mem::take(&mut results[0])
}

fn made_fit(kind: &str, text: impl AsRef<[u8]>) -> String {
    let (out, found) = walked(kind, text.as_ref(), Manner::Message);
    assert!(found.fault.is_none() && !found.is_eight_bit && out.is_ascii(), "{found:?} {out}");
    out.replace("\r\n", "\n")
}

const MIXED: &str = "multipart/mixed; boundary=b";

#[test]
fn a_leaf_is_encoded_and_says_so() {
    for (given, expected) in [
        // Its label is added, or made true.
        (
            "--b\n\n\u{e9}\n--b--\n",
            "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n--b--\n",
        ),
        (
            "p\n--b \nX: y\ncontent-type: text/html;\n\tcharset=US-ASCII; x=y\nCONTENT-TRANSFER-ENCODING: 8bit\nZ: z\n\n<\u{e9}>\n--b--  \ne\n",
            "p\n--b \nX: y\ncontent-type: text/html; x=y; charset=utf-8\nCONTENT-TRANSFER-ENCODING: quoted-printable\nZ: z\n\n<=C3=A9>\n--b--  \ne\n",
        ),
        // What another label says stays.
        (
            "--b\nContent-Type: text/plain; charset=koi8-r\n\n\u{e9}\n--b--\n",
            "--b\nContent-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n--b--\n",
        ),
        // No text, whose line ends stay, and a text of few ASCII letters.
        (
            "--b\nContent-Type: image/png\n\n\u{e9}\n\n--b--\n",
            "--b\nContent-Type: image/png\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n\n--b--\n",
        ),
        (
            "--b\nContent-Type: text/plain; charset=utf-8\n\n\u{4e2d}\u{6587}\u{4e2d}\u{6587}\n--b\n\nx\n",
            "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n5Lit5paH5Lit5paH\n\n--b\n\nx\n",
        ),
        // Without an empty line, without a header, without an end.
        (
            "--b\nContent-Type: text/plain; charset=utf-8\n(no) field \u{e9}\n--b--\n",
            "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n(no) field =C3=A9\n--b--\n",
        ),
        (
            "--b\nContent-Transfer-Encoding: 8bit\nContent-Transfer-Encoding: 7bit\n\n\u{e9}",
            "--b\nContent-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=utf-8\n\n=C3=A9\n",
        ),
        // A header alone.
        (
            "--b\nContent-Disposition: inline; filename=\u{e9}\n--b--\n",
            "--b\nContent-Disposition: inline; filename*=utf-8''%C3%A9\n--b--\n",
        ),
        (
            "--b\nContent-Disposition: inline; filename=\u{e9}",
            "--b\nContent-Disposition: inline; filename*=utf-8''%C3%A9\n",
        ),
    ] {
        assert_eq!(made_fit(MIXED, given), expected);
        assert_eq!(made_fit(MIXED, given.replace('\n', "\r")), expected);
    }
    let unknown = made_fit(MIXED, b"--b\nContent-Type: text/plain; charset=ascii\n\n\xe9\n--b--\n");
    assert!(
        unknown.contains("; charset=unknown-8bit\n") && unknown.contains("base64\n\n6Q==\n"),
        "{unknown}"
    );
    for (name, coded) in [(&b"\xe9"[..], "unknown-8bit''%E9"), ("\u{e9}".as_bytes(), "utf-8''%C3%A9")] {
        let text = [b"--b\nContent-Type: text/plain; name=", name, "\n\n\u{e9}\n--b--\n".as_bytes()].concat();
        let named = made_fit(MIXED, text);
        let expected = format!("--b\nContent-Type: text/plain; name*={coded}; charset=utf-8\n");
        assert!(named.starts_with(&expected), "{named}");
    }
    let unnamed = made_fit(MIXED, b"--b\nContent-Type: text/html\n\n\xe9\n--b--\n");
    assert!(unnamed.contains("Content-Type: text/html\n") && unnamed.contains("\n\n=E9\n"), "{unnamed}");
}

#[test]
fn a_long_line_is_encoded_and_what_is_encoded_is_divided() {
    let long = "x".repeat(1000);
    let text = made_fit(MIXED, format!("--b\n\n{long}\n--b--\n"));
    assert!(text.starts_with("--b\nContent-Transfer-Encoding: quoted-printable\n\nxxx"), "{text}");
    let base64 =
        made_fit(MIXED, format!("--b\nContent-Transfer-Encoding: base64\n\n{}\n--b--\n", "QUJD".repeat(400)));
    assert_eq!(base64.replace('\n', "").matches("QUJD").count(), 400);
    let quoted =
        format!("--b\nContent-Transfer-Encoding: quoted-printable\n\n{long}=C3=A9 \u{e9}=\nz\n--b--\n");
    assert!(made_fit(MIXED, quoted).ends_with("xx=C3=A9 =C3=A9=\nz\n--b--\n"));
    for manner in [Manner::Draft, Manner::Message] {
        let text =
            format!("--b\nContent-Type: text/plain; charset=utf-8\n\n\u{e9}{long}\n--b\n\n\u{e9}\n--b--\n");
        let (out, found) = walked(MIXED, text.as_bytes(), manner);
        assert!(out.contains("=C3=A9xxx") && found.fault.is_none());
        // A person's octets stay where they can.
        assert_eq!(out.ends_with("--b\r\n\r\n\u{e9}\r\n--b--\r\n"), manner == Manner::Draft, "{out}");
        assert_eq!(found.is_eight_bit, manner == Manner::Draft);
    }
}

#[test]
fn what_holds_parts_says_what_is_in_them() {
    let text = |word: &str, inner: &str| {
        format!(
            "--b\nContent-Type: multipart/alternative; boundary=\"b 2\"\nContent-Transfer-Encoding: {word}\n\n--b 2\n{inner}\n--b 2--\n--b--\n"
        )
    };
    let given = text("8bit", "Content-Type: text/plain; charset=utf-8\n\n\u{e9}");
    let expected = text(
        "7bit",
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9",
    );
    assert_eq!(made_fit(MIXED, given), expected);
    // Nothing is changed where nothing is due.
    let given = text("8bit", "\nx");
    assert_eq!(made_fit(MIXED, &given), given);
    let signed = "Content-Type: multipart/signed; boundary=s\n\n--s\n\n\u{e9}\n--s--";
    let (out, found) = walked(MIXED, text("8bit", signed).as_bytes(), Manner::Message);
    assert_eq!(out.replace("\r\n", "\n"), text("8bit", signed));
    assert!(found.is_eight_bit && found.edits.is_empty());
    let message = "Content-Type: message/rfc822\n\nSubject: \u{e9}\n\n\u{e9}";
    let (out, found) = walked(MIXED, text("8bit", message).as_bytes(), Manner::Message);
    assert_eq!(out.replace("\r\n", "\n"), text("8bit", message));
    assert!(found.is_eight_bit && found.edits.is_empty());
    let digest = "multipart/digest; boundary=b";
    let (out, _) = walked(digest, "--b\n\nSubject: \u{e9}\n\n\u{e9}\n--b--\n".as_bytes(), Manner::Message);
    assert_eq!(out, "--b\r\n\r\nSubject: \u{e9}\r\n\r\n\u{e9}\r\n--b--\r\n");
}

#[test]
fn a_long_line_of_an_attached_message_is_encoded_in_its_part() {
    let inner = "Subject: a\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n";
    let given = format!("--b\nContent-Type: message/rfc822\n\n{inner}{}\n--c--\n--b--\n", "x".repeat(1000));
    let out = made_fit(MIXED, given);
    assert!(out.contains("--c\nContent-Transfer-Encoding: quoted-printable\n\nxxx"), "{out}");
    let given = format!("--b\nContent-Type: message/rfc822\n\nSubject: {}\n\nz\n--b--\n", "y ".repeat(600));
    assert!(made_fit(MIXED, given).contains("\nSubject: y y y"));
}

#[test]
fn blanks_without_end_in_a_header_are_folded() {
    let blanks = " ".repeat(1500);
    for field in [format!("Subject: a\n{blanks}\n b"), format!("Subject{blanks}: a b")] {
        let text = made_fit(MIXED, format!("--b\n{field}\n\nz\n--b--\n"));
        assert!(text.replace("\n ", " ").contains("Subject: a b\n"), "{text}");
        let sealed = format!("--b\nContent-Type: multipart/signed; boundary=s\n\n--s\n{field}\n\na\n");
        assert_eq!(walked(MIXED, sealed.as_bytes(), Manner::Message).1.fault.unwrap().0, 5);
    }
}

#[test]
fn a_line_that_cannot_be_changed_is_named() {
    let long = "x".repeat(999);
    for (text, line, words) in [
        (
            format!("--b\nContent-Type: multipart/signed; boundary=s\n\n{long}\n--s\n\na\n--s--\n"),
            4,
            "signed",
        ),
        (format!("--b\nContent-Type: multipart/signed; boundary=s\n\n--s\n\na\n{long}\n"), 7, "signed"),
        (format!("--b\nContent-Type: multipart/mixed\n\n{long}\n"), 4, "cannot be encoded"),
        (format!("--b\nContent-Type: message/partial\n\n{long}\n"), 4, "cannot be encoded"),
        (
            "--b\nContent-Type: image/png\nContent-Transfer-Encoding: binary\n\nx\n\u{e9}".to_owned(),
            6,
            "must be base64",
        ),
        (format!("--b\nContent-Transfer-Encoding: x-uuencode\n\n{long}\n"), 4, "cannot be encoded"),
        (format!("--b\nContent-Transfer-Encoding: base64\n\n{long}*x\n"), 4, "cannot be encoded"),
        (format!("--b\nX: {}\n\nz\n", "y".repeat(70_000)), 2, "no text of a part"),
    ] {
        let (_, found) = walked(MIXED, text.as_bytes(), Manner::Message);
        let (at, reason) = found.fault.unwrap();
        assert!(at == line && reason.contains(words), "{at} {reason}");
    }
}

#[test]
fn a_mailbox_line_belongs_to_the_header_of_an_attached_message() {
    for line in ["From a@x Mon Jan  1 00:00:00 2024", ">From a@x"] {
        let part = "Content-Type: multipart/mixed; boundary=c\n\n--c\n";
        let given = format!(
            "--b\nContent-Type: message/rfc822\n\n{line}\n{part}\n{}\n--c--\n--b--\n",
            "x".repeat(1000)
        );
        let text = made_fit(MIXED, given);
        let quoted = format!("\n\n{line}\n{part}Content-Transfer-Encoding: quoted-printable\n\nxxx");
        assert!(text.contains(&quoted), "{text}");
    }
}

#[test]
fn comments_are_no_values() {
    let text = made_fit(
        "multipart/mixed; boundary=b (x)",
        "--b\nContent-Type: text/plain; charset=us-ascii (Plain text)\n\n\u{e9}\n--b--\n",
    );
    assert!(text.contains("Content-Type: text/plain; charset=utf-8\n") && text.contains("=C3=A9"), "{text}");
}

#[test]
fn no_content_becomes_a_boundary() {
    let head = "--b\nContent-Type: text/plain; charset=utf-8\n";
    for (word, is_base64) in [("8bit", false), ("quoted-printable", false), ("base64", true)] {
        let inner = match is_base64 {
            false => format!("\u{e9}{}--b\n\u{e9}{}--b--", "x".repeat(69), "x".repeat(69)),
            true => format!("-\n-\nb\n{}", "QUJD".repeat(400)),
        };
        let text = made_fit(MIXED, format!("{head}Content-Transfer-Encoding: {word}\n\n{inner}\n--b--\n"));
        let boundaries: Vec<&str> = text.lines().filter(|line| line.starts_with("--")).collect();
        assert_eq!(boundaries, ["--b", "--b--"], "{text}");
    }
}

#[test]
fn boundaries_are_whole_lines() {
    // One is the beginning of the other, one is the same as the other, and neither ends.
    for (kind, text, expected) in [
        (
            MIXED,
            "--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\n\u{e9}\n--bb--\n--b\n\n\u{e9}\n--bc\n",
            "--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\nT\n=C3=A9\n--bb--\n--b\nT\n=C3=A9\n--bc\n",
        ),
        (
            "multipart/mixed; boundary=bb",
            "--bb\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n\u{e9}\n--bb\n\n\u{e9}\n--b\n",
            "--bb\nContent-Type: multipart/mixed; boundary=b\n\n--b\nT\n=C3=A9\n--bb\nT\n=C3=A9\n--b\n",
        ),
        (
            MIXED,
            "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n\u{e9}\n--b--\n--b\n\n\u{e9}\n--b--\n",
            "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\nT\n=C3=A9\n--b--\n--b\nT\n=C3=A9\n--b--\n",
        ),
    ] {
        let fields =
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n";
        assert_eq!(made_fit(kind, text), expected.replace("T\n", fields));
    }
}

#[test]
fn a_boundary_outside_of_ascii_is_left() {
    let kind = "multipart/mixed; boundary=\"\u{e9}\"";
    let (out, found) = walked(kind, "\n--\u{e9}\n\nh\u{e9}\n--\u{e9}--\n".as_bytes(), Manner::Message);
    assert!(out.contains("h=C3=A9\r\n--\u{e9}--") && found.is_eight_bit, "{out}");
}

#[test]
fn of_a_draft_the_fields_are_made_ascii_and_the_content_stays() {
    let name = "Content-Disposition: inline; filename=\u{e9}\n";
    let given = format!(
        "--b\n{name}\n\u{e9}\n--b\nContent-Type: message/rfc822\n{name}\nSubject: \u{e9}\n\n\u{e9}\n--b--\n"
    );
    let (out, found) = walked(MIXED, given.as_bytes(), Manner::Draft);
    let expected = given.replace("filename=\u{e9}", "filename*=utf-8''%C3%A9");
    assert_eq!(out.replace("\r\n", "\n"), expected);
    assert!(found.is_eight_bit);
    let signed = walked("multipart/signed; boundary=b", given.as_bytes(), Manner::Draft).0;
    assert_eq!(signed.replace("\r\n", "\n"), given);
}

#[test]
fn depth_and_number_have_limits() {
    let part =
        |number: usize| format!("--{number}\nContent-Type: multipart/mixed; boundary={}\n\n", number + 1);
    let deep = |depth: usize| (0..depth).map(part).collect::<String>() + &format!("--{depth}\n\n\u{e9}\n");
    let kind = "multipart/mixed; boundary=0";
    assert!(walked(kind, deep(DEPTH - 1).as_bytes(), Manner::Message).0.ends_with("=C3=A9\r\n"));
    let (out, found) = walked(kind, deep(DEPTH).as_bytes(), Manner::Message);
    assert!(out.ends_with("\u{e9}\r\n") && found.is_eight_bit && found.edits.is_empty());
    let many = "--b\n\n\u{e9}\n".repeat(MOST_EDITS);
    let body = Body::from(Source::Octets(many.into_bytes()));
    let value = Value::Written(format!(" {MIXED}").into_bytes());
    let label = Label::of(&[Field::new("Content-Type", 1, value)]);
    let found = walk(&body, &label, Manner::Message, &Charsets::default(), &mut Vec::new()).unwrap().unwrap();
    assert!(found.is_eight_bit && found.edits.len() < MOST_EDITS + 3, "{}", found.edits.len());
}

#[test]
fn behind_the_end_of_the_outermost_there_is_no_part() {
    let given = "--b\n\nx\n--b--\n--b\nContent-Type: text/plain; charset=utf-8\n\n\u{e9}\n--b--\n";
    let (out, found) = walked(MIXED, given.as_bytes(), Manner::Message);
    assert_eq!(out.replace("\r\n", "\n"), given);
    assert!(found.is_eight_bit && found.edits.is_empty());
}

#[test]
fn a_line_of_blanks_is_none_of_the_content_of_a_part() {
    let fields = " \nContent-Type: application/pdf\n\t\nContent-Disposition: attachment; filename=x.pdf\n";
    for blanks in ["", " \n", " \n\t \n"] {
        let part = |added: &str, text: &str| format!("--b\n{blanks}{fields}{added}\n{text}\n--b--\n");
        let expected = part("Content-Transfer-Encoding: quoted-printable\n", "=C3=A9");
        assert_eq!(made_fit(MIXED, part("", "\u{e9}")), expected);
    }
    let long = " ".repeat(999);
    assert!(made_fit(MIXED, format!("--b\n{long}\nX: y\n--b--\n")).contains("=20\nX: y\n"));
}

#[test]
fn a_field_says_why_it_stays() {
    let field = format!("X: {}\n\n", "y ".repeat(600));
    let value = Value::Written(format!(" {MIXED}").into_bytes());
    let label = Label::of(&[Field::new("Content-Type", 1, value)]);
    let sealed = "--b\nContent-Type: multipart/signed; boundary=s\n\n--s\n".to_owned();
    for (before, words) in [
        ("--b\nX: \u{e9}\n\n\n".repeat(MOST_EDITS) + "--b\n", "too many before it"),
        (sealed, "signed or encrypted"),
    ] {
        let body = Body::from(Source::Octets((before + &field).into_bytes()));
        let found = walk(&body, &label, Manner::Message, &Charsets::default(), &mut Vec::new());
        let (_, reason) = found.unwrap().unwrap().fault.unwrap();
        assert!(reason.contains("the field X holds a line") && reason.contains(words), "{reason}");
    }
}

#[test]
fn a_long_line_beside_the_parts_is_divided() {
    let x = |count: usize| "x".repeat(count);
    let dashes = |count: usize| "-".repeat(count);
    for (line, expected) in [
        (x(998), x(998)),
        (x(999), x(998) + "\nx"),
        (x(3000), [x(998), x(998), x(998), x(6)].join("\n")),
        (x(998) + "--b", x(997) + "\nx--b"),
        (x(997) + "\u{e9}", x(997) + "\n\u{e9}"),
        (dashes(1998), [dashes(998), format!(" {}", dashes(997)), " ---".to_owned()].join("\n")),
    ] {
        for text in [
            "L\n--b\n\nz\n--b--\n",
            "--b\n\nz\n--b--\n\nL\n",
            "--b\nContent-Type: multipart/mixed; boundary=c\nL\n--c\n",
        ] {
            for manner in [Manner::Draft, Manner::Message] {
                let (out, found) = walked(MIXED, text.replace('L', &line).as_bytes(), manner);
                assert!(found.fault.is_none() && found.is_eight_bit != line.is_ascii(), "{found:?}");
                assert_eq!(out.replace("\r\n", "\n"), text.replace('L', &expected));
            }
        }
    }
    // Its beginning would be a boundary.
    let (_, found) = walked(MIXED, format!("--b{}x\n--b\n\n", " ".repeat(999)).as_bytes(), Manner::Message);
    assert!(found.fault.unwrap().1.contains("no text of a part"));
}

#[test]
fn a_long_field_of_a_report_is_folded() {
    for kind in ["delivery-status", "disposition-notification", "global-delivery-status"] {
        let report = |value: &str| {
            format!(
                "--b\nContent-Type: message/{kind}\n\nReporting-MTA: dns; x\n\nDiagnostic-Code: {value}\nZ: z\n--b--\n"
            )
        };
        let given = report(&"x  ".repeat(600).replace("x  x  x  ", "xx \txx "));
        let given = given.replace(" \nZ", "\nZ");
        let text = made_fit(MIXED, &given);
        assert!(
            text.contains("\n x")
                && text.lines().all(|line| line.len() <= 998 && !line.trim().is_empty() || line.is_empty()),
            "{text}"
        );
        assert_eq!(text.replace("\n ", " ").replace("\n\t", "\t"), given);
        let (_, found) = walked(MIXED, report(&"x".repeat(999)).as_bytes(), Manner::Message);
        assert_eq!(found.fault.unwrap().0, 6);
        // A line of blanks would end the field.
        let blank = report(&format!("a\n  {}", "x".repeat(997)));
        assert_eq!(walked(MIXED, blank.as_bytes(), Manner::Message).1.fault.unwrap().0, 7);
        let sealed =
            format!("--b\nContent-Type: multipart/signed; boundary=s\n\n{}", given.replace("--b", "--s"));
        assert!(walked(MIXED, sealed.as_bytes(), Manner::Message).1.fault.unwrap().1.contains("signed"));
    }
}
