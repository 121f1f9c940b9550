//! A part that holds no others: what its content is, and how it is made fit for transport.

use super::Care;
use super::divide::{Divider, Seam};
use super::part::PartHead;
use crate::mime::encode::Base64;
use crate::mime::given::edit::{Edit, Recode};
use crate::mime::given::field::Value;
use crate::mime::given::label::{Label, true_charset};
use crate::mime::given::lines::Seen;

/// A part that holds no others.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) head: PartHead,
    label: Label,
    pub(super) care: Care,
    /// Where its content begins.
    pub(super) start: u64,
    /// The line on which it begins.
    number: u64,
    seen: Seen,
    text: TextSeen,
    /// That of the fields it consists of, if it does.
    folds: Option<Divider>,
}

/// What is done to a leaf.
#[derive(Debug, Default)]
pub(super) struct Deed {
    pub(super) recode: Option<Recode>,
    /// Where its fields are folded.
    pub(super) folds: Vec<Edit>,
    /// A line that no transport passes, and why it stays as it is.
    pub(super) fault: Option<(u64, &'static str)>,
}

/// What an unencoded text holds.
#[derive(Debug, Default)]
struct TextSeen {
    /// The beginning of a character.
    held: Vec<u8>,
    is_no_utf_8: bool,
    /// Octets that quoted-printable quotes.
    quoted: u64,
    line: u64,
    /// Soft line breaks of quoted-printable.
    breaks: u64,
}

impl TextSeen {
    fn see(&mut self, octets: &[u8]) {
        let is_quoted = |octet: &&u8| !matches!(octet, b'\t' | b' '..=b'<' | b'>'..=b'~');
        self.quoted += octets.iter().filter(is_quoted).count() as u64;
        self.line += octets.len() as u64;
        if octets.is_ascii() && self.held.is_empty() {
            return;
        }
        self.held.extend_from_slice(octets);
        match str::from_utf8(&self.held) {
            Ok(_) => self.held.clear(),
            Err(error) => {
                self.is_no_utf_8 |= error.error_len().is_some();
                self.held.drain(..if self.is_no_utf_8 { self.held.len() } else { error.valid_up_to() });
            }
        }
    }

    fn end_line(&mut self) {
        self.is_no_utf_8 |= !self.held.is_empty();
        self.held.clear();
        self.breaks += self.line / 75;
        self.line = 0;
    }
}

impl Leaf {
    pub(super) fn new(head: PartHead, label: Label, care: Care, start: u64, number: u64) -> Self {
        let (seen, text) = (Seen::default(), TextSeen::default());
        let folds = label.is_of_fields().then(|| Divider::at(start, Seam::Fold));
        Leaf { head, label, care, start, number, seen, text, folds }
    }

    /// Takes octets of a line, which stand at `at`.
    pub(super) fn see(&mut self, at: u64, octets: &[u8]) {
        self.seen.see(octets);
        if let Some(folds) = &mut self.folds {
            folds.see(at, octets);
        }
        if self.is_text() {
            self.text.see(octets);
        }
    }

    /// Takes the end of a line, behind which the next begins.
    pub(super) fn end_line(&mut self, next: u64) {
        if let Some(folds) = &mut self.folds {
            folds.begin_line(next);
        }
        self.seen.see(b"\r\n");
        self.text.end_line();
    }

    fn is_text(&self) -> bool {
        self.label.is("text/") && self.label.is_unencoded()
    }

    /// Whether its line ends are octets like others (RFC 2045 6.2).
    fn is_binary(&self) -> bool {
        self.label.encoding == "binary" && !self.is_text() && !self.label.holds_parts()
    }

    /// Whether octets above 127 are in its content.
    pub(super) fn is_eight_bit(&self) -> bool {
        self.seen.eight_bit.is_some()
    }

    /// The first line of its content that is too long.
    pub(super) fn long(&self) -> Option<u64> {
        self.seen.long.map(|line| self.number + line - 1)
    }

    /// What is to be done.
    pub(super) fn deed(&mut self) -> Deed {
        let is_due = self.long().is_some() || (self.is_eight_bit() && self.care == Care::Encode);
        if !is_due {
            return Deed::default();
        }
        if let Some(folds) = self.folds.as_mut().filter(|folds| self.care != Care::Never && !folds.is_stuck) {
            return Deed { folds: std::mem::take(&mut folds.edits), ..Deed::default() };
        }
        let (recode, words) = match self.care {
            Care::Never => (None, super::SEALED),
            _ if self.is_binary() => {
                let eight_bit = self.seen.eight_bit.map(|line| self.number + line - 1);
                let words = "its part is binary and no text, so that its line ends may not be changed: such a part must be \
                             base64";
                return Deed {
                    fault: self.long().or(eight_bit).map(|line| (line, words)),
                    ..Deed::default()
                };
            }
            _ => (self.recode(), "it is longer than 998 octets, and its part cannot be encoded"),
        };
        let fault = self.long().filter(|_| recode.is_none()).map(|line| (line, words));
        Deed { recode, fault, ..Deed::default() }
    }

    /// How it can be made fit.
    fn recode(&self) -> Option<Recode> {
        if self.head.is_too_large {
            return None;
        }
        if !self.label.is_unencoded() {
            return self.label.mended(&self.seen);
        }
        if self.label.holds_parts() {
            return None;
        }
        if !self.is_text() {
            // In base64 the line ends would be octets of its own (RFC 2045 6.8), and they are not those that were given.
            return Some(Recode::QuotedPrintable);
        }
        if self.charset() == Some("unknown-8bit") {
            return Some(Recode::Base64);
        }
        let quoted = self.seen.octets + 2 * self.text.quoted + 3 * self.text.breaks;
        Some(if quoted <= Base64::size(self.seen.octets) { Recode::QuotedPrintable } else { Recode::Base64 })
    }

    /// The charset that it is in, where its label does not say so.
    fn charset(&self) -> Option<&'static str> {
        let is_told = !self.is_text() || !self.is_eight_bit();
        if is_told { None } else { true_charset(&self.label, !self.text.is_no_utf_8) }
    }

    /// Lets its fields say what it is from now on.
    pub(super) fn relabel(&mut self, recode: Recode) {
        if let Some(charset) = self.charset() {
            self.head.set("Content-Type", self.label.with_charset(charset));
        }
        self.head.set("Content-Transfer-Encoding", Value::Plain(recode.word().to_owned()));
    }
}
