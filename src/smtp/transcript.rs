//! The transcript: what both sides said, for a person to read. Secrets are `***` before they come here.

use crate::smtp::{Command, Reply};

/// Receives each line as it passes.
#[derive(Default)]
pub struct Transcript<'a> {
    sink: Option<&'a mut dyn FnMut(&str)>,
    /// A login by SCRAM is under way. Whoever has its challenges can try passwords on them, as many as he likes.
    is_scram: bool,
}

impl std::fmt::Debug for Transcript<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcript").field("is_kept", &self.sink.is_some()).finish()
    }
}

impl<'a> Transcript<'a> {
    /// A transcript that hands each line to `sink`, without line end.
    pub fn new(sink: &'a mut dyn FnMut(&str)) -> Self {
        Transcript { sink: Some(sink), is_scram: false }
    }

    /// Notes a command.
    pub fn command(&mut self, command: &Command) {
        if self.sink.is_some() {
            self.is_scram = match command {
                Command::Auth { mechanism, .. } => mechanism.starts_with("SCRAM-"),
                Command::AuthAnswer(_) => self.is_scram,
                _ => false,
            };
            self.line("C: ", &command.redacted());
        }
    }

    /// Notes a reply, a line each.
    pub fn reply(&mut self, reply: &Reply) {
        let last = reply.lines.len() - 1;
        let is_secret = self.is_scram && reply.code == 334;
        for (index, text) in reply.lines.iter().enumerate() {
            let separator = if index < last { '-' } else { ' ' };
            let text = if is_secret && !text.is_empty() { "***" } else { text.as_str() };
            self.line("S: ", format!("{}{separator}{text}", reply.code).trim_end());
        }
    }

    /// Notes an event that is neither, such as a finished handshake.
    pub fn note(&mut self, text: &str) {
        self.line("-- ", text);
    }

    fn line(&mut self, prefix: &str, text: &str) {
        if let Some(sink) = &mut self.sink {
            sink(&format!("{prefix}{text}"));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

    use super::*;
    use crate::sys::Secret;

    #[test]
    fn challenges_of_scram_are_not_shown() {
        let mut seen = Vec::new();
        let mut sink = |line: &str| seen.push(line.to_owned());
        let mut transcript = Transcript::new(&mut sink);
        for mechanism in ["SCRAM-SHA-256", "LOGIN"] {
            transcript.command(&Command::Auth { mechanism, initial: None });
            transcript.reply(&Reply { code: 334, lines: vec!["Y2hhbGxlbmdl".to_owned()] });
            transcript.command(&Command::AuthAnswer(Secret::new("answer")));
            transcript.reply(&Reply { code: 235, lines: vec!["2.7.0 welcome".to_owned()] });
        }
        let scram = ["C: AUTH SCRAM-SHA-256", "S: 334 ***", "C: ***", "S: 235 2.7.0 welcome"];
        let login = ["C: AUTH LOGIN", "S: 334 Y2hhbGxlbmdl", "C: ***", "S: 235 2.7.0 welcome"];
        assert_eq!(seen, [scram, login].concat());
    }
}
