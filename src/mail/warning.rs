//! Warnings about a mail: each has a name, by which a person silences it.

use std::fmt;

/// What a warning is about. The table of names: what `--no-warn` takes and the manual lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarningKind {
    /// The name, as a person writes it.
    pub name: &'static str,
    /// What it says, the end of a sentence that begins with "that".
    pub meaning: &'static str,
    /// Whether it concerns a mail that goes as it was given, or as the profile says: it is for the person who writes it. The others tell
    /// what was changed, left out or guessed.
    pub is_advice: bool,
}

macro_rules! kinds {
    ($($constant:ident $name:literal $is_advice:literal $meaning:literal;)*) => {
        impl WarningKind {
            $(#[doc = concat!("`", $name, "`: ", $meaning, ".")]
            pub const $constant: WarningKind =
                WarningKind { name: $name, meaning: $meaning, is_advice: $is_advice };)*

            /// All of them, in the order of the manual.
            pub const ALL: &[WarningKind] = &[$(WarningKind::$constant),*];
        }
    };
}

kinds! {
    NO_SUBJECT "no-subject" true "there is no Subject";
    CAPS_SUBJECT "caps-subject" true "the subject is all capitals, which filters take for spam";
    EMPTY_BODY "empty-body" true "there is no text, and nothing is attached";
    NO_TEXT_PART "no-text-part" true "the text is HTML only";
    REMOTE_IMAGES "remote-images" true "the HTML text shows pictures from the web, which most readers do not load";
    LOCAL_IMAGES "local-images" true "the HTML text shows pictures of this machine, which no reader has: --embed takes along what src= and background= name";
    LONG_LINES "long-lines" true "a line of the text is too long for mail, 998 octets, and is encoded";
    TOO_LARGE "too-large" true "the mail is larger than many servers take, 10 MB";
    DUPLICATE_RECIPIENT "duplicate-recipient" true "a recipient is named twice, and gets it once";
    NO_DATE "no-date" true "a draft has no Date, and gets that of now";
    EMPTY_HTML "empty-html" false "the HTML text is empty, and is left out";
    UNSHOWN_PICTURE "unshown-picture" false "the HTML text does not show a picture of --inline";
    NO_ATTACHMENT "no-attachment" false "a text that was typed speaks of an attachment, and there is none";
    UNENCODABLE "unencodable" false "a character is not in the letter's charset, and UTF-8 is used";
    EIGHT_BIT_HEADER "eight-bit-header" false "a field is in no known charset, and goes as it is";
    UNKNOWN_CHARSET "unknown-charset" false "the text is in no known charset, and goes as it is";
    WRONG_CHARSET "wrong-charset" false "the text is not in the charset that was said";
    MALFORMED_TEXT "malformed-text" false "characters were malformed, and were replaced";
    ATTACHMENT_TYPE "attachment-type" false "an attachment cannot have the type that was said, or that its name says";
    LOOKS_LIKE_ADDRESS "looks-like-address" false "a file that is attached has the name of an address";
    LAST_WORD "last-word" false "the last word behind -a was taken for the recipient";
    IGNORED_FIELD "ignored-field" false "a field of my_hdr or of a draft was left out";
    IGNORED_URL "ignored-url" false "a part of a mailto: URL was left out";
    IGNORED_INCLUDE "ignored-include" false "-i was left out beside -H";
    IGNORED_OPTION "ignored-option" false "an option of another program was passed over";
    REPLACED_AUTHOR "replaced-author" true "another author was put in place of the one who was named";
    NO_COPY "no-copy" false "a copy was asked for, and none is kept: record of a muttrc is no path, or the mail is not sent";
    NO_CRYPTO "no-crypto" false "signing or encrypting was asked for, by -e or by a draft, and is not done";
}

impl WarningKind {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<WarningKind> {
        Self::ALL.iter().copied().find(|kind| kind.name == name)
    }

    /// The kinds of these names, which may have commas between them. The error says what is wrong, and names all that
    /// there are.
    pub fn read(names: &str) -> Result<Vec<WarningKind>, String> {
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        names
            .map(|name| {
                Self::named(name).ok_or_else(|| {
                    let all: Vec<_> = Self::ALL.iter().map(|kind| kind.name).collect();
                    let shown: String = name.chars().take(40).flat_map(char::escape_debug).collect();
                    format!("`{shown}` is no warning; there are {}", all.join(", "))
                })
            })
            .collect()
    }
}

/// A warning about a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// One sentence without its stop.
    pub words: String,
}

impl Warning {
    /// Makes a warning.
    pub fn new(kind: WarningKind, words: impl Into<String>) -> Self {
        Warning { kind, words: words.into() }
    }
}

/// The words, and the name in brackets.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.words, self.kind.name)
    }
}

/// A warning is what it says.
impl PartialEq<&str> for Warning {
    fn eq(&self, words: &&str) -> bool {
        self.words == *words
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for (place, kind) in WarningKind::ALL.iter().enumerate() {
            assert_eq!(WarningKind::named(kind.name), Some(*kind));
            assert!(WarningKind::ALL[..place].iter().all(|other| other.name != kind.name), "{}", kind.name);
            assert!(kind.name.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-'));
            assert!(!kind.meaning.is_empty() && !kind.meaning.ends_with('.'));
        }
        let read = WarningKind::read("no-subject, empty-body,").unwrap();
        assert_eq!(read, [WarningKind::NO_SUBJECT, WarningKind::EMPTY_BODY]);
        let error = WarningKind::read("no-subject,no-sbject\n").unwrap_err();
        assert!(
            error.starts_with("`no-sbject` is no warning; there are no-subject, caps-subject,"),
            "{error}"
        );
    }

    #[test]
    fn the_name_stands_behind_the_words() {
        let warning = Warning::new(WarningKind::NO_SUBJECT, "there is no Subject");
        assert_eq!(warning.to_string(), "there is no Subject [no-subject]");
    }
}
