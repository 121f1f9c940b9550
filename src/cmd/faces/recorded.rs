//! `whippet run`: runs a command, and mails what it says when it fails.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crate::cli::{Body, RunRequest, shown};
use crate::cmd::inputs::Files;
use crate::cmd::send::send_with;
use crate::cmd::{Exit, Failure, World, settings};
use crate::config::Settings;
use crate::sys::{Ends, RunError, reason};

/// What became of the command.
struct Record {
    ended: Result<ExitStatus, RunError>,
    took: Duration,
    /// Its output, the middle of a long one left out.
    output: Vec<u8>,
}

/// Runs the command; the exit code is its own.
pub(in crate::cmd) fn run(request: &RunRequest, world: &mut World<'_>) -> Result<Exit, Failure> {
    // A job is not left undone for a mistake in the settings, which is told when there is a mail to be sent.
    let settings = settings::resolve(&request.mail, world);
    let without = settings.as_ref().map(|settings| settings.secret_variables.clone()).unwrap_or_default();
    let record = Record::make(&request.command, &without, world);
    let is_good = matches!(&record.ended, Ok(status) if status.success());
    let exit = Exit::Command(record.code());
    let has_news = request.on_output && !record.output.is_empty();
    if is_good && !request.always && !has_news {
        return Ok(exit);
    }
    let sent = settings.and_then(|settings| record.mail(request, settings, world));
    if let Err(failure) = &sent {
        failure.say(world);
    }
    if !matches!(sent, Ok(Exit::Ok)) {
        record.say(request, world);
    }
    Ok(exit)
}

/// The last part of a path.
fn name(word: &OsStr) -> String {
    shown(Path::new(word).file_name().unwrap_or(word))
}

impl Record {
    fn make(command: &[OsString], without: &[String], world: &mut World<'_>) -> Record {
        let began = Instant::now();
        let recorded = world.run.record(command, without);
        Record { ended: recorded.ended, took: began.elapsed(), output: joined(recorded.output) }
    }

    /// The exit code as a shell gives it.
    fn code(&self) -> u8 {
        match &self.ended {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => u8::try_from(code).unwrap_or(u8::MAX),
                (None, signal) => u8::try_from(128 + signal.unwrap_or(0)).unwrap_or(u8::MAX),
            },
            Err(RunError::Start { source, .. }) if source.kind() == io::ErrorKind::NotFound => 127,
            Err(_) => 126,
        }
    }

    /// How it ended, in words.
    fn end(&self) -> String {
        match &self.ended {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(0), _) => "succeeded".to_owned(),
                (Some(code), _) => format!("failed with exit status {code}"),
                (None, signal) => format!("was killed by {}", signal_name(signal.unwrap_or(0))),
            },
            Err(RunError::Start { source, .. }) => format!("could not be started: {}", reason(source)),
            Err(_) => "ended, and it is not known how".to_owned(),
        }
    }

    /// Tells on standard error what was not mailed: whoever called us may keep it.
    fn say(&self, request: &RunRequest, world: &mut World<'_>) {
        let _ = writeln!(world.stderr, "whippet: {} {}", name(&request.command[0]), self.end());
        if !self.output.is_empty() {
            let _ = writeln!(world.stderr, "whippet: the output of the command, which was not mailed:");
            let _ = world.stderr.write_all(&self.output);
        }
    }

    /// Mails the output.
    fn mail(&self, request: &RunRequest, settings: Settings, world: &mut World<'_>) -> Result<Exit, Failure> {
        let mut mail = request.mail.clone();
        if mail.to.is_empty() {
            mail.to.push(recipient(&settings, world)?);
        }
        mail.subject = Some(self.subject(request, world).into());
        mail.body = Body::Text(match self.output.is_empty() {
            true => "(no output)\n".into(),
            false => OsString::from_vec(self.output.clone()),
        });
        // RFC 3834 5: no machine answers it.
        mail.headers.push(("Auto-Submitted".to_owned(), "auto-generated".into()));
        let files = Files::open(&mail, &settings)?;
        send_with(mail, settings, files, None, world)
    }

    fn subject(&self, request: &RunRequest, world: &World<'_>) -> String {
        let label = match &request.mail.subject {
            Some(subject) => subject.to_string_lossy().into_owned(),
            None => name(&request.command[0]),
        };
        let (end, machine) = (self.end(), &world.machine);
        match self.ended {
            Ok(_) => format!("{label} {end} on {machine} after {}", lapse(self.took)),
            Err(_) => format!("{label} {end} (on {machine})"),
        }
    }
}

/// Who gets the mail of this account: by aliases or `local_to`, else the author of the profile.
fn recipient(settings: &Settings, world: &World<'_>) -> Result<String, Failure> {
    let account = world.account.as_ref().map_or("root", |account| account.name.as_str());
    let is_known = settings.local.local_to.is_some()
        || (!settings.letter.aliases.is_empty()
            && settings.read_aliases(&world.surroundings)?.is_known(account));
    match settings.author().filter(|_| !is_known) {
        Some(author) => Ok(author.address.to_string()),
        None => Ok(account.to_owned()),
    }
}

/// What was said, and a line for what is left out of it.
fn joined(output: Ends) -> Vec<u8> {
    let (mut said, left_out, end) = output.into_parts();
    if left_out > 0 {
        said.extend_from_slice(format!("\n[whippet: {left_out} octets left out]\n").as_bytes());
    }
    said.extend_from_slice(&end);
    said
}

fn lapse(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => format!("{} ms", time.as_millis()),
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

fn signal_name(number: i32) -> String {
    let known = [
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (3, "SIGQUIT"),
        (6, "SIGABRT"),
        (9, "SIGKILL"),
        (11, "SIGSEGV"),
        (13, "SIGPIPE"),
        (14, "SIGALRM"),
        (15, "SIGTERM"),
    ];
    known
        .iter()
        .find(|(known, _)| *known == number)
        .map_or_else(|| format!("signal {number}"), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_time_is_told_in_two_units() {
        for (ms, words) in [
            (7, "7 ms"),
            (999, "999 ms"),
            (1_000, "1 s"),
            (61_000, "1 min 1 s"),
            (3_599_000, "59 min 59 s"),
            (90_060_000, "25 h 1 min"),
        ] {
            assert_eq!(lapse(Duration::from_millis(ms)), words);
        }
    }

    #[test]
    fn what_is_left_out_is_told() {
        let said = |octets: &[u8]| {
            let mut ends = Ends::new(3, 2);
            ends.push(octets);
            joined(ends)
        };
        assert_eq!(said(b"abcde"), b"abcde");
        assert_eq!(said(b"abcdefg"), b"abc\n[whippet: 2 octets left out]\nfg");
    }
}
