//! The signature: a file that goes under a text that is plain.

use encoding_rs::{UTF_16BE, UTF_16LE};

use crate::cli::Request;
use crate::cmd::{Exit, Failure};
use crate::config::{Layer, Settings};
use crate::mime::{Draft, Source, SourceError};

/// A signature, opened.
pub(in crate::cmd) struct Signature {
    source: Source,
    has_dashes: bool,
}

impl Signature {
    /// Opens the file of the settings, unless the mail goes without. One that somebody names must be there.
    pub(in crate::cmd) fn open(request: &Request, settings: &Settings) -> Result<Option<Signature>, Failure> {
        let letter = &settings.letter;
        let Some(set) = letter.signature.as_ref().filter(|_| !request.no_signature && is_plain(request))
        else {
            return Ok(None);
        };
        let Some(path) = &set.value else { return Ok(None) };
        let source = Source::open(path).map_err(|error| {
            let is_in_file = set.origin.layer() != Layer::Flags;
            let is_missing = matches!(&error, SourceError::Open { .. } | SourceError::Directory { .. });
            let mut failure = Failure::from(error);
            if is_in_file && is_missing {
                failure.exit = Exit::Config;
            }
            failure.hint(format!("`signature` ({}) names it; --no-signature sends without it", set.origin))
        })?;
        let has_dashes = letter.signature_dashes.as_ref().is_none_or(|set| set.value);
        Ok(Some(Signature { source, has_dashes }))
    }

    /// Puts it under the text. Its octets are taken for the text's, so that one that does not hold ASCII has none.
    pub(in crate::cmd) fn sign(self, draft: &mut Draft) -> Result<(), Failure> {
        let is_declared_wide = draft.charsets.declared.is_some_and(|by| by == UTF_16LE || by == UTF_16BE);
        if is_declared_wide || draft.body.has_wide_mark()? {
            let words = "no signature can go under a text in UTF-16 or UTF-32";
            return Err(Failure::plain(Exit::DataErr, words).hint("--no-signature sends without it"));
        }
        Ok(draft.body.sign(self.source, self.has_dashes)?)
    }
}

/// Whether the text is one that a signature goes under.
fn is_plain(request: &Request) -> bool {
    // What a draft holds is whole, as in mutt, and so is a finished message.
    request.draft.is_none()
        && request.raw.is_none()
        && request.body_type.as_ref().is_none_or(|kind| kind.split(';').next() == Some("text/plain"))
}
