//! Words of others, made fit to be shown: the system's reasons, and text that came from outside.

use std::fmt::Display;
use std::io;

use rustix::io::Errno;

/// What the system said, without the number that it adds: `No such file or directory (os error 2)` → `no such file or
/// directory`. Other errors stay as they are.
pub fn reason(error: &dyn Display) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

/// Whether the system has too little of something now: descriptors, memory, processes. It says nothing of what was asked for.
pub fn is_shortage(error: &io::Error) -> bool {
    const SHORT: [Errno; 5] = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::AGAIN, Errno::NOBUFS];
    error.raw_os_error().is_some_and(|number| SHORT.iter().any(|short| short.raw_os_error() == number))
}

/// Whether a character does something to a terminal, or to the order of the text around it, instead of being shown.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_left_out() {
        assert_eq!(reason(&std::io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(reason(&"A thing"), "A thing");
    }

    #[test]
    fn a_shortage_is_no_word_about_the_file() {
        let is_short = |errno: Errno| is_shortage(&errno.into());
        assert!(is_short(Errno::MFILE) && is_short(Errno::NOMEM));
        assert!(!is_short(Errno::NOENT) && !is_shortage(&io::Error::other("x")));
    }

    #[test]
    fn marks_that_turn_text_around_are_hidden() {
        assert!(is_hidden('\u{202e}') && is_hidden('\x1b') && !is_hidden('文'));
    }
}
