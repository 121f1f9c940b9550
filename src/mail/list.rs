//! Address lists as people and programs write them (RFC 5322 3.4), read into mailboxes and printed again.
//!
//! Obsolete empty items (4.4) are read; source routes, and blanks beside an `@`, are refused: what looks like one
//! address to one program and like another to the next is none here. Nothing is decoded or encoded (RFC 2047).

use std::fmt;

use crate::mail::token::{Kind, Lexer, Token, is_atom_text, unquote};
use crate::mail::{Address, AddressError, Mailbox};

/// Longest list, octets: 1 MiB holds some 30,000 addresses.
const LONGEST: usize = 1 << 20;

/// Most of a culprit that an error repeats, octets.
const SHOWN: usize = 200;

/// What is said of an angle bracket without its partner.
const UNCLOSED: &str = "an angle bracket is not closed";

/// A named group of mailboxes, `Team: a@x, b@x;` (RFC 5322 3.4). It may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's name, not encoded.
    pub name: String,
    /// Who is in it.
    pub members: Vec<Mailbox>,
}

/// One item of an address list. Its `Display` is RFC 5322 text that [`parse_list`] reads back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// A single mailbox.
    Mailbox(Mailbox),
    /// A group.
    Group(Group),
}

impl Listed {
    /// The mailboxes of the item, in order.
    pub fn mailboxes(&self) -> &[Mailbox] {
        match self {
            Listed::Mailbox(mailbox) => std::slice::from_ref(mailbox),
            Listed::Group(group) => &group.members,
        }
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listed::Mailbox(mailbox) => mailbox.fmt(f),
            Listed::Group(group) => group.fmt(f),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_phrase(f, &self.name)?;
        f.write_str(":")?;
        for (index, member) in self.members.iter().enumerate() {
            write!(f, "{}{member}", if index == 0 { " " } else { ", " })?;
        }
        f.write_str(";")
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(name) = &self.name else { return self.address.fmt(f) };
        write_phrase(f, name)?;
        write!(f, " <{}>", self.address)
    }
}

/// Writes a name, in quotes if it needs them. A control character, which no name may hold, becomes a blank.
fn write_phrase(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    // RFC 5322 3.2.3: a dot is no atom text in a phrase, although this module reads it.
    let is_plain =
        name.split(' ').all(|word| !word.is_empty() && word.chars().all(|c| c != '.' && is_atom_text(c)));
    if is_plain {
        return f.write_str(name);
    }
    f.write_str("\"")?;
    for c in name.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            _ if c.is_control() => f.write_str(" ")?,
            _ => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

/// Reads an address list: `a@x, Al Ice <b@x>, "Q, R" <c@x> (note), Team: d@x, e@x;` (RFC 5322 3.4, with the
/// obsolete empty items). A list of nothing but blanks and commas is empty and no error.
///
/// A bare word such as `root` is given `domain`; without one it is an error
/// ([`AddressError::lacks_domain`]). A comment behind an address that has no name becomes its name, as in
/// `root@x (Cron Daemon)`. The first culprit ends the reading and is named.
pub fn parse_list(text: &str, domain: Option<&str>) -> Result<Vec<Listed>, AddressError> {
    if text.len() > LONGEST {
        return Err(AddressError::new(shown(text), "the list is longer than 1 MiB"));
    }
    let mut lexer = Lexer::new(text);
    let mut list = Vec::new();
    let mut group: Option<Group> = None;
    let mut ends_group = false;
    loop {
        let item = Item::take(&mut lexer, text)?;
        if item.has_words() && ends_group {
            return Err(item.fail("it follows a group; a comma divides the items of a list"));
        }
        if item.end == Delimiter::Colon {
            if group.is_some() {
                return Err(item.fail("a group cannot stand in a group"));
            }
            group = Some(Group { name: item.group_name()?, members: Vec::new() });
            continue;
        }
        if let Some(mailbox) = item.mailbox(domain)? {
            match &mut group {
                Some(group) => group.members.push(mailbox),
                None => list.push(Listed::Mailbox(mailbox)),
            }
        }
        ends_group = item.end == Delimiter::Semicolon;
        match item.end {
            Delimiter::Comma | Delimiter::Colon => {}
            Delimiter::Semicolon => match group.take() {
                Some(group) => list.push(Listed::Group(group)),
                None => {
                    return Err(
                        item.fail("a semicolon ends a group, and there is none; a comma divides addresses")
                    );
                }
            },
            Delimiter::End => {
                return match group {
                    Some(group) => {
                        Err(AddressError::new(shown(&group.name), "the group is not closed by a semicolon"))
                    }
                    None => Ok(list),
                };
            }
        }
    }
}

/// What an item ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delimiter {
    Comma,
    Colon,
    Semicolon,
    End,
}

