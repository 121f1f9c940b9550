//! How a text is sent: found out by reading it once before it is written (RFC 2045 2 and 6, RFC 2046 4.1.2).
//!
//! Nothing is held: the text is read again for each pass. What is sent is `us-ascii` as it is where every transport
//! passes it unchanged, and otherwise quoted-printable or base64, whichever is smaller; never 8bit, so that no server
//! on the way has to convert it.

mod decode;
mod facts;
pub(super) mod flowed;
mod lines;
mod pass;

use encoding_rs::{Encoding, UTF_8};

use self::decode::Reading;
use self::facts::{Facts, LONGEST_LINE};
use self::flowed::Flow;
use self::pass::{Trial, pass, read};
use super::charset::{Charsets, Undecodable, charset_name};
use super::encode::{Base64, QuotedPrintable};
use super::error::{ComposeError, MessageError};
use super::source::{Body, Taken};
use crate::mail::{Warning, WarningKind};

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
    /// How its lines are wrapped, if they are.
    pub(super) flow: Option<Flow>,
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

/// Finds out how `body` is sent, wrapped if it `is_flowed`, so that no line of it is `boundary`'s. Warnings are added to
/// `warnings`.
pub(super) fn plan(
    body: &Body,
    charsets: &Charsets,
    boundary: &str,
    is_flowed: bool,
    warnings: &mut Vec<Warning>,
) -> Result<Planned, ComposeError> {
    let flow = is_flowed.then_some(Flow { is_delsp: false });
    let (mut first_bad, mut refuted) = (None, false);
    for reading in readings(body, charsets)? {
        let facts = read(body, reading, None, flow, boundary)?;
        if let Some(bad) = facts.first_bad {
            // A wrong declaration explains nothing; what counts is the first octet that is not UTF-8.
            if first_bad.is_none() || reading.is_by(UTF_8) {
                first_bad = Some(bad);
            }
            refuted |= charsets.declared.is_some_and(|encoding| reading.is_by(encoding));
            continue;
        }
        refuted |= !facts.is_ascii() && charsets.declared.is_some_and(|encoding| !reading.is_by(encoding));
        if let (Some(declared), true) = (charsets.declared, refuted) {
            let words = format!("the body is not in {} as declared", declared.name());
            warnings.push(Warning::new(WarningKind::WRONG_CHARSET, words));
        }
        return send(body, charsets, (reading, flow), facts, boundary, warnings).map(Planned::Text);
    }
    let offset = first_bad.unwrap_or(0);
    match charsets.undecodable {
        Undecodable::Fail => Err(ComposeError::Undecodable { what: "the body".to_owned(), offset }),
        Undecodable::Keep => {
            let words = format!(
                "the body is in no known charset, octet {offset} is the first that cannot be decoded: it is sent \
                 unchanged as unknown-8bit"
            );
            warnings.push(Warning::new(WarningKind::UNKNOWN_CHARSET, words));
            Ok(Planned::Unknown)
        }
        Undecodable::Replace => {
            let mark = Reading::by_mark(&beginning(body)?);
            let declared = charsets.declared.map(|encoding| Reading::Encoding(encoding, 0));
            let reading = mark.or(declared).unwrap_or(Reading::Encoding(UTF_8, 0));
            let facts = read(body, reading, None, flow, boundary)?;
            let words = format!("{} malformed characters of the body became U+FFFD", facts.malformed);
            warnings.push(Warning::new(WarningKind::MALFORMED_TEXT, words));
            send(body, charsets, (reading, flow), facts, boundary, warnings).map(Planned::Text)
        }
    }
}

/// The plan for a text that must go as it is, such as an attached message (RFC 2046 5.2.1), if every transport passes it.
pub(super) fn plan_unencoded(body: &Body, boundary: &str) -> Result<Option<TextPlan>, MessageError> {
    let reading = Reading::Encoding(UTF_8, 0);
    let facts = read(body, reading, None, None, boundary)?;
    let fit = facts.octets > 0 && facts.is_ascii() && facts.safe();
    Ok(fit.then_some(TextPlan {
        reading,
        output: None,
        flow: None,
        transfer: Transfer::SevenBit,
        charset: "us-ascii",
        octets: facts.octets,
        size: facts.octets,
    }))
}

/// Whether a text is UTF-8.
pub(super) fn is_utf_8(body: &Body) -> Result<bool, MessageError> {
    Ok(read(body, Reading::Encoding(UTF_8, 0), None, None, "")?.first_bad.is_none())
}

