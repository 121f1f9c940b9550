//! The section of the manual about warnings, out of their table.

use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::manual::paragraphs;
use crate::mail::WarningKind;

/// What holds for all of them.
const WARNINGS: [&str; 2] = [
    "A warning changes nothing: the mail goes, and the exit status is the same. Its name stands behind it in brackets. \
     --no-warn NAME leaves it out, silent_warnings of the profile does so for good, and --quiet leaves out all.",
    "Two sorts are told apart. Advice finds fault with a mail that goes as it was given. It is for the person who writes it, \
     and given where standard error is a terminal, and with --dry-run; the document of --json holds it too. A script whose mail \
     has no subject or no text hears nothing of that, so that cron has nothing to report. The other warnings say that something was \
     changed, left out or guessed; they are given everywhere.",
];

/// The names of all warnings.
pub(super) fn section() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["WARNINGS"]);
    paragraphs(&mut roff, &WARNINGS);
    for (words, is_advice) in [("Advice:", true), ("The others:", false)] {
        roff.control("PP", []);
        roff.text([roman(words)]);
        for kind in WarningKind::ALL.iter().filter(|kind| kind.is_advice == is_advice) {
            roff.control("TP", []);
            roff.text([bold(kind.name)]);
            let meaning = kind.meaning;
            let sentence: String = meaning[..1].to_uppercase() + &meaning[1..] + ".";
            roff.text([roman(sentence)]);
        }
    }
    roff
}
