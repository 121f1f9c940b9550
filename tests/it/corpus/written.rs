//! What must hold of the octets of any message, and the form in which a message is kept: without what is new each time.

/// RFC 5322 2.1.1, without the line end.
const LONGEST_LINE: usize = 998;
/// RFC 2047 2.
const LONGEST_WORD: usize = 75;
/// RFC 2047 2: a line of a field with an encoded-word.
const LONGEST_LINE_WITH_WORD: usize = 76;

/// What is wrong with the octets.
pub fn complaints(message: &[u8], is_utf8: bool) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(text) = std::str::from_utf8(message) else { return vec!["it is not UTF-8".to_owned()] };
    // Only what may not be encoded is 8bit, and says so at the top.
    let header = text.split("\r\n\r\n").next().unwrap_or_default();
    let is_eight_bit = header.contains("\r\nContent-Transfer-Encoding: 8bit");
    if !text.is_ascii() && !is_utf8 && !is_eight_bit {
        found.push("octets above 127".to_owned());
    }
    if is_utf8 && text.is_ascii() {
        found.push("nothing beyond ASCII".to_owned());
    }
    if text.replace("\r\n", "").contains(['\r', '\n', '\0']) || !text.ends_with("\r\n") {
        found.push("a bare CR or LF, a NUL, or no end of the last line".to_owned());
    }
    for (number, line) in text.split("\r\n").enumerate() {
        if line.len() > LONGEST_LINE {
            found.push(format!("line {}: {} octets", number + 1, line.len()));
        }
    }
    for block in headers(text) {
        for line in block.split("\r\n") {
            let words =
                line.split([' ', '\t', ',']).filter(|word| word.starts_with("=?") && word.ends_with("?="));
            let longest = words.map(str::len).max().unwrap_or_default();
            if longest > LONGEST_WORD || (longest > 0 && line.len() > LONGEST_LINE_WITH_WORD) {
                found.push(format!("an encoded-word of {longest} octets in a line of {}", line.len()));
            }
        }
    }
    found
}

/// The header of the message and those of its parts.
fn headers(text: &str) -> Vec<&str> {
    let end = |text: &str| text.find("\r\n\r\n").unwrap_or(text.len());
    let mut found = vec![&text[..end(text)]];
    for (at, _) in text.match_indices("\r\n--=_") {
        let rest = &text[at + 2..];
        found.push(&rest[..end(rest)]);
    }
    found
}

/// The message with a made-up date, Message-ID, boundaries and Content-IDs, which no two writings have in common.
pub fn named_anew(message: &[u8]) -> String {
    let text = String::from_utf8(message.to_vec()).unwrap();
    let (header, body) = text.split_once("\r\n\r\n").unwrap();
    let mut message = format!("{}\r\n\r\n{body}", header_anew(header));
    for (name, (before, behind), anew) in
        [("boundary", ("boundary=\"=_", "\""), ""), ("picture", ("Content-ID: <", ">"), "@example.test")]
    {
        let mut found: Vec<String> = Vec::new();
        for (at, _) in message.match_indices(before) {
            let value = message[at + before.len()..].split(behind).next().unwrap();
            if !found.iter().any(|known| known == value) {
                found.push(value.to_owned());
            }
        }
        for (number, value) in (1..).zip(found) {
            message = message.replace(&value, &format!("{name}-{number}{anew}"));
        }
    }
    message
}

fn header_anew(header: &str) -> String {
    let line = |line: &str| match line.split(": ").next() {
        Some("Date") => "Date: Thu, 1 Jan 2026 00:00:00 +0000".to_owned(),
        Some("Message-ID") => "Message-ID: <message-id@example.test>".to_owned(),
        _ => line.to_owned(),
    };
    header.split("\r\n").map(line).collect::<Vec<_>>().join("\r\n")
}

#[test]
fn what_is_wrong_is_seen() {
    let good = "Subject: =?utf-8?q?x?=\r\n\r\nx\r\n";
    assert_eq!(complaints(good.as_bytes(), false), Vec::<String>::new());
    let long_word = format!("Subject: =?utf-8?q?{}?=\r\n\r\n", "x".repeat(62));
    let in_a_part =
        format!("A: b\r\n\r\n--=_1\r\nContent-Description: =?utf-8?q?{}?=\r\n\r\n", "x".repeat(62));
    let long_line = format!("A: b\r\n\r\n{}\r\n", "x".repeat(999));
    for bad in [
        "A: é\r\n\r\n",
        "A: b\r\n\r\nx\n",
        "A: b\r\n\r\nx\ry\r\n",
        "A: b\r\n\r\n\0\r\n",
        "A: b\r\n\r\nx",
        &long_word,
        &in_a_part,
        &long_line,
    ] {
        assert_eq!(complaints(bad.as_bytes(), false).len(), 1, "{bad}");
    }
}
