//! The template: what is shown of a mail in the editor, and what is taken out of it again.

use crate::cli::{Request, Source as TypedSource};
use crate::cmd::draft::identity;
use crate::cmd::{Failure, World};
use crate::config::Settings;
use crate::mime::{Given, Source};

/// What stands above the fields.
const HELP: &str = "\
# The fields, an empty line, the text. These lines are not sent.
# A field Attach: FILE attaches a file. An empty text sends nothing.
";
/// What a line begins with that names an attachment.
const ATTACHED: &str = "# Attached: ";

/// The fields as they were typed.
pub(super) fn template(request: &Request, settings: &Settings, world: &World<'_>) -> Result<String, Failure> {
    let author = identity(request, settings, world)?.author.to_string();
    let from = request.from.as_ref().unwrap_or(&author);
    let to: Vec<String> = request.to.iter().chain(&request.recipients).cloned().collect();
    let subject = request.subject.as_ref().map(|subject| subject.to_string_lossy()).unwrap_or_default();
    let attached = request.attachments.iter().map(|attachment| match &attachment.source {
        TypedSource::File(path) => format!("{ATTACHED}{}\n", path.display().to_string().escape_debug()),
        TypedSource::Stdin => String::new(),
    });
    let attached: String = attached.collect();
    let fields = format!(
        "From: {from}\nTo: {}\nCc: {}\nBcc: {}\nSubject: {subject}\n\n",
        to.join(", "),
        request.cc.join(", "),
        request.bcc.join(", ")
    );
    Ok(format!("{HELP}{attached}{fields}"))
}

/// The draft without the help and the lines that name what is attached, wherever in the header a person has moved them.
/// Other lines that begin with # go too, with what continues them, where the header is one without them: a field that was
/// put out of use stays unsent. Where it is none, such a line may be the first of the text.
pub(super) fn without_help(draft: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = draft.split_inclusive(|&octet| octet == b'\n').collect();
    let end = lines.iter().position(|line| matches!(*line, b"\n" | b"\r\n"));
    let (header, text) = lines.split_at(end.unwrap_or(lines.len()));
    let is_ours = |line: &&[u8]| {
        line.starts_with(ATTACHED.as_bytes())
            || HELP.lines().any(|own| own.as_bytes() == line.trim_ascii_end())
    };
    let mut header = header.to_vec();
    header.retain(|line| !is_ours(line));
    let mut is_out = false;
    let fields = header.iter().filter(|line| {
        is_out = line.starts_with(b"#") || (is_out && matches!(line[0], b' ' | b'\t'));
        !is_out
    });
    let fields = fields.copied().collect::<Vec<_>>().concat();
    if end.is_some() && !fields.is_empty() && Given::read(Source::Octets(fields.clone())).is_ok() {
        header = vec![&fields];
    }
    [header.concat(), text.concat()].concat()
}

/// Why there is nothing to send, if there are fields at most. What stands where they should, and is none, may be the text.
pub(super) fn emptiness(draft: &[u8]) -> Option<&'static str> {
    let mut lines = draft.split_inclusive(|&octet| octet == b'\n');
    let is_blank = |line: &[u8]| line.trim_ascii().is_empty();
    let has_end = lines.any(is_blank);
    if !lines.all(is_blank) || Given::read(Source::Octets(draft.to_vec())).is_err() {
        return None;
    }
    Some(match has_end || draft.is_empty() {
        true => "the text is empty",
        false => "no empty line ends the fields, so that there is no text",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_template_are_found_anywhere_in_the_header() {
        let help = HELP.replace('\n', "\r\n");
        for (draft, left) in [
            (format!("{HELP}To: a\n\nx\n"), "To: a\n\nx\n"),
            (format!("Cc: b\n{HELP}# Attached: f: g\nTo: a\n\n# x\n"), "Cc: b\nTo: a\n\n# x\n"),
            (format!("To: a,\n{HELP} b\n\n{HELP}"), &format!("To: a,\n b\n\n{HELP}")),
            (format!("Cc: b\r\n{help}To: a\r\n\r\n# x\r\n"), "Cc: b\r\nTo: a\r\n\r\n# x\r\n"),
            // What a person has put out of use, or noted.
            ("To: a\n#Bcc: b,\n c\n# not yet\nSubject: s\n\nx".to_owned(), "To: a\nSubject: s\n\nx"),
            // Without fields it is a text.
            (format!("{HELP}# Title\nHello\n\n# x\n"), "# Title\nHello\n\n# x\n"),
            (format!("{HELP}# Title\n\nHello\n"), "# Title\n\nHello\n"),
            (String::new(), ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&without_help(draft.as_bytes())), left, "{draft}");
        }
    }

    #[test]
    fn a_draft_without_a_text_is_empty() {
        let (empty, endless) = (Some("is empty"), Some("no empty line"));
        for (draft, why) in [
            ("", empty),
            (" \n", empty),
            ("To: a\n\n", empty),
            ("To: a\n \n\n\t\n", empty),
            ("Reminder: at noon\n", endless),
            ("To: a\n\nx", None),
            ("\n\nx\n", None),
            ("hello\nthere\n", None),
            ("hello\n\n", None),
            ("To: a\nhello\n", None),
        ] {
            let found = emptiness(draft.as_bytes());
            assert_eq!(found.is_some(), why.is_some(), "{draft:?}");
            assert!(found.unwrap_or_default().contains(why.unwrap_or_default()), "{draft:?}: {found:?}");
        }
    }
}
