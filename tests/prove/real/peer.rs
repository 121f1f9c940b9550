//! A server on loopback that many talk to at once. What it answers is asked of the test at each stage; its book tells every
//! copy it took, and whether the client has shown that it knows: it spoke again on the same connection, which it does only
//! when the answer is on its disk.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use crate::sink::END;

/// Where a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Greeting,
    Hello,
    Mail,
    Rcpt,
    Data,
    /// In the middle of the message.
    Body,
    Dot,
    /// What else there is.
    Other,
}

/// What it does there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Accept,
    Say(&'static str),
    Drop,
    /// At the dot: it takes the mail and says nothing.
    TakeAndDrop,
    /// It waits until [`Peer::go_on`], and accepts.
    Wait,
}

type Manner = dyn Fn(Stage, &str) -> Act + Send + Sync;

/// One copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub to: String,
    /// Of whom it tells, if it is a report.
    pub about: Vec<String>,
    pub is_whole: bool,
    /// SHA-256 of the body without the header, as it was before dots were doubled.
    pub digest: Vec<u8>,
    /// The client knows that it was taken.
    pub is_sure: bool,
}

#[derive(Default)]
struct Book {
    copies: Vec<Got>,
    /// Connections, and those that wait to be told to go on.
    open: usize,
    waiting: usize,
    connections: usize,
    may_go_on: bool,
}

struct Shared {
    book: Mutex<Book>,
    changed: Condvar,
    manner: Mutex<Arc<Manner>>,
}

pub struct Peer {
    pub port: u16,
    shared: Arc<Shared>,
}

/// Takes all that is not for `f…`.
pub fn refusing(stage: Stage, argument: &str) -> Act {
    match stage {
        Stage::Rcpt if argument.starts_with('f') => Act::Say("550 5.1.1 nobody"),
        _ => Act::Accept,
    }
}

/// Takes everything.
pub fn accepting(_: Stage, _: &str) -> Act {
    Act::Accept
}

impl Peer {
    pub fn start(manner: impl Fn(Stage, &str) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shared =
            Shared { book: Mutex::default(), changed: Condvar::new(), manner: Mutex::new(Arc::new(manner)) };
        let peer = Peer { port: listener.local_addr().unwrap().port(), shared: Arc::new(shared) };
        let shared = Arc::clone(&peer.shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, shared) = (stream.unwrap(), Arc::clone(&shared));
                let mut book = shared.book.lock().unwrap();
                (book.open, book.connections) = (book.open + 1, book.connections + 1);
                drop(book);
                std::thread::spawn(move || {
                    // A client that is killed just goes.
                    let _ = Talk { shared: &shared, stream: &stream, copies: Vec::new() }.serve();
                    shared.book.lock().unwrap().open -= 1;
                    shared.changed.notify_all();
                });
            }
        });
        peer
    }

    /// From now on it does this.
    pub fn behave(&self, manner: impl Fn(Stage, &str) -> Act + Send + Sync + 'static) {
        *self.shared.manner.lock().unwrap() = Arc::new(manner);
    }

    /// Those who wait are answered.
    pub fn go_on(&self) {
        self.shared.book.lock().unwrap().may_go_on = true;
        self.shared.changed.notify_all();
    }

    /// Waits until somebody waits for an answer.
    pub fn until_someone_waits(&self) {
        let book = self.shared.book.lock().unwrap();
        drop(self.shared.changed.wait_while(book, |book| book.waiting == 0).unwrap());
    }

    /// What it has taken by now.
    pub fn so_far(&self) -> Vec<Got> {
        self.shared.book.lock().unwrap().copies.clone()
    }

    /// What it has taken since this was last asked, when all clients are gone.
    pub fn taken(&self) -> Vec<Got> {
        let book = self.shared.book.lock().unwrap();
        let mut book = self.shared.changed.wait_while(book, |book| book.open > 0).unwrap();
        book.may_go_on = false;
        std::mem::take(&mut book.copies)
    }

    pub fn connections(&self) -> usize {
        self.shared.book.lock().unwrap().connections
    }
}

/// One connection.
struct Talk<'p> {
    shared: &'p Shared,
    stream: &'p TcpStream,
    /// The places in the book of what it took and the client may not know of.
    copies: Vec<usize>,
}

