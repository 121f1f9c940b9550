//! One entry: what is known of it, its recipients, and what happened to it.

use serde::Serialize;

use super::table::{AnswerJson, RowJson};
use super::{Answer, Row, octets, pretty, span, stamp, time};
use crate::ui::printable;

/// Something that the sender wishes of the servers.
pub type Wish = (&'static str, String);

/// A recipient.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// Who.
    pub address: String,
    /// `pending`, `in doubt`, `held`, `accepted` or `failed`.
    pub fate: &'static str,
    /// The last answer.
    pub last: Option<Answer>,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Moment {
    /// When, seconds since 1970, where it is known.
    pub time_s: Option<u64>,
    /// What, for programs.
    pub event: &'static str,
    /// What, for people.
    pub words: String,
}

/// All that is known of an entry.
#[derive(Debug, Clone)]
pub struct Details {
    /// What the list says.
    pub row: Row,
    /// The Message-ID.
    pub message_id: String,
    /// Who handed it in.
    pub uid: u32,
    /// It is a report of ours.
    pub is_bounce: bool,
    /// What is wished.
    pub wishes: Vec<Wish>,
    /// Its recipients.
    pub recipients: Vec<Recipient>,
    /// What happened to it.
    pub journal: Vec<Moment>,
}

/// For people.
pub fn details(details: &Details, now_s: u64) -> String {
    let row = &details.row;
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("{name:<11} {}\n", printable(value)));
        }
    };
    let ago = |at_s: u64| format!("{}, {} ago", time(at_s), span(now_s.saturating_sub(at_s)));
    let ahead = |at_s: u64| match at_s.checked_sub(now_s) {
        None | Some(0) => format!("{}, now", time(at_s)),
        Some(left_s) => format!("{}, in {}", time(at_s), span(left_s)),
    };
    line("id", &row.id);
    line("file", &row.file);
    line("state", row.state);
    line("taken", &row.made_s.map(ago).unwrap_or_default());
    line("next try", &row.due_s.map(ahead).unwrap_or_default());
    line("given up", &row.expires_s.map(ahead).unwrap_or_default());
    line("host", &row.gate.as_ref().map(|gate| gate.line(now_s)).unwrap_or_default());
    line("attempts", &row.attempts.to_string());
    line("profile", row.profile.as_deref().unwrap_or_default());
    line("from", row.from.as_deref().map_or("", |from| if from.is_empty() { "<>" } else { from }));
    line("size", &row.size.map(octets).unwrap_or_default());
    line("message-id", &details.message_id);
    line("user id", &details.uid.to_string());
    for (name, value) in &details.wishes {
        line(name, value);
    }
    text.push_str("\nrecipients\n");
    for recipient in &details.recipients {
        text.push_str(&format!("  {:<8} {}\n", recipient.fate, printable(&recipient.address)));
        if let Some(last) = &recipient.last {
            text.push_str(&format!("           {}\n", printable(&last.line())));
        }
    }
    if !details.journal.is_empty() {
        text.push_str("\nhistory\n");
    }
    for moment in &details.journal {
        let at = moment.time_s.map(time).unwrap_or_default();
        text.push_str(format!("  {at:<20}  {}", printable(&moment.words)).trim_end());
        text.push('\n');
    }
    text
}

/// For programs.
pub fn details_json(details: &Details, now_s: u64) -> String {
    #[derive(Serialize)]
    struct RecipientJson<'a> {
        recipient: &'a str,
        state: &'a str,
        last: Option<AnswerJson<'a>>,
    }
    #[derive(Serialize)]
    struct MomentJson<'a> {
        event: &'a str,
        time: Option<String>,
        text: &'a str,
    }
    #[derive(Serialize)]
    struct Document<'a> {
        entry: RowJson<'a>,
        message_id: &'a str,
        user_id: u32,
        bounce: bool,
        wishes: std::collections::BTreeMap<&'a str, &'a str>,
        recipients: Vec<RecipientJson<'a>>,
        journal: Vec<MomentJson<'a>>,
    }
    pretty(&Document {
        entry: RowJson::new(&details.row, now_s),
        message_id: &details.message_id,
        user_id: details.uid,
        bounce: details.is_bounce,
        wishes: details.wishes.iter().map(|(name, value)| (*name, value.as_str())).collect(),
        recipients: details
            .recipients
            .iter()
            .map(|recipient| RecipientJson {
                recipient: &recipient.address,
                state: recipient.fate,
                last: recipient.last.as_ref().map(AnswerJson::from),
            })
            .collect(),
        journal: details
            .journal
            .iter()
            .map(|moment| MomentJson {
                event: moment.event,
                time: moment.time_s.and_then(stamp),
                text: &moment.words,
            })
            .collect(),
    })
}
