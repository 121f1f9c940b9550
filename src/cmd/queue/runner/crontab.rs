//! The crontab: one line in it is ours, and all others stay as they are, octet by octet.

use std::io::Write;

use super::command::Command;
use super::{EVERY_MIN, ask, unavailable};
use crate::cmd::{Failure, World};
use crate::config::Settings;
use crate::sys::OUTPUT_LIMIT;

/// What our line ends with, by which it is known.
const MARK: &str = " # whippet queue install";

/// The line, without its end.
pub(super) fn line(command: &Command) -> String {
    // A percent sign would end the command (crontab(5)).
    format!("*/{EVERY_MIN} * * * * {}{MARK}", command.for_shell().replace('%', r"\%"))
}

/// The crontab as it is. An error: why it cannot be had, in which case it must not be written either.
pub(super) fn read(settings: &Settings, world: &World<'_>) -> Result<Vec<u8>, String> {
    match ask(&["crontab", "-l"], None, settings, world) {
        Ok(ended) => {
            let text = ended.stdout.expose().to_vec();
            if text.len() as u64 > OUTPUT_LIMIT {
                return Err(format!("the crontab is larger than {OUTPUT_LIMIT} octets"));
            }
            Ok(text)
        }
        // Vixie's cron and cronie; busybox.
        Err(said) if said.contains("no crontab for") => Ok(Vec::new()),
        Err(said) if said.starts_with("crontab: can't open ") && said.contains("No such file") => {
            Ok(Vec::new())
        }
        Err(said) => Err(said),
    }
}

/// What came of it.
pub(super) enum Put {
    /// It has our line now.
    Written,
    /// It had it before.
    Already,
    /// It has a line of the user's own that runs the queue.
    Own(String),
}

/// Puts our line into the crontab, which is `old`.
pub(super) fn put(old: &[u8], line: &str, settings: &Settings, world: &World<'_>) -> Result<Put, Failure> {
    if let Some(own) = own(old) {
        return Ok(Put::Own(own));
    }
    let new = with(old, Some(line));
    if new == old {
        return Ok(Put::Already);
    }
    write(&new, settings, world)?;
    // Not every crontab says when it refuses a file.
    let read = read(settings, world).map_err(unavailable)?;
    if lines(&read).any(|there| there == line.as_bytes()) {
        return Ok(Put::Written);
    }
    Err(unavailable("the crontab was written, and the line is not in it"))
}

/// Takes our line out; whether there was one.
pub(super) fn take_out(settings: &Settings, world: &World<'_>) -> Result<bool, Failure> {
    // Where there is no crontab, there is no line in it.
    let Ok(old) = read(settings, world) else { return Ok(false) };
    let new = with(&old, None);
    if new == old {
        return Ok(false);
    }
    write(&new, settings, world)?;
    Ok(true)
}

fn write(text: &[u8], settings: &Settings, world: &World<'_>) -> Result<(), Failure> {
    let mut feed = |input: &mut dyn Write| input.write_all(text);
    match ask(&["crontab", "-"], Some(&mut feed), settings, world) {
        Ok(_) => Ok(()),
        Err(said) => Err(unavailable(format!("the crontab could not be written: {said}"))),
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&octet| octet == b'\n')
}

fn is_ours(line: &[u8]) -> bool {
    line.trim_ascii_end().ends_with(MARK.as_bytes())
}

/// A line of the user's own that runs the queue.
fn own(text: &[u8]) -> Option<String> {
    let lines = lines(text).filter(|line| !is_ours(line)).map(String::from_utf8_lossy);
    let mut own = lines.filter(|line| !line.trim_start().starts_with('#'));
    own.find(|line| line.contains("whippet queue run")).map(|line| line.trim().to_owned())
}

/// The crontab with this line as our only one, in the place of the first that was ours; with none: without ours.
fn with(old: &[u8], line: Option<&str>) -> Vec<u8> {
    let (mut new, mut left) = (Vec::with_capacity(old.len() + 200), line);
    for piece in old.split_inclusive(|&octet| octet == b'\n') {
        if !is_ours(piece) {
            new.extend_from_slice(piece);
        } else if let Some(line) = left.take() {
            new.extend_from_slice(line.as_bytes());
            new.push(b'\n');
        }
    }
    if let Some(line) = left {
        if !new.is_empty() && !new.ends_with(b"\n") {
            new.push(b'\n');
        }
        new.extend_from_slice(line.as_bytes());
        new.push(b'\n');
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_other_lines_stay_as_they_are() {
        let line = "*/5 * * * * /bin/whippet queue run # whippet queue install";
        let others = b"# \xff\r\nMAILTO=me\n\n5 * * * * x\t# whippet queue install it\n".to_vec();
        let put = with(&others, Some(line));
        assert_eq!(put, [&others, line.as_bytes(), b"\n"].concat());
        assert_eq!(with(&put, Some(line)), put, "once");
        assert_eq!(with(&put, None), others);
        // An older one, twice: the first place is kept.
        let older = b"*/5 * * * * /old/whippet queue run # whippet queue install\n".to_vec();
        let twice = [&older[..], &others, &older].concat();
        assert_eq!(with(&twice, Some(line)), [line.as_bytes(), b"\n", &others].concat());
        assert_eq!(with(b"1 * * * * x", Some(line)), [b"1 * * * * x\n", line.as_bytes(), b"\n"].concat());
        assert_eq!(with(b"", Some(line)), [line.as_bytes(), b"\n"].concat());
    }

    #[test]
    fn a_line_of_the_users_own_is_known() {
        assert_eq!(own(b"# * * * * * whippet queue run\n"), None);
        assert_eq!(own(b"* * * * * whippet queue run # whippet queue install\n"), None);
        let line = "7 * * * * /usr/bin/whippet queue run";
        assert_eq!(own(format!("x\n  {line}\n").as_bytes()).as_deref(), Some(line));
    }
}
