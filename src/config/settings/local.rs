//! Whose mail that of this machine is: names without a domain, and authors whom the server does not know.

use super::rows::{list_text, show};
use crate::config::Setting;
use crate::config::layer::Spot;
use crate::config::value::{self, Given, Reading};
use crate::mail::Mailbox;

/// What holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// The domain of a name that has none.
    pub qualify_domain: Option<Setting<String>>,
    /// Who gets the mail of names that no alias knows, and of addresses at this machine; nobody else if it is empty.
    pub local_to: Option<Setting<Vec<Mailbox>>>,
    /// Whether the header names them too.
    pub rewrite_local: Setting<bool>,
    /// What becomes of an author who is not the profile's.
    pub from_rule: Setting<FromRule>,
}

/// What becomes of an author who is not the profile's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromRule {
    /// They stay.
    Keep,
    /// The profile's address takes their place, and answers go to them.
    Login,
}

impl FromRule {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            FromRule::Keep => "keep",
            FromRule::Login => "login",
        }
    }
}

/// What one place says of it.
#[derive(Debug, Clone, Default)]
pub(in crate::config) struct LocalScope {
    qualify_domain: Option<Setting<String>>,
    local_to: Option<Setting<Vec<Mailbox>>>,
    rewrite_local: Option<Setting<bool>>,
    from_rule: Option<Setting<FromRule>>,
}

impl LocalScope {
    /// Whether this is one of its keys.
    pub fn has(key: &str) -> bool {
        ["qualify_domain", "local_to", "rewrite_local", "from_rule"].contains(&key)
    }

    /// Takes one key.
    pub fn assign(&mut self, key: &str, given: Given<'_>, spot: &Spot<'_>) -> Reading<()> {
        let origin = spot.origin.clone();
        match key {
            "qualify_domain" => self.qualify_domain = Some(Setting { value: value::domain(given)?, origin }),
            "local_to" => self.local_to = Some(Setting { value: value::maybe_mailboxes(given)?, origin }),
            "rewrite_local" => self.rewrite_local = Some(Setting { value: value::boolean(given)?, origin }),
            _ => self.from_rule = Some(Setting { value: value::from_rule(given)?, origin }),
        }
        Ok(())
    }

    /// Lays `above` over this: what it says wins.
    pub fn overlay(&mut self, above: LocalScope) {
        self.qualify_domain = above.qualify_domain.or_else(|| self.qualify_domain.take());
        self.local_to = above.local_to.or_else(|| self.local_to.take());
        self.rewrite_local = above.rewrite_local.or_else(|| self.rewrite_local.take());
        self.from_rule = above.from_rule.or_else(|| self.from_rule.take());
    }

    /// Fills what nobody said.
    pub fn settle(self) -> Local {
        Local {
            qualify_domain: self.qualify_domain,
            // An empty list takes back that of a lower layer.
            local_to: self.local_to.filter(|set| !set.value.is_empty()),
            rewrite_local: self.rewrite_local.unwrap_or(Setting::built_in(false)),
            from_rule: self.from_rule.unwrap_or(Setting::built_in(FromRule::Keep)),
        }
    }
}

impl Local {
    /// The value and the place of one key.
    pub(super) fn row(&self, key: &str) -> Option<(String, String)> {
        match key {
            "qualify_domain" => self.qualify_domain.as_ref().map(|s| show(s, String::clone)),
            "local_to" => self.local_to.as_ref().map(|s| show(s, |all| list_text(all))),
            "rewrite_local" => Some(show(&self.rewrite_local, bool::to_string)),
            _ => Some(show(&self.from_rule, |rule| rule.name().to_owned())),
        }
    }
}
