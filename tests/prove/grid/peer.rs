//! A server that does one thing wrong at one stage, and else what it should. It keeps its own book.

use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::fault::{Fault, Script, Security, stage};
use super::socket::{Listener, Piecemeal, Stream};
use crate::support::unstuffed;

/// Between two octets of a server that is slow: no reply comes to its end within a second.
const SLOW: Duration = Duration::from_millis(250);
/// How often somebody who waits looks whether the program has ended.
const TICK: Duration = Duration::from_millis(5);

/// What it has seen.
#[derive(Debug, Clone, Default)]
pub struct Book {
    pub connections: usize,
    pub lines: Vec<String>,
    /// Messages that came to their end, each with its recipients and its digest.
    pub messages: Vec<(Vec<String>, Vec<u8>)>,
    /// What of them is a report.
    pub reports: usize,
}

impl Book {
    pub fn has(&self, verb: &str) -> bool {
        self.lines.iter().any(|line| line.starts_with(verb))
    }

    /// How many messages with this digest somebody has.
    pub fn copies(&self, to: &str, sha: &[u8]) -> usize {
        let is_own =
            |(all, digest): &&(Vec<String>, Vec<u8>)| digest == sha && all.iter().any(|one| one == to);
        self.messages.iter().filter(is_own).count()
    }
}

pub struct Peer {
    pub port: u16,
    path: Option<PathBuf>,
    is_over: Arc<AtomicBool>,
    worker: JoinHandle<Book>,
}

impl Peer {
    /// Begins to listen; with a path at a socket in the file system, which takes in far less than the server reads.
    pub fn start(script: Script, tls: Arc<ServerConfig>, path: Option<PathBuf>) -> Self {
        let listener = Listener::bind(path.as_deref());
        let port = listener.port();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let worker = std::thread::spawn(move || {
            let mut book = Book::default();
            loop {
                let socket = listener.accept();
                if over.load(Ordering::SeqCst) {
                    return book;
                }
                book.connections += 1;
                let mut script = script.clone();
                // One connection has to do.
                script.wrong = script.wrong.filter(|_| book.connections == 1);
                let (tls, stream, ahead) = (Arc::clone(&tls), Stream::of(socket), Vec::new());
                let talk = Talk { script, tls, stream, ahead, over: &over, book: &mut book, rcpts: 0 };
                // A client that goes just goes.
                let _ = talk.serve();
            }
        });
        Peer { port, path, is_over, worker }
    }

    /// Ends it when the program has ended; gives its book.
    pub fn finish(self) -> Book {
        self.is_over.store(true, Ordering::SeqCst);
        let woken = match &self.path {
            Some(path) => UnixStream::connect(path).map(drop),
            None => TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).map(drop),
        };
        woken.unwrap();
        self.worker.join().unwrap()
    }
}

/// The connection is over.
struct Over;

type Served = Result<(), Over>;

/// One connection.
struct Talk<'p> {
    script: Script,
    tls: Arc<ServerConfig>,
    stream: Stream,
    /// Read and not yet used.
    ahead: Vec<u8>,
    over: &'p AtomicBool,
    book: &'p mut Book,
    rcpts: usize,
}

