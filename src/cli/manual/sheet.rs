//! The pieces that the manual pages are made of, in roff.

use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::faces::flags::{Effect, Flag};
use crate::cli::faces::own_command;

/// The sections NAME and SYNOPSIS of a page.
pub(in crate::cli) fn opening(roff: &mut Roff, name: &str, about: &str, lines: &[(&str, &str)]) {
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("{name} - {about}"))]);
    roff.control("SH", ["SYNOPSIS"]);
    for (index, (program, words)) in lines.iter().enumerate() {
        if index > 0 {
            roff.control("br", []);
        }
        roff.text([bold(*program), roman(format!(" {words}").trim_end().to_owned())]);
    }
}

/// Examples, each a text and lines that stand as they are.
pub(in crate::cli) fn examples(roff: &mut Roff, all: &[(&str, &str)]) {
    roff.control("SH", ["EXAMPLES"]);
    for (index, (text, lines)) in all.iter().enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*text)]);
        roff.control("PP", []);
        roff.control("EX", []);
        for line in lines.lines() {
            roff.text([roman(format!("  {line}"))]);
        }
        roff.control("EE", []);
    }
}

/// The section SEE ALSO; a page is written as `name(1)`.
pub(in crate::cli) fn see_also(roff: &mut Roff, pages: &[&str]) {
    roff.control("SH", ["SEE ALSO"]);
    let mut inlines = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        let (name, section) = page.split_at(page.find('(').unwrap_or(page.len()));
        let comma = if index + 1 < pages.len() { ", " } else { "" };
        inlines.extend([bold(name), roman(format!("{section}{comma}"))]);
    }
    roff.text(inlines);
}

/// Options of another program, of these effects.
pub(in crate::cli) fn flags(roff: &mut Roff, table: &[Flag], wanted: &[Effect]) {
    for flag in table.iter().filter(|flag| wanted.contains(&flag.effect)) {
        roff.control("TP", []);
        roff.text([bold(flag.names)]);
        let words = if flag.words.is_empty() { "No effect." } else { flag.words };
        roff.text([roman(words)]);
    }
}

/// whippet's own options before those of another program.
pub(in crate::cli) fn own_options(roff: &mut Roff) {
    for arg in own_command().get_opts().filter(|arg| !arg.is_hide_set()) {
        let names = arg.get_value_names().filter(|_| arg.get_action().takes_values());
        let value = names.and_then(|names| names.first()).map(|name| format!(" {name}")).unwrap_or_default();
        roff.control("TP", []);
        roff.text([bold(format!("--{}", arg.get_long().unwrap_or_default())), roman(value)]);
        roff.text([roman(format!("{}.", arg.get_help().map(ToString::to_string).unwrap_or_default()))]);
    }
}

/// A section that is nothing but paragraphs.
pub(in crate::cli) fn chapter(title: &str, texts: &[&str]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    paragraphs(&mut roff, texts);
    roff
}

/// A section of names and what they mean.
pub(in crate::cli) fn section(roff: &mut Roff, title: &str, items: &[(&str, &str)]) {
    roff.control("SH", [title]);
    for (name, text) in items {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(*text)]);
    }
}

/// Paragraphs.
pub(in crate::cli) fn paragraphs(roff: &mut Roff, texts: &[&str]) {
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*text)]);
    }
}
