//! A message as a parser sees it, in one form for both parsers.

use std::collections::BTreeMap;

use mail_parser::{
    ContentType, HeaderForm, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};
use ring::digest::{SHA256, digest};
use serde::Deserialize;

use crate::support::Judged;

/// Fields of addresses. All other fields are texts, but those of [`APART`].
const ADDRESSES: [&str; 6] = ["from", "sender", "reply-to", "to", "cc", "disposition-notification-to"];
/// Fields that are compared in another form, or that belong to the first part.
const APART: [&str; 8] = [
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "content-language",
];

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// As in `mixed(alternative(text/plain text/html) application/pdf)`.
    pub tree: String,
    /// Seconds since 1970.
    pub date: i64,
    pub message_id: String,
    pub subject: Option<String>,
    /// Mailboxes as `name <address>`, by field.
    pub addresses: BTreeMap<String, Vec<String>>,
    /// The other fields.
    pub fields: BTreeMap<String, Vec<String>>,
    pub leaves: Vec<Leaf>,
}

/// A part that holds no others.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    pub media_type: String,
    pub charset: Option<String>,
    /// Parameters of the type, but charset and name.
    pub parameters: BTreeMap<String, String>,
    pub disposition: Option<String>,
    pub name: Option<String>,
    /// The Content-ID without its angle brackets.
    pub id: Option<String>,
    /// What a text says, with LF.
    pub text: Option<String>,
    /// Of what is no text.
    pub sha256: Option<String>,
}

/// Where a parser is wrong, and why nothing is to be done about it here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The names of what differs, as [`differences`] calls it.
    differs: Vec<String>,
    because: String,
}

/// In what the parsers differ. A fault that is known must show.
pub fn differences(one: &View, other: &View, known: Option<&Fault>) -> Vec<String> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut compare = |what: &str, one: &dyn std::fmt::Debug, other: &dyn std::fmt::Debug| {
        let (one, other) = (format!("{one:?}"), format!("{other:?}"));
        if one != other {
            found.push((what.to_owned(), format!("{what} is {one} for email, {other} for mail-parser")));
        }
    };
    compare("tree", &one.tree, &other.tree);
    compare("date", &one.date, &other.date);
    compare("Message-ID", &one.message_id, &other.message_id);
    compare("subject", &one.subject, &other.subject);
    for field in ADDRESSES {
        compare(field, &one.addresses.get(field), &other.addresses.get(field));
    }
    compare("fields", &one.fields, &other.fields);
    compare("number of leaves", &one.leaves.len(), &other.leaves.len());
    for (number, (one, other)) in (1..).zip(one.leaves.iter().zip(&other.leaves)) {
        compare(&format!("leaf {number}"), one, other);
    }
    if let Some(Fault { differs, because }) = known {
        assert!(!because.is_empty());
        let shown: Vec<&String> = found.iter().map(|(what, _)| what).collect();
        if shown.iter().any(|what| !differs.contains(what)) || shown.len() != differs.len() {
            return vec![format!("differs in {shown:?}, not in {differs:?}")];
        }
        return Vec::new();
    }
    found.into_iter().map(|(_, words)| words).collect()
}

fn mailbox(name: &str, address: &str) -> String {
    if name.is_empty() { address.to_owned() } else { format!("{name} <{address}>") }
}

fn bare(id: &str) -> String {
    id.trim().trim_start_matches('<').trim_end_matches('>').to_owned()
}

fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// A charset that is known to be unknown gives no text.
fn is_readable(charset: Option<&str>) -> bool {
    charset != Some("unknown-8bit")
}

impl View {
    /// As Python's `email` sees it.
    pub fn of_python(judged: &Judged) -> View {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &judged.fields {
            let name = name.to_lowercase();
            if !APART.contains(&name.as_str()) && !ADDRESSES.contains(&name.as_str()) {
                fields.entry(name).or_default().push(value.clone());
            }
        }
        let addresses = judged.addresses.iter().filter(|(name, _)| ADDRESSES.contains(&name.as_str()));
        let boxes = |list: &Vec<(String, String)>| {
            list.iter().map(|(name, address)| mailbox(name, address)).collect()
        };
        let leaves = judged.parts.iter().map(|part| Leaf {
            media_type: part.media_type.clone(),
            charset: part.charset.clone(),
            parameters: part.parameters.clone(),
            disposition: part.disposition.clone(),
            name: part.name.clone(),
            id: part.id.as_deref().map(bare),
            text: part.text.as_deref().map(lines),
            sha256: (!part.media_type.starts_with("text/")).then(|| part.sha256.clone()),
        });
        View {
            tree: judged.tree.clone(),
            date: judged.date,
            message_id: bare(judged.field("Message-ID").unwrap()),
            subject: judged.field("Subject").map(str::to_owned),
            addresses: addresses.map(|(name, list)| (name.clone(), boxes(list))).collect(),
            fields,
            leaves: leaves.collect(),
        }
    }

