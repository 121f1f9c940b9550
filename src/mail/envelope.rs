//! The envelope: who a message is from and who gets it, as the server is told (RFC 5321 3.3). Not the header.

use std::collections::BTreeMap;

use crate::mail::{Address, OriginalRecipient, Wishes};

/// Reverse-path, recipients and wishes. Has at least one recipient, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    reverse_path: Option<Address>,
    recipients: Vec<Address>,
    wishes: Wishes,
    /// Whom the mail was first written to, by the places of the recipients, where that is not they themselves.
    originals: BTreeMap<usize, OriginalRecipient>,
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
        Ok(Envelope { reverse_path, recipients, wishes: Wishes::default(), originals: BTreeMap::new() })
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

    /// The same, and the mail for the recipient at this place was first written to `original`.
    pub fn with_original(mut self, place: usize, original: OriginalRecipient) -> Self {
        self.originals.insert(place, original);
        self
    }

    /// Whom the mail for the recipient at this place was first written to, if that was told.
    pub fn told_original(&self, place: usize) -> Option<&OriginalRecipient> {
        self.originals.get(&place)
    }

    /// Whom reports name as the original recipient: who was told, and else the recipient, if reports are wished for.
    pub fn original(&self, place: usize) -> Option<OriginalRecipient> {
        let own = || OriginalRecipient::of(&self.recipients[place]);
        self.told_original(place).cloned().or_else(|| self.wishes.concern_reports().then(own))
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
        let originals = places
            .iter()
            .enumerate()
            .filter_map(|(index, place)| Some((index, self.originals.get(place)?.clone())))
            .collect();
        let (reverse_path, wishes) = (self.reverse_path.clone(), self.wishes.clone());
        Envelope { reverse_path, recipients, wishes, originals }
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

    #[test]
    fn an_original_stays_with_its_recipient() {
        let address = |text| Address::parse(text).unwrap();
        let first = OriginalRecipient::parse("rfc822;list@x.org").unwrap();
        let envelope = Envelope::new(None, [address("a@x.org"), address("b@x.org"), address("c@x.org")])
            .unwrap()
            .with_original(1, first.clone());
        assert_eq!((envelope.original(0), envelope.original(1)), (None, Some(first.clone())));
        let some = envelope.only(&[1, 2]);
        assert_eq!((some.original(0), some.original(1)), (Some(first.clone()), None));
        let wishes = Wishes { notify: crate::mail::Notify::parse("never").ok(), ..Wishes::default() };
        let asking = some.with_wishes(wishes);
        let own = OriginalRecipient::of(&address("c@x.org"));
        assert_eq!((asking.original(0), asking.original(1)), (Some(first), Some(own)));
    }
}
