//! How texts are sent: each trap of the charsets and of the way.
#![allow(clippy::unwrap_used)]
use super::facts::LONGEST_LINE;
use super::*;
use crate::mime::source::Source;
use encoding_rs::{GB18030, GBK, ISO_2022_JP, SHIFT_JIS, WINDOWS_1252};

const LOCALE: Charsets =
    Charsets { declared: None, locale: None, output: None, undecodable: Undecodable::Keep };

struct Sent {
    charset: String,
    transfer: &'static str,
    octets: Vec<u8>,
    warnings: Vec<Warning>,
}

fn send_octets(octets: &[u8], charsets: &Charsets) -> Sent {
    let body = Body::from(Source::Octets(octets.to_vec()));
    let mut warnings = Vec::new();
    match plan(&body, charsets, "=_b", false, &mut warnings).unwrap() {
        Planned::Text(plan) => {
            let mut written = Vec::new();
            write(&body, &plan, &mut |octets| {
                written.extend_from_slice(octets);
                Ok(())
            })
            .unwrap();
            assert_eq!(written.len() as u64, plan.size);
            Sent { charset: plan.charset.into(), transfer: plan.transfer.word(), octets: written, warnings }
        }
        Planned::Unknown => {
            Sent { charset: "unknown-8bit".into(), transfer: "base64", octets: octets.to_vec(), warnings }
        }
    }
}

fn check(octets: &[u8], charsets: &Charsets, charset: &str, transfer: &str, sent: &[u8]) {
    let told = send_octets(octets, charsets);
    assert_eq!((told.charset.as_str(), told.transfer), (charset, transfer), "{octets:?}");
    assert_eq!(String::from_utf8_lossy(&told.octets), String::from_utf8_lossy(sent));
    assert_eq!(told.warnings, [""; 0], "{octets:?}");
}

#[test]
fn ascii_goes_as_it_is() {
    check(b"", &LOCALE, "us-ascii", "7bit", b"");
    check(b"a\n.\nb", &LOCALE, "us-ascii", "7bit", b"a\r\n.\r\nb\r\n");
    let longest = "x".repeat(LONGEST_LINE);
    check(longest.as_bytes(), &LOCALE, "us-ascii", "7bit", format!("{longest}\r\n").as_bytes());
    check(b"a\n--=_c\n", &LOCALE, "us-ascii", "7bit", b"a\r\n--=_c\r\n");
}

#[test]
fn ascii_that_would_not_arrive_is_encoded() {
    check(b"a\0b", &LOCALE, "us-ascii", "quoted-printable", b"a=00b\r\n");
    check(b"\x1b[1mbold", &LOCALE, "us-ascii", "quoted-printable", b"=1B[1mbold\r\n");
    check(b"10%\r20%\n", &LOCALE, "us-ascii", "quoted-printable", b"10%=0D20%\r\n");
    check(b"From me\n", &LOCALE, "us-ascii", "quoted-printable", b"From=20me\r\n");
    check(b"--=_b\n", &LOCALE, "us-ascii", "quoted-printable", b"--=3D_b\r\n");
    let told = send_octets("x".repeat(5000).as_bytes(), &LOCALE);
    assert_eq!((told.charset.as_str(), told.transfer), ("us-ascii", "quoted-printable"));
    let told = send_octets("x".repeat(LONGEST_LINE + 1).as_bytes(), &LOCALE);
    assert_eq!(told.transfer, "quoted-printable");
}

#[test]
fn utf8_is_utf8_whatever_the_locale_is() {
    let latin = Charsets { locale: Some(WINDOWS_1252), ..LOCALE };
    for charsets in [LOCALE, latin] {
        check("é\n".as_bytes(), &charsets, "utf-8", "quoted-printable", b"=C3=A9\r\n");
        check(b"\xef\xbb\xbfa\n", &charsets, "us-ascii", "7bit", b"a\r\n");
    }
    check("例例例例\n".as_bytes(), &LOCALE, "utf-8", "base64", b"5L6L5L6L5L6L5L6LDQo=\r\n");
}

