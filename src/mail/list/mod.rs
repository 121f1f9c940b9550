//! Address lists as people and programs write them (RFC 5322 3.4), read into mailboxes and printed again.
//!
//! Obsolete empty items (4.4) are read; source routes, and blanks beside an `@`, are refused: what looks like one
//! address to one program and like another to the next is none here. Nothing is decoded or encoded (RFC 2047).

mod item;
mod token;

use std::fmt;

use crate::mail::list::item::{Delimiter, Item, shown};
use crate::mail::list::token::{Lexer, is_atom_text};
use crate::mail::{AddressError, Mailbox};

/// Longest list, octets: 1 MiB holds some 30,000 addresses.
const LONGEST: usize = 1 << 20;

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
    parse_list_with(text, domain, &mut |_| None)
}

/// Reads an address list in which a bare word may stand for others: `named` gives them, or `None` where it knows none,
/// and the word is then completed by `domain`. A word in quotes, in angle brackets or beside a name is never asked for.
pub fn parse_list_with(
    text: &str,
    domain: Option<&str>,
    named: &mut dyn FnMut(&str) -> Option<Vec<Listed>>,
) -> Result<Vec<Listed>, AddressError> {
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
        match (item.bare_word().and_then(&mut *named), &mut group) {
            (Some(found), None) => list.extend(found),
            (Some(found), Some(group)) => {
                group.members.extend(found.iter().flat_map(Listed::mailboxes).cloned());
            }
            (None, group) => match (item.mailbox(domain)?, group) {
                (Some(mailbox), Some(group)) => group.members.push(mailbox),
                (Some(mailbox), None) => list.push(Listed::Mailbox(mailbox)),
                (None, _) => {}
            },
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mail::Address;
    use crate::mail::address::SHOWN;

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
            ("Al <a@x> \"\t\"", "Al <a@x> \"\t\"", "`\"\\t\"` follows"),
            ("a@[b>]", "a@[b>]", "no IP address"),
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
    fn only_a_bare_word_is_asked_for() {
        let mut asked = Vec::new();
        let text = "a@x, al, Bo <bo>, cy (Cy), \"d\", <e>, (note) al.ice, T: team, g@x;";
        let list = parse_list_with(text, Some("home.org"), &mut |word| {
            asked.push(word.to_owned());
            (word == "team").then(|| parse_list("h@x, U: i@x;", None).unwrap_or_default())
        });
        assert_eq!(asked, ["al", "al.ice", "team"]);
        let printed = list.unwrap().iter().map(Listed::to_string).collect::<Vec<_>>().join(", ");
        let expected = "a@x, al@home.org, Bo <bo@home.org>, Cy <cy@home.org>, \"d\"@home.org, e@home.org, \
                        al.ice@home.org, T: h@x, i@x, g@x;";
        assert_eq!(printed, expected);
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
