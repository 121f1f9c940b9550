//! Finished messages of programs: other parsers read the same texts, names and octets before and after.

use super::*;

/// Reads each file, and tells what the reader of its parts gets.
const READ: &str = r#"
import email, email.policy, hashlib, json, sys
read = []
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        message = email.message_from_bytes(file.read(), policy=email.policy.default)
    parts = []
    for part in message.walk():
        content = None
        if part.get_content_maintype() == "text":
            content = part.get_content().replace("\r\n", "\n").rstrip("\n")
        elif not part.is_multipart():
            content = hashlib.sha256(part.get_payload(decode=True)).hexdigest()
        said = " ".join((part["Diagnostic-Code"] or "").split())
        parts.append([part.get_content_type(), part.get_filename(), said, content])
    read.append({"subject": message["Subject"], "parts": parts})
json.dump(read, sys.stdout)
"#;

/// A message of several parts, in the forms in which programs write them.
fn letter(text: &str, encoding: &str, picture: &str, name: &str) -> String {
    let (said, foot) = ("x yz ".repeat(picture.len() / 2).trim_end().to_owned(), "- ".repeat(picture.len()));
    format!(
        "Subject: Gr\u{fc}\u{df}e \u{4f8b}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"o u\"\n\
         Content-Transfer-Encoding: 8bit\n\nThis is MIME.\n--o u\nContent-Type: multipart/alternative; boundary=o\n\n\
         --o\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n{text}\n\
         --o\nContent-Type: text/html; charset=utf-8\n\n<p>{text}\n--o--\n\
         --o u\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nDiagnostic-Code: smtp; {said}\n\
         --o u\nContent-Type: image/png\nContent-Disposition: attachment; {name}\n\
         Content-Transfer-Encoding: base64\n\n{picture}\n--o u--\n{foot}\n"
    )
}

fn taken(octets: &[u8]) -> Vec<u8> {
    let given = Given::of_message(Source::Octets(octets.to_vec())).unwrap();
    let written = write(Draft { given: Some(given), ..draft() });
    assert!(written.is_ascii());
    written
}

#[test]
fn parsers_read_what_was_handed_in() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: python3 is missing, nobody else judged the messages");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    let texts =
        ["\u{e9}\n.\n..\nFrom me = x  \n", &"\u{4f8b}\u{4e2d} ".repeat(500), &"x".repeat(3000), "a\n"];
    let picture = "iVBORw0KGgo=".to_owned();
    let long = "AAECAwQF ".repeat(300);
    for text in texts {
        for picture in [&picture, &long] {
            for name in ["filename=\"a b.png\"", "filename*=utf-8''%C3%A9.png"] {
                let given = letter(text, "8bit", picture, name);
                let given = given.replace('\n', if paths.len() % 4 == 0 { "\r\n" } else { "\n" });
                for octets in [given.as_bytes(), &taken(given.as_bytes())] {
                    paths.push(folder.path().join(paths.len().to_string()));
                    fs::write(&paths[paths.len() - 1], octets).unwrap();
                }
            }
        }
    }
    let output = Command::new("python3").arg("-c").arg(READ).args(&paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    for (two, path) in read.chunks(2).zip(paths.chunks(2)) {
        assert_eq!(two[0]["parts"], two[1]["parts"], "{}", fs::read_to_string(&path[1]).unwrap());
        assert_eq!(two[1]["subject"], "Gr\u{fc}\u{df}e \u{4f8b}");
    }
    for path in paths.chunks(2) {
        let [before, after] = [&path[0], &path[1]].map(|path| fs::read(path).unwrap());
        let [before, after] = [&before, &after].map(|octets| MessageParser::default().parse(octets).unwrap());
        let text = |message: &mail_parser::Message<'_>| {
            message.body_text(0).unwrap().replace("\r\n", "\n").trim_end_matches('\n').to_owned()
        };
        assert_eq!(text(&before), text(&after));
        assert_eq!(before.attachment(1).unwrap().contents(), after.attachment(1).unwrap().contents());
        assert_eq!(
            before.attachment(1).unwrap().attachment_name(),
            after.attachment(1).unwrap().attachment_name()
        );
    }
}
