//! The parts of a body that holds parts (RFC 2046 5): which line belongs to which, and what is changed in them, so that
//! every transport passes them. One reading, which holds a line and the headers that are open.
//!
//! ```text
//! lines ── boundary? ──► Place { aside | header of a part | leaf } ── at the end of a part ──► edits
//! ```
//!
//! A leaf with octets above 127 or a line that is too long is encoded. What is signed or encrypted is not touched (RFC 1847
//! 2.1), and an attached message only where it could not be sent at all.

mod divide;
mod frame;
mod leaf;
mod part;

use self::divide::{Divider, Seam};
use self::frame::{Care, Frame};
use self::leaf::Leaf;
use self::part::{PartHead, Step};
use super::Manner;
use super::edit::{Change, Edit};
use super::label::Label;
use super::lines::{LONGEST_LINE, pass};
use crate::mail::Warning;
use crate::mime::charset::Charsets;
use crate::mime::error::MessageError;
use crate::mime::source::Body;

/// Deepest nesting that is followed. Postfix follows as many.
const DEPTH: usize = 100;
/// Most changes of a body, and most octets of text that stand in place of others: both are held in memory.
const MOST_EDITS: usize = 10_000;
const MOST_TEXT: usize = 4 * 1024 * 1024;

/// Why a long line stays as it is.
const SEALED: &str = "it is longer than 998 octets, and what is signed or encrypted is not changed";
const CROWDED: &str = "it is longer than 998 octets, and too many parts before it had to be changed";

/// What is found in a body.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In order, and apart.
    pub(super) edits: Vec<Edit>,
    /// Whether octets above 127 are left.
    pub(super) is_eight_bit: bool,
    /// The first line that no transport passes and that cannot be changed, and why.
    pub(super) fault: Option<(u64, String)>,
}

/// What the present line belongs to.
enum Place {
    /// What stands before the first part of a multipart or behind the last.
    Aside,
    Header(PartHead),
    Leaf(Box<Leaf>),
}

/// Walks through a body of parts, whose fields say `label`. None where they do not say enough for that.
pub(super) fn walk(
    body: &Body,
    label: &Label,
    manner: Manner,
    charsets: &Charsets,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Found>, MessageError> {
    let care = if manner == Manner::Message { Care::Encode } else { Care::Fields };
    let Some(frame) = Frame::of(label, care) else { return Ok(None) };
    let place = if frame.boundary.is_some() { Place::Aside } else { Place::Header(PartHead::of_message(0)) };
    let mut walk = Walk {
        charsets,
        warnings,
        offset: 0,
        number: 1,
        line: Vec::new(),
        passed: 0,
        frames: vec![frame],
        place,
        divider: Divider::default(),
        found: Found::default(),
        text: 0,
    };
    pass(body, manner, &mut |octets| {
        walk.push(octets);
        Ok(())
    })?;
    walk.end_place(walk.offset);
    while walk.frames.len() > 1 {
        walk.pop();
    }
    let mut found = walk.found;
    found.edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    Ok(Some(found))
}

struct Walk<'a> {
    charsets: &'a Charsets,
    warnings: &'a mut Vec<Warning>,
    /// Where the present line begins.
    offset: u64,
    /// Its number, counted from 1.
    number: u64,
    /// Its octets so far, unless it is too long.
    line: Vec<u8>,
    /// How many octets of one that is too long are handed on.
    passed: u64,
    /// The innermost is the last.
    frames: Vec<Frame>,
    place: Place,
    /// That of a long line that stands aside.
    divider: Divider,
    found: Found,
    /// Octets of text in the edits.
    text: usize,
}