impl Talk<'_> {
    fn serve(mut self) -> Served {
        let is_implicit = self.script.security == Security::Implicit;
        if is_implicit {
            self.handshake()?;
        }
        self.reply(stage::GREETING, "220 peer.test ESMTP\r\n")?;
        let (mut hellos, mut to) = (0, Vec::new());
        loop {
            let line = self.line()?;
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    hellos += 1;
                    let at = if hellos == 1 { stage::EHLO } else { stage::EHLO_2 };
                    let offers = self.offers(hellos);
                    self.reply(at, &offers)?;
                }
                "STARTTLS" => {
                    self.reply(stage::STARTTLS, "220 2.0.0 go on\r\n")?;
                    self.handshake()?;
                }
                "AUTH" => self.login()?,
                "MAIL" => {
                    (to, self.rcpts) = (Vec::new(), 0);
                    self.reply(stage::MAIL, "250 2.1.0 ok\r\n")?;
                }
                "RCPT" => {
                    let at = stage::RCPT + self.rcpts.min(2);
                    self.rcpts += 1;
                    // Whoever is refused gets nothing; all else is as if it was taken.
                    let refused = [Fault::Later, Fault::Never, Fault::Farewell, Fault::GoOn];
                    if self.refuses(stage::MAIL) {
                        self.write(b"503 5.5.1 MAIL first\r\n")?;
                        continue;
                    }
                    if !refused.iter().any(|fault| self.is(at, *fault)) {
                        to.push(line.split(['<', '>']).nth(1).unwrap_or_default().to_owned());
                    }
                    self.reply(at, "250 2.1.5 ok\r\n")?;
                }
                "DATA" if to.is_empty() => self.write(b"503 5.5.1 RCPT first\r\n")?,
                "DATA" => {
                    self.reply(stage::DATA, "354 go on\r\n")?;
                    if !self.refuses(stage::DATA) {
                        self.message(None, &mut to)?;
                    }
                }
                "BDAT" => {
                    let size = line.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
                    self.message(Some(size), &mut to)?;
                }
                "QUIT" => {
                    self.reply(stage::QUIT, "221 2.0.0 bye\r\n")?;
                    return self.fin();
                }
                _ => self.write(b"250 2.0.0 ok\r\n")?,
            }
        }
    }

    fn offers(&self, hellos: usize) -> String {
        let is_secured = matches!(self.stream, Stream::Secured(_));
        let mut offers = vec!["peer.test", "SIZE 104857600", "8BITMIME", "ENHANCEDSTATUSCODES"];
        let all = [(self.script.is_pipelined, "PIPELINING"), (self.script.is_chunked, "CHUNKING")];
        offers.extend(all.into_iter().filter_map(|(is_on, word)| is_on.then_some(word)));
        match self.script.security {
            Security::StartTls if !is_secured && hellos == 1 => offers.push("STARTTLS"),
            _ => offers.push("AUTH LOGIN"),
        }
        let last = offers.pop().unwrap_or_default();
        let lines: String = offers.iter().map(|word| format!("250-{word}\r\n")).collect();
        format!("{lines}250 {last}\r\n")
    }

    fn login(&mut self) -> Served {
        self.reply(stage::AUTH_1, "334 VXNlcm5hbWU6\r\n")?;
        self.line()?;
        let early = self.early(stage::AUTH_2, "235 2.7.0 ok\r\n");
        self.write(["334 UGFzc3dvcmQ6\r\n", early].concat().as_bytes())?;
        self.line()?;
        self.reply(stage::AUTH_2, "235 2.7.0 ok\r\n")
    }

    fn is(&self, at: usize, fault: Fault) -> bool {
        self.script.wrong == Some((at, fault))
    }

    /// Whether the command of this stage is refused.
    fn refuses(&self, at: usize) -> bool {
        [Fault::Later, Fault::Never].iter().any(|fault| self.is(at, *fault))
    }

    /// What comes with the reply before, if the reply of this stage comes before its command.
    fn early(&self, at: usize, usual: &'static str) -> &'static str {
        if self.is(at, Fault::Early) { usual } else { "" }
    }

    /// The reply of a stage, or what comes in its place.
    fn reply(&mut self, at: usize, usual: &str) -> Served {
        let next = match at {
            stage::GREETING => self.early(stage::EHLO, "250-peer.test\r\n250 AUTH LOGIN\r\n"),
            stage::EHLO if self.script.security == Security::StartTls => {
                self.early(stage::STARTTLS, "220 2.0.0 go on\r\n")
            }
            stage::EHLO | stage::EHLO_2 => self.early(stage::AUTH_1, "334 VXNlcm5hbWU6\r\n"),
            stage::AUTH_2 => self.early(stage::MAIL, "250 2.1.0 ok\r\n"),
            stage::MAIL | stage::RCPT | stage::RCPT_2 => {
                self.early(if at == stage::MAIL { stage::RCPT } else { at + 1 }, "250 2.1.5 ok\r\n")
            }
            stage::RCPT_3 => self.early(stage::DATA, "354 go on\r\n"),
            stage::DATA => self.early(stage::BODY, "250 2.0.0 taken\r\n"),
            stage::DOT => self.early(stage::QUIT, "221 2.0.0 bye\r\n"),
            _ => "",
        };
        match self.script.wrong {
            // It is said already.
            Some((stage, Fault::Early)) if stage == at => Ok(()),
            Some((stage, fault)) if stage == at => self.err(at, fault, usual),
            _ => self.write([usual, next].concat().as_bytes()),
        }
    }

    /// What goes wrong. What is a reply of some kind leaves the server as if it had said the usual.
    fn err(&mut self, at: usize, fault: Fault, usual: &str) -> Served {
        match fault {
            Fault::Reset => self.reset(),
            Fault::Fin => self.fin(),
            Fault::BlackHole if stage::BODIES.contains(&at) => self.wait(),
            Fault::BlackHole => self.drain(),
            Fault::Drip => {
                for octet in usual.bytes() {
                    self.write(&[octet])?;
                    self.rest(SLOW);
                }
                self.drain()
            }
            Fault::ZeroWindow => self.wait(),
            Fault::HalfFin => {
                self.write(&usual.as_bytes()[..usual.len() / 2])?;
                self.fin()
            }
            Fault::HalfSilence => {
                self.write(&usual.as_bytes()[..usual.len() / 2])?;
                if stage::BODIES.contains(&at) { self.wait() } else { self.drain() }
            }
            Fault::Farewell | Fault::HalfReply => {
                self.write(&fault.octets(at, usual))?;
                self.fin()
            }
            Fault::Pieces => usual.bytes().try_for_each(|octet| self.write(&[octet])),
            _ => {
                let octets = fault.octets(at, usual);
                self.write(&octets)
            }
        }
    }

    /// Reads a message to its end, or to where something goes wrong.
    fn message(&mut self, size: Option<usize>, to: &mut Vec<String>) -> Served {
        let wrong = self.script.wrong;
        if let Some((at, fault)) = wrong
            && (stage::BODIES.contains(&at) && fault != Fault::Early
                || (at, fault) == (stage::DOT, Fault::Early))
        {
            while self.ahead.len() < self.script.at {
                self.fill()?;
            }
            self.err(at, if fault == Fault::Early { Fault::Taken } else { fault }, "250 2.0.0 taken\r\n")?;
        }
        const DOT: &[u8] = b"\r\n.\r\n";
        let mut searched = 0;
        let octets = loop {
            if let Some(size) = size {
                if self.ahead.len() >= size {
                    break self.ahead.drain(..size).collect();
                }
            } else if let Some(at) = memchr::memmem::find(&self.ahead[searched..], DOT) {
                let octets: Vec<u8> = self.ahead.drain(..searched + at + 2).collect();
                self.ahead.drain(..3);
                let has_dots = octets.starts_with(b".") || memchr::memmem::find(&octets, b"\r\n.").is_some();
                break if has_dots { unstuffed(&octets) } else { octets };
            }
            searched = self.ahead.len().saturating_sub(DOT.len());
            self.fill()?;
        };
        self.book.reports += usize::from(memchr::memmem::find(&octets, b"multipart/report").is_some());
        self.book.messages.push((std::mem::take(to), digest(&SHA256, &octets).as_ref().to_vec()));
        self.reply(stage::DOT, "250 2.0.0 taken\r\n")
    }

    fn handshake(&mut self) -> Served {
        if let Some((stage::HANDSHAKE, fault)) = self.script.wrong
            && fault != Fault::Pieces
        {
            // It waits for the client's first words, and answers in the clear, or with part of an answer.
            self.fill()?;
            self.ahead.clear();
            return self
                .err(stage::HANDSHAKE, fault, "\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03")
                .and(Err(Over));
        }
        let is_piecemeal = self.is(stage::HANDSHAKE, Fault::Pieces);
        let Stream::Clear(mut socket) = std::mem::replace(&mut self.stream, Stream::Gone) else {
            return Err(Over);
        };
        let mut session = ServerConnection::new(Arc::clone(&self.tls)).unwrap();
        while session.is_handshaking() {
            let moved = match is_piecemeal {
                true => session.complete_io(&mut Piecemeal(&mut socket)),
                false => session.complete_io(&mut socket),
            };
            moved.map_err(|_| Over)?;
        }
        self.stream = Stream::Secured(Box::new(StreamOwned::new(session, socket)));
        Ok(())
    }

    fn line(&mut self) -> Result<String, Over> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.ahead) {
                let line: Vec<u8> = self.ahead.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                self.book.lines.push(line.clone());
                return Ok(line);
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Served {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(count @ 1..) => {
                self.ahead.extend_from_slice(&buffer[..count]);
                Ok(())
            }
            _ => Err(Over),
        }
    }

    fn write(&mut self, octets: &[u8]) -> Served {
        self.stream.write(octets).map_err(|_| Over)
    }

    /// Listens and says nothing. What comes is on record.
    fn drain(&mut self) -> Served {
        loop {
            // All lines at once: there may be a whole message.
            let whole = memchr::memrchr(b'\n', &self.ahead).map_or(0, |end| end + 1);
            let text: Vec<u8> = self.ahead.drain(..whole).collect();
            self.book.lines.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
            self.fill()?;
        }
    }

    /// Neither listens nor speaks until the program has ended.
    fn wait(&mut self) -> Served {
        while !self.over.load(Ordering::SeqCst) {
            std::thread::sleep(TICK);
        }
        Err(Over)
    }

    fn rest(&self, time: Duration) {
        let begin = std::time::Instant::now();
        while begin.elapsed() < time && !self.over.load(Ordering::SeqCst) {
            std::thread::sleep(TICK);
        }
    }

    fn fin(&mut self) -> Served {
        if let Some(socket) = self.stream.socket() {
            socket.shut();
        }
        self.drain()
    }

    fn reset(&mut self) -> Served {
        if let Some(socket) = self.stream.socket() {
            socket.reset();
        }
        self.stream = Stream::Gone;
        Err(Over)
    }
}
