//! Reports, as others read them: their shape for every wish and every kind, and that nothing breaks out of its part.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod hostile;
mod judges;
mod pages;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::mail::{EnhancedStatus, EnvelopeId, ReportedReply, Stage};
use crate::mime::MessageError;
use crate::spool::{Decision, Event, InDoubt};
use crate::sys::SeededRandom;

/// A mail, what became of it, and what its sender is told.
#[derive(Clone)]
struct Case {
    kind: Kind,
    flags: Flags,
    from: &'static str,
    reverse_path: Option<&'static str>,
    recipients: Vec<&'static str>,
    wishes: Wishes,
    /// About the recipients in turn.
    decisions: Vec<Decision>,
    message: Vec<u8>,
    message_id: &'static str,
}

fn decision(class: u8, status: &str, code: u16, text: &str) -> Decision {
    let (status, _) = EnhancedStatus::split(status).unwrap();
    let reply = ReportedReply { code, text: text.to_owned() };
    Decision { time_s: 1_700_000_900, class, is_relayed: false, stage: Stage::Rcpt, status, reply }
}

fn message(text: &str) -> Vec<u8> {
    let header =
        "From: me@example.org\r\nTo: bob@example.net\r\nSubject: Minutes\r\nMessage-ID: <1@example.org>\r\n";
    format!("{header}\r\n{text}\r\n").into_bytes()
}

impl Default for Case {
    fn default() -> Self {
        Case {
            kind: Kind::Failed,
            flags: Flags::default(),
            from: "me@example.org",
            reverse_path: Some("me@example.org"),
            recipients: vec!["bob@example.net"],
            wishes: Wishes::default(),
            decisions: vec![decision(5, "5.1.1", 550, "5.1.1 No such user here")],
            message: message("The minutes."),
            message_id: "<1@example.org>",
        }
    }
}

impl Case {
    fn header(&self) -> Header {
        Header {
            flags: self.flags,
            recipients: self.recipients.len() as u32,
            created_ms: 1_700_000_000_123,
            expires_s: 1_700_432_000,
            body: self.message.len() as u64,
            envelope: 1,
            in_doubt: InDoubt::Retry,
            envelope_digest: [0; 32],
            body_digest: [0; 32],
            profile: "default".to_owned(),
        }
    }

    fn sealed(&self) -> Sealed {
        let address = |text: &&str| Address::parse(text).unwrap();
        let recipients: Vec<Address> = self.recipients.iter().map(address).collect();
        let envelope = Envelope::new(self.reverse_path.as_ref().map(address), recipients).unwrap();
        let wishes = Wishes { require_tls: self.flags.require_tls, ..self.wishes.clone() };
        let envelope = envelope.with_wishes(wishes);
        Sealed { envelope, uid: 1000, message_id: self.message_id.to_owned(), key: None }
    }

    fn original(&self) -> Original {
        let write = |out: &mut dyn std::io::Write| out.write_all(&self.message).map_err(MessageError::Sink);
        Original::take(self.message.len() as u64, write).unwrap()
    }

    fn wanted(&self) -> Result<(), Silence> {
        wanted(self.kind, &self.header(), &self.sealed(), Some(&self.original())).map(|_| ())
    }

    fn bounce(&self) -> Bounce {
        let (header, sealed) = (self.header(), self.sealed());
        let mut events = vec![Event::Attempt { time_s: 1_700_000_900, number: 1, hop: 0, due_s: 0 }];
        let places: Vec<usize> = (0..self.recipients.len()).collect();
        for &place in places.iter().filter(|_| !self.decisions.is_empty()) {
            let decision = self.decisions[place % self.decisions.len()].clone();
            events.push(Event::Result { transaction: 0, decision, places: vec![place as u16] });
        }
        let report = Report {
            kind: self.kind,
            original: &header,
            sealed: &sealed,
            state: &State::replay(&header, 3, &events),
            places: &places,
            reporting_mta: "desk.example.org",
            remote_mta: Some("mx.example.net"),
            from: &Address::parse(self.from).unwrap(),
            now: &Timestamp::from_second(1_700_001_000).unwrap().to_zoned(TimeZone::UTC),
            advice: None,
        };
        let to = sealed.envelope.reverse_path().unwrap();
        let bounce = report.compose(to, Some(&self.original()), &SeededRandom::new(7)).unwrap();
        assert_eq!(bounce.envelope.reverse_path(), None);
        assert_eq!(bounce.envelope.recipients(), std::slice::from_ref(to));
        assert_eq!(bounce.envelope.wishes().notify, Some(Notify::Never));
        assert_eq!(bounce.envelope.wishes().require_tls, self.flags.require_tls);
        assert_eq!(bounce.flags.require_tls, self.flags.require_tls);
        assert!(bounce.flags.bounce);
        is_well_formed(&bounce);
        bounce
    }
}

