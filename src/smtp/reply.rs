//! Replies: what the server says (RFC 5321 4.2), read strictly and with limits.
//!
//! A line ends in LF; a CR before it belongs to the line end. Everything in the text that is not printable is
//! escaped, so that a reply can be shown in a terminal, a log and JSON as it is. Text is UTF-8 (RFC 6531 3.5), or of the
//! charset that the profile tells of its server.

use std::collections::VecDeque;
use std::fmt;

use encoding_rs::Encoding;

use crate::mail::{EnhancedStatus, ReportedReply};
use crate::sys::is_hidden;

/// Octets of a line that are kept; the rest is skipped.
const LINE_KEPT: usize = 4 * 1024;
/// Octets of a line after which the reader gives up.
const LINE_LIMIT: usize = 64 * 1024;
/// Lines of a reply to EHLO; a server with everything switched on has about 30.
const EHLO_LINES_LIMIT: usize = 200;
/// Lines of any other reply.
const LINES_LIMIT: usize = 100;

/// One whole reply: a code from 200 to 599 and at least one line of text, which may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The reply code.
    pub code: u16,
    /// The text of each line, printable.
    pub lines: Vec<String>,
}

/// Why octets are no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A line does not begin with a reply code from 200 to 599 and a blank, a hyphen or its end.
    #[error("a line without a reply code: `{0}`")]
    NoCode(String),
    /// The lines of one reply have different codes.
    #[error("the codes {0} and {1} in one reply")]
    MixedCodes(u16, u16),
    /// A line is longer than 64 KiB.
    #[error("a line of more than {} KiB", LINE_LIMIT / 1024)]
    LongLine,
    /// A reply has more lines than this limit: 200 for EHLO, 100 for all else.
    #[error("a reply of more than {0} lines")]
    ManyLines(usize),
}

impl Reply {
    /// The first digit of the code.
    pub fn class(&self) -> u16 {
        self.code / 100
    }

    /// Fails if it has more lines than a reply to anything but EHLO may have. The reader knows no commands, so whoever
    /// knows what was asked looks.
    pub(super) fn check_length(&self) -> Result<(), ReplyError> {
        if self.lines.len() > LINES_LIMIT { Err(ReplyError::ManyLines(LINES_LIMIT)) } else { Ok(()) }
    }

    /// The enhanced status at the beginning of the text (RFC 2034), if its class is the code's.
    pub fn status(&self) -> Option<EnhancedStatus> {
        let (status, _) = EnhancedStatus::split(self.lines.first()?)?;
        (u16::from(status.class) == self.class()).then_some(status)
    }

    /// The reply for a report: its lines in one, the status that each line repeats said once.
    pub fn reported(&self) -> ReportedReply {
        let status = self.status();
        let mut text = String::new();
        for (index, line) in self.lines.iter().enumerate() {
            let line = match EnhancedStatus::split(line) {
                Some((again, rest)) if index > 0 && Some(again) == status => rest,
                _ => line,
            };
            let line = line.trim();
            if !text.is_empty() && !line.is_empty() {
                text.push(' ');
            }
            text.push_str(line);
        }
        ReportedReply { code: self.code, text }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reported().fmt(f)
    }
}

/// Makes replies of octets as they come.
#[derive(Debug, Default)]
pub struct ReplyReader {
    /// The line that has no end yet, at most [`LINE_KEPT`] of it.
    line: Vec<u8>,
    /// How long that line really is.
    line_length: usize,
    /// The lines of the reply that has no end yet.
    partial: Option<Reply>,
    whole: VecDeque<Reply>,
    broken: Option<ReplyError>,
    charset: Option<&'static Encoding>,
}

impl ReplyReader {
    /// A reader of replies whose lines are in this charset where they are not in UTF-8.
    pub fn new(charset: Option<&'static Encoding>) -> Self {
        ReplyReader { charset, ..ReplyReader::default() }
    }

