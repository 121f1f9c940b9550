//! HTML texts: how one reads without its markup, which pictures it shows, and Markdown as HTML. Each works on the whole text;
//! what is only sent along comes to `elsewhere` alone, which holds none of it.

mod elsewhere;
mod pictures;
mod plain;
mod styles;
mod tags;

use std::borrow::Cow;

use encoding_rs::Encoding;

pub(super) use elsewhere::Elsewhere;
pub use pictures::{Picture, Shown, pictures};
pub use plain::text_of;

use super::charset::{Charsets, Text};
use super::error::MessageError;
use super::source::Body;

/// Longest text that is taken into memory, octets. The largest page that a mailbox provider shows whole is far below.
const LONGEST: u64 = 16 << 20;
/// Octets in which HTML names its charset (HTML, "prescan a byte stream").
const PRESCAN: usize = 1024;

/// Why nothing can be made of a text.
#[derive(Debug, thiserror::Error)]
pub enum HtmlError {
    /// The program was built without it.
    #[error("this whippet was built without the feature `{0}`")]
    Absent(&'static str),
    /// It would fill the memory.
    #[error("{what} has {octets} octets, and at most 16 MiB can be worked on")]
    Long {
        /// What it is, in words.
        what: &'static str,
        /// Its length.
        octets: u64,
    },
    /// No charset explains it.
    #[error("{what} is in no known charset: octet {offset} is the first that cannot be decoded")]
    Undecodable {
        /// What it is, in words.
        what: &'static str,
        /// The first octet that cannot be decoded.
        offset: usize,
    },
    /// It cannot be read.
    #[error(transparent)]
    Input(#[from] MessageError),
}

/// A text as characters, with no mark before them: UTF-8, else what is declared, else what HTML says of itself, else what the
/// locale says.
pub fn characters(body: &Body, what: &'static str, charsets: &Charsets) -> Result<String, HtmlError> {
    if body.length() > LONGEST {
        return Err(HtmlError::Long { what, octets: body.length() });
    }
    let mut octets = Vec::new();
    body.each_block(&mut |block| {
        octets.extend_from_slice(block);
        Ok(())
    })?;
    if let Some((encoding, length)) = Encoding::for_bom(&octets) {
        let decoded = encoding.decode_without_bom_handling_and_without_replacement(&octets[length..]);
        return decoded.map(Cow::into_owned).ok_or(HtmlError::Undecodable { what, offset: length });
    }
    let declared = charsets.declared.or_else(|| own_charset(&octets));
    let text = Text::from(octets);
    match text.decode(&Charsets { declared, ..*charsets }) {
        Ok(characters) => Ok(characters.into_owned()),
        Err(offset) => Err(HtmlError::Undecodable { what, offset }),
    }
}

/// The charset that HTML names in its first octets, in the forms `<meta charset=…>` and `<meta … content="…; charset=…">`.
fn own_charset(octets: &[u8]) -> Option<&'static Encoding> {
    let beginning = octets[..octets.len().min(PRESCAN)].to_ascii_lowercase();
    let text = String::from_utf8_lossy(&beginning);
    let label = text.split("<meta").skip(1).find_map(|tag| tag.split('>').next()?.split_once("charset="))?.1;
    let label = label.trim_start_matches(['"', '\'']);
    let end = label
        .find(|character: char| matches!(character, '"' | '\'' | ';' | '/') || character.is_whitespace());
    Encoding::for_label_no_replacement(&label.as_bytes()[..end.unwrap_or(label.len())])
}

/// Markdown as an HTML text: CommonMark with the tables, footnotes, task lists and struck words of GitHub.
#[cfg(feature = "markdown")]
pub fn of_markdown(text: &str) -> Result<String, HtmlError> {
    use pulldown_cmark::{Options, Parser, html};
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS;
    let mut body = String::new();
    html::push_html(&mut body, Parser::new_ext(text, options));
    Ok(format!("<!DOCTYPE html>\n<html>\n<body>\n{body}</body>\n</html>\n"))
}

/// Markdown as an HTML text: not built.
#[cfg(not(feature = "markdown"))]
pub fn of_markdown(_text: &str) -> Result<String, HtmlError> {
    Err(HtmlError::Absent("markdown"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mime::Source;

    fn read(octets: &[u8], declared: Option<&'static Encoding>) -> Result<String, HtmlError> {
        let charsets = Charsets { declared, ..Charsets::default() };
        characters(&Source::Octets(octets.to_vec()).into(), "the text", &charsets)
    }

    #[test]
    fn html_says_in_which_charset_it_is() {
        let latin = b"<html><meta http-equiv=Content-Type content='text/html; charset=ISO-8859-1'>\xe9";
        assert!(read(latin, None).unwrap().ends_with('é'));
        assert!(read(b"<META charset=\"gbk\">\xc0\xfd", None).unwrap().ends_with('例'));
        assert!(
            read(b"<meta charset=gbk />\xc0\xfd", Some(encoding_rs::WINDOWS_1252)).unwrap().ends_with("Àý")
        );
        // What it says is wrong.
        assert!(read("<meta charset=gbk>é".as_bytes(), None).unwrap().ends_with('é'));
        assert!(matches!(read(b"<p>\xe9", None), Err(HtmlError::Undecodable { offset: 3, .. })));
        assert_eq!(read(b"\xef\xbb\xbfhi", None).unwrap(), "hi");
        assert_eq!(read(b"\xff\xfeh\0", None).unwrap(), "h");
    }

    #[test]
    fn html_is_read_without_its_markup() {
        let html = "<html><head><title>T</title><style>p{color:red}</style></head><body><h1>Grüße</h1>\
                    <p>A <b>bold</b> move &amp; <a href='https://example.org/a?b=c'>a link</a></p>\
                    <ul><li>one<li>two <img src=x alt=Logo></ul><ol><li>1st</li><li>2nd</li></ol>\
                    <table><tr><td>a<td>b</td></tr><tr><td>c</td><td>d</td></tr></table>\
                    <script>alert('<p>')</script><pre>x\n  y</pre><p>Bye,<br>Dan</p>";
        assert_eq!(
            text_of(html),
            "Grüße\n\nA bold move & a link (https://example.org/a?b=c)\n\n* one\n* two Logo\n\n1. 1st\n2. 2nd\n\na b\nc d\n\nx\n  y\n\nBye,\nDan\n"
        );
        assert_eq!(text_of(""), "\n");
        // Elements in elements, as no page has them.
        text_of(&"<div><a href=x>y<ul><li>".repeat(5_000));
    }

    #[test]
    fn a_large_text_is_read_once() {
        let attributes: String = (0..100_000).map(|number| format!(" a{number}")).collect();
        let begun = std::time::Instant::now();
        for html in [
            "<!---->".repeat(200_000),
            format!("<p{attributes}>"),
            "url(cid:".repeat(200_000),
            "<".repeat(500_000),
        ] {
            assert_eq!(pictures(&html), []);
            assert!(tags::tags(&html).count() <= 1);
        }
        assert_eq!(text_of(&"a <b".repeat(100_000)), "a\n");
        // Each of them took minutes where what follows was read for each piece again.
        assert!(begun.elapsed() < std::time::Duration::from_secs(20));
    }

    proptest::proptest! {
        #[test]
        fn any_html_has_a_text(html in "(<img src=|<p|<li>|<ol>|</ol>|<td>|'|\"|[a-z &#;=世>]|<){0,40}") {
            text_of(&html);
        }
    }

    #[test]
    #[cfg(feature = "markdown")]
    fn markdown_is_html() {
        let html = of_markdown("# Hi\n\n*a* ~~b~~ <b>c</b>\n\n| x |\n|---|\n| 1 |\n").unwrap();
        for piece in ["<h1>Hi</h1>", "<em>a</em> <del>b</del> <b>c</b>", "<td>1</td>", "<!DOCTYPE html>"] {
            assert!(html.contains(piece), "{piece}: {html}");
        }
    }
}
