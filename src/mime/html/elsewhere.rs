//! Whether an HTML text shows pictures that do not go along with it. It is read once, octet by octet, and a tag at a time is
//! held: the text may be long.

use std::io;

use super::pictures::{Shown, named, shown};
use super::styles::Styles;
use super::tags::{OPAQUE, Tag, tags};
use crate::mime::error::MessageError;
use crate::mime::source::Body;

/// Longest tag that is looked at, octets. What is longer holds its picture itself (`data:`).
const LONGEST: usize = 4096;
/// What comes before the `>` of the shortest comment that ends in `--!>`.
const BANG: usize = "<!----!".len();

/// Which pictures an HTML text shows that do not go along with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::mime) struct Elsewhere {
    pub of_the_web: bool,
    pub of_files: bool,
}

impl Elsewhere {
    /// Reads until both are found.
    pub(in crate::mime) fn of(html: &Body) -> Result<Self, MessageError> {
        let mut scan = Scan::default();
        let read = html.each_block(&mut |octets| {
            octets.iter().for_each(|octet| scan.see(*octet));
            // Stops the reading.
            let is_all = scan.found.of_the_web && scan.found.of_files;
            if is_all { Err(MessageError::Sink(io::ErrorKind::Other.into())) } else { Ok(()) }
        });
        match read {
            Ok(()) | Err(MessageError::Sink(_)) => Ok(scan.found),
            Err(error) => Err(error),
        }
    }

    /// Adds what is shown by this reference.
    fn add(&mut self, reference: &str) {
        match shown(reference.trim()) {
            Some(Shown::Remote(reference)) => {
                let reference = reference.to_ascii_lowercase();
                // Other schemes are known to some readers only.
                self.of_the_web |= ["http:", "https:", "//"].iter().any(|start| reference.starts_with(start));
            }
            Some(Shown::File(_)) => self.of_files = true,
            Some(Shown::Part(_)) | None => {}
        }
    }

    /// Adds what a tag shows.
    fn add_tag(&mut self, tag: &Tag) {
        named(tag).for_each(|attribute| self.add(&attribute.value));
        let others: &[&str] = match tag.name.as_str() {
            "image" => &["href", "xlink:href"],
            "video" => &["poster"],
            _ => &[],
        };
        others.iter().filter_map(|name| tag.attribute(name)).for_each(|one| self.add(&one.value));
        if let ("img" | "source", Some(set)) = (tag.name.as_str(), tag.attribute("srcset")) {
            candidates(&set.value).for_each(|reference| self.add(reference));
        }
        if let Some(style) = tag.attribute("style") {
            let mut styles = Styles::default();
            style.value.bytes().filter_map(|octet| styles.see(octet)).for_each(|url| self.add(&url));
        }
    }
}

/// The references of a `srcset` (HTML, "parse a srcset attribute").
fn candidates(set: &str) -> impl Iterator<Item = &str> {
    let mut rest = set;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (reference, behind) = rest.split_at(end);
        let bare = reference.trim_end_matches(',');
        // Behind a reference without a comma stands its size, up to the next comma.
        rest = if bare.len() < end { behind } else { behind.split_once(',').map_or("", |(_, next)| next) };
        (!bare.is_empty()).then_some(bare)
    })
}

/// Where in a text the reading is.
#[derive(Default)]
enum Place {
    #[default]
    Text,
    /// Behind the `<` of what may be a tag.
    Tag,
    /// In a comment, of which so many octets and these last ones were read.
    Comment(usize, [u8; 3]),
    /// In an element without tags, of which this is the end that is waited for.
    Content(Vec<u8>),
}

/// Where in a tag the reading is (HTML, "tokenization").
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Step {
    /// In its name, or in what is no tag but ends like one.
    #[default]
    TagName,
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Bare,
    Quoted(u8),
}

