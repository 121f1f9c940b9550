//! What is queued, when, and how long: the table `[spool]`, which is for all profiles, and the key `queue` of each.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::rows::show;
use crate::config::Setting;
use crate::config::layer::Spot;
use crate::config::value::measure::{life, life_or, life_text, minutes, number, size, size_text};
use crate::config::value::{self, Given, Reading};

/// Whether mail that could not be handed over waits in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// If something runs the queue.
    Auto,
    /// Always.
    OnFailure,
    /// All mail is queued, before any try.
    Always,
    /// Never.
    Off,
}

impl Queue {
    const ALL: [Queue; 4] = [Queue::Auto, Queue::OnFailure, Queue::Always, Queue::Off];

    /// As it is written in a file.
    pub fn name(self) -> &'static str {
        match self {
            Queue::Auto => "auto",
            Queue::OnFailure => "on-failure",
            Queue::Always => "always",
            Queue::Off => "off",
        }
    }

    pub(in crate::config) fn read(given: Given<'_>) -> Reading<Queue> {
        let wanted = "\"auto\", \"on-failure\", \"always\" or \"off\"";
        let text = given.string(wanted)?;
        Queue::ALL.into_iter().find(|queue| queue.name() == text).ok_or_else(|| format!("must be {wanted}"))
    }
}

/// What happens when it is not known whether the server took a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenInDoubt {
    /// It is sent again, which may make a copy.
    Retry,
    /// It waits for a person.
    Hold,
}

impl WhenInDoubt {
    /// As it is written in a file.
    pub fn name(self) -> &'static str {
        match self {
            WhenInDoubt::Retry => "retry",
            WhenInDoubt::Hold => "hold",
        }
    }

    fn read(given: Given<'_>) -> Reading<WhenInDoubt> {
        let wanted = "\"retry\" or \"hold\"";
        match given.string(wanted)? {
            "retry" => Ok(WhenInDoubt::Retry),
            "hold" => Ok(WhenInDoubt::Hold),
            _ => Err(format!("must be {wanted}")),
        }
    }
}

/// Makes of one list what is said of the table, what holds of it, and the ways between them.
macro_rules! spool_keys {
    ($($name:ident: $kind:ty = $built_in:expr, $read:expr, $text:expr, $doc:literal;)*) => {
        /// What holds of the table `[spool]`.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct SpoolSettings {
            $(#[doc = $doc] pub $name: Setting<$kind>,)*
        }

        /// What one place says of it.
        #[derive(Debug, Clone, Default)]
        pub(in crate::config) struct SpoolScope {
            $($name: Option<Setting<$kind>>,)*
        }

        impl SpoolScope {
            /// Takes one key of the table, by its name without `spool.`.
            pub fn assign(&mut self, key: &str, given: Given<'_>, spot: &Spot<'_>) -> Reading<()> {
                let origin = spot.origin.clone();
                match key {
                    $(stringify!($name) => {
                        let read: fn(Given<'_>, &Spot<'_>) -> Reading<$kind> = $read;
                        self.$name = Some(Setting { value: read(given, spot)?, origin });
                    })*
                    _ => return Err("is no key of the spool".to_owned()),
                }
                Ok(())
            }

            /// Lays `above` over this: what it says wins.
            pub fn overlay(&mut self, above: SpoolScope) {
                $(if above.$name.is_some() { self.$name = above.$name; })*
            }

            /// Fills what nobody said.
            pub fn settle(self) -> SpoolSettings {
                SpoolSettings { $($name: self.$name.unwrap_or_else(|| Setting::built_in($built_in)),)* }
            }
        }

        impl SpoolSettings {
            /// The value and the place of one key, by its name without `spool.`; an empty value is none.
            pub(super) fn row(&self, key: &str) -> Option<(String, String)> {
                let row = match key {
                    $(stringify!($name) => {
                        let text: fn(&$kind) -> String = $text;
                        show(&self.$name, text)
                    })*
                    _ => return None,
                };
                Some(row).filter(|(value, _)| !value.is_empty())
            }
        }
    };
}

