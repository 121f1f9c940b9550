//! The tokens of an address list: atoms, quoted strings, domain literals, comments, specials (RFC 5322 3.2).
//!
//! Dots and everything outside ASCII (RFC 6532) count as atom text: what may stand in an address is decided by
//! [`Address`](crate::mail::Address), what may stand in a name is nearly everything. Reads each octet once.

/// How deep comments may lie in comments. Nobody writes three; the limit keeps a hostile list dull.
const DEEPEST_COMMENT: usize = 32;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A run of atom characters and dots.
    Atom,
    /// A quoted string; its text has the quotes.
    Quoted,
    /// A domain literal; its text has the brackets.
    Literal,
    /// A comment; its text has the outer parentheses.
    Comment,
    /// One of `< > @ , : ;`.
    Special(char),
}

/// One token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// As it is written.
    pub text: &'a str,
    /// Where it begins, octets from the beginning of the list.
    pub start: usize,
    /// Whether a blank stands before it.
    pub apart: bool,
}

impl Token<'_> {
    /// Where it ends.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this special.
    pub fn is(&self, special: char) -> bool {
        self.kind == Kind::Special(special)
    }
}

/// Cuts a list into tokens.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Lexer { text, at: 0 }
    }

    /// How far it has read, octets.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next token, `None` at the end. An error says what is wrong with the text from here on.
    pub fn next(&mut self) -> Result<Option<Token<'a>>, &'static str> {
        let rest = &self.text[self.at..];
        let start = self.at + (rest.len() - rest.trim_start_matches([' ', '\t']).len());
        let apart = start > self.at;
        let rest = &self.text[start..];
        let Some(first) = rest.chars().next() else {
            self.at = start;
            return Ok(None);
        };
        let (kind, length) = match first {
            '"' => (Kind::Quoted, enclosed(rest, '"', "a quote is not closed")?),
            '[' => (Kind::Literal, enclosed(rest, ']', "a bracket is not closed")?),
            '(' => (Kind::Comment, comment(rest)?),
            '<' | '>' | '@' | ',' | ':' | ';' => (Kind::Special(first), 1),
            ')' => return Err("a parenthesis is closed that was not opened"),
            ']' => return Err("a bracket is closed that was not opened"),
            '\\' => return Err("a backslash stands outside of quotes"),
            _ => {
                let length = rest.find(|c| !is_atom_text(c)).unwrap_or(rest.len());
                if length == 0 {
                    return Err(control(first));
                }
                (Kind::Atom, length)
            }
        };
        self.at = start + length;
        Ok(Some(Token { kind, text: &rest[..length], start, apart }))
    }
}

/// Whether it belongs to an atom here: no blank, no control character, no special but the dot.
pub(super) fn is_atom_text(c: char) -> bool {
    !c.is_control()
        && !matches!(c, ' ' | '(' | ')' | '<' | '>' | '[' | ']' | ':' | ';' | '@' | '\\' | ',' | '"')
}

/// What is said of a control character.
fn control(c: char) -> &'static str {
    match c {
        '\r' | '\n' => "it holds a line end",
        _ => "it holds a control character",
    }
}

/// The length of a quoted string or a domain literal at the beginning of `text`.
fn enclosed(text: &str, close: char, unclosed: &'static str) -> Result<usize, &'static str> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c.is_control() && c != '\t' {
            return Err(control(c));
        }
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == close => return Ok(at + 1),
            _ => {}
        }
    }
    Err(unclosed)
}

/// The length of the comment at the beginning of `text`.
fn comment(text: &str) -> Result<usize, &'static str> {
    let (mut depth, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        if c.is_control() && c != '\t' {
            return Err(control(c));
        }
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' if depth == DEEPEST_COMMENT => return Err("its comments are nested more than 32 deep"),
            '(' => depth += 1,
            ')' if depth == 1 => return Ok(at + 1),
            ')' => depth -= 1,
            _ => {}
        }
    }
    Err("a parenthesis is not closed")
}

/// The text inside quotes or parentheses, its escapes undone; a tab becomes a blank.
pub(super) fn unquote(text: &str) -> String {
    let inner = text.get(1..text.len() - 1).unwrap_or_default();
    let mut out = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        match c {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '\t' => out.push(' '),
            _ => out.push(c),
        }
        escaped = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Result<Vec<(Kind, &str)>, &'static str> {
        let mut lexer = Lexer::new(text);
        let mut out = Vec::new();
        while let Some(token) = lexer.next()? {
            out.push((token.kind, token.text));
        }
        Ok(out)
    }

    #[test]
    fn tokens() {
        assert_eq!(
            kinds("A.B \"q, \\\" r\"(c (d) \\) e) <a@[::1]>,").unwrap(),
            [
                (Kind::Atom, "A.B"),
                (Kind::Quoted, "\"q, \\\" r\""),
                (Kind::Comment, "(c (d) \\) e)"),
                (Kind::Special('<'), "<"),
                (Kind::Atom, "a"),
                (Kind::Special('@'), "@"),
                (Kind::Literal, "[::1]"),
                (Kind::Special('>'), ">"),
                (Kind::Special(','), ","),
            ]
        );
        assert_eq!(unquote("\"q, \\\" \\\\r\""), "q, \" \\r");
    }

    #[test]
    fn comments_have_a_floor() {
        let nested = |depth: usize| format!("{}{}", "(".repeat(depth), ")".repeat(depth));
        assert!(kinds(&nested(32)).is_ok());
        assert!(kinds(&nested(33)).is_err());
        assert!(kinds(&"(".repeat(1 << 20)).is_err());
    }
}
