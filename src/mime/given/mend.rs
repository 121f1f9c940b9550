//! A field of a finished message that cannot go as it is, since it holds octets above 127 or a line that is too long. Its
//! program waits for no answer: whatever it says goes out in ASCII and in lines that every transport passes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::field::{Field, is_fixed, unfolded};
use super::lines::LONGEST_LINE;
use super::names::{decoded_names, has_ascii_addresses, is_list, of_octets};
use crate::mail::{Warning, parse_list};
use crate::mime::charset::{Charsets, Text};
use crate::mime::error::ComposeError;
use crate::mime::header::parameter::{FITS, is_token, percent, split_parameters, without_comment};
use crate::mime::header::{Header, OCTETS, Value, can_fold, is_address_list, is_structured, legible};
use crate::mime::read::{is_encoded_word, parameter_octets, rewritable_words, unquoted};

/// Longest name that leaves room for a word on its line, octets.
const LONGEST_NAME: usize = 60;
/// Longest word that is not divided, octets.
const LONGEST_WORD: usize = 900;
/// Longest name of a parameter that is encoded, octets: that of each piece fits on a line.
const LONGEST_KEY: usize = 40;
/// Octets of a parameter in one piece of it: three times as many and the name stay on a line.
const PIECE: usize = 16;
/// Fields that hold URLs (RFC 2369, RFC 5064).
const URLS: [&str; 7] = [
    "List-Archive",
    "List-Help",
    "List-Owner",
    "List-Post",
    "List-Subscribe",
    "List-Unsubscribe",
    "Archived-At",
];
/// Fields of which machines read each word (RFC 6376 3.5, RFC 8601 2.2, RFC 8617 4.1).
const PROOFS: [&str; 5] = [
    "Authentication-Results",
    "DKIM-Signature",
    "ARC-Authentication-Results",
    "ARC-Message-Signature",
    "ARC-Seal",
];

/// What a field says.
struct Said<'a> {
    name: &'a str,
    /// On one line, without CR, LF and NUL.
    text: String,
    /// Whether characters of it stand for octets that no charset explains.
    is_unknown: bool,
}

/// What cannot be written as its field wants it.
struct Unfit;

/// Writes a field with what was given for it. What its own syntax does not allow is written word by word.
pub(super) fn write(
    field: &Field,
    value: &[u8],
    header: &mut Header,
    charsets: &Charsets,
    warnings: &mut Vec<Warning>,
) -> Result<(), ComposeError> {
    if field.name.len() > LONGEST_WORD {
        let name = field.name[..LONGEST_NAME].to_owned() + "…";
        return Err(ComposeError::Structure { name, reason: "has a name of more than 900 octets" });
    }
    let said = Said::read(&field.name, value, charsets, warnings)?;
    let mut made = begun(charsets);
    if said.write(&mut made, charsets).is_err() || !passes(&made) {
        made = begun(charsets);
        said.write_words(&mut made);
    }
    header.append(made);
    Ok(())
}

/// Writes one of a person's draft, if it is one with parameters, and they are all that must be encoded. Else nothing is
/// written.
pub(super) fn write_parameters(
    field: &Field,
    value: &[u8],
    header: &mut Header,
    charsets: &Charsets,
    warnings: &mut Vec<Warning>,
) -> Result<bool, ComposeError> {
    if !has_parameters(&field.name) {
        return Ok(false);
    }
    let said = Said::read(&field.name, value, charsets, warnings)?;
    let mut made = begun(charsets);
    let is_written = said.write_parameters(&mut made).is_ok() && passes(&made);
    if is_written {
        header.append(made);
    }
    Ok(is_written)
}

