//! Fields that cannot go as they are.

#![allow(clippy::unwrap_used)]
use super::super::field::Value as Given;
use super::*;
use crate::mime::read::decoded_words;
use encoding_rs::WINDOWS_1252;

fn mended_in(charsets: &Charsets, name: &str, value: &[u8]) -> String {
    let mut header = Header::default();
    let field = Field::new(name, 1, Given::Written(value.to_vec()));
    write(&field, value, &mut header, charsets, &mut Vec::new()).unwrap();
    assert!(passes(&header), "{}", header.text);
    header.text
}

fn mended(name: &str, value: impl AsRef<[u8]>) -> String {
    mended_in(&Charsets::default(), name, value.as_ref())
}

#[test]
fn sections_without_end_are_read_once() {
    let sections: String = (0..20_000).map(|_| ";\r\n name*0=\"\u{e9}\"; name*1=\"f\"").collect();
    let expected = "Content-Type: a/b; name*=utf-8''%C3%A9f\r\n";
    assert_eq!(mended("Content-Type", format!(" a/b{sections}")), expected);
    // No number of a section.
    let value = mended("Content-Type", " a/b; name*99999999999999999999=\"\u{e9}\"");
    assert_eq!(value, "Content-Type: a/b; =?utf-8?b?bmFtZSo5OTk5OTk5OTk5OTk5OTk5OTk5OT0iw6ki?=\r\n");
}

#[test]
fn utf_8_is_encoded_where_its_field_allows_it() {
    for (name, value, expected) in [
        ("Subject", " =?utf-8?q?=0Aa?= \u{e9}", "Subject: =?utf-8?b?IGEgw6k=?=\r\n"),
        ("Received", " from \u{e9} by x;\r\n\tdate", "Received: from =?utf-8?b?w6k=?= by x; date\r\n"),
        (
            "References",
            " <a@x> <\u{e9}@x> <\u{e9}> <b@x>",
            "References: <a@x> =?utf-8?b?PMOpQHg+IDzDqT4=?= <b@x>\r\n",
        ),
        ("Message-ID", " <\u{e9}@x>", "Message-ID: =?utf-8?b?PMOpQHg+?=\r\n"),
        (
            "List-Unsubscribe",
            " <mailto:a@x?subject=\u{e9}>",
            "List-Unsubscribe: <mailto:a@x?subject=%C3%A9>\r\n",
        ),
        ("List-ID", " \u{e9} t <a.b>", "List-ID: =?utf-8?b?w6k=?= t <a.b>\r\n"),
        ("Keywords", " \u{e9}, b", "Keywords: =?utf-8?b?w6k=?= , b\r\n"),
        ("X-Cron-Env", " <A=\u{e9}>", "X-Cron-Env: =?utf-8?b?PEE9w6k+?=\r\n"),
        ("To", " \"\u{e9}\" <a@x>, root", "To: =?utf-8?b?IsOpIg==?= <a@x>, root\r\n"),
        ("Cc", " \u{e9} <a@x>", "Cc: =?utf-8?b?w6k=?= <a@x>\r\n"),
        ("Content-Type", " a/b; name=\"\u{e9} b\";", "Content-Type: a/b; name*=utf-8''%C3%A9%20b\r\n"),
        (
            "Content-Disposition",
            " attachment; filename=\u{e9}.p; FileName*=utf-8''%C3%A9.p",
            "Content-Disposition: attachment; FileName*=utf-8''%C3%A9.p\r\n",
        ),
        ("Content-Type", " a/b (\u{e9}); charset=utf-8 (\u{e9})", "Content-Type: a/b; charset=utf-8\r\n"),
        // One in sections is written once, from all of them.
        (
            "Content-Disposition",
            " attachment; filename=\"r\u{e9}\"; filename*0=\"rap\"; x=y; Filename*1=\"p\u{f6}rt.pdf\"",
            "Content-Disposition: attachment; filename*=utf-8''rapp%C3%B6rt.pdf; x=y\r\n",
        ),
        (
            "Content-Disposition",
            " attachment; filename*0*=utf-8''a%20; filename*1=\"\u{e9}.pdf\"",
            "Content-Disposition: attachment; filename*=utf-8''a%20%C3%A9.pdf\r\n",
        ),
        (
            "Content-Disposition",
            " attachment; filename*=iso-8859-1''%E9; n*0*=x-y''%e9; n*1=\u{e9}",
            "Content-Disposition: attachment; filename*=iso-8859-1''%E9;\r\n n*=unknown-8bit''%E9%C3%A9\r\n",
        ),
        ("Content-Type", " t\u{e9}/x; a=b", "Content-Type: =?utf-8?b?dMOpL3g7?= a=b\r\n"),
        // What nobody here can read is not encoded once more.
        (
            "Subject",
            " a =?cp850?q?=94?= =?utf-8?q?b?= \u{e9} =?utf-8?q?=F6?= c",
            "Subject: a =?cp850?q?=94?= =?utf-8?q?b?= =?utf-8?b?IMOpIA==?=\r\n =?utf-8?q?=F6?= c\r\n",
        ),
        ("Subject", " =?x?= \u{e9}", "Subject: =?utf-8?b?PT94Pz0gw6k=?=\r\n"),
        (
            "To",
            " \u{e9} <a@x>, \"O. =?cp850?q?J=94?=\" \u{e9} <b@x>, =?x-y?b?YQ==?= c <c@x>",
            "To: =?utf-8?b?w6k=?= <a@x>, \"O.\" =?cp850?q?J=94?= =?utf-8?b?IMOp?= <b@x>,\r\n =?x-y?b?YQ==?= c <c@x>\r\n",
        ),
        ("Keywords", " \u{e9}, =?cp850?q?=94?=, b", "Keywords: =?utf-8?b?w6k=?= , =?cp850?q?=94?= , b\r\n"),
        (
            "Cc",
            " \u{e9} <a@x>, \"=?cp850?q?D,J?=\" <b@x>, =?cp850?q?T?=: c@x;",
            "Cc: =?utf-8?b?w6k=?= <a@x>, =?utf-8?b?PT9jcDg1MD9xP0QsSj89?= <b@x>,\r\n =?cp850?q?T?= : c@x;\r\n",
        ),
    ] {
        assert_eq!(mended(name, value), expected);
    }
    let long = "\u{e9}".repeat(20) + ".pdf";
    let text = mended("Content-Disposition", format!(" attachment; filename=\"{long}\""));
    assert_eq!(crate::mime::read::parameter(&text.replace("\r\n", ""), "filename"), Some(long));
}

