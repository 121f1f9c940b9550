//! Dots doubled and undone again: the stuffer against the sandbox's server.

use std::io::Write;

use crate::smtp::{DotStuffer, Event, Server, ServerPolicy};

/// Any octets in any cuts, in any reads of the server.
pub fn dots(data: &[u8]) {
    let Some((&[cut, read], message)) = data.split_first_chunk::<2>() else { return };
    let mut wire = Vec::new();
    let mut stuffer = DotStuffer::new(&mut wire);
    for piece in message.chunks(usize::from(cut).max(1)) {
        stuffer.write_all(piece).expect("memory takes it");
    }
    assert_eq!(stuffer.taken, message.len() as u64);
    let (rest, _) = stuffer.finish();
    wire.extend(rest);
    wire.extend(b".\r\n");
    for (at, octet) in wire.iter().enumerate() {
        assert!(*octet != b'\n' || at > 0 && wire[at - 1] == b'\r', "a bare LF");
        assert!(*octet != b'\r' || wire.get(at + 1) == Some(&b'\n'), "a bare CR");
    }

    let mut server = server();
    let (mut got, mut is_ended) = (Vec::new(), false);
    for piece in wire.chunks(usize::from(read).max(1)) {
        server.push(piece);
        loop {
            match server.next_event() {
                Event::Piece(piece) => got.extend(piece),
                Event::End => {
                    is_ended = true;
                    server.answer(Ok("queued as 1".to_owned()));
                }
                Event::More => break,
                other => panic!("{other:?} in a message"),
            }
            assert!(!is_ended || server.next_event() == Event::More, "something behind the dot");
            if is_ended {
                break;
            }
        }
    }
    assert!(is_ended, "the dot was not seen");
    assert!(got == repaired(message), "another message came out");
}

/// A message whose line ends are all CRLF.
fn repaired(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = message;
    while let Some(end) = rest.iter().position(|octet| matches!(octet, b'\r' | b'\n')) {
        out.extend_from_slice(&rest[..end]);
        out.extend_from_slice(b"\r\n");
        rest = rest[end..].strip_prefix(b"\r\n").unwrap_or(&rest[end + 1..]);
    }
    if !rest.is_empty() {
        out.extend_from_slice(rest);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// A server that waits for a message.
fn server() -> Server {
    let policy = ServerPolicy { name: "server".to_owned(), login: None, size_limit: None, chunking: true };
    let mut server = Server::new(policy);
    server.push(b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\n");
    while !matches!(server.next_event(), Event::Begin(..)) {}
    server
}
