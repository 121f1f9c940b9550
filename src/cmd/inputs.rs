//! The inputs of a message: text and attachments. Every file is opened before standard input is read, and everything is
//! there before anything is connected.

mod typed;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use self::typed::UntilDot;
use crate::cli::{
    Attachment as Typed, Body as TypedBody, EmptyBody, Include, Misplaced, Request, Source as TypedSource,
};
use crate::cmd::draft::Signature;
use crate::cmd::letter::Forms;
use crate::cmd::{Exit, Failure, World};
use crate::config::{Settings, quoted};
use crate::mail::{Address, Warning, WarningKind};
use crate::mime::{Attachment, Body, Source, SourceError, Text};

/// What a message is made from, opened.
pub(super) struct Inputs {
    pub(super) body: Body,
    pub(super) attachments: Vec<Attachment>,
    /// What goes under the text.
    pub(super) signature: Option<Signature>,
    /// The other forms of the text.
    pub(super) forms: Forms,
    /// What deserves a word.
    pub(super) warnings: Vec<Warning>,
}

impl Inputs {
    /// Reads standard input if it is used, and puts everything in its order.
    pub(super) fn read(files: Files, request: &Request, world: &mut World<'_>) -> Result<Self, Failure> {
        let mut stdin = if uses_stdin(request, world) { Some(read_stdin(request, world)?) } else { None };
        if let Some(stdin) = &stdin {
            check_whole(stdin, request)?;
        }

        let mut warnings = Vec::new();
        let mut attachments = Vec::new();
        for (typed, file) in request.attachments.iter().zip(files.attachments) {
            if file.is_some() && typed.looks_like_address() {
                let words = format!("attaching the file `{}`: it has the look of an address", name_of(typed));
                warnings.push(Warning::new(WarningKind::LOOKS_LIKE_ADDRESS, words));
            }
            let Some(mut attachment) = file.or_else(|| stdin.take().map(Attachment::from)) else { continue };
            attachment.name = typed.name.clone().or(attachment.name);
            attachment.media_type.clone_from(&typed.media_type);
            attachments.push(attachment);
        }
        let mut forms = files.forms;
        if request.letter.html == Some(TypedSource::Stdin) {
            forms.html = stdin.take();
        }
        let mut sources = Vec::new();
        match &request.include {
            Some(Include::Stdin) => sources.extend(stdin.take()),
            _ => sources.extend(files.include),
        }
        let mut body = Body { sources };
        body.end_line()?;
        let sources = &mut body.sources;
        match &request.body {
            TypedBody::Text(text) => {
                sources.push(Source::Octets(Text::from(text.as_os_str()).octets().to_vec()))
            }
            TypedBody::File(_) => sources.extend(files.body),
            TypedBody::Stdin => sources.extend(stdin),
            TypedBody::Empty => {}
        }
        let signature = files.signature;
        Ok(Inputs { body, attachments, forms, signature, warnings })
    }

    /// What is to be done about a mail that says nothing; `None` when it says something.
    pub(super) fn emptiness(&self, request: &Request) -> Result<Option<EmptyBody>, Failure> {
        let policy = request.empty_body.unwrap_or(EmptyBody::Send);
        let has_text = request.draft.is_some() || request.raw.is_some() || !self.attachments.is_empty();
        let may_matter = policy != EmptyBody::Send && !has_text;
        Ok((may_matter && self.body.is_blank()? && self.forms.are_blank()?).then_some(policy))
    }
}

/// The files of a request, opened; standard input has `None` in its place.
pub(super) struct Files {
    attachments: Vec<Option<Attachment>>,
    include: Option<Source>,
    body: Option<Source>,
    signature: Option<Signature>,
    forms: Forms,
}

impl Files {
    /// Has the text begin with another file: the copy that a person has edited.
    pub(super) fn include(&mut self, copy: &Path) -> Result<(), Failure> {
        self.include = Some(Source::open(copy)?);
        Ok(())
    }

    /// Opens all of them; the error names every one that cannot be opened.
    pub(super) fn open(request: &Request, settings: &Settings) -> Result<Self, Failure> {
        let mut failures = Vec::new();
        let mut attachments = Vec::new();
        for typed in &request.attachments {
            let TypedSource::File(path) = &typed.source else {
                attachments.push(None);
                continue;
            };
            match Attachment::open(path) {
                Ok(attachment) => attachments.push(Some(attachment)),
                Err(error) => failures.push(unopened(typed, error)),
            }
        }
        let mut text = |path: Option<&Path>| -> Option<Source> {
            match Source::open(path?) {
                Ok(source) => Some(source),
                Err(error) => {
                    failures.push(error.into());
                    None
                }
            }
        };
        let include = text(match &request.include {
            Some(Include::File(path)) => Some(path),
            _ => None,
        });
        let body = text(match &request.body {
            TypedBody::File(path) => Some(path),
            _ => None,
        });
        let forms = Forms::open(request, &mut failures);
        match Failure::gather(failures) {
            Some(failure) => Err(failure),
            None => {
                let signature = Signature::open(request, settings)?;
                Ok(Files { attachments, include, body, forms, signature })
            }
        }
    }
}

