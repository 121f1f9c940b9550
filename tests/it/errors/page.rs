//! A page of errors: for each case what was done, the exit code, and everything that was said.

use super::Inside;

/// The longest line that is good to read; longer ones are counted as two on most terminals.
const WIDTH: usize = 110;

/// Most lines that one error may have.
const LINES: usize = 8;

/// Words that are for programmers, not for people.
const JARGON: [&str; 6] = ["os error", "Some(", "Err(", "panicked", "unwrap", "\u{1b}"];

#[derive(Default)]
pub struct Page {
    text: String,
    /// What breaks the rules that hold for every error.
    offences: Vec<String>,
}

impl Page {
    /// Adds a run.
    pub fn add(&mut self, title: &str, exit: u8, said: &str) {
        let mut offend = |what: &str| self.offences.push(format!("{title}: {what}"));
        for line in said.lines().filter(|line| line.chars().count() > WIDTH && !is_quoted(line)) {
            offend(&format!("too long: {line}"));
        }
        if said.lines().count() > LINES {
            offend("too much is said");
        }
        if JARGON.iter().any(|word| said.contains(word)) {
            offend("jargon");
        }
        if said.contains("canary") {
            offend("the password");
        }
        self.text.push_str(&format!("== {title}: exit {exit}\n{said}\n"));
    }

    /// Runs these words inside and adds what was said.
    #[track_caller]
    pub fn run(&mut self, title: &str, inside: &Inside, words: &[&str]) {
        let (exit, said) = inside.run(words);
        self.add(title, exit, &said);
    }

    /// Compares with the page that is kept.
    #[track_caller]
    pub fn check(self, name: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.add_filter("sha256:[0-9a-f]{64}", "sha256:…");
        settings.bind(|| insta::assert_snapshot!(name, self.text));
        assert!(self.offences.is_empty(), "{}", self.offences.join("\n"));
    }
}

/// A line whose length is not ours: it repeats what somebody else said, or a path, or it must be said whole.
fn is_quoted(line: &str) -> bool {
    const MARKS: [&str; 7] = [
        "the server said",
        "and said:",
        "`",
        "sending again may duplicate",
        "/home/you/",
        "config.toml:",
        "sha256:",
    ];
    MARKS.iter().any(|mark| line.contains(mark))
}