impl Talk<'_> {
    /// What is to be said; `None`: nothing more.
    fn act(&self, stage: Stage, argument: &str, good: &'static str) -> Option<&'static str> {
        let manner = Arc::clone(&self.shared.manner.lock().unwrap());
        match manner(stage, argument) {
            Act::Accept => Some(good),
            Act::Say(reply) => Some(reply),
            Act::Drop | Act::TakeAndDrop => None,
            Act::Wait => {
                let mut book = self.shared.book.lock().unwrap();
                book.waiting += 1;
                self.shared.changed.notify_all();
                let mut book = self.shared.changed.wait_while(book, |book| !book.may_go_on).unwrap();
                book.waiting -= 1;
                Some(good)
            }
        }
    }

    fn say(&mut self, reply: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{reply}\r\n").as_bytes())
    }

    fn serve(&mut self) -> std::io::Result<()> {
        let mut input = BufReader::new(self.stream);
        let Some(greeting) = self.act(Stage::Greeting, "", "220 peer ESMTP") else { return Ok(()) };
        self.say(greeting)?;
        let mut recipients = Vec::new();
        loop {
            let mut line = String::new();
            if input.read_line(&mut line)? == 0 {
                return Ok(());
            }
            self.is_known();
            let argument = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            let verb = line.split([' ', ':']).next().unwrap_or_default().trim_end();
            let reply = match verb {
                "EHLO" | "HELO" => self.act(Stage::Hello, "", "250 peer"),
                "MAIL" => self.act(Stage::Mail, &argument, "250 2.1.0 ok"),
                "RCPT" => {
                    let reply = self.act(Stage::Rcpt, &argument, "250 2.1.5 ok");
                    if reply.is_some_and(|reply| reply.starts_with('2')) {
                        recipients.push(argument);
                    }
                    reply
                }
                "DATA" if recipients.is_empty() => Some("554 5.5.1 nobody"),
                "DATA" => match self.act(Stage::Data, &recipients[0], "354 go on") {
                    Some(reply) if reply.starts_with('3') => {
                        self.say(reply)?;
                        self.body(&mut input, &mut recipients)?
                    }
                    reply => reply,
                },
                "QUIT" => return self.say("221 2.0.0 bye"),
                _ => self.act(Stage::Other, "", "250 2.0.0 ok"),
            };
            if matches!(verb, "RSET") || verb == "MAIL" {
                recipients.clear();
            }
            let Some(reply) = reply else { return Ok(()) };
            self.say(reply)?;
        }
    }

    /// Reads the message and decides about it.
    fn body(
        &mut self,
        input: &mut BufReader<&TcpStream>,
        recipients: &mut Vec<String>,
    ) -> std::io::Result<Option<&'static str>> {
        let first = recipients[0].clone();
        let mut message = String::new();
        while !message.ends_with("\r\n.\r\n") {
            if input.read_line(&mut message)? == 0 {
                return Ok(None);
            }
            if message.ends_with("\r\n\r\n") && self.act(Stage::Body, &first, "").is_none() {
                return Ok(None);
            }
        }
        let manner = Arc::clone(&self.shared.manner.lock().unwrap());
        let drops = manner(Stage::Dot, &first);
        if drops == Act::TakeAndDrop {
            self.take(&message, recipients);
            return Ok(None);
        }
        let reply = match drops {
            Act::Accept => Some("250 2.0.0 taken"),
            Act::Say(reply) => Some(reply),
            Act::Wait => {
                // It has the mail, whatever becomes of the client.
                self.take(&message, recipients);
                return Ok(self.act(Stage::Dot, &first, "250 2.0.0 taken"));
            }
            Act::Drop | Act::TakeAndDrop => None,
        };
        match reply {
            Some(reply) if reply.starts_with('2') => self.take(&message, recipients),
            _ => recipients.clear(),
        }
        Ok(reply)
    }

    fn take(&mut self, message: &str, recipients: &mut Vec<String>) {
        let about: Vec<String> = message
            .lines()
            .filter_map(|line| line.strip_prefix("Final-Recipient: rfc822; "))
            .map(|address| address.trim().to_owned())
            .collect();
        let is_mail =
            message.contains("\r\n\r\nThe text.\r\n") && message.ends_with(&format!("{END}\r\n.\r\n"));
        let is_report = !about.is_empty() && message.ends_with("--\r\n.\r\n");
        let (about, digest) = (&about, digest(message));
        let mut book = self.shared.book.lock().unwrap();
        for to in recipients.drain(..) {
            self.copies.push(book.copies.len());
            let (about, digest) = (about.clone(), digest.clone());
            book.copies.push(Got { to, about, is_whole: is_mail || is_report, digest, is_sure: false });
        }
    }

    /// The client speaks again: what was taken before is on its disk.
    fn is_known(&mut self) {
        let mut book = self.shared.book.lock().unwrap();
        for place in self.copies.drain(..) {
            book.copies[place].is_sure = true;
        }
    }
}

/// Of the body of a message that ends in the final dot.
fn digest(message: &str) -> Vec<u8> {
    let body = message.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let body = body.strip_suffix(".\r\n").unwrap_or(body).replace("\r\n..", "\r\n.");
    ring::digest::digest(&ring::digest::SHA256, body.as_bytes()).as_ref().to_vec()
}

/// How many copies somebody has: those the client knows of, and those it may not know of.
pub fn copies(book: &[Got], to: &str) -> (usize, usize) {
    let own: Vec<_> = book.iter().filter(|got| got.to == to).collect();
    let sure = own.iter().filter(|got| got.is_sure).count();
    (sure, own.len() - sure)
}
