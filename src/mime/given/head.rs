//! Reads the header of a message as a person or a program has written it (RFC 5322 2.2 and 4.2).

use super::field::{Field, Value};
use crate::mime::error::{ComposeError, MessageError};
use crate::mime::source::Source;

/// Most octets of a header: it is held in memory.
const LIMIT: usize = 1024 * 1024;

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
    /// readers take one for the end of the header.
    pub(super) fn read(source: &Source) -> Result<Self, ComposeError> {
        let octets = beginning(source)?;
        let mut at = if octets.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        if octets[at..].starts_with(b"From ") {
            at += length_of_line(&octets[at..]);
        }
        let mut number = 1 + memchr::memchr_iter(b'\n', &octets[..at]).count() as u64;
        let mut fields: Vec<Field> = Vec::new();
        while at < octets.len() {
            let length = length_of_line(&octets[at..]);
            let line = &octets[at..at + length];
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            (at, number) = (at + length, number + 1);
            if line.is_empty() {
                return Ok(Head { fields, length: at as u64, body_line: number });
            }
            take_line(line, number - 1, &mut fields)?;
        }
        if octets.len() > LIMIT {
            return Err(fault(number, "the header has no end within its first MiB"));
        }
        Ok(Head { fields, length: at as u64, body_line: number })
    }
}

/// Adds a line of the header to the fields.
fn take_line(line: &[u8], number: u64, fields: &mut Vec<Field>) -> Result<(), ComposeError> {
    match memchr::memchr2(b'\r', 0, line).map(|at| line[at]) {
        Some(0) => return Err(fault(number, "a NUL stands in the header")),
        Some(_) => return Err(fault(number, "a CR without LF stands in the header")),
        None => {}
    }
    if line.iter().all(|octet| matches!(octet, b' ' | b'\t')) {
        return Ok(());
    }
    if let (b' ' | b'\t', Some(field)) = (line[0], fields.last_mut()) {
        field.continue_with(line);
        return Ok(());
    }
    let colon = memchr::memchr(b':', line);
    let name = colon.map(|at| line[..at].trim_ascii_end()).unwrap_or_default();
    match (colon, str::from_utf8(name)) {
        (Some(at), Ok(text)) if !name.is_empty() && name.iter().all(u8::is_ascii_graphic) => {
            let value = Value::Written(line[at + 1..].to_vec());
            fields.push(Field { name: text.to_owned(), line: number, value });
            Ok(())
        }
        _ => {
            /// Most that an error repeats of a line, characters.
            const SHOWN: usize = 60;
            let shown: String = String::from_utf8_lossy(line).chars().take(SHOWN).collect();
            Err(fault(number, &format!("`{}` is no field", shown.escape_debug())))
        }
    }
}

fn fault(line: u64, reason: &str) -> ComposeError {
    ComposeError::Line { line, reason: reason.to_owned() }
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
        Head::read(&Source::Octets(text.as_ref().to_vec()))
    }

    fn shown(text: &str) -> (Vec<(String, u64, String)>, &str, u64) {
        let head = read(text).unwrap();
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
            ("\u{feff}A: 1\n \t\nB: 2\n\n", vec![field("A", 1, " 1"), field("B", 3, " 2")], "", 5),
        ] {
            assert_eq!(shown(text), (fields, body, line), "{text:?}");
        }
    }

    #[test]
    fn a_line_that_is_no_field_is_named() {
        for (text, words) in [
            ("Hello Bob,\n\nA: 1\n", "line 1 of the draft: `Hello Bob,` is no field"),
            ("A: 1\nhow are you? fine: yes\n\n", "line 2 of the draft: `how are you? fine: yes` is no field"),
            (" A: 1\n\n", "line 1 of the draft: ` A: 1` is no field"),
            (": 1\n\n", "line 1 of the draft: `: 1` is no field"),
            ("A: 1\nB: \0\n", "line 2 of the draft: a NUL stands in the header"),
            ("A: 1\rBcc: e@x\n\n", "line 1 of the draft: a CR without LF stands in the header"),
            ("\u{e9}: 1\n\n", "line 1 of the draft: `\u{e9}: 1` is no field"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), words, "{text:?}");
        }
        let endless = "A: 1\n".repeat(300_000);
        assert!(read(&endless).unwrap_err().to_string().ends_with("no end within its first MiB"));
        assert_eq!(read(format!("{}\nbody", &endless[..500_000])).unwrap().fields.len(), 100_000);
    }
}
