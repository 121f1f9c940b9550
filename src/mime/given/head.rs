//! Reads the header of a message as a person or a program has written it (RFC 5322 2.2 and 4.2).

use std::borrow::Cow;

use super::Manner;
use super::field::{Field, Value};
use crate::mime::error::{ComposeError, MessageError};
use crate::mime::source::Source;

/// Most octets of a header: it is held in memory.
const LIMIT: usize = 1024 * 1024;
/// Most fields of a header: each takes more memory than its octets.
const MOST_FIELDS: usize = 10_000;

/// The header of a message, and where its body begins.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) fields: Vec<Field>,
    /// Octets before the body.
    pub(super) length: u64,
    /// The number of the body's first line, counted from 1.
    pub(super) body_line: u64,
}

impl Head {
    /// Reads as far as the empty line, or to the end if there is none. A byte order mark and a mailbox's `From ` line at
    /// the very beginning are passed over, as are lines of blanks: nobody may write them (RFC 5322 3.2.2), and some
    /// readers take one for the end of the header. What a program has written also ends before a line that is no field.
    pub(super) fn read(source: &Source, manner: Manner) -> Result<Self, ComposeError> {
        let octets = beginning(source)?;
        let mark = if octets.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let mut at = mark + length_of_mailbox_lines(&octets[mark..], manner);
        let mut number = 1 + memchr::memchr_iter(b'\n', &octets[..at]).count() as u64;
        let mut fields: Vec<Field> = Vec::new();
        while at < octets.len() {
            let length = length_of_line(&octets[at..]);
            let line = manner.line(&octets[at..at + length]);
            if line.is_empty() {
                return Ok(Head { fields, length: (at + length) as u64, body_line: number + 1 });
            }
            let is_taken = take_line(&line, number, manner, &mut fields)?;
            if fields.len() > MOST_FIELDS {
                return Err(manner.fault(number, &format!("the header has more than {MOST_FIELDS} fields")));
            }
            if !is_taken {
                // The mark belongs to what follows it.
                let is_marked = fields.is_empty() && at == mark;
                let length = if is_marked { 0 } else { at as u64 };
                return Ok(Head { fields, length, body_line: number });
            }
            (at, number) = (at + length, number + 1);
        }
        if octets.len() > LIMIT {
            return Err(manner.fault(number, "the header has no end within its first MiB"));
        }
        Ok(Head { fields, length: at as u64, body_line: number })
    }
}

impl Manner {
    /// A line of a header without its end. A CR that a program has left in it stands for a blank, so that it begins no
    /// field.
    fn line(self, line: &[u8]) -> Cow<'_, [u8]> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if self == Manner::Draft {
            return Cow::Borrowed(line.strip_suffix(b"\r").unwrap_or(line));
        }
        let end = line.iter().rposition(|octet| *octet != b'\r').map_or(0, |last| last + 1);
        let line = &line[..end];
        if memchr::memchr(b'\r', line).is_none() {
            return Cow::Borrowed(line);
        }
        Cow::Owned(line.iter().map(|&octet| if octet == b'\r' { b' ' } else { octet }).collect())
    }
}

/// Adds a line of the header to the fields. False where it is no field, and the body begins with it.
fn take_line(
    line: &[u8],
    number: u64,
    manner: Manner,
    fields: &mut Vec<Field>,
) -> Result<bool, ComposeError> {
    let foul = memchr::memchr2(b'\r', 0, line).map(|at| match line[at] {
        0 => manner.fault(number, "a NUL stands in the header"),
        _ => manner.fault(number, "a CR without LF stands in the header"),
    });
    let is_strict = manner == Manner::Draft;
    match (is_strict, foul) {
        (true, Some(fault)) => return Err(fault),
        (false, Some(fault)) if is_continued(line, fields) || named(line).is_some() => return Err(fault),
        _ => {}
    }
    if is_continued(line, fields) || (is_strict && is_blank(line)) {
        if let (Some(field), false) = (fields.last_mut(), is_blank(line)) {
            field.continue_with(line);
        }
        return Ok(true);
    }
    match named(line) {
        Some((name, value)) => {
            let value = Value::Written(value.to_vec());
            fields.push(Field::new(name, number, value));
            Ok(true)
        }
        None if is_strict => {
            /// Most that an error repeats of a line, characters.
            const SHOWN: usize = 60;
            let shown: String = String::from_utf8_lossy(line).chars().take(SHOWN).collect();
            Err(manner.fault(number, &format!("`{}` is no field", shown.escape_debug())))
        }
        None => Ok(false),
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|octet| matches!(octet, b' ' | b'\t'))
}

