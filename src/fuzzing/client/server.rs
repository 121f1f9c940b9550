//! The server of the fuzz target `client`: says what the input says, when the input says it, and remembers both sides.
//!
//! The input, octet by octet; everything else is said as it stands:
//!
//! | octet | meaning |
//! | --- | --- |
//! | `00` | here the server waits until the client waits for it |
//! | `01 n` | it takes only `n` octets more until the client waits |
//! | `02` | TLS begins |
//! | `03` | the connection breaks |
//! | `04 n` | what follows is said at the client's `n`-th look from now on, asked or not |
//! | `05` | what follows goes past TLS |
//! | `06 n` | the last octet `64 n` times more |
//! | `07` | what follows is said as soon as the client has said anything |

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};

use crate::net::Peer;

/// More calls than any client makes of inputs that are as long as they may be.
const CALLS: usize = 2_000_000;

/// When a piece is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Awaited,
    Looks(u8),
    Heard,
}

#[derive(Debug)]
enum Item {
    Piece { octets: Vec<u8>, when: When, is_raw: bool },
    Window(usize),
    Tls,
    Reset,
}

/// Reads the script.
fn items(script: &[u8]) -> VecDeque<Item> {
    let mut items = VecDeque::new();
    let (mut octets, mut when, mut is_raw) = (Vec::new(), When::Awaited, false);
    let mut rest = script.iter().copied();
    while let Some(octet) = rest.next() {
        let next = if matches!(octet, 1 | 4 | 6) { rest.next().unwrap_or(0) } else { 0 };
        match octet {
            6 => {
                let last = octets.last().copied().unwrap_or(b' ');
                octets.resize(octets.len() + 64 * usize::from(next), last);
                continue;
            }
            8.. => {
                octets.push(octet);
                continue;
            }
            _ => {}
        }
        if !octets.is_empty() {
            items.push_back(Item::Piece { octets: std::mem::take(&mut octets), when, is_raw });
            (when, is_raw) = (When::Awaited, false);
        }
        match octet {
            1 => items.push_back(Item::Window(usize::from(next))),
            2 => items.push_back(Item::Tls),
            3 => items.push_back(Item::Reset),
            4 => when = When::Looks(next),
            5 => is_raw = true,
            7 => when = When::Heard,
            _ => {}
        }
    }
    if !octets.is_empty() {
        items.push_back(Item::Piece { octets, when, is_raw });
    }
    items
}

/// How the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Open,
    Closed,
    Broken,
}

/// What both sides said, TLS undone.
#[derive(Debug, Default)]
pub struct Record {
    /// The client's octets.
    pub heard: Vec<u8>,
    /// The server's octets as far as the client has read them.
    pub said: Vec<u8>,
    /// What the server said, whether or not anybody could read it.
    pub uttered: Vec<u8>,
    /// How much was heard when the client read up to this place of `said`: `(said, heard)`, growing.
    pub marks: Vec<(usize, usize)>,
    /// How much was heard before TLS began.
    pub clear: Option<usize>,
}

/// The server.
#[derive(Debug)]
pub struct Server {
    items: VecDeque<Item>,
    line: Line,
    /// Octets that the client can read.
    out: VecDeque<u8>,
    /// How much of that was said before TLS began.
    clear: usize,
    /// Most that one read gives.
    most: usize,
    window: Option<usize>,
    tls: Option<ServerConnection>,
    config: Option<Arc<ServerConfig>>,
    /// What stands in `out` under TLS, in the clear.
    sealed: Vec<u8>,
    calls: usize,
    pub record: Record,
}

impl Server {
    /// `config` is that of its TLS, if the client will ever want it.
    pub fn new(script: &[u8], most: usize, config: Option<Arc<ServerConfig>>) -> Self {
        let mut server = Server {
            items: items(script),
            line: Line::Open,
            out: VecDeque::new(),
            clear: 0,
            most,
            window: None,
            tls: None,
            config,
            sealed: Vec::new(),
            calls: 0,
            record: Record::default(),
        };
        server.go_on();
        server
    }

