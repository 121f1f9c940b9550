//! The transcript: what both sides said, for a person to read. Secrets are `***` before they come here.

use crate::smtp::{Command, Reply};

/// Receives each line as it passes.
#[derive(Default)]
pub struct Transcript<'a> {
    sink: Option<&'a mut dyn FnMut(&str)>,
}

impl std::fmt::Debug for Transcript<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcript").field("is_kept", &self.sink.is_some()).finish()
    }
}

impl<'a> Transcript<'a> {
    /// A transcript that hands each line to `sink`, without line end.
    pub fn new(sink: &'a mut dyn FnMut(&str)) -> Self {
        Transcript { sink: Some(sink) }
    }

    /// Notes a command.
    pub fn command(&mut self, command: &Command) {
        if self.sink.is_some() {
            self.line("C: ", &command.redacted());
        }
    }

    /// Notes a reply, a line each.
    pub fn reply(&mut self, reply: &Reply) {
        let last = reply.lines.len() - 1;
        for (index, text) in reply.lines.iter().enumerate() {
            let separator = if index < last { '-' } else { ' ' };
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
