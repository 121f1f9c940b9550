//! Walks the words once, by mutt's rules, and writes them down again so that they can be read in one way only.
//!
//! The rules are those of getopt: `-sSUBJ`, clusters, options behind recipients, values that begin with `-`.
//! What getopt does not know is the list of `-a`: every later word up to the next option or to `--` is a file.
//! The table of options is clap's; this file adds none.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::{Arg, Command};

use crate::cli::usage::{UsageError, refuse_letter, refuse_long, shown};

/// What a walk ends with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Walked {
    /// The words for clap, the program's name first: options as `--name=VALUE` or `-x VALUE`, then `--`, then
    /// the recipients.
    Argv(Vec<OsString>),
    /// Help was asked for; words behind it do not count.
    Help {
        /// All of it.
        long: bool,
    },
}

/// Walks `words`, which do not hold the program's name.
pub(super) fn walk(words: &[OsString], command: &Command) -> Result<Walked, UsageError> {
    let mut walker =
        Walker { command, words: words.iter(), list: false, options: Vec::new(), recipients: Vec::new() };
    while let Some(word) = walker.words.next() {
        match word.as_bytes() {
            b"--" => {
                walker.recipients.extend(walker.words.by_ref().cloned());
            }
            b"--help" => return Ok(Walked::Help { long: true }),
            [b'-', b'-', name @ ..] => walker.long(name)?,
            b"-" if walker.list => walker.attach(word),
            b"-" => {
                return Err(UsageError::usage("`-` is no recipient").with_hint(
                    "standard input is attached with `-a -`; to write to `-` put `--` before it",
                ));
            }
            [b'-', cluster @ ..] => {
                if walker.cluster(cluster)? {
                    return Ok(Walked::Help { long: false });
                }
            }
            _ if walker.list => walker.attach(word),
            _ => walker.recipients.push(word.clone()),
        }
    }
    let name = [OsString::from("whippet")].into_iter();
    let end = [OsString::from("--")].into_iter();
    Ok(Walked::Argv(name.chain(walker.options).chain(end).chain(walker.recipients).collect()))
}

struct Walker<'a> {
    command: &'a Command,
    words: std::slice::Iter<'a, OsString>,
    /// Whether plain words are files of an `-a`.
    list: bool,
    options: Vec<OsString>,
    recipients: Vec<OsString>,
}

impl Walker<'_> {
    /// Reads a word `--name` or `--name=VALUE`, given without its dashes.
    fn long(&mut self, word: &[u8]) -> Result<(), UsageError> {
        self.list = false;
        let mut halves = word.splitn(2, |octet| *octet == b'=');
        let name = String::from_utf8_lossy(halves.next().unwrap_or_default()).into_owned();
        let value = halves.next().map(|value| OsString::from_vec(value.to_vec()));
        let Some(option) = self.command.get_arguments().find(|arg| is_called(arg, &name)) else {
            if let Some(error) = refuse_long(&name) {
                return Err(error);
            }
            // clap knows which option is meant. The value may be a secret and stays here.
            self.options.push(OsString::from(format!("--{name}")));
            return Ok(());
        };
        let value = match (takes_value(option), value) {
            (false, Some(_)) => return Err(UsageError::usage(format!("--{name} takes no value"))),
            // The next word is a recipient: such a value stands behind an equals sign.
            (true, None) if option.is_require_equals_set() => None,
            (true, None) => {
                Some(self.words.next().cloned().ok_or_else(|| needs_value(&format!("--{name}")))?)
            }
            (_, value) => value,
        };
        self.write(option, value);
        Ok(())
    }

    /// Reads a cluster of letters, given without its dash; `true` if `-h` is among them.
    fn cluster(&mut self, cluster: &[u8]) -> Result<bool, UsageError> {
        self.list = false;
        let mut rest = cluster;
        while let Some((&letter, behind)) = rest.split_first() {
            let is_letter =
                |arg: &&Arg| arg.get_short().is_some_and(|short| short as u32 == u32::from(letter));
            let Some(option) = self.command.get_arguments().find(is_letter) else {
                let text = shown(OsStr::from_bytes(rest));
                return Err(refuse_letter(&text.chars().take(1).collect::<String>()));
            };
            if letter == b'h' {
                return Ok(true);
            }
            if !takes_value(option) {
                self.write(option, None);
                rest = behind;
                continue;
            }
            let value = match behind {
                [] => self.words.next().cloned(),
                glued => Some(OsString::from_vec(glued.to_vec())),
            };
            if letter == b'a' {
                let is_file = |value: &OsString| !behind.is_empty() || value != "--";
                let file = value.filter(is_file).ok_or_else(no_file)?;
                self.attach(&file);
                self.list = true;
            } else {
                let value = value.ok_or_else(|| needs_value(&format!("-{}", char::from(letter))))?;
                self.write(option, Some(value));
            }
            break;
        }
        Ok(false)
    }

    /// Writes a file of an `-a` down.
    fn attach(&mut self, file: &OsStr) {
        self.options.extend([OsString::from("-a"), file.to_owned()]);
    }

    /// Writes an option down.
    fn write(&mut self, option: &Arg, value: Option<OsString>) {
        match (option.get_long(), option.get_short()) {
            (Some(long), _) => {
                let mut word = OsString::from(format!("--{long}"));
                if let Some(value) = value {
                    word.push("=");
                    word.push(value);
                }
                self.options.push(word);
            }
            (None, Some(short)) => {
                self.options.push(OsString::from(format!("-{short}")));
                self.options.extend(value);
            }
            (None, None) => {}
        }
    }
}

