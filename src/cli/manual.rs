//! Help, version, manual page and completions, all made from the one table of options.

mod aliases;
mod compatibility;
mod drafts;
mod exit;
mod mail;
mod queue;
mod run;
mod sendmail;
mod sheet;
mod warnings;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::args::{SendArgs, command};
use crate::cli::letter;
use crate::cli::once;
pub use compatibility::compatibility;
use exit::{EXIT_STATUS, SIGNALS};
pub(super) use sheet::{chapter, paragraphs};
use sheet::{examples, section, see_also};

/// Columns of a terminal that help is laid out for.
const WIDTH: usize = 80;

/// The summary of the options that `-h` prints; at most 80 columns.
pub fn help() -> String {
    SendArgs::command().render_help().to_string()
}

/// The description of all options that `--help` prints; at most 80 columns.
pub fn long_help() -> String {
    let text = described(SendArgs::command()).render_long_help().to_string();
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        fold(line, &mut out);
    }
    out
}

/// `whippet 0.1.0`, and with `features` what it was built with.
pub fn version(features: bool) -> String {
    let version = format!("whippet {}\n", env!("CARGO_PKG_VERSION"));
    let built = "TLS: rustls with ring, TLS 1.2 and 1.3, trust anchors of the system
Routes: smtp, sendmail, files, sandbox
";
    let optional = if cfg!(feature = "markdown") { "markdown" } else { "none" };
    if features { version + built + &format!("Features: {optional}\n") } else { version }
}

/// The file that completes whippet's options in `shell`.
pub fn completions(shell: Shell) -> String {
    let mut octets = Vec::new();
    clap_complete::generate(shell, &mut command(), "whippet", &mut octets);
    String::from_utf8_lossy(&octets).into_owned()
}

/// The manual pages of the command lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// whippet(1).
    Whippet,
    /// whippet-sendmail(8).
    Sendmail,
    /// whippet-mail(1).
    Mail,
    /// whippet-run(1).
    Run,
}

/// This manual page, in roff.
pub fn man_page(page: Page) -> String {
    match page {
        Page::Whippet => whippet_page(),
        Page::Sendmail => sendmail::page(),
        Page::Mail => mail::page(),
        Page::Run => run::page(),
    }
}

/// The first line of a page. Not clap_mangen's, which leaves the empty date out, so that what follows moves up.
fn title(name: &str, section: u8) -> String {
    let kind = if section == 8 { "System Administration" } else { "User Commands" };
    let version = env!("CARGO_PKG_VERSION");
    format!(".TH {} {section} \"\" \"whippet {version}\" \"{kind}\"\n", name.to_uppercase())
}

/// The manual page whippet(1), in roff.
fn whippet_page() -> String {
    let man = Man::new(described(SendArgs::command()));
    let mut octets = title("whippet", 1).into_bytes();
    let mut render = || -> std::io::Result<()> {
        man.render_name_section(&mut octets)?;
        front().to_writer(&mut octets)?;
        man.render_options_section(&mut octets)?;
        letter::section().to_writer(&mut octets)?;
        drafts::section().to_writer(&mut octets)?;
        queue::section().to_writer(&mut octets)?;
        once::section().to_writer(&mut octets)?;
        warnings::section().to_writer(&mut octets)?;
        aliases::section().to_writer(&mut octets)?;
        back().to_writer(&mut octets)
    };
    // Writing to memory does not fail.
    let _ = render();
    String::from_utf8_lossy(&octets).into_owned()
}

/// The command with summary and description of each option in one paragraph.
fn described(command: Command) -> Command {
    command.mut_args(|arg| {
        let summary = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let text = arg.get_long_help().map(ToString::to_string).unwrap_or_default();
        let description = text.strip_prefix(&summary).unwrap_or(&text).trim();
        arg.long_help(format!("{summary}. {description}").trim_end().to_owned())
    })
}

/// Breaks a line that is too long at its blanks; what follows is indented as the line was.
fn fold(line: &str, out: &mut String) {
    let indent = &line[..line.len() - line.trim_start().len()];
    let mut rest = line.trim_start();
    while indent.len() + rest.chars().count() > WIDTH {
        let most = rest.char_indices().nth(WIDTH - indent.len()).map_or(rest.len(), |(at, _)| at);
        // The blank may stand just behind what fits.
        let Some(blank) = rest[..=most].rfind(' ') else { break };
        out.extend([indent, &rest[..blank], "\n"]);
        rest = rest[blank..].trim_start();
    }
    out.extend([indent, rest, "\n"]);
}

