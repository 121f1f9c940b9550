//! Others read the reports: Python's `email`, each defect told; and the mail-parser crate. What both say of a report
//! must be the same.

use std::collections::BTreeMap;
use std::process::Command;

use mail_parser::{MessageParser, MimeHeaders};

/// The fields of one block of a report.
pub type Block = BTreeMap<String, String>;

/// Reads each file and prints what a program finds in it.
const PYTHON: &str = r#"
import email, email.policy, json, sys
read = []
def plain(text):
    return text.encode("utf-8", "surrogateescape").decode("utf-8")
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        raw = file.read()
    # Defects are asked of each part below: a message/global in base64 (RFC 6532 3.7) it takes for a damaged mail.
    message = email.message_from_bytes(raw, policy=email.policy.default)
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
    if message.get_content_type() != "multipart/report" or message["Content-Type"].params["report-type"] != "delivery-status":
        defects.append("it is no report")
    read.append({
        "defects": defects,
        "from": plain(message["From"].addresses[0].addr_spec),
        "to": plain(message["To"].addresses[0].addr_spec),
        "auto": message["Auto-Submitted"],
        "reply": message["In-Reply-To"],
        "references": message["References"],
        "text": text.get_content(),
        "blocks": [{k: str(v).replace("\r\n", "").replace("\n", "") for k, v in block.items()} for block in blocks],
        "third": third.get_content_type(),
    })
json.dump(read, sys.stdout)
"#;

/// A report, as it was read.
#[derive(Debug, serde::Deserialize)]
pub struct Read {
    pub defects: Vec<String>,
    pub from: String,
    pub to: String,
    pub auto: String,
    pub reply: String,
    pub references: String,
    pub text: String,
    /// That of the message, and those of the recipients.
    pub blocks: Vec<Block>,
    /// The type of the third part.
    pub third: String,
}

impl Read {
    /// What it tells, and of whom.
    pub fn told(&self) -> (String, Vec<String>) {
        let blocks = self.blocks.iter().skip(1);
        let field = |block: &Block, name: &str| block.get(name).cloned().unwrap_or_default();
        let plain = |typed: String| typed.split("; ").nth(1).unwrap_or_default().replace("\\x{7528}", "用");
        let mut actions: Vec<String> = blocks.clone().map(|block| field(block, "Action")).collect();
        actions.dedup();
        (actions.join(","), blocks.map(|block| plain(field(block, "Final-Recipient"))).collect())
    }
}

/// Whether the readers are there.
pub fn are_there() -> Result<(), String> {
    let there = Command::new("python3").arg("--version").output().map(|_| ());
    there.map_err(|_| "python3 is missing, and nobody else reads the reports".to_owned())
}

/// Has all of them read by both.
pub fn read_all(reports: &[&[u8]]) -> Result<Vec<Read>, String> {
    if reports.is_empty() {
        return Ok(Vec::new());
    }
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..reports.len()).map(|index| folder.path().join(format!("{index}.eml"))).collect();
    for (path, octets) in paths.iter().zip(reports) {
        std::fs::write(path, octets).unwrap();
    }
    let output = Command::new("python3").arg("-c").arg(PYTHON).args(&paths).output().unwrap();
    if !output.status.success() {
        return Err(format!("python3: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let read: Vec<Read> = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    for (read, octets) in read.iter().zip(reports) {
        agrees(read, octets)?;
    }
    Ok(read)
}

/// The crate must see the same.
fn agrees(read: &Read, octets: &[u8]) -> Result<(), String> {
    let message = MessageParser::default().parse(octets).ok_or("mail-parser reads nothing")?;
    let address = |list: Option<&mail_parser::Address<'_>>| {
        list.and_then(|list| list.first()?.address()).unwrap_or_default().to_owned()
    };
    let kind = |part: &mail_parser::MessagePart<'_>| {
        let kind = part.content_type();
        kind.map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()))
    };
    // The parts of an enclosed mail are its own.
    let kinds: Vec<String> = message.parts.iter().filter_map(kind).collect();
    let status = message.parts.iter().find(|part| {
        kind(part).is_some_and(|kind| kind.ends_with("delivery-status") && !kind.starts_with("multipart"))
    });
    let status = status.ok_or_else(|| format!("mail-parser sees no status: {kinds:?}"))?;
    let text = String::from_utf8_lossy(status.contents()).replace("\r\n ", " ");
    let said = |block: &Block| block.values().all(|value| text.contains(value.as_str()));
    match () {
        () if address(message.from()) != read.from => Err("mail-parser sees another From".to_owned()),
        () if address(message.to()) != read.to => Err("mail-parser sees another To".to_owned()),
        () if kinds.first().map(String::as_str) != Some("multipart/report") => Err(format!("{kinds:?}")),
        () if !kinds.contains(&read.third) => Err(format!("mail-parser sees {kinds:?}, not {}", read.third)),
        () if !read.blocks.iter().all(said) => Err(format!("mail-parser sees another status: {text}")),
        () if message.body_text(0).is_none_or(|text| text.is_empty()) => Err("no text".to_owned()),
        () => Ok(()),
    }
}
