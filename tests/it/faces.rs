//! What the face of mutt promises, with the real program, real files and a scripted server: which word is a file, who
//! receives, where text comes from, what is printed, and with which code the program exits.

#[path = "faces/exits.rs"]
mod exits;
#[path = "faces/files.rs"]
mod files;
#[path = "faces/flowed.rs"]
mod flowed;
#[path = "faces/lines.rs"]
mod lines;
#[path = "faces/lint.rs"]
mod lint;
#[path = "faces/list.rs"]
mod list;
#[path = "faces/output.rs"]
mod output;
#[path = "faces/routes.rs"]
mod routes;
#[path = "faces/schema.rs"]
mod schema;
#[path = "faces/standard_fields.rs"]
mod standard_fields;
#[path = "faces/stdin.rs"]
mod stdin;

use crate::support::{Book, Peer, Sandbox};

/// A sandbox whose profile leads to this server, in the clear and without a login.
pub fn facing(peer: &Peer) -> Sandbox {
    let sandbox = Sandbox::new();
    let port = peer.port();
    sandbox.profile(&format!(
        "host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"me@example.org\"\n"
    ));
    sandbox
}

/// What a server got.
pub struct Got {
    /// The recipients of the envelope.
    pub recipients: Vec<String>,
    /// The names of the attachments, by another parser than ours.
    pub attached: Vec<String>,
    /// The message with its dots taken out.
    pub text: String,
}

/// The one message that a server got.
#[track_caller]
pub fn got(book: &Book) -> Got {
    let messages = book.messages();
    assert_eq!(messages.len(), 1, "one message");
    let parsed = mail_parser::MessageParser::default().parse(&messages[0]).expect("a message");
    let name = |part: &mail_parser::MessagePart<'_>| {
        use mail_parser::MimeHeaders;
        part.attachment_name().unwrap_or("?").to_owned()
    };
    Got {
        recipients: addresses(&book.commands("RCPT TO:")),
        attached: parsed.attachments().map(name).collect(),
        text: messages[0].clone(),
    }
}

/// What stands between the angle brackets of commands.
pub fn addresses(commands: &[String]) -> Vec<String> {
    let address = |line: &String| line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
    commands.iter().map(address).collect()
}

/// The fields of a message with this name, unfolded.
pub fn fields(text: &str, name: &str) -> Vec<String> {
    let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n\t", " ").replace("\r\n ", " ");
    let is_wanted =
        |line: &&str| line.split(':').next().is_some_and(|known| known.eq_ignore_ascii_case(name));
    head.split("\r\n").filter(is_wanted).map(|line| line[name.len() + 1..].trim().to_owned()).collect()
}
