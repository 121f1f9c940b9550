//! A field of a message that was given: its octets stay as they are, or it is made anew.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::lines::LONGEST_LINE;
use super::names::{decoded_names, has_ascii_addresses, is_list, of_octets, text_of};
use super::{Manner, mend};
use crate::mail::{Listed, Warning, parse_list};
use crate::mime::charset::{Charsets, Text};
use crate::mime::error::ComposeError;
use crate::mime::header::{Header, is_address_list, legible};
use crate::mime::read::rewritable_words;

/// Fields whose syntax has no place for an encoded-word.
const FIXED: [&str; 7] =
    ["Date", "Message-ID", "MIME-Version", "Received", "Return-Path", "Resent-Date", "Resent-Message-ID"];

/// A field, in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// As it is spelled.
    pub(super) name: String,
    /// The line it begins on, counted from 1; 0 for one that was added.
    pub(super) line: u64,
    pub(super) value: Value,
    /// Whether it is of the newest resending that names recipients.
    pub(super) is_newest: bool,
}

/// What stands behind the colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// What was given, its lines divided by CRLF.
    Written(Vec<u8>),
    /// What was given, and further addresses.
    Extended(Vec<u8>, Vec<Listed>),
    /// A list, and what was given for it where no charset explains that.
    Addresses(Vec<Listed>, Option<Text>),
    /// Addresses that a person has typed.
    Typed(Vec<Listed>),
    Text(Text),
    /// ASCII words that are made here.
    Plain(String),
}

impl Field {
    pub(super) fn new(name: &str, line: u64, value: Value) -> Self {
        Field { name: name.to_owned(), line, value, is_newest: false }
    }

    /// Whether it has this name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Adds a further line of a folded field.
    pub(super) fn continue_with(&mut self, line: &[u8]) {
        if let Value::Written(value) = &mut self.value {
            value.extend_from_slice(b"\r\n");
            value.extend_from_slice(line);
        }
    }

    /// What was given, on one line, read in these charsets. What none of them explains becomes U+FFFD, but in a name of
    /// an address.
    pub(super) fn read(&self, charsets: &Charsets) -> Option<String> {
        match &self.value {
            Value::Written(value) if !value.is_ascii() && is_list(&self.name) => {
                Some(text_of(value, charsets))
            }
            Value::Written(value) if !value.is_ascii() => {
                let text = Text::from(unfolded(value).trim_ascii().to_vec());
                Some(text.decode(charsets).unwrap_or_else(|_| text.lossy()).into_owned())
            }
            _ => self.given(),
        }
    }

    /// What was given, on one line. What is not UTF-8 becomes U+FFFD.
    pub(super) fn given(&self) -> Option<String> {
        match &self.value {
            Value::Written(value) => Some(String::from_utf8_lossy(&unfolded(value)).trim().to_owned()),
            _ => None,
        }
    }

    /// What it says, as it was given or is made here.
    pub(super) fn said(&self) -> Option<String> {
        match &self.value {
            Value::Plain(text) => Some(text.clone()),
            _ => self.given(),
        }
    }

    /// Adds it to the header.
    pub(super) fn write(
        &self,
        manner: Manner,
        header: &mut Header,
        charsets: &Charsets,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ComposeError> {
        // What a person has typed is what they want to be seen.
        header.keeps_words = !matches!(self.value, Value::Text(_) | Value::Typed(_));
        match &self.value {
            Value::Written(value) if self.is_clean() => {
                self.write_octets(header, value);
                header.text.push_str("\r\n");
                Ok(())
            }
            Value::Written(value) if manner == Manner::Message => {
                mend::write(self, value, header, charsets, warnings)
            }
            Value::Written(value) => {
                self.remake(value, header, charsets, warnings).map_err(|error| self.on_its_line(error))
            }
            Value::Extended(value, more) => self.extend(value, more, header, charsets, warnings),
            Value::Addresses(list, unknown) => {
                if let Some(unknown) = unknown {
                    legible(&self.name, unknown, charsets, warnings)?;
                }
                header.addresses(&self.name, list)
            }
            Value::Typed(list) => header.addresses(&self.name, list),
            Value::Text(text) => self.write_text(text, header, charsets, warnings),
            Value::Plain(text) => {
                header.plain(&self.name, text);
                Ok(())
            }
        }
    }

    /// Says on which line of the draft it is that cannot be written.
    fn on_its_line(&self, error: ComposeError) -> ComposeError {
        match error {
            ComposeError::Structure { .. } => Manner::Draft.fault(self.line, &error.to_string()),
            error => error,
        }
    }

    /// Whether what was given may stand in a message as it is.
    pub(super) fn is_clean(&self) -> bool {
        self.is_ascii() && self.is_short()
    }

    /// Whether no octet of what was given is above 127.
    pub(super) fn is_ascii(&self) -> bool {
        !matches!(&self.value, Value::Written(value) if !value.is_ascii())
    }

    /// Whether no line of what was given is too long.
    pub(super) fn is_short(&self) -> bool {
        !matches!(&self.value, Value::Written(value) if !self.fits(value))
    }

    /// Whether no line is too long with this value.
    fn fits(&self, value: &[u8]) -> bool {
        let first = self.name.len() + 1;
        let mut lines =
            value.split(|&octet| octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line).len());
        lines.next().is_none_or(|length| first + length <= LONGEST_LINE)
            && lines.all(|length| length <= LONGEST_LINE)
    }

