//! The part of a report that people read: which recipients, why, and what to do.

use super::status::{host, status};
use super::{Report, printable};
use crate::mail::EnhancedStatus;
use crate::spool::{Decision, Kind};

/// Where lines of words are broken, characters.
const LINE: usize = 72;
/// Longest word that is written unbroken, characters.
const LONGEST_WORD: usize = 900;
/// Most recipients of one reason that are named one by one; programs read all of them in the part behind.
const NAMED: usize = 100;

/// The subject.
pub(super) fn subject(kind: Kind) -> &'static str {
    match kind {
        Kind::Delayed => "Mail delayed: not delivered yet",
        Kind::Relayed => "Mail passed on",
        Kind::Failed | Kind::Silent => "Mail not delivered",
    }
}

/// The text, lines ended in CRLF. `is_whole` says what of the original comes behind it, if anything does.
pub(super) fn write(report: &Report<'_>, is_whole: Option<bool>) -> String {
    let mut text = Text::default();
    let reporter = host(report.reporting_mta).unwrap_or("localhost");
    text.paragraph("", &format!("This is the mail program whippet on {reporter}."));
    let arrived = report.date(report.original.created_ms / 1000);
    let mail = arrived.map_or("Your mail".to_owned(), |date| format!("Your mail of {date}"));
    text.paragraph(
        "",
        &match report.kind {
            Kind::Delayed => format!("{mail} has not been delivered yet to:"),
            Kind::Relayed => format!("{mail} has been passed on for:"),
            Kind::Failed | Kind::Silent => format!("{mail} could not be delivered to:"),
        },
    );
    for (decision, places) in reasons(report) {
        for &place in places.iter().take(NAMED) {
            text.line("  ", &report.sealed.envelope.recipients()[place].to_string());
        }
        if let Some(more) = places.len().checked_sub(NAMED).filter(|&more| more > 0) {
            text.line("  ", &format!("and {more} more"));
        }
        text.empty();
        reason(&mut text, report, decision);
    }
    text.paragraph("", &outlook(report));
    if let Some(advice) = report.advice {
        text.paragraph("", advice);
    }
    match is_whole {
        Some(true) => text.paragraph("", "Your mail comes back with this report."),
        Some(false) => text.paragraph("", "The header of your mail comes back with this report."),
        None => {}
    }
    text.0.truncate(text.0.trim_end().len());
    text.0 + "\r\n"
}

/// The recipients by what was decided about them, in their order.
fn reasons<'a>(report: &Report<'a>) -> Vec<(Option<&'a Decision>, Vec<usize>)> {
    let mut reasons: Vec<(Option<&Decision>, Vec<usize>)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for &place in report.places {
        let decision = report.state.last(place);
        let key = decision.map(|decision| (decision.status, decision.reply.code, &decision.reply.text));
        let index = *known.entry(key).or_insert_with(|| {
            reasons.push((decision, Vec::new()));
            reasons.len() - 1
        });
        reasons[index].1.push(place);
    }
    reasons
}

fn reason(text: &mut Text, report: &Report<'_>, decision: Option<&Decision>) {
    let Some(decision) = decision else {
        if report.kind != Kind::Relayed {
            text.paragraph("    ", "The server has not been reached.");
        }
        return;
    };
    let words = printable(&decision.reply.text);
    let server =
        report.remote_mta.and_then(host).map_or("The server".to_owned(), |host| format!("The server {host}"));
    match decision.reply.code {
        0 if words.is_empty() => {}
        0 => text.paragraph("    ", &format!("Why: {words}")),
        code if words.is_empty() => text.paragraph("    ", &format!("{server} said: {code}")),
        code => text.paragraph("    ", &format!("{server} said: {code} {words}")),
    }
    if report.kind == Kind::Failed
        && let Some(advice) = advice(status(report.kind, Some(decision)))
    {
        text.paragraph("    ", advice);
    }
}

/// What a status means for the person who sent the mail (RFC 3463).
fn advice(status: EnhancedStatus) -> Option<&'static str> {
    Some(match (status.class, status.subject, status.detail) {
        (_, 1, 1 | 2 | 3 | 6 | 10) => "The address does not exist. Look whether it is written right.",
        (_, 2, 1) => "The mailbox takes no mail now.",
        (_, 2, 2) => "The mailbox is full. Send the mail again later, or tell the recipient another way.",
        (_, 2, 3) | (_, 3, 4) => {
            "The mail is too big for the recipient's server. Send less, or a link to it."
        }
        (5, 4, 7) => "The mail asks to arrive within a time, and that time is over.",
        (_, 6, 0) => "The stored mail was damaged, so it was not sent. Send it again.",
        (_, 6, 7) => "The server does not take addresses with letters outside ASCII.",
        (_, 7, 30) => "The mail asks for TLS on the whole way, and the server does not promise it.",
        (5, 7, _) => "The server does not take the mail by its rules. Its words say more.",
        (4, _, _) => "It was tried again and again until its time was over.",
        _ => return None,
    })
}

/// What happens next.
fn outlook(report: &Report<'_>) -> String {
    match report.kind {
        Kind::Delayed => {
            let until = report.date(report.state.expires_s).map(|date| format!(" until {date}"));
            let until = until.unwrap_or_default();
            format!(
                "You need do nothing: it is tried again{until}. If that fails too, you get another report."
            )
        }
        Kind::Relayed => {
            "The next server has it, and sends no reports: you will not hear whether it arrived.".to_owned()
        }
        Kind::Failed | Kind::Silent => "It will not be tried again.".to_owned(),
    }
}

/// Lines of words.
#[derive(Default)]
pub(super) struct Text(pub(super) String);

impl Text {
    /// Adds a line that is not broken.
    fn line(&mut self, indent: &str, line: &str) {
        self.0.push_str(indent);
        self.0.extend(line.chars().map(|c| if crate::sys::is_hidden(c) { '?' } else { c }));
        self.0.push_str("\r\n");
    }

    fn empty(&mut self) {
        self.0.push_str("\r\n");
    }

    /// Adds words, broken into lines, and an empty line.
    pub(super) fn paragraph(&mut self, indent: &str, words: &str) {
        let mut line = String::new();
        for word in words.split_whitespace() {
            let word: String = word.chars().take(LONGEST_WORD).collect();
            if !line.is_empty() && indent.len() + line.chars().count() + 1 + word.chars().count() > LINE {
                self.line(indent, &line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        self.line(indent, &line);
        self.empty();
    }
}
