//! The log: one line of JSON for each event, in `log/YYYYMMDD.jsonl`, kept for 30 days. It says who took which mail for whom, or
//! why not, and each time that nobody knows it.
//!
//! Advisory: it is never flushed, may be deleted at any time, and mail goes where it cannot be written.

use std::io;
use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Decision, Store, Taken};
use crate::mail::{Fate, Outcome, SessionFacts, TlsFacts};
use crate::sys::is_hidden;

/// How long a file of the log is kept, days.
const KEPT_DAYS: u64 = 30;
const DAY_S: u64 = 24 * 60 * 60;

/// One event. What an event has not is null.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Line {
    /// When it is written, RFC 3339.
    pub(super) time: String,
    /// `accepted`, `deferred`, `failed`, `in-doubt`, `host-down`; or the verb: `hold`, `release`, `retry`, `remove`.
    pub event: &'static str,
    /// The entry.
    pub id: Option<String>,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// Whom it is about.
    pub recipient: Option<String>,
    /// The profile, which is the hop.
    pub profile: Option<String>,
    /// Who decided, `host:port`.
    pub host: Option<String>,
    /// The address that was connected to.
    pub address: Option<String>,
    /// Version and cipher of TLS.
    pub tls: Option<String>,
    /// Where in the session it was decided.
    pub stage: Option<&'static str>,
    /// The enhanced status.
    pub status: Option<String>,
    /// The server's words, its code before them.
    pub reply: Option<String>,
    /// Ours.
    pub sentence: Option<String>,
    /// From MAIL to the end.
    pub duration_ms: Option<u64>,
    /// The mail may have been accepted, and a retry may duplicate.
    pub in_doubt: bool,
    /// The user who did it.
    pub uid: Option<u32>,
}

impl Line {
    /// An event of an entry.
    pub(super) fn of(event: &'static str, taken: &Taken<'_, '_>) -> Self {
        Line {
            event,
            id: Some(taken.name.id.to_string()),
            message_id: Some(taken.sealed.message_id.clone()),
            profile: Some(taken.header.profile.clone()),
            ..Line::default()
        }
    }

    /// What became of one recipient in a session.
    pub fn outcome(taken: &Taken<'_, '_>, outcome: &Outcome, session: &SessionFacts) -> Self {
        let event = match outcome.fate {
            _ if outcome.in_doubt => "in-doubt",
            Fate::Accepted | Fate::Queued => "accepted",
            Fate::Deferred => "deferred",
            Fate::Failed => "failed",
        };
        let tls = |tls: &TlsFacts| format!("{} {}", tls.version, tls.cipher);
        Line {
            recipient: Some(outcome.recipient.to_string()),
            host: Some(outcome.host.clone()),
            address: session.peer.clone(),
            tls: session.tls.as_ref().map(tls),
            stage: Some(outcome.stage.name()),
            status: Some(outcome.status.to_string()),
            reply: outcome.reply.as_ref().map(ToString::to_string),
            sentence: Some(outcome.sentence.clone()),
            duration_ms: u64::try_from(session.timings.transaction.as_millis()).ok(),
            in_doubt: outcome.in_doubt,
            ..Line::of(event, taken)
        }
    }

    /// What was decided here about the recipient at this place.
    pub(super) fn decided(taken: &Taken<'_, '_>, decision: &Decision, place: usize) -> Self {
        let event = if decision.class == 5 { "failed" } else { "deferred" };
        Line {
            recipient: taken.sealed.envelope.recipients().get(place).map(ToString::to_string),
            stage: Some(decision.stage.name()),
            status: Some(decision.status.to_string()),
            sentence: Some(decision.reply.text.clone()),
            ..Line::of(event, taken)
        }
    }

    /// The dot for the recipient at this place left, or was about to, and nothing is on record behind it.
    pub(super) fn doubt(taken: &Taken<'_, '_>, place: usize, why: &str) -> Self {
        Line {
            recipient: taken.sealed.envelope.recipients().get(place).map(ToString::to_string),
            stage: Some("dot"),
            sentence: Some(why.to_owned()),
            in_doubt: true,
            ..Line::of("in-doubt", taken)
        }
    }

