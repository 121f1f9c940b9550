//! The options by which a mail that is handed in twice is sent once, and a text that was cut is not sent at all.

use std::ffi::OsString;

use clap::Args;
use clap_mangen::roff::Roff;

use crate::cli::manual::chapter;
use crate::cli::request::Request;
use crate::cli::rules::word;
use crate::cli::usage::{UsageError, printable};

#[derive(Debug, Args)]
pub(super) struct OnceArgs {
    /// Send a mail that is known by this word once
    ///
    /// The same mail with the same WORD makes no second copy while the first one is queued, nor for an
    /// hour after it was accepted: see SENDING ONCE.
    #[arg(long, value_name = "WORD", allow_hyphen_values = true, help_heading = "Delivery")]
    pub idempotency_key: Option<OsString>,
    /// Send it, also if it was sent before
    #[arg(long, help_heading = "Delivery")]
    pub resend: bool,
    /// Refuse standard input of another length
    ///
    /// In octets. A program that was killed while it wrote looks as if it had come to its end; with this
    /// such a text is not sent, and the exit code is 65.
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, help_heading = "Delivery")]
    pub expect_bytes: Option<OsString>,
    /// Refuse standard input of another SHA-256
    ///
    /// In 64 hexadecimal digits, as sha256sum prints it.
    #[arg(long, value_name = "DIGEST", allow_hyphen_values = true, help_heading = "Delivery")]
    pub expect_sha256: Option<OsString>,
}

impl OnceArgs {
    /// Reads the options into the request.
    pub fn read(self, request: &mut Request) -> Result<(), UsageError> {
        request.resend = self.resend;
        if let Some(key) = self.idempotency_key {
            let key = word("--idempotency-key", key)?;
            // A variable that is not set in a script would make one mail of many.
            if key.trim().is_empty() {
                return Err(UsageError::usage("--idempotency-key: the word is empty")
                    .with_hint("name the job and its turn, as in backup-2026-01-31"));
            }
            request.idempotency_key = Some(key);
        }
        if let Some(number) = self.expect_bytes {
            let text = word("--expect-bytes", number)?;
            let digits = Some(&text).filter(|text| text.bytes().all(|octet| octet.is_ascii_digit()));
            let octets = digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
                UsageError::usage(format!("--expect-bytes: `{}` is no number of octets", printable(&text)))
            })?;
            request.expected_octets = Some(octets);
        }
        if let Some(digest) = self.expect_sha256 {
            let text = word("--expect-sha256", digest)?;
            let digest = digest_of(&text).ok_or_else(|| {
                let words = format!("--expect-sha256: `{}` is not 64 hexadecimal digits", printable(&text));
                UsageError::usage(words)
            })?;
            request.expected_digest = Some(digest);
        }
        Ok(())
    }
}

/// Its paragraphs.
const SENDING_ONCE: [&str; 4] = [
    "A job that did not hear the answer tries again, and its mail may go twice. With --idempotency-key WORD a mail is known \
     again: the same word, text, type and charset, subject, fields of --header, attachments with their names, reverse-path and \
     recipients. How lines end and in which order recipients stand does not matter. Date and Message-ID are new each time and \
     do not matter either. A mail that differs is another mail, and is sent.",
    "While the first copy is queued or held, and for spool.submit_once (an hour) after all its recipients were accepted, the \
     same mail makes no second copy. whippet says already queued as ID, or already accepted as ID, and exits with 0. What \
     failed or was removed is sent again, as is what only some recipients got and no queue keeps. --resend sends it in every \
     case. While another process hands in the same mail whippet waits, for ten seconds, and then exits with 75.",
    "The question is asked before anything is connected, also for a mail that is not queued, and by sendmail; --output, \
     --sandbox and --dry-run do not ask. The memory is a note: a power cut may lose it, and then the mail goes once more. \
     Where it cannot be read or written the mail goes too, and a warning says so. It holds digests and no text.",
    "A program that is killed while it writes into a pipe looks as if it had come to its end. --expect-bytes and \
     --expect-sha256 say what standard input must be; what differs is not sent, and the exit status is 65.",
];

/// How a mail that is handed in twice is sent once.
pub(super) fn section() -> Roff {
    chapter("SENDING ONCE", &SENDING_ONCE)
}

/// A digest that is written in hexadecimal digits.
fn digest_of(text: &str) -> Option<[u8; 32]> {
    let digit = |octet: &u8| char::from(*octet).to_digit(16);
    let digits = text.as_bytes().iter().map(digit).collect::<Option<Vec<u32>>>()?;
    let octets: Vec<u8> =
        digits.chunks(2).map(|pair| pair.iter().fold(0, |sum, d| sum * 16 + *d as u8)).collect();
    if digits.len() == 64 { octets.try_into().ok() } else { None }
}

/// Refuses to count what nothing reads.
pub(super) fn check(request: &Request, reads_stdin: bool) -> Result<(), UsageError> {
    for (option, is_given) in [
        ("--expect-bytes", request.expected_octets.is_some()),
        ("--expect-sha256", request.expected_digest.is_some()),
    ] {
        if is_given && !reads_stdin {
            return Err(UsageError::usage(format!("{option} is about standard input, and nothing reads it")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_64_digits() {
        let digits = "00ff10".to_owned() + &"a".repeat(58);
        let digest = digest_of(&digits).unwrap();
        assert_eq!((&digest[..4], digest[31]), (&[0, 255, 16, 170][..], 170));
        assert_eq!(digest_of(&digits.to_uppercase()), Some(digest));
        for wrong in ["", &digits[1..], &(digits.clone() + "0"), &digits.replace("00", "0g")] {
            assert_eq!(digest_of(wrong), None, "{wrong}");
        }
    }
}
