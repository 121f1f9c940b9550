//! The pictures of an HTML text, and where in it they are named (RFC 2392 for `cid:`).

use std::ops::Range;

use super::tags::{Attribute, Tag, tags};
use crate::mime::read::percent_decoded;

/// A place of an HTML text that names a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The octets of the name, with the quotes around it.
    pub at: Range<usize>,
    /// What is shown.
    pub shown: Shown,
}

/// What a picture is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A part of the same message, by what stands behind `cid:`.
    Part(String),
    /// A file of this machine.
    File(String),
    /// Something that is fetched by who reads it.
    Remote(String),
}

/// All pictures, in the order of the text: those of `src` and `background`, and those of styles that are parts.
pub fn pictures(html: &str) -> Vec<Picture> {
    let mut pictures = styled(html);
    for tag in tags(html) {
        for attribute in named(&tag) {
            let shown = shown(attribute.value.trim());
            pictures.extend(shown.map(|shown| Picture { at: attribute.at.clone(), shown }));
        }
    }
    pictures.sort_by_key(|picture| picture.at.start);
    // What looks like a style in the name of a picture is part of that name.
    let mut end = 0;
    pictures.retain(|picture| {
        let is_apart = picture.at.start >= end;
        end = end.max(picture.at.end);
        is_apart
    });
    pictures
}

/// The attributes of a tag that name a picture each.
pub(super) fn named(tag: &Tag) -> impl Iterator<Item = &Attribute> {
    let is_shown = matches!(tag.name.as_str(), "img" | "input" | "image");
    let source = tag.attribute("src").filter(|_| is_shown);
    source.into_iter().chain(tag.attribute("background"))
}

/// The parts that styles show: `url(cid:…)`.
fn styled(html: &str) -> Vec<Picture> {
    let lower = html.to_ascii_lowercase();
    let picture = |(at, _): (usize, &str)| {
        if !lower[..at].trim_end_matches(['"', '\'', ' ']).ends_with("url(") {
            return None;
        }
        // None stands in a name without quotes, and so the next `url(` ends the search.
        let is_end = |c: char| matches!(c, '(' | ')' | '"' | '\'') || c.is_ascii_whitespace();
        let end = at + html[at..].find(is_end)?;
        let name = &html[at + "cid:".len()..end];
        let is_name = !html[end..].starts_with('(');
        is_name.then(|| Picture { at: at..end, shown: Shown::Part(decoded(name)) })
    };
    lower.match_indices("cid:").filter_map(picture).collect()
}

/// What a reference leads to; `None` where it brings its octets along, or leads nowhere.
pub(super) fn shown(reference: &str) -> Option<Shown> {
    let scheme = reference.split_once(':').map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let is_scheme = |text: &str| {
        text.len() > 1 && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+.-".contains(&octet))
    };
    match scheme {
        Some((scheme, rest)) if scheme == "cid" => Some(Shown::Part(decoded(rest))),
        Some((scheme, _)) if scheme == "data" => None,
        Some((scheme, rest)) if scheme == "file" => {
            let path = rest.trim_start_matches("//").trim_start_matches("localhost");
            Some(Shown::File(decoded(path)))
        }
        Some((scheme, _)) if is_scheme(&scheme) => Some(Shown::Remote(reference.to_owned())),
        _ if reference.starts_with("//") => Some(Shown::Remote(reference.to_owned())),
        _ => {
            let path = reference.split(['?', '#']).next().unwrap_or_default();
            (!path.is_empty()).then(|| Shown::File(decoded(path)))
        }
    }
}

/// The text with its `%XX` decoded (RFC 3986 2.1); as it is where that is no UTF-8.
fn decoded(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    percent_decoded(text.as_bytes(), &mut octets);
    String::from_utf8(octets).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_found_where_they_are_named() {
        let part = |name: &str| Shown::Part(name.into());
        let file = |name: &str| Shown::File(name.into());
        let remote = |name: &str| Shown::Remote(name.into());
        for (html, at, wanted) in [
            ("世<img src=\"cid:my logo.png\" alt='x'>", "\"cid:my logo.png\"", part("my logo.png")),
            ("<IMG alt=y SRC = a%20b.png >", "a%20b.png", file("a b.png")),
            ("<img src=100%+1.png>", "100%+1.png", file("100%+1.png")),
            ("<img src='é.png?v=1#x'/>", "'é.png?v=1#x'", file("é.png")),
            ("<img\nsrc=a&amp;b.png>", "a&amp;b.png", file("a&b.png")),
            ("<body background=CID:bg.png>", "CID:bg.png", part("bg.png")),
            ("<td style=\"background:url('cid:c.png')\">", "cid:c.png", part("c.png")),
            ("<style>p{background:url( cid:d%20.png )}</style>", "cid:d%20.png", part("d .png")),
            ("<img src=file:///tmp/a.png>", "file:///tmp/a.png", file("/tmp/a.png")),
            ("<img src=https://x/y.png>", "https://x/y.png", remote("https://x/y.png")),
            ("<img src=//x/y.png>", "//x/y.png", remote("//x/y.png")),
            ("<img src=x?url(cid:a.png)>", "x?url(cid:a.png)", file("x")),
            ("<p style='url(cid:url(cid:a.png)'>", "cid:a.png", part("a.png")),
            ("<img src=a src=b>", "a", file("a")),
        ] {
            let found = pictures(html);
            assert_eq!(found.len(), 1, "{html}: {found:?}");
            assert_eq!((&html[found[0].at.clone()], &found[0].shown), (at, &wanted), "{html}");
        }
        for html in [
            "",
            "<img>",
            "<img src>",
            "<img src=''>",
            "<img src=#a>",
            "<img src=data:image/png;base64,xx>",
            "<script>'<img src=a.png>'</script>",
            "<!-- <img src=a.png> -->",
            "<a href=a.png>cid:a.png</a>",
            "<img src=\"a.png",
        ] {
            assert_eq!(pictures(html), [], "{html}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_its_pictures_within(html in "(<img src=|'|\"|[a-z: %é世>/]|url\\(|cid:){0,30}") {
            for picture in pictures(&html) {
                proptest::prop_assert!(html.get(picture.at).is_some());
            }
        }
    }
}