    /// As mail-parser sees it.
    pub fn of_mail_parser(message: &[u8]) -> View {
        let message = MessageParser::default().parse(message).unwrap();
        let (mut addresses, mut fields) = (BTreeMap::new(), BTreeMap::<String, Vec<String>>::new());
        for header in message.headers() {
            let name = header.name().to_lowercase();
            if ADDRESSES.contains(&name.as_str()) {
                addresses.insert(name.clone(), boxes(&message, &name));
            } else if !APART.contains(&name.as_str()) {
                let values = message.header_as(header.name().to_owned(), HeaderForm::Text);
                let texts = values.iter().map(|value| value.as_text().unwrap_or_default().to_owned());
                fields.insert(name, texts.collect());
            }
        }
        let mut leaves = Vec::new();
        View {
            tree: tree(&message, 0, &mut leaves),
            date: message.date().unwrap().to_timestamp(),
            message_id: message.message_id().unwrap().to_owned(),
            subject: message.subject().map(str::to_owned),
            addresses,
            fields,
            leaves,
        }
    }

    /// The same with `ID-1` for the first Content-ID and so on.
    pub fn with_counted_ids(&self) -> View {
        let mut view = self.clone();
        let ids: Vec<String> = self.leaves.iter().filter_map(|leaf| leaf.id.clone()).collect();
        for (number, id) in (1..).zip(ids) {
            for leaf in &mut view.leaves {
                for text in [&mut leaf.text, &mut leaf.id].into_iter().flatten() {
                    *text = text.replace(&id, &format!("ID-{number}"));
                }
            }
        }
        view
    }
}

/// The mailboxes of a field of addresses.
fn boxes(message: &Message<'_>, field: &str) -> Vec<String> {
    let values = message.header_as(field.to_owned(), HeaderForm::Addresses);
    let lists = values.iter().filter_map(HeaderValue::as_address);
    let of = |each: &mail_parser::Addr<'_>| {
        mailbox(each.name().unwrap_or_default(), each.address().unwrap_or_default())
    };
    lists.flat_map(|list| list.iter().map(of).collect::<Vec<_>>()).collect()
}

/// The tree below a part, whose leaves are added to `leaves`.
fn tree(message: &Message<'_>, part: u32, leaves: &mut Vec<Leaf>) -> String {
    let part = &message.parts[part as usize];
    let kind = part.content_type().map_or_else(
        || "text/plain".to_owned(),
        |kind| {
            format!("{}/{}", kind.ctype().to_lowercase(), kind.subtype().unwrap_or_default().to_lowercase())
        },
    );
    match &part.body {
        PartType::Multipart(children) => {
            let inside: Vec<String> = children.iter().map(|child| tree(message, *child, leaves)).collect();
            format!("{}({})", kind.trim_start_matches("multipart/"), inside.join(" "))
        }
        PartType::Message(inner) => format!("{kind}({})", tree(inner, 0, leaves)),
        _ => {
            leaves.push(leaf(part, &kind));
            kind
        }
    }
}

fn leaf(part: &MessagePart<'_>, kind: &str) -> Leaf {
    let attribute = |name| part.content_type().and_then(|kind: &ContentType<'_>| kind.attribute(name));
    let charset = attribute("charset").map(str::to_lowercase);
    let is_text = kind.starts_with("text/");
    let more = part.content_type().and_then(ContentType::attributes).unwrap_or_default();
    let more = more.iter().filter(|each| !["charset", "name"].contains(&&*each.name));
    let sha256 =
        || digest(&SHA256, part.contents()).as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    let readable = is_text && charset.is_some() && is_readable(charset.as_deref());
    Leaf {
        media_type: kind.to_owned(),
        parameters: more.map(|each| (each.name.to_string(), each.value.to_string())).collect(),
        disposition: part.content_disposition().map(|value| value.ctype().to_lowercase()),
        name: part.attachment_name().map(str::to_owned),
        id: part.content_id().map(bare),
        text: readable.then(|| lines(part.text_contents().unwrap_or_default())),
        sha256: (!is_text).then(sha256),
        charset,
    }
}

#[test]
fn what_differs_is_seen() {
    let message = |subject: &str, kind: &str| {
        let header =
            "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@x.test>\r\nFrom: Jo <a@x.test>\r\nX-A: b";
        View::of_mail_parser(
            format!("{header}\r\nSubject: {subject}\r\nContent-Type: {kind}\r\n\r\nx\r\n").as_bytes(),
        )
    };
    let (one, text) = ("one", "text/plain; charset=utf-8");
    let view = message(one, text);
    assert_eq!(
        (view.tree.as_str(), &view.addresses["from"]),
        ("text/plain", &vec!["Jo <a@x.test>".to_owned()])
    );
    assert_eq!(differences(&view, &message(one, text), None), Vec::<String>::new());
    assert_eq!(differences(&view, &message("two", text), None).len(), 1);
    assert_eq!(differences(&view, &message(one, "text/plain; charset=utf-8; format=flowed"), None).len(), 1);
    assert_eq!(differences(&view, &message("two", "text/html; charset=utf-8"), None).len(), 3);
    let known = Fault { differs: vec!["subject".to_owned()], because: "a test".to_owned() };
    assert_eq!(differences(&view, &message("two", text), Some(&known)), Vec::<String>::new());
    for other in [message(one, text), message("two", "text/html")] {
        assert_eq!(differences(&view, &other, Some(&known)).len(), 1);
    }
}
