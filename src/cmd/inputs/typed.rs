//! A text that is typed at a terminal.

use std::io::{self, Read};

/// Ends at a line that is a lone dot, as mail and sendmail have it since there were terminals. A terminal gives one line, or
/// a part of one, at a time; a file or a pipe must never be read through this.
pub(super) struct UntilDot<'a> {
    terminal: &'a mut dyn Read,
    /// A line begins.
    is_new: bool,
}

impl<'a> UntilDot<'a> {
    pub(super) fn new(terminal: &'a mut dyn Read) -> Self {
        UntilDot { terminal, is_new: true }
    }
}

impl Read for UntilDot<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.terminal.read(into)?;
        if self.is_new && into[..count] == *b".\n" {
            return Ok(0);
        }
        self.is_new = into[..count].ends_with(b"\n");
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Gives a line at each read, or as much of it as is asked for.
    struct Terminal(Vec<&'static str>);

    impl Read for Terminal {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let line = self.0.remove(0);
            let (given, rest) = line.split_at(line.len().min(into.len()));
            into[..given.len()].copy_from_slice(given.as_bytes());
            if !rest.is_empty() {
                self.0.insert(0, rest);
            }
            Ok(given.len())
        }
    }

    #[test]
    fn a_lone_dot_ends_and_no_other_does() {
        for (lines, text) in [
            (vec!["a\n", ".\n", "b\n"], "a\n"),
            (vec!["..\n", ". \n", "x.\n", "x", ".\n", "b\n"], "..\n. \nx.\nx.\nb\n"),
            (vec![".\n"], ""),
            (vec!["a\n", "."], "a\n."),
        ] {
            let (mut terminal, mut read) = (Terminal(lines), String::new());
            // As little as a terminal may be asked for at once.
            io::BufReader::with_capacity(8, UntilDot::new(&mut terminal)).read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
    }
}
