//! The manual page whippet-mail(1).

use clap_mangen::roff::Roff;

use super::exit::EXIT_STATUS;
use super::sheet::{chapter, examples, flags, opening, own_options, section, see_also};
use super::title;
use crate::cli::faces::flags::{Effect, MAIL, VARIABLES};

const LINES: [(&str, &str); 3] = [
    ("mail", "[own option ...] [option ...] recipient ... [-- sendmail-option ...] < text"),
    ("mailx", "..."),
    ("whippet mail", "..."),
];

const DESCRIPTION: [&str; 4] = [
    "Under the names mail, mailx, Mail, nail, s-nail, bsd-mailx and heirloom-mailx, or with mail or mailx as its first word, whippet \
     takes the options with which scripts send by these programs. The text is that of standard input. There is no editor, and no line \
     of the text is a command: a report may hold lines that begin with ~.",
    "Mailboxes are not read: without a recipient, and with an option for reading, that is told (64). Nothing is written to dead.letter. \
     A mail that the server does not take now is queued, as whippet-sendmail(8) tells.",
    "Options stand before the recipients and behind them. Behind the recipients, -- and a word that begins with - hand the rest to \
     sendmail, as s-nail does (mail -s S you@example.org -- -f me@example.org): -f, -F and what else whippet-sendmail(8) names. \
     Everywhere else -- only ends the options.",
    "A recipient that is a word without @ is an alias, or a name of this machine: see LOCAL NAMES in whippet-sendmail(8).",
];

const FILES_AND_FIELDS: [&str; 3] = [
    "One letter has two meanings in these programs. -a WORD is, the first that holds: a field, if it is a name, a colon, and a blank or \
     nothing more (-a 'X-Host: web1'); a file, if there is one of that name; a field, if it is a name and a colon (-a X-Host:web1); \
     else an error that tells both (66).",
    "Content-Type gives the type and charset of the text, From, Reply-To, To, Cc, Bcc and Subject have their own places, and MIME-Version \
     and Content-Transfer-Encoding are passed over: whippet writes them itself. Return-Path and the like are refused.",
    "-A WORD is a file, or a profile. Where both are there, it is an error (64), which ./ before the name of the file mends; where none \
     is, too (66).",
];

const EXAMPLES: [(&str, &str); 3] = [
    ("A report:", "mail -s 'Disk is full' root < report.txt"),
    ("With a file, and a field:", "mail -s Log -a syslog -a 'X-Host: web1' you@example.org < /dev/null"),
    ("Nothing, if there is nothing to say:", "check-backup | mail -E -s 'Backup' root"),
];

/// The page.
pub(super) fn page() -> String {
    let mut roff = Roff::new();
    opening(&mut roff, "whippet-mail", "mail and mailx of whippet: send a text from a script", &LINES);
    let mut all = vec![roff, chapter("DESCRIPTION", &DESCRIPTION)];
    let mut roff = chapter("OPTIONS", &[]);
    flags(&mut roff, MAIL, &[Effect::Honoured, Effect::Changed]);
    all.push(roff);
    let mut roff = chapter("OPTIONS WITHOUT EFFECT", &["They are taken, since scripts give them."]);
    flags(&mut roff, MAIL, &[Effect::Ignored, Effect::Noted]);
    all.push(roff);
    let mut roff = chapter("REFUSED OPTIONS", &["They are wrong usage (64)."]);
    flags(&mut roff, MAIL, &[Effect::Refused]);
    all.push(roff);
    all.push(chapter("FILES AND FIELDS", &FILES_AND_FIELDS));
    let mut roff =
        chapter("VARIABLES", &["-S NAME, -S NAME=VALUE and -X 'set NAME=VALUE' set one of these."]);
    flags(&mut roff, VARIABLES, &[Effect::Honoured, Effect::Changed]);
    flags(&mut roff, VARIABLES, &[Effect::Ignored, Effect::Noted]);
    flags(&mut roff, VARIABLES, &[Effect::Refused]);
    all.push(roff);
    let mut roff = chapter("OWN OPTIONS", &["These stand before all other words."]);
    own_options(&mut roff);
    section(&mut roff, "EXIT STATUS", &EXIT_STATUS);
    examples(&mut roff, &EXAMPLES);
    see_also(
        &mut roff,
        &["whippet(1)", "whippet-config(5)", "whippet-run(1)", "whippet-sendmail(8)", "whippet-spool(7)"],
    );
    all.push(roff);
    title("whippet-mail", 1) + &all.iter().map(Roff::render).collect::<String>()
}
