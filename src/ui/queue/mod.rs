//! What is printed of the queue: a table that fits a terminal, an entry with its history, figures, and the same as JSON.

mod entry;
mod figures;
mod table;

pub use entry::{Details, Moment, Recipient, Wish, details, details_json};
pub use figures::{Finding, Hop, Place, Stats, finding, findings_json, stats, stats_json};
pub use table::{Answer, Gate, Row, Totals, head, row, row_json, summary, totals_json};

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

use crate::ui::printable;

/// Columns of a terminal.
const WIDTH: usize = 80;

/// What came of a verb for one entry.
#[derive(Debug, Serialize)]
pub struct DoneRow<'a> {
    /// The entry's ID, or what was typed for it.
    pub id: &'a str,
    /// `done`, `already`, `refused`, `busy`, `gone`, `unknown` or `trouble`.
    pub result: &'a str,
    /// Where it is now, where that is known.
    pub state: Option<&'a str>,
    /// Why it is not done.
    pub why: Option<&'a str>,
}

/// What came of a verb.
pub fn done_json(rows: &[DoneRow<'_>], exit: u8) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        entries: &'a [DoneRow<'a>],
        exit: u8,
    }
    pretty(&Document { entries: rows, exit })
}

/// What runs the queue from now on: `systemd` with its files, or `crontab` with the line.
pub fn installed_json(runner: &str, places: &[String], exit: u8) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        runner: &'a str,
        places: &'a [String],
        exit: u8,
    }
    pretty(&Document { runner, places, exit })
}

/// What was taken away that ran the queue.
pub fn removed_json(removed: &[&str], exit: u8) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        removed: &'a [&'a str],
        exit: u8,
    }
    pretty(&Document { removed, exit })
}

fn pretty(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("strings and numbers always become JSON");
    text.push('\n');
    text
}

/// A length of time in its largest unit, at most four characters below 27 years: `59s`, `12m`, `3h`, `4d`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Octets in at most five characters: `512`, `1.2K`, `12K`, `3.4M`.
pub fn octets(count: u64) -> String {
    const UNITS: [&str; 5] = ["K", "M", "G", "T", "P"];
    if count < 1000 {
        return count.to_string();
    }
    let (mut tenths, mut unit) = (u128::from(count) * 10 / 1024, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1024, unit + 1);
    }
    match tenths {
        0..100 => format!("{}.{}{}", tenths / 10, tenths % 10, UNITS[unit]),
        _ => format!("{}{}", tenths / 10, UNITS[unit]),
    }
}

/// A time for programs (RFC 3339, UTC).
fn stamp(seconds: u64) -> Option<String> {
    let time = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(time.to_string())
}

/// A time for people.
fn time(seconds: u64) -> String {
    match stamp(seconds) {
        Some(text) => text.replacen('T', " ", 1),
        None => "never".to_owned(),
    }
}

/// The text in one line of at most so many characters.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.len() <= width && text.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
        return text.into();
    }
    let text = printable(text).replace("\n    ", " ");
    match text.char_indices().nth(width) {
        None => text.into(),
        Some(_) => text.chars().take(width - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3599, "59m"),
            (3600, "1h"),
            (172_799, "47h"),
            (172_800, "2d"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn sizes_are_short() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "0.9K"),
            (1024, "1.0K"),
            (10_239, "9.9K"),
            (10_240, "10K"),
            (1_000_000, "976K"),
            (1_048_576, "1.0M"),
            (2 << 30, "2.0G"),
        ] {
            assert_eq!(octets(count), text);
        }
        assert!(octets(u64::MAX).len() <= 6);
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!((&*cut("abc", 3), &*cut("abcd", 3)), ("abc", "ab…"));
        assert_eq!(cut("a\nb\u{1b}c", 20), "a b\\u{1b}c");
    }
}
