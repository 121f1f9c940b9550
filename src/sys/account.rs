//! Who runs the program, and on which machine: what a From without a profile is made of.

use std::fs;
use std::path::PathBuf;

/// The user as the system's table names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The login name.
    pub name: String,
    /// The person's name: the first item of the GECOS field, `&` standing for the login name.
    pub person: Option<String>,
    /// The home folder.
    pub home: Option<PathBuf>,
}

impl Account {
    /// Looks the effective user up in `/etc/passwd`. Users of other directories are not found.
    pub fn ours() -> Option<Self> {
        Account::of(rustix::process::geteuid().as_raw())
    }

    /// Looks a user up there.
    pub fn of(uid: u32) -> Option<Self> {
        let uid = uid.to_string();
        let table = fs::read("/etc/passwd").ok()?;
        // Names need not be UTF-8; one that is not hides nobody.
        table.split(|&octet| octet == b'\n').find_map(|line| Self::read(&String::from_utf8_lossy(line), &uid))
    }

    fn read(line: &str, uid: &str) -> Option<Self> {
        let items: Vec<&str> = line.split(':').collect();
        let (&name, &id, &gecos) = (items.first()?, items.get(2)?, items.get(4)?);
        if id != uid || name.is_empty() {
            return None;
        }
        let mut letters = name.chars();
        let capital: String =
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        let person = gecos.split(',').next().unwrap_or_default().replace('&', &capital);
        let is_text = !person.trim().is_empty() && !person.chars().any(char::is_control);
        let home = items.get(5).filter(|home| home.starts_with('/')).map(PathBuf::from);
        Some(Account { name: name.to_owned(), person: is_text.then_some(person), home })
    }
}

/// The machine's name as the system has it, a hyphen for each letter that a host name may not have; `localhost` if that
/// leaves none.
pub fn machine_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let good = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let name: String = name.chars().map(|c| if good(c) { c } else { '-' }).collect();
    let name = name.trim_matches(['.', '-']);
    if name.is_empty() { "localhost".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_table() {
        let account = Account::read("dan:x:1000:1000:& Smith,Room 1:/home/dan:/bin/sh", "1000").unwrap();
        assert_eq!((account.name.as_str(), account.person.as_deref()), ("dan", Some("Dan Smith")));
        assert_eq!(account.home.as_deref(), Some(std::path::Path::new("/home/dan")));
        let account = Account::read("dan:x:1000:1000:::/bin/sh", "1000").unwrap();
        assert_eq!((account.person, account.home), (None, None));
        let accented = Account::read("élise:x:1000:1000:& B:/:/bin/sh", "1000").unwrap();
        assert_eq!(accented.person.as_deref(), Some("Élise B"));
        for line in ["dan:x:1001:1001::/:/bin/sh", "", "dan:x", ":x:1000:1::/:/bin/sh"] {
            assert_eq!(Account::read(line, "1000"), None, "{line}");
        }
    }

    #[test]
    fn the_machine_has_a_name() {
        assert!(!machine_name().is_empty());
    }
}
