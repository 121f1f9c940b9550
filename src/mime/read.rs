//! Reads a message only as far as a person wants to see it: fields, and an outline of its parts. Streams: a part's
//! content is counted, never held. Not a general MIME parser.

mod words;

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use encoding_rs::Encoding;

pub(super) use self::words::{BLANKS, decoded_words, is_encoded_word, rewritable_words};
use super::charset::charset;
use super::header::parameter::without_comment;

/// Deepest nesting of multiparts that is followed.
const DEPTH: usize = 16;
/// Most octets of header fields that are kept, per part.
const HEADER_LIMIT: usize = 1024 * 1024;

/// What a message holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Its fields in order, unfolded and decoded.
    pub fields: Vec<(String, String)>,
    /// Its leaves in order.
    pub parts: Vec<Leaf>,
}

/// One part that holds no others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaf {
    /// `text/plain; charset=utf-8`, without a name.
    pub media_type: String,
    /// The file name.
    pub name: Option<String>,
    /// Its size after the transfer encoding is undone, octets.
    pub octets: u64,
}

impl Contents {
    /// Reads a message to its end.
    pub fn read(input: &mut dyn BufRead) -> io::Result<Self> {
        let mut reader = Reader { input, boundaries: Vec::new(), leaves: Vec::new() };
        let (fields, _) = reader.part()?;
        Ok(Contents {
            fields: fields.into_iter().map(|(name, value)| (name, decoded_words(&value))).collect(),
            parts: reader.leaves,
        })
    }
}

type Fields = Vec<(String, String)>;

/// How a part ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// At the end of the message.
    Message,
    /// At a boundary of this index, and whether it was a closing one.
    Boundary(usize, bool),
}

struct Reader<'a> {
    input: &'a mut dyn BufRead,
    boundaries: Vec<String>,
    leaves: Vec<Leaf>,
}

impl Reader<'_> {
    /// Reads a header and its body.
    fn part(&mut self) -> io::Result<(Fields, End)> {
        let (fields, end) = self.header()?;
        let content_type = find(&fields, "Content-Type").unwrap_or("text/plain").to_owned();
        if let Some(end) = end {
            self.leaves.push(leaf(&fields, &content_type, 0));
            return Ok((fields, end));
        }
        let boundary = parameter(&content_type, "boundary");
        let is_multipart = content_type.to_ascii_lowercase().starts_with("multipart/");
        let end = match boundary {
            Some(boundary) if is_multipart && self.boundaries.len() < DEPTH => self.multipart(boundary)?,
            _ => {
                let encoding =
                    find(&fields, "Content-Transfer-Encoding").unwrap_or("7bit").to_ascii_lowercase();
                let (octets, end) = self.content(&encoding)?;
                self.leaves.push(leaf(&fields, &content_type, octets));
                end
            }
        };
        Ok((fields, end))
    }

    fn multipart(&mut self, boundary: String) -> io::Result<End> {
        self.boundaries.push(boundary);
        let ours = self.boundaries.len() - 1;
        let (_, mut end) = self.content("7bit")?;
        while end == End::Boundary(ours, false) {
            (_, end) = self.part()?;
        }
        self.boundaries.pop();
        if end == End::Boundary(ours, true) {
            (_, end) = self.content("7bit")?;
        }
        Ok(end)
    }

    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        Ok((self.input.read_until(b'\n', &mut line)? > 0).then_some(line))
    }

    /// Fields up to the empty line; an end when the part ends there.
    fn header(&mut self) -> io::Result<(Fields, Option<End>)> {
        let mut fields: Fields = Vec::new();
        let mut size = 0;
        loop {
            let Some(line) = self.line()? else { return Ok((fields, Some(End::Message))) };
            if let Some(end) = self.boundary(&line) {
                return Ok((fields, Some(end)));
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\r', '\n']);
            size += text.len();
            if text.is_empty() {
                return Ok((fields, None));
            }
            if size > HEADER_LIMIT {
                continue;
            }
            match (text.starts_with([' ', '\t']), fields.last_mut(), text.split_once(':')) {
                (true, Some((_, value)), _) => value.push_str(text),
                (false, _, Some((name, value))) => fields.push((name.to_owned(), value.trim().to_owned())),
                _ => {}
            }
        }
    }

    /// Counts a body's octets up to its boundary.
    fn content(&mut self, encoding: &str) -> io::Result<(u64, End)> {
        let mut octets = 0;
        let mut pending_line_end = 0;
        loop {
            let Some(line) = self.line()? else {
                return Ok((octets + pending_line_end, End::Message));
            };
            if let Some(end) = self.boundary(&line) {
                // The line end before a boundary belongs to the boundary (RFC 2046 5.1.1).
                return Ok((octets, end));
            }
            octets += pending_line_end;
            pending_line_end = 0;
            let text = line.trim_ascii_end();
            match encoding {
                "base64" => {
                    let padding = text.iter().rev().take_while(|&&octet| octet == b'=').count();
                    octets += (text.len() / 4 * 3).saturating_sub(padding) as u64;
                }
                "quoted-printable" => {
                    let codes = text.iter().filter(|&&octet| octet == b'=').count();
                    let soft = text.last() == Some(&b'=');
                    let coded = if soft { (codes - 1) * 2 + 1 } else { codes * 2 };
                    octets += text.len().saturating_sub(coded) as u64;
                    pending_line_end = if soft { 0 } else { 2 };
                }
                _ => {
                    let text = line.strip_suffix(b"\n").unwrap_or(&line);
                    let text = text.strip_suffix(b"\r").unwrap_or(text);
                    octets += text.len() as u64;
                    pending_line_end = 2;
                }
            }
        }
    }

    fn boundary(&self, line: &[u8]) -> Option<End> {
        let rest = line.strip_prefix(b"--")?;
        self.boundaries.iter().enumerate().rev().find_map(|(index, boundary)| {
            let behind = rest.strip_prefix(boundary.as_bytes())?.trim_ascii_end();
            match behind {
                b"" => Some(End::Boundary(index, false)),
                b"--" => Some(End::Boundary(index, true)),
                _ => None,
            }
        })
    }
}

