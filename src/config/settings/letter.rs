//! What every mail gets: aliases, fields, recipients of copies, a signature.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Settings;
use super::rows::show;
use crate::config::layer::Spot;
use crate::config::surroundings::distrust;
use crate::config::value::{self, Given, Reading};
use crate::config::{ConfigError, Fault, Layer, Origin, Setting, Surroundings, error};
use crate::mail::{Aliases, WarningKind, parse_list};
use crate::sys::is_shortage;

/// Longest alias file, octets: 16 MiB hold some 300,000 names.
const LONGEST: u64 = 16 * 1024 * 1024;

/// What every mail gets. An empty list is one that takes back what a weaker place says.
#[derive(Debug, Clone, Default)]
pub struct Letter {
    /// Where aliases are, the strongest last.
    pub aliases: Vec<Setting<AliasPlace>>,
    /// Fields to add, `Name: value`.
    pub default_headers: Option<Setting<Vec<String>>>,
    /// An address list for Cc; its bare words may be aliases.
    pub default_cc: Option<Setting<String>>,
    /// The same for blind copies.
    pub default_bcc: Option<Setting<String>>,
    /// The file that stands under the text.
    pub signature: Option<Setting<Option<PathBuf>>>,
    /// Whether the line `-- ` stands above it.
    pub signature_dashes: Option<Setting<bool>>,
    /// What made the mail (RFC 3834 5); empty for nothing to say.
    pub auto_submitted: Option<Setting<String>>,
    /// Warnings that are not wanted.
    pub silent_warnings: Option<Setting<Vec<WarningKind>>>,
    /// Whether the text is wrapped so that readers flow it (RFC 3676).
    pub text_flowed: Option<Setting<bool>>,
    /// Whether the aliases of weaker places do not hold.
    forgets_aliases: bool,
}

/// Where aliases are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AliasPlace {
    /// In a file, in the form of mutt or of aliases(5).
    File(PathBuf),
    /// Here: a name and an address list.
    Here(String, String),
}

impl Letter {
    /// The keys that it takes.
    pub(in crate::config) const KEYS: [&'static str; 9] = [
        "auto_submitted",
        "aliases",
        "default_headers",
        "default_cc",
        "default_bcc",
        "signature",
        "signature_dashes",
        "silent_warnings",
        "text_flowed",
    ];

    /// Takes one key of [`Letter::KEYS`].
    pub(in crate::config) fn assign(&mut self, key: &str, given: Given<'_>, spot: &Spot<'_>) -> Reading<()> {
        fn put<T>(slot: &mut Option<Setting<T>>, value: T, spot: &Spot<'_>) {
            *slot = Some(Setting { value, origin: spot.origin.clone() });
        }
        let file = |text: &str| value::path(Given::Text(text), spot.home, spot.folder);
        match key {
            "aliases" => {
                let paths = given.strings("the name of a file, a list of them, or a table [aliases]")?;
                let paths: Vec<&str> = paths.into_iter().filter(|path| !path.is_empty()).collect();
                if paths.is_empty() {
                    (self.aliases, self.forgets_aliases) = (Vec::new(), true);
                }
                for path in paths {
                    let value = AliasPlace::File(file(path)?);
                    self.aliases.push(Setting { value, origin: spot.origin.clone() });
                }
            }
            "default_headers" => put(&mut self.default_headers, fields(given)?, spot),
            "default_cc" => put(&mut self.default_cc, list(given)?, spot),
            "default_bcc" => put(&mut self.default_bcc, list(given)?, spot),
            "signature" => {
                let text = given.string("the name of a file")?;
                let path = if text.is_empty() { None } else { Some(file(text)?) };
                put(&mut self.signature, path, spot);
            }
            "auto_submitted" => put(&mut self.auto_submitted, value::auto_submitted(given)?, spot),
            "silent_warnings" => put(&mut self.silent_warnings, value::warnings(given)?, spot),
            "text_flowed" => put(&mut self.text_flowed, value::boolean(given)?, spot),
            _ => put(&mut self.signature_dashes, value::boolean(given)?, spot),
        }
        Ok(())
    }

    /// Takes one alias of the table `[aliases]`.
    pub(in crate::config) fn assign_alias(
        &mut self,
        name: &str,
        given: Given<'_>,
        origin: &Origin,
    ) -> Result<(), Fault> {
        let key = format!("aliases.{}", name.escape_debug());
        let fault = |reason: String| Fault {
            origin: origin.clone(),
            key: key.clone(),
            problem: format!("{key} {reason}"),
        };
        let lists = given.strings("an address list, or a list of addresses").map_err(fault)?;
        let list = lists.join(", ");
        // Here the name and its list are checked, and nothing is kept of it.
        Aliases::default().insert(name, &list, String::new()).map_err(fault)?;
        let value = AliasPlace::Here(name.to_owned(), list);
        self.aliases.push(Setting { value, origin: origin.clone() });
        Ok(())
    }