    /// Takes octets from the server.
    pub fn push(&mut self, mut octets: &[u8]) {
        while self.broken.is_none() && !octets.is_empty() {
            let end = memchr::memchr(b'\n', octets);
            let (piece, rest) = match end {
                Some(end) => (&octets[..end], &octets[end + 1..]),
                None => (octets, &octets[octets.len()..]),
            };
            let room = LINE_KEPT - self.line.len();
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            self.line_length += piece.len();
            octets = rest;
            if self.line_length > LINE_LIMIT {
                self.broken = Some(ReplyError::LongLine);
            } else if end.is_some() {
                self.end_line();
            }
        }
    }

    /// The next whole reply. Once an error has come it comes again each time: nothing behind it can be trusted.
    pub fn next_reply(&mut self) -> Option<Result<Reply, ReplyError>> {
        match self.whole.pop_front() {
            Some(reply) => Some(Ok(reply)),
            None => self.broken.clone().map(Err),
        }
    }

    /// Whether [`ReplyReader::next_reply`] has something to give.
    pub fn has_reply(&self) -> bool {
        !self.whole.is_empty() || self.broken.is_some()
    }

    /// How many whole replies wait to be taken.
    pub fn waiting(&self) -> usize {
        self.whole.len()
    }

    /// Whether nothing is left over: no reply, no half of one.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.partial.is_none() && self.line_length == 0 && self.broken.is_none()
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        if line.len() == self.line_length && line.last() == Some(&b'\r') {
            line.pop();
        }
        self.line_length = 0;
        if let Err(error) = self.take_line(&line) {
            self.broken = Some(error);
        }
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), ReplyError> {
        let (code, is_last, text) =
            split_line(line).ok_or_else(|| ReplyError::NoCode(text_of(line, self.charset)))?;
        let reply = self.partial.get_or_insert_with(|| Reply { code, lines: Vec::new() });
        if reply.code != code {
            return Err(ReplyError::MixedCodes(reply.code, code));
        }
        if reply.lines.len() == EHLO_LINES_LIMIT {
            return Err(ReplyError::ManyLines(EHLO_LINES_LIMIT));
        }
        reply.lines.push(text_of(text, self.charset));
        if is_last {
            self.whole.extend(self.partial.take());
        }
        Ok(())
    }
}

/// Code, whether it is the last line, text.
fn split_line(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let digits = line.get(..3)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    if !(200..600).contains(&code) {
        return None;
    }
    match line.get(3) {
        None => Some((code, true, b"")),
        Some(b' ') => Some((code, true, &line[4..])),
        Some(b'-') => Some((code, false, &line[4..])),
        Some(_) => None,
    }
}

/// The text of a line: UTF-8 if it is that, else of the server's charset if all of it can be read so. A line in UTF-8
/// that is good by chance in another charset too stays what it is: the other way round is rare.
fn text_of(octets: &[u8], charset: Option<&'static Encoding>) -> String {
    let decoded = charset
        .filter(|_| std::str::from_utf8(octets).is_err())
        .and_then(|charset| charset.decode_without_bom_handling_and_without_replacement(octets));
    match decoded {
        Some(text) => printable(text.as_bytes()),
        None => printable(octets),
    }
}