/// Whether a field of this name has parameters (RFC 2045 5.1, RFC 2183 2).
fn has_parameters(name: &str) -> bool {
    ["Content-Type", "Content-Disposition"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// A header in which what cannot be read here stays as it is.
fn begun(charsets: &Charsets) -> Header {
    let mut made = Header::new(charsets);
    made.keeps_words = true;
    made
}

/// Whether every transport passes it.
fn passes(made: &Header) -> bool {
    let mut lines = made.text.split("\r\n");
    lines.all(|line| line.len() <= LONGEST_LINE) && (made.smtputf8 || made.text.is_ascii())
}

impl<'a> Said<'a> {
    /// Reads a value: UTF-8, else in the charset that the message declares, else octets.
    fn read(
        name: &'a str,
        value: &[u8],
        charsets: &Charsets,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, ComposeError> {
        let octets = unfolded(value).trim_ascii().to_vec();
        let text = Text::from(OsString::from_vec(octets));
        let known = legible(name, &text, charsets, warnings)?;
        let is_unknown = known.is_none();
        let text = known.unwrap_or_else(|| OCTETS.decode_without_bom_handling(text.octets()).0);
        Ok(Said { name, text: on_one_line(&text), is_unknown })
    }

    /// Writes it by the syntax of its field.
    fn write(&self, made: &mut Header, charsets: &Charsets) -> Result<(), Unfit> {
        let is = |name: &str| self.name.eq_ignore_ascii_case(name);
        if is_list(self.name) || is_address_list(self.name) {
            return self.write_list(made);
        }
        if has_parameters(self.name) {
            return self.write_parameters(made);
        }
        if URLS.iter().any(|name| is(name)) {
            let text = coded(&self.octets(&self.text));
            Said { name: self.name, text, is_unknown: false }.write_words(made);
            return Ok(());
        }
        if !self.is_fixed() && can_fold(&self.text) && self.name.len() <= LONGEST_NAME {
            made.field(self.name, |body| body.folded(&self.text));
            return Ok(());
        }
        let is_other = self.is_fixed() || self.is_unknown || self.text.is_ascii();
        if is_other {
            return Err(Unfit);
        }
        let text = Text::from(on_one_line(&rewritable_words(&self.text)));
        let what = format!("the field {}", self.name);
        let warnings = &mut Vec::new();
        let written = if is("Keywords") {
            made.own(self.name, &text, charsets, warnings)
        } else {
            made.unstructured(self.name, &what, &text, charsets, warnings)
        };
        written.map_err(|_| Unfit)
    }

    /// Whether encoded-words mean nothing in it.
    fn is_fixed(&self) -> bool {
        let is_proof = PROOFS.iter().any(|name| self.name.eq_ignore_ascii_case(name));
        is_proof || is_fixed(self.name) || is_structured(self.name)
    }

    fn write_list(&self, made: &mut Header) -> Result<(), Unfit> {
        let list = match self.is_unknown {
            true => of_octets(&self.octets(&self.text), None),
            false => parse_list(&self.text, None),
        };
        let list = list.map_err(|_| Unfit)?;
        if self.is_unknown && !has_ascii_addresses(&list) {
            return Err(Unfit);
        }
        made.addresses(self.name, &decoded_names(list)).map_err(|_| Unfit)
    }

    /// Writes a value with parameters. Those that need it are encoded (RFC 2231), which a name such as that of a file
    /// survives; where it is there in that form too, that one is enough. One that is given in sections is made of all.
    fn write_parameters(&self, made: &mut Header) -> Result<(), Unfit> {
        let is_fit = |piece: &str| piece.is_ascii() && piece.len() <= LONGEST_WORD;
        let uncommented = |piece| if is_fit(piece) { piece } else { without_last_comment(piece) };
        let pieces = split_parameters(&self.text).into_iter().map(str::trim).map(uncommented);
        let pieces: Vec<&str> = pieces.collect();
        let mut starred: HashMap<String, Starred> = HashMap::new();
        for (base, piece) in pieces.iter().skip(1).filter_map(|piece| Some((starred_base(piece)?, piece))) {
            let one = starred.entry(base.to_ascii_lowercase()).or_default();
            one.is_anew |= !is_fit(piece);
            one.text.push(';');
            one.text.push_str(piece);
        }
        let mut words: Vec<String> = Vec::new();
        for (place, piece) in pieces.iter().enumerate() {
            let base = starred_base(piece).filter(|_| place > 0);
            if let Some((base, one)) =
                base.and_then(|base| Some((base, starred.get_mut(&base.to_ascii_lowercase())?)))
                && one.is_anew
            {
                if !std::mem::replace(&mut one.is_written, true) {
                    let base_small = base.to_ascii_lowercase();
                    let octets = parameter_octets(&one.text, &base_small, |text| self.octets(text));
                    code(base, &octets.ok_or(Unfit)?, &mut words);
                }
                continue;
            }
            match piece.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
                _ if is_fit(piece) && (place == 0 || !piece.is_empty()) => words.push((*piece).to_owned()),
                _ if is_fit(piece) => {}
                Some((key, value)) if place > 0 && is_key(key) => {
                    if !starred.contains_key(&key.to_ascii_lowercase()) {
                        code(key, &self.octets(&unquoted(value)), &mut words);
                    }
                }
                _ => return Err(Unfit),
            }
        }
        made.field(self.name, |body| {
            for (place, word) in words.iter().enumerate() {
                if place > 0 {
                    body.glue(";")?;
                }
                body.word(word)?;
            }
            Ok(())
        });
        Ok(())
    }

    /// The octets of a text of it.
    fn octets(&self, text: &str) -> Vec<u8> {
        if self.is_unknown { OCTETS.encode(text).0.into_owned() } else { text.as_bytes().to_vec() }
    }

    /// Writes it word by word: those outside of ASCII become encoded-words. RFC 5322 4.5 lets a reader find them in any
    /// list of words. A word without end is divided where an encoded-word is none.
    fn write_words(&self, made: &mut Header) {
        let charset = if self.is_unknown { Some(OCTETS) } else { made.charset_for(self.name, &self.text) };
        let is_coded = |word: &&str| !word.is_ascii() || (word.len() > LONGEST_WORD && !self.is_fixed());
        let words: Vec<&str> = self.text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        made.field_in(charset, self.name, |body: &mut Value<'_>| {
            if self.name.len() > LONGEST_NAME {
                body.begin_line()?;
            }
            // No blank is seen between two encoded-words.
            let gap = |beside: Option<&&str>| {
                if beside.is_some_and(|word| is_encoded_word(word)) { " " } else { "" }
            };
            let mut place = 0_usize;
            for run in words.chunk_by(|one, other| is_coded(one) && is_coded(other)) {
                let before = place.checked_sub(1).and_then(|before| words.get(before));
                place += run.len();
                if run.iter().any(is_coded) {
                    body.encoded(&format!("{}{}{}", gap(before), run.join(" "), gap(words.get(place))))?;
                    continue;
                }
                run.iter().flat_map(|word| divided(word)).try_for_each(|piece| body.word(piece))?;
            }
            Ok(())
        });
    }
}

/// Divides an ASCII word that is too long, between identifiers or behind what divides its parts, where it can be.
fn divided(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let Some(most) = rest.get(..LONGEST_WORD).filter(|most| most.len() < rest.len()) else {
            return (!rest.is_empty()).then(|| std::mem::take(&mut rest));
        };
        let end = most.rfind("><").or_else(|| most.rfind(';')).map_or(LONGEST_WORD, |at| at + 1);
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        Some(piece)
    })
}

