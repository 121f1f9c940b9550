//! The paths (`std::net::TcpStream`) that a text of code mentions, with what `use` has shortened written out again:
//! after `use std::net;` the words `net::TcpStream` are the path `std::net::TcpStream`.

use std::collections::HashMap;

/// A path and the position where it is mentioned.
#[derive(Debug, PartialEq)]
pub struct Mention {
    pub at: usize,
    pub path: Vec<String>,
}

impl Mention {
    pub fn is_or_is_below(&self, other: &[&str]) -> bool {
        self.path.len() >= other.len() && self.path.iter().zip(other).all(|(mine, other)| mine == other)
    }

    /// `use std::net::*` reaches everything below `std::net`.
    pub fn may_reach(&self, other: &[&str]) -> bool {
        let glob = self.path.last().is_some_and(|last| last == "*");
        let above = &self.path[..self.path.len() - usize::from(glob)];
        self.is_or_is_below(other)
            || (glob
                && above.len() < other.len()
                && above.iter().zip(other).all(|(mine, other)| mine == other))
    }
}

/// All paths in `code` (a view of [`crate::source::Source`]), of which one-word ones only where `use` explains them.
pub fn mentions(code: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut short = HashMap::new();
    let mut plain = Vec::new();
    let mut i = 0;
    while let Some((at, word)) = next_word(code, i) {
        i = at + word.len();
        if word == "use" {
            let end = code[i..].find(';').map_or(code.len(), |length| i + length);
            read_tree(&code[i..end], i, &mut Vec::new(), &mut found, &mut short);
            i = end;
        } else if !code[..at].trim_end().ends_with("::") {
            let path = path_at(code, at);
            plain.push(Mention { at, path });
        }
    }
    for mention in &mut plain {
        if let Some(whole) = short.get(&mention.path[0]) {
            mention.path.splice(0..1, whole.iter().cloned());
        }
    }
    found.extend(plain.into_iter().filter(|mention| mention.path.len() > 1));
    for mention in &mut found {
        if mention.path[0] == "core" || mention.path[0] == "alloc" {
            mention.path[0] = "std".to_owned();
        }
    }
    found.sort_by_key(|mention| mention.at);
    found
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn next_word(code: &str, from: usize) -> Option<(usize, &str)> {
    let start = from + code[from..].find(is_word)?;
    let length = code[start..].find(|character| !is_word(character)).unwrap_or(code.len() - start);
    Some((start, &code[start..start + length]))
}

/// The words joined by `::` that begin at `at`.
fn path_at(code: &str, at: usize) -> Vec<String> {
    let mut path = Vec::new();
    let mut rest = &code[at..];
    loop {
        let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
        if length == 0 {
            break;
        }
        path.push(rest[..length].to_owned());
        let Some(next) = rest[length..].trim_start().strip_prefix("::") else { break };
        rest = next.trim_start();
    }
    path
}

/// Reads one tree of a `use` item: `a::{b, c as d, e::*}`.
fn read_tree(
    tree: &str,
    at: usize,
    above: &mut Vec<String>,
    found: &mut Vec<Mention>,
    short: &mut HashMap<String, Vec<String>>,
) {
    for (offset, branch) in branches(tree) {
        let depth = above.len();
        let lead = branch.len() - branch.trim_start().len();
        let at = at + offset + lead;
        let (path, group) = match branch.find('{') {
            Some(open) => (&branch[..open], Some((open, branch.trim_end().trim_end_matches('}')))),
            None => (branch, None),
        };
        let (path, name) = path.split_once(" as ").unwrap_or((path, ""));
        let words = path.split("::").map(str::trim).filter(|word| !word.is_empty() && *word != "self");
        above.extend(words.map(str::to_owned));
        if let Some((open, inside)) = group {
            read_tree(&inside[open + 1..], at + open + 1 - lead, above, found, short);
        } else if let Some(last) = above.last() {
            let name = if name.trim().is_empty() { last.clone() } else { name.trim().to_owned() };
            short.insert(name, above.clone());
            found.push(Mention { at, path: above.clone() });
        }
        above.truncate(depth);
    }
}

/// The parts between the commas that are in no inner braces, with their positions.
fn branches(tree: &str) -> Vec<(usize, &str)> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (i, octet) in tree.bytes().enumerate() {
        match octet {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                parts.push((from, &tree[from..i]));
                from = i + 1;
            }
            _ => {}
        }
    }
    parts.push((from, &tree[from..]));
    parts.retain(|(_, part)| !part.trim().is_empty());
    parts
}

#[cfg(test)]
fn as_text(code: &str) -> Vec<String> {
    mentions(code).iter().map(|mention| mention.path.join("::")).collect()
}

#[test]
fn trees_are_spread_and_short_names_written_out() {
    assert_eq!(
        as_text(
            "use std::{net, io::{self, Read as R}, fs::*,\n};\nfn f() { net::TcpStream::connect(x); io::stdout() }"
        ),
        [
            "std::net",
            "std::io",
            "std::io::Read",
            "std::fs::*",
            "std::net::TcpStream::connect",
            "std::io::stdout"
        ]
    );
    assert_eq!(
        as_text("use crate::a::B; B::new(core::mem::take(x), y)"),
        ["crate::a::B", "crate::a::B::new", "std::mem::take"]
    );
}

#[test]
fn positions_are_those_of_the_mention() {
    let code = "use a::{\n  b,\n  c::d,\n};";
    let lines: Vec<usize> = mentions(code).iter().map(|mention| code[..mention.at].lines().count()).collect();
    assert_eq!(lines, [2, 3]);
}

#[test]
fn a_glob_reaches_what_is_below() {
    let glob = &mentions("use std::net::*;")[0];
    assert!(glob.may_reach(&["std", "net", "TcpStream"]) && !glob.may_reach(&["std", "fs", "File"]));
    assert!(mentions("use std::net::UdpSocket;")[0].may_reach(&["std", "net"]));
}
