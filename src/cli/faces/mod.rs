//! Which face: the name the program was called by, then, under its own name alone, the first word.

pub(super) mod flags;
mod getopt;
mod help;
pub(super) mod mailx;
pub(super) mod run;
pub(super) mod sendmail;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory, Parser};

use crate::cli::args::{ProfileArgs, verbs};
use crate::cli::request::Request;
use crate::cli::usage::{UsageError, printable};
use crate::cli::{assemble, version};

/// First words that are reserved and not in this version.
const NOT_YET: [&str; 6] = ["check", "serve", "merge", "init", "providers", "secret"];

/// What the words that follow are words of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// One mail, mutt's options.
    Mutt,
    /// One mail, its message on standard input: sendmail's options.
    Sendmail,
    /// One mail, the options of mail and mailx.
    Mail,
    /// `mailq`: `whippet queue list`.
    Mailq,
    /// `newaliases`: `sendmail -bi`.
    Newaliases,
    /// `whippet config`.
    Config,
    /// `whippet generate`.
    Generate,
    /// `whippet queue`.
    Queue,
    /// `whippet run`.
    Run,
}

/// The face of a program's name, if it has one.
fn of_name(name: &str) -> Option<Face> {
    Some(match name {
        "mutt" | "neomutt" => Face::Mutt,
        "sendmail" => Face::Sendmail,
        "mailq" => Face::Mailq,
        "newaliases" => Face::Newaliases,
        "mail" | "mailx" | "Mail" | "nail" | "s-nail" | "bsd-mailx" | "heirloom-mailx" => Face::Mail,
        _ => return None,
    })
}

/// The face that the first word of `whippet` chooses.
fn of_word(word: &str) -> Option<Face> {
    Some(match word {
        "send" => Face::Mutt,
        "config" => Face::Config,
        "generate" => Face::Generate,
        "queue" => Face::Queue,
        "run" => Face::Run,
        "sendmail" => Face::Sendmail,
        "mailq" => Face::Mailq,
        "newaliases" => Face::Newaliases,
        "mail" | "mailx" => Face::Mail,
        _ => return None,
    })
}

/// Chooses the face; gives the words that are left for it.
pub(super) fn choose(argv: &[OsString]) -> Result<(Face, &[OsString]), UsageError> {
    let (name, words) = match argv {
        [] => ("", argv),
        [name, words @ ..] => (base_name(name), words),
    };
    if let Some(face) = of_name(name) {
        return Ok((face, words));
    }
    let Some((first, rest)) = words.split_first() else { return Ok((Face::Mutt, words)) };
    let first = first.to_str().unwrap_or_default();
    match of_word(first) {
        Some(face) => Ok((face, rest)),
        None if NOT_YET.contains(&first) => Err(UsageError::usage(format!(
            "`{first}` is not in this version of whippet; to write to a recipient of that name put `--` before it"
        ))),
        None => Ok((Face::Mutt, words)),
    }
}

/// Refuses a verb that stands behind options, where nobody writes to two recipients of such names: `whippet -n queue list`.
pub(super) fn refuse_late_verb(argv: &[OsString], recipients: &[String]) -> Result<(), UsageError> {
    let [verb, what, ..] = recipients else { return Ok(()) };
    let (name, first) = (argv.first(), argv.get(1).and_then(|word| word.to_str()));
    let is_mutt = name.is_some_and(|name| of_name(base_name(name)).is_some());
    let is_meant =
        first.is_some_and(|first| of_word(first).is_some()) || argv.iter().any(|word| word == "--");
    // The tables of the verbs are made only where one is named.
    let is_verb = matches!(of_word(verb), Some(Face::Config | Face::Generate | Face::Queue));
    if is_mutt
        || is_meant
        || !is_verb
        || !verbs().iter().any(|known| known.get_name() == verb && known.find_subcommand(what).is_some())
    {
        return Ok(());
    }
    Err(UsageError::usage(format!(
        "`{verb} {what}` stands behind options: say `whippet {verb} {what} ...`; to write to recipients of these names put `--` \
         before them"
    )))
}

/// whippet's own options before those of another program.
#[derive(Debug, Parser)]
#[command(disable_version_flag = true, args_override_self = true)]
struct OwnArgs {
    #[command(flatten)]
    profile: ProfileArgs,
    /// Check everything, print the mail, send nothing
    #[arg(long)]
    dry_run: bool,
    /// Hand over to a server made for this run
    #[arg(long)]
    sandbox: bool,
    /// Report in JSON on standard output
    #[arg(long, conflicts_with = "dry_run")]
    json: bool,
    /// Print the version
    #[arg(long)]
    version: bool,
}

/// whippet's own options, as a table.
pub(super) fn own_command() -> Command {
    OwnArgs::command().disable_help_flag(true)
}

