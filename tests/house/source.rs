//! A Rust file as the rules see it: the text, and the code alone, without comments, without the contents of
//! literals, and (for the rules on shipped code) without what stands under `#[cfg(test)]`. It is no parser: it knows
//! just enough of the language's tokens for braces and words to be counted.

const TEST: &str = "#[cfg(test)]";

/// One file. The three views have the same length and the same lines, so a position means the same in each.
pub struct Source {
    /// The path from the root of the repository, such as `src/mail/address.rs`.
    pub path: String,
    pub text: String,
    /// The text with comments and the contents of literals replaced by spaces.
    pub code: String,
    /// `code` without the items under `#[cfg(test)]`; empty for a file that is a test module as a whole
    /// ([`Source::test_files`]) or stands outside of `src/`.
    pub shipped: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let code = without_comments_and_literals(text);
        let shipped = if path.starts_with("src/") { without_test_items(&code) } else { String::new() };
        Source { path: path.to_owned(), text: text.to_owned(), code, shipped }
    }

    /// The files that hold the modules declared here as `#[cfg(test)] mod name;`: each path without its `.rs`.
    pub fn test_files(&self) -> Vec<String> {
        let folder = self.path.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/lib");
        let mut found = Vec::new();
        for (at, mark) in self.code.match_indices(TEST) {
            let item = &self.code[at + mark.len()..end_of_item(&self.code, at + mark.len())];
            let declared = item.split_once("mod ").and_then(|(_, name)| name.strip_suffix(';'));
            found.extend(declared.map(|name| format!("{folder}/{}", name.trim())));
        }
        found
    }

    /// "path:line" for a position in any of the views.
    pub fn place(&self, position: usize) -> String {
        let line = 1 + self.text.as_bytes()[..position].iter().filter(|&&octet| octet == b'\n').count();
        format!("{}:{line}", self.path)
    }
}

/// Where a token that begins at `at` ends, if it is a comment or a literal.
fn end_of_opaque(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    let starts_word = at == 0 || !is_word(text[at - 1]);
    match rest {
        [b'/', b'/', ..] => Some(at + rest.iter().position(|&octet| octet == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => Some(end_of_block_comment(text, at)),
        [b'"', ..] => Some(end_of_string(text, at + 1)),
        [b'b' | b'c', b'"', ..] if starts_word => Some(end_of_string(text, at + 2)),
        [b'r', b'"' | b'#', ..] if starts_word => end_of_raw_string(text, at + 1),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if starts_word => end_of_raw_string(text, at + 2),
        [b'\'', b'\\', ..] => {
            let close = rest[3..].iter().position(|&octet| octet == b'\'')?;
            Some(at + 3 + close + 1)
        }
        [b'\'', ..] => {
            // A character literal closes after one character; a lifetime does not.
            let width = match rest.get(1)? {
                0xF0.. => 4,
                0xE0.. => 3,
                0xC0.. => 2,
                _ => 1,
            };
            (rest.get(1 + width) == Some(&b'\'')).then_some(at + width + 2)
        }
        _ => None,
    }
}

fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'_' || octet >= 0x80
}

fn end_of_block_comment(text: &[u8], at: usize) -> usize {
    let (mut depth, mut i) = (0, at);
    while i < text.len() {
        match &text[i..] {
            [b'/', b'*', ..] => (depth, i) = (depth + 1, i + 2),
            [b'*', b'/', ..] => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

fn end_of_string(text: &[u8], mut i: usize) -> usize {
    while i < text.len() && text[i] != b'"' {
        i += if text[i] == b'\\' { 2 } else { 1 };
    }
    (i + 1).min(text.len())
}

/// `i` is behind the `r`. A raw identifier (`r#type`) is no string.
fn end_of_raw_string(text: &[u8], i: usize) -> Option<usize> {
    let hashes = text[i..].iter().take_while(|&&octet| octet == b'#').count();
    if text.get(i + hashes) != Some(&b'"') {
        return None;
    }
    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let from = i + hashes + 1;
    let length = text[from..].windows(close.len()).position(|window| window == close);
    Some(length.map_or(text.len(), |length| from + length + close.len()))
}

fn without_comments_and_literals(text: &str) -> String {
    let octets = text.as_bytes();
    let mut code = Vec::with_capacity(octets.len());
    let mut i = 0;
    while i < octets.len() {
        let end = end_of_opaque(octets, i).unwrap_or(i);
        for &octet in &octets[i..end] {
            code.push(if octet == b'\n' { b'\n' } else { b' ' });
        }
        if end == i {
            code.push(octets[i]);
        }
        i = end.max(i + 1);
    }
    String::from_utf8(code).unwrap()
}

/// The position behind the item that begins at `from`: behind its block, or its semicolon if it has none.
pub fn end_of_item(code: &str, from: usize) -> usize {
    let mut depth = 0_i32;
    for (i, octet) in code.bytes().enumerate().skip(from) {
        match octet {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth <= 0 && matches!(octet, b'}' | b';') {
            return i + 1;
        }
    }
    code.len()
}

fn without_test_items(code: &str) -> String {
    let mut shipped = code.to_owned();
    for mark in [TEST, "#![cfg(test)]"] {
        while let Some(from) = shipped.find(mark) {
            let to =
                if mark.starts_with("#!") { shipped.len() } else { end_of_item(&shipped, from + mark.len()) };
            let blank: String = shipped[from..to].chars().map(blank).collect();
            shipped.replace_range(from..to, &blank);
        }
    }
    shipped
}

/// Spaces of the same length, so that positions stay.
fn blank(character: char) -> String {
    if character == '\n' { "\n".to_owned() } else { " ".repeat(character.len_utf8()) }
}

#[test]
fn comments_and_literals_are_blank_and_lines_stay() {
    let text =
        "a(\"x // }\") /* { /* } */ { */ b('{', '\\'', 'ß') // }\nc<'a>(r#\"}\"}\"#, b\"\\\"}\", r#type)";
    let code = without_comments_and_literals(text);
    assert_eq!(code.len(), text.len());
    let words: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(words.join(" "), "a( ) b( , , ) c<'a>( , , r#type)");
    assert_eq!(Source::new("src/a.rs", text).place(code.find("c<").unwrap()), "src/a.rs:2");
}

#[test]
fn test_items_are_not_shipped() {
    let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests { fn b() { c() } }\n#[cfg(test)]\nuse d;\nfn e() {}\n";
    let source = Source::new("src/a.rs", text);
    assert_eq!(source.shipped.split_whitespace().collect::<String>(), "fna(){}fne(){}");
    assert_eq!(source.shipped.len(), text.len());
    assert_eq!(Source::new("tests/a.rs", text).shipped, "");
}

#[test]
fn files_of_test_modules_are_found() {
    let of = |path, text| Source::new(path, text).test_files();
    assert_eq!(
        of("src/a/mod.rs", "mod x;\n#[cfg(test)]\n#[allow(y)]\nmod judges;\nmod z;"),
        ["src/a/judges"]
    );
    assert_eq!(of("src/a/b.rs", "#[cfg(test)] pub(crate) mod tests;"), ["src/a/b/tests"]);
    assert_eq!(of("src/lib.rs", "#[cfg(test)] mod tests;"), ["src/tests"]);
    assert!(of("src/a.rs", "#[cfg(test)] mod tests { mod x; }\n#[cfg(test)] use b;").is_empty());
}
