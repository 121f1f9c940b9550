//! The request: what was asked for, as typed. Nothing is looked up, no file is opened, no default is filled in.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::cli::args::{EmptyBody, MissingSubject};
use crate::cli::letter::Letter;
use crate::cli::usage::{UsageError, shown};
use crate::mail::{Warning, WarningKind, Wishes};

/// One mail to send, as typed. Text that need not be UTF-8 is kept in octets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Address lists of the positional words and of `mailto:` URLs. May be empty together with `to`, `cc` and `bcc`: see
    /// [`Request::require_recipient`].
    pub recipients: Vec<String>,
    /// Address lists of `--to` and `my_hdr To`.
    pub to: Vec<String>,
    /// Address lists of `-c`, `my_hdr Cc` and `mailto:` URLs.
    pub cc: Vec<String>,
    /// Address lists of `-b` and `my_hdr Bcc`.
    pub bcc: Vec<String>,
    /// The subject, one line; `Some` and empty for `-s ''`: no Subject field.
    pub subject: Option<OsString>,
    /// One mailbox or several: `--from`, else `set from`, else `my_hdr From`.
    pub from: Option<String>,
    /// One mailbox: `--sender`, else `--header Sender`, else `my_hdr Sender`.
    pub sender: Option<String>,
    /// Where a receipt is asked to go, an address list; empty for the author (`--read-receipt`).
    pub read_receipt: Option<String>,
    /// The name for a From that has none (`set realname`).
    pub realname: Option<OsString>,
    /// An address list: `--reply-to`, else `my_hdr Reply-To`.
    pub reply_to: Option<String>,
    /// One address, or nothing or `<>` for the null reverse-path: `--reverse-path`, else `set envelope_from_address`.
    pub reverse_path: Option<String>,
    /// The domain for bare words, Message-ID and EHLO (`set hostname`).
    pub hostname: Option<String>,
    /// Fields to add: name and value, one line each. Never one that has a place of its own here.
    pub headers: Vec<(String, OsString)>,
    /// The mail that is answered, if it is all that was typed of the thread: that of a draft goes before it.
    pub answered: Option<String>,
    /// The message with its header that all else is added to (`-H`).
    pub draft: Option<Source>,
    /// Whether it may name files to attach (`--allow-draft-attach`).
    pub allow_draft_attach: bool,
    /// The finished message that is sent (`--raw`, sendmail); nothing else makes one then.
    pub raw: Option<Raw>,
    /// What is known when it is looked for on disk: a file, a field or a profile.
    pub doubtful: Vec<Doubtful>,
    /// Whether a person edits it before it is sent (`-E`); `None` if that depends on where they are.
    pub edit: Option<bool>,
    /// What the text begins with (`-i`); the body follows it.
    pub include: Option<Include>,
    /// Where the text comes from.
    pub body: Body,
    /// Its other forms.
    pub letter: Letter,
    /// What is attached, in the order typed.
    pub attachments: Vec<Attachment>,
    /// The charset of the text (`--charset`, else `set charset`).
    pub charset: Option<String>,
    /// The media type of the text (`set content_type`).
    pub body_type: Option<String>,
    /// Whether the text is flowed (`--flowed`, else `set text_flowed`).
    pub flowed: Option<bool>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `-F`: the file in place of the user's own configuration.
    pub config_file: Option<PathBuf>,
    /// `-n`: the system's configuration is left out.
    pub no_system: bool,
    /// `--set`: names and values, in the order typed.
    pub set: Vec<(String, String)>,
    /// `--smtp`, else `set smtp_url`; holds no password.
    pub smtp: Option<String>,
    /// A program that leads to the server (`set tunnel`), a line for a shell.
    pub tunnel: Option<String>,
    /// What `-e` says of the signature: mutt's name and the value; an empty one is none.
    pub signature: Vec<(&'static str, String)>,
    /// `--no-signature`.
    pub no_signature: bool,
    /// What `-e` says of TLS.
    pub tls: TlsWords,
    /// Whether to hand over to a sendmail program.
    pub sendmail: bool,
    /// That program and its arguments (`set sendmail`); empty for the one of the system.
    pub sendmail_argv: Vec<OsString>,
    /// Whether nobody tries again if it is deferred: it is then queued where `queue` is `auto`.
    pub is_last_try: bool,
    /// `--queue` or `--no-queue`.
    pub queue: Option<bool>,
    /// Where a copy is kept, with `~/` as typed; an inner `None` for no copy: `--fcc`, `--no-fcc`, else `set record`,
    /// `set copy`.
    pub fcc: Option<Option<PathBuf>>,
    /// `--max-size`.
    pub max_size: Option<String>,
    /// `--idempotency-key`: by which this mail is known again.
    pub idempotency_key: Option<String>,
    /// `--resend`: it is sent whatever is known of it.
    pub resend: bool,
    /// `--expect-bytes`: how many octets standard input has.
    pub expected_octets: Option<u64>,
    /// `--expect-sha256`: the digest of standard input.
    pub expected_digest: Option<[u8; 32]>,
    /// `--sandbox`.
    pub sandbox: bool,
    /// `--output`: where the mail is written, instead of sending it.
    pub output: Option<PathBuf>,
    /// `--dry-run`.
    pub dry_run: bool,
    /// `--json`.
    pub json: bool,
    /// How much to say, 0 to 5: the count of `--verbose` or the level of `-d`. From 1 on the transcript is shown.
    pub verbose: u8,
    /// `--quiet`.
    pub quiet: bool,
    /// `--no-warn`: what is not said.
    pub no_warn: Vec<WarningKind>,
    /// What is wished of the servers; `-e` may have said what concerns reports.
    pub wishes: Wishes,
    /// `--empty-body`.
    pub empty_body: Option<EmptyBody>,
    /// `--missing-subject`.
    pub missing_subject: Option<MissingSubject>,
    /// What was passed over.
    pub warnings: Vec<Warning>,
}

