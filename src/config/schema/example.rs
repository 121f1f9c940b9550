//! The example file, `config.example.toml`: every key with what it is for.

use super::{Group, KEYS, Key, SECRETS};

/// The source that stands in the example file; the others are named beside it.
const SECRET_SHOWN: &str = SECRETS[0];

/// The example file: every key, explained and commented out.
pub fn example() -> String {
    let mut text = String::from(
        "# The settings of whippet. Its place is ~/.config/whippet/config.toml ($XDG_CONFIG_HOME counts);\n\
         # /etc/whippet/config.toml is read before it and may hold the same. Every key may be left out.\n\
         #\n\
         # Strongest first: flags, environment variables, this file, the system's file, built-in values.\n\
         # `whippet config show` tells what holds and where it was said.\n",
    );
    let mut group = None;
    for key in KEYS.iter().filter(|key| key.name == SECRET_SHOWN || !SECRETS.contains(&key.name)) {
        if group != Some(key.group) {
            group = Some(key.group);
            text.push_str(&format!("\n# ---- {} ----\n", key.group.title()));
            if key.group == Group::Queue {
                text.push_str(
                    "\n# All profiles share one spool: what begins with spool. cannot stand in a profile. It may be written as a table\n\
                     # [spool] too, behind the keys that stand in none.\n",
                );
            }
            if key.group == Group::Time {
                text.push_str(
                    "\n# Each is \"30s\", \"5m\" or a number of seconds, at most what RFC 5321 4.5.3.2 gives;\n\
                     # one time for all of them is written timeouts = \"30s\".\n",
                );
            }
        }
        text.push_str(&entry(key));
    }
    text.push_str(
        "\n# ---- Several profiles ----\n\
         \n\
         # Without profiles, all of the above is the one profile there is. With them it is what all of them share,\n\
         # except for login, protocol, port and tls, which stay with the host that stands beside them.\n\
         # --profile NAME chooses, then WHIPPET_PROFILE, then the address of --from, then `default`.\n\
         # default = \"work\"\n\
         \n\
         # [profiles.work]\n\
         # host = \"smtp.work.example\"\n\
         # port = 587\n\
         # tls = \"starttls\"\n\
         # username = \"me\"\n\
         # password_file = \"~/.config/whippet/work-password\"\n\
         # from = \"me@work.example\"\n",
    );
    text
}

/// One key of the example file: what it is for, its type, its built-in value, and a line to be uncommented.
fn entry(key: &Key) -> String {
    let built_in =
        if key.default.is_empty() { String::new() } else { format!(" Built-in: {}.", key.default) };
    let mut text = format!("\n{}# Type: {}.{built_in}\n", comment(key.doc), key.kind);
    if key.name == SECRET_SHOWN {
        text.push_str("# The password has one source. Instead of this one it may be one of these:\n");
        for other in KEYS.iter().filter(|other| other.name != key.name && SECRETS.contains(&other.name)) {
            text.push_str(&format!("#   {} = {}\n#     {}\n", other.name, other.example, other.doc));
        }
    }
    text.push_str(&format!("# {} = {}\n", key.name, key.example));
    text
}

/// A text as lines of comment that fit.
fn comment(text: &str) -> String {
    const WIDTH: usize = 118;
    let mut lines = String::from("#");
    let mut column = 1;
    for word in text.split(' ') {
        if column + 1 + word.len() > WIDTH {
            lines.push_str("\n#");
            column = 1;
        }
        lines.push(' ');
        lines.push_str(word);
        column += 1 + word.len();
    }
    lines + "\n"
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(in crate::config) mod tests {
    use super::*;

    /// The example with the comments of its values removed.
    pub(in crate::config) fn uncommented() -> String {
        let is_value = |rest: &str| {
            rest.starts_with("[profiles.")
                || rest.split_once(" = ").is_some_and(|(key, _)| {
                    key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.')
                })
        };
        let bare = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if is_value(rest) => rest.to_owned() + "\n",
            _ => line.to_owned() + "\n",
        };
        example().lines().map(bare).collect()
    }

    #[test]
    fn the_example_file_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.toml");
        let file = std::fs::read_to_string(path).unwrap();
        assert_eq!(file, example(), "config.example.toml is to be made anew");
    }

    #[test]
    fn the_example_says_nothing_by_itself_and_everything_uncommented() {
        assert!(toml::de::DeTable::parse(&example()).unwrap().get_ref().is_empty());
        let bare = uncommented();
        for key in KEYS.iter().filter(|key| !SECRETS[1..].contains(&key.name)) {
            assert!(bare.contains(&format!("\n{} = {}\n", key.name, key.example)), "{}", key.name);
        }
        for name in SECRETS {
            assert!(example().contains(&format!("{name} = ")), "{name}");
        }
        assert!(example().lines().all(|line| line.chars().count() <= 120));
    }
}
