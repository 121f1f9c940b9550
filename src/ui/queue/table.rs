//! The list: a line for each entry, and one below it for what was said of it last.
//!
//! ```text
//! ID                          AGE  SIZE  LEFT  NEXT    FROM
//! 01HZXA7Q6N8W4Y2R5T9V3B1C0D   3h   12K   2/3  in 12m  ann@example.org
//!     450 4.2.1 mailbox busy
//! ```

use std::borrow::Cow;

use serde::Serialize;

use super::{WIDTH, cut, octets, pretty, span, stamp};
use crate::mail::{Class, EnhancedStatus};

/// Characters of an identifier.
const ID: usize = 26;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// `deferred`, `failed` or `accepted`.
    pub outcome: &'static str,
    /// At which step.
    pub stage: &'static str,
    /// The enhanced status.
    pub status: EnhancedStatus,
    /// The reply code; 0 where no server said it.
    pub code: u16,
    /// The words.
    pub text: String,
}

impl Answer {
    /// In one line.
    pub fn line(&self) -> Cow<'_, str> {
        if self.code == 0 { Cow::from(&self.text) } else { format!("{} {}", self.code, self.text).into() }
    }
}

/// What is remembered of a host that is down. Times are seconds since 1970.
#[derive(Debug, Clone)]
pub struct Gate {
    /// When it is tried next.
    pub next_s: u64,
    /// How often it was tried in vain.
    pub failures: u32,
    /// What its reply amounts to, where that is known.
    pub class: Option<Class>,
    /// What it said, or did not say.
    pub answer: Answer,
}

impl Gate {
    /// In one line.
    pub fn line(&self, now_s: u64) -> String {
        let when = match self.next_s.checked_sub(now_s) {
            None | Some(0) => "now".to_owned(),
            Some(left_s) => format!("in {}", span(left_s)),
        };
        let what = match self.class {
            None | Some(Class::Sender | Class::Content | Class::NeverHeals) => "the host is down",
            Some(Class::Secret) => "the host refuses the login",
            Some(Class::SecretKind) => "the host wants another kind of password",
            Some(Class::ServiceOff) => "the host does not let this account send",
            Some(Class::Throttled(_)) => "the host wants mail more slowly",
            Some(Class::Quota(_)) => "what this account may send is used up",
        };
        format!("{what}, tried again {when}: {}", self.answer.line())
    }
}

#[derive(Serialize)]
pub(super) struct GateJson<'a> {
    next_try: Option<String>,
    failures: u32,
    class: Option<&'static str>,
    last: AnswerJson<'a>,
}

impl<'a> From<&'a Gate> for GateJson<'a> {
    fn from(gate: &'a Gate) -> Self {
        let (next_try, last) = (stamp(gate.next_s), AnswerJson::from(&gate.answer));
        GateJson { next_try, failures: gate.failures, class: gate.class.map(Class::name), last }
    }
}

/// An entry. Times are seconds since 1970.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// What it is called: its ID, else the name of its file.
    pub id: String,
    /// The name of its file, from the spool's folder on.
    pub file: String,
    /// `queued`, `settled`, `removed`, `held`, `badmail` or `corrupt`.
    pub state: &'static str,
    /// When it was taken.
    pub made_s: Option<u64>,
    /// Octets of the message.
    pub size: Option<u64>,
    /// The reverse-path; empty for the null one.
    pub from: Option<String>,
    /// The profile by which it goes.
    pub profile: Option<String>,
    /// Recipients to be tried, and all.
    pub recipients: Option<(usize, usize)>,
    /// Recipients who may have it.
    pub in_doubt: usize,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is tried next.
    pub due_s: Option<u64>,
    /// When it is given up.
    pub expires_s: Option<u64>,
    /// What was said of it last.
    pub last: Option<Answer>,
    /// The host that it waits for is down.
    pub gate: Option<Gate>,
    /// Why it cannot be read.
    pub trouble: Option<String>,
}

/// How many entries are where.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[allow(missing_docs)]
pub struct Totals {
    pub queued: usize,
    pub held: usize,
    pub badmail: usize,
    pub corrupt: usize,
}

/// The first line, for identifiers of at most so many characters.
pub fn head(longest: usize) -> String {
    let id = longest.max(ID);
    format!("{:<id$} {:>4} {:>5} {:>5}  {:<6}  FROM\n", "ID", "AGE", "SIZE", "LEFT", "NEXT")
}

