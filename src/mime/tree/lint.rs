//! What is unwise about a mail although it can be sent: advice for the person who writes it.

use std::io;

use crate::mail::{Warning, WarningKind};
use crate::mime::draft::Draft;
use crate::mime::error::MessageError;
use crate::mime::part::Part;
use crate::mime::source::Body;

/// Largest mail that most servers take, octets: what Postfix takes unless it is told otherwise (message_size_limit), less
/// than what large providers take.
const LARGE: u64 = 10_240_000;
/// Fewest letters of a subject that shouts: `RE: FAQ` and `HTTP OK` do not.
const SHOUTED: usize = 8;
/// Longest `<img` tag that is looked at, octets. What is longer holds its picture itself (`data:`).
const LONGEST_TAG: usize = 4096;

/// Judges a draft that became this part, in a message of this size.
pub(super) fn judge(
    draft: &Draft,
    root: &Part,
    size: u64,
    warnings: &mut Vec<Warning>,
) -> Result<(), MessageError> {
    let mut say = |kind, words: String| warnings.push(Warning::new(kind, words));
    match &draft.subject {
        Some(subject) if !subject.octets().trim_ascii().is_empty() => {
            if subject.decode(&draft.charsets).is_ok_and(|subject| shouts(&subject)) {
                say(
                    WarningKind::CAPS_SUBJECT,
                    "the subject is all capitals: filters take that for spam".into(),
                );
            }
        }
        _ => say(WarningKind::NO_SUBJECT, "there is no Subject".into()),
    }
    let is_alone = draft.html.is_none() && draft.calendar.is_none();
    let is_bare = is_alone && draft.attachments.is_empty() && draft.inlines.is_empty();
    let is_typed = draft.given.as_ref().is_none_or(|given| given.typed_text().is_some());
    if is_bare && is_typed && draft.body.is_blank()? {
        say(WarningKind::EMPTY_BODY, "there is no text".into());
    }
    // What goes along has a name, and the text has none.
    let outlines = root.outlines();
    let is_read = |essence| outlines.iter().any(|part| part.name.is_none() && part.media_type == essence);
    if is_read("text/html") && !is_read("text/plain") {
        let words = "the text is HTML only: some readers show none, and filters take that for spam";
        say(WarningKind::NO_TEXT_PART, words.into());
    }
    let is_html = draft.body_type.trim_start().to_ascii_lowercase().starts_with("text/html");
    let html = draft.html.as_ref().map(|html| &html.body).or(is_html.then_some(&draft.body));
    let pictures = html.map(Pictures::of).transpose()?.unwrap_or_default();
    if pictures.of_the_web {
        let words = "the HTML text shows pictures from the web: most readers do not load them";
        say(WarningKind::REMOTE_IMAGES, words.into());
    }
    if pictures.of_files {
        let words =
            "the HTML text shows pictures of this machine: no reader has them, --embed takes them along";
        say(WarningKind::LOCAL_IMAGES, words.into());
    }
    if size > LARGE {
        let (whole, tenth) = (size / 1_000_000, size / 100_000 % 10);
        say(
            WarningKind::TOO_LARGE,
            format!("the mail has {whole}.{tenth} MB: many servers take 10 MB at most"),
        );
    }
    Ok(())
}

/// Whether a subject is in capitals throughout. Scripts without them have no say.
fn shouts(subject: &str) -> bool {
    let cased = subject.chars().filter(|character| character.is_uppercase() || character.is_lowercase());
    let (mut capitals, mut small) = (0, 0);
    for character in cased {
        *(if character.is_uppercase() { &mut capitals } else { &mut small }) += 1;
    }
    small == 0 && capitals >= SHOUTED
}

/// What the `<img` tags of an HTML text show that does not go along with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Pictures {
    of_the_web: bool,
    of_files: bool,
}

