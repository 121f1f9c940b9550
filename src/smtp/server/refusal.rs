//! Words of the server: how a reply is written, and the refusal of a message by whoever was to take it.

use crate::mail::EnhancedStatus;
use crate::smtp::reply::printable;

/// Longest line of a reply, octets, its code and CRLF included (RFC 5321 4.5.3.1.5).
const LINE_LIMIT: usize = 512;
/// Octets of a line that code, enhanced status, blanks and CRLF may need.
const MARGIN: usize = 24;
/// Most lines of a refusal: a client shows them to somebody.
const LINES_LIMIT: usize = 30;

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: EnhancedStatus,
    text: String,
}

impl Refusal {
    /// A refusal for now (class 4) or for ever (class 5); a status of success is no refusal, and becomes 4.3.0. Each line of
    /// the text becomes a line of the reply.
    pub fn new(status: EnhancedStatus, text: impl Into<String>) -> Self {
        let status = if status.class == 2 { EnhancedStatus::new(4, 3, 0) } else { status };
        Refusal { status, text: text.into() }
    }

    /// The reply code that goes with the status (RFC 5321 4.2.3).
    pub fn code(&self) -> u16 {
        match (self.status.class, self.status.subject, self.status.detail) {
            // 452 insufficient system storage, too many recipients.
            (4, 2, 2) | (4, 3, 1) | (4, 5, 3) => 452,
            (4, ..) => 451,
            (_, 2, 2) | (_, 3, 4) => 552,
            (_, 1, _) | (_, 7, _) => 550,
            _ => 554,
        }
    }

    pub(super) fn reply(&self) -> Vec<u8> {
        let mut lines: Vec<String> = self.text.lines().flat_map(folded).take(LINES_LIMIT).collect();
        if lines.is_empty() {
            lines.push("not taken".to_owned());
        }
        let lines: Vec<String> = lines.iter().map(|line| format!("{} {line}", self.status)).collect();
        reply(self.code(), &lines)
    }
}

/// The text in pieces that fit into a line, cut at blanks where there are some.
fn folded(text: &str) -> Vec<String> {
    let text = printable(text.as_bytes());
    let mut rest = text.trim();
    let mut pieces = Vec::new();
    while rest.len() > LINE_LIMIT - MARGIN {
        let fits = fitting(rest);
        let end = rest[..fits].rfind(' ').filter(|&end| end > 0).unwrap_or(fits);
        pieces.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// How many octets of the text fit into a line, in whole characters.
fn fitting(text: &str) -> usize {
    let most = text.len().min(LINE_LIMIT - MARGIN);
    (0..=most).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0)
}

/// A reply of these lines, each with the code.
pub(super) fn reply(code: u16, lines: &[String]) -> Vec<u8> {
    let mut octets = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let mark = if index + 1 < lines.len() { '-' } else { ' ' };
        octets.extend(format!("{code}{mark}{line}\r\n").into_bytes());
    }
    octets
}

/// A reply of one line.
pub(super) fn line(code: u16, text: &str) -> Vec<u8> {
    // What a client has sent may be told back in it.
    let text = printable(text.as_bytes());
    format!("{code} {}\r\n", &text[..fitting(&text)]).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: (u8, u16, u16), text: &str) -> String {
        let refusal = Refusal::new(EnhancedStatus::new(status.0, status.1, status.2), text);
        String::from_utf8(refusal.reply()).unwrap()
    }

    #[test]
    fn the_code_goes_with_the_status() {
        for (status, said_so) in [
            ((4, 3, 1), "452 4.3.1 x\r\n"),
            ((4, 4, 1), "451 4.4.1 x\r\n"),
            ((5, 3, 4), "552 5.3.4 x\r\n"),
            ((5, 1, 1), "550 5.1.1 x\r\n"),
            ((5, 6, 0), "554 5.6.0 x\r\n"),
            ((2, 0, 0), "451 4.3.0 x\r\n"),
        ] {
            assert_eq!(said(status, "x"), said_so);
        }
    }

    #[test]
    fn a_text_of_many_lines_is_a_reply_of_many_lines() {
        assert_eq!(
            said((5, 0, 0), "a: no\r\n\n \x1b[2Jb: no\r\0"),
            "554-5.0.0 a: no\r\n554 5.0.0 \\u{1b}[2Jb: no\\u{d}\\u{0}\r\n"
        );
        assert_eq!(said((5, 0, 0), "\n"), "554 5.0.0 not taken\r\n");
        for text in ["word ".repeat(5000), "用".repeat(5000)] {
            let reply = said((4, 999, 999), &text);
            assert!(reply.split_inclusive("\r\n").all(|line| line.len() <= LINE_LIMIT), "{reply}");
            assert!(reply.lines().count() <= LINES_LIMIT && reply.lines().count() > 25);
        }
    }
}
