//! Measures: numbers within bounds, lengths of time and sizes.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::DeValue;

use super::{Given, Reading, any_time};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Longest life that may be set.
const LONGEST_S: u64 = 366 * DAY;
/// Largest size that may be set, octets.
const LARGEST: u64 = 1 << 40;

/// A whole number within bounds.
pub(in crate::config) fn number(given: Given<'_>, bounds: RangeInclusive<u64>) -> Reading<u64> {
    let number = match given {
        Given::Text(text) if text.bytes().all(|octet| octet.is_ascii_digit()) => text.parse().ok(),
        Given::Text(_) => None,
        Given::Toml(_) => given.integer().and_then(|number| u64::try_from(number).ok()),
    };
    let wanted = format!("a number from {} to {}", bounds.start(), bounds.end());
    number.filter(|number| bounds.contains(number)).ok_or_else(|| match given {
        Given::Toml(DeValue::Integer(_)) => format!("must be {wanted}"),
        _ => given.wrong(&wanted),
    })
}

/// Minutes as a number, at most a week of them.
pub(in crate::config) fn minutes(given: Given<'_>) -> Reading<Duration> {
    number(given, 1..=7 * 24 * 60).map(|minutes| Duration::from_secs(minutes * MINUTE))
}

/// How long something lives, a minute to a year.
pub(in crate::config) fn life(given: Given<'_>) -> Reading<Duration> {
    let wanted = "a time such as \"12h\" or \"5d\"";
    let life = any_time(given).map_err(|_| given.wrong(wanted))?;
    match life.as_secs() {
        MINUTE..=LONGEST_S => Ok(life),
        _ => Err("must be from \"1m\" to \"366d\"".to_owned()),
    }
}

/// [`life`], or this word for none.
pub(in crate::config) fn life_or(given: Given<'_>, word: &str) -> Reading<Option<Duration>> {
    let wanted = format!("a time such as \"12h\" or \"5d\", or {word:?}");
    match given {
        Given::Text(text) if text == word => Ok(None),
        Given::Toml(DeValue::String(text)) if text == word => Ok(None),
        _ if any_time(given).is_err() => Err(given.wrong(&wanted)),
        _ => life(given).map(Some),
    }
}

/// A size: octets, or a number with K, M, G or T behind it.
pub(in crate::config) fn size(given: Given<'_>) -> Reading<u64> {
    let wanted = "a size such as \"25M\" or \"2G\", or a number of octets";
    let size = match given {
        Given::Toml(DeValue::Integer(_)) => given.integer().and_then(|octets| u64::try_from(octets).ok()),
        _ => read_size(given.string(wanted)?),
    };
    match size {
        Some(octets @ 1..=LARGEST) => Ok(octets),
        Some(_) => Err("must be from 1 to \"1T\"".to_owned()),
        None => Err(format!("must be {wanted}")),
    }
}

fn read_size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        "t" | "tib" => 40,
        _ => return None,
    };
    let number: u64 = digits.bytes().all(|octet| octet.is_ascii_digit()).then(|| digits.parse().ok())??;
    number.checked_mul(1 << shift)
}

/// A length of time as it is written in a file, in its largest whole unit.
pub(in crate::config) fn life_text(life: Duration) -> String {
    let seconds = life.as_secs();
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m")];
    match units.iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{}{name}", seconds / unit),
        None => format!("{seconds}s"),
    }
}

/// A size as it is written in a file.
pub(in crate::config) fn size_text(octets: u64) -> String {
    let units = [(40, "T"), (30, "G"), (20, "M"), (10, "K")];
    match units.iter().find(|(shift, _)| octets > 0 && octets.is_multiple_of(1 << shift)) {
        Some((shift, name)) => format!("{}{name}", octets >> shift),
        None => octets.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::mail::read_time;

    #[test]
    fn what_is_shown_can_be_read() {
        for seconds in [60, 61, 3600, 5400, 86_400, 90_000, 432_000, LONGEST_S] {
            let time = Duration::from_secs(seconds);
            assert_eq!(read_time(&life_text(time)), Some(time));
            assert_eq!(life(Given::Text(&life_text(time))), Ok(time));
        }
        for octets in [1, 1000, 1024, 1536, 25 << 20, 2 << 30, LARGEST] {
            assert_eq!(size(Given::Text(&size_text(octets))), Ok(octets));
        }
        assert_eq!((life_text(Duration::from_secs(432_000)), size_text(2 << 30)), ("5d".into(), "2G".into()));
    }

    #[test]
    fn bounds_are_kept() {
        for text in ["0", "10081", "-1", "+1", "", "15m", "99999999999999999999"] {
            assert!(minutes(Given::Text(text)).is_err(), "{text}");
        }
        assert_eq!(minutes(Given::Text("10080")), Ok(Duration::from_secs(7 * DAY)));
        for text in ["0", "5", "59s", "367d", "off", "5 d"] {
            assert!(life(Given::Text(text)).is_err(), "{text}");
        }
        for text in ["0", "2T", "-1", "M", "1.5G", "5X", "99999999999T"] {
            assert!(size(Given::Text(text)).is_err(), "{text}");
        }
        assert_eq!(size(Given::Text("25MiB")), Ok(25 << 20));
        assert_eq!(life_or(Given::Text("off"), "off"), Ok(None));
        assert_eq!(
            life_or(Given::Text("never"), "off").unwrap_err(),
            "must be a time such as \"12h\" or \"5d\", or \"off\""
        );
        assert_eq!(life_or(Given::Text("5"), "off").unwrap_err(), "must be from \"1m\" to \"366d\"");
    }
}
