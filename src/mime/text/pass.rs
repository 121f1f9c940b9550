//! One reading of a text from its sources to lines in the output charset.

use encoding_rs::Encoding;

use super::decode::{Decoder, Reading};
use super::facts::Facts;
use super::flowed::{Flow, Wrapper};
use super::lines::{LineEnds, Transcoder};
use crate::mime::encode::QuotedPrintable;
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

/// Reads the text and tells what it is. If it begins with what must be encoded, its length in quoted-printable is found on
/// the way.
pub(super) fn read(
    body: &Body,
    reading: Reading,
    output: Option<&'static Encoding>,
    flow: Option<Flow>,
    boundary: &str,
) -> Result<Facts, MessageError> {
    let mut facts = Facts::new(boundary);
    let mut trial = None;
    let met = pass(body, reading, output, flow, &mut |octets| {
        let is_first = facts.octets == 0;
        facts.see(octets);
        if is_first && !facts.safe() {
            trial = Some(Trial::default());
        }
        trial = trial.take().filter(|_| !facts.is_shorter_in_base64());
        trial.as_mut().map_or(Ok(()), |trial| trial.push(octets))
    })?;
    facts.end_line();
    facts.quoted = trial.map(Trial::finish).transpose()?;
    facts.malformed = met.malformed;
    facts.first_bad = met.first_bad;
    facts.unmappable = met.unmappable;
    facts.needs_delsp = met.needs_delsp;
    Ok(facts)
}

/// Quoted-printable of which nothing is kept but its length.
#[derive(Default)]
pub(super) struct Trial {
    encoder: QuotedPrintable,
    length: u64,
}

impl Trial {
    pub(super) fn push(&mut self, octets: &[u8]) -> Taken {
        self.encoder.push(octets, &mut counted(&mut self.length))
    }

    pub(super) fn finish(mut self) -> Result<u64, MessageError> {
        self.encoder.finish(&mut counted(&mut self.length))?;
        Ok(self.length)
    }
}

fn counted(length: &mut u64) -> impl FnMut(&[u8]) -> Taken {
    |octets| {
        *length += octets.len() as u64;
        Ok(())
    }
}
