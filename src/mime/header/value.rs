//! The body of a field: words, phrases, encoded-words, address lists, folded (RFC 5322 2.2.3 and 3.2, RFC 2047).
//!
//! Text outside ASCII becomes encoded-words as a whole: no blank beside an encoded-word can then be lost or gained.
//! An encoded-word is never inside quotes and never around an address.

use std::fmt::{self, Write};

use email_encoding::headers::{rfc2047, writer::EmailWriter};
use encoding_rs::{Encoding, X_USER_DEFINED};

use crate::mail::{Group, Listed, Mailbox};
use crate::mime::read::{BLANKS, is_encoded_word};

/// Where lines are folded, octets without CRLF: RFC 2047 2 wants at most 76 with an encoded-word, RFC 5322 2.1.1 78.
pub(super) const FOLD: usize = 76;
/// Longest word that stands unencoded: with a field name it stays below the 998 octets of RFC 5322 2.1.1.
pub(super) const LONGEST_WORD: usize = 900;
/// Most blanks in a row that stand unencoded: with the longest word they stay below the 998 octets, too.
const LONGEST_BLANKS: usize = 72;
/// Longest phrase that is quoted: a quoted string is kept on one line.
const LONGEST_QUOTED: usize = 70;
/// Octets of `=?utf-8?b?` and `?=`. A line with an encoded-word has at most 76 octets, the word itself 75 (RFC 2047 2).
const ENCODED_WORD: usize = 12;
/// Longest encoded-word (RFC 2047 2).
const ENCODED_MOST: usize = 75;
/// Octets of `=?unknown-8bit?B?` and `?=`.
const UNKNOWN_WORD: usize = 19;

/// Stands for octets that no charset explains: each above 127 is a character of its own, and is sent as `unknown-8bit`.
pub(in crate::mime) const OCTETS: &Encoding = X_USER_DEFINED;

/// The body of one field under construction: words with a blank before each, folded where a line would be too long.
pub(in crate::mime) struct Value<'a> {
    pub(super) writer: EmailWriter<'a>,
    pub(super) begun: bool,
    /// Octets of the mark that will stand right behind the next words.
    pub(super) mark: usize,
    /// What text outside ASCII is in; it has all characters of the field. `None` is UTF-8.
    pub(super) charset: Option<&'static Encoding>,
    /// Whether what looks like an encoded-word is one, which nobody here can read, and stays.
    pub(super) keeps_words: bool,
}