    /// The line, its end with it: ASCII but for text that only shows itself.
    fn write(&self) -> String {
        let json = serde_json::to_string(self).expect("strings and numbers always become JSON");
        let mut line = String::with_capacity(json.len() + 1);
        for character in json.chars() {
            // Controls of ASCII are escaped already; the others stand inside of strings, where a number means the same.
            if is_hidden(character) {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    line.push_str(&format!("\\u{unit:04x}"));
                }
            } else {
                line.push(character);
            }
        }
        line.push('\n');
        line
    }
}

/// The file of a day.
fn file_of(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y%m%d.jsonl").to_string()
}

fn timestamp(now_s: u64) -> Timestamp {
    Timestamp::try_from(UNIX_EPOCH + Duration::from_secs(now_s)).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Store<'_> {
    /// Adds lines to the log of the day.
    pub fn log(&self, lines: Vec<Line>, now_s: u64) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let time = timestamp(now_s);
        let write = |line: Line| Line { time: time.to_string(), ..line }.write();
        let text: String = lines.into_iter().map(write).collect();
        self.disk().append(&self.folder("log")?, &file_of(time), text.as_bytes())
    }

    /// Removes the files of days that are long over.
    pub(super) fn sweep_log(&self, now_s: u64) -> io::Result<()> {
        let log = self.folder("log")?;
        let first = file_of(timestamp(now_s.saturating_sub(KEPT_DAYS * DAY_S)));
        let mut old = Vec::new();
        self.disk().list(&log, &mut |name| {
            let is_day = |name: &&str| {
                name.strip_suffix(".jsonl")
                    .is_some_and(|day| day.len() == 8 && day.bytes().all(|octet| octet.is_ascii_digit()))
            };
            old.extend(name.to_str().ok().filter(is_day).filter(|name| **name < *first).map(str::to_owned));
        })?;
        old.iter().try_for_each(|name| self.disk().unlink(&log, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::SystemDisk;

    const NOW_S: u64 = 1_800_000_000;

    fn text(path: &std::path::Path) -> String {
        std::fs::read_to_string(path.join("log").join("20270115.jsonl")).unwrap()
    }

    #[test]
    fn hostile_text_is_escaped_and_comes_back() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("spool");
        let store = Store::create(&SystemDisk, &path).unwrap();
        let hostile = "\u{1b}[2J\r\n{\"\u{202e}\u{7f}\u{9b}x\\ \u{2028}é文";
        for _ in 0..2 {
            let line = Line { event: "failed", reply: Some(hostile.to_owned()), ..Line::default() };
            store.log(vec![line.clone(), line], NOW_S).unwrap();
        }
        let text = text(&path);
        assert_eq!(text.lines().count(), 4);
        assert!(
            !text.trim_end().chars().any(|character| is_hidden(character) && character != '\n'),
            "{text:?}"
        );
        for line in text.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!((&value["reply"], &value["id"]), (&hostile.into(), &serde_json::Value::Null));
            assert_eq!(value["time"], "2027-01-15T08:00:00Z");
            assert_eq!(value.as_object().unwrap().len(), 16);
        }
    }

    #[test]
    fn a_line_that_was_cut_short_spoils_no_other() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("spool");
        let store = Store::create(&SystemDisk, &path).unwrap();
        std::fs::write(path.join("log/20270115.jsonl"), "{\"time\":\"20").unwrap();
        store.log(vec![Line { event: "hold", ..Line::default() }], NOW_S).unwrap();
        let text = text(&path);
        let last = text.lines().last().unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(last).unwrap()["event"], "hold");
    }

    #[test]
    fn only_days_that_are_long_over_go() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("spool");
        let store = Store::create(&SystemDisk, &path).unwrap();
        let names = ["20261215.jsonl", "20261216.jsonl", "20270115.jsonl", "2026121.jsonl", "last-run"];
        for name in names {
            std::fs::write(path.join("log").join(name), "").unwrap();
        }
        store.sweep_log(NOW_S).unwrap();
        let left = names.map(|name| path.join("log").join(name).exists());
        assert_eq!(left, [false, true, true, true, true]);
    }
}
