//! Where a line that no transport passes is divided.

use super::{LONGEST_LINE, MOST_EDITS};
use crate::mime::given::edit::{Change, Edit};

/// What may stand at the beginning of the rest of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Seam {
    /// Beside the parts, where no reader looks for anything but a boundary: any character but a dash.
    #[default]
    Aside,
    /// In a field: a blank before a word (RFC 5322 2.2.3).
    Fold,
}

/// Divides the lines that are too long.
#[derive(Debug, Default)]
pub(super) struct Divider {
    seam: Seam,
    /// Where the present line begins, or what is left of it.
    start: u64,
    /// The last place where it may be divided.
    place: Option<u64>,
    /// The octet before.
    last: u8,
    /// Whether a word stands before it in the line: a line of blanks would end the field for some.
    has_word: bool,
    /// Where lines are divided.
    pub(super) edits: Vec<Edit>,
    /// Whether a line that is too long has no such place.
    pub(super) is_stuck: bool,
}

impl Divider {
    /// One for lines of which the first begins at this octet.
    pub(super) fn at(start: u64, seam: Seam) -> Self {
        Divider { seam, start, ..Divider::default() }
    }

    /// Lets a line begin at this octet.
    pub(super) fn begin_line(&mut self, start: u64) {
        (self.start, self.place, self.last, self.has_word) = (start, None, 0, false);
    }

    /// Takes octets of a line, which stand at `at`.
    pub(super) fn see(&mut self, at: u64, octets: &[u8]) {
        for (at, &octet) in (at..).zip(octets) {
            // That of the line's end.
            if octet == b'\r' {
                continue;
            }
            let place = match self.seam {
                Seam::Aside => (octet != b'-' && !is_inside(octet)).then_some(at),
                Seam::Fold => (self.has_word && is_blank(self.last) && !is_blank(octet)).then(|| at - 1),
            };
            self.has_word |= !is_blank(octet);
            self.place = place.filter(|place| *place > self.start).or(self.place);
            if at - self.start >= LONGEST_LINE as u64 {
                self.divide(at);
            }
            self.last = octet;
        }
    }

    /// Divides it before the octet at `at`, or before that.
    fn divide(&mut self, at: u64) {
        let (at, text, start) = match self.place.take() {
            _ if self.edits.len() >= MOST_EDITS => return self.is_stuck = true,
            Some(place) => (place, "\r\n", place),
            None if self.seam == Seam::Fold => return self.is_stuck = true,
            None => (at, "\r\n ", at - 1),
        };
        self.edits.push(Edit { at: at..at, change: Change::Text(text.to_owned()) });
        self.start = start;
    }
}

fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

/// Whether it is no first octet of a character.
fn is_inside(octet: u8) -> bool {
    octet & 0xC0 == 0x80
}