impl Value<'_> {
    /// Adds a blank and a word that is never divided.
    pub(in crate::mime) fn word(&mut self, word: &str) -> fmt::Result {
        self.blank_before(word.len())?;
        self.writer.write_str(word)
    }

    /// Adds a blank, at the beginning of a new line if `length` octets do not fit on this one. Right behind the field's
    /// name a new line is begun only where that keeps the word within the limit.
    pub(super) fn blank_before(&mut self, length: usize) -> fmt::Result {
        let length = length + self.mark;
        if self.writer.projected_line_len() + 1 + length > FOLD && (self.begun || length < FOLD) {
            self.writer.new_line()?;
        }
        self.writer.space();
        self.begun = true;
        Ok(())
    }

    /// Begins a new line, so that a long field name leaves room.
    pub(in crate::mime) fn begin_line(&mut self) -> fmt::Result {
        self.begun = true;
        self.writer.new_line()
    }

    /// Adds text right behind the last word.
    pub(in crate::mime) fn glue(&mut self, text: &str) -> fmt::Result {
        self.writer.write_str(text)
    }

    /// Adds words by `write`, and right behind them the mark; both fit on a line.
    fn marked(&mut self, mark: &str, write: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        self.mark = mark.len();
        write(self)?;
        self.mark = 0;
        self.glue(mark)
    }

    /// Adds a phrase and the mark behind it. RFC 2047 5 (3): a blank stands between an encoded-word and a special.
    fn marked_phrase(&mut self, phrase: &str, mark: &str) -> fmt::Result {
        self.mark = mark.len();
        let is_encoded = self.phrase(phrase)?;
        self.mark = 0;
        if is_encoded { self.word(mark) } else { self.glue(mark) }
    }

    /// Adds ASCII text that may be folded at its blanks.
    pub(in crate::mime) fn folded(&mut self, text: &str) -> fmt::Result {
        self.blank_before(text.find(' ').unwrap_or(text.len()))?;
        self.writer.folding().write_str(text)
    }

    /// Adds text as encoded-words: as one if it can be, even on a line of its own, because some readers show the
    /// blank between two of them.
    pub(in crate::mime) fn encoded(&mut self, text: &str) -> fmt::Result {
        match self.charset {
            Some(encoding) if encoding == OCTETS => return self.unknown(&encoding.encode(text).0),
            Some(encoding) => return self.encoded_in(encoding, text),
            None => {}
        }
        let length = ENCODED_WORD + text.len().div_ceil(3) * 4;
        self.blank_before(if self.begun && length < FOLD { length } else { 0 })?;
        rfc2047::encode(text, &mut self.writer)
    }

    /// Adds octets that no charset explains as encoded-words. They cannot be cut between characters.
    pub(super) fn unknown(&mut self, mut octets: &[u8]) -> fmt::Result {
        while !octets.is_empty() {
            let room = FOLD.saturating_sub(self.writer.projected_line_len() + 1 + UNKNOWN_WORD) / 4 * 3;
            if room == 0 {
                self.writer.new_line()?;
                continue;
            }
            let (word, rest) = octets.split_at(room.min(octets.len()));
            self.word(&format!("=?unknown-8bit?B?{}?=", base64_simd::STANDARD.encode_to_string(word)))?;
            octets = rest;
        }
        Ok(())
    }

    pub(super) fn unstructured(&mut self, text: &str) -> fmt::Result {
        self.around_words(text, is_encoded_word, Self::plain).map(|_| ())
    }

    /// Adds a phrase; tells whether it ends encoded.
    pub(super) fn phrase(&mut self, text: &str) -> Result<bool, fmt::Error> {
        let is_atom = |word: &str| word.bytes().all(|octet| is_atext(octet) || octet == b'.');
        self.around_words(text, |word| is_atom(word) && is_encoded_word(word), Self::plain_phrase)
    }

    /// Adds a text: the encoded-words that stay as they are, what stands between them by `plain`, or encoded where that
    /// gives nothing. Tells whether the end is encoded.
    fn around_words(
        &mut self,
        text: &str,
        is_word: impl Fn(&str) -> bool,
        plain: impl Fn(&mut Self, &str) -> Option<fmt::Result>,
    ) -> Result<bool, fmt::Error> {
        let divided =
            if self.keeps_words && text.contains("=?") { stretches(text, is_word) } else { Vec::new() };
        let stretches = if divided.is_empty() { &[(false, text)][..] } else { &divided };
        let mut is_encoded = false;
        for (place, &(is_of_words, stretch)) in stretches.iter().enumerate() {
            let is_last = place + 1 == stretches.len();
            if is_of_words {
                stretch.split(BLANKS).filter(|word| !word.is_empty()).try_for_each(|word| self.word(word))?;
                is_encoded = true;
                continue;
            }
            let inner = if is_last { stretch } else { stretch.strip_suffix(BLANKS).unwrap_or(stretch) };
            let written = plain(self, inner);
            is_encoded = written.is_none();
            match written {
                Some(written) => written?,
                None if place == 0 => self.encoded(stretch)?,
                // No blank is seen between two encoded-words.
                None => self.encoded(&format!(" {stretch}"))?,
            }
        }
        Ok(is_encoded)
    }

    /// Adds text that can stand as it is.
    fn plain(&mut self, text: &str) -> Option<fmt::Result> {
        stays_plain(text).then(|| self.folded(text))
    }

    /// Adds a phrase that can stand as it is, or in quotes.
    fn plain_phrase(&mut self, text: &str) -> Option<fmt::Result> {
        let words = || text.split(' ');
        let is_atom =
            |word: &str| !word.is_empty() && word.len() <= LONGEST_QUOTED && word.bytes().all(is_atext);
        let printable = text.bytes().all(|octet| matches!(octet, b' '..=b'~'));
        // Readers decode what looks like an encoded-word even inside quotes.
        if text.contains("=?") || !printable {
            return None;
        }
        if words().all(is_atom) {
            return Some(words().try_for_each(|word| self.word(word)));
        }
        let quoted = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        (quoted.len() <= LONGEST_QUOTED).then(|| self.word(&quoted))
    }

    /// Adds phrases with commas between them.
    pub(super) fn phrases(&mut self, phrases: &[String]) -> fmt::Result {
        let Some((last, others)) = phrases.split_last() else { return Ok(()) };
        others.iter().try_for_each(|phrase| self.marked_phrase(phrase, ","))?;
        self.phrase(last).map(drop)
    }

    pub(super) fn mailbox(&mut self, mailbox: &Mailbox) -> fmt::Result {
        match mailbox.name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => {
                self.phrase(name)?;
                self.word(&format!("<{}>", mailbox.address))
            }
            None => self.word(&mailbox.address.to_string()),
        }
    }

    pub(in crate::mime) fn list(&mut self, list: &[Listed]) -> fmt::Result {
        for (index, listed) in list.iter().enumerate() {
            let is_last = index + 1 == list.len();
            match listed {
                Listed::Mailbox(mailbox) => {
                    self.marked(if is_last { "" } else { "," }, |value| value.mailbox(mailbox))?;
                }
                Listed::Group(group) => self.group(group, if is_last { ";" } else { ";," })?,
            }
        }
        Ok(())
    }

    /// Adds a group with what ends it.
    fn group(&mut self, group: &Group, end: &str) -> fmt::Result {
        let Some((last, others)) = group.members.split_last() else {
            return self.marked_phrase(&group.name, &format!(":{end}"));
        };
        self.marked_phrase(&group.name, ":")?;
        others.iter().try_for_each(|member| self.marked(",", |value| value.mailbox(member)))?;
        self.marked(end, |value| value.mailbox(last))
    }
}