impl Pictures {
    /// Reads until both are found.
    fn of(html: &Body) -> Result<Pictures, MessageError> {
        let (mut tags, mut found) = (Tags::default(), Pictures::default());
        let read = html.each_block(&mut |octets| {
            octets.iter().for_each(|octet| tags.see(octet.to_ascii_lowercase(), &mut found));
            // Stops the reading.
            let is_all = found.of_the_web && found.of_files;
            if is_all { Err(MessageError::Sink(io::ErrorKind::Other.into())) } else { Ok(()) }
        });
        match read {
            Ok(()) | Err(MessageError::Sink(_)) => Ok(found),
            Err(error) => Err(error),
        }
    }

    /// Adds what a tag shows, by the value of its `src`.
    fn add(&mut self, source: &[u8]) {
        let is_of_the_web = [&b"http:"[..], b"https:", b"//"].iter().any(|start| source.starts_with(start));
        // A colon before a slash is that of a scheme: cid, data, or one that only a reader may know.
        let has_scheme = source.iter().find(|octet| matches!(octet, b':' | b'/')) == Some(&b':');
        self.of_the_web |= is_of_the_web;
        self.of_files |=
            source.starts_with(b"file:") || (!is_of_the_web && !has_scheme && !source.is_empty());
    }
}

/// The `<img` tags of a text, octet by octet.
#[derive(Default)]
struct Tags {
    /// The tag so far, from its `<`; empty outside of one.
    tag: Vec<u8>,
    /// What ends the value of an attribute that the tag so far ends in.
    quote: Option<u8>,
}

impl Tags {
    /// Takes an octet in lower case, which may end a tag that shows something.
    fn see(&mut self, octet: u8, found: &mut Pictures) {
        const IMG: &[u8] = b"<img";
        match octet {
            b'"' | b'\'' if self.quote == Some(octet) => self.quote = None,
            _ if self.quote.is_some() => {}
            b'"' | b'\'' if self.tag.trim_ascii_end().ends_with(b"=") => self.quote = Some(octet),
            b'<' => self.tag.clear(),
            b'>' => {
                let attributes = self.tag.strip_prefix(IMG);
                if let Some(source) = attributes.and_then(source) {
                    found.add(source);
                }
                return self.tag.clear();
            }
            _ if self.tag.is_empty() => return,
            _ => {}
        }
        self.tag.push(octet);
        let is_img = self.tag.iter().zip(IMG).all(|(octet, wanted)| octet == wanted);
        if !is_img || self.tag.len() > LONGEST_TAG {
            self.tag.clear();
            self.quote = None;
        }
    }
}

