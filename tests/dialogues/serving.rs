//! Runs every `tests/dialogues/server/*.smtp`: what a client says to `whippet`'s own server, what it hears, and which
//! messages are taken. Each runs in lockstep, in one piece and in pieces of all small sizes, and cut at every octet: then
//! what is said is a beginning of the whole, and no message is taken without its end.
//!
//! The form of a file, line by line:
//!
//! ```text
//! # what it shows
//! ! size_limit 1000           the largest message
//! ! answer queued as 4F2A     the answers to messages in their order; the default is `queued as ID1`, `ID2` …
//! ! answer 4.3.1 no room      a refusal; \n in it begins another line
//! C: EHLO client.example      a line of the client; `C<` is octets with \r \n \xHH escapes and no line end added
//! S: 250 host.example         the server says exactly this, when all that stands above has been read
//! = from <me@x> size=9 body=8bitmime smtputf8 ret=full envid=x     a message is taken
//! = to <a@x> notify=never orcpt=rfc822;b@x
//! = data Subject: x\r\n\r\ntext\r\n
//! = end closed                or silent: the input ended
//! ```

use std::cell::RefCell;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::script::unescaped;
use whippet::cmd::{Answer, Ended, Host, converse};
use whippet::mail::EnhancedStatus;
use whippet::mime::Source;
use whippet::smtp::{Arrival, BodyKind, Refusal};

/// One file.
#[derive(Debug, Default)]
struct Script {
    name: String,
    size_limit: Option<u64>,
    answers: Vec<Answer>,
    /// What the client says in one go, and what it then hears.
    turns: Vec<(Vec<u8>, String)>,
    expected: Vec<String>,
}

impl Script {
    /// All that the client says.
    fn input(&self) -> Vec<u8> {
        self.turns.iter().flat_map(|(octets, _)| octets.clone()).collect()
    }
}

fn scripts() -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues/server");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| parse(path)).collect()
}

fn parse(path: &Path) -> Script {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    assert!(text.starts_with("# "), "{name}: the first line says what the dialogue shows");
    let mut script = Script { name, ..Script::default() };
    // The greeting comes before a word.
    script.turns.push((Vec::new(), String::new()));
    let mut is_heard = true;
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (word, rest.split_once(' ')) {
            ("" | "#", _) => {}
            ("!", Some(("size_limit", limit))) => script.size_limit = Some(limit.parse().unwrap()),
            ("!", Some(("answer", words))) => script.answers.push(match EnhancedStatus::split(words) {
                Some((status, text)) => Err(Refusal::new(status, text.replace("\\n", "\n"))),
                None => Ok(words.to_owned()),
            }),
            ("C:" | "C<", _) => {
                if std::mem::take(&mut is_heard) {
                    script.turns.push((Vec::new(), String::new()));
                }
                let octets = &mut script.turns.last_mut().unwrap().0;
                octets.extend(if word == "C<" {
                    unescaped(rest)
                } else {
                    [rest.as_bytes(), b"\r\n"].concat()
                });
            }
            ("S:", _) => {
                is_heard = true;
                script.turns.last_mut().unwrap().1.push_str(&format!("{rest}\r\n"));
            }
            ("=", _) => script.expected.push(rest.to_owned()),
            _ => panic!("{}: {line}", script.name),
        }
    }
    assert!(script.expected.last().is_some_and(|row| row.starts_with("end ")), "{}: no end", script.name);
    script
}

/// A client that writes these pieces, and hears this before it goes on.
struct Client {
    pieces: Vec<Vec<u8>>,
    heard: Vec<String>,
    said: Rc<RefCell<Vec<u8>>>,
}

