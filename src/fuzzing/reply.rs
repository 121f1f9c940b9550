//! Replies in any cuts, and what a reply to EHLO offers.

use crate::fuzzing::is_printable;
use crate::smtp::{Capabilities, Reply, ReplyError, ReplyReader};

/// The longest text of a line: 4 KiB, each octet of which may become `\u{0}`.
const LONGEST_TEXT: usize = 4096 * 6;

/// The octets behind the first two; `00 n` repeats the octet before it `256 n` times, so that short inputs reach limits.
fn spread(input: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = input.iter().copied();
    while let Some(octet) = rest.next() {
        match octet {
            0 => {
                let last = octets.last().copied().unwrap_or(0);
                octets.resize(octets.len() + 256 * usize::from(rest.next().unwrap_or(0)), last);
            }
            _ => octets.push(octet),
        }
    }
    octets
}

fn take(reader: &mut ReplyReader, all: &mut Vec<Result<Reply, ReplyError>>) {
    assert_eq!(
        reader.has_reply(),
        reader.waiting() > 0 || matches!(all.last(), Some(Err(_))) || is_broken(reader)
    );
    while !matches!(all.last(), Some(Err(_)))
        && let Some(reply) = reader.next_reply()
    {
        all.push(reply);
    }
}

/// An error comes again each time it is asked for.
fn is_broken(reader: &mut ReplyReader) -> bool {
    reader.waiting() == 0 && matches!(reader.next_reply(), Some(Err(_)))
}

/// Any octets, in any cuts.
pub fn reply(data: &[u8]) {
    let Some((&[charset, size], input)) = data.split_first_chunk::<2>() else { return };
    let charset =
        [None, Some(encoding_rs::GBK), Some(encoding_rs::WINDOWS_1252), Some(encoding_rs::ISO_2022_JP)]
            [usize::from(charset & 3)];
    let octets = spread(input);
    let mut whole = ReplyReader::new(charset);
    whole.push(&octets);
    let (mut at_once, mut in_pieces) = (Vec::new(), Vec::new());
    take(&mut whole, &mut at_once);

    let mut cut = ReplyReader::new(charset);
    for (index, piece) in octets.chunks(usize::from(size).max(1)).enumerate() {
        cut.push(piece);
        if index % 3 == 0 {
            take(&mut cut, &mut in_pieces);
        }
    }
    take(&mut cut, &mut in_pieces);
    assert_eq!(at_once, in_pieces);
    assert_eq!(whole.is_empty(), cut.is_empty());
    for reply in at_once.iter() {
        match reply {
            Ok(reply) => judge(reply),
            Err(error) => assert!(is_printable(&error.to_string()), "{error:?}"),
        }
    }
}

fn judge(reply: &Reply) {
    assert!((200..600).contains(&reply.code) && (1..=200).contains(&reply.lines.len()), "{reply:?}");
    for line in &reply.lines {
        assert!(is_printable(line) && line.len() <= LONGEST_TEXT, "{line:?}");
    }
    assert!(is_printable(&reply.to_string()), "{reply:?}");
    assert!(reply.status().is_none_or(|status| u16::from(status.class) == reply.class()), "{reply:?}");
}

/// Any reply to EHLO.
pub fn ehlo(data: &[u8]) {
    let mut reader = ReplyReader::default();
    reader.push(&spread(data));
    while let Some(Ok(reply)) = reader.next_reply() {
        let offers = Capabilities::read(&reply);
        let lines: Vec<String> = reply.lines.iter().skip(1).map(|line| line.to_ascii_uppercase()).collect();
        let has =
            |keyword: &str| lines.iter().any(|line| line.split([' ', '\t', '=']).any(|word| word == keyword));
        for (is_offered, keyword) in [
            (offers.starttls, "STARTTLS"),
            (!offers.auth.is_empty(), "AUTH"),
            (offers.pipelining, "PIPELINING"),
            (offers.eight_bit_mime, "8BITMIME"),
            (offers.smtputf8, "SMTPUTF8"),
            (offers.size, "SIZE"),
            (offers.size_limit.is_some(), "SIZE"),
            (offers.chunking, "CHUNKING"),
            (offers.binary_mime, "BINARYMIME"),
            (offers.binary_mime, "CHUNKING"),
            (offers.dsn, "DSN"),
            (offers.enhanced_status_codes, "ENHANCEDSTATUSCODES"),
            (offers.require_tls, "REQUIRETLS"),
            (offers.deliver_by, "DELIVERBY"),
            (offers.deliver_by_min_s.is_some(), "DELIVERBY"),
            (offers.future_release, "FUTURERELEASE"),
            (offers.mt_priority, "MT-PRIORITY"),
        ] {
            assert!(!is_offered || has(keyword), "{keyword} out of {lines:?}");
        }
        for mechanism in &offers.auth {
            assert!(
                !mechanism.is_empty() && !mechanism.contains(|letter: char| letter.is_ascii_lowercase()),
                "{mechanism:?}"
            );
            assert!(!mechanism.contains([' ', '\t']), "{mechanism:?}");
        }
        let limits = offers.limits;
        for limit in [limits.mail_max, limits.rcpt_max, limits.rcpt_domain_max] {
            assert_ne!(limit, Some(0));
        }
        // What is read is a function of the lines, whatever the case of the keywords.
        let upper =
            Reply { lines: reply.lines.iter().map(|line| line.to_ascii_uppercase()).collect(), ..reply };
        assert_eq!(Capabilities::read(&upper), offers);
    }
}