/// Whether a line belongs to the field before it.
fn is_continued(line: &[u8], fields: &[Field]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t')) && !fields.is_empty()
}

/// The name and the value of a field.
pub(super) fn named(line: &[u8]) -> Option<(&str, &[u8])> {
    let at = memchr::memchr(b':', line)?;
    let name = line[..at].trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then_some((str::from_utf8(name).ok()?, &line[at + 1..]))
}

/// Octets of the lines at the very beginning that a mailbox has put there. They name a time, or a field is behind them:
/// others are what somebody wrote.
fn length_of_mailbox_lines(octets: &[u8], manner: Manner) -> usize {
    let first = length_of_line(octets);
    let mut at = if octets.starts_with(b"From ") { first } else { 0 };
    // A mailbox in a mailbox has such a line behind its own.
    while manner == Manner::Message && octets[at..].starts_with(b">From ") {
        at += length_of_line(&octets[at..]);
    }
    let next = manner.line(&octets[at..at + length_of_line(&octets[at..])]).into_owned();
    if is_dated(&octets[..first]) || named(&next).is_some() { at } else { 0 }
}

/// Whether a line ends in a time and a year, and at most a zone, as in `Mon Jan  1 00:00:00 2024`.
fn is_dated(line: &[u8]) -> bool {
    let is_time = |word: &[u8]| {
        let numbers = word.split(|&octet| octet == b':');
        let is_number =
            |number: &[u8]| matches!(number.len(), 1 | 2) && number.iter().all(u8::is_ascii_digit);
        matches!(numbers.clone().count(), 2 | 3) && numbers.clone().all(is_number)
    };
    let is_year = |word: &[u8]| word.len() == 4 && word.iter().all(u8::is_ascii_digit);
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.any(is_time) && words.take(2).any(is_year)
}

fn length_of_line(octets: &[u8]) -> usize {
    memchr::memchr(b'\n', octets).map_or(octets.len(), |at| at + 1)
}

