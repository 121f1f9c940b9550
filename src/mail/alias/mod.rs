//! Aliases: names that stand for addresses. What files say of them is read here, and expanded; no I/O, nothing is run.
//!
//! An alias may name other aliases. A name in it that is neither an address nor an alias is an error, as is one that
//! leads back to itself: each is told with the way that led there. One that names itself beside others means what has its
//! name at this machine, as in aliases(5). Where a name is said twice, the last one holds.

mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use read::BadLine;

use crate::mail::{Address, AddressError, Listed, Mailbox, parse_list_with};

/// How deep aliases may lie in aliases. A person loses the thread before; the limit keeps the stack small.
const DEEPEST: usize = 64;

/// The names of aliases, each with its place.
type Chain = Vec<(String, String)>;

/// All aliases that are known.
#[derive(Debug, Clone, Default)]
pub struct Aliases {
    /// By their names in small letters.
    entries: BTreeMap<String, Entry>,
    /// The domain of a name in an alias that is none itself.
    domain: Option<String>,
    /// The domain of a name whose alias names itself.
    own: Option<String>,
    /// The domains in which an alias is written as an address, in small letters.
    here: Vec<String>,
}

/// One alias.
#[derive(Debug, Clone)]
struct Entry {
    name: String,
    /// Where it was said, `file:line`.
    place: String,
    targets: Vec<Target>,
}

/// One thing that an alias stands for.
#[derive(Debug, Clone)]
enum Target {
    /// A list that can be read; its bare words are aliases.
    List(String),
    /// What whippet does not do: a program, a file.
    Refused {
        /// As it is written.
        text: String,
        /// What it is.
        what: &'static str,
    },
}

/// Why an alias stands for nobody. Displays with the way that led there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasError {
    /// The aliases from the one that was asked for, each with its place.
    pub chain: Chain,
    /// What is wrong with the last of them.
    pub problem: String,
}

impl std::error::Error for AliasError {}

impl fmt::Display for AliasError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the alias ")?;
        for (index, (name, place)) in self.chain.iter().enumerate() {
            let before = if index == 0 { "" } else { ", which names " };
            write!(f, "{before}`{}` ({place})", name.escape_debug())?;
        }
        write!(f, " {}", self.problem)
    }
}

/// Why a list cannot be read or expanded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// An item of it is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// An alias in it stands for nobody.
    #[error(transparent)]
    Alias(#[from] AliasError),
}

impl Aliases {
    /// Adds what a file says, in the form of mutt or of aliases(5), each line by itself. `path` is what its places begin
    /// with. All bad lines are told; the good ones are added.
    pub fn read(&mut self, text: &str, path: &str) -> Vec<BadLine> {
        read::read(self, text, path)
    }

    /// Adds one alias for an address list; the error is the rest of a sentence that begins with its name.
    pub fn insert(&mut self, name: &str, list: &str, place: String) -> Result<(), String> {
        self.add(name, vec![list_target(list)?], place)
    }

    /// Whether there is an alias of this name; capital and small letters are the same.
    pub fn is_known(&self, name: &str) -> bool {
        self.entries.contains_key(&name.to_lowercase())
    }

    /// Gives a name in an alias that is neither an address nor an alias this domain, so that it is no error, and `own` to one
    /// whose alias names itself, which else adds nobody.
    pub fn in_domain(self, domain: &str, own: &str) -> Self {
        Aliases { domain: Some(domain.to_owned()), own: Some(own.to_owned()), ..self }
    }

    /// Lets an address in one of these domains mean the alias of its name, where an alias names it.
    pub fn at(self, domains: &[&str]) -> Self {
        Aliases { here: domains.iter().map(|domain| domain.to_ascii_lowercase()).collect(), ..self }
    }

    /// Whether an address is that of an alias.
    fn is_alias(&self, address: &Address) -> bool {
        self.here.contains(&address.domain().to_ascii_lowercase()) && self.is_known(address.local())
    }

    /// Begins to expand the lists of one field.
    pub fn expansion(&self) -> Expansion<'_> {
        Expansion { aliases: self, done: BTreeSet::new(), met: BTreeSet::new() }
    }

    fn add(&mut self, name: &str, targets: Vec<Target>, place: String) -> Result<(), String> {
        if name.is_empty() || name.contains('@') || name.chars().any(|c| c.is_control()) {
            return Err("is no name for an alias: it is one word without @".to_owned());
        }
        if targets.is_empty() {
            return Err("stands for nobody".to_owned());
        }
        self.entries.insert(name.to_lowercase(), Entry { name: name.to_owned(), place, targets });
        Ok(())
    }
}

/// An address list as a target, checked.
fn list_target(list: &str) -> Result<Target, String> {
    match parse_list_with(list, Some("example.org"), &mut |_| None) {
        Ok(items) if items.is_empty() => Err("stands for nobody".to_owned()),
        Ok(_) => Ok(Target::List(list.to_owned())),
        Err(error) => Err(format!("stands for what cannot be read: {error}")),
    }
}

