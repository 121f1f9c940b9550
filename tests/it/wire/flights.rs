//! What goes in one piece and what waits for what, seen by a server that notes each read of the socket.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::Sandbox;

/// How long the server listens where nothing may come.
const PAUSE: Duration = Duration::from_millis(300);

/// What the server does next: send octets, read once, or make sure that nothing comes.
enum Turn {
    Send(String),
    Read,
    Quiet,
}

/// A server of these turns for one connection, and a sandbox that leads to it. It gives what each read gave.
fn server(turns: Vec<Turn>) -> (JoinHandle<Vec<String>>, Sandbox) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let sandbox = Sandbox::facing(listener.local_addr().unwrap().port(), "");
    let thread = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        turns.into_iter().filter_map(|turn| take(&mut socket, turn)).collect()
    });
    (thread, sandbox)
}

fn take(socket: &mut TcpStream, turn: Turn) -> Option<String> {
    let mut octets = vec![0; 65_536];
    match turn {
        Turn::Send(text) => {
            socket.write_all(text.as_bytes()).unwrap();
            None
        }
        Turn::Read => {
            socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let length = socket.read(&mut octets).unwrap();
            Some(String::from_utf8(octets[..length].to_vec()).unwrap())
        }
        Turn::Quiet => {
            socket.set_read_timeout(Some(PAUSE)).unwrap();
            let read = socket.read(&mut octets);
            assert_eq!(read.unwrap_err().kind(), ErrorKind::WouldBlock, "something came too early");
            None
        }
    }
}

fn send(text: &str) -> Turn {
    Turn::Send(text.replace('\n', "\r\n"))
}

#[test]
fn a_mail_is_four_writes() {
    let (server, sandbox) = server(vec![
        send("220 x ESMTP\n"),
        Turn::Read,
        send("250-x\n250-PIPELINING\n250 8BITMIME\n"),
        Turn::Read,
        // All three groups are there before anything is answered.
        Turn::Quiet,
        send("250 ok\n250 ok\n250 ok\n250 ok\n354 go on\n"),
        Turn::Read,
        // The reply to the dot is waited for: a QUIT behind it would make its loss look like a refusal.
        Turn::Quiet,
        send("250 2.0.0 accepted\n"),
        Turn::Read,
    ]);
    sandbox.stdin("hello\n").run(&["-s", "x", "a@x.test", "b@x.test", "c@x.test"]).exits(0).quiet();
    let reads = server.join().unwrap();
    assert_eq!(reads.len(), 4);
    assert!(reads[0].starts_with("EHLO ") && reads[0].lines().count() == 1, "{reads:?}");
    let commands: Vec<&str> = reads[1].lines().collect();
    assert!(commands[0].starts_with("MAIL FROM:<ann@example.test>"), "{commands:?}");
    assert_eq!(commands[1..], ["RCPT TO:<a@x.test>", "RCPT TO:<b@x.test>", "RCPT TO:<c@x.test>", "DATA"]);
    assert!(reads[2].starts_with("Date: ") && reads[2].ends_with("\r\nhello\r\n.\r\n"), "{reads:?}");
    assert_eq!(reads[3], "QUIT\r\n");
}

#[test]
fn without_pipelining_every_command_waits() {
    let mut turns = vec![send("220 x ESMTP\n"), Turn::Read, Turn::Quiet, send("250 x\n")];
    for reply in ["250 ok\n", "250 ok\n", "550 5.1.1 no\n", "354 go on\n"] {
        turns.extend([Turn::Read, Turn::Quiet, send(reply)]);
    }
    turns.extend([Turn::Read, Turn::Quiet, send("250 ok\n"), Turn::Read]);
    let (server, sandbox) = server(turns);
    sandbox.stdin("hello\n").run(&["a@x.test", "b@x.test"]).exits(67).says("550 5.1.1 no");
    let reads = server.join().unwrap();
    let verbs: Vec<&str> = reads.iter().map(|read| &read[..4]).collect();
    assert_eq!(verbs, ["EHLO", "MAIL", "RCPT", "RCPT", "DATA", "Date", "QUIT"]);
    assert!(reads[5].ends_with("\r\n.\r\n"));
}