/// What holds for every mail that leaves.
fn is_well_formed(bounce: &Bounce) {
    let octets = &bounce.octets;
    assert!(octets.ends_with(b"\r\n"));
    assert!(bounce.flags.eight_bit || octets.is_ascii());
    assert!(bounce.flags.smtputf8 <= bounce.flags.eight_bit);
    let end = memchr::memmem::find(octets, b"\r\n\r\n").unwrap();
    assert!(bounce.flags.smtputf8 || octets[..end].is_ascii());
    assert!(bounce.message_id.starts_with('<') && bounce.message_id.ends_with('>'));
    for line in octets.split(|&octet| octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or_else(|| {
            assert!(line.is_empty(), "a bare LF, or an end without one");
            line
        });
        assert!(line.len() <= 998 && !line.contains(&b'\r') && !line.contains(&0), "{}", line.escape_ascii());
    }
}

/// The parts of a report, cut by its boundary alone: fields and content.
fn parts(octets: &[u8]) -> Vec<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(octets).into_owned();
    let boundary = text.split_once("boundary=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let finder = format!("\r\n--{boundary}");
    let ends: Vec<usize> = memchr::memmem::find_iter(octets, finder.as_bytes()).collect();
    assert!(octets[ends[ends.len() - 1] + finder.len()..].eq(b"--\r\n"));
    let cut = ends.windows(2).map(|pair| {
        let part = &octets[pair[0] + finder.len() + 2..pair[1]];
        let at = memchr::memmem::find(part, b"\r\n\r\n").unwrap();
        (String::from_utf8(part[..at].to_vec()).unwrap(), part[at + 4..].to_vec())
    });
    cut.collect()
}

fn wishes(notify: &str) -> Wishes {
    Wishes { notify: (!notify.is_empty()).then(|| Notify::parse(notify).unwrap()), ..Wishes::default() }
}

#[test]
fn who_is_told() {
    let told = |kind, notify| Case { kind, wishes: wishes(notify), ..Case::default() }.wanted().is_ok();
    for (notify, failed, delayed, relayed) in [
        ("", true, true, false),
        ("never", false, false, false),
        ("failure", true, false, false),
        ("delay", false, true, false),
        ("success", false, false, true),
        ("success,failure,delay", true, true, true),
    ] {
        let all = [Kind::Failed, Kind::Delayed, Kind::Relayed, Kind::Silent].map(|kind| told(kind, notify));
        assert_eq!(all, [failed, delayed, relayed, false], "{notify}");
    }
    let silence = |case: Case| case.wanted().unwrap_err();
    assert_eq!(silence(Case { reverse_path: None, ..Case::default() }), Silence::NoReversePath);
    let bounce = Flags { bounce: true, ..Flags::default() };
    assert_eq!(silence(Case { flags: bounce, ..Case::default() }), Silence::Bounce);
    let mut automatic = Case::default();
    automatic.message.splice(0..0, *b"Auto-Submitted: auto-replied\r\n");
    assert_eq!(silence(automatic), Silence::AutoReplied);
}