/// The text without what would end a line.
fn on_one_line(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], " ")
}

/// A parameter without the comment behind its value.
fn without_last_comment(piece: &str) -> &str {
    let value = piece.split_once('=').map_or(piece, |(_, value)| value).trim_start();
    &piece[..piece.len() - value.len() + without_comment(value).len()]
}

/// A parameter that is encoded or given in sections.
#[derive(Default)]
struct Starred {
    /// All its sections, each behind a semicolon.
    text: String,
    /// Whether one of them cannot stand as it is.
    is_anew: bool,
    is_written: bool,
}

/// The name of a parameter that is encoded or one of several sections (RFC 2231 3 and 4).
fn starred_base(piece: &str) -> Option<&str> {
    let (base, section) = piece.split_once('=')?.0.trim().split_once('*')?;
    let section = section.strip_suffix('*').unwrap_or(section);
    let is_section = section.is_empty() || section.parse::<u32>().is_ok();
    (is_key(base) && is_section).then_some(base)
}

/// Whether a parameter of this name can be encoded.
fn is_key(name: &str) -> bool {
    is_token(name) && name.len() <= LONGEST_KEY && !name.contains('*')
}

/// Encodes a parameter, in pieces where it is long.
fn code(key: &str, octets: &[u8], words: &mut Vec<String>) {
    let text = str::from_utf8(octets);
    let charset = if text.is_ok() { "utf-8" } else { "unknown-8bit" };
    let whole = format!("{key}*={charset}''{}", percent(octets));
    if whole.len() <= FITS {
        return words.push(whole);
    }
    let ends: Vec<usize> = match text {
        Ok(text) => text.char_indices().map(|(at, character)| at + character.len_utf8()).collect(),
        Err(_) => (1..=octets.len()).collect(),
    };
    let (mut start, mut index) = (0, 0);
    while start < octets.len() {
        // Each character has at most four octets.
        let end = ends[..].partition_point(|end| *end <= start + PIECE);
        let end = ends[end - 1];
        let charset = if index == 0 { format!("{charset}''") } else { String::new() };
        words.push(format!("{key}*{index}*={charset}{}", percent(&octets[start..end])));
        (start, index) = (end, index + 1);
    }
}

/// The octets above 127 as `%XX`, as a URL has them (RFC 3987 3.1).
fn coded(octets: &[u8]) -> String {
    let code = |octet: &u8| match octet.is_ascii() {
        true => Cow::Owned(char::from(*octet).to_string()),
        false => Cow::Owned(format!("%{octet:02X}")),
    };
    octets.iter().map(code).collect::<Vec<Cow<'_, str>>>().concat()
}

#[cfg(test)]
mod tests;