fn find<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn leaf(fields: &Fields, content_type: &str, octets: u64) -> Leaf {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset = parameter(content_type, "charset").map(|charset| format!("; charset={charset}"));
    let disposition = find(fields, "Content-Disposition").unwrap_or_default();
    let name = parameter(disposition, "filename").or_else(|| parameter(content_type, "name"));
    Leaf { media_type: kind + &charset.unwrap_or_default(), name, octets }
}

/// A parameter of a structured field, quoted, continued or encoded (RFC 2045 5.1, RFC 2231). Of two the first counts, and
/// one that is encoded or continued before one that is not.
pub(super) fn parameter(value: &str, wanted: &str) -> Option<String> {
    let octets = parameter_octets(value, wanted, |text| text.as_bytes().to_vec())?;
    Some(String::from_utf8_lossy(&octets).into_owned())
}

/// Its octets: in UTF-8 what is encoded in a known charset, else as `octets_of` has them.
pub(super) fn parameter_octets(
    value: &str,
    wanted: &str,
    octets_of: impl Fn(&str) -> Vec<u8>,
) -> Option<Vec<u8>> {
    let (mut plain, mut sections) = (None, BTreeMap::new());
    for item in split_outside_quotes(value).into_iter().skip(1) {
        let Some((name, text)) = item.split_once('=') else { continue };
        let name = name.trim().to_ascii_lowercase();
        let Some(rest) = name.strip_prefix(wanted) else { continue };
        let text = unquoted(without_comment(text.trim()));
        let Some(section) = rest.strip_prefix('*') else {
            if rest.is_empty() {
                plain.get_or_insert(text);
            }
            continue;
        };
        let (section, is_encoded) = match section.strip_suffix('*') {
            Some(section) => (section, true),
            None => (section, section.is_empty()),
        };
        // `name*` is what `name*0*` is where nothing goes on.
        let section = if section.is_empty() { Ok(0) } else { section.parse::<usize>() };
        if let Ok(section) = section {
            sections.entry(section).or_insert((is_encoded, text));
        }
    }
    match plain {
        Some(plain) if !sections.contains_key(&0) => Some(octets_of(&plain)),
        _ if sections.is_empty() => None,
        _ => Some(joined(sections.into_values(), octets_of)),
    }
}