impl Request {
    /// Refuses a request that writes to nobody. A draft may name recipients, and a word of the list of `-a` may be one:
    /// that is judged when the files were looked for.
    ///
    /// # Errors
    ///
    /// Nobody is written to.
    pub fn require_recipient(&self) -> Result<(), UsageError> {
        let may_be_in_list = self.attachments.iter().any(|attachment| attachment.from_list);
        let reads_header = self.draft.is_some() || self.raw.as_ref().is_some_and(|raw| raw.reads_recipients);
        if reads_header || may_be_in_list { Ok(()) } else { self.require_somebody() }
    }

    /// The error when no list of recipients has anything in it.
    ///
    /// # Errors
    ///
    /// That.
    pub fn require_somebody(&self) -> Result<(), UsageError> {
        let mut lists = [&self.recipients, &self.to, &self.cc, &self.bcc].into_iter();
        if lists.any(|list| !list.is_empty()) { Ok(()) } else { Err(no_recipient()) }
    }

    /// Whether a person at a terminal may still write it in an editor: nothing says what the text is.
    pub fn may_be_written(&self) -> bool {
        self.draft.is_none()
            && self.raw.is_none()
            && self.include.is_none()
            && self.body == Body::Stdin
            && match self.edit {
                Some(is_wanted) => is_wanted,
                // Who has an HTML file at hand is not asked to write the same.
                None => self.letter.html.is_none(),
            }
    }
}

/// Where the text comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Body {
    /// Standard input.
    #[default]
    Stdin,
    /// This text.
    Text(OsString),
    /// This file.
    File(PathBuf),
    /// There is none besides the include: standard input is used elsewhere.
    Empty,
}

/// What the text begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Include {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// Something to attach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Where it comes from.
    pub source: Source,
    /// The name it is given, if not its own.
    pub name: Option<String>,
    /// Its media type, if given.
    pub media_type: Option<String>,
    /// Whether it was a word of the list of `-a`, where a recipient may have slipped in.
    pub from_list: bool,
}

/// Where an attachment comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// A finished message, taken as sendmail takes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// Where it comes from.
    pub source: Source,
    /// Whether its header names recipients, besides those typed (`sendmail -t`).
    pub reads_recipients: bool,
}

/// A word of `mail` whose meaning depends on what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubtful {
    /// `-a NAME:VALUE`: the file of that name, else a field.
    FileOrField(OsString),
    /// `-A NAME`: a file or a profile.
    FileOrProfile(OsString),
}

/// What `-e` says of TLS; `None` where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsWords {
    /// `ssl_starttls`.
    pub starttls: Option<bool>,
    /// `ssl_force_tls`. `Some(false)` must be refused if the profile logs in.
    pub force: Option<bool>,
    /// `ssl_ca_certificates_file`.
    pub ca_file: Option<PathBuf>,
    /// `ssl_client_cert`.
    pub client_cert: Option<PathBuf>,
}

/// What a missing file of the list of `-a` may have been meant to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misplaced {
    /// A recipient, without doubt: this is the error, instead of a missing file.
    Address(UsageError),
    /// A recipient, perhaps: the hint for the error of the missing file.
    Perhaps(String),
}

impl Attachment {
    /// Whether it is a word of the list of `-a` that looks like an address. If there is such a file, it is
    /// attached, and that deserves a warning.
    pub fn looks_like_address(&self) -> bool {
        matches!(&self.source, Source::File(path) if self.from_list && path.as_os_str().as_bytes().contains(&b'@'))
    }

    /// What the word may have been meant to be; to be asked when there is no such file.
    pub fn misplaced(&self) -> Option<Misplaced> {
        let Source::File(path) = &self.source else { return None };
        let word: &OsStr = path.as_os_str();
        if self.looks_like_address() {
            let error = UsageError::usage(format!(
                "`{}` follows -a, so it names a file, and there is none",
                shown(word)
            ))
            .with_hint("put `--` before the recipients, or name them first");
            return Some(Misplaced::Address(error));
        }
        let is_bare = !word.as_bytes().iter().any(|octet| matches!(octet, b'.' | b'/'));
        (self.from_list && is_bare)
            .then(|| Misplaced::Perhaps(format!("if `{}` is a recipient, put `--` before it", shown(word))))
    }
}

/// The error when nobody is written to.
pub fn no_recipient() -> UsageError {
    UsageError::usage("no recipient: nobody to write to")
        .with_hint("echo 'All is well.' | whippet -s 'Nightly report' you@example.org")
}
