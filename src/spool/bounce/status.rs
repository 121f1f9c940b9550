//! The part of a report that programs read: message/delivery-status (RFC 3464), or message/global-delivery-status where
//! the report goes by SMTPUTF8 anyway (RFC 6533). Elsewhere addresses outside ASCII are written in ASCII, so that a report
//! about them needs no more of a server than any mail.

use super::{Report, printable};
use crate::mail::{Address, EnhancedStatus};
use crate::spool::{Decision, Kind};

/// Where lines are folded, octets.
const FOLD: usize = 76;
/// Longest text of a Diagnostic-Code, characters.
const LONGEST_TEXT: usize = 800;

/// The media type, and the content: one block of fields for the message, one for each recipient.
pub(super) fn write(report: &Report<'_>, is_wide: bool) -> (&'static str, String) {
    let envelope = &report.sealed.envelope;
    let mut text = String::new();
    field(&mut text, "Reporting-MTA", &format!("dns; {}", host(report.reporting_mta).unwrap_or("localhost")));
    if let Some(id) = &envelope.wishes().envelope_id {
        field(&mut text, "Original-Envelope-Id", id.as_str());
    }
    if let Some(date) = report.date(report.original.created_ms / 1000) {
        field(&mut text, "Arrival-Date", &date);
    }
    for &place in report.places {
        text.push_str("\r\n");
        recipient(&mut text, report, &envelope.recipients()[place], place, is_wide);
    }
    let is_global = is_wide && !text.is_ascii();
    (if is_global { "message/global-delivery-status" } else { "message/delivery-status" }, text)
}

fn recipient(text: &mut String, report: &Report<'_>, recipient: &Address, place: usize, is_wide: bool) {
    let typed = typed(recipient, is_wide);
    // What was said to the next hop as ORCPT, or would have been.
    if report.sealed.envelope.wishes().concern_reports() {
        field(text, "Original-Recipient", &typed);
    }
    field(text, "Final-Recipient", &typed);
    let action = match report.kind {
        Kind::Delayed => "delayed",
        Kind::Relayed => "relayed",
        Kind::Failed | Kind::Silent => "failed",
    };
    field(text, "Action", action);
    let decision = report.state.last(place);
    field(text, "Status", &status(report.kind, decision).to_string());
    if let Some(decision) = decision {
        let is_reply = decision.reply.code != 0;
        if let Some(host) = report.remote_mta.and_then(host).filter(|_| is_reply) {
            field(text, "Remote-MTA", &format!("dns; {host}"));
        }
        if is_reply || !decision.reply.text.is_empty() {
            field(text, "Diagnostic-Code", &diagnostic(decision, is_wide));
        }
    }
    // That of the attempt which led to what is said here; of a dot in doubt, and of a hop, there is only the last one.
    let tried_s = decision.map(|decision| decision.time_s).or(report.state.tried_s.last().copied());
    if let Some(date) = tried_s.filter(|&tried_s| tried_s > 0).and_then(|tried_s| report.date(tried_s)) {
        field(text, "Last-Attempt-Date", &date);
    }
    if let Some(date) = report.date(report.state.expires_s).filter(|_| report.kind == Kind::Delayed) {
        field(text, "Will-Retry-Until", &date);
    }
}

/// The status of a recipient, of a class that suits what is reported.
pub(super) fn status(kind: Kind, decision: Option<&Decision>) -> EnhancedStatus {
    let status = decision.map_or(EnhancedStatus::new(0, 0, 0), |decision| decision.status);
    let class = match (kind, status.class) {
        (Kind::Relayed, _) => 2,
        (Kind::Delayed, _) => 4,
        // A mail that is given up keeps the class of what is temporary (RFC 3463 3.5, 4.4.7).
        (Kind::Failed | Kind::Silent, 4) => 4,
        (Kind::Failed | Kind::Silent, _) => 5,
    };
    EnhancedStatus::new(class, status.subject.min(999), status.detail.min(999))
}

/// The server's words, or ours, of a bounded length, and in ASCII where they must be.
fn diagnostic(decision: &Decision, is_wide: bool) -> String {
    let mut text = match decision.reply.code {
        0 => String::from("x-whippet;"),
        code => format!("smtp; {code}"),
    };
    for word in printable(&decision.reply.text).split_ascii_whitespace() {
        text.push(' ');
        for character in word.chars() {
            match character.is_ascii() || is_wide {
                true => text.push(character),
                false => text.push_str(&in_ascii(character)),
            }
            if text.len() > LONGEST_TEXT {
                return text + "...";
            }
        }
    }
    text
}

/// An address with its type (RFC 3464 2.3.1, RFC 6533 3).
fn typed(address: &Address, is_wide: bool) -> String {
    let text = address.to_string();
    if text.is_ascii() {
        return format!("rfc822; {text}");
    }
    if is_wide {
        return format!("utf-8; {text}");
    }
    let coded = text.chars().map(|character| match character {
        '!'..='~' if !matches!(character, '\\' | '+' | '=') => character.to_string(),
        _ => in_ascii(character),
    });
    format!("utf-8; {}", coded.collect::<String>())
}

/// A character as RFC 6533 writes it where only ASCII can stand.
fn in_ascii(character: char) -> String {
    format!("\\x{{{:02X}}}", u32::from(character))
}

/// A host's name if it can be one.
pub(super) fn host(name: &str) -> Option<&str> {
    let is_name = |octet: u8| octet.is_ascii_alphanumeric() || b"-._[]:".contains(&octet);
    ((1..=255).contains(&name.len()) && name.bytes().all(is_name)).then_some(name)
}

/// Adds a field, folded at blanks.
pub(super) fn field(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push(':');
    let mut column = name.len() + 1;
    for (index, word) in value.split(' ').enumerate() {
        // Blanks at the end of a line, and lines of nothing else, are lost on the way.
        if index > 0 && column + 1 + word.len() > FOLD && !word.is_empty() && !out.ends_with(' ') {
            out.push_str("\r\n");
            column = 0;
        }
        out.push(' ');
        out.push_str(word);
        column += 1 + word.len();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_typed() {
        let typed = |text: &str, is_wide| typed(&Address::parse(text).unwrap(), is_wide);
        assert_eq!(typed("a+b=c@x.org", false), "rfc822; a+b=c@x.org");
        assert_eq!(typed("用+户@x.org", false), "utf-8; \\x{7528}\\x{2B}\\x{6237}@x.org");
        assert_eq!(typed("用+户@x.org", true), "utf-8; 用+户@x.org");
    }

    #[test]
    fn fields_are_folded_at_blanks_and_never_into_an_empty_line() {
        let mut out = String::new();
        field(&mut out, "Original-Envelope-Id", &format!("{}   {} ", "x".repeat(60), "y".repeat(30)));
        assert!(out.split("\r\n").all(|line| line.is_empty() || !line.trim().is_empty()), "{out:?}");
        assert_eq!(out.replace("\r\n", "").matches(' ').count(), 5);
        let mut out = String::new();
        field(&mut out, "X", &"word ".repeat(50));
        assert!(out.lines().all(|line| line.len() <= 78), "{out}");
    }

    #[test]
    fn what_is_no_host_is_none() {
        assert_eq!(host("mx.example.org"), Some("mx.example.org"));
        assert_eq!(host("[IPv6:::1]"), Some("[IPv6:::1]"));
        for name in ["", "a b", "a\r\nb", "münchen"] {
            assert_eq!(host(name), None);
        }
    }
}
