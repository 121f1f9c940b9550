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
use crate::world::SENDER;

/// A mail of its own: nobody else gets it, and no other has its text.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: Vec<String>,
    text: String,
    /// SHA-256 of the text as it must arrive.
    digest: Vec<u8>,
    is_refused: bool,
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
        Letter { to, text, digest, is_refused: false }
    }

    /// One for somebody whom the server refuses.
    pub fn refused(number: usize, seed: u64) -> Self {
        Letter { to: vec![format!("f{number}@example.test")], is_refused: true, ..Letter::new(number, seed) }
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

/// What arrived, and how many copies of one mail there may be at most.
pub struct Book<'b> {
    pub copies: &'b [Got],
    pub most: usize,
}

impl Book<'_> {
    /// What is wrong. Each recipient of `letters` has one copy, whole, or its sender a report; further ones are allowed only
    /// if the server had taken those before and could not know that the client knew. Nobody else has anything, but for
    /// `others`, which may have arrived as well.
    pub fn wrongs(&self, letters: &[Letter], others: &[Letter]) -> Vec<String> {
        let mut copies: HashMap<&str, Vec<&Got>> = HashMap::new();
        for got in self.copies {
            // A report counts for whom it is about.
            let whom = if got.to == SENDER { got.about.first().unwrap_or(&got.to) } else { &got.to };
            copies.entry(whom).or_default().push(got);
        }
        let mut wrongs = Vec::new();
        for letter in letters {
            for to in &letter.to {
                match copies.remove(to.as_str()) {
                    None => wrongs.push(format!("{to}: lost")),
                    Some(copies) => wrongs.extend(self.wrong(letter, &copies)),
                }
            }
        }
        for letter in others {
            for to in &letter.to {
                wrongs.extend(copies.remove(to.as_str()).and_then(|copies| self.wrong(letter, &copies)));
            }
        }
        wrongs.extend(copies.into_keys().map(|to| format!("{to}: was not submitted")));
        wrongs
    }

    fn wrong(&self, letter: &Letter, copies: &[&Got]) -> Option<String> {
        let [before @ .., last] = copies else { return None };
        let count = copies.len();
        let is_right = |got: &&Got| match letter.is_refused {
            true => got.to == SENDER && got.is_whole,
            false => got.digest == letter.digest,
        };
        if !copies.iter().all(is_right) {
            Some(format!("{}: another text", letter.to[0]))
        } else if before.iter().any(|got| got.is_sure) || count > self.most {
            let sure = copies.iter().filter(|got| got.is_sure).count();
            Some(format!("{}: {count} copies, the client knew of {sure}", last.to))
        } else {
            None
        }
    }
}