spool_keys! {
    first: Duration = whole_minutes(15), |given, _| minutes(given), minutes_text,
        "Between the first try and the second.";
    second: Duration = whole_minutes(30), |given, _| minutes(given), minutes_text,
        "Between the second and the third.";
    third: Duration = whole_minutes(60), |given, _| minutes(given), minutes_text,
        "Between the third and the fourth.";
    subsequent: Duration = whole_minutes(240), |given, _| minutes(given), minutes_text,
        "Between all later ones.";
    jitter_percent: u64 = 10, |given, _| number(given, 0..=50), u64::to_string,
        "By how much each of these times may be longer or shorter, percent.";
    expire: Duration = days(5), |given, _| life(given), |time| life_text(*time),
        "When a mail is given up.";
    bounce_expire: Duration = days(2), |given, _| life(given), |time| life_text(*time),
        "When a report of failure is given up.";
    delay_notice: Option<Duration> = None, |given, _| life_or(given, "off"), |time| life_or_text(*time, "off"),
        "When the sender is told that it takes longer.";
    in_doubt: WhenInDoubt = WhenInDoubt::Retry, |given, _| WhenInDoubt::read(given), |what| what.name().to_owned(),
        "What happens when it is not known whether the server took a mail.";
    in_doubt_limit: u64 = 3, |given, _| number(given, 1..=10), u64::to_string,
        "How often a mail may be in doubt before it waits for a person.";
    submit_once: Option<Duration> = Some(Duration::from_secs(60 * 60)), |given, _| once(given),
        |time| life_or_text(*time, "off"),
        "How long a mail that was accepted is known again when it is handed in once more.";
    badmail_keep: Option<Duration> = None, |given, _| life_or(given, "forever"),
        |time| life_or_text(*time, "forever"),
        "How long dead letters are kept.";
    dir: Option<PathBuf> = None, |given, spot| value::path(given, spot.home, spot.folder).map(Some), dir_text,
        "Where the spool is; `None` is the user's own.";
    max_message: u64 = 2 << 30, |given, _| size(given), |octets| size_text(*octets),
        "The largest mail that is queued, octets.";
    max_entries: u64 = 100_000, |given, _| number(given, 1..=10_000_000), u64::to_string,
        "Most mails that wait at once.";
    allow_network_spool: bool = false, |given, _| value::boolean(given), bool::to_string,
        "Whether the spool may be on a network filesystem.";
    run_after_send: bool = true, |given, _| value::boolean(given), bool::to_string,
        "Whether a send, when it has ended, leaves a run behind for what is due.";
}

fn whole_minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

fn days(count: u64) -> Duration {
    whole_minutes(count * 24 * 60)
}

fn minutes_text(time: &Duration) -> String {
    (time.as_secs() / 60).to_string()
}

fn life_or_text(time: Option<Duration>, word: &str) -> String {
    time.map_or_else(|| word.to_owned(), life_text)
}

fn dir_text(path: &Option<PathBuf>) -> String {
    path.as_deref().map(Path::display).map(|path| path.to_string()).unwrap_or_default()
}

/// How long a submission is known again: a wanted mail that comes later must not be swallowed.
fn once(given: Given<'_>) -> Reading<Option<Duration>> {
    match life_or(given, "off")? {
        Some(time) if time > days(5) => Err("may be at most \"5d\"".to_owned()),
        other => Ok(other),
    }
}

impl Default for SpoolSettings {
    fn default() -> Self {
        SpoolScope::default().settle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;

    #[test]
    fn what_is_wrong_is_said() {
        let mut scope = SpoolScope::default();
        let spot = Spot { origin: Origin::BuiltIn, home: None, folder: None };
        for (key, text, wrong) in [
            ("first", "0", "must be a number from 1 to 10080"),
            ("subsequent", "10081", "must be a number from 1 to 10080"),
            ("jitter_percent", "51", "must be a number from 0 to 50"),
            ("expire", "off", "must be a time such as \"12h\" or \"5d\""),
            ("expire", "5", "must be from \"1m\" to \"366d\""),
            ("delay_notice", "never", "must be a time such as \"12h\" or \"5d\", or \"off\""),
            ("in_doubt", "send", "must be \"retry\" or \"hold\""),
            ("in_doubt_limit", "0", "must be a number from 1 to 10"),
            ("submit_once", "6d", "may be at most \"5d\""),
            ("badmail_keep", "off", "must be a time such as \"12h\" or \"5d\", or \"forever\""),
            ("max_message", "big", "must be a size such as \"25M\" or \"2G\", or a number of octets"),
            ("max_entries", "0", "must be a number from 1 to 10000000"),
            ("allow_network_spool", "1", "must be true or false"),
            ("dir", "", "may not be empty"),
            ("dirs", "/x", "is no key of the spool"),
        ] {
            assert_eq!(scope.assign(key, Given::Text(text), &spot), Err(wrong.to_owned()), "{key}");
        }
        assert_eq!(scope.settle(), SpoolSettings::default());
    }

    #[test]
    fn the_stronger_place_wins_key_by_key() {
        let spot = |name: &str| Spot { origin: Origin::Flag(name.to_owned()), home: None, folder: None };
        let (mut below, mut above) = (SpoolScope::default(), SpoolScope::default());
        below.assign("first", Given::Text("1"), &spot("below")).unwrap();
        below.assign("delay_notice", Given::Text("12h"), &spot("below")).unwrap();
        above.assign("delay_notice", Given::Text("off"), &spot("above")).unwrap();
        below.overlay(above);
        let settings = below.settle();
        let pair = |value: &str, origin: &str| Some((value.to_owned(), origin.to_owned()));
        assert_eq!(settings.row("first"), pair("1", "below"));
        assert_eq!(settings.row("delay_notice"), pair("off", "above"));
        assert_eq!(settings.row("second"), pair("30", "built-in"));
        assert_eq!((settings.row("dir"), settings.row("dirs")), (None, None));
    }
}
