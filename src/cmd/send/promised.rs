//! A text that speaks of an attachment, where nothing is attached: a person has forgotten it.

use std::io;

use crate::cli::Request;
use crate::mail::{Warning, WarningKind};
use crate::mime::{Draft, MessageError, Text};

/// Words that speak of one, in small letters. A blank stands for any blanks.
const WORDS: [&str; 31] = [
    // English
    "attached",
    "attachment",
    "attachments",
    "attaching",
    "enclosed",
    // German
    "anhang",
    "anhänge",
    "anbei",
    "angehängt",
    "angehängte",
    "angehängten",
    "beigefügt",
    "beigefügte",
    "beigefügten",
    // French
    "pièce jointe",
    "pièces jointes",
    "ci-joint",
    "ci-jointe",
    "ci-joints",
    "ci-jointes",
    // Spanish, Portuguese, Italian
    "adjunto",
    "adjunta",
    "adjuntos",
    "adjuntas",
    "em anexo",
    "allegato",
    "allegati",
    // Dutch
    "bijlage",
    "bijgevoegd",
    // Russian
    "во вложении",
    "вложение",
];

/// The same in scripts that write no blanks between words.
const WITHIN: [&str; 6] = ["附件", "附檔", "附上", "添付", "첨부", "随信附"];

/// Most of a text that is looked at, octets: nobody types more.
pub(super) const LOOKED_AT: usize = 256 * 1024;

/// The warning, if there is reason for one. Whether a person typed the text is for the caller to know.
pub(super) fn of_draft(draft: &Draft) -> Result<Option<Warning>, MessageError> {
    if !draft.attachments.is_empty() || !draft.inlines.is_empty() || draft.calendar.is_some() {
        return Ok(None);
    }
    let text = Text::from(beginning(draft)?);
    Ok(warning(&text.decode(&draft.charsets).unwrap_or_else(|_| text.lossy())))
}

/// The same of a draft that was written in the editor, before it is asked whether it is to be sent.
pub(super) fn of_written(draft: &[u8], request: &Request) -> Option<Warning> {
    let letter = &request.letter;
    if !request.attachments.is_empty() || !letter.inlines.is_empty() || letter.calendar.is_some() {
        return None;
    }
    if names_file(draft) {
        return None;
    }
    let draft = String::from_utf8_lossy(&draft[..draft.len().min(LOOKED_AT)]);
    let text = draft.lines().skip_while(|line| !line.trim().is_empty());
    warning(&text.collect::<Vec<_>>().join("\n"))
}

/// Whether a field Attach of this draft names a file.
pub(super) fn names_file(draft: &[u8]) -> bool {
    let draft = String::from_utf8_lossy(&draft[..draft.len().min(LOOKED_AT)]);
    let is_attach = |line: &str| {
        let field = line.split_once(':');
        field.is_some_and(|(name, value)| {
            name.trim_end().eq_ignore_ascii_case("attach") && !value.trim().is_empty()
        })
    };
    draft.lines().take_while(|line| !line.trim().is_empty()).any(is_attach)
}

fn warning(text: &str) -> Option<Warning> {
    let words = format!("the text says `{}`, and nothing is attached", promise(text)?);
    Some(Warning::new(WarningKind::NO_ATTACHMENT, words))
}

/// The beginning of the text.
fn beginning(draft: &Draft) -> Result<Vec<u8>, MessageError> {
    let mut all = Vec::new();
    let read = draft.body.each_block(&mut |octets| {
        let room = LOOKED_AT - all.len();
        all.extend_from_slice(&octets[..octets.len().min(room)]);
        if all.len() < LOOKED_AT { Ok(()) } else { Err(MessageError::Sink(io::ErrorKind::Other.into())) }
    });
    match read {
        Ok(()) | Err(MessageError::Sink(_)) => Ok(all),
        Err(error) => Err(error),
    }
}

/// The word that promises an attachment. Lines that quote another mail do not count.
fn promise(text: &str) -> Option<&'static str> {
    let own = text.lines().filter(|line| !line.trim_start().starts_with('>'));
    let own: Vec<String> = own.map(str::to_lowercase).collect();
    // A word may follow its first half on the next line.
    let words: Vec<&str> = own
        .iter()
        .flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '-')))
        .map(|word| word.trim_matches('-'))
        .filter(|word| !word.is_empty())
        .collect();
    let is_said = |phrase: &&&str| {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        words.windows(wanted.len()).any(|said| said == wanted)
    };
    let within = || WITHIN.iter().find(|word| own.iter().any(|line| line.contains(**word)));
    WORDS.iter().find(is_said).or_else(within).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_of_ones_own_count() {
        for (text, found) in [
            ("See the attached file.\n", Some("attached")),
            ("SEE ATTACHMENT!", Some("attachment")),
            ("Le fichier est en pièce\n jointe.\n", Some("pièce jointe")),
            ("vous trouverez ci-joint", Some("ci-joint")),
            ("请查收附件。\n", Some("附件")),
            ("資料を添付します", Some("添付")),
            ("Der Vertrag ist im Anhang.", Some("anhang")),
            ("ANHÄNGE", Some("anhänge")),
            ("> see the attached file\n  >> enclosed\n> 附件\nthanks\n", None),
            ("> quoted\nbut this is attached", Some("attached")),
            ("I am unattached, and so is detachment; anhanglich", None),
            ("pièce unique, jointe", None),
            ("", None),
        ] {
            assert_eq!(promise(text), found, "{text}");
        }
    }
}
