//! A model of a server that obeys the protocol, refuses and dies where it is told, and keeps a book of what it has taken.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::JoinHandle;

/// What the server does about one command, or about a whole message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Accept,
    Later,
    Never,
    /// Closes without a word, having done what was asked.
    DieBehind,
    /// Closes without a word, having done nothing.
    DieBefore,
    /// Says that it closes, and does.
    Leave,
    /// Says one thing too many.
    Surplus,
    /// Says something that does not belong there.
    Nonsense,
}

pub const ACTS: [Act; 7] =
    [Act::Later, Act::Never, Act::DieBehind, Act::DieBefore, Act::Leave, Act::Surplus, Act::Nonsense];

/// What a server did: which recipients of which message it took, and how many decisions there were.
#[derive(Debug, Default)]
pub struct Took {
    pub taken: Vec<(String, String)>,
    pub decisions: usize,
}

/// The deeds that are not [`Act::Accept`], by the number of their decision.
pub type Deeds = Vec<(usize, Act)>;

pub struct Model {
    input: BufReader<TcpStream>,
    output: TcpStream,
    deeds: Deeds,
    took: Took,
    recipients: Option<Vec<String>>,
    /// A BDAT has failed: only RSET helps (RFC 3030 section 2).
    is_broken: bool,
}

/// The connection is over.
struct Over;

impl Model {
    pub fn start(offers: &'static str, deeds: Deeds) -> (u16, JoinHandle<Took>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = move || {
            let (stream, _) = listener.accept().unwrap();
            let input = BufReader::new(stream.try_clone().unwrap());
            let took = Took::default();
            let mut model = Model { input, output: stream, deeds, took, recipients: None, is_broken: false };
            let _ = model.serve(offers);
            let _ = model.output.shutdown(Shutdown::Both);
            model.took
        };
        (port, std::thread::spawn(serve))
    }

    fn serve(&mut self, offers: &str) -> Result<(), Over> {
        self.say("220 model ESMTP")?;
        loop {
            let line = self.line()?;
            let (verb, rest) = line.split_once([' ', ':']).unwrap_or((&line, ""));
            match verb {
                "EHLO" => self.say(&format!("250-model\r\n{offers}"))?,
                "RSET" => {
                    (self.recipients, self.is_broken) = (None, false);
                    self.say("250 2.0.0 forgotten")?;
                }
                "QUIT" => return self.say("221 2.0.0 bye"),
                "MAIL" if self.recipients.is_some() || self.is_broken => self.say("503 5.5.1 nested MAIL")?,
                "MAIL" => {
                    if self.decide("250 2.1.0 ok")? {
                        self.recipients = Some(Vec::new());
                    }
                }
                "RCPT" if self.recipients.is_none() => self.say("503 5.5.1 MAIL first")?,
                "RCPT" => {
                    let recipient = rest.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    if self.decide("250 2.1.5 ok")?
                        && let Some(recipients) = &mut self.recipients
                    {
                        recipients.push(recipient);
                    }
                }
                "DATA" if self.has_recipients() => {
                    if self.decide("354 go on")? {
                        let message = self.dotted()?;
                        self.message(&message)?;
                    }
                }
                "DATA" => self.say("554 5.5.1 no valid recipients")?,
                "BDAT" => self.chunk(rest)?,
                _ => self.say("500 5.5.2 what?")?,
            }
        }
    }

    fn chunk(&mut self, arguments: &str) -> Result<(), Over> {
        let size = arguments.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let mut octets = vec![0; size];
        self.input.read_exact(&mut octets).map_err(|_| Over)?;
        if self.is_broken || !self.has_recipients() {
            self.is_broken = true;
            return self.say("503 5.5.1 RCPT first");
        }
        self.is_broken = self.act() != Act::Accept;
        self.message(&String::from_utf8_lossy(&octets))
    }

    fn has_recipients(&self) -> bool {
        self.recipients.as_ref().is_some_and(|recipients| !recipients.is_empty())
    }

    fn dotted(&mut self) -> Result<String, Over> {
        let mut message = String::new();
        loop {
            let line = self.line()?;
            if line == "." {
                return Ok(message);
            }
            message.push_str(&line);
            message.push('\n');
        }
    }

    /// A message is whole: takes it or not.
    fn message(&mut self, message: &str) -> Result<(), Over> {
        let number = message.split("number ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let number = number.unwrap_or("none").to_owned();
        let recipients = self.recipients.take().unwrap_or_default();
        let taken = recipients.into_iter().map(|recipient| (number.clone(), recipient));
        // Whatever it says: unless it refuses or dies before, it has taken the message.
        if !matches!(self.act(), Act::Later | Act::Never | Act::DieBefore | Act::Leave | Act::Nonsense) {
            self.took.taken.extend(taken);
        }
        self.decide("250 2.0.0 taken").map(|_| ())
    }

    fn act(&self) -> Act {
        let deed = self.deeds.iter().find(|(at, _)| *at == self.took.decisions);
        deed.map_or(Act::Accept, |(_, act)| *act)
    }

    /// Answers as it was told, else with `good`; says whether that was it.
    fn decide(&mut self, good: &str) -> Result<bool, Over> {
        let act = self.act();
        self.took.decisions += 1;
        match act {
            Act::Accept => self.say(good).map(|()| true),
            Act::Later => self.say("451 4.3.0 not now").map(|()| false),
            Act::Never => self.say("550 5.7.1 no").map(|()| false),
            Act::Surplus => self.say(&format!("{good}\r\n250 2.0.0 and again")).map(|()| true),
            Act::Nonsense => self.say("199 what").map(|()| false),
            Act::Leave => {
                self.say("421 4.7.0 enough for now")?;
                Err(Over)
            }
            Act::DieBehind | Act::DieBefore => Err(Over),
        }
    }

    fn line(&mut self) -> Result<String, Over> {
        let mut line = String::new();
        let read = self.input.read_line(&mut line).map_err(|_| Over)?;
        if read == 0 { Err(Over) } else { Ok(line.trim_end().to_owned()) }
    }

    fn say(&mut self, lines: &str) -> Result<(), Over> {
        self.output.write_all(format!("{lines}\r\n").as_bytes()).map_err(|_| Over)
    }
}