#[test]
fn other_charsets_become_utf8() {
    let gbk = Charsets { locale: Some(GB18030), ..LOCALE };
    check(b"\xc0\xfd!", &gbk, "utf-8", "base64", b"5L6LIQ0K\r\n");
    let utf16: Vec<u8> = "\u{feff}é\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&utf16, &LOCALE, "utf-8", "quoted-printable", b"=C3=A9\r\n");
    let utf32 = [0, 0, 0xfe, 0xff, 0, 0, 0, b'a'];
    check(&utf32, &LOCALE, "us-ascii", "7bit", b"a\r\n");
    // A declaration explains what would pass for ASCII.
    let declared = |encoding| Charsets { declared: Some(encoding), ..LOCALE };
    check(b"\x1b$BNc\x1b(B", &declared(ISO_2022_JP), "utf-8", "base64", b"5L6LDQo=\r\n");
}

#[test]
fn a_wrong_declaration_is_told() {
    let sjis = Charsets { declared: Some(SHIFT_JIS), ..LOCALE };
    let told = send_octets("é".as_bytes(), &sjis);
    assert_eq!(told.octets, b"=C3=A9\r\n");
    assert_eq!(told.warnings, ["the body is not in Shift_JIS as declared"], "what is UTF-8 is taken for it");
    let told = send_octets("aàb".as_bytes(), &sjis);
    assert_eq!(told.octets, b"a=C3=A0b\r\n");
    assert_eq!(told.warnings, ["the body is not in Shift_JIS as declared"]);
}

#[test]
fn the_output_charset_is_used_where_it_has_every_character() {
    let gbk = Charsets { output: Some(GBK), ..LOCALE };
    check("例\n".as_bytes(), &gbk, "GBK", "quoted-printable", b"=C0=FD\r\n");
    check(b"plain\n", &gbk, "us-ascii", "7bit", b"plain\r\n");
    let told = send_octets("例😀".as_bytes(), &gbk);
    assert_eq!(told.charset, "utf-8");
    assert_eq!(told.warnings, ["GBK has no `\\u{1f600}`: the body is sent in UTF-8"]);
    let japanese = Charsets { output: Some(ISO_2022_JP), ..LOCALE };
    assert_eq!(send_octets("例".as_bytes(), &japanese).charset, "ISO-2022-JP");
    for text in ["例①", &format!("{}①", "例、\n".repeat(20_000))] {
        let told = send_octets(text.as_bytes(), &japanese);
        assert_eq!(told.charset, "utf-8");
        assert_eq!(told.warnings, ["ISO-2022-JP has no `\\u{2460}`: the body is sent in UTF-8"]);
    }
    // The yen sign is in a set of its own, which lines may end in and the text may not.
    let yen = "¥\n¥¥¥¥\n";
    check(yen.as_bytes(), &japanese, "ISO-2022-JP", "quoted-printable", b"=1B(J\\\r\n\\\\\\\\=1B(B\r\n");
}

#[test]
fn what_no_charset_explains() {
    let told = send_octets(b"abc\xffdef\n", &LOCALE);
    assert_eq!(told.charset, "unknown-8bit");
    assert!(told.warnings[0].words.contains("octet 3 is the first"), "{:?}", told.warnings);
    let sjis = Charsets { declared: Some(SHIFT_JIS), ..LOCALE };
    assert!(send_octets(b"abcde\xff", &sjis).warnings[0].words.contains("octet 5 "));

    let replace = Charsets { undecodable: Undecodable::Replace, ..LOCALE };
    let told = send_octets(b"abc\xff, plain text, \xfe", &replace);
    assert_eq!(told.octets, b"abc=EF=BF=BD, plain text, =EF=BF=BD\r\n");
    assert_eq!(told.warnings, ["2 malformed characters of the body became U+FFFD"]);

    let fail = Charsets { undecodable: Undecodable::Fail, ..LOCALE };
    let body = Body::from(Source::Octets(b"a\xff".to_vec()));
    let error = plan(&body, &fail, "", false, &mut Vec::new()).map(drop).unwrap_err();
    assert!(matches!(error, ComposeError::Undecodable { offset: 1, .. }));
}

#[test]
fn a_text_longer_than_a_block_is_the_same_text() {
    let text = "a line with é in it\n".repeat(20_000);
    let told = send_octets(text.as_bytes(), &LOCALE);
    assert_eq!(told.octets, text.replace('\n', "\r\n").replace("é", "=C3=A9").into_bytes());
    let told = send_octets("x y z\n".repeat(50_000).as_bytes(), &LOCALE);
    assert_eq!((told.transfer, told.octets.len()), ("7bit", 7 * 50_000));
}