/// Text that is safe to show: UTF-8 where valid, each other octet as `\xHH`, controls and bidirectional marks as `\u{…}`.
pub(crate) fn printable(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_hidden(character) {
                text.extend(character.escape_unicode());
            } else {
                text.push(character);
            }
        }
        for octet in chunk.invalid() {
            text.push_str(&format!("\\x{octet:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(octets: &[u8]) -> Vec<Result<Reply, ReplyError>> {
        let mut reader = ReplyReader::default();
        reader.push(octets);
        let mut all = Vec::new();
        while let Some(reply) = reader.next_reply() {
            let is_error = reply.is_err();
            all.push(reply);
            if is_error {
                break;
            }
        }
        all
    }

    fn reply(code: u16, lines: &[&str]) -> Reply {
        Reply { code, lines: lines.iter().map(|&line| line.to_owned()).collect() }
    }

    #[test]
    fn one_and_several_lines() {
        assert_eq!(
            read(b"250-first\r\n250 last\r\n354\r\n221 \n"),
            [Ok(reply(250, &["first", "last"])), Ok(reply(354, &[""])), Ok(reply(221, &[""]))]
        );
    }

    #[test]
    fn what_is_no_reply() {
        let long = [&b"250 "[..], &vec![b'a'; LINE_LIMIT], b"\r\n"].concat();
        let many = b"250-x\r\n".repeat(EHLO_LINES_LIMIT + 1);
        for (octets, error) in [
            (&b"hello\r\n"[..], ReplyError::NoCode("hello".to_owned())),
            (b"150 x\r\n", ReplyError::NoCode("150 x".to_owned())),
            (b"999 x\r\n", ReplyError::NoCode("999 x".to_owned())),
            (b"2500 x\r\n", ReplyError::NoCode("2500 x".to_owned())),
            (b"\r\n", ReplyError::NoCode(String::new())),
            (b"250-a\r\n550 b\r\n", ReplyError::MixedCodes(250, 550)),
            (&long, ReplyError::LongLine),
            (&many, ReplyError::ManyLines(EHLO_LINES_LIMIT)),
        ] {
            assert_eq!(read(octets), [Err(error)]);
        }
    }

    #[test]
    fn a_long_line_is_cut_and_its_rest_skipped() {
        let octets = [&b"250 "[..], &vec![b'a'; 10_000], b"\r\n221 bye\r\n"].concat();
        let replies = read(&octets);
        assert_eq!(replies[0].as_ref().unwrap().lines[0].len(), LINE_KEPT - 4);
        assert_eq!(replies[1], Ok(reply(221, &["bye"])));
    }

    #[test]
    fn text_is_made_printable() {
        assert_eq!(
            read(b"550 \x1b[31m \xff \xe7\x94\xa8 \xe2\x80\xae\0\r\n"),
            [Ok(reply(550, &["\\u{1b}[31m \\xFF 用 \\u{202e}\\u{0}"]))]
        );
    }

    #[test]
    fn text_of_the_servers_charset() {
        let read = |label: &str, octets: &[u8]| {
            let mut reader = ReplyReader::new(Encoding::for_label(label.as_bytes()));
            reader.push(&[b"550 ", octets, b"\r\n"].concat());
            reader.next_reply().unwrap().unwrap().lines.remove(0)
        };
        assert_eq!(read("gbk", b"\xd3\xca\xcf\xe4\xb2\xbb\xb4\xe6\xd4\xda"), "邮箱不存在");
        assert_eq!(read("gbk", "邮箱".as_bytes()), "邮箱", "UTF-8 stays UTF-8");
        assert_eq!(read("gbk", b"\xd3\xca \xff"), "\\xD3\\xCA \\xFF", "what cannot be read is escaped");
        assert_eq!(read("latin1", b"caf\xe9 \x81\x1b[31m"), "café \\u{81}\\u{1b}[31m");
    }

    #[test]
    fn the_status_is_said_once() {
        let reply = reply(550, &["5.1.1 no", "5.1.1 such user", ""]);
        assert_eq!(reply.to_string(), "550 5.1.1 no such user");
        assert_eq!(reply.status().unwrap().to_string(), "5.1.1");
        assert_eq!(super::tests::reply(250, &["5.1.1 odd"]).status(), None);
    }

    proptest! {
        #[test]
        fn pieces_make_the_same_as_the_whole(octets in "(250[ -]?[a-z]{0,5}\r?\n|[0-9a-f -]{0,6}\n){0,6}", cut in 0usize..60) {
            let octets = octets.as_bytes();
            let cut = cut.min(octets.len());
            let mut reader = ReplyReader::default();
            reader.push(&octets[..cut]);
            reader.push(&octets[cut..]);
            let mut all = Vec::new();
            while let Some(reply) = reader.next_reply() {
                let is_error = reply.is_err();
                all.push(reply);
                if is_error { break; }
            }
            prop_assert_eq!(all, read(octets));
        }
    }
}