#[test]
fn many_parameters_take_no_time_for_each_of_each() {
    let begun = std::time::Instant::now();
    let text = mended("Content-Type", "text/plain".to_owned() + &";a=\u{e9}".repeat(60_000));
    assert_eq!(text.matches("a*=utf-8''%C3%A9").count(), 60_000);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn other_octets_are_in_the_declared_charset_or_in_none() {
    for (name, value, unknown) in [
        ("Subject", &b" caf\xe9 au"[..], "Subject: =?unknown-8bit?B?Y2Fm6Q==?= au\r\n"),
        (
            "From",
            b" \"J\xf6 M\" <j@x>, =?utf-8?q?b?= <b@x>",
            "From: =?unknown-8bit?B?SvYgTQ==?= <j@x>, b <b@x>\r\n",
        ),
        (
            "Subject",
            b" a =?utf-8?q?b?= \xe9 c \xe9 =?utf-8?q?d?=",
            "Subject: a =?utf-8?q?b?= =?unknown-8bit?B?IOk=?= c =?unknown-8bit?B?6SA=?=\r\n =?utf-8?q?d?=\r\n",
        ),
        (
            "To",
            b" =?x?q?y?= \xe9 z =?utf-8?q?b?= c <b@x>",
            "To: =?x?q?y?= =?unknown-8bit?B?IOkgeiA=?= =?utf-8?q?b?= c <b@x>\r\n",
        ),
        ("To", b" \xe9@x", "To: =?unknown-8bit?B?6UB4?=\r\n"),
        ("Content-Type", b" a/b; name=\xe9", "Content-Type: a/b; name*=unknown-8bit''%E9\r\n"),
        ("List-Help", b" <http://x/\xe9>", "List-Help: <http://x/%E9>\r\n"),
    ] {
        assert_eq!(mended(name, value), unknown);
    }
    let latin = Charsets { declared: Some(WINDOWS_1252), ..Charsets::default() };
    assert_eq!(mended_in(&latin, "Subject", b" caf\xe9"), "Subject: =?utf-8?b?Y2Fmw6k=?=\r\n");
    assert_eq!(mended_in(&latin, "To", b" J\xf6 <j@x>"), "To: =?utf-8?b?SsO2?= <j@x>\r\n");
}

#[test]
fn a_line_without_end_is_folded_or_divided() {
    let long = "x".repeat(2000);
    let whole = |text: &str| text.split_once(':').unwrap().1.replace("\r\n ", "").trim().to_owned();
    assert_eq!(whole(&mended("References", &long)), long);
    assert_eq!(decoded_words(&whole(&mended("X-Long", &long)).replace("?==?", "?= =?")), long);
    assert_eq!(whole(&mended("Content-Transfer-Encoding", &long)), long);
    // Blanks stay as many as they are.
    let blanks = "a  b =?x \" ".repeat(200) + "=?utf-8?q?c?=";
    for name in ["Subject", "X-Note"] {
        let text = mended(name, blanks.replacen("a  b", "a\r\n  b", 1));
        assert_eq!(text.replace("\r\n", ""), format!("{name}: {blanks}"));
    }
    assert_eq!(mended("Subject", format!("{}\tb", "a ".repeat(500))).matches('a').count(), 500);
    let ids = (0..60).map(|index| format!("<{index}.{}@x>", "i".repeat(20))).collect::<Vec<_>>();
    let text = mended("References", ids.concat());
    assert_eq!(text.replace("\r\n ", " ").replace("> <", "><"), format!("References: {}\r\n", ids.concat()));
    assert!(text.lines().all(|line| line.ends_with('>')), "{text}");
    for name in [
        "DKIM-Signature",
        "ARC-Seal",
        "arc-message-signature",
        "ARC-Authentication-Results",
        "Authentication-Results",
    ] {
        let signed = format!("v=1;{};b={long}", "h=from:to;".repeat(20));
        let text = mended(name, &signed);
        assert_eq!(whole(&text), signed);
        assert!(text.contains(";\r\n b=xx"), "{text}");
    }
    let text = mended("Content-Type", format!("a/b; name=\"{long}\""));
    assert_eq!(crate::mime::read::parameter(&text.replace("\r\n", ""), "name"), Some(long.clone()));
    let text = mended("Content-Type", format!("a/b; name*0=\"{long}\"; name*1=y"));
    let read = crate::mime::read::parameter(&text.replace("\r\n", ""), "name");
    assert_eq!((read, text.matches("*0").count()), (Some(long.clone() + "y"), 1));
    let addresses = "a@example.org, ".repeat(100) + "b@x";
    assert_eq!(mended("To", &addresses).matches('@').count(), 101);
    let name = "n".repeat(900);
    assert_eq!(mended(&name, "\u{e9} b"), format!("{name}:\r\n =?utf-8?b?w6kgYg==?=\r\n"));
    assert_eq!(mended(&name, b"\xe9 b"), format!("{name}:\r\n =?unknown-8bit?B?6Q==?= b\r\n"));
    assert!(mended(&name, &long).starts_with(&format!("{name}:\r\n =?utf-8?b?")));
    let field = Field::new(&"n".repeat(901), 1, Given::Written(Vec::new()));
    let error = write(&field, b"", &mut Header::default(), &Charsets::default(), &mut Vec::new());
    assert!(error.unwrap_err().to_string().ends_with("… has a name of more than 900 octets"));
}
