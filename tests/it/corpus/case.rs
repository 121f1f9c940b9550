//! A case of the corpus: what is said to the program, and what its message must say.
//!
//! In every text `⟦x*80⟧` stands for 80 times `x`, of which `{}` is the number, counted from 1. In a list, an item
//! `⟦⟦x*80⟧⟧` stands for 80 items.

use std::collections::BTreeMap;
use std::path::Path;

use ring::digest::{SHA256, digest};
use serde::Deserialize;

use super::view::{Fault, View};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

/// A case, as it is written in `tests/messages/cases/`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Also the name of its message.
    pub name: String,
    /// The options.
    #[serde(default)]
    words: Vec<String>,
    /// The words behind `--`.
    #[serde(default = "bob")]
    recipients: Vec<String>,
    #[serde(default = "hello")]
    stdin: String,
    /// Standard input that is no text, in base64.
    stdin_base64: Option<String>,
    /// Files by name, with their text.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Files by name, with their octets in base64.
    #[serde(default)]
    files_base64: BTreeMap<String, String>,
    /// More lines of the profile.
    #[serde(default)]
    pub profile: String,
    /// Words on standard error. There are none where this is left out.
    #[serde(default)]
    pub says: String,
    /// The header is in UTF-8 (RFC 6532).
    #[serde(default)]
    pub utf8_header: bool,
    /// Where mail-parser is wrong.
    pub mail_parser: Option<Fault>,
    #[serde(default = "nothing_special")]
    expect: Expect,
}

/// What the message says.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    #[serde(default = "plain")]
    tree: String,
    subject: Option<String>,
    /// Mailboxes as `name <address>`; so it is in all fields of addresses.
    #[serde(default = "ann")]
    from: Vec<String>,
    #[serde(default = "bob")]
    to: Vec<String>,
    cc: Option<Vec<String>>,
    sender: Option<Vec<String>>,
    reply_to: Option<Vec<String>>,
    receipt_to: Option<Vec<String>>,
    /// The first text, instead of standard input.
    text: Option<String>,
    /// The first text in HTML, in which Content-IDs are `ID-1` and so on.
    html: Option<String>,
    /// The charset of the first text.
    charset: Option<String>,
    /// Parameters of the first text, without charset and name.
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    /// Media type, and its parameters, of the parts with a name.
    #[serde(default)]
    files: Vec<String>,
    /// Names of the message whose file has another one; `-` is standard input.
    #[serde(default)]
    holds: BTreeMap<String, String>,
    /// All other fields.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// Words that are nowhere.
    #[serde(default)]
    never: Vec<String>,
}

fn nothing_special() -> Expect {
    toml::from_str("").unwrap()
}

fn ann() -> Vec<String> {
    vec!["ann@example.test".to_owned()]
}

fn bob() -> Vec<String> {
    vec!["bob@example.test".to_owned()]
}

fn hello() -> String {
    "Hello.\n".to_owned()
}

fn plain() -> String {
    "text/plain".to_owned()
}

/// All cases of all files of a folder.
pub fn read(folder: &Path) -> Vec<Case> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &Path| -> Vec<Case> {
        let cases = toml::from_str::<Cases>(&std::fs::read_to_string(path).unwrap());
        cases.unwrap_or_else(|error| panic!("{}: {error}", path.display())).case
    };
    paths.iter().flat_map(|path| read(path)).collect()
}

/// A text with its repetitions written out.
fn written_out(text: &str) -> String {
    let Some((before, rest)) = text.split_once('⟦') else { return text.to_owned() };
    let (inside, behind) = rest.split_once('⟧').unwrap();
    before.to_owned() + &times(inside).concat() + &written_out(behind)
}

fn times(inside: &str) -> Vec<String> {
    let (what, count) = inside.rsplit_once('*').unwrap();
    (1..=count.parse::<u32>().unwrap()).map(|number| what.replace("{}", &number.to_string())).collect()
}

fn all_written_out(list: &[String]) -> Vec<String> {
    let items = |item: &String| match item.strip_prefix("⟦⟦").and_then(|rest| rest.strip_suffix("⟧⟧"))
    {
        Some(inside) => times(inside),
        None => vec![written_out(item)],
    };
    list.iter().flat_map(items).collect()
}

fn octets(base64: &str) -> Vec<u8> {
    base64_simd::STANDARD.decode_to_vec(base64).unwrap()
}