/// The sections before the options.
fn front() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    for (index, line) in [
        "[option ...] [--] recipient ... < text",
        "[option ...] -a file ... -- recipient ... < text",
        "config show [--profile name] [--config file] [--no-system] [--set name=value] [--json]",
        "queue list | show | run | install | retry | hold | release | remove | check | stats",
        "run [option ...] [--] command [argument ...]",
        "sendmail | mail | mailq | newaliases [option ...]",
        "generate man [page] | completions shell | config | help | compatibility | links folder",
    ]
    .into_iter()
    .enumerate()
    {
        if index > 0 {
            roff.control("br", []);
        }
        roff.text([bold("whippet "), roman(line)]);
    }
    roff.control("SH", ["DESCRIPTION"]);
    paragraphs(
        &mut roff,
        &[
            "whippet reads a text from standard input, makes a mail of it, and submits it to the server that the profile \
             names. It reports the outcome of each recipient. Accepted means that the next server has taken the mail, \
             not that somebody has got it.",
            "The options of mutt(1) for sending are understood. They may follow the recipients. One-letter options may \
             be joined, and their values may be glued to them. Long options cannot be abbreviated; --name VALUE and \
             --name=VALUE are the same. -- ends the options.",
            "After -a every word is a file, up to the next option or --. Recipients stand before -a, after another \
             option, or behind --.",
            "queue shows the mail that waits, and lets you deal with it: see QUEUE. Under the name mailq the program is \
             whippet queue list.",
            "run runs a command and mails what it says when it fails: see whippet-run(1). sendmail, mailq, newaliases and \
             mail take the options of those programs, and so does whippet where it is called by such a name: see \
             whippet-sendmail(8) and whippet-mail(1).",
            "config show prints the settings and where each comes from. generate prints a manual page (whippet, \
             whippet-config, whippet-mail, whippet-run, whippet-sendmail), a file that completes the options in a shell, a \
             configuration file to begin with, the description of the options, or what becomes of the options of other \
             programs; links makes the names by which other programs call whippet, in a folder. \
             To write to a recipient who is called like one of these verbs, put -- before the name.",
            "Under the name mutt or neomutt the first word is never one of these verbs.",
        ],
    );
    roff
}

/// The sections behind the options.
fn back() -> Roff {
    let mut roff = Roff::new();
    section(
        &mut roff,
        "FILES",
        &[
            (
                "~/.config/whippet/config.toml",
                "The user's configuration file, in TOML. It holds the profiles.",
            ),
            ("/etc/whippet/config.toml", "The system's configuration file. The user's is stronger."),
            (
                "~/.local/state/whippet/spool",
                "The mail that waits. It must be the user's alone, also for root, who is told by which runuser(1) to come. On a \
                 network filesystem nothing is queued, unless spool.allow_network_spool is set; of one that keeps nothing for \
                 long (tmpfs, overlay, vfat, exfat, ext2) the first mail that is queued says so, and queue stats does. \
                 Its log/ tells what became of it: a file a day, kept for 30 days, each line one event in JSON.",
            ),
        ],
    );
    section(
        &mut roff,
        "ENVIRONMENT",
        &[
            (
                "WHIPPET_CONFIG, WHIPPET_PROFILE, WHIPPET_SMTP",
                "What --config, --profile and --smtp would say; the options are stronger.",
            ),
            (
                "WHIPPET_PASSED",
                "Set for a sendmail program that mail is handed to: the programs on its way. One that calls whippet is not \
                 called again: the mail ends in no circle.",
            ),
            ("HOME, XDG_CONFIG_HOME", "Where the user's configuration file is."),
            ("XDG_STATE_HOME", "Where the spool is, in whippet/spool, instead of ~/.local/state."),
            ("EMAIL", "The sender, if neither an option nor the profile names one."),
            ("REPLYTO", "The address in Reply-To, if no option gives one."),
            (
                "ALL_PROXY",
                "The proxy on the way to the server, socks5://host:port or http://host:port, if the profile says nothing \
                 of one and the server is not on this machine.",
            ),
            (
                "NO_PROXY",
                "Servers that are reached without ALL_PROXY, divided by commas: names, each with all names below it, IP \
                 addresses and networks (10.0.0.0/8), or * for all.",
            ),
            ("SSL_CERT_FILE, SSL_CERT_DIR", "Where the trust anchors are, instead of the system's places."),
        ],
    );
    section(&mut roff, "EXIT STATUS", &EXIT_STATUS);
    roff.control("PP", []);
    roff.text([roman(
        "Recipients that the server takes get the mail in every case. If several fail in different ways, the status is the \
         first of 70 71 74 73 78 77 76 75 69 68 67 65 that occurs.",
    )]);
    roff.control("PP", []);
    paragraphs(&mut roff, &SIGNALS);
    examples(&mut roff, &EXAMPLES);
    see_also(
        &mut roff,
        &[
            "whippet-config(5)",
            "whippet-mail(1)",
            "whippet-run(1)",
            "whippet-sendmail(8)",
            "whippet-spool(7)",
            "mutt(1)",
        ],
    );
    roff
}

