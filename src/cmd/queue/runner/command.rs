//! The command that runs the queue, as it stands in a unit or in a crontab.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::cli::Request;
use crate::cmd::{Exit, Failure, World};
use crate::config::quoted;

/// Variables that say where files are; a timer does not have those of the user's shell.
const PLACES: [&str; 2] = ["XDG_CONFIG_HOME", "XDG_STATE_HOME"];

/// The command. All of it is text without control characters.
pub(super) struct Command {
    variables: Vec<(&'static str, String)>,
    program: String,
    words: Vec<String>,
}

impl Command {
    /// The command that finds the same files as this request does in this world.
    pub(super) fn find(request: &Request, world: &World<'_>) -> Result<Command, Failure> {
        let mut variables = Vec::new();
        for name in PLACES {
            if let Some(place) = world.surroundings.variable(name).map(PathBuf::from)
                && place.is_absolute()
            {
                variables.push((name, text(place.as_os_str())?));
            }
        }
        let mut words = vec!["queue".to_owned(), "run".to_owned()];
        let named = request.config_file.clone();
        if let Some(file) = named.or_else(|| world.surroundings.variable("WHIPPET_CONFIG").map(PathBuf::from))
        {
            let file = std::path::absolute(&file).unwrap_or(file);
            words.extend(["--config".to_owned(), text(file.as_os_str())?]);
        }
        if request.no_system {
            words.push("--no-system".to_owned());
        }
        for (key, value) in &request.set {
            words.extend(["--set".to_owned(), text(OsStr::new(&format!("{key}={value}")))?]);
        }
        Ok(Command { variables, program: text(program(world)?.as_os_str())?, words })
    }

    /// As `/bin/sh` takes it.
    pub(super) fn for_shell(&self) -> String {
        let mut line: Vec<String> =
            self.variables.iter().map(|(name, value)| format!("{name}={}", word(value))).collect();
        line.push(word(&self.program));
        line.extend(self.words.iter().map(|text| word(text)));
        line.join(" ")
    }

    /// As a unit of systemd has it: the lines `Environment=` and `ExecStart=` (systemd.service(5)). `None` for a program
    /// that systemd starts by no name.
    pub(super) fn for_unit(&self) -> Option<String> {
        // The name of a program is taken as it is but for specifiers, and may have none of these.
        if self.program.contains(['"', '\'', '\\']) {
            return None;
        }
        let escaped = |text: &str| text.replace('\\', r"\\").replace('"', "\\\"").replace('%', "%%");
        let mut lines = String::new();
        for (name, value) in &self.variables {
            lines.push_str(&format!("Environment=\"{name}={}\"\n", escaped(value)));
        }
        lines.push_str(&format!("ExecStart=\"{}\"", escaped(&self.program)));
        for text in &self.words {
            let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-=".contains(c));
            let argument = if is_plain { text.clone() } else { format!("\"{}\"", escaped(text)) };
            lines.push_str(&format!(" {}", argument.replace('$', "$$")));
        }
        lines.push('\n');
        Some(lines)
    }
}

fn word(text: &str) -> String {
    quoted(Path::new(text))
}

/// The program's name on the search path, which stays when a link there leads to a newer version, or else its file.
fn program(world: &World<'_>) -> Result<PathBuf, Failure> {
    let ourselves = world.ourselves.as_deref().filter(|path| path.is_absolute());
    let Some(ourselves) = ourselves else {
        return Err(Failure::plain(Exit::OsErr, "it cannot be found out which file this program is"));
    };
    let path = world.surroundings.variable("PATH").unwrap_or_default();
    let is_ours =
        |path: &PathBuf| path.is_absolute() && path.canonicalize().is_ok_and(|path| path == ourselves);
    let named = std::env::split_paths(&path).map(|folder| folder.join("whippet")).find(is_ours);
    Ok(named.unwrap_or_else(|| ourselves.to_owned()))
}

/// A line of a file must not become two.
fn text(octets: &OsStr) -> Result<String, Failure> {
    match octets.to_str() {
        Some(text) if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => {
            let headline = format!("`{}` cannot stand in a unit or a crontab", octets.to_string_lossy());
            Err(Failure::plain(Exit::DataErr, headline))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn command(program: &str, words: &[&str]) -> Command {
        Command {
            variables: vec![("XDG_STATE_HOME", "/s \"%h\" $x".to_owned())],
            program: program.to_owned(),
            words: words.iter().map(|&word| word.to_owned()).collect(),
        }
    }

    #[test]
    fn nothing_in_it_is_more_than_a_word() {
        let command = command("/a b$c%d/whippet", &["queue", "--set", "spool.dir=/x $y \\ \"%n\" 'z'"]);
        assert_eq!(
            command.for_unit().unwrap(),
            "Environment=\"XDG_STATE_HOME=/s \\\"%%h\\\" $x\"\nExecStart=\"/a b$c%%d/whippet\" queue --set \
             \"spool.dir=/x $$y \\\\ \\\"%%n\\\" 'z'\"\n"
        );
        assert_eq!(
            command.for_shell(),
            "XDG_STATE_HOME='/s \"%h\" $x' '/a b$c%d/whippet' queue --set 'spool.dir=/x $y \\ \"%n\" '\\''z'\\'''"
        );
        for program in ["/a\"b", "/a'b", "/a\\b"] {
            assert_eq!(super::tests::command(program, &[]).for_unit(), None);
        }
    }

    #[test]
    fn what_would_be_two_lines_is_refused() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(text(OsStr::new("/é")).unwrap(), "/é");
        for octets in [&b"a\nb"[..], b"a\x1bb", b"\xff"] {
            assert_eq!(text(OsStr::from_bytes(octets)).unwrap_err().exit, Exit::DataErr);
        }
    }
}
