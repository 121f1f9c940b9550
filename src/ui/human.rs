//! Text for a person: what failed, why, what to do. Lines, no colour, no table wider than it must be.

use std::fmt;

use crate::mail::{Fate, Outcome, Problem, Report, Stage};
use crate::sys::is_hidden;

/// Recipients that were accepted and are named before the rest is counted. Of the others all are named: to them the
/// mail must be sent again.
const NAMED: usize = 5;

/// Where a line is broken, columns: 100 less the program's name before it.
const WIDTH: usize = 100 - "whippet: ".len();

/// One thing that went wrong, in the shape of every message:
///
/// ```text
/// whippet: what failed
///   because of this
/// hint: what to do
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complaint {
    /// What failed.
    pub headline: String,
    /// Why, the nearest reason first.
    pub because: Vec<String>,
    /// What to do.
    pub hints: Vec<String>,
}

impl Complaint {
    /// A complaint of one line.
    pub fn new(headline: impl Into<String>) -> Self {
        Complaint { headline: headline.into(), ..Complaint::default() }
    }

    /// The same with a reason.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.because.push(reason.into());
        self
    }

    /// The same with an advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "whippet: {}", printable(&self.headline))?;
        for reason in &self.because {
            writeln!(f, "  because {}", printable(reason))?;
        }
        for hint in &self.hints {
            writeln!(f, "hint: {}", printable(hint))?;
        }
        Ok(())
    }
}

/// Most that is shown of one text, characters: a screen, but not the 100 kB that a script may hand over by mistake.
const SHOWN: usize = 2000;

/// Text that cannot steer a terminal: controls are escaped, but for the line ends inside a reason.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(SHOWN));
    for (count, character) in text.chars().enumerate() {
        match character {
            _ if count == SHOWN => {
                shown.push('…');
                break;
            }
            '\n' => shown.push_str("\n    "),
            '\t' => shown.push(' '),
            _ if is_hidden(character) => shown.extend(character.escape_unicode()),
            _ => shown.push(character),
        }
    }
    shown
}

/// What a report has to say beside success: one complaint per verdict, then who has the mail if others have not.
pub fn complaints(report: &Report) -> Vec<Complaint> {
    let mut groups: Vec<(&Outcome, Vec<&Outcome>)> = Vec::new();
    for outcome in report.outcomes().iter().filter(|outcome| outcome.problem.is_some()) {
        match groups.iter_mut().find(|(first, _)| is_same_verdict(first, outcome)) {
            Some((_, members)) => members.push(outcome),
            None => groups.push((outcome, vec![outcome])),
        }
    }
    let mut complaints: Vec<Complaint> =
        groups.iter().map(|(first, members)| complaint(report, first, members)).collect();
    let accepted: Vec<&Outcome> =
        report.outcomes().iter().filter(|outcome| outcome.fate == Fate::Accepted).collect();
    if !complaints.is_empty() && !accepted.is_empty() {
        let count = accepted.len();
        let more = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
        let mut rest = Complaint::new(names("accepted for ", &accepted[..count.min(NAMED)]) + &more);
        rest.hints.push("send again only to the others, or these get it twice".to_owned());
        complaints.push(rest);
    }
    complaints
}

/// What is said of those whose mail is queued, a line for each reason.
pub fn queued(report: &Report) -> Vec<String> {
    let mut groups: Vec<Vec<&Outcome>> = Vec::new();
    for outcome in report.outcomes().iter().filter(|outcome| outcome.fate == Fate::Queued) {
        match groups.iter_mut().find(|members| is_same_verdict(members[0], outcome)) {
            Some(members) => members.push(outcome),
            None => groups.push(vec![outcome]),
        }
    }
    let line = |members: &Vec<&Outcome>| {
        let count = members.len();
        let more = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
        format!("{}{more}: {}", names("", &members[..count.min(NAMED)]), members[0].sentence)
    };
    groups.iter().map(line).collect()
}

fn is_same_verdict(one: &Outcome, other: &Outcome) -> bool {
    one.fate == other.fate
        && one.stage == other.stage
        && one.problem == other.problem
        && one.reply == other.reply
        && one.sentence == other.sentence
}

