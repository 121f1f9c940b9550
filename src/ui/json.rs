//! JSON for programs: one document, whose schema is in `doc/report.schema.json`. A field is added, never changed,
//! within a schema version.

use serde::Serialize;

use crate::mail::{Class, Fate, Outcome, Protocol, Report, Warning};
use crate::ui::Complaint;

/// The name and version of the schema.
const SCHEMA: &str = "whippet-report/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'a str,
    exit: u8,
    message_id: Option<&'a str>,
    size: Option<u64>,
    outcomes: Vec<OutcomeRow<'a>>,
    session: Option<SessionRow<'a>>,
    warnings: Vec<&'a str>,
    named_warnings: Vec<NamedRow<'a>>,
    hints: &'a [String],
    failure: Option<FailureRow<'a>>,
}

#[derive(Serialize)]
struct OutcomeRow<'a> {
    recipient: String,
    outcome: &'a str,
    stage: &'a str,
    status: String,
    host: &'a str,
    reply: Option<ReplyRow<'a>>,
    sentence: &'a str,
    in_doubt: bool,
    class: Option<&'a str>,
    queue_id: Option<&'a str>,
}

#[derive(Serialize)]
struct ReplyRow<'a> {
    code: u16,
    text: &'a str,
}

#[derive(Serialize)]
struct SessionRow<'a> {
    host: &'a str,
    protocol: Option<&'a str>,
    peer: Option<&'a str>,
    username: Option<&'a str>,
    mechanism: Option<&'a str>,
    tls: Option<TlsRow<'a>>,
    connect_ms: f64,
    session_ms: f64,
    transaction_ms: f64,
}

#[derive(Serialize)]
struct TlsRow<'a> {
    version: &'a str,
    cipher: &'a str,
    group: Option<&'a str>,
    verified_name: &'a str,
    anchors: String,
    verified_by: &'static str,
}

#[derive(Serialize)]
struct NamedRow<'a> {
    name: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct FailureRow<'a> {
    message: &'a str,
    because: &'a [String],
}

#[derive(Serialize)]
struct SettingRow<'a> {
    key: &'a str,
    value: &'a str,
    origin: &'a str,
}

/// What a document says beside the report.
#[derive(Debug, Default)]
pub struct Summary<'a> {
    /// The exit code.
    pub exit: u8,
    /// The Message-ID, if there is a message.
    pub message_id: Option<&'a str>,
    /// Its size, octets.
    pub size: Option<u64>,
    /// The entry in the spool, if somebody's mail is queued.
    pub queue_id: Option<String>,
    /// What is worth saying of the inputs and the message.
    pub named: &'a [Warning],
    /// What is worth saying of the report.
    pub warnings: &'a [String],
    /// What to do.
    pub hints: &'a [String],
}

impl<'a> Summary<'a> {
    fn document(&self) -> Document<'a> {
        let named = self.named.iter().map(|one| NamedRow { name: one.kind.name, text: &one.words });
        Document {
            schema: SCHEMA,
            exit: self.exit,
            message_id: self.message_id,
            size: self.size,
            outcomes: Vec::new(),
            session: None,
            warnings: named
                .clone()
                .map(|named| named.text)
                .chain(self.warnings.iter().map(String::as_str))
                .collect(),
            named_warnings: named.collect(),
            hints: self.hints,
            failure: None,
        }
    }
}

/// The document for a report.
pub fn report(report: &Report, summary: &Summary<'_>) -> String {
    let session = &report.session;
    let milliseconds = |duration: std::time::Duration| (duration.as_secs_f64() * 1e6).round() / 1e3;
    render(&Document {
        outcomes: report.outcomes().iter().map(|one| outcome(one, summary.queue_id.as_deref())).collect(),
        session: Some(SessionRow {
            host: &session.host,
            protocol: session.protocol.map(Protocol::name),
            peer: session.peer.as_deref(),
            username: session.username.as_deref(),
            mechanism: session.mechanism.as_deref(),
            tls: session.tls.as_ref().map(|tls| TlsRow {
                version: &tls.version,
                cipher: &tls.cipher,
                group: tls.group.as_deref(),
                verified_name: &tls.verified_name,
                anchors: tls.trust.to_string(),
                verified_by: tls.trust.name(),
            }),
            connect_ms: milliseconds(session.timings.connect),
            session_ms: milliseconds(session.timings.session),
            transaction_ms: milliseconds(session.timings.transaction),
        }),
        ..summary.document()
    })
}

/// The document for a command that had nothing to hand over.
pub fn nothing(summary: &Summary<'_>) -> String {
    render(&summary.document())
}

/// The document for a command that could not do its work: all that a person is told, in one.
pub fn failure(complaints: &[Complaint], exit: u8) -> String {
    let all =
        |part: fn(&Complaint) -> &Vec<String>| complaints.iter().flat_map(part).cloned().collect::<Vec<_>>();
    let headlines: Vec<&str> = complaints.iter().map(|complaint| complaint.headline.as_str()).collect();
    let (because, hints) = (all(|complaint| &complaint.because), all(|complaint| &complaint.hints));
    let summary = Summary { exit, hints: &hints, ..Summary::default() };
    let failure = FailureRow { message: &headlines.join("; "), because: &because };
    render(&Document { failure: Some(failure), ..summary.document() })
}

/// Settings as an array of key, value and origin; secrets are `***` before they come here.
pub fn settings(rows: &[(String, String, String)]) -> String {
    let rows: Vec<SettingRow<'_>> =
        rows.iter().map(|(key, value, origin)| SettingRow { key, value, origin }).collect();
    render(&rows)
}

fn outcome<'a>(outcome: &'a Outcome, queue_id: Option<&'a str>) -> OutcomeRow<'a> {
    OutcomeRow {
        recipient: outcome.recipient.to_string(),
        outcome: outcome.fate.name(),
        stage: outcome.stage.name(),
        status: outcome.status.to_string(),
        host: &outcome.host,
        reply: outcome.reply.as_ref().map(|reply| ReplyRow { code: reply.code, text: &reply.text }),
        sentence: &outcome.sentence,
        in_doubt: outcome.in_doubt,
        class: outcome.class.map(Class::name),
        queue_id: queue_id.filter(|_| outcome.fate == Fate::Queued),
    }
}

fn render(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("strings and numbers always become JSON");
    text.push('\n');
    text
}
