//! The options for the other forms of a text: HTML, Markdown, pictures in it, invitations.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_mangen::roff::Roff;

use crate::cli::manual::chapter;
use crate::cli::request::Source;
use crate::cli::rules::path;
use crate::cli::usage::UsageError;

#[derive(Debug, Args)]
#[command(next_help_heading = "HTML and invitations")]
pub(super) struct LetterArgs {
    /// File with the text in HTML
    ///
    /// The plain text is that of standard input, --text or --body; where there is none, it is made of the
    /// HTML. - is standard input.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true, value_hint = ValueHint::FilePath)]
    pub html: Option<OsString>,
    /// The text is Markdown
    ///
    /// It is sent as it is, and in HTML beside that.
    #[arg(long, conflicts_with = "html")]
    pub markdown: bool,
    /// Picture in the HTML text
    ///
    /// May be repeated. The text shows it by cid: and the name of the file, as in <img src="cid:logo.png">.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true, value_hint = ValueHint::FilePath)]
    pub inline: Vec<OsString>,
    /// Send the pictures along that the HTML text shows
    ///
    /// These are files of this machine, as in <img src="logo.png">, looked for where the HTML file is.
    #[arg(long)]
    pub embed: bool,
    /// Invitation, or an answer to one
    ///
    /// A file in iCalendar with a METHOD (RFC 6047). A calendar without one is attached with -a.
    #[arg(long, value_name = "FILE.ics", allow_hyphen_values = true, value_hint = ValueHint::FilePath)]
    pub calendar: Option<OsString>,
}

/// Its paragraphs.
const FORMS: [&str; 4] = [
    "With --html FILE a mail has its text twice: plain, and in HTML. The plain one is that of standard input, --text or --body. \
     Where that is empty it is made of the HTML: lists with their marks, links with where they lead. At a terminal, standard \
     input is not asked for. --markdown makes the HTML of the text (CommonMark, with tables, footnotes, task lists and struck \
     words), which is sent as it is written.",
    "A picture of --inline is shown where the HTML names it: <img src=\"cid:logo.png\">, background=\"cid:logo.png\", or \
     url(cid:logo.png) in a style. In the mail the name becomes a Content-ID that is the like of no other. A name that no \
     picture has is an error, a picture that is not named a warning. --embed takes the pictures along that are files of this \
     machine, as in <img src=\"logo.png\">; they are looked for where the HTML file is. A file that is no picture is not taken. \
     What is on the web stays there.",
    "HTML is in UTF-8, else in the charset of --charset, else in what it says of itself. More than 16 MiB of it are sent only \
     as they are, with a text beside them.",
    "An invitation of --calendar is a form of the text, as calendar programs expect it (RFC 6047). Its method is the one that \
     the file names.",
];

/// The forms of a text.
pub(super) fn section() -> Roff {
    chapter("FORMS OF A TEXT", &FORMS)
}

/// The other forms of a text, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// `--html`.
    pub html: Option<Source>,
    /// `--markdown`: HTML is made of the text.
    pub markdown: bool,
    /// `--inline`: pictures in the HTML.
    pub inlines: Vec<PathBuf>,
    /// `--embed`: the files that the HTML shows go along.
    pub embed: bool,
    /// `--calendar`.
    pub calendar: Option<PathBuf>,
}

impl LetterArgs {
    /// Reads the values.
    pub(super) fn letter(self) -> Result<Letter, UsageError> {
        let html = match self.html {
            None => None,
            Some(file) if file == "-" => Some(Source::Stdin),
            Some(file) => Some(Source::File(path("--html", file)?.into())),
        };
        let inlines = self.inline.into_iter().map(|file| path("--inline", file).map(PathBuf::from));
        let letter = Letter {
            html,
            markdown: self.markdown,
            inlines: inlines.collect::<Result<_, _>>()?,
            embed: self.embed,
            calendar: self.calendar.map(|file| path("--calendar", file)).transpose()?.map(PathBuf::from),
        };
        let pictures = [("--inline", !letter.inlines.is_empty()), ("--embed", letter.embed)];
        match pictures
            .into_iter()
            .find(|(_, is_given)| *is_given && letter.html.is_none() && !letter.markdown)
        {
            Some((option, _)) => {
                Err(UsageError::usage(format!("{option} is about an HTML text, and there is none"))
                    .with_hint("--html FILE gives one, and --markdown makes one of the text"))
            }
            None => Ok(letter),
        }
    }
}
