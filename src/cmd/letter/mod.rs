//! The other forms of a text: HTML with its pictures, Markdown, an invitation. What has no plain text gets one.

mod calendar;
mod pictures;

use std::path::{Path, PathBuf};

use crate::cli::{Body as TypedBody, Request, Source as TypedSource};
use crate::cmd::{Exit, Failure};
use crate::mail::{Warning, WarningKind};
use crate::mime::{
    Attachment, Body, Draft, Html, HtmlError, MessageError, Source, characters, of_markdown, text_of,
};

/// The files of the other forms, opened.
#[derive(Default)]
pub(super) struct Forms {
    /// Not there where it is standard input.
    pub(super) html: Option<Source>,
    inlines: Vec<(PathBuf, Attachment)>,
    calendar: Option<(PathBuf, Source)>,
}

impl Forms {
    /// Opens all of them; what cannot be opened is added to `failures`.
    pub(super) fn open(request: &Request, failures: &mut Vec<Failure>) -> Self {
        let letter = &request.letter;
        let mut opened = |path: &Path| -> Option<Source> {
            Source::open(path).map_err(|error| failures.push(error.into())).ok()
        };
        let html = match &letter.html {
            Some(TypedSource::File(path)) => opened(path),
            _ => None,
        };
        let calendar = letter.calendar.as_ref().and_then(|path| Some((path.clone(), opened(path)?)));
        let mut inlines = Vec::new();
        for path in &letter.inlines {
            match Attachment::open(path) {
                Ok(attachment) => inlines.push((path.clone(), attachment)),
                Err(error) => failures.push(error.into()),
            }
        }
        Forms { html, inlines, calendar }
    }

    /// Whether there is nothing to be read besides the text.
    pub(super) fn are_blank(&self) -> Result<bool, MessageError> {
        Ok(self.calendar.is_none() && self.is_html_blank()?)
    }

    fn is_html_blank(&self) -> Result<bool, MessageError> {
        self.html.as_ref().map_or(Ok(true), |source| Body::from(source.clone()).is_blank())
    }

    /// Puts them into the draft. Gives what deserves a word.
    pub(super) fn add(self, draft: &mut Draft, request: &Request) -> Result<Vec<Warning>, Failure> {
        let mut warnings = Vec::new();
        let letter = &request.letter;
        let is_blank = if letter.markdown { draft.body.is_blank()? } else { self.is_html_blank()? };
        if is_blank && self.html.is_some() && self.inlines.is_empty() && !draft.body.is_blank()? {
            let words = "the HTML text is empty, and is left out";
            warnings.push(Warning::new(WarningKind::EMPTY_HTML, words));
        }
        let html = match self.html {
            // Of nothing no HTML is made: an empty mail has one part.
            _ if is_blank && self.inlines.is_empty() => None,
            _ if letter.markdown => {
                let text = characters(&draft.body, "the text", &draft.charsets)?;
                Some(of_markdown(&text)?)
            }
            None => None,
            Some(source) => {
                let body = Body::from(source);
                let is_alone = draft.body.is_blank()?;
                if is_alone || letter.embed || !self.inlines.is_empty() {
                    let html = characters(&body, "the HTML text", &draft.charsets)?;
                    if is_alone {
                        draft.body = made(text_of(&html));
                        draft.body_charset = Some(encoding_rs::UTF_8);
                    }
                    Some(html)
                } else {
                    draft.html = Some(Html { body, charset: None });
                    None
                }
            }
        };
        if let Some(html) = html {
            let mut gallery = pictures::Gallery::new(self.inlines, &draft.message_id)?;
            let folder = letter.embed.then(|| folder(request));
            let html = gallery.hang(&html, folder.as_deref())?;
            warnings.extend(gallery.warnings());
            draft.html = Some(Html { body: made(html), charset: Some(encoding_rs::UTF_8) });
            draft.inlines = gallery.into_inlines();
        }
        if let Some((path, source)) = self.calendar {
            draft.calendar = Some(calendar::calendar(&path, source, &draft.charsets)?);
        }
        Ok(warnings)
    }
}

/// A text that is made here.
fn made(text: String) -> Body {
    Source::Octets(text.into_bytes()).into()
}

/// Where the pictures of the text are looked for: beside it, else in the working directory.
fn folder(request: &Request) -> PathBuf {
    let file = match (&request.letter.html, &request.body) {
        (Some(TypedSource::File(path)), _) => Some(path),
        (None, TypedBody::File(path)) => Some(path),
        _ => None,
    };
    file.and_then(|path| path.parent()).map(Path::to_owned).unwrap_or_default()
}

impl From<HtmlError> for Failure {
    fn from(error: HtmlError) -> Self {
        let exit = match &error {
            HtmlError::Absent(_) => Exit::Unavailable,
            HtmlError::Input(_) => Exit::IoErr,
            _ => Exit::DataErr,
        };
        Failure::plain(exit, error.to_string())
    }
}
