//! The envelope of a message that arrives, as the client has told it (RFC 5321 3.3, 3461, 1870, 6152, 6531).

use std::fmt;

use crate::mail::{EnvelopeId, Notify, OriginalRecipient, Return};
use crate::smtp::BodyKind;

/// Sender, recipients and what was told about the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The reverse-path without brackets and route; `None` is the null one.
    pub reverse_path: Option<Bare>,
    /// The recipients in the order in which they came, also those that came twice.
    pub recipients: Vec<Recipient>,
    /// `SIZE=` in octets (RFC 1870), as the client has estimated it.
    pub size: Option<u64>,
    /// `BODY=` (RFC 6152).
    pub body: BodyKind,
    /// `SMTPUTF8` (RFC 6531).
    pub smtputf8: bool,
    /// `RET=` (RFC 3461).
    pub returned: Option<Return>,
    /// `ENVID=`, decoded (RFC 3461).
    pub envelope_id: Option<EnvelopeId>,
}

/// A recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The forward-path without brackets and route.
    pub address: Bare,
    /// `NOTIFY=` (RFC 3461).
    pub notify: Option<Notify>,
    /// `ORCPT=`, decoded (RFC 3461).
    pub original: Option<OriginalRecipient>,
}

/// An address as it stood in its brackets: one that [`Address::parse`](crate::mail::Address::parse) takes, or a local part
/// without a domain, such as `root`, that is an address with any domain behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bare(String);

impl Bare {
    pub(super) fn new(text: &str) -> Self {
        Bare(text.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has a domain.
    pub fn is_qualified(&self) -> bool {
        self.0.contains('@')
    }
}

impl fmt::Display for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