/// Takes the last word of the `-a` list as the recipient it must have been meant to be: nobody else is written to,
/// something else is attached, there is no such file, and it is an address. `whippet -s S -a FILE you@example.org` is
/// what a person types first.
pub(super) fn take_recipient(request: &mut Request) {
    let is_unaddressed = request.draft.is_none()
        && [&request.recipients, &request.to, &request.cc, &request.bcc].iter().all(|list| list.is_empty());
    let [_, .., last] = request.attachments.as_slice() else { return };
    let TypedSource::File(path) = &last.source else { return };
    let Some(word) = path.to_str() else { return };
    if is_unaddressed && last.looks_like_address() && !path.exists() && Address::parse(word).is_ok() {
        let words = format!("`{word}` is no file, so it is the recipient");
        request.warnings.push(Warning::new(WarningKind::LAST_WORD, words));
        request.recipients.push(word.to_owned());
        request.attachments.pop();
    }
}

/// A word of the `-a` list that is no file may have been meant as a recipient.
fn unopened(typed: &Typed, error: SourceError) -> Failure {
    let is_missing =
        matches!(&error, SourceError::Open { source, .. } if source.kind() == std::io::ErrorKind::NotFound);
    if let SourceError::Directory { path } = &error {
        let hint = archive(path);
        return Failure::from(error).hint(hint);
    }
    match typed.misplaced().filter(|_| is_missing) {
        Some(Misplaced::Address(error)) => error.into(),
        Some(Misplaced::Perhaps(hint)) => Failure::from(error).hint(hint),
        None => error.into(),
    }
}

/// How the files of a folder become one attachment.
fn archive(folder: &Path) -> String {
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mut archive = full.file_name().unwrap_or(OsStr::new("files")).to_owned();
    archive.push(".tar.gz");
    // A name that begins with - is an option for tar.
    let is_option = folder.as_os_str().as_encoded_bytes().starts_with(b"-");
    let folder = if is_option { Path::new(".").join(folder) } else { folder.to_owned() };
    let (folder, archive) = (quoted(&folder), quoted(Path::new(&archive)));
    format!(
        "an attachment is one file; archive the folder: `tar czf - {folder} | whippet --attach-stdin {archive} --body \
         TEXT ...`"
    )
}

fn name_of(typed: &Typed) -> String {
    match &typed.source {
        TypedSource::File(path) => path.display().to_string(),
        TypedSource::Stdin => "-".to_owned(),
    }
}

/// A path as typed, with the home in place of `~`.
pub(super) fn expanded(path: &Path, world: &World<'_>) -> Result<PathBuf, Failure> {
    let Some(rest) = path.as_os_str().as_bytes().strip_prefix(b"~/") else { return Ok(path.to_owned()) };
    match &world.surroundings.home {
        Some(home) => Ok(home.join(OsStr::from_bytes(rest))),
        None => {
            let words = format!("{} is in the home folder, and there is none", path.display());
            Err(Failure::usage(words).hint("write the whole path, or set $HOME"))
        }
    }
}

fn uses_stdin(request: &Request, world: &World<'_>) -> bool {
    // Who has an HTML file at hand is not asked to type the same.
    let is_typed = world.stdin_is_terminal && request.letter.html.is_some();
    (request.body == TypedBody::Stdin && !is_typed)
        || request.letter.html == Some(TypedSource::Stdin)
        || request.include == Some(Include::Stdin)
        || request.attachments.iter().any(|typed| typed.source == TypedSource::Stdin)
}

pub(super) fn read_stdin(request: &Request, world: &mut World<'_>) -> Result<Source, Failure> {
    // The faces of other programs end at a lone dot, too.
    let ends_at_dot = world.stdin_is_terminal && request.is_last_try;
    if world.stdin_is_terminal {
        let what = if request.raw.is_some() { "message, its fields first" } else { "text" };
        let end = if ends_at_dot { "a dot, or Ctrl-D," } else { "Ctrl-D" };
        let _ = writeln!(world.stderr, "whippet: type the {what}; end it with {end} on a line of its own");
    }
    let read = match ends_at_dot {
        true => Source::from_reader(&mut UntilDot::new(world.stdin)),
        false => Source::from_reader(world.stdin),
    };
    read.map_err(|error| match error {
        // A folder as standard input: whippet ... < /tmp
        SourceError::Read { source, .. } if source.kind() == std::io::ErrorKind::IsADirectory => {
            Failure::plain(Exit::NoInput, "cannot read the standard input: it is a directory")
        }
        other => other.into(),
    })
}

/// Refuses a text that is not the one that was promised: a program that is killed while it writes looks as if it had ended.
pub(super) fn check_whole(stdin: &Source, request: &Request) -> Result<(), Failure> {
    const CUT: &str = "whoever writes it may have been stopped before the end; nothing was sent";
    let differs = |words: String| Err(Failure::plain(Exit::DataErr, words).hint(CUT));
    if let Some(expected) = request.expected_octets
        && stdin.length() != expected
    {
        let length = stdin.length();
        return differs(format!("standard input has {length} octets, and --expect-bytes says {expected}"));
    }
    if let Some(expected) = request.expected_digest
        && stdin.sha256()? != expected
    {
        return differs("standard input has not the SHA-256 that --expect-sha256 says".to_owned());
    }
    Ok(())
}
