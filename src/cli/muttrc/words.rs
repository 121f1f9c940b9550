//! The words of a muttrc line: quotes, backslashes, `name=value`, commands divided by `;`.

use crate::cli::usage::UsageError;

/// Reads the text of one `-e`.
#[derive(Debug)]
pub(super) struct Words<'a> {
    octets: &'a [u8],
    at: usize,
}

/// One word or pair of a `set`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// The variable's name, perhaps with `no` before it.
    pub name: String,
    /// What stands behind the equals sign, if there is one.
    pub value: Option<Vec<u8>>,
}

/// How far a word goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// A blank.
    Blank,
    /// A blank or an equals sign.
    Equals,
    /// The command's end. Quotes are plain characters then, as in the field of a `my_hdr`.
    End,
}

impl<'a> Words<'a> {
    /// Starts at the beginning.
    pub fn new(octets: &'a [u8]) -> Self {
        Words { octets, at: 0 }
    }

    /// The name of the next command; what is left of the one before must have been read.
    pub fn command(&mut self) -> Result<Option<String>, UsageError> {
        self.skip(|octet| octet.is_ascii_whitespace() || octet == b';');
        match self.octets.get(self.at) {
            None => Ok(None),
            Some(_) => Ok(Some(String::from_utf8_lossy(&self.read(Until::Equals)?).into_owned())),
        }
    }

    /// The next word of the command.
    pub fn word(&mut self) -> Result<Option<Vec<u8>>, UsageError> {
        if self.is_at_end() { Ok(None) } else { self.read(Until::Blank).map(Some) }
    }

    /// The next `name=value` or `name` of the command. Blanks may stand around the equals sign.
    pub fn assignment(&mut self) -> Result<Option<Assignment>, UsageError> {
        if self.is_at_end() {
            return Ok(None);
        }
        let name = String::from_utf8_lossy(&self.read(Until::Equals)?).into_owned();
        self.skip(|octet| octet.is_ascii_whitespace());
        if self.octets.get(self.at) != Some(&b'=') {
            return Ok(Some(Assignment { name, value: None }));
        }
        self.at += 1;
        let value = self.word()?.unwrap_or_default();
        Ok(Some(Assignment { name, value: Some(value) }))
    }

    /// The rest of the command.
    pub fn line(&mut self) -> Result<Vec<u8>, UsageError> {
        self.skip(|octet| octet.is_ascii_whitespace());
        self.read(Until::End)
    }

    /// Passes blanks; whether the command ends then.
    fn is_at_end(&mut self) -> bool {
        self.skip(|octet| octet.is_ascii_whitespace());
        matches!(self.octets.get(self.at), None | Some(b';'))
    }

    fn skip(&mut self, passes: impl Fn(u8) -> bool) {
        while self.octets.get(self.at).is_some_and(|octet| passes(*octet)) {
            self.at += 1;
        }
    }

    /// Reads a word as mutt's `mutt_extract_token` does, but runs and expands nothing.
    fn read(&mut self, until: Until) -> Result<Vec<u8>, UsageError> {
        let mut word = Vec::new();
        let mut quote = None;
        while let Some(&octet) = self.octets.get(self.at) {
            let is_plain = quote.is_none();
            match octet {
                b';' if is_plain => break,
                b'=' if is_plain && until == Until::Equals => break,
                _ if is_plain && until != Until::End && octet.is_ascii_whitespace() => break,
                b'#' if is_plain => {
                    return Err(refused("# begins a comment; put it in quotes, or a \\ before it"));
                }
                _ => {}
            }
            self.at += 1;
            match octet {
                _ if quote == Some(octet) => quote = None,
                b'\'' | b'"' if is_plain && until != Until::End => quote = Some(octet),
                b'\\' if quote != Some(b'\'') => word.push(self.escaped()?),
                b'`' if quote != Some(b'\'') => return Err(refused("whippet runs no command in backticks")),
                b'$' if quote != Some(b'\'') && self.names_a_variable() => {
                    return Err(refused("whippet expands no $ variable; let the shell do it"));
                }
                _ => word.push(octet),
            }
        }
        if quote.is_some() {
            return Err(refused("a quote is not closed"));
        }
        Ok(word)
    }

    /// The octet that a backslash and what follows stand for.
    fn escaped(&mut self) -> Result<u8, UsageError> {
        let Some(&octet) = self.octets.get(self.at) else {
            return Err(refused("nothing follows a backslash"));
        };
        self.at += 1;
        Ok(match octet {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'f' => 0x0c,
            b'e' => 0x1b,
            b'c' | b'0'..=b'9' => return Err(refused("a control or octal escape is not understood")),
            _ => octet,
        })
    }

    fn names_a_variable(&self) -> bool {
        self.octets
            .get(self.at)
            .is_some_and(|octet| octet.is_ascii_alphabetic() || matches!(octet, b'_' | b'{'))
    }
}

/// An error in the text of `-e`; never repeats it, for it may hold a secret.
fn refused(why: &str) -> UsageError {
    UsageError::usage(format!("-e: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads everything as words, with `;` between commands.
    fn words(text: &str) -> Result<Vec<String>, UsageError> {
        let mut words = Words::new(text.as_bytes());
        let mut out = Vec::new();
        while let Some(command) = words.command()? {
            out.push(format!(";{command}"));
            while let Some(word) = words.word()? {
                out.push(String::from_utf8(word).unwrap());
            }
        }
        Ok(out)
    }

    #[test]
    fn quotes_and_ends() {
        for (text, expected) in [
            ("", vec![]),
            (" ; ;", vec![]),
            ("a b;c d ; e", vec![";a", "b", ";c", "d", ";e"]),
            ("a 'b;c' \"d'e\" f\\;g h'i j'k", vec![";a", "b;c", "d'e", "f;g", "hi jk"]),
            ("a '\\n$x`' \"\\\"\" \\t$5", vec![";a", "\\n$x`", "\"", "\t$5"]),
            ("a ''", vec![";a", ""]),
            ("a\nb", vec![";a", "b"]),
        ] {
            assert_eq!(words(text).unwrap(), expected, "{text:?}");
        }
        for text in [
            "a `id`",
            "a \"`id`\"",
            "a $HOME",
            "a ${x}",
            "a 'b",
            "a \"b",
            "a # b",
            "a b\\",
            "a \\101",
            "a \\ca",
        ] {
            assert!(words(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn assignments() {
        let mut words = Words::new(b"a=b c = 'd e' f g= h=i;j");
        let mut next = || words.assignment().unwrap();
        let some = |name: &str, value: &str| {
            Some(Assignment { name: name.to_owned(), value: Some(value.as_bytes().to_vec()) })
        };
        assert_eq!(next(), some("a", "b"));
        assert_eq!(next(), some("c", "d e"));
        assert_eq!(next(), Some(Assignment { name: "f".to_owned(), value: None }));
        // As in mutt, blanks behind the equals sign do not end the assignment.
        assert_eq!(next(), some("g", "h=i"));
        assert_eq!(next(), None);
    }
}
