//! Words of `mail` that mean one thing to one such program and another to the next: what is there decides.

use std::ffi::OsStr;
use std::path::Path;

use crate::cli::{Attachment, Doubtful, Request, Source, UsageError, add_field, may_be_field, shown};
use crate::cmd::{Exit, Failure, World, settings};

/// Gives each doubtful word of the request its meaning.
pub(in crate::cmd) fn settle(request: &mut Request, world: &World<'_>) -> Result<(), Failure> {
    for word in std::mem::take(&mut request.doubtful) {
        match word {
            Doubtful::FileOrField(word) if is_there(&word) => attach(request, &word),
            Doubtful::FileOrField(word) if !may_be_field(&word) => {
                let words = format!("-a {}: there is no such file", shown(&word));
                let failure = Failure::plain(Exit::NoInput, words);
                return Err(failure.hint("-a takes a file, or a field such as 'X-Host: web1'"));
            }
            Doubtful::FileOrField(word) => add_field(request, "-a", &word)?,
            Doubtful::FileOrProfile(word) => file_or_profile(request, &word, world)?,
        }
    }
    Ok(())
}

/// `-A WORD`: a file to attach for mailutils, an account for s-nail.
fn file_or_profile(request: &mut Request, word: &OsStr, world: &World<'_>) -> Result<(), Failure> {
    let profile = word.to_str().filter(|name| {
        let wanted = Request { profile: Some((*name).to_owned()), ..request.clone() };
        settings::has_profile(&wanted, world)
    });
    match (is_there(word), profile) {
        (true, None) => attach(request, word),
        (false, Some(name)) => request.profile = Some(name.to_owned()),
        (true, Some(name)) => {
            let words = format!("-A {name}: there is a file and a profile of that name");
            return Err(UsageError::usage(words).with_hint("write ./ before the name of the file").into());
        }
        (false, None) => {
            let words = format!("-A {}: there is neither a file nor a profile of that name", shown(word));
            return Err(Failure::plain(Exit::NoInput, words));
        }
    }
    Ok(())
}

fn is_there(word: &OsStr) -> bool {
    Path::new(word).symlink_metadata().is_ok()
}

fn attach(request: &mut Request, word: &OsStr) {
    let source = Source::File(word.into());
    request.attachments.push(Attachment { source, name: None, media_type: None, from_list: false });
}
