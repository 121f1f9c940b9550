//! The protocol that a server is spoken to in.

/// SMTP, or its sibling for the last step into mailboxes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// SMTP (RFC 5321): one reply to the message, which holds for all recipients.
    #[default]
    Smtp,
    /// LMTP (RFC 2033): LHLO in EHLO's place, and one reply to the message for each recipient that was taken.
    Lmtp,
}

impl Protocol {
    /// The name in a profile and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Smtp => "smtp",
            Protocol::Lmtp => "lmtp",
        }
    }
}