impl Step {
    fn next(self, octet: u8) -> Step {
        let is_blank = octet.is_ascii_whitespace();
        match (self, octet) {
            (Step::Quoted(quote), _) if octet != quote => self,
            (Step::Quoted(_), _) => Step::BeforeName,
            (Step::TagName | Step::Bare, _) if is_blank => Step::BeforeName,
            (Step::Name, _) if is_blank => Step::AfterName,
            (Step::BeforeName | Step::AfterName | Step::BeforeValue, _) if is_blank => self,
            (Step::BeforeValue, b'"' | b'\'') => Step::Quoted(octet),
            (Step::BeforeValue | Step::Bare, _) => Step::Bare,
            (_, b'/') => Step::BeforeName,
            (Step::Name | Step::AfterName, b'=') => Step::BeforeValue,
            (Step::TagName, _) => self,
            (Step::BeforeName | Step::Name | Step::AfterName, _) => Step::Name,
        }
    }
}

#[derive(Default)]
struct Scan {
    place: Place,
    /// The tag so far, from its `<`, without what is too long; in an element without tags what may be its end.
    tag: Vec<u8>,
    is_long: bool,
    step: Step,
    styles: Styles,
    found: Elsewhere,
}

impl Scan {
    fn see(&mut self, octet: u8) {
        match &mut self.place {
            Place::Text if octet == b'<' => self.begin(),
            Place::Text => {}
            Place::Tag => self.in_tag(octet),
            Place::Comment(length, last) => {
                let is_end = last.ends_with(b"--") || (*length >= BANG && last == b"--!");
                if octet == b'>' && is_end {
                    self.place = Place::Text;
                } else {
                    (*length, *last) = (*length + 1, [last[1], last[2], octet]);
                }
            }
            Place::Content(end) => {
                let is_end = self.tag == *end && (octet.is_ascii_whitespace() || b"/>".contains(&octet));
                if is_end {
                    self.place = Place::Tag;
                    return self.in_tag(octet);
                }
                if octet == b'<' {
                    self.tag.clear();
                }
                self.tag.push(octet.to_ascii_lowercase());
                if !end.starts_with(&self.tag) {
                    self.tag.clear();
                }
                if end == b"</style"
                    && let Some(url) = self.styles.see(octet)
                {
                    self.found.add(&url);
                }
            }
        }
    }

    /// A `<`.
    fn begin(&mut self) {
        (self.place, self.is_long, self.step) = (Place::Tag, false, Step::TagName);
        self.tag.clear();
        self.tag.push(b'<');
    }

    fn in_tag(&mut self, octet: u8) {
        if self.tag == b"<" && !octet.is_ascii_alphabetic() && !b"/!?".contains(&octet) {
            self.place = Place::Text;
            return self.see(octet);
        }
        if octet == b'>' && !matches!(self.step, Step::Quoted(_)) {
            return self.end();
        }
        let is_tag = match self.tag[..] {
            [_, b'/', letter, ..] => letter.is_ascii_alphabetic(),
            [_, mark, ..] => !b"!?".contains(&mark),
            _ => false,
        };
        if is_tag {
            self.step = self.step.next(octet);
        }
        self.is_long |= self.tag.len() == LONGEST;
        if !self.is_long {
            self.tag.push(octet);
        }
        if self.tag == b"<!--" {
            self.place = Place::Comment(self.tag.len(), *b"!--");
        }
    }

