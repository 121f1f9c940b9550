//! Other parsers judge our messages: the mail-parser crate for any input, Python's `email` for the hard cases.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod charsets;
mod python;
mod taken;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use mail_parser::{HeaderForm, MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::sample::{attachment, compose, draft, mailbox, octets};
use super::*;
use crate::mail::{Group, Listed};

/// Composes and writes, and holds the bytes against what is promised of all messages.
fn write(draft: Draft) -> Vec<u8> {
    let message = compose(draft).unwrap();
    let written = octets(&message);
    assert!(written.ends_with(b"\r\n"));
    let text = String::from_utf8(written.clone()).unwrap();
    for line in text.split("\r\n") {
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        assert!(line.len() <= 998, "{line:?}");
        assert!(message.is_eight_bit() || line.is_ascii(), "{line:?}");
    }
    let header = message.header();
    assert!(header.ends_with("\r\n\r\n") && header.matches("\r\n\r\n").count() == 1);
    assert!(header.lines().all(|line| line.is_empty() || !line.trim().is_empty()), "{header}");
    for line in header.lines().filter(|line| line.len() > 78) {
        assert!(line.split(' ').any(|word| word.len() > 75), "{line}");
    }
    for name in ["Date", "From", "To", "Message-ID", "MIME-Version", "Content-Type"] {
        let count = header.lines().filter(|line| line.starts_with(&format!("{name}:"))).count();
        assert_eq!(count, 1, "{name} in {header}");
    }
    written
}

/// Text without what is refused; half of the characters are troublesome ones.
fn text() -> impl Strategy<Value = String> {
    let troublesome = "[ -~]|[ \t=?_\"\\\\<>@,;:().]|[éß例😀한\u{301}\u{200d}]";
    let line = prop::collection::vec(prop_oneof![troublesome, "[^\r\n\0]"], 0..120);
    line.prop_map(|parts| parts.concat())
}

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec("[!-~]{1,90}", 1..40).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn a_subject_round_trips(subject in prop_oneof![text(), words()]) {
        let written = write(Draft { subject: Some(subject.as_str().into()), ..draft() });
        let parsed = MessageParser::default().parse(&written).unwrap();
        prop_assert_eq!(parsed.subject().unwrap_or_default(), subject);
    }

    #[test]
    fn an_own_field_round_trips(value in prop_oneof![text(), words()]) {
        let fields = vec![("X-Own".to_owned(), Text::from(value.as_str()))];
        let written = write(Draft { fields, ..draft() });
        let parsed = MessageParser::default().parse(&written).unwrap();
        let read = parsed.header_as("X-Own", HeaderForm::Text);
        let read = read.first().and_then(|field| field.as_text()).unwrap_or_default();
        prop_assert_eq!(read, value);
    }

    #[test]
    fn display_names_round_trip(first in text(), second in text()) {
        let to = vec![
            Listed::Mailbox(mailbox(&first, "b@example.org")),
            Listed::Mailbox(mailbox(&second, "c@example.org")),
        ];
        let written = write(Draft { to, ..draft() });
        let parsed = MessageParser::default().parse(&written).unwrap();
        let read: Vec<_> = parsed.to().unwrap().iter().collect();
        prop_assert_eq!(read.len(), 2);
        for (read, (name, address)) in
            read.iter().zip([(first, "b@example.org"), (second, "c@example.org")])
        {
            prop_assert_eq!(read.name().unwrap_or_default(), name);
            prop_assert_eq!(read.address(), Some(address));
        }
    }

    #[test]
    fn an_attachment_round_trips(name in text(), content in any::<Vec<u8>>(), body in text()) {
        let expected = header::parameter::harmless(&name);
        // As a text, the judge would decode it.
        let media_type = Some("application/x-own".to_owned());
        let attachments = vec![Attachment { media_type, ..attachment(&name, content.as_slice()) }];
        let written = write(Draft { attachments, body: body.as_str().into(), ..draft() });
        let parsed = MessageParser::default().parse(&written).unwrap();
        let part = parsed.attachment(0).unwrap();
        prop_assert_eq!(part.contents(), content);
        prop_assert_eq!(part.attachment_name(), Some(expected.as_str()));
        prop_assert_eq!(part.content_type().unwrap().attribute("name"), Some(expected.as_str()));
        let read = parsed.body_text(0).unwrap();
        prop_assert_eq!(read.trim_end_matches("\r\n"), body.strip_prefix('\u{feff}').unwrap_or(&body));
    }

    #[test]
    fn any_text_is_a_body(body in "[ -~\r\n\t\u{0}é例😀.]{0,300}") {
        let written = write(Draft { body: body.as_str().into(), ..draft() });
        let parsed = MessageParser::default().parse(&written).unwrap();
        let normal = |text: &str| text.replace("\r\n", "\n").trim_end_matches('\n').to_owned();
        prop_assert_eq!(normal(&parsed.body_text(0).unwrap()), normal(&body));
    }