impl Case {
    /// All words of the command line.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec!["--output".to_owned(), "-".to_owned()];
        words.extend(all_written_out(&self.words));
        words.push("--".to_owned());
        words.extend(all_written_out(&self.recipients));
        words
    }

    /// Standard input.
    pub fn stdin(&self) -> Vec<u8> {
        match &self.stdin_base64 {
            Some(base64) => octets(base64),
            None => written_out(&self.stdin).into_bytes(),
        }
    }

    /// The files by name.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let texts = self.files.iter().map(|(name, text)| (written_out(name), written_out(text).into_bytes()));
        let others = self.files_base64.iter().map(|(name, base64)| (written_out(name), octets(base64)));
        texts.chain(others).collect()
    }

    /// In what the message differs from what is expected; `digests` has the SHA-256 of each leaf.
    pub fn complaints(&self, message: &[u8], view: &View, digests: &[&str]) -> Vec<String> {
        let view = view.with_counted_ids();
        let expect = &self.expect;
        let mut found = Vec::new();
        let mut compare = |what: &str, is: &dyn std::fmt::Debug, should: &dyn std::fmt::Debug| {
            let (is, should) = (format!("{is:?}"), format!("{should:?}"));
            if is != should {
                found.push(format!("{what} is {is}, expected {should}"));
            }
        };
        compare("tree", &view.tree, &written_out(&expect.tree));
        compare("subject", &view.subject, &expect.subject.as_deref().map(written_out));
        for (field, should) in [
            ("from", Some(&expect.from)),
            ("to", Some(&expect.to)),
            ("cc", expect.cc.as_ref()),
            ("sender", expect.sender.as_ref()),
            ("reply-to", expect.reply_to.as_ref()),
            ("disposition-notification-to", expect.receipt_to.as_ref()),
        ] {
            // A field with nobody in it is as good as none: which of them it is shows in the kept message.
            let should = should.map(|list| all_written_out(list)).filter(|list| !list.is_empty());
            let is = view.addresses.get(field).filter(|list| !list.is_empty());
            compare(field, &is, &should.as_ref());
        }
        let fields: BTreeMap<_, _> = expect
            .fields
            .iter()
            .map(|(name, value)| (name.to_lowercase(), vec![written_out(value)]))
            .collect();
        compare("fields", &view.fields, &fields);
        let text = view.leaves.iter().find(|leaf| leaf.media_type.starts_with("text/"));
        let should = match (&expect.text, &self.stdin_base64) {
            (Some(text), _) => Some(written_out(text)),
            (None, Some(_)) => None,
            (None, None) => Some(written_out(&self.stdin)),
        };
        compare("text", &text.and_then(|leaf| leaf.text.as_ref()), &should.as_ref());
        compare(
            "parameters",
            &text.map(|leaf| leaf.parameters.clone()).unwrap_or_default(),
            &expect.parameters,
        );
        if let Some(charset) = &expect.charset {
            compare("charset", &text.and_then(|leaf| leaf.charset.as_deref()), &Some(charset));
        }
        let html = view.leaves.iter().find(|leaf| leaf.media_type == "text/html");
        let should = expect.html.as_deref().map(written_out);
        if should.is_some() || text.is_none_or(|text| html.is_none_or(|html| !std::ptr::eq(html, text))) {
            compare("HTML", &html.and_then(|leaf| leaf.text.clone()), &should);
        }
        let names: Vec<_> = view.leaves.iter().filter_map(|leaf| leaf.name.clone()).collect();
        compare("names", &names, &all_written_out(&expect.files));
        let files = self.files();
        for (leaf, is) in view.leaves.iter().zip(digests) {
            let Some(name) = &leaf.name else { continue };
            let disposition = match (&leaf.id, leaf.media_type.as_str()) {
                (Some(_), _) => Some("inline"),
                (None, "text/calendar") => None,
                (None, _) => Some("attachment"),
            };
            compare(&format!("disposition of {name}"), &leaf.disposition.as_deref(), &disposition);
            let source = expect.holds.get(name).map_or(name.as_str(), String::as_str);
            let given = if source == "-" { Some(self.stdin()) } else { files.get(source).cloned() };
            let given = given.unwrap_or_default();
            match &leaf.text {
                // A form of the text: its lines end as those of any text.
                Some(text) if leaf.disposition.is_none() => {
                    let given = String::from_utf8(given).unwrap().replace("\r\n", "\n");
                    compare(&format!("text of {name}"), text, &given);
                }
                _ => compare(&format!("SHA-256 of {name}"), is, &hex(&given)),
            }
        }
        let text = String::from_utf8_lossy(message);
        let told = expect.never.iter().filter(|word| text.contains(word.as_str()));
        found.extend(told.map(|word| format!("holds {word:?}")));
        found
    }
}

fn hex(octets: &[u8]) -> String {
    digest(&SHA256, octets).as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}