/// The sections of a parameter as one (RFC 2231 4.1); a character may be divided between two that are encoded.
fn joined(sections: impl Iterator<Item = (bool, String)>, octets_of: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    let (mut octets, mut encoded, mut encoding) = (Vec::new(), Vec::new(), None);
    let end = |encoded: &mut Vec<u8>, encoding: Option<&'static Encoding>, octets: &mut Vec<u8>| {
        let text = encoding
            .and_then(|encoding| encoding.decode_without_bom_handling_and_without_replacement(encoded));
        octets.extend(text.map_or_else(|| encoded.clone(), |text| text.into_owned().into_bytes()));
        encoded.clear();
    };
    for (place, (is_encoded, text)) in sections.enumerate() {
        if !is_encoded {
            end(&mut encoded, encoding, &mut octets);
            octets.extend(octets_of(&text));
            continue;
        }
        let mut text = text.as_str();
        if let (0, [label, _, value]) = (place, text.splitn(3, '\'').collect::<Vec<_>>().as_slice()) {
            encoding = charset(label).ok().flatten();
            text = value;
        }
        percent_decoded(&octets_of(text), &mut encoded);
    }
    end(&mut encoded, encoding, &mut octets);
    octets
}

fn split_outside_quotes(value: &str) -> Vec<&str> {
    let (mut items, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in value.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                items.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&value[start..]);
    items
}

pub(super) fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut escaped = false;
    inner
        .chars()
        .filter(|&character| {
            let is_escape = character == '\\' && !escaped;
            escaped = is_escape;
            !is_escape
        })
        .collect()
}

/// Adds the octets of a text, its `%XX` decoded.
pub(super) fn percent_decoded(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((&octet, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        // A sign would be read as part of a number.
        let code = code.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) if octet == b'%' => {
                out.push(decoded);
                rest = &behind[2..];
            }
            _ => {
                out.push(octet);
                rest = behind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &str) -> Contents {
        Contents::read(&mut message.replace('\n', "\r\n").as_bytes()).unwrap()
    }

    #[test]
    fn one_part() {
        let contents = read("Subject: =?utf-8?B?5oql?=\n =?utf-8?B?5ZGK?= ok\nTo: a@x\n\nhello\nworld\n");
        assert_eq!(find(&contents.fields, "subject"), Some("报告 ok"));
        assert_eq!(contents.parts, [Leaf { media_type: "text/plain".into(), name: None, octets: 14 }]);
    }

    #[test]
    fn parameters() {
        for (value, read) in [
            ("a; n=b; n=c", "b"),
            ("a; n=\"b;\\\"\"; nn=c; N=d", "b;\""),
            ("a; n*1=c; n*0=b; n*0=d; n*1*=e", "bc"),
            ("a; n=x; n*=utf-8''%C3%A9%2; n*=utf-8''z", "\u{e9}%2"),
            ("a; n=x; n*0*=utf-8''%C3; n*1*=%A9; n*2=%A9", "\u{e9}%A9"),
            ("a; n=x; n*1=y", "x"),
            ("a; n*=iso-8859-1'de'%E9'; n=x", "\u{e9}'"),
            ("a; n*0*=gbk''%D6; n*1*=%D0; n*2=\u{e9}", "\u{4e2d}\u{e9}"),
            ("a; n*=x-y''%E9", "\u{fffd}"),
            ("a; n*=%41", "A"),
            ("a; n*x=b; n*-1=c; n=d", "d"),
        ] {
            assert_eq!(parameter(value, "n").as_deref(), Some(read), "{value}");
        }
        assert_eq!(parameter("n=b; nn=c; n", "n"), None);
    }

    #[test]
    fn several_parts_with_names() {
        let contents = read(concat!(
            "Content-Type: multipart/mixed; boundary=\"b;1\"\n\npreamble\n--b;1\n",
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9=\nx\n\n--b;1\n",
            "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n",
            "Content-Disposition: attachment; filename*0*=utf-8''%E6%8A%A5;\n filename*1*=%E5%91%8A%20.pdf\n\nYWJjZA==\n--b;1--\nepilogue\n",
        ));
        let leaf = |media_type: &str, name: Option<&str>, octets| Leaf {
            media_type: media_type.into(),
            name: name.map(str::to_owned),
            octets,
        };
        assert_eq!(
            contents.parts,
            [leaf("text/plain; charset=utf-8", None, 5), leaf("application/pdf", Some("报告 .pdf"), 4)]
        );
    }

    #[test]
    fn odd_messages_end() {
        for message in [
            "",
            "\n",
            "no field",
            "Content-Type: multipart/mixed; boundary=x\n\n--x\n--x\n",
            "Content-Type: multipart/mixed; boundary=x\n\n",
        ] {
            let _ = read(message);
        }
    }
}
