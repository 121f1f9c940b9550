//! Servers and originals that try to break out of a report.

use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::*;

/// Text full of what ends lines, parts and fields.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\r\n".to_owned()),
        Just("\r\n\r\n".to_owned()),
        Just("\n--=_".to_owned()),
        Just("\r\n--=_aaaaaaaaaaaaaaaaaaaaaaaa--\r\n".to_owned()),
        Just("\r\nFinal-Recipient: rfc822; evil@example.com\r\n".to_owned()),
        Just("Content-Type: multipart/mixed; boundary=\"=_\"\r\n".to_owned()),
        Just("\u{202e}\u{2028}\u{85}\x1b[2J\0".to_owned()),
        Just("=?utf-8?q?=0D=0A?=".to_owned()),
        Just("x".repeat(1_200)),
        "[ -~]{0,90}",
        "\\PC{0,20}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// A stored message: any octets, in the form in which messages are stored.
fn stored() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![hostile().prop_map(String::into_bytes), any::<Vec<u8>>()].prop_map(|octets| {
        let lines = octets.split(|octet| matches!(octet, b'\r' | b'\n'));
        let lines = lines.map(|line| line.iter().copied().filter(|&octet| octet != 0).collect::<Vec<u8>>());
        lines.flat_map(|line| [line, b"\r\n".to_vec()].concat()).collect()
    })
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Failed), Just(Kind::Delayed), Just(Kind::Relayed)]
}

/// Reads a report with the crate, and holds what it finds against what it must be.
fn judge(case: &Case) {
    let bounce = case.bounce();
    let parts = parts(&bounce.octets);
    assert_eq!(parts.len(), 3);
    let status = String::from_utf8(parts[1].1.clone()).unwrap();
    let recipients = status.lines().filter(|line| line.starts_with("Final-Recipient:")).count();
    assert_eq!(recipients, case.recipients.len(), "{status}");
    let blocks: Vec<&str> = status.trim_end().split("\r\n\r\n").collect();
    assert_eq!(blocks.len(), 1 + case.recipients.len(), "{status}");
    for line in status.lines().filter(|line| !line.is_empty() && !line.starts_with(' ')) {
        assert!(line.split_once(": ").is_some_and(|(name, _)| !name.contains(' ')), "{line:?}");
    }
    for text in [&status, &String::from_utf8(parts[0].1.clone()).unwrap()] {
        assert!(!text.replace("\r\n", "").chars().any(crate::sys::is_hidden), "{text:?}");
    }
    if parts[2].0.contains("message/rfc822")
        || parts[2].0.contains("message/global\r\nContent-Transfer-Encoding: 8bit")
    {
        assert_eq!(parts[2].1, case.message);
    }
    let read = MessageParser::new().parse(&bounce.octets).unwrap();
    let kind = read.content_type().unwrap();
    assert_eq!((kind.ctype(), kind.subtype()), ("multipart", Some("report")));
    assert_eq!(kind.attribute("report-type"), Some("delivery-status"));
    assert_eq!(read.header_values("Auto-Submitted").count(), 1);
    let top = read.parts[0].sub_parts().unwrap();
    assert_eq!(top.len(), 3);
    let subtype = |index: usize| read.parts[top[index] as usize].content_type().unwrap().subtype().unwrap();
    assert_eq!(subtype(0), "plain");
    assert!(subtype(1).ends_with("delivery-status"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_server_cannot_write_into_a_report(
        kind in kind(),
        texts in prop::collection::vec(hostile(), 1..4),
        code in prop_oneof![Just(0_u16), 200..600_u16, any::<u16>()],
        numbers in (any::<u8>(), any::<u16>(), any::<u16>()),
        is_wide in any::<bool>(),
    ) {
        let status = EnhancedStatus::new(numbers.0, numbers.1, numbers.2);
        let decisions = texts.into_iter().map(|text| Decision {
            time_s: 1_700_000_900,
            class: 5,
            is_relayed: false,
            stage: Stage::Dot,
            status,
            reply: ReportedReply { code, text },
        });
        let from = if is_wide { "日本@example.org" } else { "me@example.org" };
        let recipients = vec!["bob@example.net", "用户@example.net", "\"=_ --\"@example.net"];
        let decisions = decisions.collect();
        judge(&Case { kind, decisions, from, reverse_path: Some(from), recipients, ..Case::default() });
    }

    #[test]
    fn an_original_stays_in_its_part(
        message in stored(),
        flags in any::<(bool, bool, bool)>(),
        whole in any::<bool>(),
        is_wide in any::<bool>(),
        message_id in hostile(),
    ) {
        let flags = Flags { smtputf8: flags.0, require_tls: flags.1, eight_bit: flags.2, bounce: false };
        let returned = Some(if whole { Return::Full } else { Return::Headers });
        let from = if is_wide { "日本@example.org" } else { "me@example.org" };
        let message_id = &*message_id.leak();
        let wishes = Wishes { returned, ..Wishes::default() };
        judge(&Case { flags, message, wishes, from, reverse_path: Some(from), message_id, ..Case::default() });
    }

    #[test]
    fn any_octets_at_all_make_a_report(message in any::<Vec<u8>>(), smtputf8 in any::<bool>()) {
        let flags = Flags { smtputf8, ..Flags::default() };
        judge(&Case { flags, message, ..Case::default() });
    }
}

#[test]
fn a_boundary_that_the_original_holds_is_not_taken() {
    // The sequence is known here, so the original can hold what would come first.
    let first = format!("=_{}", SeededRandom::new(7).token(24).unwrap());
    let case = Case { message: message(&format!("--{first}\r\n\r\n--{first}--")), ..Case::default() };
    let bounce = case.bounce();
    assert!(!String::from_utf8(bounce.octets.clone()).unwrap().contains(&format!("boundary=\"{first}\"")));
    judge(&case);
}
