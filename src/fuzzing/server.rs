//! The server under any octets, in any pieces: what it says can be read, what it takes is whole.

use crate::mail::{Address, EnhancedStatus};
use crate::smtp::{Arrival, Event, Refusal, ReplyReader, Server, ServerPolicy};

/// What happened, the pieces of a message in one.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    said: Vec<u8>,
    taken: Vec<(Arrival, Vec<u8>)>,
    is_closed: bool,
}

/// How the server is, how large the client's pieces are, and the client's octets. `00 n` in those repeats the octet before
/// it 64 `n` times, so that short inputs reach limits.
pub fn server(data: &[u8]) {
    let Some((&[how, size], input)) = data.split_first_chunk::<2>() else { return };
    let octets = spread(input);
    let policy = ServerPolicy {
        name: "host.example".to_owned(),
        login: None,
        size_limit: (how & 1 != 0).then_some(u64::from(how)),
        chunking: how & 2 == 0,
    };
    let whole = serve(policy.clone(), octets.chunks(octets.len().max(1)));
    let cut = serve(policy.clone(), octets.chunks(usize::from(size).max(1)));
    assert_eq!(whole, cut);
    judge(&whole, &policy);
    // Whoever goes early has been told the beginning, and has sent no other mail.
    let early = serve(policy, std::iter::once(&octets[..octets.len() * usize::from(size) / 256]));
    assert!(whole.said.starts_with(&early.said) && whole.taken.starts_with(&early.taken));
}

fn spread(input: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = input.iter().copied();
    while let Some(octet) = rest.next() {
        match octet {
            0 => {
                let last = octets.last().copied().unwrap_or(0);
                octets.resize(octets.len() + 64 * usize::from(rest.next().unwrap_or(0)), last);
            }
            _ => octets.push(octet),
        }
    }
    octets
}

/// Every third message is refused.
fn serve<'a>(policy: ServerPolicy, mut pieces: impl Iterator<Item = &'a [u8]>) -> Heard {
    let mut server = Server::new(policy);
    let mut heard = Heard { said: server.greeting(), ..Heard::default() };
    let mut begun: Option<(Arrival, Vec<u8>)> = None;
    let mut count = 0;
    loop {
        match server.next_event() {
            Event::Begin(arrival, reply) => {
                assert!(begun.is_none() && !arrival.recipients.is_empty());
                begun = Some((arrival, Vec::new()));
                heard.said.extend(reply);
            }
            Event::Piece(piece) => begun.as_mut().expect("a message has begun").1.extend(piece),
            Event::End => {
                let message = begun.take().expect("a message has begun");
                count += 1;
                heard.said.extend(if count % 3 == 0 {
                    server.answer(Err(Refusal::new(EnhancedStatus::new(4, 3, 1), "full\nof mail")))
                } else {
                    heard.taken.push(message);
                    server.answer(Ok(format!("queued as {count}")))
                });
            }
            Event::Dropped(reply) => {
                begun.take().expect("a message has begun");
                heard.said.extend(reply);
            }
            Event::Reply(reply) => {
                assert!(!reply.is_empty());
                heard.said.extend(reply);
            }
            Event::Close(reply) => {
                heard.said.extend(reply);
                return Heard { is_closed: true, ..heard };
            }
            Event::StartTls(_) => panic!("TLS is not offered"),
            Event::More => match pieces.next() {
                Some(piece) => server.push(piece),
                None => return heard,
            },
        }
    }
}

fn judge(heard: &Heard, policy: &ServerPolicy) {
    let mut reader = ReplyReader::default();
    reader.push(&heard.said);
    let mut last = 0;
    while let Some(reply) = reader.next_reply() {
        let reply = reply.expect("a reply can be read");
        last = reply.code;
        // RFC 2034 section 4: all but the greeting, EHLO's and 354.
        let is_bare = reply.code == 354 || reply.lines[0].starts_with("host.example");
        assert!(is_bare || reply.status().is_some(), "{reply:?}");
    }
    assert!(reader.is_empty(), "half a reply");
    assert!(!heard.is_closed || matches!(last, 221 | 421 | 521), "closed behind {last}");
    assert!(heard.said.split(|&octet| octet == b'\n').all(|line| line.len() < 512), "a long line");
    for (arrival, message) in &heard.taken {
        assert!(policy.size_limit.is_none_or(|limit| message.len() as u64 <= limit));
        let paths = arrival.recipients.iter().map(|recipient| &recipient.address);
        for path in paths.chain(&arrival.reverse_path) {
            let address = match path.is_qualified() {
                true => Address::parse(path.as_str()),
                false => Address::new(path.as_str(), "example.org"),
            };
            assert!(address.is_ok(), "{path:?}");
        }
    }
}
