//! The section of the manual about the queue: what holds for all its verbs, and the verbs out of their table.

use clap::{Arg, Command, CommandFactory};
use clap_mangen::roff::{Inline, Roff, bold, roman};

use crate::cli::manual::paragraphs;
use crate::cli::queue::QueueArgs;

/// What holds for all verbs of the queue.
const QUEUE: [&str; 7] = [
    "An entry is named by its ID, or by any part of it that is at least 4 characters long and in no other ID. --hop, --from, \
     --to and --older narrow what is chosen; --all means every entry that the verb is for, and asks before it does anything, \
     unless --yes is given.",
    "list shows what is to be tried; --held, --badmail and --corrupt show what is there instead. Its last line counts them all. \
     LEFT tells how many of the recipients are still to be tried.",
    "install has the queue run: it writes a service and a timer of the user's systemd and enables them, or puts a line into the \
     crontab where no such systemd answers. The line is recognized by its end, so that it stands there once, and the others are \
     not touched. The command names the program, the configuration file and the settings that install was given, and \
     $XDG_CONFIG_HOME and $XDG_STATE_HOME where they are set; of other variables the timer has none, and cron only looks for \
     programs in /usr/bin and /bin. Where neither can be had, the status is 69, and the command is printed. From the moment it is \
     installed, and for a day after each run, queue = \"auto\" takes the queue as run.",
    "run tries what is due. A send that has told what became of its own mail does so too, where the names in the queue say that \
     something is due: it leaves a process behind that nobody waits for, one at a time and none for a server that is down. That \
     process has no terminal and none of the variables that hold passwords, so it passes by mail of a profile with password_env. \
     In a unit of systemd it ends with the unit, which loses nothing. spool.run_after_send = false does without it.",
    "retry is for entries to be tried and for dead letters, of which those recipients are tried again who failed. hold takes an \
     entry out of the runs; release lets it go, also one that was held because nobody knew whether it had been handed over. \
     What they did survives a power cut before they exit. Entries that another process has in hand give 75; --wait TIME waits \
     for them.",
    "check exits 0 when everything is as it should be, or with --repair has been made so, and 65 when something is left for a \
     person: damage, which is moved to corrupt/ and never sent (a damaged message of an entry that waits by the next run, which \
     tells its sender), mail that may have been handed over, reports that could not be.",
    "The exit status is 66 for an unknown ID, 64 for a part of several, 65 where the verb is not for an entry in its state (what is so already is 0), 77 \
     for a file that is not the user's alone, 74 when the disk fails. Where a server has a mail and the disk does not take that \
     down, run says \"possible duplicate\" and ends. --json prints the same for programs; list prints \
     {\"entries\": [...], \"totals\": {...}}.",
];

/// The verbs of the queue, out of their table; the options by which entries are chosen are told once.
pub(super) fn section() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["QUEUE"]);
    paragraphs(&mut roff, &QUEUE);
    let command = QueueArgs::command();
    let is_told = |arg: &&Arg| arg.get_long().is_some() && !arg.is_hide_set();
    let list = command.find_subcommand("list").into_iter().flat_map(Command::get_opts);
    let choosing: Vec<&Arg> = list.filter(is_told).collect();
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let word = match verb.get_name() {
            "show" => " ID",
            "check" | "install" | "stats" => "",
            _ => " [ID ...] [selection]",
        };
        roff.control("TP", []);
        roff.text([bold(format!("queue {}", verb.get_name())), roman(word)]);
        roff.text([roman(format!("{}.", verb.get_about().map(ToString::to_string).unwrap_or_default()))]);
        let is_own = |arg: &&Arg| choosing.iter().all(|other| other.get_id() != arg.get_id());
        for arg in verb.get_opts().filter(is_told).filter(is_own) {
            roff.control("br", []);
            roff.text(option_line(arg));
        }
    }
    roff.control("PP", []);
    roff.text([roman("A selection is made of:")]);
    for arg in choosing {
        roff.control("br", []);
        roff.text(option_line(arg));
    }
    roff
}

/// An option of the queue in one line.
fn option_line(arg: &Arg) -> [Inline; 2] {
    let value = match arg.get_value_names() {
        Some([name, ..]) if arg.get_action().takes_values() => format!(" {name}"),
        _ => String::new(),
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    [bold(format!("--{}", arg.get_long().unwrap_or_default())), roman(format!("{value}: {help}."))]
}
