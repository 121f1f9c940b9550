//! Who gets the mail, as typed and as the settings add: aliases are looked up here, bare words qualified.

use std::collections::BTreeSet;

use crate::cli::{Request, no_recipient};
use crate::cmd::draft::Identity;
use crate::cmd::draft::local::{BARE, Locals, OWN};
use crate::cmd::{Exit, Failure, World, print, settings};
use crate::config::{Setting, Settings};
use crate::mail::{Address, AliasError, Aliases, Envelope, Listed, Warning, WarningKind, parse_list};

/// The address lists of a request, qualified.
pub(in crate::cmd) struct Recipients {
    pub(super) to: Vec<Listed>,
    pub(super) cc: Vec<Listed>,
    bcc: Vec<Listed>,
    pub(super) reply_to: Vec<Listed>,
    pub(super) receipt: Vec<Listed>,
    /// Whom the envelope names, in the order of To, Cc and blind copies.
    people: Vec<Address>,
    /// Whether somebody was named, besides those who get a copy of every mail.
    has_somebody: bool,
}

/// What names of this machine stand for, as far as this mail needs to know.
pub(in crate::cmd) fn locals<'s>(
    request: &Request,
    settings: &'s Settings,
    identity: &Identity,
    world: &World<'_>,
) -> Result<Locals<'s>, Failure> {
    let letter = &settings.letter;
    let set = [&letter.default_cc, &letter.default_bcc].into_iter().flatten().map(|set| &set.value);
    let typed = [&request.to, &request.recipients, &request.cc, &request.bcc].into_iter().flatten();
    let others = [&request.reply_to, &request.read_receipt, &request.reverse_path].into_iter().flatten();
    let aliases = needed_aliases(typed.chain(set).chain(others), settings, world)?;
    Ok(Locals::new(&identity.domain, (aliases, request.is_last_try), settings, world))
}

/// Reads all lists; the error names every bad item.
pub(in crate::cmd) fn recipients(
    request: &Request,
    settings: &Settings,
    identity: &Identity,
    locals: &Locals<'_>,
) -> Result<Recipients, Failure> {
    let letter = &settings.letter;
    let set = |list: &Option<Setting<String>>| list.iter().map(|set| set.value.clone()).collect::<Vec<_>>();
    let (default_cc, default_bcc) = (set(&letter.default_cc), set(&letter.default_bcc));
    let mut failures = Vec::new();
    let mut read = |texts: &mut dyn Iterator<Item = &String>| -> Vec<Named> {
        let mut expansion = locals.aliases.expansion();
        let mut named = Vec::new();
        for text in texts {
            match expansion.read(text, Some(BARE)) {
                Ok(items) => items.iter().for_each(|item| match Named::of(item, locals) {
                    Ok(item) => named.push(item),
                    Err(error) => failures.push(Failure::from(error)),
                }),
                Err(error) => failures.push(Failure::from(error)),
            }
        }
        named
    };
    let to = read(&mut request.to.iter().chain(&request.recipients));
    let mut cc = read(&mut request.cc.iter());
    let mut bcc = read(&mut request.bcc.iter());
    let reply_to = shown(read(&mut request.reply_to.iter()));
    let mut receipt = shown(read(&mut request.read_receipt.iter()));
    let (more_cc, more_bcc) = (read(&mut default_cc.iter()), read(&mut default_bcc.iter()));
    if let Some(failure) = Failure::gather(failures) {
        return Err(failure);
    }
    let typed = || [&to, &cc, &bcc].into_iter().flatten().flat_map(|named| &named.people);
    let has_somebody = typed().next().is_some();
    let mut known: BTreeSet<String> = typed().map(key).collect();
    // Who is written to already needs no copy.
    let mut unknown = |more: Vec<Named>| {
        let is_new = |one: &Named| one.people.iter().any(|address| !known.contains(&key(address)));
        let kept: Vec<Named> = more.into_iter().filter(is_new).collect();
        known.extend(kept.iter().flat_map(|one| &one.people).map(key));
        kept
    };
    cc.extend(unknown(more_cc));
    bcc.extend(unknown(more_bcc));
    let people = [&to, &cc, &bcc].into_iter().flatten().flat_map(|named| named.people.clone()).collect();
    let (to, cc, bcc) = (shown(to), shown(cc), shown(bcc));
    if receipt.iter().any(|one| matches!(one, Listed::Group { .. })) {
        let words = "--read-receipt: a receipt goes to addresses, not to a group (RFC 8098 2.1)";
        return Err(Failure::plain(Exit::DataErr, words));
    }
    if request.read_receipt.is_some() && receipt.is_empty() {
        receipt = vec![Listed::Mailbox(identity.author.clone())];
    }
    let set =
        || settings.reply_to.iter().flat_map(|set| set.value.iter().cloned().map(Listed::Mailbox)).collect();
    let reply_to = if request.reply_to.is_some() { reply_to } else { set() };
    Ok(Recipients { to, cc, bcc, reply_to, receipt, people, has_somebody })
}

