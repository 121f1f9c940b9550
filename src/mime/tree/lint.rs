//! What is unwise about a mail although it can be sent: advice for the person who writes it.

use crate::mail::{Warning, WarningKind};
use crate::mime::draft::Draft;
use crate::mime::error::MessageError;
use crate::mime::html::Elsewhere;
use crate::mime::part::Part;

/// Largest mail that most servers take, octets: what Postfix takes unless it is told otherwise (message_size_limit), less
/// than what large providers take.
const LARGE: u64 = 10_240_000;
/// Fewest letters of a subject that shouts: `RE: FAQ` and `HTTP OK` do not.
const SHOUTED: usize = 8;

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
    let pictures = html.map(Elsewhere::of).transpose()?.unwrap_or_default();
    if pictures.of_the_web {
        let words = "the HTML text shows pictures from the web: most readers do not load them";
        say(WarningKind::REMOTE_IMAGES, words.into());
    }
    if pictures.of_files {
        let words = "the HTML text shows pictures of this machine: no reader has them, --embed takes along what src= and background= name";
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mime::sample::{self, attachment};
    use crate::mime::{Body, Charsets, Given, Html, Source, Text};
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
}