/// The tokens up to the next delimiter outside of angle brackets.
struct Item<'a> {
    tokens: Vec<Token<'a>>,
    text: &'a str,
    end: Delimiter,
}

impl<'a> Item<'a> {
    /// Takes the next item; after it the lexer stands behind its delimiter.
    fn take(lexer: &mut Lexer<'a>, text: &'a str) -> Result<Self, AddressError> {
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
    fn fail(&self, reason: impl Into<String>) -> AddressError {
        AddressError::new(shown(self.text), reason)
    }

    /// Whether there is more in it than comments.
    fn has_words(&self) -> bool {
        self.tokens.iter().any(|token| token.kind != Kind::Comment)
    }

    /// The item as the name of a group.
    fn group_name(&self) -> Result<String, AddressError> {
        match phrase(&self.tokens) {
            Ok(Some(name)) => Ok(name),
            Ok(None) => Err(AddressError::new(":", "a group needs a name")),
            Err(reason) => Err(self.fail(reason)),
        }
    }

    /// The item as a mailbox; `None` if there is nothing in it.
    fn mailbox(&self, domain: Option<&str>) -> Result<Option<Mailbox>, AddressError> {
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
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(text: &str) -> String {
        let list = parse_list(text, Some("home.org")).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        list.iter().map(Listed::to_string).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn lists() {
        for (text, canonical) in [
            ("", ""),
            (" , ,\t,", ""),
            ("a@x.org", "a@x.org"),
            (",a@x.org,,b@y.org,", "a@x.org, b@y.org"),
            ("Al Ice <a@x>", "Al Ice <a@x>"),
            ("Al  \t Ice<a@x>", "Al Ice <a@x>"),
            ("< a@x >", "a@x"),
            ("\"\" <a@x>", "a@x"),
            ("\"Q, \\\"R\\\"\" <c@x>", "\"Q, \\\"R\\\"\" <c@x>"),
            ("J. R. <a@x>", "\"J. R.\" <a@x>"),
            ("用户 <用户@例子.测试>", "用户 <用户@xn--fsqu00a.xn--0zwm56d>"),
            ("\"a b\"@x, \"a@b\"@x", "\"a b\"@x, \"a@b\"@x"),
            ("a@[127.0.0.1]", "a@[127.0.0.1]"),
            ("a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"),
            ("root", "root@home.org"),
            ("-a@x, -", "-a@x, -@home.org"),
            ("root (Cron Daemon)", "Cron Daemon <root@home.org>"),
            ("root@x (Cron (2) \\) Daemon)", "\"Cron (2) ) Daemon\" <root@x>"),
            ("Al <a@x> (not the name)", "Al <a@x>"),
            ("<a@x> () (Al)", "Al <a@x>"),
            ("(before) a@x", "a@x"),
            ("Team: a@x, Bo <b@x>;", "Team: a@x, Bo <b@x>;"),
            ("Team:;, c@x", "Team:;, c@x"),
            ("undisclosed-recipients: ;", "undisclosed-recipients:;"),
            ("a@x, T: , b@x,; , c@x", "a@x, T: b@x;, c@x"),
            // RFC 5322 A.5
            ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete <pete@silly.test>"),
            (
                "A Group(Some people) :Chris Jones <c@(Chris's host.)public.example>, joe@example.org, John \
                 <jdoe@one.test> (my dear friend); (the end of the group)",
                "A Group: Chris Jones <c@public.example>, joe@example.org, John <jdoe@one.test>;",
            ),
            ("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "Hidden recipients:;"),
        ] {
            assert_eq!(printed(text), canonical, "{text:?}");
            assert_eq!(printed(canonical), canonical, "{text:?}");
        }
    }

    #[test]
    fn culprits() {
        for (text, culprit, reason) in [
            ("ok@x, \"a@evil\" @ok", "\"a@evil\" @ok", "a blank stands beside its @"),
            ("a @x", "a @x", "a blank"),
            ("a@ x", "a@ x", "a blank"),
            ("a (c) @x", "a (c) @x", "a blank"),
            ("a@x b@y, c@z", "a@x b@y", "something follows"),
            ("Al <a@x> junk, c@z", "Al <a@x> junk", "`junk` follows"),
            ("Al <a@x> <b@x>", "Al <a@x> <b@x>", "`<` follows"),
            ("c@z, Al Ice a@x", "Al Ice a@x", "angle brackets"),
            ("Al Ice", "Al Ice", "no @"),
            ("<>", "<>", "nothing stands between"),
            ("Al <>", "Al <>", "nothing stands between"),
            ("<@a,@b:c@d>, e@x", "<@a,@b:c@d>", "a source route"),
            ("a@x, \"Al <b@x>", "\"Al <b@x>", "a quote is not closed"),
            ("a@x (note", "a@x (note", "a parenthesis is not closed"),
            ("a@x) b", "a@x) b", "closed that was not opened"),
            ("a@[127.0.0.1", "a@[127.0.0.1", "a bracket is not closed"),
            ("Al <a@x", "Al <a@x", "an angle bracket is not closed"),
            ("Al <a@x, b@x", "Al <a@x, b@x", "an angle bracket is not closed"),
            ("a@x>", "a@x>", "closed that was not opened"),
            ("Team: a@x, b@x", "Team", "not closed by a semicolon"),
            ("a@x; b@x", "a@x", "ends a group"),
            ("T: a@x; b@x", "b@x", "follows a group"),
            ("T: U: a@x;;", "U", "cannot stand in a group"),
            (": a@x;", ":", "needs a name"),
            ("a@x: b@x;", "a@x", "needs quotes"),
            ("a@b <a@x>", "a@b <a@x>", "needs quotes"),
            ("a@@x", "a@@x", "more than one @"),
            ("a@b@x", "a@b@x", "more than one @"),
            ("@x", "@x", "nothing stands before"),
            ("a@", "a@", "nothing stands behind"),
            ("a@x\r\nBcc: e@x", "a@x\r\nBcc: e@x", "a line end"),
            ("\"a\nb\" <a@x>", "\"a\nb\" <a@x>", "a line end"),
            ("a@x (\n)", "a@x (\n)", "a line end"),
            ("a\0@x", "a\0@x", "a control character"),
            ("a\\b@x", "a\\b@x", "a backslash"),
            ("a@::1", "a@", "needs quotes"),
            ("[1.2.3.4]", "[1.2.3.4]", "no address may hold"),
            ("a..b@x", "a..b@x", "what it may not hold"),
        ] {
            let error =
                parse_list(text, Some("home.org")).map(|list| panic!("{text:?}: {list:?}")).unwrap_err();
            assert_eq!(error.text, culprit, "{text:?}: {error}");
            assert!(error.to_string().contains(reason), "{text:?}: {error}");
            assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
            assert!(!error.lacks_domain());
        }
    }

    #[test]
    fn a_bare_word_needs_a_domain() {
        let error = parse_list("a@x, Al <root>", None).unwrap_err();
        assert!(error.lacks_domain());
        assert_eq!(
            error.to_string(),
            "`root` has no domain: write root@example.org, or set `from` in the profile"
        );
    }

    #[test]
    fn limits() {
        let long = "a@x,".repeat(LONGEST / 4);
        assert_eq!(parse_list(&long, None).unwrap().len(), LONGEST / 4);
        let error = parse_list(&format!("{long},"), None).unwrap_err();
        assert!(error.text.chars().count() <= SHOWN + 1);
        for (open, count) in
            [("(", LONGEST), ("<", LONGEST), ("a:", LONGEST / 2), ("\"", LONGEST - 1), ("()", LONGEST / 2)]
        {
            let result = parse_list(&open.repeat(count), None);
            assert_eq!(result.is_ok(), open == "()", "{open}");
        }
    }

    fn address() -> impl Strategy<Value = Address> {
        let local = prop_oneof![
            "[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,8}(\\.[a-z]{1,4})?",
            "\"[ -!#-\\[\\]-~]{1,10}\"",
            "\\PC{1,6}"
        ];
        let domain = prop_oneof![
            "[a-z]{1,8}(\\.[a-z]{2,4})?",
            Just("[127.0.0.1]".to_owned()),
            Just("例子.测试".to_owned())
        ];
        (local, domain).prop_filter_map("no address", |(local, domain)| Address::new(&local, &domain).ok())
    }

    fn mailbox() -> impl Strategy<Value = Mailbox> {
        let name =
            proptest::option::of("\\PC{1,20}".prop_filter("never empty", |name| !name.trim().is_empty()));
        (name, address()).prop_map(|(name, address)| Mailbox { name, address })
    }

    fn listed() -> impl Strategy<Value = Listed> {
        let name = "\\PC{1,20}".prop_filter("never empty", |name| !name.trim().is_empty());
        let group = (name, proptest::collection::vec(mailbox(), 0..4));
        prop_oneof![
            mailbox().prop_map(Listed::Mailbox),
            group.prop_map(|(name, members)| Listed::Group(Group { name, members })),
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(list in proptest::collection::vec(listed(), 0..5)) {
            let text = list.iter().map(Listed::to_string).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(parse_list(&text, None).map_err(|error| error.to_string()), Ok(list), "{}", text);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[ -~é\t]{0,40}|\\PC{0,40}|[a@x<>(),:;\"\\\\. \\[\\]]{0,40}") {
            if let Ok(list) = parse_list(&text, Some("home.org")) {
                let text = list.iter().map(Listed::to_string).collect::<Vec<_>>().join(", ");
                prop_assert_eq!(parse_list(&text, None), Ok(list), "{}", text);
            }
        }
    }
}