#[test]
fn what_comes_back_is_the_whole_of_a_small_mail() {
    let third = |case: &Case| {
        let (fields, content) = parts(&case.bounce().octets).pop().unwrap();
        assert_eq!(content == case.message, fields.contains("message/rfc822"));
        fields.contains("message/rfc822")
    };
    let of_length = |length: usize| {
        let mut case = Case { message: message(""), ..Case::default() };
        while case.message.len() < length {
            let line = 78.min(length - case.message.len());
            case.message.extend(std::iter::repeat_n(b'x', line.saturating_sub(2)));
            case.message.extend(b"\r\n");
        }
        case.message.truncate(length);
        let end = case.message.len() - 2;
        case.message[end..].copy_from_slice(b"\r\n");
        case
    };
    assert!(third(&of_length(50 * 1024 - 1)));
    assert!(third(&of_length(50 * 1024)));
    assert!(!third(&of_length(50 * 1024 + 1)));
    let returning = |returned| Wishes { returned, ..Wishes::default() };
    assert!(third(&Case { wishes: returning(Some(Return::Full)), ..Case::default() }));
    assert!(!third(&Case { wishes: returning(Some(Return::Headers)), ..Case::default() }));
    let full = Wishes { returned: Some(Return::Full), ..Wishes::default() };
    for kind in [Kind::Delayed, Kind::Relayed] {
        assert!(!third(&Case { kind, wishes: full.clone(), ..Case::default() }), "nothing failed");
    }
    let flags = Flags { require_tls: true, ..Flags::default() };
    assert!(!third(&Case { flags, wishes: full, ..Case::default() }));
}

#[test]
fn a_report_needs_no_more_of_a_server_than_it_must() {
    let utf8 = Flags { smtputf8: true, eight_bit: true, ..Flags::default() };
    let message =
        String::from_utf8(message("Grüße")).unwrap().replace("Minutes", "Protokoll für 用户").into_bytes();
    let case = Case { flags: utf8, recipients: vec!["用户@example.net"], message, ..Case::default() };
    // The sender's address is ASCII, and the hop may be one that does not know SMTPUTF8.
    let bounce = case.bounce();
    assert!(!bounce.flags.smtputf8 && !bounce.flags.eight_bit);
    let text = String::from_utf8(bounce.octets).unwrap();
    assert!(text.contains("Final-Recipient: utf-8; \\x{7528}\\x{6237}@example.net\r\n"), "{text}");
    assert!(text.contains("message/delivery-status") && text.contains("message/global\r\n"));
    // His address is not: it goes by SMTPUTF8 or not at all.
    let bounce =
        Case { reverse_path: Some("日本@example.org"), from: "日本@example.org", ..case.clone() }.bounce();
    assert!(bounce.flags.smtputf8 && bounce.flags.eight_bit);
    let text = String::from_utf8(bounce.octets).unwrap();
    assert!(text.contains("Final-Recipient: utf-8; 用户@example.net\r\n"), "{text}");
    assert!(text.contains("message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit"));
    // 8-bit text comes back where the hop takes it.
    let eight = Case {
        flags: Flags { eight_bit: true, ..Flags::default() },
        message: crate_message(),
        ..Case::default()
    };
    assert!(eight.bounce().flags.eight_bit);
    let refused =
        vec![decision(5, "5.6.3", 0, "the message holds 8-bit text, and the server does not offer 8BITMIME")];
    assert!(!Case { decisions: refused, ..eight }.bounce().flags.eight_bit);
}

fn crate_message() -> Vec<u8> {
    message("Grüße")
}

#[test]
fn a_mail_that_cannot_be_trusted_does_not_come_back() {
    let case = Case::default();
    let (header, sealed) = (case.header(), case.sealed());
    let to = sealed.envelope.reverse_path().unwrap();
    let report = Report {
        kind: Kind::Failed,
        original: &header,
        sealed: &sealed,
        state: &State::new(&header, 3),
        places: &[0],
        reporting_mta: "no host\r\n",
        remote_mta: None,
        from: to,
        now: &Timestamp::from_second(1_700_001_000).unwrap().to_zoned(TimeZone::UTC),
        advice: None,
    };
    let bounce = report.compose(to, None, &SeededRandom::new(1)).unwrap();
    is_well_formed(&bounce);
    assert_eq!(parts(&bounce.octets).len(), 2);
    assert!(memchr::memmem::find(&bounce.octets, b"comes back").is_none());
}

#[test]
fn ten_thousand_recipients_are_all_in_the_part_for_programs() {
    let names: Vec<String> = (0..10_000).map(|number| format!("r{number}@example.net")).collect();
    let recipients = names.into_iter().map(|name| &*name.leak()).collect();
    let bounce = Case { recipients, ..Case::default() }.bounce();
    let parts = parts(&bounce.octets);
    assert!(parts[0].1.len() < 10_000);
    assert_eq!(memchr::memmem::find_iter(&parts[1].1, b"Final-Recipient: rfc822; r").count(), 10_000);
}