/// The octets of a source up to where the header has ended, and as much as came with them.
fn beginning(source: &Source) -> Result<Vec<u8>, ComposeError> {
    let mut octets: Vec<u8> = Vec::new();
    let read = source.each_block(&mut |block| {
        let looked_at = octets.len().saturating_sub(2);
        octets.extend_from_slice(block);
        let new = &octets[looked_at..];
        let is_over = [&b"\n\n"[..], b"\n\r\n"].iter().any(|end| memchr::memmem::find(new, end).is_some());
        // An error of the sink ends the reading.
        if is_over || octets.len() > LIMIT {
            Err(MessageError::Sink(std::io::ErrorKind::Other.into()))
        } else {
            Ok(())
        }
    });
    match read {
        Ok(()) | Err(MessageError::Sink(_)) => Ok(octets),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: impl AsRef<[u8]>) -> Result<Head, ComposeError> {
        Head::read(&Source::Octets(text.as_ref().to_vec()), Manner::Draft)
    }

    fn taken(text: impl AsRef<[u8]>) -> Result<Head, ComposeError> {
        Head::read(&Source::Octets(text.as_ref().to_vec()), Manner::Message)
    }

    fn shown(text: &str, head: Head) -> (Vec<(String, u64, String)>, &str, u64) {
        let field = |field: &Field| {
            let Value::Written(value) = &field.value else { panic!("{field:?}") };
            (field.name.clone(), field.line, String::from_utf8(value.clone()).unwrap())
        };
        (head.fields.iter().map(field).collect(), &text[head.length as usize..], head.body_line)
    }

    #[test]
    fn fields_and_where_the_body_begins() {
        let field = |name: &str, line, value: &str| (name.to_owned(), line, value.to_owned());
        for (text, fields, body, line) in [
            ("", vec![], "", 1),
            ("\nbody", vec![], "body", 2),
            ("\r\nbody", vec![], "body", 2),
            ("A: 1\r\nb:2\n\nbody\n\n", vec![field("A", 1, " 1"), field("b", 2, "2")], "body\n\n", 4),
            ("A: 1\n\tx\n  y: z\n\n", vec![field("A", 1, " 1\r\n\tx\r\n  y: z")], "", 5),
            ("A : 1", vec![field("A", 1, " 1")], "", 2),
            ("From me Mon Jan 1\nA:\n\nFrom x\n", vec![field("A", 2, "")], "From x\n", 4),
            ("From me Mon Jan  1 00:00:00 2024\n\nFrom x\n", vec![], "From x\n", 3),
            ("From me Mon Jan  1 0:00 MET 2024\nA: 1\n", vec![field("A", 2, " 1")], "", 3),
            ("\u{feff}A: 1\n \t\nB: 2\n\n", vec![field("A", 1, " 1"), field("B", 3, " 2")], "", 5),
        ] {
            assert_eq!(shown(text, read(text).unwrap()), (fields.clone(), body, line), "{text:?}");
            assert_eq!(shown(text, taken(text).unwrap()), (fields, body, line), "{text:?}");
        }
    }

    #[test]
    fn a_message_of_a_program_begins_as_it_likes() {
        let field = |name: &str, line, value: &str| (name.to_owned(), line, value.to_owned());
        let a = || vec![field("A", 1, " 1")];
        for (text, fields, body, line) in [
            ("disk full\n\nA: 1\n", vec![], "disk full\n\nA: 1\n", 1),
            (" A: 1\n\n", vec![], " A: 1\n\n", 1),
            (": 1\n", vec![], ": 1\n", 1),
            ("\u{e9}: 1\n\n", vec![], "\u{e9}: 1\n\n", 1),
            ("\u{feff}Hello\n\n", vec![], "\u{feff}Hello\n\n", 1),
            ("\u{feff}A: 1\nHello", a(), "Hello", 2),
            ("\0A: 1\n", vec![], "\0A: 1\n", 1),
            ("A: 1\nhow are you? fine: yes\n\nx", a(), "how are you? fine: yes\n\nx", 2),
            ("A: 1\n \t\n\tb\nno field\0", vec![field("A", 1, " 1\r\n\tb")], "no field\0", 4),
            ("A: 1\r\r\n\r\r\nx", a(), "x", 3),
            ("A: 1\rBcc: e@x\n\n", vec![field("A", 1, " 1 Bcc: e@x")], "", 3),
            ("A: 1\n\rBcc: e@x\n\n", vec![field("A", 1, " 1\r\n Bcc: e@x")], "", 4),
            ("A\rBcc: e@x\n\n", vec![], "A\rBcc: e@x\n\n", 1),
            ("A: 1\nA: 2\r\nbody", vec![field("A", 1, " 1"), field("A", 2, " 2")], "body", 3),
            ("From x\n>From y\nA: 1\n\n>From z\n", vec![field("A", 3, " 1")], ">From z\n", 5),
            ("From now on the disk is full\nsecond", vec![], "From now on the disk is full\nsecond", 1),
            ("From 10:00 on 20240 are\n\nA: 1", vec![], "From 10:00 on 20240 are\n\nA: 1", 1),
            (">From x\n>From y\nz", vec![], ">From x\n>From y\nz", 1),
            ("From x", vec![], "From x", 1),
        ] {
            assert_eq!(shown(text, taken(text).unwrap()), (fields, body, line), "{text:?}");
        }
        for text in ["A: \0", "A: 1\n \0\n"] {
            assert!(
                taken(text).unwrap_err().to_string().ends_with("of the message: a NUL stands in the header")
            );
        }
        let text = "words without an end ".repeat(100_000);
        assert_eq!(taken(&text).unwrap().length, 0);
    }

    #[test]
    fn a_line_that_is_no_field_is_named() {
        for (text, words) in [
            ("Hello Bob,\n\nA: 1\n", "line 1 of the draft: `Hello Bob,` is no field"),
            ("A: 1\nhow are you? fine: yes\n\n", "line 2 of the draft: `how are you? fine: yes` is no field"),
            (" A: 1\n\n", "line 1 of the draft: ` A: 1` is no field"),
            ("From now on\nx\n", "line 1 of the draft: `From now on` is no field"),
            (": 1\n\n", "line 1 of the draft: `: 1` is no field"),
            ("A: 1\nB: \0\n", "line 2 of the draft: a NUL stands in the header"),
            ("A: 1\rBcc: e@x\n\n", "line 1 of the draft: a CR without LF stands in the header"),
            ("\u{e9}: 1\n\n", "line 1 of the draft: `\u{e9}: 1` is no field"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), words, "{text:?}");
        }
        let line = format!("A: {}\n", "1".repeat(200));
        let endless = line.repeat(6000);
        assert!(read(&endless).unwrap_err().to_string().ends_with("no end within its first MiB"));
        assert_eq!(read(line.repeat(5000) + "\nbody").unwrap().fields.len(), 5000);
        let many = "a:\n".repeat(MOST_FIELDS);
        assert_eq!(read(&many).unwrap().fields.len(), MOST_FIELDS);
        let words = "line 10001 of the draft: the header has more than 10000 fields";
        assert_eq!(read(many + "a:\n").unwrap_err().to_string(), words);
    }
}
