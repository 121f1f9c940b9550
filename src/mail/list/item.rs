//! One item of an address list: its tokens, and what they mean as a mailbox or as the name of a group.

use crate::mail::address::SHOWN;
use crate::mail::list::token::{Kind, Lexer, Token, unquote};
use crate::mail::{Address, AddressError, Mailbox};

/// What is said of an angle bracket without its partner.
const UNCLOSED: &str = "an angle bracket is not closed";

/// What an item ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delimiter {
    /// A comma.
    Comma,
    /// A colon: it was the name of a group.
    Colon,
    /// A semicolon: the group ends.
    Semicolon,
    /// The list ended.
    End,
}

/// The tokens up to the next delimiter outside of angle brackets.
pub(super) struct Item<'a> {
    tokens: Vec<Token<'a>>,
    text: &'a str,
    /// What it ended with.
    pub end: Delimiter,
}

impl<'a> Item<'a> {
    /// Takes the next item; after it the lexer stands behind its delimiter.
    pub fn take(lexer: &mut Lexer<'a>, text: &'a str) -> Result<Self, AddressError> {
        let mut item = Item { tokens: Vec::new(), text: "", end: Delimiter::End };
        let (mut start, mut open) = (None, false);
        loop {
            let next = lexer.next();
            let from = start.unwrap_or(lexer.position());
            let fail = |reason: &str| {
                let rest = text[from..].trim_start_matches([' ', '\t']);
                Err(AddressError::new(shown(rest), reason))
            };
            let token = match next {
                Err(reason) => return fail(reason),
                Ok(None) if open => return fail(UNCLOSED),
                Ok(None) => break,
                Ok(Some(token)) => token,
            };
            match token.kind {
                Kind::Special('<') if open => return fail(UNCLOSED),
                Kind::Special('<') => open = true,
                Kind::Special('>') if !open => return fail("an angle bracket is closed that was not opened"),
                Kind::Special('>') => open = false,
                Kind::Special('@') if item.tokens.last().is_some_and(|last| last.is('<')) => {
                    let route = &text[from..];
                    let length = route.find('>').map_or(route.len(), |at| at + 1);
                    let reason = "it holds a source route; write the address alone";
                    return Err(AddressError::new(shown(&route[..length]), reason));
                }
                Kind::Special(',' | ';') if open => return fail(UNCLOSED),
                Kind::Special(',') => item.end = Delimiter::Comma,
                Kind::Special(';') => item.end = Delimiter::Semicolon,
                Kind::Special(':') if !open => item.end = Delimiter::Colon,
                _ => {}
            }
            if item.end != Delimiter::End {
                break;
            }
            start = start.or(Some(token.start));
            item.tokens.push(token);
        }
        if let (Some(start), Some(last)) = (start, item.tokens.last()) {
            item.text = &text[start..last.end()];
        }
        Ok(item)
    }

    /// The error that names this item.
    pub fn fail(&self, reason: impl Into<String>) -> AddressError {
        AddressError::new(shown(self.text), reason)
    }

    /// Whether there is more in it than comments.
    pub fn has_words(&self) -> bool {
        self.tokens.iter().any(|token| token.kind != Kind::Comment)
    }

    /// The item as the name of a group.
    pub fn group_name(&self) -> Result<String, AddressError> {
        match phrase(&self.tokens) {
            Ok(Some(name)) => Ok(name),
            Ok(None) => Err(AddressError::new(":", "a group needs a name")),
            Err(reason) => Err(self.fail(reason)),
        }
    }

