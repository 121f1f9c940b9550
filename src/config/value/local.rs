//! Values for the mail of this machine.

use super::{Given, Reading, mailboxes};
use crate::config::settings::FromRule;
use crate::mail::{Address, Mailbox};

/// The domain of an address, without its `@`.
pub(in crate::config) fn domain(given: Given<'_>) -> Reading<String> {
    let text = given.string("a domain such as example.org")?;
    match Address::new("postmaster", text) {
        Ok(address) => Ok(address.domain().to_owned()),
        Err(_) => Err("must be a domain such as example.org".to_owned()),
    }
}

/// Mailboxes, or none.
pub(in crate::config) fn maybe_mailboxes(given: Given<'_>) -> Reading<Vec<Mailbox>> {
    if given.string("an address")?.is_empty() { Ok(Vec::new()) } else { mailboxes(given) }
}

/// What becomes of an author who is not the profile's.
pub(in crate::config) fn from_rule(given: Given<'_>) -> Reading<FromRule> {
    match given.string("\"keep\" or \"login\"")? {
        "keep" => Ok(FromRule::Keep),
        "login" => Ok(FromRule::Login),
        _ => Err("must be \"keep\" or \"login\"".to_owned()),
    }
}