    /// A `>` that ends a tag.
    fn end(&mut self) {
        self.tag.push(b'>');
        let text = String::from_utf8_lossy(&self.tag);
        if !self.is_long
            && let Some(tag) = tags(&text).next()
        {
            self.found.add_tag(&tag);
        }
        let name = text[1..].split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let is_opaque = OPAQUE.contains(&name.as_str());
        self.place = if is_opaque { Place::Content(format!("</{name}").into()) } else { Place::Text };
        self.styles = Styles::default();
        self.tag.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mime::Source;

    fn elsewhere(html: &str) -> (bool, bool) {
        let sources = html.as_bytes().chunks(3).map(|part| Source::Octets(part.to_vec())).collect();
        let found = Elsewhere::of(&Body { sources }).unwrap();
        (found.of_the_web, found.of_files)
    }

    #[test]
    fn pictures_of_the_web_and_of_this_machine() {
        let (web, file) = ((true, false), (false, true));
        for (html, wanted) in [
            ("<p>x<IMG alt=\"\" SRC=\"http://x/a.png\">", web),
            ("<img src = 'https://x/a.png' >", web),
            ("<img\nsrc=//x/a.png>", web),
            ("<img src=cid:a><img alt=''src=\" https://x\">", web),
            ("<img alt=\"a > b < c\" src=https://x>", web),
            ("<img alt=don't src=https://x>", web),
            ("<img src=a.png alt=\"http://x\">", file),
            ("<img alt=x src='pictures/a:b.png'>", file),
            ("<img src=/srv/a.png>", file),
            ("<img src=\"file:///srv/a.png\">", file),
            ("<img src=\"a.png\"><img src='http://x/b.png'>", (true, true)),
            ("<img srcset=\"http://x\">", web),
            ("<img src=cid:a srcset='data:x,y 1x, b.png 2x'>", file),
            ("<source srcset='cid:a, https://x/b 2x,'>", web),
            ("<body background=https://x>", web),
            ("<table><td background='a.png'>", file),
            ("<p style=\"background: url('https://x')\">", web),
            ("<style>p{background:URL( a.png )}</style>", file),
            ("<style><!-- a{b:url(\"https://x/)\")} --></style >", web),
            ("<style>p{}</stylex url(https://x)</style>", web),
            ("<input type=image src=https://x>", web),
            ("<video poster=a.png>", file),
            ("<svg><image href=a.png /></svg>", file),
            ("<svg><image xlink:href='https://x'/></svg>", web),
            ("<!--> <img src=a.png> -->", file),
            ("<script>'<img src=a>'</script><img src=https://x>", web),
            ("a < b <3 </3> <!doctype html><img src=https://x>", web),
            ("<img src=='<img src=\"\"<img src=https://x>", file),
            ("</<img src='><img src=https://x>", web),
        ] {
            assert_eq!(elsewhere(html), wanted, "{html}");
        }
    }

    #[test]
    fn what_goes_along_or_is_not_shown() {
        let long = "x".repeat(LONGEST);
        for html in [
            "<img src=\"cid:a.png\">",
            "<img src=data:image/png;base64,iVBORw0KGgo/x>",
            "<img src=\"\"><img src><img>",
            "<img data-src=\"http://x\">",
            "<a href=\"http://x\">img src=\"http://x\"</a>",
            "<img src=\"http://x",
            &format!("<img alt=\"{long}\" src=\"http://x\">"),
            &format!("<img alt=\"{long}<img src=a.png>\" src=\"http://x\">"),
            "<!-- <img src=a.png> --!x> <td background=https://x> -->",
            "<!--[if mso]><img src=a.png><![endif]-->",
            "<textarea><img src=a.png></textarea>",
            "<style>/* url(a.png) */ @import url(https://x); @font-face{src:url(https://x)}</style>",
            "<style>p{background:url(data:image/png;base64,x)} q{fill:url(#a)}</style>url(a.png)",
            "<p style='fill:url(cid:a)' title='url(a.png)'><video src=a.mp4><image>",
        ] {
            assert_eq!(elsewhere(html), (false, false), "{html}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_picture_that_is_embedded_is_missed(
            html in "(<img src=|<p |<b|</p>|<style>|</style>|<!--|-->|--!>|!|'|\"|[a-z =/世>]|<){0,40}",
        ) {
            let is_of_files = super::super::pictures(&html).iter().any(|one| matches!(one.shown, Shown::File(_)));
            proptest::prop_assert!(!is_of_files || elsewhere(&html).1);
        }
    }
}
