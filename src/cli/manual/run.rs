//! The manual page whippet-run(1), out of the table of its options.

use clap_mangen::Man;
use clap_mangen::roff::Roff;

use super::sheet::{chapter, examples, opening, section, see_also};
use super::{described, title};
use crate::cli::faces::run::command;

const DESCRIPTION: [&str; 5] = [
    "whippet run runs a command and mails what it says on standard output and standard error, if it fails: what cron does, \
     without the mails of jobs that are well. Nothing of the output goes anywhere else, unless the mail can be neither sent nor \
     queued: then it follows on standard error, and whoever called may keep it.",
    "The subject tells what became of the command, on which machine and after which time: backup failed with exit status 2 on web1 \
     after 3 min 7 s. A long output is mailed with its first 256 KiB and its last 768 KiB. The field Auto-Submitted keeps other \
     programs from answering.",
    "Standard input is the command's. The variables that hold passwords of the profile are not. A mail that the server does not take \
     now is queued.",
    "Both outputs are one pipe. It is heard until the command ends: what it has left running may say more, and nobody hears that. A \
     SIGTERM, SIGHUP or SIGINT that ends whippet run is passed on to the command; a terminal sends its SIGINT to both.",
    "A mistake in the settings does not keep the command from being run; it is told when there is a mail to be sent.",
];

const EXIT_STATUS: [(&str, &str); 3] = [
    ("N", "That of the command; 128 and the number of the signal that killed it."),
    ("126, 127", "The command could not be started; there is none of that name."),
    ("64, 65", "Wrong usage, or an address of --to that is none; nothing was run."),
];

const EXAMPLES: [(&str, &str); 3] = [
    ("In a crontab:", "15 3 * * * whippet run -s Backup --to root -- /usr/local/bin/backup"),
    ("A mail in any case:", "whippet run --always -- apt-get -y upgrade"),
    ("As cron does, of what is said:", "whippet run --on-output -- certbot renew --quiet"),
];

/// The page.
pub(super) fn page() -> String {
    let mut roff = Roff::new();
    let line = [("whippet run", "[option ...] [--] command [argument ...]")];
    opening(&mut roff, "whippet-run", "run a command and mail what it says when it fails", &line);
    let mut text = title("whippet-run", 1) + &roff.render() + &chapter("DESCRIPTION", &DESCRIPTION).render();
    let mut octets = Vec::new();
    // Writing to memory does not fail.
    let _ = Man::new(described(command())).render_options_section(&mut octets);
    text.push_str(&String::from_utf8_lossy(&octets));
    let mut roff = Roff::new();
    section(&mut roff, "EXIT STATUS", &EXIT_STATUS);
    examples(&mut roff, &EXAMPLES);
    see_also(&mut roff, &["whippet(1)", "whippet-config(5)", "whippet-sendmail(8)", "crontab(5)"]);
    text + &roff.render()
}
