//! Mails that can be told from each other, and the book of those that were submitted.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::process::Command;

use crate::real::home::Home;
use crate::real::peer::Got;
use crate::sink::END;
use crate::states::Dice;

/// A mail of its own: nobody else gets it, and no other has its text.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: Vec<String>,
    text: String,
    /// SHA-256 of the text as it must arrive.
    pub digest: Vec<u8>,
}

impl Letter {
    /// The one with this number: most are short and for one, some are for three, few are long.
    pub fn new(number: usize, seed: u64) -> Self {
        let mut dice = Dice(seed ^ (number as u64) << 32);
        let recipients = if number % 7 == 3 { 3 } else { 1 };
        let to = (0..recipients).map(|place| format!("a{number}-{place}@example.test")).collect();
        let lines = if number % 50 == 17 { 4000 } else { dice.below(40) };
        let mut text = format!("The text.\n.\nNumber {number}.\n");
        for _ in 0..lines {
            let (dots, word) = (dice.below(3), dice.below(1 << 40));
            let _ = writeln!(text, "{} {word:x} {}", ".".repeat(dots), "x".repeat(dice.below(60)));
        }
        let _ = writeln!(text, "{END}");
        let arrived = text.replace('\n', "\r\n");
        let digest = ring::digest::digest(&ring::digest::SHA256, arrived.as_bytes()).as_ref().to_vec();
        Letter { to, text, digest }
    }

    /// The command that submits it; its text is put into this file.
    pub fn command(&self, home: &Home, config: &str, before: &[&str], file: &Path) -> Command {
        std::fs::write(file, &self.text).unwrap();
        let to: Vec<&str> = self.to.iter().map(String::as_str).collect();
        let mut command = home.command_with(config, before, &[&["--queue", "-s", "x"], &to[..]].concat());
        command.stdin(File::open(file).unwrap());
        command
    }
}

/// What is wrong with what arrived. Each recipient of `letters` has one copy, whole; further ones are allowed only if the
/// server had taken those before and could not know that the client knew. Nobody else has anything, but for `others`.
pub fn wrongs(letters: &[Letter], book: &[Got], others: &[Letter]) -> Vec<String> {
    let mut copies: HashMap<&str, Vec<&Got>> = HashMap::new();
    for got in book {
        copies.entry(&got.to).or_default().push(got);
    }
    let mut wrongs = Vec::new();
    for letter in letters {
        for to in &letter.to {
            match copies.remove(to.as_str()) {
                None => wrongs.push(format!("{to}: lost")),
                Some(copies) => wrongs.extend(wrong(letter, &copies)),
            }
        }
    }
    for letter in others {
        for to in &letter.to {
            wrongs.extend(copies.remove(to.as_str()).and_then(|copies| wrong(letter, &copies)));
        }
    }
    wrongs.extend(copies.into_keys().map(|to| format!("{to}: was not submitted")));
    wrongs
}

fn wrong(letter: &Letter, copies: &[&Got]) -> Option<String> {
    let [before @ .., last] = copies else { return None };
    let count = copies.len();
    if copies.iter().any(|got| got.digest != letter.digest) {
        Some(format!("{}: another text", last.to))
    } else if before.iter().any(|got| got.is_sure) || count > 3 {
        let sure = copies.iter().filter(|got| got.is_sure).count();
        Some(format!("{}: {count} copies, the client knew of {sure}", last.to))
    } else {
        None
    }
}