fn no_file() -> UsageError {
    UsageError::usage("no file follows -a")
        .with_hint("whippet -s 'The logs' -a syslog auth.log -- you@example.org < letter.txt")
}

/// Whether this is a long name of the option.
fn is_called(option: &Arg, name: &str) -> bool {
    option.get_long() == Some(name) || option.get_all_aliases().is_some_and(|names| names.contains(&name))
}

fn takes_value(option: &Arg) -> bool {
    option.get_action().takes_values()
}

fn needs_value(option: &str) -> UsageError {
    UsageError::usage(format!("{option} needs a value"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::SendArgs;

    fn walked(words: &[&str]) -> Result<String, UsageError> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        match walk(&words, &SendArgs::command())? {
            Walked::Argv(argv) => {
                Ok(argv[1..].iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join("|"))
            }
            Walked::Help { long } => Ok(format!("help {long}")),
        }
    }

    #[test]
    fn the_rules_of_getopt() {
        for (words, written) in [
            (&["-sSUBJ", "r"][..], "--subject=SUBJ|--|r"),
            (&["-s", "SUBJ", "r"], "--subject=SUBJ|--|r"),
            (&["r", "-s", "SUBJ"], "--subject=SUBJ|--|r"),
            (&["-s", "-x", "r"], "--subject=-x|--|r"),
            (&["-s", "--", "r"], "--subject=--|--|r"),
            (&["-s", "", "r"], "--subject=|--|r"),
            (&["-s=x", "r"], "--subject==x|--|r"),
            (&["-nx", "r"], "--no-system|-x|--|r"),
            (&["-nsSUBJ", "r"], "--no-system|--subject=SUBJ|--|r"),
            (&["-vv"], "--version|--version|--"),
            (&["--subject", "a", "--cc=b=c"], "--subject=a|--cc=b=c|--"),
            (&["--text", "f", "r"], "--body-file=f|--|r"),
            (&["--subject", "--json"], "--subject=--json|--"),
            (&["-d", "3", "-e", "set x", "-Q", "y"], "-d|3|-e|set x|-Q|y|--"),
            (&["--", "-s", "--", "-"], "--|-s|--|-"),
            (&["-nh", "--nonsense"], "help false"),
            (&["--help", "--nonsense"], "help true"),
            (&["-s", "-h", "r"], "--subject=-h|--|r"),
            (&["--sbuject=canary", "r"], "--sbuject|--|r"),
        ] {
            assert_eq!(walked(words).as_deref(), Ok(written), "{words:?}");
        }
    }

    #[test]
    fn the_list_of_a() {
        for (words, written) in [
            (&["-s", "s", "-a", "f1", "f2", "--", "r@x"][..], "--subject=s|-a|f1|-a|f2|--|r@x"),
            (&["-s", "subj", "r@x", "-a", "f1"], "--subject=subj|-a|f1|--|r@x"),
            (&["-s", "s", "r@x", "-a", "f1", "f2"], "--subject=s|-a|f1|-a|f2|--|r@x"),
            (&["-a", "f1", "-b", "b@x", "--", "r@x"], "-a|f1|--bcc=b@x|--|r@x"),
            (&["-a", "f1", "-s", "s", "r@x"], "-a|f1|--subject=s|--|r@x"),
            (&["-a", "f1", "-a", "f2", "--", "r@x"], "-a|f1|-a|f2|--|r@x"),
            (&["-a", "f1", "r@x"], "-a|f1|-a|r@x|--"),
            (&["r@x", "-a", "f1", "--", "q@x"], "-a|f1|--|r@x|q@x"),
            (&["-a", "-", "-s", "log.txt", "--", "r@x"], "-a|-|--subject=log.txt|--|r@x"),
            (&["-a", "f1", "-", "--", "r@x"], "-a|f1|-a|-|--|r@x"),
            (&["-s", "x", "--", "-a@x"], "--subject=x|--|-a@x"),
            (&["-s", "x", "--", "-"], "--subject=x|--|-"),
            (&["-a", "-s", "f2", "--", "r"], "-a|-s|-a|f2|--|r"),
            (&["-af1", "f2", "--json", "r"], "-a|f1|-a|f2|--json|--|r"),
            (&["-na", "f1", "f2"], "--no-system|-a|f1|-a|f2|--"),
            (&["-a=b", "--", "r"], "-a|=b|--|r"),
            (&["-a", "", "--", "r"], "-a||--|r"),
            (&["--attach", "f1", "r"], "--attach=f1|--|r"),
            (&["-a", "f1", "--attach=f2", "r"], "-a|f1|--attach=f2|--|r"),
        ] {
            assert_eq!(walked(words).as_deref(), Ok(written), "{words:?}");
        }
        for words in [&["-a"][..], &["-a", "--", "r@x"], &["r@x", "-a"], &["-na", "--"]] {
            assert_eq!(walked(words).unwrap_err().message, "no file follows -a", "{words:?}");
        }
        assert_eq!(walked(&["-"]).unwrap_err().message, "`-` is no recipient");
        assert_eq!(walked(&["-a", "f", "-n", "-"]).unwrap_err().message, "`-` is no recipient");
    }

    #[test]
    fn what_is_not_understood() {
        for (words, message) in [
            (&["-s"][..], "-s needs a value"),
            (&["--subject"], "--subject needs a value"),
            (&["--json=x"], "--json takes no value"),
            (&["-C"], "-C (sign or encrypt) is not in this version of whippet"),
            (&["--sign"], "--sign is not in this version of whippet"),
            (&["-p"], "-p: whippet keeps no postponed mail"),
            (&["-f"], "-f concerns mailboxes; whippet only sends"),
            (&["-y"], "-y concerns mailboxes; whippet only sends"),
            (&["-z"], "-z concerns mailboxes; whippet only sends"),
            (&["-Z"], "-Z concerns mailboxes; whippet only sends"),
            (&["-R"], "-R concerns mailboxes; whippet only sends"),
            (&["-m"], "-m concerns mailboxes; whippet only sends"),
            (&["-B"], "-B is an option of neomutt that whippet does not have"),
            (&["-G"], "-G is an option of neomutt that whippet does not have"),
            (&["-g"], "-g is an option of neomutt that whippet does not have"),
            (&["-l"], "-l is an option of neomutt that whippet does not have"),
            (&["-O"], "-O is an option of neomutt that whippet does not have"),
            (&["-S"], "-S is an option of neomutt that whippet does not have"),
            (&["-T"], "-T is an option of neomutt that whippet does not have"),
            (&["-W"], "unknown option -W"),
            (&["-é"], "unknown option -é"),
            (&["-né"], "unknown option -é"),
            (&["-\n"], "unknown option -\\"),
        ] {
            assert_eq!(walked(words).unwrap_err().message, message, "{words:?}");
        }
    }
}