/// The expansion of the lists of one field: what aliases stand for comes in once.
#[derive(Debug)]
pub struct Expansion<'a> {
    aliases: &'a Aliases,
    /// The aliases whose addresses are all there.
    done: BTreeSet<String>,
    /// The addresses that are there.
    met: BTreeSet<String>,
}

impl Expansion<'_> {
    /// Reads a list; each bare word that is an alias becomes the mailboxes it stands for, and any other gets `domain`.
    pub fn read(&mut self, list: &str, domain: Option<&str>) -> Result<Vec<Listed>, ExpandError> {
        let mut failure = None;
        let items = parse_list_with(list, domain, &mut |word| {
            if failure.is_some() || !self.aliases.is_known(word) {
                return None;
            }
            self.named(word).map_err(|error| failure = Some(error)).ok()
        });
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        let items = items?;
        self.met.extend(items.iter().flat_map(Listed::mailboxes).map(key));
        Ok(items)
    }

    /// Whom an alias stands for; nobody if it is not known.
    pub fn named(&mut self, name: &str) -> Result<Vec<Listed>, AliasError> {
        let found = self.follow(name, &mut Vec::new())?;
        Ok(self.unmet(found))
    }

    /// What is not there yet, and is now.
    fn unmet(&mut self, found: Vec<Listed>) -> Vec<Listed> {
        let mailboxes = found.iter().flat_map(Listed::mailboxes).cloned();
        mailboxes.filter(|mailbox| self.met.insert(key(mailbox))).map(Listed::Mailbox).collect()
    }

    /// Whom a known alias stands for, but for what an alias that is done has given. `chain` holds the aliases that led
    /// here.
    fn follow(&mut self, name: &str, chain: &mut Chain) -> Result<Vec<Listed>, AliasError> {
        let aliases = self.aliases;
        let folded = name.to_lowercase();
        let Some(entry) = aliases.entries.get(&folded) else { return Ok(Vec::new()) };
        let fail = |chain: &[(String, String)], problem| Err(AliasError { chain: chain.to_vec(), problem });
        if chain.iter().any(|(known, _)| known.to_lowercase() == folded) {
            return fail(chain, format!("leads back to `{}`", entry.name.escape_debug()));
        }
        if chain.len() == DEEPEST {
            return fail(&chain[..1], format!("leads through more than {DEEPEST} aliases"));
        }
        if self.done.contains(&folded) {
            return Ok(Vec::new());
        }
        chain.push((entry.name.clone(), entry.place.clone()));
        let (mut found, mut own) = (Vec::new(), Own::default());
        for target in &entry.targets {
            match target {
                Target::List(list) => found.extend(self.follow_list(list, chain, &mut own)?),
                Target::Refused { text, what } => {
                    let text = text.escape_debug();
                    return fail(
                        chain,
                        format!("stands for {what}, `{text}`; whippet writes to addresses alone"),
                    );
                }
            }
        }
        if own.is_named {
            match aliases.own.as_deref().map(|domain| Address::new(&entry.name, domain)) {
                Some(Ok(address)) => found.push(Listed::Mailbox(Mailbox::from(address))),
                _ if own.has_others => {}
                _ => return fail(chain, format!("leads back to `{}`", entry.name.escape_debug())),
            }
        }
        chain.pop();
        self.done.insert(folded);
        Ok(found)
    }

    /// Whom a list in the last alias of the chain names besides itself.
    fn follow_list(
        &mut self,
        list: &str,
        chain: &mut Chain,
        own: &mut Own,
    ) -> Result<Vec<Listed>, AliasError> {
        let aliases = self.aliases;
        let mut failure = None;
        let mut follow = |name: &str| {
            if failure.is_some() || !aliases.is_known(name) {
                return None;
            }
            let is_own = chain.last().is_some_and(|(last, _)| last.to_lowercase() == name.to_lowercase());
            *(if is_own { &mut own.is_named } else { &mut own.has_others }) = true;
            if is_own {
                return Some(Vec::new());
            }
            self.follow(name, chain).map_err(|error| failure = Some(error)).ok()
        };
        let items = parse_list_with(list, aliases.domain.as_deref(), &mut follow);
        let mut found = Vec::new();
        for mailbox in items.iter().flatten().flat_map(Listed::mailboxes) {
            let led = aliases.is_alias(&mailbox.address).then(|| follow(mailbox.address.local()));
            found.extend(led.flatten().unwrap_or_else(|| vec![Listed::Mailbox(mailbox.clone())]));
        }
        own.has_others |= !found.is_empty();
        let problem = |error: AddressError| match error.lacks_domain() {
            true => {
                format!("names `{}`, which is neither an address nor an alias", error.text.escape_debug())
            }
            false => error.to_string(),
        };
        match (failure, items) {
            (Some(failure), _) => Err(failure),
            (None, Ok(_)) => Ok(found),
            (None, Err(error)) => Err(AliasError { chain: chain.clone(), problem: problem(error) }),
        }
    }
}

/// Whether an alias names itself, and others.
#[derive(Debug, Default)]
struct Own {
    is_named: bool,
    has_others: bool,
}

/// What tells one mailbox from another.
fn key(mailbox: &Mailbox) -> String {
    format!("{}@{}", mailbox.address.local(), mailbox.address.domain().to_ascii_lowercase())
}
