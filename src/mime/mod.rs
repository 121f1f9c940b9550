//! From what a person wants to send ([`Draft`]) to the bytes ([`Message`]).
//!
//! A message is never held in memory: texts and attachments are read again each time it is written, and its exact size
//! is known before its first octet. Nothing here knows SMTP: no dot is stuffed. RFC 5322, 2045–2047, 2231, 6532.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `draft.rs` | what is to be sent |
//! | `source.rs` | where octets come from |
//! | `charset.rs` | what charset they are in |
//! | `text.rs` | how a text is sent |
//! | `encode.rs` | lines, quoted-printable, base64 |
//! | `kind.rs` | what an attachment is |
//! | `parameter.rs` `header.rs` | types, file names, fields |
//! | `tree.rs` | the message |
//! | `read.rs` | what a message that arrived holds |

mod charset;
mod draft;
mod encode;
mod error;
mod header;
#[cfg(test)]
mod judges;
mod kind;
mod parameter;
mod read;
mod source;
mod text;
mod tree;

pub use charset::{Charsets, Text, Undecodable, UnknownCharset, charset};
pub use draft::{Attachment, Draft};
pub use error::{ComposeError, MessageError, SourceError};
pub use read::{Contents, Leaf};
pub use source::{Body, Source, Stamp};
pub use tree::{Message, Outline};