impl Walk<'_> {
    /// Takes octets whose lines end in CRLF.
    fn push(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let piece = &rest[..at];
            let next = |length: usize| self.offset + length as u64 + 1;
            if self.passed == 0 && self.line.is_empty() && at <= LONGEST_LINE + 1 {
                let next = next(at);
                self.take_line(piece.strip_suffix(b"\r").unwrap_or(piece), next);
            } else {
                self.put(piece);
                self.end_line();
            }
            rest = &rest[at + 1..];
        }
        self.put(rest);
    }

    /// Takes a piece of a line.
    fn put(&mut self, octets: &[u8]) {
        let limit = match &self.place {
            Place::Header(_) => part::LIMIT,
            _ => LONGEST_LINE + 1,
        };
        if self.passed == 0 && self.line.len() + octets.len() <= limit {
            return self.line.extend_from_slice(octets);
        }
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(octets);
        self.see_long(&line);
        self.passed += line.len() as u64;
    }

    fn end_line(&mut self) {
        if self.passed > 0 {
            self.offset += self.passed + 1;
            (self.passed, self.number) = (0, self.number + 1);
            if let Place::Leaf(leaf) = &mut self.place {
                leaf.end_line(self.offset);
            }
            return;
        }
        let line = std::mem::take(&mut self.line);
        let next = self.offset + line.len() as u64 + 1;
        self.take_line(line.strip_suffix(b"\r").unwrap_or(&line), next);
    }

    /// Takes a piece of a line that is too long.
    fn see_long(&mut self, octets: &[u8]) {
        match &mut self.place {
            Place::Leaf(leaf) => leaf.see(self.offset + self.passed, octets),
            Place::Aside => self.see_aside(octets),
            Place::Header(head) => {
                head.is_too_large = true;
                if !octets.is_ascii() {
                    self.leave_eight_bit();
                }
                self.fail(self.number, "it is longer than 998 octets, and no text of a part");
            }
        }
    }

    /// Takes what stands beside the parts: a line, or a piece of one that is too long.
    fn see_aside(&mut self, octets: &[u8]) {
        if !octets.is_ascii() {
            self.leave_eight_bit();
        }
        if self.passed == 0 {
            let Some(beginning) = octets.get(..LONGEST_LINE).filter(|all| all.len() < octets.len()) else {
                return;
            };
            if self.boundary(beginning).is_some() {
                self.fail(self.number, "it is longer than 998 octets, and no text of a part");
            }
            self.divider = Divider::at(self.offset, Seam::Aside);
        }
        self.divider.see(self.offset + self.passed, octets);
        let edits = std::mem::take(&mut self.divider.edits);
        if self.frames.last().is_some_and(|frame| frame.care == Care::Never) {
            self.fail(self.number, SEALED);
        } else {
            self.divide(edits, self.number);
        }
    }

    /// Divides lines, of which this is the first.
    fn divide(&mut self, edits: Vec<Edit>, number: u64) {
        if edits.is_empty() {
            return;
        }
        if !self.has_room() {
            return self.fail(number, CROWDED);
        }
        self.found.edits.extend(edits);
        self.mark_edited();
    }

    /// Takes a whole line, behind which the next begins.
    fn take_line(&mut self, line: &[u8], next: u64) {
        if let Some((depth, is_last)) = self.boundary(line) {
            // The line end before a boundary belongs to it (RFC 2046 5.1.1).
            self.end_place(self.offset.saturating_sub(2));
            while self.frames.len() > depth + 1 {
                self.pop();
            }
            match &mut self.frames[..] {
                // Behind the end of the outermost is no part any more (RFC 2046 5.1.1).
                [frame] if is_last => frame.boundary = None,
                _ if is_last => self.pop(),
                _ => {}
            }
            if !line.is_ascii() {
                self.leave_eight_bit();
            }
            self.place = if is_last { Place::Aside } else { Place::Header(PartHead::at(next)) };
        } else {
            self.take_text(line, next);
        }
        (self.offset, self.number) = (next, self.number + 1);
    }

    /// Takes a line that is no boundary.
    fn take_text(&mut self, line: &[u8], next: u64) {
        match &mut self.place {
            Place::Leaf(leaf) => {
                leaf.see(self.offset, line);
                leaf.end_line(next);
            }
            Place::Aside => self.see_aside(line),
            Place::Header(head) => match head.take(line, self.offset..next, self.number) {
                Step::More => {}
                Step::End => self.end_head(next, self.number + 1),
                Step::EndBefore => {
                    self.end_head(self.offset, self.number);
                    self.take_text(line, next);
                }
            },
        }
    }

    /// The part that a line delimits, and whether it is its end. What the line begins like is not enough: the boundary of
    /// one part may be the beginning of another's (RFC 2046 5.1.2).
    fn boundary(&self, line: &[u8]) -> Option<(usize, bool)> {
        let text = line.strip_prefix(b"--")?.trim_ascii_end();
        self.frames.iter().enumerate().rev().find_map(|(depth, frame)| {
            match text.strip_prefix(frame.boundary.as_deref()?)? {
                b"" => Some((depth, false)),
                b"--" => Some((depth, true)),
                _ => None,
            }
        })
    }

    /// Ends the header of a part, whose content begins at `start`, on the line `number`.
    fn end_head(&mut self, start: u64, number: u64) {
        let Place::Header(head) = std::mem::replace(&mut self.place, Place::Aside) else { return };
        let frame = self.frames.last();
        let is_digest = frame.is_some_and(|frame| frame.is_digest);
        let care = frame.map_or(Care::Encode, |frame| frame.care);
        let label = head.label(is_digest);
        let is_followed = self.frames.len() < DEPTH && !head.is_too_large;
        match Frame::of(&label, care).filter(|_| is_followed) {
            Some(mut frame) => {
                frame.transfer = head.transfer(&label);
                let is_message = frame.boundary.is_none();
                self.edit_fields(&head, care);
                self.frames.push(frame);
                self.place =
                    if is_message { Place::Header(PartHead::of_message(start)) } else { Place::Aside };
            }
            None => self.place = Place::Leaf(Box::new(Leaf::new(head, label, care, start, number))),
        }
    }

    /// Ends what stands before the present line; if that is a content, it ends at `end`.
    fn end_place(&mut self, end: u64) {
        if let Place::Header(_) = &self.place {
            self.end_head(self.offset, self.number);
            // An attached message without a header has none of its own.
            if let Place::Header(_) = &self.place {
                self.end_head(self.offset, self.number);
            }
        }
        if let Place::Leaf(leaf) = std::mem::replace(&mut self.place, Place::Aside) {
            self.end_leaf(*leaf, end);
        }
    }

    /// Changes a leaf where that is needed.
    fn end_leaf(&mut self, mut leaf: Leaf, end: u64) {
        let deed = leaf.deed();
        if let Some(fault) = deed.fault {
            self.fail(fault.0, fault.1);
        }
        let is_possible = self.has_room();
        let recode = deed.recode.filter(|_| is_possible);
        if deed.recode.is_some()
            && !is_possible
            && let Some(line) = leaf.long()
        {
            self.fail(line, CROWDED);
        }
        if let Some(line) = leaf.long() {
            self.divide(deed.folds, line);
        }
        if leaf.is_eight_bit() && recode.is_none() {
            self.leave_eight_bit();
        }
        let content = leaf.start..end.max(leaf.start);
        if let Some(recode) = recode {
            leaf.relabel(recode);
            self.found.edits.push(Edit { at: content, change: Change::Recode(recode) });
            self.mark_edited();
        }
        let care = leaf.care;
        self.edit_fields(&leaf.head, care);
    }

    /// Changes the fields of a part where that is needed.
    fn edit_fields(&mut self, head: &PartHead, care: Care) {
        let is_possible = self.has_room();
        let edits = head.edits(care, is_possible, self.charsets, self.warnings);
        if edits.is_eight_bit {
            self.leave_eight_bit();
        }
        if let Some((line, words)) = edits.fault {
            self.fail(line, &words);
        }
        for edit in edits.edits {
            if let Change::Text(text) = &edit.change {
                self.text += text.len();
            }
            self.found.edits.push(edit);
            self.mark_edited();
        }
    }

    fn has_room(&self) -> bool {
        self.found.edits.len() < MOST_EDITS && self.text < MOST_TEXT
    }

    fn mark_edited(&mut self) {
        self.frames.iter_mut().for_each(|frame| frame.is_edited = true);
    }

    fn leave_eight_bit(&mut self) {
        self.found.is_eight_bit = true;
        self.frames.iter_mut().for_each(|frame| frame.is_eight_bit = true);
    }

    fn fail(&mut self, line: u64, words: &str) {
        self.found.fault.get_or_insert_with(|| (line, words.to_owned()));
    }

    /// Ends a part that holds others: its transfer encoding is that of what is in it (RFC 2045 6.4).
    fn pop(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        let true_word = if frame.is_eight_bit { "8bit" } else { "7bit" };
        let Some((at, word)) = frame.transfer.filter(|_| frame.is_edited && frame.care != Care::Never) else {
            return;
        };
        if word != true_word {
            let text = format!("Content-Transfer-Encoding: {true_word}\r\n");
            self.found.edits.push(Edit { at, change: Change::Text(text) });
        }
    }
}

#[cfg(test)]
mod tests;