/// Reads whippet's own options, which stand before all of `program`: what a web form adds to the end of a command line
/// chooses no profile. Gives the words behind them; the inner error is a text that was asked for.
pub(super) fn own_options<'w>(
    program: &str,
    words: &'w [OsString],
    request: &mut Request,
) -> Result<Result<&'w [OsString], String>, UsageError> {
    let count = own_words(words);
    if count == 0 {
        return Ok(Ok(words));
    }
    let (own, rest) = words.split_at(count);
    let argv = std::iter::once(OsString::from(program)).chain(own.iter().cloned());
    let args = match OwnArgs::try_parse_from(argv) {
        Ok(args) => args,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return Ok(Err(if program == "sendmail" { help::sendmail() } else { help::mail() }));
        }
        Err(error) => {
            let usage = format!(
                "usage: {program} [--profile NAME] [--config FILE] ...; man whippet-{}",
                page(program)
            );
            return Err(UsageError::reword(&error).with_hint(usage));
        }
    };
    if args.version {
        return Ok(Err(version(false)));
    }
    (request.dry_run, request.sandbox, request.json) = (args.dry_run, args.sandbox, args.json);
    assemble::profile(args.profile, request)?;
    Ok(Ok(rest))
}

/// The error for a long option that the words of `call` do not have, or not behind others.
pub(super) fn unknown_long(call: &str, name: &str) -> UsageError {
    let error = UsageError::usage(format!("unknown option --{}", printable(name)));
    let command = own_command();
    let Some(own) = command.get_arguments().find(|own| own.get_long() == Some(name)) else { return error };
    let (program, rest) = call.split_once(' ').unwrap_or((call, ""));
    let written = help::written(own);
    error.with_hint(format!("whippet's own options stand before all others: {program} {written} {rest}"))
}

/// The name of the manual page, behind `whippet-`.
fn page(program: &str) -> &str {
    if program == "sendmail" { program } else { "mail" }
}

/// How many words at the beginning are options of whippet and their values.
fn own_words(words: &[OsString]) -> usize {
    const VALUED: [&[u8]; 3] = [b"--profile", b"--config", b"--set"];
    const PLAIN: [&[u8]; 6] =
        [b"--no-system", b"--dry-run", b"--sandbox", b"--json", b"--version", b"--help"];
    let mut count = 0;
    while let Some(word) = words.get(count).map(|word| word.as_bytes()) {
        let name = word.split(|&octet| octet == b'=').next().unwrap_or_default();
        match () {
            () if VALUED.contains(&word) => count = (count + 2).min(words.len()),
            () if PLAIN.contains(&word) || VALUED.contains(&name) => count += 1,
            () => break,
        }
    }
    count
}

/// The name behind the last slash and before the first dot (`sendmail.whippet` of an alternatives system).
fn base_name(path: &OsStr) -> &str {
    let octets = path.as_encoded_bytes();
    let name = octets.rsplit(|octet| *octet == b'/').next().unwrap_or_default();
    let stem = name.split(|octet| *octet == b'.').next().unwrap_or_default();
    std::str::from_utf8(stem).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(words: &[&str]) -> Result<(Face, usize), UsageError> {
        let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
        choose(&argv).map(|(face, rest)| (face, rest.len()))
    }

    #[test]
    fn names() {
        for name in
            ["whippet", "/usr/bin/whippet", "whippet.exe", "other", "", "/", ".", "./", "Sendmail", "MAIL"]
        {
            assert_eq!(chosen(&[name, "send"]), Ok((Face::Mutt, 0)), "{name}");
        }
        assert_eq!(chosen(&[]), Ok((Face::Mutt, 0)));
        for name in ["mutt", "/usr/bin/neomutt", "mutt.whippet"] {
            for word in ["send", "config", "mail", "queue"] {
                assert_eq!(chosen(&[name, word]), Ok((Face::Mutt, 1)), "{name} {word}");
            }
        }
        for (name, face) in [
            ("mailq", Face::Mailq),
            ("newaliases", Face::Newaliases),
            ("sendmail", Face::Sendmail),
            ("mail", Face::Mail),
            ("mailx", Face::Mail),
            ("Mail", Face::Mail),
            ("nail", Face::Mail),
            ("s-nail", Face::Mail),
            ("bsd-mailx", Face::Mail),
            ("heirloom-mailx", Face::Mail),
        ] {
            for path in [name.to_owned(), format!("/usr/sbin/{name}"), format!("{name}.whippet.old")] {
                assert_eq!(chosen(&[&path, "queue"]), Ok((face, 1)), "{path}");
            }
        }
    }

    #[test]
    fn first_words() {
        for (word, face) in [
            ("send", Face::Mutt),
            ("config", Face::Config),
            ("generate", Face::Generate),
            ("queue", Face::Queue),
            ("run", Face::Run),
            ("mailq", Face::Mailq),
            ("newaliases", Face::Newaliases),
            ("sendmail", Face::Sendmail),
            ("mail", Face::Mail),
            ("mailx", Face::Mail),
        ] {
            assert_eq!(chosen(&["whippet", word, "x"]), Ok((face, 1)));
        }
        for word in NOT_YET {
            let error = chosen(&["whippet", word]).unwrap_err();
            assert_eq!(
                error.message,
                format!(
                    "`{word}` is not in this version of whippet; to write to a recipient of that name put `--` before it"
                )
            );
        }
        for word in NOT_YET.into_iter().chain([
            "send",
            "config",
            "generate",
            "queue",
            "run",
            "mailq",
            "newaliases",
            "sendmail",
            "mail",
            "mailx",
        ]) {
            let at = format!("{word}@host");
            let upper = word.to_uppercase();
            for words in [&["--", word][..], &["-s", "x", word], &[&at], &[&upper]] {
                let argv: Vec<&str> = ["whippet"].into_iter().chain(words.iter().copied()).collect();
                assert_eq!(chosen(&argv), Ok((Face::Mutt, words.len())), "{argv:?}");
            }
        }
    }
}