fn complaint(report: &Report, first: &Outcome, members: &[&Outcome]) -> Complaint {
    let host = &first.host;
    if first.stage.is_before_transaction() {
        let headline = match first.stage {
            Stage::Connect => format!("cannot connect to {host}"),
            Stage::StartTls | Stage::Handshake => format!("no secure connection to {host}"),
            Stage::Auth => match &report.session.username {
                Some(username) => format!("cannot log in to {host} as {username}"),
                None => format!("cannot log in to {host}"),
            },
            _ => format!("no session with {host}"),
        };
        let complaint = Complaint::new(headline);
        // What the server has against a token stands in our sentence, not in its refusal.
        let objects = first.problem == Some(Problem::TokenRefused) && first.reply.is_some();
        let complaint = if objects { complaint.because(first.sentence.as_str()) } else { complaint };
        return complaint.because(reason(first));
    }
    let verb = match (first.fate, first.in_doubt) {
        (_, true) => "perhaps not accepted",
        (Fate::Deferred, _) => "not accepted now",
        _ => "not accepted",
    };
    let headline = names(&format!("{verb} for "), members);
    let sentence = &first.sentence;
    // One line if it fits: `not accepted for ann@example.org: the server does not know this recipient`.
    let is_short = headline.chars().count() + ": ".len() + sentence.chars().count() <= WIDTH;
    let mut complaint = match is_short && !sentence.contains('\n') {
        true => Complaint::new(format!("{headline}: {sentence}")),
        false => Complaint::new(headline).because(sentence.as_str()),
    };
    if first.reply.is_some() {
        complaint = complaint.because(reason(first));
    }
    complaint
}

/// The server's words if there are any, else our sentence.
fn reason(outcome: &Outcome) -> String {
    match &outcome.reply {
        Some(reply) => format!("the server said: {reply}"),
        None => outcome.sentence.clone(),
    }
}

/// The recipients behind `start`, in lines that fit.
fn names(start: &str, outcomes: &[&Outcome]) -> String {
    let mut text = start.to_owned();
    let mut column = text.chars().count();
    for (index, outcome) in outcomes.iter().enumerate() {
        let name = outcome.recipient.to_string();
        if index > 0 {
            let is_full = column + name.chars().count() + ", ,".len() > WIDTH;
            text.push_str(if is_full { ",\n" } else { ", " });
            column = if is_full { 0 } else { column + 2 };
        }
        column += name.chars().count();
        text.push_str(&name);
    }
    text
}

/// What arrived in the sandbox: rows of label and value, then one row per part.
pub fn arrivals(rows: &[(String, String)], parts: &[(String, String, u64)]) -> String {
    let mut text = String::new();
    for (label, value) in rows {
        text.push_str(&format!("{label:<12}{}\n", printable(value)));
    }
    let width = parts.iter().map(|(media_type, ..)| media_type.chars().count()).max().unwrap_or(0);
    for (index, (media_type, name, octets)) in parts.iter().enumerate() {
        let label = if index == 0 { "parts" } else { "" };
        let size = grouped(*octets);
        let line = format!("{label:<12}{:<width$}  {size:>13}  {}", printable(media_type), printable(name));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Settings as a table: key, value, origin. The widths follow the content, so that a line is no longer than it must be;
/// the few long keys take the room of their short values.
pub fn settings(rows: &[(String, String, String)]) -> String {
    const LONGEST_KEY: usize = 17;
    const LONGEST_VALUE: usize = 30;
    let width = |column: fn(&(String, String, String)) -> &str| {
        rows.iter().map(|row| column(row).chars().count()).max().unwrap_or(0)
    };
    let (keys, values) = (width(|row| &row.0).min(LONGEST_KEY), width(|row| &row.1).min(LONGEST_VALUE));
    let both = keys + 2 + values;
    let mut text = String::new();
    for (key, value, origin) in rows {
        let said = format!("{key:<keys$}  {}", printable(value));
        text.push_str(format!("{said:<both$}  {}", printable(origin)).trim_end());
        text.push('\n');
    }
    text
}

/// `26214400` → `26,214,400`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Address, Envelope, Problem, SessionFacts, Verdict};

    #[test]
    fn the_shape_of_a_complaint() {
        let complaint = Complaint::new("it failed").because("of\x1b[0m that").hint("do this");
        assert_eq!(complaint.to_string(), "whippet: it failed\n  because of\\u{1b}[0m that\nhint: do this\n");
    }

    #[test]
    fn equal_verdicts_are_said_once_and_the_lucky_are_named() {
        let recipients = ["a@x", "b@x", "c@x"].map(|text| Address::parse(text).unwrap());
        let envelope = Envelope::new(None, recipients).unwrap();
        let report = Report::settle(&envelope, SessionFacts::default(), |index, recipient| {
            let verdict = match index {
                0 => Verdict::accepted(Stage::Dot, "ok"),
                _ => Verdict::failed(
                    Stage::Rcpt,
                    Problem::NoSuchRecipient,
                    "the server does not know this recipient",
                ),
            };
            verdict.outcome(recipient, "h:25")
        });
        let text: String = complaints(&report).iter().map(ToString::to_string).collect();
        assert_eq!(
            text,
            "whippet: not accepted for b@x, c@x: the server does not know this recipient\n\
             whippet: accepted for a@x\nhint: send again only to the others, or these get it twice\n"
        );
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [grouped(0), grouped(999), grouped(1000), grouped(26_214_400)],
            ["0", "999", "1,000", "26,214,400"]
        );
    }
}
