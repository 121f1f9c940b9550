//! The tags of an HTML text, and where they stand (HTML, "tokenization"). What is no tag is passed over: comments, and what
//! stands in scripts and styles. A tag that does not end is none, and takes the rest of the text with it.

use std::ops::Range;

/// Elements whose content holds no tags but their own end.
pub(super) const OPAQUE: [&str; 9] =
    ["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript"];

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// From `<` to `>`.
    pub at: Range<usize>,
    /// In small letters; an end begins with a slash. It is empty for what would be a tag if it ended.
    pub name: String,
    attributes: Vec<Attribute>,
}

impl Tag {
    /// The attribute of this name; of several the first counts.
    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    /// In small letters.
    pub name: String,
    /// Its value as written, with its quotes; empty where it has none.
    pub at: Range<usize>,
    /// Its value.
    pub value: String,
}

/// All tags, one by one: a large text has more of them than are kept.
pub(super) fn tags(html: &str) -> impl Iterator<Item = Tag> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + html[at..].find('<')?;
            let rest = &html[start..];
            let mut characters = rest[1..].chars();
            let is_tag = match (characters.next()?, characters.next()) {
                ('/', Some(letter)) | (letter, _) if letter.is_ascii_alphabetic() => true,
                ('!', _) if rest.starts_with("<!--") => {
                    at = start + comment(rest);
                    false
                }
                ('!' | '?', _) | ('/', Some(_)) => {
                    at = start + rest.find('>')? + 1;
                    false
                }
                _ => {
                    at = start + 1;
                    false
                }
            };
            if is_tag {
                let tag = read(html, start).unwrap_or_else(|| Tag {
                    at: start..html.len(),
                    name: String::new(),
                    attributes: Vec::new(),
                });
                at = tag.at.end;
                if OPAQUE.contains(&tag.name.as_str()) {
                    at += content(&html[at..], &tag.name);
                }
                return Some(tag);
            }
        }
    })
}

/// The length of a comment.
fn comment(text: &str) -> usize {
    /// Where the `>` may stand of what ends in `--!>`: the dashes that begin a comment are not those that end it so.
    const BANG: usize = "<!----!".len();
    let is_end = |at: &usize| text[..*at].ends_with("--") || (*at >= BANG && text[..*at].ends_with("--!"));
    let end = text.match_indices('>').map(|(at, _)| at).find(is_end);
    end.map_or(text.len(), |at| at + 1)
}

/// The length of what stands before the end of this element.
fn content(text: &str, name: &str) -> usize {
    let is_end = |at: &usize| {
        let behind = &text.as_bytes()[at + 2..];
        let is_name =
            behind.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()));
        is_name
            && behind
                .get(name.len())
                .is_some_and(|octet| octet.is_ascii_whitespace() || b"/>".contains(octet))
    };
    text.match_indices("</").map(|(at, _)| at).find(is_end).unwrap_or(text.len())
}

/// Reads the tag that begins there; `None` where the text ends in it.
fn read(html: &str, start: usize) -> Option<Tag> {
    let mut scan = Scan { html, at: start + 1 };
    let name = scan.until(|octet| octet.is_ascii_whitespace() || b"/>".contains(&octet), 1);
    let (name, mut attributes) = (html[name].to_ascii_lowercase(), Vec::<Attribute>::new());
    loop {
        scan.skip(|octet| octet.is_ascii_whitespace() || octet == b'/');
        if scan.octet()? == b'>' {
            break;
        }
        let found = scan.until(|octet| octet.is_ascii_whitespace() || b"/>=".contains(&octet), 1);
        let at = scan.value()?;
        let value = &html[at.clone()];
        let value = if value.starts_with(['"', '\'']) { &value[1..value.len() - 1] } else { value };
        let (name, value) = (html[found].to_ascii_lowercase(), value.replace("&amp;", "&"));
        attributes.push(Attribute { name, at, value });
    }
    Some(Tag { at: start..scan.at + 1, name, attributes })
}

/// A place in the text.
struct Scan<'h> {
    html: &'h str,
    at: usize,
}

impl Scan<'_> {
    fn octet(&self) -> Option<u8> {
        self.html.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        while self.octet().is_some_and(&is_skipped) {
            self.at += 1;
        }
    }

    /// What stands before the first octet that ends it, but at least so many octets.
    fn until(&mut self, is_end: impl Fn(u8) -> bool, least: usize) -> Range<usize> {
        let start = self.at;
        self.at += least;
        self.skip(|octet| !is_end(octet));
        start..self.at.min(self.html.len())
    }

    /// The value behind a name; `None` where the text ends in it.
    fn value(&mut self) -> Option<Range<usize>> {
        let behind = self.at;
        self.skip(|octet| octet.is_ascii_whitespace());
        if self.octet()? != b'=' {
            self.at = behind;
            return Some(behind..behind);
        }
        self.at += 1;
        self.skip(|octet| octet.is_ascii_whitespace());
        match self.octet()? {
            b'>' => Some(self.at..self.at),
            quote @ (b'"' | b'\'') => {
                let value = self.until(|octet| octet == quote, 1);
                self.octet()?;
                self.at += 1;
                Some(value.start..self.at)
            }
            _ => Some(self.until(|octet| octet.is_ascii_whitespace() || octet == b'>', 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use html5gum::{DefaultEmitter, Token, Tokenizer};

    /// A name, octets, attributes.
    type Read = (String, Range<usize>, Vec<(String, String)>);

    /// The same by a tokenizer that is not ours.
    fn judged(html: &str) -> Vec<Read> {
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let mut tags = Vec::new();
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            if let Token::StartTag(tag) = token {
                let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(&value.value)));
                tags.push((text(&tag.name), tag.span.start..tag.span.end, attributes.collect()));
            }
        }
        tags
    }

    fn ours(html: &str) -> Vec<Read> {
        let starts = tags(html).filter(|tag| !tag.name.is_empty() && !tag.name.starts_with('/'));
        let tag = |tag: Tag| {
            let mut attributes: Vec<_> =
                tag.attributes.into_iter().map(|one| (one.name, one.value)).collect();
            // Of two with one name the first counts.
            attributes.sort_by(|one, other| one.0.cmp(&other.0));
            attributes.dedup_by(|one, other| one.0 == other.0);
            (tag.name, tag.at, attributes)
        };
        starts.map(tag).collect()
    }

    #[test]
    fn odd_tags_are_read_as_others_read_them() {
        for html in [
            "<img src=a.png>",
            "<IMG\n SRC = 'a b'alt=x/>",
            "<a b=c b=d><a/b/c=d><a =b>",
            "<!-- <img src=a> --><img src=b><!--><img src=c>--!><img>",
            "<style><img src=a></stylex></STYLE ><img src=b>",
            "<script>'<img src=a>'</script><p>",
            "<img src=\"a",
            "a < b <3 </3> <? x > <!doctype html><b>",
            "<img src=a&amp;b src=x><p a=>",
            "世<img alt=世 src=界.png>",
            "<!--!><img src=a>--!><img src=b>",
            "<!----!><img src=a><!---!><img src=b>--><img src=c><!--->",
        ] {
            assert_eq!(ours(html), judged(html), "{html}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_tags_are_read_as_others_read_them(
            html in "(<img src=|<p |<b|</p>|<style>|</style>|<!--|-->|--!>|!|'|\"|[a-z =/世>]|<){0,40}",
        ) {
            proptest::prop_assert_eq!(ours(&html), judged(&html));
        }
    }
}
