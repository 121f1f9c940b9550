//! Why an input could not be taken, a draft could not be composed, a message could not be written.
//!
//! The errors know no exit codes. What the operating system said is the `source` of the chain, not part of the text.

use std::io;
use std::path::PathBuf;

/// Why an input could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The path leads to a directory.
    #[error("cannot read {}: it is a directory", path.display())]
    Directory {
        /// The path as given.
        path: PathBuf,
    },
    /// The file cannot be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The path as given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The input broke off.
    #[error("cannot read {what} to its end")]
    Read {
        /// The path, or words for a stream.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// There is no place for a temporary copy.
    #[error("cannot keep {what} in a temporary file in {}", temporary_folder())]
    Temporary {
        /// The path, or words for a stream.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Where temporary files are made.
fn temporary_folder() -> String {
    tempfile::env::temp_dir().display().to_string()
}

/// Why a message could not be written to its end.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// A file is not what it was when the message was composed. Nothing that was written is a whole message.
    #[error("{} changed while it was being sent: {change}", path.display())]
    Changed {
        /// The path as given.
        path: PathBuf,
        /// What is different, in words.
        change: &'static str,
    },
    /// An input cannot be read.
    #[error("cannot read {what}")]
    Read {
        /// The path, or words for a temporary copy.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// The writer's own error, untouched.
    #[error("cannot write the message")]
    Sink(#[source] io::Error),
}

/// Why a draft is no message.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// CR, LF or NUL where one line is meant: it would become a field or a body of its own.
    #[error("{what} is one line: it holds {character}")]
    OneLine {
        /// What is at fault, such as `a subject` or `the field X-Tag`.
        what: String,
        /// Which character, by name.
        character: &'static str,
    },
    /// The name of an own field is not one.
    #[error("`{}` is no field name: {reason}", name.escape_debug())]
    FieldName {
        /// The name as given.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An own field would stand beside the one that is made here.
    #[error("the field {name} is made from the draft and cannot be given twice")]
    Duplicate {
        /// The name as given.
        name: String,
    },
    /// A structured field holds what it cannot.
    #[error("the field {name} {reason}")]
    Structure {
        /// The name as given.
        name: String,
        /// What is wrong, as the end of a sentence.
        reason: &'static str,
    },
    /// A line of what was given cannot stand in a message.
    #[error("line {line} of the {of}: {reason}")]
    Line {
        /// What was given: `draft` or `message`.
        of: &'static str,
        /// Which, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A media type is not one, or not one that can be sent this way.
    #[error("`{}` cannot be a type here: {reason}", text.escape_debug())]
    MediaType {
        /// The type as given.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The octets are in no known charset, and the draft wants that to be an error.
    #[error("{what} is in no known charset: octet {offset} is the first that cannot be decoded")]
    Undecodable {
        /// What is at fault, such as `the body`.
        what: String,
        /// Where, counted from 0.
        offset: u64,
    },
    /// The date is outside of what RFC 5322 can say.
    #[error("{date} cannot stand in a Date field")]
    Date {
        /// The date as text.
        date: String,
    },
    /// The system has no random octets for a boundary.
    #[error("no random octets for a boundary")]
    Random(#[source] io::Error),
    /// An input cannot be read, or changed already.
    #[error(transparent)]
    Input(#[from] MessageError),
}