    /// The word that the item is, if it is nothing but one atom: it may be an alias.
    pub fn bare_word(&self) -> Option<&'a str> {
        let mut words = self.tokens.iter().filter(|token| token.kind != Kind::Comment);
        let (word, None) = (words.next()?, words.next()) else { return None };
        let is_named = || note(self.tokens.get(1..).unwrap_or_default()).is_some();
        (word.kind == Kind::Atom && !is_named()).then_some(word.text)
    }

    /// The item as a mailbox; `None` if there is nothing in it.
    pub fn mailbox(&self, domain: Option<&str>) -> Result<Option<Mailbox>, AddressError> {
        if !self.has_words() {
            return Ok(None);
        }
        let Some(open) = self.tokens.iter().position(|token| token.is('<')) else {
            let address = self.address(&self.tokens, domain)?;
            let last = self.tokens.iter().rposition(|token| token.kind != Kind::Comment).unwrap_or(0);
            return Ok(Some(Mailbox { name: note(&self.tokens[last..]), address }));
        };
        let close = self.tokens.iter().position(|token| token.is('>')).unwrap_or(self.tokens.len());
        let (before, inside) = (&self.tokens[..open], &self.tokens[open + 1..close]);
        let after = self.tokens.get(close + 1..).unwrap_or_default();
        if let Some(junk) = after.iter().find(|token| token.kind != Kind::Comment) {
            return Err(
                self.fail(format!("`{}` follows the address; a comma divides addresses", shown(junk.text)))
            );
        }
        let name = phrase(before).map_err(|reason| self.fail(reason))?;
        let address = self.address(inside, domain)?;
        Ok(Some(Mailbox { name: name.or_else(|| note(after)), address }))
    }

    /// Reads `local@domain` or a bare word from tokens; comments between them are passed over.
    fn address(&self, tokens: &[Token<'a>], domain: Option<&str>) -> Result<Address, AddressError> {
        let words = without_comments(tokens);
        let at = words.iter().position(|token| token.is('@'));
        if let Some(gap) = words.iter().skip(1).position(|token| token.apart).map(|index| index + 1) {
            return Err(self.fail(match at {
                Some(at) if gap == at || gap == at + 1 => "a blank stands beside its @",
                Some(at) if gap > at => "something follows the address; a comma divides addresses",
                Some(_) => "a name needs its address in angle brackets, Al Ice <al@example.org>",
                None => "it has no @; a comma divides addresses",
            }));
        }
        match (words.as_slice(), domain) {
            ([], _) => Err(self.fail("nothing stands between its angle brackets")),
            ([local], Some(domain)) if matches!(local.kind, Kind::Atom | Kind::Quoted) => {
                Address::new(local.text, domain)
            }
            ([local], None) if matches!(local.kind, Kind::Atom | Kind::Quoted) => {
                Err(AddressError::without_domain(shown(local.text)))
            }
            ([local, at, domain], _)
                if at.is('@') && is_half(local, Kind::Quoted) && is_half(domain, Kind::Literal) =>
            {
                Address::new(local.text, domain.text).map_err(|error| self.fail(error.reason))
            }
            ([at, ..], _) if at.is('@') => Err(self.fail("nothing stands before the @")),
            ([.., at], _) if at.is('@') => Err(self.fail("nothing stands behind the @")),
            _ if words.iter().filter(|token| token.is('@')).count() > 1 => {
                Err(self.fail("it has more than one @"))
            }
            _ => Err(self.fail("it holds what no address may hold")),
        }
    }
}

/// Whether the token can be one half of an address: an atom, or the quoted kind of that half.
fn is_half(token: &Token<'_>, quoted: Kind) -> bool {
    token.kind == Kind::Atom || token.kind == quoted
}

/// The tokens that are no comments; one that follows a comment is apart if the comment was.
fn without_comments<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut words = Vec::new();
    let mut apart = false;
    for token in tokens {
        apart |= token.apart;
        if token.kind != Kind::Comment {
            words.push(Token { apart, ..*token });
            apart = false;
        }
    }
    words
}

/// The tokens as a name; `None` if there is nothing in it.
fn phrase(tokens: &[Token<'_>]) -> Result<Option<String>, &'static str> {
    let mut words = Vec::new();
    for token in tokens {
        match token.kind {
            Kind::Atom => words.push(token.text.to_owned()),
            Kind::Quoted => words.push(unquote(token.text)),
            Kind::Comment => {}
            Kind::Special('>') => return Err("a comma divides addresses"),
            Kind::Literal | Kind::Special(_) => return Err("a name that holds @ or brackets needs quotes"),
        }
    }
    let name = words.join(" ");
    Ok((!name.trim().is_empty()).then_some(name))
}

/// The text of the first comment that has any.
fn note(tokens: &[Token<'_>]) -> Option<String> {
    let comments = tokens.iter().filter(|token| token.kind == Kind::Comment);
    comments.map(|token| unquote(token.text).trim().to_owned()).find(|text| !text.is_empty())
}

/// As much of a culprit as an error repeats.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