/// Examples, each with what it does.
const EXAMPLES: [(&str, &str); 4] = [
    ("One line of text:", "echo 'All is well.' | whippet -s 'Nightly report' you@example.org"),
    (
        "A text and two attachments:",
        "whippet -s 'The logs' -a syslog auth.log -- you@example.org < letter.txt",
    ),
    (
        "Standard input as an attachment:",
        "pg_dump db | whippet -s Dump --attach-stdin db.sql you@example.org",
    ),
    (
        "All checks, and nothing is sent:",
        "whippet --dry-run --profile work -s Test you@example.org < /dev/null",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_fits_a_terminal() {
        for text in [help(), long_help()] {
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "{line:?}");
            }
            assert!(text.starts_with("Usage: whippet [OPTION]"), "{text}");
            assert!(
                text.trim_end().ends_with("Manual page: man whippet, or whippet generate man | man -l -"),
                "{text}"
            );
            let headings = [
                "\nExamples:",
                "\nMessage:",
                "\nRecipients:",
                "\nFields:",
                "\nProfile:",
                "\nDelivery:",
                "\nWishes:",
                "\nOutput:",
            ];
            let places: Vec<_> = headings.into_iter().map(|heading| text.find(heading).unwrap()).collect();
            assert!(places.is_sorted(), "{text}");
            assert!(!text.contains("Options:") && !text.contains("Arguments:"), "{text}");
        }
    }

    #[test]
    fn every_option_is_described() {
        let (help, long, page) = (help(), long_help(), man_page(Page::Whippet));
        for arg in SendArgs::command().get_arguments().filter(|arg| !arg.is_hide_set()) {
            assert!(arg.get_help().is_some(), "{}", arg.get_id());
            if let Some(name) = arg.get_long() {
                assert!(help.contains(&format!("--{name}")) && long.contains(&format!("--{name}")), "{name}");
                assert!(page.contains(&format!("\\-\\-{}", name.replace('-', "\\-"))), "{name}");
            }
        }
    }

    #[test]
    fn the_page_has_its_sections() {
        let page = man_page(Page::Whippet);
        let sections: Vec<_> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        let names = sections.join(" ").replace('"', "");
        assert_eq!(
            names,
            "NAME SYNOPSIS DESCRIPTION MESSAGE HTML AND INVITATIONS RECIPIENTS FIELDS PROFILE DELIVERY WISHES OUTPUT FORMS OF A TEXT DRAFTS QUEUE SENDING ONCE WARNINGS ALIASES FILES ENVIRONMENT EXIT STATUS EXAMPLES SEE ALSO"
        );
    }

    #[test]
    fn shells_get_their_file() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
            let text = completions(shell);
            assert!(text.contains("attach-stdin") && text.contains("completions"), "{shell}");
        }
    }

    #[test]
    fn versions() {
        assert_eq!(version(false), format!("whippet {}\n", env!("CARGO_PKG_VERSION")));
        assert!(version(true).starts_with(&version(false)) && version(true).contains("rustls"));
    }
}