    /// Writes name and value; the octets are ASCII.
    fn write_octets(&self, header: &mut Header, value: &[u8]) {
        header.text.push_str(&self.name);
        header.text.push(':');
        header.text.push_str(&String::from_utf8_lossy(value));
    }

    /// Folds it, encodes it, or both.
    fn remake(
        &self,
        value: &[u8],
        header: &mut Header,
        charsets: &Charsets,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ComposeError> {
        if is_list(&self.name) || is_address_list(&self.name) {
            return header.addresses(&self.name, &self.list(value, charsets, warnings)?);
        }
        if mend::write_parameters(self, value, header, charsets, warnings)? {
            return Ok(());
        }
        let text = Text::from(OsString::from_vec(unfolded(value).trim_ascii().to_vec()));
        // What is encoded already must not be so twice.
        let text = match text.decode(charsets) {
            Ok(decoded) if !decoded.is_ascii() || decoded.contains("=?") => rewritable_words(&decoded).into(),
            _ => text,
        };
        self.write_text(&text, header, charsets, warnings)
    }

    fn write_text(
        &self,
        text: &Text,
        header: &mut Header,
        charsets: &Charsets,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ComposeError> {
        if self.is("Subject") {
            header.unstructured(&self.name, "a subject", text, charsets, warnings)
        } else if self.is("Content-Description") {
            header.unstructured(&self.name, "a description", text, charsets, warnings)
        } else if is_fixed(&self.name) {
            header.structured(&self.name, &text.lossy())
        } else {
            header.own(&self.name, text, charsets, warnings)
        }
    }

    /// Writes the addresses that were given, untouched where they can be, and `more` behind them.
    fn extend(
        &self,
        value: &[u8],
        more: &[Listed],
        header: &mut Header,
        charsets: &Charsets,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ComposeError> {
        let kept = value.trim_ascii_end();
        let kept = kept.strip_suffix(b",").unwrap_or(kept).trim_ascii_end();
        let mut added = Header::new(charsets);
        added.addresses(&self.name, more)?;
        if kept.is_ascii() && self.fits(kept) {
            self.write_octets(header, kept);
        } else {
            header.addresses(&self.name, &self.list(value, charsets, warnings)?)?;
            header.text.truncate(header.text.len() - "\r\n".len());
        }
        header.text.push_str(",\r\n");
        // A blank begins it, or a line end and a blank.
        header.text.push_str(added.text[self.name.len() + 1..].trim_start_matches("\r\n"));
        header.smtputf8 |= added.smtputf8;
        header.lacking.append(&mut added.lacking);
        Ok(())
    }

    /// Reads an address list.
    fn list(
        &self,
        value: &[u8],
        charsets: &Charsets,
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<Listed>, ComposeError> {
        let text = Text::from(OsString::from_vec(unfolded(value)));
        let list = match legible(&self.name, &text, charsets, warnings)? {
            Some(text) => parse_list(&text, None),
            None => of_octets(text.octets(), None),
        };
        let list = list.map_err(|error| Manner::Draft.fault(self.line, &error.to_string()))?;
        if text.decode(charsets).is_err() && !has_ascii_addresses(&list) {
            return Err(Manner::Draft.fault(self.line, "an address is not UTF-8"));
        }
        Ok(decoded_names(list))
    }
}

/// Whether a field of this name has no place for an encoded-word. A description has (RFC 2045 8).
pub(super) fn is_fixed(name: &str) -> bool {
    let is_free = name.eq_ignore_ascii_case("Content-Description");
    FIXED.iter().any(|known| name.eq_ignore_ascii_case(known)) || (is_content(name) && !is_free)
}

/// Whether a field belongs to the content (RFC 2045 9).
pub(super) fn is_content(name: &str) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"))
}

/// Takes the line ends out (RFC 5322 2.2.3).
pub(super) fn unfolded(value: &[u8]) -> Vec<u8> {
    value.iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn written(name: &str, value: Value) -> Result<String, String> {
        let mut header = Header::default();
        let field = Field::new(name, 7, value);
        field
            .write(Manner::Draft, &mut header, &Charsets::default(), &mut Vec::new())
            .map_err(|error| error.to_string())?;
        Ok(header.text)
    }

    fn kept(name: &str, value: &str) -> Result<String, String> {
        written(name, Value::Written(value.as_bytes().to_vec()))
    }

    #[test]
    fn what_needs_no_change_has_none() {
        for (name, value) in [
            ("suBJect", "\t  odd \r\n\tfolding  "),
            ("X-Empty", ""),
            ("From", " =?iso-8859-1?q?J=F6rg?= <j@x> (note)"),
            ("To", "a@x,,b@x , \"q\" <c@x>"),
            ("Content-Type", " text/plain; charset=x;\r\n  y=\"z\""),
        ] {
            assert_eq!(kept(name, value).unwrap(), format!("{name}:{value}\r\n"));
        }
    }

    #[test]
    fn utf_8_is_encoded_in_its_own_field() {
        for (name, value, expected) in [
            ("Subject", " Gr\u{fc}\u{df}e", "Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"),
            ("X-Note", " =?utf-8?q?=C3=A9?= \u{e9}", "X-Note: =?utf-8?b?w6kgw6k=?=\r\n"),
            ("Content-Description", " \u{e9}", "Content-Description: =?utf-8?b?w6k=?=\r\n"),
            // A comma that is encoded divides nothing.
            ("Errors-To", " =?utf-8?q?a=2C?= \u{e9} <b@x>", "Errors-To: =?utf-8?b?YSwgw6k=?= <b@x>\r\n"),
            ("To", " J\u{f6}rg <j@x>, b@x", "To: =?utf-8?b?SsO2cmc=?= <j@x>, b@x\r\n"),
            (
                "Reply-To",
                " =?iso-8859-1?q?J=F6rg?= <j@x>, \u{e9} <e@x>",
                "Reply-To: =?utf-8?b?SsO2cmc=?= <j@x>, =?utf-8?b?w6k=?= <e@x>\r\n",
            ),
            ("Cc", " \u{7528}\u{6237}@x", "Cc: \u{7528}\u{6237}@x\r\n"),
            (
                "Content-Disposition",
                " attachment; filename=\"\u{e9}\"",
                "Content-Disposition: attachment; filename*=utf-8''%C3%A9\r\n",
            ),
            ("Content-Type", " a/b; name=\u{e9}", "Content-Type: a/b; name*=utf-8''%C3%A9\r\n"),
            // What nobody here can read stays as it is.
            ("Subject", " =?x?q?y?= \u{e9}", "Subject: =?x?q?y?= =?utf-8?b?IMOp?=\r\n"),
            ("To", " =?x?q?y?= <a@x>, \u{e9} <b@x>", "To: =?x?q?y?= <a@x>, =?utf-8?b?w6k=?= <b@x>\r\n"),
        ] {
            assert_eq!(kept(name, value).unwrap(), expected);
        }
        // What is typed is text.
        for (value, words) in [
            (Value::Written(b" =?x?q?y?= \xe9 a".to_vec()), "=?x?q?y?= =?unknown-8bit?B?IOkgYQ==?="),
            (Value::Text(Text::from("=?x?q?y?=")), "=?utf-8?b?PT94P3E/eT89?="),
        ] {
            assert_eq!(written("Subject", value).unwrap(), format!("Subject: {words}\r\n"));
        }
        assert_eq!(
            kept("References", " \u{e9}").unwrap_err(),
            "line 7 of the draft: the field References may hold printable ASCII only"
        );
        assert!(kept("From", " \u{e9} <a@b").unwrap_err().starts_with("line 7 of the draft: "));
    }

    #[test]
    fn a_long_line_is_folded_or_refused() {
        for name in ["References", "X-Long", "Received", "Content-Type"] {
            let words = "x".repeat(90) + " ";
            let text = kept(name, &format!(" {}", words.repeat(20))).unwrap();
            assert!(text.split("\r\n").all(|line| line.len() <= 110), "{text}");
            assert_eq!(text.split_ascii_whitespace().skip(1).collect::<Vec<_>>(), vec![words.trim(); 20]);
        }
        let long = format!(" {}", "x".repeat(1000));
        assert!(kept("References", &long).unwrap_err().contains("cannot be folded"));
    }

    #[test]
    fn addresses_are_added_behind_those_given() {
        let more = || parse_list("b@x, \u{e9} <c@x>", None).unwrap();
        for (value, expected) in [
            (" A <a@x>\r\n  (note)", "To: A <a@x>\r\n  (note),\r\n b@x, =?utf-8?b?w6k=?= <c@x>\r\n"),
            ("a@x ,\r\n\t", "To:a@x,\r\n b@x, =?utf-8?b?w6k=?= <c@x>\r\n"),
            (" Team: a@x;", "To: Team: a@x;,\r\n b@x, =?utf-8?b?w6k=?= <c@x>\r\n"),
            (" \u{e9} <a@x>", "To: =?utf-8?b?w6k=?= <a@x>,\r\n b@x, =?utf-8?b?w6k=?= <c@x>\r\n"),
        ] {
            let value = Value::Extended(value.as_bytes().to_vec(), more());
            assert_eq!(written("To", value).unwrap(), expected);
        }
        let charsets = Charsets { output: Some(encoding_rs::GBK), ..Charsets::default() };
        let value = Value::Extended(b" a@x".to_vec(), parse_list("\u{1f600} <b@x>", None).unwrap());
        let mut header = Header::new(&charsets);
        let field = Field::new("To", 7, value);
        field.write(Manner::Draft, &mut header, &charsets, &mut Vec::new()).unwrap();
        let said = crate::mime::header::in_utf8(&header.lacking);
        assert_eq!(said.unwrap(), "GBK has no `\\u{1f600}`: To is sent in UTF-8");
    }
}
