//! A config file: who may have written it, what is in it, and on which line. Not for what wins.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use crate::config::layer::{Scope, Spot};
use crate::config::surroundings::{distrust, quoted};
use crate::config::value::Given;
use crate::config::{ConfigError, Fault, Layer, Origin, SecretPlace, Setting, Surroundings, error, schema};

/// Longest config file, octets: a thousand profiles fit, a mail folder named by mistake does not.
const LONGEST: u64 = 1024 * 1024;

/// Which file to read.
pub(super) struct Wanted {
    pub path: PathBuf,
    pub layer: Layer,
    /// Whether somebody named it, so that it must be there.
    pub named: bool,
}

/// What a config file says. Nothing, if there is none.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    /// The keys beside the profiles.
    pub top: Scope,
    pub profiles: BTreeMap<String, Scope>,
    /// The profile that is used when nothing else chooses.
    pub default: Option<Setting<String>>,
}

impl ConfigFile {
    /// All that is said in it, place by place.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        std::iter::once(&self.top).chain(self.profiles.values())
    }
}

/// Reads a config file. One that nobody named may be missing.
pub(super) fn read(wanted: &Wanted, surroundings: &Surroundings) -> Result<ConfigFile, ConfigError> {
    let path = &wanted.path;
    let shown = surroundings.shown(path);
    // The customary way to say "no file" (mutt -F /dev/null).
    if path == Path::new("/dev/null") {
        return Ok(ConfigFile::default());
    }
    let unreadable = |error: io::Error| ConfigError::unreadable(shown.clone(), &error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if !wanted.named && is_absence(&error) => return Ok(ConfigFile::default()),
        Err(error) => return Err(unreadable(error)),
    };
    // The file that is open is the file that is judged.
    let facts = file.metadata().map_err(unreadable)?;
    if let Some(reason) = distrust(facts.uid(), facts.mode(), surroundings.user, path) {
        return Err(ConfigError::Untrusted { path: shown, reason });
    }
    let mut octets = Zeroizing::new(Vec::new());
    file.take(LONGEST + 1).read_to_end(&mut octets).map_err(unreadable)?;
    if octets.len() as u64 > LONGEST {
        let reason = "it is longer than 1 MiB".to_owned();
        return Err(ConfigError::Unreadable { path: shown, reason, is_shortage: false });
    }
    let text = std::str::from_utf8(&octets).map_err(|error| ConfigError::Syntax {
        path: shown.clone(),
        line: line_of(&octets, error.valid_up_to()),
        column: column_of(&octets, error.valid_up_to()),
        message: "this is not UTF-8".to_owned(),
    })?;
    let file = parse(text, &Source { layer: wanted.layer, shown: &shown, path, surroundings })?;
    let is_inline = |scope: &Scope| {
        scope.secret.as_ref().is_some_and(|secret| matches!(secret.value, SecretPlace::Inline(_)))
    };
    // Refused even if the password is not used now: it is exposed all the same.
    if facts.mode() & 0o077 != 0 && file.scopes().any(is_inline) {
        let remedy = format!("chmod 600 {}", quoted(path));
        return Err(ConfigError::ExposedPassword { path: shown, remedy });
    }
    Ok(file)
}

/// Whether the error says that there is no file, rather than that it is hidden.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Where a text comes from.
struct Source<'a> {
    layer: Layer,
    shown: &'a str,
    path: &'a Path,
    surroundings: &'a Surroundings,
}

impl Source<'_> {
    fn origin(&self, text: &str, offset: usize) -> Origin {
        let (path, line) = (self.shown.to_owned(), line_of(text.as_bytes(), offset));
        match self.layer {
            Layer::SystemFile => Origin::SystemFile { path, line },
            _ => Origin::UserFile { path, line },
        }
    }
}

/// The line of an offset, from 1.
fn line_of(text: &[u8], offset: usize) -> usize {
    1 + text.iter().take(offset).filter(|octet| **octet == b'\n').count()
}

/// The column of an offset in characters, from 1.
fn column_of(text: &[u8], offset: usize) -> usize {
    let before = &text[..offset.min(text.len())];
    let start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |end| end + 1);
    1 + String::from_utf8_lossy(&before[start..]).chars().count()
}

/// Reads the text of a config file; all faults in it are found.
fn parse(text: &str, source: &Source<'_>) -> Result<ConfigFile, ConfigError> {
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(_) if is_muttrc(text) => return Err(ConfigError::MuttRc { path: source.shown.to_owned() }),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            // The message alone: the error's own Display would show the line, and so perhaps a password.
            return Err(ConfigError::Syntax {
                path: source.shown.to_owned(),
                line: line_of(text.as_bytes(), offset),
                column: column_of(text.as_bytes(), offset),
                message: error.message().to_owned(),
            });
        }
    };
    let mut reader = Reader { text, source, faults: Vec::new() };
    let file = reader.file(table.get_ref());
    // The order of the table is that of the alphabet; people read from the top.
    reader.faults.sort_by_key(|fault| match fault.origin {
        Origin::SystemFile { line, .. } | Origin::UserFile { line, .. } => line,
        _ => 0,
    });
    if reader.faults.is_empty() { Ok(file) } else { Err(ConfigError::Faults(reader.faults)) }
}