    #[test]
    fn any_octets_are_a_body(body in prop::collection::vec(any::<u8>(), 0..300), more in any::<Vec<u8>>()) {
        let unknown = std::str::from_utf8(&[body.as_slice(), &more].concat()).is_err();
        let sources = [body.as_slice(), &more].map(|octets| Source::Octets(octets.into())).into();
        let written = write(Draft { body: Body { sources }, ..draft() });
        let parsed = MessageParser::default().parse(&written).unwrap();
        let mark = body.starts_with(b"\xff\xfe") || body.starts_with(b"\xfe\xff");
        if unknown && !mark {
            prop_assert_eq!(parsed.content_type().unwrap().attribute("charset"), Some("unknown-8bit"));
            let encoded = String::from_utf8(written).unwrap();
            let encoded = encoded.split_once("\r\n\r\n").unwrap().1.replace("\r\n", "");
            prop_assert_eq!(
                base64_simd::STANDARD.decode_to_vec(encoded).unwrap(),
                [body.as_slice(), &more].concat()
            );
        }
    }
}

/// Reads each file with every defect an error, decodes all of it, and prints what it read.
const PYTHON: &str = r#"
import email, email.policy, json, sys
read = []
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        raw = file.read()
    message = email.message_from_bytes(raw, policy=email.policy.strict)
    relaxed = email.message_from_bytes(raw, policy=email.policy.default)
    defects = []
    for part in relaxed.walk():
        defects += [repr(defect) for defect in part.defects]
        for name, value in part.items():
            defects += [name + ": " + repr(defect) for defect in value.defects]
    parts = [part for part in message.walk() if not part.is_multipart()]
    read.append({
        "defects": defects,
        "subject": message["Subject"],
        "from": [[a.display_name, a.addr_spec] for a in message["From"].addresses],
        "to": [[a.display_name, a.addr_spec] for a in message["To"].addresses],
        "groups": [g.display_name for g in message["To"].groups],
        "date": message["Date"].datetime.isoformat(),
        "types": [part.get_content_type() for part in parts],
        "charsets": [part.get_content_charset() for part in parts],
        "names": [part.get_filename() for part in parts],
        "name_parameters": [part["Content-Type"].params.get("name") for part in parts],
        "octets": [list(part.get_payload(decode=True)) for part in parts],
        "text": parts[0].get_content(),
    })
json.dump(read, sys.stdout)
"#;

/// What a script of Python prints of these files, one document for each. None, said loudly: there is no python3.
fn python_reads(script: &str, paths: &[PathBuf]) -> Option<Vec<serde_json::Value>> {
    let Ok(output) = Command::new("python3").arg("-c").arg(script).args(paths).output() else {
        eprintln!("SKIPPED: python3 is missing, nobody else judged the messages");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read.len(), paths.len());
    Some(read)
}

fn hard_names() -> Vec<String> {
    vec![
        "report.pdf".into(),
        "файл имя.pdf".into(),
        "报告 二〇二四年第三季度 最终版 (修订) 请勿外传 内部资料.docx".into(),
        "👩‍👩‍👧‍👦 family 🎉.png".into(),
        format!("{}.tar.gz", "long-name-".repeat(20)),
        "it's 100% *really* \u{fffd} odd; a=b, c.txt".into(),
    ]
}

#[test]
fn python_finds_no_defect() {
    let people = ["Ärzte", "张伟", "👩‍🚀 Zoë, \"the\" <pilot>", "Al B. Ice", "=?utf-8?q?literal?="];
    let text = "Grüße aus 北京 🎉\r\n.\r\nFrom me\r\n=3D --=_x\r\n";
    let contents: Vec<Vec<u8>> = hard_names()
        .iter()
        .map(|name| name.bytes().cycle().take(5_000).chain([0, 13, 10, 255]).collect())
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (index, person) in people.iter().enumerate() {
        let mut draft = draft();
        draft.from = mailbox(person, "a@example.org");
        draft.to.push(Listed::Group(Group {
            name: "组 é".into(),
            members: vec![mailbox(person, "c@例子.测试")],
        }));
        draft.cc = vec![Listed::Mailbox(mailbox(person, "\"d e\"@example.org"))];
        draft.subject = Some(Text::from(format!("{person} — {}", "主题🎉 with words ".repeat(9))));
        draft.fields = vec![("References".into(), "<1@x> <2@x>".into()), ("X-Note".into(), "注 é".into())];
        draft.body = text.into();
        draft.attachments = hard_names()
            .iter()
            .zip(&contents)
            .map(|(name, content)| attachment(name, content.as_slice()))
            .collect();
        let path = folder.path().join(format!("{index}.eml"));
        fs::write(&path, write(draft)).unwrap();
        paths.push(path);
    }
    let Some(read) = python_reads(PYTHON, &paths) else { return };
    for (read, person) in read.iter().zip(people) {
        assert_eq!(read["defects"], serde_json::json!([]));
        assert_eq!(read["subject"], format!("{person} — {}", "主题🎉 with words ".repeat(9)));
        assert_eq!(read["from"], serde_json::json!([[person, "a@example.org"]]));
        assert_eq!(read["to"][1], serde_json::json!([person, "c@xn--fsqu00a.xn--0zwm56d"]));
        assert_eq!(read["groups"], serde_json::json!([null, "组 é"]));
        assert_eq!(read["date"], "2023-11-14T22:13:20+00:00");
        assert_eq!(read["text"].as_str().unwrap().replace('\n', "\r\n").replace("\r\r", "\r"), text);
        for (index, (name, content)) in hard_names().iter().zip(&contents).enumerate() {
            assert_eq!(read["names"][index + 1], *name);
            assert_eq!(read["name_parameters"][index + 1], *name);
            assert_eq!(read["octets"][index + 1], serde_json::json!(content));
        }
    }
}