impl Read for Client {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.heard.is_empty() {
            let said = String::from_utf8(self.said.take()).unwrap();
            assert_eq!(said.replace("\r\n", "\n"), self.heard.remove(0).replace("\r\n", "\n"));
        }
        if self.pieces.is_empty() {
            return Ok(0);
        }
        let piece = self.pieces.remove(0);
        buffer[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

/// Where the server writes.
struct Words(Rc<RefCell<Vec<u8>>>);

impl io::Write for Words {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(octets);
        Ok(octets.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was said and not compared, and the rows of what was taken.
fn serve(script: &Script, pieces: Vec<Vec<u8>>, heard: Vec<String>) -> (String, Vec<String>) {
    let said = Rc::new(RefCell::new(Vec::new()));
    let mut client = Client { pieces, heard, said: said.clone() };
    let mut rows = Vec::new();
    let mut count = 0;
    let mut take = |arrival: Arrival, source: Source| {
        count += 1;
        let answer = script.answers.get(count - 1).cloned().unwrap_or(Ok(format!("queued as ID{count}")));
        rows.extend(told(&arrival, &source, answer.is_ok()));
        answer
    };
    let host = Host { name: "host.example".to_owned(), size_limit: script.size_limit };
    let ended = converse(host, &mut client, &mut Words(said.clone()), &mut take);
    let last = said.take();
    if let [wanted] = &client.heard[..] {
        assert_eq!(String::from_utf8_lossy(&last), *wanted, "{}", script.name);
    }
    rows.push(match ended {
        Ended::Closed => "end closed".to_owned(),
        Ended::Silent => "end silent".to_owned(),
        other => panic!("{}: {other:?}", script.name),
    });
    (String::from_utf8(last).unwrap(), rows)
}

fn told(arrival: &Arrival, source: &Source, is_taken: bool) -> Vec<String> {
    let reverse_path = arrival.reverse_path.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut from = format!("from <{reverse_path}>");
    let mut parameter =
        |is_set: bool, text: String| from.push_str(&if is_set { text } else { String::new() });
    parameter(arrival.size.is_some(), format!(" size={}", arrival.size.unwrap_or_default()));
    parameter(arrival.body == BodyKind::EightBit, " body=8bitmime".to_owned());
    parameter(arrival.smtputf8, " smtputf8".to_owned());
    if let Some(returned) = arrival.returned {
        parameter(true, format!(" ret={returned}"));
    }
    if let Some(id) = &arrival.envelope_id {
        parameter(true, format!(" envid={}", id.as_str()));
    }
    let mut rows = vec![from];
    for recipient in &arrival.recipients {
        let mut row = format!("to <{}>", recipient.address);
        if let Some(notify) = recipient.notify {
            row.push_str(&format!(" notify={notify}"));
        }
        if let Some(original) = &recipient.original {
            row.push_str(&format!(" orcpt={original}"));
        }
        rows.push(row);
    }
    let Source::Octets(octets) = source else { panic!("a small message stays in memory") };
    let mark = if is_taken { "data" } else { "not taken" };
    rows.push(format!(
        "{mark} {}",
        octets.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'")
    ));
    rows
}

#[test]
fn every_dialogue_with_the_server_goes_as_written() {
    let scripts = scripts();
    assert!(scripts.len() >= 35, "only {} dialogues", scripts.len());
    let mut wrong = Vec::new();
    for script in &scripts {
        let pieces = script.turns[1..].iter().map(|(octets, _)| octets.clone()).collect();
        let heard = script.turns.iter().map(|(_, words)| words.clone()).collect();
        match std::panic::catch_unwind(|| serve(script, pieces, heard)) {
            Ok((_, rows)) if rows == script.expected => {}
            Ok((_, rows)) => wrong.push(format!("{}: {rows:#?}", script.name)),
            Err(_) => wrong.push(format!("{}: it took another way, see above", script.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn any_pieces_of_a_dialogue_are_the_whole() {
    for script in &scripts() {
        let input = script.input();
        let words: String = script.turns.iter().map(|(_, words)| words.as_str()).collect();
        for size in [1, 2, 3, 5, 7, 11, 64, 64 * 1024] {
            let pieces = input.chunks(size).map(<[u8]>::to_vec).collect();
            let (said, rows) = serve(script, pieces, Vec::new());
            assert_eq!((said, &rows), (words.clone(), &script.expected), "{} {size}", script.name);
        }
    }
}

#[test]
fn every_cut_of_a_dialogue_takes_only_what_is_whole() {
    let mut cuts = 0;
    for script in &scripts() {
        let input = script.input();
        let words: String = script.turns.iter().map(|(_, words)| words.as_str()).collect();
        for end in 0..input.len() {
            let (said, mut rows) = serve(script, vec![input[..end].to_vec()], Vec::new());
            let last = rows.pop().unwrap();
            assert!(words.starts_with(&said), "{} cut behind {end} octets", script.name);
            assert!(script.expected.starts_with(&rows), "{} cut behind {end} octets", script.name);
            let is_whole = said == words;
            assert!(last == "end silent" || is_whole, "{} cut behind {end} octets", script.name);
            let answers = said.matches(" Ok: queued as ").count();
            let taken = rows.iter().filter(|row| row.starts_with("data ")).count();
            assert_eq!(answers, taken, "{} cut behind {end} octets", script.name);
            cuts += 1;
        }
    }
    assert!(cuts >= 4_000, "only {cuts} cuts");
}
