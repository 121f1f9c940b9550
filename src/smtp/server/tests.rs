//! The server under any octets in any pieces, and its limits.

use super::*;
use proptest::prelude::*;

/// A server for programs, with this limit.
fn server(size_limit: Option<u64>) -> Server {
    Server::new(ServerPolicy { name: "host.example".to_owned(), login: None, size_limit, chunking: true })
}

/// What happened, the pieces of a message in one.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    said: String,
    taken: Vec<(Arrival, Vec<u8>)>,
}

/// Serves a client that writes in pieces of these sizes; every second message is refused.
fn serve(server: &mut Server, octets: &[u8], sizes: &[usize]) -> Heard {
    let mut heard = Heard::default();
    let mut begun: Option<(Arrival, Vec<u8>)> = None;
    let mut count = 0;
    let mut sizes = sizes.iter().cycle();
    let mut rest = octets;
    loop {
        let said = match server.next_event() {
            Event::Begin(arrival, reply) => {
                assert!(begun.replace((arrival, Vec::new())).is_none());
                reply
            }
            Event::Piece(piece) => {
                assert!(!piece.is_empty());
                begun.as_mut().unwrap().1.extend(piece);
                continue;
            }
            Event::End => {
                count += 1;
                let message = begun.take().unwrap();
                if count % 2 == 0 {
                    let status = crate::mail::EnhancedStatus::new(5, 6, 0);
                    server.answer(Err(Refusal::new(status, "no")))
                } else {
                    heard.taken.push(message);
                    server.answer(Ok(format!("queued as {count}")))
                }
            }
            Event::Dropped(reply) => {
                assert!(begun.take().is_some());
                reply
            }
            Event::Reply(reply) => reply,
            Event::Close(reply) => {
                heard.said.push_str(&String::from_utf8(reply).unwrap());
                return heard;
            }
            Event::StartTls(_) => panic!("nobody offered that"),
            Event::More if rest.is_empty() => return heard,
            Event::More => {
                let size = sizes.next().copied().unwrap_or(usize::MAX).clamp(1, rest.len());
                server.push(&rest[..size]);
                rest = &rest[size..];
                continue;
            }
        };
        heard.said.push_str(&String::from_utf8(said).unwrap());
    }
}

fn said(octets: &[u8]) -> String {
    serve(&mut server(None), octets, &[]).said
}

#[test]
fn a_line_that_is_too_long_is_gone_and_nothing_else_is() {
    let long = [b"NOOP ", "x".repeat(3000).as_bytes(), b" QUIT\r\nNOOP\r\n"].concat();
    assert_eq!(said(&long), "500 5.5.2 the line is too long\r\n250 2.0.0 Ok\r\n");
    // What RFC 3461 allows fits.
    let long = format!("MAIL FROM:<>\r\nRCPT TO:<a@x> ORCPT=rfc822;{}\r\n", "+2B".repeat(160));
    assert_eq!(said(long.as_bytes()), "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n");
}

#[test]
fn too_many_errors_close_and_a_message_forgives_them() {
    let noops = "NOOP\r\n".repeat(500);
    assert_eq!(said(noops.as_bytes()).lines().count(), 500);
    let errors = "WHAT\r\n".repeat(100);
    let mail = "MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\n.\r\n";
    let said_so = said([errors.as_str(), mail, &errors, "NOOP\r\n"].concat().as_bytes());
    assert!(said_so.contains("queued as 1") && said_so.ends_with("250 2.0.0 Ok\r\n"), "{said_so}");
    let said_so = said([errors.as_str(), "NOOP\r\nWHAT\r\nNOOP\r\n"].concat().as_bytes());
    assert!(
        said_so.ends_with("250 2.0.0 Ok\r\n421 4.7.0 too many commands that cannot be obeyed\r\n"),
        "{said_so}"
    );
}

#[test]
fn recipients_have_a_limit_and_those_below_it_get_the_mail() {
    let mut wire = "MAIL FROM:<>\r\n".to_owned();
    (0..=RECIPIENTS_LIMIT).for_each(|number| wire.push_str(&format!("RCPT TO:<a{number}@x>\r\n")));
    wire.push_str("RCPT TO:<b@x>\r\nDATA\r\nx\r\n.\r\n");
    let heard = serve(&mut server(None), wire.as_bytes(), &[]);
    assert_eq!(heard.said.matches("\r\n452 4.5.3 too many recipients").count(), 2);
    assert_eq!(heard.taken[0].0.recipients.len(), RECIPIENTS_LIMIT);
}

