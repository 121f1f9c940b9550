//! The manual page whippet-sendmail(8).

use clap_mangen::roff::{Roff, roman};

use super::exit::EXIT_STATUS;
use super::sheet::{chapter, examples, flags, opening, own_options, paragraphs, section, see_also};
use super::title;
use crate::cli::faces::flags::{Effect, SENDMAIL};

const LINES: [(&str, &str); 6] = [
    ("sendmail", "[own option ...] [option ...] [--] recipient ... < message"),
    ("sendmail", "[own option ...] [option ...] -t [recipient ...] < message"),
    ("sendmail", "[own option ...] -bs"),
    ("mailq", "[selection]"),
    ("newaliases", ""),
    ("whippet sendmail", "| mailq | newaliases ..."),
];

const DESCRIPTION: [&str; 4] = [
    "Programs hand their mail to /usr/sbin/sendmail. Under that name, or with sendmail as its first word, whippet takes a whole \
     message from standard input and submits it to the server that the profile names. It prints nothing on standard output, and \
     on standard error only what went wrong.",
    "Who calls a sendmail program does not try again. So a mail that the server does not take now is queued, also where nothing \
     is known to run the queue (which is told then), and the status is 0: queue = \"auto\" of the profile counts as \
     \"on-failure\". 75 means that it could not be queued either.",
    "Options stand before the recipients and behind them; -- ends them. The letters may be joined, and their values may be glued \
     to them. No option opens a file that the command line names. Mistakes in the words are found before standard input is \
     read (64).",
    "mailq is whippet queue list, and takes its options. newaliases says that there is no table to make: alias files are read \
     when a mail is sent.",
];

const MESSAGE: [&str; 6] = [
    "A message is a header, an empty line, and a body. What does not begin with a field is a body. A line of the header that is \
     no field ends it. Line ends may be LF, CRLF or CR. A line with nothing but a dot is text like any other. A first line \
     From NAME DATE, as an mbox has it, is left out.",
    "Never sent are Bcc, Resent-Bcc, Return-Path and Content-Length, however often they are there. Of several To, Cc or Reply-To \
     fields one is made.",
    "Added where they are missing are Date, Message-ID, MIME-Version, From (of -f and -F, else of the profile) and, where neither \
     To nor Cc is there, To: undisclosed-recipients:;. What is there stays, but for names of this machine (see LOCAL NAMES) and for \
     the author, whom from_rule = \"login\" of the profile replaces. There is no Received and no X- field.",
    "Fields outside ASCII are encoded (RFC 2047, RFC 2231), those that are not UTF-8 by the charset of the Content-Type, else as \
     unknown-8bit. An encoded-word that cannot be read here stays as it is. A body outside ASCII without MIME fields is labelled: utf-8 if it is that, else \
     unknown-8bit; and so is one that is labelled us-ascii and is UTF-8.",
    "A part that not every server passes (NUL, lines of more than 998 octets; octets above 127 where the server lacks 8BITMIME) \
     is encoded anew, unless it is signed or encrypted.",
    "The same recipient gets the mail once, wherever it is named. One address that cannot be understood is an error, and nothing is \
     sent to anybody (65).",
];

const LOCAL: [&str; 2] = [
    "The mail of programs is often for root, or another name without a domain. Such a name is an alias of the profile (aliases); \
     else, and if it is at this machine or at localhost, the mail goes to local_to; else it gets the domain qualify_domain, or that \
     of the profile's from. See whippet-config(5).",
    "The header keeps the name and gets its domain, so that filters still find root; with rewrite_local = true it names the real \
     recipient. From: root (Cron Daemon) keeps its comment as the name. For a server that takes no author but the one who \
     logged in, from_rule = \"login\" puts the profile's from into From and the reverse-path, and who wrote into Reply-To.",
];

const DIALOGUE: [&str; 3] = [
    "With -bs whippet speaks SMTP on standard input and output, as Symfony Mailer asks of it, and monit by way of a socket of \
     systemd. It offers PIPELINING, CHUNKING, SIZE, 8BITMIME, SMTPUTF8, DSN and ENHANCEDSTATUSCODES, neither AUTH nor STARTTLS. A \
     recipient is refused only where it is no address.",
    "The reply to the end of a message tells what became of it: 250 if everybody was accepted or is queued, 4yz or 5yz if not. \
     Another message may follow.",
    "The end of standard input ends the dialogue; a message without its dot is dropped. No recipients may be named on the command line.",
];

const EXIT: [&str; 2] = [
    "0 means that every recipient was accepted by the next server, or that the mail is queued on the disk. -oee changes nothing of that.",
    "PHP's mail() gives false for every other status; cron tells it to nobody but the system's log.",
];

const EXAMPLES: [(&str, &str); 5] = [
    (
        "PHP, in php.ini (the built-in value is the same where the link /usr/sbin/sendmail is there):",
        "sendmail_path = \"/usr/bin/whippet sendmail -t -i\"",
    ),
    ("Another profile for a web site:", "sendmail_path = \"/usr/bin/whippet sendmail --profile shop -t -i\""),
    (
        "cron looks for /usr/sbin/sendmail; a crontab says who gets what its jobs say:",
        "MAILTO=admin@example.org\n15 3 * * * /usr/local/bin/backup",
    ),
    ("git send-email:", "git config --global sendemail.sendmailCmd 'whippet sendmail'"),
    ("By hand:", "printf 'Subject: Test\\n\\nIt works.\\n' | sendmail -v you@example.org"),
];

/// The page.
pub(super) fn page() -> String {
    let mut roff = Roff::new();
    opening(&mut roff, "whippet-sendmail", "sendmail, mailq and newaliases of whippet", &LINES);
    let mut all = vec![roff, chapter("DESCRIPTION", &DESCRIPTION)];
    let mut roff = chapter("OPTIONS", &[]);
    flags(&mut roff, SENDMAIL, &[Effect::Honoured, Effect::Changed]);
    all.push(roff);
    let mut roff = chapter("OPTIONS WITHOUT EFFECT", &["They are taken, since programs give them."]);
    flags(&mut roff, SENDMAIL, &[Effect::Ignored]);
    roff.control("PP", []);
    roff.text([roman("Of these standard error tells that they have no effect:")]);
    flags(&mut roff, SENDMAIL, &[Effect::Noted]);
    all.push(roff);
    let mut roff = chapter("REFUSED OPTIONS", &["They are wrong usage (64)."]);
    flags(&mut roff, SENDMAIL, &[Effect::Refused]);
    all.push(roff);
    let mut roff = chapter(
        "OWN OPTIONS",
        &[
            "These stand before all other words. Behind one of sendmail's they are refused: what is put together from a web form \
           chooses no profile.",
        ],
    );
    own_options(&mut roff);
    all.push(roff);
    all.extend([
        chapter("THE MESSAGE", &MESSAGE),
        chapter("LOCAL NAMES", &LOCAL),
        chapter("DIALOGUE", &DIALOGUE),
    ]);
    let mut roff = Roff::new();
    section(&mut roff, "EXIT STATUS", &EXIT_STATUS);
    roff.control("PP", []);
    paragraphs(&mut roff, &EXIT);
    examples(&mut roff, &EXAMPLES);
    see_also(
        &mut roff,
        &["whippet(1)", "whippet-config(5)", "whippet-mail(1)", "whippet-run(1)", "whippet-spool(7)"],
    );
    all.push(roff);
    title("whippet-sendmail", 8) + &all.iter().map(Roff::render).collect::<String>()
}
