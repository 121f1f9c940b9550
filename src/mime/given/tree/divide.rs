//! Where a line that no transport passes is divided.

use super::LONGEST_LINE;
use crate::mime::given::edit::{Change, Edit};

/// Divides a long line that stands beside the parts, where no reader looks for anything but a boundary: no rest begins with
/// a dash, and no character is divided.
#[derive(Debug, Default)]
pub(super) struct Divider {
    /// Where the present line begins, or what is left of it.
    start: u64,
    /// The last place where it may be divided.
    place: Option<u64>,
    edits: Vec<Edit>,
}

impl Divider {
    /// One for a line that begins at this octet.
    pub(super) fn at(start: u64) -> Self {
        Divider { start, ..Divider::default() }
    }

    /// Takes octets of it, which stand at `at`, and hands on where it is divided.
    pub(super) fn see(&mut self, at: u64, octets: &[u8]) -> Vec<Edit> {
        for (at, &octet) in (at..).zip(octets) {
            // That of the line's end.
            if octet == b'\r' {
                continue;
            }
            let is_inside = octet & 0xC0 == 0x80;
            if octet != b'-' && !is_inside && at > self.start {
                self.place = Some(at);
            }
            if at - self.start >= LONGEST_LINE as u64 {
                self.divide(at);
            }
        }
        std::mem::take(&mut self.edits)
    }

    /// Divides it before the octet at `at`, or before that.
    fn divide(&mut self, at: u64) {
        let (at, text, start) = match self.place.take() {
            Some(place) => (place, "\r\n", place),
            None => (at, "\r\n ", at - 1),
        };
        self.edits.push(Edit { at: at..at, change: Change::Text(text.to_owned()) });
        self.start = start;
    }
}
