//! One reading of a text from its sources to lines in the output charset.

use encoding_rs::Encoding;

use super::decode::{Decoder, Reading};
use super::facts::Facts;
use super::flowed::{Flow, Wrapper};
use super::lines::{LineEnds, Transcoder};
use crate::mime::error::MessageError;
use crate::mime::source::{Body, Taken};

/// What decoding and transcoding met.
pub(super) struct Met {
    pub(super) malformed: u64,
    pub(super) first_bad: Option<u64>,
    pub(super) unmappable: Option<char>,
    pub(super) needs_delsp: bool,
}

/// Hands the whole text to `sink`, in lines that end in CRLF, in the output charset, before any transfer encoding.
pub(super) fn pass(
    body: &Body,
    reading: Reading,
    output: Option<&'static Encoding>,
    flow: Option<Flow>,
    sink: &mut dyn FnMut(&[u8]) -> Taken,
) -> Result<Met, MessageError> {
    let mut decoder = Decoder::new(reading);
    let mut ends = LineEnds::default();
    let mut transcoder = output.map(Transcoder::new);
    let mut wrapper = flow.map(Wrapper::new);
    let mut encode = |text: &str, last: bool| match &mut transcoder {
        Some(transcoder) => transcoder.push(text, last, sink),
        None => sink(text.as_bytes()),
    };
    let mut deliver = |text: &str| match &mut wrapper {
        Some(wrapper) => wrapper.push(text, &mut |text| encode(text, false)),
        None => encode(text, false),
    };
    body.each_block(&mut |octets| decoder.push(octets, false, &mut |text| ends.push(text, &mut deliver)))?;
    decoder.push(&[], true, &mut |text| ends.push(text, &mut deliver))?;
    ends.finish(&mut deliver)?;
    encode("", true)?;
    Ok(Met {
        malformed: decoder.malformed,
        first_bad: decoder.first_bad,
        unmappable: transcoder.and_then(|transcoder| transcoder.unmappable),
        needs_delsp: wrapper.is_some_and(|wrapper| wrapper.needs_delsp),
    })
}

/// Reads the text and tells what it is.
pub(super) fn read(
    body: &Body,
    reading: Reading,
    output: Option<&'static Encoding>,
    flow: Option<Flow>,
    boundary: &str,
) -> Result<Facts, MessageError> {
    let mut facts = Facts::new(boundary);
    let met = pass(body, reading, output, flow, &mut |octets| {
        facts.see(octets);
        Ok(())
    })?;
    facts.end_line();
    facts.malformed = met.malformed;
    facts.first_bad = met.first_bad;
    facts.unmappable = met.unmappable;
    facts.needs_delsp = met.needs_delsp;
    Ok(facts)
}
