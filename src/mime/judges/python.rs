//! Any text as subject, display name, file name and body, and any octets attached: Python reads them as they went in.

use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ring::digest::{SHA256, digest};

use super::*;

/// Letters that are read in one go.
const LETTERS: usize = 300;

/// Reads each file by the rules of RFC 2047, RFC 2231 and RFC 2045, each piece of a header by itself.
const READ: &str = r#"
import email, email.policy, hashlib, json, sys
from email.header import decode_header, make_header
from email.utils import getaddresses
def text(value):
    return str(make_header(decode_header(value)))
read = []
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        raw = file.read()
    plain = email.message_from_bytes(raw, policy=email.policy.compat32)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    defects = [repr(defect) for part in message.walk() for defect in part.defects]
    unfolded = lambda name: (plain[name] or "").replace("\r\n", "")
    (name, address), = getaddresses([unfolded("From")])
    body, attached = message.iter_parts()
    read.append({
        "defects": defects, "subject": text(unfolded("Subject")), "name": text(name), "address": address,
        "body": body.get_content(), "file": attached.get_filename(),
        "digest": hashlib.sha256(attached.get_payload(decode=True)).hexdigest(),
    })
json.dump(read, sys.stdout)
"#;

#[test]
fn any_text_and_any_octets_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let mut runner = TestRunner::deterministic();
    let cases = (text(), text(), text(), text(), any::<Vec<u8>>());
    let (mut wanted, mut paths) = (Vec::new(), Vec::new());
    for number in 0..LETTERS {
        let (subject, name, file, body, content) = cases.new_tree(&mut runner).unwrap().current();
        let attachment = Attachment {
            media_type: Some("application/x-own".to_owned()),
            ..attachment(&file, content.as_slice())
        };
        let draft = Draft {
            subject: Some(subject.as_str().into()),
            from: mailbox(&name, "a@example.org"),
            body: body.as_str().into(),
            attachments: vec![attachment],
            ..draft()
        };
        let octets = write(draft);
        for line in octets.split(|octet| *octet == b'\n') {
            assert!(line.len() <= 998 + 1, "{}", line.escape_ascii());
        }
        let path = folder.path().join(number.to_string());
        fs::write(&path, octets).unwrap();
        let hash: String =
            digest(&SHA256, &content).as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
        let body = body.strip_prefix('\u{feff}').unwrap_or(&body);
        wanted.push(serde_json::json!({
            "defects": [], "subject": subject, "name": name, "address": "a@example.org",
            "body": body, "file": header::parameter::harmless(&file), "digest": hash,
        }));
        paths.push(path);
    }
    let Some(read) = python_reads(READ, &paths) else { return };
    for ((mut read, wanted), path) in read.into_iter().zip(wanted).zip(paths) {
        // A text ends in a line end, and an empty one has none.
        let body = read["body"].as_str().unwrap().trim_end_matches(['\r', '\n']).to_owned();
        read["body"] = body.into();
        assert_eq!(read, wanted, "{}", fs::read_to_string(path).unwrap());
    }
}