/// How the body may have to be read, likeliest first.
fn readings(body: &Body, charsets: &Charsets) -> Result<Vec<Reading>, MessageError> {
    let plainly = |encoding| Reading::Encoding(encoding, 0);
    let mut readings = Vec::with_capacity(4);
    // A byte order mark is better evidence than a declaration: nobody writes one by accident.
    let mark = Reading::by_mark(&beginning(body)?);
    let (declared, locale) = (charsets.declared.map(plainly), charsets.locale.map(plainly));
    // ISO-2022-JP and UTF-16 pass for ASCII or worse; only who declares them can tell.
    let stateful =
        declared.filter(|_| charsets.declared.is_some_and(|encoding| !encoding.is_ascii_compatible()));
    for reading in [mark, stateful, Some(plainly(UTF_8)), declared, locale].into_iter().flatten() {
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
    (reading, mut flow): (Reading, Option<Flow>),
    mut facts: Facts,
    boundary: &str,
    warnings: &mut Vec<Warning>,
) -> Result<TextPlan, ComposeError> {
    if facts.needs_delsp {
        flow = Some(Flow { is_delsp: true });
        facts = read(body, reading, None, flow, boundary)?;
    }
    let mut plan = TextPlan {
        reading,
        output: None,
        flow,
        transfer: Transfer::SevenBit,
        charset: if facts.is_ascii() { "us-ascii" } else { "utf-8" },
        octets: facts.octets,
        size: facts.octets,
    };
    if facts.is_ascii() && facts.safe() {
        return Ok(plan);
    }
    if facts.long_line {
        let words = format!("a line of the text is longer than {LONGEST_LINE} octets: the text is encoded");
        warnings.push(Warning::new(WarningKind::LONG_LINES, words));
    }
    let output = charsets.output_charset();
    if let Some(encoding) = output.filter(|_| !facts.is_ascii()) {
        let transcoded = read(body, reading, Some(encoding), flow, boundary)?;
        match transcoded.unmappable {
            Some(character) => {
                let (name, character) = (charset_name(encoding), character.escape_unicode());
                let words = format!("{name} has no `{character}`: the body is sent in UTF-8");
                warnings.push(Warning::new(WarningKind::UNENCODABLE, words));
            }
            None => {
                (plan.output, plan.charset) = (Some(encoding), encoding.name());
                facts = transcoded;
            }
        }
    }
    let base64 = Base64::size(facts.octets);
    let quoted = match facts.quoted {
        Some(quoted) => quoted,
        None if facts.is_shorter_in_base64() => u64::MAX,
        None => count_quoted(body, &plan)?,
    };
    plan.octets = facts.octets;
    (plan.transfer, plan.size) =
        if quoted <= base64 { (Transfer::QuotedPrintable, quoted) } else { (Transfer::Base64, base64) };
    Ok(plan)
}

/// The length of the quoted-printable form, by a dry run.
fn count_quoted(body: &Body, plan: &TextPlan) -> Result<u64, MessageError> {
    let mut trial = Trial::default();
    pass(body, plan.reading, plan.output, plan.flow, &mut |octets| trial.push(octets))?;
    trial.finish()
}

/// Writes the text as planned. A text that is not what it was when it was planned is an error.
pub(super) fn write(body: &Body, plan: &TextPlan, sink: &mut dyn FnMut(&[u8]) -> Taken) -> Taken {
    let changed = || MessageError::Changed { path: body.path(), change: "its text is not the same" };
    let mut written = 0;
    let mut facts = Facts::new("");
    write_through(body, plan, &mut |octets| {
        written += octets.len() as u64;
        // What is not encoded must still be what was found fit for that.
        if plan.transfer == Transfer::SevenBit {
            facts.see(octets);
        }
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
        Transfer::SevenBit => pass(body, plan.reading, plan.output, plan.flow, sink).map(drop),
        Transfer::QuotedPrintable => {
            let mut encoder = QuotedPrintable::default();
            pass(body, plan.reading, plan.output, plan.flow, &mut |octets| encoder.push(octets, sink))?;
            encoder.finish(sink)
        }
        Transfer::Base64 => {
            let mut encoder = Base64::new();
            pass(body, plan.reading, plan.output, plan.flow, &mut |octets| encoder.push(octets, sink))?;
            encoder.finish(sink)
        }
    }
}

#[cfg(test)]
mod tests;