/// Adds the lines of an entry.
pub fn row(text: &mut String, row: &Row, longest: usize, now_s: u64) {
    let width = longest.max(ID);
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let age = or_dash(row.made_s.map(|made_s| span(now_s.saturating_sub(made_s))));
    let size = or_dash(row.size.map(octets));
    let left = or_dash(row.recipients.map(|(pending, all)| format!("{pending}/{all}")));
    let from = row.from.as_deref().map_or("", |from| if from.is_empty() { "<>" } else { from });
    let (id, next) = (cut(&row.id, width.max(ID)), next(row, now_s));
    let line = format!("{id:<width$} {age:>4} {size:>5} {left:>5}  {next:<6}  {from}");
    text.extend([&*cut(line.trim_end(), WIDTH), "\n"]);
    let said: Option<Cow<'_, str>> = match (&row.trouble, &row.gate, &row.last) {
        (Some(trouble), ..) => Some(trouble.into()),
        (None, Some(gate), _) => Some(gate.line(now_s).into()),
        (None, None, last) => last.as_ref().map(Answer::line),
    };
    let doubt: Option<Cow<'_, str>> = match row.in_doubt {
        0 => None,
        1 => Some("1 recipient may have it already".into()),
        count => Some(format!("{count} recipients may have it already").into()),
    };
    for said in [doubt, said].into_iter().flatten().filter(|said| !said.is_empty()) {
        text.extend(["    ", &*cut(&said, WIDTH - 4), "\n"]);
    }
}

fn next(row: &Row, now_s: u64) -> String {
    match (row.state, row.due_s) {
        ("queued", Some(due_s)) if due_s <= now_s => "now".to_owned(),
        ("queued", Some(due_s)) => format!("in {}", span(due_s - now_s)),
        ("badmail", _) => "failed".to_owned(),
        ("queued" | "corrupt", _) => "-".to_owned(),
        ("settled" | "removed", _) => "done".to_owned(),
        (state, _) => state.to_owned(),
    }
}

/// The last line.
pub fn summary(totals: &Totals) -> String {
    let Totals { queued, held, badmail, corrupt } = totals;
    if queued + held + badmail + corrupt == 0 {
        return "the queue is empty\n".to_owned();
    }
    format!("{queued} queued, {held} held, {badmail} in badmail, {corrupt} corrupt\n")
}

#[derive(Serialize)]
pub(super) struct AnswerJson<'a> {
    outcome: &'a str,
    stage: &'a str,
    status: String,
    code: Option<u16>,
    text: &'a str,
}

impl<'a> From<&'a Answer> for AnswerJson<'a> {
    fn from(answer: &'a Answer) -> Self {
        AnswerJson {
            outcome: answer.outcome,
            stage: answer.stage,
            status: answer.status.to_string(),
            code: Some(answer.code).filter(|code| *code > 0),
            text: &answer.text,
        }
    }
}

#[derive(Serialize)]
pub(super) struct RowJson<'a> {
    id: &'a str,
    file: &'a str,
    state: &'a str,
    created: Option<String>,
    age_s: Option<u64>,
    size: Option<u64>,
    from: Option<&'a str>,
    profile: Option<&'a str>,
    recipients: Option<usize>,
    pending: Option<usize>,
    in_doubt: usize,
    attempts: u32,
    next_try: Option<String>,
    expires: Option<String>,
    last: Option<AnswerJson<'a>>,
    gate: Option<GateJson<'a>>,
    trouble: Option<&'a str>,
}

impl<'a> RowJson<'a> {
    pub(super) fn new(row: &'a Row, now_s: u64) -> Self {
        RowJson {
            id: &row.id,
            file: &row.file,
            state: row.state,
            created: row.made_s.and_then(stamp),
            age_s: row.made_s.map(|made_s| now_s.saturating_sub(made_s)),
            size: row.size,
            from: row.from.as_deref(),
            profile: row.profile.as_deref(),
            recipients: row.recipients.map(|(_, all)| all),
            pending: row.recipients.map(|(pending, _)| pending),
            in_doubt: row.in_doubt,
            attempts: row.attempts,
            next_try: row.due_s.and_then(stamp),
            expires: row.expires_s.and_then(stamp),
            last: row.last.as_ref().map(AnswerJson::from),
            gate: row.gate.as_ref().map(GateJson::from),
            trouble: row.trouble.as_deref(),
        }
    }
}

/// An entry as one line of JSON.
pub fn row_json(row: &Row, now_s: u64) -> String {
    serde_json::to_string(&RowJson::new(row, now_s)).expect("strings and numbers always become JSON")
}

/// The totals as an object of JSON.
pub fn totals_json(totals: &Totals) -> String {
    pretty(totals).trim_end().replace('\n', "\n  ")
}