#[test]
fn a_server_with_a_login_asks_for_it_under_tls() {
    let policy = ServerPolicy {
        name: "s".to_owned(),
        login: Some("AGEAYQ==".to_owned()),
        size_limit: Some(9),
        chunking: false,
    };
    let mut server = Server::new(policy);
    let in_clear =
        serve(&mut server, b"EHLO c\r\nAUTH PLAIN AGEAYQ==\r\nMAIL FROM:<>\r\nBDAT 3\r\n", &[]).said;
    assert_eq!(
        in_clear.replace("\r\n", "|"),
        "250-s|250-PIPELINING|250-SIZE 9|250-8BITMIME|250-SMTPUTF8|250-DSN|250-ENHANCEDSTATUSCODES|250 STARTTLS|\
         538 5.7.11 TLS first|530 5.7.0 log in first|502 5.5.1 not offered here|"
    );
    server.push(b"STARTTLS\r\n");
    assert!(matches!(server.next_event(), Event::StartTls(_)));
    server.secured();
    let words =
        b"EHLO c\r\nSTARTTLS\r\nAUTH PLAIN x\r\nMAIL FROM:<>\r\nAUTH PLAIN\r\nAGEAYQ==\r\nMAIL FROM:<>\r\n";
    let secured = serve(&mut server, words, &[]).said.replace("\r\n", "|");
    assert!(secured.contains("|250 AUTH PLAIN|503 5.5.1 TLS is on already|535 5.7.8 "), "{secured}");
    assert!(secured.ends_with("|530 5.7.0 log in first|334 |235 2.7.0 welcome|250 2.1.0 Ok|"), "{secured}");

    let mut server = Server::new(ServerPolicy { login: Some("x".to_owned()), ..server.policy });
    server.push(b"STARTTLS\r\nMAIL FROM:<evil@x>\r\n");
    assert!(matches!(server.next_event(), Event::Close(_)));
    assert_eq!(server.next_event(), Event::Close(Vec::new()));
}

/// Commands that come in this order or in another, whole or not.
fn words() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        4 => Just("MAIL FROM:<me@x>\r\n".to_owned()),
        4 => Just("RCPT TO:<a@x>\r\n".to_owned()),
        4 => Just("DATA\r\n".to_owned()),
        4 => Just("x\r\n.\r\n".to_owned()),
        1 => Just("EHLO c\r\n".to_owned()),
        1 => Just("RSET\n".to_owned()),
        1 => Just("MAIL FROM:<> SIZE=40\n".to_owned()),
        1 => Just("RCPT TO:root NOTIFY=NEVER\r\n".to_owned()),
        2 => (0_u8..9, prop_oneof![Just(""), Just(" LAST"), Just(" LAS")])
            .prop_map(|(count, last)| format!("BDAT {count}{last}\r\n{}", "c".repeat(count.into()))),
        1 => (2000_usize..2100).prop_map(|count| "l".repeat(count)),
        2 => "[.\r\n A-z\u{80}\0]{0,8}",
    ];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_pieces_are_the_whole(octets in words(), sizes in proptest::collection::vec(1_usize..12, 1..6), limit in 0_u64..60) {
        let limit = (limit < 50).then_some(limit);
        let whole = serve(&mut server(limit), &octets, &[]);
        prop_assert_eq!(&serve(&mut server(limit), &octets, &sizes), &whole);
        for (_, message) in &whole.taken {
            prop_assert!(limit.is_none_or(|limit| message.len() as u64 <= limit));
        }
    }

    #[test]
    fn what_is_cut_off_takes_nothing_more(octets in words(), cut in any::<prop::sample::Index>()) {
        let whole = serve(&mut server(None), &octets, &[]);
        let part = serve(&mut server(None), &octets[..cut.index(octets.len() + 1)], &[]);
        prop_assert!(whole.said.starts_with(&part.said));
        prop_assert!(whole.taken.starts_with(&part.taken));
    }

    #[test]
    fn a_message_comes_out_as_it_went_in(
        lines in proptest::collection::vec("[.\r\na\u{80}\0]{0,6}", 0..8),
        sizes in proptest::collection::vec(1_usize..12, 1..6),
        in_chunks in any::<bool>(),
    ) {
        let mut message = lines.join("\r\n");
        let wire = if in_chunks {
            let half = (0..=message.len() / 2).rev().find(|&at| message.is_char_boundary(at)).unwrap();
            let (head, tail) = message.split_at(half);
            format!("BDAT {}\r\n{head}BDAT {} LAST\r\n{tail}", head.len(), tail.len())
        } else {
            message.push_str("\r\n");
            let stuffed = message.replace("\r\n.", "\r\n..");
            let first = if message.starts_with('.') { "." } else { "" };
            format!("DATA\r\n{first}{stuffed}.\r\n")
        };
        let wire = format!("MAIL FROM:<>\r\nRCPT TO:<a@x>\r\n{wire}QUIT\r\n");
        let heard = serve(&mut server(None), wire.as_bytes(), &sizes);
        prop_assert!(heard.said.ends_with("250 2.0.0 Ok: queued as 1\r\n221 2.0.0 Bye\r\n"), "{}", heard.said);
        prop_assert_eq!(&heard.taken[0].1, message.as_bytes());
    }
}