/// The value of the first `src` among the attributes of a tag.
fn source(attributes: &[u8]) -> Option<&[u8]> {
    let blank = |octet: &u8| octet.is_ascii_whitespace();
    let mut sources = memchr::memmem::find_iter(attributes, b"src").filter(|at| {
        // `data-src` and `srcset` are other attributes.
        *at > 0 && (blank(&attributes[at - 1]) || matches!(attributes[at - 1], b'"' | b'\'' | b'/'))
    });
    let value = sources.find_map(|at| attributes[at + 3..].trim_ascii_start().strip_prefix(b"="))?;
    let value = value.trim_ascii_start();
    let end = match value.first() {
        Some(quote @ (b'"' | b'\'')) => {
            return value[1..].split(|octet| octet == quote).next().map(<[u8]>::trim_ascii);
        }
        _ => value.iter().position(blank).unwrap_or(value.len()),
    };
    Some(&value[..end])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mime::sample::{self, attachment};
    use crate::mime::{Charsets, Given, Html, Source, Text};
    use encoding_rs::GB18030;

    /// A draft with which nothing is wrong.
    fn draft() -> Draft {
        Draft { subject: Some("Hello".into()), body: Body::from("text\n"), ..sample::draft() }
    }

    fn names(draft: Draft) -> Vec<&'static str> {
        let message = sample::compose(draft).unwrap();
        message.warnings().iter().map(|warning| warning.kind.name).collect()
    }

    #[test]
    fn subjects() {
        let subject = |text: &[u8]| names(Draft { subject: Some(Text::from(text.to_vec())), ..draft() });
        for text in ["Hello", "RE: FAQ", "HTTP OK 200 200", "会议通知", "SERVER DOWN: db1", "ßßßßßßßßß"]
        {
            assert_eq!(subject(text.as_bytes()), [""; 0], "{text}");
        }
        for text in ["SERVER DOWN", "СРОЧНО ОТВЕТЬТЕ", "会议 IMPORTANT"] {
            assert_eq!(subject(text.as_bytes()), ["caps-subject"], "{text}");
        }
        assert_eq!(names(Draft { subject: None, ..draft() }), ["no-subject"]);
        assert_eq!(subject(b" "), ["no-subject"]);
        let charsets = Charsets { declared: Some(GB18030), ..Charsets::default() };
        let gb = Some(Text::from(b"\xc0\xfd SERVER DOWN".to_vec()));
        assert_eq!(names(Draft { subject: gb, charsets, ..draft() }), ["caps-subject"]);
    }

    #[test]
    fn texts() {
        let blank = || Draft { body: Body::from(" \n"), ..draft() };
        assert_eq!(names(blank()), ["empty-body"]);
        assert_eq!(names(Draft { attachments: vec![attachment("a", "x")], ..blank() }), [""; 0]);
        let html = || Some(Html { body: "<p>hi".into(), charset: None });
        assert_eq!(names(Draft { html: html(), ..blank() }), [""; 0]);
        assert_eq!(names(Draft { html: html(), body: Body::default(), ..draft() }), ["no-text-part"]);
        assert_eq!(names(Draft { body_type: "Text/HTML; x=y".into(), ..draft() }), ["no-text-part"]);
        let given = |text: &str| {
            let given = Given::read(Source::Octets(format!("Date: x\nSubject: x\n{text}").into())).unwrap();
            Draft { given: Some(given), ..sample::draft() }
        };
        assert_eq!(
            names(Draft { subject: Some("x".into()), ..given("Content-Type: text/html\n\n<p>\n") }),
            ["no-text-part"]
        );
        let page = || attachment("a.html", "<p>");
        let attached = given("Content-Type: text/x-y\n\nx\n");
        assert_eq!(
            names(Draft { subject: Some("x".into()), attachments: vec![page()], ..attached }),
            [""; 0]
        );
    }

    #[test]
    fn sizes() {
        let root = Part::of_parts(
            crate::mime::header::parameter::MediaType::known("multipart/mixed"),
            "b".into(),
            Vec::new(),
        );
        let mut warnings = Vec::new();
        judge(&draft(), &root, LARGE, &mut warnings).unwrap();
        assert_eq!(warnings, [""; 0]);
        judge(&draft(), &root, 12_345_678, &mut warnings).unwrap();
        assert_eq!(warnings, ["the mail has 12.3 MB: many servers take 10 MB at most"]);
    }

    #[test]
    fn pictures() {
        let shown = |html: &str| {
            let sources = html.as_bytes().chunks(3).map(|part| Source::Octets(part.to_vec())).collect();
            let found = Pictures::of(&Body { sources }).unwrap();
            (found.of_the_web, found.of_files)
        };
        let (web, file) = ((true, false), (false, true));
        let long = format!("<img alt=\"{}\" src=\"http://x\">", "x".repeat(LONGEST_TAG));
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
            ("<img src=\"cid:a.png\">", (false, false)),
            ("<img src=data:image/png;base64,iVBORw0KGgo/x>", (false, false)),
            ("<img src=\"\"><img src><img>", (false, false)),
            ("<img data-src=\"http://x\">", (false, false)),
            ("<img srcset=\"http://x\">", (false, false)),
            ("<a href=\"http://x\">img src=\"http://x\"</a>", (false, false)),
            ("<img src=\"http://x", (false, false)),
            (&long, (false, false)),
        ] {
            assert_eq!(shown(html), wanted, "{html}");
        }
    }
}
