//! From what a person wants to send ([`Draft`]) to the bytes ([`Message`]).
//!
//! A message is never held in memory: texts and attachments are read again each time it is written, and its exact size
//! is known before its first octet. Nothing here knows SMTP: no dot is stuffed. RFC 5322, 2045–2047, 2231, 6532.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `draft.rs` | what is to be sent |
//! | `source/` | where octets come from |
//! | `charset.rs` | what charset they are in |
//! | `text/` | how a text is sent |
//! | `encode.rs` | quoted-printable, base64 |
//! | `kind.rs` | what an attachment is |
//! | `header/` | fields, types, file names, in the letter's charset |
//! | `html/` | HTML and Markdown |
//! | `given/` | a message that was given with its header |
//! | `part.rs` `tree.rs` `tree/` | a part, which stands in which, the message, what is unwise about it |
//! | `read.rs` `read/` | what a message that arrived holds |
//! | `error.rs` | what can go wrong |

mod charset;
mod draft;
mod eight;
mod encode;
mod error;
mod given;
mod header;
mod html;
#[cfg(test)]
mod judges;
mod kind;
mod part;
mod read;
#[cfg(test)]
mod sample;
mod source;
mod text;
mod tree;

pub use charset::{ASCII, Charsets, Text, Undecodable, UnknownCharset, charset, charset_name};
pub use draft::{Attachment, Calendar, Draft, Html, Inline};
pub use encode::quoted_printable;
pub use error::{ComposeError, MessageError, SourceError};
pub use given::Given;
pub use header::bcc_field;
pub use html::{HtmlError, Picture, Shown, characters, of_markdown, pictures, text_of};
pub use part::Outline;
pub use read::{Contents, Leaf};
pub use source::{Body, Source, Stamp, Taken};
pub use tree::Message;
