//! The envelope: who a message is from and who gets it, as the server is told (RFC 5321 3.3). Not the header.

use crate::mail::{Address, Wishes};

/// Reverse-path, recipients and wishes. Has at least one recipient, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    reverse_path: Option<Address>,
    recipients: Vec<Address>,
    wishes: Wishes,
}

/// There was no recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no recipient")]
pub struct NoRecipient;

impl Envelope {
    /// Makes an envelope; `None` is the null reverse-path `<>`. A recipient named twice is kept once, at its first place.
    pub fn new(
        reverse_path: Option<Address>,
        recipients: impl IntoIterator<Item = Address>,
    ) -> Result<Self, NoRecipient> {
        let mut seen = std::collections::HashSet::new();
        let recipients: Vec<Address> = recipients
            .into_iter()
            .filter(|address| {
                seen.insert((address.local().to_owned(), address.domain().to_ascii_lowercase()))
            })
            .collect();
        if recipients.is_empty() {
            return Err(NoRecipient);
        }
        Ok(Envelope { reverse_path, recipients, wishes: Wishes::default() })
    }

    /// The same with these wishes.
    pub fn with_wishes(mut self, wishes: Wishes) -> Self {
        self.wishes = wishes;
        self
    }

    /// What the sender wishes of the servers.
    pub fn wishes(&self) -> &Wishes {
        &self.wishes
    }

    /// Where reports of failure go; `None` is the null reverse-path.
    pub fn reverse_path(&self) -> Option<&Address> {
        self.reverse_path.as_ref()
    }

    /// Who gets the message, in the order given.
    pub fn recipients(&self) -> &[Address] {
        &self.recipients
    }

    /// The same envelope for some of its recipients, named by their places; at least one.
    pub fn only(&self, places: &[usize]) -> Envelope {
        assert!(!places.is_empty(), "an envelope has a recipient");
        let recipients = places.iter().map(|&place| self.recipients[place].clone()).collect();
        Envelope { recipients, ..self.clone() }
    }

    /// Whether an address in it needs SMTPUTF8 (RFC 6531 3.2).
    pub fn needs_smtputf8(&self) -> bool {
        self.reverse_path.iter().chain(&self.recipients).any(|address| !address.is_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_kept_once() {
        let address = |text| Address::parse(text).unwrap();
        let envelope =
            Envelope::new(None, [address("a@X.org"), address("b@x.org"), address("a@x.org")]).unwrap();
        assert_eq!(envelope.recipients(), [address("a@X.org"), address("b@x.org")]);
        assert_eq!(Envelope::new(None, []), Err(NoRecipient));
    }
}