/// Divides a text into what is no encoded-word and, true, runs of encoded-words, each with the blanks behind it.
fn stretches(text: &str, is_word: impl Fn(&str) -> bool) -> Vec<(bool, &str)> {
    let mut stretches: Vec<(bool, &str)> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for piece in text.split_inclusive(BLANKS) {
        let word = piece.trim_end_matches(BLANKS);
        let is_of_words = word.len() <= LONGEST_WORD && is_word(word);
        end += piece.len();
        match stretches.last_mut() {
            // Blanks more than one are no text.
            Some((kind, stretch)) if *kind == is_of_words || word.is_empty() => *stretch = &text[start..end],
            _ => {
                start = end - piece.len();
                stretches.push((is_of_words, piece));
            }
        }
    }
    stretches
}

/// A text that no charset explains, with encoded-words for its octets above 127 and what stands beside them. The encoded-words
/// that it has stay.
pub(in crate::mime) fn unknown_words(octets: &[u8]) -> String {
    let text = OCTETS.decode_without_bom_handling(octets).0;
    let word =
        |octets: &[u8]| format!("=?unknown-8bit?B?{}?=", base64_simd::STANDARD.encode_to_string(octets));
    let mut words = String::new();
    for (place, (_, stretch)) in stretches(&text, is_encoded_word).into_iter().enumerate() {
        if stretch.is_ascii() {
            words.push_str(stretch);
            continue;
        }
        // No blank is seen between two encoded-words.
        let stretch = if place == 0 { stretch.to_owned() } else { format!(" {stretch}") };
        let pieces = OCTETS.encode(&stretch).0;
        let pieces = pieces.chunks((ENCODED_MOST - UNKNOWN_WORD) / 4 * 3).map(word);
        words.push_str(&pieces.collect::<Vec<_>>().join(" "));
        words.push(' ');
    }
    words.truncate(words.trim_end().len());
    words
}

/// Whether a text can stand in an unstructured field as it is: it would be read back as the same text.
fn stays_plain(text: &str) -> bool {
    can_fold(text) && !text.contains("=?") && !text.starts_with(' ') && !text.ends_with(' ')
}

/// Whether a text can stand in lines of a header as it is. It is folded before words, and the blanks between two of them
/// stay on one line.
pub(in crate::mime) fn can_fold(text: &str) -> bool {
    let (mut blanks, mut word) = (0, 0);
    text.bytes().all(|octet| {
        match octet {
            b' ' if word == 0 => blanks += 1,
            b' ' => (blanks, word) = (1, 0),
            _ => word += 1,
        }
        matches!(octet, b' '..=b'~') && word <= LONGEST_WORD && blanks <= LONGEST_BLANKS
    })
}

/// RFC 5322 3.2.3.
fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}
