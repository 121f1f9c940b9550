//! What a sender is told: that a mail failed, that it takes longer, that it went on to where no reports are made, as a
//! multipart/report (RFC 3464, RFC 6522), which is a mail like any other from nobody (RFC 3834, RFC 5321 6.1).
//!
//! Reports are composed here. That each goes out once is the business of whoever keeps the journal.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `words.rs` | the part for people |
//! | `status.rs` | the part for programs |
//! | `original.rs` | the part that gives the original back |
//! | `rate.rs` | how many a sender gets in an hour |

mod original;
mod rate;
mod status;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;
use std::io;

use jiff::{Timestamp, Zoned};

use self::original::{LONGEST_LINE, Wanted};
use self::status::field;
use super::{Flags, Header, Kind, Sealed, State};
use crate::mail::{Address, Envelope, Notify, Return, Wishes};
use crate::mime::quoted_printable;
use crate::sys::{Random, is_hidden};

pub use original::{LONGEST_WHOLE, Original};
pub use rate::{Overflow, REPORTS_AN_HOUR, is_within_rate, not_sent, overflows};

/// Why a sender is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The mail is from `<>`.
    NoReversePath,
    /// The mail is a report itself.
    Bounce,
    /// The mail is the answer of a program.
    AutoReplied,
    /// Its sender does not want this report (NOTIFY).
    NotAsked,
}

/// Who is to be told; an error says why nobody is. Of an original that cannot be read only the envelope counts.
pub fn wanted<'a>(
    kind: Kind,
    header: &Header,
    sealed: &'a Sealed,
    original: Option<&Original>,
) -> Result<&'a Address, Silence> {
    match header.flags.bounce {
        true => Err(Silence::Bounce),
        false => wanted_of(kind, &sealed.envelope, original),
    }
}

/// The same of a mail that has no header in the queue, and is no report.
pub fn wanted_of<'a>(
    kind: Kind,
    envelope: &'a Envelope,
    original: Option<&Original>,
) -> Result<&'a Address, Silence> {
    let reverse_path = envelope.reverse_path().ok_or(Silence::NoReversePath)?;
    let is_asked = match (kind, envelope.wishes().notify) {
        (Kind::Silent, _) | (_, Some(Notify::Never)) => false,
        (Kind::Failed | Kind::Delayed, None) => true,
        (Kind::Relayed, None) => false,
        (Kind::Failed, Some(Notify::On { failure, .. })) => failure,
        (Kind::Delayed, Some(Notify::On { delay, .. })) => delay,
        (Kind::Relayed, Some(Notify::On { success, .. })) => success,
    };
    match is_asked {
        false => Err(Silence::NotAsked),
        true if original.is_some_and(Original::is_auto_replied) => Err(Silence::AutoReplied),
        true => Ok(reverse_path),
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Silence::NoReversePath => "the mail is from nobody",
            Silence::Bounce => "the mail is a report itself",
            Silence::AutoReplied => "the mail is the answer of a program",
            Silence::NotAsked => "its sender does not want this report",
        })
    }
}

/// What a report tells, and of which mail.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// What.
    pub kind: Kind,
    /// The header of the original's entry.
    pub original: &'a Header,
    /// The original's envelope.
    pub sealed: &'a Sealed,
    /// What became of it, the last decision about each recipient among it.
    pub state: &'a State,
    /// Which recipients, by their places; at least one.
    pub places: &'a [usize],
    /// The name of this machine.
    pub reporting_mta: &'a str,
    /// The host of the last attempt, a port behind it or not.
    pub remote_mta: Option<&'a str>,
    /// The profile's address, which the report is from.
    pub from: &'a Address,
    /// The present moment, in the time zone that dates are given in.
    pub now: &'a Zoned,
    /// What else the person can do, a sentence.
    pub advice: Option<&'a str>,
}

/// A report as an entry: what it takes to submit it.
#[derive(Debug, Clone)]
pub struct Bounce {
    /// From nobody, to the reverse-path of the original.
    pub envelope: Envelope,
    /// What it asks of a server.
    pub flags: Flags,
    /// `<left@right>`.
    pub message_id: String,
    /// The message.
    pub octets: Vec<u8>,
}

