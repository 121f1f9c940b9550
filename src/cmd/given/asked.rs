//! What a draft asks for by fields that are never sent, mutt's: files to attach, a copy, signing.

use std::path::Path;

use crate::cli::Request;
use crate::cmd::inputs::expanded;
use crate::cmd::{Exit, Failure, World};
use crate::mail::{Warning, WarningKind};
use crate::mime::{Attachment, Given};

/// Opens the files of its fields Attach. A draft may come from elsewhere, so that it chooses files of this machine only
/// where that `is_allowed`.
pub(super) fn attachments(
    given: &Given,
    is_allowed: bool,
    warnings: &mut Vec<Warning>,
    world: &World<'_>,
) -> Result<Vec<Attachment>, Failure> {
    let (mut opened, mut failures) = (Vec::new(), Vec::new());
    for value in given.values("Attach").filter(|value| !value.is_empty()) {
        if !is_allowed {
            let words = format!("the draft asks for a file to be attached: `{value}`");
            let failure = Failure::plain(Exit::DataErr, words);
            return Err(
                failure.hint("--allow-draft-attach attaches what a draft names; or attach it with -a")
            );
        }
        let (file, description) = parted(&value);
        if !description.is_empty() {
            let words = format!("the description of {file} in the field Attach of the draft is left out");
            warnings.push(Warning::new(WarningKind::IGNORED_FIELD, words));
        }
        match expanded(Path::new(&file), world)
            .and_then(|path| Attachment::open(&path).map_err(Failure::from))
        {
            Ok(attachment) => opened.push(attachment),
            Err(failure) => failures.push(failure),
        }
    }
    Failure::gather(failures).map_or(Ok(opened), Err)
}

/// The file and what describes it: a blank ends the name, unless a backslash is before it.
fn parted(value: &str) -> (String, &str) {
    let mut file = String::new();
    let mut characters = value.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => file.extend(characters.next().map(|(_, escaped)| escaped)),
            ' ' | '\t' => return (file, value[at..].trim()),
            _ => file.push(character),
        }
    }
    (file, "")
}

/// What it asks for and does not get.
pub(super) fn not_done<'a>(given: &'a Given, request: &Request) -> impl Iterator<Item = Warning> + use<'a> {
    let is_copy_told = request.fcc.is_some();
    given.fields().filter(|(_, value)| !value.is_empty()).filter_map(move |(name, _)| {
        let ignored =
            |kind, why| Some(Warning::new(kind, format!("the field {name} of the draft is ignored: {why}")));
        match name.to_ascii_lowercase().trim_start_matches("x-mutt-") {
            "fcc" if !is_copy_told => ignored(WarningKind::IGNORED_FIELD, "--fcc PATH keeps a copy"),
            "pgp" | "smime" => ignored(WarningKind::NO_CRYPTO, "whippet does not sign or encrypt"),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_ends_the_name_of_a_file() {
        for (value, file, description) in [
            ("/a/b.pdf", "/a/b.pdf", ""),
            ("b.pdf The plan", "b.pdf", "The plan"),
            ("my\\ plan.pdf \t The plan", "my plan.pdf", "The plan"),
            ("a\\\\b\\", "a\\b", ""),
        ] {
            assert_eq!(parted(value), (file.to_owned(), description), "{value}");
        }
    }
}