    /// Lays `above` over this: what it says wins. Aliases are added.
    pub(in crate::config) fn overlay(&mut self, above: Letter) {
        fn lay<T>(below: &mut Option<T>, above: Option<T>) {
            if above.is_some() {
                *below = above;
            }
        }
        if above.forgets_aliases {
            self.aliases.clear();
        }
        self.aliases.extend(above.aliases);
        self.forgets_aliases |= above.forgets_aliases;
        lay(&mut self.default_headers, above.default_headers);
        lay(&mut self.default_cc, above.default_cc);
        lay(&mut self.default_bcc, above.default_bcc);
        lay(&mut self.signature, above.signature);
        lay(&mut self.signature_dashes, above.signature_dashes);
        lay(&mut self.auto_submitted, above.auto_submitted);
        lay(&mut self.silent_warnings, above.silent_warnings);
        lay(&mut self.text_flowed, above.text_flowed);
    }

    /// Whether warnings of this kind are not wanted.
    pub fn is_silent(&self, kind: WarningKind) -> bool {
        self.silent_warnings.as_ref().is_some_and(|kinds| kinds.value.contains(&kind))
    }

    /// The value and the place of one key; an empty value is none.
    pub(super) fn row(&self, key: &str) -> Option<(String, String)> {
        let text = |setting: &Option<Setting<String>>| setting.as_ref().map(|s| show(s, String::clone));
        let row = match key {
            "aliases" => {
                let last = self.aliases.last()?;
                let names = self.aliases.iter().map(|place| match &place.value {
                    AliasPlace::File(path) => path.display().to_string(),
                    AliasPlace::Here(name, _) => name.clone(),
                });
                Some((names.collect::<Vec<_>>().join(", "), last.origin.to_string()))
            }
            "default_headers" => self.default_headers.as_ref().map(|s| show(s, |all| all.join(" | "))),
            "default_cc" => text(&self.default_cc),
            "default_bcc" => text(&self.default_bcc),
            "auto_submitted" => text(&self.auto_submitted),
            "signature" => self.signature.as_ref().map(|s| {
                show(s, |path| path.as_deref().map_or_else(String::new, |path| path.display().to_string()))
            }),
            "silent_warnings" => self
                .silent_warnings
                .as_ref()
                .map(|s| show(s, |all| all.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", "))),
            "text_flowed" => {
                let built_in = Setting::built_in(false);
                Some(show(self.text_flowed.as_ref().unwrap_or(&built_in), bool::to_string))
            }
            _ => {
                let built_in = Setting::built_in(true);
                Some(show(self.signature_dashes.as_ref().unwrap_or(&built_in), bool::to_string))
            }
        };
        row.filter(|(value, _)| !value.is_empty())
    }
}

impl Settings {
    /// Reads the aliases from where they are; a place that is said later is stronger.
    pub fn read_aliases(&self, surroundings: &Surroundings) -> Result<Aliases, ConfigError> {
        let mut aliases = Aliases::default();
        for Setting { value: place, origin } in &self.letter.aliases {
            match place {
                AliasPlace::File(path) => read_file(path, origin, surroundings, &mut aliases)?,
                AliasPlace::Here(name, list) => {
                    let added = aliases.insert(name, list, origin.to_string());
                    added.map_err(|reason| fault(origin, format!("aliases.{name} {reason}")))?;
                }
            }
        }
        Ok(aliases)
    }
}

/// Adds what an alias file says. It must be there, and not be in the hands of somebody else: it says where mail goes.
fn read_file(
    path: &Path,
    origin: &Origin,
    surroundings: &Surroundings,
    aliases: &mut Aliases,
) -> Result<(), ConfigError> {
    let shown = surroundings.shown(path);
    let unreadable = |error: std::io::Error| match is_shortage(&error) {
        true => ConfigError::unreadable(shown.clone(), &error),
        false => fault(origin, format!("aliases: cannot read {shown}: {}", error::reason(&error))),
    };
    let file = File::open(path).map_err(unreadable)?;
    let facts = file.metadata().map_err(unreadable)?;
    if let Some(reason) = distrust(facts.uid(), facts.mode(), surroundings.user, path) {
        return Err(ConfigError::Untrusted { path: shown, reason });
    }
    let mut octets = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut octets).map_err(unreadable)?;
    if octets.len() as u64 > LONGEST {
        return Err(fault(origin, format!("aliases: {shown} is longer than 16 MiB")));
    }
    let line = |line: usize, problem: String| {
        let path = shown.clone();
        let origin = match origin.layer() {
            Layer::SystemFile => Origin::SystemFile { path, line },
            _ => Origin::UserFile { path, line },
        };
        Fault { origin, key: "aliases".to_owned(), problem }
    };
    let text = String::from_utf8(octets).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let number = 1 + good.iter().filter(|octet| **octet == b'\n').count();
        ConfigError::Faults(vec![line(number, "this is not UTF-8".to_owned())])
    })?;
    let bad = aliases.read(&text, &shown);
    let faults: Vec<Fault> = bad.into_iter().map(|bad| line(bad.line, bad.problem)).collect();
    if faults.is_empty() { Ok(()) } else { Err(ConfigError::Faults(faults)) }
}