impl Report<'_> {
    /// Composes the report to the original's reverse-path; without an original where that cannot be trusted.
    pub fn compose(
        &self,
        to: &Address,
        original: Option<&Original>,
        random: &dyn Random,
    ) -> io::Result<Bounce> {
        let is_wide = !to.is_ascii() || !self.from.is_ascii();
        let wishes = self.sealed.envelope.wishes();
        let require_tls = self.original.flags.require_tls || wishes.require_tls;
        // A hop that does not take 8-bit text would not take a report with it either.
        let is_seven_bit_hop = |&place: &usize| {
            self.state.last(place).is_some_and(|last| (last.status.subject, last.status.detail) == (6, 3))
        };
        // Only what failed comes back as a whole (RFC 3461 4.3).
        let is_whole_wanted = self.kind == Kind::Failed && wishes.returned != Some(Return::Headers);
        let enclosed = original.map(|original| {
            original.enclose(Wanted {
                whole: is_whole_wanted && !require_tls,
                smtputf8: self.original.flags.smtputf8,
                eight_bit: is_wide || !self.places.iter().any(is_seven_bit_hop),
                wide: is_wide,
            })
        });
        let text = words::write(self, enclosed.as_ref().map(|enclosed| enclosed.is_whole));
        let (media, status) = status::write(self, is_wide);
        let status_encoding = if status.is_ascii() { "7bit" } else { "8bit" };
        let status_fields =
            format!("Content-Type: {media}\r\nContent-Transfer-Encoding: {status_encoding}\r\n");
        let is_eight_bit =
            !status.is_ascii() || enclosed.as_ref().is_some_and(|enclosed| enclosed.is_eight_bit);
        let (text_fields, text) = text_part(&text);
        let mut parts = vec![(text_fields, text), (status_fields, status.into_bytes())];
        parts.extend(enclosed.map(|enclosed| (enclosed.fields, enclosed.content)));
        let boundary = boundary(&parts, random)?;
        let (mut header, message_id) = self.header(to, random)?;
        let encoding = if is_eight_bit { "8bit" } else { "7bit" };
        field(
            &mut header,
            "Content-Type",
            &format!("multipart/report; report-type=delivery-status; boundary=\"{boundary}\""),
        );
        field(&mut header, "Content-Transfer-Encoding", encoding);
        let mut octets = header.into_bytes();
        for (fields, content) in &parts {
            octets.extend_from_slice(format!("\r\n--{boundary}\r\n{fields}\r\n").as_bytes());
            octets.extend_from_slice(content);
        }
        octets.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        Ok(bounce(to, is_wide, is_eight_bit, require_tls, message_id, octets))
    }

    /// The report's header but for its type.
    fn header(&self, to: &Address, random: &dyn Random) -> io::Result<(String, String)> {
        let (mut header, message_id) = fields(self.from, to, words::subject(self.kind), self.now, random)?;
        let original = &self.sealed.message_id;
        if is_message_id(original) {
            field(&mut header, "In-Reply-To", original);
            field(&mut header, "References", original);
        }
        Ok((header, message_id))
    }

    /// A moment as a field tells it; `None` for one that no field can tell.
    fn date(&self, seconds: u64) -> Option<String> {
        let moment = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
        jiff::fmt::rfc2822::to_string(&moment.to_zoned(self.now.time_zone().clone())).ok()
    }
}

/// The mail that says how many reports a sender did not get.
pub fn summary(overflow: &Overflow, from: &Address, now: &Zoned, random: &dyn Random) -> io::Result<Bounce> {
    let to = &overflow.reverse_path;
    let is_wide = !to.is_ascii() || !from.is_ascii();
    let (mut header, message_id) = fields(from, to, "More mail not delivered", now, random)?;
    let mut text = words::Text::default();
    let count = overflow.silenced;
    let mails = if count == 1 { "1 more mail of yours" } else { &format!("{count} more mails of yours") };
    text.paragraph(
        "",
        &format!(
            "{mails} had recipients that could not be reached. No report was sent for each, because {REPORTS_AN_HOUR} \
             had been sent within an hour."
        ),
    );
    text.paragraph("", "They are kept. To see them, and to send them again:");
    text.0.push_str("  whippet queue list --badmail\r\n  whippet queue retry ID\r\n");
    let (text_fields, text) = text_part(&text.0);
    header.push_str(&text_fields);
    let octets = [header.as_bytes(), b"\r\n", &text].concat();
    Ok(bounce(to, is_wide, false, false, message_id, octets))
}

fn bounce(
    to: &Address,
    smtputf8: bool,
    eight_bit: bool,
    require_tls: bool,
    message_id: String,
    octets: Vec<u8>,
) -> Bounce {
    let wishes = Wishes { notify: Some(Notify::Never), require_tls, ..Wishes::default() };
    let envelope = Envelope::new(None, [to.clone()]).expect("there is one recipient").with_wishes(wishes);
    let eight_bit = eight_bit || smtputf8;
    Bounce { envelope, flags: Flags { smtputf8, require_tls, eight_bit, bounce: true }, message_id, octets }
}

/// The fields that all our mails to a sender have, and the Message-ID.
fn fields(
    from: &Address,
    to: &Address,
    subject: &str,
    now: &Zoned,
    random: &dyn Random,
) -> io::Result<(String, String)> {
    let message_id = format!("<{}.report@{}>", random.token(24)?, from.domain());
    let mut header = String::new();
    field(&mut header, "Date", &jiff::fmt::rfc2822::to_string(now).map_err(io::Error::other)?);
    field(&mut header, "From", &format!("MAILER-DAEMON <{from}>"));
    field(&mut header, "To", &to.to_string());
    field(&mut header, "Subject", subject);
    field(&mut header, "Message-ID", &message_id);
    field(&mut header, "Auto-Submitted", "auto-replied");
    field(&mut header, "MIME-Version", "1.0");
    Ok((header, message_id))
}

/// A text for people as a part: its fields and its octets.
fn text_part(text: &str) -> (String, Vec<u8>) {
    if text.is_ascii() {
        let fields = "Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n";
        return (fields.to_owned(), text.as_bytes().to_vec());
    }
    let fields = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n";
    (fields.to_owned(), quoted_printable(text.as_bytes()))
}

/// A boundary that none of the parts holds.
fn boundary(parts: &[(String, Vec<u8>)], random: &dyn Random) -> io::Result<String> {
    loop {
        let boundary = format!("=_{}", random.token(24)?);
        if parts.iter().all(|(_, content)| memchr::memmem::find(content, boundary.as_bytes()).is_none()) {
            return Ok(boundary);
        }
    }
}

/// Whether a text can stand in References (RFC 5322 3.6.4).
fn is_message_id(id: &str) -> bool {
    let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
    let is_word =
        |inner: &str| inner.bytes().all(|octet| octet.is_ascii_graphic() && !b"<>".contains(&octet));
    id.len() <= LONGEST_LINE - 20 && inner.is_some_and(|inner| inner.contains('@') && is_word(inner))
}

/// Text without what does something to a terminal or ends a line.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' | '\r' | '\n' => shown.push(' '),
            _ if is_hidden(character) => shown.extend(character.escape_unicode()),
            _ => shown.push(character),
        }
    }
    shown
}