    fn called(&mut self) {
        self.calls += 1;
        assert!(self.calls < CALLS, "the client does not end");
    }

    /// Does everything up to the next piece.
    fn go_on(&mut self) {
        while let Some(item) = self.items.pop_front() {
            match item {
                Item::Piece { .. } => return self.items.push_front(item),
                Item::Window(most) => self.window = Some(most),
                Item::Tls => {
                    if let Some(config) = self.config.take() {
                        self.tls = ServerConnection::new(config).ok();
                        self.clear = self.out.len();
                        self.record.clear = Some(self.record.heard.len());
                    }
                }
                Item::Reset => {
                    self.line = Line::Broken;
                    self.items.clear();
                }
            }
        }
    }

    /// Says the next piece.
    fn speak(&mut self) {
        if let Some(Item::Piece { octets, is_raw, .. }) = self.items.pop_front() {
            self.record.uttered.extend_from_slice(&octets);
            match &mut self.tls {
                Some(tls) if !is_raw => {
                    // What does not fit into its buffer is not said.
                    let taken = tls.writer().write(&octets).unwrap_or(0);
                    self.sealed.extend_from_slice(&octets[..taken]);
                }
                _ => self.out.extend(octets),
            }
        }
        self.seal();
        self.go_on();
    }

    fn seal(&mut self) {
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() && tls.write_tls(&mut self.out).is_ok() {}
        }
    }

    fn take(&mut self, octets: &[u8]) {
        let Some(tls) = &mut self.tls else {
            self.record.heard.extend_from_slice(octets);
            return;
        };
        let mut rest = octets;
        while !rest.is_empty() && self.line == Line::Open {
            let is_taken = tls.read_tls(&mut rest).is_ok() && tls.process_new_packets().is_ok();
            let _ = tls.reader().read_to_end(&mut self.record.heard);
            if !is_taken {
                // What it says of that may still be read.
                self.line = Line::Closed;
                self.items.clear();
            }
        }
        self.seal();
    }

    fn front(&self) -> Option<When> {
        match self.items.front() {
            Some(Item::Piece { when, .. }) => Some(*when),
            _ => None,
        }
    }
}

impl Peer for Server {
    fn say(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.called();
        if let Some(Item::Piece { when: When::Looks(left), .. }) = self.items.front_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.speak();
            }
        }
        if self.out.is_empty() {
            return match self.line {
                Line::Open => Err(ErrorKind::WouldBlock.into()),
                Line::Closed => Ok(0),
                Line::Broken => Err(ErrorKind::ConnectionReset.into()),
            };
        }
        let count = buffer.len().min(self.out.len()).min(self.most);
        for (octet, said) in buffer.iter_mut().zip(self.out.drain(..count)) {
            *octet = said;
        }
        let clear = if self.tls.is_none() { count } else { count.min(self.clear) };
        self.record.said.extend_from_slice(&buffer[..clear]);
        self.clear = self.clear.saturating_sub(clear);
        if self.out.is_empty() {
            self.record.said.append(&mut self.sealed);
        }
        self.record.marks.push((self.record.said.len(), self.record.heard.len()));
        Ok(count)
    }

    fn hear(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.called();
        match self.line {
            Line::Open => {}
            Line::Closed => return Err(ErrorKind::BrokenPipe.into()),
            Line::Broken => return Err(ErrorKind::ConnectionReset.into()),
        }
        let count = octets.len().min(self.window.unwrap_or(usize::MAX));
        if count == 0 && !octets.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.window = self.window.map(|left| left - count);
        self.take(&octets[..count]);
        if self.front() == Some(When::Heard) {
            self.speak();
        }
        Ok(count)
    }

    fn awaited(&mut self) {
        self.called();
        self.window = None;
        if !self.out.is_empty() {
            return;
        }
        if self.items.is_empty() && self.line == Line::Open {
            self.line = Line::Closed;
        }
        self.speak();
    }
}
