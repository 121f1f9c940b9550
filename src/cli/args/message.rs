//! The options for what a mail holds: its text, its attachments, fields of the sender's own.

use std::ffi::OsString;

use clap::{Args, ValueEnum, ValueHint};

#[derive(Debug, Args)]
#[command(next_help_heading = "Message")]
pub(in crate::cli) struct MessageArgs {
    /// Subject, one line
    ///
    /// An empty one means no Subject field.
    #[arg(short = 's', long, value_name = "TEXT", allow_hyphen_values = true)]
    pub subject: Option<OsString>,
    /// Attach files, up to the next option or --
    ///
    /// Recipients stand before the option or behind --. - is standard input. FILE is a path, taken
    /// literally. If there is no recipient elsewhere, the last word may be one: an address that is no file.
    #[arg(short = 'a', value_name = "FILE...", allow_hyphen_values = true, value_hint = ValueHint::FilePath)]
    pub list: Vec<OsString>,
    /// Attach one file
    ///
    /// May be repeated. - is standard input; a file of that name is ./-.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true, value_hint = ValueHint::FilePath)]
    pub attach: Vec<OsString>,
    /// Attach a file under another name
    ///
    /// The value is split at its first =. PATH - is standard input.
    #[arg(long, value_name = "NAME=PATH", allow_hyphen_values = true)]
    pub attach_as: Vec<OsString>,
    /// Attach standard input under this name
    ///
    /// The text of the mail is then that of -i or --body, or empty.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub attach_stdin: Vec<OsString>,
    /// Media type of the next attachment
    ///
    /// As in text/csv, or 'text/csv; charset=gbk' for a text that is not in UTF-8. Without it the name of the
    /// file decides, then its first octets.
    #[arg(long, value_name = "TYPE", allow_hyphen_values = true)]
    pub attach_type: Vec<OsString>,
    /// Send a file that begins with its header
    ///
    /// A message that is taken as it is: see DRAFTS. - is standard input.
    #[arg(short = 'H', long, value_name = "FILE", allow_hyphen_values = true, value_hint = ValueHint::FilePath,
          conflicts_with_all = ["body", "body_file"])]
    pub draft: Option<OsString>,
    /// Attach the files that the draft names
    ///
    /// In its Attach fields. Without this they are an error: a draft may come from elsewhere.
    #[arg(long)]
    pub allow_draft_attach: bool,
    /// Send a finished message
    ///
    /// As sendmail takes one: the recipients are those of the command line, Bcc is taken out, and what a
    /// message must have and this one lacks is added. - is standard input.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true, value_hint = ValueHint::FilePath,
          conflicts_with_all = ["body", "body_file", "draft", "subject", "list", "attach", "attach_as", "attach_stdin",
                                "attach_type", "edit", "include", "charset", "header", "reply_to", "flowed", "in_reply_to",
                                "references", "sender", "importance", "auto_submitted", "keywords", "list_unsubscribe",
                                "read_receipt", "html", "markdown", "inline", "embed", "calendar"])]
    pub raw: Option<OsString>,
    /// Edit a copy of the file of -H or -i first
    ///
    /// In $VISUAL, else $EDITOR, else vi. At a terminal without such a file: see DRAFTS.
    #[arg(short = 'E', long)]
    pub edit: bool,
    /// Begin the text with a file
    ///
    /// Standard input follows. - is standard input alone.
    #[arg(short = 'i', long, value_name = "FILE", allow_hyphen_values = true, value_hint = ValueHint::FilePath)]
    pub include: Option<OsString>,
    /// Text, instead of standard input
    ///
    /// Standard input is not read.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "body_file")]
    pub body: Option<OsString>,
    /// File with the text
    ///
    /// Standard input is not read, unless FILE is -.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true, value_hint = ValueHint::FilePath)]
    #[arg(visible_alias = "text")]
    pub body_file: Option<OsString>,
    /// Charset of the text, if it is not UTF-8
    ///
    /// What is sent is UTF-8, or in the charset of the profile.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub charset: Option<OsString>,
    /// Add a field
    ///
    /// May be repeated. Refused are Bcc, Resent, trace and MIME fields, and those that have an option of
    /// their own.
    #[arg(long, value_name = "NAME: VALUE", allow_hyphen_values = true)]
    pub header: Vec<OsString>,
    /// Leave the signature of the profile out
    #[arg(long)]
    pub no_signature: bool,
    /// If the text is empty: send, skip or fail
    ///
    /// This holds if nothing is attached either. send is the default; skip sends nothing and exits 0;
    /// fail exits 65.
    #[arg(long, value_name = "WHAT", allow_hyphen_values = true, hide_possible_values = true)]
    pub empty_body: Option<EmptyBody>,
    /// If there is no Subject: send or fail
    ///
    /// send is the default; fail exits 65.
    #[arg(long, value_name = "WHAT", allow_hyphen_values = true, hide_possible_values = true)]
    pub missing_subject: Option<MissingSubject>,
}

/// What becomes of a mail without text and attachments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EmptyBody {
    /// It is sent.
    Send,
    /// It is not sent, and that is no error.
    Skip,
    /// The same, and nothing is said of it: the -E of mail.
    #[value(skip)]
    Drop,
    /// It is an error.
    Fail,
}

/// What becomes of a mail without a Subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MissingSubject {
    /// It is sent.
    Send,
    /// It is an error.
    Fail,
}