/// An item of a list.
struct Named {
    /// As the header shows it.
    shown: Vec<Listed>,
    /// Whom the envelope names for it.
    people: Vec<Address>,
}

impl Named {
    fn of(item: &Listed, locals: &Locals<'_>) -> Result<Self, AliasError> {
        let mut people = Vec::new();
        for mailbox in item.mailboxes() {
            people.extend(locals.resolve(mailbox)?.people);
        }
        Ok(Named { shown: locals.shown(std::slice::from_ref(item)), people })
    }
}

fn shown(named: Vec<Named>) -> Vec<Listed> {
    named.into_iter().flat_map(|one| one.shown).collect()
}

/// The aliases, where a list has a bare word that may be one. Without such a word their files are not opened.
fn needed_aliases<'t>(
    texts: impl Iterator<Item = &'t String>,
    settings: &Settings,
    world: &World<'_>,
) -> Result<Aliases, Failure> {
    if settings.letter.aliases.is_empty() {
        return Ok(Aliases::default());
    }
    let is_name = |listed: &Listed| listed.mailboxes().iter().any(|one| is_of_machine(&one.address, world));
    // What is wrong with a list is said when it is read in earnest.
    let is_needed =
        texts.into_iter().any(|text| parse_list(text, Some(BARE)).unwrap_or_default().iter().any(is_name));
    if !is_needed {
        return Ok(Aliases::default());
    }
    let local = &settings.local;
    let has_home = local.qualify_domain.is_some() || local.local_to.is_some();
    let aliases = settings.read_aliases(&world.surroundings)?;
    // Then a name that no alias knows is one of this machine, as in aliases(5).
    Ok(if has_home { aliases.in_domain(BARE, OWN) } else { aliases })
}

fn is_of_machine(address: &Address, world: &World<'_>) -> bool {
    [BARE, "localhost", &world.machine].iter().any(|domain| address.domain().eq_ignore_ascii_case(domain))
}

fn key(address: &Address) -> String {
    format!("{}@{}", address.local(), address.domain().to_ascii_lowercase())
}

impl Recipients {
    /// Those whom the others do not see.
    pub(in crate::cmd) fn blind(&self) -> &[Listed] {
        &self.bcc
    }

    /// The warning that somebody is named more than once, and gets it once.
    pub(in crate::cmd) fn named_twice(&self) -> Option<Warning> {
        let mut seen = BTreeSet::new();
        let mut again = self.people.iter().filter(|address| !seen.insert(key(address)));
        let first = again.next()?;
        let words = match again.count() {
            0 => format!("{first} is named twice, and gets it once"),
            others => format!("{first} is named twice, and gets it once; so it is with {others} more"),
        };
        Some(Warning::new(WarningKind::DUPLICATE_RECIPIENT, words))
    }

    /// The envelope: everybody in To, Cc and Bcc, once, with what is wished of the servers.
    pub(in crate::cmd) fn envelope(
        &self,
        identity: &Identity,
        request: &Request,
        settings: &Settings,
    ) -> Result<Envelope, Failure> {
        if !self.has_somebody {
            return Err(no_recipient().into());
        }
        let envelope = Envelope::new(identity.reverse_path.clone(), self.people.iter().cloned())
            .map_err(|_| no_recipient())?;
        let mut wishes = request.wishes.clone();
        wishes.notify = wishes.notify.or_else(|| settings.dsn_notify.as_ref().map(|set| set.value));
        wishes.returned = wishes.returned.or_else(|| settings.dsn_return.as_ref().map(|set| set.value));
        Ok(envelope.with_wishes(wishes))
    }
}

/// `-A`: prints whom an alias stands for, one address a line.
pub(in crate::cmd) fn print_alias(
    name: &str,
    request: &Request,
    world: &mut World<'_>,
) -> Result<Exit, Failure> {
    let settings = settings::resolve(request, world)?;
    let aliases = settings.read_aliases(&world.surroundings)?;
    if !aliases.is_known(name) {
        let failure = Failure::plain(Exit::NoUser, format!("there is no alias `{}`", name.escape_debug()));
        return Err(match settings.letter.aliases.is_empty() {
            true => failure.hint("`aliases` in the profile names the file that holds them"),
            false => failure,
        });
    }
    let found = aliases.expansion().named(name)?;
    let lines: String =
        found.iter().flat_map(Listed::mailboxes).map(|mailbox| format!("{mailbox}\n")).collect();
    print(&lines, world)?;
    Ok(Exit::Ok)
}