fn fault(origin: &Origin, problem: String) -> ConfigError {
    ConfigError::Faults(vec![Fault { origin: origin.clone(), key: "aliases".to_owned(), problem }])
}

/// An address list, or none; a bare word in it may be an alias.
fn list(given: Given<'_>) -> Reading<String> {
    let text = given.strings("an address list, or a list of addresses")?.join(", ");
    match parse_list(&text, Some("example.org")) {
        Ok(items) if items.is_empty() => Ok(String::new()),
        Ok(_) => Ok(text),
        Err(error) => Err(format!("is wrong: {error}")),
    }
}

/// Fields; which of them may be added is judged where `--header` is.
fn fields(given: Given<'_>) -> Reading<Vec<String>> {
    let wanted = "a list of fields, each as \"Name: value\"";
    let fields = given.strings(wanted)?.into_iter().filter(|field| !field.is_empty());
    fields
        .map(|field| match field.contains(':') {
            true => Ok(field.to_owned()),
            false => Err(format!("must be {wanted}; `{field}` has no colon")),
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::layer::Scope;
    use crate::config::surroundings::tests::sealed;

    fn scope(pairs: &[(&str, &str)]) -> Scope {
        let mut scope = Scope::default();
        for (key, text) in pairs {
            let spot = Spot {
                origin: Origin::Flag(format!("--set {key}")),
                home: None,
                folder: Some(Path::new("/c")),
            };
            scope.assign(key, Given::Text(text), &spot).unwrap();
        }
        scope
    }

    /// What holds of a key where the second lies over the first.
    fn over(below: &[(&str, &str)], above: &[(&str, &str)], key: &str) -> Option<String> {
        let mut scope = scope(below);
        scope.overlay(self::scope(above));
        Settings::settle(scope, None, Vec::new()).unwrap().row(key).unwrap().value
    }

    #[test]
    fn aliases_are_added_and_the_rest_is_replaced() {
        let value = |text: &str| Some(text.to_owned());
        let below =
            [("aliases", "a"), ("default_cc", "a@x"), ("default_headers", "A: b"), ("signature", "s")];
        assert_eq!(over(&below, &[("aliases", "/b")], "aliases"), value("/c/a, /b"));
        assert_eq!(over(&below, &[("aliases", "")], "aliases"), None);
        assert_eq!(over(&below, &[("aliases", ""), ("aliases", "b")], "aliases"), value("/c/b"));
        assert_eq!(over(&below, &[("default_cc", "b@x, team")], "default_cc"), value("b@x, team"));
        for key in ["default_cc", "default_headers", "signature"] {
            assert_eq!(over(&below, &[(key, "")], key), None);
            assert!(over(&below, &[], key).is_some());
        }
        assert_eq!(over(&[], &[], "signature_dashes"), value("true"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (key, text, problem) in [
            ("default_cc", "a@x b@x", "default_cc is wrong: `a@x b@x` is not an address"),
            ("default_headers", "no colon", "must be a list of fields"),
            ("signature_dashes", "maybe", "must be true or false"),
            ("aliases", "~me/a", "may begin with ~/"),
        ] {
            let spot = Spot { origin: Origin::BuiltIn, home: None, folder: None };
            let fault = Scope::default().assign(key, Given::Text(text), &spot).unwrap_err();
            assert!(fault.problem.contains(problem), "{fault}");
        }
    }

    #[test]
    fn the_files_are_read_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let surroundings = sealed(folder.path(), &[]);
        let file = |name: &str, octets: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, octets).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let read = |paths: &[&str]| {
            let pairs: Vec<_> = paths.iter().map(|path| ("aliases", *path)).collect();
            Settings::settle(scope(&pairs), None, Vec::new()).unwrap().read_aliases(&surroundings)
        };
        let one = file("one", b"a: one@x\nb: one@x\n");
        let two = file("two", b"alias b two@x\n");
        let aliases = read(&[&one, &two]).unwrap();
        let whom = |name: &str| aliases.expansion().named(name).unwrap()[0].to_string();
        assert_eq!((whom("a"), whom("b")), ("one@x".to_owned(), "two@x".to_owned()));
        let error = |path: &str| read(&[path]).unwrap_err().to_string();
        let bad = file("bad", b"a: b@x\nset x\n\xff: y\n");
        assert_eq!(error(&bad), format!("{bad}:3: this is not UTF-8"));
        let bad = file("bad", b"a: b@x\nset x\n");
        assert!(error(&bad).starts_with(&format!("{bad}:2: `set x` is neither")), "{}", error(&bad));
        let gone = folder.path().join("gone");
        let gone = gone.to_str().unwrap();
        assert_eq!(error(gone), format!("--set aliases: aliases: cannot read {gone}: there is no such file"));
        let open = file("open", b"a: b@x\n");
        std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
        assert!(error(&open).contains("every user can write to it"), "{}", error(&open));
    }
}
