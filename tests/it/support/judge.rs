//! A judge of our messages that shares nothing with us: Python's `email` package, in one process for many messages.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::skipped_loudly;

/// A message as another parser sees it.
#[derive(Clone, Debug, Deserialize)]
pub struct Judged {
    defects: Vec<String>,
    /// As in `mixed(alternative(text/plain text/html) image/png)`.
    pub tree: String,
    /// Seconds since 1970.
    pub date: i64,
    /// Name and decoded value of each field, in order.
    pub fields: Vec<(String, String)>,
    /// Display name and address of each mailbox, by the field's name in lower case.
    pub addresses: HashMap<String, Vec<(String, String)>>,
    /// The leaves in order.
    pub parts: Vec<JudgedPart>,
}

/// A part that holds no others, its transfer encoding undone.
#[derive(Clone, Debug, Deserialize)]
pub struct JudgedPart {
    #[serde(rename = "type")]
    pub media_type: String,
    pub charset: Option<String>,
    /// Those of the type, but charset and name.
    pub parameters: BTreeMap<String, String>,
    pub encoding: String,
    pub disposition: Option<String>,
    /// The file name.
    pub name: Option<String>,
    /// The Content-ID.
    pub id: Option<String>,
    pub size: usize,
    pub sha256: String,
    /// What a text says, unless its charset is unknown.
    pub text: Option<String>,
}

impl Judged {
    /// The value of a field; there must be one at most.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "several fields {name}");
        value
    }

    /// The file names in order.
    pub fn names(&self) -> Vec<&str> {
        self.parts.iter().filter_map(|part| part.name.as_deref()).collect()
    }

    /// The SHA-256 of each leaf.
    pub fn digests(&self) -> Vec<&str> {
        self.parts.iter().map(|part| part.sha256.as_str()).collect()
    }
}

/// What a script of Python prints of these octets. None, said loudly: there is no python3.
#[track_caller]
pub fn python(script: &str, octets: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new("python3");
    command.args(["-I", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        skipped_loudly("the judgement of Python's email: no python3");
        return None;
    };
    child.stdin.take().unwrap().write_all(octets).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the judge has failed: {}", output.status);
    Some(output.stdout)
}

/// Gives what the judge sees; fails if it finds a defect in any of them. None, said loudly: there is no python3.
#[track_caller]
pub fn judge(messages: &[Vec<u8>]) -> Option<Vec<Judged>> {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = String::new();
    for (index, message) in messages.iter().enumerate() {
        let path = folder.path().join(index.to_string());
        std::fs::write(&path, message).unwrap();
        paths += &format!("{}\n", path.display());
    }
    let read = python(include_str!("judge.py"), paths.as_bytes())?;
    let judged: Vec<Judged> = serde_json::from_slice(&read).unwrap();
    assert_eq!(judged.len(), messages.len());
    for (judged, message) in judged.iter().zip(messages) {
        let beginning = String::from_utf8_lossy(&message[..message.len().min(4000)]);
        assert!(judged.defects.is_empty(), "{:#?}\n{beginning}", judged.defects);
    }
    Some(judged)
}

#[test]
fn the_judge_sees_what_is_there_and_what_is_wrong() {
    let good =
        b"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nFrom: =?utf-8?B?55So5oi3?= <a@x.test>\r\nTo: b@x.test\r\n\
        Message-ID: <1@x.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nw6k=\r\n";
    let Some(judged) = judge(&[good.to_vec(), good.to_vec()]) else { return };
    assert_eq!(judged[1].addresses["from"], [("用户".to_owned(), "a@x.test".to_owned())]);
    assert_eq!(judged[1].parts[0].text.as_deref(), Some("é"));
    let text = String::from_utf8(good.to_vec()).unwrap();
    for (from, to) in [
        ("To: b@x.test", "To: b@x.test\r\nTo: c@x.test"),
        ("w6k=", "w6k"),
        ("w6k=\r\n", "w6k=\n"),
        ("utf-8\r\n", "us-ascii\r\n"),
        ("Message-ID: <1@x.test>\r\n", ""),
        ("To: b@x.test", "To: b@x.test, <"),
        ("text/plain;", "multipart/mixed;"),
    ] {
        let bad = text.replace(from, to).into_bytes();
        let judged = std::panic::catch_unwind(|| judge(&[bad]));
        assert!(judged.is_err(), "{to:?}: {judged:?}");
    }
}
