//! format=flowed on the wire: by option, profile and `-e`, and only for a plain text.

use mail_parser::{MessageParser, MimeHeaders};

use super::facing;
use crate::support::Peer;

/// The type of a text as it was sent, with these words, and the lines of the text.
fn sent(text: &str, words: &[&str]) -> (String, Vec<String>) {
    let peer = Peer::healthy();
    facing(&peer).stdin(text).run(&[words, &["r@x"]].concat()).exits(0).quiet();
    let message = peer.finish().messages().remove(0);
    let parsed = MessageParser::default().parse(&message).unwrap();
    let media = parsed.parts[0].content_type().unwrap();
    let told = ["charset", "format", "delsp"].map(|name| media.attribute(name).unwrap_or("-"));
    let body = std::str::from_utf8(parsed.parts[0].contents()).unwrap();
    (told.join(" "), body.split_terminator("\r\n").map(str::to_owned).collect())
}

#[test]
fn a_long_line_is_wrapped_where_it_was_asked_for() {
    let text = format!("{}\nFrom here\n-- \nAnn\n", "word ".repeat(30).trim_end());
    let plain: Vec<String> = text.lines().map(str::to_owned).collect();
    for words in [
        &["--flowed"][..],
        &["--set", "text_flowed=true"],
        &["-e", "set text_flowed"],
        &["--flowed", "-e", "set notext_flowed"],
    ] {
        let (told, lines) = sent(&text, words);
        assert_eq!(told, "us-ascii flowed -", "{words:?}");
        assert_eq!(lines.len(), plain.len() + 2, "{words:?}: {lines:?}");
        assert!(lines[0].ends_with("word ") && lines[0].len() <= 73, "{lines:?}");
        assert_eq!(lines[3..], [" From here", "-- ", "Ann"], "{words:?}");
        assert_eq!(lines[..3].concat(), plain[0], "{words:?}");
    }
    for words in [
        &[][..],
        &["-e", "unset text_flowed"],
        &["--set", "text_flowed=true", "-e", "set text_flowed=no"],
        &["--flowed", "-e", "set content_type=text/html"],
    ] {
        let (told, lines) = sent(&text, words);
        // The line `From here` has it encoded, and it comes out the same.
        assert_eq!((told.as_str(), lines), ("us-ascii - -", plain.clone()), "{words:?}");
    }
}

#[test]
fn a_text_without_blanks_is_wrapped_with_delsp_in_its_charset() {
    let text = "汉字".repeat(100);
    for charset in ["utf-8", "gb18030"] {
        let peer = Peer::healthy();
        let set = format!("charset={charset}");
        facing(&peer).stdin(&text).run(&["--flowed", "--set", &set, "r@x"]).exits(0).quiet();
        let message = peer.finish().messages().remove(0);
        let wanted = format!("Content-Type: text/plain; charset={charset}; format=flowed; delsp=yes\r\n");
        assert!(message.contains(&wanted), "{message}");
        let parsed = MessageParser::default().parse(&message).unwrap();
        let read = parsed.body_text(0).unwrap().replace("\r\n", "\n");
        assert!(read.lines().count() == 6 && read.lines().all(|line| line.chars().count() <= 37), "{read}");
        assert_eq!(read.replace(" \n", "").trim_end(), text);
    }
}
