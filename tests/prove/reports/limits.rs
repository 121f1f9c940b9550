//! What is told at the limits: the sixty-first report of an hour, and the end of a mail's life.

use whippet::spool::Place;
use whippet::sys::SystemDisk;

use super::hop::{Mail, Manners};
use super::readers::read_all;
use super::{Case, HOUR};
use crate::world::{Ground, open};

/// Of 61 mails that fail within an hour 60 are told of, and of one a summary, once.
pub fn flood(ground: &Ground) -> Result<usize, String> {
    let case = Case { to: vec!["f0@example.test"], ..Case::default() };
    let path = ground.spool();
    let store = open(&SystemDisk, &path);
    (0..61).for_each(|number| case.submit(&store, number));
    let mut counts = Vec::new();
    let mut summaries = Vec::new();
    for after_s in [0, 1, HOUR - 1, HOUR, HOUR + 1, 2 * HOUR, 3 * HOUR, 30 * HOUR] {
        let got = case.run(&store, true, after_s)?;
        counts.push(got.iter().filter(|mail| mail.from.contains("<>")).count());
        let is_summary =
            |mail: &&Mail| String::from_utf8_lossy(&mail.octets).contains("Subject: More mail not delivered");
        summaries.extend(
            got.iter().filter(is_summary).map(|mail| String::from_utf8_lossy(&mail.octets).into_owned()),
        );
    }
    if counts != [0, 60, 0, 1, 0, 0, 0, 0]
        || summaries.len() != 1
        || !summaries[0].contains("1 more mail of yours")
    {
        return Err(format!("61 within an hour: {counts:?}, {summaries:?}"));
    }
    let dead = store.ids(Place::Badmail, &mut |_| {}).unwrap().len();
    if dead != 61 || !store.scan(&mut |_| {}).unwrap().is_empty() {
        return Err(format!("{dead} in badmail/"));
    }
    Ok(61)
}

/// Whoever is given up hears the last words about each recipient, or those with which the hop sent everybody away.
pub fn given_up(ground: &Ground) -> Result<usize, String> {
    let to = vec!["d1@example.test", "d2@example.test"];
    for (greeting, diagnoses, statuses) in [
        (
            "220 hop",
            ["smtp; 450 4.2.1 <d1@example.test> later", "smtp; 450 4.2.1 <d2@example.test> later"],
            ["4.4.7"; 2],
        ),
        ("421 4.7.1 not you", ["smtp; 421 4.7.1 not you"; 2], ["4.7.1"; 2]),
    ] {
        let manners = Manners { greeting, ..Manners::default() };
        let case = Case { to: to.clone(), notify: "failure", manners, ..Case::default() };
        let path = ground.spool();
        let store = open(&SystemDisk, &path);
        case.submit(&store, 1);
        let mut last = Vec::new();
        for quarter in 0..5 * 24 * 4 + 40 {
            last = case.run(&store, false, quarter * HOUR / 4)?;
            if !store.ids(Place::Badmail, &mut |_| {}).unwrap().is_empty() {
                break;
            }
        }
        // The hop opens, and the report goes.
        let healthy = Case { manners: Manners::default(), ..case.clone() };
        last.extend(healthy.run(&store, true, 7 * 24 * HOUR)?);
        let octets: Vec<&[u8]> = last.iter().map(|mail| mail.octets.as_slice()).collect();
        let read = read_all(&octets)?;
        let [read] = &read[..] else { return Err(format!("{} reports of what was given up", read.len())) };
        for (place, block) in read.blocks[1..].iter().enumerate() {
            let field = |name: &str| block.get(name).cloned().unwrap_or_default();
            if (field("Status").as_str(), field("Diagnostic-Code").as_str())
                != (statuses[place], diagnoses[place])
                || field("Last-Attempt-Date").is_empty()
            {
                return Err(format!("given up after {greeting}: {block:?}"));
            }
        }
    }
    Ok(2)
}
