//! Judges runs: what the server heard, and what another parser finds in the messages.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::support::{Book, Ran, Sandbox};

/// Messages to be parsed, each under the name of its case.
#[derive(Default)]
pub struct Messages(Vec<(String, String)>);

/// The fields of each part of a message, the message itself first, sorted.
pub type Fields = Vec<Vec<String>>;

impl Messages {
    /// Looks at the conversation, and keeps the message for [`Messages::parsed`]. `recipients` are those that there
    /// may be; `None` where the payload itself is a list of them.
    #[track_caller]
    pub fn take(&mut self, name: &str, book: &Book, recipients: Option<&[&str]>) {
        let lines = book.lines();
        let verbs: Vec<&str> =
            lines.iter().map(|line| line.split([' ', ':']).next().unwrap_or_default()).collect();
        let count = verbs.iter().filter(|verb| **verb == "RCPT").count();
        let wanted: Vec<&str> =
            ["EHLO", "MAIL"].into_iter().chain(vec!["RCPT"; count]).chain(["DATA", "QUIT"]).collect();
        assert_eq!(verbs, wanted, "{name}: {lines:?}");
        for line in &lines {
            assert!(!line.chars().any(char::is_control), "{name}: {line:?}");
            let paths = line.matches(['<', '>']).count();
            let is_path = line.starts_with("RCPT") || line.starts_with("MAIL");
            assert!(!is_path || paths == 2 || line.contains('"'), "{name}: {line:?}");
        }
        assert!(!lines.iter().any(|line| line.contains("NOTIFY=")), "{name}: {lines:?}");
        let heard: Vec<String> = book
            .commands("RCPT TO:<")
            .iter()
            .map(|line| line["RCPT TO:<".len()..].trim_end_matches('>').to_owned())
            .collect();
        match recipients {
            Some(recipients) => assert_eq!(heard, recipients, "{name}"),
            None => assert!(!heard.iter().any(|address| address.contains("evil@")), "{name}: {heard:?}"),
        }
        let messages = book.messages();
        assert_eq!(messages.len(), 1, "{name}");
        self.0.push((name.to_owned(), messages[0].clone()));
    }

    /// What a parser of ours that knows only lines finds in the header, and what Python finds in all parts.
    pub fn parsed(self, sandbox: &Sandbox) -> BTreeMap<String, Fields> {
        let mut by_lines: BTreeMap<String, Fields> = BTreeMap::new();
        for (name, message) in &self.0 {
            by_lines.insert(name.clone(), vec![names(name, message)]);
        }
        let Some(by_python) = self.by_python(sandbox) else { return by_lines };
        for (name, fields) in &by_python {
            assert_eq!(fields[0], by_lines[name][0], "{name}: two parsers find different fields");
        }
        by_python
    }

    /// `None`, said loudly, without Python.
    fn by_python(&self, sandbox: &Sandbox) -> Option<BTreeMap<String, Fields>> {
        let python = ["/usr/bin/python3", "/usr/local/bin/python3"]
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists());
        let Some(python) = python else {
            crate::support::skipped_loudly("no python3, whose `email` would judge the messages");
            return None;
        };
        for (index, (_, message)) in self.0.iter().enumerate() {
            sandbox.file(format!("{index}.eml"), message);
        }
        let script = sandbox.file("judge.py", PYTHON);
        let count = self.0.len().to_string();
        let ran = sandbox.call().program(python).run(&[script.to_str().unwrap(), &count]);
        let found: Vec<Fields> = serde_json::from_str(&ran.exits(0).stdout()).unwrap();
        Some(self.0.iter().map(|(name, _)| name.clone()).zip(found).collect())
    }
}

/// For each message the sorted field names of each part that is no multipart's inside; defects fail.
const PYTHON: &str = r#"
import email, email.policy, json, sys
found = []
for index in range(int(sys.argv[1])):
    with open(f"{index}.eml", "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.SMTP)
    parts = list(message.walk())
    for part in parts:
        assert not part.defects, (index, part.defects)
        for name, value in part.items():
            # References holds no encoded-words (RFC 2047, section 5); this parser decodes them all the same.
            if name.lower() != "references":
                assert "\r" not in str(value) and "\n" not in str(value), (index, name, value)
            if name.lower() in ("content-type", "content-disposition"):
                assert not value.defects, (index, value, value.defects)
    found.append([sorted(name.lower() for name in part.keys()) for part in parts])
json.dump(found, sys.stdout)
"#;

/// The names of the fields of a header, by its lines alone.
#[track_caller]
fn names(case: &str, message: &str) -> Vec<String> {
    let (head, _) = message.split_once("\r\n\r\n").expect("an empty line");
    assert!(!message.replace("\r\n", "").contains(['\r', '\n', '\0']), "{case}: a bare line end");
    let mut names = Vec::new();
    for line in head.split("\r\n") {
        assert!(line.len() <= 998, "{case}: a line of {} octets", line.len());
        assert!(!line.chars().any(|c| c.is_control() && c != '\t'), "{case}: {line:?}");
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let name = line.split_once(':').unwrap_or_else(|| panic!("{case}: no field: {line:?}")).0;
        assert!(name.bytes().all(|octet| octet.is_ascii_graphic()), "{case}: {line:?}");
        names.push(name.to_lowercase());
    }
    names.sort();
    names
}

/// A refusal: one of these exit codes, nothing connected, the place named, no terminal steered.
#[track_caller]
pub fn refused(ran: &Ran, book: &Book, codes: &[i32], named: &[&str], case: &str) {
    let said = ran.stderr();
    assert!(ran.code().is_some_and(|code| codes.contains(&code)), "{case}: {:?}\n{said}", ran.code());
    assert_eq!(book.connections(), 0, "{case}");
    assert!(named.iter().any(|name| said.contains(name)), "{case}: does not name {named:?}\n{said}");
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(!said.contains(steers) && said.len() < 4000, "{case}: {:.500}", said.escape_debug().to_string());
}
