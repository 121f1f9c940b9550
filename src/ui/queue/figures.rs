//! Figures of the spool, and what a check has found.

use serde::Serialize;

use super::table::GateJson;
use super::{Answer, Gate, octets, pretty, span, stamp};
use crate::ui::printable;

/// Something that is not as it should be.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The file, from the spool's folder on.
    pub file: String,
    /// What is wrong.
    pub finding: String,
    /// What was done about it.
    pub mended: Option<&'static str>,
}

/// A finding in a line.
pub fn finding(finding: &Finding) -> String {
    let mended = finding.mended.map(|mended| format!(" ({mended})")).unwrap_or_default();
    format!("{}: {}{mended}\n", printable(&finding.file), printable(&finding.finding))
}

/// What a check has found.
pub fn findings_json(findings: &[Finding], files: usize, exit: u8) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        findings: &'a [Finding],
        files: usize,
        exit: u8,
    }
    pretty(&Document { findings, files, exit })
}

/// Figures of one place.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Place {
    pub name: &'static str,
    pub entries: usize,
    pub octets: u64,
    pub oldest_s: Option<u64>,
}

/// Figures of one profile.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Hop {
    pub profile: String,
    pub queued: usize,
    pub due: usize,
    pub last: Option<(u64, Answer)>,
    pub gate: Option<Gate>,
}

/// Figures of a spool.
#[derive(Debug, Clone)]
pub struct Stats {
    /// Its folder.
    pub folder: String,
    /// Its places.
    pub places: Vec<Place>,
    /// What is queued, by profile.
    pub hops: Vec<Hop>,
    /// Times of the last day that it was not known whether a mail was taken.
    pub in_doubt: usize,
    /// How many entries the queue may have.
    pub most: u64,
    /// When the queue was last run.
    pub run_s: Option<u64>,
    /// Whether that shows that something runs it.
    pub is_run: bool,
    /// What becomes of what is on its file system, if that does not last.
    pub fleeting: Option<String>,
    /// Octets and files that are free; nothing where there is no spool.
    pub free: Option<(u64, Option<u64>)>,
}

/// For people.
pub fn stats(stats: &Stats, now_s: u64) -> String {
    let mut text = format!("{}\n", printable(&stats.folder));
    if let Some(words) = &stats.fleeting {
        text.push_str(&format!("{words}\n"));
    }
    for place in &stats.places {
        let oldest = match place.oldest_s {
            Some(oldest_s) => format!("  oldest {}", span(now_s.saturating_sub(oldest_s))),
            None => String::new(),
        };
        let line = format!("  {:<9} {:>7} {:>6}{oldest}", place.name, place.entries, octets(place.octets));
        text.push_str(&line);
        text.push('\n');
    }
    for hop in &stats.hops {
        // A file without profiles is one, and it has no name.
        let profile = match hop.profile.as_str() {
            "" => "by the profile without a name".to_owned(),
            name => format!("by profile {}", printable(name)),
        };
        text.push_str(&format!("{profile}: {} queued, {} due\n", hop.queued, hop.due));
        if let Some((at_s, last)) = &hop.last {
            let ago = span(now_s.saturating_sub(*at_s));
            text.push_str(&format!("  {ago} ago: {}\n", printable(&last.line())));
        }
        if let Some(gate) = &hop.gate {
            text.push_str(&format!("  {}\n", printable(&gate.line(now_s))));
        }
    }
    if stats.in_doubt > 0 {
        let count = stats.in_doubt;
        text.push_str(&format!("in doubt within 24 hours: {count}\n"));
    }
    let remedy = if stats.is_run { "" } else { "; `whippet queue install` has it run" };
    match stats.run_s {
        Some(run_s) => {
            let ago = span(now_s.saturating_sub(run_s));
            text.push_str(&format!("the queue was last run {ago} ago{remedy}\n"));
        }
        None => text.push_str(&format!("nothing has run the queue yet{remedy}\n")),
    }
    text.push_str(&format!("the queue may have {} entries\n", stats.most));
    match stats.free {
        Some((free, None)) => text.push_str(&format!("free on the disk: {}\n", octets(free))),
        Some((free, Some(files))) => {
            text.push_str(&format!("free on the disk: {}, and {files} files\n", octets(free)));
        }
        None => text.push_str("there is no spool yet\n"),
    }
    text
}

/// For programs.
pub fn stats_json(stats: &Stats, now_s: u64) -> String {
    #[derive(Serialize)]
    struct PlaceJson<'a> {
        place: &'a str,
        entries: usize,
        octets: u64,
        oldest: Option<String>,
        oldest_s: Option<u64>,
    }
    #[derive(Serialize)]
    struct HopJson<'a> {
        profile: &'a str,
        queued: usize,
        due: usize,
        last_try: Option<String>,
        last: Option<String>,
        gate: Option<GateJson<'a>>,
    }
    #[derive(Serialize)]
    struct Document<'a> {
        folder: &'a str,
        fleeting: Option<&'a str>,
        places: Vec<PlaceJson<'a>>,
        profiles: Vec<HopJson<'a>>,
        in_doubt_24h: usize,
        last_run: Option<String>,
        is_run: bool,
        max_entries: u64,
        free_octets: Option<u64>,
        free_files: Option<u64>,
    }
    let place = |place: &Place| PlaceJson {
        place: place.name,
        entries: place.entries,
        octets: place.octets,
        oldest: place.oldest_s.and_then(stamp),
        oldest_s: place.oldest_s.map(|oldest_s| now_s.saturating_sub(oldest_s)),
    };
    pretty(&Document {
        folder: &stats.folder,
        fleeting: stats.fleeting.as_deref(),
        places: stats.places.iter().map(place).collect(),
        profiles: stats
            .hops
            .iter()
            .map(|hop| HopJson {
                profile: &hop.profile,
                queued: hop.queued,
                due: hop.due,
                last_try: hop.last.as_ref().and_then(|(at_s, _)| stamp(*at_s)),
                last: hop.last.as_ref().map(|(_, last)| last.line().into_owned()),
                gate: hop.gate.as_ref().map(GateJson::from),
            })
            .collect(),
        in_doubt_24h: stats.in_doubt,
        last_run: stats.run_s.and_then(stamp),
        is_run: stats.is_run,
        max_entries: stats.most,
        free_octets: stats.free.map(|(octets, _)| octets),
        free_files: stats.free.and_then(|(_, files)| files),
    })
}
