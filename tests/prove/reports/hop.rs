//! A server for one connection: it takes what is for `a…`, defers what is for `d…` until it is patient, refuses what is for
//! `f…`, and keeps what it took, with the commands as they were said.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

/// How it behaves.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// Its last lines to EHLO.
    pub offers: &'static str,
    /// What was deferred is taken.
    pub is_patient: bool,
    /// What it says to mail from nobody.
    pub null_reply: &'static str,
    /// Its first line.
    pub greeting: &'static str,
}

impl Default for Manners {
    fn default() -> Self {
        Manners {
            offers: "250 PIPELINING",
            is_patient: false,
            null_reply: "250 2.1.0 ok",
            greeting: "220 hop",
        }
    }
}

/// A mail, as it came.
#[derive(Debug, Clone)]
pub struct Mail {
    /// MAIL.
    pub from: String,
    /// Each RCPT, good or not.
    pub said: Vec<String>,
    /// Each RCPT that was good.
    pub to: Vec<String>,
    /// The message.
    pub octets: Vec<u8>,
}

impl Mail {
    /// Whether it is a report.
    pub fn is_report(&self) -> bool {
        self.from.contains("<>") && String::from_utf8_lossy(&self.octets).contains("multipart/report")
    }
}

/// The server.
pub struct Hop;

impl Hop {
    /// Begins to listen; gives the port, and in the end what it took.
    pub fn start(manners: Manners) -> (u16, JoinHandle<Vec<Mail>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = move || {
            let mut taken = Vec::new();
            let (stream, _) = listener.accept().unwrap();
            // A client that goes just goes.
            let _ = talk(&stream, manners, &mut taken);
            taken
        };
        (port, std::thread::spawn(serve))
    }
}

fn talk(stream: &TcpStream, manners: Manners, taken: &mut Vec<Mail>) -> std::io::Result<()> {
    let (mut input, mut output) = (BufReader::new(stream), stream);
    output.write_all(format!("{}\r\n", manners.greeting).as_bytes())?;
    if !manners.greeting.starts_with('2') {
        return Ok(());
    }
    let (mut from, mut to, mut said) = (String::new(), Vec::new(), Vec::new());
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        if line.starts_with("RCPT") {
            said.push(line.to_owned());
        }
        let reply: &[u8] = match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => {
                output.write_all(format!("250-hop\r\n{}\r\n", manners.offers).as_bytes())?;
                continue;
            }
            "MAIL" if line.contains("<>") && !manners.null_reply.starts_with('2') => {
                manners.null_reply.as_bytes()
            }
            "MAIL" => {
                (from, to, said) = (line.to_owned(), Vec::new(), Vec::new());
                b"250 2.1.0 ok"
            }
            "RCPT" => match line.split('<').nth(1).unwrap_or_default().as_bytes().first() {
                // What a terminal obeys, what is no text, and what looks like a line of a report.
                Some(b'f') => b"550 5.1.1 nobody \x1b[31m \xff Final-Recipient: rfc822; x@y \x7f",
                Some(b'd') if !manners.is_patient => {
                    let to = line.split(['<', '>']).nth(1).unwrap_or_default();
                    output.write_all(format!("450 4.2.1 <{to}> later\r\n").as_bytes())?;
                    continue;
                }
                _ => {
                    to.push(line.to_owned());
                    b"250 2.1.5 ok"
                }
            },
            "DATA" if to.is_empty() => b"554 5.5.1 nobody",
            "DATA" => {
                output.write_all(b"354 go on\r\n")?;
                let octets = message(&mut input)?;
                taken.push(Mail {
                    from: from.clone(),
                    said: said.clone(),
                    to: std::mem::take(&mut to),
                    octets,
                });
                b"250 2.0.0 taken"
            }
            "QUIT" => {
                output.write_all(b"221 2.0.0 bye\r\n")?;
                return Ok(());
            }
            _ => b"250 2.0.0 ok",
        };
        output.write_all(&[reply, b"\r\n"].concat())?;
    }
}

/// Everything up to the dot, without those that hide others.
fn message(input: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match line.as_slice() {
            b".\r\n" => return Ok(message),
            [b'.', rest @ ..] => message.extend_from_slice(rest),
            line => message.extend_from_slice(line),
        }
    }
}
