//! What a text is, as far as its way through transports and mailboxes is concerned (RFC 2045 2.7, RFC 5322 2.1.1).

use crate::mime::eight::{above_127, has_control};
use crate::mime::encode::Base64;

/// Longest line that every transport passes, octets without CRLF (RFC 5322 2.1.1).
pub(super) const LONGEST_LINE: usize = 998;
/// Octets of each line that are looked at for `From ` and for a boundary, which has at most 70 (RFC 2046 5.1.1).
const LOOKED_AT: usize = 72;

/// What a text is, found line by line.
pub(super) struct Facts {
    pub(super) octets: u64,
    above_127: u64,
    /// A control character other than a tab and the CR and LF of line ends; not looked for in what is not ASCII anyway.
    controls: bool,
    /// CRs less LFs: more than 0 if one stands alone.
    pub(super) lone_returns: i64,
    /// A line is too long for a transport.
    pub(super) long_line: bool,
    from_line: bool,
    boundary_line: bool,
    pub(super) malformed: u64,
    pub(super) first_bad: Option<u64>,
    pub(super) unmappable: Option<char>,
    /// A line can be wrapped with DelSp only.
    pub(super) needs_delsp: bool,
    /// How long it is in quoted-printable, if that was found.
    pub(super) quoted: Option<u64>,
    delimiter: Vec<u8>,
    line: usize,
    beginning: Vec<u8>,
}

impl Facts {
    pub(super) fn new(boundary: &str) -> Self {
        Facts {
            octets: 0,
            above_127: 0,
            controls: false,
            lone_returns: 0,
            long_line: false,
            from_line: false,
            boundary_line: false,
            malformed: 0,
            first_bad: None,
            unmappable: None,
            needs_delsp: false,
            quoted: None,
            delimiter: if boundary.is_empty() { Vec::new() } else { [b"--", boundary.as_bytes()].concat() },
            line: 0,
            beginning: Vec::with_capacity(LOOKED_AT),
        }
    }

    pub(super) fn is_ascii(&self) -> bool {
        self.above_127 == 0
    }

    /// Whether base64 is shorter than quoted-printable can be.
    pub(super) fn is_shorter_in_base64(&self) -> bool {
        self.octets + 2 * self.above_127 > Base64::size(self.octets)
    }

    /// Whether every transport and mailbox passes the text unchanged.
    pub(super) fn safe(&self) -> bool {
        self.passes() && self.lone_returns == 0 && !self.from_line && !self.boundary_line
    }

    /// Whether every transport passes the text so far, which may end between a CR and its LF.
    pub(super) fn passes(&self) -> bool {
        self.is_ascii() && !self.controls && self.lone_returns <= 1 && !self.long_line
    }

    pub(super) fn see(&mut self, octets: &[u8]) {
        self.octets += octets.len() as u64;
        self.above_127 += above_127(octets);
        self.controls |= self.is_ascii() && has_control(octets);
        let returns = memchr::memchr_iter(b'\r', octets).count();
        let mut start = 0;
        let mut feeds = 0;
        for end in memchr::memchr_iter(b'\n', octets) {
            if self.line == 0 {
                self.see_beginning(&octets[start..end]);
                self.see_length(end - start);
            } else {
                self.see_line(&octets[start..end]);
                self.end_line();
            }
            (start, feeds) = (end + 1, feeds + 1);
        }
        self.see_line(&octets[start..]);
        self.lone_returns += returns as i64 - feeds;
    }

    /// Part of a line.
    fn see_line(&mut self, octets: &[u8]) {
        self.line += octets.len();
        self.see_length(self.line);
        let missing = (LOOKED_AT - self.beginning.len()).min(octets.len());
        self.beginning.extend_from_slice(&octets[..missing]);
    }

    pub(super) fn end_line(&mut self) {
        let beginning = std::mem::take(&mut self.beginning);
        self.see_beginning(&beginning);
        self.line = 0;
        self.beginning = beginning;
        self.beginning.clear();
    }

    fn see_beginning(&mut self, line: &[u8]) {
        self.from_line |= line.starts_with(b"From ");
        self.boundary_line |= !self.delimiter.is_empty() && line.starts_with(&self.delimiter);
    }

    /// A line that is so long, the CR of its end counted too.
    fn see_length(&mut self, octets: usize) {
        self.long_line |= octets > LONGEST_LINE + 1;
    }
}
