//! What becomes of the options of other programs, in Markdown: doc/COMPATIBILITY.md.

use crate::cli::faces::flags::{Flag, MAIL, MSMTP, MUTT, SENDMAIL, VARIABLES};

const OPENING: &str = "# Options of other programs

Made by `whippet generate compatibility` from the tables that the manual pages are made of; a test asks the parser whether each row
is so. *yes*: it does the same. *changed*: it does that in another way. *ignored*: it is taken and changes nothing. *ignored, and
told*: the same, and standard error says so. *refused*: wrong usage, exit code 64, and nothing is sent.
";

/// The tables of each program.
pub fn compatibility() -> String {
    let mut text = OPENING.to_owned();
    table(
        &mut text,
        "mutt and neomutt",
        "[whippet(1)](../man/whippet.1) tells what each does.",
        "option",
        MUTT,
    );
    let words = "As `/usr/sbin/sendmail` or `whippet sendmail`: [whippet-sendmail(8)](../man/whippet-sendmail.8). The options are those of \
                 Sendmail, Postfix, Exim, msmtp, dma and nullmailer.";
    table(&mut text, "sendmail", words, "option", SENDMAIL);
    let words = "As `mail`, `mailx` or `whippet mail`: [whippet-mail(1)](../man/whippet-mail.1). The options are those of s-nail, \
                 heirloom-mailx, bsd-mailx and GNU mailutils.";
    table(&mut text, "mail and mailx", words, "option", MAIL);
    table(&mut text, "Variables of s-nail", "With `-S`.", "variable", VARIABLES);
    text.push_str(
        "\n## msmtp\n\nIts letters as a sendmail program are those of the table above. Its own options and the keys of its \
         configuration are found here:\n\n| msmtp | whippet |\n| --- | --- |\n",
    );
    for step in MSMTP {
        text.push_str(&format!("| {} | {} |\n", codes(step.theirs), step.ours));
    }
    text
}

fn table(text: &mut String, title: &str, words: &str, what: &str, flags: &[Flag]) {
    text.push_str(&format!("\n## {title}\n\n{words}\n\n| {what} | whippet | |\n| --- | --- | --- |\n"));
    for flag in flags {
        let words = flag.words.replace('|', "\\|").replace('<', "\\<");
        let row = format!("| {} | {} | {words} |", codes(flag.names), flag.effect.word());
        text.push_str(&(row.replace("  |", " |") + "\n"));
    }
}

/// Names with commas between, each as code.
fn codes(names: &str) -> String {
    let code = |name: &str| format!("`{}`", name.replace('|', "\\|"));
    names.split(", ").map(code).collect::<Vec<_>>().join(", ")
}
