//! The help of a face: its options in short, whippet's own, and where more is said.

use clap::Arg;

use super::flags::{Effect, Flag, MAIL, SENDMAIL};
use super::own_command;

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Columns of the options; a longer one has a line of its own.
const NAMES: usize = 26;

/// The help of `sendmail`.
pub(super) fn sendmail() -> String {
    let usage = "sendmail [OPTION]... [--] [RECIPIENT]... < message\n       sendmail -bs | -bp | -bv RECIPIENT... | -q";
    help(usage, SENDMAIL, "whippet-sendmail")
}

/// The help of `mail`.
pub(super) fn mail() -> String {
    help("mail [OPTION]... [--] RECIPIENT... < text", MAIL, "whippet-mail")
}

fn help(usage: &str, flags: &[Flag], page: &str) -> String {
    let mut text = format!("Usage: {usage}\n\nOptions:\n");
    for flag in flags.iter().filter(|flag| matches!(flag.effect, Effect::Honoured | Effect::Changed)) {
        row(&mut text, flag.names, first_sentence(flag.words));
    }
    text.push_str("\nOptions of whippet, before all others:\n");
    for option in own_command().get_arguments() {
        let words = option.get_help().map(ToString::to_string).unwrap_or_default();
        row(&mut text, &written(option), &words);
    }
    text.push_str(&format!("\nThe options that are ignored, noted or refused: man {page}\n"));
    text
}

/// A long option with its value.
pub(super) fn written(option: &Arg) -> String {
    let values = option.get_value_names().filter(|_| option.get_action().takes_values()).unwrap_or_default();
    let value: String = values.iter().map(|name| format!(" {name}")).collect();
    format!("--{}{value}", option.get_long().unwrap_or_default())
}

/// The words up to their first full stop.
fn first_sentence(words: &str) -> &str {
    let end = words.find(". ").unwrap_or(words.len());
    words[..end].trim_end_matches('.')
}

/// A row of two columns, the second one wrapped.
fn row(text: &mut String, names: &str, words: &str) {
    text.push_str(&format!("  {names}"));
    let mut column = 2 + names.chars().count();
    let start = NAMES + 2;
    if column + 1 > start && !words.is_empty() {
        text.push('\n');
        column = 0;
    }
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column + 1 + length > WIDTH {
            text.push('\n');
            column = 0;
        }
        let gap = if column < start { start - column } else { 1 };
        text.push_str(&" ".repeat(gap));
        text.push_str(word);
        column += gap + length;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_fits_a_terminal_and_names_what_is_honoured() {
        for (help, names) in [(sendmail(), ["-t", "-f ADDRESS", "-bs"]), (mail(), ["-s ", "-a ", "-r "])] {
            assert!(help.lines().all(|line| line.chars().count() <= WIDTH), "{help}");
            for name in names {
                assert!(help.contains(&format!("\n  {name}")), "{name}\n{help}");
            }
            assert!(help.contains("\n  --profile NAME "), "{help}");
        }
    }
}
