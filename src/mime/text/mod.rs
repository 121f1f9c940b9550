//! How a text is sent: found out by reading it once before it is written (RFC 2045 2 and 6, RFC 2046 4.1.2).
//!
//! Nothing is held: the text is read again for each pass. What is sent is `us-ascii` as it is where every transport
//! passes it unchanged, and otherwise quoted-printable or base64, whichever is smaller; never 8bit, so that no server
//! on the way has to convert it.

mod decode;
mod facts;
mod lines;
mod pass;

use encoding_rs::{Encoding, UTF_8};

use self::decode::Reading;
use self::facts::Facts;
use self::pass::{pass, read};
use super::charset::{Charsets, Undecodable};
use super::encode::{Base64, QuotedPrintable};
use super::error::{ComposeError, MessageError};
use super::source::{Body, Taken};

/// How octets are made fit for transport (RFC 2045 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transfer {
    SevenBit,
    QuotedPrintable,
    Base64,
}

impl Transfer {
    /// The word of the Content-Transfer-Encoding field.
    pub(super) fn word(self) -> &'static str {
        match self {
            Transfer::SevenBit => "7bit",
            Transfer::QuotedPrintable => "quoted-printable",
            Transfer::Base64 => "base64",
        }
    }
}

/// How a text is read and sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextPlan {
    reading: Reading,
    output: Option<&'static Encoding>,
    pub(super) transfer: Transfer,
    /// The charset parameter.
    pub(super) charset: &'static str,
    /// Octets before the transfer encoding.
    pub(super) octets: u64,
    /// Octets as written.
    pub(super) size: u64,
}

/// What a text turned out to be.
pub(super) enum Planned {
    Text(TextPlan),
    /// No charset explains it; it is sent octet for octet.
    Unknown,
}

/// Finds out how `body` is sent so that no line of it is `boundary`'s. Warnings are added to `warnings`.
pub(super) fn plan(
    body: &Body,
    charsets: &Charsets,
    boundary: &str,
    warnings: &mut Vec<String>,
) -> Result<Planned, ComposeError> {
    let (mut first_bad, mut refuted) = (None, false);
    for reading in readings(body, charsets)? {
        let facts = read(body, reading, None, boundary)?;
        if let Some(bad) = facts.first_bad {
            // A wrong declaration explains nothing; what counts is the first octet that is not UTF-8.
            if first_bad.is_none() || reading.is_by(UTF_8) {
                first_bad = Some(bad);
            }
            refuted |= charsets.declared.is_some_and(|encoding| reading.is_by(encoding));
            continue;
        }
        if let (Some(declared), true) = (charsets.declared, refuted) {
            warnings.push(format!("the body is not in {} as declared", declared.name()));
        }
        return send(body, charsets, reading, facts, boundary, warnings).map(Planned::Text);
    }
    let offset = first_bad.unwrap_or(0);
    match charsets.undecodable {
        Undecodable::Fail => Err(ComposeError::Undecodable { what: "the body".to_owned(), offset }),
        Undecodable::Keep => {
            warnings.push(format!(
                "the body is in no known charset, octet {offset} is the first that cannot be decoded: it is sent \
                 unchanged as unknown-8bit"
            ));
            Ok(Planned::Unknown)
        }
        Undecodable::Replace => {
            let mark = Reading::by_mark(&beginning(body)?);
            let declared = charsets.declared.map(|encoding| Reading::Encoding(encoding, 0));
            let reading = mark.or(declared).unwrap_or(Reading::Encoding(UTF_8, 0));
            let facts = read(body, reading, None, boundary)?;
            warnings.push(format!("{} malformed characters of the body became U+FFFD", facts.malformed));
            send(body, charsets, reading, facts, boundary, warnings).map(Planned::Text)
        }
    }
}

/// The plan for a text that must go as it is, such as an attached message (RFC 2046 5.2.1), if every transport passes it.
pub(super) fn plan_unencoded(body: &Body, boundary: &str) -> Result<Option<TextPlan>, MessageError> {
    let reading = Reading::Encoding(UTF_8, 0);
    let facts = read(body, reading, None, boundary)?;
    let fit = facts.octets > 0 && facts.is_ascii() && facts.safe();
    Ok(fit.then_some(TextPlan {
        reading,
        output: None,
        transfer: Transfer::SevenBit,
        charset: "us-ascii",
        octets: facts.octets,
        size: facts.octets,
    }))
}

/// How the body may have to be read, likeliest first.
fn readings(body: &Body, charsets: &Charsets) -> Result<Vec<Reading>, MessageError> {
    let plainly = |encoding| Reading::Encoding(encoding, 0);
    let mut readings = Vec::with_capacity(4);
    // A byte order mark is better evidence than a declaration: nobody writes one by accident.
    let mark = Reading::by_mark(&beginning(body)?);
    let (declared, locale) = (charsets.declared.map(plainly), charsets.locale.map(plainly));
    for reading in [mark, declared, Some(plainly(UTF_8)), locale].into_iter().flatten() {
        if !readings.contains(&reading) {
            readings.push(reading);
        }
    }
    Ok(readings)
}

/// Where a byte order mark may be: the first source that has octets.
fn beginning(body: &Body) -> Result<Vec<u8>, MessageError> {
    match body.sources.iter().find(|source| source.length() > 0) {
        Some(source) => source.beginning(4),
        None => Ok(Vec::new()),
    }
}

