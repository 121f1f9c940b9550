//! Reports on a page each, for a person to read.

use super::*;

fn page(case: &Case) -> String {
    assert_eq!(case.wanted(), Ok(()));
    String::from_utf8(case.bounce().octets).unwrap().replace("\r\n", "\n")
}

#[test]
fn failed() {
    let wishes = Wishes {
        envelope_id: Some(EnvelopeId::parse("order 42").unwrap()),
        returned: Some(Return::Full),
        ..wishes("failure")
    };
    let decisions = vec![
        decision(5, "5.1.1", 550, "5.1.1 No such user here"),
        decision(
            5,
            "5.2.2",
            552,
            "5.2.2 The mailbox is over its quota, see https://example.net/help/quota?lang=en&topic=over",
        ),
        decision(5, "4.4.7", 451, "4.3.0 Temporary failure, please try again later"),
        decision(5, "5.1.1", 550, "5.1.1 No such user here"),
    ];
    let recipients = vec!["bob@example.net", "carol@example.net", "dave@example.net", "eve@example.net"];
    insta::assert_snapshot!(page(&Case { wishes, decisions, recipients, ..Case::default() }));
}

#[test]
fn failed_before_any_word_of_the_server() {
    let text = "no connection to mx.example.net: connection refused";
    let decisions = vec![decision(5, "4.4.7", 0, text)];
    insta::assert_snapshot!(page(&Case { decisions, wishes: Wishes::default(), ..Case::default() }));
}

#[test]
fn delayed() {
    let decisions = vec![decision(4, "4.2.1", 450, "4.2.1 Greylisted, please come back")];
    insta::assert_snapshot!(page(&Case { kind: Kind::Delayed, decisions, ..Case::default() }));
}

#[test]
fn relayed() {
    let decisions = vec![decision(2, "2.0.0", 250, "2.0.0 Ok: queued as 4F2A1")];
    let wishes = Wishes { returned: Some(Return::Headers), ..wishes("success") };
    insta::assert_snapshot!(page(&Case { kind: Kind::Relayed, decisions, wishes, ..Case::default() }));
}

#[test]
fn international() {
    let decisions = vec![decision(5, "5.1.1", 550, "5.1.1 用户不存在")];
    let flags = Flags { smtputf8: true, eight_bit: true, ..Flags::default() };
    let message = "From: 日本@example.org\r\nSubject: 議事録\r\n\r\n本文\r\n".as_bytes().to_vec();
    let sender = "日本@example.org";
    let case = Case { decisions, flags, message, recipients: vec!["用户@example.net"], ..Case::default() };
    insta::assert_snapshot!(page(&Case { from: sender, reverse_path: Some(sender), ..case.clone() }));
    insta::assert_snapshot!("international_to_an_ascii_sender", page(&case));
}

#[test]
fn summary_of_what_was_silenced() {
    let from = Address::parse("me@example.org").unwrap();
    let now = Timestamp::from_second(1_700_001_000).unwrap().to_zoned(TimeZone::UTC);
    let overflow = Overflow { reverse_path: from.clone(), silenced: 240, profile: String::new() };
    let bounce = summary(&overflow, &from, &now, &SeededRandom::new(7)).unwrap();
    is_well_formed(&bounce);
    insta::assert_snapshot!(String::from_utf8(bounce.octets).unwrap().replace("\r\n", "\n"));
}
