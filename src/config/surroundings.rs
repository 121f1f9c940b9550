//! The surroundings of one run: variables, home, the system's file, the user. Given as a value, so that a test sees
//! nothing of the machine. Also who may be trusted with a file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::sys::Account;

/// Gives the value of an environment variable.
pub type Variables = Box<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// What config knows of the machine.
pub struct Surroundings {
    /// The environment.
    pub variables: Variables,
    /// The user's home folder, if there is one.
    pub home: Option<PathBuf>,
    /// The file of the system layer.
    pub system_file: PathBuf,
    /// The effective user id.
    pub user: u32,
}

impl Surroundings {
    /// The machine's own, with the environment that the caller hands over.
    pub fn real(variables: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        Surroundings {
            variables: Box::new(variables),
            home: home(),
            system_file: PathBuf::from("/etc/whippet/config.toml"),
            user: rustix::process::geteuid().as_raw(),
        }
    }

    /// The value of an environment variable; an empty one counts as absent.
    pub fn variable(&self, name: &str) -> Option<OsString> {
        (self.variables)(name).filter(|value| !value.is_empty())
    }

    /// Where the user's settings of all programs are: `$XDG_CONFIG_HOME`, else `~/.config`. `None` without a home.
    pub fn config_home(&self) -> Option<PathBuf> {
        // A relative path is to be ignored (XDG Base Directory Specification).
        let given = self.variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        given.or_else(|| Some(self.home.as_ref()?.join(".config")))
    }

    /// Where the user's file is when no other is named: `$XDG_CONFIG_HOME/whippet/config.toml`, else
    /// `~/.config/whippet/config.toml`. `None` without a home.
    pub fn user_file(&self) -> Option<PathBuf> {
        Some(self.config_home()?.join("whippet").join("config.toml"))
    }

    /// Where the spool is when no other is named: `$XDG_STATE_HOME/whippet/spool`, else `~/.local/state/whippet/spool`.
    /// `None` without a home.
    pub fn spool_folder(&self) -> Option<PathBuf> {
        let given = self.variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let folder = given.or_else(|| Some(self.home.as_ref()?.join(".local/state")))?;
        Some(folder.join("whippet").join("spool"))
    }

    /// The path as a person reads it: with `~` for the home folder.
    pub fn shown(&self, path: &Path) -> String {
        match self.home.as_ref().and_then(|home| path.strip_prefix(home).ok()) {
            // A home of `/` (sudo) would turn every path into `~/…`.
            Some(rest) if self.home.as_deref() != Some(Path::new("/")) => format!("~/{}", rest.display()),
            _ => path.display().to_string(),
        }
    }
}

/// The user's home. sudo tells its mailer `/`, where nothing is to be written: then the system's table counts, as it does
/// without HOME.
fn home() -> Option<PathBuf> {
    let told = dirs::home_dir();
    match told.as_deref() == Some(Path::new("/")) {
        true => Account::ours().and_then(|account| account.home).or(told),
        false => told,
    }
}

/// Says why a file must not tell us where mail and passwords go; `None` if it may.
pub(super) fn distrust(owner: u32, mode: u32, us: u32, path: &Path) -> Option<String> {
    if owner != us && owner != 0 {
        return Some(format!("it belongs to user {owner}, neither to you nor to root"));
    }
    (mode & 0o002 != 0).then(|| format!("every user can write to it: chmod o-w {}", quoted(path)))
}

/// The path as a shell takes it.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@,:=%".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;
    use std::collections::HashMap;

    /// A sealed machine whose home and system file lie in `folder`.
    pub(in crate::config) fn sealed(folder: &Path, variables: &[(&str, &str)]) -> Surroundings {
        let variables: HashMap<String, OsString> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        Surroundings {
            variables: Box::new(move |name| variables.get(name).cloned()),
            home: Some(folder.join("home")),
            system_file: folder.join("etc/config.toml"),
            user: rustix::process::geteuid().as_raw(),
        }
    }

    #[test]
    fn places_of_the_user_file() {
        let at = |variables: &[(&str, &str)]| sealed(Path::new("/t"), variables).user_file();
        assert_eq!(at(&[]).as_deref(), Some(Path::new("/t/home/.config/whippet/config.toml")));
        let xdg = at(&[("XDG_CONFIG_HOME", "/x")]);
        assert_eq!(xdg.as_deref(), Some(Path::new("/x/whippet/config.toml")));
        assert_eq!(at(&[("XDG_CONFIG_HOME", "x")]), at(&[]));
        assert_eq!(at(&[("XDG_CONFIG_HOME", "")]), at(&[]));
        let homeless = Surroundings { home: None, ..sealed(Path::new("/t"), &[]) };
        assert_eq!(homeless.user_file(), None);
    }

    #[test]
    fn places_of_the_spool() {
        let at = |variables: &[(&str, &str)]| sealed(Path::new("/t"), variables).spool_folder();
        assert_eq!(at(&[]).as_deref(), Some(Path::new("/t/home/.local/state/whippet/spool")));
        let xdg = at(&[("XDG_STATE_HOME", "/x")]);
        assert_eq!(xdg.as_deref(), Some(Path::new("/x/whippet/spool")));
        assert_eq!(at(&[("XDG_STATE_HOME", "x")]), at(&[]));
        let homeless = Surroundings { home: None, ..sealed(Path::new("/t"), &[]) };
        assert_eq!(homeless.spool_folder(), None);
    }

    #[test]
    fn home_is_shown_as_a_tilde() {
        let surroundings = sealed(Path::new("/t"), &[]);
        assert_eq!(surroundings.shown(Path::new("/t/home/.config/x")), "~/.config/x");
        assert_eq!(surroundings.shown(Path::new("/t/homer/x")), "/t/homer/x");
        let root = Surroundings { home: Some("/".into()), ..surroundings };
        assert_eq!(root.shown(Path::new("/etc/x")), "/etc/x");
    }

    #[test]
    fn only_we_and_root_are_trusted() {
        let path = Path::new("/c");
        assert_eq!(distrust(7, 0o644, 7, path), None);
        assert_eq!(distrust(0, 0o664, 7, path), None);
        assert_eq!(distrust(8, 0o600, 7, path).unwrap(), "it belongs to user 8, neither to you nor to root");
        assert_eq!(distrust(7, 0o646, 7, path).unwrap(), "every user can write to it: chmod o-w /c");
    }

    #[test]
    fn paths_are_quoted_for_a_shell() {
        assert_eq!(quoted(Path::new("/a/b.toml")), "/a/b.toml");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