/// Whether a text that is no TOML is mutt's.
fn is_muttrc(text: &str) -> bool {
    let words = [
        "set",
        "unset",
        "source",
        "my_hdr",
        "macro",
        "bind",
        "alias",
        "color",
        "ignore",
        "unignore",
        "mailboxes",
        "folder-hook",
        "send-hook",
        "account-hook",
        "hdr_order",
        "auto_view",
        "subscribe",
        "lists",
    ];
    text.lines().any(|line| {
        let mut parts = line.split_whitespace();
        let first = parts.next().is_some_and(|word| words.contains(&word));
        first && parts.next().is_some_and(|next| !next.starts_with('='))
    })
}

type Table<'a> = DeTable<'a>;

/// Walks over the tables of a file and gathers what is wrong.
struct Reader<'a> {
    text: &'a str,
    source: &'a Source<'a>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn file(&mut self, table: &Table<'_>) -> ConfigFile {
        let mut file = ConfigFile::default();
        for (key, value) in table {
            let origin = self.source.origin(self.text, key.span().start);
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("profiles", DeValue::Table(profiles)) => file.profiles = self.profiles(profiles),
                ("default", DeValue::String(name)) => {
                    file.default = Some(Setting { value: name.as_ref().to_owned(), origin });
                }
                ("profiles", other) => {
                    self.wrong("profiles", Given::Toml(other), "tables [profiles.NAME]", origin)
                }
                ("default", other) => {
                    self.wrong("default", Given::Toml(other), "the name of a profile", origin)
                }
                (name, DeValue::Table(_)) if !schema::is_known(name) => {
                    let known = schema::suggest(name);
                    let meant = known.unwrap_or_else(|| format!("[profiles.{name}]"));
                    let problem =
                        format!("unknown key `{}`{}", name.escape_debug(), error::meant(Some(&meant)));
                    self.faults.push(Fault { origin, key: name.to_owned(), problem });
                }
                (_, value) => self.assign(&mut file.top, key, value),
            }
        }
        file
    }

    fn profiles(&mut self, table: &Table<'_>) -> BTreeMap<String, Scope> {
        let mut profiles = BTreeMap::new();
        for (name, value) in table {
            let origin = self.source.origin(self.text, name.span().start);
            let name = name.get_ref().as_ref();
            let DeValue::Table(keys) = value.get_ref() else {
                self.wrong(&format!("profiles.{name}"), Given::Toml(value.get_ref()), "a table", origin);
                continue;
            };
            if name.is_empty() || name.chars().any(char::is_control) {
                let problem = "the name of a profile may not be empty or hold control characters".to_owned();
                self.faults.push(Fault { origin, key: "profiles".to_owned(), problem });
                continue;
            }
            let mut scope = Scope::default();
            for (key, value) in keys {
                if key.get_ref() == "spool" {
                    let origin = self.source.origin(self.text, key.span().start);
                    let problem = "spool is for all profiles; write [spool], outside of them".to_owned();
                    self.faults.push(Fault { origin, key: "spool".to_owned(), problem });
                } else {
                    self.assign(&mut scope, key, value.get_ref());
                }
            }
            profiles.insert(name.to_owned(), scope);
        }
        profiles
    }

    fn assign(&mut self, scope: &mut Scope, key: &Spanned<toml::de::DeString<'_>>, value: &DeValue<'_>) {
        let origin = self.source.origin(self.text, key.span().start);
        let name = key.get_ref().as_ref();
        if let (true, DeValue::Table(keys)) = (schema::TABLES.contains(&name), value) {
            for (key, value) in keys {
                let origin = self.source.origin(self.text, key.span().start);
                self.put(scope, &format!("{name}.{}", key.get_ref()), value.get_ref(), origin);
            }
        } else if let ("aliases", DeValue::Table(names)) = (name, value) {
            for (name, value) in names {
                let origin = self.source.origin(self.text, name.span().start);
                let assigned =
                    scope.letter.assign_alias(name.get_ref(), Given::Toml(value.get_ref()), &origin);
                self.faults.extend(assigned.err());
            }
        } else if name.contains('.') {
            // A quoted key, "timeouts.dot", is not the dotted one.
            let problem = format!("unknown key `{}`, written in quotes", name.escape_debug());
            self.faults.push(Fault { origin, key: name.to_owned(), problem });
        } else {
            self.put(scope, name, value, origin);
        }
    }

    fn put(&mut self, scope: &mut Scope, key: &str, value: &DeValue<'_>, origin: Origin) {
        let surroundings = self.source.surroundings;
        let spot = Spot { origin, home: surroundings.home.as_deref(), folder: self.source.path.parent() };
        if let Err(fault) = scope.assign(key, Given::Toml(value), &spot) {
            self.faults.push(fault);
        }
    }

    fn wrong(&mut self, key: &str, given: Given<'_>, wanted: &str, origin: Origin) {
        let problem = format!("{key} {}", given.wrong(wanted));
        self.faults.push(Fault { origin, key: key.to_owned(), problem });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