/// Chooses charset and transfer encoding for a text of which `facts` are known.
fn send(
    body: &Body,
    charsets: &Charsets,
    reading: Reading,
    mut facts: Facts,
    boundary: &str,
    warnings: &mut Vec<String>,
) -> Result<TextPlan, ComposeError> {
    let mut plan = TextPlan {
        reading,
        output: None,
        transfer: Transfer::SevenBit,
        charset: if facts.is_ascii() { "us-ascii" } else { "utf-8" },
        octets: facts.octets,
        size: facts.octets,
    };
    if facts.is_ascii() && facts.safe() {
        return Ok(plan);
    }
    let output = charsets.output.map(Encoding::output_encoding).filter(|encoding| *encoding != UTF_8);
    if let Some(encoding) = output.filter(|_| !facts.is_ascii()) {
        let transcoded = read(body, reading, Some(encoding), boundary)?;
        match transcoded.unmappable {
            Some(character) => warnings.push(format!(
                "{} has no `{}`: the body is sent in UTF-8",
                encoding.name(),
                character.escape_unicode()
            )),
            None => {
                (plan.output, plan.charset) = (Some(encoding), encoding.name());
                facts = transcoded;
            }
        }
    }
    let quoted = count_quoted(body, &plan)?;
    let base64 = Base64::size(facts.octets);
    plan.octets = facts.octets;
    (plan.transfer, plan.size) =
        if quoted <= base64 { (Transfer::QuotedPrintable, quoted) } else { (Transfer::Base64, base64) };
    Ok(plan)
}

/// The length of the quoted-printable form, by a dry run.
fn count_quoted(body: &Body, plan: &TextPlan) -> Result<u64, MessageError> {
    let mut size = 0;
    let trial = TextPlan { transfer: Transfer::QuotedPrintable, ..*plan };
    write_through(body, &trial, &mut |octets| {
        size += octets.len() as u64;
        Ok(())
    })?;
    Ok(size)
}

/// Writes the text as planned. A text that is not what it was when it was planned is an error.
pub(super) fn write(body: &Body, plan: &TextPlan, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
    let changed = || MessageError::Changed { path: body.path(), change: "its text is not the same" };
    let mut written = 0;
    let mut facts = Facts::new("");
    write_through(body, plan, &mut |octets| {
        written += octets.len() as u64;
        facts.see(octets);
        // What is not encoded must still be what was found fit for that.
        if written > plan.size || !facts.passes() {
            return Err(changed());
        }
        sink(octets)
    })?;
    if written == plan.size && facts.lone_returns == 0 { Ok(()) } else { Err(changed()) }
}

/// Reads, decodes, encodes.
fn write_through(body: &Body, plan: &TextPlan, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
    match plan.transfer {
        Transfer::SevenBit => pass(body, plan.reading, plan.output, sink).map(drop),
        Transfer::QuotedPrintable => {
            let mut encoder = QuotedPrintable::default();
            pass(body, plan.reading, plan.output, &mut |octets| encoder.push(octets, sink))?;
            encoder.finish(sink)
        }
        Transfer::Base64 => {
            let mut encoder = Base64::new();
            pass(body, plan.reading, plan.output, &mut |octets| encoder.push(octets, sink))?;
            encoder.finish(sink)
        }
    }
}

#[cfg(test)]
mod tests {
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
        warnings: Vec<String>,
    }

    fn send_octets(octets: &[u8], charsets: &Charsets) -> Sent {
        let body = Body::from(Source::Octets(octets.to_vec()));
        let mut warnings = Vec::new();
        match plan(&body, charsets, "=_b", &mut warnings).unwrap() {
            Planned::Text(plan) => {
                let mut written = Vec::new();
                write(&body, &plan, &mut |octets| {
                    written.extend_from_slice(octets);
                    Ok(())
                })
                .unwrap();
                assert_eq!(written.len() as u64, plan.size);
                Sent {
                    charset: plan.charset.into(),
                    transfer: plan.transfer.word(),
                    octets: written,
                    warnings,
                }
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
        // A declaration explains what would pass for ASCII, and what would pass for UTF-8.
        let declared = |encoding| Charsets { declared: Some(encoding), ..LOCALE };
        check(b"\x1b$BNc\x1b(B", &declared(ISO_2022_JP), "utf-8", "base64", b"5L6LDQo=\r\n");
        check(b"\xc3\xa9", &declared(WINDOWS_1252), "utf-8", "base64", b"w4PCqQ0K\r\n");
    }

    #[test]
    fn a_wrong_declaration_is_told() {
        let sjis = Charsets { declared: Some(SHIFT_JIS), ..LOCALE };
        let told = send_octets("é".as_bytes(), &sjis);
        assert_eq!((told.charset.as_str(), told.warnings.len()), ("utf-8", 0), "half-width katakana");
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
    }

    #[test]
    fn what_no_charset_explains() {
        let told = send_octets(b"abc\xffdef\n", &LOCALE);
        assert_eq!(told.charset, "unknown-8bit");
        assert!(told.warnings[0].contains("octet 3 is the first"), "{:?}", told.warnings);
        let sjis = Charsets { declared: Some(SHIFT_JIS), ..LOCALE };
        assert!(send_octets(b"abcde\xff", &sjis).warnings[0].contains("octet 5 "));

        let replace = Charsets { undecodable: Undecodable::Replace, ..LOCALE };
        let told = send_octets(b"abc\xff, plain text, \xfe", &replace);
        assert_eq!(told.octets, b"abc=EF=BF=BD, plain text, =EF=BF=BD\r\n");
        assert_eq!(told.warnings, ["2 malformed characters of the body became U+FFFD"]);

        let fail = Charsets { undecodable: Undecodable::Fail, ..LOCALE };
        let body = Body::from(Source::Octets(b"a\xff".to_vec()));
        let error = plan(&body, &fail, "", &mut Vec::new()).map(drop).unwrap_err();
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
}
