//! Which part stands in which (RFC 2046 5.1, RFC 2387, RFC 6047 2.4):
//!
//! ```text
//! mixed( related( alternative( text, HTML, calendar ), images ), attachments )
//! ```
//!
//! What would hold one part alone is left out.

use encoding_rs::Encoding;

use crate::mail::Warning;
use crate::mime::charset::Charsets;
use crate::mime::draft::Draft;
use crate::mime::error::ComposeError;
use crate::mime::given::Ready;
use crate::mime::header::parameter::MediaType;
use crate::mime::header::{Lacking, check_id};
use crate::mime::part::{Making, Part};
use crate::mime::source::Body;
use crate::sys::Random;

/// Characters of a token: those of a boundary less `=_`, which cannot occur in quoted-printable or base64 (RFC 2045 6.7),
/// and less the letter at its end. All boundaries of a message are equally long, so that none is the beginning of another
/// (RFC 2046 5.1.2).
const TOKEN: usize = 23;

/// The parts of a draft under construction.
pub(super) struct Nest<'a> {
    draft: &'a Draft,
    given: Option<&'a Ready>,
    making: Making<'a>,
    boundaries: std::ops::RangeInclusive<char>,
}

impl<'a> Nest<'a> {
    /// The part that holds all of a draft.
    pub(super) fn root(
        draft: &'a Draft,
        given: Option<&'a Ready>,
        random: &dyn Random,
        warnings: &'a mut Vec<Warning>,
        lacking: &'a mut Vec<Lacking>,
    ) -> Result<Part, ComposeError> {
        let mut delimiter = String::new();
        while draft.has_several_parts() {
            delimiter = format!("=_{}", random.token(TOKEN).map_err(ComposeError::Random)?);
            // What was given is not encoded anew to keep clear of a boundary.
            if !given.map_or(Ok(false), |given| given.has_delimiter(&delimiter))? {
                break;
            }
        }
        let making = Making { charsets: draft.charsets, delimiter, warnings, lacking };
        let mut nest = Nest { draft, given, making, boundaries: 'a'..='z' };
        let letter = nest.letter()?;
        nest.mixed(letter)
    }

    /// What is read: the forms of the text, and the pictures in it.
    fn letter(&mut self) -> Result<Part, ComposeError> {
        let draft = self.draft;
        if let Some(letter) = self.given_letter()? {
            return Ok(letter);
        }
        let mut forms = Vec::new();
        let is_other = draft.html.is_some() || draft.calendar.is_some();
        if !is_other || !draft.body.sources.is_empty() {
            let media = MediaType::parse(&draft.body_type)?;
            // A text that says how it is formatted is so already.
            let is_plain = media.essence == "text/plain" && media.parameter("format").is_none();
            let is_flowed = draft.is_flowed && is_plain;
            forms.push(self.form(&draft.body, media, None, is_flowed, draft.body_charset)?);
        }
        if let Some(html) = &draft.html {
            let media = MediaType::known("text/html");
            forms.push(self.form(&html.body, media, None, false, html.charset)?);
        }
        if let Some(calendar) = &draft.calendar {
            let mut media = MediaType::known("text/calendar");
            media.set("method", Some(&calendar.method));
            forms.push(self.form(&calendar.body, media, calendar.name.as_deref(), false, None)?);
        }
        let letter = self.several("multipart/alternative", forms);
        if draft.inlines.is_empty() {
            return Ok(letter);
        }
        let mut media = MediaType::known("multipart/related");
        media.set("type", Some(&format!("\"{}\"", letter.media_type())));
        let mut parts = vec![letter];
        for inline in &draft.inlines {
            check_id("Content-ID", &format!("<{}>", inline.content_id))?;
            let id = Some(inline.content_id.as_str());
            parts.push(Part::of_attachment(&inline.attachment, id, &mut self.making)?);
        }
        Ok(Part::of_parts(media, self.boundary(), parts))
    }

    /// The letter as it was given, if it says itself what it is.
    fn given_letter(&mut self) -> Result<Option<Part>, ComposeError> {
        let draft = self.draft;
        let letter = self.given.map(|given| given.part(&mut self.making)).transpose()?.flatten();
        let Some(letter) = letter else { return Ok(None) };
        if draft.html.is_some() || draft.calendar.is_some() || !draft.inlines.is_empty() {
            let reason = "of the draft says what its text is: only attachments can be added to it";
            return Err(ComposeError::Structure { name: "Content-Type".to_owned(), reason });
        }
        Ok(Some(letter))
    }

    /// A form of the text, whose charset may be known.
    fn form(
        &mut self,
        body: &Body,
        media: MediaType,
        name: Option<&str>,
        is_flowed: bool,
        charset: Option<&'static Encoding>,
    ) -> Result<Part, ComposeError> {
        let declared = charset.or(self.draft.charsets.declared);
        self.making.charsets = Charsets { declared, ..self.draft.charsets };
        Part::of_text(body.clone(), media, name, is_flowed, &mut self.making)
    }

    /// The letter, and what goes along.
    fn mixed(&mut self, letter: Part) -> Result<Part, ComposeError> {
        let mut parts = vec![letter];
        for attachment in &self.draft.attachments {
            parts.push(Part::of_attachment(attachment, None, &mut self.making)?);
        }
        Ok(self.several("multipart/mixed", parts))
    }

    /// The parts in one; a single part as it is.
    fn several(&mut self, essence: &str, mut parts: Vec<Part>) -> Part {
        match parts.pop() {
            Some(single) if parts.is_empty() => single,
            last => {
                parts.extend(last);
                Part::of_parts(MediaType::known(essence), self.boundary(), parts)
            }
        }
    }

