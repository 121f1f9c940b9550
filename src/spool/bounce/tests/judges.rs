//! Python's `email` reads every report of a grid, each defect an error.

use std::fs;
use std::process::Command;

use super::*;

/// Reads each file strictly and prints what a program finds in it.
const PYTHON: &str = r#"
import email, email.policy, json, sys
read = []
def plain(text):
    return text.encode("utf-8", "surrogateescape").decode("utf-8")
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        raw = file.read()
    message = email.message_from_bytes(raw, policy=email.policy.strict)
    text, status, third = message.get_payload()
    # It reads addresses in UTF-8 (RFC 6532) and calls them a defect.
    known = ("NonASCIILocalPartDefect", "UndecodableBytesDefect") if "日本".encode() in raw else ()
    defects = [repr(d) for part in (message, text, status) for d in part.defects]
    for part in (message, text, status):
        for name, value in part.items():
            defects += [name + ": " + repr(defect) for defect in getattr(value, "defects", [])
                    if not repr(defect).startswith(known)]
    if status.get_content_type() == "message/delivery-status":
        blocks = [dict(block.items()) for block in status.get_payload()]
    else:
        body = raw.split(b"message/global-delivery-status")[1].split(b"\r\n\r\n", 1)[1].split(b"\r\n--=_")[0]
        blocks = [dict(email.message_from_string(block, policy=email.policy.default).items())
                  for block in body.decode().replace("\r\n", "\n").strip().split("\n\n")]
    read.append({
        "defects": defects,
        "type": message.get_content_type(),
        "report": message["Content-Type"].params["report-type"],
        "from": plain(message["From"].addresses[0].addr_spec),
        "name": message["From"].addresses[0].display_name,
        "to": plain(message["To"].addresses[0].addr_spec),
        "auto": message["Auto-Submitted"],
        "reply": message["In-Reply-To"],
        "references": message["References"],
        "date": message["Date"].datetime.isoformat(),
        "text": text.get_content(),
        "blocks": [{k: str(v).replace("\r\n", "").replace("\n", "") for k, v in block.items()} for block in blocks],
        "third": third.get_content_type(),
        "third_subject": third.get_payload(0)["Subject"] if third.get_content_type() == "message/rfc822" else None,
    })
json.dump(read, sys.stdout)
"#;

/// One of each: kind, NOTIFY, RET, ENVID, addresses, size.
fn grid() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in [Kind::Failed, Kind::Delayed, Kind::Relayed] {
        for notify in ["", "never", "failure", "delay", "success", "success,failure,delay"] {
            for returned in [None, Some(Return::Full), Some(Return::Headers)] {
                for id in [None, Some("id+1 = 2")] {
                    for (sender, recipient) in [
                        ("me@example.org", "bob@example.net"),
                        ("me@example.org", "用户@example.net"),
                        ("日本@example.org", "用户@example.net"),
                    ] {
                        for length in [10, 50 * 1024 + 1] {
                            let envelope_id = id.map(|id| EnvelopeId::parse(id).unwrap());
                            let smtputf8 = !sender.is_ascii() || !recipient.is_ascii();
                            cases.push(Case {
                                kind,
                                flags: Flags { smtputf8, ..Flags::default() },
                                from: sender,
                                reverse_path: Some(sender),
                                recipients: vec![recipient, "carol@example.net"],
                                wishes: Wishes { returned, envelope_id, ..wishes(notify) },
                                message: message(&"line\r\n".repeat(length / 6)),
                                ..Case::default()
                            });
                        }
                    }
                }
            }
        }
    }
    cases
}

/// Holds what Python read against the case.
fn agrees(read: &serde_json::Value, case: &Case) {
    assert_eq!(read["defects"], serde_json::json!([]), "{read}");
    assert_eq!(
        (read["type"].as_str(), read["report"].as_str()),
        (Some("multipart/report"), Some("delivery-status"))
    );
    assert_eq!((&read["from"], &read["to"]), (&case.from.into(), &case.reverse_path.into()));
    assert_eq!((&read["name"], &read["auto"]), (&"MAILER-DAEMON".into(), &"auto-replied".into()));
    assert_eq!((&read["reply"], &read["references"]), (&case.message_id.into(), &case.message_id.into()));
    assert_eq!(read["date"], "2023-11-14T22:30:00+00:00");
    let blocks = read["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 1 + case.recipients.len());
    assert_eq!(blocks[0]["Reporting-MTA"], "dns; desk.example.org");
    assert_eq!(blocks[0]["Arrival-Date"], "Tue, 14 Nov 2023 22:13:20 +0000");
    let id = case.wishes.envelope_id.as_ref().map(|id| id.as_str());
    assert_eq!(blocks[0].get("Original-Envelope-Id").and_then(|id| id.as_str()), id);
    let (action, status) = match case.kind {
        Kind::Failed | Kind::Silent => ("failed", "5.1.1"),
        Kind::Delayed => ("delayed", "4.1.1"),
        Kind::Relayed => ("relayed", "2.1.1"),
    };
    for (block, recipient) in blocks[1..].iter().zip(&case.recipients) {
        let typed = match (recipient.is_ascii(), case.from.is_ascii()) {
            (true, _) => format!("rfc822; {recipient}"),
            (false, false) => format!("utf-8; {recipient}"),
            (false, true) => "utf-8; \\x{7528}\\x{6237}@example.net".to_owned(),
        };
        assert_eq!(block["Final-Recipient"], typed);
        let original = case.wishes.concern_reports().then_some(typed.as_str());
        assert_eq!(block.get("Original-Recipient").and_then(|original| original.as_str()), original);
        assert_eq!((&block["Action"], &block["Status"]), (&action.into(), &status.into()));
        assert_eq!(block["Remote-MTA"], "dns; mx.example.net");
        assert_eq!(block["Diagnostic-Code"], "smtp; 550 5.1.1 No such user here");
        assert_eq!(block["Last-Attempt-Date"], "Tue, 14 Nov 2023 22:28:20 +0000");
        let until = (case.kind == Kind::Delayed).then_some("Sun, 19 Nov 2023 22:13:20 +0000");
        assert_eq!(block.get("Will-Retry-Until").and_then(|until| until.as_str()), until);
        assert!(read["text"].as_str().unwrap().contains(recipient), "{read}");
    }
    let is_wanted = case.kind == Kind::Failed && case.wishes.returned != Some(Return::Headers);
    let is_whole = is_wanted && case.message.len() < 1_000;
    assert_eq!(read["third"], if is_whole { "message/rfc822" } else { "text/rfc822-headers" });
    assert_eq!(
        read["third_subject"],
        if is_whole { serde_json::json!("Minutes") } else { serde_json::Value::Null }
    );
}

#[test]
fn python_reads_every_report() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: python3 is missing, nobody else judged the reports");
        return;
    }
    let cases: Vec<Case> = grid().into_iter().filter(|case| case.wanted().is_ok()).collect();
    // Of six NOTIFYs three ask for a failure, three for a delay, two for a success, and of the rest there are 36.
    assert_eq!(cases.len(), (3 + 3 + 2) * 36);
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..cases.len()).map(|index| folder.path().join(format!("{index}.eml"))).collect();
    for (path, case) in paths.iter().zip(&cases) {
        fs::write(path, case.bounce().octets).unwrap();
    }
    let output = Command::new("python3").arg("-c").arg(PYTHON).args(&paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read.len(), cases.len());
    for (read, case) in read.iter().zip(&cases) {
        agrees(read, case);
    }
}
