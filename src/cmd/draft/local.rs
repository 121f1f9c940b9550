//! Names of this machine: a recipient such as `root` goes by the aliases, else to `local_to`, else gets a domain.

use crate::cmd::World;
use crate::config::Settings;
use crate::mail::{Address, AliasError, Aliases, Group, Listed, Mailbox, parse_list};

/// The domain of a name that has none, until it gets one. Nobody has it (RFC 6761 6.4).
pub(super) const BARE: &str = "bare.invalid";
/// The domain of a name whose alias names itself, as in aliases(5): it is no alias again. Nobody has it either.
pub(super) const OWN: &str = "own.invalid";

/// What names of this machine stand for.
pub(in crate::cmd) struct Locals<'a> {
    /// The domain of a name that has none.
    pub(super) domain: String,
    pub(super) aliases: Aliases,
    machine: String,
    local_to: &'a [Mailbox],
    /// Whether the header names those who get the mail.
    rewrites: bool,
    /// Whether a name is an alias in brackets, too, and at this machine: for programs, that is how mail for `root` is
    /// written. A person's alias is a bare word.
    by_address: bool,
}

/// A mailbox of a list, as it stands in the header, and whom the envelope names for it.
pub(super) struct Resolved {
    pub(super) shown: Vec<Mailbox>,
    pub(super) people: Vec<Address>,
}

impl<'a> Locals<'a> {
    /// Those of these settings; `domain` completes a name if `qualify_domain` is not set.
    pub(super) fn new(
        domain: &str,
        (aliases, by_address): (Aliases, bool),
        settings: &'a Settings,
        world: &World<'_>,
    ) -> Self {
        let local = &settings.local;
        let domain = local.qualify_domain.as_ref().map_or(domain, |set| set.value.as_str()).to_owned();
        let machine = world.machine.to_ascii_lowercase();
        Locals {
            domain,
            aliases: if by_address { aliases.at(&[BARE, "localhost", &machine]) } else { aliases },
            machine,
            local_to: local.local_to.as_ref().map_or(&[], |set| set.value.as_slice()),
            rewrites: local.rewrite_local.value,
            by_address,
        }
    }

    /// Whether this is the address of a name of this machine.
    fn is_here(&self, address: &Address) -> bool {
        let domain = address.domain().to_ascii_lowercase();
        [BARE, OWN, "localhost", &self.machine].contains(&domain.as_str())
    }

    /// The address with a domain that others know.
    pub(super) fn qualified(&self, address: &Address) -> Address {
        if ![BARE, OWN].contains(&address.domain()) {
            return address.clone();
        }
        Address::new(address.local(), &self.domain).unwrap_or_else(|_| address.clone())
    }

    /// Who gets what is sent to this mailbox.
    pub(super) fn resolve(&self, mailbox: &Mailbox) -> Result<Resolved, AliasError> {
        let plain = Mailbox { name: mailbox.name.clone(), address: self.qualified(&mailbox.address) };
        let Some(found) = self.found(&mailbox.address)? else {
            let people = vec![plain.address.clone()];
            return Ok(Resolved { shown: vec![plain], people });
        };
        let people: Vec<Address> = found.iter().map(|one| one.address.clone()).collect();
        if !self.rewrites || found.is_empty() {
            return Ok(Resolved { shown: vec![plain], people });
        }
        // What stood there stays to be seen.
        let before = plain.name.unwrap_or_else(|| plain.address.to_string());
        let named = |one: Mailbox| Mailbox { name: Some(before.clone()), address: one.address };
        Ok(Resolved { shown: found.into_iter().map(named).collect(), people })
    }

    /// Whom a name of this machine stands for, perhaps nobody; `None` if the address is its own.
    fn found(&self, address: &Address) -> Result<Option<Vec<Mailbox>>, AliasError> {
        if !self.is_here(address) {
            return Ok(None);
        }
        let name = address.local();
        if !self.by_address || address.domain() == OWN || !self.aliases.is_known(name) {
            return Ok((!self.local_to.is_empty()).then(|| self.local_to.to_vec()));
        }
        let mut found = Vec::new();
        for one in self.aliases.expansion().named(name)?.iter().flat_map(Listed::mailboxes) {
            // An alias may lead to a name of this machine that is none.
            match self.local_to {
                admin @ [_, ..] if self.is_here(&one.address) => found.extend_from_slice(admin),
                _ => found.push(Mailbox { name: one.name.clone(), address: self.qualified(&one.address) }),
            }
        }
        Ok(Some(found))
    }

    /// The one address that mail for this one goes to: reports of failure find a reader.
    pub(super) fn redirected(&self, address: &Address) -> Address {
        match self.resolve(&Mailbox::from(address.clone())) {
            Ok(Resolved { people, .. }) if people.len() == 1 => people[0].clone(),
            _ => self.qualified(address),
        }
    }

    /// Reads a list of a header, in which a name without a domain is one of this machine.
    pub(in crate::cmd) fn read(&self, text: &str) -> Option<Vec<Listed>> {
        parse_list(text, Some(BARE)).ok()
    }

    /// The list with a domain for each name that has none.
    pub(in crate::cmd) fn with_domains(&self, list: &[Listed]) -> Vec<Listed> {
        let plain = |mailbox: &Mailbox| Mailbox {
            name: mailbox.name.clone(),
            address: self.qualified(&mailbox.address),
        };
        each_mailbox(list, |mailbox| vec![plain(mailbox)])
    }

    /// The list as the header shows it: its names of this machine have a domain, or are rewritten.
    pub(in crate::cmd) fn shown(&self, list: &[Listed]) -> Vec<Listed> {
        let shown = |mailbox: &Mailbox| match self.resolve(mailbox) {
            Ok(resolved) => resolved.shown,
            Err(_) => vec![Mailbox { name: mailbox.name.clone(), address: self.qualified(&mailbox.address) }],
        };
        each_mailbox(list, shown)
    }
}

/// The list with other mailboxes in place of each.
fn each_mailbox(list: &[Listed], others: impl Fn(&Mailbox) -> Vec<Mailbox>) -> Vec<Listed> {
    let of_item = |listed: &Listed| match listed {
        Listed::Mailbox(mailbox) => others(mailbox).into_iter().map(Listed::Mailbox).collect(),
        Listed::Group(group) => {
            let members = group.members.iter().flat_map(&others).collect();
            vec![Listed::Group(Group { name: group.name.clone(), members })]
        }
    };
    list.iter().flat_map(of_item).collect()
}