    fn boundary(&mut self) -> String {
        let letter = self.boundaries.next().expect("a letter has fewer than 26 levels");
        format!("{}{letter}", self.making.delimiter)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mime::sample::{attachment, compose, draft};
    use crate::mime::{Calendar, Html, Inline};
    use crate::sys::SeededRandom;

    fn root(draft: &Draft) -> Part {
        Nest::root(draft, None, &SeededRandom::new(1), &mut Vec::new(), &mut Vec::new()).unwrap()
    }

    fn written(part: &Part) -> String {
        let mut octets = Vec::new();
        part.write(&mut |block| {
            octets.extend_from_slice(block);
            Ok(())
        })
        .unwrap();
        assert_eq!(octets.len() as u64, part.fields.len() as u64 + 2 + part.size);
        String::from_utf8(octets).unwrap()
    }

    /// The types in their nesting, by the boundaries alone.
    fn shape(text: &str) -> String {
        let (fields, body) = text.split_once("\r\n\r\n").unwrap();
        let fields = fields.replace("\r\n ", " ");
        let media = fields.split("Content-Type: ").nth(1).unwrap();
        let essence = media.split([';', '\r']).next().unwrap();
        let Some(boundary) = media.split("boundary=\"").nth(1) else { return essence.to_owned() };
        let boundary = boundary.split('"').next().unwrap();
        let body = format!("\r\n{body}");
        let parts: Vec<&str> = body.split(&format!("\r\n--{boundary}")).collect();
        assert_eq!((parts[0], parts[parts.len() - 1]), ("", "--\r\n"));
        let inner: Vec<String> = parts[1..parts.len() - 1].iter().map(|part| shape(&part[2..])).collect();
        format!("{}({})", essence.trim_start_matches("multipart/"), inner.join(" "))
    }

    #[test]
    fn each_part_has_its_place() {
        let html = || Some(Html { body: Body::from("<p>hi</p>"), charset: None });
        let calendar = || {
            let body = Body::from("BEGIN:VCALENDAR\r\n");
            Some(Calendar { body, method: "REQUEST".into(), name: Some("a.ics".into()) })
        };
        let inlines = || vec![Inline { attachment: attachment("a.png", "x"), content_id: "a.png@x".into() }];
        let attachments = || vec![attachment("a.pdf", "%PDF")];
        let text = || Body::from("hi");
        for (draft, wanted) in [
            (draft(), "text/plain"),
            (
                Draft { body: text(), attachments: attachments(), ..draft() },
                "mixed(text/plain application/pdf)",
            ),
            (Draft { body: text(), html: html(), ..draft() }, "alternative(text/plain text/html)"),
            (Draft { html: html(), ..draft() }, "text/html"),
            (Draft { html: html(), inlines: inlines(), ..draft() }, "related(text/html image/png)"),
            (
                Draft { body: text(), calendar: calendar(), ..draft() },
                "alternative(text/plain text/calendar)",
            ),
            (
                Draft {
                    body: text(),
                    html: html(),
                    calendar: calendar(),
                    inlines: inlines(),
                    attachments: attachments(),
                    ..draft()
                },
                "mixed(related(alternative(text/plain text/html text/calendar) image/png) application/pdf)",
            ),
        ] {
            let root = root(&draft);
            assert_eq!(shape(&written(&root)), wanted);
            assert_eq!(root.outlines().len(), wanted.matches('/').count(), "{wanted}");
        }
    }

    #[test]
    fn what_belongs_to_a_text_says_so() {
        let inline = Inline { attachment: attachment("ä.png", "x"), content_id: "1@x".into() };
        let body = Body::from("BEGIN:VCALENDAR\nMETHOD:REPLY\n");
        let calendar = Calendar { body, method: "REPLY".into(), name: Some("a.ics".into()) };
        let draft = Draft {
            body: Body::from("hi"),
            calendar: Some(calendar),
            html: Some(Html { body: Body::from("<img src=cid:1@x>"), charset: None }),
            inlines: vec![inline],
            ..draft()
        };
        let text = written(&root(&draft)).replace("\r\n ", " ");
        for line in [
            "Content-Type: text/calendar; method=REPLY; charset=us-ascii; name=\"a.ics\"\r\n",
            "Content-Disposition: inline; filename*=utf-8''%C3%A4.png\r\nContent-ID: <1@x>\r\n",
            "Content-Type: multipart/related; type=\"multipart/alternative\"; boundary=\"=_",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }

    #[test]
    fn a_picture_s_name_in_the_text_is_an_identifier() {
        for id in ["a b@x", "a@x>\r\nX: y", "\u{e9}@x", "a"] {
            let inline = Inline { attachment: attachment("a.png", "x"), content_id: id.into() };
            let html = Some(Html { body: Body::from("<p>"), charset: None });
            let error = compose(Draft { html, inlines: vec![inline], ..draft() }).unwrap_err();
            assert_eq!(error.to_string(), "the field Content-ID is not `<left@right>`");
        }
    }

    #[test]
    fn a_part_in_another_has_the_octets_that_it_has_alone() {
        let draft =
            Draft { body: Body::from("é\n--=_\n"), attachments: vec![attachment("a", "b")], ..draft() };
        let signed = root(&draft);
        let alone = written(&signed);
        let signature = root(&Draft { body: Body::from("a signature"), ..draft });
        let mut media = MediaType::known("multipart/signed");
        media.set("protocol", Some("\"application/pgp-signature\""));
        let whole = written(&Part::of_parts(media, "=_other".into(), vec![signed, signature]));
        let parts: Vec<&str> = whole.split("\r\n--=_other").collect();
        assert_eq!(parts[1].strip_prefix("\r\n"), Some(&*alone));
        assert_eq!(parts.len(), 4);
    }
}
